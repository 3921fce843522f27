"""Whether arguments are of the kinds that a function's annotations name: what JSON has, and text that can be kept."""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from luxos.i18n import N_, _


@dataclass(frozen=True)
class AtLeast:
    """A mark on a kind, `Annotated[list[str], AtLeast(1)]`: so many items."""

    count: int


Words = Annotated[list[str], AtLeast(1)]
"""A command: the program and its arguments."""

_SAID = {
    str: N_("text"),
    int: N_("a whole number"),
    float: N_("a number"),
    bool: N_("true or false"),
    list: N_("a list"),
    dict: N_("names with values"),
    NoneType: N_("null"),
}
_OTHER = N_("another value")


def unfit(
    arguments: Mapping[str, Any], signature: inspect.Signature, pending: type | tuple[type, ...] = ()
) -> Iterator[tuple[str, str]]:
    """The names of arguments of another kind, each with the kind it should have, in words.

    Values of the type `pending` are not known yet, and fit everywhere.
    """
    for name, value in arguments.items():
        parameter = signature.parameters.get(name)
        if parameter is None or parameter.kind is parameter.VAR_KEYWORD:
            continue
        if not _fits(value, parameter.annotation, pending):
            yield name, said(parameter.annotation)


def said(kind: Any) -> str:
    """The kind in words."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _("{kind}, not empty").format(kind=said(inner[0]))
    if origin in (Union, UnionType):
        return _(" or ").join(said(one) for one in inner)
    if origin is list:
        return _("a list of: {kind}").format(kind=said(inner[0]))
    return _(_SAID.get(origin or kind, _OTHER))


def _fits(value: Any, kind: Any, pending: type | tuple[type, ...]) -> bool:
    origin, inner = get_origin(kind), get_args(kind)
    if isinstance(value, pending) or kind in (Any, inspect.Parameter.empty):
        return True
    if origin is Annotated:
        return _fits(value, inner[0], pending) and all(len(value) >= mark.count for mark in inner[1:])
    if origin in (Union, UnionType):
        return any(_fits(value, one, pending) for one in inner)
    if origin is list:
        return isinstance(value, list) and all(_fits(item, inner[0], pending) for item in value)
    if origin is dict:
        return isinstance(value, dict) and all(_fits(item, inner[1], pending) for item in value.values())
    return _is_plain(value, kind)


def _is_plain(value: Any, kind: Any) -> bool:
    if kind is str:
        return isinstance(value, str) and _can_be_kept(value)
    if kind in (int, float):
        return isinstance(value, (int, kind)) and not isinstance(value, bool)
    return isinstance(value, NoneType if kind is None else kind)


def _can_be_kept(text: str) -> bool:
    """PostgreSQL's JSON has neither NUL nor half a character."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)

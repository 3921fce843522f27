"""Whether arguments are of the kinds that a function's annotations name: what JSON has, and text that can be kept."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from luxos.i18n import N_, _


@dataclass(frozen=True)
class AtLeast:
    """A mark on a kind, `Annotated[list[str], AtLeast(1)]`: so many items."""

    count: int


Pending = type | tuple[type, ...]
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
    arguments: Mapping[str, Any], signature: inspect.Signature, pending: Pending = ()
) -> Iterator[tuple[str, str]]:
    """The names of arguments of another kind, each with the kind it should have, in words.

    Values of the type `pending` are not known yet, and fit everywhere.
    """
    for name, value in arguments.items():
        parameter = signature.parameters.get(name)
        if parameter is None or parameter.kind is parameter.VAR_KEYWORD:
            continue
        if not fits(value, parameter.annotation, pending):
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
    if origin is Literal:
        return _("one of: {choices}").format(choices=", ".join(inner))
    if is_typeddict(kind):
        return _("names with values, among them: {names}").format(names=", ".join(get_type_hints(kind)))
    return _(_SAID.get(origin or kind, _OTHER))


def fits(value: Any, kind: Any, pending: Pending = ()) -> bool:
    """Whether a value is of a kind; one of a `TypedDict` may have more names than that."""
    if isinstance(value, pending) or kind in (Any, inspect.Parameter.empty):
        return True
    if type(value) is kind and kind is not str:  # what is a text may still be none that can be kept
        return True
    if is_typeddict(kind):
        return isinstance(value, dict) and _has_names(value, kind, pending)
    rule = _RULES.get(get_origin(kind))
    return rule(value, get_args(kind), pending) if rule else _is_plain(value, kind)


def _fits_mark(value: Any, inner: tuple[Any, ...], pending: Pending) -> bool:
    return fits(value, inner[0], pending) and all(len(value) >= mark.count for mark in inner[1:])


def _fits_one(value: Any, inner: tuple[Any, ...], pending: Pending) -> bool:
    return any(fits(value, one, pending) for one in inner)


def _fits_list(value: Any, inner: tuple[Any, ...], pending: Pending) -> bool:
    return isinstance(value, list) and all(fits(item, inner[0], pending) for item in value)


def _fits_dict(value: Any, inner: tuple[Any, ...], pending: Pending) -> bool:
    return isinstance(value, dict) and all(fits(item, inner[1], pending) for item in value.values())


def _fits_choice(value: Any, inner: tuple[Any, ...], _pending: Pending) -> bool:
    return isinstance(value, str) and value in inner


_RULES: Mapping[Any, Callable[[Any, tuple[Any, ...], Pending], bool]] = {
    Annotated: _fits_mark,
    Union: _fits_one,
    UnionType: _fits_one,
    list: _fits_list,
    dict: _fits_dict,
    Literal: _fits_choice,
}
"""How kinds that are made of others are looked at."""


def _has_names(value: dict[str, Any], kind: Any, pending: Pending) -> bool:
    if not kind.__required_keys__ <= value.keys():
        return False
    return all(fits(value[name], inner, pending) for name, inner in get_type_hints(kind).items() if name in value)


def _is_plain(value: Any, kind: Any) -> bool:
    if kind is str:
        return isinstance(value, str) and _can_be_kept(value)
    if kind in (int, float):
        return isinstance(value, (int, kind)) and not isinstance(value, bool)
    return isinstance(value, NoneType if kind is None else kind)


def _can_be_kept(text: str) -> bool:
    """PostgreSQL's JSON has neither NUL nor half a character."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)

"""What a soul's function is given: the arguments of a call, bound to its signature and checked before anything runs.

A parameter takes what the call gives it, or else the being's own attribute of its name, or else its default.
Annotations that py_types.py can read are held to; others say nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from luxos.beings.errors import BeingInvalid, PyTypeInvalid
from luxos.beings.function_source import Parameter, Signature
from luxos.beings.py_types import PyType, py_type
from luxos.beings.values import encoded
from luxos.i18n import N_, _
from luxos.runtime.errors.calls import ArgumentsUnfit

_BY_PLACE = frozenset({"POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD"})
_BY_NAME = frozenset({"POSITIONAL_OR_KEYWORD", "KEYWORD_ONLY"})
MISSING = N_("{name} is missing")
TOO_MANY = N_("it takes {most} arguments without a name, and {given} were given")
UNKNOWN = N_("it has no argument {name}")
TWICE = N_("{name} was given twice")
WRONG = N_("{name} must be {wanted}, and {came} came")


@dataclass(frozen=True)
class Bound:
    """The arguments of a call as the function takes them, and by their names, as the step is recorded."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    named: Mapping[str, Any]


def bind(
    who: str, signature: Signature, args: Sequence[Any], kwargs: Mapping[str, Any], attributes: Mapping[str, Any]
) -> Bound:
    """Binds a call; `ArgumentsUnfit` says which argument does not fit, and why."""

    def unfit(reason: str, **what: Any) -> ArgumentsUnfit:
        return ArgumentsUnfit(who=who, reason=_(reason).format(**what))

    shape = _shape(signature)
    if len(args) > len(shape.places) and shape.rest is None:
        raise unfit(TOO_MANY, most=len(shape.places), given=len(args))
    by_name = dict(zip(shape.places, args, strict=False))
    for name in kwargs:
        if name in by_name and name in shape.names:
            raise unfit(TWICE, name=name)
        if name not in shape.names and shape.more is None:
            raise unfit(UNKNOWN, name=name)
    extra = {name: value for name, value in kwargs.items() if name not in shape.names}
    by_name |= {name: value for name, value in kwargs.items() if name in shape.names}
    _take_attributes(shape, by_name, attributes)
    missing = next((name for name in shape.needed if name not in by_name), None)
    if missing is not None:
        raise unfit(MISSING, name=missing)
    rest = list(args[len(shape.places) :])
    named = {**by_name, **({f"*{shape.rest}": rest} if shape.rest and rest else {}), **extra}
    _check_values(who, named)
    for name, kind in shape.types:
        if name in by_name and (misfit := kind.misfit(by_name[name], name)) is not None:
            raise unfit(WRONG, name=misfit.path, wanted=misfit.wanted, came=type(misfit.value).__name__)
    return _placed(shape, by_name, rest, extra, named)


def as_given(signature: Signature, named: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a recorded call as the function takes them: by place as far as they go, then by name."""
    left = dict(named)
    rest = next((each.name for each in signature.parameters if each.kind == "VAR_POSITIONAL"), None)
    more = left.pop(f"*{rest}", []) if rest else []
    args = []
    for each in signature.parameters:
        if each.kind not in _BY_PLACE or each.name not in left:
            break
        args.append(left.pop(each.name))
    return [*args, *more], left


@dataclass(frozen=True)
class _Shape:
    """A signature, ready to bind calls to."""

    places: tuple[str, ...]
    only_places: frozenset[str]
    names: frozenset[str]
    every: tuple[str, ...]
    needed: tuple[str, ...]
    rest: str | None
    more: str | None
    types: tuple[tuple[str, PyType], ...]


@lru_cache(maxsize=1024)
def _shape(signature: Signature) -> _Shape:
    parameters = signature.parameters
    own = [each for each in parameters if each.kind in _BY_PLACE | _BY_NAME]
    return _Shape(
        places=tuple(each.name for each in parameters if each.kind in _BY_PLACE),
        only_places=frozenset(each.name for each in parameters if each.kind == "POSITIONAL_ONLY"),
        names=frozenset(each.name for each in parameters if each.kind in _BY_NAME),
        every=tuple(each.name for each in own),
        needed=tuple(each.name for each in own if each.default is None),
        rest=_named(parameters, "VAR_POSITIONAL"),
        more=_named(parameters, "VAR_KEYWORD"),
        types=tuple(_types(own)),
    )


def _take_attributes(shape: _Shape, by_name: dict[str, Any], attributes: Mapping[str, Any]) -> None:
    """The being's own attributes, but none that could be given by place only, behind one that is not there."""
    gap = False
    for name in shape.every:
        if name not in by_name and name in attributes and not (gap and name in shape.only_places):
            by_name[name] = attributes[name]
        gap = gap or name not in by_name


def _named(parameters: Sequence[Parameter], kind: str) -> str | None:
    return next((each.name for each in parameters if each.kind == kind), None)


def _types(parameters: Sequence[Parameter]) -> Iterator[tuple[str, PyType]]:
    for each in parameters:
        if each.annotation is None:
            continue
        try:
            yield each.name, py_type(each.annotation)
        except PyTypeInvalid:  # a type of the source's own, say
            continue


def _placed(
    shape: _Shape, by_name: dict[str, Any], rest: list[Any], extra: dict[str, Any], named: dict[str, Any]
) -> Bound:
    """By place as far as there is no gap, by name after it."""
    args: list[Any] = []
    for name in shape.places:
        if name not in by_name:
            break
        args.append(by_name.pop(name))
    return Bound((*args, *rest), {**by_name, **extra}, named)


def _check_values(who: str, named: Mapping[str, Any]) -> None:
    try:
        encoded("arguments", dict(named))
    except BeingInvalid as error:
        name = str(error.details["field"]).removeprefix("arguments.")
        raise ArgumentsUnfit(who=who, reason=f"{name}: {error.reason}") from error

"""Typed attributes: `genesis.attributes = {"net": {"py_type": "float", "default": 0.0}, …}`, checked at every write.

A being or a relationship that declares attributes has those, and of others only `RESERVED`. A class, and a version of a
soul, declare for the beings that are made by them. Beside `py_type` and `default` a declaration may say anything, a
purpose say.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from reprlib import Repr
from typing import Any, Protocol
from uuid import UUID

from luxos.beings.errors import AttributeMissing, AttributeUndeclared, AttributeUnfit, GenotypeInvalid, PyTypeInvalid
from luxos.beings.py_types import Misfit, PyType, py_type

RESERVED = frozenset({"energy", "deleted"})
"""Attributes that LuxOS keeps itself: how energy returns, and when a being was deleted."""
_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 60
_SHORT.maxlevel = 2


class Typed(Protocol):
    """A being or a relationship, as far as its attributes matter."""

    tags: list[str]
    genesis: dict[str, Any]
    attributes: dict[str, Any]

    @property
    def identity(self) -> UUID: ...


@dataclass(frozen=True, slots=True)
class Declaration:
    """One attribute; `default` has no meaning where there is none, and then it has to be given."""

    py_type: PyType
    has_default: bool
    default: Any


def declared(genesis: Mapping[str, Any]) -> dict[str, Declaration]:
    """The attributes that a genotype declares; `GenotypeInvalid` for a declaration that is none."""
    found = genesis.get("attributes", {})
    if not isinstance(found, dict):
        raise GenotypeInvalid(field="attributes", reason="not_object", kind=type(found).__name__)
    return {name: _declaration(name, told) for name, told in found.items()}


def fill(being: Typed) -> None:
    """Gives a new row the defaults of what it declares and does not have yet."""
    if _declares_for_itself(being):
        being.attributes = {**defaults(being.genesis, being.attributes), **being.attributes}


def check(being: Typed) -> None:
    """Raises where a row's attributes are not what its genotype declares, or where the declaration is none."""
    if "attributes" not in being.genesis:
        return
    wanted = declared(being.genesis)
    if wanted and _declares_for_itself(being):
        _check(being.identity, wanted, being.attributes)


def check_as(soul: UUID, wanted: Mapping[str, Declaration], attributes: Mapping[str, Any]) -> None:
    """Raises where attributes are not what a kind declares for all its beings."""
    _check(soul, wanted, attributes)


def defaults(genesis: Mapping[str, Any], attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults of the attributes that are missing."""
    wanted = declared(genesis)
    return {name: deepcopy(one.default) for name, one in wanted.items() if one.has_default and name not in attributes}


def check_complete(soul: UUID, genesis: Mapping[str, Any], attributes: Mapping[str, Any]) -> None:
    """Raises `AttributeMissing` for an attribute without a default that was not given."""
    for name, one in declared(genesis).items():
        if not one.has_default and name not in attributes:
            raise AttributeMissing(soul=soul, field=name, wanted=one.py_type.text)


def inherited(genesis: Mapping[str, Any], attributes: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Those attributes of an ancestor that fit a genotype, and the names of those that stay with the ancestor."""
    if genesis.get("type") == "class" or not (wanted := declared(genesis)):
        return dict(attributes), []
    kept = {
        name: value
        for name, value in attributes.items()
        if name in RESERVED or (name in wanted and wanted[name].py_type.misfit(value, name) is None)
    }
    return kept, sorted(attributes.keys() - kept.keys())


def as_json(value: Any) -> Any:
    """A value as attributes keep it: moments, days, UUIDs and decimals become their texts, tuples become lists."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    return {key: as_json(item) for key, item in value.items()} if isinstance(value, dict) else value


def _declares_for_itself(being: Typed) -> bool:
    """Whether what a being declares is about its own attributes."""
    genesis = being.genesis
    if not (isinstance(genesis, dict) and genesis.get("attributes") and isinstance(being.attributes, dict)):
        return False
    return genesis.get("type") != "class" and "soul" not in being.tags


def _declaration(name: str, told: Any) -> Declaration:
    if not isinstance(told, dict):
        raise GenotypeInvalid(field=f"attributes.{name}", reason="not_object", kind=type(told).__name__)
    if "py_type" not in told:
        raise GenotypeInvalid(field=f"attributes.{name}", reason="no_py_type")
    try:
        wanted = py_type(told["py_type"])
    except (PyTypeInvalid, TypeError) as error:
        raise GenotypeInvalid(
            field=f"attributes.{name}.py_type", reason="py_type", text=_shown(told["py_type"])
        ) from error
    default = told.get("default")
    if "default" in told and (misfit := wanted.misfit(default, "default")):
        field = f"attributes.{name}.{misfit.path}"
        raise GenotypeInvalid(field=field, reason="default", value=_shown(misfit.value), wanted=misfit.wanted)
    return Declaration(wanted, "default" in told, default)


def _check(soul: UUID, wanted: Mapping[str, Declaration], attributes: Mapping[str, Any]) -> None:
    for name, value in attributes.items():
        one = wanted.get(name)
        if one is not None:
            if (misfit := one.py_type.misfit(value, name)) is not None:
                raise _unfit(soul, misfit)
        elif name not in RESERVED:
            raise AttributeUndeclared(soul=soul, field=name, declared=", ".join(sorted(wanted)))


def _unfit(soul: UUID, misfit: Misfit) -> AttributeUnfit:
    came = type(misfit.value).__name__ if misfit.value is not None else "None"
    return AttributeUnfit(soul=soul, field=misfit.path, came=came, value=_shown(misfit.value), wanted=misfit.wanted)


def _shown(value: Any) -> str:
    """A value, short enough to be read in a sentence; never walks through a large or a deep one."""
    try:
        return _SHORT.repr(value)
    except ValueError:  # an integer that Python does not write out
        return type(value).__name__

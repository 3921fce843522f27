"""What a source uses, read with `ast` and never run: names written out, and names that only a run will know.

A soul pins what it uses by hash, as `dependencies: {name: pin}`. A pin is a hash; `self` for the soul itself;
`group:` and the hash of the group for souls that use each other; `core:` and the UUID of a core being, which is part of
LuxOS as Python is.
"""

import ast
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

from luxos.beings.being import BaseBeing
from luxos.beings.errors import GenotypeInvalid
from luxos.beings.function_source import parsed
from luxos.beings.genesis import is_hash
from luxos.souls.aliases import Alias, core_of
from luxos.souls.errors import DependencyUnknown, SoulTooBig, SoulUnknown
from luxos.souls.versions import find_hash, read_version, row_of

SELF = "self"
_CALLS = {
    "execution": "who",
    "call": "who",
    "summon": "name",
    "evolve": "which",
    "load": "who",
    "get_by_alias": "alias",
    "get_by_hash": "hash",
    "of": "name",
}
"""What names a soul in its first argument, and how that argument is called."""
_BARE = frozenset({"execution", "summon"})
"""Those that a source has without `lux.` before them."""
_MAKES = frozenset({"summon"})
"""Those that may name what is not there yet."""
_HIDES = frozenset({"eval", "exec", "globals", "__import__"})
"""What can use any name without its being written out."""
_WORDS = re.compile("|".join(map(re.escape, _BARE | _HIDES | {"lux"})))
"""A source without these uses nothing."""
_LONGEST_SOURCE = 1_000_000
_ENDS = re.compile(r"\r\n|\r|\n")
"""Where Python counts lines."""


@dataclass(frozen=True)
class NotPinned:
    """A place in a source where something is used that no hash pins: its line, from 1, and its text."""

    line: int
    text: str

    def as_json(self) -> dict[str, Any]:
        return {"line": self.line, "text": self.text}


@dataclass
class Uses:
    """What a source uses: names written out with their first line, those that may yet be made, and the rest."""

    names: dict[str, int] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    not_pinned: list[NotPinned] = field(default_factory=list)


@lru_cache(maxsize=8)
def uses_of(source: str, name: str = "?") -> Uses:
    """What a source uses; `SourceInvalid` where it is not Python, `SoulTooBig` above 1,000,000 characters."""
    if len(source) > _LONGEST_SOURCE:
        raise SoulTooBig(name=name, size=len(source), most=_LONGEST_SOURCE)
    tree, found = parsed(source, name), Uses()
    if not _WORDS.search(unicodedata.normalize("NFKC", source)):  # as Python reads names
        return found
    lines, called, places = _ENDS.split(source), _called(tree), set[int]()
    for node in ast.walk(tree):
        if not isinstance(node, ast.expr):
            continue
        if isinstance(node, ast.Call) and (function := _function(node.func)):
            places |= _use(node, function, found)
        elif _runs_text(node) or (id(node) not in called and _is_hidden(node)):
            places.add(node.lineno)
    found.not_pinned += [NotPinned(line, lines[line - 1].strip()[:200]) for line in sorted(places)]
    return found


def uses_of_genesis(genesis: Mapping[str, Any], name: str) -> Uses:
    """What a genesis uses; one of a type that is not called has no Python in it."""
    source = genesis.get("source")
    if source is None or genesis.get("type") not in {"function", "class"} or genesis.get("tier") == "core":
        return Uses()
    if not isinstance(source, str):
        raise GenotypeInvalid(field="source", reason="not_text")
    return uses_of(source, name)


def check_pins(genesis: Mapping[str, Any]) -> dict[str, str]:
    """The pins that a genesis brings itself; `GenotypeInvalid` where they are none."""
    pins = genesis.get("dependencies", {})
    if not isinstance(pins, Mapping) or not all(_is_pin(pin) for pin in pins.values()):
        raise GenotypeInvalid(field="dependencies", reason="no_pin")
    return dict(pins)


async def pin(name: str, *, connection: Any = None) -> str | None:
    """The pin of a name as things are now: the newest hash of an alias, or a core being; `None` for neither."""
    alias = await Alias.find(name, connection=connection)
    if alias is not None and alias.hash is not None:
        return alias.hash
    core = await core_of(name, connection=connection)
    return None if core is None else f"core:{core}"


async def pinned(
    genesis: Mapping[str, Any], name: str, known: Mapping[str, str], *, connection: Any = None
) -> dict[str, Any]:
    """The genesis with a pin for everything that its source names.

    Pins that the genesis brings hold; `known` are further ones; all other names are pinned to what they are now.
    `DependencyUnknown` for a name that nobody has.
    """
    uses, pins = uses_of_genesis(genesis, name), check_pins(genesis)
    for pin_ in set(pins.values()):
        if not await _is_there(pin_, connection):
            raise SoulUnknown(name=pin_)
    for used, line in uses.names.items():
        found = pins.get(used) or known.get(used) or await _pin_of_use(used, connection)
        if found is not None:
            pins[used] = found
        elif used not in uses.made and not _is_row(used):
            raise DependencyUnknown(name=name, line=line, used=used)
    plain = {key: value for key, value in genesis.items() if key != "dependencies"}
    return {**plain, "dependencies": pins} if pins else plain


def not_pinned(genotype: Mapping[str, Any], name: str = "?") -> list[NotPinned]:
    """The places in a genotype's source where something is used that none of its pins covers, by line."""
    uses, pins = uses_of_genesis(genotype, name), genotype.get("dependencies", {})
    loose = [NotPinned(line, used) for used, line in uses.names.items() if used not in pins]
    return sorted([*uses.not_pinned, *loose], key=lambda place: place.line)


async def _pin_of_use(used: str, connection: Any) -> str | None:
    if _is_row(used):
        return None
    if (found := await pin(used, connection=connection)) is not None:
        return found
    whole = await find_hash(used, connection=connection)
    return whole if whole and await read_version(whole, connection=connection) else None


async def _is_there(pin: str, connection: Any) -> bool:
    if is_hash(pin):
        return await read_version(pin, connection=connection) is not None
    row = UUID(pin.removeprefix("core:")) if pin.startswith("core:") else row_of(pin)
    return pin == SELF or await BaseBeing.find(row, connection=connection) is not None


def _function(node: ast.expr) -> str | None:
    """Which of our functions a call is: `execution`, `summon`, or one of them below `lux.`."""
    if isinstance(node, ast.Name):
        return node.id if node.id in _BARE else None
    if not isinstance(node, ast.Attribute) or node.attr not in _CALLS:
        return None
    return node.attr if _root(node) == "lux" else None


def _use(call: ast.Call, function: str, found: Uses) -> set[int]:
    """Notes what a call names; the line of one that names it at run time."""
    given = call.args[:1] or [word.value for word in call.keywords if word.arg == _CALLS[function]]
    first = given[0] if given else None
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return {call.lineno}
    found.names.setdefault(first.value, call.lineno)
    if function in _MAKES:
        found.made.add(first.value)
    return set()


def _called(tree: ast.AST) -> set[int]:
    """The ids of the nodes that say which function is called, and of `lux` where something is taken from it."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            part = node.func
            found.add(id(part))
            while isinstance(part, ast.Attribute):
                part = part.value
                found.add(id(part))
        elif isinstance(node, ast.Attribute):
            found.add(id(node.value))
    return found


def _runs_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in _HIDES


def _is_hidden(node: ast.AST) -> bool:
    """Whether a node that is not called hands on one of our functions, or a part of `lux`."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        return node.id in _BARE | {"lux"}
    return isinstance(node, ast.Attribute) and _root(node) == "lux"


def _root(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _is_row(used: str) -> bool:
    """Whether a row is meant, or a method of one: that is of the version by which the instance was made."""
    return _is_uuid(used.partition(".")[0])


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _is_pin(pin: object) -> bool:
    if not isinstance(pin, str):
        return False
    kind, _colon, rest = pin.partition(":")
    return pin == SELF or is_hash(pin) or (kind == "group" and is_hash(rest)) or (kind == "core" and _is_uuid(rest))

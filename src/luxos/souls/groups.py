"""Souls that use each other, hashed as one group, so that each pins all the others.

The hash of a group is over `{"group": {alias: genotype}}`, where the pins of its members to one another are `group`. A
member's own genotype then has `group:` and that hash as its pins to the others: changing one changes them all.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingConflict
from luxos.beings.genesis import canonical_hash, genotype, soul_hash
from luxos.souls.dependencies import SELF
from luxos.souls.errors import SoulDamaged, SoulUnknown
from luxos.souls.versions import read_version, row_of

INSIDE = "group"


def circles(uses: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """The names in groups of those that use each other, however indirectly; a group after all that it uses."""
    reached = {name: {name} | _reached(name, uses) for name in uses}
    groups = {frozenset(other for other in reached[name] if name in reached[other]) for name in uses}
    return sorted((sorted(group) for group in groups), key=lambda group: (len(reached[group[0]]), group))


def hash_group(members: Mapping[str, Mapping[str, Any]]) -> str:
    """The hash of a group, whose members' pins to one another are `group`."""
    return canonical_hash({"group": {alias: genotype(genesis) for alias, genesis in members.items()}})


def with_pins(genesis: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    """The genesis with one pin in the place of another."""
    pins = {name: new if pin == old else pin for name, pin in genesis.get("dependencies", {}).items()}
    return {**genesis, "dependencies": pins} if pins else dict(genesis)


async def write_group(members: Mapping[str, Mapping[str, Any]], connection: Any) -> dict[str, dict[str, Any]]:
    """Keeps which souls make a group, and gives the members with the pins that they have from now on."""
    group = hash_group(members)
    pinned = {alias: with_pins(genesis, INSIDE, f"group:{group}") for alias, genesis in members.items()}
    hashes = {alias: soul_hash(genesis) for alias, genesis in sorted(pinned.items())}
    being = BaseBeing(soul=row_of(f"group:{group}"), tags=["soul"], genesis={"type": "soul_group", "group": group})
    being.genesis |= {"name": ", ".join(hashes), "members": hashes}
    try:
        await being.save(connection=connection)
    except BeingConflict:
        await read_group(group, connection=connection)  # somebody else of another owner was first: it must be whole
    return pinned


async def read_group(group: str, *, connection: Any = None) -> dict[str, str]:
    """The hashes of a group's members by their aliases; `SoulUnknown`, or `SoulDamaged` where they are not it."""
    row = await BaseBeing.find(row_of(f"group:{group}"), connection=connection)
    if row is None:
        raise SoulUnknown(name=group)
    hashes: dict[str, str] = row.genesis.get("members", {})
    members = {}
    for alias, found in hashes.items():
        version = await read_version(found, connection=connection)
        if version is None:
            return hashes  # written first, in the transaction that writes the members
        members[alias] = with_pins(version.genotype, f"group:{group}", INSIDE)
    if hash_group(members) != group:
        raise SoulDamaged(name=group)
    return hashes


async def pins_of(found: str, pins: Mapping[str, str], *, connection: Any = None) -> dict[str, str | UUID]:
    """What the pins of the soul with hash `found` lead to: a hash, or the UUID of a core being."""
    led: dict[str, str | UUID] = {}
    for name, pin in pins.items():
        kind, _colon, rest = pin.partition(":")
        if pin == SELF:
            led[name] = found
        elif kind == "core":
            led[name] = UUID(rest)
        elif kind == "group":
            led[name] = (await read_group(rest, connection=connection))[name]
        else:
            led[name] = pin
    return led


def _reached(name: str, uses: Mapping[str, Iterable[str]]) -> set[str]:
    """All that `name` uses, however indirectly, of what `uses` has."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for used in uses[waiting.pop()]:
            if used in uses and used not in found:
                found.add(used)
                waiting.append(used)
    return found

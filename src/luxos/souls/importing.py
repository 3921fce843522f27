"""Souls from reports: those of another LuxOS keep their hashes, those of the older one are found by their old hash.

A report is taken whole or refused, so an import that was cut off is done again, and one that is repeated changes
nothing. An alias that is here already is left as it is; one that is not becomes what the reports say of it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from luxos.beings.being import BaseBeing
from luxos.beings.genesis import genotype
from luxos.errors import LuxError, reason_of
from luxos.i18n import _
from luxos.persistence.queries import queries
from luxos.souls.aliases import Alias, check_alias
from luxos.souls.dependencies import SELF, check_pins
from luxos.souls.errors import AliasRenamed, ArchiveUnfit, SoulAmbiguous
from luxos.souls.evolution import advance
from luxos.souls.groups import INSIDE, hash_group, with_pins, write_group
from luxos.souls.reading import Read, Refused, read_reports
from luxos.souls.registry import Soul
from luxos.souls.versions import more_of, read_version, row_of, write_version

_IMPORTED = UUID("0e0a6a8e-3c43-4a52-9d50-6c1f6f7f2a16")
_LEAST = 8
_GROUP = "group:"


@dataclass
class Outcome:
    """What became of each file: `{"file", "hash"}`, with `soul_hash` for an old hash and `reason` where refused."""

    imported: list[dict[str, Any]] = field(default_factory=list)
    unchanged: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {"imported": self.imported, "unchanged": self.unchanged, "refused": self.refused}


async def import_reports(place: Path) -> Outcome:
    """Takes every good report of a folder, and says what was refused and why."""
    outcome = Outcome()
    try:
        found = await asyncio.to_thread(lambda: list(read_reports(place)))
    except OSError as error:
        raise ArchiveUnfit(path=place, reason=reason_of(error)) from error
    outcome.refused += [one.as_json() for one in found if isinstance(one, Refused)]
    reports = [one for one in found if isinstance(one, Read)]
    native = await _with_pins([one for one in reports if one.native], outcome)
    old = [one for one in reports if not one.native]
    for group in (native, old):
        ordered = sorted(group, key=lambda one: (one.alias or "", one.version, one.file))
        for alias, line in groupby(ordered, key=lambda one: one.alias):
            await _take_line(alias, list(line), outcome)
    return outcome


async def find_old(name: str) -> tuple[str, str] | None:
    """The old hash that `name` is or begins (8 digits or more), and the hash that it has here; `SoulAmbiguous`."""
    plain = name.removeprefix("sha256:")
    if len(plain) < _LEAST or not set(plain) <= set("0123456789abcdef"):
        return None
    async with BaseBeing._borrowed(None) as lent:
        rows = await lent.fetch(queries()["old_souls"], plain, plain + "g")
    if len(rows) > 1 and rows[0]["genesis"]["old_hash"] != plain:
        raise SoulAmbiguous(name=name, candidates=", ".join(row["genesis"]["old_hash"] for row in rows))
    return (rows[0]["genesis"]["old_hash"], rows[0]["genesis"]["new_hash"]) if rows else None


async def _with_pins(reports: Sequence[Read], outcome: Outcome) -> list[Read]:
    """Those whose pins are here or among them, with the groups that they make; the others are refused."""
    left = list(reports)
    while True:
        there = {one.hash for one in left}
        groups = _groups(left)
        lacking = [(one, pin) for one in left if (pin := await _lacks(one, there, groups)) is not None]
        if not lacking:
            break
        for one, pin in lacking:
            reason = _("it pins {pin}, which is neither here nor among the reports").format(pin=pin)
            outcome.refused.append(Refused(one.file, reason, one.hash).as_json())
        gone = {one.file for one, _pin in lacking}
        left = [one for one in left if one.file not in gone]
    for members in groups.values():
        await BaseBeing._transacted(partial(write_group, members))
    return left


def _groups(reports: Sequence[Read]) -> dict[str, dict[str, dict[str, Any]]]:
    """By their pins, the groups that are whole among the reports, with the geneses that are hashed."""
    members: dict[str, dict[str, dict[str, Any]]] = {}
    for one in reports:
        for pin in set(check_pins(one.genesis).values()):
            if pin.startswith(_GROUP) and one.alias is not None:
                members.setdefault(pin, {})[one.alias] = with_pins(genotype(one.genesis), pin, INSIDE)
    return {pin: found for pin, found in members.items() if _GROUP + hash_group(found) == pin}


async def _lacks(one: Read, there: set[str], groups: Mapping[str, Any]) -> str | None:
    for pin in check_pins(one.genesis).values():
        if pin == SELF or pin in there or pin in groups:
            continue
        row = UUID(pin.removeprefix("core:")) if pin.startswith("core:") else row_of(pin)
        if await BaseBeing.find(row) is None:
            return pin
    return None


async def _take_line(alias: str | None, line: Sequence[Read], outcome: Outcome) -> None:
    """Takes the reports of one alias, the earliest first; the alias itself where nobody has it here."""
    free = alias is not None and await _is_free(alias)
    for one in line:
        try:
            said, new = await BaseBeing._transacted(partial(_take, one, alias if free else None))
        except LuxError as error:
            outcome.refused.append(Refused(one.file, str(error), one.hash).as_json())
            continue
        told = {"file": one.file, "hash": one.hash, **({} if one.native else {"soul_hash": new})}
        (outcome.imported if said else outcome.unchanged).append(told)


async def _is_free(alias: str) -> bool:
    try:
        check_alias(alias)
        return await Alias.find(alias) is None
    except LuxError:
        return False


async def _take(one: Read, alias: str | None, connection: Any) -> tuple[bool, str]:
    """Whether anything had to be written, and the hash of the version here."""
    if one.native:
        return await _take_native(one, alias, connection), one.hash
    row = await BaseBeing.find(uuid5(_IMPORTED, one.hash), connection=connection)
    if row is not None:
        return False, str(row.genesis["new_hash"])
    soul = await _register_old(one, alias, connection)
    await BaseBeing(
        soul=uuid5(_IMPORTED, one.hash),
        tags=["imported_soul"],
        genesis={
            "type": "imported_soul",
            "name": one.alias or one.hash,
            "old_hash": one.hash,
            "new_hash": soul.hash,
            "report": dict(one.report),
        },
    ).save(connection=connection)
    return True, soul.hash


async def _take_native(one: Read, alias: str | None, connection: Any) -> bool:
    present = await read_version(one.hash, connection=connection)
    if present is not None and alias is None:
        return False
    genesis = {**more_of(one.genesis), **genotype(one.genesis)}
    genesis.pop("owner", None)
    if alias is None:
        await write_version(genotype(genesis), None, more=more_of(genesis), connection=connection)
    else:
        await advance(await Alias.lock(alias, connection), genesis, connection=connection)
    return True


async def _register_old(one: Read, alias: str | None, connection: Any) -> Soul:
    """Keeps an old genesis as a version of ours; its pins are not taken, for they name old hashes."""
    try:
        return await Soul.register({"name": one.alias or one.hash, **one.genesis}, alias=alias, connection=connection)
    except AliasRenamed:
        return await Soul.register({"name": one.alias or one.hash, **one.genesis}, connection=connection)

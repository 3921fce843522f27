"""What a soul must go on giving: its examples, and what it gave when it was called."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from luxos.beings.function import FunctionBeing
from luxos.persistence.database import Database
from luxos.runtime.binding import as_given
from luxos.runtime.evolving.answers import Told
from luxos.runtime.steps import Step, step_id
from luxos.souls.aliases import history
from luxos.souls.dependencies import SELF

RECORDED, VERSIONS = 100, 5
"""How many of the newest recorded calls are tried, and of how many of the newest versions."""

DERIVED = 36
"""How many calls are derived from them."""
ASKED = 50
"""How often a call that is tried asks others."""


@dataclass(frozen=True)
class Case:
    """Arguments, and the result that is right for them."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    result: Any
    is_example: bool
    asked: Sequence[Told] | None = None
    """What the code asked others for, and was told, in order; nothing where that is not known, and is found out."""


def examples(being: FunctionBeing) -> list[Case]:
    """What its genesis gives as examples."""
    told = being.genesis.get("examples", [])
    found = []
    for one in told if isinstance(told, list) else [told]:
        if not isinstance(one, Mapping) or "result" not in one:
            continue
        given = one.get("arguments", one.get("args", []))
        args, kwargs = (tuple(given), {}) if isinstance(given, list) else ((), given)
        if isinstance(kwargs, Mapping):
            found.append(Case(args, kwargs, one["result"], is_example=True))
    return found


def derived(cases: Sequence[Case]) -> list[Case]:
    """Calls like those of the cases, with one argument changed: none of it, the other way round, twice, another sign.

    What is right for them is what the soul itself gives; they keep a proposal from being right for the cases only. They
    are made of what was seen, so they stay with the kinds of values that the soul is for.
    """
    found: list[Case] = []
    for case in cases:
        for place, value in enumerate(case.args):
            around = case.args[:place], case.args[place + 1 :]
            found += [Case((*around[0], other, *around[1]), case.kwargs, None, False) for other in _others(value)]
        for name, value in case.kwargs.items():
            found += [Case(case.args, {**case.kwargs, name: other}, None, False) for other in _others(value)]
    return found[:: len(found) // DERIVED + 1]


def _others(value: Any) -> list[Any]:
    match value:
        case bool():
            return [not value]
        case int() | float():
            return [other for other in (0, 1, -1, 2, value + 1, -value) if other != value]
        case str():
            return [other for other in ("", value[::-1], value + value, value[:1], "Ż " + value) if other != value]
        case list():
            once, same = value[:1], value[:1] * 3
            return [other for other in ([], once, value[::-1], value + value[:5], same) if other != value]
    return []


async def recorded(database: Database, being: FunctionBeing, name: str) -> list[Case]:
    """The newest calls of an alias that ended well, in the version that it is now or one of those before; equal ones
    once. Where an earlier version gave something else, the soul does not repeat it, and it is no case.
    """
    versions = [memory for memory in await history(name) if memory["kind"] == "version"][-VERSIONS:]
    beings, hashes = [being.soul, *(UUID(each["being"]) for each in versions)], [each["hash"] for each in versions]
    async with database.pool.acquire() as connection:
        rows = await connection.fetch(database.queries["recorded_calls"], beings, [being.soul_hash, *hashes], RECORDED)
        places = [(row["run"], row["step"]) for row in rows]
        asked = await _asked(database, connection, places, {being.soul_hash, *hashes})
    found = []
    for row, told in zip(rows, asked, strict=True):
        args, kwargs = as_given(being.signature, row["arguments"])
        if told is not None:
            found.append(Case(tuple(args), kwargs, row["result"], is_example=False, asked=told))
    return found


async def _asked(
    database: Database, connection: Any, calls: Sequence[tuple[UUID, str]], own: Collection[str]
) -> list[list[Told] | None]:
    """What calls asked others for, as their own steps tell it; `None` where that is too much, or not all on record."""
    ids = [[step_id(run, f"{step}/{number}") for number in range(1, ASKED + 2)] for run, step in calls]
    rows = await connection.fetch(database.queries["steps_by_id"], [each for some in ids for each in some])
    steps = {row["id"]: Step(row["id"], row["target_soul"], row["genesis"], row["attributes"]) for row in rows}
    return [_told([steps.get(each) for each in some], own) for some in ids]


def _told(steps: Sequence[Step | None], own: Collection[str]) -> list[Told] | None:
    there = [step for step in steps if step is not None]
    if len(there) > ASKED or steps[: len(there)] != there or not {step.status for step in there} <= {"done", "failed"}:
        return None
    return [_of(step, own) for step in there]


def _of(step: Step, own: Collection[str]) -> Told:
    meant = (SELF,) if step.method is None and step.meant[0] in own else step.meant
    if step.status == "failed":
        return Told(meant, step.attributes["arguments"], error=step.attributes["error"]["message"])
    return Told(meant, step.attributes["arguments"], step.attributes["result"])

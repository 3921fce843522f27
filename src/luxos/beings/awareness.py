"""`self_awareness`: what follows for a being from the steps that called it, and from the feedback that it was given.

Steps are counted when their run ends, each attempt once: a run says up to which link of its audit chain it was counted,
in the transaction that counts. `recompute` counts all of them again, and says where a being knows anything else.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingInvalid, BeingUnknown
from luxos.beings.relationship import RelationshipBeing
from luxos.beings.tally import Tally, whole
from luxos.beings.values import check_energy
from luxos.persistence.json_codec import canonical
from luxos.persistence.queries import queries

FIELDS = ("calls", "failures", "latency", "trust", "feedback")
PAST = "past"
"""The key of what was counted of steps that are no longer there."""
_FIRST, _LAST = UUID(int=0), UUID(int=2**128 - 1)


@dataclass(frozen=True)
class Recount:
    """A being, and of each field that differs what it says and what follows from the steps; none where all is equal."""

    soul: UUID
    name: str | None
    differs: Mapping[str, tuple[Any, Any]]

    @property
    def equal(self) -> bool:
        """Whether it knows what follows from the steps."""
        return not self.differs


async def fold(run: UUID, *, connection: Any = None) -> bool:
    """Counts what ended in a run since it was counted last, in one transaction; gives whether there was anything."""
    async with BaseBeing.transaction(connection) as lent:
        chain = await lent.fetchrow(queries()["lock_run_to_fold"], run)
        if chain is None or chain["ended"] <= chain["folded"]:
            return False
        tallies = _tallies(await lent.fetch(queries()["attempts_of_run"], run, chain["folded"], chain["ended"]))
        for soul, known in (await _locked(lent, tallies)).items():
            tallies[soul] += Tally.of(known)
        await _write(lent, {soul: tally.as_json() for soul, tally in tallies.items()})
        await lent.execute(queries()["mark_folded"], run, chain["ended"])
    return True


async def fold_pending() -> int:
    """Counts what was not counted because a process ended before; gives in how many runs."""
    async with BaseBeing._borrowed(None) as lent:
        rows = await lent.fetch(queries()["runs_to_fold"])
    return sum([await fold(row["soul"]) for row in rows])


async def keep_past(run: UUID, *, connection: Any) -> None:
    """Keeps what was counted of a run's steps, which the caller's transaction removes after this."""
    await fold(run, connection=connection)
    chain = await connection.fetchrow(queries()["lock_run_to_fold"], run)
    if chain is None:
        return
    tallies = _tallies(await connection.fetch(queries()["attempts_of_run"], run, 0, chain["folded"]))
    for soul, known in (await _locked(connection, tallies)).items():
        tallies[soul] += Tally.of(_mapping(known.get(PAST)))
    await _write(connection, {soul: {PAST: tally.as_json()} for soul, tally in tallies.items()})


async def judge(source: UUID, target: UUID, value: int, *, why: str | None = None, connection: Any = None) -> UUID:
    """One being gives another feedback, good above 0 and bad below; gives the id of the relationship that says so."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise BeingInvalid(field="value", reason="energy")
    check_energy(value)
    said = {"value": value} if why is None else {"value": value, "why": why}
    genesis = {"type": "feedback"}
    given = RelationshipBeing(
        tags=["feedback"], source_soul=source, target_soul=target, genesis=genesis, attributes=said
    )
    async with BaseBeing.transaction(connection) as lent:
        known = (await _locked(lent, [target])).get(target)
        if known is None:
            raise BeingUnknown(soul=target)
        await given.save(connection=lent)
        before = _mapping(known.get("feedback"))
        feedback = {"count": whole(before.get("count")) + 1, "sum": whole(before.get("sum")) + value}
        await _write(lent, {target: {"feedback": feedback}})
    return given.id


async def recompute(soul: UUID | None = None, *, repair: bool = False) -> AsyncIterator[Recount]:
    """Counts all steps again, of one being or of all that were called or judged, and says what each being differs in.

    Everything is read as it is at one moment; `repair` then writes what follows from the steps, being by being.
    """
    await fold_pending()
    first, last = (_FIRST, _LAST) if soul is None else (soul, soul)
    different = []
    async with BaseBeing._borrowed(None) as lent, lent.transaction(isolation="repeatable_read", readonly=True):
        tallies, feedback = await _recounted(lent, first, last)
        wanted = list({*tallies, *feedback, *([] if soul is None else [soul])})
        async for row in lent.cursor(queries()["known_awareness"], first, last, wanted):
            follows = _follows(row["self_awareness"], tallies.get(row["soul"]), feedback.get(row["soul"]))
            found = Recount(row["soul"], row["name"], _differences(row["self_awareness"], follows))
            if not found.equal:
                different.append(found.soul)
            yield found
    for being in different if repair else []:
        await _repair(being)


async def _repair(soul: UUID) -> None:
    async with BaseBeing.transaction() as lent:
        known = (await _locked(lent, [soul])).get(soul)
        if known is not None:
            tallies, feedback = await _recounted(lent, soul, soul)
            await _write(lent, {soul: _follows(known, tallies.get(soul), feedback.get(soul))})


async def _recounted(connection: Any, first: UUID, last: UUID) -> tuple[dict[UUID, Tally], dict[UUID, dict[str, int]]]:
    """What follows from the steps and from the feedback, for each being of a range that has any."""
    tallies: dict[UUID, Tally] = {}
    async for row in connection.cursor(queries()["counted_attempts"], first, last):
        _count(tallies, row)
    rows = await connection.fetch(queries()["given_feedback"], first, last)
    return tallies, {row["target_soul"]: {"count": row["count"], "sum": row["sum"]} for row in rows}


def _follows(known: Mapping[str, Any], tally: Tally | None, feedback: dict[str, int] | None) -> dict[str, Any]:
    """The fields that a being should have."""
    total = (tally or Tally()) + Tally.of(_mapping(known.get(PAST)))
    follows: dict[str, Any] = {}
    if total.calls or "calls" in known:
        follows |= total.as_json()
    if feedback or "feedback" in known:
        follows["feedback"] = feedback or {"count": 0, "sum": 0}
    return follows


def _differences(known: Mapping[str, Any], follows: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {
        field: (known.get(field), follows.get(field))
        for field in FIELDS
        if canonical(known.get(field)) != canonical(follows.get(field))
    }


def _tallies(attempts: Iterable[Mapping[str, Any]]) -> dict[UUID, Tally]:
    tallies: dict[UUID, Tally] = {}
    for attempt in attempts:
        _count(tallies, attempt)
    return tallies


def _count(tallies: dict[UUID, Tally], attempt: Mapping[str, Any]) -> None:
    """Counts one attempt, or all those that a step stands for."""
    tally = tallies.setdefault(attempt["target_soul"], Tally())
    if (summary := attempt["summary"]) is not None:
        tallies[attempt["target_soul"]] = tally + Tally.of(_mapping(summary))
    else:
        tally.count(attempt["status"], attempt["started_at"], attempt["finished_at"])


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


async def _locked(connection: Any, souls: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    rows = await connection.fetch(queries()["lock_awareness"], list(souls))
    return {row["soul"]: row["self_awareness"] for row in rows}


async def _write(connection: Any, known: Mapping[UUID, Mapping[str, Any]]) -> None:
    await connection.execute(queries()["write_awareness"], {str(soul): fields for soul, fields in known.items()})

"""Schedules: what is to be called again and again; each time that one is due a task is put, once for all machines.

The task and the schedule's next moment are one transaction, and the task's key is the schedule and the moment. Where
nobody worked for a while, the newest of the moments that went by is carried out late, and how many were missed is told.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from luxos.beings import memories
from luxos.beings.being import BaseBeing
from luxos.beings.damaged import reading
from luxos.beings.task import TaskBeing
from luxos.beings.values import check_text, encoded
from luxos.errors import LuxError
from luxos.persistence.json_codec import canonical
from luxos.persistence.listening import CHANNEL
from luxos.persistence.queries import queries
from luxos.runtime.faultpoints import reach
from luxos.runtime.tasks.away import GONE
from luxos.runtime.tasks.cron import Cron
from luxos.runtime.tasks.errors import ScheduleAmbiguous, ScheduleDiffers, ScheduleUnknown
from luxos.runtime.tasks.queue import Tasks, microseconds
from luxos.runtime.tasks.worker import POLL

_SCHEDULES = UUID("5c3d9e0a-7a35-4a0e-9d0c-2a1d6f0b7e44")
_TOLD = "schedules"
_DIGITS = 8
"""Of a UUID, by which a schedule may be meant."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Schedule:
    """A schedule as it is in the table."""

    soul: UUID
    genesis: Mapping[str, Any]
    attributes: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.genesis["name"])

    @property
    def cron(self) -> Cron:
        """When it is due; `ZoneUnknown` where this machine does not know its time zone."""
        return Cron(self.genesis["cron"], self.genesis["zone"])

    @property
    def next(self) -> datetime:
        """When it is due next."""
        return _moment(self.attributes["next"])

    @property
    def missed(self) -> int:
        """How many moments went by while nobody worked, in all."""
        return int(self.attributes["missed"])

    def task(self, moment: datetime) -> TaskBeing:
        """The task of one moment."""
        given, options = self.genesis["arguments"], self.genesis["options"]
        key = f"schedule {self.soul} {moment.isoformat()}"
        return TaskBeing.call(
            self.genesis["who"], given["args"], given["kwargs"], key=key, owner=self.genesis["owner"], **options
        )


class Schedules:
    """One owner's schedules."""

    def __init__(self, owner: str) -> None:
        self._owner = owner

    async def add(
        self, name: str | None, cron: Cron, who: str, args: Sequence[Any], kwargs: Mapping[str, Any], **options: Any
    ) -> Schedule:
        """A schedule; without a name, it is called by what it says.

        `options` are `queue`, `priority`, `retries`, and `permissions`, which each of its tasks is granted. Adding the
        same again changes nothing; `ScheduleDiffers` where the name says something else already.
        """
        if name is not None:
            check_text("name", name)
        call = TaskBeing.call(who, args, kwargs, owner=self._owner, **options)
        options.pop("permissions", None)
        options |= {"permissions": call.permissions} if call.permissions else {}
        told = {
            "type": "schedule",
            "name": name or f"{cron.text} {cron.zone} {canonical([who, call.genesis['arguments'], options])}"[:200],
            "owner": self._owner,
            "cron": cron.text,
            "zone": cron.zone,
            "who": who,
            "arguments": call.genesis["arguments"],
            "options": options,
        }
        soul = uuid5(_SCHEDULES, canonical([self._owner, told["name"]]))
        async with BaseBeing.transaction() as lent:
            now = _moment(await lent.fetchval(queries()["task_clock"]))
            state = {"next": microseconds(cron.after(now) or now), "missed": 0, "seen": microseconds(now)}
            await lent.execute(queries()["put_schedule"], soul, encoded("genesis", told), state, CHANNEL, _TOLD)
            row = await lent.fetchrow(queries()["schedule_row"], soul)
        if dict(row["genesis"]) != told:
            raise ScheduleDiffers(name=told["name"])
        return Schedule(**row)

    async def all(self) -> list[Schedule]:
        """All of the owner's, by their names."""
        async with BaseBeing._borrowed(None) as lent:
            return [Schedule(**row) for row in await lent.fetch(queries()["schedules_of"], self._owner)]

    async def remove(self, name: str) -> Schedule:
        """Ends a schedule; what it has put stays. `ScheduleUnknown`, or `ScheduleAmbiguous`, where it is not clear.

        It is meant by its name, by 8 digits or more of its UUID, or by what it calls.
        """
        every = await self.all()
        found = [one for one in every if one.genesis.get("name") == name or _begins(one.soul, name)]
        found = found or [one for one in every if one.genesis.get("who") == name]
        if not found:
            raise ScheduleUnknown(name=name)
        if len(found) > 1:
            raise ScheduleAmbiguous(name=name, count=len(found))
        async with BaseBeing._borrowed(None) as lent:
            await lent.execute(queries()["remove_schedule"], found[0].soul)
        return found[0]


def _begins(soul: UUID, digits: str) -> bool:
    return len(digits) >= _DIGITS and str(soul).startswith(digits)


class Scheduler:
    """Puts tasks of all owners when they are due; any number of processes may do that side by side."""

    def __init__(self, most: int) -> None:
        self._most = most

    async def run(self) -> None:
        """Goes on until it is cancelled."""
        with BaseBeing._pool().listening.heard(_TOLD) as heard:
            while True:
                heard.clear()
                wait = POLL
                with suppress(*GONE):
                    wait = min(POLL, await self.fire())
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await heard.wait()

    async def fire(self) -> float:
        """Puts everything that is due now; gives the seconds until there may be more."""
        failed: list[UUID] = []
        while await self._fire_one(failed):
            reach("schedules.fired")
        async with BaseBeing._borrowed(None) as lent:
            wait = await lent.fetchval(queries()["until_next_schedule"], failed)
        return POLL if wait is None else max(wait / 1e6, 0.001)

    async def _fire_one(self, failed: list[UUID]) -> bool:
        """What cannot be put now is told, and tried again at the next look."""
        soul = None
        try:
            async with BaseBeing.transaction() as lent:
                row = await lent.fetchrow(queries()["hold_due_schedule"], failed)
                if row is None:
                    return False
                soul = row["soul"]
                with reading(soul):
                    due = Schedule(soul, row["genesis"], row["attributes"])
                    await self._put(due, _moment(row["now"]), lent)
                reach("schedules.firing")
        except LuxError as error:
            if soul is None or isinstance(error, GONE):
                raise
            failed.append(soul)
            await self._tell(soul, error)
        return True

    async def _put(self, due: Schedule, now: datetime, connection: Any) -> None:
        cron, moment, missed = due.cron, due.next, 0
        following = cron.after(now)
        if moment > now:  # it was told by a clock that was ahead
            await self._move(due, following, now, 0, connection)
            return
        if (second := cron.after(moment)) is not None and second <= now:
            moment, missed = cron.latest(now) or moment, cron.count(moment, now)
        await Tasks(most=self._most).put_task(due.task(moment), at=moment, connection=connection)
        await self._move(due, following, now, missed, connection)
        if missed:
            told = {"kind": "missed", "count": missed, "from": due.next.isoformat(), "carried_out": moment.isoformat()}
            await memories.append(due.soul, told, connection=connection)

    async def _move(
        self, due: Schedule, following: datetime | None, now: datetime, missed: int, connection: Any
    ) -> None:
        """Writes when it is due next, and when that was found."""
        told = None if following is None else microseconds(following)
        state = {"next": told, "missed": due.missed + missed, "seen": microseconds(now)}
        await connection.execute(queries()["move_schedule"], due.soul, state)

    async def _tell(self, soul: UUID, error: LuxError) -> None:
        async with BaseBeing._borrowed(None) as lent:
            await lent.execute(queries()["trouble_of_schedule"], soul, error.as_json())


def _moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)

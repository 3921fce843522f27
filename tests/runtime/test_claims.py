"""Claims: one at a time has a run or a folder, and nobody keeps one for nothing."""

import asyncio
from typing import Any

import pytest

from luxos.persistence.database import Database
from luxos.runtime.claims import Claims
from luxos.runtime.errors.runs import RunBusy

BUSY = RunBusy(run="ffffffff")


async def test_one_at_a_time_has_it(database: Database) -> None:
    one, other = Claims(database), Claims(database)
    async with one.held("thing", BUSY):
        for claims in (one, other):
            with pytest.raises(RunBusy):
                async with claims.held("thing", BUSY):
                    pass
    async with other.held("thing", BUSY):
        pass
    await one.close()
    await other.close()


async def test_who_is_cancelled_while_claiming_keeps_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = Claims(database), Claims(database)
    asked, ask = asyncio.Event(), one._ask

    async def slow(query: str, name: str) -> Any:
        found = await ask(query, name)
        if query == "claim":
            asked.set()
            await asyncio.Event().wait()
        return found

    async def hold() -> None:
        async with one.held("thing", BUSY):
            pass

    monkeypatch.setattr(one, "_ask", slow)
    holding = asyncio.create_task(hold())
    await asked.wait()
    with pytest.raises(RunBusy):  # it is really granted
        async with other.held("thing", BUSY):
            pass
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holding
    async with other.held("thing", BUSY):
        pass
    await one.close()
    await other.close()

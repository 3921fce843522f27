"""A program whose soul is promoted or moved back while it is killed, and what looks at what it left.

`promotions_user.py shadow NAME` has a candidate in the shadow of NAME and calls it until the alias moves; `budget NAME`
has NAME fail until it is moved back; `check` prints, for all names, how they were left, and how they are after a look.
`LUXOS_CONTROL` has it write without a transaction.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import luxos
from luxos.beings.being import BaseBeing
from luxos.errors import LuxError
from luxos.runtime.promoting.beginning import begin_shadow, promote_watched
from luxos.runtime.promoting.promotion import promotions
from luxos.runtime.promoting.terms import Terms
from luxos.session import Lux
from luxos.souls import environment
from luxos.souls.aliases import Alias, history
from luxos.souls.archive import Archive
from luxos.souls.promotion import Ready
from luxos.souls.registry import Soul

GOOD = "def function(n):\n    return 100\n"
OTHER = "def function(n):\n    return 99 + 1\n"
FRAGILE = "def function(n):\n    return 100 // n\n"
CALLS = 3


async def shadow(lux: Lux, name: str) -> None:
    await lux.summon(name=name, source=GOOD)
    candidate = await Soul.draft(name, {"source": OTHER})
    terms = Terms(calls=CALLS, slower=1000)
    await begin_shadow(candidate, name, terms, to="production", entry=entry(candidate))
    await call(lux, name, CALLS)


async def budget(lux: Lux, name: str) -> None:
    await lux.summon(name=name, source=GOOD)
    archive = Archive(lux.settings.home)
    for source in (GOOD, FRAGILE):
        await lux.summon(name=name, source=source)
        soul = await Soul.of(name)
        await promote_watched(archive, Ready(soul, name, entry(soul)), "production", Terms(), force=False)
    await call(lux, name, CALLS)


async def call(lux: Lux, name: str, times: int) -> None:
    print("begun", flush=True)
    for _time in range(times):
        with suppress(LuxError):
            print(await lux.execution(name, 0), flush=True)
    await lux._runtime.following.settle()


def entry(soul: Soul) -> dict[str, Any]:
    return {"hash": soul.hash, "examples": 0, "types": "passed", "unchecked": []}


async def check(lux: Lux, _name: str) -> None:
    print(json.dumps(await left()))
    await lux._runtime.following.look_at_all()
    print(json.dumps(await left()))


async def left() -> dict[str, Any]:
    """By alias: what it is, its promotion, what the environment names, what the living being says of it."""
    found = {}
    souls = (await environment.Environment.of("production")).souls
    for one in await promotions():
        alias = await Alias.of(one.alias)
        assert alias.being is not None
        living = await BaseBeing.load(alias.being)
        moves = [memory for memory in await history(one.alias) if "because" in memory]
        found[one.alias] = {
            "is": {one.before: "from", one.to: "to"}.get(str(alias.hash), "else"),
            "status": one.status,
            "environment": {one.before: "from", one.to: "to"}.get(souls.get(one.alias, {}).get("hash", ""), "none"),
            "followed": living.genesis.get("followed") == str(one.row.soul),
            "moves": len(moves),
        }
    return found


@asynccontextmanager
async def at_once(connection: Any = None) -> AsyncIterator[Any]:
    """The negative control: each statement for itself."""
    async with BaseBeing._borrowed(connection) as lent:
        yield lent


async def main(what: str, name: str) -> None:
    if os.environ.get("LUXOS_CONTROL"):
        BaseBeing.transaction = at_once  # type: ignore[method-assign,assignment]
    async with luxos.open() as lux:
        await {"shadow": shadow, "budget": budget, "check": check}[what](lux, name)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))

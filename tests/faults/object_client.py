"""A client that works on beings until it is killed. It says `begin` before each operation and `done` after it.

What it says goes to a pipe, so it outlives the client: an independent log of what was acknowledged. `mode` is `sound`,
or one of the ways to do it wrong, as negative controls: `early` acknowledges before it writes, `torn` writes a batch
without one transaction, `blind` ignores conflicts.
"""

import asyncio
import json
import random
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID, uuid4, uuid5

from luxos.beings.being import BaseBeing
from luxos.beings.bulk import save_all
from luxos.beings.channel import Channel
from luxos.beings.errors import BeingConflict, NoMessage
from luxos.beings.memories import append
from luxos.beings.relationship import RelationshipBeing
from luxos.config import Settings
from luxos.errors import LuxError
from luxos.persistence.database import open_database
from luxos.souls.evolution import living
from luxos.souls.registry import summon

ROOT = UUID("6f0c0a44-58ab-4f3b-a5d7-2c6a5b0f0001")
SHARED, TURNS, READER = uuid5(ROOT, "shared"), uuid5(ROOT, "turns"), uuid5(ROOT, "reader")
BATCH = 10


def own(client: str) -> UUID:
    return uuid5(ROOT, f"client {client}")


class Client:
    """One process's work; `note`, `save`, … are the operations, each with an id of its own."""

    def __init__(self, name: str, mode: str) -> None:
        self.name, self.mode = name, mode
        self.being = BaseBeing(soul=own(name), genesis={"type": "client"})

    async def begin(self) -> None:
        """Has the beings that the operations are about."""
        for soul in (SHARED, TURNS, READER, own(self.name)):
            if await BaseBeing.find(soul) is None:
                try:
                    await BaseBeing(soul=soul, genesis={"type": "client"}, attributes={"count": 0}).save()
                except BeingConflict:
                    continue  # another client was first, and changed it already
        self.being = await BaseBeing.load(own(self.name))

    async def note(self, ident: str) -> None:
        """Everything that adds up, on a being that all clients write to."""

        def change(being: BaseBeing) -> None:
            being.attributes[self.name] = ident
            being.energy_level += 1
            being.remember("op", id=ident)

        shared = await BaseBeing.load(SHARED)
        await shared.update(change)

    async def save(self, ident: str) -> None:
        """A being that only this client writes to."""
        self.being.attributes["last"] = ident
        self.being.remember("op", id=ident)
        await self.being.save()

    async def turn(self, ident: str) -> None:
        """Reads, counts, writes: of two clients that read the same count, one is refused."""
        turns = await BaseBeing.load(TURNS)
        turns.attributes["count"] += 1
        if self.mode == "blind":
            await BaseBeing.db_pool.execute(
                "UPDATE base_beings SET attributes = $2 WHERE soul = $1", TURNS, turns.attributes
            )
        else:
            await turns.save()

    async def batch(self, ident: str) -> None:
        """Ten beings at once, or none."""
        beings = [
            BaseBeing(soul=uuid4(), tags=["batch"], genesis={"type": "item"}, attributes={"batch": ident})
            for _ in range(BATCH)
        ]
        if self.mode == "torn":
            for being in beings:
                await being.save()
        else:
            await save_all(beings)

    async def relate(self, ident: str) -> None:
        """A relationship whose id is the operation's."""
        await RelationshipBeing(
            id=uuid5(ROOT, ident), source_soul=own(self.name), target_soul=SHARED, genesis={"type": "client"}
        ).save()

    async def send(self, ident: str) -> None:
        """A message under a key, along the channel that all use."""
        await (await work_channel()).send(ident, key=ident)

    async def receive(self, ident: str) -> None:
        """The next message, and a memory of it in the same transaction."""
        try:
            async with (await work_channel()).receive(0) as message:
                await append(READER, {"kind": "got", "seq": message.seq}, connection=message.connection)
        except NoMessage:
            return

    async def evolve(self, ident: str) -> None:
        """One more line in the source of this client's own soul."""
        being = await living(self.name)
        source = str(being.genesis["source"]) if being else "def function():\n    return 1\n"
        await summon(name=self.name, source=f"{source}# {ident}\n")


async def work_channel() -> Channel:
    return await Channel.between(SHARED, READER)


OPERATIONS = ("note", "save", "turn", "batch", "relate", "send", "receive", "evolve")


def say(**what: str) -> None:
    print(json.dumps(what), flush=True)


async def work(client: Client, chance: random.Random) -> None:
    await client.begin()
    say(open=client.name)
    while True:
        kind, ident = chance.choice(OPERATIONS), uuid4().hex
        operation: Callable[[str], Awaitable[None]] = getattr(client, kind)
        say(begin=ident, kind=kind)
        if client.mode == "early":
            say(done=ident)
        try:
            await operation(ident)
        except BeingConflict:
            say(refused=ident)
            continue
        if client.mode != "early":
            say(done=ident)


async def main(home: Path, name: str, seed: int, mode: str) -> int:
    settings = Settings(home=home, cache=home, projects=home, dsn=None, database_linger=2.0)
    try:
        async with open_database(settings) as database:
            BaseBeing.db_pool = database.pool
            await work(Client(name, mode), random.Random(seed))  # noqa: S311 - an order of operations, no secret
    except LuxError as error:
        say(lost=error.code)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4])))

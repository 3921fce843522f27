"""A process that sends along a channel, or reads from it and notes what it read, until it is killed.

A reader's effect is one row for each message, written over the message's connection: twice in effect would be two. It
says how many were there before. `hasty` sends without waiting for the disk, as a negative control. The tests' server is
theirs alone, so notices bring messages here.
"""

import asyncio
import sys
from pathlib import Path
from unittest.mock import AsyncMock, patch
from uuid import UUID

import asyncpg

from luxos.beings.being import BaseBeing
from luxos.beings.channel import Channel
from luxos.config import Settings
from luxos.errors import LuxError
from luxos.persistence.database import open_database

NOTES = 'SELECT count(*) FROM base_beings WHERE genesis @> \'{"type": "read"}\''


async def send(channel: Channel, name: str) -> None:
    for number in range(10**9):
        await channel.send([name, number], key=f"{name} {number}")
        print(f"sent {number}", flush=True)


async def hasty(channel: Channel, name: str) -> None:
    with patch.object(asyncpg.Connection, "execute", AsyncMock()):  # only `flush_commits` is executed by `send`
        await send(channel, name)


async def read(channel: Channel, name: str) -> None:
    async for message in channel.messages():
        before = await message.connection.fetchval(NOTES)
        note = BaseBeing(
            genesis={"type": "read"},
            attributes={"seq": message.seq, "body": message.body, "by": name, "before": before},
        )
        await note.save(connection=message.connection)
        print(f"read {message.seq}", flush=True)


async def main(home: str, dsn: str, channel: UUID, work: str, name: str) -> None:
    folder = Path(home)
    settings = Settings(home=folder, cache=folder, projects=folder, dsn=dsn or None, database_linger=1.0)
    try:
        async with open_database(settings) as database:
            BaseBeing.db_pool = database.pool
            database.pool.listening.is_private = True
            await {"send": send, "hasty": hasty, "read": read}[work](await Channel.load(channel), name)
    except LuxError as error:
        print(f"lost {error.code}", flush=True)


if __name__ == "__main__":
    home, dsn, channel, work, name = sys.argv[1:]
    asyncio.run(main(home, dsn, UUID(channel), work, name))

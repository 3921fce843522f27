"""A process that uses a database: says `open`, then does what it is told, a line at a time, until its input ends."""

import asyncio
import sys
from pathlib import Path
from uuid import uuid4

from luxos.beings.being import BaseBeing
from luxos.config import Settings
from luxos.errors import LuxError
from luxos.persistence.database import Database, open_database


async def answer(database: Database, order: str) -> object:
    if order == "write":
        await BaseBeing(soul=uuid4(), genesis={"type": "note"}).save()
        return "written"
    return await database.pool.fetchval('SELECT count(*) FROM base_beings WHERE genesis @> \'{"type": "note"}\'')


async def main(home: Path, linger: float) -> None:
    settings = Settings(home=home, cache=home, projects=home, dsn=None, database_linger=linger)
    async with open_database(settings) as database:
        BaseBeing.db_pool = database.pool
        print("open", flush=True)
        while order := (await asyncio.to_thread(sys.stdin.readline)).strip():
            try:
                print(await answer(database, order), flush=True)
            except LuxError as error:
                print(error.code, flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2])))

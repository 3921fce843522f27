"""A real embedded server for benchmarks: fsync on, as it is for people."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmarks.measure import Machine
from luxos.beings.being import BaseBeing
from luxos.config import Settings
from luxos.persistence.database import Database, open_database


@asynccontextmanager
async def open_bench_database(machine: Machine, name: str = "objects") -> AsyncIterator[Database]:
    """An empty database of a server of its own, in the machine's home; beings are loaded from it and saved to it."""
    folder = machine.home / name
    settings = Settings(
        home=folder / "home", cache=folder / "cache", projects=folder / "projects", dsn=None, database_linger=0.0
    )
    async with open_database(settings) as database:
        before, BaseBeing.db_pool = BaseBeing.db_pool, database.pool
        try:
            yield database
        finally:
            BaseBeing.db_pool = before

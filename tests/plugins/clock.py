"""A clock that a test moves, for what the database asks and for what the code asks, as a person moves a machine's."""

import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from types import ModuleType
from typing import Any

import pytest

from luxos.beings.being import BaseBeing
from luxos.config import Settings
from luxos.persistence.database import Database, open_database

MOVED = """
CREATE SCHEMA moved;
CREATE TABLE moved.clock (ahead INTERVAL);
INSERT INTO moved.clock VALUES ('0');
CREATE FUNCTION moved.clock_timestamp() RETURNS TIMESTAMPTZ LANGUAGE sql VOLATILE
    AS 'SELECT pg_catalog.clock_timestamp() + ahead FROM moved.clock';
"""


@dataclass
class Clock:
    """How far it is ahead of the true one; `now` is what it shows."""

    database: Database
    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def move(self, **by: float) -> None:
        """Sets it forward, or back."""
        self.ahead += timedelta(**by)
        await self.database.pool.execute("UPDATE moved.clock SET ahead = $1", self.ahead)

    async def set_right(self) -> None:
        await self.move(seconds=-self.ahead.total_seconds())


@pytest.fixture
async def clock(
    settings_with_database: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Clock]:
    """The clock of the database and of every module of LuxOS; what `CURRENT_TIMESTAMP` gives cannot be moved."""
    await database.pool.execute(MOVED)
    name = await database.pool.fetchval("SELECT current_database()")
    await database.pool.execute(f"ALTER DATABASE {name} SET search_path = moved, pg_catalog, public")
    async with open_database(settings_with_database) as opened:
        made = Clock(opened)
        for module in _asking_for_the_time():
            monkeypatch.setattr(module, "datetime", _shown_by(made))
        with monkeypatch.context() as patched:
            patched.setattr(BaseBeing, "db_pool", opened.pool)
            yield made


def _asking_for_the_time() -> list[ModuleType]:
    modules = [module for name, module in sys.modules.items() if name.startswith("luxos.")]
    return [module for module in modules if getattr(module, "datetime", None) is datetime]


def _shown_by(clock: Clock) -> type[datetime]:
    class _Kind(type(datetime)):  # type: ignore[misc] # every moment is one of these
        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, datetime)

    class Shown(datetime, metaclass=_Kind):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + clock.ahead

    return Shown

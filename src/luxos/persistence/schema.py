"""The schema of the two tables: made once, brought up to date step by step, and never touched where it is newer."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from luxos.i18n import _
from luxos.persistence.errors import DatabaseBusy, DatabaseForeign, DatabaseNewer, MigrationFailed, PgvectorMissing
from luxos.persistence.queries import SQL, queries
from luxos.persistence.translation import is_lost

SCHEMA_BEING = UUID("5f0f6a0a-3a0c-4d3b-9a35-0f5c1d7b6e01")
"""The being in which the version of the schema stands, as `attributes.version`."""
VERSION = 3
ADMITTED = "luxos: admitted"
"""What PostgreSQL calls a session whose schema was found to be its own."""
_FILE = re.compile(r"(\d{3})_([a-z0-9_]+)\.(up|down)\.sql")


@dataclass(frozen=True)
class Schema:
    """The schema that this LuxOS knows; a migration `NNN_name.up.sql` leads from version NNN - 1 to NNN."""

    version: int = VERSION
    migrations: Path = SQL / "migrations"

    @cached_property
    def steps(self) -> dict[tuple[int, str], str]:
        """The migrations' SQL by version and direction."""
        files = [(match, file) for file in self.migrations.glob("*.sql") if (match := _FILE.fullmatch(file.name))]
        return {(int(match[1]), match[3]): file.read_text(encoding="utf-8") for match, file in files}

    async def ensure(self, connection: Any) -> None:
        """Has the database at our version; `DatabaseNewer` where it is beyond it, and then nothing was changed."""
        if await self._found(connection) == self.version:
            return
        async with connection.transaction():
            await connection.execute(queries()["lock_schema"])
            found = await self._found(connection)
            if found is None:
                await self._create(connection)
            elif found < self.version:
                await self._take_tables(connection)
                await self.migrate(connection, found, self.version)

    async def admit(self, connection: Any) -> None:
        """Lets a new connection in; `DatabaseNewer` where somebody brought the database beyond us meanwhile."""
        row = await connection.fetchrow(queries()["admit"], SCHEMA_BEING, ADMITTED)
        if row is not None and row["version"] > self.version:
            raise DatabaseNewer(found=row["version"], known=self.version)

    async def _take_tables(self, connection: Any) -> None:
        """Has the tables for itself, and nobody let in who knows the older schema; `DatabaseBusy` for others in them.

        Who was let in before the locks is ended; who comes after them waits, and finds the newer version.
        """
        try:
            await connection.execute(queries()["limit_wait_for_locks"])
            await connection.execute(queries()["end_sessions"], ADMITTED)
            await connection.execute(queries()["lock_tables"])
            await connection.execute(queries()["end_sessions"], ADMITTED)
        except (asyncpg.LockNotAvailableError, asyncpg.InsufficientPrivilegeError) as error:
            raise DatabaseBusy() from error

    async def migrate(self, connection: Any, found: int, wanted: int) -> None:
        """Goes from one version to another, up or down, inside the caller's transaction."""
        up = wanted > found
        for version in range(found + 1, wanted + 1) if up else range(found, wanted, -1):
            text = self.steps.get((version, "up" if up else "down"))
            if text is None:
                raise MigrationFailed(version=wanted, reason=f"there is no way from schema {found}")
            try:
                await connection.execute(text)
            except asyncpg.PostgresError as error:
                if is_lost(error) or isinstance(error, asyncpg.DiskFullError):
                    raise
                raise MigrationFailed(version=version, reason=str(error)) from error
        await connection.execute(queries()["set_schema_version"], SCHEMA_BEING, wanted)

    async def _found(self, connection: Any) -> int | None:
        """The version of the schema in the database, or `None` where there is no table of ours."""
        tables = await connection.fetch(queries()["find_tables"])
        if not tables:
            return None
        try:
            attributes = await connection.fetchval(queries()["load_schema"], SCHEMA_BEING)
        except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError) as error:
            raise DatabaseForeign(table=tables[0]["name"]) from error
        if attributes is None:
            raise DatabaseForeign(table="base_beings")
        found = int(attributes["version"])
        if found > self.version:
            raise DatabaseNewer(found=found, known=self.version)
        return found

    async def _create(self, connection: Any) -> None:
        await _ensure_vector(connection)
        for name in ("schema.sql", "views.sql"):
            await connection.execute((SQL / name).read_text(encoding="utf-8"))
        genesis = {"type": "schema", "name": "luxos", "tier": "core", "owner": "luxos"}
        await connection.execute(queries()["create_schema_being"], SCHEMA_BEING, genesis, {"version": self.version})


async def _ensure_vector(connection: Any) -> None:
    state = await connection.fetchrow(queries()["vector_available"])
    if state["created"]:
        return
    if not state["available"]:
        raise PgvectorMissing(reason=_("it is not installed on the server"))
    try:
        await connection.execute(queries()["create_vector"])
    except asyncpg.PostgresError as error:
        raise PgvectorMissing(reason=str(error)) from error

"""Opening a database: the embedded one or another, and what is said when that does not work."""

import asyncio
import errno
import subprocess
from dataclasses import replace
from pathlib import Path
from string import Formatter
from typing import Any

import asyncpg
import pytest

from luxos.config import Settings
from luxos.errors import Exit, LuxError
from luxos.i18n import LANGUAGES
from luxos.persistence import errors
from luxos.persistence.address import Address
from luxos.persistence.database import Database, _check, open_database, server_version
from luxos.persistence.errors import DatabaseLost, DatabaseTooOld, DatabaseUnreachable, DiskFull, PgvectorMissing
from luxos.persistence.schema import _ensure_vector
from luxos.persistence.shell import psql
from luxos.persistence.translation import translated


async def test_json_goes_in_and_out_as_values(database: Database) -> None:
    value = {"tekst": "zażółć", "n": 1, "f": 2.0, "list": [None, True]}
    assert await database.pool.fetchval("SELECT $1::jsonb", value) == value
    assert await database.pool.fetchval("SELECT $1::jsonb ->> 'tekst'", value) == "zażółć"
    with pytest.raises(asyncpg.DataError):
        await database.pool.fetchval("SELECT $1::jsonb", float("nan"))


async def test_clocks_are_in_utc(database: Database) -> None:
    assert await database.pool.fetchval("SHOW timezone") == "UTC"


async def test_a_dsn_opens_any_database(settings_with_database: Settings, database: Database) -> None:
    assert settings_with_database.dsn == database.dsn
    async with open_database(settings_with_database) as again:
        assert await again.pool.fetchval("SELECT count(*) FROM base_beings") == 1
    assert not settings_with_database.home.exists()


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://ola:tajne@127.0.0.1:1/luxos",
        "postgresql:///luxos?host=/nowhere",
        "nonsense",
        "postgresql://h:port/x",
    ],
)
async def test_a_dsn_where_nothing_answers_is_said_so_without_its_password(settings: Settings, dsn: str) -> None:
    with pytest.raises(DatabaseUnreachable) as caught:
        async with open_database(replace(settings, dsn=dsn)):
            pass
    assert caught.value.exit_code is Exit.ENVIRONMENT
    assert "tajne" not in str(caught.value) + repr(caught.value.as_json())


async def test_a_database_that_is_not_there_is_said_so(settings: Settings, database_server: Address) -> None:
    with pytest.raises(DatabaseUnreachable, match="nobody"):
        async with open_database(replace(settings, dsn=database_server.named("nobody").url)):
            pass


async def test_an_old_server_is_refused(database: Database) -> None:
    class Old:
        def get_server_version(self) -> Any:
            return asyncpg.types.ServerVersion(14, 9, 0, "final", 0)

    with pytest.raises(DatabaseTooOld) as caught:
        await _check(Old(), database.pool, database.address)
    assert (caught.value.details["found"], caught.value.details["needed"]) == (14, 15)


async def test_a_server_without_pgvector_is_refused(database: Database) -> None:
    async with database.pool.acquire() as connection:
        await connection.execute("DROP EXTENSION vector CASCADE; CREATE ROLE guest_of_test")
        try:
            await connection.execute("SET ROLE guest_of_test")
            with pytest.raises(PgvectorMissing):
                await _ensure_vector(connection)
        finally:
            await connection.execute("RESET ROLE; DROP ROLE guest_of_test")


async def test_a_connection_that_breaks_off_says_how_to_go_on(database: Database) -> None:
    own = "SELECT pg_terminate_backend(pg_backend_pid())"
    with pytest.raises(DatabaseLost, match="luxos resume"):
        await database.pool.fetchval(own)
    assert await database.pool.fetchval("SELECT 1") == 1


async def test_the_version_is_the_one_that_the_server_names(database: Database) -> None:
    async with database.pool.acquire() as connection:
        assert server_version(connection) == (await connection.fetchval("SHOW server_version")).split()[0]


async def test_other_errors_are_left_as_they_are(database: Database) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        await database.pool.fetchval("SELECT * FROM nowhere")


def test_a_full_disk_is_known_by_what_the_driver_says() -> None:
    address = Address("/h", "luxos", "luxos")
    assert isinstance(translated(asyncpg.DiskFullError("x"), address, Path("/")), DiskFull)
    assert isinstance(translated(ConnectionResetError(errno.ECONNRESET, "x"), address, Path("/")), DatabaseLost)
    assert translated(ValueError(), address, None) is None


async def test_the_shell_is_psql_on_this_database(database: Database) -> None:
    shell = psql(database.address, {"PATH": "/usr/bin"}, ["-Atc", "SELECT name, path FROM projects; SHOW timezone"])
    done = await asyncio.create_subprocess_exec(*shell.argv, env=shell.environment, stdout=subprocess.PIPE)
    assert (await done.communicate())[0] == b"UTC\n"


def test_the_shell_keeps_a_password_out_of_its_arguments() -> None:
    shell = psql(Address.of_dsn("postgresql://ola:ta%20jne@example.org:5433/x?sslmode=require"), {})
    assert shell.argv[-1] == "postgresql://ola@example.org:5433/x?sslmode=require"
    assert shell.environment["PGPASSWORD"] == "ta jne"


@pytest.mark.parametrize(
    ("dsn", "url"),
    [
        ("postgresql://ola:ta%20jne@example.org:5433/x?sslmode=require",
         "postgresql://ola:ta%20jne@example.org:5433/y%2Fz?sslmode=require"),
        ("postgresql:///x?host=/run/p&user=ola", "postgresql:///y%2Fz?host=/run/p&user=ola"),
        ("postgresql://a:1,b:2", "postgresql://a:1,b:2/y%2Fz"),
    ],
)  # fmt: skip
def test_another_database_of_a_server_has_an_address(dsn: str, url: str) -> None:
    address = Address.of_dsn(dsn)
    assert address.url == dsn
    assert address.named("y/z").url == url


ROOMS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LuxError)]


@pytest.mark.parametrize("kind", ROOMS)
def test_every_error_is_a_sentence_in_both_languages(kind: type[LuxError], monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {field: "?" for _text, field, _spec, _how in Formatter().parse(kind.message) if field}
    said = set()
    for language in LANGUAGES:
        monkeypatch.setenv("LUXOS_LANG", language)
        said.add(str(kind(**fields)))
    assert all(text.endswith(".") for text in said)

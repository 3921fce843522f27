"""Named queries: the files of this installation are whole, and a damaged one is found when it is loaded."""

from pathlib import Path

import pytest

from luxos.persistence.database import Database
from luxos.persistence.errors import QueryFileBroken
from luxos.persistence.queries import Queries, queries


async def test_every_query_is_understood_by_the_database(database: Database) -> None:
    assert len(queries()) > 10
    async with database.pool.acquire() as connection:
        for name, text in queries().items():
            assert await connection.prepare(text), name


def test_queries_are_read_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("-- About.\n\n-- name: one\n-- why\nSELECT 1;\n\n-- name: two\nSELECT $2, $1, $1\n")
    found = Queries(tmp_path)
    assert dict(found) == {"one": "SELECT 1", "two": "SELECT $2, $1, $1"}
    with pytest.raises(KeyError):
        found["three"]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1;\n-- name: one\nSELECT 1;",
        "-- name: one\n-- nothing\n",
        "-- name: One\nSELECT 1;",
        "-- name: one; drop\nSELECT 1;",
        "-- name: one\nSELECT 1;\n-- name: one\nSELECT 2;",
        "-- name: one\nSELECT $1, $3;",
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.sql").write_text(text)
    with pytest.raises(QueryFileBroken):
        Queries(tmp_path)

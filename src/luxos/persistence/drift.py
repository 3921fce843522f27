"""Whether the tables, indexes and views of a database are still those that this LuxOS makes.

They are made once more in a schema of their own, inside a transaction that is rolled back, and PostgreSQL's own texts
of both are compared: no second description of the schema has to be kept true.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from luxos.persistence.queries import SQL, queries

_SCHEMA = "luxos_check"


@dataclass(frozen=True)
class Drift:
    """A column, key, index or view of ours that is `missing`, `changed` or `unexpected`."""

    kind: str
    name: str
    what: str


class _Undo(Exception):
    """Ends the transaction without keeping anything."""


async def drift(connection: Any) -> list[Drift]:
    """Everything that differs from the schema of this LuxOS; empty where nothing does."""
    own = await connection.fetchval(queries()["current_schema"])
    found = await _described(connection, own)
    wanted: Mapping[tuple[str, str], str] = {}
    try:
        async with connection.transaction():
            await connection.execute(queries()["create_check_schema"])
            await connection.execute(queries()["enter_check_schema"])
            for name in ("schema.sql", "views.sql"):
                await connection.execute((SQL / name).read_text(encoding="utf-8"))
            wanted = await _described(connection, _SCHEMA)
            raise _Undo
    except _Undo:
        pass
    return [
        Drift(kind, name, what)
        for kind, name in sorted({*found, *wanted})
        if (what := _difference(wanted.get((kind, name)), found.get((kind, name)), name))
    ]


def _difference(wanted: str | None, found: str | None, name: str) -> str | None:
    if wanted == found:
        return None
    if found is None:
        return "missing"
    if wanted is None:
        return "unexpected" if name.startswith("idx_luxos_") and "embedding" not in name else None
    return "changed"


async def _described(connection: Any, schema: str) -> dict[tuple[str, str], str]:
    """PostgreSQL's own text of each thing, without the schema's name."""
    rows = await connection.fetch(queries()["describe_schema"], schema)
    return {(row["kind"], row["name"]): row["text"].replace(f"{schema}.", "") for row in rows}

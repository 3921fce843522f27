"""A crowd of beings and relationships, skewed as real ones are: a few tags and kinds are everywhere, most are rare."""

import json
import random
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

_WORDS = ("faktura", "zamówienie", "klient", "umowa", "raport", "notatka", "spotkanie", "przepis", "magazyn", "kurs")
_ENDINGS = ("", "y", "ów", "owi", "em", "ami", "owy", "owa", "nik", "ka")
_CITIES = [f"miasto{number}" for number in range(500)]
_TAGS = [f"tag{number}" for number in range(2000)]
_KINDS = ["note"] * 55 + ["function"] * 15 + ["task"] * 10 + ["message"] * 10 + ["memory"] * 5 + ["person"] * 5
_CHUNK = 5000


async def copy_beings(connection: Any, count: int) -> None:
    """Writes `count` beings by COPY and rebuilds the indexes once; the same beings each time."""
    await _loaded(connection, "base_beings", lambda: _beings(count))


async def copy_relationships(connection: Any, beings: int, count: int) -> None:
    """Writes `count` relationships among the first `beings` beings by COPY; some beings have far more than most."""
    await _loaded(connection, "relationships", lambda: _relationships(beings, count))


def soul(number: int) -> UUID:
    """The UUID of a being of the crowd: spread, as those of people are."""
    return UUID(int=random.Random(number).getrandbits(128), version=4)  # noqa: S311 - it only has to be spread


async def _loaded(connection: Any, table: str, rows: Callable[[], Iterator[str]]) -> None:
    """COPY without indexes, then the indexes as the schema has them, then statistics."""
    indexes = await connection.fetch(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = $1 AND indexname LIKE 'idx_%'", table
    )
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['indexname']}")
    await connection.execute("SET maintenance_work_mem = '1GB'")
    columns = _COLUMNS[table]
    await connection.copy_to_table(table, source=_bytes(rows()), columns=columns, format="csv", timeout=3600)
    for index in indexes:
        await connection.execute(index["indexdef"], timeout=3600)
    await connection.execute(f"VACUUM (ANALYZE) {table}", timeout=3600)


_COLUMNS = {
    "base_beings": (
        *("soul", "tags", "energy_level", "genesis", "attributes"),
        *("memories", "self_awareness", "created_at"),
    ),
    "relationships": ("id", "tags", "energy_level", "source_soul", "target_soul", "genesis", "attributes"),
}


async def _bytes(lines: Iterator[str]) -> AsyncIterator[bytes]:
    chunk: list[str] = []
    for line in lines:
        chunk.append(line)
        if len(chunk) == _CHUNK:
            yield "".join(chunk).encode()
            chunk = []
    yield "".join(chunk).encode()


def _beings(count: int) -> Iterator[str]:
    chance = random.Random(3)  # noqa: S311 - it only has to be the same each time
    for number in range(count):
        kind = chance.choice(_KINDS)
        genesis: dict[str, Any] = {"type": kind, "name": f"{kind}{number}", "owner": f"user{_few(chance, 20)}"}
        if kind == "function":
            genesis["source"] = f"def function(net, rate={number % 23}):\n    return net * (100 + rate) / 100\n"
        attributes = {
            "rate": chance.randrange(1000),
            "city": _CITIES[_few(chance, 500)],
            "status": ("new", "done", "open", "late")[_few(chance, 4)],
            "title": " ".join(chance.choice(_WORDS) + chance.choice(_ENDINGS) for _ in range(4)),
        }
        if number % 5000 == 0:
            attributes["audit"] = {"level": number % 7}
        tags = {_TAGS[_few(chance, 2000)] for _ in range(chance.randrange(5))}
        energy = min(int(chance.expovariate(0.01)), 2000)
        tagged = "{" + ",".join(sorted(tags)) + "}"
        yield _row(str(soul(number)), tagged, energy, genesis, attributes, [], {}, _moment(number))


def _relationships(beings: int, count: int) -> Iterator[str]:
    chance = random.Random(4)  # noqa: S311 - it only has to be the same each time
    souls = [str(soul(number)) for number in range(beings)]
    for number in range(count):
        source, target = chance.randrange(beings), _few(chance, beings) if chance.random() < 0.1 else None
        target = chance.randrange(beings) if target is None else target
        kind = chance.choice(("knows", "knows", "uses", "owns", "step"))
        identity = str(UUID(int=number))
        energy = chance.randrange(100)
        yield _row(identity, "{" + kind + "}", energy, souls[source], souls[target], {"type": kind}, {})


def _few(chance: random.Random, count: int) -> int:
    """A number below `count`, the smaller ones far more often."""
    return int(count ** chance.random()) - 1 if count > 1 else 0


def _moment(number: int) -> str:
    return (datetime(2026, 1, 1) + timedelta(seconds=20 * number)).isoformat()


def _row(*values: Any) -> str:
    return ",".join(map(_field, values)) + "\n"


def _field(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    return '"' + text.replace('"', '""') + '"'

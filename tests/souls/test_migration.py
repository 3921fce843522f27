"""Souls of schema 1 go on as if they had always been ours; back in schema 1 its own code reads the newest of each."""

from typing import Any

import pytest

from luxos.beings.being import BaseBeing
from luxos.beings.function import FunctionBeing
from luxos.beings.genesis import genotype, soul_hash
from luxos.persistence.database import Database
from luxos.persistence.schema import VERSION, Schema
from luxos.souls.aliases import history
from luxos.souls.aliases import row_of as alias_row
from luxos.souls.evolution import BORN_WITH
from luxos.souls.registry import Soul, at, summon
from luxos.souls.resolving import resolve
from luxos.souls.versions import row_of


def source(number: int) -> dict[str, Any]:
    return {"type": "function", "tier": "isolated", "source": f"def function():\n    return {number}\n"}


async def write(database: Database, soul: Any, tags: list[str], genesis: Any, attributes: Any) -> None:
    """A row as LuxOS 0.1 wrote it."""
    await database.pool.execute(
        "INSERT INTO base_beings (soul, tags, genesis, attributes, memories, self_awareness) "
        "VALUES ($1, $2, $3, $4, '[]', '{}')",
        soul, tags, genesis, attributes,
    )  # fmt: skip


async def schema_1_register(database: Database, alias: str, number: int) -> str:
    """What `Soul.register` did in schema 1."""
    found = soul_hash(source(number))
    if not await database.pool.fetchval("SELECT EXISTS (SELECT FROM base_beings WHERE soul = $1)", row_of(found)):
        await write(database, row_of(found), ["soul"], {**source(number), "name": alias, "soul_hash": found}, {})
    entry = {"hash": found, "at": f"2026-01-01T00:00:{number:02}+00:00"}
    named = await database.pool.fetchval("SELECT attributes FROM base_beings WHERE soul = $1", alias_row(alias))
    if named is None:
        genesis = {"type": "alias", "name": alias}
        await write(database, alias_row(alias), ["alias"], genesis, {"hash": found, "history": [entry]})
    elif named["hash"] != found:
        named = {**named, "hash": found, "history": [*named["history"], entry]}
        await database.pool.execute("UPDATE base_beings SET attributes = $2 WHERE soul = $1", alias_row(alias), named)
    return found


async def schema_1_get_by_alias(database: Database, alias: str) -> dict[str, Any]:
    """What `Soul.get_by_alias` did in schema 1: the genotype, which must have the hash."""
    named = await database.pool.fetchval("SELECT attributes FROM base_beings WHERE soul = $1", alias_row(alias))
    kept = await database.pool.fetchval("SELECT genesis FROM base_beings WHERE soul = $1", row_of(named["hash"]))
    assert soul_hash(kept) == named["hash"]
    return genotype(kept)


@pytest.fixture
async def old(database: Database) -> Database:
    """A database of schema 1."""
    await migrate(database, VERSION, 1)
    return database


async def migrate(database: Database, found: int, wanted: int) -> None:
    async with database.pool.acquire() as connection, connection.transaction():
        await Schema().migrate(connection, found, wanted)


async def test_what_schema_1_wrote_goes_on(old: Database) -> None:
    hashes = [await schema_1_register(old, "vat", number) for number in (1, 2, 3, 1)]
    await schema_1_register(old, "other", 3)
    long = [await schema_1_register(old, "long", number) for number in range(1, 41)]
    await migrate(old, 1, VERSION)
    told = await history("vat")
    assert [(entry["version"], entry["hash"]) for entry in told] == list(enumerate(hashes, 1))
    assert told[0]["at"] == "2026-01-01T00:00:01+00:00"
    vat = await resolve("vat")
    assert vat is not None
    assert (vat.soul_hash, vat.genesis["name"], vat.genesis["version"]) == (hashes[3], "vat", 4)
    assert vat.genesis["ancestors"] == hashes[2::-1]
    assert (bool(vat.genesis["owner"]), vat.energy_level) == (True, BORN_WITH)
    being = await resolve("long")
    assert being is not None
    assert being.genesis["ancestors"] == long[-2:-34:-1]
    assert len(await history("long")) == 40
    same = await summon(name="vat", source=source(1)["source"], tier="isolated")
    assert same.soul == vat.soul
    evolved = await Soul.evolve("vat", {"source": source(1)["source"] + "# more\n"})
    assert (await FunctionBeing.load(vat.soul)).soul_hash == evolved.hash
    assert [await at(found) for found in hashes[:3]] == [source(number) for number in (1, 2, 3)]
    attributes = await old.pool.fetchval("SELECT attributes FROM base_beings WHERE soul = $1", alias_row("vat"))
    assert set(attributes) == {"hash", "version", "being"}


async def test_there_and_back_again(database: Database) -> None:
    vat = await summon(name="vat", source=source(1)["source"], tier="isolated")
    evolved = await Soul.evolve("vat", {"source": source(1)["source"] + "# more\n"})
    await Soul.register(source(5), alias="text.old")
    await Soul.rename("text.old", "text.new")
    told = await history("vat")
    await migrate(database, VERSION, 1)
    assert await schema_1_get_by_alias(database, "vat") == evolved.genotype
    assert await schema_1_get_by_alias(database, "text.old") == source(5)
    await migrate(database, 1, VERSION)
    assert await history("vat") == told
    again = await resolve("vat")
    assert again is not None
    assert (again.soul_hash, again.source) == (evolved.hash, evolved.genotype["source"])
    assert await Soul.get_by_alias("text.old") == await Soul.get_by_alias("text.new")
    assert again.soul == vat.soul


async def test_what_schema_1_added_meanwhile_is_kept(database: Database) -> None:
    await summon(name="vat", source=source(1)["source"], tier="isolated")
    await Soul.evolve("vat", {"source": source(1)["source"] + "# more\n"})
    await migrate(database, VERSION, 1)
    newest = await schema_1_register(database, "vat", 7)
    await migrate(database, 1, VERSION)
    told = await history("vat")
    assert [entry["version"] for entry in told] == [1, 2, 3]
    assert (await Soul.of("vat")).hash == told[-1]["hash"] == newest
    being = await resolve("vat")
    assert being is not None
    assert being.genesis["version"] == 3
    assert await BaseBeing.load(being.soul)

"""Versions: whatever a genotype becomes, each of its versions is read back to the byte."""

import random

import pytest
from tests.plugins.sampling import WHOLE
from tests.souls.genotypes import step

from luxos.beings.being import BaseBeing
from luxos.beings.genesis import canonical_bytes, soul_hash
from luxos.persistence.database import Database
from luxos.persistence.queries import queries
from luxos.souls.errors import SoulDamaged
from luxos.souls.registry import Soul, at
from luxos.souls.versions import SNAPSHOT_EVERY, read_version, row_of

TEXT = {"type": "text", "source": ""}
"""A being that is not called may have any text as its source."""


@pytest.mark.parametrize(
    ("seed", "steps"),
    [(1, 100), pytest.param(2, 1000 if WHOLE else 300, marks=[pytest.mark.slow, pytest.mark.timeout(900)])],
)
async def test_every_version_comes_back_to_the_byte(database: Database, seed: int, steps: int) -> None:
    chance, genotype = random.Random(seed), dict(TEXT)  # noqa: S311 - not a secret
    kept: dict[str, bytes] = {}
    for _step in range(steps):
        soul = await Soul.register(genotype, alias="walk")
        assert soul.hash == soul_hash(genotype)
        kept[soul.hash] = canonical_bytes(genotype)
        genotype = step(genotype, chance)
    for found, content in kept.items():
        assert canonical_bytes(dict(await at(found))) == content
    diffs = await database.pool.fetchval("SELECT count(*) FROM base_beings WHERE genesis ? 'diff'")
    assert diffs > len(kept) / 5


async def test_a_version_is_read_from_a_bounded_number_of_rows(database: Database) -> None:
    lines = [f"line {number}\n" for number in range(100)]
    souls = [await Soul.register({"type": "text", "source": "".join(lines[:n])}, alias="a") for n in range(1, 101)]
    rows = [len(await database.pool.fetch(queries()["load_version"], row_of(soul.hash), 1000)) for soul in souls]
    assert max(rows) == SNAPSHOT_EVERY
    assert rows == [1 + number % SNAPSHOT_EVERY for number in range(100)]
    for number, soul in enumerate(souls, 1):
        assert (await at(soul.hash))["source"] == "".join(lines[:number])


async def test_minus_zero_and_every_other_number_is_kept(database: Database) -> None:
    limits = {"a": -0.0, "b": 0.0, "c": 0, "d": 2**60, "e": 1e22, "f": 5e-324, "g": [-0.0, {"int": "1"}], "h": 10**400}
    genotype = {"type": "text", "source": "x\n", "limits": limits}
    soul = await Soul.register(genotype, alias="numbers")
    more = await Soul.register({**genotype, "source": "x\ny\n", "pure": True, "tier": "-0.0"}, alias="numbers")
    assert canonical_bytes(dict(await at(soul.hash))) == canonical_bytes(genotype)
    assert repr((await at(more.hash))["limits"]["a"]) == "-0.0"
    version = await read_version(more.hash)
    assert version is not None
    assert version.depth == 1


@pytest.mark.parametrize(
    "change",
    [
        "jsonb_set(genesis, '{source}', '\"evil\"')",
        "jsonb_set(genesis, '{diff,within,source,lines,0,1}', '\"evil\"')",
        "jsonb_set(genesis, '{diff,within,source,lines,0,0}', '99')",
        "jsonb_set(genesis, '{diff}', '[]')",
        "genesis - 'diff'",
        'genesis || \'{"parent_soul": "nobody"}\'',
        "genesis || jsonb_build_object('parent_soul', soul)",
        'genesis || \'{"tier": "core"}\'',
        'genesis || \'{"exact": {"source": "evil"}}\'',
    ],
)
async def test_a_version_that_was_changed_in_the_table_is_refused(database: Database, change: str) -> None:
    await Soul.register({"type": "text", "source": "a\n"}, alias="a")
    soul = await Soul.register({"type": "text", "source": "a\nb\n"}, alias="a")
    assert (await at(soul.hash))["source"] == "a\nb\n"
    changed = await database.pool.fetch(
        f"UPDATE base_beings SET genesis = {change} WHERE tags @> '{{soul}}' "  # noqa: S608 - written above
        "AND genesis::TEXT <> ({change})::TEXT RETURNING soul".replace("{change}", change)
    )
    assert changed
    with pytest.raises(SoulDamaged):
        await at(soul.hash)


async def test_versions_as_schema_1_wrote_them_are_read(database: Database) -> None:
    genotype = {"type": "function", "source": "def function():\n    return 1\n", "tier": "isolated"}
    found = soul_hash(genotype)
    old = BaseBeing(soul=row_of(found), tags=["soul"], genesis={**genotype, "name": "old", "soul_hash": found})
    await old.save()
    assert await at(found) == genotype

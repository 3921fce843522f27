"""Everything that was registered is looked at, and one altered row is found and named."""

import pytest
from tests.souls.test_groups import CIRCLE

from luxos.persistence.database import Database
from luxos.souls.aliases import Alias
from luxos.souls.checking import Damage, damaged
from luxos.souls.registry import Soul, summon

SOURCE = "def function():\n    return 1\n"


async def everything() -> dict[str, Soul]:
    """A little of everything: a diff, a group, a renamed alias, a -0.0."""
    await summon(name="vat", source=SOURCE)
    evolved = await Soul.evolve("vat", {"source": SOURCE + "# more\n"})
    zero = await Soul.register({"type": "function", "source": SOURCE, "limits": {"x": -0.0}}, alias="zero")
    user = await Soul.register({"type": "function", "source": "execution('zero')\n"}, alias="user")
    await Soul.rename("zero", "null")
    return {**await Soul.register_group(CIRCLE), "vat": evolved, "zero": zero, "user": user}


async def found() -> set[Damage]:
    return {damage async for damage in damaged()}


async def test_what_was_not_touched_is_whole(database: Database) -> None:
    await everything()
    assert await found() == set()


@pytest.mark.parametrize(
    ("change", "where", "kind", "also"),
    [
        (
            "genesis = jsonb_set(genesis, '{diff,within,source,lines,0,1}', '\"#\\n\"')",
            "genesis ? 'diff'",
            "version",
            (),
        ),
        ('genesis = genesis || \'{"source": "x"}\'', "tags = '{soul}' AND genesis ->> 'name' = 'user'", "version", ()),
        ('genesis = genesis || \'{"source": "x"}\'', "tags = '{}' AND genesis ->> 'name' = 'user'", "alias", ()),
        ("genesis = genesis || '{\"members\": {}}'", "genesis ->> 'type' = 'soul_group'", "group", ("dependency",)),
        (
            'attributes = attributes || \'{"hash": "sha256:0"}\'',
            "tags = '{alias}' AND attributes ? 'hash'",
            "alias",
            (),
        ),
        ('attributes = \'{"renamed": "nobody"}\'', "tags = '{alias}' AND attributes ? 'renamed'", "alias", ()),
        ('genesis = genesis || \'{"soul_hash": "sha256:0"}\'', "genesis ? 'diff'", "version", ()),
    ],
)
async def test_one_altered_row_is_found(
    database: Database, change: str, where: str, kind: str, also: tuple[str, ...]
) -> None:
    await everything()
    altered = await database.pool.execute(f"UPDATE base_beings SET {change} WHERE {where}")  # noqa: S608 - ours
    assert not altered.endswith(" 0")
    kinds = {damage.kind for damage in await found()}
    assert kind in kinds
    assert set(also) <= kinds


async def test_a_version_that_is_gone_is_missed_by_those_that_need_it(database: Database) -> None:
    souls = await everything()
    alias = await Alias.of("zero")
    await database.pool.execute("DELETE FROM base_beings WHERE soul = $1", souls["zero"].being)
    names = {damage.name for damage in await found()}
    assert names == {"null", "zero", f"{souls['user'].hash}: zero", str(alias.being)}  # only its version knew the -0.0

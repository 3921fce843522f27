"""Relationships: between beings that are there, saved in the manner of beings."""

from uuid import uuid4

import pytest

from luxos.beings.being import BaseBeing
from luxos.beings.bulk import save_all
from luxos.beings.errors import AttributeUndeclared, AttributeUnfit, BeingConflict, BeingUnknown
from luxos.beings.relationship import RelationshipBeing
from luxos.persistence.database import Database


async def two_beings() -> tuple[BaseBeing, BaseBeing]:
    one, two = BaseBeing(genesis={"type": "a"}), BaseBeing(genesis={"type": "b"})
    await one.save()
    await two.save()
    return one, two


async def test_what_is_saved_comes_back(database: Database) -> None:
    one, two = await two_beings()
    made = RelationshipBeing(
        source_soul=one.soul,
        target_soul=two.soul,
        genesis={"type": "knows"},
        attributes={"since": "wczoraj"},
        tags=["x"],
    )
    await made.save()
    found = await RelationshipBeing.load(made.id)
    assert (found.source_soul, found.target_soul) == (one.soul, two.soul)
    assert (found.genesis, found.attributes, found.tags) == ({"type": "knows"}, {"since": "wczoraj"}, ["x"])


async def test_attributes_that_are_declared_are_checked_at_every_write(database: Database) -> None:
    one, two = await two_beings()
    declared = {"since": {"py_type": "int", "default": 2026}, "trust": {"py_type": "float"}}
    genesis = {"type": "knows", "attributes": declared}

    def made(**attributes: object) -> RelationshipBeing:
        return RelationshipBeing(source_soul=one.soul, target_soul=two.soul, genesis=genesis, attributes=attributes)

    kept = made(trust=0.5)
    await kept.save()
    found = await RelationshipBeing.load(kept.id)
    assert found.attributes == {"trust": 0.5, "since": 2026}
    for wrong, field, error in (
        ({"trust": "much"}, "trust", AttributeUnfit),
        ({"since": 1.5}, "since", AttributeUnfit),
        ({"sinec": 1}, "sinec", AttributeUndeclared),
    ):
        found.attributes = {**found.attributes, **wrong}
        for row in (made(**wrong), found):
            with pytest.raises(error) as caught:
                await row.save()
            assert caught.value.details["field"] == field
        with pytest.raises(error):
            await save_all([made(trust=1.0), made(**wrong)])
        found = await RelationshipBeing.load(kept.id)
    assert await database.pool.fetchval("SELECT count(*) FROM relationships") == 1


@pytest.mark.parametrize("end", ["source_soul", "target_soul"])
async def test_an_end_that_is_not_there_is_named(database: Database, end: str) -> None:
    one, two = await two_beings()
    missing = uuid4()
    made = RelationshipBeing(**{"source_soul": one.soul, "target_soul": two.soul, end: missing})
    with pytest.raises(BeingUnknown) as caught:
        await made.save()
    assert caught.value.details["soul"] == missing


async def test_writers_of_different_keys_agree_and_of_the_same_do_not(database: Database) -> None:
    one, two = await two_beings()
    made = RelationshipBeing(source_soul=one.soul, target_soul=two.soul, attributes={"status": "started"})
    await made.save()
    first, second, third = await RelationshipBeing.load_many([made.id] * 3)
    first.attributes["status"] = "done"
    second.attributes["note"] = "x"
    second.energy_level += 3
    third.attributes["status"] = "failed"
    await first.save()
    await second.save()
    with pytest.raises(BeingConflict) as caught:
        await third.save()
    assert caught.value.details["field"] == "attributes.status"
    found = await RelationshipBeing.load(made.id)
    assert (found.attributes, found.energy_level) == ({"status": "done", "note": "x"}, 3)


async def test_a_being_that_was_ever_called_cannot_be_dropped(database: Database) -> None:
    import asyncpg

    one, two = await two_beings()
    await RelationshipBeing(source_soul=one.soul, target_soul=two.soul).save()
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await database.pool.execute("DELETE FROM base_beings WHERE soul = $1", two.soul)

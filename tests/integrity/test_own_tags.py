"""A person's own beings and relationships may bear the tags by which LuxOS finds its own things."""

from uuid import UUID

from tests.integrity.test_hostile import CHECKS, READERS, ask
from tests.plugins.inhabited import inhabit

import luxos
from luxos.beings import memories, removal
from luxos.beings.awareness import recompute
from luxos.beings.being import BaseBeing
from luxos.beings.relationship import RelationshipBeing
from luxos.boot import system
from luxos.config import Settings
from luxos.persistence.database import Database
from luxos.session import Lux

OF_BEINGS = (
    "alias audit audit_chain conversation environment imported_soul manifest memory message node project queue run "
    "schedule seal signing_key soul task worker ancestor"
)
OF_RELATIONSHIPS = "about channel descent feedback made memory message reading step"


async def own_things(lux: Lux) -> list[UUID]:
    """One for each tag, with words of a person that LuxOS uses too; relationships from the first to the second."""
    one, other = (BaseBeing(genesis={"type": "person", "name": name}) for name in ("Ania", "Bartek"))
    said = {"status": "done", "name": "own", "at": "2020-01-01", "value": 5, "renamed": "own"}
    geneses = {tag: {"type": "own", "name": f"own {tag}", "created_at": "2020-01-01"} for tag in OF_BEINGS.split()}
    tagged = [BaseBeing(genesis=genesis, tags=[tag], attributes=said) for tag, genesis in geneses.items()]
    await lux.save_all([one, other, *tagged])
    await lux.save_all(
        RelationshipBeing(source_soul=one.soul, target_soul=other.soul, tags=[tag], genesis={"type": "own"})
        for tag in OF_RELATIONSHIPS.split()
    )
    return [one.soul, other.soul, *(being.soul for being in tagged)]


async def test_nothing_of_luxos_takes_them_for_its_own(settings_with_database: Settings, database: Database) -> None:
    await inhabit(settings_with_database)
    async with luxos.open(home=settings_with_database.home, dsn=settings_with_database.dsn) as lux:
        souls = await own_things(lux)
        before = {being.soul: (being.tags, being.attributes) for being in await BaseBeing.load_many(souls)}
    async with system(settings_with_database) as opened:
        await ask(opened, "clean_database", {})
        for name, given in (*CHECKS, *READERS):
            told = await ask(opened, name, given)
            assert told.get("status", "whole") in ("whole", "done", "preview"), (name, told)
        assert [found async for found in recompute() if not found.equal] == []
        present = {being.soul: (being.tags, being.attributes) for being in await BaseBeing.load_many(souls)}
        assert present == before


async def test_what_a_relationship_tagged_memory_leads_to_is_not_purged(database: Database) -> None:
    one, other = (BaseBeing(genesis={"type": "person"}) for _ in range(2))
    await one.save()
    await other.save()
    tie = RelationshipBeing(source_soul=one.soul, target_soul=other.soul, tags=["memory"], genesis={"type": "recalls"})
    await tie.save()
    for number in range(40):
        one.remember("counted", number=number)
        await one.save()
    assert [memory["number"] async for memory in memories.history(one.soul)] == list(range(40))
    said = await removal.purge_preview(one.soul)
    assert said.counts == {"chapters": 2, "relationships": 1}
    await removal.purge(one.soul, confirm=said)
    assert await BaseBeing.find(other.soul) is not None

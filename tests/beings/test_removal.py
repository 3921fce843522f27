"""Tombstones are taken back; removal for good says first what goes, takes that and nothing else, and hides nothing."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from luxos.beings import energy, memories
from luxos.beings.being import BaseBeing
from luxos.beings.bulk import save_all
from luxos.beings.channel import Channel
from luxos.beings.core import CoreFunction, CoreRegistry, write_core_beings
from luxos.beings.errors import BeingDeleted, BeingKept, BeingStatic, BeingUnknown, PurgeChanged, PurgeRefused
from luxos.beings.find import find
from luxos.beings.graph import neighbours
from luxos.beings.kinds import HOUSE
from luxos.beings.record import Record
from luxos.beings.relationship import RelationshipBeing
from luxos.beings.removal import Purge, delete, purge, purge_preview, restore
from luxos.config import Settings
from luxos.persistence.database import Database
from luxos.runtime.context import Context
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.execution import Execution
from luxos.runtime.runs import Run, chain_is_whole
from luxos.souls import environment
from luxos.souls.aliases import Alias
from luxos.souls.archive import Archive
from luxos.souls.registry import Soul, summon
from luxos.tools.registry import FUNCTIONS

SOURCE = "def function(number):\n    return number + 1\n"


async def note(context: Context, word: str) -> str:
    return word


NOTE = CoreFunction(UUID(int=1000), "test.note", "NOTE", "none", note)


@pytest.fixture
async def runtime(settings: Settings, database: Database) -> AsyncIterator[Runtime]:
    registry = CoreRegistry([*FUNCTIONS, NOTE])
    async with database.pool.acquire() as connection, connection.transaction():
        await write_core_beings(connection, registry)
    runtime = Runtime.of(settings, database, registry)
    yield runtime
    await runtime.runs.close()


async def being(**genesis: Any) -> BaseBeing:
    made = BaseBeing(genesis={"type": "thing", **genesis})
    await made.save()
    return made


async def rows() -> tuple[set[UUID], set[UUID]]:
    beings = await BaseBeing.db_pool.fetch("SELECT soul FROM base_beings")
    ties = await BaseBeing.db_pool.fetch("SELECT id FROM relationships")
    return {row["soul"] for row in beings}, {row["id"] for row in ties}


async def test_a_tombstone_says_when_and_by_whom_and_is_taken_back(database: Database) -> None:
    made = await being()
    await delete(made.soul, by="ala")
    first = (await BaseBeing.load(made.soul, deleted=True)).attributes["deleted"]
    await delete(made.soul, by="ola")
    found = await BaseBeing.load(made.soul, deleted=True)
    assert (found.attributes["deleted"], found.tags) == (first, ["tombstone"])
    assert first["by"] == "ala"
    with pytest.raises(BeingDeleted):
        await BaseBeing.load(made.soul)
    await restore(made.soul)
    await restore(made.soul)
    back = await BaseBeing.load(made.soul)
    assert (back.tags, back.attributes) == ([], {})


@pytest.mark.parametrize("kind", ["being", "relationship"])
async def test_what_is_deleted_is_not_changed_whenever_it_was_loaded(database: Database, kind: str) -> None:
    one, two = await being(), await being()
    tie = RelationshipBeing(source_soul=one.soul, target_soul=two.soul)
    await tie.save()
    before: Record = one if kind == "being" else tie
    table, key = ("base_beings", "soul") if kind == "being" else ("relationships", "id")
    stale = await type(before).load(before.identity)
    await delete(before.identity)
    rows = await database.pool.fetch(f"SELECT *, xmin FROM {table} WHERE {key} = $1", before.identity)  # noqa: S608
    tomb = await type(before).load(before.identity, deleted=True)
    for record in (stale, tomb, before):
        record.energy_level += 1
        record.attributes["late"] = True
        for work in (record.save(), save_all([record]), save_all([record, BaseBeing()])):
            with pytest.raises(BeingDeleted, match=f"luxos being restore {before.identity}"):
                await work
    fresh = await type(before).load(before.identity, deleted=True)
    with pytest.raises(BeingDeleted):
        await fresh.update(lambda found: pytest.fail("called"))
    again = type(before)(**{name: getattr(fresh, name) for name in fresh.fixed})
    with pytest.raises(BeingDeleted):
        await again.save()
    with pytest.raises(BeingDeleted):
        await save_all([again])
    assert await database.pool.fetch(f"SELECT *, xmin FROM {table} WHERE {key} = $1", before.identity) == rows  # noqa: S608
    await restore(before.identity)
    await stale.save()
    assert (await type(before).load(before.identity)).attributes == {"late": True}


async def test_a_deleted_being_remembers_spends_and_gains_nothing(database: Database) -> None:
    made = await being()
    await delete(made.soul)
    made.remember("late")
    for work in (
        made.save(),
        memories.append(made.soul, {"kind": "late"}),
        energy.spend(made, 1),
        energy.gain(made, 1),
        energy.set_policy(made, capacity=1, per_hour=1),
    ):
        with pytest.raises(BeingDeleted):
            await work
    found = await BaseBeing.load(made.soul, deleted=True)
    assert (found.memories, found.energy_level, found.self_awareness) == ([], 0, {})
    await restore(made.soul)
    await made.save()
    assert await memories.append(made.soul, {"kind": "later"}) == 1


async def test_a_relationship_is_put_away_and_taken_back(database: Database) -> None:
    one, two = await being(), await being()
    tie = RelationshipBeing(source_soul=one.soul, target_soul=two.soul, attributes={"since": 1})
    await tie.save()
    assert [tie.id for tie in (await neighbours(one.soul)).relationships] == [tie.id]
    await delete(tie.id)
    await delete(tie.id)
    assert await RelationshipBeing.find(tie.id) is None
    assert not (await neighbours(one.soul)).relationships
    await restore(tie.id)
    assert (await RelationshipBeing.load(tie.id)).attributes == {"since": 1}
    assert [tie.id for tie in (await neighbours(one.soul)).relationships] == [tie.id]


@pytest.mark.parametrize("own", [False, None, {"at": "never", "was": 1}])
async def test_an_attribute_of_its_own_called_deleted_comes_back(database: Database, own: Any) -> None:
    made = BaseBeing(attributes={"deleted": own})
    await made.save()
    await delete(made.soul)
    with pytest.raises(BeingDeleted):
        await BaseBeing.load(made.soul)
    await restore(made.soul)
    assert (await BaseBeing.load(made.soul)).attributes == {"deleted": own}
    made.tags.append("tombstone")  # by hand
    await made.save()
    with pytest.raises(BeingDeleted):
        await BaseBeing.load(made.soul)


async def test_what_is_not_there_or_of_the_code_is_refused(runtime: Runtime) -> None:
    missing = uuid4()
    for work in (delete, restore, purge_preview):
        with pytest.raises(BeingUnknown):
            await work(missing)
    for work in (delete, purge_preview):
        with pytest.raises(BeingStatic):
            await work(NOTE.uuid)


async def test_purging_takes_what_it_said_and_nothing_else(database: Database) -> None:
    kept, gone, other = await being(name="kept"), await being(name="gone"), await being(name="other")
    before = await rows()
    along, back = await Channel.between(gone.soul, kept.soul), await Channel.between(kept.soul, gone.soul)
    for number in range(3):
        await along.send(number)
    await back.send("back")
    for number in range(30):
        await memories.append(gone.soul, {"kind": "n", "n": number})
    await RelationshipBeing(source_soul=kept.soul, target_soul=gone.soul, genesis={"type": "knows"}).save()
    aside = RelationshipBeing(source_soul=kept.soul, target_soul=other.soul, genesis={"type": "knows"})
    await aside.save()
    elsewhere = await Channel.between(kept.soul, other.soul)
    message = await elsewhere.send("stays")

    said = await purge_preview(gone.soul)
    chapters = said.counts.pop("chapters")
    assert chapters >= 1
    assert said.counts == {"channels": 2, "messages": 4, "relationships": 1}
    said.counts["chapters"] = chapters
    await purge(gone.soul, confirm=said)
    left = await rows()
    assert left[0] == (before[0] - {gone.soul}) | {message.soul}
    assert {aside.id, elsewhere.id} <= left[1]
    assert len(left[1]) == len(before[1]) + 3  # the one aside, the other channel and its reading
    async with elsewhere.receive(0) as found:
        assert found.body == "stays"


async def test_what_came_meanwhile_is_not_taken_unsaid(database: Database) -> None:
    one, two = await being(), await being()
    said = await purge_preview(one.soul)
    await RelationshipBeing(source_soul=one.soul, target_soul=two.soul).save()
    before = await rows()
    with pytest.raises(PurgeChanged):
        await purge(one.soul, confirm=said)
    with pytest.raises(PurgeChanged):
        await purge(one.soul, confirm=Purge(two.soul, None))
    assert await rows() == before


async def test_what_other_things_stand_on_is_kept(database: Database) -> None:
    living = await summon(name="plus", source=SOURCE)
    one, two = await being(), await being()
    message = await (await Channel.between(one.soul, two.soul)).send("x")
    before = await rows()
    versions = await BaseBeing.db_pool.fetch("SELECT soul FROM base_beings WHERE tags && '{soul,alias}'")
    assert len(versions) == 2
    for soul in [*(row["soul"] for row in versions), message.soul]:
        with pytest.raises(PurgeRefused):
            await purge_preview(soul)
    assert await rows() == before
    said = await purge_preview(living.soul)
    assert said.aliases == ("plus",)


async def test_an_alias_of_what_is_gone_keeps_its_versions_and_gets_a_new_being(database: Database) -> None:
    living = await summon(name="plus", source=SOURCE)
    await purge(living.soul, confirm=await purge_preview(living.soul))
    alias = await Alias.of("plus")
    assert (alias.being, alias.version) == (None, 1)
    again = await summon(name="plus", source=SOURCE + "# more\n")
    assert again.soul != living.soul
    assert (await Alias.of("plus")).being == again.soul


async def called(runtime: Runtime, folder: Path, status: str = "done") -> Run:
    """A run of four steps."""
    folder.mkdir(exist_ok=True)
    soul = uuid4()
    async with runtime.runs.claimed(soul):
        run = await runtime.runs.create(soul, "a goal", "", folder, "tester", {"permissions": []})
        execution = Execution(runtime, run, {}, lambda event: None)
        await execution.call("test.note", ("a",), {}, "first")
        for name in ("second", "third"):
            await execution.call("test.note", (name,), {}, name)
        await execution.call("test.note", ("z",), {}, "last")
        await runtime.runs.update(soul, status=status)
    return run


async def aim(runtime: Runtime, run: Run, target: UUID, *names: str) -> None:
    """Makes steps of a run steps of another being, with a chain that says so: a stored one would need the sandbox."""
    from luxos.runtime.steps import content_of
    from luxos.security.audit import beginning, link

    head: dict[str, Any] = beginning(run.genesis)
    for step in sorted(await runtime.runs.steps(run.soul), key=lambda one: one.attributes["chain"]["seq"]):
        callee = target if step.name in names else step.callee
        genesis = {**step.genesis, "callee": str(callee)}
        head = link(head, content_of(genesis, step.attributes))
        await BaseBeing.db_pool.execute(
            "UPDATE relationships SET target_soul = $2, genesis = $3, attributes = attributes || $4 WHERE id = $1",
            *(step.id, callee, genesis, {"chain": head}),
        )
    await runtime.runs.update(run.soul, chain=head)


@pytest.mark.parametrize("names", [("first",), ("second", "third"), ("last",), ("first", "second", "third", "last")])
async def test_a_purge_keeps_chains_whole_and_tampering_visible(
    runtime: Runtime, tmp_path: Path, names: tuple[str, ...]
) -> None:
    target = await being()
    run = await called(runtime, tmp_path / "work")
    await aim(runtime, run, target.soul, *names)
    found, steps = await runtime.runs.find(str(run.soul)), await runtime.runs.steps(run.soul)
    assert chain_is_whole(found, steps)
    assert not chain_is_whole(found, [step for step in steps if step.name not in names])

    said = await purge_preview(target.soul)
    assert said.runs == {str(run.soul): len(names)}
    await purge(target.soul, confirm=said)
    found, left = await runtime.runs.find(str(run.soul)), await runtime.runs.steps(run.soul)
    assert {step.name for step in left} == {"first", "second", "third", "last"} - set(names)
    assert chain_is_whole(found, left)
    assert not any(chain_is_whole(found, [step for step in left if step != one]) for one in left)
    for forged in forgeries(list(found.attributes["checkpoints"])):
        assert not chain_is_whole(replace(found, attributes={**found.attributes, "checkpoints": forged}), left)
    for one in left:
        altered = replace(one, attributes={**one.attributes, "result": "other"})
        assert not chain_is_whole(found, [*(step for step in left if step != one), altered])


def forgeries(kept: list[dict[str, Any]]) -> list[Any]:
    """Checkpoints that are not those that were kept."""
    first = kept[0]
    return [
        kept[1:],
        [*kept, first],
        [{**first, "hash": "sha256:" + "0" * 64}, *kept[1:]],
        [{**first, "previous": "sha256:" + "0" * 64}, *kept[1:]],
        [{**first, "seq": first["seq"] + 9}, *kept[1:]],
        [*kept, {**kept[-1], "seq": 99}],
        [{**first, "more": 1}, *kept[1:]],
        ["nonsense", *kept[1:]],
        "nonsense",
        None,
    ]


async def test_what_a_run_that_goes_on_has_called_stays(runtime: Runtime, tmp_path: Path) -> None:
    target = await being()
    run = await called(runtime, tmp_path / "work", status="failed")
    await aim(runtime, run, target.soul, "second")
    with pytest.raises(PurgeRefused) as caught:
        await purge_preview(target.soul)
    assert run.name in str(caught.value)
    assert await BaseBeing.find(target.soul) is not None


async def everything() -> list[Any]:
    pool = BaseBeing.db_pool
    tables = ("SELECT *, xmin FROM base_beings ORDER BY soul", "SELECT *, xmin FROM relationships ORDER BY id")
    return [await pool.fetch(table) for table in tables]


async def test_what_luxos_stands_on_is_neither_put_away_nor_removed(database: Database) -> None:
    for kind in sorted(HOUSE):
        made = BaseBeing(tags=[kind], genesis={"type": kind})
        await made.save()
        tie = RelationshipBeing(source_soul=made.soul, target_soul=made.soul, tags=[kind], genesis={"type": kind})
        await tie.save()
        before = await everything()
        for work in (delete(made.soul), delete(tie.id)):
            with pytest.raises(BeingKept, match=rf"\({kind}\)"):
                await work
        with pytest.raises(PurgeRefused, match=rf"\({kind}\)") as refused:
            await purge_preview(made.soul)
        assert "being delete" not in str(refused.value)
        assert await everything() == before


async def test_what_bears_only_the_tag_or_only_the_type_is_a_persons_own(database: Database) -> None:
    for kind in sorted(HOUSE):
        for tags, type_ in (([kind], "thing"), ([], kind)):
            made = BaseBeing(tags=tags, genesis={"type": type_})
            await made.save()
            await delete(made.soul)
            with pytest.raises(BeingDeleted):
                await BaseBeing.load(made.soul)


async def test_what_luxos_itself_wrote_is_not_found_plainly_and_stays(
    runtime: Runtime, settings: Settings, tmp_path: Path
) -> None:
    living = await summon(name="plus", source=SOURCE)
    await called(runtime, tmp_path / "work")
    settings.home.mkdir(parents=True, exist_ok=True)
    souls = {"plus": {"hash": (await Soul.of("plus")).hash}}
    await environment.change(Archive(settings.home), "production", lambda _before: (souls, {"kind": "promote"}))
    shown = {one.soul async for one in find()}
    assert living.soul in shown
    of_whom = "coalesce(tags[1], genesis ->> 'type') AS type"
    read = f"SELECT soul, {of_whom} FROM base_beings WHERE genesis ->> 'tier' IS DISTINCT FROM 'core'"  # noqa: S608
    kept = {row["type"]: row["soul"] for row in await BaseBeing.db_pool.fetch(read) if row["soul"] not in shown}
    assert kept.keys() >= {"environment", "manifest", "signing_key", "alias", "soul", "run"}
    assert not kept.keys() - HOUSE
    for soul in kept.values():
        with pytest.raises(BeingKept):
            await delete(soul)

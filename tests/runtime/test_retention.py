"""What is old goes with its journals and is told; what is young, in use or stood upon stays."""

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from tests.plugins.steps import ended

from luxos.agent.memory import remember
from luxos.beings import memories, removal
from luxos.beings.awareness import recompute
from luxos.beings.being import BaseBeing
from luxos.beings.channel import Channel
from luxos.beings.errors import BeingSealed
from luxos.beings.function import FunctionBeing
from luxos.beings.relationship import RelationshipBeing
from luxos.config import Settings
from luxos.errors import LuxError
from luxos.integrity import CHECKS
from luxos.persistence.database import Database
from luxos.runtime.call import Call, Outcome
from luxos.runtime.retention import Cleaning, Part, before, clean, preview
from luxos.runtime.runs import Runs
from luxos.runtime.sealing import seal
from luxos.runtime.tasks.queue import Tasks
from luxos.souls import environment
from luxos.souls.archive import Archive
from luxos.souls.registry import Soul, summon
from luxos.souls.reports import catch_up, write_again
from luxos.souls.validation import validate

OLD = datetime(2020, 1, 1, tzinfo=UTC).isoformat(timespec="microseconds")


class Place:
    """A database with runs in it, and the folders of their journals."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings, self.runs = database, settings, Runs(database)
        self.callee = FunctionBeing(
            genesis={"type": "function", "name": "f", "source": "def function(x):\n    return x\n"}
        )

    async def run(self, monkeypatch: pytest.MonkeyPatch, *, at: str = OLD, status: str = "done") -> UUID:
        """A run with two steps, one of which was tried twice, that all happened at a moment."""
        run = uuid4()
        with monkeypatch.context() as patched:
            for module in ("runs", "steps"):
                patched.setattr(f"luxos.runtime.{module}.now", lambda: at)
            async with self.runs.claimed(run):
                await self.runs.create(run, "a goal", "", Path("/tmp"), "tester", {})
                for step, outcome in (("a", {"code": "x", "message": "y"}), ("a", Outcome(1)), ("b", Outcome(2))):
                    call = Call(run, step, self.callee, {})
                    await ended(self.runs, call, outcome)
                await self.runs.update(run, status=status)
        self.folder(run).mkdir(parents=True)
        (self.folder(run) / "journal").write_bytes(b"x" * 10_000)
        return run

    def folder(self, run: UUID) -> Path:
        return self.settings.home / "runs" / str(run)

    async def is_there(self, run: UUID) -> bool:
        found = await BaseBeing.find(run)
        steps = await self.runs.steps(run)
        assert (found is not None) == bool(steps) == self.folder(run).exists()
        return found is not None

    async def clean(self, **kept: float) -> Cleaning:
        cleaning = Cleaning()
        await clean(self.database, replace(self.settings, **kept), cleaning)
        return cleaning

    async def check(self) -> None:
        """Nothing in the database is broken, and every being knows what it knew."""
        assert [found for check, _ in CHECKS.values() async for found in check(self.database)] == []
        assert [found async for found in recompute() if not found.equal] == []


@pytest.fixture
async def place(database: Database, settings: Settings) -> Any:
    made = Place(database, settings)
    await made.callee.save()
    yield made
    await made.runs.close()


async def told(cleaning: Cleaning) -> list[dict[str, Any]]:
    assert cleaning.soul is not None
    return [memory async for memory in memories.history(cleaning.soul)]


async def test_old_runs_go_with_their_journals_and_are_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    old = [await place.run(monkeypatch, status=status) for status in ("done", "undone", "cancelled")]
    heads = {str(run): (await place.runs.find(str(run))).attributes["chain"] for run in old}
    recent = datetime.now(UTC) - timedelta(days=364)
    stay = [await place.run(monkeypatch, status=status) for status in ("failed", "stopped", "needs_person")]
    stay.append(await place.run(monkeypatch, at=recent.isoformat(timespec="microseconds")))
    knew = (await BaseBeing.load(place.callee.soul)).self_awareness
    await seal(place.database)  # which takes some bytes too
    (part,) = await preview(place.database, place.settings)
    assert (part.kind, part.count, part.bytes > 20_000) == ("runs", 3, True)
    cleaning = await place.clean()
    assert cleaning.removed() == [part]
    assert [await place.is_there(run) for run in old] == [False] * 3
    assert all([await place.is_there(run) for run in stay])
    assert {memory["run"]: memory["chain"] for memory in await told(cleaning)} == heads
    being = await BaseBeing.load(cleaning.soul)
    assert (being.genesis["type"], being.tags, being.attributes["pending"]) == ("cleaning", ["audit"], [])
    assert being.attributes["removed"] == {"runs": {"count": 3, "bytes": part.bytes}}
    knows = (await BaseBeing.load(place.callee.soul)).self_awareness
    assert {key: knows[key] for key in knew} == knew
    await place.check()
    assert await preview(place.database, place.settings) == []
    assert (await place.clean()).soul is None


async def test_for_ever_is_for_ever(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    run = await place.run(monkeypatch)
    assert (await place.clean(keep_runs=0)).soul is None
    assert (await place.clean(keep_runs=1e300)).soul is None
    assert await place.is_there(run)


async def test_a_run_that_somebody_has_or_stands_on_stays(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    held, tied, made, free = [await place.run(monkeypatch) for _ in range(4)]
    await RelationshipBeing(source_soul=place.callee.soul, target_soul=tied, genesis={"type": "about"}).save()
    attributes = {"run": str(made), "status": "made", "path": "/tmp/project"}
    project = BaseBeing(tags=["project"], genesis={"type": "project"}, attributes=attributes)
    await project.save()
    other = Runs(place.database)
    async with other.claimed(held):
        await place.clean()
        assert [await place.is_there(run) for run in (held, tied, made, free)] == [True, True, True, False]
    await other.close()
    project.attributes["status"] = "undone"
    await project.save()
    await place.clean()
    assert [await place.is_there(run) for run in (held, tied, made)] == [False, True, False]
    await place.check()


async def test_what_fails_between_leaves_all_of_a_run(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    run = await place.run(monkeypatch)

    async def broken(*_: Any, **__: Any) -> None:
        raise LuxError

    with monkeypatch.context() as patched:
        patched.setattr("luxos.runtime.retention.memories.append", broken)
        with pytest.raises(LuxError):
            await place.clean()
    assert await place.is_there(run)
    await place.check()
    await place.clean()
    assert not await place.is_there(run)


async def test_folders_that_a_killed_cleaning_left_go_the_next_time(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, stays = await place.run(monkeypatch), await place.run(monkeypatch, status="failed")

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("luxos.runtime.retention._remove_folders", killed)
        with pytest.raises(KeyboardInterrupt):
            await place.clean()
    assert (await BaseBeing.find(run), place.folder(run).exists()) == (None, True)
    await place.clean()
    assert (place.folder(run).exists(), await place.is_there(stays)) == (False, True)


async def test_tasks_that_ended_go_and_dead_letters_stay(place: Place) -> None:
    tasks = {status: await Tasks().put("f", key=status) for status in ("todo", "done", "cancelled", "failed")}
    for status, task in tasks.items():
        await place.database.pool.execute(
            "UPDATE base_beings SET attributes = attributes || $2 WHERE soul = $1",
            task.soul,
            {"status": status, "ended": 1_500_000_000_000_000},
        )
    young = await Tasks().put("f")
    await Tasks().cancel(young.soul)
    (part,) = await preview(place.database, place.settings)
    assert (part.kind, part.count) == ("tasks", 2)
    assert (await place.clean()).removed() == [part]
    there = [status for status, task in tasks.items() if await BaseBeing.find(task.soul)]
    assert (there, await BaseBeing.find(young.soul) is not None) == (["todo", "failed"], True)
    await place.check()


async def test_messages_that_were_read_go_and_the_channel_goes_on(place: Place) -> None:
    one, two = BaseBeing(genesis={"type": "a"}), BaseBeing(genesis={"type": "b"})
    await one.save()
    await two.save()
    there, back = await Channel.between(one.soul, two.soul), await Channel.between(two.soul, one.soul)
    for number in range(5):
        await there.send(number)
        await back.send(number)
    for _ in range(3):
        async with there.receive(timeout=0):
            pass
    assert await preview(place.database, place.settings) == []  # they are young
    await place.database.pool.execute("UPDATE base_beings SET created_at = '2020-01-01' WHERE tags @> '{message}'")
    (part,) = await preview(place.database, place.settings)
    assert (part.kind, part.count) == ("messages", 3)
    assert (await place.clean()).removed() == [part]
    await there.send("later")
    assert [message.body async for message in there.messages(timeout=0)] == [3, 4, "later"]
    assert [message.body async for message in back.messages(timeout=0)] == [0, 1, 2, 3, 4]
    assert await there.numbers() == (6, 6)
    await place.check()


async def test_tombstones_and_memories_go_only_where_it_is_said(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("luxos.runtime.retention.NEWEST", 100)
    gone, alive = BaseBeing(genesis={"type": "note", "name": "n"}), BaseBeing(genesis={"type": "note"})
    for being in (gone, alive):
        await being.save()
    await removal.delete(gone.soul)
    marked = (
        "UPDATE base_beings SET attributes = jsonb_set(attributes, '{deleted,at}', to_jsonb($2::TEXT)) WHERE soul = $1"
    )
    await place.database.pool.execute(marked, gone.soul, OLD)
    for number in range(700):
        await memories.append(alive.soul, {"kind": "counted", "number": number, "at": OLD})
    assert await preview(place.database, place.settings) == []
    keep: dict[str, Any] = {"keep_tombstones": 30.0, "keep_memories": 30.0}
    found = {part.kind: part.count for part in await preview(place.database, replace(place.settings, **keep))}
    cleaning = await place.clean(**keep)
    removed = {part.kind: part.count for part in cleaning.removed()}
    assert removed == found == {"tombstones": 1, "memories": found["memories"]}
    assert 512 <= removed["memories"] <= 600
    assert await BaseBeing.find(gone.soul, deleted=True) is None
    assert {memory.get("being") for memory in await told(cleaning)} == {str(gone.soul), str(alive.soul)}
    await place.check()


async def test_of_the_cache_goes_what_no_kept_run_needs(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("needed", "free"):
        folder = place.settings.cache / "environments" / name
        folder.mkdir(parents=True)
        (folder / "complete").write_text("x" * 10_000)
        os.utime(folder / "complete", (0, 0))
    run = await place.run(monkeypatch, status="failed")
    await place.runs.update(run, start_command=f"make run PYTHON={folder.with_name('needed')}/bin/python")
    (part,) = await preview(place.database, replace(place.settings, cache_size=0))
    assert (part.kind, part.count) == ("environments", 1)
    cleaning = await place.clean(cache_size=0)
    assert cleaning.removed() == [part]
    assert [memory["folder"] for memory in await told(cleaning)] == [str(folder)]
    assert (folder.exists(), folder.with_name("needed").exists()) == (False, True)


def test_days_are_moments() -> None:
    assert before(0) is None
    assert before(10) < before(1) < datetime.now(UTC).isoformat()  # type: ignore[operator]
    assert Part("runs", 1, 2).as_json() == {"kind": "runs", "count": 1, "bytes": 2}


def undo_data(place: Place, run: UUID) -> Path:
    """What a step of a run leaves for an undo, beside the folder that is a person's."""
    part = place.folder(run) / "step"
    part.mkdir()
    (part / "changes").write_bytes(b"y" * 20_000)
    mine = place.folder(run) / "workspace"
    mine.mkdir()
    (mine / "changes").write_text("mine")
    return part


async def test_undo_data_goes_before_its_run_and_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    recent = datetime.now(UTC) - timedelta(days=89)
    past = (datetime.now(UTC) - timedelta(days=91)).isoformat(timespec="microseconds")
    old = await place.run(monkeypatch, at=past)
    stay = [await place.run(monkeypatch, at=past, status=status) for status in ("failed", "running", "paused")]
    stay.append(await place.run(monkeypatch, at=recent.isoformat(timespec="microseconds")))
    gone, left = undo_data(place, old), [undo_data(place, run) for run in stay]
    (part,) = await preview(place.database, place.settings)
    assert (part.kind, part.count, part.bytes >= 20_000) == ("undo", 1, True)
    cleaning = await place.clean()
    assert cleaning.removed() == [part]
    assert not gone.exists()
    assert (place.folder(old) / "workspace" / "changes").read_text() == "mine"
    assert all(one.exists() for one in left)
    assert await place.is_there(old)
    assert [memory["run"] for memory in await told(cleaning)] == [str(old)]
    assert await preview(place.database, place.settings) == []
    await place.check()


async def test_undo_data_in_use_goes_the_next_time(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    run = await place.run(monkeypatch, at=OLD)
    gone = undo_data(place, run)
    async with place.runs.claimed(run):
        cleaning = await place.clean(keep_runs=0)
        assert gone.exists()
    assert cleaning.soul is not None
    assert (await BaseBeing.load(cleaning.soul)).attributes["pending"] == [f"undo:{run}"]
    again = await place.clean(keep_runs=0)
    assert not gone.exists()
    assert again.soul is None
    assert (await BaseBeing.load(cleaning.soul)).attributes["pending"] == []


async def test_data_that_goes_with_its_run_is_counted_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    run = await place.run(monkeypatch, at=OLD)
    undo_data(place, run)
    await seal(place.database)
    assert [part.kind for part in await preview(place.database, place.settings)] == ["runs"]
    assert [part.kind for part in (await place.clean()).removed()] == ["runs"]
    assert not place.folder(run).exists()


async def test_what_is_sealed_is_neither_put_away_nor_changed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    await place.run(monkeypatch)
    await seal(place.database)
    found = "SELECT soul FROM base_beings WHERE tags && '{seal, audit_chain}'"
    sealed = [row["soul"] for row in await place.database.pool.fetch(found)]
    assert len(sealed) == 2
    for soul in sealed:
        being = await BaseBeing.load(soul)
        being.attributes["x"] = 1
        for attempt in (being.save, lambda soul=soul: removal.delete(soul)):
            with pytest.raises(BeingSealed):
                await attempt()
    await place.check()


async def test_reports_go_where_nobody_uses_the_version_and_can_be_written_again(place: Place) -> None:
    archive = Archive(place.settings.home)
    sources = [f"def function():\n    return {number}\n" for number in range(4)]
    hashes = []
    for source in sources:
        await summon(name="f", source=source)
        hashes.append((await Soul.of("f")).hash)
    promoted = {"f": {"hash": hashes[1], "examples": 0, "types": "passed", "unchecked": []}}
    await environment.change(archive, "production", lambda before: (promoted, {"kind": "promote"}))
    await place.database.pool.execute("UPDATE base_beings SET created_at = '2020-01-01' WHERE tags @> '{soul}'")
    await catch_up(archive)
    assert (await place.clean(keep_reports=0)).soul is None
    (part,) = await preview(place.database, place.settings)
    assert (part.kind, part.count, part.bytes > 0) == ("reports", 2, True)
    cleaning = await place.clean()
    assert cleaning.removed() == [part]
    there = {hash_: len(list(archive.folder.glob(f"{hash_.removeprefix('sha256:')}_*"))) for hash_ in hashes}
    assert list(there.values()) == [0, 2, 0, 2]
    assert await preview(place.database, place.settings) == []
    assert await catch_up(archive, everything=True) == []
    assert [finding async for finding in validate(archive)] == []
    json_file, _md = await write_again(archive, await Soul.of(hashes[0]))
    assert json.loads((archive.folder / json_file).read_text())["genotype"]["genesis"]["source"] == sources[0]
    assert [finding async for finding in validate(archive)] == []


class Killed(BaseException):
    """The end of a process; a task that is interrupted would end the loop too."""


async def test_reports_that_a_killed_cleaning_left_go_the_next_time(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Archive(place.settings.home)
    for number in range(2):
        await summon(name="f", source=f"def function():\n    return {number}\n")
    await place.database.pool.execute("UPDATE base_beings SET created_at = '2020-01-01' WHERE tags @> '{soul}'")
    await catch_up(archive)

    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    for where, left in (("luxos.runtime.retention.remove_reports", 2), ("pathlib.Path.glob", 2)):
        with monkeypatch.context() as patched:  # before anything went, and between the index and the files
            patched.setattr(where, killed)
            with pytest.raises(Killed):
                await place.clean()
        assert [finding async for finding in validate(archive)] == []
        assert len(list(archive.folder.glob("*_2020*.md"))) == left
    await place.clean()
    assert len(list(archive.folder.glob("*_2020*.md"))) == 1
    assert [finding async for finding in validate(archive)] == []


async def test_conversations_go_unless_something_is_tied_to_them(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    talks = []
    for at in (OLD, OLD, datetime.now(UTC).isoformat(timespec="microseconds")):
        run = await place.run(monkeypatch, at=at, status="failed")
        with monkeypatch.context() as patched:
            patched.setattr("luxos.agent.memory.now", lambda at=at: at)
            found = await place.runs.find(str(run))
            await remember(place.database, found, "Gotowe.", {"status": "failed"}, None)
        talks.append(uuid5(run, "conversation"))
    note = BaseBeing(genesis={"type": "note"})
    await note.save()
    await RelationshipBeing(source_soul=note.soul, target_soul=talks[1], genesis={"type": "quotes"}).save()
    assert (await place.clean(keep_conversations=0)).soul is None
    (part,) = await preview(place.database, place.settings)
    assert (part.kind, part.count) == ("conversations", 1)
    assert (await place.clean()).removed() == [part]
    assert [await BaseBeing.find(talk) is not None for talk in talks] == [False, True, True]
    await place.check()

"""An installation in which there is one of everything that LuxOS keeps, for those who have to know all of it."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import luxos
from luxos.agent.memory import remember
from luxos.beings import removal
from luxos.beings.being import BaseBeing
from luxos.beings.relationship import RelationshipBeing
from luxos.config import Settings
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.errors.runs import RunGivenUp
from luxos.runtime.giving_up import give_up
from luxos.runtime.hermetic.confined import confined
from luxos.runtime.nodes import approve, ask
from luxos.runtime.promoting.beginning import begin_shadow
from luxos.runtime.promoting.terms import Terms
from luxos.runtime.retention import Cleaning, Part
from luxos.runtime.runs import Runs
from luxos.runtime.sealing import seal
from luxos.runtime.tasks.cron import Cron
from luxos.runtime.tasks.schedules import Schedules
from luxos.session import Lux
from luxos.souls.archive import Archive
from luxos.souls.importing import import_reports
from luxos.souls.promotion import promote
from luxos.souls.resolving import resolve_class

DOUBLE = "def function(n: int) -> int:\n    return n * 2\n"
COUNTER = "class Counter:\n    count: int = 0\n\n    def add(self, by: int = 1):\n        self.count += by\n"
THRICE = "def function(n: int) -> int:\n    return n * 3\n"
SLOW = "import time\n\ndef function(n):\n    time.sleep(1.5)\n    return n\n"
WAITS = "import random\n\ndef function():\n    drawn = random.random()\n    return drawn == execution('slow', drawn)\n"
OLD_HASH = "a1b2c3d4e5f67890"
FROZEN = "SELECT source_soul FROM relationships WHERE attributes ? 'frozen'"
CIRCLE = {
    "even": "async def function(n):\n    return n == 0 or await execution('odd', n - 1)\n",
    "odd": "async def function(n):\n    return n != 0 and await execution('even', n - 1)\n",
}


async def inhabit(settings: Settings) -> dict[str, str]:
    """Makes one of everything, with the files that belong to it; gives the names of some that tests ask for."""
    async with luxos.open(home=settings.home, dsn=settings.dsn) as lux:
        double = await _souls(lux)
        note = await _beings(lux)
        await lux.execution("double", 4)
        await _promoted(lux)
        await _imported(settings.home.with_name("reports"))
        await _queued(lux)
        await _run(lux, settings)
        waiting = await _waiting(lux)
        await _machines(settings)
        await seal(lux.database)
    return {"double": str(double.soul), "note": str(note.soul), "waiting": waiting}


async def _souls(lux: Lux) -> BaseBeing:
    """A line with a diff and a mutation, one that pins it, a circle, a class, and an environment that names one."""
    archive = Archive(lux.settings.home)
    examples = [{"args": [2], "result": 4}]
    await lux.summon(name="double", source=DOUBLE.replace("2", "3"))
    await lux.summon(name="double", source=DOUBLE, examples=examples)
    await lux.summon(name="double", source=f"{DOUBLE}# more\n", examples=examples)
    await lux.summon(name="fourfold", source="async def function(n):\n    return await execution('double', n) * 2\n")
    await lux.souls.register_group({name: {"type": "function", "source": source} for name, source in CIRCLE.items()})
    await lux.summon(
        name="zero",
        source="def function():\n    return -0.0\n",
        attributes={"least": {"py_type": "float", "default": -0.0}},
    )
    await lux.souls.rename("zero", "nought")
    await promote(archive, "double", lux.execution, confined)
    await lux.summon(name="counter", source=COUNTER, type="class")
    return await lux.load("double")


async def _promoted(lux: Lux) -> None:
    """A version that took over after a shadow, and is watched; one that was different; one whose shadow goes on."""
    following = lux._runtime.following
    for name, source, calls in (("same", DOUBLE, 1), ("differs", THRICE, 1), ("shadowed", DOUBLE, 9)):
        await lux.summon(name=name, source="def function(n: int) -> int:\n    return n + n\n")
        await begin_shadow(await lux.souls.draft(name, {"source": source}), name, Terms(calls=calls))
        for number in (3, 4):
            await lux.execution(name, number)
            await following.settle()


async def _imported(folder: Path) -> None:
    """A soul of the older LuxOS, under its old hash."""
    info = {"soul_hash": OLD_HASH, "alias": "calculator", "version": 1, "created_at": "2025-01-27T12:00:00"}
    genesis = {"name": "calculator", "type": "function", "source": "def add(a):\n    return a\n"}
    folder.mkdir()
    report = {"soul_info": info, "genotype": {"genesis": genesis}}
    (folder / f"{OLD_HASH}_20250127_120000.json").write_text(json.dumps(report), encoding="utf-8")
    assert len((await import_reports(folder)).imported) == 1


async def _waiting(lux: Lux) -> str:
    """A run that was given up while its code waits, with what it drew by lot; its UUID."""
    await lux.summon(name="slow", source=SLOW)
    await lux.summon(name="waits", source=WAITS)
    with suppress(RunGivenUp):
        async with lux.run("waits for slow") as calls:
            going = asyncio.create_task(calls("waits"))
            async with asyncio.timeout(60):
                while (run := await lux.database.pool.fetchval(FROZEN)) is None:  # noqa: ASYNC110 - it is recorded
                    await asyncio.sleep(0.02)
            await give_up(lux._runtime, str(run), "move", 30)
            await going
    return str(run)


async def _beings(lux: Lux) -> BaseBeing:
    """A being with many memories and a vector, a tombstone, an instance, a channel with messages."""
    note = BaseBeing(tags=["note"], genesis={"type": "note", "name": "note"}, embedding=[0.5, -1.0], energy_level=7)
    await note.save()
    for number in range(600):
        note.remember("counted", number=number)
        await note.save()
    gone, one = BaseBeing(genesis={"type": "note"}), BaseBeing(genesis={"type": "note"})
    await lux.save_all([gone, one, RelationshipBeing(source_soul=note.soul, target_soul=one.soul, tags=["knows"])])
    await removal.delete(gone.soul)
    await (await resolve_class("counter")).make({}, name="mine")
    channel = await lux.channel(note, one, name="talk")
    for number in range(3):
        await channel.send(number)
    async with channel.receive(timeout=0):
        pass
    return note


async def _queued(lux: Lux) -> None:
    await lux.tasks.put("double", 3)
    await lux.tasks.cancel((await lux.tasks.put("double", 3, key="dropped")).soul)
    await Schedules(lux._runtime.owner).add("nightly", Cron("0 3 * * *", "Europe/Warsaw"), "double", [1], {})


async def _run(lux: Lux, settings: Settings) -> None:
    """A run that made a project, with what an undo needs, and a cleaning that told of something."""
    runtime: Runtime = lux._runtime
    archive = settings.projects / "app.tar.gz"
    archive.parent.mkdir(parents=True, exist_ok=True)
    archive.write_bytes(b"archive")
    runs = Runs(runtime.database)
    soul = uuid4()
    async with runs.claimed(soul):
        run = await runs.create(soul, "a goal", "", settings.projects, "tester", {})
        await runs.update(soul, artifacts=[str(archive)])
        project = {"name": "app", "stack": "django"}
        await remember(runtime.database, run, "Gotowe.", {"status": "done"}, project)
    await runs.close()
    _write(settings.home / "runs" / str(soul), {"step/changes": b"a list", "step/contents/x": b"what was there"})
    async with BaseBeing.transaction() as lent:
        await Cleaning().tell(Part("messages", 1, 100), lent)


async def _machines(settings: Settings) -> None:
    there = settings.home.with_name("there")
    await approve(settings.home, (await ask(there)).code)
    await ask(settings.home)


def _write(folder: Path, contents: Mapping[str, bytes]) -> None:
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)

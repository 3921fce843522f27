"""Tasks: from one status to the next by rules, whoever writes them and however many at once."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luxos.beings.being import BaseBeing
from luxos.beings.bulk import save_all
from luxos.beings.errors import AttributeUnfit, BeingError, TaskNotReady
from luxos.beings.task import NEXT, TaskBeing
from luxos.i18n import speaking
from luxos.persistence.database import Database

pytestmark = pytest.mark.usefixtures("database")


async def task(**given: Any) -> TaskBeing:
    made = TaskBeing.of("write it", **given)
    await made.save()
    return made


async def test_a_task_comes_back_as_it_was_made() -> None:
    due = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    made = await task(priority=5, due=due, where="here")
    found = await BaseBeing.load(made.soul)
    assert isinstance(found, TaskBeing)
    assert (found.status, found.priority, found.due, found.result) == ("todo", 5, due, None)
    assert found.attributes["where"] == "here"
    plain = await task()
    assert plain.attributes == {"status": "todo", "priority": 0, "due": None, "result": None}


async def test_the_way_of_a_task_and_what_it_remembers() -> None:
    made = await task()
    await made.start()
    await made.fail("no paper")
    assert (made.status, made.result) == ("failed", "no paper")
    await made.give_back()
    await made.start()
    await made.finish({"pages": 3})
    found = await TaskBeing.load(made.soul)
    assert (found.status, found.result) == ("done", {"pages": 3})
    assert [memory["kind"] for memory in found.memories] == ["doing", "failed", "todo", "doing", "done"]


ACTIONS = {"doing": "start", "done": "finish", "failed": "fail", "todo": "give_back"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(
    st.lists(st.tuples(st.sampled_from(sorted(ACTIONS)), st.sampled_from(["method", "attribute", "all"])), max_size=8)
)
async def test_only_allowed_steps_are_taken(steps: list[tuple[str, str]]) -> None:
    made = await task()
    status = "todo"
    for wanted, way in steps:
        if wanted in NEXT[status] or (wanted == status and way != "method"):
            await step(made, wanted, way)
            status = wanted
        else:
            with pytest.raises(TaskNotReady) as caught:
                await step(made, wanted, way)
            assert (caught.value.details["status"], caught.value.details["wanted"]) == (status, wanted)
        assert (await TaskBeing.load(made.soul)).status == status


async def step(made: TaskBeing, wanted: str, way: str) -> None:
    """Takes a step in one of the ways that there are to write it."""
    mine = await TaskBeing.load(made.soul)
    if way == "method":
        await getattr(mine, ACTIONS[wanted])(*(["why"] if wanted == "failed" else []))
        return
    mine.attributes["status"] = wanted
    await (mine.save() if way == "attribute" else save_all([mine]))


async def test_of_many_who_start_a_task_one_gets_it() -> None:
    made = await task()
    workers = await TaskBeing.load_many([made.soul] * 16)
    said = await asyncio.gather(*(worker.start() for worker in workers), return_exceptions=True)
    assert sorted(str(type(each).__name__) for each in said) == ["NoneType", *["TaskNotReady"] * 15]
    assert [memory["kind"] for memory in (await TaskBeing.load(made.soul)).memories] == ["doing"]


async def test_of_two_who_write_the_status_by_hand_one_gets_it() -> None:
    made = await task()
    one, two = await TaskBeing.load_many([made.soul] * 2)
    for each in (one, two):
        each.attributes["status"] = "doing"
    said = await asyncio.gather(one.save(), two.save(), return_exceptions=True)
    assert len([each for each in said if isinstance(each, BeingError)]) == 1


async def test_a_task_is_typed() -> None:
    made = await task()
    for name, value in {"status": "sleeping", "priority": 1.5, "due": "tomorrow"}.items():
        mine = await TaskBeing.load(made.soul)
        mine.attributes[name] = value
        with pytest.raises((AttributeUnfit, TaskNotReady)):
            await mine.save()
    assert (await TaskBeing.load(made.soul)).attributes == made.attributes


async def test_a_new_task_is_to_be_done(database: Database) -> None:
    new = TaskBeing.of("write it")
    new.attributes["status"] = "done"
    with pytest.raises(TaskNotReady):
        await new.save()
    assert await TaskBeing.find(new.soul) is None


async def test_a_refusal_is_a_sentence_in_both_languages() -> None:
    made = await task()
    with pytest.raises(TaskNotReady) as caught:
        await made.finish()
    with speaking("en"):
        assert str(caught.value) == (
            f"The task {made.soul} is todo, and from there it does not become done, only: doing, "
            "cancelled. Nothing was written."
        )
    with speaking("pl"):
        assert str(caught.value).startswith(f"Zadanie {made.soul} ma stan todo")

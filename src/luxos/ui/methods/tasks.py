"""Durable tasks: put, looked at, sent again, dropped; and the queues that they are in."""

from datetime import UTC, datetime
from typing import Any

from luxos.beings.damaged import reading
from luxos.beings.errors import TaskInvalid
from luxos.beings.task import TaskBeing
from luxos.boot import System
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.tasks.carrying import run_of
from luxos.runtime.tasks.cron import Cron, zone_of
from luxos.runtime.tasks.figures import figures, is_served
from luxos.runtime.tasks.finding import find_task, newest_tasks
from luxos.runtime.tasks.queue import Tasks
from luxos.runtime.tasks.schedules import Schedule, Schedules
from luxos.runtime.wishes import check_permissions
from luxos.ui.methods.person import Person

_MOMENTS = ("at", "began", "ended")


async def task_add(
    system: System,
    person: Person,
    who: str,
    args: list[Any],
    kwargs: dict[str, Any],
    at: str | None,
    deadline: str | None,
    options: dict[str, Any],
) -> dict[str, Any]:
    """Puts a task that calls a being which is there now, with arguments that fit it.

    Gives the task, and whether its queue is `served`.

    `options` are `queue`, `priority`, `key`, `retries` and `permissions` as `TaskBeing.call` takes them.
    """
    runtime = await system.runtime()
    await check_permissions(who, options.get("permissions", ()))
    runtime.bound(await runtime.resolve(who), args, kwargs)
    due = _moment(deadline)
    if due is not None and due.astimezone(UTC) <= datetime.now(UTC):
        raise TaskInvalid(field="deadline", reason="over")
    task = TaskBeing.call(who, args, kwargs, **options, due=due, owner=runtime.owner)
    put = await _tasks(runtime).put_task(task, at=_moment(at))
    return {"status": "put", **_whole(put), "served": await is_served(str(put.queue))}


async def schedule_add(
    system: System,
    person: Person,
    who: str,
    args: list[Any],
    kwargs: dict[str, Any],
    times: dict[str, str],
    options: dict[str, Any],
) -> dict[str, Any]:
    """Has a being called whenever `times` say so: `{"cron", "zone"}`, and its own `name` where it has one.

    `options` are `queue`, `priority`, `retries` and `permissions`.
    """
    runtime = await system.runtime()
    await check_permissions(who, options.get("permissions", ()))
    runtime.bound(await runtime.resolve(who), args, kwargs)
    cron = Cron(times["cron"], times["zone"])
    added = await Schedules(runtime.owner).add(times.get("name"), cron, who, args, kwargs, **options)
    return _scheduled(added)


async def schedule_list(system: System, person: Person) -> dict[str, Any]:
    """The person's schedules: `{"schedules": […]}`."""
    owner = (await system.runtime()).owner
    return {"schedules": [_scheduled(one) for one in await Schedules(owner).all()]}


async def schedule_remove(system: System, person: Person, name: str) -> dict[str, Any]:
    """Ends a schedule."""
    return _scheduled(await Schedules((await system.runtime()).owner).remove(name))


async def task_list(
    system: System, person: Person, status: str | None, queue: str | None, limit: int
) -> dict[str, Any]:
    """The newest tasks: `{"tasks": […]}`."""
    await system.runtime()
    return {"tasks": [_brief(task) for task in await newest_tasks(status, queue, limit)]}


async def task_show(system: System, person: Person, task: str) -> dict[str, Any]:
    """One task with its arguments, its result, and what is remembered of attempts that failed."""
    await system.runtime()
    return _whole(await find_task(task))


async def task_retry(system: System, person: Person, task: str) -> dict[str, Any]:
    """Sends a dead letter again, from its first attempt."""
    runtime = await system.runtime()
    return {**_whole(await _tasks(runtime).send_again((await find_task(task)).soul))}


async def task_cancel(system: System, person: Person, task: str) -> dict[str, Any]:
    """Drops a task for good; whoever carries it out is stopped."""
    runtime = await system.runtime()
    return {**_whole(await _tasks(runtime).cancel((await find_task(task)).soul))}


async def queues(system: System, person: Person) -> dict[str, Any]:
    """All queues with their figures: `{"queues": […]}`."""
    await system.runtime()
    return {"queues": [one.as_json() for one in await figures()]}


def _tasks(runtime: Runtime) -> Tasks:
    return Tasks(owner=runtime.owner, most=runtime.settings.queue_depth)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _brief(task: TaskBeing) -> dict[str, Any]:
    """What a list shows."""
    with reading(task.soul):
        return {
            "task": str(task.soul),
            "status": task.status,
            "queue": task.queue,
            "who": task.who,
            "owner": task.owner,
            "priority": task.attributes.get("priority", 0),
            "attempt": task.attempt,
            **{name: _text(task.attributes.get(name)) for name in _MOMENTS},
        }


def _whole(task: TaskBeing) -> dict[str, Any]:
    with reading(task.soul):
        return {
            **_brief(task),
            "key": task.genesis.get("key"),
            "args": task.args,
            "kwargs": task.kwargs,
            "retries": task.retries,
            "permissions": task.permissions,
            "due": task.attributes.get("due"),
            "result": task.attributes.get("result"),
            "attempts": task.attempts,
            "run": str(run_of(task.soul)) if task.token else None,
        }


def _scheduled(one: Schedule) -> dict[str, Any]:
    kept = ("name", "cron", "zone", "who")
    with reading(one.soul):
        return {
            "schedule": str(one.soul),
            **{name: one.genesis[name] for name in kept},
            **one.genesis["arguments"],
            "permissions": [],
            **one.genesis["options"],
            "next": one.next.astimezone(zone_of(one.genesis["zone"])).isoformat(),
            "missed": one.missed,
            "trouble": one.attributes.get("trouble"),
        }


def _text(microseconds: int | None) -> str | None:
    return None if microseconds is None else datetime.fromtimestamp(microseconds / 1e6, UTC).isoformat()

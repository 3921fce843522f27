"""A program that puts tasks and carries them out, and is killed meanwhile: its processes are forked from a warm one.

It reads orders, one JSON object a line, and answers each with one: `{"out": what the process printed, "ended": how}`.
An order is `{"what", "case"}` and, where wanted, `point` (where it is killed), `after` (seconds until it is), `control`
(one thing that it does wrongly). A process that stops itself is `stopped`; the order `{"go_on": pid}` lets it go on.
"""

import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from typing import Any

from luxos.beings.being import BaseBeing
from luxos.beings.task import TaskBeing
from luxos.config import Settings
from luxos.persistence.database import open_database
from luxos.persistence.queries import queries
from luxos.runtime import faultpoints
from luxos.runtime.tasks import ending, queue
from luxos.runtime.tasks import worker as tasks_worker
from luxos.runtime.tasks.backoff import Backoff
from luxos.runtime.tasks.queue import Tasks
from luxos.runtime.tasks.worker import Worker

TASKS, CALLERS, PLACES, LEASE = 12, 4, 4, 0.4
AT_ONCE = Backoff(first=0.0)


async def effect(task: TaskBeing, connection: Any) -> int:
    """What a task does, in the transaction of its end."""
    await asyncio.sleep(0.002)
    told = {"type": "effect", "case": task.args[0], "number": task.args[1], "token": task.token}
    await BaseBeing(genesis=told).save(connection=connection)
    return int(task.args[1]) * 10


async def stops_itself(task: TaskBeing, connection: Any) -> int:
    """The same, by a process that hangs in its first attempt, before it has done anything."""
    if task.token == 1:
        os.kill(os.getpid(), signal.SIGSTOP)
    return await effect(task, connection)


async def put(case: str, numbers: list[int]) -> None:
    """Puts tasks, and says so of each as soon as it is certain."""
    tasks = Tasks()
    for number in numbers:
        await tasks.put("note", case, number, key=f"{case} {number}", retries=50)
        print("put", number, flush=True)


async def live(case: str) -> None:
    """Callers put tasks while a worker carries them out."""
    working = asyncio.create_task(worker(effect).run())
    await asyncio.gather(*(put(case, list(range(first, TASKS, CALLERS))) for first in range(CALLERS)))
    while await left(case):
        assert not working.done()
        await asyncio.sleep(0.01)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def finish(case: str) -> None:
    """Whoever put tasks puts them again, for it does not know which are there, and the worker has them done."""
    await put(case, list(range(TASKS)))
    await drained(case)


async def drained(case: str) -> None:
    while await left(case):
        await worker(effect).drain()
        await asyncio.sleep(0.02)


async def hang(case: str) -> None:
    """One task, by a worker that hangs; when it goes on, it ends what it has, and nothing more."""
    await put(case, [1])
    await worker(stops_itself).drain()


def worker(carry_out: Any) -> Worker:
    return Worker(carry_out, bound=PLACES, lease=LEASE, backoff=AT_ONCE)


async def left(case: str) -> int:
    found: int = await BaseBeing._pool().fetchval(
        "SELECT count(*) FROM base_beings WHERE tags @> '{task}' AND genesis -> 'arguments' -> 'args' ->> 0 = $1 "
        "AND attributes ->> 'status' IN ('todo', 'doing')",
        case,
    )
    return found


WHAT = {"live": live, "finish": finish, "drained": drained, "hang": hang}


async def carried_out(order: dict[str, Any]) -> None:
    async with open_database(Settings.from_environment(os.environ)) as database:
        BaseBeing.db_pool = database.pool
        await WHAT[order["what"]](order["case"])


def do_one_thing_wrongly(control: str) -> None:
    """The negative controls."""
    if control == "acknowledges first":
        given = Tasks.put

        async def told_before(self: Tasks, *args: Any, **options: Any) -> Any:
            print("put", args[2], flush=True)
            return await given(self, *args, **options)

        Tasks.put = told_before  # type: ignore[method-assign]
    if control == "no dedupe":
        call = TaskBeing.call
        queue.TaskBeing.call = lambda *args, **options: call(*args, **{**options, "key": None})  # type: ignore[method-assign]
    if control == "no fence":
        fence = queries()["end_attempts"].partition("WHERE task.soul = ended.soul")[2].partition("RETURNING")[0]
        assert "token" in fence
        without = {"end_attempts": queries()["end_attempts"].replace(fence, "\n")}
        ending.queries = lambda: without  # type: ignore[assignment, return-value]
        tasks_worker._Running.lose = lambda self: None  # type: ignore[method-assign]


def child(order: dict[str, Any], out: int) -> None:
    """One process of the program."""
    code = 1
    try:
        os.dup2(out, 1)
        name, _colon, count = order.get("point", "").partition(":")
        faultpoints._name, faultpoints._wanted = name, int(count or 1)
        do_one_thing_wrongly(order.get("control", ""))
        asyncio.run(carried_out(order))
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def main() -> None:
    outs: dict[int, Any] = {}
    for line in sys.stdin:
        order = json.loads(line)
        if "go_on" in order:
            pid = order["go_on"]
            os.kill(pid, signal.SIGCONT)
        else:
            out = tempfile.TemporaryFile()  # noqa: SIM115 - it is read when the process has ended
            pid = os.fork()
            if pid == 0:
                child(order, out.fileno())
            outs[pid] = out
        if "after" in order:
            time.sleep(order["after"])
            os.kill(pid, signal.SIGKILL)
        _pid, status = os.waitpid(pid, os.WUNTRACED)
        told: dict[str, Any] = {"pid": pid}
        if os.WIFSTOPPED(status):
            told["ended"] = "stopped"
        else:
            outs[pid].seek(0)
            told["out"] = outs.pop(pid).read().decode().splitlines()
            told["ended"] = "killed" if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()

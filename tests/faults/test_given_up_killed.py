"""`kill -9` of a process that is giving its run up: it is as if it had died before, or as if it had given it up."""

import asyncio

import asyncpg
import pytest
from tests.faults.test_calls_killed import Program, finished, problems
from tests.plugins.command import Command
from tests.plugins.sampling import WHOLE, sampled
from tests.plugins.warm import Forked

from luxos.persistence.listening import CHANNEL

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600 if WHOLE else 300)]

POINTS = ("run.cutting:1", "run.ended:1", "record.sent:9", "run.closed:1", "record.sending:9")
TRIED = POINTS * 6 if WHOLE else POINTS[:2]
KILLED = -9


async def want(dsn: str, wish: str, process: Forked) -> None:
    """Has the run stop that begins next, as soon as it has a step that waits."""
    connection = await asyncpg.connect(dsn)
    try:
        while process.poll() is None:
            waiting = "SELECT source_soul FROM relationships WHERE attributes ? 'frozen'"
            if (run := await connection.fetchval(waiting)) is not None:
                told = "UPDATE base_beings SET attributes = attributes || jsonb_build_object('wanted', $2::jsonb)"
                await connection.execute(f"{told} WHERE soul = $1", run, f'{{"stop": "{wish}"}}')
                await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, str(run))
                return
            await asyncio.sleep(0.002)
    finally:
        await connection.close()


@pytest.mark.parametrize("wish", sampled(["pause", "move"], 1))
def test_killed_while_it_gives_its_run_up(quick_luxos: Command, wish: str) -> None:
    program = Program(quick_luxos)
    seen: set[str] = set()
    killed = 0
    for point in TRIED:
        process = program.start("call", LUXOS_FAULTPOINT=point)
        asyncio.run(want(quick_luxos.environment["LUXOS_DSN"], wish, process))
        out, err = process.communicate(timeout=60)
        assert process.returncode in (0, 1, KILLED), err
        killed += process.returncode == KILLED
        new = [run["run"] for run in program.runs() if run["run"] not in seen]
        before = {run: set(finished(program, run)) for run in new}
        assert problems(program, out.splitlines(), seen) == [], point
        assert all(before[run] <= set(finished(program, run)) for run in new)
        seen |= set(new)
    assert killed >= len(TRIED) // 2  # so it was tried

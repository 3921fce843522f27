"""DBOS on the same server, in a process of its own; run by benchmarks/steps.py.

A line of the input is a question, `{"callers": 1, "each": 100}`: so many workflows at once, of so many steps each. A
line of the output is the answer, the seconds that all of it took.
"""

import asyncio
import json
import sys
import time

from dbos import DBOS


@DBOS.step()
async def note(number: int) -> int:
    """A step without work."""
    return number


@DBOS.workflow()
async def flow(count: int) -> int:
    """A workflow of so many steps."""
    return sum([await note(number) for number in range(count)])


async def main() -> None:
    """Answers questions until the input ends."""
    DBOS(config={"name": "bench", "system_database_url": sys.argv[1], "log_level": "ERROR", "sys_db_pool_size": 20})
    DBOS.launch()
    while line := await asyncio.to_thread(sys.stdin.readline):
        question = json.loads(line)
        began = time.perf_counter()
        await asyncio.gather(*(flow(question["each"]) for _caller in range(question["callers"])))
        print(json.dumps(time.perf_counter() - began), flush=True)
    DBOS.destroy()


asyncio.run(main())

"""procrastinate on the same server, in a process of its own; run by benchmarks/tasks.py.

A line of the input is a question, `{"callers": 64, "each": 40}`: so many callers put so many jobs each, one by one, and
then one worker carries them out, as many at once. A line of the output is the answer: the seconds of both, together.
"""

import asyncio
import json
import logging
import sys
import time

from procrastinate import App, PsycopgConnector

logging.getLogger("procrastinate").setLevel(logging.ERROR)
app = App(connector=PsycopgConnector(conninfo=sys.argv[1], min_size=4, max_size=20))


@app.task(name="note")
async def note(number: int) -> None:
    """A job without work."""


async def caller(each: int) -> None:
    """Puts jobs one by one; each is on the disk when its call returns."""
    for number in range(each):
        await note.defer_async(number=number)


async def main() -> None:
    """Answers questions until the input ends."""
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        while line := await asyncio.to_thread(sys.stdin.readline):
            question = json.loads(line)
            began = time.perf_counter()
            await asyncio.gather(*(caller(question["each"]) for _caller in range(question["callers"])))
            await app.run_worker_async(wait=False, concurrency=question["callers"], install_signal_handlers=False)
            print(json.dumps(time.perf_counter() - began), flush=True)


asyncio.run(main())

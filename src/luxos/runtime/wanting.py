"""How the process that holds a run hears what others want of it: that it stops, or that it tells of its steps.

What is wanted stands in the run's row, under `wanted`, which the next one who claims the run takes away. A notice only
says that there is something; the row is looked at every `POLL` seconds all the same.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, get_args
from uuid import UUID

from luxos.errors import LuxError
from luxos.persistence.database import Database
from luxos.persistence.listening import CHANNEL, Heard
from luxos.runtime.heeded import Heed, Wish
from luxos.runtime.recorder import Recorder

POLL = 5.0
"""Seconds between two looks where no notice comes."""
FOLLOWED = 60.0
"""Seconds for which a run tells of its steps, after somebody has said that they follow it."""
STOP, FOLLOW = "stop", "follow"
"""What can be wanted: a `Wish`, and a mark of whoever follows that is another one each time."""


async def want_of(database: Database, run: UUID, wanted: Mapping[str, Any]) -> None:
    """Writes down what is wanted of a run, and tells whoever holds it."""
    await database.pool.execute(database.queries["want_of_run"], run, dict(wanted), CHANNEL)


async def tell_of(database: Database, run: UUID) -> None:
    """Tells whoever follows a run, or waits for its end, that there is something new."""
    with suppress(LuxError):  # they look into the tables all the same
        async with database.pool.acquire() as connection:
            await connection.execute(database.queries["tell_of_runs"], CHANNEL, [run])


async def listen(database: Database, recorder: Recorder, token: str, heed: Heed) -> None:
    """Hears what is wanted of a run that is held by a token, until it is cancelled."""
    mark = None
    with database.pool.listening.heard(str(heed.run)) as heard:
        while True:
            await news(heard, POLL)
            wanted = await _wanted(database, heed.run, token)
            if wanted.get(STOP) in get_args(Wish):
                heed.want(wanted[STOP])
            if wanted.get(FOLLOW) != mark:
                mark = wanted.get(FOLLOW)
                heed.is_followed = True
                recorder.follow(heed.run, FOLLOWED)


async def news(heard: Heard, seconds: float) -> None:
    """Waits for a notice, but not longer than so."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await heard.wait()
    heard.clear()


async def _wanted(database: Database, run: UUID, token: str) -> Mapping[str, Any]:
    try:
        async with database.pool.acquire() as connection:
            found = await connection.fetchval(database.queries["wanted_of_run"], run, token)
    except LuxError:  # a database that went away is looked at again
        return {}
    return found if isinstance(found, dict) else {}

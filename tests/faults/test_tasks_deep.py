"""A queue that is filled deep: it is refused at its bound, and a claim reads no more of the tables than before."""

from typing import Any
from uuid import uuid4

import pytest
from tests.plugins.sampling import WHOLE

from luxos.beings.being import BaseBeing
from luxos.beings.task import TaskBeing
from luxos.persistence.queries import queries
from luxos.runtime.tasks.claiming import _BEGINNING, _LANES, Claiming
from luxos.runtime.tasks.errors import QueueFull
from luxos.runtime.tasks.figures import figures
from luxos.runtime.tasks.queue import Tasks

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.slow, pytest.mark.timeout(1800)]
SHALLOW, DEEP = 1_000, 1_000_000 if WHOLE else 20_000
FILL = """
INSERT INTO base_beings (soul, tags, genesis, attributes, memories, self_awareness)
SELECT gen_random_uuid(), '{task}', $1::JSONB, $2::JSONB || jsonb_build_object('at', number), '[]', '{}'
FROM generate_series(1, $3) AS number
"""


async def fill(count: int, owner: str) -> None:
    """Writes what `put` would, faster, and leaves as few put-off changes of indexes as it does."""
    task = TaskBeing.call("note", [1], owner=owner)
    async with BaseBeing.transaction() as lent:
        await lent.execute("SET LOCAL gin_pending_list_limit = '256kB'")
        await lent.execute(FILL, task.genesis, task.attributes, count, timeout=1800)
    await BaseBeing._pool().execute("ANALYZE base_beings")


async def blocks(query: str, *arguments: Any) -> int:
    """How many blocks of the tables and indexes a query looks at."""
    async with BaseBeing.transaction() as lent:
        (row,) = await lent.fetch(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {queries()[query]}", *arguments)
        plan = row[0][0]["Plan"]
        return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


async def claim_blocks() -> int:
    """Of one claim of 64 tasks, as a worker makes it."""
    looked = await blocks("look_for_tasks", "io", 128, *_BEGINNING, _LANES)
    rows = await BaseBeing._pool().fetch(queries()["look_for_tasks"], "io", 128, *_BEGINNING, _LANES)
    souls = [soul for row in rows for soul in row["souls"]]
    return looked + await blocks("claim_tasks", souls, 64, uuid4())


async def test_a_claim_reads_no_more_from_a_deep_queue() -> None:
    await fill(SHALLOW, "ala")
    shallow = await claim_blocks()
    await fill(DEEP, "ala")
    deep = await claim_blocks()
    assert deep <= 1.5 * shallow + 100, (shallow, deep)  # the index is a level deeper
    assert len(await Claiming("io").claim(uuid4(), 64, {}, 1_000)) == 64
    (_cpu, io) = await figures()
    assert (io.waiting, io.doing) == (SHALLOW + DEEP - 3 * 64, 3 * 64)


async def test_what_was_claimed_before_is_not_read_again() -> None:
    """Claimed tasks leave dead entries in the index, where the next claim begins to look."""
    await fill(DEEP, "ala")
    first, claiming = await claim_blocks(), Claiming("io")
    for _time in range(SHALLOW // 10):
        await claiming.claim(uuid4(), 100, {}, 1_000)
    later = await claim_blocks()
    assert later <= 2 * first + 100, (first, later)


async def test_a_search_through_the_queue_would_be_found() -> None:
    """The control of the test above: without its index a claim reads everything."""
    await fill(SHALLOW, "ala")
    shallow = await claim_blocks()
    await fill(20_000, "ala")
    await BaseBeing._pool().execute("DROP INDEX idx_luxos_tasks")
    assert await claim_blocks() > 1.5 * shallow + 100


async def test_beyond_the_bound_nothing_is_put_and_others_are_not_kept() -> None:
    await fill(DEEP, "flood")
    for _time in range(3):
        with pytest.raises(QueueFull):
            await Tasks(owner="flood", most=DEEP).put("note", 1)
    await Tasks(owner="other", most=DEEP).put("note", 1)
    await Tasks(owner="flood", most=DEEP).put("note", 1, queue="mail")
    assert (await figures())[1].waiting == DEEP + 1

"""What is no UUID, no moment, no filter and no number: one of our errors, which can be printed, and nothing else."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from luxos.beings import analysis, energy, graph, memories, paths, removal
from luxos.beings.being import BaseBeing
from luxos.beings.bulk import save_all
from luxos.beings.channel import Channel
from luxos.beings.find import find, page
from luxos.errors import LuxError
from luxos.i18n import speaking
from luxos.persistence.database import Database
from luxos.runtime.tasks.cron import Cron
from luxos.runtime.tasks.queue import Tasks
from luxos.runtime.tasks.schedules import Schedules

GARBAGE: list[Any] = [None, 5, b"x", "", "x\0y", "\ud800", "a" * 10_000, [], {}, "'; DROP TABLE base_beings; --"]


async def read(memories: Any) -> list[Any]:
    return [memory async for memory in memories]


def made(**fields: Any) -> BaseBeing:
    being = BaseBeing()
    for name, value in fields.items():
        setattr(being, name, value)
    return being


NO_BEING: dict[str, Callable[[Any], Awaitable[object]]] = {
    "load": BaseBeing.load,
    "load_many": lambda garbage: BaseBeing.load_many([uuid4(), garbage]),
    "append": lambda garbage: memories.append(garbage, {"kind": "x"}),
    "history": lambda garbage: read(memories.history(garbage)),
    "spend": lambda garbage: energy.spend(garbage, 1),
    "level": energy.level,
    "save": lambda garbage: made(soul=garbage).save(),
    "save_all": lambda garbage: save_all([made(soul=garbage)]),
    "filter": lambda garbage: read(find(5 if garbage is None or isinstance(garbage, str) else garbage)),
    "limit": lambda garbage: read(find(limit="x" if garbage in (None, 5) else garbage)),
    "page": lambda garbage: page(after=5 if garbage is None else garbage),
    "created": lambda garbage: made(created_at="" if garbage is None else garbage).save(),
    "all created": lambda garbage: save_all([made(created_at="" if garbage is None else garbage)]),
    "memory": lambda garbage: memories.append(uuid4(), garbage),
}


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda garbage: repr(garbage)[:20])
@pytest.mark.parametrize("where", list(NO_BEING))
async def test_it_is_refused_in_a_sentence(database: Database, where: str, garbage: Any) -> None:
    with pytest.raises(LuxError) as caught:
        await NO_BEING[where](garbage)
    assert str(caught.value).encode()
    assert await database.pool.fetchval("SELECT count(*) FROM base_beings WHERE tags = '{}'") == 0


NO_OTHER: dict[str, Callable[[Any, UUID], Awaitable[object]]] = {
    "neighbours": lambda garbage, _there: graph.neighbours(garbage),
    "reach": lambda garbage, _there: graph.reach(garbage, 1),
    "around": lambda garbage, _there: graph.around(garbage, 1),
    "among": lambda garbage, there: graph.among([there, garbage]),
    "shortest from": paths.shortest_path,
    "shortest to": lambda garbage, there: paths.shortest_path(there, garbage),
    "simple from": paths.simple_paths,
    "simple to": lambda garbage, there: paths.simple_paths(there, garbage),
    "delete": lambda garbage, _there: removal.delete(garbage),
    "restore": lambda garbage, _there: removal.restore(garbage),
    "purge": lambda garbage, _there: removal.purge_preview(garbage),
    "forget": lambda garbage, _there: read(memories.forget_before(datetime.now(UTC), soul=garbage or "x")),
    "channel from": Channel.between,
    "channel to": lambda garbage, there: Channel.between(there, garbage),
    "cancel": lambda garbage, _there: Tasks().cancel(garbage),
    "send again": lambda garbage, _there: Tasks().send_again(garbage),
}
NO_TEXT = [5, b"x", "x\0y", "\ud800", [], {}]


async def test_graphs_removals_channels_and_queues_refuse_it_too(database: Database) -> None:
    there, other = BaseBeing(), BaseBeing()
    await save_all([there, other])
    channel = await Channel.between(there.soul, other.soul)
    doings = {f"{name} {garbage!r:.20}": partial(do, garbage, there.soul)
              for name, do in NO_OTHER.items() for garbage in GARBAGE}  # fmt: skip
    doings |= {f"key {garbage!r}": partial(channel.send, 1, key=garbage) for garbage in NO_TEXT}
    doings |= {f"name {garbage!r}": partial(Channel.between, there.soul, other.soul, name=garbage)
               for garbage in NO_TEXT}  # fmt: skip
    doings |= {f"damping {garbage!r}": partial(analysis.influence, damping=garbage)
               for garbage in (None, "x", True, float("nan"), float("inf"), -1, 1.0, 2)}  # fmt: skip
    nightly = Cron("0 3 * * *", "UTC")
    doings |= {f"schedule {garbage!r}": partial(Schedules("ala").add, garbage, nightly, "vat", [], {})
               for garbage in ("x\0y", "\ud800")}  # fmt: skip
    rows = "SELECT array_agg(b::TEXT ORDER BY soul) FROM base_beings b"
    before = await database.pool.fetchval(rows)
    wrong = [found for name, do in doings.items() if (found := await unlike_us(name, do)) is not None]
    assert not wrong, "\n".join(wrong)
    assert await database.pool.fetchval(rows) == before


async def unlike_us(name: str, do: Callable[[], Awaitable[object]]) -> str | None:
    """What is wrong with an answer that is none of our errors, which can be printed in both languages."""
    try:
        await do()
    except LuxError as error:
        said = []
        for language in ("pl", "en"):
            with speaking(language):
                said.append(str(error).encode())
        return None if said[0] != said[1] else f"{name}: {said[0]!r} is in one language only"
    except Exception as error:
        return f"{name}: {error!r:.120}"
    return f"{name}: it was taken"

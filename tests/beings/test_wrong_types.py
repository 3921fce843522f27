"""What is no UUID, no moment, no filter and no number: one of our errors, which can be printed, and nothing else."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from luxos.beings import energy, memories
from luxos.beings.being import BaseBeing
from luxos.beings.bulk import save_all
from luxos.beings.find import find, page
from luxos.errors import LuxError
from luxos.persistence.database import Database

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

"""What a soul must go on giving: its examples, and what it gave when it was called."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from luxos.beings.function import FunctionBeing
from luxos.persistence.database import Database
from luxos.runtime.binding import as_given

RECORDED = 100
"""How many of the newest recorded calls are tried."""


@dataclass(frozen=True)
class Case:
    """Arguments, and the result that is right for them."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    result: Any
    is_example: bool


def examples(being: FunctionBeing) -> list[Case]:
    """What its genesis gives as examples."""
    told = being.genesis.get("examples", [])
    found = []
    for one in told if isinstance(told, list) else [told]:
        if not isinstance(one, Mapping) or "result" not in one:
            continue
        given = one.get("arguments", one.get("args", []))
        args, kwargs = (tuple(given), {}) if isinstance(given, list) else ((), given)
        if isinstance(kwargs, Mapping):
            found.append(Case(args, kwargs, one["result"], is_example=True))
    return found


async def recorded(database: Database, being: FunctionBeing) -> list[Case]:
    """Its newest calls that ended well, in the version that it is now; equal ones once."""
    async with database.pool.acquire() as connection:
        rows = await connection.fetch(
            database.queries["recorded_calls"], being.soul, {"soul_hash": being.soul_hash}, RECORDED
        )
    found = []
    for row in rows:
        args, kwargs = as_given(being.signature, row["arguments"])
        found.append(Case(tuple(args), kwargs, row["result"], is_example=False))
    return found

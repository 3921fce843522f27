"""What a clock that was ahead has left behind, and is right again: moments that nobody would live to see."""

from datetime import UTC, datetime

from luxos.beings.being import BaseBeing
from luxos.persistence.listening import CHANNEL
from luxos.persistence.queries import queries

_MANY = 1000


async def put_right() -> None:
    """Has tasks that were put then begin at once, and leases of then end as if they had been renewed now.

    Only what is more than an hour ahead is taken for that. Each such task keeps a memory `{"kind": "clock"}`.
    """
    pool = BaseBeing._pool()
    await pool.execute(queries()["shorten_leases"])
    memory = [{"at": datetime.now(UTC).isoformat(), "kind": "clock"}]
    while len(await pool.fetch(queries()["put_tasks_right"], _MANY, memory, CHANNEL)) == _MANY:
        pass

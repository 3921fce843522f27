"""What keeps a queue from being worked: told in its being, where `luxos queue` finds it, until it is worked again."""

from luxos.beings.being import BaseBeing
from luxos.beings.static import CORE_OWNER
from luxos.errors import LuxError
from luxos.persistence.queries import queries
from luxos.runtime.tasks.figures import queue_being


async def tell(queue: str, error: LuxError) -> None:
    """Says since when nobody works the queue, and why, in the language of whoever worked it."""
    genesis = {"type": "queue", "name": queue, "owner": CORE_OWNER}
    async with BaseBeing._borrowed(None) as lent:
        await lent.execute(queries()["trouble_of_queue"], queue_being(queue), genesis, error.as_json())


async def over(queue: str) -> None:
    """It is worked again."""
    async with BaseBeing._borrowed(None) as lent:
        await lent.execute(queries()["queue_is_worked"], queue_being(queue))

"""A runtime of one's own, and what the tests of promotions ask of it."""

from typing import Any

import pytest

from luxos.runtime.calling import Calls, session_run
from luxos.runtime.dispatcher import Runtime
from luxos.souls.aliases import Alias


class House:
    """Calls souls as programs do, and says what they are."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def call(self, who: str, *args: Any, **options: Any) -> Any:
        """One call in a run of its own; what is done beside it has ended."""
        async with session_run(self.runtime, "a test") as run:
            try:
                return await Calls(self.runtime, run).but(**options)(who, *args)
            finally:
                await self.runtime.following.settle()

    async def hash(self, name: str) -> str:
        return str((await Alias.of(name)).hash)


@pytest.fixture
async def house(runtime: Runtime) -> House:
    return House(runtime)

"""A hermetic tier of its own for each test, and souls from their sources."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from luxos.beings.function_source import signature_of
from luxos.runtime.code import Ask, Code, CodeLimits, Ended, Given
from luxos.runtime.hermetic import Hermetic

THIS = {
    "soul": "0d9f8a4e-7a55-4be6-a9a7-0d4a1ac20c9d",
    "name": "próba",
    "soul_hash": "sha256:1",
    "attributes": {"rate": 23},
    "tags": ["money"],
    "energy_level": 7,
    "owner": "ania",
}


def code_of(source: str, *, owner: str = "ania", **limits: Any) -> Code:
    """The code of a soul that has this source."""
    soul_hash = f"sha256:{hashlib.sha256(source.encode()).hexdigest()}"
    return Code(soul_hash, "próba", source, signature_of(source), owner, CodeLimits(**limits))


async def nothing(ask: Ask) -> Any:
    """Answers nothing."""
    raise AssertionError(f"it asked: {ask}")


async def last(ask: Ask) -> Any:
    """Answers with the last argument."""
    return ask.args[-1]


class Calls:
    """Calls souls by their sources."""

    def __init__(self, tier: Hermetic) -> None:
        self.tier = tier

    async def ended(
        self,
        code: Code | str,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        answer: Callable[[Ask], Awaitable[Any]] = nothing,
        seconds: float = 60,
    ) -> Ended:
        code = code_of(code) if isinstance(code, str) else code
        return await self.given(code, Given(args, kwargs or {}, THIS), answer, seconds)

    async def given(
        self, code: Code, given: Given, answer: Callable[[Ask], Awaitable[Any]], seconds: float = 60
    ) -> Ended:
        return await self.tier.call(code, given, answer, asyncio.get_running_loop().time() + seconds)

    async def __call__(self, code: Code | str, *args: Any, **settings: Any) -> Any:
        return (await self.ended(code, args, **settings)).result


@pytest.fixture
async def tier(tmp_path: Path) -> AsyncIterator[Hermetic]:
    hermetic = Hermetic(tmp_path, size=3)
    yield hermetic
    await hermetic.close()


@pytest.fixture
def call(tier: Hermetic) -> Calls:
    return Calls(tier)

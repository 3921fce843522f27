"""An isolated tier of its own for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.runtime.hermetic.conftest import Calls

from luxos.runtime.isolated import Isolated


@pytest.fixture
async def tier(tmp_path: Path) -> AsyncIterator[Isolated]:
    isolated = Isolated(tmp_path, size=3)
    yield isolated
    await isolated.close()


@pytest.fixture
def call(tier: Isolated) -> Calls:
    return Calls(tier)

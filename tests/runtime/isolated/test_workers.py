"""How many workers there are, and when they go."""

from pathlib import Path

import pytest
from tests.runtime.hermetic.conftest import Calls
from tests.runtime.hermetic.processes import until

from luxos.runtime.isolated import Isolated, workers


async def test_only_so_many_wait_for_the_next_call(tmp_path: Path) -> None:
    call = Calls(Isolated(tmp_path, idle=2))
    for number in range(5):
        assert await call(f"def f():\n    return {number}") == number
    known = call.tier._workers
    await until(lambda: not known._ending and known._spare is not None)
    assert len(known._ready) == 2
    assert len(known._all) == 3
    await call.tier.close()


async def test_those_that_nobody_calls_are_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "REST", 0.5)
    call = Calls(Isolated(tmp_path))
    assert await call("def f():\n    return 1") == 1
    known = call.tier._workers
    assert known._all
    await until(lambda: not known._all)
    assert await call("def f():\n    return 1") == 1
    await call.tier.close()

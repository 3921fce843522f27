"""Forged frames in the isolated tier's channel: nobody but the call itself sees anything of them."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.sampling import WHOLE
from tests.runtime.hermetic.conftest import THIS, code_of
from tests.security import careless_host as host
from tests.security import careless_line, forged
from tests.security.test_souls import source_of

from luxos.errors import LuxError
from luxos.runtime.code import Ask, Given
from luxos.runtime.isolated import Isolated
from luxos.runtime.isolated.worker import INSIDE

EVERY = 1 if WHOLE else 8
"""`make test` makes each eighth, `make attacks` all of them."""
SOULS = {name: source_of(body) for name, body in [*forged.SOULS.items()][::EVERY]}
MARK = "f0rged-7141"
BESIDE = 'def function(x):\n    return [execution("jan", x), execution("jan", x + 1)]\n'
pytestmark = pytest.mark.slow


def test_the_corpus_is_as_large_as_it_says() -> None:
    assert len(forged.SOULS) >= 60


def test_a_careless_end_takes_them(tmp_path: Path) -> None:
    (tmp_path / "task").write_text(json.dumps({"souls": SOULS, "mark": MARK, "inside": str(INSIDE.parent)}))
    command = [sys.executable, "-I", "-S", careless_line.__file__, tmp_path / "task"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ends = json.loads(done.stdout.splitlines()[-1])
    assert [name for name, got_there in ends.items() if not got_there] == []
    assert list(ends) == list(SOULS)


async def test_ours_does_not(tmp_path: Path) -> None:
    """A call of another owner's is on its way beside each: it gets its own answers, and only those."""
    tier = Isolated(tmp_path)
    try:
        ends = {name: await end(tier, source) for name, source in SOULS.items()}
    finally:
        await tier.close()
    assert {name: problems for name, problems in ends.items() if problems} == {}


async def end(tier: Isolated, source: str) -> list[str]:
    """What is not as it was with a call that forges frames beside another."""
    mine, other = host.Seen(), host.Seen()
    waits = asyncio.Event()

    async def answer_other(ask: Ask) -> Any:
        await waits.wait()
        return other.answer(ask.args, ask.kwargs)

    async def answer(ask: Ask) -> Any:
        return mine.answer([ask.name, *ask.args], ask.kwargs)

    beside = asyncio.create_task(tier.call(code_of(BESIDE, owner="jan"), Given([5], {}, THIS), answer_other, _soon()))
    problems = []
    try:
        done = await tier.call(code_of(source, seconds=1), Given([{"mark": MARK}], {}, THIS), answer, _soon())
        problems += ["its result is no JSON"] if host.unfit(done.result) else []
    except LuxError:
        pass
    except Exception as error:
        problems.append(f"LuxOS itself: {error!r:.300}")
    waits.set()
    found = (await beside).result
    if found != [5, 6] or other.then != ["(['jan', 5], {})", "(['jan', 6], {})"]:
        problems.append(f"the other call: {found} {other.then}")
    if any(args[:1] not in (["execution"], ["summon"]) or args[1:] != [MARK] for args, _ in mine.asked):
        problems.append(f"it asked: {mine.then}")
    return [*problems, *mine.changed(), *other.changed()]


def _soon() -> float:
    return asyncio.get_running_loop().time() + 60

"""A call that waits goes on elsewhere: in another process with the same key, and only as it was sealed."""

import asyncio
import json
import subprocess
import sys
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as examples
from hypothesis import strategies as st
from tests.runtime.hermetic.conftest import Calls, code_of, last

from luxos.beings.function_source import Signature
from luxos.i18n import speaking
from luxos.runtime.code import Ask, Code, Given, Method
from luxos.runtime.errors.calls import BeingNotCallable
from luxos.runtime.errors.code import CodeOverLimit
from luxos.runtime.hermetic import Hermetic, sealed
from luxos.runtime.hermetic.confined import confined
from luxos.runtime.hermetic.errors import SnapshotKeyUnfit, SnapshotRefused
from luxos.runtime.hermetic.monty import Monty, MontyError
from luxos.runtime.hermetic.prepared import Prepared
from luxos.runtime.hermetic.source import read

PLAIN = (
    "def f(x):\n    print('raz')\n    a = execution('a', x)\n    print('dwa')\n    return [a, execution('b', a + 1)]\n"
)
SHORT = "def f(x):\n    return execution('a', x)"
BOTH = (
    "import asyncio\n\nasync def f(x):\n    print('raz')\n"
    "    return await asyncio.gather(execution('a', x), execution('b', x + 1), execution('c', x + 2))\n"
)


NOTHING = Given()


class Stop(Exception):
    """Ends a call where it waits, as a crash would."""


async def frozen_at(call: Calls, code: Code, number: int, *args: Any, given: Given | None = None) -> bytes:
    """The state of a call at its ask of this number; those before are answered with their last argument."""
    kept: list[bytes | None] = []

    async def answer(ask: Ask) -> Any:
        assert ask.freeze is not None
        if ask.number == number:
            kept.append(await ask.freeze())
            raise Stop
        return ask.args[-1]

    with pytest.raises(Stop):
        await call.given(code, given or Given(args), answer)
    assert kept[0] is not None
    return kept[0]


async def gone_on(tier: Hermetic, code: Code, frozen: bytes, answer: Any = last, given: Given = NOTHING) -> Any:
    deadline = asyncio.get_running_loop().time() + 60
    return await tier.go_on(code, given, frozen, answer, deadline)


@pytest.mark.parametrize("number", [0, 1])
async def test_a_call_goes_on_where_it_waited(call: Calls, tmp_path: Path, number: int) -> None:
    code = code_of(PLAIN)
    frozen = await frozen_at(call, code, number, 5)
    asked: list[int] = []

    async def answer(ask: Ask) -> Any:
        asked.append(ask.number)
        return ask.args[-1]

    elsewhere = Hermetic(tmp_path)
    ended = await gone_on(elsewhere, code, frozen, answer)
    await elsewhere.close()
    assert (ended.result, ended.printed) == ([5, 6], "raz\ndwa\n")
    assert asked == list(range(number, 2))


async def test_what_was_asked_at_once_is_asked_again_at_once(call: Calls) -> None:
    code = code_of(BOTH)
    frozen = await frozen_at(call, code, 2, 5)
    asked: list[tuple[int, str]] = []

    async def answer(ask: Ask) -> Any:
        asked.append((ask.number, ask.args[0]))
        return ask.args[-1]

    ended = await gone_on(call.tier, code, frozen, answer)
    assert (ended.result, ended.printed) == ([5, 6, 7], "raz\n")
    assert (2, "c") in asked


async def test_it_goes_on_in_another_process(call: Calls, tmp_path: Path) -> None:
    """Begun in one process, which is killed where it waits, and gone on with in another."""
    begun = json.loads(_process(tmp_path, BEGIN.format(source=PLAIN)))
    assert begun["asked"] == 1
    ended = json.loads(_process(tmp_path, GO_ON.format(source=PLAIN, frozen=begun["frozen"])))
    assert ended == {"result": [5, 6], "printed": "raz\ndwa\n", "asked": [1]}
    assert (await gone_on(call.tier, code_of(PLAIN), b64decode(begun["frozen"]))).result == [5, 6]


HEAD = """
import asyncio, json, os, signal, sys
from base64 import b64decode, b64encode
from pathlib import Path
from luxos.runtime.code import Given
from luxos.runtime.hermetic import Hermetic
from tests.runtime.hermetic.conftest import Calls, code_of

async def main(home):
    call = Calls(Hermetic(Path(home)))
"""
BEGIN = (
    HEAD
    + """
    async def answer(ask):
        if ask.number == 1:
            frozen = b64encode(await ask.freeze()).decode()
            print(json.dumps({{"frozen": frozen, "asked": ask.number}}), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        return ask.args[-1]

    await call(code_of({source!r}), 5, answer=answer)

asyncio.run(main(sys.argv[1]))
"""
)
GO_ON = (
    HEAD
    + """
    asked = []

    async def answer(ask):
        asked.append(ask.number)
        return ask.args[-1]

    deadline = asyncio.get_running_loop().time() + 60
    ended = await call.tier.go_on(code_of({source!r}), Given(), b64decode({frozen!r}), answer, deadline)
    print(json.dumps({{"result": ended.result, "printed": ended.printed, "asked": asked}}))
    await call.tier.close()

asyncio.run(main(sys.argv[1]))
"""
)


def _process(home: Path, source: str) -> bytes:
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", source, home], cwd=root, capture_output=True, timeout=60, check=False)
    assert done.stdout, done.stderr
    return done.stdout


async def test_every_bit_of_it_counts(call: Calls, tmp_path: Path) -> None:
    code, key = code_of(SHORT), sealed.Key.of(tmp_path)
    frozen, source = await frozen_at(call, code, 0, 5), Prepared(read(code.source, code.signature))
    sealed.unseal(key, code, Given(), source, frozen)
    for bit in range(len(frozen) * 8):
        changed = bytearray(frozen)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SnapshotRefused):
            sealed.unseal(key, code, Given(), source, bytes(changed))
    for length in range(0, len(frozen), 7):
        with pytest.raises(SnapshotRefused):
            sealed.unseal(key, code, Given(), source, frozen[:length])
    with pytest.raises(SnapshotRefused):
        await gone_on(call.tier, code, frozen + b"\0")


async def test_control_monty_alone_loads_what_was_changed(call: Calls, tmp_path: Path) -> None:
    code = code_of(SHORT)
    frozen = await frozen_at(call, code, 0, 5)
    source = Prepared(read(code.source, code.signature))
    _talk, state = sealed.unseal(sealed.Key.of(tmp_path), code, Given(), source, frozen)
    loaded = 0
    with confined() as program, Monty(binary_path=program, max_processes=1) as pool:
        for bit in range(0, len(state) * 8, 97):
            changed = bytearray(state)
            changed[bit // 8] ^= 1 << bit % 8
            with pool.checkout() as session:
                try:
                    session.load_snapshot(bytes(changed))
                except (MontyError, RuntimeError, ValueError):
                    continue
                loaded += 1
    assert loaded > 0


async def test_it_is_of_one_soul(call: Calls) -> None:
    frozen = await frozen_at(call, code_of(SHORT), 0, 5)
    with speaking("en"), pytest.raises(SnapshotRefused) as caught:
        await gone_on(call.tier, code_of(f"{SHORT} + 1"), frozen)
    assert "soul" in str(caught.value.details["reason"])


async def test_it_is_of_one_owner(call: Calls) -> None:
    frozen = await frozen_at(call, code_of(SHORT), 0, 5)
    with speaking("en"), pytest.raises(SnapshotRefused) as caught:
        await gone_on(call.tier, code_of(SHORT, owner="jan"), frozen)
    assert "somebody else" in str(caught.value.details["reason"])


async def test_it_is_of_one_monty(call: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "VERSION", "1.3.0")
    frozen = await frozen_at(call, code_of(SHORT), 0, 5)
    monkeypatch.undo()
    with pytest.raises(SnapshotRefused, match=r"1\.3\.0"):
        await gone_on(call.tier, code_of(SHORT), frozen)


async def test_it_is_of_one_installation(call: Calls, tmp_path: Path) -> None:
    frozen = await frozen_at(call, code_of(SHORT), 0, 5)
    with pytest.raises(SnapshotRefused):
        await gone_on(Hermetic(tmp_path / "other"), code_of(SHORT), frozen)


@pytest.mark.parametrize("content", [b"", b"00\n", b"x" * 64 + b"\n", b"AB" * 32 + b"\n", b"ab" * 32, b"ab" * 200])
async def test_a_damaged_key_is_told(tmp_path: Path, content: bytes) -> None:
    sealed.Key.of(tmp_path)
    (tmp_path / "keys" / "snapshots.key").write_bytes(content)
    with pytest.raises(SnapshotKeyUnfit):
        sealed.Key.of(tmp_path)


async def test_the_key_is_ours_alone(tmp_path: Path) -> None:
    key, file = sealed.Key.of(tmp_path), tmp_path / "keys" / "snapshots.key"
    assert (file.stat().st_mode & 0o777, sealed.Key.of(tmp_path)) == (0o600, key)
    file.chmod(0o644)
    with pytest.raises(SnapshotKeyUnfit):
        sealed.Key.of(tmp_path)


async def test_its_time_goes_on(call: Calls) -> None:
    body = (
        "def f():\n    x = 0\n    while x < 1_000_000_000:\n        x += 1\n        if x == {stop}: execution('a', 1)\n"
    )
    code = code_of(body.format(stop=20_000), seconds=2.0)
    frozen = await frozen_at(call, code, 0)
    with pytest.raises(CodeOverLimit):
        await gone_on(call.tier, code, frozen)


STEPS = {
    "plain": "seen.append(ask({n}))",
    "helper": "seen.append(helper({n}))",
    "caught": "try: seen.append(ask('no'))\n    except RuntimeError as error: seen.append(str(error))",
    "loop": "for k in range(3): seen.append(ask(k) + {n})",
    "both": "seen.append(await asyncio.gather(execution('x', {n}), execution('x', {n} + 1)))",
    "await": "seen.append(await execution('x', {n}))",
}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@examples(steps=st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=6), data=st.data())
async def test_it_ends_as_if_nothing_had_happened(call: Calls, steps: list[str], data: st.DataObject) -> None:
    body = "\n    ".join(STEPS[step].format(n=number) for number, step in enumerate(steps))
    code = code_of(
        "import asyncio\n\ndef ask(x):\n    return execution('x', x)\n\ndef helper(x):\n    return ask(x) * 2\n\n"
        f"async def function():\n    seen = []\n    {body}\n    return seen\n"
    )
    frozen: list[bytes] = []

    async def answer(ask: Ask) -> Any:
        assert ask.freeze is not None
        if (state := await ask.freeze()) is not None:
            frozen.append(state)
        if ask.args[-1] == "no":
            raise BeingNotCallable(who="x")
        return ask.args[-1]

    ahead = data.draw(st.lists(st.booleans(), min_size=20, max_size=20))  # the state is taken before it is asked for
    result = (await call.given(code, Given(freezes=lambda: bool(ahead and ahead.pop())), answer)).result
    state = data.draw(st.sampled_from(frozen))
    assert (await gone_on(call.tier, code, state, answer)).result == result


async def test_it_is_of_one_call(call: Calls) -> None:
    frozen = await frozen_at(call, code_of(SHORT), 0, 5)
    with speaking("en"), pytest.raises(SnapshotRefused) as caught:
        await gone_on(call.tier, code_of(SHORT), frozen, given=Given(place="another"))
    assert "another call" in str(caught.value.details["reason"])


METHODS = (
    "class Lots:\n    def draw(self, x):\n        self.seen = x + 1\n        return execution('a', self.seen)\n\n"
    "    def other(self, x):\n        return execution('a', x)\n"
)


def method(name: str, soul: str = "1", **state: int) -> Given:
    return Given([5], {}, {"soul": soul}, Method("Lots", name, state, ["seen"]), "here")


async def test_a_method_goes_on_where_it_waited(call: Calls) -> None:
    code = Code("sha256:lots", "lots", METHODS, Signature("lots", (), None, is_async=False, purpose=""), "ania")
    given = method("draw", seen=1)
    frozen = await frozen_at(call, code, 0, given=given)
    ended = await gone_on(call.tier, code, frozen, given=given)
    assert (ended.result, ended.state) == (6, {"seen": 6})
    for other in (method("other", seen=1), method("draw", "2", seen=1), method("draw", seen=2), Given(place="here")):
        with pytest.raises(SnapshotRefused):
            await gone_on(call.tier, code, frozen, given=other)

"""What a call in the hermetic tier costs beside the fastest call of Monty alone that carries nothing over.

Monty alone: its own pool, unconfined, synchronous, in one thread, under the same limits; for each soul the faster of a
prepared session restored and the source fed anew; and the same once more with LuxOS's own trick for it, by which Monty
does not search all folders for OpenTelemetry at every turn. The other side is LuxOS's whole tier: workers behind walls,
an event loop, a watchdog, results checked. Rounds of the two alternate; what counts is the median of the rounds.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import Figure, Machine
from luxos.beings.function_source import signature_of
from luxos.runtime.code import Ask, Code, Given
from luxos.runtime.hermetic import Hermetic, sealed
from luxos.runtime.hermetic.limits import monty_limits
from luxos.runtime.hermetic.monty import FunctionSnapshot, Monty, MontyComplete
from luxos.runtime.hermetic.prepared import Prepared
from luxos.runtime.hermetic.source import read

SMALL = "def function(net, rate=23):\n    return net * (100 + rate) / 100\n"
LARGE = "import json, re, math\n\n" + "".join(
    f"def part{number}(count, factor=2):\n"
    '    """Some of them."""\n'
    "    found = []\n"
    "    for each in range(count):\n"
    f"        if each % 2 == 0 and factor > {number}:\n"
    f"            found.append(each * factor + {number})\n"
    "        else:\n"
    "            found.append(str(each) + 'x')\n"
    "    return found\n\n"
    for number in range(30)
)
LARGE += SMALL
ASKING = "def function(net):\n    return execution('vat', net) + 1\n"
RECORDS = (
    "def function(rows):\n    return [{'id': row['id'], 'gross': row['net'] * 123 / 100, 'name': row['name']} "
    "for row in rows]\n"
)
ROWS = [{"id": number, "net": number * 10, "name": f"faktura {number}"} for number in range(100)]
ROUNDS, CALLS = 40, 25
CALL_MUST, SNAPSHOT_MUST = 1.3, 1.5


def figures(machine: Machine) -> Iterator[Figure]:
    """The rows of this benchmark."""
    with tempfile.TemporaryDirectory(prefix="luxos-bench-") as home:
        yield from asyncio.run(_measured(Path(home)))


async def _measured(home: Path) -> list[Figure]:
    tier = Hermetic(home)
    found = []
    with Monty(max_processes=1) as pool:
        for what, source, args in (
            ("two lines", SMALL, [100]),
            ("300 lines", LARGE, [100]),
            ("100 records in and out", RECORDS, [ROWS]),
        ):
            found.append(await _call(tier, Bare(pool, _code(source), args), what))
        found.append(await _asking(tier, Bare(pool, _code(ASKING), [100])))
        found += await _snapshots(tier, home, Bare(pool, _code(ASKING), [100]))
    await tier.close()
    return found


Way = Callable[[], Awaitable[Any]]


class Bare:
    """A soul called by Monty alone."""

    def __init__(self, pool: Monty, code: Code, args: list[Any]) -> None:
        self.pool, self.code, self.args = pool, code, args
        self.limits = monty_limits(code.limits)
        self.line = "function(*luxos_args)"
        with pool.checkout(limits=self.limits) as session:
            session.feed_run(code.source)
            self.state = session.dump()

    async def restored(self) -> Any:
        """In a session that was prepared once."""
        with self.pool.checkout(limits=self.limits) as session:
            session.load_session(self.state)
            return session.feed_run(self.line, inputs={"luxos_args": self.args})

    async def fresh(self) -> Any:
        """With its source fed anew."""
        with self.pool.checkout(limits=self.limits) as session:
            return session.feed_run(self.code.source + self.line, inputs={"luxos_args": self.args})

    async def asking(self) -> Any:
        """Answered once."""
        with self.pool.checkout(limits=self.limits) as session:
            now = session.feed_start(self.code.source + self.line, inputs={"luxos_args": self.args})
            while isinstance(now, FunctionSnapshot):
                now = now.resume({"return_value": now.args[-1]})
            assert isinstance(now, MontyComplete)
            return now.output


def as_it_comes(way: Way) -> Way:
    """Monty without what `luxos.runtime.hermetic.monty` tells Python for it."""

    async def called() -> Any:
        told = sys.modules.pop("opentelemetry", None)
        try:
            return await way()
        finally:
            sys.modules["opentelemetry"] = told  # type: ignore[assignment]

    return called


async def _call(tier: Hermetic, bare: Bare, what: str) -> Figure:
    async def ours() -> Any:
        return await _called(tier, bare.code, bare.args)

    took = await _rounds(ours, as_it_comes(bare.restored), as_it_comes(bare.fresh), bare.restored, bare.fresh)
    least, tricked = min(took[1:3]), min(took[3:])
    return Figure(
        f"hermetic call, nothing recorded: {what}",
        f"{took[0] * 1e6:.0f} µs ({took[0] / least:.2f}×)",
        f"Monty alone: restored {took[1] * 1e6:.0f} µs, fed anew {took[2] * 1e6:.0f} µs "
        f"(by our trick {tricked * 1e6:.0f} µs, {took[0] / tricked:.2f}×)",
        f"at most {CALL_MUST}× the faster",
        took[0] <= CALL_MUST * least,
    )


async def _asking(tier: Hermetic, bare: Bare) -> Figure:
    async def ours() -> Any:
        return await _called(tier, bare.code, bare.args)

    mine, alone = await _rounds(ours, bare.asking)
    return Figure(
        "hermetic call that asks once",
        f"{mine * 1e6:.0f} µs ({mine / alone:.2f}×)",
        f"Monty alone {alone * 1e6:.0f} µs",
        "none",
        True,
    )


async def _snapshots(tier: Hermetic, home: Path, bare: Bare) -> list[Figure]:
    """What a sealed state adds to a call that asks, beside Monty's dump; and what going on in its middle takes."""
    kept: list[bytes | None] = []

    async def answer(ask: Ask) -> Any:
        assert ask.freeze is not None
        kept[:] = [await ask.freeze()]
        return ask.args[-1]

    async def asked() -> Any:
        return await _called(tier, bare.code, bare.args)

    async def frozen() -> Any:
        return await _called(tier, bare.code, bare.args, answer, freezes=lambda: True)

    async def go_on() -> Any:
        assert kept[0] is not None
        return (await tier.go_on(bare.code, Given(), kept[0], _last, _later())).result

    async def load() -> Any:
        with bare.pool.checkout(limits=bare.limits) as session:
            now = session.load_snapshot(state)
            assert isinstance(now, FunctionSnapshot)
            done = now.resume({"return_value": now.args[-1]})
            assert isinstance(done, MontyComplete)
            return done.output

    async def dump() -> float:
        with bare.pool.checkout(limits=bare.limits) as session:
            now = session.feed_start(read(bare.code.source, bare.code.signature).text, inputs=_inputs(bare.args))
            assert isinstance(now, FunctionSnapshot)
            began = time.perf_counter()
            now.dump()
            return time.perf_counter() - began

    dumped: list[list[float]] = [[], []]
    for _ in range(ROUNDS * CALLS // 4):
        for way, took in zip((as_it_comes(dump), dump), dumped, strict=True):
            took.append(await way())
    without, with_state = await _rounds(asked, frozen)
    assert kept[0] is not None
    source = Prepared(read(bare.code.source, bare.code.signature))
    _talk, state = sealed.unseal(sealed.Key.of(home), bare.code, Given(), source, kept[0])
    saved, saving = with_state - without, [statistics.median(took) for took in dumped]
    went_on, *loading = await _rounds(go_on, as_it_comes(load), load)
    return [
        _beside("snapshot in the middle of a call: save", saved, "Monty's dump", saving),
        _beside("snapshot in the middle of a call: load, and the rest of the call", went_on, "Monty alone", loading),
    ]


def _beside(what: str, mine: float, peer: str, alone: Sequence[float]) -> Figure:
    """`alone` is Monty as it comes, and by our trick."""
    return Figure(
        what,
        f"{mine * 1e6:.0f} µs ({mine / alone[0]:.2f}×)",
        f"{peer} {alone[0] * 1e6:.0f} µs (by our trick {alone[1] * 1e6:.0f} µs, {mine / alone[1]:.2f}×)",
        f"at most {SNAPSHOT_MUST}×",
        mine <= SNAPSHOT_MUST * alone[0],
    )


def _code(source: str) -> Code:
    return Code(f"sha256:{hash(source)}", "measured", source, signature_of(source), "bench")


def _inputs(args: list[Any]) -> dict[str, Any]:
    return {"luxos_args": args, "luxos_kwargs": {}}


def _later() -> float:
    return asyncio.get_running_loop().time() + 60


async def _last(ask: Ask) -> Any:
    return ask.args[-1]


async def _called(
    tier: Hermetic, code: Code, args: list[Any], answer: Any = _last, freezes: Callable[[], bool] = lambda: False
) -> Any:
    return (await tier.call(code, Given(args, freezes=freezes), answer, _later())).result


async def _rounds(*ways: Way) -> list[float]:
    """The seconds of one call each way, the median of rounds that alternate; all give the same."""
    results = [await way() for way in ways for _ in range(5)]
    assert all(result == results[0] for result in results), results
    took: list[list[float]] = [[] for _ in ways]
    for _ in range(ROUNDS):
        for way, seconds in zip(ways, took, strict=True):
            began = time.perf_counter()
            for _ in range(CALLS):
                await way()
            seconds.append((time.perf_counter() - began) / CALLS)
    return [statistics.median(seconds) for seconds in took]

"""`kill -9` of clients, of the server and of its backends, and restarts of it, at random moments under a mixed load.

What each client said before it died is the log; the tables must hold everything that was acknowledged, once, whole.
What was begun and not acknowledged may be there, once and whole, or not.
"""

import asyncio
import json
import os
import random
import signal
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import uuid5

import pytest
from tests.faults.object_client import BATCH, OPERATIONS, READER, ROOT, SHARED, TURNS, own, work_channel
from tests.plugins.sampling import WHOLE, sampled
from tests.plugins.warm import Forked

from luxos.beings.being import BaseBeing
from luxos.beings.find import find
from luxos.beings.memories import history
from luxos.config import Settings
from luxos.integrity import CHECKS
from luxos.persistence.database import open_database
from luxos.persistence.guardian import postmaster, works_in
from luxos.souls.aliases import row_of
from luxos.souls.evolution import living
from luxos.souls.registry import Soul

PROGRAM = Path(__file__).with_name("object_client.py")
ENVIRONMENT = {"PATH": os.environ["PATH"], "LUXOS_LANG": "pl"}
CLIENTS = ("ala", "bob", "cyd")
MOMENTS = 500 if WHOLE else 12
SECONDS = 60.0
SEED = 20261125

pytestmark = pytest.mark.slow


class Log:
    """What all clients said, in the order of each of them."""

    def __init__(self) -> None:
        self.begun: dict[str, dict[str, str]] = {}
        self.done: dict[str, list[str]] = {}
        self.refused: set[str] = set()

    def hear(self, client: str, line: dict[str, str]) -> None:
        if "begin" in line:
            self.begun[line["begin"]] = {"client": client, "kind": line["kind"]}
        elif "done" in line:
            self.done.setdefault(self.begun[line["done"]]["kind"], []).append(line["done"])
        elif "refused" in line:
            self.refused.add(line["refused"])

    def acknowledged(self, kind: str) -> set[str]:
        return set(self.done.get(kind, ()))

    def possible(self, kind: str) -> set[str]:
        """What may be in the tables: begun, and not refused."""
        return {ident for ident, what in self.begun.items() if what["kind"] == kind} - self.refused


class Running:
    """One client process and the thread that listens to it."""

    def __init__(self, home: Path, name: str, seed: int, mode: str, log: Log) -> None:
        self.name, self._log, self.opened, self.heard = name, log, threading.Event(), 0
        self.process = Forked([str(home), name, str(seed), mode], ENVIRONMENT, home.parent, PROGRAM)
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        for text in self.process.stdout:
            if text.endswith("\n"):  # the last line may have been cut off
                line = json.loads(text)
                self._log.hear(self.name, line)
                self.heard += 1
                if "open" in line:
                    self.opened.set()
        self.opened.set()

    def end(self) -> None:
        """Kills it, if it lives, and hears all that it said."""
        self.process.kill()
        self.process.wait()
        self._thread.join()
        self.process.close()


class Load:
    """Three clients on one data folder, and somebody who kills."""

    def __init__(self, home: Path, mode: str) -> None:
        self.home, self.mode, self.log = home, mode, Log()
        self.chance = random.Random(SEED)  # noqa: S311 - moments, no secrets
        self.clients = {name: self._start(name) for name in CLIENTS}
        self.killed: Counter[str] = Counter()

    def _start(self, name: str) -> Running:
        return Running(self.home, name, self.chance.randrange(1 << 30), self.mode, self.log)

    def disturb(self, moments: int) -> None:
        for _ in range(moments):
            for client in self.clients.values():
                assert client.opened.wait(SECONDS)
            time.sleep(self.chance.uniform(0.02, 0.3))
            self._kill(self.chance.choices(("client", "server", "backend", "restart"), (7, 1, 1, 1))[0])
            self._revive()

    def _kill(self, what: str) -> None:
        self.killed[what] += 1
        if what == "client":
            self.clients[self.chance.choice(CLIENTS)].end()
            return
        server = postmaster(self.home / "postgres")
        if server is None:
            return  # it is just being started again
        backends = [pid for pid in _processes() if pid != server.pid and works_in(pid, self.home / "postgres")]
        victim = server.pid if what != "backend" or not backends else self.chance.choice(backends)
        try:
            os.kill(victim, signal.SIGINT if what == "restart" else signal.SIGKILL)
        except ProcessLookupError:
            return
        until = time.monotonic() + SECONDS
        for client in self.clients.values():
            heard = client.heard
            while client.process.poll() is None and client.heard < heard + 4:
                assert time.monotonic() < until, f"{client.name} neither went on nor said what happened"
                time.sleep(0.01)

    def _revive(self) -> None:
        for name, client in self.clients.items():
            if client.process.poll() is not None:
                client.end()
                self.clients[name] = self._start(name)

    def end(self) -> None:
        for client in self.clients.values():
            client.end()


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


async def faults(home: Path, log: Log) -> list[str]:
    """Everything in the tables that does not fit to what was acknowledged."""
    settings = Settings(home=home, cache=home, projects=home, dsn=None, database_linger=0.0)
    async with open_database(settings) as database:
        BaseBeing.db_pool = database.pool
        try:
            checks = (_added_up(log), _own(log), _turns(log), _rows(log, database.pool), _messages(log), _souls(log))
            return [
                *[fault for check in checks for fault in await check],
                *[str(fault) for check, _title in CHECKS.values() async for fault in check(database)],
            ]
        finally:
            BaseBeing.db_pool = None


def _compared(what: str, found: list[str], sure: set[str], possible: set[str]) -> list[str]:
    twice = [ident for ident, count in Counter(found).items() if count > 1]
    return [
        *(f"{what} {ident} was acknowledged and is missing" for ident in sure - set(found)),
        *(f"{what} {ident} is there twice" for ident in twice),
        *(f"{what} {ident} was never written by anybody" for ident in set(found) - possible),
    ]


async def _ids(soul: Any) -> list[str]:
    return [memory["id"] async for memory in history(soul) if memory["kind"] == "op"]


async def _added_up(log: Log) -> list[str]:
    """Memories, energy and the last word of each client were written together."""
    shared, ids = await BaseBeing.load(SHARED), await _ids(SHARED)
    found = _compared("note", ids, log.acknowledged("note"), log.possible("note"))
    if shared.energy_level != len(ids):
        found.append(f"{len(ids)} notes, and the energy is {shared.energy_level}")
    for client in CLIENTS:
        of_client = [ident for ident in ids if ident in log.begun and log.begun[ident]["client"] == client]
        if shared.attributes.get(client) != (of_client[-1] if of_client else None):
            found.append(f"the last note of {client} is not the last of its memories")
        order = [ident for ident in log.begun if ident in set(of_client)]
        if of_client != order:
            found.append(f"the notes of {client} are not in order")
    return found


async def _own(log: Log) -> list[str]:
    found, ids = [], []
    for client in CLIENTS:
        being, of_client = await BaseBeing.load(own(client)), await _ids(own(client))
        if being.attributes.get("last") != (of_client[-1] if of_client else None):
            found.append(f"{client}: attributes and memories were not written together")
        ids += of_client
    return found + _compared("save", ids, log.acknowledged("save"), log.possible("save"))


async def _turns(log: Log) -> list[str]:
    count = (await BaseBeing.load(TURNS)).attributes["count"]
    sure, possible = len(log.acknowledged("turn")), len(log.possible("turn"))
    return [] if sure <= count <= possible else [f"{sure} turns acknowledged of {possible}, and the count is {count}"]


async def _rows(log: Log, pool: Any) -> list[str]:
    rows = await pool.fetch(
        "SELECT attributes ->> 'batch' AS batch, count(*) FROM base_beings WHERE tags @> '{batch}' GROUP BY 1"
    )
    found = [f"batch {row['batch']} has {row['count']} beings" for row in rows if row["count"] != BATCH]
    found += _compared("batch", [row["batch"] for row in rows], log.acknowledged("batch"), log.possible("batch"))
    names = {uuid5(ROOT, ident): ident for ident in log.possible("relate")}
    rows = await pool.fetch("SELECT id FROM relationships WHERE genesis ->> 'type' = 'client'")
    ties = [names.get(row["id"], str(row["id"])) for row in rows]
    return found + _compared("relationship", ties, log.acknowledged("relate"), set(names.values()))


async def _messages(log: Log) -> list[str]:
    """Sent once, numbered without a gap, and each read once, in order."""
    channel = await work_channel()
    messages = [being async for being in find(kind="message", attributes={"channel": str(channel.id)})]
    found = _compared(
        "message", [m.attributes["body"] for m in messages], log.acknowledged("send"), log.possible("send")
    )
    if sorted(m.attributes["seq"] for m in messages) != list(range(1, len(messages) + 1)):
        found.append("the numbers of the messages have gaps")
    got = [memory["seq"] async for memory in history(READER) if memory["kind"] == "got"]
    if got != list(range(1, len(got) + 1)):
        found.append(f"messages were not read once and in order: {got}")
    return found


async def _souls(log: Log) -> list[str]:
    """Each line that was acknowledged is in the source, once and in order, and every version can be read."""
    found, idents = [], []
    for client in CLIENTS:
        being = await living(client)
        if being is None:
            continue
        lines = [line[2:] for line in being.genesis["source"].splitlines() if line.startswith("# ")]
        if lines != [ident for ident in log.begun if ident in set(lines)]:
            found.append(f"the lines of {client} are not in order")
        idents += lines
        hashes = [memory["hash"] async for memory in history(row_of(client)) if "hash" in memory]
        found += [f"version {name} of {client} is missing" for name in hashes if not await Soul.get_by_hash(name)]
    return found + _compared("line", idents, log.acknowledged("evolve"), log.possible("evolve"))


def survive(home: Path, mode: str, moments: int) -> tuple[Load, list[str]]:
    load = Load(home, mode)
    try:
        load.disturb(moments)
    finally:
        load.end()
    return load, asyncio.run(faults(home, load.log))


def test_nothing_acknowledged_is_lost_and_nothing_is_there_twice(tmp_path: Path) -> None:
    load, found = survive(tmp_path / "home", "sound", MOMENTS)
    assert found == []
    assert sum(load.killed.values()) == MOMENTS
    assert set(load.killed) == {"client", "server", "backend", "restart"}
    assert all(len(load.log.done[kind]) > MOMENTS for kind in OPERATIONS)


@pytest.mark.parametrize(
    ("mode", "told"),
    sampled([("early", "was acknowledged and is missing"), ("torn", "beings"), ("blind", "turns acknowledged")], 1),
)
def test_the_checker_sees_what_is_done_wrong(tmp_path: Path, mode: str, told: str) -> None:
    """The negative controls go red."""
    found: list[str] = []
    for attempt in range(5):
        found += survive(tmp_path / f"home{attempt}", mode, 10)[1]
        if any(told in line for line in found):
            return
    raise AssertionError(f"{mode} was not noticed: {found}")

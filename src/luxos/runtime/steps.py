"""A step: a relationship from the run to what it called, and at once its own audit entry.

What is called has no effects mostly, and then a step is written once, when it has ended. It is written before that
where it may act, and where it calls others (`docs/design.md`, "The dispatcher").
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha1
from typing import Any
from uuid import UUID

from luxos.beings.genesis import canonical_hash
from luxos.i18n import _
from luxos.runtime.call import Call, Outcome
from luxos.runtime.instances import BoundMethod
from luxos.runtime.recorder import FROZEN, Record, Recorder

_CONTENT = (
    *("arguments", "status", "result", "changes", "state", "printed", "replayed", "settled", "error", "summary"),
    *("started_at", "finished_at", "attempt"),
)
CANCELLED = "cancelled"
"""The code of the error that a call ends with which was ended from outside: by Ctrl+C, say."""
PRINTED = 16 << 10
"""Characters of what code printed that its step keeps."""
KEYS = frozenset({*_CONTENT, "chain", "genesis", FROZEN})
"""What an attempt may have; a genesis where it called another version than the first attempt did."""
_NOTHING = Outcome(None)


@dataclass(frozen=True)
class Step:
    """A step as it is in the table."""

    id: UUID
    callee: UUID
    genesis: Mapping[str, Any]
    attributes: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.genesis["name"])

    @property
    def verb(self) -> str:
        return str(self.genesis["verb"])

    @property
    def call(self) -> str:
        """The alias of what it called."""
        return str(self.genesis["call"])

    @property
    def method(self) -> str | None:
        """The method of an instance that it called; nothing where it called a function."""
        method: str | None = self.genesis.get("method")
        return method

    @property
    def meant(self) -> tuple[str, ...]:
        """As `Call.meant`."""
        hash_ = str(self.genesis["soul_hash"])
        return (hash_,) if self.method is None else (hash_, str(self.callee), self.method)

    @property
    def parent(self) -> str | None:
        """The step that called it."""
        parent: str | None = self.genesis.get("parent")
        return parent

    @property
    def status(self) -> str:
        return str(self.attributes["status"])

    def is_made_again(self, *, retrying: bool) -> bool:
        """Whether it is open, was cancelled, or did not happen as a person said; retrying, also whether it failed."""
        if self.status != "failed":
            return self.status == "started"
        return retrying or "settled" in self.attributes or self.attributes["error"]["code"] == CANCELLED

    @property
    def seconds(self) -> float | None:
        """How long its last attempt took."""
        if "finished_at" not in self.attributes:
            return None
        began, ended = (datetime.fromisoformat(self.attributes[key]) for key in ("started_at", "finished_at"))
        return (ended - began).total_seconds()


class StepRecord:
    """The record of one step in the making."""

    def __init__(self, recorder: Recorder, call: Call, owner: str) -> None:
        self._recorder, self._call = recorder, call
        self._id = step_id(call.run, call.step)
        self._genesis = genesis_of(call, owner)
        self._known = {"arguments": dict(call.arguments), "started_at": now(), "attempt": recorder.new_attempt()}
        self._begun = self._ended = False
        self.last: asyncio.Future[None] | None = None
        """Ends when the newest of what was said of it is on the disk."""

    @property
    def ended(self) -> bool:
        """Whether it was said how it ended; that is said once."""
        return self._ended

    @property
    def begun(self) -> bool:
        """Whether it was said that it has begun."""
        return self._begun

    def begin(self, told: Mapping[str, Any] | None = None) -> asyncio.Future[None]:
        """Says that it has begun, and what else is told of it; the future ends when that is certain."""
        attributes = dict(told or {})
        if not self._begun:
            attributes = {"status": "started", **self._known, **attributes}
        written = self._put(attributes, None)
        self._begun = True
        return written

    def end(self, ended: Outcome | Mapping[str, Any], more: Mapping[str, Any] | None = None) -> asyncio.Future[None]:
        """Says how it ended, with its link in the run's chain: its outcome, or its error (code, message, details)."""
        if isinstance(ended, Outcome):
            changes = {"digest": ended.changes.digest, "count": len(ended.changes.changes)} if ended.changes else None
            told = {"status": "done", "result": ended.result, "changes": changes, **_left(ended)}
        else:
            told = {"status": "failed", "error": dict(ended)}
        told = {**self._known, **told, **_said_of(self._call), **(more or {}), "finished_at": now()}
        self._ended = True
        return self._put(told, content_of(self._genesis, told), ended if isinstance(ended, Outcome) else _NOTHING)

    def _put(
        self, attributes: dict[str, Any], content: Mapping[str, Any] | None, outcome: Outcome = _NOTHING
    ) -> asyncio.Future[None]:
        call = self._call
        told = Record(self._id, call.run, call.callee_soul, self._genesis, attributes, content, self._begun)
        told.state, told.newborn = outcome.state, outcome.newborn
        self.last = self._recorder.put(told)
        return self.last


def step_id(run: UUID, step: str) -> UUID:
    """The step's id, the same at every attempt: a step exists once."""
    digest = sha1(run.bytes + step.encode(), usedforsecurity=False).digest()
    return UUID(bytes=digest[:16], version=5)  # as `uuid5`, which looks its hash function up each time


def now() -> str:
    """The moment, in UTC, as all records write it: to the microsecond."""
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    return f"{_second(seconds)}.{nanoseconds // 1000:06}+00:00"


@lru_cache(1)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _said_of(call: Call) -> dict[str, Any]:
    replayed = {} if call.replayed is None else {"replayed": dict(call.replayed)}
    return _printed(call.printed) | replayed


def _printed(text: str) -> dict[str, Any]:
    """What of a text can be kept: PostgreSQL has no NUL, and UTF-8 no half of a character."""
    kept = text[:PRINTED].replace("\0", "␀").encode(errors="replace").decode()
    if len(text) > PRINTED:
        kept += "\n" + _("({count} characters more were not kept)").format(count=len(text) - PRINTED)
    return {"printed": kept} if text else {}


def _left(ended: Outcome) -> dict[str, Any]:
    """Of the state that a method left, the hash: the instance has the state itself."""
    return {} if ended.state is None else {"state": canonical_hash(dict(ended.state.after))}


def genesis_of(call: Call, owner: str) -> dict[str, Any]:
    """What a step is, however it ends."""
    method = {"method": call.callee.name} if isinstance(call.callee, BoundMethod) else {}
    return {
        "type": "step",
        "run": str(call.run),
        "name": call.step,
        "verb": call.verb,
        "call": call.alias,
        "callee": str(call.callee_soul),
        "parent": call.parent,
        "soul_hash": call.soul_hash,
        "owner": owner,
        **method,
    }


def content_of(genesis: Mapping[str, Any], attributes: Mapping[str, Any], callee: UUID | None = None) -> dict[str, Any]:
    """What of an attempt its link in the chain is made of; `callee` for a step whose genesis does not say it yet."""
    said = {key: attributes[key] for key in _CONTENT if key in attributes}
    told = {"genesis": attributes.get("genesis", genesis), **said}
    return told if callee is None else {"callee": str(callee), **told}

"""One call of a being, and what a wrapper of the dispatcher is: a function around a function."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from luxos.beings.core import CoreFunction
from luxos.beings.function import FunctionBeing
from luxos.beings.instance import InstanceBeing
from luxos.runtime.binding import Bound
from luxos.runtime.changes import ChangeSet
from luxos.runtime.codes import Known
from luxos.runtime.instances import BoundMethod, StateChange
from luxos.runtime.scope import Scope, Tree

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from luxos.runtime.replaying import Answered
    from luxos.runtime.steps import StepRecord

_FREEZE_AFTER = 0.05
"""Seconds of running that are not done again for nothing."""
Callee = CoreFunction | FunctionBeing | BoundMethod
Recording = Literal["full", "summary", "off"]
Hear = Callable[[str], None]
"""Is given what code printed."""


@dataclass(frozen=True)
class Stored:
    """What of a stored function is run: its code, and its arguments as the function takes them."""

    known: Known
    bound: Bound


@dataclass(frozen=True)
class Manner:
    """How a call is made, beside who is called with what."""

    recording: Recording = "full"
    retries: int = 0
    """How often it is tried again."""
    kept: bool = False
    """Whether an outermost call is on record before it begins, so that it is gone on with though its process dies."""
    hear: Hear | None = None
    """Told what the code of the call, and of those that it makes, prints: each once, when it has ended."""


PLAIN = Manner()
"""As calls are made of which nothing is said."""


@dataclass(slots=True, eq=False)
class Call:
    """What is called, with what, and as which step of which run.

    `step` is unique in the run; the step of a call made by another step is `parent/n`. The dispatcher makes it, and
    each wrapper sets what is its own.
    """

    run: UUID
    step: str
    callee: Callee
    arguments: Mapping[str, Any]
    parent: str | None = None
    staging: Path | None = None
    stored: Stored | None = None
    """There for a stored function, and only for one."""
    scope: Scope = field(default_factory=lambda: Scope(Tree()))
    manner: Manner = PLAIN
    record: StepRecord | None = None
    """The record of this call, where it is written step by step; set by `recorded`."""
    frozen: Mapping[str, Any] | None = None
    """The state in which its code waited when it was cut off; set by `resumed`."""
    replayed: Mapping[str, Any] | None = None
    """Why its code was run again from its beginning and did not go on from there (code, message, details)."""
    went_on: float = field(default_factory=time.monotonic)
    """When its code began to run, or went on with what it had asked for."""
    printed: str = ""
    """What its code printed."""
    made: dict[str, tuple[tuple[str, ...], Mapping[str, Any], Any]] | None = None
    """The calls that a method has made, which have ended: by step, what was called, with what, and what it gave. They
    are not made again where the method is, because its instance was changed meanwhile."""
    newborn: InstanceBeing | None = None
    """The instance that it makes; set by the core function that is called."""
    caller: Stored | None = None
    """The stored code that makes the call; nothing where a program, a person or a core function does."""
    asked: list[Answered] | None = None
    """What its code asked for, and was told; kept only where `shadowed` wants it."""
    span: Span | None = None
    """The OpenTelemetry span of what makes the call, and then its own; set by `traced`."""
    declared: str = field(init=False)
    """The effect that the callee declares: `none`, `workspace` or `external`; stored code that names hosts acts."""

    def __post_init__(self) -> None:
        if isinstance(self.callee, CoreFunction):
            self.declared = self.callee.effects
        else:
            self.declared = "external" if self.hosts else "none"

    @property
    def alias(self) -> str:
        """The name that the audit log shows."""
        return name_of(self.callee)

    @property
    def verb(self) -> str:
        """Its word in Lux; `CALL` where it has none of its own."""
        return (self.callee.verb if isinstance(self.callee, CoreFunction) else None) or "CALL"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that stored code names, `name:port` each."""
        return self.stored.known.code.hosts if self.stored is not None else ()

    @property
    def effects(self) -> str:
        """The effect that the call can have: inside a step that may not change the workspace, none on it."""
        return "none" if self.only_reads else self.declared

    @property
    def only_reads(self) -> bool:
        """Whether it looks at the workspace, but what it changes there is thrown away."""
        return self.declared == "workspace" and self.parent is not None and self.staging is None

    @property
    def wants_state(self) -> bool:
        """Whether it is to be on record, when its code asks for something, that it has begun, and its state then.

        A newer state is kept where the code ran for a while since the last one; what it asked for is on record.
        """
        record = self.record
        return record is not None and not (record.begun and time.monotonic() - self.went_on < _FREEZE_AFTER)

    @property
    def callee_soul(self) -> UUID:
        """The being that the step points to."""
        return self.callee.uuid if isinstance(self.callee, CoreFunction) else self.callee.soul

    @property
    def soul_hash(self) -> str:
        """The hash of exactly what is called."""
        return self.stored.known.code.soul_hash if self.stored is not None else self.callee.soul_hash

    @property
    def meant(self) -> tuple[str, ...]:
        """What two calls of the same have in common: the hash; of a method also whose it is, and its name."""
        if isinstance(self.callee, BoundMethod):
            return self.soul_hash, str(self.callee.soul), self.callee.name
        return (self.soul_hash,)

    def below(self, parent: Call) -> None:
        """Is made by another one from now on."""
        self.parent, self.staging, self.caller = parent.step, parent.staging, parent.stored
        self.manner, self.span = replace(parent.manner, retries=self.manner.retries), parent.span

    def say(self, printed: str) -> None:
        """Takes what its code printed, however it ended."""
        self.printed = printed
        if printed and self.manner.hear is not None:
            self.manner.hear(printed)

    def inside(self, staging: Path) -> Call:
        """The same call, with a folder to leave its changes in."""
        return replace(self, staging=staging)


@dataclass(frozen=True)
class Outcome:
    """The result of a call, a JSON value, and the changes of files that it asks for."""

    result: Any
    changes: ChangeSet | None = field(default=None)
    state: StateChange | None = None
    """What a method has made of its instance; written with the record of the call."""
    newborn: InstanceBeing | None = None
    """An instance that was made; written so too."""

    @property
    def changes_beings(self) -> bool:
        """Whether what was recorded counts only when it is on the disk."""
        return self.state is not None or self.newborn is not None


def name_of(callee: Callee) -> str:
    """What a callee is called."""
    if isinstance(callee, CoreFunction):
        return callee.alias
    return callee.called if isinstance(callee, BoundMethod) else str(callee.genesis.get("name", callee.soul))


Handler = Callable[[Call], Awaitable[Outcome]]
"""Carries out a call, or raises a `LuxError`. A wrapper that has nothing to do with a call hands it on as it is."""

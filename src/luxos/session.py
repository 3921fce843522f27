"""`luxos.open()`: LuxOS for a Python program."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from luxos.boot import system
from luxos.config import Settings
from luxos.errors import Exit, LuxError
from luxos.i18n import N_
from luxos.persistence.errors import NotOpen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from luxos.beings.being import BaseBeing
    from luxos.beings.channel import Channel
    from luxos.beings.filter import Filter
    from luxos.beings.find import Page
    from luxos.beings.record import Record
    from luxos.runtime.approved import Approve
    from luxos.runtime.calling import Calls, SessionRun
    from luxos.runtime.dispatcher import Runtime
    from luxos.runtime.tasks.queue import Tasks
    from luxos.souls.registry import Soul


class AlreadyOpen(LuxError):
    """One process works with one LuxOS at a time: beings find their database through `BaseBeing.db_pool`."""

    code = "already_open"
    exit_code = Exit.REFUSED
    message = N_("LuxOS is open in this process already ({home}). Use that one, or leave its `async with` first.")


class Lux:
    """An open LuxOS: what a program makes, finds and keeps in it.

    Beings also work on their own while it is open: `await being.save()`, `await FunctionBeing.load(soul)`.
    """

    def __init__(self, settings: Settings, runtime: Runtime, run: SessionRun) -> None:
        self.settings, self.database = settings, runtime.database
        self._runtime, self._run = runtime, run
        self.closed = False
        """Whether its block has ended; then everything of it is `NotOpen`."""

    @cached_property
    def execution(self) -> Calls:
        """Calls functions: `await lux.execution(vat, 100)`, by the being, its UUID, a hash or an alias.

        Each call is a step of the session's run. `execution.but(seconds=5, recording="summary")` calls otherwise.
        """
        from luxos.runtime.calling import Calls

        return Calls(self._runtime, self._run)

    @asynccontextmanager
    async def run(
        self,
        goal: str,
        *,
        workspace: str | os.PathLike[str] | None = None,
        permissions: Iterable[str] = (),
        approve: Approve | None = None,
    ) -> AsyncIterator[Calls]:
        """A run of its own for the calls of the block, which `luxos runs` shows by its goal.

        `permissions` are the effects that its calls may have, `workspace` (in that folder) and `external`, and the
        functions of LuxOS that stored code may reach. Where `approve` is given, it is asked before each call that acts.
        """
        from luxos.runtime.calling import Calls, session_run

        self._check_open()
        place = Path(workspace).absolute() if workspace is not None else None
        how = {"workspace": place, "permissions": permissions, "approve": approve}
        async with session_run(self._runtime, goal, **how) as run:
            yield Calls(self._runtime, run)

    @property
    def souls(self) -> type[Soul]:
        """The registry: `get_by_hash`, `get_by_alias`, `of`, `register`, `evolve`, `rename`."""
        from luxos.souls.registry import Soul

        self._check_open()
        return Soul

    @property
    def tasks(self) -> Tasks:
        """The queues: `await lux.tasks.put("vat", 100)` has it called later, by `luxos up` or `luxos task work`."""
        self._check_open()
        return self._tasks

    @cached_property
    def _tasks(self) -> Tasks:
        from luxos.runtime.tasks.queue import Tasks

        return Tasks(owner=self._runtime.owner, most=self.settings.queue_depth)

    async def summon(self, *, name: str, source: str, connection: Any = None, **genesis: Any) -> BaseBeing:
        """The living being under the alias `name` that has this source: made, evolved, or as it is.

        `genesis` is what else belongs to its genotype (`attributes`, `requirements`, `limits`, `permissions`, `tier`,
        `pure`) or is said of it (`purpose`, `examples`). Nothing of the source is executed.
        """
        from luxos.souls.archive import Archive
        from luxos.souls.registry import summon
        from luxos.souls.reports import catch_up

        self._check_open()
        await self._runtime.tiers.check(name, {**genesis, "source": source})
        being = await summon(name=name, source=source, connection=connection, **genesis)
        if connection is None:  # inside a caller's transaction nothing is certain yet; the next one writes its report
            await catch_up(Archive(self.settings.home))
        return being

    async def load(self, who: UUID | str, *, connection: Any = None) -> BaseBeing:
        """A being by its UUID, or the living being of an alias; `BeingUnknown` or `SoulUnknown` where there is none."""
        from luxos.beings.being import BaseBeing
        from luxos.souls.aliases import Alias, unknown

        self._check_open()
        identity = _uuid(who)
        if identity is None:
            alias = await Alias.of(cast(str, who), connection=connection)
            if alias.being is None:
                raise await unknown(alias.name, connection=connection)
            identity = alias.being
        return await BaseBeing.load(identity, connection=connection)

    def find(
        self,
        meant: Filter | str | None = None,
        *,
        order: str | None = None,
        limit: int | None = None,
        connection: Any = None,
        **parts: Any,
    ) -> AsyncIterator[BaseBeing]:
        """Every being that a filter means, one after the other: `lux.find(tags=["money"], energy=(0, 100))`.

        All parts, and the text that says the same, are in docs/reference/filters.md.
        """
        from luxos.beings.find import find

        self._check_open()
        return find(meant, order=order, limit=limit, connection=connection, **parts)

    async def page(
        self,
        meant: Filter | str | None = None,
        *,
        order: str | None = None,
        limit: int = 50,
        after: str | None = None,
        connection: Any = None,
        **parts: Any,
    ) -> Page:
        """Up to `limit` beings of those that `find` gives, and the key to ask for the next ones with."""
        from luxos.beings.find import page

        self._check_open()
        return await page(meant, order=order, limit=limit, after=after, connection=connection, **parts)

    async def save_all(self, records: Iterable[Record], *, connection: Any = None) -> None:
        """Saves many beings and relationships at once, all of them or none."""
        from luxos.beings.bulk import save_all as save

        self._check_open()
        await save(records, connection=connection)

    async def channel(self, sender: BaseBeing, receiver: BaseBeing, *, name: str = "") -> Channel:
        """The channel from one being to another under this name; it is made where there is none."""
        from luxos.beings.channel import Channel

        self._check_open()
        return await Channel.between(sender.soul, receiver.soul, name=name)

    def _check_open(self) -> None:
        """Raises `NotOpen` after the block, where beings may be in the hands of another session already."""
        if self.closed:
            raise NotOpen


_open: list[Path] = []


@asynccontextmanager
async def opened(home: str | os.PathLike[str] | None = None, dsn: str | None = None) -> AsyncIterator[Lux]:
    """LuxOS, open for the length of the block; see `luxos.open`."""
    from luxos.beings.function import FunctionBeing
    from luxos.runtime.calling import session_run

    settings = Settings.from_environment(os.environ)
    settings = replace(settings, home=Path(home).absolute() if home else settings.home, dsn=dsn or settings.dsn)
    if _open:
        raise AlreadyOpen(home=_open[0])
    _open.append(settings.home)
    try:
        async with system(settings) as booted:
            runtime = await booted.runtime()
            async with session_run(runtime, "luxos.open()") as run:
                lux = Lux(settings, runtime, run)
                FunctionBeing.dispatcher = lux.execution
                try:
                    yield lux
                finally:
                    lux.closed = True
    finally:
        FunctionBeing.dispatcher = None
        _open.clear()


def _uuid(who: UUID | str) -> UUID | None:
    try:
        return who if isinstance(who, UUID) else UUID(who)
    except (ValueError, TypeError, AttributeError):
        return None

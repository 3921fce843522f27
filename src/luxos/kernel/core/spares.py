"""Warm spares: a second process of a component, as ready as it can be without harm, that waits for its turn."""

import contextlib
import os
from collections.abc import Callable
from functools import partial

from luxos.kernel.core.loop import Loop
from luxos.kernel.core.processes import Life
from luxos.kernel.manifest import Component

WARM = "SPARE=1"
"""What a spare says when it waits."""


class _Spare:
    def __init__(self, life: Life, go: int) -> None:
        self.life, self.go, self.warm = life, go, False


class Spares:
    """At most one spare for each component. It reads its standard input: a byte is its turn, the end is never."""

    def __init__(self, loop: Loop, begin: Callable[[Component, int], Life]) -> None:
        """`begin` begins one, with the descriptor as its standard input."""
        self._loop, self._begin = loop, begin
        self._waiting: dict[str, _Spare] = {}

    @property
    def lives(self) -> list[Life]:
        return [spare.life for spare in self._waiting.values()]

    def keep(self, component: Component) -> None:
        """Begins one, if the component wants one and has none. Raises `OSError`."""
        if not component.spare or component.name in self._waiting:
            return
        read, go = os.pipe2(os.O_CLOEXEC)
        try:
            life = self._begin(component, read)
        except OSError:
            os.close(go)
            raise
        finally:
            os.close(read)
        self._waiting[component.name] = _Spare(life, go)
        self._loop.watch(life.descriptor, partial(self._ended, component.name))

    def hear(self, pid: int, lines: set[str]) -> None:
        """Takes what a process says, if it is one of them."""
        for spare in self._waiting.values():
            if spare.life.pid == pid and WARM in lines:
                spare.warm = True

    def take(self, name: str) -> Life | None:
        """The spare of the component, told that it is its turn; None where none waits, warm."""
        if name not in self._waiting or not self._waiting[name].warm:
            return None
        spare = self._waiting.pop(name)
        self._loop.forget(spare.life.descriptor)
        with contextlib.suppress(BrokenPipeError):  # it died just now, as any component may
            os.write(spare.go, b".")
        os.close(spare.go)
        return spare.life

    def end(self, name: str) -> None:
        """Ends the spare of the component, if there is one, with what it began."""
        if name in self._waiting:
            self._waiting[name].life.kill()
            self._ended(name)

    def _ended(self, name: str) -> None:
        spare = self._waiting.pop(name)
        self._loop.forget(spare.life.descriptor)
        os.close(spare.go)
        spare.life.close()

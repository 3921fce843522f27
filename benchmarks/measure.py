"""Times commands as a person meets them: as processes, from outside."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One row of docs/benchmarks.md: what was measured, beside what, and what it must be."""

    what: str
    measured: str
    beside: str
    must: str
    met: bool


class Machine:
    """An empty home, and the command `luxos` in it."""

    def __init__(self, home: Path, cache: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if name.startswith("PIP_") or name == "PATH"}
        self.home = home
        self.environment = {**kept, "HOME": str(home), "LUXOS_CACHE": str(cache), "LUXOS_DATABASE_LINGER": "2"}
        self.luxos = str(Path(sys.executable).with_name("luxos"))

    def run(self, *arguments: str, cwd: Path | None = None, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Runs a program in this home and gives its output."""
        return subprocess.run(
            arguments, cwd=cwd or self.home, env=self.environment, capture_output=True, text=True, check=check
        )

    def seconds(self, *arguments: str, times: int, before: Callable[[], None] | None = None) -> float:
        """The median duration of a command."""
        return statistics.median(self._once(arguments, before) for _time in range(times))

    def seconds_to(self, words: str, arguments: Sequence[str], times: int, before: Callable[[], None]) -> float:
        """The median time until a command has printed `words`; it is ended then."""
        return statistics.median(self._until(words, arguments, before) for _time in range(times))

    def _once(self, arguments: Sequence[str], before: Callable[[], None] | None) -> float:
        if before:
            before()
        began = time.perf_counter()
        self.run(*arguments)
        return time.perf_counter() - began

    def _until(self, words: str, arguments: Sequence[str], before: Callable[[], None]) -> float:
        before()
        began = time.perf_counter()
        process = subprocess.Popen(
            arguments, cwd=self.home, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert process.stdout is not None
        seen = next((time.perf_counter() - began for line in process.stdout if words in line), None)
        process.terminate()
        process.communicate()
        if seen is None:
            raise RuntimeError(f"{arguments} never said {words!r}")
        return seen

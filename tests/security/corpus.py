"""The corpus: every attempt of `attempts/`, with how it is sent behind walls, and how its end is read."""

import importlib
import json
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.security import attempts as folder
from tests.security import inside
from tests.security.inside import REACHED

INSIDE = Path(inside.__file__).read_text(encoding="utf-8")
START = """
import sys, types
inside = types.ModuleType("tests.security.inside")
exec({inside!r}, inside.__dict__)
for name in ("tests", "tests.security"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["tests.security.inside"] = inside
family = {{"__name__": "family"}}
exec({family!r}, family)
inside.main(family[{name!r}])
"""


@dataclass(frozen=True)
class Attempt:
    """One attempt of the corpus."""

    family: str
    act: Callable[..., bool]
    source: str
    """Of its whole family."""
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.family}.{self.act.__name__}"

    @property
    def tries(self) -> str:
        return (self.act.__doc__ or "").strip()

    def __str__(self) -> str:
        return self.name

    def program(self) -> str:
        """Python that makes the attempt and prints how it ended; the world is its argument."""
        return START.format(inside=INSIDE, family=self.source, name=self.act.__name__)


def read_end(stdout: bytes | str) -> str | None:
    """What an attempt said of itself; `None` where it died before it said anything."""
    text = stdout.decode(errors="replace") if isinstance(stdout, bytes) else stdout
    for line in reversed(text.splitlines()):
        if line.startswith('{"outcome"'):
            return str(json.loads(line)["outcome"])
    return None


def reached(outcome: str | None, touched: list[str]) -> bool:
    return outcome == REACHED or bool(touched)


def _of(module: ModuleType) -> list[Attempt]:
    assert module.__file__ is not None
    source = Path(module.__file__).read_text(encoding="utf-8")
    family = module.__name__.rpartition(".")[2]
    found = [act for act in vars(module).values() if hasattr(act, "facts")]
    return [Attempt(family, act, source, act.facts) for act in found]


def _modules() -> list[ModuleType]:
    names = sorted(found.name for found in pkgutil.iter_modules([str(Path(path)) for path in folder.__path__]))
    return [importlib.import_module(f"tests.security.attempts.{name}") for name in names]


NATIVE = [attempt for module in _modules() for attempt in _of(module)]

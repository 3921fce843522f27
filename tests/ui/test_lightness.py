"""The command line starts in a blink: what shows help and asks `luxos up` loads no database and no runtime."""

import subprocess
import sys
from importlib import import_module
from inspect import iscoroutinefunction, signature
from pathlib import Path

import pytest

from luxos.ui import methods
from luxos.ui.methods import METHODS

HEAVY = ("asyncpg", "msgspec", "numpy", "cryptography", "pydantic_monty", "luxos.beings.being", "luxos.souls", "rich")
SCRIPT = f"""
import importlib, pkgutil, sys
import luxos.ui.cli as cli
for module in pkgutil.iter_modules(cli.__path__, "luxos.ui.cli."):
    importlib.import_module(module.name)
print(*[name for name in {HEAVY!r} if name in sys.modules])
"""


@pytest.mark.parametrize(("more", "found"), [("", ""), ("import asyncpg", "asyncpg")], ids=["as it is", "control"])
def test_the_command_line_loads_nothing_heavy(more: str, found: str) -> None:
    done = subprocess.run([sys.executable, "-c", more + SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == found


def test_every_method_is_in_the_table_under_its_module() -> None:
    folder = Path(methods.__file__).parent
    told = {name: METHODS[name] for name in METHODS}
    there = {
        name: value
        for module in folder.glob("[!_]*.py")
        for name, value in vars(import_module(f"{methods.__name__}.{module.stem}")).items()
        if iscoroutinefunction(value) and list(signature(value).parameters)[:2] == ["system", "person"]
        if value.__module__ == f"{methods.__name__}.{module.stem}" and not name.startswith("_")
    }
    assert told == there


@pytest.mark.parametrize(("asked", "found"), [("runs", ""), ("soul_evolve", "luxos.runtime.evolving.evolve")])
def test_a_method_loads_no_other_subject(asked: str, found: str) -> None:
    script = f"""
import sys
from luxos.ui.methods import METHODS
METHODS[{asked!r}]
print(*[name for name in sys.modules if name == "luxos.runtime.evolving.evolve" or name == "rustworkx"])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == found

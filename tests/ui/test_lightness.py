"""The command line starts in a blink: what shows help and asks `luxos up` loads no database and no runtime."""

import subprocess
import sys

import pytest

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

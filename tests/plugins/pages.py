"""Runs a page of the documentation as a reader would: its files are written, its commands typed, its answers compared.

In a page, a block ```python name.py is a file, and a block ```console has commands (after `$ `) with what they print;
`…` stands for anything. Everything happens in one folder, in the order of the page.
"""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.plugins.command import Command

_BLOCK = re.compile(r"^```(python|console)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Typed:
    """A command of the page, and what the page says that it prints."""

    line: str
    printed: str

    def fits(self, printed: str) -> bool:
        pieces = [re.escape(piece) for piece in re.split(r"\s*…\s*", _plain(self.printed))]
        return re.fullmatch(r".*?".join(pieces), _plain(printed), re.DOTALL) is not None


def _plain(text: str) -> str:
    """Without the spaces in which terminals differ."""
    return "\n".join(line.strip() for line in text.strip().splitlines())


def blocks(text: str) -> Iterator[tuple[str, str, str]]:
    """The blocks that do something: kind, name, content."""
    for match in _BLOCK.finditer(text):
        yield match[1], match[2] or "", match[3]


def commands(text: str) -> Iterator[Typed]:
    """The commands of a console block."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, _end, printed = part.partition("\n")
        while line.endswith("\\"):
            more, _end, printed = printed.partition("\n")
            line = line[:-1] + more
        yield Typed(line, printed)


def follow(page: Path, reader: Command) -> int:
    """Does everything that a page says; gives the number of commands."""
    count = 0
    for kind, name, content in blocks(page.read_text(encoding="utf-8")):
        if kind == "python":
            (reader.home / name).write_text(content, encoding="utf-8")
            continue
        for typed in commands(content):
            printed = type_in(typed.line, reader)
            assert typed.fits(printed), f"{page.name}: `{typed.line}` printed\n{printed}\nand not\n{typed.printed}"
            count += 1
    return count


def type_in(line: str, reader: Command) -> str:
    """What a command prints, on either stream, as a terminal shows it."""
    program, *arguments = shlex.split(line)
    start = {"luxos": [sys.executable, "-m", "luxos"], "python": [sys.executable]}[program]
    done = subprocess.run(
        [*start, *arguments],
        cwd=reader.home,
        env=reader.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout

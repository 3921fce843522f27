"""Writes the reference pages that the code knows by itself, and checks that the stored ones are the same.

`--write` writes `docs/reference/cli.md` (the help of every command), `settings.md` (every setting) and
`python.md` (every public class and function).
"""

import ast
import inspect
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from python_page import python_page

if TYPE_CHECKING:
    import click

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"


def cli_page() -> str:
    """The help of every command, in English."""
    os.environ["LUXOS_LANG"] = "en"
    from luxos.ui.cli.app import luxos

    return "\n".join(
        ["# The command line\n\nWritten by `make docs` from the commands themselves.\n", *_blocks("luxos", luxos, None)]
    )


def _blocks(name: str, command: "click.Command", parent: "click.Context | None") -> Iterator[str]:
    """The help of a command, and of every command below it."""
    import click

    context = click.Context(command, info_name=name, parent=parent, terminal_width=100)
    yield f"## {context.command_path}\n\n```\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None  # noqa: S101 - it was listed
            yield from _blocks(below, found, context)


def settings_page() -> str:
    """Every setting with its sentence, as it stands in config.py."""
    from luxos import config

    tree = ast.parse(inspect.getsource(config.Settings))
    body = tree.body[0].body  # type: ignore[attr-defined] # it is a class
    sentences = [
        inspect.cleandoc(node.value.value)
        for node in body[1:]
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]
    lines = "\n".join(f"- {sentence}" for sentence in sentences)
    return f"# Settings\n\nRead once from the environment; written by `make docs` from `config.py`.\n\n{lines}\n"


def main() -> int:
    pages = {"cli.md": cli_page(), "settings.md": settings_page(), "python.md": python_page()}
    stale = [name for name, text in pages.items() if not _same(REFERENCE / name, text)]
    if "--write" in sys.argv:
        for name in stale:
            (REFERENCE / name).write_text(pages[name], encoding="utf-8")
        return 0
    for name in stale:
        print(f"docs/reference/{name} is not what the code says: run `make docs`")
    return bool(stale)


def _same(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())

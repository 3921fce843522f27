"""Writes the reference pages that the code knows by itself, and checks that the stored ones are the same.

`--write` writes `docs/reference/cli.md` (the help of every command) and `settings.md` (every setting).
"""

import ast
import inspect
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"


def cli_page() -> str:
    """The help of every command, in English."""
    os.environ["LUXOS_LANG"] = "en"
    import click

    from luxos.ui.cli.app import COMMANDS, luxos

    root = click.Context(luxos, info_name="luxos", terminal_width=100)
    parts = [
        "# The command line\n\nWritten by `make docs` from the commands themselves.\n",
        _block("luxos", luxos, root),
    ]
    for name in COMMANDS:
        command = luxos.get_command(root, name)
        assert command is not None  # noqa: S101 - the table says so
        context = click.Context(command, info_name=name, parent=root, terminal_width=100)
        parts.append(_block(f"luxos {name}", command, context))
    return "\n".join(parts)


def _block(title: str, command: object, context: object) -> str:
    return f"## {title}\n\n```\n{command.get_help(context)}\n```\n"  # type: ignore[attr-defined] # a click command


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
    pages = {"cli.md": cli_page(), "settings.md": settings_page()}
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

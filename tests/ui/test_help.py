"""Help in Polish: it says of each command what it does, and names what an option takes in Polish too."""

import re
from collections.abc import Iterator
from importlib import import_module

import click
import pytest

from luxos.ui.cli.app import COMMANDS

DOES = re.compile(r"\w+(?:a|e|i|y)\b")
"""The third person: „Pokazuje”, „Sprawdza”, „Robi”; an imperative ends otherwise."""
ENGLISH = re.compile(r"\b(?:TEXT|INTEGER|FLOAT|RANGE|KEY|FILE|PATH|DIRECTORY)\b")


def commands() -> Iterator[tuple[str, click.Command]]:
    for name, module in COMMANDS.items():
        yield from _below(name, getattr(import_module(module), f"{name}_command"))


def _below(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    for below, other in command.commands.items() if isinstance(command, click.Group) else ():
        yield from _below(f"{name} {below}", other)


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_help_is_polish(name: str, command: click.Command) -> None:
    text = command.get_help(click.Context(command, info_name=f"luxos {name}"))
    assert DOES.match(command.help or ""), command.help
    assert not ENGLISH.search(text), text


def test_who_guesses_a_command_is_told_which_there_are_and_what_the_group_does() -> None:
    schedule = import_module(COMMANDS["schedule"]).schedule_command
    with pytest.raises(click.NoSuchCommand) as told:
        schedule.main(["add", "vat"], standalone_mode=False)
    assert "Są: list, remove." in told.value.format_message()
    assert "`luxos task add --cron`" in told.value.format_message()

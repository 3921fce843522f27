"""A name that nothing has is a wrong command line, whichever command is given it."""

import pytest
from tests.plugins.command import Command

pytestmark = pytest.mark.slow

COMMANDS = [
    ("call", "{}"),
    ("soul", "show", "{}"),
    ("soul", "log", "{}"),
    ("soul", "at", "{}"),
    ("soul", "diff", "{}", "{}"),
    ("soul", "rename", "{}", "other"),
    ("soul", "report", "{}"),
    ("soul", "promote", "{}"),
    ("soul", "demote", "{}"),
    ("soul", "rollback", "{}"),
    ("soul", "promotions", "{}"),
    ("being", "show", "{}"),
    ("being", "make", "{}"),
    ("being", "delete", "{}"),
    ("being", "restore", "{}"),
    ("being", "purge", "{}"),
    ("task", "add", "{}"),
    ("task", "show", "{}"),
    ("task", "retry", "{}"),
    ("task", "cancel", "{}"),
    ("schedule", "remove", "{}"),
    ("show", "{}"),
    ("resume", "{}"),
    ("undo", "{}"),
    ("run", "cancel", "{}"),
]


def test_a_name_that_nothing_has_is_a_wrong_command_line(quick_luxos: Command) -> None:
    ended = {command: quick_luxos(*(word.format("nobody") for word in command), "--json") for command in COMMANDS}
    assert {command: one.code for command, one in ended.items() if one.code != 2} == {}
    assert [one for one in ended.values() if one.json["status"] != "error"] == []

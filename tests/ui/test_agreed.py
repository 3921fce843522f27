"""A yes is a yes in either language; anything else, and the end of the input, is a no."""

import click
import pytest
from click.testing import CliRunner

from luxos.ui.cli.terminal import agreed


@pytest.mark.parametrize(
    ("typed", "yes"),
    [("t\n", True), ("TAK\n", True), ("y\n", True), ("n\n", False), ("\n", False), ("-3\n", False), ("", False)],
)
def test_what_a_person_types(typed: str, yes: bool) -> None:
    @click.command()
    def command() -> None:
        click.echo(f"said {agreed('?')}")

    ended = CliRunner().invoke(command, input=typed)
    assert ended.exit_code == 0
    assert ended.output.endswith(f"said {yes}\n")

"""`completion`: the line that teaches a shell to complete `luxos`."""

import json

import click
from click.shell_completion import get_completion_class

from luxos.i18n import _
from luxos.ui.cli.options import json_option


@click.command(
    "completion",
    help=_("Print what teaches a shell to complete luxos."),
    epilog=_('Put `eval "$(luxos completion bash)"` into the start file of the shell.'),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@json_option
def completion_command(shell: str, as_json: bool) -> None:
    from luxos.ui.cli.app import luxos

    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click knows the three
    source = kind(luxos, {}, "luxos", "_LUXOS_COMPLETE").source()
    click.echo(json.dumps({"shell": shell, "script": source}) if as_json else source)

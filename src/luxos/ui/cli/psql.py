"""`psql`: a shell on the two tables."""

import json
import os

import click

from luxos.i18n import _
from luxos.ui.cli.app import settings
from luxos.ui.cli.options import json_option


@click.command(
    "psql",
    help=_("Open psql on the two tables; further arguments go to psql."),
    context_settings={"ignore_unknown_options": True},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@json_option
def psql_command(arguments: tuple[str, ...], as_json: bool) -> int:
    from luxos.persistence.shell import shell

    with shell(settings()) as (argv, environment):
        if as_json:
            click.echo(json.dumps({"argv": [*argv, *arguments], "environment": dict(environment)}))
            return 0
        import subprocess

        return subprocess.run([*argv, *arguments], env={**os.environ, **environment}, check=False).returncode

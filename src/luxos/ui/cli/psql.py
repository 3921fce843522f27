"""`psql`: a shell on the two tables."""

import json
import os
import subprocess

import click

from luxos.i18n import _
from luxos.ui.cli.app import complete, settings
from luxos.ui.cli.options import json_option


@click.command(
    "psql",
    help=_("Open psql on the two tables; further arguments go to psql."),
    context_settings={"ignore_unknown_options": True},
)
@click.argument("arguments", nargs=-1, metavar=_("[ARGUMENTS]…"), type=click.UNPROCESSED)
@json_option
def psql_command(arguments: tuple[str, ...], as_json: bool) -> int:
    return complete(_psql(arguments, as_json))


async def _psql(arguments: tuple[str, ...], as_json: bool) -> int:
    """Holds the database open for as long as the shell runs; with `--json` only says how the shell is started."""
    from luxos.boot import system
    from luxos.persistence.shell import psql

    async with system(settings()) as opened:
        database = (await opened.runtime()).database
        shell = psql(database.address, os.environ, arguments)
        if as_json:
            click.echo(json.dumps({"argv": shell.argv}))
            return 0
        return subprocess.run(shell.argv, env=shell.environment, check=False).returncode  # noqa: ASYNC221 - all is for it

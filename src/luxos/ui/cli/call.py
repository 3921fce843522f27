"""`luxos call`: a being is called once, here and now."""

import json

import click

from luxos.i18n import _
from luxos.runtime.scope import SECONDS
from luxos.ui.cli.asking import ask
from luxos.ui.cli.options import Calling, allow_option, arguments, call_arguments, json_option


@click.command(
    "call",
    cls=Calling,
    help=_("Call WHO (an alias, a hash, a UUID, or INSTANCE.method) with ARGS: JSON values, or words."),
    epilog=_(
        "What the code prints comes first, its result last, as JSON. The call is a run, see `luxos runs`. A soul's own "
        "limits hold too: 30 s of running, unless its genesis says otherwise (`limits`)."
    ),
)
@call_arguments
@click.option(
    "--seconds",
    default=SECONDS,
    show_default=True,
    type=click.FloatRange(0.001, 86_400),
    help=_("After so many seconds it is ended, with all that it called."),
)
@allow_option
@json_option
def call_command(
    who: str,
    args: tuple[str, ...],
    named: tuple[str, ...],
    seconds: float,
    permissions: tuple[str, ...],
    as_json: bool,
) -> None:
    call = {"who": who, **arguments(args, named), "seconds": seconds, "permissions": list(permissions)}
    found = ask("call", call, as_json)
    click.echo(json.dumps(found if as_json else found["result"], ensure_ascii=False))

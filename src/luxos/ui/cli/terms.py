"""The options that say on which terms a promotion moves its alias, and moves it back."""

from collections.abc import Callable
from typing import Any

import click

from luxos.i18n import _
from luxos.runtime.promoting.terms import Terms


def terms_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The terms of a promotion, one option each."""
    usual = Terms()
    for option in (
        click.option("--calls", type=click.IntRange(1, 1_000_000), default=usual.calls, show_default=True,
                     help=_("Equal calls in the shadow, after which the alias moves.")),
        click.option("--slower", type=click.FloatRange(1.0, 1000), default=usual.slower, show_default=True,
                     help=_("How many times the time of the current version it may take.")),
        click.option("--budget", type=click.FloatRange(0, 1), default=usual.budget, show_default=True,
                     help=_("The part of the calls after that which may fail before the alias moves back.")),
    ):  # fmt: skip
        command = option(command)
    return command

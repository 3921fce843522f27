"""`luxos soul evolve`: a better source of a soul, looked for by trying."""

import difflib
from collections.abc import Iterator
from typing import Any

import click

from luxos.i18n import _
from luxos.runtime.evolving.goals import GOALS
from luxos.ui.cli.asking import ask
from luxos.ui.cli.options import json_option
from luxos.ui.cli.soul import short, soul_command, tell, who_argument
from luxos.ui.cli.terms import terms_options


@soul_command.command("evolve", help=_("Look for a better source of a soul; keep it where it is right and better."))
@who_argument("name", _("ALIAS"))
@click.option("--goal", type=click.Choice(GOALS), default="faster", show_default=True, help=_("What is better."))
@click.option("--seconds", type=click.FloatRange(1, 3600), default=60.0, show_default=True,
              help=_("How long to look."))  # fmt: skip
@click.option("--dry-run", is_flag=True, help=_("Show what would be kept, and keep nothing."))
@click.option("--shadow", is_flag=True, help=_("Run it in the shadow of live calls before the alias moves."))
@terms_options
@json_option
def evolve_command(
    name: str, goal: str, seconds: float, dry_run: bool, shadow: bool, as_json: bool, **terms: Any
) -> None:
    keep = "nothing" if dry_run else "shadow" if shadow else "move"
    asked = {"name": name, "goal": goal, "seconds": seconds, "keep": keep, "terms": terms}
    found = ask("soul_evolve", asked, as_json)
    tell(found, as_json, _lines)


def _lines(found: dict[str, Any]) -> Iterator[str]:
    tried = _("{tried} proposals were tried in {cases} cases, and {derived} like them; {right} were right.")
    if found["tried"]:
        yield tried.format(**found)
    if found["model"]:
        yield _("The model {name} was asked {asked} times.").format(**found["model"])
        yield from (f"  {said}" for said in found["model"]["refused"])
    if not found["tried"]:
        yield _why_none(found)
        return
    if not found["steps"]:
        yield _("None was better, and nothing was changed.")
        return
    yield from _measured(found)
    old, new = found["source_before"].splitlines(), found["source"].splitlines()
    yield from difflib.unified_diff(old, new, "", "", lineterm="", n=1)
    if found["after"]:
        yield _("{name} is {hash} now; `luxos soul rollback {name}` goes back.").format(
            name=found["name"], hash=short(found["after"])
        )
    if found["candidate"]:
        yield _("{hash} runs in the shadow of {name} now; `luxos soul promotions {name}` shows how that goes.").format(
            name=found["name"], hash=short(found["candidate"])
        )


def _why_none(found: dict[str, Any]) -> str:
    """Why nothing was tried, and so nothing was changed."""
    if found["goal"] == "examples" and found["measure"]["after"] == found["cases"]:
        return _("All examples pass already, so nothing was changed.")
    if found["model"]:
        return _("Neither the rules nor the model had anything to propose for this source, so nothing was changed.")
    return _(
        "No rule knows anything to propose for this source, so nothing was changed. A language model may: LUXOS_MODEL "
        "names one."
    )


def _measured(found: dict[str, Any]) -> Iterator[str]:
    before, after = found["measure"]["before"], found["measure"]["after"]
    words = {
        "faster": _("It takes {part} of the time."),
        "smaller": _("It has {after} B in place of {before} B."),
        "examples": _("Examples that pass: {after} in place of {before}."),
    }
    part = f"{after / before if before else 1:.0%}"
    yield words[found["goal"]].format(part=part, before=round(before), after=round(after))

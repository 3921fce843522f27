"""The commands of `luxos soul` about environments: promote, demote, production, manifest, rollback."""

from collections.abc import Callable, Iterable
from typing import Any

import click

from luxos.errors import Exit
from luxos.i18n import _
from luxos.ui.cli.asking import ask
from luxos.ui.cli.options import json_option
from luxos.ui.cli.soul import short, soul_command, table, tell, who_argument
from luxos.ui.cli.terms import terms_options


def environment_option(name: str = "--environment", default: str | None = "production") -> Callable[..., Any]:
    """The name of an environment."""
    return click.option(name, "environment", default=default, show_default=True, metavar=_("ENVIRONMENT"),
                        help=_("The environment: production, staging, or one of your own."))  # fmt: skip


@soul_command.command("promote", help=_("Check a version, run its examples, and have an environment name it."))
@who_argument()
@environment_option("--to")
@click.option("--alias", help=_("The name under which it is promoted."))
@click.option(
    "--unchecked", is_flag=True, help=_("Even where something of it cannot be checked; the manifest says so.")
)
@click.option("--shadow", is_flag=True, help=_("Only after equal calls in the shadow of its alias, which moves too."))
@terms_options
@click.option("--force", is_flag=True, help=_("Even where the alias was moved back from it before."))
@json_option
def promote_command(
    who: str, environment: str, alias: str | None, unchecked: bool, shadow: bool, force: bool, as_json: bool,
    **terms: Any,
) -> None:  # fmt: skip
    how = {"shadow": shadow, "force": force, "terms": terms}
    asked = {"who": who, "to": environment, "alias": alias, "unchecked": unchecked, "how": how}
    found = ask("soul_promote", asked, as_json)
    tell(found, as_json, (lambda found: [found["sentence"]]) if shadow else _environment)


@soul_command.command("demote", help=_("Take an alias out of an environment."))
@who_argument("alias", _("ALIAS"))
@environment_option("--from")
@json_option
def demote_command(alias: str, environment: str, as_json: bool) -> None:
    tell(ask("soul_demote", {"alias": alias, "name": environment}, as_json), as_json, _environment)


@soul_command.command("production", help=_("List what an environment names."))
@environment_option()
@json_option
def production_command(environment: str, as_json: bool) -> None:
    tell(ask("soul_production", {"name": environment}, as_json), as_json, _environment)


@soul_command.command("manifest", help=_("Make a signed manifest of an environment as it is."))
@click.argument("environment", metavar=_("[ENVIRONMENT]"), default="production")
@json_option
def manifest_command(environment: str, as_json: bool) -> None:
    tell(ask("soul_manifest", {"name": environment}, as_json), as_json, lambda found: [found["file"]])


@soul_command.command("rollback", help=_("Have an alias, or an environment, be what it was before."))
@who_argument("alias", _("[ALIAS]"), required=False)
@environment_option(default=None)
@click.option("--to", metavar=_("TO"), help=_("A version or a manifest: its number, or the beginning of its hash."))
@json_option
def rollback_command(alias: str | None, environment: str | None, to: str | None, as_json: bool) -> None:
    if alias is None and environment is None:
        raise click.UsageError(_("Name an alias, or an environment with --environment."))
    found = ask("soul_rollback", {"alias": alias, "name": environment, "to": to}, as_json)
    tell(found, as_json, _environment if "manifest" in found else _alias)


@soul_command.command("validate", help=_("Check every hash, signature, pin, report, alias and manifest."))
@click.argument("environment", metavar=_("[ENVIRONMENT]"), required=False)
@json_option
def validate_command(environment: str | None, as_json: bool) -> int:
    found = ask("soul_validate", {"name": environment}, as_json)
    tell(found, as_json, _findings)
    return Exit.FAILED if found["findings"] else Exit.OK


def _findings(found: dict[str, Any]) -> Iterable[str]:
    yield from (f"✗ {one['message']}" for one in found["findings"])
    if not found["findings"]:
        yield _("Everything is as it was written.")
    elif any("`" not in one["message"] for one in found["findings"]):
        yield _("What names no cure comes back from a backup: `luxos restore FILE --replace`.")


def _alias(found: dict[str, Any]) -> Iterable[str]:
    yield _("{alias} is {hash} again, as version {version}.").format(**{**found, "hash": short(found["hash"])})


def _environment(found: dict[str, Any]) -> Iterable[str]:
    manifest = f"{found['sequence']}, {short(found['manifest'])}"
    yield _("{environment}, manifest {manifest}").format(environment=found["environment"], manifest=manifest)
    heads = [_("alias"), _("hash"), _("examples"), _("not checked")]
    rows = [
        [alias, short(one["hash"]), str(one["examples"]), "; ".join(_unchecked(one))]
        for alias, one in sorted(found["souls"].items())
    ]
    yield from table(heads, rows) if rows else [_("Nothing is promoted to it.")]


def _unchecked(one: dict[str, Any]) -> list[str]:
    """What the manifest says was not checked, and that nothing was run where there were no examples."""
    return [*one["unchecked"], *([] if one["examples"] else [_("what it gives: it has no examples")])]

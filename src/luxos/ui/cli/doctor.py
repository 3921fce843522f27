"""`doctor`: what is here, what is missing, what to do about it."""

import json
from dataclasses import asdict

import click

from luxos.errors import Exit
from luxos.i18n import N_, _
from luxos.ui.cli.app import complete, settings
from luxos.ui.cli.options import json_option

_NAMES = {
    "database": N_("database"),
    "sandbox": N_("sandbox"),
    "data": N_("data"),
    "cache": N_("cache"),
    "projects": N_("projects"),
    "packages": N_("packages"),
    "service": N_("service"),
    "cluster": N_("cluster"),
}
_SIGNS = {"ok": "✓", "note": "·", "fault": "✗"}


@click.command("doctor", help=_("Say what is here, what is missing, and what to do about it."))
@json_option
def doctor_command(as_json: bool) -> int:
    from luxos.ui.doctor import examine

    findings = complete(examine(settings()))
    healthy = all(finding.status != "fault" for finding in findings)
    if as_json:
        status = "ok" if healthy else "fault"
        click.echo(
            json.dumps({"status": status, "findings": [asdict(finding) for finding in findings]}, ensure_ascii=False)
        )
    else:
        for finding in findings:
            click.echo(f"{_SIGNS[finding.status]} {_(_NAMES.get(finding.name, finding.name)):<11} {finding.text}")
            if finding.remedy:
                click.echo(f"  {'':<11} → {finding.remedy}")
    return Exit.OK if healthy else Exit.ENVIRONMENT

"""The background process: `up`, `down`, `status`."""

import json
import os
import subprocess
import sys
from typing import Any

import click

from luxos.i18n import _
from luxos.ui.cli.app import complete, settings
from luxos.ui.cli.options import json_option


@click.command("up", help=_("Start LuxOS, so that commands answer at once."))
@click.option("--detach", is_flag=True, help=_("Go to the background when it is ready."))
@json_option
def up_command(detach: bool, as_json: bool) -> int:
    running = _tell("status") if detach else None
    if detach and running is None:
        return _detach(as_json)
    from luxos.ui.service import serve

    def ready() -> None:
        said = _("LuxOS is ready (process {pid}). Ctrl+C stops it.").format(pid=os.getpid())
        _say({"status": "up", "pid": os.getpid()}, as_json, said)

    running = running or complete(serve(settings(), ready))
    if running is not None:
        return _say(running, as_json, _("LuxOS is running already (process {pid}).").format(pid=running["pid"]))
    return 0


@click.command("down", help=_("Stop the LuxOS that `luxos up` started."))
@json_option
def down_command(as_json: bool) -> int:
    stopped = _tell("down")
    if stopped is None:
        return _say({"status": "down"}, as_json, _("LuxOS was not running."))
    return _say(stopped, as_json, _("LuxOS is stopping (process {pid}).").format(pid=stopped["pid"]))


@click.command("status", help=_("Say whether LuxOS runs in the background."))
@json_option
def status_command(as_json: bool) -> int:
    running = _tell("status")
    if running is None:
        return _say({"status": "down"}, as_json, _("LuxOS does not run in the background; `luxos up` starts it."))
    return _say(running, as_json, _("LuxOS runs in the background (process {pid}).").format(pid=running["pid"]))


def _tell(method: str) -> dict[str, Any] | None:
    from luxos.ui.client import tell

    return complete(tell(settings(), method))


def _detach(as_json: bool) -> int:
    child = subprocess.Popen(
        [sys.executable, "-m", "luxos", "up", "--json"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
        env={**os.environ, **_places()},
    )
    assert child.stdout is not None  # noqa: S101 - a pipe was asked for
    said: dict[str, Any] = json.loads(child.stdout.readline() or '{"status": "error"}')
    if said["status"] != "up":
        words = said.get("error", {}).get("message", _("LuxOS did not start; `luxos doctor` looks for the cause."))
        _say(said, as_json, words)
        return child.wait()
    child.stdout.close()
    return _say(said, as_json, _("LuxOS runs in the background (process {pid}).").format(pid=said["pid"]))


def _places() -> dict[str, str]:
    """The folders of this process as a process with another current folder finds them."""
    ours = settings()
    return {"LUXOS_HOME": str(ours.home), "LUXOS_CACHE": str(ours.cache), "LUXOS_PROJECTS": str(ours.projects)}


def _say(result: dict[str, Any], as_json: bool, words: str) -> int:
    click.echo(json.dumps(result, ensure_ascii=False) if as_json else words)
    sys.stdout.flush()
    return 0

"""A Django application whose build is killed three times in the middle, each time another process of ours.

What comes of it in the end is byte for byte what a build that nobody disturbed makes, and no finished step ran twice.
"""

import hashlib
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.command import Command

pytestmark = pytest.mark.slow

SENTENCE = "Zbuduj aplikację todo w Django"


def started(luxos: Command, *arguments: str, said: str) -> "subprocess.Popen[str]":
    """The command, when it has said this of a step: "✓ name" for done, "= name" for done before."""
    process = luxos.start(*arguments)
    assert process.stdout is not None
    for line in process.stdout:
        if f"{said} " in line:
            return process
    raise AssertionError(f"{arguments} ended before {said!r}: {process.communicate()}")


def postmaster(luxos: Command) -> int:
    return int((luxos.home / ".local/share/luxos/postgres/postmaster.pid").read_text().splitlines()[0])


def steps_of(luxos: Command, run: str) -> dict[str, dict[str, Any]]:
    steps = luxos("show", run, "--json").json["steps"]
    return {step["step"]: step for step in steps if step["status"] == "done" and step["parent"] is None}


def test_killed_three_times_in_the_middle(luxos: Command, tmp_path: Path) -> None:
    whole = Command(tmp_path / "other")("do", SENTENCE, "--json").json
    assert whole["status"] == "done"

    client = started(luxos, "do", "--yes", SENTENCE, said="✓ source")
    client.kill()
    client.communicate()
    [found] = luxos("runs", "--json").json["runs"]
    run, seen = found["run"], {}
    assert found["status"] == "interrupted"

    seen |= steps_of(luxos, run)
    client = started(luxos, "resume", run, said="✓ style")
    os.kill(postmaster(luxos), signal.SIGKILL)
    _out, err = client.communicate()
    assert client.returncode == 5, err
    assert "luxos resume" in err
    assert "Traceback" not in err

    seen |= steps_of(luxos, run)
    client = started(luxos, "resume", run, said="= style")
    for process in (postmaster(luxos), client.pid):
        os.kill(process, signal.SIGKILL)
    client.communicate()

    seen |= steps_of(luxos, run)
    ended = luxos("resume", run, "--json")
    assert ended.code == 0, ended
    after = steps_of(luxos, run)
    assert {name: after[name] for name in seen} == seen
    assert set(after) == {
        *("design", "packages", "environment", "source", "code"),
        *("style", "types", "security", "tests", "archive"),
    }
    assert luxos("show", run, "--json").json["chain_whole"]
    assert digest(ended.json) == digest(whole)
    assert same_but_for_places(ended.json, whole)


def digest(report: dict[str, Any]) -> str:
    [archive] = report["artifacts"]
    return hashlib.sha256(Path(archive).read_bytes()).hexdigest()


def same_but_for_places(one: dict[str, Any], other: dict[str, Any]) -> bool:
    keys = ("status", "intent", "confidence", "tests", "coverage")
    return json.dumps([one[key] for key in keys]) == json.dumps([other[key] for key in keys])

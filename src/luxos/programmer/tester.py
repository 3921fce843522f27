"""Runs the tests of an application, isolated, and reads how they went and how much of the code they reached."""

import re
from pathlib import Path
from typing import Any
from uuid import UUID

from luxos.beings.core import CoreFunction
from luxos.programmer.builder import check_environment
from luxos.programmer.errors import TestsFailed
from luxos.programmer.shapes import Environment, Source
from luxos.runtime.context import Context

_COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped)")
_TOTAL = re.compile(r"^TOTAL\b.*?(\d+(?:\.\d+)?)%$", re.MULTILINE)
_SAID = 2000


async def run_tests(context: Context, source: Source, environment: Environment) -> dict[str, Any]:
    """Gives `passed`, `failed`, `skipped` and `coverage` (percent); `TestsFailed` unless all passed."""
    options = ("-p", "no:cacheprovider", "--cov", "--cov-report=term", "-q")
    check_environment(context.settings, environment)
    context.report("pytest")
    done = await context.execution(
        "shell.confined",
        argv=[environment["python"], "-m", "pytest", *options],
        readable=[environment["folder"]],
        check=False,
        environment={
            "VIRTUAL_ENV": environment["folder"],
            "PATH": str(Path(environment["folder"]) / "bin"),
            "COVERAGE_FILE": "/tmp/coverage",  # noqa: S108 - the sandbox's own
        },
    )
    report = read_report(done["stdout"])
    if done["exit_code"] != 0 or report["failed"] or not report["passed"]:
        said = (done["stdout"] + done["stderr"]).strip()[-_SAID:]
        raise TestsFailed(passed=report["passed"], failed=report["failed"], output=said)
    return report


def read_report(output: str) -> dict[str, Any]:
    """What pytest's last lines and coverage's total say."""
    last = output.strip().splitlines()[-1] if output.strip() else ""
    counts = {word.rstrip("s"): int(count) for count, word in _COUNT.findall(last)}
    totals = _TOTAL.findall(output)
    return {
        "passed": counts.get("passed", 0),
        "failed": counts.get("failed", 0) + counts.get("error", 0),
        "skipped": counts.get("skipped", 0),
        "coverage": float(totals[-1]) if totals else 0.0,
    }


FUNCTIONS = (CoreFunction(UUID("bdada872-9060-4d86-9e3f-8ff6154f648a"), "code.test", "TEST", "none", run_tests),)

"""RESPOND: what a run came to, as one JSON object and as one sentence."""

from pathlib import Path
from typing import Any

from luxos.errors import Exit, LuxError
from luxos.i18n import N_, _
from luxos.lux.runner import Outcome
from luxos.runtime.errors.runs import RunGivenUp
from luxos.runtime.runs import Run

_DONE = N_("Done.")
_BUILT = N_("The application {name} is ready in {folder}.")
_FAILED = N_("Step {step} failed: {reason}")


def report_of(run: Run, outcome: Outcome) -> dict[str, Any]:
    """The object that `luxos do --json` ends with."""
    results = outcome.results
    project = run.attributes.get("project")
    report: dict[str, Any] = {
        "status": _status(outcome),
        "run": str(run.soul),
        "intent": run.attributes.get("intent"),
        "confidence": run.attributes.get("confidence"),
        "assumptions": run.attributes.get("assumptions", []),
        "results": {} if project else results,
        "artifacts": [],
    }
    if run.attributes.get("calls"):
        report["calls"] = True  # what they gave is what a person waits for
    if project:
        report["project"] = {"name": project["name"], "path": str(run.workspace), "stack": project["stack"]}
        tests = results.get("tests", {})
        report["tests"] = {"passed": tests.get("passed", 0), "failed": tests.get("failed", 0)}
        report["coverage"] = tests.get("coverage")
    if "archive" in results and project:
        report["artifacts"] = [str(run.workspace / results["archive"]["path"])]
        environment = results["environment"]["folder"]
        report["start_command"] = make_command(run.workspace, "run", environment)
        if project["stack"] == "django":
            report["account_command"] = make_command(run.workspace, "user", environment)
    if outcome.failures:
        step, error = _given_up(outcome) or _worst(outcome)
        report["error"] = {"step": step, "exit_code": int(error.exit_code), **error.as_json()}
        report["message"] = _(_FAILED).format(step=step, reason=error) if step else str(error)
    elif project:
        report["message"] = _(_BUILT).format(name=project["name"], folder=run.workspace)
    else:
        report["message"] = _(_DONE)
    return report


def make_command(folder: Path, target: str, environment: str) -> str:
    """The one command that does something with an application, in the environment in which it was tested."""
    return f"make -C {_quoted(folder)} {target} VENV={_quoted(environment)}"


def _status(outcome: Outcome) -> str:
    if not outcome.failures:
        return "done"
    if (given := _given_up(outcome)) is not None:
        return given[1].status
    asks = any(error.exit_code is Exit.NEEDS_PERSON for error in outcome.failures.values())
    return "needs_person" if asks else "failed"


def _given_up(outcome: Outcome) -> tuple[str, RunGivenUp] | None:
    """Why the run was given up, where somebody wanted that; no step has failed by it."""
    return next((("", error) for error in outcome.failures.values() if isinstance(error, RunGivenUp)), None)


def _worst(outcome: Outcome) -> tuple[str, LuxError]:
    """The failure that the person has to deal with first: what only a person can decide, else the first."""
    return min(outcome.failures.items(), key=lambda item: item[1].exit_code is not Exit.NEEDS_PERSON)


def _quoted(path: object) -> str:
    import shlex

    return shlex.quote(str(path))

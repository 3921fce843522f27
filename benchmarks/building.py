"""What LuxOS adds to building an application, beside the same tools started by a plain script on the same source."""

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Figure, Machine
from luxos.programmer.code_analyzer import CHECKS, TYPE_CACHE

SENTENCE = "Zbuduj aplikację todo w Django"
TEST = ("pytest", "-p", "no:cacheprovider", "--cov", "--cov-report=term", "-q")


@dataclass(frozen=True)
class Build:
    """One build: how long it took as a whole, its packages and environment alone, and where things are."""

    seconds: float
    packages: float
    project: Path
    environment: Path


def figures(machine: Machine) -> Iterator[Figure]:
    """The rows of this benchmark."""
    first = _build(machine, "pierwsza")
    rounds = [(_build(machine, f"kolejna{number}"), number) for number in range(3)]
    bare = sorted(_bare(machine, build) for build, _number in rounds)[1]
    again = sorted((build for build, _number in rounds), key=lambda build: build.seconds)[1]
    added = again.seconds - bare
    said = f"{again.seconds:.1f} s = {again.seconds / bare:.2f}×; {added:.1f} s added"
    yield Figure("building the Django application again", said, f"the tools alone {bare:.1f} s", "2 s added", added < 2)
    said = f"{again.packages:.2f} s = {again.packages / first.packages:.3f}×"
    beside = f"first build {first.packages:.1f} s"
    yield Figure("packages and environment, built again", said, beside, "reused", again.packages < first.packages / 10)


def _build(machine: Machine, name: str) -> Build:
    began = time.perf_counter()
    report = json.loads(machine.run(machine.luxos, "do", "--json", "--name", name, SENTENCE).stdout)
    seconds = time.perf_counter() - began
    shown = json.loads(machine.run(machine.luxos, "show", "--json", report["run"]).stdout)
    steps = {step["step"]: step for step in shown["steps"]}
    packages = steps["packages"]["seconds"] + steps["environment"]["seconds"]
    return Build(seconds, packages, Path(report["project"]["path"]), Path(steps["environment"]["result"]["folder"]))


def _bare(machine: Machine, build: Build) -> float:
    """The tools of the plan on a copy of the project: the formatter first, then all others at the same time."""
    python = str(build.environment / "bin" / "python")
    known = Path(machine.environment["LUXOS_CACHE"]) / "types" / build.environment.name
    with tempfile.TemporaryDirectory() as folder:
        copy, types = Path(folder) / "project", Path(folder) / "types"
        shutil.copytree(build.project, copy)
        shutil.copytree(known, types)
        commands = [TEST, *(command for kind in CHECKS.values() for command in kind)]
        began = time.perf_counter()
        machine.run(python, "-m", "ruff", "format", "--no-cache", ".", cwd=copy)
        running = [_start(machine, copy, python, command, types) for command in commands]
        codes = [process.wait() for process in running]
        took = time.perf_counter() - began
    if any(codes):
        raise RuntimeError(f"the tools alone failed: {codes}")
    return took


def _start(
    machine: Machine, folder: Path, python: str, command: tuple[str, ...], types: Path
) -> "subprocess.Popen[bytes]":
    words = [word.replace(TYPE_CACHE, str(types)) for word in command]
    environment = {
        **machine.environment,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": f"{Path(python).parent}:/usr/bin:/bin",
    }
    return subprocess.Popen(
        [python, "-m", *words], cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

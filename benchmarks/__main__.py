"""`make bench`: measures everything, prints the table, and writes it into docs/benchmarks.md.

`python -m benchmarks souls startup` measures these parts only, and writes nothing.
"""

import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import (
    building,
    calls,
    evolving,
    finding,
    graphs,
    hermetic,
    isolated,
    kernel,
    memories,
    messages,
    objects,
    souls,
    startup,
    steps,
    tasks,
    understanding,
    vectors,
)
from benchmarks.measure import Figure, Machine

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Written by `make bench`: medians, each beside its peer or the bare operation, measured in the same run. Compare ratios,
not milliseconds.

"""


PARTS = {
    "startup": startup,
    "steps": steps,
    "building": building,
    "souls": souls,
    "evolving": evolving,
    "hermetic": hermetic,
    "calls": calls,
    "isolated": isolated,
    "finding": finding,
    "graphs": graphs,
    "objects": objects,
    "memories": memories,
    "messages": messages,
    "tasks": tasks,
    "vectors": vectors,
    "kernel": kernel,
    "understanding": understanding,
}


def main() -> int:
    wanted = sys.argv[1:] or list(PARTS)
    if unknown := set(wanted) - set(PARTS):
        print(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="luxos-bench-", ignore_cleanup_errors=True) as folder:
        machine = Machine(Path(folder), Path(folder) / "cache")
        for name in wanted:
            for figure in PARTS[name].figures(machine):
                print(_row(figure), flush=True)
                figures.append(figure)
    if wanted == list(PARTS):
        _write(figures)
    return 0


def _write(figures: list[Figure]) -> None:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout
    machine = (
        f"{os.cpu_count()} cores, {platform.machine()}, Linux {platform.release()}, Python {platform.python_version()}"
    )
    when = datetime.now(UTC).date().isoformat()
    table = ["| what | measured | beside | must | met |", "| --- | --- | --- | --- | --- |", *map(_row, figures)]
    PAGE.write_text(
        f"{HEAD}{when}, commit {commit.strip()}, {machine}.\n\n" + "\n".join(table) + "\n", encoding="utf-8"
    )


def _row(figure: Figure) -> str:
    met = "yes" if figure.met else "**missed**"
    return f"| {figure.what} | {figure.measured} | {figure.beside} | {figure.must} | {met} |"


if __name__ == "__main__":
    sys.exit(main())

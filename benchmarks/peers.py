"""An environment with the libraries that LuxOS is measured beside; it is thrown away with the benchmark's home."""

import sys
from pathlib import Path

from benchmarks.measure import Machine

_LOCK = Path(__file__).parents[1] / "requirements" / "bench.txt"


def python_with_peers(machine: Machine) -> str:
    """The Python of that environment, made at the first call."""
    folder = machine.home / "peers"
    python = str(folder / "bin" / "python")
    if not folder.exists():
        machine.run(sys.executable, "-m", "venv", str(folder))
        machine.run(
            python, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--require-hashes", "-r", str(_LOCK)
        )
    return python

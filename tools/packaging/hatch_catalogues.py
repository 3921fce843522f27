"""Compiles the message catalogues when the package is built."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Catalogues(BuildHookInterface[Any]):
    """Runs `catalogues.compile_all` before the files are collected."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        sys.path.insert(0, str(Path(self.root) / "tools" / "packaging"))
        from catalogues import compile_all

        compile_all(Path(self.root) / "src" / "luxos" / "locale")

"""What the type checker knows of a stack's libraries: learned at the first build, lent to every later one.

Reading the libraries takes the checker fifteen seconds, the application itself half of one. Each check works on a copy
of its own; the first that passes is kept as the shared one, and nothing is ever written into that.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from luxos.config import Settings


@contextmanager
def lent_types(settings: Settings, environment: str) -> Iterator[Path]:
    """A folder for the checker's cache, filled with what is known; kept for others if the block ends well."""
    shared = settings.cache / "types" / Path(environment).name
    shared.parent.mkdir(parents=True, exist_ok=True)
    own = Path(tempfile.mkdtemp(prefix=f".{shared.name}.", dir=shared.parent))
    try:
        if shared.is_dir():
            shutil.copytree(shared, own, dirs_exist_ok=True)
        yield own
        if not shared.is_dir():
            with suppress(OSError):  # another build was first
                own.rename(shared)
    finally:
        shutil.rmtree(own, ignore_errors=True)

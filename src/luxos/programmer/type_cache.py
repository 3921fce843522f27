"""What the type checker knows of a stack's libraries: learned at the first build, lent to every later one.

Reading the libraries takes the checker fifteen seconds, the application itself half of one. Each check works on a copy
of its own; the first that passes is kept as the shared one, and nothing is ever written into that. Beside each copy
lies a file that its user holds locked: a copy that nobody holds was left by a killed one, and the next use removes it.
"""

import fcntl
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import IO

from luxos.config import Settings
from luxos.runtime.threads import to_the_end

_HELD = "held"
_TYPES = "types"


@asynccontextmanager
async def lent_types_aside(settings: Settings, environment: str) -> AsyncIterator[Path]:
    """`lent_types` with the copying done beside the event loop."""
    stack = ExitStack()
    try:
        yield await to_the_end(stack.enter_context, lent_types(settings, environment))
    except BaseException as error:
        await to_the_end(stack.__exit__, type(error), error, error.__traceback__)
        raise
    await to_the_end(stack.close)


@contextmanager
def lent_types(settings: Settings, environment: str) -> Iterator[Path]:
    """A folder for the checker's cache, filled with what is known; kept for others if the block ends well."""
    shared = settings.cache / "types" / Path(environment).name
    shared.parent.mkdir(parents=True, exist_ok=True)
    with _own_folder(shared) as folder:
        own = folder / _TYPES
        if shared.is_dir():
            shutil.copytree(shared, own)
        else:
            own.mkdir()
        yield own
        if not shared.is_dir():
            with suppress(OSError):  # another build was first
                own.rename(shared)


@contextmanager
def _own_folder(shared: Path) -> Iterator[Path]:
    """A new folder that is known to be ours as long as this process lives."""
    with (shared.parent / ".lock").open("w") as making:
        fcntl.flock(making, fcntl.LOCK_EX)
        _sweep(shared.parent)
        folder = Path(tempfile.mkdtemp(prefix=f".{shared.name}.", dir=shared.parent))
        held = (folder / _HELD).open("w")
        fcntl.flock(held, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        held.close()


def _sweep(folder: Path) -> None:
    for left in folder.glob(".*/"):
        if _is_nobodys(left / _HELD):
            shutil.rmtree(left, ignore_errors=True)


def _is_nobodys(path: Path) -> bool:
    try:
        with path.open() as held:
            return _can_be_held(held)
    except FileNotFoundError:
        return True


def _can_be_held(held: IO[str]) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

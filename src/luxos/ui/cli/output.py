"""Standard output that never fails: where nobody can read it any more, it goes quiet and the work goes on."""

import errno
import io
import os
import select
import sys
from typing import TYPE_CHECKING

from luxos.errors import reason_of
from luxos.i18n import _

if TYPE_CHECKING:
    from typing import TextIO

    from _typeshed import ReadableBuffer

_OUT, _ERROR = 1, 2


class Tolerant(io.FileIO):
    """A descriptor that takes everything; `trouble` is why what was written did not arrive."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self.trouble: OSError | None = None

    def write(self, data: "ReadableBuffer", /) -> int:
        """Writes, or goes quiet for good."""
        if self.trouble is None:
            try:
                return self._write(data)
            except OSError as error:
                self.trouble = error
        return memoryview(data).nbytes

    def _write(self, data: "ReadableBuffer") -> int:
        """Writes as much as fits, and waits for room where the descriptor itself does not."""
        while (written := super().write(data)) is None:
            select.select([], [self], [])
        return written


def tolerate() -> Tolerant:
    """Makes this process's output and error output tolerant; gives the output."""
    for descriptor in range(_ERROR + 1):
        _fill(descriptor)
    if sys.stdin is None:  # it was closed, and stands open on nothing now
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 - it stays open
    out, err = Tolerant(_OUT), Tolerant(_ERROR)
    sys.stdout, sys.stderr = _text(out, sys.stdout), _text(err, sys.stderr)
    return out


def tell_trouble(out: Tolerant) -> bool:
    """Says why output is missing, and whether it is; a reader that went away knows it."""
    sys.stdout.flush()
    if out.trouble is None or out.trouble.errno == errno.EPIPE:
        return False
    words = _("Not everything could be shown: {reason}. The work itself was not touched by that.")
    sys.stderr.write(words.format(reason=reason_of(out.trouble)) + "\n")
    return True


def _fill(descriptor: int) -> None:
    """Opens a standard descriptor that is closed, so that no file or socket of ours takes its number."""
    try:
        os.fstat(descriptor)
    except OSError:
        os.open(os.devnull, os.O_RDWR)


def _text(raw: Tolerant, like: "TextIO | None") -> io.TextIOWrapper:
    encoding = like.encoding if like is not None else "utf-8"
    buffered = io.BufferedWriter(raw)
    line_by_line = raw.isatty() or raw.fileno() == _ERROR
    return io.TextIOWrapper(buffered, encoding=encoding, errors="backslashreplace", line_buffering=line_by_line)

"""What nobody foresaw: kept whole in a file, told to the person in a sentence."""

import os
from pathlib import Path

from luxos.config import Settings
from luxos.errors import LuxError
from luxos.i18n import N_


class Defect(LuxError):
    """Something that nobody foresaw."""

    code = "ui.defect"
    message = N_("LuxOS has a defect here: {reason}. The details are in {log}; please report them.")


def defect(error: BaseException) -> Defect:
    """Keeps the traceback in `defects.log` of the data folder; gives what the person is told."""
    import traceback

    home = Settings.from_environment({**os.environ, "LUXOS_DATABASE_LINGER": ""}).home
    log = home / "defects.log"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as stream:
            traceback.print_exception(error, file=stream)
    except OSError:
        log = Path("-")
    inner = error
    while isinstance(inner, BaseExceptionGroup):
        inner = inner.exceptions[0]
    return Defect(reason=f"{type(inner).__name__}: {inner}"[:200], log=log)

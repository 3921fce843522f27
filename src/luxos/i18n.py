"""What a person reads, in their language: Polish first, English with `LUXOS_LANG=en`.

Messages are written in English in the code; `locale/pl/<room>.po` holds their Polish. `N_` marks a message that is
translated later, `_` translates at once, `ngettext` chooses the plural form.
"""

import gettext
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

LANGUAGES = ("pl", "en")
_spoken: ContextVar[str | None] = ContextVar("luxos_language", default=None)


@contextmanager
def speaking(name: str) -> Iterator[None]:
    """Everything inside speaks this language: a background process answers each person in theirs."""
    token = _spoken.set(name if name in LANGUAGES else None)
    try:
        yield
    finally:
        _spoken.reset(token)


def language() -> str:
    """The language of the person: `pl`, or `en` when `LUXOS_LANG` starts with it."""
    chosen = _spoken.get()
    if chosen is not None:
        return chosen
    return "en" if os.environ.get("LUXOS_LANG", "").lower().startswith("en") else "pl"


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(name: str) -> gettext.NullTranslations:
    return gettext.translation("luxos", Path(__file__).parent / "locale", languages=[name], fallback=True)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for it
    """Marks a message for the catalogues and leaves it as it is."""
    return message


def _(message: str) -> str:
    return _catalogue(language()).gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """The plural form that fits `count`."""
    return _catalogue(language()).ngettext(one, many, count)

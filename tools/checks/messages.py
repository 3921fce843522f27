"""Checks that every message of LuxOS has its Polish, and that no translation is left over.

`locale/pl/click.po` holds the words of the command-line library, which are not extracted from our source.
"""

import string
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir

ROOT = Path(__file__).parents[2]
LOCALE = ROOT / "src" / "luxos" / "locale"
FOREIGN = "click.po"
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}


def messages() -> dict[str | tuple[str, ...], str]:
    """Every message in the source, with the first place where it stands."""
    found: dict[str | tuple[str, ...], str] = {}
    for file, line, message, _comments, _context in extract_from_dir(
        str(ROOT / "src" / "luxos"), method_map=[("**.py", "python")], keywords=KEYWORDS
    ):
        found.setdefault(message, f"{file}:{line}")
    return found


def fields(text: str) -> set[str]:
    """The names in braces."""
    return {name.partition(".")[0] for _text, name, _format, _conversion in string.Formatter().parse(text) if name}


def problems() -> list[str]:
    """What is missing, left over, or has other fields than its message."""
    sys.path.insert(0, str(ROOT / "tools" / "packaging"))
    from catalogues import join

    whole: Catalog = join(LOCALE / "pl")
    foreign: Catalog = join(LOCALE / "pl", only=FOREIGN)
    found = messages()
    said = [
        f"{place}: no Polish for {message!r}" for message, place in found.items() if whole.get(_key(message)) is None
    ]
    known = {_key(message) for message in found}
    for entry in whole:
        if not entry.id:
            continue
        if _key(entry.id) not in known and foreign.get(_key(entry.id)) is None:
            said.append(f"translation of nothing: {entry.id!r}")
        allowed = {name for text in _forms(entry.id) for name in fields(text)}
        if any(not fields(text) <= allowed for text in _forms(entry.string)):
            said.append(f"fields that the message has not: {entry.id!r}")
    return said


def _forms(text: object) -> list[str]:
    """The singular and the plural forms of a message or of a translation."""
    return [text] if isinstance(text, str) else [str(form) for form in text] if isinstance(text, (list, tuple)) else []


def _key(message: object) -> str:
    return _forms(message)[0]


if __name__ == "__main__":
    wrong = problems()
    print("\n".join(wrong) or "every message has its Polish")
    sys.exit(bool(wrong))

"""Names for code made of names for people: `Książka adresowa` becomes `ksiazka_adresowa` or `KsiazkaAdresowa`."""

import re
import unicodedata
from typing import Literal

_BARE = str.maketrans("łŁøØđĐı", "lLoOdDi")
_SPELLED = {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "Th"}
_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_WORD = re.compile(r"[A-Za-z0-9]+")


def fold(text: str) -> str:
    """The text without diacritics (ą→a, ł→l); other characters stay."""
    if text.isascii():
        return text
    for letter, spelled in _SPELLED.items():
        text = text.replace(letter, spelled)
    decomposed = unicodedata.normalize("NFKD", text.translate(_BARE))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _pieces(word: str) -> list[str]:
    camel = bool(re.search(r"[a-z][A-Z]", word))
    return _PIECE.findall(word) if camel else [word]


def identifier(text: str, style: Literal["snake", "kebab", "class"]) -> str:
    """An ASCII identifier of the words in `text`, or "" when nothing is left; it may be a keyword of some language."""
    pieces = [piece for word in _WORD.findall(fold(text)) for piece in _pieces(word)]
    while pieces and pieces[0][0].isdigit():
        first = pieces[0].lstrip("0123456789")
        pieces[:1] = [first] if first else []
    if style == "class":
        return "".join(piece[0].upper() + (piece[1:] if piece.isupper() else piece[1:].lower()) for piece in pieces)
    joint = "_" if style == "snake" else "-"
    return joint.join(piece.lower() for piece in pieces)

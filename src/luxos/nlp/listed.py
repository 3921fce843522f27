"""Fields that a person lists, outside a sentence: "tytuł, termin (data), due date (date), cena: kwota"."""

import re
from typing import NamedTuple

from luxos.nlp.entities.attributes import kind_of, kinds
from luxos.nlp.fields import field_phrases
from luxos.nlp.identifiers import identifier
from luxos.nlp.pipeline import understand
from luxos.nlp.words import FieldPhrase

_PARTING = re.compile(r"(?:[,;\n]|\s(?:i|oraz|and)\s)(?![^()]*\))")
_PART = re.compile(
    r"(?P<label>[^():]*?)\s*(?:\((?P<noted>[^()]*)\)|(?::|\s(?:jako|typu|as)\s)(?P<said>.*))?", re.DOTALL
)
_SENTENCE = "Zbuduj aplikację z polami: "


class Listed(NamedTuple):
    """The fields of a list in its order, and the parts of it that are none."""

    fields: tuple[FieldPhrase, ...]
    unread: tuple[str, ...]


def listed_fields(text: str) -> Listed:
    """Reads a list of fields; each part is a field, or is said to be none. Spans are those of the label in its part."""
    fields: list[FieldPhrase] = []
    unread: list[str] = []
    for part in filter(None, map(str.strip, _PARTING.split(text))):
        found = _fields(part)
        fields += found
        unread += [] if found else [part]
    return Listed(tuple(fields), tuple(unread))


def _fields(part: str) -> tuple[FieldPhrase, ...]:
    match = _PART.fullmatch(part)
    label, kind = (match["label"], _said(match["noted"] or match["said"] or "")) if match else (part, None)
    if not identifier(label, "snake"):
        return ()
    phrases = field_phrases(understand(_SENTENCE + label))
    if _covered(label, phrases) and len(phrases) > 1:
        return phrases
    known = phrases[0] if _covered(label, phrases) else FieldPhrase(label, kind_of(label) or "text", 0, len(label))
    spelled = label if known.label.casefold() == label.casefold() else known.label
    return (FieldPhrase(spelled, kind or known.kind, 0, len(label)),)


def _said(remark: str) -> str | None:
    """The kind that a remark names."""
    words = (word.strip().lower() for word in remark.split(","))
    return next((kinds()[1][word] for word in words if word in kinds()[1]), None)


def _covered(label: str, phrases: tuple[FieldPhrase, ...]) -> bool:
    """Whether the phrases found in the label's sentence leave none of its letters out."""
    spans = [(phrase.start - len(_SENTENCE), phrase.end - len(_SENTENCE)) for phrase in phrases]
    letters = (at for at, letter in enumerate(label) if letter.isalnum())
    return bool(spans) and all(any(start <= at < end for start, end in spans) for at in letters)

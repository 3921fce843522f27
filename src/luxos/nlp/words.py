"""The values that understanding is made of. All are immutable, and all spans count characters of the original text."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_ENGLISH = frozenset(
    {
        "an",
        "the",
        "in",
        "for",
        "of",
        "with",
        "using",
        "and",
        "me",
        "my",
        "that",
        "called",
        "build",
        "create",
        "make",
        "want",
    }
)
_POLISH = frozenset(
    {"w", "we", "z", "ze", "do", "i", "oraz", "dla", "na", "o", "mi", "od", "pod", "się", "która", "który"}
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text that is not split further: `text == original[start:end]`.

    `tag` is the morfeusz tag of a word, `ign` for a word nobody knows, or the kind of what is no word: `punct`, `path`,
    `url`, `host`, `email`, `version`, `option`, `number`, `size`, `time`, `hash`, `quoted`, `ident`, `tech`.
    """

    text: str
    start: int
    end: int
    lemma: str
    tag: str


def language_of(tokens: Iterable[Token]) -> str:
    """`en` where most of the function words are English, else `pl`."""
    words = [token.text.lower() for token in tokens]
    english, polish = (sum(word in listed for word in words) for listed in (_ENGLISH, _POLISH))
    return "en" if english > polish else "pl"


@dataclass(frozen=True, slots=True)
class Entity:
    """What the sentence names: `value` is its base form, `text` how it stands there."""

    type: str
    value: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Understanding:
    """What LuxOS makes of a sentence; `confidence` is calibrated and belongs to `intent`.

    Intent and entities are of the first command; `also` names the further ones, each with its intent (NONE where it is
    not understood) and its text.
    """

    text: str
    intent: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...]
    entities: tuple[Entity, ...]
    tokens: tuple[Token, ...]
    also: tuple[tuple[str, str], ...] = ()

    def values(self, type: str) -> tuple[str, ...]:  # noqa: A002 - the entity's own word
        """The values of all entities of a type, in the order of the sentence."""
        return tuple(entity.value for entity in self.entities if entity.type == type)

    @property
    def language(self) -> str:
        """The language of the text; nouns take their forms by it."""
        return language_of(self.tokens)

    def as_json(self) -> dict[str, Any]:
        """The shape that `--json` shows."""
        return {
            "text": self.text,
            "intent": self.intent,
            "confidence": round(self.confidence, 4),
            "alternatives": [{"intent": name, "confidence": round(value, 4)} for name, value in self.alternatives],
            "entities": [
                {"type": e.type, "value": e.value, "text": e.text, "start": e.start, "end": e.end}
                for e in self.entities
            ],
            "tokens": [
                {"text": t.text, "start": t.start, "end": t.end, "lemma": t.lemma, "tag": t.tag} for t in self.tokens
            ],
            "also": [{"intent": intent, "text": said} for intent, said in self.also],
        }


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun, or a phrase around one, in the forms that an application's texts need."""

    lemma: str
    singular: str
    plural: str
    accusative: str
    genitive_plural: str
    gender: str
    """`m1` (men), `m2` (animals), `m3` (things), `f` or `n`."""
    kind: str
    """`person`, `event` or `thing`, by grammar."""


@dataclass(frozen=True, slots=True)
class FieldPhrase:
    """A field that the sentence gives: its label in base form and the kind of its values.

    `subject` is the thing that has it, as the SUBJECT of that name, where the sentence tells several apart; else "".
    """

    label: str
    kind: str
    start: int
    end: int
    subject: str = ""

"""Understanding Polish (and English) commands, offline: tokens, lemmas, intent, entities, and forms of nouns.

`understand(text)` is the door; it never raises, whatever the text. Everything here loads on first use, so that
importing the package costs nothing. `nlp/` imports no other room.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from luxos.nlp.cases import read_cases
    from luxos.nlp.fields import field_phrases
    from luxos.nlp.identifiers import identifier
    from luxos.nlp.inflection import describe_noun, meaning
    from luxos.nlp.judging import Verdict, judge
    from luxos.nlp.listed import listed_fields
    from luxos.nlp.pipeline import understand, understood
    from luxos.nlp.unwanted import unwanted_features
    from luxos.nlp.words import Entity, FieldPhrase, Noun, Token, Understanding

__all__ = [
    "Entity",
    "FieldPhrase",
    "Noun",
    "Token",
    "Understanding",
    "Verdict",
    "describe_noun",
    "field_phrases",
    "identifier",
    "judge",
    "listed_fields",
    "meaning",
    "read_cases",
    "understand",
    "understood",
    "unwanted_features",
]

_HOMES = {
    "Verdict": "judging",
    "describe_noun": "inflection",
    "field_phrases": "fields",
    "identifier": "identifiers",
    "judge": "judging",
    "listed_fields": "listed",
    "meaning": "inflection",
    "read_cases": "cases",
    "understand": "pipeline",
    "understood": "pipeline",
    "unwanted_features": "unwanted",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    value = getattr(import_module(f"luxos.nlp.{_HOMES.get(name, 'words')}"), name)
    globals()[name] = value
    return value

"""Entities of a sentence, once its intent is known: which family of extractors looks at it, and in which order."""

from luxos.nlp.entities import building, commands, literals
from luxos.nlp.entities.claims import Claims
from luxos.nlp.entities.sentence import Sentence
from luxos.nlp.words import Entity, Token


def extract(text: str, tokens: tuple[Token, ...], intent: str) -> tuple[Entity, ...]:
    """The entities that `intent` has, in the order of the sentence, without overlap."""
    sentence, claims = Sentence(text, tokens), Claims()
    if intent == "BUILD_APP":
        literals.technologies(sentence, claims)
        literals.paths(sentence, claims)
        building.extract(sentence, claims)
    else:
        commands.extract(sentence, claims, intent)
    return claims.sorted()

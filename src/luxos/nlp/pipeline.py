"""The way of a sentence: tokens, base forms, its first command, the intent and entities of that, further commands."""

from luxos.nlp.clauses import clauses, spelled
from luxos.nlp.entity_extractor import extract
from luxos.nlp.intent_classifier import THRESHOLD, classify
from luxos.nlp.morphology import tokens
from luxos.nlp.words import Token, Understanding

MAX_LENGTH = 2000
"""Characters of a text that are looked at; what follows plays no part in its understanding."""
_ALTERNATIVES = 5


def understand(text: str) -> Understanding:
    """What LuxOS makes of a text; NONE for what it does not do. Never raises, and answers the same each time."""
    seen = text[:MAX_LENGTH]
    found = tokens(seen)
    first, *others = clauses(found)
    ranked = classify(first)
    intent, confidence = ranked[0]
    return Understanding(
        text=text,
        intent=intent,
        confidence=confidence,
        alternatives=tuple(ranked[1 : 1 + _ALTERNATIVES]),
        entities=extract(seen, first, intent),
        tokens=found,
        also=tuple(_further(seen, clause) for clause in others),
    )


def _further(text: str, clause: tuple[Token, ...]) -> tuple[str, str]:
    intent, confidence = classify(clause)[0]
    return (intent if confidence >= THRESHOLD else "NONE"), spelled(text, clause)


def understood(understanding: Understanding) -> bool:
    """Whether LuxOS may act on this: an intent of its own, with a confidence of at least `THRESHOLD`."""
    return understanding.intent != "NONE" and understanding.confidence >= THRESHOLD

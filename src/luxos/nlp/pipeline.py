"""The way of a sentence: tokens, base forms, intent, entities."""

from luxos.nlp.entity_extractor import extract
from luxos.nlp.intent_classifier import THRESHOLD, classify
from luxos.nlp.morphology import tokens
from luxos.nlp.words import Understanding

MAX_LENGTH = 2000
"""Characters of a text that are looked at; what follows plays no part in its understanding."""
_ALTERNATIVES = 5


def understand(text: str) -> Understanding:
    """What LuxOS makes of a text; NONE for what it does not do. Never raises, and answers the same each time."""
    seen = text[:MAX_LENGTH]
    found = tokens(seen)
    ranked = classify(found)
    intent, confidence = ranked[0]
    return Understanding(
        text=text,
        intent=intent,
        confidence=confidence,
        alternatives=tuple(ranked[1 : 1 + _ALTERNATIVES]),
        entities=extract(seen, found, intent),
        tokens=found,
    )


def understood(understanding: Understanding) -> bool:
    """Whether LuxOS may act on this: an intent of its own, with a confidence of at least `THRESHOLD`."""
    return understanding.intent != "NONE" and understanding.confidence >= THRESHOLD

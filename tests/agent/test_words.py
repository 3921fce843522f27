"""Everything that understanding can give has a name for people, in both languages."""

import pytest

from luxos.agent.words import ENTITIES, INTENTS, entity_words, intent_words
from luxos.i18n import speaking
from luxos.nlp import corpus


def test_all_intents_and_entities_have_words() -> None:
    assert set(INTENTS) == set(corpus.INTENTS)
    assert set(ENTITIES) == set(corpus.ENTITY_TYPES)


@pytest.mark.parametrize("language", ["pl", "en"])
def test_the_words_tell_the_intents_apart(language: str) -> None:
    with speaking(language):
        words = [intent_words(intent) for intent in INTENTS]
        assert len(set(words)) == len(words)
        assert not any(word.isupper() for word in [*words, *map(entity_words, ENTITIES)])

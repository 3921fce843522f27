"""What a sentence wants an application to be without: "bez logowania i eksportu", "without search"."""

from collections.abc import Iterator

from luxos.nlp.clauses import clauses
from luxos.nlp.entities.attributes import feature_of
from luxos.nlp.entities.lists import items_at
from luxos.nlp.entities.sentence import Sentence
from luxos.nlp.words import Understanding

_WITHOUT = frozenset({"bez", "without"})


def unwanted_features(understanding: Understanding) -> tuple[str, ...]:
    """The known features (`lexicon/features.yaml`) that are not wanted, each once, in the order of the sentence."""
    sentence = Sentence(understanding.text, clauses(understanding.tokens)[0])
    found: dict[str, None] = {}
    for at in range(len(sentence)):
        for words in _listed(sentence, at + 1) if sentence.word(at) in _WITHOUT else ():
            feature = feature_of(words)
            found |= {feature: None} if feature else {}
    return tuple(found)


def _listed(sentence: Sentence, at: int) -> Iterator[str]:
    """The words of each thing that is listed from a place on; of what is no noun ("search"), the word itself."""
    items = items_at(sentence, at)
    for item in items:
        start = item.phrase.head if item.phrase else item.start
        yield " ".join(token.text for token in sentence.tokens[start : item.end])
    if not items and sentence.word(at):
        yield sentence.word(at)

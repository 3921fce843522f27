"""What the lexicons know of a word: the kind of value that an attribute holds, and the features of applications."""

from functools import lru_cache

from luxos.nlp.identifiers import fold
from luxos.nlp.lexicon import load, stems

_SHORT = 4
"""Beginnings of words up to this length count only where but a Polish ending follows ("auth" is no "author")."""


@lru_cache(maxsize=1)
def kinds() -> tuple[dict[str, str], dict[str, str]]:
    """The kinds of value by the names of attributes, and by the words that say a kind."""
    lists = load("attributes")
    said = {word.lower(): kind for kind, words in lists["said"].items() for word in words}
    words = {word.lower(): kind for kind, listed in lists.items() if kind != "said" for word in listed}
    return words, said


def kind_of(label: str) -> str | None:
    """The kind of value that an attribute of this name holds, or None for a word that names no usual attribute."""
    known = kinds()[0]
    words = label.lower().split()
    for length in range(len(words), 0, -1):
        found = known.get(" ".join(words[:length]))
        if found:
            return found
    return known.get(words[-1]) if words else None


@lru_cache(maxsize=1)
def _features() -> tuple[tuple[str, str], ...]:
    pairs = [(start, name) for name, starts in load("features").items() for start in starts]
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))


def feature_of(words: str) -> str | None:
    """The known feature that the words begin with, in base form."""
    folded = fold(words).lower()
    for start, name in _features():
        if folded.startswith(start) and (len(start) > _SHORT or start in stems(folded.split()[0])):
            return name
    return None

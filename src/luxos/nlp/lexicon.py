"""The readable word lists in `lexicon/*.yaml`, loaded once each, and the endings that Polish puts on borrowed words."""

from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from luxos.nlp.identifiers import fold

FOLDER = Path(__file__).parent / "lexicon"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
ENDINGS = (
    *("owego", "owej", "owym", "owe", "owi", "ami", "ach", "iem", "cie", "em", "om", "ow", "ie", "ze", "ce"),
    *("a", "u", "y", "i", "e", "o"),
)
"""Endings that a borrowed word may carry, without diacritics, longest first where one ends another."""

SHORTEST_MISTYPED = 5


class Technology(NamedTuple):
    """A technology in its usual spelling and the type of entity that it is."""

    name: str
    type: str
    plain: bool


class Jargon(NamedTuple):
    """A noun of the trade: base form, gender, and what it means in plain Polish."""

    lemma: str
    gender: str
    means: str | None


@lru_cache(maxsize=16)
def load(name: str) -> dict[str, Any]:
    """The content of `lexicon/<name>.yaml`."""
    with (FOLDER / f"{name}.yaml").open(encoding="utf-8") as file:
        content = yaml.load(file, Loader=_LOADER)  # noqa: S506 - one of the two safe loaders
    return dict(content)


def stems(word: str) -> list[str]:
    """The folded word itself, then what is left of it without each possible Polish ending."""
    word = fold(word).lower().replace("’", "'")
    for mark in ("'", "-"):
        head, found, tail = word.rpartition(mark)
        if found and head and tail in ENDINGS:
            return [word, head]
    return [word, *(word[: -len(e)] for e in ENDINGS if word.endswith(e) and len(word) - len(e) >= 2)]


@lru_cache(maxsize=1)
def _technologies() -> dict[str, Technology]:
    lists = load("technologies")
    plain = set(lists["plain"])
    return {
        spelling: Technology(name, type_, spelling in plain)
        for type_, names in lists.items()
        if isinstance(names, dict)
        for name, spellings in names.items()
        for spelling in (name.lower(), *spellings)
    }


@lru_cache(maxsize=4096)
def technology(words: str) -> Technology | None:
    """The technology that the words (one or several) name, whatever ending they carry."""
    known = _technologies()
    head, _, tail = words.partition(" ")
    spelled = stems(words) + ([f"{stem} {fold(tail).lower()}" for stem in stems(head)] if tail else [])
    whole = spelled[0]
    return next((known[stem] for stem in spelled if stem in known and (stem == whole or len(stem) >= 3)), None)


@lru_cache(maxsize=2048)
def mistyped_technology(word: str) -> Technology | None:
    """The technology whose name the word nearly is; for words that nobody knows."""
    nearly = (known for stem in stems(word) for known in load("technologies")["mistyped"] if one_slip(stem, known))
    found = next(nearly, None) if len(word) >= SHORTEST_MISTYPED else None
    return _technologies()[found] if found else None


def one_slip(one: str, other: str) -> bool:
    """Whether two words differ by one letter too many, too few or wrong, or by two that changed places."""
    shorter, longer = sorted((one, other), key=len)
    if len(longer) - len(shorter) > 1 or one == other:
        return False
    start = next((at for at, pair in enumerate(zip(shorter, longer, strict=False)) if pair[0] != pair[1]), len(shorter))
    rest, tail = shorter[start:], longer[start:]
    if len(shorter) < len(longer):
        return rest == tail[1:]
    return rest[1:] == tail[1:] or (rest[:2] == tail[1::-1] and rest[2:] == tail[2:])


@lru_cache(maxsize=1)
def _jargon() -> tuple[dict[str, Jargon], dict[str, Jargon]]:
    exact: dict[str, Jargon] = {}
    inflected: dict[str, Jargon] = {}
    for word, entry in load("trade")["nouns"].items():
        value = Jargon(entry.get("lemma", word), entry["gender"], entry.get("means"))
        exact[word] = value
        if entry.get("forms") != "none":
            inflected[word] = value
        for stem in entry.get("stems", ()):
            inflected[stem] = exact[stem] = value
    return exact, inflected


@lru_cache(maxsize=4096)
def jargon(word: str) -> Jargon | None:
    """The entry of the trade lexicon for a word in any form."""
    exact, inflected = _jargon()
    folded, *rest = stems(word)
    if folded in exact:
        return exact[folded]
    return next((inflected[stem] for stem in rest if stem in inflected), None)


@lru_cache(maxsize=1)
def words_for_work() -> frozenset[str]:
    """Polish nouns for which the trade has several words of its own ("todo", "task", "kanban": "zadanie")."""
    meant = Counter(entry.means for entry in {*_jargon()[0].values()} if entry.means)
    return frozenset(word for word, count in meant.items() if count > 1)


@lru_cache(maxsize=1)
def preferred() -> frozenset[str]:
    """Lemmas to choose where the dictionary offers several."""
    return frozenset(load("trade")["prefer"]) | frozenset(load("applications"))


@lru_cache(maxsize=1)
def phrases() -> frozenset[str]:
    """Phrases of which no part is to be taken alone, in base form."""
    return frozenset(load("trade")["phrases"])


@lru_cache(maxsize=1)
def applications() -> dict[str, dict[str, bool]]:
    """What can be built: base form in lower case, and how it takes its subject."""
    return {name.lower(): properties for name, properties in load("applications").items()}

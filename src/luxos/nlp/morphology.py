"""Readings of words: the trade lexicon, then the dictionary (morfeusz2), then repaired spellings, ranked by context.

A morfeusz object must not be used by two threads at once, so that each call holds a lock; readings are cached.
"""

import re
import threading
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import combinations, product
from typing import Any, NamedTuple

from luxos.nlp.identifiers import fold
from luxos.nlp.lexicon import SHORTEST_MISTYPED, jargon, load, mistyped_technology, one_slip, preferred, technology
from luxos.nlp.tokenizer import Piece, pieces
from luxos.nlp.words import Token

_LOCK = threading.Lock()
_MAX_WORD = 60
_MAX_RESTORED = 4
_MAX_CANDIDATES = 160
_MARKED = {"a": "ą", "c": "ć", "e": "ę", "l": "ł", "n": "ń", "o": "ó", "s": "ś", "z": "żź"}
_RARE = {
    "przest.",
    "daw.",
    "arch.",
    "gwar.",
    "rzad.",
    "wulg.",
    "środ.",
    "muz.",
    "książk.",
    "hist.",
    "med.",
    "zool.",
    "bot.",
}
_NAMES = {"nazwisko", "imię", "geograficzna", "patronimicum", "nazwa_geograficzna", "nazwa_organizacji"}
_FUNCTION = ("prep", "conj", "comp", "part", "qub")
_TAKES_NAME = frozenset({"w", "we", "na", "in", "using", "with", "pod", "z", "przy", "via"})
_VERB_END = (
    r"(?:nij|uj|ij|owac|owal|owalem|owala|ujesz|uje|uja|ujmy|owany|owana|owane|nac|ic|nelem|owanie|owania|aj|niemy|"
    r"niesz|y|)"
)


class Reading(NamedTuple):
    """One way to read a word: base form, morfeusz tag, and the dictionary's labels."""

    lemma: str
    tag: str
    labels: frozenset[str] = frozenset()

    @property
    def pos(self) -> str:
        return self.tag.partition(":")[0]

    def part(self, index: int) -> list[str]:
        """Values of one position of the tag: 1 number (of a preposition: case), 2 case, 3 gender."""
        parts = self.tag.split(":")
        return parts[index].split(".") if index < len(parts) else []


@lru_cache(maxsize=1)
def _analyser() -> Any:
    import morfeusz2

    return morfeusz2.Morfeusz(generate=False, praet="composite")


@lru_cache(maxsize=1)
def _generator() -> Any:
    import morfeusz2

    return morfeusz2.Morfeusz(analyse=False)


def _reading(interpretation: tuple[str, str, str, list[str], list[str]]) -> Reading:
    _, lemma, tag, names, labels = interpretation
    head, colon, _ = lemma.partition(":")
    return Reading(
        head if colon and head else lemma,
        tag,
        frozenset(names) | {part for label in labels for part in label.split(",")},
    )


def dictionary(words: Iterable[str]) -> dict[str, tuple[Reading, ...]]:
    """What the dictionary says of each word; a word that it does not know is left out."""
    words = [word for word in words if word and len(word) <= _MAX_WORD]
    found: dict[str, list[Reading]] = {}
    with _LOCK:
        for _, _, interpretation in _analyser().analyse(" ".join(words)) if words else ():
            if interpretation[2] != "ign":
                found.setdefault(interpretation[0], []).append(_reading(interpretation))
    return {word: tuple(dict.fromkeys(found[word])) for word in words if word in found}


@lru_cache(maxsize=4096)
def forms(lemma: str) -> tuple[tuple[str, Reading], ...]:
    """All forms of a base form, each with its tag; empty for a word that the dictionary does not know."""
    if not lemma or len(lemma) > _MAX_WORD or not all(c.isalpha() or c in "-'" for c in lemma):
        return ()
    with _LOCK:
        generated = _generator().generate(lemma)
    return tuple((item[0], _reading(item)) for item in generated if item[2] != "ign")


def _restored(word: str) -> tuple[Reading, ...]:
    """Readings of the word with Polish letters put back: the fewest letters that make it a known word."""
    places = [index for index, letter in enumerate(word) if letter in _MARKED]
    tried = 0
    for count in range(1, min(_MAX_RESTORED, len(places)) + 1):
        candidates = []
        for chosen in combinations(reversed(places), count):
            for letters in product(*(_MARKED[word[index]] for index in chosen)):
                spelled = list(word)
                for index, letter in zip(chosen, letters, strict=True):
                    spelled[index] = letter
                candidates.append("".join(spelled))
        candidates = candidates[: _MAX_CANDIDATES - tried]
        tried += len(candidates)
        found = dictionary(candidates)
        good = [r for readings in found.values() for r in readings if not r.labels & (_NAMES | _RARE)]
        if good or tried >= _MAX_CANDIDATES:
            return tuple(dict.fromkeys(good))
    return ()


@lru_cache(maxsize=1)
def _borrowed_verbs() -> re.Pattern[str]:
    found = "|".join(sorted((fold(stem) for stem in load("trade")["verbs"]), key=len, reverse=True))
    return re.compile(rf"(?:za|z|s|po|wy|do|prze|od|roz|u|w|ze)?({found}){_VERB_END}\Z")


@lru_cache(maxsize=1)
def _borrowed_meanings() -> dict[str, str]:
    return {fold(stem): verb for stem, verb in load("trade")["verbs"].items()}


def _borrowed(word: str) -> tuple[Reading, ...]:
    match = _borrowed_verbs().match(fold(word).lower())
    if not match:
        return ()
    verb = _borrowed_meanings()[match.group(1)]
    end = fold(word).lower()
    tag = (
        "inf:perf"
        if end.endswith(("owac", "nac", "ic"))
        else "praet:sg:m1:perf"
        if "owal" in end
        else "impt:sg:sec:perf"
    )
    return (Reading(verb, tag, frozenset({"trade"})),)


@lru_cache(maxsize=8192)
def readings(word: str) -> tuple[Reading, ...]:
    """Every reading of a word, best source first; never empty."""
    lower = word.lower()
    entry = jargon(lower)
    if entry:
        return (Reading(entry.lemma, f"subst:sg.pl:nom.gen.dat.acc.inst.loc.voc:{entry.gender}", frozenset({"trade"})),)
    found = dictionary([word] if word == lower else [word, lower])
    known = tuple(dict.fromkeys(reading for spelling in (lower, word) for reading in found.get(spelling, ())))
    common = tuple(reading for reading in known if not reading.labels & _NAMES)
    if common or (known and word != lower):
        return known
    english = load("trade")["english"].get(lower)
    if english:
        return (Reading(english, "impt:sg:sec:perf", frozenset({"trade"})),)
    return (
        _borrowed(word)
        or (_restored(lower) if lower.isascii() or not known else ())
        or known
        or _mistyped(lower)
        or (Reading(lower, "ign"),)
    )


@lru_cache(maxsize=1)
def _often_mistyped() -> tuple[tuple[str, Reading], ...]:
    found = (pair for lemma in load("trade")["mistyped"] for pair in forms(lemma))
    return tuple((fold(form), reading) for form, reading in found if reading.pos in ("impt", "inf", "subst", "ger"))


def _mistyped(word: str) -> tuple[Reading, ...]:
    """Readings of the important words that an unknown word is one slip away from."""
    if len(word) < SHORTEST_MISTYPED or not word.isalpha():
        return ()
    nearly = (reading for form, reading in _often_mistyped() if one_slip(fold(word), form))
    return tuple(dict.fromkeys(nearly))


@lru_cache(maxsize=1024)
def _commands(word: str) -> tuple[Reading, ...]:
    """Imperatives that a word becomes with one Polish letter put back ("pokaz": "pokaż"), where it is none itself."""
    lower = word.lower()
    if not lower.isascii() or any(reading.pos == "impt" for reading in readings(word)):
        return ()
    marks = ((at, mark) for at, letter in enumerate(lower) for mark in _MARKED.get(letter, ""))
    spelled = [lower[:at] + mark + lower[at + 1 :] for at, mark in marks]
    found = (reading for options in dictionary(spelled).values() for reading in options)
    return tuple(reading for reading in found if reading.pos == "impt" and reading.lemma in preferred())


def _score(reading: Reading, first: bool, capital: bool, governs: Sequence[str], next_noun: Sequence[Reading]) -> float:
    pos, labels = reading.pos, reading.labels
    score = 3.0 if reading.lemma in preferred() and pos in ("subst", "fin", "impt", "inf") else 0.0
    score += 4 if pos in _FUNCTION else 0
    score += 2 if pos == "impt" and first else 0
    score -= 4 if labels & _NAMES and not (capital and not first) else 0
    score -= 3 if labels & _RARE or pos in ("depr", "brev", "romandig", "interj") else 0
    score -= 0.5 if "pot." in labels else 0
    score -= 1.5 if reading.tag.endswith(":pt") else 0
    case = reading.part(2) if pos in ("subst", "ger", "adj", "ppas", "pact", "num", "ppron3") else []
    score -= 2 if case == ["voc"] else 0
    score += 2 if governs and set(case) & set(governs) else 0
    score += 1 if pos == "subst" else 0.5 if pos in ("adj", "ger") else 0
    if pos in ("adj", "ppas") and any(
        set(reading.part(2)) & set(n.part(2)) and set(reading.part(3)) & set(n.part(3)) for n in next_noun
    ):
        score += 1.5
    return score


def choose(
    word: str, options: Sequence[Reading], before: Sequence[Reading], after: Sequence[Reading], first: bool
) -> Reading:
    """The reading that fits best between those of its neighbours; the dictionary's order decides between equals."""
    if len(options) == 1:
        return options[0]
    governs = [case for reading in before if reading.pos == "prep" for case in reading.part(1)]
    nouns = [reading for reading in after if reading.pos == "subst"]
    return max(options, key=lambda reading: _score(reading, first, word[:1].isupper(), governs, nouns))


def _technology_at(text: str, found: list[Piece], at: int) -> tuple[int, str] | None:
    """How many pieces from `at` on name a technology, and its usual spelling."""
    if found[at].kind in ("quoted", "punct", "number", "url", "email"):
        return None
    for length in (3, 2, 1):
        if at + length <= len(found):
            part = found[at : at + length]
            name = technology(text[part[0].start : part[-1].end])
            if name and (length > 1 or not name.plain or _is_name(text, found, at)):
                return length, name.name
    word = text[found[at].start : found[at].end]
    nearly = mistyped_technology(word) if found[at].kind == "word" and readings(word)[0].tag == "ign" else None
    return (1, nearly.name) if nearly else None


def _is_name(text: str, found: list[Piece], at: int) -> bool:
    """Whether an ordinary word is a technology here: a capital inside a sentence, or after "w", "in" and the like."""
    before = text[found[at - 1].start : found[at - 1].end].lower() if at else ""
    capital = text[found[at].start].isupper()
    return found[at].kind == "tech" or (capital and at > 0) or before in _TAKES_NAME


def tokens(text: str) -> tuple[Token, ...]:
    """The tokens of a text with base forms and tags chosen in context."""
    found = pieces(text)
    options = [readings(text[p.start : p.end]) if p.kind == "word" else () for p in found]
    result: list[Token] = []
    last_name = 0
    for at, piece in enumerate(found):
        word = text[piece.start : piece.end]
        if at >= last_name and (name := _technology_at(text, found, at)):
            last_name, canonical = at + name[0], name[1]
        if at < last_name:
            result.append(Token(word, piece.start, piece.end, canonical, "tech"))
        elif piece.kind != "word":
            result.append(Token(word, piece.start, piece.end, word, piece.kind))
        else:
            first = (
                not result
                or result[-1].tag == "punct"
                or result[-1].lemma in ("i", "oraz", "a", "proszę", "prosić", "potem")
            )
            before, after = options[at - 1] if at else (), options[at + 1] if at + 1 < len(found) else ()
            reading = choose(word, options[at] + _commands(word) if first else options[at], before, after, first)
            result.append(Token(word, piece.start, piece.end, reading.lemma, reading.tag))
    return tuple(result)

"""A sentence as the extractors see it: tokens with all their readings, and the noun phrases between them."""

from functools import cached_property, lru_cache
from typing import NamedTuple

from luxos.nlp.identifiers import fold
from luxos.nlp.inflection import ADJECTIVAL, NOMINAL, base_form, gerund, noun_lemma
from luxos.nlp.lexicon import load, phrases
from luxos.nlp.morphology import Reading, readings
from luxos.nlp.words import Entity, Token, language_of

CONJUNCTIONS = frozenset({"i", "oraz", "a", "and", "lub", "albo", "plus", "&", "tudzież"})


_MAX_GENITIVES = 2
_VERBAL = ("fin", "impt", "praet", "inf", "prep", "conj", "comp")
_HAVING = frozenset({"mieć", "zawierać", "posiadać"})
_NO_NOUNS = frozenset(
    {"to", "tego", "tym", "co", "czego", "a", "an", "the", "called", "named", "me", "my", "and", "please"}
)


_ENGLISH_BETWEEN = _NO_NOUNS | frozenset(
    {
        "or",
        "plus",
        "their",
        "its",
        "his",
        "her",
        "our",
        "your",
        "that",
        "which",
        "who",
        "where",
        "has",
        "have",
        "having",
    }
    | {"is", "are", "can", "so", "but", "without", "by", "as", "via", "per", "it", "them", "i", "we", "each"}
)
"""English words that are no part of what a thing is called."""


class Phrase(NamedTuple):
    """A noun phrase: tokens `start` to `end` (exclusive), its head, and how the head is read."""

    start: int
    end: int
    head: int
    reading: Reading


@lru_cache(maxsize=1)
def judging() -> frozenset[str]:
    """Adjectives that judge a thing and do not name it."""
    return frozenset(load("activities")["judging"])


@lru_cache(maxsize=1)
def empty_activities() -> frozenset[str]:
    """Activities that say nothing of their object: alone they are no subject."""
    return frozenset(load("activities")["empty"])


@lru_cache(maxsize=1)
def _activities() -> frozenset[str]:
    return frozenset(load("activities")["nouns"])


class Sentence:
    """The tokens of one text, with the questions that extractors ask of them."""

    def __init__(self, text: str, tokens: tuple[Token, ...]) -> None:
        self.text = text
        self.tokens = tokens

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def is_english(self) -> bool:
        """Whether its nouns are English, whatever Polish word looks the same ("list", "car")."""
        return language_of(self.tokens) == "en"

    @cached_property
    def folded(self) -> list[str]:
        """The words in lower case, without diacritics."""
        return [fold(token.text.lower()) for token in self.tokens]

    @cached_property
    def options(self) -> list[tuple[Reading, ...]]:
        """All readings of each token, the chosen one first; empty for what is no word."""
        return [self._options(token) for token in self.tokens]

    @staticmethod
    def _options(token: Token) -> tuple[Reading, ...]:
        if not (":" in token.tag or token.tag in ("ign", "conj", "comp", "part")):
            return ()
        found = readings(token.text)
        chosen = next((r for r in found if r.lemma == token.lemma and r.tag == token.tag), None)
        return (chosen, *(r for r in found if r is not chosen)) if chosen else found

    def lemma(self, at: int) -> str:
        """The lower-case base form at a place, or "" outside the sentence."""
        return self.tokens[at].lemma.lower() if 0 <= at < len(self.tokens) else ""

    def word(self, at: int) -> str:
        return self.tokens[at].text.lower() if 0 <= at < len(self.tokens) else ""

    def tag(self, at: int) -> str:
        return self.tokens[at].tag if 0 <= at < len(self.tokens) else ""

    def pos(self, at: int) -> str:
        return self.tag(at).partition(":")[0]

    def is_word(self, at: int) -> bool:
        return 0 <= at < len(self.tokens) and bool(self.options[at])

    def is_preposition(self, at: int) -> bool:
        return self.pos(at) == "prep" or self.word(at) in (
            "for",
            "in",
            "with",
            "using",
            "of",
            "about",
            "to",
            "from",
            "on",
            "at",
        )

    def span(self, start: int, end: int) -> tuple[int, int]:
        return self.tokens[start].start, self.tokens[end - 1].end

    def entity(self, type_: str, value: str, start: int, end: int) -> Entity:
        """An entity over the tokens `start` to `end` (exclusive)."""
        first, last = self.span(start, end)
        return Entity(type_, value, self.text[first:last], first, last)

    def noun(self, at: int) -> Reading | None:
        """The noun at a place, if a noun is what stands there."""
        if not self.is_word(at):
            return None
        chosen = self.options[at][0]
        if self.is_preposition(at) or self.word(at) in _NO_NOUNS:
            return None
        return chosen if chosen.pos in NOMINAL or chosen.tag == "ign" else None

    def is_adjective(self, at: int, of: Reading | None = None) -> bool:
        """Whether an adjective or participle stands there (agreeing with the noun `of`)."""
        if not self.is_word(at):
            return False
        if self.pos(at) in _VERBAL:
            return False
        fits = [r for r in self.options[at] if r.pos in ADJECTIVAL and r.lemma not in _HAVING]
        if of is None:
            return bool(fits) and self.options[at][0] in fits
        return any(all(set(r.part(i)) & set(of.part(i)) for i in (1, 2, 3)) for r in fits)

    def is_activity(self, phrase: Phrase) -> bool:
        """Whether the phrase says what is done ("zarządzanie"), not with what."""
        word = self.tokens[phrase.head]
        if noun_lemma(word.text, phrase.reading) in _activities():
            return True
        return any(r.pos == "ger" and "sg" in r.part(1) and "imperf" in r.tag for r in self.options[phrase.head])

    def phrase(self, at: int, complement: bool = True) -> Phrase | None:
        """The noun phrase that begins at a place: adjectives, noun, adjectives, and a genitive where `complement`."""
        if self.is_english:
            return self._english_phrase(at)
        start = at
        while self.lemma(at) in judging() or (self.is_adjective(at) and not self._is_lone(at)):
            at += 1
        reading = self._agreeing(start, at)
        if reading is None:
            return None
        end = at + 1
        while self.is_adjective(end, reading) and not (self.noun(end) and not self.is_adjective(end)):
            end += 1
        phrase = Phrase(start, end, at, reading)
        return self._with_complement(phrase) if complement else phrase

    def _english_phrase(self, start: int) -> Phrase | None:
        """The words up to one that is no part of a phrase; the last of them is its head."""
        end = start
        while self.is_word(end) and not self.is_preposition(end) and self.word(end) not in _ENGLISH_BETWEEN:
            end += 1
        return Phrase(start, end, end - 1, Reading(self.lemma(end - 1), "ign")) if end > start else None

    def _agreeing(self, start: int, at: int) -> Reading | None:
        """How the noun at a place is read, so that the adjectives from `start` on go with it where that is possible."""
        chosen = self.noun(at)
        if chosen is None or start == at or self.is_adjective(at - 1, chosen):
            return chosen
        nouns = (r for r in self.options[at] if r.pos in NOMINAL and self.is_adjective(at - 1, r))
        return next(nouns, chosen)

    def _is_lone(self, at: int) -> bool:
        following = at + 1
        while self.is_adjective(following):
            following += 1
        return self.noun(following) is None

    def _with_complement(self, phrase: Phrase) -> Phrase:
        for _ in range(_MAX_GENITIVES):
            inner = self.phrase(phrase.end, complement=False) if self.is_genitive(phrase.end) else None
            if inner is None:
                break
            phrase = phrase._replace(end=inner.end)
        return phrase

    def is_genitive(self, at: int) -> bool:
        """Whether a noun phrase in the genitive begins at a place; English has none."""
        if self.is_english:
            return False
        while self.is_adjective(at) and not self.noun(at):
            at += 1
        if not self.noun(at) or self.options[at][0].tag == "ign" or "trade" in self.options[at][0].labels:
            return False
        return any(r.pos in NOMINAL and "gen" in r.part(2) for r in self.options[at])

    def trimmed(self, phrase: Phrase) -> Phrase:
        """The phrase without judging adjectives at its beginning."""
        start = phrase.start
        while start < phrase.head and self.lemma(start) in judging():
            start += 1
        return phrase._replace(start=start)

    def value(self, phrase: Phrase, singular: bool = True) -> str:
        """The phrase in its base form: in the singular, unless a genitive follows its head or it says otherwise."""
        words = [token.text for token in self.tokens[phrase.start : phrase.end]]
        if self.is_english:
            return " ".join(word if word.isupper() else word.lower() for word in words)
        at = phrase.head - phrase.start
        whole = base_form(words, at, phrase.reading, singular=True)
        tail = range(phrase.head + 1, phrase.end)
        plain = all(self.is_adjective(index, phrase.reading) for index in tail)
        if singular and (plain or whole in phrases()):
            return whole
        return base_form(words, at, phrase.reading, singular=False)

    def nominal(self, at: int) -> str:
        """The base form of the single noun at a place; of a verbal noun, the noun."""
        reading = self.noun(at)
        if reading is None:
            return self.lemma(at)
        return gerund(self.word(at)) if reading.pos == "ger" else reading.lemma

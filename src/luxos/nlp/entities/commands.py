"""Entities of commands by the slots of `lexicon/slots.yaml`: where each stands, and what its base form is."""

import re
from collections.abc import Callable, Container, Iterator, Sequence
from functools import lru_cache
from typing import Any

from luxos.nlp.entities.claims import Claims
from luxos.nlp.entities.moments import moments
from luxos.nlp.entities.naming import unquoted
from luxos.nlp.entities.sentence import Sentence
from luxos.nlp.identifiers import fold
from luxos.nlp.lexicon import load, stems
from luxos.nlp.words import Entity

Slot = dict[str, Any]
Span = tuple[int, int]
_SKIPPED = frozenset(
    "o nazwie nr numerze numer : systemowa mi sobie się the serwer host gałęzi ma mam są jest".split()  # noqa: SIM905
)
_METHODS = {"get", "post", "put", "delete", "patch", "head", "options"}
_STATEMENT = re.compile(r"\b(?:select|insert|update|delete|with)\b.+", re.IGNORECASE | re.DOTALL)
_HOST_NOUNS = frozenset({"serwer", "host", "maszyna", "inny", "zdalny", "server", "węzeł", "machine", "node"})
_BEFORE_PHRASE = frozenset({"mi", "się", "wszystkie", "na", "temat", "informację", "o", "the", "te"})
_BEFORE_REST = frozenset({":", ",", "-", "w", "we", "przez", "sobie", "ze", "że", "that", "o", "mi"})


@lru_cache(maxsize=1)
def _known_names() -> dict[str, str]:
    nouns = load("concepts")["nouns"]
    listed = [*nouns["service"], *nouns["package_name"], *nouns["program"]]
    no_names = {*load("slots")["generic"], *load("slots")["managers"]}
    return {fold(str(name)).lower(): str(name) for name in listed if name not in no_names}


def _known(word: str) -> str | None:
    names = _known_names()
    return next((names[stem] for stem in stems(word) if stem in names and len(stem) > 2), None)


@lru_cache(maxsize=1)
def _generic() -> frozenset[str]:
    return frozenset(str(word).lower() for word in load("slots")["generic"])


def _value(sentence: Sentence, start: int, end: int, how: str) -> str:
    first, last = sentence.span(start, end)
    text = sentence.text[first:last]
    if how == "inner":
        return unquoted(text)
    if how == "lower":
        return (_known(text) or text).lower()
    if how == "program":
        return _known(text) or _noun_value(sentence, start, end)
    return _noun_value(sentence, start, end) if how == "noun" else text


def _noun_value(sentence: Sentence, start: int, end: int) -> str:
    phrase = sentence.phrase(start)
    if phrase is None or phrase.end < end:
        first, last = sentence.span(start, end)
        return sentence.text[first:last]
    return sentence.value(phrase)


def _may_be_name(sentence: Sentence, at: int) -> bool:
    if at >= len(sentence) or sentence.lemma(at) in _generic() or sentence.word(at) in _generic():
        return False
    if sentence.tag(at) in ("ident", "quoted", "path", "number", "version", "tech", "host"):
        return True
    return sentence.noun(at) is not None and not sentence.is_preposition(at)


def _tags(sentence: Sentence, slot: Slot) -> Iterator[Span]:
    found = 0
    for at, token in enumerate(sentence.tokens):
        behind = {sentence.word(at - 1), sentence.word(at - 2) if sentence.noun(at - 1) else ""}
        if token.tag in slot["tags"] and ("after" not in slot or behind & set(slot["after"])):
            found += 1
            if found > slot.get("most", found):
                return
            yield at, at + 1


def _next(sentence: Sentence, slot: Slot) -> Iterator[Span]:
    for at in range(len(sentence)):
        if sentence.lemma(at) in slot["lemmas"] or sentence.word(at) in slot["lemmas"]:
            start = at + 1
            while sentence.word(start) in _SKIPPED:
                start += 1
            if _may_be_name(sentence, start) or (
                sentence.pos(start) in ("impt", "fin") and sentence.word(start) not in _SKIPPED
            ):
                yield start, start + 1


@lru_cache(maxsize=1024)
def _plain(phrase: str) -> list[str]:
    return fold(phrase.lower()).split()


def _stands(sentence: Sentence, at: int, phrase: str) -> bool:
    """Whether the words of a phrase stand at a place, whatever their diacritics."""
    words = _plain(phrase)
    return sentence.folded[at : at + len(words)] == words


def _end(sentence: Sentence, start: int, until: Sequence[str]) -> int:
    """Where what begins at a place ends: before the first of these phrases, and before the last full stop."""
    ends = (at for at in range(start + 1, len(sentence)) if any(_stands(sentence, at, phrase) for phrase in until))
    end = next(ends, len(sentence))
    while end > start and sentence.word(end - 1) in (".", "!", "?", ","):
        end -= 1
    return end


def _rest(sentence: Sentence, slot: Slot) -> Iterator[Span]:
    skipped = _BEFORE_REST | set(slot["words"])
    for word in slot["words"]:
        places = (at for at in range(len(sentence) - 1) if _stands(sentence, at, word))
        for start in (_after(sentence, at + len(_plain(word)), skipped) for at in places):
            if start >= len(sentence):
                break
            end = _end(sentence, start, slot.get("until", ()))
            if start < end:
                yield start, end
                return


def _after(sentence: Sentence, start: int, skipped: Container[str]) -> int:
    """The first place from `start` on where none of these words stands."""
    while sentence.word(start) in skipped:
        start += 1
    return start


def _object(sentence: Sentence, slot: Slot) -> Iterator[Span]:
    verbs = (at for at in range(len(sentence)) if sentence.pos(at) in ("impt", "inf", "fin"))
    verb = next(verbs, 0 if sentence.tag(0) == "ign" and len(sentence) > 1 else -1)
    if "words" in slot and sentence.word(verb) not in slot["words"]:
        return
    for at in range(verb + 1, len(sentence)):
        if _may_be_name(sentence, at) and not sentence.is_preposition(at - 1):
            phrase = sentence.phrase(at) if slot.get("whole") else None
            yield at, phrase.end if phrase and phrase.start == at else at + 1
            return


def _phrase(sentence: Sentence, slot: Slot) -> Iterator[Span]:
    words = {fold(word) for word in slot["words"]}
    for at in range(len(sentence) - 1):
        if sentence.folded[at] not in words:
            continue
        start = _after(sentence, at + 1, _BEFORE_PHRASE)
        if start >= len(sentence):
            return
        phrase = sentence.phrase(start)
        if phrase is not None and phrase.end - phrase.start == 1 and sentence.lemma(phrase.head) in _generic():
            if not _may_be_name(sentence, phrase.end):
                continue
            phrase = phrase._replace(end=phrase.end + 1)
        if phrase is not None and slot.get("inner") and sentence.is_activity(phrase):
            phrase = sentence.phrase(phrase.head + 1) if phrase.head + 1 < len(sentence) else None
        if phrase is not None:
            yield phrase.start, phrase.end
            return
        if _may_be_name(sentence, start):
            yield start, start + 1
            return


def _host(sentence: Sentence, slot: Slot) -> Iterator[Span]:
    for at in range(len(sentence) - 1):
        if sentence.word(at) in slot["words"]:
            start = at + 1
            while sentence.lemma(start) in _HOST_NOUNS:
                start += 1
            if start < len(sentence) and (sentence.noun(start) or sentence.tag(start) in ("ident", "host")):
                yield start, start + 1


def _moment(sentence: Sentence, _slot: Slot) -> Iterator[Span]:
    return moments(sentence)


def _listed(sentence: Sentence, slot: Slot) -> Iterator[Span]:
    """The words of a list, with any Polish ending."""
    names = frozenset(slot["names"])
    return ((at, at + 1) for at in range(len(sentence)) if names & {sentence.word(at), *stems(sentence.word(at))})


def _method(sentence: Sentence, _slot: Slot) -> Iterator[Span]:
    return ((at, at + 1) for at in range(len(sentence)) if fold(sentence.word(at)).removesuffix("em") in _METHODS)


def _names(sentence: Sentence, _slot: Slot) -> Iterator[Span]:
    return ((at, at + 1) for at in range(len(sentence)) if sentence.tag(at) != "punct" and _known(sentence.word(at)))


def _sql(sentence: Sentence, _slot: Slot) -> Iterator[Span]:
    match = _STATEMENT.search(sentence.text)
    starts = [at for at, token in enumerate(sentence.tokens) if match and token.start == match.start()]
    return ((start, len(sentence)) for start in starts)


_WAYS: dict[str, Callable[[Sentence, Slot], Iterator[Span]]] = {
    "tags": _tags,
    "next": _next,
    "rest": _rest,
    "object": _object,
    "phrase": _phrase,
    "host": _host,
    "moment": _moment,
    "listed": _listed,
    "method": _method,
    "known": _names,
    "sql": _sql,
}
_BASE_FORM = {"phrase": "noun", "host": "noun"}
_MANY = frozenset({"tags", "next", "method", "known", "host", "moment", "listed"})


def _entity(sentence: Sentence, slot: Slot, start: int, end: int) -> Entity:
    value = _value(sentence, start, end, slot.get("value", _BASE_FORM.get(slot["how"], "as")))
    if slot["how"] == "method":
        value = fold(value).upper().removesuffix("EM")
    first, last = sentence.span(start, end)
    inner = unquoted(sentence.text[first:last])
    if len(inner) < last - first and inner:
        first += sentence.text[first:last].find(inner)
        last = first + len(inner)
        value = inner if slot.get("value", "as") in ("as", "inner") else value
    return Entity(slot["type"], value, sentence.text[first:last], first, last)


def extract(sentence: Sentence, claims: Claims, intent: str) -> None:
    """Adds what the slots of the intent find; of several slots for a type, the first that finds something counts."""
    filled: set[str] = set()
    for slot in load("slots")["slots"].get(intent, ()):
        if slot["type"] in filled and slot["how"] not in ("tags", "known"):
            continue
        for start, end in _WAYS[slot["how"]](sentence, slot):
            if claims.add(_entity(sentence, slot, start, end)):
                filled.add(slot["type"])
                if slot["how"] not in _MANY:
                    break

"""Enumerations: "z tytułem, terminem i logowaniem", "pola: imię (tekst), wiek", "ma autora i rok wydania"."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from luxos.nlp.entities.sentence import CONJUNCTIONS, Phrase, Sentence
from luxos.nlp.identifiers import fold
from luxos.nlp.inflection import respelled
from luxos.nlp.lexicon import load

_FIELD_WORDS = frozenset(
    {"pole", "kolumna", "atrybut", "właściwość", "field", "fields", "columns", "attributes", "cecha"}
)
_HAVING = frozenset({"mieć", "zawierać", "posiadać", "has", "have", "having", "contains", "containing"})
_WRAPPERS = frozenset(
    {"możliwość", "opcja", "funkcja", "obsługa", "wsparcie", "mechanizm", "moduł", "podpora", "support"}
)
_MEANS = frozenset({"użycie", "wykorzystanie", "pomoc", "poziom", "strona"})
_MODELS = frozenset({"model", "encja", "zasób", "resource", "resources", "models"})
_LABEL_TAILS = frozenset({"url", "www", "e-mail", "email", "mail", "brutto", "netto"})
_FORMATS = frozenset({"csv", "pdf", "json", "xml", "excel", "xlsx", "html"})
_WITH = frozenset({"z", "ze", "with", "plus"})


class Item(NamedTuple):
    """One thing of an enumeration: its tokens (till `words_end` without "(liczba)"), its phrase, its kind if said."""

    start: int
    end: int
    words_end: int
    phrase: Phrase | None
    said: str | None


class Enumeration(NamedTuple):
    """A list of things; `intro` is `fields`, `has`, `with`, `models` or `colon`, by what stands before it."""

    intro: str
    items: tuple[Item, ...]


@lru_cache(maxsize=1)
def _kinds() -> tuple[dict[str, str], dict[str, str]]:
    lists = load("attributes")
    said = {word.lower(): kind for kind, words in lists["said"].items() for word in words}
    words = {word.lower(): kind for kind, listed in lists.items() if kind != "said" for word in listed}
    return words, said


def kind_of(label: str) -> str | None:
    """The kind of value that an attribute of this name holds, or None for a word that names no usual attribute."""
    known = _kinds()[0]
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
        if folded.startswith(start) and (len(start) > 4 or len(folded.split()[0]) <= len(start) + 4):
            return name
    return None


def _said_kind(sentence: Sentence, at: int) -> tuple[str | None, int]:
    """The kind in "(liczba)", "jako data", "typu tekst" at a place, and where the list goes on."""
    known = _kinds()[1]
    if sentence.word(at) == "(":
        close = next((i for i in range(at, min(at + 7, len(sentence))) if sentence.word(i) == ")"), None)
        if close:
            start, end = sentence.span(at, close)
            inner = sentence.text[start + 1 : end].strip().lower()
            return known.get(inner), close + 1
    if sentence.word(at) in ("jako", "typu", "as"):
        for length in (2, 1):
            spelled = " ".join(sentence.word(i) for i in range(at + 1, at + 1 + length))
            lemmas = " ".join(sentence.lemma(i) for i in range(at + 1, at + 1 + length))
            if kind := known.get(spelled) or known.get(lemmas):
                return kind, at + 1 + length
    return None, at


def _label_end(sentence: Sentence, at: int) -> int:
    """Past what still belongs to a name of several words: "strona www", "kwota brutto", "cena za godzinę"."""
    while sentence.lemma(at) in _LABEL_TAILS or sentence.word(at) in _LABEL_TAILS:
        at += 1
    phrase = sentence.phrase(at + 1) if sentence.word(at) in ("za", "na", "od") and at + 1 < len(sentence) else None
    if phrase and (phrase.end >= len(sentence) or _separator(sentence, phrase.end) or sentence.word(phrase.end) == "("):
        return phrase.end
    return at


def _item(sentence: Sentence, at: int) -> Item | None:
    start = at
    if sentence.word(at) == "czy":
        at += 1
    phrase = sentence.phrase(at)
    if (
        phrase
        and sentence.noun(phrase.head)
        and phrase.reading.tag == "ign"
        and not sentence.word(phrase.head).isalpha()
    ):
        phrase = phrase if "-" in sentence.word(phrase.head) else None
    end = phrase.end if phrase else at
    if not phrase and sentence.is_adjective(at):
        end = at + 1
    if end == at:
        return None
    if phrase:
        end = _label_end(sentence, end)
        phrase = phrase._replace(end=end)
    said, after = _said_kind(sentence, end)
    return Item(start, after, end, phrase, said)


def _separator(sentence: Sentence, at: int) -> int:
    """How many tokens part two items here: a comma, a conjunction, or both; 0 where the list ends."""
    length = 0
    if sentence.word(at) in (",", ";"):
        length = 1
    word = sentence.word(at + length)
    if word in CONJUNCTIONS or (word == "także" and length):
        length += 2 if word == "a" and sentence.word(at + length + 1) == "także" else 1
    if sentence.word(at + length) == "z" and length:
        length += 1
    return length


def _items(sentence: Sentence, at: int) -> tuple[Item, ...]:
    found: list[Item] = []
    while at < len(sentence):
        item = _item(sentence, at)
        if item is None:
            break
        found.append(item)
        extra = _tail(sentence, item.end)
        length = _separator(sentence, extra)
        if not length:
            break
        at = extra + length
    return tuple(found)


def _tail(sentence: Sentence, at: int) -> int:
    """Past what belongs to a feature: "eksport do CSV", "logowanie przez Google"."""
    if sentence.lemma(at) in ("do", "przez", "po", "via", "jako") and at + 1 < len(sentence):
        following = at + 2
        return following if _separator(sentence, following) or following >= len(sentence) else at
    return at


def _intro(sentence: Sentence, at: int) -> tuple[str, int] | None:
    """What kind of list begins at a place, and where its first item stands."""
    lemma, word = sentence.lemma(at), sentence.word(at)
    if lemma in _FIELD_WORDS:
        return "fields", at + 1 + (sentence.word(at + 1) in (":", "-", "–"))
    if lemma in _HAVING or sentence.word(at).startswith(("zawieraj", "maja", "mają", "posiadaj")):
        following = at + 1 + (sentence.word(at + 1) == ":")
        if sentence.lemma(following) in _FIELD_WORDS:
            return None
        return "has", following
    if word == ":":
        return "colon", at + 1
    if lemma in _MODELS and (word != "model" or sentence.word(at + 1) == ":"):
        return ("models", at + 1 + (sentence.word(at + 1) == ":")) if _names_models(sentence, at) else None
    return _with(sentence, at) if word in _WITH else None


def _names_models(sentence: Sentence, at: int) -> bool:
    return sentence.word(at + 1) == ":" or sentence.word(at - 1) in _WITH


def _with(sentence: Sentence, at: int) -> tuple[str, int] | None:
    if sentence.lemma(at + 1) in _FIELD_WORDS | _MEANS | _MODELS:
        return None
    following = at + 1
    while sentence.nominal(following) in _WRAPPERS and sentence.phrase(following + 1):
        following += 1
    return ("has", following + 1) if sentence.word(following) == ":" else ("with", following)


def enumerations(sentence: Sentence) -> Iterator[Enumeration]:
    """All enumerations of a sentence that have at least one item, in order and without overlap."""
    at = 0
    while at < len(sentence):
        found = _intro(sentence, at)
        items = _items(sentence, found[1]) if found else ()
        if found and items and (found[0] != "colon" or _are_attributes(sentence, items)):
            yield Enumeration(found[0], items)
            at = items[-1].end
        else:
            at += 1


def _are_attributes(sentence: Sentence, items: tuple[Item, ...]) -> bool:
    """Whether what follows a bare colon is a list of fields: most of the names are usual attributes."""
    known = sum(item.said is not None or kind_of(label_of(sentence, item)) is not None for item in items)
    return known >= 2 and 2 * known >= len(items)


def label_of(sentence: Sentence, item: Item) -> str:
    """The name of a thing in its base form, as it would head a column."""
    if item.phrase:
        return sentence.value(item.phrase, singular=False)
    return " ".join(
        respelled(token.text) for token in sentence.tokens[item.start : item.words_end] if token.tag != "punct"
    )


def role_of(sentence: Sentence, enumeration: Enumeration, item: Item) -> str:
    """`field`, `feature`, `subject`, `format` (of an export), or `other` (the application must tell)."""
    start = item.phrase.head if item.phrase else item.start
    words = " ".join(token.text for token in sentence.tokens[start : item.end])
    feature, kind = feature_of(words), kind_of(label_of(sentence, item))
    if enumeration.intro == "models":
        return "subject"
    if item.said or enumeration.intro in ("fields", "colon") or (kind and not feature):
        return "field"
    if not item.said and sentence.word(start) in _FORMATS:
        return "format"
    if feature or (item.phrase and sentence.is_activity(item.phrase)):
        return "feature"
    if enumeration.intro == "has" or not item.phrase:
        return "field"
    others = [other for other in enumeration.items if other is not item]
    return "field" if any(kind_of(label_of(sentence, other)) for other in others) else "other"

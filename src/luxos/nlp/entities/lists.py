"""Enumerations: "z tytułem, terminem i logowaniem", "pola: imię (tekst), wiek", "ma autora i rok wydania"."""

import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from luxos.nlp.entities.attributes import feature_of, kind_of, kinds
from luxos.nlp.entities.naming import name_start
from luxos.nlp.entities.sentence import CONJUNCTIONS, Phrase, Sentence
from luxos.nlp.inflection import respelled

FIELD_WORDS = frozenset(
    {"pole", "kolumna", "atrybut", "właściwość", "field", "fields", "columns", "attributes", "cecha"}
)
_HAVING = frozenset({"mieć", "zawierać", "posiadać", "has", "have", "having", "contains", "containing"})
_WRAPPERS = frozenset(
    {"możliwość", "opcja", "funkcja", "obsługa", "wsparcie", "mechanizm", "moduł", "podpora", "support"}
)
_MEANS = frozenset({"użycie", "wykorzystanie", "pomoc", "poziom", "strona"})
_MODELS = frozenset({"model", "encja", "zasób", "resource", "resources", "models"})
_LABEL_TAILS = frozenset({"url", "www", "e-mail", "email", "mail", "brutto", "netto"})
_DUTIES = frozenset(
    {"wymagany", "wymagać", "opcjonalny", "obowiązkowy", "nieobowiązkowy", "unikalny", "required", "optional", "unique"}
)
_PICTURES = frozenset({"So", "Sk", "Mn", "Cf"})
_FORMATS = frozenset({"csv", "pdf", "json", "xml", "excel", "xlsx", "html"})
_ADDING = frozenset({"dodać", "dorzucić", "dołożyć", "uwzględnić", "add", "include"})
_WITH = frozenset({"z", "ze", "with", "plus"})


class Item(NamedTuple):
    """One thing of an enumeration: its tokens (till `words_end` without "(liczba)"), its phrase, its kind if said.

    `noted` says that a remark makes it a field: a kind, or "(wymagane)".
    """

    start: int
    end: int
    words_end: int
    phrase: Phrase | None
    said: str | None
    noted: bool


class Enumeration(NamedTuple):
    """A list of things; `intro` is `fields`, `has`, `with`, `models`, `things` or `colon`, by what stands before it."""

    intro: str
    items: tuple[Item, ...]


class _Remark(NamedTuple):
    said: str | None
    noted: bool
    end: int


def _in_brackets(sentence: Sentence, at: int) -> _Remark | None:
    """ "(liczba)", "(wymagane)", "(int, opcjonalny)", or any other words in brackets."""
    close = next((i for i in range(at, min(at + 12, len(sentence))) if sentence.word(i) == ")"), None)
    if close is None:
        return None
    start, end = sentence.span(at, close)
    parts = [part.strip().lower() for part in sentence.text[start + 1 : end].split(",")]
    said = next((kinds()[1][part] for part in parts if part in kinds()[1]), None)
    duty = any(sentence.lemma(i) in _DUTIES or sentence.word(i) in _DUTIES for i in range(at + 1, close))
    return _Remark(said, said is not None or duty, close + 1)


def _remark(sentence: Sentence, at: int) -> _Remark | None:
    """What is said of the thing that ends at a place: "(liczba)", "jako data", "typu tekst", ": float", a picture."""
    if sentence.word(at) == "(":
        return _in_brackets(sentence, at)
    if sentence.tag(at) == "punct" and unicodedata.category(sentence.word(at)[0]) in _PICTURES:
        return _Remark(None, False, at + 1)
    if sentence.word(at) in ("jako", "typu", "as", ":"):
        for length in (2, 1):
            spelled = " ".join(sentence.word(i) for i in range(at + 1, at + 1 + length))
            lemmas = " ".join(sentence.lemma(i) for i in range(at + 1, at + 1 + length))
            if kind := kinds()[1].get(spelled) or kinds()[1].get(lemmas):
                return _Remark(kind, True, at + 1 + length)
    return None


def _remarks(sentence: Sentence, at: int) -> _Remark:
    """All remarks from a place on; the first kind counts."""
    result = _Remark(None, False, at)
    while found := _remark(sentence, result.end):
        result = _Remark(result.said or found.said, result.noted or found.noted, found.end)
    return result


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
    if sentence.tag(at) == "ident":
        end = at + 1
    if end == at:
        return None
    if phrase:
        end = _label_end(sentence, end)
        phrase = phrase._replace(end=end)
    remark = _remarks(sentence, end)
    return Item(start, remark.end, end, phrase, remark.said, remark.noted)


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


def items_at(sentence: Sentence, at: int) -> tuple[Item, ...]:
    found: list[Item] = []
    while at < len(sentence):
        item = _item(sentence, at)
        if item is None or (found and _opens_clause(sentence, item)):
            break
        found.append(item)
        extra = _tail(sentence, item.end)
        length = _separator(sentence, extra)
        if not length and not _comma_forgotten(sentence, item, extra):
            break
        at = extra + length
    return tuple(found)


def _comma_forgotten(sentence: Sentence, item: Item, at: int) -> bool:
    """ "imieniem nazwiskiem i wiekiem": two attributes side by side in the same case, which is no genitive."""
    following = sentence.noun(at)
    if following is None or item.phrase is None or kind_of(sentence.nominal(at)) is None:
        return False
    cases = set(following.part(2)) & set(item.phrase.reading.part(2))
    return bool(cases - {"gen"}) and kind_of(label_of(sentence, item)) is not None


def _opens_clause(sentence: Sentence, item: Item) -> bool:
    """ "czytelnicy z imieniem", "oceny mają datę": things that have something of their own."""
    following = item.end
    having = sentence.word(following) in _WITH or sentence.lemma(following) in _HAVING
    return having and _is_several(sentence, item)


def _is_several(sentence: Sentence, item: Item) -> bool:
    """Whether the item is a plural in the nominative that names no feature: "pokoje", "goście"."""
    if item.phrase is None or item.noted or feature_of(sentence.word(item.start)):
        return False
    options = sentence.options[item.phrase.head]
    return any(r.pos == "subst" and "pl" in r.part(1) and "nom" in r.part(2) for r in options)


def _tail(sentence: Sentence, at: int) -> int:
    """Past what belongs to a feature: "eksport do CSV", "logowanie przez Google"."""
    if sentence.lemma(at) in ("do", "przez", "po", "via", "jako") and at + 1 < len(sentence):
        following = at + 2
        return following if _separator(sentence, following) or following >= len(sentence) else at
    return at


def _intro(sentence: Sentence, at: int) -> tuple[str, int] | None:
    """What kind of list begins at a place, and where its first item stands."""
    lemma, word = sentence.lemma(at), sentence.word(at)
    if lemma in FIELD_WORDS:
        return "fields", at + 1 + (sentence.word(at + 1) in (":", "-", "–"))
    if lemma in _HAVING or sentence.word(at).startswith(("zawieraj", "maja", "mają", "posiadaj")):
        following = at + 1 + (sentence.word(at + 1) == ":")
        if sentence.lemma(following) in FIELD_WORDS:
            return None
        return "has", following
    if word in {":", ",", *CONJUNCTIONS}:
        return "colon" if word == ":" else "things", at + 1
    if lemma in _MODELS and (word != "model" or sentence.word(at + 1) == ":"):
        return ("models", at + 1 + (sentence.word(at + 1) == ":")) if _names_models(sentence, at) else None
    return _with(sentence, at) if word in _WITH or lemma in _ADDING else None


def _names_models(sentence: Sentence, at: int) -> bool:
    return sentence.word(at + 1) == ":" or sentence.word(at - 1) in _WITH


def _with(sentence: Sentence, at: int) -> tuple[str, int] | None:
    if sentence.lemma(at + 1) in FIELD_WORDS | _MEANS | _MODELS:
        return None
    following = at + 1
    while sentence.nominal(following) in _WRAPPERS and sentence.phrase(following + 1):
        following += 1
    return ("has", following + 1) if sentence.word(following) == ":" else ("with", following)


def enumerations(sentence: Sentence) -> Iterator[Enumeration]:
    """All enumerations of a sentence that have at least one item, in order and without overlap."""
    at = 0
    while at < len(sentence):
        found = _intro(sentence, at) if name_start(sentence, at) is None else None
        items = items_at(sentence, found[1]) if found else ()
        intro = _confirmed(sentence, found[0], items) if found and items else None
        if intro:
            yield Enumeration(intro, items)
            at = items[-1].end
        else:
            at += 1


def _confirmed(sentence: Sentence, intro: str, items: tuple[Item, ...]) -> str | None:
    """What a list is, where that shows by its items only; None where it is none."""
    if intro not in ("colon", "things"):
        return intro
    attributes = _are_attributes(sentence, items)
    if not attributes and all(_is_several(sentence, item) for item in items):
        listed = intro == "colon" and len(items) > 1
        return "things" if listed or _opens_clause(sentence, items[-1]) else None
    return "colon" if intro == "colon" and attributes else None


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
    if enumeration.intro in ("models", "things"):
        return "subject"
    if item.noted or enumeration.intro in ("fields", "colon") or (kind and not feature):
        return "field"
    if sentence.word(start) in _FORMATS:
        return "format"
    if feature or (item.phrase and sentence.is_activity(item.phrase)):
        return "feature"
    if enumeration.intro == "has" or not item.phrase:
        return "field"
    others = [other for other in enumeration.items if other is not item]
    known = any(other.noted or kind_of(label_of(sentence, other)) for other in others)
    return "field" if known else "other"

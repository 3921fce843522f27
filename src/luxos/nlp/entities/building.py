"""What is to be built: APP_TYPE, SUBJECT and FEATURE of "Zbuduj REST API w FastAPI do zarządzania książkami"."""

from luxos.nlp.entities.application import application_head, find_application
from luxos.nlp.entities.attributes import feature_of
from luxos.nlp.entities.claims import Claims
from luxos.nlp.entities.lists import enumerations, label_of, role_of
from luxos.nlp.entities.naming import inside_quotes, names, unquoted
from luxos.nlp.entities.sentence import Phrase, Sentence
from luxos.nlp.entities.subjects import add_subject, find_subjects, spelled
from luxos.nlp.lexicon import applications
from luxos.nlp.words import Entity

_NO_FEATURES = frozenset({"plik", "baza", "front", "telefon", "góra", "dół", "zero", "dostęp"})
_COMPLETED_BY: dict[str, tuple[str | None, ...]] = {
    "do": ("eksport", "import", None),
    "przez": ("eksport", "import", "logowanie", None),
}


def extract(sentence: Sentence, claims: Claims) -> None:
    """Adds what a sentence says of a thing that is to be built."""
    claims.add_all(names(sentence))
    head = application_head(sentence, claims)
    end = 0
    if head is not None:
        end = find_application(sentence, claims, head)
    things = _features(sentence, claims, head)
    find_subjects(sentence, claims, end)
    _place(sentence, claims, things)
    _quoted_name(sentence, claims)


def _features(sentence: Sentence, claims: Claims, head: int | None) -> list[Phrase]:
    """Adds the features of enumerations; gives what is neither feature nor field, for `_place`."""
    goods = head is not None and applications().get(sentence.lemma(head), {}).get("goods", False)
    things: list[Phrase] = []
    for enumeration in enumerations(sentence):
        for item in enumeration.items:
            role, start = role_of(sentence, enumeration, item), item.start
            if role in ("field", "format") or not claims.free(*sentence.span(start, item.end)):
                continue
            if role == "subject" and item.phrase:
                add_subject(sentence, claims, item.phrase)
            elif role == "feature" or item.phrase is None:
                claims.add(_feature(sentence, start, item.words_end, label_of(sentence, item)))
            elif sentence.lemma(item.phrase.head) not in _NO_FEATURES:
                things.append(sentence.trimmed(item.phrase))
    if goods and things and not claims.has("SUBJECT"):
        add_subject(sentence, claims, things.pop(0))
    return things


def _place(sentence: Sentence, claims: Claims, things: list[Phrase]) -> None:
    """What an application is "with": several of a kind are a subject, and so is what stands alone; else a feature."""
    for thing in things:
        if thing.reading.part(1) == ["pl"] or not claims.has("SUBJECT"):
            add_subject(sentence, claims, thing)
        else:
            claims.add(sentence.entity("FEATURE", sentence.value(thing, singular=False), thing.start, thing.end))


def _feature(sentence: Sentence, start: int, end: int, label: str) -> Entity:
    words = " ".join(token.text for token in sentence.tokens[start:end])
    known = feature_of(words)
    value = known or label
    if end + 1 < len(sentence) and known in _COMPLETED_BY.get(sentence.word(end), ()):
        value = f"{value} {spelled(sentence, end, end + 2)}"
        end += 2
    return sentence.entity("FEATURE", value, start, end)


def _quoted_name(sentence: Sentence, claims: Claims) -> None:
    if claims.has("NAME"):
        return
    for at, token in enumerate(sentence.tokens):
        if token.tag == "quoted" and claims.add(inside_quotes(sentence, at, "NAME", unquoted(token.text))):
            return

"""Fields that a sentence gives: "z tytułem, terminem i priorytetem", "pola: imię, wiek (liczba)"."""

from collections.abc import Iterator

from luxos.nlp.clauses import clauses
from luxos.nlp.entities.attributes import kind_of
from luxos.nlp.entities.lists import Item, enumerations, label_of, role_of
from luxos.nlp.entities.sentence import Sentence
from luxos.nlp.entities.subjects import subject_value
from luxos.nlp.inflection import ADJECTIVAL
from luxos.nlp.words import FieldPhrase, Understanding

_MAX_LABEL = 60


def _field(sentence: Sentence, item: Item, subject: str) -> FieldPhrase:
    label = label_of(sentence, item)
    participle = item.phrase is None and any(r.pos in ADJECTIVAL for r in sentence.options[item.words_end - 1])
    asked = sentence.word(item.start) == "czy"
    kind = item.said or ("boolean" if participle or asked else None) or kind_of(label) or "text"
    end = item.phrase.end if item.phrase else item.words_end
    first, last = sentence.span(item.start, end)
    return FieldPhrase(label[:_MAX_LABEL], kind, first, last, subject)


def _fields(sentence: Sentence) -> Iterator[FieldPhrase]:
    subject = ""
    for enumeration in enumerations(sentence):
        owner = enumeration.items[-1].phrase if enumeration.intro == "things" else None
        subject = subject_value(sentence, owner) if owner else subject
        for item in enumeration.items:
            if role_of(sentence, enumeration, item) == "field":
                yield _field(sentence, item, subject)


def field_phrases(understanding: Understanding) -> tuple[FieldPhrase, ...]:
    """The fields that a sentence gives, in its order, each once for a thing; what an application can do is no field."""
    sentence = Sentence(understanding.text, clauses(understanding.tokens)[0])
    taken = [(entity.start, entity.end) for entity in understanding.entities if entity.type in ("APP_TYPE", "NAME")]
    found: dict[tuple[str, str], FieldPhrase] = {}
    for field in _fields(sentence):
        if not any(start < field.end and field.start < end for start, end in taken):
            found.setdefault((field.subject, field.label.lower()), field)
    return tuple(found.values())

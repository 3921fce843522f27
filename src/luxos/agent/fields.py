"""The fields of what an application keeps: as a person lists them, as the sentence says them, or as grammar does."""

from collections.abc import Iterable, Mapping

from luxos.agent.errors import FieldsUnfit
from luxos.i18n import N_
from luxos.nlp import FieldPhrase, identifier, listed_fields
from luxos.programmer.blueprint import Field, is_free_field_name

LONGEST_NAME = 40

_SECRETS = frozenset({"haslo", "hasla", "password", "passwd", "pin"})
"""Fields that no application of ours keeps in plain text."""

_DEFAULTS: Mapping[str, Mapping[str, tuple[tuple[str, str, bool], ...]]] = {
    "pl": {
        "person": (
            ("imię", "text", True),
            ("nazwisko", "text", True),
            ("e-mail", "email", False),
            ("telefon", "text", False),
        ),
        "event": (
            ("tytuł", "text", True),
            ("opis", "long_text", False),
            ("termin", "date", False),
            ("zrobione", "boolean", False),
        ),
        "thing": (("nazwa", "text", True), ("opis", "long_text", False)),
    },
    "en": {
        "person": (
            ("first name", "text", True),
            ("last name", "text", True),
            ("e-mail", "email", False),
            ("phone", "text", False),
        ),
        "event": (
            ("title", "text", True),
            ("description", "long_text", False),
            ("due date", "date", False),
            ("done", "boolean", False),
        ),
        "thing": (("name", "text", True), ("description", "long_text", False)),
    },
}
"""By the sentence's language and the grammatical kind of the noun: label, kind, whether it is required."""

REASONS = {
    "person": N_("the sentence names no fields, and this is a person"),
    "event": N_("the sentence names no fields, and this is something that gets done"),
    "thing": N_("the sentence names no fields"),
}


def default_fields(kind: str, language: str) -> tuple[Field, ...]:
    """What a person, an event or a thing has where nobody says it."""
    return tuple(Field(field_name(label), label, form, required) for label, form, required in _DEFAULTS[language][kind])


def title_field(language: str) -> Field:
    """The field that stands for an entry in lists, where no given one can."""
    return default_fields("thing", language)[0]


def listed(text: str) -> tuple[FieldPhrase, ...]:
    """The fields that a person lists; `FieldsUnfit` names the first part that is none."""
    found = listed_fields(text)
    if found.unread or not found.fields:
        raise FieldsUnfit(part=(*found.unread, text)[0][:60])
    return found.fields


def fields_of(phrases: Iterable[FieldPhrase]) -> tuple[Field, ...]:
    """The fields that phrases name, each name once."""
    fields: dict[str, Field] = {}
    for phrase in phrases:
        name, label = field_name(phrase.label), plain(phrase.label)
        if name and label and name not in fields:
            fields[name] = Field(name, label, phrase.kind, required=phrase.kind not in {"boolean", "long_text"})
    return tuple(fields.values())


def is_secret(field: Field) -> bool:
    """Whether it would keep a password."""
    return bool(_SECRETS & set(field.name.split("_")))


def field_name(label: str) -> str:
    """A free identifier for a label."""
    name = identifier(label, "snake")[:LONGEST_NAME].strip("_")
    return name if is_free_field_name(name) else f"pole_{name}"[:LONGEST_NAME].strip("_")


def plain(label: str) -> str:
    """Without the characters that no label may have."""
    return "".join(letter for letter in label if letter.isprintable() and letter not in "\"'\\<>{}%#`$").strip()[:80]

"""English sentences: their nouns are English, in both numbers, whatever Polish word looks the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from luxos.nlp import describe_noun, field_phrases, understand
from luxos.nlp.inflection import english_plural, english_singular


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("car", "cars"),
        ("invoice", "invoices"),
        ("box", "boxes"),
        ("city", "cities"),
        ("day", "days"),
        ("bus", "buses"),
        ("class", "classes"),
        ("person", "people"),
        ("first aid kit", "first aid kits"),
        ("young person", "young people"),
        ("todo", "todos"),
        ("list", "lists"),
    ],
)
def test_numbers_of_nouns(one: str, many: str) -> None:
    assert english_plural(one) == many
    assert english_singular(many) == one or one == "bus"
    assert describe_noun(one, "en").plural == many


@given(some.from_regex(r"[a-z]{2,8}([aocdklmnrtvy]|[cgrv]e|sh|ch|x|ss)", fullmatch=True))
def test_a_plural_leads_back(word: str) -> None:
    assert english_singular(english_plural(word)) == word


@pytest.mark.parametrize(
    ("sentence", "subjects"),
    [
        ("Create a FastAPI service for the parking lots of a city", ("parking lot",)),
        ("Build a Django app for managing old cars and their owners", ("old car",)),
        ("Build an app for people in Django", ("person",)),
        ("Build a Django app for lists", ("list",)),
    ],
)
def test_subjects(sentence: str, subjects: tuple[str, ...]) -> None:
    assert understand(sentence).values("SUBJECT") == subjects


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (
            "Build a Django app for books with title, author and due date",
            [("title", "text"), ("author", "text"), ("due date", "date")],
        ),
        (
            "Build a Django app for people with first name, last name and e-mail",
            [("first name", "text"), ("last name", "text"), ("e-mail", "email")],
        ),
        (
            "Create a FastAPI service for invoices with fields: gross amount (number), due date (date)",
            [("gross amount", "integer"), ("due date", "date")],
        ),
    ],
)
def test_fields(sentence: str, expected: list[tuple[str, str]]) -> None:
    assert [(field.label, field.kind) for field in field_phrases(understand(sentence))] == expected

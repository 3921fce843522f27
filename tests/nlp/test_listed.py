"""Fields that a person lists, and features that a sentence does not want."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from luxos.nlp import listed_fields, understand, unwanted_features


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tytuł, data (data), cena (liczba)", [("tytuł", "text"), ("data", "date"), ("cena", "integer")]),
        ("title, due date (date), price: number", [("title", "text"), ("due date", "date"), ("price", "integer")]),
        ("first name, last name and e-mail", [("first name", "text"), ("last name", "text"), ("e-mail", "email")]),
        ("imię nazwisko", [("imię", "text"), ("nazwisko", "text")]),
        ("tytułem, terminem", [("tytuł", "text"), ("termin", "date")]),
        ("adres (ulica, miasto); opłacone (tak/nie)", [("adres", "text"), ("opłacone", "boolean")]),
        ("czy opłacone oraz kwota brutto", [("czy opłacone", "boolean"), ("kwota brutto", "decimal")]),
        ("start jako data", [("start", "date")]),
    ],
)
def test_lists_are_read(text: str, expected: list[tuple[str, str]]) -> None:
    found = listed_fields(text)
    assert [(field.label, field.kind) for field in found.fields] == expected
    assert found.unread == ()


def test_what_is_no_field_is_said() -> None:
    found = listed_fields("tytuł, ???, 12, cena")
    assert [field.label for field in found.fields] == ["tytuł", "cena"]
    assert found.unread == ("???", "12")


@given(some.lists(some.text(alphabet="aćżx ?(1)😀", min_size=1, max_size=8), max_size=5))
def test_no_part_of_a_list_is_lost(parts: list[str]) -> None:
    """Each part that has a letter outside brackets is at least one field; each other one is said to be none."""
    text = ", ".join(part.replace("(", "").replace(")", "") for part in parts)
    found = listed_fields(text)
    whole = [part.strip() for part in text.split(",") if part.strip()]
    lettered = [part for part in whole if any(letter in "aćżx" for letter in part)]
    assert len(found.fields) >= len(lettered)
    assert list(found.unread) == [part for part in whole if part not in lettered]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Zrób API do książek bez logowania, testów i dokumentacji", ("logowanie", "testy", "dokumentacja")),
        ("Zbuduj aplikację bez wyszukiwarki do faktur z logowaniem", ("wyszukiwanie",)),
        ("Zbuduj aplikację w Django bez panelu admina", ("panel administracyjny",)),
        ("Build an app for cars without search", ("wyszukiwanie",)),
        ("prosta aplikacja do wydatków bez bajerów", ()),
        ("Zbuduj aplikację do książek z logowaniem", ()),
        ("bez", ()),
        ("", ()),
    ],
)
def test_what_is_not_wanted(text: str, expected: tuple[str, ...]) -> None:
    assert unwanted_features(understand(text)) == expected

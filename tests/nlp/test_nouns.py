"""Forms of nouns and names for code."""

import keyword
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luxos.nlp import describe_noun, identifier, meaning, understand


@pytest.mark.parametrize(
    ("phrase", "plural", "accusative", "genitive", "gender", "kind"),
    [
        ("książka", "książki", "książkę", "książek", "f", "thing"),
        ("rower miejski", "rowery miejskie", "rower miejski", "rowerów miejskich", "m3", "thing"),
        ("lista zakupów", "listy zakupów", "listę zakupów", "list zakupów", "f", "thing"),
        ("pacjent", "pacjenci", "pacjenta", "pacjentów", "m1", "person"),
        ("uczeń", "uczniowie", "ucznia", "uczniów", "m1", "person"),
        ("kot", "koty", "kota", "kotów", "m2", "thing"),
        ("zadanie", "zadania", "zadanie", "zadań", "n", "event"),
        ("zamówienie", "zamówienia", "zamówienie", "zamówień", "n", "thing"),
        ("ogłoszenie", "ogłoszenia", "ogłoszenie", "ogłoszeń", "n", "thing"),
        ("zgłoszenie", "zgłoszenia", "zgłoszenie", "zgłoszeń", "n", "event"),
        ("pytanie", "pytania", "pytanie", "pytań", "n", "thing"),
        ("wypożyczenie", "wypożyczenia", "wypożyczenie", "wypożyczeń", "n", "event"),
        ("gra planszowa", "gry planszowe", "grę planszową", "gier planszowych", "f", "thing"),
        (
            "nowoczesny samochód",
            "nowoczesne samochody",
            "nowoczesny samochód",
            "nowoczesnych samochodów",
            "m3",
            "thing",
        ),
        ("opłacona faktura", "opłacone faktury", "opłaconą fakturę", "opłaconych faktur", "f", "thing"),
        (
            "nauczyciel matematyki",
            "nauczyciele matematyki",
            "nauczyciela matematyki",
            "nauczycieli matematyki",
            "m1",
            "person",
        ),
        ("drzwi", "drzwi", "drzwi", "drzwi", "n", "thing"),
        ("todo", "todo", "todo", "todo", "n", "thing"),
        ("crm", "crm", "crm", "crm", "m3", "thing"),
        ("Ticket", "ticket", "ticket", "ticket", "m3", "thing"),
    ],
)
def test_forms(phrase: str, plural: str, accusative: str, genitive: str, gender: str, kind: str) -> None:
    noun = describe_noun(phrase)
    assert (noun.plural, noun.accusative, noun.genitive_plural) == (plural, accusative, genitive)
    assert (noun.gender, noun.kind) == (gender, kind)
    assert noun.singular == noun.lemma == phrase.lower()


def test_people_are_persons() -> None:
    noun = describe_noun("ludzie")
    assert (noun.singular, noun.plural, noun.kind) == ("człowiek", "ludzie", "person")


@pytest.mark.parametrize(
    ("singular", "plural", "kind"),
    [
        ("car", "cars", "thing"),
        ("recipe", "recipes", "thing"),
        ("user", "users", "person"),
        ("category", "categories", "thing"),
        ("box", "boxes", "thing"),
        ("day", "days", "thing"),
        ("houseplant", "houseplants", "thing"),
        ("shopping list", "shopping lists", "thing"),
    ],
)
def test_english_nouns(singular: str, plural: str, kind: str) -> None:
    noun = describe_noun(singular, language="en")
    assert (noun.singular, noun.plural, noun.genitive_plural, noun.kind) == (singular, plural, plural, kind)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Build an app for cars in Django", "en"),
        ("Zbuduj aplikację todo w Django", "pl"),
        ("I want a Django app to track my houseplants", "en"),
        ("Zbuduj REST API w FastAPI do users i cars", "pl"),
        ("", "pl"),
    ],
)
def test_the_language_of_a_sentence(text: str, language: str) -> None:
    assert understand(text).language == language


def test_jargon_has_a_meaning() -> None:
    assert meaning("todo") == "zadanie"
    assert meaning("książka") is None


@given(st.text(max_size=60))
def test_any_phrase_has_forms(phrase: str) -> None:
    noun = describe_noun(phrase)
    assert noun.gender in ("m1", "m2", "m3", "f", "n")
    assert noun.kind in ("person", "event", "thing")


@pytest.mark.parametrize(
    ("text", "snake", "kebab", "pascal"),
    [
        ("Książka adresowa", "ksiazka_adresowa", "ksiazka-adresowa", "KsiazkaAdresowa"),
        ("Zażółć gęślą jaźń", "zazolc_gesla_jazn", "zazolc-gesla-jazn", "ZazolcGeslaJazn"),
        ("TodoApp", "todo_app", "todo-app", "TodoApp"),
        ("../../etc", "etc", "etc", "Etc"),
        ("123abc", "abc", "abc", "Abc"),
        ("😀", "", "", ""),
        ("42", "", "", ""),
    ],
)
def test_identifiers(text: str, snake: str, kebab: str, pascal: str) -> None:
    assert [identifier(text, "snake"), identifier(text, "kebab"), identifier(text, "class")] == [snake, kebab, pascal]


@given(st.text(max_size=80))
def test_an_identifier_is_ascii_and_stable(text: str) -> None:
    name = identifier(text, "snake")
    assert re.fullmatch(r"(?:[a-z][a-z0-9_]*)?", name)
    assert identifier(name, "snake") == name
    assert not name or name.isidentifier() or keyword.iskeyword(name)
    assert re.fullmatch(r"(?:[a-z][a-z0-9-]*)?", identifier(text, "kebab"))
    assert re.fullmatch(r"(?:[A-Z][A-Za-z0-9]*)?", identifier(text, "class"))

"""Sentences of a new user's trial: names, fields, several things, several commands, misspellings."""

import pytest

from luxos.nlp import field_phrases, understand


def fields(text: str) -> list[str]:
    return [field.label for field in field_phrases(understand(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Zbuduj aplikację do pacjentów w Django z imieniem i wiekiem", ["imię", "wiek"]),
        ("Zbuduj aplikację do firm w Django z nazwą i adresem", ["nazwa", "adres"]),
        ("Zbuduj aplikację do firm w Django z nazwą oraz NIP", ["nazwa", "NIP"]),
        (
            "Zbuduj aplikację do pracowników w Django z imieniem nazwiskiem i stanowiskiem",
            ["imię", "nazwisko", "stanowisko"],
        ),
        ("zbuduj aplikacje w django z nazwa i adresem do firm", ["nazwa", "adres"]),
        ("Zbuduj aplikację do firm w Django z nazwą", ["nazwa"]),
    ],
)
def test_a_field_called_name_is_no_name(text: str, expected: list[str]) -> None:
    assert understand(text).values("NAME") == ()
    assert fields(text) == expected


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('Zbuduj aplikację Django do pacjentów z nazwą "Moja Przychodnia"', "Moja Przychodnia"),
        ("Zbuduj aplikację Django do pacjentów z nazwą Przychodnia", "Przychodnia"),
        ("Zbuduj aplikację Django do pacjentów z nazwą medikon", "medikon"),
        ("Zbuduj aplikację Django do pacjentów z nazwą moje_wizyty", "moje_wizyty"),
        ("zbuduj aplikacje do zarzadzania pojazdami w django o nazwie flota", "flota"),
    ],
)
def test_a_name_after_its_marker(text: str, name: str) -> None:
    assert understand(text).values("NAME") == (name,)
    assert fields(text) == []


def test_each_thing_with_its_own_fields() -> None:
    text = "Zbuduj bibliotekę w Django: książki z tytułem i autorem, czytelnicy z imieniem i numerem karty"
    assert understand(text).values("NAME") == ()
    assert understand(text).values("SUBJECT") == ("książka", "czytelnik")
    assert fields(text) == ["tytuł", "autor", "imię", "numer karty"]
    assert [field.subject for field in field_phrases(understand(text))] == ["książka"] * 2 + ["czytelnik"] * 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Zbuduj API w FastAPI do wpisów, pola id, created_at i name",
            [("id", "integer"), ("created_at", "datetime"), ("name", "text")],
        ),
        (
            "Zbuduj API w FastAPI do pomiarów: temperatura: float, data: datetime, opis: text",
            [("temperatura", "decimal"), ("data", "datetime"), ("opis", "text")],
        ),
        (
            "Zbuduj API z polami: wynik: int, osoba: str, aktywny: bool, pora: time, strona: url, kontakt: email",
            [
                ("wynik", "integer"),
                ("osoba", "text"),
                ("aktywny", "boolean"),
                ("pora", "time"),
                ("strona", "url"),
                ("kontakt", "email"),
            ],
        ),
        (
            "Zbuduj aplikację do fiszek w Django z pytaniem (wymagane) i odpowiedzią (opcjonalna)",
            [("pytanie", "text"), ("odpowiedź", "text")],
        ),
        (
            "Zbuduj aplikację w Django do pomiarów z wilgotnością, ciśnieniem, temperaturą i wagą",
            [("wilgotność", "decimal"), ("ciśnienie", "decimal"), ("temperatura", "decimal"), ("waga", "decimal")],
        ),
        ("Zbuduj aplikację z polami: Moje Rośliny 🌱", [("moje rośliny", "text")]),
        ("Zbuduj aplikację z polami: Moje Rośliny 🌱, opis", [("moje rośliny", "text"), ("opis", "long_text")]),
    ],
)
def test_fields_as_given(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(field.label, field.kind) for field in field_phrases(understand(text))] == expected
    assert understand(text).values("FEATURE") == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Zbuduj aplikację w Django do zarządzania magazynem z produktami, dostawcami",
            ("magazyn", "produkt", "dostawca"),
        ),
        ("Zbuduj aplikację w Django dla szkoły: uczniowie, nauczyciele, klasy", ("uczeń", "nauczyciel", "klasa")),
        ("Zbuduj system w Django dla hotelu: pokoje i goście", ("pokój", "gość")),
        ("Zbuduj aplikację do zarządzania w Django", ()),
        ("Zbuduj API w FastAPI do wpisów, pola id, created_at i name", ("wpis",)),
        ("Zbuduj w Django ewidencję godzin pracy pracowników", ("godziny pracy",)),
        ("Build an app for cars in Django", ("car",)),
        ("Build a Django app for recipes and users", ("recipe", "user")),
    ],
)
def test_subjects(text: str, expected: tuple[str, ...]) -> None:
    assert understand(text).values("SUBJECT") == expected
    assert understand(text).values("FEATURE") == ()


def test_logging_in_to_a_catalogue_is_no_feature_of_the_catalogue() -> None:
    result = understand("Zbuduj aplikację w Django z wyszukiwarką i logowaniem do katalogu roślin")
    assert result.values("FEATURE") == ("wyszukiwanie", "logowanie")
    assert result.values("SUBJECT") == ("roślina",)

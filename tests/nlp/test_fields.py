"""Fields that a sentence gives, and features that are none."""

import pytest

from luxos.nlp import field_phrases, understand


def fields(text: str) -> list[tuple[str, str]]:
    return [(field.label, field.kind) for field in field_phrases(understand(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Zbuduj API zadań w FastAPI z tytułem, terminem i priorytetem",
            [("tytuł", "text"), ("termin", "date"), ("priorytet", "integer")],
        ),
        (
            "Zbuduj aplikację Django do osób z polami: imię, nazwisko i e-mail",
            [("imię", "text"), ("nazwisko", "text"), ("e-mail", "email")],
        ),
        (
            "Zrób katalog książek w Django, pola tytuł, autor, rok wydania",
            [("tytuł", "text"), ("autor", "text"), ("rok wydania", "integer")],
        ),
        ("Zbuduj API produktów zawierające cenę (liczba) oraz opis", [("cena", "integer"), ("opis", "long_text")]),
        (
            "Zbuduj bibliotekę w Django, każda książka ma tytuł, autora i rok wydania",
            [("tytuł", "text"), ("autor", "text"), ("rok wydania", "integer")],
        ),
        ("Zbuduj ewidencję wydatków w Django mających nazwę i kwotę", [("nazwa", "text"), ("kwota", "decimal")]),
        (
            "Zbuduj aplikację zadań w Django z polami: nazwa, zrobione, termin",
            [("nazwa", "text"), ("zrobione", "boolean"), ("termin", "date")],
        ),
        (
            "Zbuduj API w FastAPI do polis, pola: numer, opłacona (tak/nie), start jako data",
            [("numer", "text"), ("opłacona", "boolean"), ("start", "date")],
        ),
        ("zbuduj aplikacje w django do zadan z polami: tytul, opis", [("tytuł", "text"), ("opis", "long_text")]),
        (
            "Zbuduj aplikację do firm w Django z nazwą, adresem e-mail i stroną www",
            [("nazwa", "text"), ("adres e-mail", "email"), ("strona www", "url")],
        ),
        (
            "zbuduj api w fastapi do hulajnog z polami nazwa, cena za godzine, dostepna (tak/nie)",
            [("nazwa", "text"), ("cena za godzinę", "decimal"), ("dostępna", "boolean")],
        ),
        (
            "Zbuduj rejestr faktur w Django: numer, data wystawienia, kwota brutto, opłacona",
            [("numer", "text"), ("data wystawienia", "date"), ("kwota brutto", "decimal"), ("opłacona", "boolean")],
        ),
        (
            "Zbuduj aplikację Django do przepisów, każdy przepis ma nazwę, czas przygotowania (liczba) i składniki",
            [("nazwa", "text"), ("czas przygotowania", "integer"), ("składniki", "long_text")],
        ),
        ("W FastAPI zbuduj API do ewidencji pszczół: ule, matki i miodobrania", []),
    ],
)
def test_fields(text: str, expected: list[tuple[str, str]]) -> None:
    assert fields(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Zbuduj aplikację do faktur w Django z logowaniem i wyszukiwarką",
        "Zbuduj sklep z butami w Django",
        "Zbuduj API w FastAPI z PostgreSQL",
        "Zbuduj aplikację todo w Django",
    ],
)
def test_features_and_goods_are_no_fields(text: str) -> None:
    assert fields(text) == []


def test_fields_and_features_in_one_list() -> None:
    text = "Zbuduj aplikację do zadań w Django z tytułem, terminem i logowaniem"
    assert fields(text) == [("tytuł", "text"), ("termin", "date")]
    assert understand(text).values("FEATURE") == ("logowanie",)


def test_spans() -> None:
    text = "Zbuduj API zadań w FastAPI z tytułem, terminem i priorytetem"
    found = field_phrases(understand(text))
    assert [text[field.start : field.end] for field in found] == ["tytułem", "terminem", "priorytetem"]

"""Sentences of a new user's trial: names, fields, several things, several commands, misspellings."""

import pytest

from luxos.nlp import field_phrases, understand, understood
from luxos.nlp.lexicon import one_slip


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


@pytest.mark.parametrize(
    ("text", "also"),
    [
        ("Zbuduj aplikację do kotów; usuń plik x.txt", (("DELETE_FILE", "usuń plik x.txt"),)),
        ("Zbuduj aplikację todo w Django i pokaż plik README.md", (("READ_FILE", "pokaż plik README.md"),)),
        ("Zbuduj aplikację todo w Django, a potem uruchom testy", (("RUN_TESTS", "uruchom testy"),)),
        ("Zbuduj aplikację todo w Django. Następnie usuń plik x.txt.", (("DELETE_FILE", "usuń plik x.txt"),)),
        (
            "Zbuduj aplikację todo w Django, następnie uruchom testy i usuń plik x.txt",
            (("RUN_TESTS", "uruchom testy"), ("DELETE_FILE", "usuń plik x.txt")),
        ),
        ("Zbuduj aplikację todo w Django; kup mleko", (("NONE", "kup mleko"),)),
        ("Zbuduj i uruchom aplikację Django do przepisów", ()),
        ("Zbuduj aplikację do przepisów w Django i dodaj logowanie", ()),
        ("Zbuduj aplikację do kotów i psów w Django", ()),
        ("Zbuduj aplikację do przepisów w Django i nazwij ją Kuchnia", ()),
        ("Zbuduj aplikację w Django do ról i praw", ()),
        ("Zbuduj aplikację w Django. Ma mieć logowanie.", ()),
        (
            "Zbuduj aplikację todo w Django i pokaż mi proszę plik README.md",
            (("READ_FILE", "pokaż mi proszę plik README.md"),),
        ),
        ("", ()),
    ],
)
def test_further_commands(text: str, also: tuple[tuple[str, str], ...]) -> None:
    result = understand(text)
    assert result.also == also
    assert result.values("PATH") == ()
    assert result.as_json()["also"] == [{"intent": intent, "text": said} for intent, said in also]


def test_a_folder_is_made_first() -> None:
    result = understand("Utwórz katalog ~/x i zbuduj w nim aplikację todo w Django")
    assert (result.intent, result.values("PATH")) == ("MAKE_DIR", ("~/x",))
    assert result.also == (("BUILD_APP", "zbuduj w nim aplikację todo w Django"),)


def test_an_author_is_no_authentication() -> None:
    text = "Create an app in Django with title and author for books"
    assert fields(text) == ["title", "author"]
    assert understand(text).values("FEATURE") == ()
    assert understand("Build a todo app in Django with auth").values("FEATURE") == ("logowanie",)


def test_a_feature_that_is_added_in_a_second_clause_stays() -> None:
    assert understand("Zbuduj aplikację do przepisów w Django i dodaj logowanie").values("FEATURE") == ("logowanie",)
    assert fields("Zbuduj aplikację do kotów w Django; zbuduj aplikację do psów z polami: rasa, wiek") == []


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("Zbuduj aplikację todo w Django w katalogu /tmp/x", "/tmp/x"),
        ("Zbuduj aplikację todo w Django w ~/kod/todo", "~/kod/todo"),
        ("Zbuduj aplikację todo w Django do katalogu ~/kod", "~/kod"),
        ("Zbuduj aplikację todo w Django pod /srv/x", "/srv/x"),
        ("Utwórz w katalogu /srv/projekty serwis Django do magazynu części", "/srv/projekty"),
        ('Zbuduj aplikację todo w Django w katalogu "~/moje notatki"', "~/moje notatki"),
        ("Zbuduj aplikację todo w Django w katalogu „/tmp/moje notatki”.", "/tmp/moje notatki"),
        ("Zbuduj aplikację todo w Django w '~/moje notatki'", "~/moje notatki"),
        ("Build a todo app in Django in ~/code/todo", "~/code/todo"),
    ],
)
def test_the_folder_of_a_build(text: str, path: str) -> None:
    result = understand(text)
    assert result.values("PATH") == (path,)
    assert result.values("NAME") == ()
    assert "katalog" not in result.values("SUBJECT")


@pytest.mark.parametrize("text", ["Zbuduj aplikację todo w Django jak README.md", "Zbuduj todo w Django z pliku a.csv"])
def test_other_paths_are_no_folder_of_a_build(text: str) -> None:
    assert understand(text).values("PATH") == ()


@pytest.mark.parametrize(
    "text",
    [
        "Zburz aplikację todo w Django",
        "Zniszcz aplikację todo",
        "Skasuj aplikację todo w Django",
        "Zburz API do faktur w FastAPI",
        "Skasuj aplikację do przepisów",
        "Posortuj pliki w katalogu pobrane według daty",
        "Ile plików jest w folderze docs?",
    ],
)
def test_the_opposite_and_the_unknown_are_not_done(text: str) -> None:
    assert understand(text).intent not in ("BUILD_APP", "LIST_DIR") or not understood(understand(text))


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Dodaj pole priorytet do aplikacji todo", "REFACTOR_CODE"),
        ("Zmień kolor przycisku w aplikacji todo", "REFACTOR_CODE"),
        ("Zmień tytuł strony w aplikacji sklep", "REFACTOR_CODE"),
        ("Dodaj pole wiek do aplikacji pacjenci", "REFACTOR_CODE"),
        ("Pokaż plik /etc/passwd", "READ_FILE"),
        ("Pokaż plik /etc/hosts", "READ_FILE"),
        ("Pokaż pliki w /etc", "LIST_DIR"),
        ("Zbduj aplikcaję todo w Djnago", "BUILD_APP"),
        ("zbuduj api w djando", "BUILD_APP"),
    ],
)
def test_intents(text: str, intent: str) -> None:
    result = understand(text)
    assert (result.intent, understood(result)) == (intent, True)


def test_a_quoted_file() -> None:
    result = understand('pokaż plik "moje notatki.txt"')
    assert result.intent == "READ_FILE"
    assert result.values("PATH") == ("moje notatki.txt",)


@pytest.mark.parametrize(
    ("text", "stack"),
    [
        ("Zbduj aplikcaję todo w Djnago", "Django"),
        ("zbuduj api w djando", "Django"),
        ("Zbuduj aplikację todo w fastpai", "FastAPI"),
        ("Zbuduj aplikację todo w djangoo", "Django"),
        ("Zbuduj aplikację todo w Djagno", "Django"),
        ("Zbuduj aplikację todo w Djngu", "Django"),
    ],
)
def test_misspelled_frameworks(text: str, stack: str) -> None:
    result = understand(text)
    assert result.values("TECH_STACK") == (stack,)
    assert result.values("APP_TYPE") in (("aplikacja todo",), ("API",))


@pytest.mark.parametrize(
    ("one", "other", "slip"),
    [
        ("django", "djnago", True),
        ("django", "dango", True),
        ("django", "djangoo", True),
        ("django", "djando", True),
        ("django", "django", False),
        ("django", "dajgno", False),
        ("ab", "ba", True),
        ("", "a", True),
        ("", "", False),
    ],
)
def test_one_slip(one: str, other: str, slip: bool) -> None:
    assert one_slip(one, other) is one_slip(other, one) is slip

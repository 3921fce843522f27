"""Sentences that ask for an application: what is understood of them, in many orders and inflections."""

import pytest

from luxos.nlp import understand, understood

SENTENCES = [
    ("Zbuduj aplikację todo w Django", {"APP_TYPE": ["aplikacja todo"], "TECH_STACK": ["Django"]}),
    (
        "Zbuduj REST API w FastAPI do zarządzania książkami",
        {"APP_TYPE": ["REST API"], "TECH_STACK": ["FastAPI"], "SUBJECT": ["książka"]},
    ),
    ("zbuduj aplikacje do zarzadzania ksiazkami", {"APP_TYPE": ["aplikacja"], "SUBJECT": ["książka"]}),
    (
        "W Django zrób mi proszę prosty rejestr pacjentów",
        {"TECH_STACK": ["Django"], "APP_TYPE": ["rejestr"], "SUBJECT": ["pacjent"]},
    ),
    (
        "postaw mi apke w djangu do przepisow kulinarnych",
        {"APP_TYPE": ["aplikacja"], "TECH_STACK": ["Django"], "SUBJECT": ["przepis kulinarny"]},
    ),
    ("build a todo app in Django", {"APP_TYPE": ["todo app"], "TECH_STACK": ["Django"]}),
    (
        "Zbuduj aplikację do wypożyczania rowerów miejskich w katalogu /tmp/x",
        {"SUBJECT": ["rower miejski"], "PATH": ["/tmp/x"]},
    ),
    ("Zbuduj aplikację Django do pacjentów o nazwie przychodnia", {"SUBJECT": ["pacjent"], "NAME": ["przychodnia"]}),
    (
        "Zrób sklep internetowy z butami w Djangu, nazwij go Warsztat",
        {"APP_TYPE": ["sklep internetowy"], "SUBJECT": ["but"], "NAME": ["Warsztat"]},
    ),
    ("Stwórz API pod nazwą kurier w FastAPI", {"APP_TYPE": ["API"], "NAME": ["kurier"]}),
    ("Zbuduj „Moja Biblioteka” — aplikację w Django do książek", {"NAME": ["Moja Biblioteka"], "SUBJECT": ["książka"]}),
    (
        "Zbuduj aplikację do faktur w Django z logowaniem i wyszukiwarką",
        {"SUBJECT": ["faktura"], "FEATURE": ["logowanie", "wyszukiwanie"]},
    ),
    (
        "Zbuduj aplikację do listy zakupów z eksportem do CSV",
        {"SUBJECT": ["lista zakupów"], "FEATURE": ["eksport do CSV"]},
    ),
    (
        "Stwórz system rezerwacji sal konferencyjnych we Flasku",
        {"APP_TYPE": ["system rezerwacji"], "SUBJECT": ["sala konferencyjna"], "TECH_STACK": ["Flask"]},
    ),
    (
        "Zbuduj API do zarządzania pojazdami i kierowcami w FastAPI z PostgreSQL",
        {"SUBJECT": ["pojazd", "kierowca"], "DATABASE": ["PostgreSQL"]},
    ),
    ("Napisz mi blog o podróżach w Django", {"APP_TYPE": ["blog"], "SUBJECT": ["podróż"]}),
    ("Do zarządzania wydatkami zbuduj aplikację w Django", {"SUBJECT": ["wydatek"], "APP_TYPE": ["aplikacja"]}),
    ("Zrób katalog roślin doniczkowych w Django", {"APP_TYPE": ["katalog"], "SUBJECT": ["roślina doniczkowa"]}),
    ("Stwórz ewidencję czasu pracy w Django", {"APP_TYPE": ["ewidencja"], "SUBJECT": ["czas pracy"]}),
    (
        "Proszę o aplikację w Django do katalogowania płyt winylowych",
        {"APP_TYPE": ["aplikacja"], "SUBJECT": ["płyta winylowa"]},
    ),
    (
        "Create a REST API for invoices using FastAPI",
        {"APP_TYPE": ["REST API"], "SUBJECT": ["invoice"], "TECH_STACK": ["FastAPI"]},
    ),
    ("Zbuduj API w Go do przelewów", {"LANGUAGE": ["Go"], "SUBJECT": ["przelew"]}),
    ("zrób crm w django", {"APP_TYPE": ["CRM"], "TECH_STACK": ["Django"]}),
    ("Zrób listę zakupów w Django", {"APP_TYPE": ["lista zakupów"]}),
    (
        "Zbuduj bibliotekę w Django, każda książka ma tytuł i autora",
        {"APP_TYPE": ["biblioteka"], "SUBJECT": ["książka"]},
    ),
    ("Potrzebuję aplikacji w Django do umawiania wizyt", {"APP_TYPE": ["aplikacja"], "SUBJECT": ["wizyta"]}),
    ("Zaprogramuj menedżer haseł w Pythonie", {"APP_TYPE": ["menedżer"], "SUBJECT": ["hasło"], "LANGUAGE": ["Python"]}),
    (
        "Wygeneruj projekt Django do obsługi zgłoszeń serwisowych",
        {"APP_TYPE": ["projekt"], "SUBJECT": ["zgłoszenie serwisowe"]},
    ),
    ("Utwórz mikroserwis FastAPI do wysyłki powiadomień", {"APP_TYPE": ["mikroserwis"], "SUBJECT": ["powiadomienie"]}),
    ("Zbuduj serwis z przepisami wegańskimi w Django", {"APP_TYPE": ["serwis"], "SUBJECT": ["przepis wegański"]}),
    ("zbuduj mi cos w django do grafiku dyzurow", {"SUBJECT": ["grafik dyżurów"], "TECH_STACK": ["Django"]}),
    (
        "Zbuduj aplikację do zarządzania flotą samochodów w Django 5.1",
        {"SUBJECT": ["flota samochodów"], "VERSION": ["5.1"]},
    ),
    (
        "Zrób aplikację internetową do oddawania prac domowych w Django",
        {"APP_TYPE": ["aplikacja internetowa"], "SUBJECT": ["praca domowa"]},
    ),
    (
        "Stwórz tracker nawyków w FastAPI na SQLite",
        {"APP_TYPE": ["tracker"], "SUBJECT": ["nawyk"], "DATABASE": ["SQLite"]},
    ),
    (
        "Postaw hurtownię z częściami samochodowymi w Django",
        {"APP_TYPE": ["hurtownia"], "SUBJECT": ["część samochodowa"]},
    ),
    (
        "Chciałabym aplikację w Django do prowadzenia domowej apteczki",
        {"APP_TYPE": ["aplikacja"], "SUBJECT": ["domowa apteczka"]},
    ),
    ("Zbuduj panel do zarządzania pracownikami w FastAPI", {"APP_TYPE": ["panel"], "SUBJECT": ["pracownik"]}),
    (
        "Zbuduj w Django giełdę podręczników z komentarzami",
        {"APP_TYPE": ["giełda"], "SUBJECT": ["podręcznik"], "FEATURE": ["komentarze"]},
    ),
    (
        "Zrób API na bilety lotnicze, FastAPI i Postgres",
        {"APP_TYPE": ["API"], "SUBJECT": ["bilet lotniczy"], "DATABASE": ["PostgreSQL"]},
    ),
    ("Zbuduj mi w djangu kartotekę zwierząt dla schroniska", {"APP_TYPE": ["kartoteka"], "SUBJECT": ["zwierzę"]}),
    ("Zbuduj aplikację Django, żeby śledzić paczki", {"APP_TYPE": ["aplikacja"], "SUBJECT": ["paczka"]}),
    ("Nowa aplikacja FastAPI do quizów", {"APP_TYPE": ["aplikacja"], "SUBJECT": ["quiz"], "TECH_STACK": ["FastAPI"]}),
    (
        "Build an app for tracking expenses in Django called purse",
        {"APP_TYPE": ["app"], "SUBJECT": ["expense"], "NAME": ["purse"]},
    ),
    (
        "zrob API do wypozyczalni nart w fastapi",
        {"APP_TYPE": ["API"], "SUBJECT": ["wypożyczalnia nart"], "TECH_STACK": ["FastAPI"]},
    ),
    (
        "Utwórz nowy projekt FastAPI z modelami Klient i Zamówienie",
        {"APP_TYPE": ["projekt"], "SUBJECT": ["klient", "zamówienie"], "FEATURE": []},
    ),
    ("I want a Django app to track my houseplants", {"APP_TYPE": ["app"], "SUBJECT": ["houseplant"]}),
    ("zrob mi strone z ogloszeniami lokalnymi django", {"APP_TYPE": ["strona"], "SUBJECT": ["ogłoszenie lokalne"]}),
    ("Zrób mi w fastapi api od zamówień w kwiaciarni", {"APP_TYPE": ["API"], "SUBJECT": ["zamówienie"]}),
    ("Zbuduj od zera API w FastAPI, zasoby: książki, autorzy", {"APP_TYPE": ["API"], "SUBJECT": ["książka", "autor"]}),
    ("napisz mi aplikacje co zapisuje ile pije wody, django", {"APP_TYPE": ["aplikacja"], "SUBJECT": []}),
    ("Zakładam sklep z miodem, zbuduj mi go w Django", {"APP_TYPE": ["sklep"], "SUBJECT": ["miód"]}),
]


@pytest.mark.parametrize(("text", "expected"), SENTENCES, ids=[text for text, _ in SENTENCES])
def test_entities(text: str, expected: dict[str, list[str]]) -> None:
    result = understand(text)
    assert result.intent == "BUILD_APP"
    assert understood(result)
    assert {type_: list(result.values(type_)) for type_ in expected} == expected


def test_an_unmistakable_sentence_is_certain() -> None:
    assert understand("Zbuduj aplikację todo w Django").confidence > 0.95


@pytest.mark.parametrize("text", [text for text, _ in SENTENCES])
def test_entities_stand_where_they_say(text: str) -> None:
    for entity in understand(text).entities:
        assert text[entity.start : entity.end] == entity.text


@pytest.mark.parametrize(
    "text",
    [
        "Zbuduj mi dom z drewna",
        "Wczoraj zbudowałem aplikację",
        "Nie buduj aplikacji w Django",
        "Mój sąsiad buduje garaż",
        "Chciałbym kiedyś zbudować sklep",
        "Zamów pizzę na ósmą",
    ],
)
def test_near_misses_are_not_acted_on(text: str) -> None:
    assert not understood(understand(text))

"""The whole way, once for each sentence: understood, planned, built, tested, packaged, started, used over HTTP."""

import hashlib
import shlex
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.plugins import django_person, fastapi_person
from tests.plugins.command import Command
from tests.plugins.sampling import sampled

from luxos.programmer.blueprint import Blueprint

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Said:
    """A sentence, and what must come of it."""

    sentence: str
    stack: str
    name: str
    resource: str
    fields: tuple[str, ...]
    features: tuple[str, ...] = ()


TITLE_DESCRIPTION = ("nazwa", "opis")
SENTENCES = (
    Said("Zbuduj aplikację todo w Django", "django", "todo", "zadania", ("tytul", "opis", "termin", "zrobione")),
    Said(
        "Zbuduj REST API w FastAPI do zarządzania książkami", "fastapi", "ksiazki", "ksiazki", TITLE_DESCRIPTION
    ),
    Said(
        "W Django zrób mi rejestr pacjentów z logowaniem",
        "django", "rejestr-pacjentow", "pacjenci", ("imie", "nazwisko", "e_mail", "telefon"), ("login",),
    ),
    Said(
        "postaw api w fastapi do faktur z numerem, kwotą i terminem płatności",
        "fastapi", "faktury", "faktury", ("numer", "kwota", "termin_platnosci"),
    ),
    Said(
        "Chcę aplikację do przepisów kulinarnych w Djangu z wyszukiwaniem i eksportem do CSV",
        "django", "przepisy-kulinarne", "przepisy_kulinarne", TITLE_DESCRIPTION, ("search", "export"),
    ),
    Said(
        "Napisz w FastAPI usługę do rezerwacji sal, z polami: tytuł, data, godzina, liczba osób",
        "fastapi", "sale", "sale", ("tytul", "data", "godzina", "liczba_osob"),
    ),
    Said(
        "zbuduj aplikacje do zarzadzania pojazdami w django o nazwie flota",
        "django", "flota", "pojazdy", TITLE_DESCRIPTION,
    ),
    Said(
        "Stwórz API REST w FastAPI dla czytelników biblioteki z logowaniem i wyszukiwarką",
        "fastapi", "czytelnicy-biblioteki", "czytelnicy_biblioteki", ("imie", "nazwisko", "e_mail", "telefon"),
        ("login", "search"),
    ),
    Said(
        "Potrzebuję strony w Django do ogłoszeń: każde ogłoszenie ma tytuł, treść, cenę i adres www",
        "django", "ogloszenia", "ogloszenia", ("tytul", "tresc", "cena", "adres_www"),
    ),
    Said(
        "Build a REST API in FastAPI for managing invoices", "fastapi", "invoices", "invoices", ("name", "description"),
    ),
    Said(
        "Zrób aplikację w Django do zgłoszeń serwisowych z opisem, priorytetem i datą przyjęcia",
        "django", "zgloszenia-serwisowe", "zgloszenia_serwisowe", ("nazwa", "opis", "priorytet", "data_przyjecia"),
    ),
    Said(
        "Wygeneruj mikroserwis FastAPI do zarządzania czujnikami z nazwą, temperaturą i eksportem do CSV",
        "fastapi", "czujniki", "czujniki", ("nazwa", "temperatura"), ("export",),
    ),
)  # fmt: skip


@pytest.mark.parametrize("said", sampled(SENTENCES, 0, 1, 11), ids=lambda said: said.name)
def test_from_a_sentence_to_an_application_in_use(quick_luxos: Command, said: Said) -> None:
    ended = quick_luxos("do", said.sentence, "--json")
    assert ended.code == 0, ended
    report = ended.json
    check_report(report, said)
    blueprint = blueprint_of(quick_luxos, report["run"])
    resource = blueprint.resources[0]
    assert (blueprint.name, resource.name, blueprint.features) == (said.name, said.resource, said.features)
    assert tuple(field.name for field in resource.fields) == said.fields
    use(report, blueprint)


def check_report(report: dict[str, Any], said: Said) -> None:
    assert report["status"] == "done"
    assert report["intent"] == "BUILD_APP"
    assert 0.5 < report["confidence"] <= 1
    assert report["project"]["stack"] == said.stack
    assert report["tests"]["passed"] > 20
    assert report["tests"]["failed"] == 0
    assert report["coverage"] > 90
    folder = Path(report["project"]["path"])
    assert folder.name == said.name
    names = {path.name for path in folder.iterdir()}
    assert {"README.md", "Dockerfile", "Makefile", "pyproject.toml", "requirements.txt", "tests", "dist"} <= names
    assert len(list((folder / "deploy").glob("*.service"))) == 1
    [archive] = report["artifacts"]
    with tarfile.open(archive) as packed:
        assert f"{said.name}/README.md" in packed.getnames()


def blueprint_of(luxos: Command, run: str) -> Blueprint:
    steps = luxos("show", run, "--json").json["steps"]
    return Blueprint.from_json(next(step["result"] for step in steps if step["step"] == "design"))


def use(report: dict[str, Any], blueprint: Blueprint) -> None:
    """Starts the application by the one command that the report names, and uses it."""
    folder = Path(report["project"]["path"])
    command = shlex.split(report["start_command"])
    if blueprint.stack == "django":
        python = Path(command[-1].partition("=")[2]) / "bin" / "python"
        django_person.serve_and_use(command, folder, python, blueprint)
    else:
        fastapi_person.serve_and_use(command, folder, blueprint)


def test_the_same_sentence_gives_the_same_bytes(quick_luxos: Command) -> None:
    sentence = "Zbuduj aplikację todo w Django"
    first = quick_luxos("do", sentence, "--json").json
    [archive] = first["artifacts"]
    before = hashlib.sha256(Path(archive).read_bytes()).hexdigest()
    again = quick_luxos("do", sentence, "--json")
    assert again.code == 0, again
    assert hashlib.sha256(Path(archive).read_bytes()).hexdigest() == before
    assert quick_luxos("undo", again.json["run"], "--json").json["kept"] == []
    third = quick_luxos("do", sentence, "--json")
    assert third.code == 0, third
    for report in (third.json, first):
        assert quick_luxos("undo", report["run"], "--json").json["kept"] == []
    assert not Path(first["project"]["path"]).exists()


def test_a_project_that_a_person_went_on_with_is_not_overwritten(quick_luxos: Command) -> None:
    sentence = "Zbuduj aplikację todo w Django"
    report = quick_luxos("do", sentence, "--json").json
    readme = Path(report["project"]["path"]) / "README.md"
    readme.write_text(readme.read_text() + "moje\n")
    ended = quick_luxos("do", sentence)
    assert ended.code == 4, ended
    assert "README.md" in ended.err
    assert readme.read_text().endswith("moje\n")


def test_what_was_done_stands_in_the_views(quick_luxos: Command) -> None:
    report = quick_luxos("do", "Zbuduj aplikację todo w Django", "--json").json

    def rows(sql: str) -> list[str]:
        return quick_luxos("psql", "--", "-At", "-c", sql).out.splitlines()

    assert rows("SELECT name, path FROM projects") == [f"todo|{report['project']['path']}"]
    [talk] = rows("SELECT user_input, intent, ai_response FROM conversations")
    assert talk.startswith("Zbuduj aplikację todo w Django|BUILD_APP|")
    entries = rows("SELECT action, status FROM audit_log")
    assert {entry.partition("|")[2] for entry in entries} == {"success"}
    assert {"app.design|success", "code.test|success", "shell.confined|success"} <= set(entries)
    assert rows("SELECT tags FROM relationships WHERE NOT tags @> ARRAY['step'] ORDER BY 1") == ["{about}", "{made}"]

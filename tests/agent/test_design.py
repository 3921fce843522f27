"""From sentences to blueprints: names, fields and features come from the sentence and from grammar."""

from pathlib import Path

import pytest

from luxos.agent.design import Design, design
from luxos.agent.errors import FieldsUnfit, FolderUnfit, NameUnfit, StackUnknown
from luxos.agent.reasoning import Answer, Defaults, Question
from luxos.agent.wishes import Wishes
from luxos.nlp import understand
from luxos.programmer.blueprint import Blueprint
from luxos.programmer.errors import BlueprintInvalid

PLACE, HERE = Path("/projects"), Path("/here")


async def drawn(sentence: str, **wishes: str) -> Design:
    return await design(understand(sentence), Wishes(**wishes), PLACE, HERE, Defaults())


def fields(blueprint: Blueprint) -> dict[str, str]:
    return {field.name: field.kind for field in blueprint.resources[0].fields}


async def test_the_sentence_of_the_house() -> None:
    made = await drawn("Zbuduj aplikację todo w Django")
    blueprint = made.blueprint
    assert (blueprint.name, blueprint.stack, blueprint.module) == ("todo", "django", "todo")
    assert blueprint.resources[0].name == "zadania"
    assert blueprint.resources[0].plural == "zadania"
    assert fields(blueprint) == {"tytul": "text", "opis": "long_text", "termin": "date", "zrobione": "boolean"}
    assert made.folder == PLACE / "todo"
    assert {assumption.key for assumption in made.assumptions} == {"name", "fields", "folder"}


async def test_the_subject_names_the_resource() -> None:
    blueprint = (await drawn("Zbuduj REST API w FastAPI do zarządzania książkami")).blueprint
    assert blueprint.stack == "fastapi"
    resource = blueprint.resources[0]
    assert (resource.name, resource.class_name, resource.singular) == ("ksiazki", "Ksiazka", "książka")
    assert (resource.accusative, resource.genitive_plural) == ("książkę", "książek")


async def test_a_person_has_a_name_because_grammar_says_so() -> None:
    blueprint = (await drawn("Zrób w Django rejestr pacjentów")).blueprint
    assert blueprint.name == "rejestr-pacjentow"
    assert fields(blueprint) == {"imie": "text", "nazwisko": "text", "e_mail": "email", "telefon": "text"}


async def test_given_fields_are_taken_with_their_kinds() -> None:
    made = await drawn("Zbuduj w Django aplikację do faktur z numerem, kwotą, terminem płatności i statusem")
    found = fields(made.blueprint)
    assert list(found) == ["numer", "kwota", "termin_platnosci", "status"]
    assert (found["kwota"], found["termin_platnosci"]) == ("decimal", "date")
    assert not any(assumption.key.startswith("fields") for assumption in made.assumptions)


async def test_several_subjects_are_several_resources() -> None:
    made = await drawn("Zbuduj w Django aplikację do zarządzania pojazdami i kierowcami z numerem i marką")
    vehicles, drivers = made.blueprint.resources
    assert (vehicles.name, drivers.name) == ("pojazdy", "kierowcy")
    assert [field.name for field in vehicles.fields] == ["numer", "marka"]
    assert [field.name for field in drivers.fields] == ["imie", "nazwisko", "e_mail", "telefon"]
    assert ("fields", "kierowcy: imię, nazwisko, e-mail, telefon") in {
        (assumption.key, assumption.value) for assumption in made.assumptions
    }


async def test_features_and_options() -> None:
    made = await drawn(
        "Zbuduj aplikację do przepisów z logowaniem i wyszukiwaniem",
        name="moje-przepisy", folder="tu", stack="fastapi", fields="nazwa, czas (liczba)",
    )  # fmt: skip
    assert made.blueprint.features == ("login", "search")
    assert (made.blueprint.name, made.blueprint.stack) == ("moje-przepisy", "fastapi")
    assert made.folder == HERE / "tu"
    assert fields(made.blueprint) == {"nazwa": "text", "czas": "integer"}
    assert made.assumptions == []


async def test_no_framework_takes_the_stated_default_or_asks() -> None:
    made = await drawn("Zbuduj aplikację do przepisów")
    assert made.blueprint.stack == "django"
    assert ("stack", "django") in {(assumption.key, assumption.value) for assumption in made.assumptions}

    class Person:
        async def decide(self, question: Question) -> Answer:
            return Answer("fastapi" if question.key == "stack" else question.default, by_person=True)

    asked = await design(understand("Zbuduj aplikację do przepisów"), Wishes(), PLACE, HERE, Person())
    assert asked.blueprint.stack == "fastapi"
    assert "stack" not in {assumption.key for assumption in asked.assumptions}


async def test_two_frameworks_are_not_guessed_silently() -> None:
    made = await drawn("Zbuduj aplikację do przepisów w Django albo FastAPI")
    assert ("stack", "django") in {(assumption.key, assumption.value) for assumption in made.assumptions}


async def test_a_framework_that_is_not_known_is_said() -> None:
    with pytest.raises(StackUnknown):
        await drawn("Zbuduj aplikację do przepisów we Flasku")


@pytest.mark.parametrize(
    "name", ["../zle", "a/b", "class", "json", "django", "😀😀", "x" * 300, "1234", "a\nb", "-", "tests"]
)
async def test_a_name_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(NameUnfit) as caught:
        await drawn("Zbuduj aplikację todo w Django", name=name)
    assert str(caught.value)


async def test_a_name_with_spaces_and_accents_becomes_a_folder_name_and_says_so() -> None:
    made = await drawn("Zbuduj aplikację todo w Django", name="Żółte Zadania 😀")
    assert made.blueprint.name == "zolte-zadania"
    assert made.blueprint.title == "Żółte Zadania 😀"
    assert ("name", "zolte-zadania") in {(assumption.key, assumption.value) for assumption in made.assumptions}


@pytest.mark.parametrize(
    "subject",
    [
        "samochód",
        "rower miejski",
        "lista zakupów",
        "śruba",
        "klasa",
        "import",
        "id",
        "człowiek",
        "dziecko",
        "CRM",
        "płyta winylowa",
    ],
)
async def test_whatever_comes_can_be_built(subject: str) -> None:
    for stack in ("django", "fastapi"):
        blueprint = (await drawn(f"Zbuduj w {stack} aplikację o temacie: {subject}", name="proba")).blueprint
        assert blueprint == Blueprint.from_json(blueprint.as_json())


async def test_a_password_is_not_kept_in_plain_text() -> None:
    made = await drawn("Zbuduj w Django aplikację do kont", fields="login, hasło, uwagi", name="konta")
    assert [field.name for field in made.blueprint.resources[0].fields] == ["login", "uwaga"]
    assert ("fields", "hasło") in {(assumption.key, assumption.value) for assumption in made.assumptions}


async def test_each_thing_has_its_own_fields() -> None:
    made = await drawn("Zbuduj aplikację w Django: książki z tytułem i autorem, czytelnicy z imieniem i numerem karty")
    assert {resource.name: [field.name for field in resource.fields] for resource in made.blueprint.resources} == {
        "ksiazki": ["tytul", "autor"],
        "czytelnicy": ["imie", "numer_karty"],
    }


@pytest.mark.parametrize(
    ("sentence", "resource", "expected"),
    [
        ("Build a Django app for managing cars", "cars", ["name", "description"]),
        ("Build a todo application in Django", "todos", ["title", "description", "due_date", "done"]),
        ("Create a task tracker in Django", "tasks", ["title", "description", "due_date", "done"]),
        ("Build a todo list in FastAPI", "todos", ["title", "description", "due_date", "done"]),
    ],
)
async def test_english_sentences_get_english_names(sentence: str, resource: str, expected: list[str]) -> None:
    (made,) = (await drawn(sentence)).blueprint.resources
    assert (made.name, [field.name for field in made.fields]) == (resource, expected)


async def test_fields_are_listed_in_english_too() -> None:
    made = await drawn("Build a Django app for films", fields="title, due date (date), price (number) and first name")
    assert fields(made.blueprint) == {"title": "text", "due_date": "date", "price": "integer", "first_name": "text"}


@pytest.mark.parametrize("listed", ["???", "", "1, 2", "tytuł, ???, cena", "😀"])
async def test_what_is_no_field_is_refused_and_not_passed_over(listed: str) -> None:
    with pytest.raises(FieldsUnfit) as caught:
        await drawn("Zbuduj aplikację todo w Django", fields=listed)
    assert caught.value.details["part"] in {"???", "", "1", "😀"}


async def test_a_person_who_names_no_fields_is_asked_again_with_the_reason() -> None:
    class Person:
        def __init__(self, *answers: str) -> None:
            self.answers, self.asked = list(answers), [""]

        async def decide(self, question: Question) -> Answer:
            self.asked.append(question.text)
            return Answer(self.answers.pop(0), by_person=True)

    sentence = understand("Zbuduj aplikację todo w Django")
    person = Person("???", "tytuł, cena")
    made = await design(sentence, Wishes(), PLACE, HERE, person)
    assert fields(made.blueprint) == {"tytul": "text", "cena": "decimal"}
    assert "'???'" in person.asked[2]
    assert "'???'" not in person.asked[1]
    with pytest.raises(FieldsUnfit):
        await design(sentence, Wishes(), PLACE, HERE, Person("???", "!", "?", "tytuł"))


async def test_more_things_or_fields_than_can_be_are_refused_and_not_cut_off() -> None:
    with pytest.raises(BlueprintInvalid):
        await drawn("Zbuduj aplikację todo w Django", fields=", ".join(f"pole{number}" for number in range(31)))


@pytest.mark.parametrize(
    ("sentence", "features", "assumed"),
    [
        ("Zbuduj aplikację todo w Django bez testów i bez logowania", (), ["testy"]),
        ("Zbuduj aplikację todo w Django z logowaniem, ale bez wyszukiwania", ("login",), []),
        ("Zbuduj aplikację todo w Django z eksportem, bez eksportu", (), []),
        ("Build a Django app for cars without login and tests", (), ["testy"]),
        ("Zbuduj aplikację todo w Django z testami i komentarzami", (), ["komentarze"]),
    ],
)
async def test_what_is_not_wanted_is_left_out_or_said_to_stay(
    sentence: str, features: tuple[str, ...], assumed: list[str]
) -> None:
    made = await drawn(sentence)
    assert made.blueprint.features == features
    assert [one.value for one in made.assumptions if one.key == "feature"] == assumed


async def test_english_nouns_have_english_plurals() -> None:
    blueprint = (await drawn("Build a Django app for managing cars")).blueprint
    assert [resource.name for resource in blueprint.resources] == ["cars"]


async def test_a_home_of_nobody_is_no_folder() -> None:
    with pytest.raises(FolderUnfit) as caught:
        await drawn("Zbuduj aplikację todo w Django", folder="~nobody-here/x")
    assert "katalogu domowego" in str(caught.value)

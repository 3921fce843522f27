"""From understood sentences to plans: what is sure, what is asked, what is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from luxos.agent.errors import NotAble, NotUnderstood, OwnCommand
from luxos.agent.planner import ABILITIES, Place, plan
from luxos.agent.reasoning import Answer, Defaults, Question
from luxos.agent.wishes import Wishes
from luxos.lux.reader import read
from luxos.lux.writer import write
from luxos.nlp import Understanding, understand, understood

PLACE = Place(Path("/here"), Path("/projects"))


class Person:
    """Answers every question with the same word."""

    def __init__(self, word: str) -> None:
        self.word, self.asked = word, [""]

    async def decide(self, question: Question) -> Answer:
        self.asked.append(question.key)
        return Answer(self.word, by_person=True)


def unsure(sentence: str) -> Understanding:
    return replace(understand(sentence), confidence=0.5)


async def test_a_plan_is_a_program_that_reads_back() -> None:
    made = await plan(understand("Zbuduj aplikację todo w Django"), Wishes(), PLACE, Defaults())
    assert read(write(made.program)) == made.program
    assert [statement.verb for statement in made.program.statements] == [
        *("DESIGN", "FETCH", "INSTALL", "GENERATE", "FORMAT", "CHECK", "CHECK", "CHECK", "TEST", "PACKAGE")
    ]


async def test_an_unsure_intent_is_asked_or_stated() -> None:
    sentence = "Pokaż plik notatki.txt"
    stated = await plan(unsure(sentence), Wishes(), PLACE, Defaults())
    assert [assumption.key for assumption in stated.assumptions] == ["intent"]
    agreed = await plan(unsure(sentence), Wishes(), PLACE, Person("tak"))
    assert agreed.assumptions == ()
    with pytest.raises(NotUnderstood):
        await plan(unsure(sentence), Wishes(), PLACE, Person("nie"))


@pytest.mark.parametrize(
    ("sentence", "command"),
    [
        ("Pomoc", "luxos --help"),
        ("Cofnij ostatnią zmianę", "luxos undo"),
        ("Pokaż moje dusze", "luxos being find"),
        ("Wywołaj duszę podatek", "luxos call --help"),
        ("Cofnij duszę vat do poprzedniej wersji", "luxos soul rollback --help"),
        ("Wypromuj duszę vat na produkcję", "luxos soul promote --help"),
        ("Utwórz byt licznik", "luxos soul add --help"),
        ("Ulepsz duszę suma", "luxos soul evolve --help"),
    ],
)
async def test_commands_of_luxos_are_named(sentence: str, command: str) -> None:
    with pytest.raises(OwnCommand) as caught:
        await plan(understand(sentence), Wishes(), PLACE, Defaults())
    assert caught.value.details["command"] == command


async def test_what_cannot_be_done_yet_gets_three_suggestions_that_can() -> None:
    with pytest.raises(NotAble) as caught:
        await plan(understand("Zrestartuj nginx"), Wishes(), PLACE, Defaults())
    assert len(caught.value.suggestions) == 3
    for suggestion in caught.value.suggestions:
        assert understood(understand(suggestion))
        assert understand(suggestion).intent in ABILITIES


async def test_a_second_command_is_said_to_be_left_out() -> None:
    made = await plan(understand("Zbuduj aplikację do kotów w Django; usuń plik x.txt"), Wishes(), PLACE, Defaults())
    assert made.workspace == Path("/projects/koty")
    assert [assumption.key for assumption in made.assumptions][:1] == ["also"]
    assert "usuń plik x.txt" in made.assumptions[0].value

"""Moments and lengths of time are found where they stand, and nowhere else."""

import pytest

from luxos.nlp.entities.moments import moments
from luxos.nlp.entities.sentence import Sentence
from luxos.nlp.morphology import tokens


def found(text: str) -> list[str]:
    sentence = Sentence(text, tokens(text))
    spans = (sentence.span(start, end) for start, end in moments(sentence))
    return [text[start:end] for start, end in spans]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wyłącz komputer jutro o ósmej", ["jutro o ósmej"]),
        ("Zgaś serwer w piątek o 20", ["piątek o 20"]),
        ("Uśpij za kwadrans", ["kwadrans"]),
        ("Uśpij laptopa za pół godziny", ["pół godziny"]),
        ("Restart za dziesięć minut, proszę", ["dziesięć minut"]),
        ("Ustaw wyłącznik na 90 minut", ["90 minut"]),
        ("Zahibernuj o północy", ["północy"]),
        ("Reboot at midnight", ["midnight"]),
        ("Sleep in half an hour", ["half an hour"]),
        ("Logi z ostatniej godziny i od wczoraj", ["ostatniej godziny", "wczoraj"]),
        ("logi miedzy 8:00 a 9:30", ["8:00", "9:30"]),
        ("Kończymy na dziś, wyłącz komputer", []),
        ("Ustaw jasność na 50", []),
        ("Skopiuj po kolei pliki o psach", []),
        ("", []),
    ],
)
def test_moments(text: str, expected: list[str]) -> None:
    assert found(text) == expected

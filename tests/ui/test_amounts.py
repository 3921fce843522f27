"""Numbers, lengths of time and sizes, in both languages; and that nothing else writes them."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luxos import amounts
from luxos.i18n import speaking

SOURCE = Path(amounts.__file__).parent
OTHERWISE = re.compile(r"\{[a-z_]*:[.,0-9]*[fg]\}|\{[a-z_]*\} ?(?:kB|KB|MB|GB|seconds|bytes)\b")
"""How a message would write a number of its own, or a size in a unit of its own."""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"), (0.0, "0,00 s"), (0.094, "0,09 s"), (9.994, "9,99 s"), (30, "30 s"), (119.4, "119 s"),
        (120, "2 min 0 s"), (3725, "62 min 5 s"), (7325, "2 h 2 min"), (172_800, "2 dni 0 h"),
        (211_438_731, "2447 dni 4 h"),
    ],
)  # fmt: skip
def test_a_length_of_time(seconds: float | None, words: str) -> None:
    with speaking("pl"):
        assert amounts.duration(seconds) == words
    with speaking("en"):
        assert amounts.duration(seconds) == words.replace(",", ".").replace("dni", "d")


@pytest.mark.parametrize(
    ("taken", "words"),
    [(0, "0 B"), (1, "1 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1,5 KiB"), (64 << 20, "64 MiB"),
     (25_000, "24,4 KiB"), (63_300_000_000, "59 GiB"), (5 << 50, "5120 TiB")],
)  # fmt: skip
def test_a_size(taken: int, words: str) -> None:
    with speaking("pl"):
        assert amounts.size(taken) == words


@given(st.integers(0, 1 << 60))
def test_a_size_is_what_it_says(taken: int) -> None:
    with speaking("en"):
        value, unit = amounts.size(taken).split()
    one = 1024 ** ("B", "KiB", "MiB", "GiB", "TiB").index(unit)
    assert abs(float(value) * one - taken) <= 0.05 * one
    assert float(value) >= 1 or taken == 0


@pytest.mark.parametrize(
    ("value", "digits", "words"),
    [(3, None, "3"), (0.5, None, "0,5"), (1e-9, None, "0"), (1_234_567.0, None, "1234567"), (2 / 3, 2, "0,67")],
)
def test_a_number(value: float, digits: int | None, words: str) -> None:
    with speaking("pl"):
        assert amounts.number(value, digits) == words


def test_messages_leave_that_to_it() -> None:
    """No Polish message rounds a number itself, and units beside a field are those that need no rounding."""
    wrong = [
        f"{file.name}: {line}"
        for file in (SOURCE / "locale" / "pl").glob("*.po")
        for line in file.read_text().splitlines()
        if line.startswith("msgstr") and OTHERWISE.search(line)
    ]
    assert wrong == []

"""The Lux language: what is written is read back, what is wrong is named with its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luxos.lux.errors import ProgramInvalid, ProgramUnreadable
from luxos.lux.program import Program, Reference, Statement
from luxos.lux.reader import read
from luxos.lux.writer import write

WORDS = {"true", "false", "null", "lux", "goal"}
names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(lambda name: name not in WORDS)
verbs = st.from_regex(r"[A-Z][A-Z0-9_]{1,8}", fullmatch=True).filter(lambda verb: verb != "AFTER")
texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)
paths = st.builds(
    lambda head, tail: Reference((head, *tail)), names, st.lists(st.one_of(names, st.integers(0, 99)), max_size=3)
)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), texts, paths
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=12,
)
statements = st.builds(
    Statement,
    name=names,
    verb=verbs,
    positional=st.lists(values, max_size=3).map(tuple),
    keywords=st.dictionaries(names, values, max_size=4),
    after=st.lists(names, max_size=3).map(tuple),
)
programs = st.builds(Program, statements=st.lists(statements, max_size=6).map(tuple), goal=texts)


@given(programs)
def test_what_is_written_is_read_back(program: Program) -> None:
    assert read(write(program)) == program


@given(st.text(st.characters(), max_size=200))
def test_any_text_is_read_or_refused_in_a_sentence(text: str) -> None:
    try:
        program = read(text)
    except (ProgramUnreadable, ProgramInvalid) as error:
        said = str(error)
    else:
        said = write(program)
    assert said


def test_a_program_as_a_person_writes_it() -> None:
    program = read(
        """
        lux 1                      # the version
        goal "Zbuduj aplikację"

        design = DESIGN name: "todo", fields: [
            "tytuł",
            "termin",
        ]
        source = GENERATE design.blueprint
        CHECK "style", source AFTER design
        """
    )
    assert program.goal == "Zbuduj aplikację"
    assert [statement.name for statement in program.statements] == ["design", "source", "line_10"]
    assert program.statements[0].keywords == {"name": "todo", "fields": ["tytuł", "termin"]}
    assert program.statements[1].positional == (Reference(("design", "blueprint")),)
    assert program.statements[2].needs == {"source", "design"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = RUN\nb = = RUN\n", 2),
        ("a = run 1", 1),
        ('a = RUN "open', 1),
        ("a = RUN [1, 2", 1),
        ("a = RUN [" * 100, 1),
        ('\n\na = RUN "\\ud800"', 3),
        ('\na = RUN "\ud800"', 2),
        ('a = RUN "a\\u0000"', 1),
        ('a = RUN {"\\u0000": 1}', 1),
        ('goal "\\u0000"', 1),
        ("\na = RUN 1e999", 2),
        ("a = RUN [-1e999]", 1),
        ("a = RUN " + "9" * 400, 1),
        ("a = RUN " + "9" * 5000, 1),
        ("a = RUN\nb = RUN a." + "9" * 5000, 2),
        ("lux " + "9" * 5000, 1),
        ("a = RUN \0\ud800", 1),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(text: str, line: int) -> None:
    with pytest.raises(ProgramUnreadable) as caught:
        read(text)
    assert caught.value.details["line"] == line
    assert "\0" not in caught.value.details["text"].encode().decode()


@pytest.mark.parametrize("text", ["lux 2\na = RUN", "a = RUN x: 1, x: 2", "a = RUN x: 1, 2"])
def test_what_has_no_meaning_is_refused(text: str) -> None:
    with pytest.raises(ProgramInvalid):
        read(text)

"""What was added between two genotypes: exact, and nothing else is called an addition."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.beings.test_genesis import VALUES
from tests.souls.genotypes import PIECES

from luxos.beings.genesis import canonical_bytes
from luxos.souls.additions import added, extended, lines_of

SOURCES = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
GENOTYPES = st.fixed_dictionaries(
    {"source": SOURCES}, optional={"limits": VALUES, "functions": st.dictionaries(st.sampled_from("ab"), SOURCES)}
)


@given(SOURCES)
def test_lines_joined_are_the_source(source: str) -> None:
    assert "".join(lines_of(source)) == source
    assert all(line.find("\n") in {-1, len(line) - 1} for line in lines_of(source))


@given(GENOTYPES, GENOTYPES)
def test_what_is_added_gives_the_new_genotype_to_the_byte(old: dict[str, object], new: dict[str, object]) -> None:
    addition = added(old, new)
    if addition is not None:
        stored = json.loads(json.dumps(addition))
        assert canonical_bytes(extended(old, [stored])) == canonical_bytes(new)
        assert (addition == {}) == (canonical_bytes(old) == canonical_bytes(new))


@given(SOURCES, st.lists(st.tuples(st.integers(0), st.sampled_from(PIECES)), max_size=8))
def test_many_additions_one_after_the_other(source: str, steps: list[tuple[int, str]]) -> None:
    genotype, additions = {"source": source}, []
    for at, text in steps:
        lines = lines_of(genotype["source"])
        place = at % (len(lines) + 1)
        newer = {"source": "".join([*lines[:place], text, *lines[place:]])}
        if (addition := added(genotype, newer)) is not None:
            additions.append(addition)
            genotype = newer
    assert extended({"source": source}, json.loads(json.dumps(additions))) == genotype


@given(st.lists(st.sampled_from(["a\n", "b\n", "\r\n", "\u2028\n"]), max_size=8), st.data())
def test_lines_put_anywhere_are_an_evolution(old: list[str], data: st.DataObject) -> None:
    new = list(old)
    for _line in range(data.draw(st.integers(0, 6))):
        new.insert(data.draw(st.integers(0, len(new))), data.draw(st.sampled_from(["a\n", "b\n", "c\n"])))
    addition = added({"source": "".join(old)}, {"source": "".join(new)})
    assert addition is not None
    assert extended({"source": "".join(old)}, [addition]) == {"source": "".join(new)}


@given(st.lists(st.sampled_from(["a\n", "b\n", "c\n"]), min_size=1, max_size=8), st.data())
def test_a_line_less_is_a_mutation_wherever_it_stood(old: list[str], data: st.DataObject) -> None:
    new = list(old)
    new.pop(data.draw(st.integers(0, len(new) - 1)))
    assert added({"source": "".join(old)}, {"source": "".join(new)}) is None


@pytest.mark.parametrize(
    ("old", "new", "adds"),
    [
        ({"source": "x\na\nb\n"}, {"source": "a\nb\nx\na\nb\n"}, True),  # difflib sees x removed
        ({"source": ""}, {"source": "a\n"}, True),
        ({"source": "a"}, {"source": "a\n"}, False),
        ({"source": "a\n"}, {"source": "a\r\n"}, False),
        ({"source": "a\n"}, {"source": "a\nb"}, True),
        ({"source": "a\u2028b\n"}, {"source": "a\u2028c\u2028b\n"}, False),
        ({"tier": ""}, {"tier": "isolated"}, False),
        ({"tier": "isolated"}, {"tier": "isolated", "pure": True}, True),
        ({"limits": {"a": 1}}, {"limits": {"a": 1.0}}, False),
        ({"limits": {"a": 1}}, {"limits": {"a": True}}, False),
        ({"limits": {"a": 0.0}}, {"limits": {"a": -0.0}}, False),
        ({"limits": {"a": {}}}, {"limits": {"a": 1}}, False),
        ({"limits": {"a": 1}}, {"limits": {"a": 1, "b": -0.0}}, True),
        ({"requirements": ["a", "c"]}, {"requirements": ["a", "b", "c"]}, True),
        ({"requirements": ["a", "c"]}, {"requirements": ["c", "a"]}, False),
        ({"dependencies": {"a": "1"}}, {"dependencies": {"a": "2"}}, False),
        ({"functions": {"f": "a\n"}}, {"functions": {"f": "a\nb\n"}}, True),
    ],
)
def test_evolution_or_mutation(old: dict[str, object], new: dict[str, object], adds: bool) -> None:
    addition = added(old, new)
    assert (addition is not None) == adds
    if addition is not None:
        assert canonical_bytes(extended(old, [addition])) == canonical_bytes(new)


def test_an_addition_of_another_genotype_is_refused() -> None:
    for addition in (
        {"lines": [[9, "x\n"]]},
        {"lines": [[1, "x\n"], [0, "y\n"]]},
        {"items": [[0, []]]},
        {"keys": {}, "within": {"b": {}}},
        {"what": 1},
    ):
        with pytest.raises(ValueError, match="addition"):
            extended("a\nb\n", [addition])

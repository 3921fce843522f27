"""Functions from a source: what it defines is read and never run, and what is wrong with it is said by line."""

import inspect
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luxos.beings.being import BaseBeing
from luxos.beings.errors import GenotypeInvalid, SourceInvalid, SourceUndefined
from luxos.beings.function import FunctionBeing
from luxos.beings.function_source import signature_of
from luxos.i18n import speaking
from luxos.persistence.database import Database

VAT = "def function(net, rate=23):\n    return net * (100 + rate) / 100\n"


async def test_a_function_is_stored_with_its_source(database: Database) -> None:
    made = FunctionBeing.of("vat", VAT, purpose="Adds the tax.", attributes={"rate": {"py_type": "int", "default": 23}})
    await made.save()
    found = await BaseBeing.load(made.soul)
    assert isinstance(found, FunctionBeing)
    assert (found.source, found.tier, found.attributes) == (VAT, None, {"rate": 23})
    assert found.soul_hash == made.soul_hash
    assert found.signature == made.signature


def test_the_signature_is_what_the_source_says() -> None:
    source = (
        "import os\n\n"
        "def helper(): ...\n\n"
        "async def function(a, /, b: 'int | None' = None, *rest: str, "
        "c: list[ int ], d=(1,\n 2), **more) -> dict[str, int]:\n"
        '    """Counts.\n\n    More of it.\n    """\n'
    )
    assert signature_of(source).as_json() == {
        "name": "function",
        "parameters": [
            {"name": "a", "kind": "POSITIONAL_ONLY"},
            {"name": "b", "kind": "POSITIONAL_OR_KEYWORD", "annotation": "'int | None'", "default": "None"},
            {"name": "rest", "kind": "VAR_POSITIONAL", "annotation": "str"},
            {"name": "c", "kind": "KEYWORD_ONLY", "annotation": "list[ int ]"},
            {"name": "d", "kind": "KEYWORD_ONLY", "default": "(1,\n 2)"},
            {"name": "more", "kind": "VAR_KEYWORD"},
        ],
        "returns": "dict[str, int]",
        "async": True,
        "purpose": "Counts.",
    }


@given(*[st.integers(0, 2)] * 5, st.booleans(), st.booleans())
def test_parameters_are_those_that_python_finds(
    positional: int, plain: int, named: int, defaults: int, named_defaults: int, rest: bool, more: bool
) -> None:
    names = [f"p{i}" for i in range(positional + plain)]
    start = len(names) - min(defaults, len(names))
    written = [f"{name}: int = 1" if index >= start else name for index, name in enumerate(names)]
    if positional:
        written.insert(positional, "/")
    keywords = [f"k{i} = 'x'" if i < named_defaults else f"k{i}: str" for i in range(named)]
    if rest or keywords:
        written.append("*rest" if rest else "*")
    text = f"def function({', '.join([*written, *keywords, *(['**more'] if more else [])])}): pass"
    scope: dict[str, object] = {}
    exec(text, scope)  # noqa: S102 - the test's own text, to compare with what was only read
    expected = inspect.signature(scope["function"])  # type: ignore[arg-type]
    found = signature_of(text).parameters
    assert [(each.name, each.kind) for each in found] == [
        (each.name, each.kind.name) for each in expected.parameters.values()
    ]
    assert [each.default is None for each in found] == [
        each.default is inspect.Parameter.empty for each in expected.parameters.values()
    ]


def test_a_single_function_may_have_any_name() -> None:
    assert signature_of("X = 1\n\n\nasync def vat(net):\n    return net\n").name == "vat"


@pytest.mark.parametrize(
    ("source", "line", "column", "text"),
    [
        ("def function(:\n    pass\n", 1, 14, "def function(:"),
        ("x = 1\ndef function():\n  return 'żółć' +\n", 3, 18, "return 'żółć' +"),
        ("def function():\npass\n", 2, 1, "pass"),
        ("return 1\ndef function(): pass\n", 1, 1, "return 1"),
        ("def function():\n    pass\n    x = 'a\n", 3, 9, "x = 'a"),
        ("def function(): await x\n", 1, 17, "def function(): await x"),
        ("def function(a, a): pass\n", 1, 1, "def function(a, a): pass"),
    ],
)
def test_the_place_where_it_is_no_python_is_named(source: str, line: int, column: int, text: str) -> None:
    with pytest.raises(SourceInvalid) as caught:
        FunctionBeing.of("vat", source)
    details = caught.value.details
    assert (details["name"], details["line"], details["text"]) == ("vat", line, text)
    assert isinstance(details["column"], int)
    if column > 1:
        assert details["column"] == column


@pytest.mark.parametrize("source", ["(" * 100_000, "a\0b", "\ud800", "x = " + "-" * 100_000 + "1", "1" * 5000])
def test_what_python_cannot_even_read_is_no_source(source: str) -> None:
    with pytest.raises(SourceInvalid):
        FunctionBeing.of("vat", source)


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("", 0),
        ("x = 1\n", 0),
        ("class function:\n    def function(self): ...\n", 0),
        ("def a(): ...\ndef b(): ...\n", 2),
        ("if True:\n    def function(): ...\n", 0),
    ],
)
def test_a_source_without_something_to_call_is_refused(source: str, count: int) -> None:
    with pytest.raises(SourceUndefined) as caught:
        FunctionBeing.of("vat", source)
    assert caught.value.details["count"] == count


def test_nothing_of_a_source_is_run(tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    source = f"open({str(proof)!r}, 'w').close()\ndef function(a=open({str(proof)!r}, 'w').close()): ...\n"
    made = FunctionBeing.of("vat", source)
    assert made.signature.parameters[0].default is not None
    assert not proof.exists()
    exec(source, {})  # noqa: S102 - that the proof would be there
    assert proof.exists()


def test_a_genotype_is_checked_before_the_function_is_made() -> None:
    with pytest.raises(GenotypeInvalid):
        FunctionBeing.of("vat", VAT, attributes={"rate": {"py_type": "whole number"}})


def test_a_refusal_is_a_sentence_in_both_languages() -> None:
    with pytest.raises(SourceInvalid) as caught:
        FunctionBeing.of("vat", "def function(:\n    pass\n")
    with speaking("en"):
        assert str(caught.value) == (
            "The source of vat is not Python at line 1, column 14: 'def function(:' (invalid syntax). Nothing "
            "was made; correct it."
        )
    with speaking("pl"):
        assert str(caught.value) == (
            "Źródło vat to nie Python: wiersz 1, kolumna 14: 'def function(:' (invalid syntax). "
            "Niczego nie utworzono; popraw je."
        )

"""Sentences that somebody brings to judge the understanding by: read, refused with file and line, counted."""

import json
from pathlib import Path
from typing import Any

import pytest

from luxos.nlp.cases import read_cases
from luxos.nlp.corpus import Example
from luxos.nlp.errors import CasesInvalid
from luxos.nlp.judging import Answer, judge, verdict
from luxos.nlp.words import Entity


def written(folder: Path, *lines: Any) -> Path:
    path = folder / "cases.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return path


def case(intent: str, *entities: Entity) -> Example:
    return Example(intent, "a b a", entities, "x.jsonl", 1)


def answered(intent: str, confidence: float, *entities: Entity) -> Answer:
    return Answer(intent, confidence, entities, 2.0)


def test_a_span_is_where_it_says_or_at_the_first_free_place(tmp_path: Path) -> None:
    told = {"text": "a.txt, a.txt, b", "intent": "DIFF_FILES"}
    spans = [{"type": "PATH", "text": "a.txt"}, {"type": "PATH", "text": "a.txt", "value": "A"}]
    placed = {**told, "entities": [{"type": "PATH", "text": "a.txt", "start": 7}]}
    free, given = read_cases(written(tmp_path, {**told, "entities": spans}, "", placed))
    assert [(e.start, e.end, e.value) for e in free.entities] == [(0, 5, "a.txt"), (7, 12, "A")]
    assert [e.start for e in given.entities] == [7]
    assert given.line == 3


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[1]",
        {"intent": "UNDO"},
        {"text": "cofnij", "intent": "NO_SUCH"},
        {"text": "cofnij", "intent": "UNDO", "entities": {}},
        {"text": "cofnij", "intent": "UNDO", "entities": [{"type": "NO_SUCH", "text": "cofnij"}]},
        {"text": "cofnij", "intent": "UNDO", "entities": [{"type": "PATH", "text": "to"}]},
        {"text": "cofnij", "intent": "UNDO", "entities": [{"type": "PATH", "text": ""}]},
        {"text": "cofnij", "intent": "UNDO", "entities": [{"type": "PATH", "text": "cofnij", "start": 1}]},
        {"text": "cofnij", "intent": "UNDO", "entities": [{"type": "PATH", "text": "cofnij", "start": "0"}]},
        {"text": "cofnij", "intent": "UNDO", "entities": [{"type": "PATH", "text": "cofnij"}] * 2},
    ],
)
def test_a_line_that_cannot_be_used_is_refused_with_its_number(tmp_path: Path, line: Any) -> None:
    with pytest.raises(CasesInvalid) as caught:
        read_cases(written(tmp_path, {"text": "cofnij", "intent": "UNDO"}, line))
    assert (caught.value.details["file"], caught.value.details["line"]) == ("cases.jsonl", 2)


def test_no_sentence_and_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CasesInvalid):
        read_cases(written(tmp_path, "", ""))
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\n")
    with pytest.raises(CasesInvalid):
        read_cases(tmp_path / "bytes.jsonl")


def test_figures_by_hand() -> None:
    path, other = Entity("PATH", "a", "a", 0, 1), Entity("PATH", "b", "b", 2, 3)
    cases = [case("READ_FILE", path), case("READ_FILE", path), case("UNDO"), case("NONE")]
    answers = [
        answered("READ_FILE", 0.9, path),
        answered("DELETE_FILE", 0.8, Entity("PATH", "A", "a", 0, 1), other),
        answered("NONE", 0.2),
        answered("NONE", 0.9),
    ]
    found = verdict(cases, answers)
    assert found.accuracy == 0.5
    assert found.macro_f1 == pytest.approx((2 / 3 + 0 + 0 + 2 / 3) / 4)
    assert (found.entity_precision, found.entity_recall) == (2 / 3, 1)
    assert (found.entity_f1, found.value_f1) == (0.8, 0.4)
    assert (found.none_recall, found.refused) == (1, 1 / 3)
    assert found.ece == pytest.approx((0.1 + 0.8 + 0.2 + 0.1) / 4)
    assert found.ms == 2
    assert found.confusions == (("READ_FILE", "DELETE_FILE", 1), ("UNDO", "NONE", 1))


def test_a_refusal_is_wrong_and_has_no_entities() -> None:
    cases = [Example("COPY_FILE", "b.txt a.txt kurczę", (Entity("PATH", "b.txt", "b.txt", 0, 5),), "x", 1)]
    found = judge(cases)
    assert (found.accuracy, found.refused, found.none_recall) == (0, 1, None)
    assert found.confusions == (("COPY_FILE", "NONE", 1),)
    assert (found.entity_precision, found.entity_recall) == (1, 0)

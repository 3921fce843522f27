"""`luxos nlp`: what was understood, and how well, for people and for programs."""

import json
from pathlib import Path

from tests.plugins.command import Command

CASES = (
    {"text": "Ubij proces 4312", "intent": "KILL_PROCESS", "entities": [{"type": "PROCESS", "text": "4312"}]},
    {"text": "Zamów pizzę na ósmą", "intent": "NONE"},
    {"text": "Cofnij ostatnią zmianę", "intent": "EXIT"},
)


def test_a_sentence_is_explained(quick_luxos: Command) -> None:
    said = "Skopiuj raport.pdf do archiwum; potem usuń stary.log"
    told = quick_luxos("nlp", "explain", said).out
    assert "Intencja: COPY_FILE" in told
    assert "DEST_PATH  archiwum" in told
    assert "Potem: DELETE_FILE, usuń stary.log" in told
    found = quick_luxos("nlp", "explain", said, "--json").json
    assert found["understood"] is True
    assert [said[e["start"] : e["end"]] for e in found["entities"]] == ["raport.pdf", "archiwum"]


def test_what_is_not_understood_is_told_and_harms_no_terminal(quick_luxos: Command) -> None:
    told = quick_luxos("nlp", "explain", "zamów \x1b[31m pizzę").out
    assert "LuxOS nie robi niczego takiego" in told
    assert "\x1b" not in told


def test_sentences_of_a_file_are_judged(quick_luxos: Command, tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text("\n".join(json.dumps(case) for case in CASES), encoding="utf-8")
    found = quick_luxos("nlp", "eval", str(path), "--json").json
    assert found["accuracy"] == 0.6667
    assert (found["entity_f1"], found["value_f1"], found["none_recall"], found["refused"]) == (1, 1, 1, 0)
    assert found["confusions"] == [{"intent": "EXIT", "answer": "UNDO", "count": 1}]
    assert {"macro_f1", "ece", "ms"} <= set(found)
    assert "EXIT → UNDO" in quick_luxos("nlp", "eval", str(path)).out


def test_a_file_that_cannot_be_judged_by_is_told(quick_luxos: Command, tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(json.dumps(CASES[0]) + "\n{}\n", encoding="utf-8")
    told = quick_luxos("nlp", "eval", str(path))
    assert told.code == 2
    assert "cases.jsonl nie można oceniać, wiersz 2: brakuje `text`" in told.err
    assert quick_luxos("nlp", "eval", str(tmp_path / "none.jsonl")).code == 2

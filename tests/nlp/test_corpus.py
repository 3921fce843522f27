"""The corpus is complete and clean; the stored model belongs to it, and does as well as we say."""

from collections import Counter
from pathlib import Path

import pytest

from luxos.nlp import understand
from luxos.nlp.corpus import INTENTS, Example, heldout, parse_line, read, training
from luxos.nlp.entity_extractor import extract
from luxos.nlp.errors import CorpusInvalid, ModelUnusable
from luxos.nlp.identifiers import fold
from luxos.nlp.intent_classifier import MAGIC, Model, model
from luxos.nlp.lexicon import load
from luxos.nlp.measures import corpus_digest, entity_scores, expected_calibration_error
from luxos.nlp.morphology import tokens
from luxos.nlp.pipeline import understood

HELD_OUT_ACCURACY = 0.92
HELD_OUT_ENTITY_F1 = 0.93
TRAINING_ENTITY_F1 = 0.90


def trigrams(example: Example) -> frozenset[str]:
    text = f"  {fold(example.text).lower()} "
    return frozenset(text[at : at + 3] for at in range(len(text) - 2))


def test_every_intent_has_its_sentences() -> None:
    counts = Counter(example.intent for example in training())
    assert set(counts) == set(INTENTS)
    assert counts["BUILD_APP"] >= 100
    assert counts["NONE"] >= 120
    assert min(counts.values()) >= 15
    kept = Counter(example.intent for example in heldout())
    assert set(kept) == set(INTENTS)


def test_no_held_out_sentence_is_nearly_a_training_sentence() -> None:
    seen = [(trigrams(example), example) for example in training()]
    for example in heldout():
        grams = trigrams(example)
        for other, known in seen:
            alike = len(grams & other) / len(grams | other)
            assert alike < 0.75, f"{example.text!r} is nearly {known.text!r}"


def test_the_stored_model_belongs_to_the_corpus_and_lexicons() -> None:
    assert model().digest == corpus_digest(training()), "run tools/nlp/train.py"
    assert tuple(model().labels) == INTENTS


def test_slots_are_for_known_intents() -> None:
    assert set(load("slots")["slots"]) <= set(INTENTS)


def test_held_out_figures() -> None:
    results = [(example, understand(example.text)) for example in heldout()]
    judged = [(result.confidence, result.intent == example.intent) for example, result in results]
    accuracy = sum(right for _, right in judged) / len(judged)
    none = [understood(result) for example, result in results if example.intent == "NONE"]
    builds = [result.intent for example, result in results if example.intent == "BUILD_APP"]
    refused = [not understood(result) for example, result in results if example.intent != "NONE"]
    error = expected_calibration_error(judged)
    print(f"held out: accuracy {accuracy:.3f}, BUILD_APP {builds.count('BUILD_APP')}/{len(builds)}")
    print(f"NONE {none.count(False)}/{len(none)}, refused {sum(refused)}/{len(refused)}, ece {error:.3f}")
    assert accuracy >= HELD_OUT_ACCURACY
    assert set(builds) == {"BUILD_APP"}
    assert none.count(False) >= 0.8 * len(none)
    assert sum(refused) <= 0.05 * len(refused)
    assert error <= 0.06


@pytest.mark.parametrize(("examples", "bound"), [(heldout(), HELD_OUT_ENTITY_F1), (training(), TRAINING_ENTITY_F1)])
def test_entity_figures(examples: tuple[Example, ...], bound: float) -> None:
    pairs = [(example.entities, extract(example.text, tokens(example.text), example.intent)) for example in examples]
    precision, recall, both = entity_scores(pairs)
    print(f"entities: precision {precision:.3f}, recall {recall:.3f}, F1 {both:.3f}")
    assert both >= bound


@pytest.mark.parametrize("line", ["Zbuduj {aplikację|APP", "Zbuduj {aplikację|NO_TYPE}", "a } b"])
def test_a_bad_line_is_refused_with_file_and_line(line: str) -> None:
    with pytest.raises(CorpusInvalid) as caught:
        parse_line("BUILD_APP", line, "x.yaml", 7)
    assert caught.value.details["file"] == "x.yaml"
    assert caught.value.details["line"] == 7


def test_an_unknown_intent_is_refused(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("BUILD_APP: |\n  Zbuduj to\nNO_SUCH: |\n  nic\n", encoding="utf-8")
    with pytest.raises(CorpusInvalid) as caught:
        list(read(bad))
    assert caught.value.details["line"] == 3


@pytest.mark.parametrize("content", [b"", b"something else\n", MAGIC, MAGIC + b"{}\n", MAGIC + b"[1]\n"])
def test_a_damaged_model_is_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "intents.bin"
    path.write_bytes(content)
    with pytest.raises(ModelUnusable):
        Model(path)


def test_a_missing_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable):
        Model(tmp_path / "none.bin")

"""The corpus is complete and clean; the stored model belongs to it, and does as well as we say."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from luxos.nlp import understand
from luxos.nlp.corpus import INTENTS, Example, heldout, parse_line, read, read_folder, training
from luxos.nlp.entity_extractor import extract
from luxos.nlp.errors import CorpusInvalid, ModelUnusable
from luxos.nlp.identifiers import fold
from luxos.nlp.intent_classifier import MAGIC, Model, model
from luxos.nlp.lexicon import load
from luxos.nlp.measures import corpus_digest, entity_scores, expected_calibration_error
from luxos.nlp.morphology import tokens
from luxos.nlp.pipeline import understood

HELD_OUT_ACCURACY = 0.90
HELD_OUT_ENTITY_F1 = 0.92
TRAINING_ENTITY_F1 = 0.86
EVERY = 7
"""Of the training sentences every seventh is looked at for entities."""
NEARLY = 0.75


def trigrams(text: str) -> frozenset[str]:
    spelled = f"  {fold(text).lower()} "
    return frozenset(spelled[at : at + 3] for at in range(len(spelled) - 2))


def nearest(texts: Sequence[str], known: Sequence[str]) -> list[tuple[float, int]]:
    """For each text the greatest share of trigrams in common with one of the known, and which one that is."""
    counter = CountVectorizer(analyzer=trigrams, dtype=np.float64)
    of_known = counter.fit_transform(known)
    of_texts = counter.transform(texts)
    common = (of_texts @ of_known.T).toarray()
    sizes = np.array([len(trigrams(text)) for text in texts])[:, None] + np.asarray(of_known.sum(axis=1)).T
    shares = common / (sizes - common)
    return list(zip(shares.max(axis=1).tolist(), shares.argmax(axis=1).tolist(), strict=True))


def frame(example: Example) -> str:
    """The words of a sentence with its entities masked by their types."""
    text, last = "", 0
    for entity in example.entities:
        text, last = f"{text}{example.text[last : entity.start]}{entity.type}", entity.end
    masked = text + example.text[last:]
    return " ".join(re.findall(r"\w+|\?", fold(masked).lower())) or masked


def same_frames(examples: Iterable[Example]) -> list[str]:
    """What stands twice in one frame, with file and line."""
    seen: dict[str, Example] = {}
    pairs = ((seen.setdefault(frame(example), example), example) for example in examples)
    return [f"{b.file}:{b.line} is {a.file}:{a.line}: {b.text}" for a, b in pairs if a is not b]


def test_every_intent_has_its_sentences() -> None:
    counts = Counter(example.intent for example in training())
    assert set(counts) == set(INTENTS)
    assert counts["NONE"] >= 400
    assert min(counts.values()) >= 60
    kept = Counter(example.intent for example in heldout())
    assert set(kept) == set(INTENTS)
    assert all(10 * kept[intent] >= counts[intent] for intent in INTENTS)


def test_no_two_training_sentences_have_one_frame() -> None:
    assert same_frames(training()) == []


def test_two_sentences_of_one_frame_are_seen() -> None:
    lines = ["Ubij {12|PROCESS}!", "ubij {chrome|PROCESS}", "ubij {chrome|PROGRAM}"]
    examples = [parse_line("KILL_PROCESS", line, "x.yaml", at) for at, line in enumerate(lines)]
    assert [line.partition(":")[0] for line in same_frames(examples)] == ["x.yaml"]


def test_no_held_out_sentence_is_nearly_a_training_sentence() -> None:
    found = nearest([example.text for example in heldout()], [example.text for example in training()])
    for example, (alike, at) in zip(heldout(), found, strict=True):
        assert alike < NEARLY, f"{example.file}:{example.line} {example.text!r} is nearly {training()[at].text!r}"


def test_what_is_nearly_the_same_is_seen() -> None:
    known = ["Uśpij komputer", "Skopiuj plik do archiwów"]
    ((alike, at),) = nearest(["skopiuj plik do archiwum"], known)
    assert at == 1
    assert NEARLY <= alike < 1


def test_a_duplicate_is_refused_with_both_places(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("UNDO: |\n  Cofnij to\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("EXIT: |\n  Koniec\n  cofnij TO\n", encoding="utf-8")
    with pytest.raises(CorpusInvalid) as caught:
        read_folder(tmp_path)
    assert (caught.value.details["file"], caught.value.details["line"]) == ("b.yaml", 3)
    assert "line 2 of a.yaml" in str(caught.value.details["reason"])


def test_the_stored_model_belongs_to_the_corpus_and_lexicons() -> None:
    assert model().digest == corpus_digest(), "run tools/nlp/train.py"
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
    assert builds.count("BUILD_APP") >= len(builds) - 1
    assert none.count(False) >= 0.85 * len(none)
    assert sum(refused) <= 0.04 * len(refused)
    assert error <= 0.04


@pytest.mark.parametrize(
    ("examples", "bound"), [(heldout(), HELD_OUT_ENTITY_F1), (training()[::EVERY], TRAINING_ENTITY_F1)]
)
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

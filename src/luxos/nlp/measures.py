"""Figures about understanding: calibration, agreement of entities, and which corpus a model belongs to."""

import hashlib
from collections.abc import Iterable, Sequence

from luxos.nlp.corpus import FOLDER, training
from luxos.nlp.features import names
from luxos.nlp.lexicon import FOLDER as LEXICON
from luxos.nlp.morphology import tokens
from luxos.nlp.words import Entity


def expected_calibration_error(judged: Sequence[tuple[float, bool]], bins: int = 10) -> float:
    """Mean distance between confidence and being right, over bins of equal mass; `judged` holds (confidence, right)."""
    ordered = sorted(judged)
    error = 0.0
    for number in range(bins):
        part = ordered[number * len(ordered) // bins : (number + 1) * len(ordered) // bins]
        if part:
            gap = sum(confidence for confidence, _ in part) - sum(right for _, right in part)
            error += abs(gap) / len(ordered)
    return error


def f1(right: int, wanted: int, found: int) -> float:
    """The harmonic mean of precision and recall: 1 where nothing was wanted and nothing found."""
    return 2 * right / (wanted + found) if wanted + found else 1.0


def entity_scores(
    pairs: Iterable[tuple[Sequence[Entity], Sequence[Entity]]], values: bool = False
) -> tuple[float, float, float]:
    """Precision, recall and F1 of (wanted, found) entities by type and exact span, and by value where `values`."""
    right = wanted_count = found_count = 0
    for wanted, found in pairs:
        expected, given = _keys(wanted, values), _keys(found, values)
        right += len(expected & given)
        wanted_count += len(expected)
        found_count += len(given)
    precision = right / found_count if found_count else 1.0
    recall = right / wanted_count if wanted_count else 1.0
    return precision, recall, f1(right, wanted_count, found_count)


def _keys(entities: Iterable[Entity], values: bool) -> set[tuple[str, int, int, str]]:
    return {(entity.type, entity.start, entity.end, entity.value if values else "") for entity in entities}


def corpus_digest() -> str:
    """Names what a model was trained on: the files of the corpus and the lexicons, but for the slots of entities, and
    what the first sentence of each intent looks like to the classifier, so that a change of the features counts too."""
    digest = hashlib.sha256()
    lexicons = (path for path in LEXICON.glob("*.yaml") if path.stem != "slots")
    for path in (*sorted(FOLDER.glob("*.yaml")), *sorted(lexicons)):
        digest.update(f"{path.name} {path.stat().st_size}\n".encode() + path.read_bytes())
    for example in {example.intent: example for example in reversed(training())}.values():
        for name, weight in sorted(names(tokens(example.text))):
            digest.update(f"\n{name} {weight}".encode())
    return digest.hexdigest()

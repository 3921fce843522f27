"""Trains the intent model from the corpus and writes `src/luxos/nlp/models/intents.bin`.

Usage: python tools/nlp/train.py [--dry-run] [--mistakes]. The same corpus and lexicons give the same bytes. Prints what
cross-validation says: accuracy, calibration, and what the threshold refuses.
"""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

from luxos.nlp.corpus import INTENTS, Example, heldout, training
from luxos.nlp.features import DIMENSION, vector
from luxos.nlp.intent_classifier import MAGIC, MODEL, THRESHOLD
from luxos.nlp.measures import corpus_digest, expected_calibration_error
from luxos.nlp.morphology import tokens

FOLDS = 3
STRENGTH = 1.0
Floats = np.ndarray[Any, np.dtype[np.float64]]
Labels = np.ndarray[Any, np.dtype[np.int64]]


def matrix(examples: Sequence[Example]) -> Any:
    """One sparse row of features for each sentence."""
    rows = [vector(tokens(example.text)) for example in examples]
    places = np.array([place for row in rows for place, _ in row], dtype=np.int32)
    values = np.array([value for row in rows for _, value in row])
    ends = np.cumsum([0, *(len(row) for row in rows)])
    return csr_matrix((values, places, ends), shape=(len(rows), DIMENSION))


def labels(examples: Sequence[Example]) -> Labels:
    return np.array([INTENTS.index(example.intent) for example in examples], dtype=np.int64)


def fit(features: Any, wanted: Labels) -> tuple[Floats, Floats]:
    """Weights (label by feature) and biases of one linear model against the rest for each label."""
    machine = LinearSVC(C=STRENGTH, random_state=0, max_iter=5000)
    machine.fit(features, wanted)
    return np.asarray(machine.coef_), np.asarray(machine.intercept_)


def softmax(scores: Floats, temperature: float) -> Floats:
    powers = np.exp((scores - scores.max(axis=1, keepdims=True)) / temperature)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def best_temperature(scores: Floats, wanted: Labels) -> float:
    """The temperature with the least log-loss on sentences that the model was not trained on."""

    def loss(temperature: float) -> float:
        chosen = softmax(scores, temperature)[np.arange(len(wanted)), wanted]
        return float(-np.log(np.maximum(chosen, 1e-12)).mean())

    candidates = [math.exp(step / 40) for step in range(-160, 60)]
    return round(candidates[int(np.argmin([loss(candidate) for candidate in candidates]))], 6)


def cross_validated(features: Any, wanted: Labels) -> Floats:
    """Scores of each sentence by a model that has not seen it."""
    scores = np.zeros((len(wanted), len(INTENTS)))
    folds = np.arange(len(wanted)) % FOLDS
    for fold in range(FOLDS):
        weights, biases = fit(features[folds != fold], wanted[folds != fold])
        scores[folds == fold] = features[folds == fold] @ weights.T + biases
    return scores


def report(name: str, probabilities: Floats, wanted: Labels) -> None:
    """Prints accuracy, calibration and refusals."""
    chosen, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    right = chosen == wanted
    none = INTENTS.index("NONE")
    accepted = (confidence >= THRESHOLD) & (chosen != none)
    ece = expected_calibration_error(list(zip(confidence.tolist(), right.tolist(), strict=True)))
    refused, spotted = (~accepted[wanted != none]).mean(), (~accepted[wanted == none]).mean()
    print(f"{name}: {len(wanted)} sentences, accuracy {right.mean():.3f}, ece {ece:.3f}")
    print(f"    refused commands {refused:.3f}, NONE recall {spotted:.3f}")


def stored(weights: Floats, biases: Floats, temperature: float, digest: str) -> bytes:
    """The model as the bytes of its file."""
    scales = np.abs(weights).max(axis=1) / 127
    quantised = np.rint(weights / scales[:, None]).astype(np.int8).T
    header = {
        "labels": list(INTENTS),
        "digest": digest,
        "temperature": temperature,
        "scales": [float(f"{scale:.7g}") for scale in scales],
        "biases": [float(f"{bias:.7g}") for bias in biases],
    }
    line = json.dumps(header, sort_keys=True, separators=(",", ":"))
    return MAGIC + line.encode() + b"\n" + bytes(quantised.tobytes())


def show_mistakes(name: str, probabilities: Floats, examples: Sequence[Example]) -> None:
    for row, example in zip(probabilities, examples, strict=True):
        chosen = int(row.argmax())
        if INTENTS[chosen] != example.intent:
            print(f"  {name}: {example.intent} taken for {INTENTS[chosen]} ({row[chosen]:.2f}): {example.text}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="measure only, write nothing")
    parser.add_argument("--mistakes", action="store_true", help="list the sentences that were taken for others")
    options = parser.parse_args()
    examples = training()
    features, wanted = matrix(examples), labels(examples)
    scores = cross_validated(features, wanted)
    temperature = best_temperature(scores, wanted)
    report("cross-validation", softmax(scores, temperature), wanted)
    weights, biases = fit(features, wanted)
    kept = heldout()
    if kept:
        unseen = softmax(matrix(kept) @ weights.T + biases, temperature)
        report("held out", unseen, labels(kept))
    if options.mistakes:
        show_mistakes("cv", softmax(scores, temperature), examples)
    if not options.dry_run:
        Path(MODEL).write_bytes(stored(weights, biases, temperature, corpus_digest()))
        print(f"wrote {MODEL} ({MODEL.stat().st_size} bytes), temperature {temperature}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

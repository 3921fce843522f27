"""Which intent a sentence has, and how sure that is: a linear model over hashed features, answered without NumPy.

The model is one file: a line that names the format, a line of JSON (labels, scales, biases, temperature, digest of what
it was trained on), and the weights as signed bytes, one row for each feature. It is mapped into memory, so that opening
it costs nothing; `tools/nlp/train.py` writes it.
"""

import json
import mmap
from collections.abc import Sequence
from functools import lru_cache
from math import exp
from pathlib import Path
from typing import Any

from luxos.nlp.errors import ModelUnusable
from luxos.nlp.features import DIMENSION, vector
from luxos.nlp.words import Token

MODEL = Path(__file__).parent / "models" / "intents.bin"
MAGIC = b"luxos intents 1\n"
THRESHOLD = 0.25
"""The one confidence below which a sentence is not understood; chosen by cross-validation on the training corpus."""


class Model:
    """A stored model; `scores` and `probabilities` run over `labels`."""

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                if file.readline() != MAGIC:
                    raise ModelUnusable(file=path, reason="its format is not the one of this LuxOS")
                header: dict[str, Any] = json.loads(file.readline())
                offset = file.tell()
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self.labels: list[str] = header["labels"]
            self.digest: str = header["digest"]
            self._scales: list[float] = header["scales"]
            self._biases: list[float] = header["biases"]
            self._temperature: float = header["temperature"]
        except (OSError, ValueError, LookupError, TypeError) as exc:
            raise ModelUnusable(file=path, reason=str(exc)) from exc
        if len(self._map) - offset != DIMENSION * len(self.labels):
            raise ModelUnusable(file=path, reason="it is cut off or of another size")
        self._rows = memoryview(self._map)[offset:].cast("b")

    def scores(self, places: Sequence[tuple[int, float]]) -> list[float]:
        """The linear score of each label."""
        width = len(self.labels)
        totals = [0.0] * width
        for place, value in places:
            row = self._rows[place * width : (place + 1) * width]
            totals = [total + value * weight for total, weight in zip(totals, row, strict=True)]
        return [t * s + b for t, s, b in zip(totals, self._scales, self._biases, strict=True)]

    def probabilities(self, places: Sequence[tuple[int, float]]) -> list[tuple[str, float]]:
        """All labels with their calibrated probability, likeliest first."""
        scores = [score / self._temperature for score in self.scores(places)]
        highest = max(scores)
        powers = [exp(score - highest) for score in scores]
        total = sum(powers)
        ranked = sorted(zip(self.labels, powers, strict=True), key=lambda pair: (-pair[1], pair[0]))
        return [(label, power / total) for label, power in ranked]


@lru_cache(maxsize=1)
def model() -> Model:
    """The model that comes with LuxOS."""
    return Model(MODEL)


def classify(tokens: Sequence[Token]) -> list[tuple[str, float]]:
    """All intents with their calibrated probability, likeliest first; what has no word in it is NONE for certain."""
    if not any(token.text[0].isalpha() for token in tokens):
        return [("NONE", 1.0)]
    return model().probabilities(vector(tokens))

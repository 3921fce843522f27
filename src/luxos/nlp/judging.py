"""How well sentences are understood: one verdict over many, with one threshold for all of its figures.

What is not understood with confidence enough is refused: its answer is NONE, and it has no entities.
"""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from luxos.nlp.corpus import Example
from luxos.nlp.measures import entity_scores, expected_calibration_error, f1
from luxos.nlp.pipeline import understand, understood
from luxos.nlp.words import Entity


@dataclass(frozen=True, slots=True)
class Answer:
    """What was made of one sentence; `ms` is the time it took, in milliseconds."""

    intent: str
    confidence: float
    entities: tuple[Entity, ...]
    ms: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """The figures. `none_recall` and `refused` are None where no sentence is of that kind.

    `refused` is the share of real commands that were answered with NONE, `ms` the mean for each sentence, and
    `confusions` are (intent, answer, how often), most frequent first.
    """

    sentences: int
    accuracy: float
    macro_f1: float
    entity_precision: float
    entity_recall: float
    entity_f1: float
    value_f1: float
    none_recall: float | None
    refused: float | None
    ece: float
    ms: float
    confusions: tuple[tuple[str, str, int], ...]

    def as_json(self) -> dict[str, Any]:
        """The shape that `--json` shows."""
        figures = {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(self).items()}
        confusions = [{"intent": intent, "answer": answer, "count": n} for intent, answer, n in self.confusions]
        return {**figures, "confusions": confusions}


def answer(text: str) -> Answer:
    """What LuxOS would act on for a sentence."""
    started = time.perf_counter()
    found = understand(text)
    ms = (time.perf_counter() - started) * 1000
    accepted = understood(found)
    return Answer(found.intent if accepted else "NONE", found.confidence, found.entities if accepted else (), ms)


def judge(cases: Sequence[Example]) -> Verdict:
    """Understands each sentence and compares; at least one is needed. The first is understood twice, to warm up."""
    answer(cases[0].text)
    return verdict(cases, [answer(case.text) for case in cases])


def verdict(cases: Sequence[Example], answers: Sequence[Answer]) -> Verdict:
    """The figures of answers to cases, one for each."""
    pairs = list(zip(cases, answers, strict=True))
    judged = [(given.confidence, given.intent == case.intent) for case, given in pairs]
    precision, recall, both = entity_scores((case.entities, given.entities) for case, given in pairs)
    wrong = Counter((case.intent, given.intent) for case, given in pairs if case.intent != given.intent)
    return Verdict(
        sentences=len(pairs),
        accuracy=sum(right for _, right in judged) / len(judged),
        macro_f1=_macro_f1(pairs),
        entity_precision=precision,
        entity_recall=recall,
        entity_f1=both,
        value_f1=entity_scores(((case.entities, given.entities) for case, given in pairs), values=True)[2],
        none_recall=_share(given.intent == "NONE" for case, given in pairs if case.intent == "NONE"),
        refused=_share(given.intent == "NONE" for case, given in pairs if case.intent != "NONE"),
        ece=expected_calibration_error(judged),
        ms=sum(given.ms for given in answers) / len(answers),
        confusions=tuple(
            (*names, count) for names, count in sorted(wrong.items(), key=lambda item: (-item[1], item[0]))
        ),
    )


def _share(marks: Iterable[bool]) -> float | None:
    counted = list(marks)
    return sum(counted) / len(counted) if counted else None


def _macro_f1(pairs: Sequence[tuple[Example, Answer]]) -> float:
    """The mean of the F1 of each intent that somebody meant or that was answered."""
    meant = Counter(case.intent for case, _ in pairs)
    given = Counter(answered.intent for _, answered in pairs)
    right = Counter(case.intent for case, answered in pairs if case.intent == answered.intent)
    scores = [f1(right[intent], meant[intent], given[intent]) for intent in meant | given]
    return sum(scores) / len(scores)

"""How well sentences are understood that nothing was trained on, beside a keyword matcher and a plain linear model.

Both peers learn from the same training sentences, and answer with an intent only.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from benchmarks.measure import Figure, Machine
from luxos.nlp.corpus import Example, heldout, training
from luxos.nlp.identifiers import fold
from luxos.nlp.judging import Verdict, judge

Guess = Callable[[Sequence[str]], Sequence[str]]
STYLES = (("natural", 0.93, 0.85), ("hasty", 0.88, 0.78))
"""Each style of held-out sentences, with the least accuracy and the least F1 of entities."""


def keywords() -> Guess:
    """The intent whose training sentences use the words of a sentence most; NONE where no word is known."""
    used: dict[str, Counter[str]] = defaultdict(Counter)
    for example in training():
        for word in set(_words(example.text)):
            used[word][example.intent] += 1
    return lambda texts: [_by_words(text, used) for text in texts]


def _words(text: str) -> list[str]:
    return re.findall(r"\w{3,}", fold(text).lower())


def _by_words(text: str, used: dict[str, Counter[str]]) -> str:
    total: Counter[str] = Counter()
    for known in (used[word] for word in _words(text) if word in used):
        for intent, count in known.items():
            total[intent] += count * 1000 // known.total()
    return max(total, key=lambda intent: (total[intent], intent), default="NONE")


def linear() -> Guess:
    """A linear model over pieces of words, as anybody would begin."""
    model = make_pipeline(TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True), LinearSVC())
    model.fit([example.text for example in training()], [example.intent for example in training()])
    return lambda texts: [str(answer) for answer in model.predict(texts)]


def _accuracy(guess: Guess, cases: Sequence[Example]) -> float:
    answers = guess([case.text for case in cases])
    return sum(answer == case.intent for answer, case in zip(answers, cases, strict=True)) / len(cases)


def figures(_machine: Machine) -> Iterator[Figure]:
    """The rows of this benchmark."""
    by_words, by_pieces = keywords(), linear()
    for style, accuracy, entities in STYLES:
        cases = [case for case in heldout() if case.file == f"{style}.yaml"]
        found = judge(cases)
        beside = f"keywords {_accuracy(by_words, cases):.3f}, plain linear model {_accuracy(by_pieces, cases):.3f}"
        what = f"{len(cases)} {style} sentences"
        yield _at_least(f"intent accuracy, {what}", found.accuracy, accuracy, beside)
        yield _at_least(f"entities by type and exact span, F1, {what}", found.entity_f1, entities, "-")
    yield from _of_all(judge(heldout()))


def _at_least(what: str, measured: float, least: float, beside: str) -> Figure:
    return Figure(what, f"{measured:.3f}", beside, f"{least:.2f}", measured >= least)


def _of_all(found: Verdict) -> Iterator[Figure]:
    beside = f"all {found.sentences} held-out sentences"
    spotted, refused = found.none_recall or 0.0, found.refused or 0.0
    measured = f"{spotted:.3f}, with {refused:.1%} of commands refused"
    met = spotted >= 0.85 and refused <= 0.04
    yield Figure("NONE recall", measured, beside, "0.85, with at most 4%", met)
    yield Figure("expected calibration error", f"{found.ece:.3f}", beside, "0.04", found.ece <= 0.04)
    yield Figure("understanding a sentence, warm, mean", f"{found.ms:.1f} ms", beside, "3 ms", found.ms <= 3)

"""Moments and lengths of time in a sentence: "jutro o ósmej", "za kwadrans", "w piątek o 20", "z ostatniej godziny"."""

import re
from collections.abc import Iterator

from luxos.nlp.entities.sentence import Sentence
from luxos.nlp.identifiers import fold

_UNIT = (
    r"(?:sekund\w*|minut\w*|min|godzin\w*|godz|h|dni\w*|dzien|dob[aye]|tygod\w*|miesiac\w*|kwadrans\w*|chwil\w*|lat|rok\w*|"
    r"seconds?|minutes?|hours?|days?|weeks?)"
)
_COUNT = (
    r"(?:\d+|pol|poltorej|jedn\w+|dwie|dwa|dwoch|trzy|trzech|cztery|piec|dziesiec|pietnascie|dwadziescia|trzydziesci|kilka|"
    r"half an|an)"
)
_NEAR = r"(?:dzis|dzisiaj|jutro|wczoraj|pojutrze|today|yesterday|tomorrow)"
_DAY = r"(?:poniedzial\w+|wtor\w+|srod\w+|czwart\w+|piat(?:ek|ku)|sobot\w+|niedziel\w+)"
_ORDINAL = (
    r"(?:pierwszej|drugiej|trzeciej|czwartej|piatej|szostej|siodmej|osmej|dziewiatej|dziesiatej|jedenastej|dwunastej)"
)
_HOUR = rf"(?:\d{{1,2}}(?::\d{{2}})?|polnoc\w*|poludni\w*|swicie|{_ORDINAL}|midnight|noon)"
_AFTER = r"(?:(?<=\bza )|(?<=\bpo )|(?<=\bin ))"
_PART = r"(?:rano|wieczorem|w nocy|po poludniu|w poludnie|am|pm)"
_MOMENTS = re.compile(
    "|".join(
        (
            rf"(?<!\bna )(?<!\bfor )\b{_NEAR}(?: {_PART})?(?: (?:o|od|po) {_HOUR})?(?: {_PART})?\b",
            rf"(?<=\bw ){_DAY}(?: o {_HOUR})?\b",
            rf"(?:{_AFTER}|(?<=\bna )){_COUNT} {_UNIT}\b",
            rf"{_AFTER}{_UNIT}\b",
            rf"(?:(?<=\bo )|(?<=\bpo )){_HOUR}(?: {_PART})?\b",
            rf"(?<=\bat ){_HOUR}(?: {_PART})?\b",
            r"\b\d{1,2}:\d{2}\b",
            rf"\b(?:ostatni\w+|zeszl\w+|tego) (?:\d+ )?{_UNIT}\b",
            r"(?<= )\+\d+\b",
        )
    )
)


def moments(sentence: Sentence) -> Iterator[tuple[int, int]]:
    """The tokens, from and to, of each moment and each length of time; none where folding moves the characters."""
    folded = fold(sentence.text).lower()
    if len(folded) != len(sentence.text):
        return
    for found in _MOMENTS.finditer(folded):
        inside = [at for at, token in enumerate(sentence.tokens) if found.start() <= token.start < found.end()]
        if inside and sentence.tokens[inside[-1]].end <= found.end():
            yield inside[0], inside[-1] + 1

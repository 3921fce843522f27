"""Somebody's own sentences, each with what it means: files of one JSON object a line, to judge the understanding by.

A line is `{"text": …, "intent": …, "entities": [{"type": …, "value": …, "text": …, "start": …}]}`; `entities`, `value`
(the text itself) and `start` (the first place that nobody has claimed) may be left out.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from luxos.i18n import _
from luxos.nlp.corpus import ENTITY_TYPES, INTENTS, Example
from luxos.nlp.errors import CasesInvalid
from luxos.nlp.words import Entity


class _Unfit(Exception):
    """Why a line cannot be used."""


def read_cases(path: Path) -> list[Example]:
    """The sentences of a file in order; `CasesInvalid` names the first line that cannot be used."""
    cases = []
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                cases += [_case(line, path.name, number)] if line.strip() else []
            except _Unfit as unfit:
                raise CasesInvalid(file=path.name, line=number, reason=str(unfit)) from unfit
    if not cases:
        raise CasesInvalid(file=path.name, line=1, reason=_("there is no sentence in it"))
    return cases


def _case(line: bytes, file: str, number: int) -> Example:
    try:
        told = json.loads(line.decode())
    except (ValueError, RecursionError) as error:
        raise _Unfit(_("it is no line of JSON")) from error
    if not isinstance(told, dict):
        raise _Unfit(_("it is no object of JSON"))
    text, intent = _text(told, "text"), _text(told, "intent")
    if intent not in INTENTS:
        raise _Unfit(_("there is no intent {name}").format(name=intent))
    return Example(intent, text, tuple(_entities(told.get("entities", []), text)), file, number)


def _text(told: Mapping[str, Any], name: str) -> str:
    if not isinstance(told.get(name), str):
        raise _Unfit(_("`{name}` is missing, or no text").format(name=name))
    return str(told[name])


def _entities(told: Any, text: str) -> Iterator[Entity]:
    if not isinstance(told, list) or not all(isinstance(item, dict) for item in told):
        raise _Unfit(_("`entities` is no list of objects"))
    claimed: list[tuple[int, int]] = []
    for item in told:
        kind, surface = _text(item, "type"), _text(item, "text")
        if kind not in ENTITY_TYPES:
            raise _Unfit(_("there is no type of entities {name}").format(name=kind))
        start = item["start"] if "start" in item else _free(surface, text, claimed)
        if type(start) is not int or start < 0 or not surface or not text.startswith(surface, start):
            raise _Unfit(_("{text!r} does not stand in the text where it should").format(text=surface))
        claimed.append((start, start + len(surface)))
        value = _text(item, "value") if "value" in item else surface
        yield Entity(kind, value, surface, start, start + len(surface))


def _free(surface: str, text: str, claimed: list[tuple[int, int]]) -> int:
    """The first place of a text that no earlier entity has claimed; -1 where there is none."""
    at = text.find(surface)
    while at >= 0 and any(start < at + len(surface) and at < end for start, end in claimed):
        at = text.find(surface, at + 1)
    return at

"""`luxos nlp`: what is understood of a sentence, and how well, on anybody's sentences."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from luxos.i18n import _
from luxos.nlp import Understanding, Verdict, judge, read_cases, understand, understood
from luxos.ui.cli.app import group
from luxos.ui.cli.options import json_option
from luxos.ui.formatters import harmless

_SHOWN = 20


@group("nlp", help=_("See what LuxOS understands of a sentence, and how well it understands."))
def nlp_command() -> None:
    """The group."""


@nlp_command.command("explain", help=_("Show what is understood of TEXT, and of which words."))
@click.argument("text", metavar=_("TEXT"))
@json_option
def explain_command(text: str, as_json: bool) -> None:
    found = understand(text)
    if as_json:
        click.echo(json.dumps({**found.as_json(), "understood": understood(found)}, ensure_ascii=False))
    else:
        for line in _explained(found):
            click.echo(line)


def _explained(found: Understanding) -> list[str]:
    lines = [_("Words:")]
    lines += _columns([(harmless(token.text), harmless(token.lemma), token.tag) for token in found.tokens])
    lines.append(_("Intent: {intent} ({confidence:.0%})").format(intent=found.intent, confidence=found.confidence))
    if not understood(found):
        lines.append(_("LuxOS does nothing of this kind, or is not sure enough; it would ask."))
    others = ", ".join(f"{name} ({confidence:.0%})" for name, confidence in found.alternatives)
    lines += [_("Or: {others}").format(others=others)] if others else []
    lines += [_("Entities:")] if found.entities else []
    shown = [(e.type, harmless(e.value), f"{e.start}-{e.end} „{harmless(e.text)}”") for e in found.entities]
    lines += _columns(shown)
    lines += [_("Then: {intent}, {text}").format(intent=intent, text=harmless(said)) for intent, said in found.also]
    return lines


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = (zip(row, widths, strict=True) for row in rows)
    return ["  " + "  ".join(cell.ljust(width) for cell, width in row).rstrip() for row in padded]


@nlp_command.command("eval", help=_("Judge the understanding by the sentences of FILE, one JSON object a line."))
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path), metavar=_("FILE.jsonl")
)
@json_option
def eval_command(file: Path, as_json: bool) -> None:
    verdict = judge(read_cases(file))
    if as_json:
        click.echo(json.dumps(verdict.as_json(), ensure_ascii=False))
    else:
        for line in _figures(verdict):
            click.echo(line)


def _figures(verdict: Verdict) -> list[str]:
    rows = [
        (_("sentences"), str(verdict.sentences)),
        (_("intent accuracy"), _share(verdict.accuracy)),
        (_("macro F1 of intents"), _share(verdict.macro_f1)),
        (_("entities, precision"), _share(verdict.entity_precision)),
        (_("entities, recall"), _share(verdict.entity_recall)),
        (_("entities, F1"), _share(verdict.entity_f1)),
        (_("entities with their values, F1"), _share(verdict.value_f1)),
        (_("NONE recall"), _share(verdict.none_recall)),
        (_("real commands refused"), _share(verdict.refused)),
        (_("expected calibration error"), _share(verdict.ece)),
        (_("time per sentence"), f"{verdict.ms:.1f} ms"),
    ]
    wrong = [(f"{intent} → {answer}", str(count)) for intent, answer, count in verdict.confusions[:_SHOWN]]
    return [*_columns(rows), *([_("Taken for another:")] if wrong else []), *_columns(wrong)]


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"

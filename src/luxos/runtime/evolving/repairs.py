"""Small changes of a source that does not do what its examples say: one at a time, and then two.

Numbers and texts that the examples name come among the first: a limit that is wrong in a source stands right in them.
"""

import ast
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import chain, takewhile
from typing import Any

from luxos.beings.parsing import tree_of
from luxos.runtime.evolving.cases import Case
from luxos.runtime.evolving.proposals import Proposal, Wanted, replaced

_COMPARED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
_RECKONED = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)
_MOST = 12
"""How many values of the examples are tried in a place."""


class Repairs:
    """Proposes every single change, those of numbers first, and then every two."""

    async def propose(self, wanted: Wanted) -> AsyncIterator[Proposal]:
        if wanted.goal != "examples":
            return
        seen = list(_seen(wanted.examples))
        singles = list(_all(wanted.source, seen))
        for proposal in singles:
            yield proposal
        for first in singles:
            for second in _all(first.source, seen):
                yield Proposal(second.source, f"{first.why}, {second.why}")


def _all(source: str, seen: Sequence[Any]) -> Iterator[Proposal]:
    nodes = [node for node in ast.walk(tree_of(source)) if isinstance(node, ast.expr)]
    for why, kind in (
        ("numbers", lambda node: _numbers(node, seen)),
        ("comparisons", _comparisons),
        ("operators", _operators),
        ("texts", lambda node: _texts(node, seen)),
        ("bounds", _bounds),
    ):
        for node in nodes:
            for new in kind(node):
                yield Proposal(replaced(source, node, node, new), why)


def _seen(examples: Sequence[Case]) -> Iterator[Any]:
    """What all texts begin and end with that the examples give, then the numbers and texts of the examples, and the
    single signs of what they give; each once.
    """
    given = [case.result for case in examples if isinstance(case.result, str)]
    found: dict[tuple[type, Any], Any] = {(str, text): text for text in _common(given)}
    for case in examples:
        for value in chain(case.args, case.kwargs.values(), [case.result]):
            found |= {(type(one), one): one for one in _plain(value)}
        if isinstance(case.result, str):
            found |= {(str, sign): sign for sign in case.result if not sign.isalnum()}
    return iter(found.values())


def _common(texts: Sequence[str]) -> list[str]:
    """What all of several texts begin with, and what they end with."""
    if len(texts) < 2:
        return []
    both = _beginning(texts), _beginning([text[::-1] for text in texts])[::-1]
    return [text for text in both if text]


def _beginning(texts: Sequence[str]) -> str:
    first, last = min(texts), max(texts)
    return "".join(one for one, _other in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))


def _plain(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for one in value:
            yield from _plain(one)
    elif isinstance(value, int | float | str) and not isinstance(value, bool):
        yield value


def _numbers(node: ast.expr, seen: Sequence[Any]) -> Iterator[ast.expr]:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            near = [value + 1, value - 1, value * 2, -value, value * 10, value * 100, 0, 1]
            parts: list[Any] = [value / 2, value / 10, value / 100]
            parts += [round(value + step, 10) for step in (0.1, -0.1, 0.01, -0.01, 0.05, -0.05)]
            told = [one for one in seen if isinstance(one, int | float)][:_MOST]
            for other in dict.fromkeys([*near, *told, *parts]):
                if other != value:
                    yield ast.Constant(other)


def _texts(node: ast.expr, seen: Sequence[Any]) -> Iterator[ast.expr]:
    match node:
        case ast.Constant(value=str() as value):
            for other in [one for one in ["", " ", *seen] if isinstance(one, str) and one != value][:_MOST]:
                yield ast.Constant(other)


def _bounds(node: ast.expr) -> Iterator[ast.expr]:
    """One more, or one less, where counting ends, and where something is taken out."""
    match node:
        case ast.Call(ast.Name(id="range") as name, [*before, end], []):
            for changed in _by_one(end):
                yield ast.Call(name, [*before, changed], [])
        case ast.Subscript(value, ast.expr() as place) if not isinstance(place, ast.Constant | ast.Slice):
            for changed in _by_one(place):
                yield ast.Subscript(value, changed)


def _by_one(value: ast.expr) -> Iterator[ast.expr]:
    yield ast.BinOp(value, ast.Add(), ast.Constant(1))
    yield ast.BinOp(value, ast.Sub(), ast.Constant(1))


def _comparisons(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Compare(left, [kind], [right]) if isinstance(kind, _COMPARED):
            for other in _COMPARED:
                if not isinstance(kind, other):
                    yield ast.Compare(left, [other()], [right])
            yield ast.Compare(right, [kind], [left])
        case ast.BoolOp(kind_, values):
            yield ast.BoolOp(ast.Or() if isinstance(kind_, ast.And) else ast.And(), values)


def _operators(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.BinOp(left, kind, right) if isinstance(kind, _RECKONED):
            for other in _RECKONED:
                if not isinstance(kind, other):
                    yield ast.BinOp(left, other(), right)
            yield ast.BinOp(right, kind, left)

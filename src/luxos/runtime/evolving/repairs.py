"""Small changes of a source that does not do what its examples say: numbers, comparisons, operators, one at a time."""

import ast
from collections.abc import AsyncIterator, Iterator
from typing import Any

from luxos.beings.parsing import tree_of
from luxos.runtime.evolving.proposals import Proposal, Wanted, replaced

_COMPARED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
_RECKONED = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)


class Repairs:
    """Proposes every single change, those of numbers first."""

    async def propose(self, wanted: Wanted) -> AsyncIterator[Proposal]:
        if wanted.goal != "examples":
            return
        for proposal in _all(wanted.source):
            yield proposal


def _all(source: str) -> Iterator[Proposal]:
    nodes = [node for node in ast.walk(tree_of(source)) if isinstance(node, ast.expr)]
    for kind in (_numbers, _comparisons, _operators):
        for node in nodes:
            for new in kind(node):
                yield Proposal(replaced(source, node, node, new), kind.__name__.strip("_"))


def _numbers(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            whole = [value + 1, value - 1, value * 2, -value, value * 10, value * 100, 0, 1]
            halves: list[Any] = [value / 2, value / 10, value / 100]
            for other in dict.fromkeys([*whole, *halves]):
                if other != value:
                    yield ast.Constant(other)


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

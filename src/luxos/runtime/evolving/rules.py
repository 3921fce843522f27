"""Rules that make a source shorter or faster and mostly mean the same; whether they do is tried, case by case.

Each rule is given two statements that follow each other, or one expression, and gives what may stand in their place.
"""

import ast
import operator
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from luxos.beings.parsing import tree_of
from luxos.runtime.evolving.proposals import Proposal, Wanted, replaced

Statements = Callable[[ast.stmt, ast.stmt], list[ast.stmt] | None]
Expression = Callable[[ast.expr], ast.expr | None]


class Rules:
    """Proposes what one use of one rule makes of a source."""

    async def propose(self, wanted: Wanted) -> AsyncIterator[Proposal]:
        if wanted.goal == "examples":
            return
        for proposal in _all(wanted.source):
            yield proposal


def _all(source: str) -> Iterator[Proposal]:
    tree = tree_of(source)
    for body in _bodies(tree):
        yield from _useless(source, body)
        for first, second in pairwise(body):
            for rule in PAIRS:
                if (new := rule(first, second)) is not None:
                    yield Proposal(replaced(source, first, second, new), rule.__name__)
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):
            for single in SINGLES:
                if (expression := single(node)) is not None:
                    yield Proposal(replaced(source, node, node, expression), single.__name__)


def _bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            body = getattr(node, name, None)
            if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
                yield body


def _useless(source: str, body: Sequence[ast.stmt]) -> Iterator[Proposal]:
    """Statements after one that leaves, and `pass` beside others."""
    for number, statement in enumerate(body):
        if isinstance(statement, ast.Return | ast.Raise | ast.Break | ast.Continue) and body[number + 1 :]:
            yield Proposal(replaced(source, statement, body[-1], statement), "unreachable")
        if isinstance(statement, ast.Pass) and len(body) > 1:
            beside = body[number + 1] if number + 1 < len(body) else body[number - 1]
            first, last = sorted((statement, beside), key=lambda one: one.lineno)
            yield Proposal(replaced(source, first, last, beside), "needless_pass")


def returned_name(first: ast.stmt, second: ast.stmt) -> list[ast.stmt] | None:
    """`x = e; return x` is `return e`."""
    match first, second:
        case ast.Assign(targets=[ast.Name(id=name)], value=value), ast.Return(value=ast.Name(id=same)) if name == same:
            return [ast.Return(value)]
    return None


def listed(first: ast.stmt, second: ast.stmt) -> list[ast.stmt] | None:
    """A list that a loop appends to is a comprehension."""
    match first, second:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.List(elts=[])), ast.For(orelse=[]):
            if (found := _loop(second)) is None:
                return None
            inner, generator = found
            match inner:
                case ast.Expr(ast.Call(ast.Attribute(ast.Name(id=same), "append"), [item], [])) if same == name:
                    return [ast.Assign([ast.Name(name)], ast.ListComp(item, [generator]))]
    return None


def summed(first: ast.stmt, second: ast.stmt) -> list[ast.stmt] | None:
    """Numbers that a loop adds up are their `sum`; texts are joined."""
    match first, second:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=(0 | "") as begin)), ast.For(orelse=[]):
            if (found := _loop(second)) is None or isinstance(begin, bool):
                return None
            inner, generator = found
            match inner:
                case ast.AugAssign(ast.Name(id=same), ast.Add(), item) if same == name:
                    parts = ast.ListComp(item, [generator])
                    joined = ast.Call(ast.Attribute(ast.Constant(""), "join"), [parts], [])
                    whole = ast.Call(ast.Name("sum"), [parts], []) if begin == 0 else joined
                    return [ast.Assign([ast.Name(name)], whole)]
    return None


def any_of(first: ast.stmt, second: ast.stmt) -> list[ast.stmt] | None:
    """A loop that returns True for one, and False for none, is `any`."""
    match first, second:
        case (
            ast.For(target=target, iter=iterated, body=[ast.If(test, [ast.Return(ast.Constant(True))], [])], orelse=[]),
            ast.Return(ast.Constant(False)),
        ):
            generator = ast.comprehension(target, iterated, [], 0)
            return [ast.Return(ast.Call(ast.Name("any"), [ast.ListComp(test, [generator])], []))]
    return None


def said_twice(first: ast.stmt, second: ast.stmt) -> list[ast.stmt] | None:
    """`if c: return True; return False` is what c says."""
    match first, second:
        case ast.If(test, [ast.Return(ast.Constant(True))], []), ast.Return(ast.Constant(False)):
            return [ast.Return(test if isinstance(test, ast.Compare) else ast.Call(ast.Name("bool"), [test], []))]
    return None


def folded(node: ast.expr) -> ast.expr | None:
    """Numbers that are reckoned each time are reckoned once."""
    match node:
        case ast.BinOp(ast.Constant(value=int() | float() as one), kind, ast.Constant(value=int() | float() as other)):
            reckon = _RECKONED.get(type(kind))
            try:
                value = reckon(one, other) if reckon else None
            except (ArithmeticError, ValueError):
                return None
            return ast.Constant(value) if value is not None and abs(value) < _BIG else None
    return None


def looked_up(node: ast.expr) -> ast.expr | None:
    """One of many constants is found in a set at once."""
    match node:
        case ast.Compare(left, [ast.In() | ast.NotIn() as kind], [ast.List(items) | ast.Tuple(items)]):
            if len(items) >= _MANY and all(isinstance(item, ast.Constant) for item in items):
                return ast.Compare(left, [kind], [ast.Set(items)])
    return None


def literal(node: ast.expr) -> ast.expr | None:
    """`list()` and `dict()` are `[]` and `{}`."""
    match node:
        case ast.Call(ast.Name(id="list"), [], []):
            return ast.List([])
        case ast.Call(ast.Name(id="dict"), [], []):
            return ast.Dict([], [])
    return None


def _loop(loop: ast.For) -> tuple[ast.stmt, ast.comprehension] | None:
    """The one statement of a loop, and what a comprehension has of the loop."""
    match loop.body:
        case [ast.If(test, [inner], [])]:
            return inner, ast.comprehension(loop.target, loop.iter, [test], 0)
        case [inner]:
            return inner, ast.comprehension(loop.target, loop.iter, [], 0)
    return None


PAIRS: tuple[Statements, ...] = (returned_name, listed, summed, any_of, said_twice)
SINGLES: tuple[Expression, ...] = (folded, looked_up, literal)
_MANY, _BIG = 4, 10**15
_RECKONED: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}

"""Rules that make a source shorter or faster and mostly mean the same; whether they do is tried, case by case.

A rule alone often gains nothing, and makes room for the next one: so what several of them make of a source, one after
the other, is offered too.
"""

import ast
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import pairwise

from luxos.beings.parsing import tree_of
from luxos.runtime.evolving import expressions, loops, statements
from luxos.runtime.evolving.proposals import Proposal, Wanted, replaced
from luxos.runtime.evolving.remembering import in_a_set, remembered

DEEPEST, MOST = 8, 400
"""How many rules are used one after the other, and how many sources are offered at the most."""
_WIDEST = 40
"""How many sources of one depth go on to the next."""
_PAIRS = (*statements.PAIRS, *loops.PAIRS)


class Rules:
    """Proposes what the rules make of a source: first what one of them does, then two, and so on."""

    async def propose(self, wanted: Wanted) -> AsyncIterator[Proposal]:
        if wanted.goal == "examples":
            return
        for proposal in _all(wanted.source):
            yield proposal


def _all(source: str) -> Iterator[Proposal]:
    seen, level, left = {source}, [Proposal(source, "")], MOST
    for _depth in range(DEEPEST):
        below: list[Proposal] = []
        for one in level:
            for made in once(one.source):
                if made.source in seen:
                    continue
                seen.add(made.source)
                left -= 1
                below.append(Proposal(made.source, f"{one.why}, {made.why}".removeprefix(", ")))
                yield below[-1]
                if not left:
                    return
        level = sorted(below, key=_size)[:_WIDEST]


def once(source: str) -> Iterator[Proposal]:
    """What one use of one rule makes of a source."""
    tree = tree_of(source)
    names = statements.uses(tree)
    for body in _bodies(tree):
        yield from _useless(source, body)
        yield from _in_body(source, body, names)
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):
            yield from _in_expression(source, node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _in_function(source, node)


def _in_body(source: str, body: Sequence[ast.stmt], names: statements.Uses) -> Iterator[Proposal]:
    for statement in body:
        for rule in statements.SINGLES:
            if (found := rule(statement)) is not None:
                yield Proposal(replaced(source, statement, statement, found), rule.__name__)
    for first, second in pairwise(body):
        for pair in _PAIRS:
            if (found := pair(first, second, names)) is not None:
                yield Proposal(replaced(source, first, second, found), pair.__name__)


def _in_expression(source: str, node: ast.expr) -> Iterator[Proposal]:
    for rule in expressions.SINGLES:
        if (found := rule(node)) is not None:
            yield Proposal(replaced(source, node, node, found), rule.__name__)


def _in_function(source: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Proposal]:
    for rule in (remembered, in_a_set):
        if (found := rule(node)) is not None:
            yield Proposal(replaced(source, node.body[0], node.body[-1], found), rule.__name__)


def _size(proposal: Proposal) -> int:
    return len(proposal.source)


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

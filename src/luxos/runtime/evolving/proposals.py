"""What a proposer is, and how a proposal is written: a piece of a source, replaced."""

import ast
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from luxos.runtime.evolving.cases import Case
from luxos.runtime.evolving.goals import Goal


@dataclass(frozen=True)
class Proposal:
    """A whole source, and what was changed in it, in words of a rule."""

    source: str
    why: str


@dataclass(frozen=True)
class Wanted:
    """What is looked for: a better source than this one, and what its author says that it gives."""

    source: str
    goal: Goal
    examples: Sequence[Case] = ()


class Proposer(Protocol):
    """Offers sources for one that is there; a language model may be one. What it offers is tried, never trusted."""

    def propose(self, wanted: Wanted) -> AsyncIterator[Proposal]: ...


Node = ast.expr | ast.stmt


def replaced(source: str, first: Node, last: Node, new: Sequence[Node] | Node) -> str:
    """The source with the text from one node to another replaced; everything else stays to the byte."""
    lines = source.encode().splitlines(keepends=True)
    begin = _at(lines, first.lineno, first.col_offset)
    end = _at(lines, last.end_lineno or last.lineno, last.end_col_offset or 0)
    nodes = [new] if isinstance(new, ast.expr | ast.stmt) else list(new)
    indent = "\n" + " " * first.col_offset
    text = indent.join(line for node in nodes for line in ast.unparse(ast.fix_missing_locations(node)).split("\n"))
    whole = source.encode()
    return (whole[:begin] + text.encode() + whole[end:]).decode()


def _at(lines: Sequence[bytes], line: int, column: int) -> int:
    return sum(map(len, lines[: line - 1])) + column

"""What the type checker is given of a source: the same lines, and beside them what only LuxOS knows.

A plain function is handed what `execution` and `summon` give, an `async` one awaits it; and an instance of a class has
what the class declares.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any

from luxos.beings.class_source import class_in
from luxos.beings.errors import ClassUndefined, SourceInvalid
from luxos.beings.function_source import Function, parsed
from luxos.beings.typed import declared

STOP = "luxos_checked"
"""The call that the text begins with."""
_AWAITED = "luxos_awaited_"
STUBS = f"""
from typing import Any
def {STOP}() -> None: ...
def execution(who: Any, *arguments: Any, **named: Any) -> Any: ...
def summon(*, name: str, source: str, **genesis: Any) -> Any: ...
async def {_AWAITED}execution(who: Any, *arguments: Any, **named: Any) -> Any: ...
async def {_AWAITED}summon(*, name: str, source: str, **genesis: Any) -> Any: ...
lux: Any = ...
self: Any = ...
"""
_ASKS = frozenset({"execution", "summon"})
_NAMES = {
    "Any": "luxos_any",
    "Literal": "luxos_literal",
    **dict.fromkeys(("datetime", "date", "UUID", "Decimal"), "str"),
}
"""Names of `py_type` that a source need not know; what JSON has no values for comes as a text."""
_HEAD = f"from typing import Any as luxos_any, Literal as luxos_literal; {STOP}()\n"
_LINES = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True)
class Checked:
    """The text that is judged; `added` is the line of it, as the checker counts, that no line of the source is."""

    text: str
    added: int | None = None

    def line(self, at: int) -> int:
        """The line of the source that a line of the text is."""
        return at - 1 - (self.added is not None and at >= self.added)

    def said(self, words: str) -> str:
        """The checker's words with the names that the source has."""
        return words.replace(_AWAITED, "").replace("luxos_any", "Any").replace("luxos_literal", "Literal")


@dataclass(frozen=True)
class _Insertion:
    """A text that comes before a place of the source: its line, from 1, and the byte in it."""

    line: int
    column: int
    text: str
    is_line: bool = False


def checked(genotype: Mapping[str, Any]) -> Checked:
    """The text for the source of a function or a class; one that is no Python is given as it is."""
    source = genotype["source"]
    try:
        tree = parsed(source, "?")
        found = [*_awaited(tree), *_state(tree, genotype)]
    except (SourceInvalid, ClassUndefined):
        return Checked(_HEAD + source)
    lines = _LINES.findall(source.encode())
    for one in sorted(found, key=lambda one: (one.line, one.column), reverse=True):
        line, column = lines[one.line - 1], one.column
        lines[one.line - 1] = line[:column] + one.text.encode() + line[column:]
    added = next((one.line + 1 for one in found if one.is_line), None)
    return Checked(_HEAD + b"".join(lines).decode(), added)


def _awaited(tree: ast.Module) -> Iterator[_Insertion]:
    """Marks what is asked for directly inside of an `async` function, unless the source has such a name itself."""
    own = {name for node in ast.walk(tree) for name in _bound(node)}
    for name in _named(tree, awaits=False):
        if name.id in _ASKS - own:
            yield _Insertion(name.lineno, name.col_offset, _AWAITED)


def _named(node: ast.AST, *, awaits: bool) -> Iterator[ast.Name]:
    """The names that are read inside of `async` functions; defaults and decorators belong to what is around one."""
    if awaits and isinstance(node, ast.Name):
        yield node
    body = node.body if isinstance(node, Function) else [node.body] if isinstance(node, ast.Lambda) else []
    for child in ast.iter_child_nodes(node):
        yield from _named(child, awaits=isinstance(node, ast.AsyncFunctionDef) if child in body else awaits)


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that a node of a source gives a meaning."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.alias(name=name, asname=called):
            yield called or name


def _state(tree: ast.Module, genotype: Mapping[str, Any]) -> Iterator[_Insertion]:
    """Says in the body of a class what it declares, but for what the body says itself."""
    wanted = declared(genotype) if genotype.get("type") == "class" else {}
    if not wanted:
        return
    name = class_in(genotype["source"])
    made = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    own = {name for node in made.body for part in _at_the_top(node) for name in _bound(part)}
    said = [f"{name}: {_annotation(one.py_type.text)}" for name, one in wanted.items() if _is_name(name, own)]
    first = made.body[0]
    line = min(node.lineno for node in (first, *getattr(first, "decorator_list", ())))
    if said and line == made.lineno:
        yield _Insertion(line, first.col_offset, "; ".join([*said, ""]))
    elif said:
        indent = _LINES.findall(genotype["source"].encode())[first.lineno - 1][: first.col_offset].decode()
        yield _Insertion(line, 0, f"{indent}{'; '.join(said)}\n", is_line=True)


def _at_the_top(node: ast.stmt) -> Iterator[ast.AST]:
    """A statement of a class's body, and what it assigns to."""
    return ast.walk(node) if isinstance(node, ast.Assign | ast.AnnAssign) else iter((node,))


def _is_name(name: str, own: Set[str]) -> bool:
    return name.isidentifier() and not iskeyword(name) and name not in own


def _annotation(py_type: str) -> str:
    """A `py_type` as the checker reads it."""
    tree = ast.parse(py_type, mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = _NAMES.get(node.id, node.id)
    return ast.unparse(tree)

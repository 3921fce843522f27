"""What is fed to a session for one call: the soul's source as it is, and after it the call of its function."""

import ast
import symtable
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from luxos.beings.function_source import Function, Signature
from luxos.beings.parsing import tree_of
from luxos.runtime.code import Method

ARGS, KWARGS, THIS = "luxos_args", "luxos_kwargs", "luxos_this"
STATE, DECLARED = "luxos_state", "luxos_declared"
CHECKED, KEPT = "luxos_dumps(luxos_result)", "luxos_dumps(luxos_kept)"
"""Refuse what Monty would give out as a text: functions, iterators, what holds itself."""
_SELF = f"""
class LuxosSelf:
    def __init__(self, given):
        self.soul = given['soul']
        self.name = given['name']
        self.soul_hash = given['soul_hash']
        self.attributes = given['attributes']
        self.tags = given['tags']
        self.energy_level = given['energy_level']
        self.owner = given['owner']
self = LuxosSelf({THIS})
"""
_CALL = f"""
from json import dumps as luxos_dumps
luxos_result = {{call}}(*{ARGS}, **{KWARGS})
{CHECKED}
luxos_result
"""
_METHOD = f"""
from json import dumps as luxos_dumps
luxos_init = getattr({{of}}, '__init__', None)
def luxos_bare(self):
    pass
{{of}}.__init__ = luxos_bare
luxos_instance = {{of}}()
if luxos_init is not None:
    {{of}}.__init__ = luxos_init
for luxos_name in {STATE}:
    setattr(luxos_instance, luxos_name, {STATE}[luxos_name])
luxos_result = {{call}}luxos_instance.{{name}}(*{ARGS}, **{KWARGS})
{CHECKED}
luxos_kept = {{{{}}}}
for luxos_name in {DECLARED}:
    if hasattr(luxos_instance, luxos_name):
        luxos_kept[luxos_name] = getattr(luxos_instance, luxos_name)
{KEPT}
[luxos_result, luxos_kept]
"""
"""Monty has no `__new__`: for as long as it takes to make the instance, the class has an `__init__` of ours."""


@dataclass(frozen=True)
class Source:
    """A soul's source, read once."""

    own: str
    """The soul's own, whose lines are counted."""
    call: str
    """Ours, which calls its function."""
    only_defines: bool
    """Whether nothing happens when it is read but that names get their meaning."""
    asks: bool
    """Whether it names `execution` or `summon` anywhere."""
    uses_self: bool
    _starts: tuple[int, ...] = field(repr=False)
    _is_async: tuple[bool, ...] = field(repr=False)

    @property
    def text(self) -> str:
        """Both, as one text."""
        return self.own + self.call

    def awaits(self, at: int) -> bool:
        """Whether the code at this byte gets a future for what it asks: directly inside of an `async` function."""
        return self._is_async[bisect_right(self._starts, at) - 1]


def read(source: str, signature: Signature, method: Method | None = None) -> Source:
    """Reads a source that Python can parse, to call its function, or a method of an instance of its class."""
    whole = source if source.endswith("\n") else f"{source}\n"
    uses_self = _uses_self(symtable.symtable(source, "soul", "exec"))
    tree = tree_of(source)
    borders = _borders(source, tree)
    return Source(
        own=whole,
        call=(_SELF if uses_self else "") + (_call_of(signature) if method is None else _call_of_method(method)),
        only_defines=not any(map(_acts, tree.body)),
        asks="execution" in source or "summon" in source,
        uses_self=uses_self,
        _starts=tuple(at for at, _is_async in borders),
        _is_async=tuple(is_async for _at, is_async in borders),
    )


def _call_of(signature: Signature) -> str:
    return _CALL.format(call=f"await {signature.name}" if signature.is_async else signature.name)


def _call_of_method(method: Method) -> str:
    return _METHOD.format(of=method.of, name=method.name, call="await " if method.is_async else "")


def _uses_self(table: symtable.SymbolTable) -> bool:
    """Whether any part of it reads a global `self` that the source does not set."""
    if table.get_type() == "module" and "self" in table.get_identifiers() and table.lookup("self").is_assigned():
        return False
    own = "self" in table.get_identifiers() and table.lookup("self").is_global()
    return own or any(_uses_self(child) for child in table.get_children())


def _acts(node: ast.AST) -> bool:
    """Whether anything is called, looped over or waited for outside of functions' bodies."""
    if isinstance(node, ast.Call | ast.For | ast.While | ast.With | ast.comprehension | ast.Try | ast.Raise):
        return True
    body = node.body if isinstance(node, Function) else [node.body] if isinstance(node, ast.Lambda) else []
    return any(_acts(child) for child in ast.iter_child_nodes(node) if child not in body)


def _borders(source: str, tree: ast.Module) -> list[tuple[int, bool]]:
    """The bytes at which one goes over from one function into another, each with whether what follows is `async`."""
    lines = [0]
    for line in source.encode().splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    found = [((1, 0), False), *_borders_in(tree, around=False)]
    borders = [(lines[line - 1] + column, is_async) for (line, column), is_async in found]
    return sorted(borders, key=lambda border: border[0])  # of two at one place, the outer one stays last


def _borders_in(node: ast.AST, *, around: bool) -> Iterator[tuple[tuple[int, int], bool]]:
    """The same by line and column; defaults and decorators belong to what is around a function."""
    body = node.body if isinstance(node, Function) else [node.body] if isinstance(node, ast.Lambda) else []
    for child in ast.iter_child_nodes(node):
        if child not in body:
            yield from _borders_in(child, around=around)
    if isinstance(node, Function | ast.Lambda):
        inside = isinstance(node, ast.AsyncFunctionDef)
        yield min(map(_begins, body)), inside
        for child in body:
            yield from _borders_in(child, around=inside)
        yield (node.end_lineno or 1, node.end_col_offset or 0), around


def _begins(node: ast.expr | ast.stmt) -> tuple[int, int]:
    """A function begins with its decorators, whatever its line says."""
    return min((each.lineno, each.col_offset) for each in (node, *getattr(node, "decorator_list", ())))

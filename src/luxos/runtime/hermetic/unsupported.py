"""What a source uses that Monty does not have; Monty itself is asked, and nothing of the source is run.

Monty looks at a whole text before it runs it. Ours begins with a call at which it stops; modules and names are looked
up one by one, in texts of ours.
"""

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeGuard, cast

from luxos.beings.parsing import tree_of
from luxos.i18n import N_, _
from luxos.runtime.hermetic.monty import (
    FunctionSnapshot,
    MontyComplete,
    MontyError,
    MontyRuntimeError,
    MontySession,
    MontySyntaxError,
    NameLookupSnapshot,
)

STOP = "luxos_looked_at"
_MODULE, _PART, _NAME = N_("the module {name}"), N_("{name} of the module {module}"), N_("the name {name}")
_HOOK = N_("the method {name} of a class, which would never be called")
_OTHER = N_("something that Monty describes so: {said}")
_CONSTRUCTS = {
    "yield": N_("generators (yield)"),
    "class inheritance": N_("inheritance and metaclasses"),
    "async with": N_("async with"),
    "async for": N_("async for"),
    "async comprehensions": N_("async for"),
    "'del'": N_("the statement del"),
    "except*": N_("groups of exceptions (except*)"),
    "method decorators": N_("decorators of methods"),
    "class bodies": N_("such statements in a class"),
    "Wildcard imports": N_("imports of everything (*)"),
    "relative import": N_("relative imports"),
}
_HOOKS = {
    "__len__": "def __len__(self): return 7\nassert len(C()) == 7",
    **{
        f"__{name}__": f"def __{name}__(self, other): return True\nassert C() {sign} 1"
        for name, sign in {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}.items()
    },
    "__getattr__": "def __getattr__(self, name): return 7\nassert C().some == 7",
    "__getattribute__": "def __getattribute__(self, name): return 7\nassert C().some == 7",
    "__setattr__": "def __setattr__(self, name, value): pass\nc = C()\nc.some = 7\nassert not hasattr(c, 'some')",
    "__delattr__": "def __delattr__(self, name): pass\nc = C()\nc.some = 7\ndel c.some\nassert c.some == 7",
    "__new__": "def __new__(cls): return 7\nassert C() == 7",
    "__format__": "def __format__(self, how): return '7'\nassert f'{C()}' == '7'",
}
"""Methods that Python calls by itself, each with a class that has it and what shows whether Monty calls it too."""
_NO_FILES = frozenset({"open", "input"})
"""Monty has them, and nothing behind them."""
_CAUGHT = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


@dataclass(frozen=True)
class Unsupported:
    """Something that the line of a source uses."""

    line: int
    words: str
    name: str = ""
    module: str = ""

    @property
    def what(self) -> str:
        """In the person's language."""
        return _(self.words).format(name=self.name, module=self.module, said=self.name)

    def __str__(self) -> str:
        return _("line {line}: {words}").format(line=self.line, words=self.what)


@dataclass(frozen=True)
class _Need:
    """What stands in a line, and the text by which Monty says whether it has it."""

    told: Unsupported
    probe: str


class Knowledge:
    """What Monty has, as far as it was asked."""

    def __init__(self) -> None:
        self._has: dict[str, bool] = dict.fromkeys(_NO_FILES, False)

    def look(self, session: MontySession, source: str) -> tuple[Unsupported, ...]:
        """What a source that Python can parse uses, and Monty does not have, in the order of its lines."""
        found = [need.told for need in _needs(tree_of(source)) if not self._knows(session, need.probe)]
        refused = _refused(session, source)
        return tuple(sorted({*found, *refused}, key=lambda told: told.line))

    def _knows(self, session: MontySession, probe: str) -> bool:
        if probe not in self._has:
            self._has[probe] = _runs(session, probe)
        return self._has[probe]


def _runs(session: MontySession, probe: str) -> bool:
    """Whether a text of ours comes to its end; what it asks for, it does not get."""
    try:
        now = session.feed_start(probe)
        while not isinstance(now, MontyComplete):
            if isinstance(now, FunctionSnapshot):
                now = now.resume_not_handled()
            else:
                now = cast(NameLookupSnapshot, now).resume()
    except MontyError:
        return False
    return True


def _refused(session: MontySession, source: str) -> Iterator[Unsupported]:
    """The first thing that Monty cannot read."""
    try:
        session.feed_start(f"{STOP}()\n{source}")
    except MontyError as error:
        said = str(error).strip().partition("\n")[0]
        words = next((words for part, words in _CONSTRUCTS.items() if part in said), None)
        frames = error.traceback() if isinstance(error, MontyRuntimeError | MontySyntaxError) else []
        line = frames[-1].line - 1 if frames else 1
        yield Unsupported(line, words) if words else Unsupported(line, _OTHER, said[:200])


def _needs(tree: ast.Module) -> Iterator[_Need]:
    """The modules, their parts, and the names of Python itself that a source uses."""
    used = _Used()
    used.visit(tree)
    yield from used.imports
    for function in used.hooks:
        probe = f"class C:\n {_HOOKS[function.name]}"
        yield _Need(Unsupported(function.lineno, _HOOK, function.name), probe)
    for node, owner in used.parts:
        if (module := used.modules.get(owner)) is not None:
            yield _Need(Unsupported(node.lineno, _PART, node.attr, module), f"import {module}\n{module}.{node.attr}")
    for name in used.names:
        if hasattr(builtins, name.id) and name.id not in used.own:
            yield _Need(Unsupported(name.lineno, _NAME, name.id), name.id)


class _Used(ast.NodeVisitor):
    """Collects names; an import that the source is ready to do without is none."""

    def __init__(self) -> None:
        self.imports: list[_Need] = []
        self.modules: dict[str, str] = {}
        self.parts: list[tuple[ast.Attribute, str]] = []
        self.names: list[ast.Name] = []
        self.hooks: list[ast.FunctionDef] = []
        self.own: set[str] = set()

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            first = alias.name.partition(".")[0]
            self.modules[alias.asname or first] = alias.name if alias.asname else first
            self.imports.append(_Need(Unsupported(node.lineno, _MODULE, alias.name), f"import {alias.name}"))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level or node.module is None:
            return
        self.imports.append(_Need(Unsupported(node.lineno, _MODULE, node.module), f"import {node.module}"))
        for alias in node.names:
            self.own.add(alias.asname or alias.name)
            told = Unsupported(node.lineno, _PART, alias.name, node.module)
            if alias.name != "*":
                self.imports.append(_Need(told, f"from {node.module} import {alias.name}"))

    def visit_Try(self, node: ast.Try) -> None:
        types = [handler.type or _ANYTHING for handler in node.handlers]
        caught = {name.id for kind in types for name in ast.walk(kind) if _is_name(name)}
        for part in node.body:
            if not (caught & _CAUGHT and isinstance(part, ast.Import | ast.ImportFrom)):
                self.visit(part)
        for other in (*node.handlers, *node.orelse, *node.finalbody):
            self.visit(other)

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        only_types = any(_is_name(name) and name.id == "TYPE_CHECKING" for name in ast.walk(node.test))
        for part in node.orelse if only_types else (*node.body, *node.orelse):
            self.visit(part)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.value, ast.Name):
            self.parts.append((node, node.value.id))
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.names.append(node)
        else:
            self.own.add(node.id)

    def visit_arg(self, node: ast.arg) -> None:
        self.own.add(node.arg)
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.hooks += [part for part in node.body if isinstance(part, ast.FunctionDef) and part.name in _HOOKS]
        self.visit_FunctionDef(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self.own.add(node.name)
        self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - the visitor's names


_ANYTHING = ast.Name("BaseException")


def _is_name(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name)

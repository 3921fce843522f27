"""What a function's source defines, read with `ast` and never run."""

import ast
import warnings
from dataclasses import dataclass
from typing import Any

from luxos.beings.errors import SourceInvalid, SourceUndefined
from luxos.beings.parsing import tree_of

ENTRY = "function"
"""The name of what is called, where a source defines several functions."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: `kind` as `inspect.Parameter` names it; annotation and default as the source writes them."""

    name: str
    kind: str
    annotation: str | None = None
    default: str | None = None

    def __str__(self) -> str:
        """As a source writes it."""
        stars = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}.get(self.kind, "")
        annotated = f"{stars}{self.name}{f': {self.annotation}' if self.annotation else ''}"
        if self.default is None:
            return annotated
        return f"{annotated}{' = ' if self.annotation else '='}{self.default}"

    def as_json(self) -> dict[str, Any]:
        parts = {"annotation": self.annotation, "default": self.default}
        return {"name": self.name, "kind": self.kind, **{key: text for key, text in parts.items() if text is not None}}


@dataclass(frozen=True, slots=True)
class Signature:
    """How a function is called: its name, what it takes, what it says that it gives, whether it is `async`."""

    name: str
    parameters: tuple[Parameter, ...]
    returns: str | None
    is_async: bool
    purpose: str

    def __str__(self) -> str:
        """As a person reads it: `name(net, rate=23) -> float`."""
        shown = [str(parameter) for parameter in self.parameters]
        kinds = [parameter.kind for parameter in self.parameters]
        if "KEYWORD_ONLY" in kinds and "VAR_POSITIONAL" not in kinds:
            shown.insert(kinds.index("KEYWORD_ONLY"), "*")
        if "POSITIONAL_ONLY" in kinds:
            shown.insert(kinds.count("POSITIONAL_ONLY"), "/")
        return f"{self.name}({', '.join(shown)}){f' -> {self.returns}' if self.returns else ''}"

    def as_json(self) -> dict[str, Any]:
        """As it stands among the functions of a genotype in reports."""
        parameters = [parameter.as_json() for parameter in self.parameters]
        return {
            "name": self.name,
            "parameters": parameters,
            "returns": self.returns,
            "async": self.is_async,
            "purpose": self.purpose,
        }


def signature_of(source: str, name: str = "?") -> Signature:
    """The signature of what a source has called; `SourceInvalid` where there is none. `name` is for the message."""
    return signature_in(_entry(parsed(source, name), name), source)


def signature_in(found: Function, source: str) -> Signature:
    """The signature of a function that stands in a source."""
    purpose = (ast.get_docstring(found) or "").partition("\n")[0]
    is_async = isinstance(found, ast.AsyncFunctionDef)
    return Signature(found.name, tuple(_parameters(found, source)), _text(found.returns, source), is_async, purpose)


def parsed(source: str, name: str) -> ast.Module:
    """The tree of a source that compiles; `SourceInvalid` with its line and column where it does not."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = tree_of(source)
            compile(tree, "<being>", "exec", dont_inherit=True)  # `return` outside of a function, say; nothing is run
            return tree
    except SyntaxError as error:
        line, column = error.lineno or 1, error.offset or 1
        text = (error.text or _line(source, line)).strip()[:200]
        raise SourceInvalid(name=name, line=line, column=column, text=text, reason=error.msg) from error
    except (ValueError, TypeError, RecursionError, MemoryError) as error:
        reason = type(error).__name__
        raise SourceInvalid(name=name, line=1, column=1, text=_line(str(source), 1), reason=reason) from error


def _entry(tree: ast.Module, name: str) -> Function:
    functions = {node.name: node for node in tree.body if isinstance(node, Function)}
    if ENTRY in functions:
        return functions[ENTRY]
    if len(functions) != 1:
        raise SourceUndefined(name=name, count=len(functions))
    return next(iter(functions.values()))


def _parameters(function: Function, source: str) -> list[Parameter]:
    given = function.args
    ordered = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(ordered) - len(given.defaults)) + list(given.defaults)
    kinds = ["POSITIONAL_ONLY"] * len(given.posonlyargs) + ["POSITIONAL_OR_KEYWORD"] * len(given.args)
    found = [_parameter(*each, source) for each in zip(ordered, kinds, defaults, strict=True)]
    if given.vararg:
        found.append(_parameter(given.vararg, "VAR_POSITIONAL", None, source))
    keywords = zip(given.kwonlyargs, given.kw_defaults, strict=True)
    found += [_parameter(each, "KEYWORD_ONLY", default, source) for each, default in keywords]
    if given.kwarg:
        found.append(_parameter(given.kwarg, "VAR_KEYWORD", None, source))
    return found


def _parameter(node: ast.arg, kind: str, default: ast.expr | None, source: str) -> Parameter:
    return Parameter(node.arg, kind, _text(node.annotation, source), _text(default, source))


def _text(node: ast.expr | None, source: str) -> str | None:
    """As the source has it, so that it is the same under every Python."""
    return None if node is None else ast.get_source_segment(source, node)


def _line(source: str, number: int) -> str:
    lines = source.split("\n")
    return lines[min(number, len(lines)) - 1].strip()[:200]

"""The types that an attribute may have: a small closed language with Python's spelling, read with `ast`, never run.

`str int float bool None Any list dict`, `list[T]`, `dict[str, T]`, `T | U`, `Literal["a", 1]`, and `datetime date UUID
Decimal` as texts, which JSON has no values for. An int is a float too; a bool is no int.
"""

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from luxos.beings.errors import PyTypeInvalid

_LONGEST = 1000
_DECIMAL = re.compile(r"-?[0-9]{1,1000}(\.[0-9]{1,1000})?([eE][+-]?[0-9]{1,4})?")
_DATE_AND_TIME = 11
"""The fewest characters that have a date and a time."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """Where a value does not fit: the path to it, what came there, and the type that was wanted there."""

    path: str
    value: Any
    wanted: str


Fits = Callable[[Any, str], Misfit | None]


@dataclass(frozen=True, slots=True)
class PyType:
    """A type, by the text that it was written as."""

    text: str
    misfit: Fits
    """The first place in a value, below a path, that does not fit; `None` for a value of this type."""


@lru_cache(maxsize=2048)
def py_type(text: str) -> PyType:
    """The type that a text writes; `PyTypeInvalid` for anything else."""
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise PyTypeInvalid(text=repr(text)[:60])
    try:
        return _read(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise PyTypeInvalid(text=text[:60]) from error


def _read(node: ast.expr) -> PyType:
    match node:
        case ast.Constant(value=None):
            return _simple("None", lambda value: value is None)
        case ast.Name(id=name) if name in _SIMPLE:
            return _simple(name, _SIMPLE[name])
        case ast.BinOp(op=ast.BitOr()):
            return _any_of([_read(option) for option in _options(node)])
        case ast.Subscript(value=ast.Name(id="list"), slice=inner):
            return _list_of(_read(inner))
        case ast.Subscript(value=ast.Name(id="dict"), slice=ast.Tuple(elts=[ast.Name(id="str"), inner])):
            return _dict_of(_read(inner))
        case ast.Subscript(value=ast.Name(id="Literal"), slice=inner):
            return _literal(inner.elts if isinstance(inner, ast.Tuple) else [inner])
    raise PyTypeInvalid(text=ast.unparse(node)[:60])


def _options(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*_options(node.left), *_options(node.right)]
    return [node]


def _simple(text: str, fits: Callable[[Any], bool]) -> PyType:
    return PyType(text, lambda value, path: None if fits(value) else Misfit(path, value, text))


def _list_of(inner: PyType) -> PyType:
    text = f"list[{inner.text}]"

    def misfit(value: Any, path: str) -> Misfit | None:
        if not isinstance(value, list):
            return Misfit(path, value, text)
        found = (inner.misfit(item, f"{path}[{index}]") for index, item in enumerate(value))
        return next((each for each in found if each), None)

    return PyType(text, misfit)


def _dict_of(inner: PyType) -> PyType:
    text = f"dict[str, {inner.text}]"

    def misfit(value: Any, path: str) -> Misfit | None:
        if not _is_dict(value):
            return Misfit(path, value, text)
        found = (inner.misfit(item, f"{path}.{key}") for key, item in value.items())
        return next((each for each in found if each), None)

    return PyType(text, misfit)


def _any_of(options: list[PyType]) -> PyType:
    text = " | ".join(option.text for option in options)

    def misfit(value: Any, path: str) -> Misfit | None:
        found = []
        for option in options:
            if (each := option.misfit(value, path)) is None:
                return None
            found.append(each)
        inside = [each for each in found if each.path != path]
        return inside[0] if len(inside) == 1 else Misfit(path, value, text)

    return PyType(text, misfit)


def _literal(nodes: list[ast.expr]) -> PyType:
    values = [_constant(node) for node in nodes]
    text = f"Literal[{', '.join(map(_quoted, values))}]"
    return _simple(text, lambda value: any(type(value) is type(each) and value == each for each in values))


def _constant(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=None | bool() | int() | str()):
            return node.value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)) if not isinstance(value, bool):
            return -value
    raise PyTypeInvalid(text=ast.unparse(node)[:60])


def _quoted(value: Any) -> str:
    """As it is written between the brackets, texts in double quotes."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if isinstance(value, str) else repr(value)


def _is_dict(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(key, str) for key in value)


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text_of(read: Callable[[str], Any]) -> Callable[[Any], bool]:
    """Whether a value is a text that `read` reads; it says `ValueError` where it does not."""

    def fits(value: Any) -> bool:
        try:
            return isinstance(value, str) and bool(read(value) is not None)
        except ValueError:
            return False

    return fits


def _datetime(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if len(text) >= _DATE_AND_TIME else None


def _uuid(text: str) -> UUID | None:
    found = UUID(text)
    return found if str(found) == text.lower() else None


_SIMPLE: dict[str, Callable[[Any], bool]] = {
    "Any": lambda value: True,
    "str": lambda value: isinstance(value, str),
    "int": _is_int,
    "float": lambda value: isinstance(value, float) or _is_int(value),
    "bool": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, list),
    "dict": _is_dict,
    "datetime": _is_text_of(_datetime),
    "date": _is_text_of(date.fromisoformat),
    "UUID": _is_text_of(_uuid),
    "Decimal": _is_text_of(_DECIMAL.fullmatch),
}

"""Rules of expressions: each is given one, and gives what may stand in its place."""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

Expression = Callable[[ast.expr], ast.expr | None]
_MANY, _BIG = 4, 10**15
_RECKONED: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


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


def as_it_is(node: ast.expr) -> ast.expr | None:
    """`f([x for x in xs])` is `f(xs)` where f takes what can be gone over."""
    match node:
        case ast.Call(function, [ast.ListComp(ast.Name(id=name), [generator])], []) if _takes_any(function):
            match generator:
                case ast.comprehension(ast.Name(id=same), iterated, [], 0) if same == name:
                    return ast.Call(function, [iterated], [])
    return None


def how_many(node: ast.expr) -> ast.expr | None:
    """`sum([1 for x in xs])` is `len(xs)`."""
    match node:
        case ast.Call(ast.Name(id="sum"), [ast.ListComp(ast.Constant(1), [generator])], []):
            match generator:
                case ast.comprehension(ast.Name(), iterated, [], 0):
                    return ast.Call(ast.Name("len"), [iterated], [])
    return None


def its_items(node: ast.expr) -> ast.expr | None:
    """`[xs[i] for i in range(len(xs))]` is `list(xs)`."""
    match node:
        case ast.ListComp(ast.Subscript(ast.Name(id=whole), ast.Name(id=number)), [generator]):
            match generator:
                case ast.comprehension(
                    ast.Name(id=same),
                    ast.Call(ast.Name(id="range"), [ast.Call(ast.Name(id="len"), [ast.Name(id=of)], [])], []),
                    [],
                    0,
                ) if same == number and of == whole:
                    item = ast.Name("item")
                    return ast.ListComp(item, [ast.comprehension(item, ast.Name(whole), [], 0)])
    return None


def is_there(node: ast.expr) -> ast.expr | None:
    """Where it only matters whether: `len(x) > 0` is `x`."""
    match node:
        case ast.IfExp(test, one, other) if (short := _short(test)) is not None:
            return ast.IfExp(short, one, other)
        case ast.ListComp(item, [ast.comprehension(target, iterated, [test], 0)]) if (
            short := _short(test)
        ) is not None:
            return ast.ListComp(item, [ast.comprehension(target, iterated, [short], 0)])
    return None


def _short(test: ast.expr) -> ast.expr | None:
    match test:
        case ast.Compare(ast.Call(ast.Name(id="len"), [what], []), [ast.Gt() | ast.NotEq()], [ast.Constant(0)]):
            return what
        case ast.Compare(what, [ast.NotEq()], [ast.Constant("")]):
            return what
    return None


def _takes_any(function: ast.expr) -> bool:
    match function:
        case ast.Name(id="sum" | "any" | "all" | "max" | "min" | "sorted" | "set" | "list" | "tuple"):
            return True
        case ast.Attribute(attr="join" | "fromkeys"):
            return True
    return False


SINGLES: tuple[Expression, ...] = (folded, looked_up, literal, as_it_is, how_many, its_items, is_there)

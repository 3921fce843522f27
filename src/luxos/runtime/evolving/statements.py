"""Rules of statements that are no loops: each is given one or two, and gives what may stand in their place."""

import ast
from collections import Counter
from collections.abc import Callable, Mapping
from copy import deepcopy

Uses = Mapping[str, int]
"""How often each name stands in a source."""
Single = Callable[[ast.stmt], list[ast.stmt] | None]
Pair = Callable[[ast.stmt, ast.stmt, Uses], list[ast.stmt] | None]


def uses(tree: ast.AST) -> Uses:
    """The names of a tree, counted; parameters too."""
    found = Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
    found.update(node.arg for node in ast.walk(tree) if isinstance(node, ast.arg))
    return found


def named(node: ast.AST, name: str) -> int:
    """How often a name stands in a node."""
    return sum(isinstance(each, ast.Name) and each.id == name for each in ast.walk(node))


class Put(ast.NodeTransformer):
    """Puts an expression in the place of a name."""

    def __init__(self, name: str, value: ast.expr) -> None:
        self._name, self._value = name, value

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return deepcopy(self._value) if node.id == self._name and isinstance(node.ctx, ast.Load) else node


def returned_name(first: ast.stmt, second: ast.stmt, names: Uses) -> list[ast.stmt] | None:
    """`x = e; return x` is `return e`."""
    match first, second:
        case ast.Assign(targets=[ast.Name(id=name)], value=value), ast.Return(value=ast.Name(id=same)) if name == same:
            return [ast.Return(value)]
    return None


def inlined(first: ast.stmt, second: ast.stmt, names: Uses) -> list[ast.stmt] | None:
    """What has a name for one use in the next statement needs none; not into a loop, which would do it often."""
    match first:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if names[name] == 2 and named(second, name) == 1:
            if isinstance(second, ast.Assign | ast.Return | ast.Expr | ast.AugAssign) and not _repeats(second):
                return [Put(name, value).visit(deepcopy(second))]
            if isinstance(second, ast.If) and named(second.test, name):
                return [ast.If(Put(name, value).visit(deepcopy(second.test)), second.body, second.orelse)]
    return None


def said_twice(first: ast.stmt, second: ast.stmt, names: Uses) -> list[ast.stmt] | None:
    """`if c: return True; return False` is what c says."""
    match first, second:
        case ast.If(test, [ast.Return(ast.Constant(True))], []), ast.Return(ast.Constant(False)):
            return [ast.Return(test if isinstance(test, ast.Compare) else ast.Call(ast.Name("bool"), [test], []))]
    return None


def one_return(first: ast.stmt, second: ast.stmt, names: Uses) -> list[ast.stmt] | None:
    """`if c: return a; return b` is `return a if c else b`."""
    match first, second:
        case ast.If(test, [ast.Return(ast.expr() as one)], []), ast.Return(ast.expr() as other):
            return [ast.Return(ast.IfExp(test, one, other))]
    return None


def moved_down(first: ast.stmt, second: ast.stmt, names: Uses) -> list[ast.stmt] | None:
    """A beginning that the next statement does not ask for goes nearer to what does."""
    match first:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant() | ast.List(elts=[]) | ast.Dict(keys=[])):
            if not named(second, name) and isinstance(second, ast.Assign | ast.AugAssign | ast.For | ast.While):
                return [second, first]
    return None


def added_to(statement: ast.stmt) -> list[ast.stmt] | None:
    """`x = x + e` is `x += e`."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name) as target], value=ast.BinOp(ast.Name(id=same), kind, value)):
            return [ast.AugAssign(target, kind, value)] if name == same else None
    return None


def counted_up(statement: ast.stmt) -> list[ast.stmt] | None:
    """`if k in d: d[k] += e; else: d[k] = e` is `d[k] = d.get(k, 0) + e`."""
    match statement:
        case ast.If(ast.Compare(key, [ast.In()], [known]), [once], [ast.Assign([ast.Subscript() as place], begin)]):
            more = _added(once, place)
            if more is None or not (_same(place.value, known) and _same(place.slice, key) and _same(more, begin)):
                return None
            get = ast.Call(ast.Attribute(known, "get"), [key, ast.Constant(0)], [])
            return [ast.Assign([place], ast.BinOp(get, ast.Add(), more))]
    return None


def needless_else(statement: ast.stmt) -> list[ast.stmt] | None:
    """After what leaves, no `else` is needed."""
    match statement:
        case ast.If(test, [*_, ast.Return() | ast.Raise()] as body, [_, *_] as orelse):
            return [ast.If(test, body, []), *orelse]
    return None


def _added(statement: ast.stmt, place: ast.expr) -> ast.expr | None:
    match statement:
        case ast.AugAssign(target, ast.Add(), value) if _same(target, place):
            return value
        case ast.Assign([target], ast.BinOp(left, ast.Add(), value)) if _same(target, place) and _same(left, place):
            return value
    return None


def _same(one: ast.AST, other: ast.AST) -> bool:
    return ast.unparse(one) == ast.unparse(other)


def _repeats(statement: ast.stmt) -> bool:
    return any(isinstance(node, ast.comprehension | ast.Lambda) for node in ast.walk(statement))


PAIRS: tuple[Pair, ...] = (returned_name, inlined, said_twice, one_return, moved_down)
SINGLES: tuple[Single, ...] = (added_to, counted_up, needless_else)

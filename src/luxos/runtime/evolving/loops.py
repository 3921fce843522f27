"""Rules of loops: most say by steps what one word says. Each is given what comes before the loop or after it, too."""

import ast
from copy import deepcopy

from luxos.runtime.evolving.statements import Pair, Put, Uses, named


def listed(first: ast.stmt, second: ast.stmt, names: Uses) -> list[ast.stmt] | None:
    """A list that a loop appends to is a comprehension."""
    match first, second:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.List(elts=[])), ast.For(orelse=[]):
            if (found := _loop(second)) is None:
                return None
            inner, generator = found
            match inner:
                case ast.Expr(ast.Call(ast.Attribute(ast.Name(id=same), "append"), [item], [])) if same == name:
                    if not any(named(each, name) for each in (item, *generator.ifs)):
                        return [ast.Assign([ast.Name(name)], ast.ListComp(item, [generator]))]
    return None


def only_new(first: ast.stmt, second: ast.stmt, names: Uses) -> list[ast.stmt] | None:
    """A list of what was not there yet is what a dict has as keys."""
    match first, second:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=ast.List(elts=[])),
            ast.For(
                target, iterated, [ast.If(ast.Compare(item, [ast.NotIn()], [ast.Name(id=known)]), [inner], [])], []
            ),
        ) if known == name:
            match inner:
                case ast.Expr(ast.Call(ast.Attribute(ast.Name(id=same), "append"), [more], [])) if same == name:
                    if ast.unparse(more) == ast.unparse(item):
                        parts = ast.ListComp(item, [ast.comprehension(target, iterated, [], 0)])
                        keys = ast.Call(ast.Attribute(ast.Name("dict"), "fromkeys"), [parts], [])
                        return [ast.Assign([ast.Name(name)], ast.Call(ast.Name("list"), [keys], []))]
    return None


def summed(first: ast.stmt, second: ast.stmt, names: Uses) -> list[ast.stmt] | None:
    """Numbers that a loop adds up are their `sum`; texts are joined."""
    match first, second:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=(0 | "") as begin)), ast.For(orelse=[]):
            if (found := _loop(second)) is None or isinstance(begin, bool):
                return None
            inner, generator = found
            match inner:
                case ast.AugAssign(ast.Name(id=same), ast.Add(), item) if same == name and not named(item, name):
                    parts = ast.ListComp(item, [generator])
                    joined = ast.Call(ast.Attribute(ast.Constant(""), "join"), [parts], [])
                    whole = ast.Call(ast.Name("sum"), [parts], []) if begin == 0 else joined
                    return [ast.Assign([ast.Name(name)], whole)]
    return None


def separated(first: ast.stmt, second: ast.stmt, names: Uses) -> list[ast.stmt] | None:
    """A text with something between its parts is joined by it."""
    match first, second:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant("")),
            ast.For(
                target, iterated, [ast.If(test, [ast.AugAssign(ast.Name(id=same), ast.Add(), between)], []), last], []
            ),
        ) if same == name:
            match last:
                case ast.AugAssign(ast.Name(id=again), ast.Add(), item) if again == name and _is_later(test, name):
                    parts = ast.ListComp(item, [ast.comprehension(target, iterated, [], 0)])
                    joined = ast.Call(ast.Attribute(between, "join"), [parts], [])
                    return [ast.Assign([ast.Name(name)], joined)]
    return None


def extreme(first: ast.stmt, second: ast.stmt, names: Uses) -> list[ast.stmt] | None:
    """A loop that keeps the larger of two is `max`, the smaller `min`."""
    match first, second:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=ast.Subscript(value=whole, slice=ast.Constant(0))),
            ast.For(
                _, _, [ast.If(ast.Compare(left, [kind], [right]), [ast.Assign([ast.Name(id=same)], item)], [])], []
            ),
        ) if same == name and isinstance(kind, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
            sides = [ast.unparse(left), ast.unparse(right)]
            if sorted(sides) != sorted([name, ast.unparse(item)]):
                return None
            larger = isinstance(kind, ast.Gt | ast.GtE) == (sides[1] == name)
            return [ast.Assign([ast.Name(name)], ast.Call(ast.Name("max" if larger else "min"), [whole], []))]
    return None


def flagged(first: ast.stmt, second: ast.stmt, names: Uses) -> list[ast.stmt] | None:
    """A loop that only finds out whether there is one may stop there."""
    match first, second:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(bool() as begin)),
            ast.For(
                target, iterated, [ast.If(test, [ast.Assign([ast.Name(id=same)], ast.Constant(bool() as end))], [])], []
            ),
        ) if same == name and begin is not end:
            stop = ast.If(test, [ast.Assign([ast.Name(name)], ast.Constant(end)), ast.Break()], [])
            return [first, ast.For(target, iterated, [stop], [])]
    return None


def any_of(first: ast.stmt, second: ast.stmt, names: Uses) -> list[ast.stmt] | None:
    """A loop that returns True for one, and False for none, is `any`; the other way round it is `not any`."""
    match first, second:
        case (
            ast.For(target, iterated, [ast.If(test, [ast.Return(ast.Constant(bool() as one))], [])], []),
            ast.Return(ast.Constant(bool() as none)),
        ) if one is not none:
            found = ast.Call(ast.Name("any"), [ast.ListComp(test, [ast.comprehension(target, iterated, [], 0)])], [])
            return [ast.Return(found if one else ast.UnaryOp(ast.Not(), found))]
    return None


def placed(first: ast.stmt, second: ast.stmt, names: Uses) -> list[ast.stmt] | None:
    """A loop that looks for a place in a list is its `index`."""
    match first, second:
        case (
            ast.For(
                ast.Name(id=number),
                ast.Call(ast.Name(id="range"), [ast.Call(ast.Name(id="len"), [whole], [])], []),
                [ast.If(ast.Compare(item, [ast.Eq()], [wanted]), [ast.Return(ast.expr() as found)], [])],
                [],
            ),
            ast.Return(ast.expr() as none),
        ) if ast.unparse(item) == f"{ast.unparse(whole)}[{number}]":
            place = ast.Call(ast.Attribute(whole, "index"), [wanted], [])
            there = Put(number, place).visit(deepcopy(found))
            return [ast.Return(ast.IfExp(ast.Compare(wanted, [ast.In()], [whole]), there, none))]
    return None


def counting(first: ast.stmt, second: ast.stmt, names: Uses) -> list[ast.stmt] | None:
    """`i = 0; while i < n: …; i += 1` is `for i in range(n)`."""
    match first, second:
        case (
            ast.Assign([ast.Name(id=name) as number], ast.Constant(int() as begin)),
            ast.While(ast.Compare(ast.Name(id=same), [ast.Lt()], [end]), [_, *_] as body, []),
        ) if same == name:
            last = body[-1]
            match last:
                case ast.AugAssign(ast.Name(id=again), ast.Add(), ast.Constant(1)) if again == name and body[:-1]:
                    bounds = [end] if begin == 0 else [ast.Constant(begin), end]
                    return [ast.For(number, ast.Call(ast.Name("range"), bounds, []), body[:-1], [])]
    return None


def apart(first: ast.stmt, second: ast.stmt, names: Uses) -> list[ast.stmt] | None:
    """A loop that does two things that know nothing of each other is two loops, each of which may be one word."""
    match second:
        case ast.For(target, iterated, [one, other], []):
            made = [_made(one), _made(other)]
            if all(made) and made[0] != made[1] and not named(one, made[1] or "") and not named(other, made[0] or ""):
                loops: list[ast.stmt] = [ast.For(target, iterated, [each], []) for each in (one, other)]
                return [first, *loops]
    return None


def by_item(first: ast.stmt, second: ast.stmt, names: Uses) -> list[ast.stmt] | None:
    """`for i in range(len(xs))` that only asks for `xs[i]` goes over the items."""
    match second:
        case ast.For(
            ast.Name(id=number),
            ast.Call(ast.Name(id="range"), [ast.Call(ast.Name(id="len"), [whole], [])], []),
            body,
            [],
        ):
            place, taken = f"{ast.unparse(whole)}[{number}]", _Items(f"{ast.unparse(whole)}[{number}]")
            if isinstance(whole, ast.Name) and "item" not in names and place:
                inside = [taken.visit(deepcopy(each)) for each in body]
                if taken.found and not any(named(each, number) for each in inside):
                    return [first, ast.For(ast.Name("item"), whole, inside, [])]
    return None


class _Items(ast.NodeTransformer):
    """Puts a name in the place of `xs[i]`."""

    def __init__(self, place: str) -> None:
        self._place, self.found = place, 0

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if isinstance(node.ctx, ast.Load) and ast.unparse(node) == self._place:
            self.found += 1
            return ast.Name("item")
        self.generic_visit(node)
        return node


def _made(statement: ast.stmt) -> str | None:
    """The name that a statement adds to."""
    match statement:
        case ast.AugAssign(ast.Name(id=name), ast.Add(), _):
            return name
        case ast.Expr(ast.Call(ast.Attribute(ast.Name(id=name), "append"), [_], [])):
            return name
    return None


def _is_later(test: ast.expr, text: str) -> bool:
    """Whether a test asks for anything but the first round."""
    match test:
        case ast.Name(id=name) if name == text:
            return True
        case ast.Compare(ast.Name(), [ast.Gt() | ast.NotEq()], [ast.Constant(0)]):
            return True
        case ast.Compare(ast.Name(id=name), [ast.NotEq()], [ast.Constant("")]) if name == text:
            return True
    return False


def _loop(loop: ast.For) -> tuple[ast.stmt, ast.comprehension] | None:
    """The one statement of a loop, and what a comprehension has of the loop."""
    match loop.body:
        case [ast.If(test, [inner], [])]:
            return inner, ast.comprehension(loop.target, loop.iter, [test], 0)
        case [inner]:
            return inner, ast.comprehension(loop.target, loop.iter, [], 0)
    return None


PAIRS: tuple[Pair, ...] = (
    *(listed, only_new, summed, separated, extreme, flagged, any_of),
    *(placed, counting, apart, by_item),
)

"""Rules for whole functions, which gain most: what is reckoned again is remembered, what is looked up is a set."""

import ast
from copy import deepcopy

from luxos.runtime.evolving.statements import named

Function = ast.FunctionDef | ast.AsyncFunctionDef
_KNOWN, _ONCE, _AGAIN = "known", "once", "again"


def remembered(function: Function) -> list[ast.stmt] | None:
    """The body of a function that remembers what it gave, for the length of a call.

    Nothing where it does not call itself twice, or takes more than names.
    """
    if isinstance(function, ast.AsyncFunctionDef):
        return None
    given, name = function.args, function.name
    plain = not (given.vararg or given.kwarg or given.kwonlyargs or given.posonlyargs or given.defaults)
    calls = sum(named(each, name) for each in function.body)
    if not plain or not given.args or calls < 2 or any(_has(each) for each in function.body):
        return None
    once = deepcopy(function)
    once.name, once.decorator_list, once.returns = _ONCE, [], None
    for node in ast.walk(once):
        if isinstance(node, ast.Name) and node.id == name:
            node.id = _AGAIN
    names = [each.arg for each in given.args]
    key = ", ".join(names) if len(names) == 1 else f"({', '.join(names)})"
    shown = ", ".join(names)
    text = (
        f"def {_AGAIN}({shown}):\n    if {key} not in {_KNOWN}:\n        {_KNOWN}[{key}] = {_ONCE}({shown})\n"
        f"    return {_KNOWN}[{key}]\n"
    )
    return [*ast.parse(f"{_KNOWN} = {{}}").body, once, *ast.parse(f"{text}return {_AGAIN}({shown})").body]


def in_a_set(function: Function) -> list[ast.stmt] | None:
    """What is asked again and again whether it has something, and nothing else, is a set; given a whole function."""
    for parameter in function.args.args:
        name, body = parameter.arg, [deepcopy(each) for each in function.body]
        asked = [
            node
            for each in body
            for loop in ast.walk(each)
            if isinstance(loop, ast.For | ast.While | ast.comprehension)
            for node in ast.walk(loop)
            if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn)
            if isinstance(node.comparators[0], ast.Name) and node.comparators[0].id == name
        ]
        if asked and sum(named(each, name) for each in body) == len({id(node) for node in asked}):
            known = ast.Assign([ast.Name(name)], ast.Call(ast.Name("set"), [ast.Name(name)], []))
            return [known, *body]
    return None


def _has(statement: ast.stmt) -> bool:
    """Whether the names that are put in are there already, or it does more than compute."""
    taken = any(named(statement, name) for name in (_KNOWN, _ONCE, _AGAIN))
    return taken or any(isinstance(node, ast.Global | ast.Nonlocal) for node in ast.walk(statement))

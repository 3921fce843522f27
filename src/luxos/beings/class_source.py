"""What a class's source defines: its methods, read with `ast` and never run."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from luxos.beings.errors import ClassUndefined
from luxos.beings.function_source import Function, Signature, parsed, signature_in

ENTRY = "Being"
"""The name of the class whose instances are meant, where a source defines several."""
_NO_METHODS = frozenset({"property", "cached_property", "setter", "getter", "deleter"})


@lru_cache(maxsize=256)
def class_in(source: str, name: str = "?") -> str:
    """The class of a source; `SourceInvalid`, or `ClassUndefined` where it does not say which. `name` is for these."""
    return _class(parsed(source, name), name).name


@lru_cache(maxsize=256)
def methods_in(source: str, name: str = "?") -> Mapping[str, Signature]:
    """The methods of its instances by their names, as they are called: without `self`.

    Those of classes that it inherits from are among them as far as they stand in the source; names that begin with `_`
    are the class's own business.
    """
    tree = parsed(source, name)
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    found = {node.name: node for node in _functions(_class(tree, name), classes, set())}
    return {called: _method(node, source) for called, node in found.items() if _is_called(node)}


def written_in(source: str, name: str = "?") -> frozenset[str]:
    """What its methods write of `self`; names that begin with `_` are the class's own business."""
    tree = parsed(source, name)
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    found = _functions(_class(tree, name), classes, set())
    return frozenset(written for node in found for written in _written(node) if not written.startswith("_"))


def _written(node: Function) -> Iterator[str]:
    """The attributes of its first argument that a method writes."""
    own = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)][:1]
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store):
            yield from (part.attr for name in own if isinstance(part.value, ast.Name) and part.value.id == name)


def _class(tree: ast.Module, name: str) -> ast.ClassDef:
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    if ENTRY in classes:
        return classes[ENTRY]
    if len(classes) != 1:
        raise ClassUndefined(name=name, count=len(classes))
    return next(iter(classes.values()))


def _functions(node: ast.ClassDef, classes: Mapping[str, ast.ClassDef], seen: set[str]) -> Iterator[Function]:
    """The functions of a class, those that replace others after them."""
    seen.add(node.name)
    for base in reversed(node.bases):
        if isinstance(base, ast.Name) and base.id in classes and base.id not in seen:
            yield from _functions(classes[base.id], classes, seen)
    yield from (part for part in node.body if isinstance(part, Function))


def _is_called(node: Function) -> bool:
    return not node.name.startswith("_") and not _decorators(node) & _NO_METHODS


def _method(node: Function, source: str) -> Signature:
    signature = signature_in(node, source)
    bound = signature.parameters[:1] if "staticmethod" not in _decorators(node) else ()
    by_place = bound and bound[0].kind in ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD")
    return replace(signature, parameters=signature.parameters[1:]) if by_place else signature


def _decorators(node: Function) -> set[str]:
    """The last words of what stands above a function."""
    named = (each.func if isinstance(each, ast.Call) else each for each in node.decorator_list)
    return {each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "") for each in named}

"""`docs/reference/python.md`: the public Python interface, from its signatures and docstrings."""

import inspect
import re
from collections.abc import Iterator
from importlib import import_module

HEAD = """# The Python interface

Written by `make docs` from the code itself. `await` everything that is marked `async`; wherever a `connection` can be
given, the call becomes part of that connection's transaction.
"""
PUBLIC = {
    "luxos": ("open",),
    "luxos.session": ("Lux",),
    "luxos.beings.being": ("BaseBeing",),
    "luxos.beings.function": ("FunctionBeing",),
    "luxos.beings.classes": ("ClassBeing",),
    "luxos.beings.task": ("TaskBeing",),
    "luxos.runtime.tasks.queue": ("Tasks",),
    "luxos.beings.factory": ("Factory",),
    "luxos.beings.relationship": ("RelationshipBeing",),
    "luxos.beings.channel": ("Channel",),
    "luxos.beings.message": ("MessageBeing",),
    "luxos.beings.memories": ("append", "history", "forget_before"),
    "luxos.beings.energy": ("spend", "gain", "level", "set_policy"),
    "luxos.beings.graph": ("neighbours", "reach", "around"),
    "luxos.beings.paths": ("shortest_path", "simple_paths"),
    "luxos.beings.analysis": ("influence", "communities", "cycles"),
    "luxos.beings.awareness": ("judge", "recompute"),
    "luxos.beings.kinds": ("load",),
    "luxos.beings.removal": ("delete", "restore", "purge_preview", "purge"),
    "luxos.souls.registry": ("Soul", "at"),
    "luxos.errors": ("LuxError",),
}
"""What is public, in the order of the page: names of each module."""
_CLASSES = {name for names in PUBLIC.values() for name in names}


def python_page() -> str:
    """The whole page; a name without a docstring is a fault that the check reports."""
    parts = [HEAD]
    for module, names in PUBLIC.items():
        for name in names:
            thing = getattr(import_module(module), name)
            parts.append(
                "\n".join(_class(name, thing) if inspect.isclass(thing) else _function(f"{module}.{name}", thing))
            )
    return "\n".join(parts)


def _class(name: str, thing: type) -> Iterator[str]:
    above = [base.__name__ for base in thing.__mro__[1:] if base.__name__ in _CLASSES]
    more = f" Everything of `{above[0]}`, and:" if above else ""
    yield f"## `{name}`\n\nfrom `{thing.__module__}`. {_documentation(thing, name)}{more}\n"
    for member, value in _members(thing):
        yield from _member(f"{name}.{member}", value)


def _members(thing: type) -> Iterator[tuple[str, object]]:
    """Public methods and properties that LuxOS itself defines, down to the next class that the page has."""
    seen: set[str] = set()
    for base in thing.__mro__:
        if base is not thing and base.__name__ in _CLASSES:
            return
        if not base.__module__.startswith("luxos") or base.__name__.startswith("_"):
            continue
        for member, value in vars(base).items():
            plain = value.__func__ if isinstance(value, classmethod | staticmethod) else value
            if member.startswith("_") or member in seen or not _is_documented(plain):
                continue
            seen.add(member)
            yield member, plain


def _is_documented(value: object) -> bool:
    return inspect.isfunction(value) or isinstance(value, property)


def _member(name: str, value: object) -> Iterator[str]:
    if isinstance(value, property):
        yield f"### `{name}`\n\n{_documentation(value.fget, name)}\n"
    else:
        yield from _function(name, value, level="###")


def _function(name: str, value: object, level: str = "##") -> Iterator[str]:
    kind = "async " if inspect.iscoroutinefunction(value) else ""
    yield f"{level} `{kind}{name}{_signature(value)}`\n\n{_documentation(value, name)}\n"


def _signature(value: object) -> str:
    found = inspect.signature(value)  # type: ignore[arg-type] # a function
    shown = [parameter for parameter in found.parameters.values() if parameter.name not in {"self", "cls"}]
    text = str(found.replace(parameters=shown))
    return re.sub(r"'([\w.\[\], |]+)'", r"\1", re.sub(r"\b(?:[a-z_]+\.)+([A-Z])", r"\1", text))


def _documentation(value: object, name: str) -> str:
    text = inspect.getdoc(value)
    if not text:
        raise SystemExit(f"{name} is public and has no docstring")
    return text

"""The YAML of a manifest, checked: each key, its value, and the line and reason where one is refused."""

import re
import sys
from collections.abc import Callable
from typing import Any

from luxos.kernel.sentences import KernelError

if sys.flags.no_site:  # the kernel runs with -S, and pays for the packages' folders here only
    import site

    site.main()

import yaml

Check = Callable[[str, yaml.Node], Any]
_REQUIRED = object()
_DEEPEST = 8


def check(text: str) -> dict[str, Any]:
    """The manifest as plain values, defaults filled in. Raises `KernelError` with line and reason."""
    try:
        _refuse_shapes(text)
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise KernelError("manifest.syntax", line=error.problem_mark.line + 1 if error.problem_mark else 1) from None
    except yaml.YAMLError:  # a letter that YAML does not allow; it does not say where
        raise KernelError("manifest.syntax", line=1) from None
    if root is None:
        raise KernelError("manifest.missing", line=1, key="zones")
    checked: dict[str, Any] = _mapping(_fields(set()))("manifest", root)
    return checked


def _refuse_shapes(text: str) -> None:
    """Refuses aliases, which make much out of little, and depths that no manifest has, before anything is built."""
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST or isinstance(event, yaml.AliasEvent):
            raise KernelError("manifest.syntax", line=_line(event))


def _mapping(fields: dict[str, tuple[Check, Any]]) -> Check:
    def checked(key: str, node: yaml.Node) -> dict[str, Any]:
        given = _pairs(key, node)
        for name, (_value, line) in given.items():
            if name not in fields:
                raise KernelError("manifest.unknown", line=line, key=name, choices=", ".join(fields))
        result = {}
        for name, (check_value, default) in fields.items():
            if name in given:
                result[name] = check_value(name, given[name][0])
            elif default is _REQUIRED:
                raise KernelError("manifest.missing", line=_line(node), key=name)
            else:
                result[name] = default
        return result

    return checked


def _pairs(key: str, node: yaml.Node) -> dict[str, tuple[yaml.Node, int]]:
    if not isinstance(node, yaml.MappingNode):
        raise _refused("kind", key, node, wanted="key: value")
    given: dict[str, tuple[yaml.Node, int]] = {}
    for name, value in node.value:
        text = _text("key", name)
        if text in given:
            raise _refused("duplicate", text, name)
        given[text] = (value, _line(name))
    return given


def _sequence(check_value: Check, least: int = 0) -> Check:
    def checked(key: str, node: yaml.Node) -> list[Any]:
        if not isinstance(node, yaml.SequenceNode) or len(node.value) < least:
            raise _refused("kind", key, node, wanted="[…]")
        return [check_value(key, value) for value in node.value]

    return checked


def _text(key: str, node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode) or "\0" in node.value:
        raise _refused("kind", key, node, wanted="text")
    return str(node.value)


def _matching(pattern: str) -> Check:
    def checked(key: str, node: yaml.Node) -> str:
        if re.fullmatch(pattern, text := _text(key, node)) is None:
            raise _refused("kind", key, node, wanted=pattern)
        return text

    return checked


def _name(taken: set[str]) -> Check:
    """A name that nobody has: two of one name would write the same files."""

    def checked(key: str, node: yaml.Node) -> str:
        text: str = _matching("[a-z][a-z0-9-]{0,31}")(key, node)
        if text in taken:
            raise _refused("duplicate", text, node)
        taken.add(text)
        return text

    return checked


def _one_of(*choices: str) -> Check:
    def checked(key: str, node: yaml.Node) -> str:
        if (text := _text(key, node)) not in choices:
            raise _refused("choice", key, node, choices=", ".join(choices))
        return text

    return checked


def _number(kind: type[int] | type[float], least: float, most: float) -> Check:
    def checked(key: str, node: yaml.Node) -> float:
        try:
            number = kind(_text(key, node))
        except ValueError:
            number = kind(least - 1)
        if not least <= number <= most:
            raise _refused("range", key, node, least=least, most=most)
        return number

    return checked


def _flag(key: str, node: yaml.Node) -> bool:
    return bool(_one_of("true", "false")(key, node) == "true")


def _texts(key: str, node: yaml.Node) -> dict[str, str]:
    return {name: _text(name, value) for name, (value, _line) in _pairs(key, node).items()}


def _line(node: yaml.Node | yaml.Event) -> int:
    return node.start_mark.line + 1 if node.start_mark else 1


def _refused(code: str, key: str, node: yaml.Node, **fields: object) -> KernelError:
    return KernelError(f"manifest.{code}", line=_line(node), key=key, **fields)


def _fields(taken: set[str]) -> dict[str, tuple[Check, Any]]:
    """Each key with its check and its default; `taken` collects the names."""
    component: dict[str, tuple[Check, Any]] = {
        "name": (_name(taken), _REQUIRED),
        "command": (_sequence(_text, least=1), _REQUIRED),
        "restart": (_one_of("permanent", "transient", "temporary"), "permanent"),
        "ready": (_number(float, 0.1, 3600), 30.0),
        "heartbeat": (_number(float, 0, 3600), 0.0),
        "shutdown": (_number(float, 0, 3600), 10.0),
        "environment": (_texts, {}),
        "spare": (_flag, False),
    }
    zone: dict[str, tuple[Check, Any]] = {
        "name": (_name(taken), _REQUIRED),
        "strategy": (_one_of("one_for_one", "rest_for_one", "one_for_all"), "one_for_one"),
        "intensity": (_number(int, 0, 1000), 5),
        "period": (_number(float, 0.1, 86400), 60.0),
        "components": (_sequence(_mapping(component)), _REQUIRED),
    }
    return {
        "mode": (_one_of("passive", "active", "strict"), "active"),
        "standby": (_flag, False),
        "zones": (_sequence(_mapping(zone), least=1), _REQUIRED),
    }

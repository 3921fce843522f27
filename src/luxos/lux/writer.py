"""Writes a `Program` as Lux text that `reader.read` reads back to the same program."""

import json
import re

from luxos.lux.program import VERSION, Program, Reference, Statement, Value

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_WORDS = frozenset({"true", "false", "null", "lux", "goal"})
_WIDTH = 100


def write(program: Program) -> str:
    """The text of the program: names aligned, long values over several lines."""
    lines = [f"lux {VERSION}"]
    if program.goal:
        lines.append(f"goal {_string(program.goal)}")
    lines.append("")
    width = max((len(statement.name) for statement in program.statements), default=0)
    lines.extend(_statement(statement, width) for statement in program.statements)
    return "\n".join(lines) + "\n"


def _statement(statement: Statement, width: int) -> str:
    head = f"{statement.name:<{width}} = {statement.verb}"
    values = [(None, value) for value in statement.positional] + list(statement.keywords.items())
    tail = f" AFTER {', '.join(statement.after)}" if statement.after else ""
    flat = ", ".join(_argument(name, _flat(value)) for name, value in values)
    if len(head) + len(flat) + len(tail) < _WIDTH:
        return f"{head} {flat}".rstrip() + tail
    room = _WIDTH - len(head) - 2
    return f"{head} " + ", ".join(_argument(name, _value(value, 1, room)) for name, value in values) + tail


def _argument(name: str | None, text: str) -> str:
    return text if name is None else f"{name}: {text}"


def _value(value: Value, depth: int, room: int = _WIDTH) -> str:
    flat = _flat(value)
    if len(flat) + 4 * depth < min(room, _WIDTH) or not isinstance(value, (list, dict)) or not value:
        return flat
    pad = "    " * depth
    if isinstance(value, list):
        items = [_value(item, depth + 1) for item in value]
        return "[\n" + "".join(f"{pad}{item},\n" for item in items) + "    " * (depth - 1) + "]"
    pairs = [f"{_key(key)}: {_value(item, depth + 1)}" for key, item in value.items()]
    return "{\n" + "".join(f"{pad}{pair},\n" for pair in pairs) + "    " * (depth - 1) + "}"


def _flat(value: Value) -> str:
    if isinstance(value, Reference):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(_flat(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)}: {_flat(item)}" for key, item in value.items()) + "}"
    if isinstance(value, str):
        return _string(value)
    return json.dumps(value, allow_nan=False)


def _key(key: str) -> str:
    return key if _NAME.fullmatch(key) and key not in _WORDS else _string(key)


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")

"""Reads the text of a Lux program (grammar.lark) into a `Program`."""

import json
import math
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput, v_args
from lark.lark import PostLex

from luxos.lux.errors import ArgumentMisplaced, NameTaken, ProgramUnreadable, VersionUnknown
from luxos.lux.program import VERSION, Program, Reference, Statement, Value

_DEEPEST = 64
_LONGEST = 1024
"""Bits of a whole number: as far as numbers with a point reach."""
_OPENING, _CLOSING = frozenset({"LSQB", "LBRACE"}), frozenset({"RSQB", "RBRACE"})


class _Lines(PostLex):
    """Lets a value go on over the end of a line inside brackets, and ends the last statement at the end of the text."""

    always_accept = ("_NL",)

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        depth = 0
        last: Token | None = None
        for token in stream:
            depth += (token.type in _OPENING) - (token.type in _CLOSING)
            if depth > _DEEPEST:
                raise _unreadable(token)
            if token.type == "_NL" and depth > 0:
                continue
            last = token
            yield token
        if last is not None and last.type != "_NL":
            yield Token.new_borrow_pos("_END", "", last)


@v_args(inline=True)
class _Build(Transformer[Token, Program]):
    """Turns the parse tree into the classes of program.py."""

    def string(self, token: Token) -> str:
        return _text(token)

    def number(self, token: Token) -> int | float:
        return _number(token)

    def true(self) -> bool:
        return True

    def false(self) -> bool:
        return False

    def null(self) -> None:
        return None

    @v_args(inline=False)
    def array(self, items: list[Value]) -> list[Value]:
        return items

    @v_args(inline=False)
    def mapping(self, pairs: list[tuple[Token, str, Value]]) -> dict[str, Value]:
        result: dict[str, Value] = {}
        for token, key, value in pairs:
            if key in result:
                raise NameTaken(line=token.line, name=key)
            result[key] = value
        return result

    def pair(self, token: Token, value: Value) -> tuple[Token, str, Value]:
        return token, (_text(token) if token.type == "STRING" else str(token)), value

    @v_args(inline=False)
    def reference(self, parts: list[Token]) -> Reference:
        return Reference(tuple(int(_number(part)) if part.type == "INTEGER" else str(part) for part in parts))

    def keyword(self, name: Token, value: Value) -> tuple[str, Value]:
        return str(name), value

    def positional(self, value: Value) -> tuple[None, Value]:
        return None, value

    @v_args(inline=False)
    def arguments(self, items: list[tuple[str | None, Value]]) -> list[tuple[str | None, Value]]:
        return items

    @v_args(inline=False)
    def after(self, names: list[Token]) -> tuple[str, ...]:
        return tuple(str(name) for name in names)

    def statement(self, name: Token | None, verb: Token, arguments: Any, after: Any) -> Statement:
        line = verb.line or 0
        keywords: dict[str, Value] = {}
        positional: list[Value] = []
        for key, value in arguments or ():
            if key is None and keywords:
                raise ArgumentMisplaced(line=line, verb=str(verb))
            if key is None:
                positional.append(value)
            elif key in keywords:
                raise NameTaken(line=line, name=key)
            else:
                keywords[key] = value
        own = str(name) if name else f"line_{line}"
        return Statement(own, str(verb), tuple(positional), keywords, after or (), line)

    def header(self, version: Token) -> None:
        if _number(version) != VERSION:
            raise VersionUnknown(line=version.line, known=VERSION, version=str(version))

    def goal(self, text: Token) -> str:
        return _text(text)

    @v_args(inline=False)
    def start(self, parts: list[Any]) -> Program:
        goal = next((part for part in parts if isinstance(part, str)), "")
        return Program(tuple(part for part in parts if isinstance(part, Statement)), goal)


def _text(token: Token) -> str:
    """What a string says; PostgreSQL's JSON, which keeps it, has neither NUL nor half a character."""
    try:
        text: str = json.loads(token)
        text.encode()
    except (ValueError, UnicodeEncodeError):
        raise _unreadable(token) from None
    if "\0" in text:
        raise _unreadable(token)
    return text


def _number(token: Token) -> int | float:
    """A number of the size that computers count with."""
    try:
        number: int | float = json.loads(token)
    except ValueError:
        raise _unreadable(token) from None
    if not math.isfinite(number) if isinstance(number, float) else number.bit_length() > _LONGEST:
        raise _unreadable(token)
    return number


def _unreadable(token: Token) -> ProgramUnreadable:
    return ProgramUnreadable(line=token.line, column=token.column, text=_shown(str(token)[:40]))


def _shown(text: str) -> str:
    """A piece of the program as it can be printed and kept."""
    return text.encode(errors="replace").decode().replace("\0", "\ufffd")


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = (Path(__file__).parent / "grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", postlex=_Lines(), maybe_placeholders=True)


def read(text: str) -> Program:
    """The program that the text says; `ProgramUnreadable` or a `ProgramInvalid` with the line where it says none."""
    from lark.exceptions import VisitError

    try:
        return _Build().transform(_parser().parse(text))
    except UnexpectedInput as error:
        near = error.get_context(text, span=20).splitlines()[0].strip() if error.pos_in_stream is not None else ""
        raise ProgramUnreadable(line=error.line, column=error.column, text=_shown(near)) from error
    except VisitError as error:
        raise error.orig_exc from None

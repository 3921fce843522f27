"""Reads the text of a Lux program (grammar.lark) into a `Program`."""

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput, v_args
from lark.lark import PostLex

from luxos.lux.errors import ArgumentMisplaced, NameTaken, ProgramUnreadable, VersionUnknown
from luxos.lux.program import VERSION, Program, Reference, Statement, Value

_DEEPEST = 64
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
                raise ProgramUnreadable(line=token.line, column=token.column, text=str(token))
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
        number: int | float = json.loads(token)
        return number

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
        return Reference(tuple(int(part) if part.type == "INTEGER" else str(part) for part in parts))

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
        if int(version) != VERSION:
            raise VersionUnknown(line=version.line, known=VERSION, version=str(version))

    def goal(self, text: Token) -> str:
        return _text(text)

    @v_args(inline=False)
    def start(self, parts: list[Any]) -> Program:
        goal = next((part for part in parts if isinstance(part, str)), "")
        return Program(tuple(part for part in parts if isinstance(part, Statement)), goal)


def _text(token: Token) -> str:
    try:
        text: str = json.loads(token)
        text.encode()
    except (ValueError, UnicodeEncodeError):
        raise ProgramUnreadable(line=token.line, column=token.column, text=str(token)[:40]) from None
    return text


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
        raise ProgramUnreadable(line=error.line, column=error.column, text=near) from error
    except VisitError as error:
        raise error.orig_exc from None

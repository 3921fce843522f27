"""Checks a program before any of it runs: every verb exists, every name is known, every argument fits its verb."""

import difflib
import inspect
from collections.abc import Mapping

from luxos.lux.errors import (
    ArgumentMissing,
    ArgumentUnfit,
    ArgumentUnknown,
    NameTaken,
    NameTooLong,
    NameUnknown,
    ProgramEmpty,
    VerbUnknown,
)
from luxos.lux.program import Program, Reference, Statement, Value
from luxos.runtime.arguments import unfit

Verbs = Mapping[str, inspect.Signature]
"""What each verb takes: the signature of its function without the context."""

_LONGEST_NAME = 100


def check(program: Program, verbs: Verbs) -> None:
    """Raises the first `ProgramInvalid`, in the order of the lines."""
    if not program.statements:
        raise ProgramEmpty(line=1)
    known: set[str] = set()
    for statement in program.statements:
        if statement.verb not in verbs:
            similar = difflib.get_close_matches(statement.verb, verbs, n=3, cutoff=0.4) or sorted(verbs)[:3]
            raise VerbUnknown(line=statement.line, verb=statement.verb, similar=", ".join(similar))
        if len(statement.name) > _LONGEST_NAME:
            raise NameTooLong(line=statement.line, name=statement.name[:20], most=_LONGEST_NAME)
        for name in sorted(statement.needs - known):
            raise NameUnknown(line=statement.line, name=name)
        if statement.name in known:
            raise NameTaken(line=statement.line, name=statement.name)
        known.add(statement.name)
        signature = verbs[statement.verb]
        for name, kind in unfit(bind(statement, signature), signature, pending=Reference):
            raise ArgumentUnfit(line=statement.line, verb=statement.verb, name=name, kind=kind)


def bind(statement: Statement, signature: inspect.Signature) -> dict[str, Value]:
    """The statement's values by the names of its verb's parameters."""
    parameters = list(signature.parameters.values())
    free = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    named = [parameter for parameter in parameters if parameter.kind is not parameter.VAR_KEYWORD]
    names = [parameter.name for parameter in named]
    line, verb = statement.line, statement.verb
    if len(statement.positional) > len(names):
        raise ArgumentUnknown(line=line, verb=verb, name=str(len(statement.positional)), known=", ".join(names) or "0")
    arguments = dict(zip(names, statement.positional, strict=False))
    for name, value in statement.keywords.items():
        if name in arguments:
            raise NameTaken(line=line, name=name)
        if name not in names and not free:
            raise ArgumentUnknown(line=line, verb=verb, name=name, known=", ".join(names) or "0")
        arguments[name] = value
    for parameter in named:
        if parameter.default is parameter.empty and parameter.name not in arguments:
            raise ArgumentMissing(line=line, verb=verb, name=parameter.name)
    return arguments

"""What a Lux program is: plain data, in the order of its lines."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

VERSION = 1


@dataclass(frozen=True)
class Reference:
    """The result of an earlier statement, or a part of it: `tests.coverage` is `("tests", "coverage")`."""

    path: tuple[str | int, ...]

    @property
    def statement(self) -> str:
        return str(self.path[0])

    def __str__(self) -> str:
        return ".".join(str(part) for part in self.path)


Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"] | Reference


@dataclass(frozen=True)
class Statement:
    """One step: what is called with what, under which name, and what must be done before."""

    name: str
    verb: str
    positional: tuple[Value, ...] = ()
    keywords: Mapping[str, Value] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    line: int = field(default=0, compare=False)

    @property
    def needs(self) -> frozenset[str]:
        """The names of the statements that must be done before this one."""
        values = [*self.positional, *self.keywords.values()]
        return frozenset(self.after).union(reference.statement for reference in references(values))


@dataclass(frozen=True)
class Program:
    """A plan: its goal in the person's words, and its statements."""

    statements: tuple[Statement, ...]
    goal: str = ""


def references(value: Value) -> Iterator[Reference]:
    """All references inside a value, in order."""
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from references(item)

"""Blueprints that the tests of both stacks build: every kind of field, few fields, names at their limits."""

from collections.abc import Sequence

from luxos.programmer.blueprint import KINDS, Blueprint, Field, Resource


def every_kind() -> tuple[Field, ...]:
    """A field of every kind that must be filled in, and one of every kind that need not."""
    wanted = [Field(f"a_{kind}", f"pole {kind.replace('_', ' ')}", kind) for kind in KINDS]
    free = [Field(f"b_{kind}", f"drugie {kind.replace('_', ' ')}", kind, required=False) for kind in KINDS]
    return (*wanted, *free)


def people(stack: str, class_name: str) -> Blueprint:
    """A small register, without any feature."""
    fields = (
        Field("imie", "imię", "text"),
        Field("nazwisko", "nazwisko", "text"),
        Field("born", "data urodzenia", "date", required=False),
        Field("active", "aktywna", "boolean", required=False),
    )
    resource = Resource("osoby", class_name, "osoba", "osoby", "osobę", "osób", fields)
    return Blueprint("rejestr", "Rejestr osób", stack, (resource,))


def longest(label: str, names: Sequence[str]) -> Resource:
    """The longest names that a resource may have, one label everywhere, and a field for each of the names."""
    title = Field("t" * 40, label, "text")
    fields = (
        Field(name, label, KINDS[index % len(KINDS)], required=index % 3 != 0) for index, name in enumerate(names)
    )
    return Resource("l" * 40, "L" * 40, label, label, label, label, (title, *fields))

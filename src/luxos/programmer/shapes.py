"""The shapes of what the steps of a build hand on to each other; a program that hands on anything else is refused."""

from typing import Literal, NotRequired, TypedDict

Stack = Literal["django", "fastapi"]


class FieldDesign(TypedDict):
    """`blueprint.Field` as JSON."""

    name: str
    label: str
    kind: str
    required: NotRequired[bool]


class ResourceDesign(TypedDict):
    """`blueprint.Resource` as JSON."""

    name: str
    class_name: str
    singular: str
    plural: str
    accusative: str
    genitive_plural: str
    fields: list[FieldDesign]


class Design(TypedDict):
    """`blueprint.Blueprint` as JSON: what DESIGN gives."""

    name: str
    title: str
    stack: Stack
    resources: list[ResourceDesign]
    features: NotRequired[list[str]]


class Packages(TypedDict):
    """What FETCH gives."""

    stack: Stack
    wheels: int
    folder: str


class Environment(TypedDict):
    """What INSTALL gives."""

    stack: Stack
    folder: str
    python: str


class Source(TypedDict):
    """What GENERATE and FORMAT give."""

    name: str
    stack: Stack
    files: list[str]

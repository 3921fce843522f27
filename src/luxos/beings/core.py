"""Static core beings: their UUIDs stand in the code, and their rows are written when the database is opened."""

import hashlib
import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal
from uuid import UUID

from luxos.beings.errors import CoreTaken
from luxos.beings.genesis import soul_hash
from luxos.beings.static import CLASSES, CORE_OWNER, STATIC
from luxos.persistence.json_codec import canonical
from luxos.persistence.queries import queries
from luxos.persistence.schema import SCHEMA_BEING
from luxos.version import __version__

Effects = Literal["none", "workspace", "external"]
_ANY_NUMBER = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclass(frozen=True)
class CoreFunction:
    """A function of this repository that the dispatcher calls: `await function(context, **arguments)`.

    `verb` is its word in Lux, and `None` where only other steps may call it; `effects` is what it may change: nothing,
    files of the workspace, or the world outside.
    """

    uuid: UUID
    alias: str
    verb: str | None
    effects: Effects
    function: Callable[..., Awaitable[Any]]
    makes: bool = False
    """Whether it makes a being, which is written with the record of its call."""

    @property
    def purpose(self) -> str:
        """The first line of the function's documentation."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    @property
    def genesis(self) -> dict[str, Any]:
        """What its row says. Its code is that of this release, so the release is part of the genotype."""
        return {
            "type": "function",
            "tier": "core",
            "name": self.alias,
            "verb": self.verb,
            "effects": self.effects,
            "permissions": [] if self.effects == "none" else [self.effects],
            "source": f"{self.function.__module__}:{self.function.__qualname__}",
            "requirements": [f"lux-os=={__version__}"],
            "purpose": self.purpose,
            "owner": CORE_OWNER,
        }

    @cached_property
    def soul_hash(self) -> str:
        """The hash of its genotype."""
        return soul_hash(self.genesis)

    @cached_property
    def signature(self) -> inspect.Signature:
        """What a caller gives: the function's signature without the context."""
        found = inspect.signature(self.function)
        return found.replace(parameters=list(found.parameters.values())[1:])

    @cached_property
    def positional(self) -> list[str]:
        """The names of what may be given without a name, in order."""
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        return [name for name, parameter in self.signature.parameters.items() if parameter.kind in kinds]

    @cached_property
    def _names(self) -> tuple[frozenset[str], frozenset[str]]:
        """Those of its arguments that must be given, and all of them."""
        parameters = self.signature.parameters.values()
        must = frozenset(one.name for one in parameters if one.default is one.empty and one.kind not in _ANY_NUMBER)
        return must, frozenset(one.name for one in parameters if one.kind not in _ANY_NUMBER)

    def takes(self, names: AbstractSet[str]) -> bool:
        """Whether arguments of these names are all that it needs and knows; a binding says what is wrong."""
        must, known = self._names
        return must <= names <= known


class CoreRegistry:
    """The core functions of this process, by UUID, by alias and by verb; `CoreTaken` where two claim the same."""

    def __init__(self, functions: Iterable[CoreFunction]) -> None:
        self.by_uuid: dict[UUID, CoreFunction] = {}
        self._by_alias: dict[str, CoreFunction] = {}
        self._by_verb: dict[str, CoreFunction] = {}
        for function in functions:
            self._add(function)

    def _add(self, function: CoreFunction) -> None:
        places: list[tuple[dict[Any, CoreFunction], Any]] = [
            (self.by_uuid, function.uuid),
            (self._by_alias, function.alias),
        ]
        if function.verb is not None:
            places.append((self._by_verb, function.verb))
        for place, name in places:
            if name in place or name in STATIC:
                raise CoreTaken(name=name)
        for place, name in places:
            place[name] = function

    def __iter__(self) -> Iterator[CoreFunction]:
        return iter(self.by_uuid.values())

    def __len__(self) -> int:
        return len(self.by_uuid)

    def find(self, who: str | UUID) -> CoreFunction | None:
        """The function with this UUID, alias or hash."""
        if isinstance(who, UUID):
            return self.by_uuid.get(who)
        if found := self._by_alias.get(who):
            return found
        try:
            return self.by_uuid.get(UUID(who))
        except ValueError:
            return next((function for function in self if function.soul_hash == who), None)

    def by_alias(self, alias: str) -> CoreFunction:
        """The function with this alias; `KeyError` where there is none."""
        return self._by_alias[alias]

    def by_verb(self, verb: str) -> CoreFunction:
        """The function with this word in Lux; `KeyError` where there is none."""
        return self._by_verb[verb]

    @cached_property
    def verbs(self) -> Mapping[str, inspect.Signature]:
        """What each verb takes."""
        return {verb: function.signature for verb, function in self._by_verb.items()}

    def named(self, callee: object, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of a call by their names; those that have none stand under the key `""`, as a list."""
        names = callee.positional if isinstance(callee, CoreFunction) else []
        named = dict(zip(names, args, strict=False))
        if doubled := named.keys() & kwargs.keys():
            raise TypeError(f"given twice: {', '.join(sorted(doubled))}")
        rest = list(args[len(named) :])
        return {**named, **kwargs, **({"": rest} if rest else {})}


async def write_core_beings(connection: Any, registry: CoreRegistry) -> None:
    """Has a row for every core being, so that steps can refer to it; does nothing where they are there already.

    A core being that this LuxOS does not have any more keeps its row, for what refers to it: its genesis says which
    LuxOS `retired` it, until one has it again.
    """
    rows = [{"soul": str(being.uuid), "genesis": being.genesis} for being in (*CLASSES, *registry)]
    digest = "sha256:" + hashlib.sha256(canonical(rows).encode()).hexdigest()
    if await connection.fetchval(queries()["core_digest"], SCHEMA_BEING) != digest:
        await connection.execute(queries()["write_core_beings"], rows, SCHEMA_BEING, digest, __version__)

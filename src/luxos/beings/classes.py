"""`ClassBeing`: a being that others are made by."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import uuid4

from luxos.beings.being import BaseBeing
from luxos.beings.class_source import methods_in
from luxos.beings.errors import KindTaken
from luxos.beings.function_source import Signature
from luxos.beings.genesis import soul_hash
from luxos.beings.instance import InstanceBeing
from luxos.beings.kinds import KEPT, kinds
from luxos.beings.typed import as_json, check_complete, declared


@dataclass(eq=False, kw_only=True)
class ClassBeing(BaseBeing):
    """A class: `genesis.attributes` declares what its instances have, `genesis.makes` is their `genesis.type`.

    An instance says in its genesis by which class it was made: `class` (the alias, or the UUID of a class that has
    none) and `class_hash`, and keeps the declarations of that moment. Where the class has a source, its instances have
    the methods of the class in it; `__init__` is not run, for an instance begins with its attributes.
    """

    kind: ClassVar[str | None] = "class"

    @classmethod
    def of(cls, name: str, attributes: Mapping[str, Any], **genesis: Any) -> "ClassBeing":
        """A class that is not saved yet; `GenotypeInvalid` for a declaration that is none."""
        whole = {"type": "class", "name": name, "attributes": deepcopy(dict(attributes)), **genesis}
        declared(whole)
        made = cls(genesis=whole)
        made.check_makes()
        made.methods  # noqa: B018 - it says what is wrong with a source
        return made

    @property
    def makes(self) -> str:
        """The `genesis.type` of its instances: its own name, unless `genesis.makes` says another."""
        return str(self.genesis.get("makes") or self.genesis.get("name") or "instance")

    @property
    def soul_hash(self) -> str:
        """The hash of what its instances are, whatever it is called."""
        return soul_hash(self.genesis)

    @property
    def methods(self) -> Mapping[str, Signature]:
        """The methods of its instances, as they are called; `SourceInvalid` where its source is none."""
        source = self.genesis.get("source")
        return methods_in(source, str(self.genesis.get("name", self.soul))) if isinstance(source, str) else {}

    @property
    def called(self) -> str:
        """What instances call it: its alias where it carries one, its UUID otherwise."""
        return str(self.genesis["name"]) if "soul_hash" in self.genesis and "name" in self.genesis else str(self.soul)

    def check_makes(self) -> None:
        """Raises `KindTaken` where its instances would be of a type that has a meaning of its own."""
        if self.makes in KEPT or self.makes in kinds():
            raise KindTaken(kind=self.makes)

    def new(
        self, given: Mapping[str, Any] | None = None, /, *, name: str | None = None, **attributes: Any
    ) -> InstanceBeing:
        """An instance that is not saved yet, see `make`."""
        self.check_makes()
        whole = as_json({**(given or {}), **attributes})
        if name is not None and "name" in declared(self.genesis):
            whole.setdefault("name", name)
        genesis: dict[str, Any] = {"type": self.makes, "class": self.called, "class_hash": self.soul_hash}
        if declarations := self.genesis.get("attributes"):
            genesis["attributes"] = deepcopy(declarations)
        if methods := self.methods:
            genesis["methods"] = list(methods)
        soul = uuid4()
        check_complete(soul, genesis, whole)
        return InstanceBeing(soul=soul, genesis={**genesis, **({"name": name} if name else {})}, attributes=whole)

    async def make(
        self,
        given: Mapping[str, Any] | None = None,
        /,
        *,
        name: str | None = None,
        connection: Any = None,
        **attributes: Any,
    ) -> InstanceBeing:
        """An instance with these attributes, and the defaults of those that are not given; saved.

        `given` is for attributes whose names are no words of Python, or are `connection`. Raises `AttributeMissing`,
        `AttributeUnfit` or `AttributeUndeclared`, and then nothing was written.
        """
        made = self.new(given, name=name, **attributes)
        await made.save(connection=connection)
        return made

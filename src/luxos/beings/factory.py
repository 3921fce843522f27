"""`Factory`: makes a being of any kind from its genesis."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from luxos.beings.being import BaseBeing
from luxos.beings.errors import GenotypeInvalid
from luxos.beings.kinds import class_of
from luxos.beings.typed import as_json


@dataclass(eq=False, kw_only=True)
class Factory(BaseBeing):
    """Makes beings; the core being of this name is its row."""

    kind: ClassVar[str | None] = "factory"

    @staticmethod
    def new(genesis: Mapping[str, Any], **fields: Any) -> BaseBeing:
        """A being that is not saved yet, of the class that `genesis.type` says; `fields` are those of `BaseBeing`."""
        if not isinstance(genesis.get("type"), str):
            raise GenotypeInvalid(field="type", reason="no_type")
        if isinstance(attributes := fields.get("attributes"), Mapping):
            fields["attributes"] = as_json(dict(attributes))
        return class_of(genesis)(genesis=dict(genesis), **fields)

    @classmethod
    async def make(cls, genesis: Mapping[str, Any], *, connection: Any = None, **fields: Any) -> BaseBeing:
        """The being, saved; what its genotype declares and nobody gave has its default."""
        being = cls.new(genesis, **fields)
        await being.save(connection=connection)
        return being

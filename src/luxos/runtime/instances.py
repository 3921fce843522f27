"""Methods of instances, as the dispatcher calls them: whose they are, what is run of them, which state they leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from luxos.beings.class_source import class_in
from luxos.beings.function_source import Signature
from luxos.beings.instance import InstanceBeing
from luxos.beings.typed import RESERVED, check_as, declared
from luxos.beings.values import encoded
from luxos.runtime.code import Method

if TYPE_CHECKING:
    from luxos.runtime.codes import Known


@dataclass(frozen=True)
class BoundMethod:
    """A method of an instance, with the code of the version of the class that made it."""

    instance: InstanceBeing
    name: str
    signature: Signature
    known: Known

    @property
    def soul(self) -> UUID:
        """The instance."""
        return self.instance.soul

    @property
    def soul_hash(self) -> str:
        """The version of its class."""
        return self.known.code.soul_hash

    @property
    def called(self) -> str:
        """What the audit log calls it: the name of the instance, or the beginning of its UUID, and its own."""
        return f"{self.instance.genesis.get('name') or str(self.soul)[:8]}.{self.name}"

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Those of the instance, its state among them."""
        return self.instance.attributes

    def method(self) -> Method:
        """What the tier is given, with the state in which it is called."""
        attributes = self.attributes
        kept = (declared(self.instance.genesis) or attributes).keys() - RESERVED
        state = {name: attributes[name] for name in attributes if name in kept}
        source = self.known.code.source
        return Method(class_in(source), self.name, state, sorted(kept), is_async=self.signature.is_async)


@dataclass(frozen=True)
class StateChange:
    """The attributes of an instance before a call of a method and after it, all of them."""

    soul: UUID
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @classmethod
    def of(cls, instance: InstanceBeing, method: Method, state: Mapping[str, Any]) -> StateChange | None:
        """What a method has changed, if anything; `AttributeUnfit`, `BeingInvalid` for what cannot be kept.

        What a tier says is not trusted: of the state, what is not declared is nothing.
        """
        before = instance.attributes
        kept = {name: state[name] for name in method.declared if name in state}
        after = {name: value for name, value in before.items() if name not in method.state} | kept
        if encoded("attributes", after) == encoded("attributes", before):
            return None
        if wanted := declared(instance.genesis):
            check_as(instance.soul, wanted, after)
        return cls(instance.soul, before, after)

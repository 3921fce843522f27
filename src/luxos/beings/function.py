"""`FunctionBeing`: a being that can be called; what runs it is the runtime, behind a protocol."""

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from luxos.beings.being import BaseBeing
from luxos.beings.errors import NotDispatched
from luxos.beings.function_source import Signature, signature_of
from luxos.beings.genesis import soul_hash
from luxos.beings.typed import declared

TIERS = ("core", "hermetic", "isolated")


class Dispatcher(Protocol):
    """`execution(who, *args)`: the one way to run anything."""

    async def __call__(self, who: Any, *args: Any, **kwargs: Any) -> Any: ...


@dataclass(eq=False, kw_only=True)
class FunctionBeing(BaseBeing):
    """A function: its code in `genesis.source`, where it runs in `genesis.tier`. `await being(…)` calls it."""

    kind: ClassVar[str | None] = "function"
    dispatcher: ClassVar[Dispatcher | None] = None
    """The runtime's dispatcher; `luxos.open()` sets it on `FunctionBeing`."""

    @classmethod
    def of(cls, name: str, source: str, **genesis: Any) -> "FunctionBeing":
        """A function that is not saved yet; `SourceInvalid` where its source is none. Nothing of it is run.

        LuxOS chooses where it runs, unless `genesis` says a `tier`; `luxos.open().summon` also registers its soul.
        """
        signature_of(source, name)
        whole = {"type": "function", "name": name, **genesis, "source": source}
        declared(whole)
        return cls(genesis=whole)

    @property
    def signature(self) -> Signature:
        """How it is called, as its source says; `SourceInvalid` where the source is none."""
        return signature_of(self.source, str(self.genesis.get("name", self.soul)))

    @property
    def source(self) -> str:
        """Its code."""
        return str(self.genesis["source"])

    @property
    def tier(self) -> str | None:
        """`core`, `hermetic` or `isolated`; nothing where it leaves that to LuxOS."""
        tier = self.genesis.get("tier")
        return tier if tier in TIERS else None

    @property
    def soul_hash(self) -> str:
        """The hash of what it does, whatever it is called."""
        return soul_hash(self.genesis)

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        dispatcher = FunctionBeing.dispatcher
        if dispatcher is None:
            raise NotDispatched(soul=self.soul)
        return await dispatcher(self, *args, **kwargs)

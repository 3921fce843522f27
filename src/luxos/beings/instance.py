"""`InstanceBeing`: what a class made. Its attributes are its state, and the methods of its class are its own."""

from dataclasses import dataclass
from typing import Any, ClassVar

from luxos.beings.being import BaseBeing
from luxos.beings.errors import NotDispatched
from luxos.beings.function import FunctionBeing
from luxos.beings.kinds import CLASS
from luxos.beings.record import Row
from luxos.beings.shared import Writing


@dataclass(eq=False, kw_only=True)
class InstanceBeing(BaseBeing):
    """An instance: `await counter.increment(2)` calls a method of the class's version that made it.

    A method sees the state that the row has, and what it leaves of the declared attributes is written with the record
    of the call. A method whose name a being has a meaning for (`save`, say) is called by `await being.call("save")`.
    """

    kind: ClassVar[str | None] = None

    @property
    def methods(self) -> list[str]:
        """The names of its methods."""
        return [str(name) for name in self.genesis.get("methods", ())]

    @property
    def class_hash(self) -> str:
        """The version of the class that made it."""
        return str(self.genesis[CLASS])

    async def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """Calls a method by its name, and gives its result."""
        return await InstanceMethod(self, name)(*args, **kwargs)

    def __getattr__(self, name: str) -> "InstanceMethod":
        if name in self.__dict__.get("genesis", {}).get("methods", ()):
            return InstanceMethod(self, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @classmethod
    def _is_kind(cls, row: Row) -> bool:
        return isinstance(row["genesis"], dict) and isinstance(row["genesis"].get(CLASS), str)

    async def _follow(self) -> None:
        """Becomes what the row is, unless it has changes of its own, which its next save writes."""
        async with Writing([self], None):
            now = self._checked()
            if self._loaded is None or self._changes(now) is None:
                self._turn_into(now, await self.load(self.soul))


@dataclass(frozen=True)
class InstanceMethod:
    """A method of an instance; whatever calls functions calls it too."""

    instance: InstanceBeing
    name: str

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls it; the instance has the new state then."""
        if FunctionBeing.dispatcher is None:
            raise NotDispatched(soul=self.instance.soul)
        result = await FunctionBeing.dispatcher(self, *args, **kwargs)
        await self.instance._follow()
        return result

"""`MessageBeing`: what was sent along a channel."""

from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID

from luxos.beings.being import BaseBeing


@dataclass(eq=False, kw_only=True)
class MessageBeing(BaseBeing):
    """A message; its attributes are `channel`, `seq` (from 1), `body`, and `key` where it was sent under one."""

    kind: ClassVar[str | None] = "message"

    connection: Any = field(default=None, init=False, repr=False)
    """While it is being received: the transaction in which the reader moves on, for all effects of the message."""

    @property
    def channel(self) -> UUID:
        """The channel that it was sent along."""
        return UUID(self.attributes["channel"])

    @property
    def seq(self) -> int:
        """Its number in the channel, from 1."""
        return int(self.attributes["seq"])

    @property
    def body(self) -> Any:
        """What was sent: any JSON value."""
        return self.attributes["body"]

    @property
    def sent_as(self) -> str | None:
        """The key under which it is sent once, however often it is sent."""
        key: str | None = self.attributes.get("key")
        return key

"""A connection that is lost between two statements, as when its process is killed there."""

from typing import Any


class Cut(Exception):
    """The process ends here."""


class Cutting:
    """A connection that breaks before its `allowed`-th statement."""

    def __init__(self, connection: Any, allowed: int) -> None:
        self._connection, self.allowed = connection, allowed

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._connection, name)
        if name not in {"execute", "fetch", "fetchrow", "fetchval"}:
            return method

        async def counted(*arguments: Any) -> Any:
            if self.allowed == 0:
                self._connection.terminate()
                raise Cut
            self.allowed -= 1
            return await method(*arguments)

        return counted

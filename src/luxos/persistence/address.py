"""Where a database answers: the embedded server's socket, or the DSN of another server."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit


@dataclass(frozen=True)
class Address:
    """`host` is the folder of a socket; with a `dsn` the other fields do not count, unless `database` is given."""

    host: str
    database: str
    role: str
    dsn: str | None = None

    @classmethod
    def of_dsn(cls, dsn: str) -> "Address":
        return cls("", "", "", dsn)

    def named(self, database: str) -> "Address":
        """The same server, another database."""
        return replace(self, database=database)

    @property
    def is_ours_alone(self) -> bool:
        """Whether nobody but this user can reach the server; on another one, whoever may connect hears all notices."""
        return self.dsn is None

    def arguments(self) -> dict[str, Any]:
        """What `asyncpg.connect` takes."""
        if self.dsn is None:
            return {"host": self.host, "port": 5432, "user": self.role, "database": self.database}
        return {"dsn": self.dsn} | ({"database": self.database} if self.database else {})

    @property
    def url(self) -> str:
        """The DSN, with its password."""
        if self.dsn is None:
            return f"postgresql:///{self.database}?host={quote(self.host)}&user={self.role}"
        if not self.database:
            return self.dsn
        parts = urlsplit(self.dsn)
        query = f"?{parts.query}" if parts.query else ""
        return f"{parts.scheme}://{parts.netloc}/{quote(self.database, safe='')}{query}"

    @property
    def shown(self) -> str:
        """The DSN without its password, for people."""
        try:
            parts = urlsplit(self.url)
            user = f"{parts.username}@" if parts.username else ""
            port = f":{parts.port}" if parts.port else ""
            return urlunsplit((parts.scheme, f"{user}{parts.hostname or ''}{port}", parts.path, "", ""))
        except ValueError:
            return "LUXOS_DSN"

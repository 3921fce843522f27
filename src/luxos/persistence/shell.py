"""The command behind `luxos psql`: PostgreSQL's own shell on the two tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

from luxos.persistence.address import Address
from luxos.persistence.binaries import wheel_binaries


@dataclass(frozen=True)
class Shell:
    """What to run; the server must be held (`serving`) for as long as it runs."""

    argv: list[str]
    environment: dict[str, str]


def psql(address: Address, environment: Mapping[str, str], arguments: Sequence[str] = ()) -> Shell:
    """The wheel's `psql` on a database; a password goes into the environment, where other users do not see it."""
    binaries = wheel_binaries()
    url, secret = _without_password(address.url)
    added = {"PGAPPNAME": "luxos psql", "PGTZ": "UTC", "PGCLIENTENCODING": "UTF8"}
    if secret:
        added["PGPASSWORD"] = secret
    return Shell([binaries.program("psql"), "--no-psqlrc", "-d", url, *arguments], {**environment, **added})


def _without_password(url: str) -> tuple[str, str | None]:
    parts = urlsplit(url)
    if parts.password is None:
        return url, None
    user, _, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}@{place}")), unquote(parts.password)

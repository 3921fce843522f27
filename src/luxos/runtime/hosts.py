"""Hosts that a soul's permissions name, as `host:api.nbp.pl:443`."""

import re
from collections.abc import Iterable

from luxos.runtime.errors.code import HostUnfit

HOST = "host:"
"""How such a permission begins."""
_NAME = re.compile(
    r"(?=.{1,253}:)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*:[1-9][0-9]{0,4}"
)
_LAST_PORT = 65_535


def hosts_of(who: str, permissions: Iterable[str]) -> tuple[str, ...]:
    """The hosts among permissions, `name:port` each, in order; `HostUnfit` for one that is not written so."""
    told = sorted(each.removeprefix(HOST) for each in permissions if each.startswith(HOST))
    for host in told:
        if not _NAME.fullmatch(host) or int(host.rpartition(":")[2]) > _LAST_PORT:
            raise HostUnfit(who=who, host=host[:100])
    return tuple(told)

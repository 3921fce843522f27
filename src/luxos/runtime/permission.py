"""The outermost wrapper: a call whose effect the run was not given leave for is refused before anything is written.

Stored code reaches the functions of LuxOS itself, reading ones too, only by permissions of its own, which name them;
and hosts as well, which the run has to grant too: by their names, or all that acts outside (`external`).
"""

from collections.abc import Awaitable, Collection
from collections.abc import Set as AbstractSet

from luxos.runtime.call import Call, Handler, Outcome
from luxos.runtime.errors.calls import PermissionRefused, PermissionUnnamed
from luxos.runtime.hosts import HOST

_FREE = "none"
OPEN = frozenset({"being.summon", "being.make"})
"""Functions that any stored code may call; they look after themselves."""


def permitted(handler: Handler, granted: AbstractSet[str]) -> Handler:
    """Lets calls pass that have no effect, or one that is in `granted`; what a step calls is held to the same."""

    def handle(call: Call) -> Awaitable[Outcome]:
        if call.effects != _FREE and call.effects not in granted and not _may_reach(call.hosts, granted):
            raise _refused(call, *(map(HOST.__add__, call.hosts) if call.hosts else [call.effects]))
        if not _is_open_to(call, granted):
            raise _refused(call, call.alias)
        return handler(call)

    return handle


def _refused(call: Call, *wanted: str) -> PermissionRefused:
    """The error that says how each permission that is wanted is granted."""
    told = {"step": call.step, "effect": ", ".join(wanted), "allow": " ".join(f"--allow {each}" for each in wanted)}
    caller = None if call.caller is None or call.stored is not None else call.caller.known
    if caller is not None and caller.permissions.isdisjoint(wanted):
        return PermissionUnnamed(**told, caller=caller.code.name)
    return PermissionRefused(**told)


def _may_reach(hosts: Collection[str], granted: AbstractSet[str]) -> bool:
    """Whether the run names all hosts that stored code names; where it grants everything outside, it need not."""
    return bool(hosts) and all(HOST + host in granted for host in hosts)


def _is_open_to(call: Call, granted: AbstractSet[str]) -> bool:
    """Whether the code that makes a call may reach what it calls."""
    if call.caller is None or call.stored is not None or call.alias in OPEN:
        return True
    return call.alias in call.caller.known.permissions and call.alias in granted

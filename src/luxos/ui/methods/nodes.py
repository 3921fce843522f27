"""Machines of one database: which there are, and the key that one hands over to another."""

from typing import Any

from luxos.boot import System
from luxos.runtime import nodes
from luxos.ui.methods.person import Person


async def node_enroll(system: System, person: Person, code: str | None) -> dict[str, Any]:
    """Asks for the key, or takes it, with the code that the machine said which handed it over; gives this machine."""
    await system.runtime()
    home = system.settings.home
    return (await (nodes.ask(home) if code is None else nodes.take(home, code))).as_json()


async def node_approve(system: System, person: Person, code: str) -> dict[str, Any]:
    """Hands the key of this machine over to another one: `{"status", "code"}`, the code by which that one takes it."""
    await system.runtime()
    return {"status": nodes.APPROVED, "code": nodes.shown(await nodes.approve(system.settings.home, code))}


async def node_list(system: System, person: Person) -> dict[str, Any]:
    """Every machine that asked: `{"nodes": [{code, name, status, here}]}`."""
    await system.runtime()
    return {"nodes": [node.as_json() for node in await nodes.known(system.settings.home)]}

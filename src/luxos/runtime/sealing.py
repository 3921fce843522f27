"""Sealing: the heads of runs that have ended go into the chain of the installation, many at a time.

All that a seal is made of is one transaction under the lock of the head of the chain: it is there whole or not at all.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from luxos.beings.damaged import reading
from luxos.beings.owner import system_user
from luxos.persistence.database import Database
from luxos.runtime.faultpoints import reach
from luxos.security.audit import beginning, link
from luxos.security.seals import CHAIN, ENDED, OpenAttempts, seal_id, state_of

MOST = 200
"""Runs in one seal."""


async def seal(database: Database, runs: Collection[UUID] | None = None) -> int:
    """Seals the runs that ended and are not sealed, all or these; gives how many. What somebody holds is left out."""
    sealed = 0
    while runs is None or runs:
        taken, more = await _seal_some(database, runs)
        sealed += taken
        if not more:
            break
    return sealed


async def _seal_some(database: Database, runs: Collection[UUID] | None) -> tuple[int, bool]:
    sql = database.queries
    async with database.pool.acquire() as connection, connection.transaction():
        head = await _locked_head(connection, sql)
        only = None if runs is None else list(runs)
        rows = await connection.fetch(sql["unsealed_runs"], only, ENDED, MOST)
        held = {row["soul"] for row in await connection.fetch(sql["held_runs"], [row["soul"] for row in rows])}
        free = [row for row in rows if row["soul"] not in held]
        if not free:
            return 0, False
        reach("seal.locked")
        await _append(connection, sql, head, await _entries(connection, sql, free))
    reach("seal.committed")
    return len(free), len(rows) == MOST


async def _locked_head(connection: Any, sql: Mapping[str, str]) -> dict[str, Any]:
    found = await connection.fetchval(sql["lock_seals"], CHAIN)
    if found is None:
        genesis = {"type": "audit_chain", "name": "audit chain", "nonce": uuid4().hex, **_born()}
        await connection.execute(sql["begin_seals"], CHAIN, genesis, {"chain": beginning(genesis)})
        found = await connection.fetchval(sql["lock_seals"], CHAIN)
    with reading(CHAIN):
        return {**found, "seq": int(found["seq"]), "hash": str(found["hash"])}


async def _entries(connection: Any, sql: Mapping[str, str], rows: Sequence[Any]) -> list[dict[str, Any]]:
    """What is sealed of each run."""
    souls = [row["soul"] for row in rows]
    newest = {row["run"]: row["link"] for row in await connection.fetch(sql["newest_links"], souls)}
    opened: dict[UUID, OpenAttempts] = defaultdict(OpenAttempts)
    for row in await connection.fetch(sql["open_attempts"], souls):
        opened[row["run"]].take(row["id"], row["genesis"], row["attempt"])
    entries = []
    for row in rows:
        head = _newer(row["attributes"]["chain"], newest.get(row["soul"]))
        entry = {
            "run": str(row["soul"]),
            "seq": head["seq"],
            "hash": head["hash"],
            "status": row["attributes"]["status"],
            "holder": row["attributes"].get("holder", ""),
            "state": state_of(row),
            "open": opened[row["soul"]].digests(),
        }
        entries.append({**entry, "head": head})
    return entries


def _newer(kept: Mapping[str, Any], newest: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return newest if newest is not None and newest["seq"] > kept["seq"] else kept


async def _append(connection: Any, sql: Mapping[str, str], head: Mapping[str, Any], runs: list[dict[str, Any]]) -> None:
    heads = [run.pop("head") for run in runs]
    number = int(head["seq"]) + 1
    genesis = {"type": "audit", "name": f"seal {number}", **_born()}
    attributes = {"action": "audit.seal", "parameters": {"runs": runs}, "status": "success"}
    chain = link(head, {"genesis": genesis, **attributes})
    attributes |= {"result": chain["hash"], "chain": chain}
    await connection.execute(sql["write_seal"], seal_id(number), genesis, attributes)
    reach("seal.written")
    await connection.execute(sql["write_seals_head"], CHAIN, chain)
    reach("seal.headed")
    await connection.execute(sql["mark_sealed"], [UUID(run["run"]) for run in runs], heads)
    reach("seal.marked")


def _born() -> dict[str, str]:
    return {"owner": system_user(), "created_at": datetime.now(UTC).isoformat(timespec="microseconds")}

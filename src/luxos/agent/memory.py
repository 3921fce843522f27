"""REFLECT: what a run leaves behind in the two tables, in one transaction: its end, the conversation, the project."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from luxos.agent.planner import Plan
from luxos.beings.being import BaseBeing
from luxos.beings.relationship import RelationshipBeing
from luxos.persistence.database import Database
from luxos.runtime.changes import Undone
from luxos.runtime.runs import Run
from luxos.runtime.steps import now


def project_soul(folder: object) -> UUID:
    """A project's identity is its folder."""
    return uuid5(NAMESPACE_URL, f"file://{folder}")


async def find_project(folder: object) -> BaseBeing | None:
    """The project that LuxOS made in a folder, unless that was undone."""
    being = await BaseBeing.find(project_soul(folder))
    return being if being is not None and being.attributes.get("status") == "made" else None


async def remember(
    database: Database, run: Run, response: str, attributes: Mapping[str, Any], project: Mapping[str, Any] | None
) -> None:
    """Ends a run: its attributes, the conversation, and the project that it made."""
    talk = BaseBeing(
        soul=uuid5(run.soul, "conversation"),
        tags=["conversation"],
        genesis={"type": "conversation", "run": str(run.soul), "created_at": now()},
        attributes={
            "user_input": run.goal,
            "ai_response": response,
            "intent": run.attributes.get("intent"),
            "context": {"run": str(run.soul), "assumptions": run.attributes.get("assumptions", [])},
        },
    )
    async with database.pool.acquire() as connection, connection.transaction():
        await connection.execute(database.queries["update_run"], run.soul, dict(attributes))
        known = await BaseBeing.find(talk.soul, connection=connection)
        if known is None:
            await talk.save(connection=connection)
            await _relate("about", run.soul, talk.soul, connection)
        else:
            known.attributes["ai_response"] = response
            await known.save(connection=connection)
        if project is not None:
            await _keep_project(run, project, connection)


async def _keep_project(run: Run, project: Mapping[str, Any], connection: Any) -> None:
    soul = project_soul(run.workspace)
    being = await BaseBeing.find(soul, connection=connection)
    if being is None:
        genesis = {"type": "project", "name": project["name"], "stack": project["stack"], "created_at": now()}
        being = BaseBeing(soul=soul, tags=["project", str(project["stack"])], genesis=genesis, attributes={})
    being.attributes.update({**project, "path": str(run.workspace), "run": str(run.soul), "status": "made"})
    await being.save(connection=connection)
    await _relate("made", run.soul, soul, connection)


async def forget(database: Database, run: Run, undone: Undone) -> None:
    """Ends an undone run in one transaction: its status, an audit entry, and the project as it was before it."""
    entry = BaseBeing(
        tags=["audit"],
        genesis={"type": "audit", "run": str(run.soul), "created_at": now()},
        attributes={
            "action": "run.undo",
            "parameters": {"run": str(run.soul)},
            "result": {"restored": len(undone.restored), "kept": list(undone.refused)},
            "status": "success",
        },
    )
    async with database.pool.acquire() as connection, connection.transaction():
        await connection.execute(database.queries["update_run"], run.soul, {"status": "undone"})
        await entry.save(connection=connection)
        being = await BaseBeing.find(project_soul(run.workspace), connection=connection)
        if being is not None and being.attributes.get("run") == str(run.soul):
            being.attributes.update(run.attributes.get("replaces") or {"status": "undone"})
            await being.save(connection=connection)


async def _relate(kind: str, source: UUID, target: UUID, connection: Any) -> None:
    identity = uuid5(source, f"{kind} {target}")
    if await RelationshipBeing.find(identity, connection=connection) is None:
        relationship = RelationshipBeing(
            id=identity,
            tags=[kind],
            source_soul=source,
            target_soul=target,
            genesis={"type": kind, "created_at": now()},
            attributes={},
        )
        await relationship.save(connection=connection)


def run_attributes(plan: Plan) -> dict[str, Any]:
    """What a run knows of its plan from the beginning."""
    return {
        "intent": plan.intent,
        "confidence": plan.confidence,
        "assumptions": [asdict(assumption) for assumption in plan.assumptions],
        "project": dict(plan.project) if plan.project else None,
        "permissions": ["workspace"],
    }

"""What the views show of beings and steps."""

from luxos.beings.being import BaseBeing
from luxos.beings.relationship import RelationshipBeing
from luxos.persistence.database import Database


async def test_projects_conversations_and_knowledge(database: Database) -> None:
    project = BaseBeing(
        genesis={"type": "project", "name": "todo"}, attributes={"path": "/home/ola/todo", "stack": "django"}
    )
    talk = BaseBeing(
        genesis={"type": "conversation"},
        attributes={"user_input": "Zbuduj", "ai_response": "Gotowe", "intent": "CREATE_APP", "context": {"a": [1]}},
    )
    known = BaseBeing(
        genesis={"type": "knowledge"},
        attributes={"type": "pattern", "content": "treść"},
        tags=["a", "b"],
        embedding=[1.0, 2.0],
    )
    for being in (project, talk, known):
        await being.save()
    shown = await database.pool.fetchrow("SELECT * FROM projects")
    assert tuple(shown) == (project.soul, "todo", "/home/ola/todo", project.created_at, {"stack": "django"})
    shown = await database.pool.fetchrow("SELECT * FROM conversations")
    assert tuple(shown) == (talk.soul, talk.created_at, "Zbuduj", "Gotowe", "CREATE_APP", {"a": [1]})
    shown = await database.pool.fetchrow(
        "SELECT id, type, content, embedding::text, tags, created_at FROM knowledge_base"
    )
    assert tuple(shown) == (known.soul, "pattern", "treść", "[1,2]", "a,b", known.created_at)


async def test_the_audit_log_shows_steps_and_audit_beings(database: Database) -> None:
    run, callee = BaseBeing(genesis={"type": "run"}), BaseBeing(genesis={"type": "function"})
    audit = BaseBeing(
        genesis={"type": "audit"},
        attributes={"action": "login", "parameters": {"a": 1}, "result": "ok", "status": "success"},
    )
    for being in (run, callee, audit):
        await being.save()
    states = {
        "started": ({}, None, "started"),
        "done": ({"result": {"files": 2}}, '{"files": 2}', "success"),
        "done twice": ({"status": "done", "result": "tekst", "error": None}, "tekst", "success"),
        "failed": ({"error": {"code": "x"}}, '{"code": "x"}', "error"),
        "unknown": ({"result": None, "error": "?"}, "?", "error"),
    }
    for status, (more, _, _) in states.items():
        await RelationshipBeing(
            source_soul=run.soul,
            target_soul=callee.soul,
            genesis={"type": "step", "call": status},
            attributes={"status": status, "arguments": {"n": 1}, **more},
        ).save()
    await RelationshipBeing(source_soul=run.soul, target_soul=callee.soul, genesis={"type": "made"}).save()
    rows = await database.pool.fetch("SELECT action, parameters, result, status FROM audit_log")
    assert {row["action"]: tuple(row)[1:] for row in rows} == {
        "login": ({"a": 1}, "ok", "success"),
        **{name: ({"n": 1}, result, shown) for name, (_, result, shown) in states.items()},
    }

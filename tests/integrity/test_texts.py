"""A text that somebody changed with psql, and left a text: which checks find it, and where none can."""

import random
from typing import Any

from tests.integrity.test_hostile import Change, ask, named, opened, past_everything, rows_of_each_kind
from tests.plugins.sampling import WHOLE

from luxos.boot import System
from luxos.persistence.database import Database

__all__ = ["opened"]  # a fixture
CHECKS: dict[str, dict[str, Any]] = {
    "check_database": {},
    "soul_validate": {"name": None},
    "audit_verify": {"run": None, "anchor": None},
}
EVERY, SOUL, CHECK, AUDIT = set(CHECKS), {"check_database", "soul_validate"}, {"check_database"}, {"audit_verify"}
VALIDATE, RUN, NOBODY = {"soul_validate"}, CHECK | AUDIT, set[str]()
FOUND: dict[str, set[str]] = {
    "function soul genesis source": SOUL,
    "function soul genesis name": VALIDATE,
    "function soul genesis owner": VALIDATE,
    "function genesis source": SOUL,
    "class soul genesis source": SOUL,
    "soul_group soul genesis members even": SOUL,
    "alias alias attributes hash": SOUL,
    "alias alias memories 0 hash": SOUL,
    "environment environment attributes souls double": VALIDATE,
    "manifest manifest genesis manifest change alias": VALIDATE,
    "signing_key signing_key genesis public_key": VALIDATE,
    "counter genesis class_hash": CHECK,
    "imported_soul imported_soul genesis new_hash": CHECK,
    "imported_soul imported_soul genesis old_hash": CHECK,
    "promotion promotion genesis to": CHECK,
    "promotion promotion genesis from": CHECK,
    "promotion promotion attributes status": CHECK,
    "task task attributes status": CHECK,
    "message message attributes channel": CHECK,
    "run run genesis goal": RUN,
    "run run attributes workspace": RUN,
    "step step genesis name": RUN,
    "step step attributes status": RUN,
    "audit seal attributes chain hash": RUN,
    "note note genesis name": NOBODY,
    "note note memories 0 kind": CHECK,  # the first says that there were earlier ones
    "function genesis name": NOBODY,
    "counter genesis name": NOBODY,
    "task task genesis who": NOBODY,
    "schedule schedule genesis cron": NOBODY,
    "channel channel genesis name": NOBODY,
    "conversation conversation attributes user_input": NOBODY,
    "project project django genesis name": NOBODY,
    "node node genesis name": NOBODY,
}
"""By kind, tags, column and place."""
OTHERWISE = {"soul_group", "audit"}
"""What is not named by its row: by its hash, and by its number."""


async def test_a_changed_text_is_found_where_something_was_reckoned_from_it(opened: System, database: Database) -> None:
    rows = {" ".join(str(part) for part in (row["genesis"].get("type"), *(row["tags"] or ()))): (table, row)
            for table, row in await rows_of_each_kind(database)}  # fmt: skip
    wrong = []
    for place in FOUND if WHOLE else random.sample(list(FOUND), 2):
        change = changed(place, rows)
        await past_everything(database, change, change.changed())
        told = {name: await ask(opened, name, given) for name, given in CHECKS.items()}
        await past_everything(database, change, change.row[change.column])
        found = {name for name, each in told.items() if each["status"] != "whole"}
        silent = "check_database" in found and not named(change, told["check_database"])
        if found != FOUND[place] or (silent and change.row["genesis"]["type"] not in OTHERWISE):
            wrong.append((place, sorted(found)))
    assert not wrong, "\n".join(map(str, wrong))


def changed(place: str, rows: dict[str, tuple[str, dict[str, Any]]]) -> Change:
    """The change that a place means: its text has a letter more."""
    kind = next(kind for kind in sorted(rows, key=len, reverse=True) if place.startswith(f"{kind} "))
    table, row = rows[kind]
    column, *keys = place.removeprefix(f"{kind} ").split()
    path = tuple(int(key) if key.isdigit() else key for key in keys)
    value = row[column]
    for key in path:
        value = value[key]
    assert isinstance(value, str), place
    return Change(table, row, column, path, f"{value}x")

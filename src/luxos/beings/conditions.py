"""A statement that finds beings, put together from the named parts of sql/parts/find.sql; values are always bound."""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import asyncpg

from luxos.beings.errors import FilterInvalid
from luxos.beings.filter import Comparison, Filter
from luxos.beings.jsonpath import Asked, asked
from luxos.beings.kinds import KEPT
from luxos.beings.record import without_zone
from luxos.i18n import N_
from luxos.persistence.queries import parts, queries

HIDDEN_TAGS = ("tombstone", "soul", "alias", "core")
HIDDEN_KINDS = (*sorted(KEPT), "message")
"""What LuxOS keeps for itself among the beings."""
_ARGUMENT = re.compile(r"\$(\d+)")
_COLUMNS = re.compile(r"SELECT\s+(.*?)\s+FROM", re.DOTALL)


class Statement:
    """A statement that grows by named parts, whose arguments are counted on."""

    def __init__(self, head: str, dimension: int = 0) -> None:
        self.arguments: list[Any] = []
        self._dimension = str(dimension)
        self._parts = [self._filled(parts()[head]).replace("{columns}", columns())]

    @property
    def text(self) -> str:
        return "\n".join(self._parts)

    def bind(self, *values: Any) -> None:
        """Gives the head its arguments."""
        self.arguments += values

    def add(self, name: str, *values: Any) -> None:
        """Adds a part with its arguments."""
        before = len(self.arguments)
        text = _ARGUMENT.sub(lambda match: f"${int(match[1]) + before}", parts()[name])
        self._parts.append(self._filled(text))
        self.arguments += values

    def _filled(self, text: str) -> str:
        return text.replace("{dimension}", self._dimension).replace("{words}", parts()["find_words"])


@lru_cache(maxsize=1)
def columns() -> str:
    """What a being is made of, as `load_beings` reads it."""
    found = _COLUMNS.match(queries()["load_beings"])
    assert found is not None  # noqa: S101 - it is a query of ours
    return found[1]


async def conditions(statement: Statement, wanted: Filter, connection: Any) -> None:
    """Adds what the filter wants; the statement is planned for its very values, which are spread unevenly.

    PostgreSQL looks at conditions of one cost in their order: numbers come first, and what most rows pass comes last.
    """
    statement.add("find_for_values", True)
    for name, value in (*_bounds(wanted), *_contained(wanted)):
        statement.add(name, value)
    for one in wanted.where:
        if one.operator != "=":  # only equality is looked up in the index by itself
            statement.add("find_key", one.attribute[0])
        statement.add("find_path", jsonpath(one))
    if wanted.path is not None:
        predicate, asking = await read_path(wanted.path, connection)
        for key in asking.keys:
            statement.add("find_key", key)
        statement.add("find_predicate" if predicate else "find_path", wanted.path)
    if wanted.text is not None:
        statement.add("find_text", await words(wanted.text, connection))
    if wanted.near is not None:
        statement.add("find_near")
    for name, value in _left_out(wanted):
        statement.add(name, value)


def _bounds(wanted: Filter) -> list[tuple[str, Any]]:
    """Between what the energy and the moment of creation lie, where that is said."""
    low, high = wanted.energy or (None, None)
    first, last = wanted.created or (None, None)
    bounds = [
        ("find_energy_from", low),
        ("find_energy_to", high),
        ("find_created_from", without_zone(first)),
        ("find_created_to", without_zone(last)),
    ]
    return [(name, value) for name, value in bounds if value is not None]


def _contained(wanted: Filter) -> list[tuple[str, Any]]:
    """What tags, attributes and genesis contain, where that is said."""
    named = {"type": wanted.kind, "owner": wanted.owner, "name": wanted.name}
    genesis = [dict(wanted.genesis), {key: value for key, value in named.items() if value is not None}]
    found = [
        ("find_tags", list(wanted.tags)),
        ("find_any_tags", list(wanted.any_tags)),
        ("find_attributes", dict(wanted.attributes)),
        *(("find_genesis", part) for part in genesis),
    ]
    return [(name, value) for name, value in found if value]


def _left_out(wanted: Filter) -> list[tuple[str, Any]]:
    """What no being that is found has."""
    tags, kinds = _hidden(wanted)
    found = [("find_without_tags", [*wanted.without_tags, *tags]), ("find_without_kinds", kinds)]
    return [(name, value) for name, value in found if value]


def _hidden(wanted: Filter) -> tuple[list[str], list[str]]:
    """The tags and the kinds that are left out: all of the system's but those that the filter names."""
    asked = {*wanted.tags, *wanted.any_tags, wanted.kind, wanted.genesis.get("type") and str(wanted.genesis["type"])}
    if wanted.kind is not None:
        asked.add("core")
    tags = [tag for tag in HIDDEN_TAGS if tag not in asked and not (tag == "tombstone" and wanted.deleted)]
    if wanted.system:
        return [tag for tag in tags if tag == "tombstone"], []
    return tags, [kind for kind in HIDDEN_KINDS if kind not in asked]


def jsonpath(one: Comparison) -> str:
    """A comparison as PostgreSQL reads it: what the attribute is, and which of its values will do."""
    steps = "".join("." + json.dumps(name, ensure_ascii=False) for name in one.attribute)
    operator = "==" if one.operator == "=" else one.operator
    return f"${steps} ? (@ {operator} {json.dumps(one.value, ensure_ascii=False)})"


async def read_path(path: str, connection: Any) -> tuple[bool, Asked]:
    """Whether a jsonpath says yes or no, or finds something, and what it asks; `FilterInvalid` where it is none."""
    try:
        async with connection.transaction():
            row = await connection.fetchrow(queries()["filter_path"], path)
    except (asyncpg.DataError, asyncpg.SyntaxOrAccessError, asyncpg.FeatureNotSupportedError) as error:
        raise FilterInvalid(part=path, reason=N_("PostgreSQL cannot read this jsonpath")) from error
    return bool(row["predicate"]), asked(row["path"])


async def words(text: str, connection: Any) -> str:
    """The query for the words of a text; `FilterInvalid` where it has none."""
    found: str | None = await connection.fetchval(queries()["filter_words"], text)
    if found is None:
        raise FilterInvalid(part=text[:80], reason=N_("there is no word in it"))
    return found


def near_text(vector: Sequence[float]) -> str:
    """The text that pgvector reads."""
    return "[" + ",".join(map(repr, vector)) + "]"

"""Whether everything in the database is as it was written: what `luxos db check` asks.

Each check reads the tables only, changes nothing, and yields what does not fit; none at all is good news.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from luxos.i18n import N_, _
from luxos.persistence.database import Database


@dataclass(frozen=True)
class Fault:
    """Something that does not fit: the `rule` that is broken, `who` breaks it, and what was `wanted` and `found`.

    Of a rule that is not one of `RULES`, `found` is the sentence.
    """

    rule: str
    who: str
    wanted: str = ""
    found: str = ""

    def __str__(self) -> str:
        words = RULES.get(self.rule)
        return _(words).format(who=self.who, wanted=self.wanted, found=self.found) if words else self.found


RULES = {
    "schema": N_("The {who} is {found}: it is not as this LuxOS makes it."),
    "shape": N_("{who}: a column holds a value of the wrong kind."),
    "unreadable": N_("{who}: a column is nested too deep, or has a number of thousands of digits."),
    "owner": N_("{who}: nobody owns it."),
    "source": N_("The relationship {who} comes from a being that is not there."),
    "target": N_("The relationship {who} leads to a being that is not there."),
    "kind": N_("{who}: {wanted} is not there, or not what LuxOS writes."),
    "class": N_("The instance {who} is of a version of its class that is not there: {found}."),
    "hash": N_("{who}: {wanted} names a soul that is not there, or another one than it came with: {found}."),
    "channel": N_("The message {who} is of a channel that is not there."),
    "entry": N_("{who}: entry {found} of its memories is none."),
    "gap": N_("{who}: memory {wanted} should follow, and memory {found} does."),
    "chapter": N_("{who}: a chapter should hold {wanted} memories, and holds {found}."),
    "window": N_("{who}: {wanted} memories went into chapters, and the window says {found}."),
    "soul_version": N_("The version {who} is not what its hash says."),
    "soul_group": N_("The group of souls {who} is not what its hash says."),
    "soul_alias": N_("The alias {who} names a version or a being that does not fit it."),
    "soul_carrier": N_("The being {who} does not have the genotype whose hash it bears."),
    "soul_dependency": N_("The version {who} pins a soul that is not there."),
}


async def schema(database: Database) -> AsyncIterator[Fault]:
    """Tables, indexes and views are those of this LuxOS."""
    from luxos.persistence.drift import drift

    async with database.pool.acquire() as connection:
        for found in await drift(connection):
            yield Fault("schema", f"{found.kind} {found.name}", found=found.what)


async def rows(database: Database) -> AsyncIterator[Fault]:
    """Rows have the shapes that the code gives them, and both ends of every relationship are there."""
    for query in ("check_shapes", "check_readable", "check_ends", "check_kinds"):
        async for fault in _asked(database, query):
            yield fault


async def memories(database: Database) -> AsyncIterator[Fault]:
    """The chapters of every being follow without a gap, the window goes on where they end, and all are memories."""
    for query in ("check_memories", "check_entries"):
        async for fault in _asked(database, query):
            yield fault


async def souls(database: Database) -> AsyncIterator[Fault]:
    """Every version, group, alias and pin is what its hash says."""
    from luxos.souls.checking import damaged

    async with database.pool.acquire() as connection:
        async for damage in damaged(connection=connection):
            yield Fault(f"soul_{damage.kind}", damage.name)


async def runs(database: Database) -> AsyncIterator[Fault]:
    """The audit chain of every run is whole, and that of the installation; what `luxos audit verify` says."""
    from luxos.runtime.verifying import verify
    from luxos.security.findings import Finding

    async for found in verify(database):
        if isinstance(found, Finding):
            yield Fault(found.rule, found.run[:8], found=str(found))


async def _asked(database: Database, query: str) -> AsyncIterator[Fault]:
    """The rows of a query that looks for what must not be, one at a time."""
    async with database.pool.acquire() as connection, connection.transaction(readonly=True):
        async for row in connection.cursor(database.queries[query]):
            yield Fault(
                row["rule"],
                str(row["who"]),
                *("" if row[key] is None else str(row[key]) for key in ("wanted", "found")),
            )


Check = Callable[[Database], AsyncIterator[Fault]]
CHECKS: dict[str, tuple[Check, str]] = {
    "schema": (schema, N_("tables, indexes and views")),
    "rows": (rows, N_("shapes of rows, ends of relationships")),
    "memories": (memories, N_("chapters of memories")),
    "souls": (souls, N_("hashes of souls, and what they pin")),
    "runs": (runs, N_("audit chains")),
}
"""Every check, and what it is called before a person."""

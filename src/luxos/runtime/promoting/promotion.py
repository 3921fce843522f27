"""A promotion as a being: what an alias is to become, on which terms, and how that goes.

    shadowing → watched → kept
        ↘ different, slower    ↘ back
    shadowing, watched → overtaken (somebody gave the alias another version), stopped (a person ended it)

The living being of the alias names the promotion that goes on in `genesis.followed`, so a call knows of it from what it
reads anyway. All changes of a status are made under the lock of the alias; only counts are added without it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, Self, get_args
from uuid import UUID

from luxos.beings.being import BaseBeing
from luxos.beings.damaged import reading
from luxos.persistence.queries import queries
from luxos.runtime.promoting.terms import Terms
from luxos.souls.aliases import Alias
from luxos.souls.evolution import load_living
from luxos.souls.versions import FOLLOWED

KIND = "promotion"
Status = Literal["shadowing", "watched", "kept", "different", "slower", "back", "overtaken", "stopped"]
GOES_ON = frozenset({"shadowing", "watched"})


@dataclass(frozen=True)
class Promotion:
    """A promotion as its row says it."""

    row: BaseBeing

    @classmethod
    async def find(cls, soul: UUID, *, connection: Any = None) -> Self | None:
        """The promotion with this UUID, or `None`; `BeingDamaged` where its row is not what LuxOS writes."""
        row = await BaseBeing.find(soul, connection=connection)
        if row is None or row.genesis.get("type") != KIND:
            return None
        with reading(soul):
            return cls(row)._checked()

    def _checked(self) -> Self:
        """Itself; a `TypeError`, or what reading it raises, where its row does not say what a promotion has to."""
        told = self.row.attributes
        numbers = [*asdict(self.terms).values(), *(told[name] for name in ("equal", "unsure", "slow"))]
        texts = [*(self.row.genesis[name] for name in ("name", "from", "to")), told["status"], told.get("since", "")]
        fits = [type(number) in (int, float) for number in numbers] + [isinstance(text, str) for text in texts]
        if not all(fits) or told["status"] not in get_args(Status) or not isinstance(told["differences"], list):
            raise TypeError(KIND)
        if "since" in told:
            datetime.fromisoformat(told["since"])
        return self

    @classmethod
    async def going_on(cls, alias: Alias, connection: Any) -> Self | None:
        """The promotion of an alias that goes on, or `None`."""
        living = await load_living(alias, connection)
        told = None if living is None else living.genesis.get(FOLLOWED)
        found = await cls.find(UUID(str(told)), connection=connection) if told else None
        return found if found is not None and found.status in GOES_ON else None

    @classmethod
    async def begin(cls, alias: Alias, genesis: Mapping[str, Any], terms: Terms, connection: Any, **more: Any) -> Self:
        """Writes a new one, in its first status; the caller holds the lock of the alias."""
        told = {"type": KIND, "name": alias.name, "terms": asdict(terms), **genesis}
        first = "shadowing" if genesis["shadow"] else "watched"
        attributes = {"status": first, "equal": 0, "unsure": 0, "slow": 0, "differences": [], **more}
        begun = cls(BaseBeing(tags=[KIND], genesis=told, attributes=attributes))
        begun.row.remember(first)
        await begun.row.save(connection=connection)
        await begun.follow(alias, connection)
        return begun

    @property
    def alias(self) -> str:
        """The alias, as it was called when it began."""
        return str(self.row.genesis["name"])

    @property
    def before(self) -> str:
        """The hash that the alias goes back to."""
        return str(self.row.genesis["from"])

    @property
    def to(self) -> str:
        """The hash of the candidate."""
        return str(self.row.genesis["to"])

    @property
    def terms(self) -> Terms:
        return Terms(**self.row.genesis["terms"])

    @property
    def status(self) -> Status:
        status: Status = self.row.attributes["status"]
        return status

    async def become(self, status: Status, connection: Any, **told: Any) -> None:
        """Goes over to a status, and remembers it; the caller holds the lock of the alias."""
        self.row.attributes |= {"status": status, **told}
        self.row.remember(status, **{key: value for key, value in told.items() if key in ("calls", "failures")})
        await self.row.save(connection=connection)

    async def follow(self, alias: Alias, connection: Any) -> None:
        """Has the living being of the alias name it, as long as it goes on."""
        living = await load_living(alias, connection)
        if living is None:
            return
        if self.status in GOES_ON:
            living.genesis[FOLLOWED] = str(self.row.soul)
        elif living.genesis.get(FOLLOWED) == str(self.row.soul):
            del living.genesis[FOLLOWED]
        await living.save(connection=connection)

    def as_json(self) -> dict[str, Any]:
        """As the commands tell it."""
        told = {key: self.row.genesis.get(key) for key in ("name", "from", "to", "shadow", "environment", "terms")}
        created = self.row.created_at
        begun = None if created is None else created.isoformat()
        return {"promotion": str(self.row.soul), **told, "begun": begun, **self.row.attributes}


async def promotions(name: str | None = None, *, limit: int = 100, connection: Any = None) -> list[Promotion]:
    """Promotions of an alias, whatever it was called, or of all, the newest first."""
    alias = None if name is None else await Alias.of(name, connection=connection)
    names = None if alias is None else [alias.name, *alias.formerly]
    async with BaseBeing._borrowed(connection) as lent:
        rows = await lent.fetch(queries()["find_promotions"], names, limit)
    found = [await Promotion.find(row["soul"], connection=connection) for row in rows]
    return [one for one in found if one is not None]


async def refused_before(name: str, hash_: str, *, connection: Any = None) -> Promotion | None:
    """The newest promotion by which an alias was moved back from a version, or `None`."""
    for one in await promotions(name, connection=connection):
        if one.to == hash_ and one.status == "back":
            return one
    return None

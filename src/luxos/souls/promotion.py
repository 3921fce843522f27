"""Promotion: what is checked of a soul before an environment names it.

Its whole row and those of all that it pins, its examples (run by whoever hands in an `Execute`), and its types. What
cannot be judged is promoted only where the person says so, and the manifest says it too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from luxos.errors import LuxError
from luxos.i18n import _
from luxos.souls import environment
from luxos.souls.aliases import check_alias
from luxos.souls.archive import Archive
from luxos.souls.environment import USUAL, Environment
from luxos.souls.errors import AliasMissing, PromotionRefused, PromotionUnchecked, SoulDamaged
from luxos.souls.evolution import living
from luxos.souls.manifest import Manifest, Souls
from luxos.souls.registry import Soul
from luxos.souls.report import alias_of
from luxos.souls.type_check import Confined, type_check


class Execute(Protocol):
    """Calls a version in the sandbox and gives its result: the runtime's `execution`."""

    async def __call__(self, who: str, *args: Any, **kwargs: Any) -> Any: ...


@dataclass
class Checks:
    """What was found: `failed` refuses the promotion, `unchecked` needs the person's word."""

    examples: int = 0
    types: str = "passed"
    failed: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)


async def promote(
    archive: Archive,
    who: str,
    execute: Execute,
    confined: Confined,
    *,
    to: str = USUAL,
    alias: str | None = None,
    unchecked: bool = False,
) -> Manifest:
    """Has an environment name a version from now on, once it passed its checks.

    `PromotionRefused` where one failed, `PromotionUnchecked` where something cannot be judged and `unchecked` does not
    let it pass. `confined` is what the types are judged behind.
    """
    environment.check_name(to)
    ready = await made_ready(who, execute, confined, alias=alias, unchecked=unchecked)
    return await environment.change(archive, to, ready.edit)


@dataclass(frozen=True)
class Ready:
    """A version that passed its checks, under which name it is promoted, and what the environment will say of it."""

    soul: Soul
    name: str
    entry: dict[str, Any]

    def edit(self, before: Environment) -> tuple[Souls, dict[str, Any]]:
        """Has an environment name it."""
        said = {"kind": "promote", "alias": self.name, "hash": self.soul.hash}
        return before.souls | {self.name: self.entry}, said


async def made_ready(
    who: str, execute: Execute, confined: Confined, *, alias: str | None = None, unchecked: bool = False
) -> Ready:
    """Checks a version, and changes nothing; raises as `promote` does."""
    soul = await Soul.of(who)
    name = alias or await _alias(who, soul)
    check_alias(name)
    found = await check(soul, execute, confined, name)
    if found.failed:
        raise PromotionRefused(name=name, reason="; ".join(found.failed))
    if found.unchecked and not unchecked:
        raise PromotionUnchecked(name=name, reason="; ".join(found.unchecked))
    told = {"examples": found.examples, "types": found.types, "unchecked": sorted(found.unchecked)}
    return Ready(soul, name, {"hash": soul.hash, **told})


async def check(soul: Soul, execute: Execute, confined: Confined, name: str) -> Checks:
    """Every check of a version under a name; what it pins comes first, and nothing is run where that is not whole."""
    found = Checks()
    await _check_pins(soul, found)
    if not found.failed:
        await _check_types(soul, confined, found)
        await _check_examples(await examples_of(soul, name), soul, execute, found)
    return found


async def closure(soul: Soul) -> dict[str, Soul | None]:
    """A version and all that it pins, however indirectly, by hash; `None` for what is not there."""
    found: dict[str, Soul | None] = {soul.hash: soul}
    waiting = [soul]
    while waiting:
        for pin in (await waiting.pop().pins()).values():
            if isinstance(pin, str) and pin not in found:
                found[pin] = await Soul.get_by_hash(pin)
                waiting += [one] if (one := found[pin]) is not None else []
    return found


async def _alias(who: str, soul: Soul) -> str:
    if await Soul.get_by_alias(who) == soul:
        from luxos.souls.aliases import Alias

        return (await Alias.of(who)).name
    if (told := alias_of(soul)) is None:
        raise AliasMissing(hash=soul.hash)
    return told


async def _check_pins(soul: Soul, found: Checks) -> None:
    try:
        missing = [pin for pin, there in (await closure(soul)).items() if there is None]
    except (LuxError, KeyError) as error:
        missing = [str(error)]
    found.failed += [_("it pins {pin}, which is not whole or not there").format(pin=pin) for pin in missing]
    words = _("line {line} uses what no hash pins: {text}")
    found.unchecked += [words.format(line=place.line, text=place.text) for place in soul.not_pinned]


async def _check_types(soul: Soul, confined: Confined, found: Checks) -> None:
    judged = await type_check(soul.genotype, confined)
    found.failed += [_("its types do not fit, {said}").format(said=said) for said in judged.wrong]
    found.unchecked += [_("its types cannot be judged, {said}").format(said=said) for said in judged.unjudged]
    if judged.unjudged:
        found.types = "not judged"


async def _check_examples(examples: list[Any], soul: Soul, execute: Execute, found: Checks) -> None:
    for number, example in enumerate(examples, 1):
        problem = await _problem(soul, example, execute)
        if problem is None:
            found.examples += 1
        else:
            found.failed.append(_("example {number}: {problem}").format(number=number, problem=problem))


async def examples_of(soul: Soul, name: str | None) -> list[Any]:
    """Those that the living being of a name tells by now, where it is this version, or those of the version's own."""
    told = await told_by(name, soul) or await told_by(alias_of(soul), soul) or soul.more
    examples = told.get("examples", [])
    return examples if isinstance(examples, list) else [examples]


async def told_by(name: str | None, soul: Soul) -> Mapping[str, Any] | None:
    """The genesis of the living being of a name, where it is this version."""
    try:
        being = await living(name) if name else None
    except SoulDamaged:
        return None
    return being.genesis if being and being.genesis.get("soul_hash") == soul.hash else None


async def _problem(soul: Soul, example: Any, execute: Execute) -> str | None:
    if not isinstance(example, Mapping) or "result" not in example:
        return _("it has no result")
    given = example.get("arguments", example.get("args", []))
    positional, named = (given, {}) if isinstance(given, list) else ([], given)
    if not isinstance(named, Mapping):
        return _("its arguments are neither a list nor an object")
    try:
        result = await execute(soul.hash, *positional, **named)
    except LuxError as error:
        return str(error)
    if same(result, example["result"]):
        return None
    return _("it gave {found} and not {wanted}").format(found=repr(result)[:200], wanted=repr(example["result"])[:200])


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal; 1 and 1.0 are, 1 and true are not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)

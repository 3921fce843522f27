"""Souls, looked at: versions, aliases and their history, reports."""

import json
from collections.abc import Iterable
from difflib import unified_diff
from pathlib import Path
from typing import Any

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingDeleted
from luxos.boot import System
from luxos.persistence.queries import queries
from luxos.runtime.promoting.promotion import promotions
from luxos.runtime.promoting.words import sentence
from luxos.souls import aliases, environment
from luxos.souls.archive import Archive
from luxos.souls.errors import EnvironmentUnknown, ManifestDamaged, SoulUnknown
from luxos.souls.exporting import export
from luxos.souls.importing import find_old, import_reports
from luxos.souls.promotion import told_by
from luxos.souls.registry import Soul
from luxos.souls.report import alias_of, report_of
from luxos.souls.reports import catch_up, write_again
from luxos.souls.versions import more_of
from luxos.ui.methods.person import Person


async def archive_of(system: System) -> Archive:
    """The folder of reports of an open LuxOS, in which no report is missing."""
    await system.runtime()
    archive = Archive(system.settings.home)
    await catch_up(archive)
    return archive


async def soul_list(system: System, person: Person, limit: int, after: str) -> dict[str, Any]:
    """A page of the aliases by name: what each is now, and which environments name it."""
    await archive_of(system)
    async with BaseBeing.transaction(None) as lent:
        rows = await lent.fetch(queries()["aliases_page"], after, limit)
        promoted = await environments_of(lent)
    told = [{"alias": row["name"], **row["attributes"], "environments": promoted.get(row["name"], {})} for row in rows]
    return {"souls": told, "next_key": rows[-1]["name"] if len(rows) == limit else None}


async def soul_show(system: System, person: Person, who: str) -> dict[str, Any]:
    """The report of a version, by alias, hash, or the beginning of one; hashes of the older LuxOS too.

    `promotion` is how the newest promotion to or from this version goes. `memo` says, of a soul that was called as a
    pure one, how often its results were remembered: `{"hits", "misses", "rate"}`, of calls by its hash, and where it is
    the newest of its alias, also of those by the alias.
    """
    await archive_of(system)
    soul, old = await found_soul(who)
    more = {"memo": await _memo(soul), "promotion": await _promotion(soul), "old_hash": old}
    report = await report_of(soul)
    report["genotype"]["genesis"] |= await _said_now(who, soul)
    return report | {key: value for key, value in more.items() if value}


async def _said_now(who: str, soul: Soul) -> dict[str, Any]:
    """What counts beside the genotype: what the living being says by now, which the version keeps as it first was."""
    for name in (who, alias_of(soul)):
        if name and (told := await told_by(name, soul)) is not None:
            return more_of(told)
    return {}


async def soul_at(system: System, person: Person, who: str) -> dict[str, Any]:
    """The genotype of a version, to the byte."""
    await archive_of(system)
    soul, _old = await found_soul(who)
    return {"hash": soul.hash, "genotype": dict(soul.genotype)}


async def soul_log(system: System, person: Person, who: str) -> dict[str, Any]:
    """Every version of an alias from the first, and its names."""
    await archive_of(system)
    alias = await aliases.Alias.of(who)
    return {"alias": alias.name, "formerly": list(alias.formerly), "history": await aliases.history(alias.name)}


async def soul_diff(system: System, person: Person, one: str, other: str) -> dict[str, Any]:
    """The lines in which two versions differ, as `diff -u` shows them: of their sources, and of the rest as JSON."""
    await archive_of(system)
    (first, _), (second, _) = await found_soul(one), await found_soul(other)
    texts = zip(_texts(first), _texts(second), strict=True)
    lines = [line for old, new in texts for line in unified_diff(old, new, first.hash, second.hash, lineterm="")]
    return {"from": first.hash, "to": second.hash, "diff": lines}


async def soul_rename(system: System, person: Person, old: str, new: str) -> dict[str, Any]:
    """Gives an alias another name."""
    await archive_of(system)
    soul = await Soul.rename(old, new)
    return {"alias": new, "formerly": old, "hash": soul.hash}


async def soul_report(system: System, person: Person, who: str | None) -> dict[str, Any]:
    """Writes the report of a version again; or all that are missing, and manifests' files that are not as signed."""
    await system.runtime()
    archive = Archive(system.settings.home)
    if who is None:
        files = await environment.write_files(archive, again=True)
        return {
            "folder": str(archive.folder),
            "written": await catch_up(archive, everything=True),
            "files": files,
        }
    soul, _old = await found_soul(who)
    return {"folder": str(archive.folder), "written": [soul.hash], "files": list(await write_again(archive, soul))}


async def found_soul(who: str) -> tuple[Soul, str | None]:
    """The version that a person means, and the hash that it had in the older LuxOS, where it was named by that."""
    try:
        return await Soul.of(who), None
    except SoulUnknown:
        old = await find_old(who)
        if old is None:
            raise
    return await Soul.of(old[1]), old[0]


async def _memo(soul: Soul) -> dict[str, Any] | None:
    alias = await aliases.Alias.find(name) if (name := alias_of(soul)) else None
    called = {soul.being, *([alias.being] if alias is not None and alias.hash == soul.hash else ())}
    async with BaseBeing.transaction(None) as lent:
        rows = await lent.fetch(queries()["memo_of"], list(called - {None}))
    hits, misses = sum(row["hits"] for row in rows), sum(row["misses"] for row in rows)
    return {"hits": hits, "misses": misses, "rate": round(hits / (hits + misses), 4)} if hits + misses else None


async def _promotion(soul: Soul) -> dict[str, Any] | None:
    alias = await aliases.Alias.find(name) if (name := alias_of(soul)) else None
    if alias is None or alias.hash is None:
        return None
    found = [one for one in await promotions(alias.name) if soul.hash in (one.before, one.to)]
    return {**found[0].as_json(), "sentence": sentence(found[0])} if found else None


async def environments_of(connection: Any) -> dict[str, dict[str, str]]:
    """By alias, the hash that each environment names; one that is damaged is `validate`'s."""
    found: dict[str, dict[str, str]] = {}
    for name in await environment.names(connection=connection):
        try:
            souls = (await environment.Environment.of(name, connection=connection)).souls
        except (ManifestDamaged, EnvironmentUnknown, BeingDeleted):
            continue
        for alias, entry in souls.items():
            found.setdefault(alias, {})[name] = entry["hash"]
    return found


def _texts(soul: Soul) -> Iterable[list[str]]:
    source = soul.genotype.get("source")
    rest = {key: value for key, value in soul.genotype.items() if key != "source" or not isinstance(value, str)}
    yield source.split("\n") if isinstance(source, str) else []
    yield json.dumps(rest, ensure_ascii=False, indent=2, sort_keys=True).split("\n")


async def soul_import(system: System, person: Person, place: str) -> dict[str, Any]:
    """Takes the reports of a folder, of this LuxOS or of the older one."""
    await system.runtime()
    outcome = await import_reports(Path(place))
    await archive_of(system)
    return outcome.as_json()


async def soul_export(system: System, person: Person, who: str, output: str) -> dict[str, Any]:
    """Writes a version, its lineage and what they pin as a folder of reports, or as one file."""
    await archive_of(system)
    return {"output": output, "exported": await export((await found_soul(who))[0].hash, Path(output))}

"""A version, its whole lineage and all that these pin, as a folder of reports that `importing` reads."""

import asyncio
from pathlib import Path
from typing import Any

from luxos.errors import reason_of
from luxos.souls.aliases import history
from luxos.souls.archive import INDEX, put, readable
from luxos.souls.errors import ArchiveUnfit, SoulDamaged, SoulUnknown
from luxos.souls.promotion import closure
from luxos.souls.registry import Soul
from luxos.souls.report import Report, alias_of, markdown, names_of, report_of


async def lineage(who: str) -> list[Soul]:
    """The versions of an alias up to the one that is meant, and all that they pin; each once, pins first."""
    soul = await Soul.of(who)
    found: dict[str, Soul] = {}
    for one in [*await _ancestors(soul), soul]:
        for name, pinned in reversed((await closure(one)).items()):
            if pinned is None:
                raise SoulDamaged(name=f"{one.hash} ({name})")
            found.setdefault(name, pinned)
    return list(found.values())


async def export(who: str, output: Path) -> list[str]:
    """Writes the reports of a lineage into a folder, or into one file that ends in `.json`; gives the hashes."""
    reports = [await report_of(soul) for soul in await lineage(who)]
    try:
        await asyncio.to_thread(_write, output, reports)
    except OSError as error:
        raise ArchiveUnfit(path=output, reason=reason_of(error)) from error
    return [report["soul_info"]["soul_hash"] for report in reports]


async def _ancestors(soul: Soul) -> list[Soul]:
    alias = alias_of(soul)
    try:
        told = await history(alias) if alias else []
    except SoulUnknown:
        return []
    hashes = list(dict.fromkeys(one["hash"] for one in told if one["kind"] == "version"))
    before = hashes[: hashes.index(soul.hash)] if soul.hash in hashes else []
    return [await Soul.of(found) for found in before]


def _write(output: Path, reports: list[Report]) -> None:
    if output.suffix == ".json":
        output.parent.mkdir(parents=True, exist_ok=True)
        put(output, readable({"reports": reports}))
        return
    output.mkdir(parents=True, exist_ok=True)
    index: dict[str, Any] = {}
    for report in reports:
        names, info = names_of(report), report["soul_info"]
        for name, content in zip(names, (readable(report), markdown(report)), strict=True):
            put(output / name, content)
        index[info["soul_hash"]] = {"alias": info["alias"], "version": info["version"], "files": list(names)}
    put(output / INDEX, readable({"souls": index}))

"""The report of a version: what the rows say of it, as JSON and as Markdown, and what `ast` finds in its source.

The rows are the truth: all of a report but `system_info` follows from them, so that it can be written again.
"""

import ast
import hashlib
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from luxos.beings.being import BaseBeing
from luxos.beings.class_source import methods_in
from luxos.beings.errors import SourceInvalid
from luxos.beings.function_source import Function, parsed
from luxos.beings.genesis import canonical_bytes
from luxos.i18n import _
from luxos.souls.aliases import history
from luxos.souls.dependencies import not_pinned
from luxos.souls.errors import SoulTooBig, SoulUnknown
from luxos.souls.registry import Soul
from luxos.souls.versions import more_of
from luxos.version import __version__

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BRANCHES = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.Assert, ast.match_case)
Report = dict[str, Any]
SECTIONS = ("soul_info", "genotype", "analysis", "creation_context", "system_info")


def ulid(at: datetime, hash: str) -> str:  # noqa: A002 - the seeds' name
    """The ULID of a version: 48 bits of the moment in milliseconds, 80 bits of its hash; the same every time."""
    digits = bytes.fromhex(hash.removeprefix("sha256:"))[:10]
    number = (int(at.timestamp() * 1000) << 80) | int.from_bytes(digits, "big")
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


def names_of(report: Report) -> tuple[str, str]:
    """The names of its two files."""
    info = report["soul_info"]
    moment = datetime.fromisoformat(info["created_at"]).strftime("%Y%m%d_%H%M%S")
    beginning = f"{info['soul_hash'].removeprefix('sha256:')}_{moment}"
    return f"{beginning}.json", f"{beginning}.md"


async def report_of(soul: Soul, *, connection: Any = None) -> Report:
    """The report of a version, with the five sections that the seed gives it."""
    row = await BaseBeing.load(soul.being, connection=connection)
    assert row.created_at is not None  # noqa: S101 - a row has its moment
    created = row.created_at.replace(tzinfo=UTC)
    soul = replace(soul, more=more_of(row.genesis))  # as the row has it, with its owner
    first = await _first_memory(soul, connection)
    return {
        "soul_info": {
            "soul_hash": soul.hash,
            "alias": alias_of(soul),
            "global_ulid": ulid(created, soul.hash),
            "version": first.get("version"),
            "parent_hash": first.get("parent"),
            "created_at": created.isoformat(),
        },
        "genotype": _genotype(soul),
        "analysis": analysis(soul.genotype),
        "creation_context": _context(soul, first),
        "system_info": _system(),
    }


def alias_of(soul: Soul) -> str | None:
    """The alias that a version was first registered under."""
    name = soul.more.get("name")
    return None if name == soul.hash or not isinstance(name, str) else name


def row_digest(genesis: Mapping[str, Any]) -> str:
    """`sha256:` over everything that the row of a version says, for a row that is never changed."""
    return "sha256:" + hashlib.sha256(canonical_bytes(dict(genesis))).hexdigest()


def analysis(genotype: Mapping[str, Any]) -> dict[str, Any]:
    """What `ast` finds: functions with lines, calls and complexity, imports, and places that no hash pins."""
    source = genotype.get("source")
    if not isinstance(source, str) or genotype.get("type") not in {"function", "class"}:
        return {"language": None, "lines": len(source.splitlines()) if isinstance(source, str) else 0}
    try:
        tree = parsed(source, "?")
        methods = methods_in(source) if genotype["type"] == "class" else {}
        loose = [place.as_json() for place in not_pinned(genotype)]
    except (SourceInvalid, SoulTooBig) as error:
        return {"language": "python", "lines": len(source.splitlines()), "problem": error.code}
    nodes = list(ast.walk(tree))
    return {
        "language": "python",
        "lines": len(source.splitlines()),
        **({"methods": list(map(str, methods.values()))} if methods else {}),
        "functions": [_function(node) for node in nodes if isinstance(node, Function)],
        "classes": sorted(node.name for node in nodes if isinstance(node, ast.ClassDef)),
        "imports": sorted(_imports(nodes)),
        "not_pinned": loose,
    }


def markdown(report: Report) -> bytes:
    """A summary for people."""
    info, genotype, found = report["soul_info"], report["genotype"], report["analysis"]
    rows = {
        _("hash"): info["soul_hash"],
        "ULID": info["global_ulid"],
        _("version"): info["version"] or "–",
        _("parent"): info["parent_hash"] or "–",
        _("made"): info["created_at"],
        _("owner"): report["creation_context"]["owner"] or "–",
        _("kind"): genotype["genesis"].get("type", "–"),
        _("pins"): ", ".join(sorted(genotype["dependencies"])) or "–",
        _("imports"): ", ".join(found.get("imports", [])) or "–",
    }
    lines = [f"# {info['alias'] or info['soul_hash']}", ""]
    lines += [f"- **{name}**: {value}" for name, value in rows.items()]
    lines += ["", *(f"- `{one['signature']}`, {one['line']}–{one['end_line']}" for one in found.get("functions", []))]
    source = genotype["genesis"].get("source")
    if isinstance(source, str):
        fence = "```"
        while fence in source:
            fence += "`"
        lines += ["", f"{fence}{found['language'] or ''}", source.rstrip("\n"), fence]
    return ("\n".join(lines) + "\n").encode()


async def _first_memory(soul: Soul, connection: Any) -> dict[str, Any]:
    """When the alias of a version was first given it, or nothing."""
    alias = alias_of(soul)
    try:
        told = await history(alias, connection=connection) if alias else []
    except SoulUnknown:
        return {}
    return next((memory for memory in told if memory["kind"] == "version" and memory["hash"] == soul.hash), {})


def _genotype(soul: Soul) -> dict[str, Any]:
    genotype = soul.genotype
    return {
        "genesis": {**soul.more, **genotype},
        "attributes": genotype.get("attributes", {}),
        "functions": genotype.get("functions", {}),
        "capabilities": {key: genotype.get(key) for key in ("tier", "pure", "permissions", "requirements", "limits")},
        "dependencies": genotype.get("dependencies", {}),
    }


def _context(soul: Soul, first: Mapping[str, Any]) -> dict[str, Any]:
    """Who made it, and in which run; what the rows do not say is left empty."""
    said = {key: soul.more.get(key) for key in ("owner", "author", "purpose", "run", "step", "command", "process")}
    return {**said, "change": first.get("change"), "row": str(soul.being)}


def _system() -> dict[str, Any]:
    """What wrote the report."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "luxos": __version__,
        "process": os.getpid(),
        "command": Path(sys.argv[0]).name if sys.argv else "",
    }


def _function(node: Function) -> dict[str, Any]:
    inner = list(ast.walk(node))
    calls = {ast.unparse(part.func)[:200] for part in inner if isinstance(part, ast.Call)}
    branches = sum(isinstance(part, _BRANCHES) for part in inner)
    choices = sum(len(part.values) - 1 for part in inner if isinstance(part, ast.BoolOp))
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return {
        "name": node.name,
        "signature": f"{node.name}({ast.unparse(node.args)}){returns}",
        "line": node.lineno,
        "end_line": node.end_lineno,
        "async": isinstance(node, ast.AsyncFunctionDef),
        "calls": sorted(calls),
        "complexity": 1 + branches + choices,
    }


def _imports(nodes: Iterable[ast.AST]) -> set[str]:
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return found

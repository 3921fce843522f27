"""The report of a version as lines for a person: `luxos soul show`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from luxos.i18n import N_, _, ngettext

_SECTIONS: Mapping[str, str] = {
    "soul_info": N_("The version"),
    "genotype": N_("What it is"),
    "analysis": N_("What stands in its source"),
    "creation_context": N_("How it was made"),
}
_FIELDS: Mapping[str, str] = {
    "soul_hash": N_("hash"),
    "global_ulid": "ULID",
    "version": N_("version"),
    "parent_hash": N_("parent"),
    "created_at": N_("made at"),
    "language": N_("language"),
    "lines": N_("lines"),
    "problem": N_("problem"),
    "methods": N_("methods"),
    "functions": N_("functions"),
    "classes": N_("classes"),
    "imports": N_("imports"),
    "not_pinned": N_("not pinned"),
    "owner": N_("owner"),
    "author": N_("author"),
    "run": N_("run"),
    "step": N_("step"),
    "command": N_("command"),
    "process": N_("process"),
    "change": N_("change"),
    "row": N_("row"),
}
"""What a report calls its own fields; a genotype's keep the names by which `--with` gives them."""
_CHANGES: Mapping[str, str] = {
    "first": N_("the first"),
    "evolution": N_("evolution"),
    "mutation": N_("mutation"),
    "same": N_("its being made anew"),
}
_NOTHING: Sequence[Any] = (None, "", [], {})


def report_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """What `soul_show` gave."""
    if "old_hash" in found:
        yield _("{old_hash} of the older LuxOS is this soul:").format(**found)
    for section, heading in _SECTIONS.items():
        rows = [(name, value) for name, value in _rows(section, found[section]) if value not in _NOTHING]
        width = max((len(name) for name, _value in rows), default=0)
        yield click.style(_(heading), bold=True)
        yield from (f"  {name:<{width}}  {value}" for name, value in rows)
        if section == "genotype":
            yield from _source(found[section]["genesis"].get("source"))
    if "promotion" in found:
        yield found["promotion"]["sentence"]
    if "memo" in found:
        yield _remembered(**found["memo"])


def change_words(change: str | None) -> str | None:
    """What kind of change a version was."""
    return _(_CHANGES[change]) if change is not None and change in _CHANGES else change


def _rows(section: str, told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if section == "genotype":
        yield from ((key, _words(value)) for key, value in told["genesis"].items() if key not in ("source", "owner"))
        yield _("pins"), _words(told["dependencies"])
        return
    for key, value in told.items():
        yield _(_FIELDS.get(key, key)), _said(key, value)


def _said(key: str, value: Any) -> str:
    """A field of the report itself in the person's words."""
    if key == "change":
        return change_words(value) or ""
    if key == "created_at":
        return str(value)[:19].replace("T", " ")
    if key == "functions":
        return ", ".join(_("{signature} (lines {line}–{end_line})").format(**one) for one in value)
    return _words(value)


def _words(value: Any) -> str:
    """A value as it would be written, without the braces and quotes that JSON has around it."""
    if isinstance(value, str) or value in _NOTHING:
        return value or ""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    if isinstance(value, dict) and not any(isinstance(one, list | dict) for one in value.values()):
        return ", ".join(
            f"{key}={_words(one) if isinstance(one, str) else json.dumps(one)}" for key, one in value.items()
        )
    return json.dumps(value, ensure_ascii=False)


def _source(source: object) -> Iterator[str]:
    """The source as it stands, further in; what is not text stands among the rows."""
    if isinstance(source, str):
        yield ""
        yield from (f"    {line}".rstrip() for line in source.splitlines())
        yield ""


def _remembered(hits: int, misses: int, rate: float) -> str:
    return ngettext(
        "Its results were remembered in {hits} of {calls} call ({rate}).",
        "Its results were remembered in {hits} of {calls} calls ({rate}).",
        hits + misses,
    ).format(hits=hits, calls=hits + misses, rate=f"{rate:.0%}")

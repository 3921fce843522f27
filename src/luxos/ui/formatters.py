"""Turns what methods give into lines for a person."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from luxos.amounts import number
from luxos.i18n import N_, _, ngettext

_KEYS: Mapping[str, str] = {
    "name": N_("name"),
    "folder": N_("folder"),
    "stack": N_("framework"),
    "fields": N_("fields"),
    "feature": N_("feature"),
    "database": N_("database"),
    "intent": N_("intent"),
    "also": N_("left out"),
}

_ALONE: Mapping[str, str] = {
    "version": N_("The LuxOS in the background is of another version; this command works without it."),
    "settings": N_("The LuxOS in the background has other settings; this command works without it, with its own."),
}

STATUS: Mapping[str, str] = {
    "running": N_("running"),
    "interrupted": N_("interrupted"),
    "done": N_("done"),
    "failed": N_("failed"),
    "stopped": N_("stopped"),
    "needs_person": N_("needs a person"),
    "undone": N_("undone"),
    "started": N_("started"),
    "todo": N_("waiting"),
    "doing": N_("being done"),
    "cancelled": N_("cancelled"),
    "paused": N_("paused"),
}
SIGNS: Mapping[str, str] = {"done": "✓", "failed": "✗", "kept": "=", "started": "…"}
"""A step's status as one character."""


_BRIEF = 60
"""Characters of what a step was given, or gave, in its line; `--json` has all of it."""
_SETTLED = {
    True: N_("It is written down that step {step} happened."),
    False: N_("It is written down that step {step} did not happen; it will be done again."),
}
_SAYS_WHAT_TO_DO = frozenset({"paused", "cancelled", "needs_person"})


def key_words(key: str) -> str:
    """What an assumption is about, in the person's words."""
    return _(_KEYS[key]) if key in _KEYS else key


def status_words(status: str) -> str:
    """A status in the person's words."""
    return _(STATUS[status]) if status in STATUS else status


def works_alone_words(differs: str) -> str:
    """Why the process in the background is not used."""
    return _(_ALONE[differs])


def problem(step: Mapping[str, Any]) -> str:
    """The first lines of what went wrong with a step, with room before each; nothing where it went well.

    That its code could not go on from its snapshot, and began again, is told too.
    """
    told = [step[key]["message"].partition("\n")[0] for key in ("replayed", "error") if key in step]
    return "".join(f"  {line}" for line in told)


def called(step: Mapping[str, Any]) -> str:
    """What a step called, and with what: `vat(100, rate=8)`."""
    given = dict(step.get("arguments") or {})
    plain = given.pop("args", ()) if isinstance(given.get("args"), list) else ()
    named = given.pop("kwargs", {}) if isinstance(given.get("kwargs"), dict) else {}
    told = [*map(brief, plain), *(f"{name}={brief(value)}" for name, value in {**given, **named}.items())]
    return f"{step['call']}({shortened(', '.join(told))})"


def gave(step: Mapping[str, Any]) -> str:
    """What a step gave, with an arrow and room before it; nothing where it gave nothing."""
    return f"  → {brief(step['result'])}" if step.get("result") is not None else ""


def brief(value: Any) -> str:
    """A value as JSON in one line, without its end where it is long."""
    return shortened(json.dumps(value, ensure_ascii=False))


def shortened(text: str) -> str:
    """The beginning of a text, and a sign that it goes on."""
    told = text if len(text) <= _BRIEF else text[: _BRIEF - 1] + "…"
    return harmless(told).replace("\n", "␊").replace("\t", "␉")


def harmless(text: str) -> str:
    """What code printed, with pictures in the place of characters that would have a terminal do something."""
    return "".join(map(_picture, text))


def _picture(letter: str) -> str:
    number = ord(letter)
    if letter in "\n\t" or not (number < 0x20 or 0x7F <= number < 0xA0):
        return letter
    return chr(0x2400 + number) if number < 0x20 else "␡"


def result_words(result: Mapping[str, Any]) -> Iterator[str]:
    """The end of `do`, `run`, `resume` and `undo`."""
    if result["status"] == "planned":
        yield ""
        yield _("Folder:") + f" {result['workspace']}"
        yield _("Nothing was run. `luxos do` carries the plan out.")
        return
    if result["status"] == "undone":
        yield from _undone_words(result)
        return
    if result["status"] == "settled":
        yield _settled_words(result)
        return
    yield ""
    yield str(result["message"])
    if result.get("calls"):
        yield from (f"{step}: {json.dumps(value, ensure_ascii=False)}" for step, value in result["results"].items())
    else:
        yield from _listing(result.get("results", {}))
    if "tests" in result and "error" not in result:
        yield from _built_words(result)
    if result.get("flagged"):
        yield _("Look at these files before you work there: programs obey or run them without being asked.")
        yield from (f"  {path}" for path in result["flagged"])
    if result["status"] in _SAYS_WHAT_TO_DO:
        return
    if "error" in result:
        yield _(_next(result)).format(run=str(result["run"])[:8])


def _next(result: Mapping[str, Any]) -> str:
    """What can be done with a run that has failed."""
    if result.get("changed_files"):
        return N_("`luxos resume {run}` goes on where it stopped, `luxos undo {run}` takes it back.")
    if result.get("calls"):
        return N_("`luxos run retry {run}` makes again what failed.")
    return N_("`luxos resume {run}` tries again from there.")


def _built_words(result: Mapping[str, Any]) -> Iterator[str]:
    tests = result["tests"]
    passed = ngettext("{count} passed", "{count} passed", tests["passed"]).format(count=tests["passed"])
    failed = ngettext("{count} failed", "{count} failed", tests["failed"]).format(count=tests["failed"])
    rows = [
        (_("Folder:"), result["project"]["path"]),
        (_("Tests:"), f"{passed}, {failed}"),
        (_("Coverage:"), f"{number(result['coverage'], 1)}%"),
        *((_("Archive:"), path) for path in result["artifacts"]),
        (_("Start it:"), result["start_command"]),
        (_("Make an account:"), result.get("account_command")),
    ]
    shown = [(name, value) for name, value in rows if value]
    width = max(len(name) for name, _value in shown)
    for name, value in shown:
        yield f"  {name:<{width}}  {value}"


def _undone_words(result: Mapping[str, Any]) -> Iterator[str]:
    restored = result["restored"]
    if not restored and not result["kept"]:
        yield _("The run had changed no files, so there was nothing to take back. It counts as taken back now.")
        return
    yield ngettext(
        "{count} change of a file in {folder} was taken back.",
        "{count} changes of files in {folder} were taken back.",
        restored,
    ).format(count=restored, folder=result["folder"])
    if result["kept"]:
        yield _("These were changed by someone since, and left as they are:")
        yield from (f"  {path}" for path in result["kept"])


def _settled_words(result: Mapping[str, Any]) -> str:
    happened = bool(result["happened"])
    said = _(_SETTLED[happened]).format(step=result["step"])
    if result["task"]:
        return said + " " + _("`luxos task retry {task}` goes on.").format(task=result["task"])
    return said + " " + _("`luxos run {command} {run}` goes on.").format(command=result["then"], run=result["run"][:8])


def _listing(results: Mapping[str, Any]) -> Iterator[str]:
    for value in results.values():
        if isinstance(value, dict) and "text" in value:
            yield str(value["text"])
        elif isinstance(value, dict) and "names" in value:
            yield from (f"  {name}" for name in value["names"])

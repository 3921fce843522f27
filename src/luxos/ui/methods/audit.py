"""The record of what was done: whether all of it is as it was written, and its head, signed."""

import json
from pathlib import Path
from typing import Any

from luxos.beings.being import BaseBeing
from luxos.beings.genesis import canonical_bytes
from luxos.boot import System
from luxos.errors import reason_of
from luxos.i18n import _
from luxos.runtime.events import StepFinished, StepProgress, StepStarted
from luxos.runtime.sealing import seal
from luxos.runtime.verifying import Count, verify
from luxos.security.errors import AnchorUnfit
from luxos.security.seals import CHAIN
from luxos.souls.archive import Archive
from luxos.souls.signing import is_signed, own_key, tell_key
from luxos.ui.methods.person import Person

_MOST = 1000
"""How many findings are told; their number is told whole."""
_LARGEST = 10_000
_SIGNED = ("kind", "seq", "hash", "public_key")
_KIND = "luxos audit anchor"


async def audit_verify(system: System, person: Person, run: str | None, anchor: str | None) -> dict[str, Any]:
    """Looks at all runs or one: `{"status", "runs", "steps", "seals", "unsealed", "found", "findings"}`.

    What is whole is sealed afterwards.
    """
    runtime = await system.runtime()
    kept = None if anchor is None else _read(person.cwd / anchor)
    soul = None if run is None else (await runtime.runs.find(run)).soul
    count, findings, found = Count(), [], 0
    person.listener(StepStarted("verify", "CHECK", "verify", None))
    async for one in verify(runtime.database, soul, kept, lambda done: _tell(person, done)):
        if isinstance(one, Count):
            count = one
        else:
            found += 1
            findings += [one.as_json()] if found <= _MOST else []
    person.listener(StepFinished("verify", "failed" if found else "done", None))
    if not found:
        await seal(runtime.database)
    return {"status": "damaged" if found else "whole", **vars(count), "found": found, "findings": findings}


async def audit_anchor(system: System, person: Person) -> dict[str, Any]:
    """The head of the installation's chain, signed with the key of this LuxOS, after what has ended was sealed."""
    database = (await system.runtime()).database
    await seal(database)
    head = await database.pool.fetchval(database.queries["seals_chain"], CHAIN)
    key = own_key(Archive(system.settings.home))
    async with BaseBeing.transaction() as lent:
        await tell_key(key, lent)
    told = {"kind": _KIND, "seq": head["seq"], "hash": head["hash"], "public_key": key.public}
    return {**told, "signature": key.sign(canonical_bytes(told))}


def _tell(person: Person, count: Count) -> None:
    text = _("{runs} runs, {steps} steps").format(runs=count.runs, steps=count.steps)
    person.listener(StepProgress("verify", text, None))


def _read(path: Path) -> dict[str, Any]:
    """The entry that an anchor names; `AnchorUnfit` where it is none, or not as it was signed."""
    try:
        with path.open("rb") as file:
            told = json.loads(file.read(_LARGEST))
        signed = {key: told[key] for key in _SIGNED}
        whole = signed["kind"] == _KIND and type(signed["seq"]) is int
        if not whole or not is_signed(canonical_bytes(signed), told["signature"], signed["public_key"]):
            raise AnchorUnfit(path=path, reason=_("its signature does not fit"))
    except OSError as error:
        raise AnchorUnfit(path=path, reason=reason_of(error)) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise AnchorUnfit(path=path, reason=_("it does not have what an anchor has")) from error
    return signed

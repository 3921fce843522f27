"""Calls a function that a person, a model or an evolution wrote: its source runs inside the sandbox, and only there.

Source and arguments go in as one JSON object on standard input, the result comes out as one on the last line.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from luxos.beings.function import FunctionBeing
from luxos.runtime.errors import CodeFailed

_INSIDE = Path(__file__).parent / "sandbox" / "inside.py"
_SECONDS = 30.0


async def call_isolated(being: FunctionBeing, arguments: Mapping[str, Any]) -> Any:
    """The result of the being's `function`; `CodeFailed` with the reason where there is none.

    Positional arguments stand under the key `""`, as a list.
    """
    from luxos.runtime.sandbox import Confinement, Limits, python_paths, run

    named = dict(arguments)
    positional = named.pop("", [])
    request = {"source": being.genesis["source"], "positional": positional, "named": named}
    done = await run(
        Confinement(
            argv=(sys.executable, "-I", "-S", str(_INSIDE)),
            readable=(_INSIDE, *python_paths(Path(sys.executable))),
            stdin=json.dumps(request).encode(),
            limits=Limits(seconds=_SECONDS),
        )
    )
    who = str(being.genesis.get("name", being.soul))
    if done.ended_by is not None:
        raise CodeFailed(who=who, reason=done.ended_by)
    try:
        answer = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError) as error:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise CodeFailed(who=who, reason=said[-1][:300] if said else "?") from error
    if not isinstance(answer, dict) or "result" not in answer:
        raise CodeFailed(who=who, reason=str(answer)[:300])
    return answer["result"]

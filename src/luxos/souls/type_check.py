"""Whether the types of a source fit, judged by pydantic-monty's checker; nothing of the source is run.

The checker works in a process of its own, behind walls that whoever asks brings along. It looks at a whole text before
it begins to run it; the text begins with a call of ours, at which it stops, and is never gone on with.
"""

import asyncio
import builtins
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luxos.errors import LuxError
from luxos.i18n import _
from luxos.souls.checked_source import STUBS, Checked, checked
from luxos.souls.type_words import rule_words

Confined = Callable[[], AbstractContextManager[Path]]
"""Gives a path that runs Monty's program behind walls, for the length of a block: the runtime's `confined`."""

_ASKS = "import_stubs"
"""What the checker asks us, before it judges, for each module that it does not know: we have no stubs."""
_LINE = re.compile(r"^\S+?:(\d+):\d+: (?:error|warning)\[([a-z-]+)\] (.*)$", re.MULTILINE)
_NAME = re.compile(r"Name `(\w+)`")
_SECONDS = 20.0
_FOREIGN = {"unresolved-import", "unresolved-attribute-of-module"}
_SHOWN = 5


@dataclass(frozen=True)
class Judged:
    """What the checker found: `wrong` holds types that do not fit, `unjudged` why it could not judge some of it."""

    wrong: tuple[str, ...] = ()
    unjudged: tuple[str, ...] = ()


async def type_check(genotype: Mapping[str, Any], confined: Confined) -> Judged:
    """Judges the source of a function or a class; what has no Python in it has no types either."""
    source = genotype.get("source")
    if genotype.get("type") not in {"function", "class"} or not isinstance(source, str):
        return Judged()
    return await asyncio.to_thread(_judge, checked(genotype), confined)


def _judge(given: Checked, confined: Confined) -> Judged:
    try:
        import pydantic_monty
    except ImportError:
        return Judged(unjudged=(_("the type checker is not installed"),))
    try:
        with (
            confined() as program,
            pydantic_monty.Monty(binary_path=program, max_processes=1, request_timeout=_SECONDS) as pool,
            pool.checkout(type_check=True, type_check_stubs=STUBS, type_check_format="concise") as session,
        ):
            stopped = session.feed_start(given.text)
            while isinstance(stopped, pydantic_monty.FunctionSnapshot) and stopped.function_name == _ASKS:
                stopped = stopped.resume_not_handled()
    except pydantic_monty.MontyTypingError as error:
        return _told(error.display(), given)
    except LuxError as error:
        return Judged(unjudged=(str(error),))
    except (pydantic_monty.MontyError, TimeoutError, OSError, ValueError) as error:
        return Judged(unjudged=(str(error).strip().partition("\n")[0][:300] or type(error).__name__,))
    return Judged()


def _told(display: str, given: Checked) -> Judged:
    """What the checker said, told by lines of the source; names that only CPython has are not wrong."""
    wrong: list[str] = []
    unjudged: list[str] = []
    for line, rule, words in _LINE.findall(display):
        said = _("line {line}: {words}").format(line=given.line(int(line)), words=rule_words(rule, given.said(words)))
        name = _NAME.search(words)
        foreign = rule in _FOREIGN or (rule == "unresolved-reference" and name and hasattr(builtins, name[1]))
        (unjudged if foreign else wrong).append(said)
    if not wrong and not unjudged:
        unjudged.append(display.strip().partition("\n")[0][:300])
    return Judged(tuple(wrong[:_SHOWN]), tuple(unjudged[:_SHOWN]))

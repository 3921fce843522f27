"""One call of a soul's function, in a process of its own."""

from __future__ import annotations

import os
import sys
from errno import EACCES, EPERM
from types import CoroutineType, ModuleType

from .fit import Unfit, plain
from .line import ROOM, Line, encoded

TYPE_CHECKING = False  # as `typing` has it, which is not imported
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import CodeType
    from typing import Any

FILE = "soul.py"
_FEW = {"recursion": 500, "result": 1 << 20, "memory": 1 << 20}
NAME = "soul"
NOWHERE = (EACCES, EPERM)
"""What a socket says where the walls are; of a file, an error has a name too."""
CAUSES = 50
"""Errors that are looked at, of one and those that led to it."""
OURS = 50
"""Frames of ours below the soul's."""


class Self:
    """The being that the code belongs to."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.__dict__.update(given)


def compiled(source: str) -> CodeType | None:
    """The code of a source, which is not run; nothing where the call will tell why not."""
    try:
        return compile(source, FILE, "exec", dont_inherit=True)
    except Exception:
        return None


def answer(channel: int, soul: Mapping[str, Any]) -> None:
    """Waits for the call, makes it, tells how it ended. Does not return."""
    line = Line(channel, soul["limits"]["memory"])
    _rehearse()
    given = line.receive()
    try:
        line.send(_ended(line, soul, given))
    except MemoryError:
        line.send({"over": "memory"})
    finally:
        os._exit(0)


def _rehearse() -> None:
    """Calls nobody's function: the memory that a call writes to is then this process's own, and not copied later."""
    here, there = os.pipe()
    frame = {"args": [1, "ą"], "kwargs": {"x": 1.5}, "self": {"attributes": {}}}
    Line(there, 0).send(frame)
    soul = {"source": "def function(x): return [x]", "entry": "function", "limits": _FEW}
    os.set_blocking(there, False)
    line = Line(here, 0)
    line.receive()
    Line(there, 0).send(_ended(line, soul, {"args": [1], "kwargs": {}, "self": frame["self"]}))
    line.receive()
    for descriptor in (here, there):
        os.close(descriptor)
    del sys.modules[NAME]


def _ended(line: Line, soul: Mapping[str, Any], given: Mapping[str, Any]) -> Mapping[str, Any]:
    limits = soul["limits"]
    sys.setrecursionlimit(limits["recursion"] + OURS)
    try:
        frame: Mapping[str, Any] = _plain(*_result(line, soul, given), limits["result"])
    except Unfit as unfit:
        frame = {"unfit": unfit.frame}
    except MemoryError:
        frame = {"over": "memory"}
    except RecursionError:
        frame = {"over": "recursion"}
    except BaseException as error:
        frame = _failed(line, error)
    sys.setrecursionlimit(limits["recursion"] + 20 * OURS)
    _flush()
    return frame


def _result(line: Line, soul: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[Any, dict[str, Any] | None]:
    """What the call gives, and the state of its instance, if it has one."""
    module = ModuleType(NAME)
    module.__dict__.update({"self": Self(given["self"]), **line.functions()})
    sys.modules[NAME] = module
    code = soul.get("compiled") or compile(soul["source"], FILE, "exec", dont_inherit=True)
    exec(code, module.__dict__)  # noqa: S102 - the sandbox is the wall; this is what runs behind it
    method = given.get("method")
    if method is None:
        return _awaited(vars(module)[soul["entry"]](*given["args"], **given["kwargs"])), None
    instance = object.__new__(vars(module)[method["of"]])
    for name, value in method["state"].items():
        object.__setattr__(instance, name, value)
    result = _awaited(getattr(instance, method["name"])(*given["args"], **given["kwargs"]))
    return result, {name: getattr(instance, name) for name in method["declared"] if hasattr(instance, name)}


def _awaited(result: Any) -> Any:
    if not isinstance(result, CoroutineType):
        return result
    import asyncio

    return asyncio.run(result)


def _plain(result: Any, state: dict[str, Any] | None, most: int) -> Mapping[str, Any]:
    """The last frame of a call that ended well."""
    frame = {"result": plain(result, most)}
    if state is not None:
        try:
            frame["state"] = plain(state, most)
        except Unfit as unfit:
            unfit.frame["where"] = f"self{unfit.frame['where']}"
            raise
    if len(encoded(frame)) > 2 * most + ROOM:
        raise Unfit([], "size", f"{most / (1 << 20):g}")
    return frame


def _failed(line: Line, error: BaseException) -> Mapping[str, Any]:
    lines, trace = [], error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FILE:
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename == FILE:
        lines.append(error.lineno or 1)
    try:
        message = str(error)
    except BaseException:
        message = "?"
    let_through = next((number for number, refused in line.refused.items() if refused is error), None)
    told = {"type": type(error).__name__, "message": _text(message), "line": lines[-1] if lines else None}
    return {"failed": told | {"unnamed": _is_unnamed(error)}, "ask": let_through}


def _is_unnamed(error: BaseException) -> bool:
    """Whether it comes of a socket that leads nowhere: there is a way to named hosts only."""
    network = sys.modules.get("socket")
    left, seen = [error], 0
    while network is not None and left and seen < CAUSES:
        one, seen = left.pop(0), seen + 1
        if isinstance(one, network.gaierror):
            return True
        if isinstance(one, OSError) and one.filename is None and one.errno in NOWHERE:
            return True
        more = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        left += [each for each in more if isinstance(each, BaseException)]
    return False


def _text(message: str) -> str:
    return message[:2000].encode(errors="backslashreplace").decode()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:  # noqa: S112 - the soul closed it, or put something else in its place
            continue

"""What runs inside the sandbox to call one function. It imports nothing of LuxOS, and trusts nothing it is given.

Reads `{"source", "positional", "named"}` from standard input; prints `{"result"}`, or `{"error"}` with exit code 1.
"""

from __future__ import annotations

import json
import sys
import types

TYPE_CHECKING = False  # as `typing` has it, which is not imported: each call starts a Python of its own
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any


def main() -> int:
    request = json.load(sys.stdin)
    output, sys.stdout = sys.stdout, sys.stderr
    module = types.ModuleType("being")
    try:
        code = compile(request["source"], "<being>", "exec")
        exec(code, module.__dict__)  # noqa: S102 - the sandbox is the wall; this is what runs behind it
        result = _entry(module)(*request["positional"], **request["named"])
        answer = {"result": _awaited(result) if isinstance(result, types.CoroutineType) else result}
        line = json.dumps(answer, allow_nan=False)
    except BaseException as error:
        print(json.dumps({"error": f"{type(error).__name__}: {error}"[:2000]}), file=output)
        return 1
    print(line, file=output)
    return 0


def _entry(module: types.ModuleType) -> Callable[..., Any]:
    """`function`, or the only function that the source defines, as `luxos.beings.function_source` reads it."""
    names = vars(module)
    if "function" in names:
        named: Callable[..., Any] = names["function"]
        return named
    own: list[Callable[..., Any]] = [each for name, each in names.items() if _is_own(name, each, module.__name__)]
    if len(own) != 1:
        raise NameError("the source defines no function named function")
    return own[0]


def _is_own(name: str, value: Any, module: str) -> bool:
    known = getattr(value, "__module__", None), getattr(value, "__name__", None)
    return callable(value) and not isinstance(value, type) and known == (module, name)


def _awaited(coroutine: Coroutine[Any, Any, Any]) -> Any:
    import asyncio  # a tenth of a second, where nobody needs it

    return asyncio.run(coroutine)


if __name__ == "__main__":
    sys.exit(main())

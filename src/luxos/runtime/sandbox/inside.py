"""What runs inside the sandbox to call one function. It imports nothing of LuxOS, and trusts nothing it is given.

Reads `{"source", "positional", "named"}` from standard input; prints `{"result"}`, or `{"error"}` with exit code 1.
"""

import json
import sys
import types


def main() -> int:
    request = json.load(sys.stdin)
    output, sys.stdout = sys.stdout, sys.stderr
    module = types.ModuleType("being")
    try:
        code = compile(request["source"], "<being>", "exec")
        exec(code, module.__dict__)  # noqa: S102 - the sandbox is the wall; this is what runs behind it
        answer = {"result": module.function(*request["positional"], **request["named"])}
        line = json.dumps(answer, allow_nan=False)
    except BaseException as error:
        print(json.dumps({"error": f"{type(error).__name__}: {error}"[:2000]}), file=output)
        return 1
    print(line, file=output)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A process that has LuxOS imported; each command that a test gives is carried out by a fork of it, from its beginning.

It reads from its standard input, a socket: for each command a letter, and with it three descriptors (the command's
standard input, output and error) and a connection. Over the connection comes the command, as a line of JSON, and back
go the number of the process and the code with which it ended. It ends with its standard input.
"""

import gc
import json
import os
import runpy
import signal
import socket
import sys
import time
from importlib import import_module, reload
from pkgutil import iter_modules
from typing import Any

NUMBER = 4
ALSO = ("luxos", "luxos.boot", "luxos.session", "luxos.agent.agent", "luxos.runtime.dispatcher")


def import_everything() -> None:
    """What commands import, in the language of this process."""
    from luxos.ui import methods
    from luxos.ui.cli.app import COMMANDS

    asked = (f"{methods.__name__}.{found.name}" for found in iter_modules(methods.__path__))
    for name in (*ALSO, *COMMANDS.values(), *asked):
        import_module(name)


def serve(control: socket.socket) -> dict[str, Any]:
    """Comes back in the process of each command, with the command; never in this one."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.freeze()  # so that forks share what is imported
    while True:
        letter, given, *_rest = socket.recv_fds(control, 1, 4)
        if not letter:
            os._exit(0)
        if os.fork() == 0:
            control.close()
            return watched(given)
        for each in given:
            os.close(each)


def watched(given: list[int]) -> dict[str, Any]:
    """Comes back in the process of the command; its parent waits for it and says how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    connection = socket.socket(fileno=given.pop())
    with connection.makefile(encoding="utf-8") as told:
        command = json.loads(told.readline())
    number = os.fork()
    if number == 0:
        connection.close()
        for place, each in enumerate(given):
            os.dup2(each, place)
            os.close(each)
        return command  # type: ignore[no-any-return]
    for each in (*given, 1, 2):
        os.close(each)
    say(connection, number)
    _number, status = os.waitpid(number, 0)
    say(connection, os.waitstatus_to_exitcode(status))
    os._exit(0)


def say(connection: socket.socket, number: int) -> None:
    connection.sendall(number.to_bytes(NUMBER, sys.byteorder, signed=True))


def carry_out(command: dict[str, Any]) -> None:
    """As if Python had been started anew with this environment."""
    from luxos.runtime import faultpoints

    speaking = {"LANGUAGE": os.environ["LANGUAGE"]}
    os.environ.clear()
    os.environ.update(speaking | command["environment"])
    time.tzset()
    reload(faultpoints)
    os.chdir(command["cwd"])
    sys.path[0] = command["cwd"]
    sys.argv[1:] = command["arguments"]
    if command["script"] is None:
        runpy.run_module("luxos", run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(command["script"], run_name="__main__")


if __name__ == "__main__":
    import_everything()
    carry_out(serve(socket.socket(fileno=0)))

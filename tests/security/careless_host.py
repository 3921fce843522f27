"""A careless host in the place of LuxOS: souls run in its own process, by `exec`. What comes to it, it looks at.

Run as a program it makes every attempt of a file of JSON in a process of its own, and says which ones got there.
"""

import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
from math import isfinite
from types import ModuleType, SimpleNamespace

DEPTH, MOST, SECONDS = 200, 64 << 20, 10


def unfit(value, depth=0):
    """Whether what came is no JSON, or more of it than may come."""
    kind = type(value)
    if kind is str:
        return len(value) > MOST or any("\ud800" <= letter <= "\udfff" for letter in value[:100])
    if kind is int:
        return value.bit_length() > 15_000
    if kind is float:
        return not isfinite(value)
    if kind is dict:
        return any(type(key) is not str or unfit(item, depth + 1) for key, item in value.items())
    if kind is list or kind is tuple:
        return depth > DEPTH or any(unfit(item, depth + 1) for item in value)
    return value is not None and kind is not bool


class Seen:
    """What was asked of a host, as it was then, and what it gives."""

    def __init__(self):
        self.asked, self.then, self.problems = [], [], []
        self.given = [{"a": [1]}]

    def answer(self, args, kwargs):
        if unfit([list(args), kwargs]):
            self.problems.append("it came to the host as what is no JSON")
            return repr(args)[:999] if len(args) > 1 and args[0] == "show" else None
        self.asked.append((args, kwargs))
        self.then.append(repr((args, kwargs)))
        return self.given if args == ("give",) else args[-1] if args else None

    def changed(self):
        if [repr(one) for one in self.asked] != self.then:
            self.problems.append("what the host was asked was changed")
        if self.given != [{"a": [1]}]:
            self.problems.append("what the host gave was changed")
        return self.problems


HOST = """
import functools

class Self:
    def __init__(self, given):
        self.__dict__.update(given)

def asked(*args, **kwargs):
    return HERE.seen.answer(args, kwargs)

def closed(host):
    @functools.wraps(asked)
    def execution(*args, kept=host, **kwargs):
        return host.seen.answer(args, kwargs)
    return execution

execution = closed(HERE)
execution.__module__ = "host"

def summon(*args, **kwargs):
    return HERE.seen.answer(args, kwargs)

def call(source, given, this):
    names = {"self": this, "execution": execution, "summon": summon, "__name__": "soul"}
    exec(source, names)
    return names["function"](given)
"""


def attempt(source, world, canaries):
    """How the attempt got there, in words; nothing where it did not."""
    seen = Seen()
    host = ModuleType("host")
    sys.modules["host"] = host
    here = SimpleNamespace(seen=seen, HOST_SECRET=world["host_secret"])
    vars(host).update(HERE=here, HOST_SECRET=world["host_secret"])
    exec(HOST, vars(host))
    server = socket.create_server(("127.0.0.1", 0))
    server.setblocking(False)
    given = {**world, "port": server.getsockname()[1], "list": [1]}
    before = json.dumps(given)
    this = host.Self({"attributes": {"rate": 23}, "tags": ["money"]})
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            said.write(repr(host.call(source, given, this))[:100_000])
        except BaseException as error:
            said.write(f"{type(error).__name__}: {error}"[:100_000])
    problems = seen.changed()
    if world["host_secret"] in said.getvalue() or world["person_secret"] in said.getvalue():
        problems.append("it has the secret")
    if json.dumps(given) != before:
        problems.append("what it was given was changed")
    if os.path.lexists(world["marker"]):
        problems.append("the marker is there")
    with contextlib.suppress(BlockingIOError):
        server.accept()
        problems.append("it was connected")
    for canary, right in canaries:
        try:
            if host.call(canary, 5, this) != right:
                problems.append("the next call finds something else")
        except BaseException as error:
            problems.append(f"the next call ends with {error}")
    return problems, said.getvalue()[:300]


def main(task):
    with open(task) as file:
        task = json.load(file)
    ends = {name: apart(source, task["world"], task["canaries"]) for name, source in task["souls"].items()}
    print(json.dumps(ends))


def apart(source, world, canaries):
    """The attempt in a process of its own, beside one that it may end."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(world["marker"])
    hear, say = os.pipe()
    with subprocess.Popen(["/bin/sleep", "60"]) as victim:
        child = os.fork()
        if child == 0:
            signal.alarm(SECONDS)
            os.dup2(os.open(world["secret"], os.O_RDONLY), 0)
            sys.stdin = os.fdopen(0)
            dumps, write, leave = json.JSONEncoder().encode, os.write, os._exit
            problems, said = attempt(source, {**world, "pid": victim.pid}, canaries)
            write(say, dumps([problems, said]).encode())
            leave(0)
        os.close(say)
        with open(hear, "rb") as file:
            told = file.read()
        os.waitpid(child, 0)
        problems, said = json.loads(told) if told else ([], "it died")
        if victim.poll() is not None:
            problems.append("another process was ended")
        victim.kill()
    return problems, said


if __name__ == "__main__":
    main(sys.argv[1])

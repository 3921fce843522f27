"""`luxos call`, and what `show` says of methods, as a person uses them."""

import json
import socket
import subprocess
import sys

import pytest
from tests.plugins.command import Command

pytestmark = pytest.mark.slow

BEINGS = """
import asyncio, luxos

COUNTER = "class Counter:\\n    def add(self, by: int = 1):\\n        self.count += by\\n        return self.count\\n"

async def main():
    async with luxos.open() as lux:
        await lux.summon(name="vat", source="def function(net, rate=23):\\n    return net * (100 + rate) / 100\\n")
        await lux.summon(name="speaks", source="def function(x):\\n    print('a\\\\x1b[31mb')\\n    return 1 / x\\n")
        fields = {"count": {"py_type": "int", "default": 0}}
        counters = await lux.summon(name="counter", type="class", source=COUNTER, attributes=fields)
        await counters.make(name="visits")

asyncio.run(main())
"""


@pytest.fixture
def luxos(quick_luxos: Command) -> Command:
    """A person who has functions, and an instance of a class."""
    subprocess.run([sys.executable, "-c", BEINGS], env=quick_luxos.environment, check=True, timeout=60)
    return quick_luxos


def test_a_person_calls_functions_and_methods(luxos: Command) -> None:
    assert luxos("call", "vat", "100", "--with", "rate=8").out == "108.0\n"
    assert luxos("call", "visits.add").out == "1\n"
    found = luxos("call", "visits.add", "--with", "by=4", "--json").json
    assert (found["status"], found["result"], found["printed"]) == ("done", 5, "")
    (step,) = luxos("show", found["run"], "--json").json["steps"]
    assert (step["call"], step["result"]) == ("visits.add", 5)


def test_what_code_prints_is_shown_before_its_result_or_its_error(luxos: Command) -> None:
    assert luxos("call", "speaks", "2").out == "a␛[31mb\n0.5\n"
    assert luxos("call", "speaks", "2", "--json").json["printed"] == "a\x1b[31mb\n"
    failed = luxos("call", "speaks", "0")
    assert (failed.code, failed.out) == (1, "a␛[31mb\n")
    assert "speaks" in failed.err
    run = json.loads(luxos("runs", "--json").out)["runs"][0]["run"]
    assert luxos("show", run, "--json").json["steps"][0]["printed"] == "a\x1b[31mb\n"


def test_a_negative_number_is_no_option(luxos: Command) -> None:
    assert luxos("call", "vat", "-100", "--with", "rate=8", "--json").json["result"] == -108
    assert luxos("call", "vat", "--", "-100").out == "-123.0\n"
    for wrong in ("--secnds", "-x", "--rate=8"):
        refused = luxos("call", "vat", "-100", wrong)
        assert (refused.code, wrong.partition("=")[0] in refused.err) == (2, True), refused
    assert luxos("task", "add", "vat", "-100").code == 0


def test_what_cannot_be_called_makes_no_run(luxos: Command) -> None:
    assert luxos("call", "nothing").code == 2
    assert luxos("call", "vat", "1", "2", "3").code == 2
    refused = luxos("call", "visits.reset", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (2, "runtime.method_unknown")
    assert luxos("call", "vat", "1", "--with", "rate").code == 2
    assert luxos("runs", "--json").json["runs"] == []


def test_methods_are_shown(luxos: Command) -> None:
    assert luxos("being", "show", "visits", "--json").json["methods"] == ["add(by: int = 1)"]
    assert "add(by: int = 1)" in luxos("being", "show", "visits").out
    assert luxos("being", "show", "counter", "--json").json["methods"] == ["add(by: int = 1)"]
    assert luxos("soul", "show", "counter", "--json").json["analysis"]["methods"] == ["add(by: int = 1)"]
    assert "add(by: int = 1)" in luxos("soul", "show", "counter").out


def test_a_person_makes_an_instance(luxos: Command) -> None:
    made = luxos("being", "make", "counter", "--name", "other", "--with", "count=7", "--json").json
    assert (made["attributes"], made["methods"]) == ({"count": 7}, ["add"])
    assert luxos("call", f"{made['soul']}.add").out == "8\n"
    assert "add" in luxos("being", "make", "counter").out
    assert luxos("call", f"{made['soul'][:13]}.add").out == "9\n"
    second = luxos("being", "make", "counter", "--name", "other")
    assert (second.code, "też nazywają się other" in second.out) == (0, True), second
    assert "nazywają się" not in luxos("being", "make", "counter", "--name", "third").out
    assert luxos("being", "make", "vat").code == 2
    refused = luxos("being", "make", "counter", "--with", "count=x", "--json")
    assert refused.json["error"]["code"] == "attribute_unfit"


def test_a_person_allows_hosts(luxos: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        host = f"host:127.0.0.1:{port}"
        add_reach(luxos, host)
        refused = luxos("call", "reach", str(port), "--json")
        assert (refused.code, refused.json["error"]["code"]) == (4, "runtime.permission_refused")
        assert f"--allow {host}`" in refused.json["error"]["message"]
        assert luxos("call", "reach", str(port), "--allow", host).out == '"reached"\n'


def test_a_task_may_what_the_person_who_added_it_allowed(luxos: Command) -> None:
    """Its run, and the run of each task of a schedule, is granted that and nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        host, other = f"host:127.0.0.1:{port}", "host:127.0.0.1:1"
        add_reach(luxos, host)
        refused, allowed, less = (
            luxos("task", "add", "reach", port, "--retries", "0", *more, "--json").json["task"]
            for more in ((), ("--allow", host), ("--allow", other, "--allow", "file.read"))
        )
        assert luxos("task", "work", "--until-empty").code == 0
        found = [luxos("task", "show", task, "--json").json for task in (refused, allowed, less)]
        assert [one["permissions"] for one in found] == [[], [host], ["file.read", other]]
        assert (found[1]["status"], found[1]["result"]) == ("done", "reached")
        assert [one["result"]["code"] for one in found[::2]] == ["runtime.permission_refused"] * 2
        assert f"file.read, {other}" in luxos("task", "show", less).out
        assert luxos("task", "add", "reach", port, "--key", "k").code == 0
        differs = luxos("task", "add", "reach", port, "--key", "k", "--allow", host, "--json")
        assert differs.json["error"]["code"] == "runtime.task_differs"
        added = luxos("task", "add", "reach", port, "--cron", "* * * * *", "--allow", host, "--json").json
        assert added["permissions"] == [host]
        assert host in luxos("schedule", "list").out


def add_reach(luxos: Command, host: str) -> None:
    """A function that asks for leave to reach a host, and reaches the port that it is given."""
    source = luxos.home / "reach.py"
    source.write_text(
        "import socket\n\ndef function(port):\n    socket.create_connection(('127.0.0.1', port), 5).close()\n"
        "    return 'reached'\n"
    )
    assert luxos("soul", "add", "reach", str(source), "--with", f'permissions=["{host}"]').code == 0


def test_methods_are_called_by_tasks_too(luxos: Command) -> None:
    task = luxos("task", "add", "visits.add", "4", "--json").json["task"]
    assert luxos("task", "work", "--until-empty").code == 0
    assert luxos("task", "show", task, "--json").json["result"] == 4
    assert luxos("call", "visits.add").out == "5\n"


def test_where_methods_run_is_said_when_a_class_is_made(luxos: Command) -> None:
    source = luxos.home / "tally.py"
    source.write_text("class Tally:\n    def add(self):\n        self.count += 1\n        return self.count\n")
    declared = 'attributes={"count": {"py_type": "int", "default": 0}}'
    added = luxos("soul", "add", "tally", str(source), "--class", "--with", declared, "--json").json
    assert (added["tier"], added["because"]) == ("hermetic", [])
    source.write_text(source.read_text() + "\n    def __len__(self):\n        return self.count\n")
    again = luxos("soul", "add", "tally", str(source), "--class", "--with", declared, "--json").json
    assert (again["tier"], "__len__" in again["because"][0], "6" in again["because"][0]) == ("isolated", True, True)

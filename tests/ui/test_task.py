"""`luxos task` and `luxos queue`, as a person uses them."""

import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from tests.plugins.command import Command

pytestmark = pytest.mark.slow

SOULS = """
import asyncio, luxos

async def main():
    async with luxos.open() as lux:
        await lux.summon(name="vat", source="def function(net, rate=23):\\n    return net * (100 + rate) / 100\\n")
        await lux.summon(name="bad", source="def function():\\n    return 1 / 0\\n")

asyncio.run(main())
"""


@pytest.fixture
def luxos(quick_luxos: Command) -> Command:
    """A person who has two souls."""
    subprocess.run([sys.executable, "-c", SOULS], env=quick_luxos.environment, check=True, timeout=60)
    return quick_luxos


def shown(luxos: Command, task: str) -> Any:
    return luxos("task", "show", task, "--json").json


def test_a_task_is_put_carried_out_and_shown(luxos: Command) -> None:
    put = luxos("task", "add", "vat", "100", "--with", "rate=8", "--key", "k", "--json").json
    again = luxos("task", "add", "vat", "100", "--with", "rate=8", "--key", "k", "--json").json
    assert (put["status"], put["args"], put["kwargs"]) == ("todo", [100], {"rate": 8})
    assert again["task"] == put["task"]
    assert luxos("task", "add", "vat", "1", "--key", "k").code == 4
    assert [one["task"] for one in luxos("task", "list", "--json").json["tasks"]] == [put["task"]]
    assert luxos("task", "work", "--until-empty").code == 0
    found = shown(luxos, put["task"][:8])
    assert (found["status"], found["result"]) == ("done", 108.0)
    said = luxos("task", "show", put["task"][:8]).out
    assert "vat(100, rate=8)" in said
    assert "zrobione" in said
    assert luxos("show", found["run"], "--json").json["steps"][0]["result"] == 108.0
    queues = {one["queue"]: one for one in luxos("queue", "--json").json["queues"]}
    assert sorted(queues) == ["cpu", "io"]
    assert queues["io"]["per_second"] > 0
    assert "gotowe do wykonania" in luxos("queue").out


def test_what_computes_is_carried_out_by_processes_of_its_own(luxos: Command) -> None:
    tasks = [luxos("task", "add", "vat", "100", "--queue", "cpu", "--json").json["task"] for _task in range(3)]
    assert luxos("task", "work", "--queue", "cpu", "--until-empty").code == 0
    assert [shown(luxos, task)["result"] for task in tasks] == [123.0] * 3
    assert {one["queue"]: one["workers"] for one in luxos("queue", "--json").json["queues"]} == {"cpu": 0, "io": 0}


def test_a_cluster_that_cannot_be_used_is_said(luxos: Command) -> None:
    nowhere = {"LUXOS_CLUSTER": "ray://127.0.0.1:1"}
    for command in (("task", "work", "--queue", "cpu"), ("up",), ("up", "--detach")):
        ended = luxos(*command, **nowhere)
        assert (ended.code, "ray://127.0.0.1:1 jest nieosiągalny" in ended.out + ended.err) == (5, True), ended
    assert luxos("task", "work", "--queue", "io", "--until-empty", **nowhere).code == 0
    found = luxos("doctor", **nowhere)
    assert (found.code, "klaster     Klaster Ray pod adresem" in found.out) == (5, True), found
    unfit = luxos("task", "work", LUXOS_CLUSTER="ray")
    assert (unfit.code, "ray://HOST:PORT" in unfit.err) == (2, True), unfit


def test_a_dead_letter_is_looked_at_sent_again_and_dropped(luxos: Command) -> None:
    task = luxos("task", "add", "bad", "--retries", "0", "--json").json["task"]
    assert "Nie ma zadań nieudanych" in luxos("task", "dead").out
    luxos("task", "work", "--until-empty")
    assert [one["task"] for one in luxos("task", "dead", "--json").json["tasks"]] == [task]
    assert task[:8] in luxos("task", "dead").out
    assert "ZeroDivisionError" in luxos("task", "show", task).out
    assert luxos("task", "retry", task[:8], "--json").json["status"] == "todo"
    assert luxos("task", "retry", task).code == 4
    assert luxos("task", "cancel", task, "--json").json["status"] == "cancelled"
    assert luxos("task", "cancel", task).code == 4
    assert luxos("task", "list", "--status", "todo", "--json").json["tasks"] == []


WRONG = [
    (("add", "nobody"), "nie ma niczego do wywołania"),
    (("add", "vat", "1", "2", "3"), "najwyżej 2"),
    (("add", "vat", "1", "--queue", "A B"), "kolejkę nazywa się"),
    (("add", "vat", "1", "--at", "jutro"), "nie jest chwilą"),
    (("add", "vat", "1", "--deadline", "2020-01-01"), "ta chwila już minęła"),
    (("add", "vat", "--with", "net"), "NAZWA=WARTOŚĆ"),
    (("add", "vat", "1", "--priority", "101"), "od -100 do 100"),
    (("show", "zz"), "nie ma zadania"),
    (("cancel", "00000000"), "nie ma zadania"),
]


def test_a_queue_that_nobody_serves_is_said(luxos: Command) -> None:
    assert "luxos task work --queue moja" in luxos("task", "add", "vat", "1", "--queue", "moja").out
    assert "task work" not in luxos("task", "add", "vat", "1").out


def test_what_is_wrong_is_said_and_nothing_put(luxos: Command) -> None:
    for arguments, said in WRONG:
        ended = luxos("task", *arguments)
        assert (ended.code, said in ended.err) == (2, True), ended
    assert luxos("task", "list", "--json").json["tasks"] == []


def test_a_worker_that_is_told_to_stop_stops(luxos: Command) -> None:
    working = luxos.start("task", "work", "--json")
    assert working.stdout is not None
    assert '"working"' in working.stdout.readline()
    luxos("task", "add", "vat", "1")
    working.send_signal(signal.SIGINT)
    out, err = working.communicate(timeout=30)
    assert (working.returncode, '"stopped"' in out, err) == (0, True, "")


def test_the_luxos_in_the_background_carries_tasks_out(luxos: Command) -> None:
    assert luxos("up", "--detach", "--json").json["status"] == "up"
    try:
        tasks = [luxos("task", "add", "vat", "100", "--queue", queue, "--json").json["task"] for queue in ("io", "cpu")]
        until = time.monotonic() + 30
        while any(shown(luxos, task)["status"] != "done" for task in tasks):
            assert time.monotonic() < until
            time.sleep(0.1)
        workers = {one["queue"]: one["workers"] for one in luxos("queue", "--json").json["queues"]}
        assert workers == {"io": 1, "cpu": 1}
    finally:
        luxos("down")


def test_a_schedule_is_added_listed_and_removed(luxos: Command) -> None:
    cron = ("--cron", "0 8 * * *", "--key", "raport")
    added = luxos("task", "add", "vat", "100", *cron, "--json", TZ="Europe/Warsaw").json
    assert (added["name"], added["zone"], added["next"][11:16]) == ("raport", "Europe/Warsaw", "08:00")
    assert luxos("task", "add", "vat", "100", *cron, "--zone", "Asia/Tokyo").code == 4
    listed = luxos("schedule", "list").out
    assert "0 8 * * * (Europe/Warsaw)  vat" in listed
    assert "raport" in luxos("schedule", "remove", "raport").out
    assert "Nie ma harmonogramów" in luxos("schedule", "list").out
    for wrong in (
        ("--cron", "0 25 * * *"),
        ("--cron", "* * * * *", "--zone", "Mars/Base"),
        (*cron, "--at", "2030-01-01"),
    ):
        assert luxos("task", "add", "vat", "1", *wrong).code == 2
    assert luxos("schedule", "remove", "raport").code == 2

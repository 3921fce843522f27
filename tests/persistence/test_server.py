"""Who owns the embedded server: starting, sharing, being killed, and stopping. All processes here are real."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from luxos.config import Settings
from luxos.errors import Exit
from luxos.persistence.database import open_database
from luxos.persistence.errors import DatabaseCannotStart, DatabaseFolderBroken
from luxos.persistence.server import _socket_folder

pytestmark = pytest.mark.slow


async def test_users_that_race_to_start_share_one_server(processes: Any) -> None:
    users = [processes.user() for _ in range(3)]
    assert [processes.hear(user) for user in users] == ["open"] * 3
    assert [processes.ask(user, "write") for user in users] == ["written"] * 3
    assert {processes.ask(user, "count") for user in users} == {"3"}
    assert len(processes.guardians) == 1
    assert not list(processes.home.glob("postgres.new-*"))
    for user in users:
        processes.leave(user)
    processes.wait_until_gone()


async def test_the_second_goes_on_when_the_first_is_killed_and_the_last_one_out_stops_it(made: Any) -> None:
    first, second = made.opened(), made.opened()
    made.ask(first, "write")
    server = made.server
    made.kill(first)
    assert made.ask(second, "write") == "written"
    assert made.ask(second, "count") == "2"
    assert made.server == server
    made.leave(second)
    made.wait_until_gone()
    assert not (made.home / "postgres" / "postmaster.pid").exists()


async def test_the_server_also_stops_when_its_last_user_is_killed(made: Any) -> None:
    made.kill(made.opened())
    made.wait_until_gone()


async def test_a_server_whose_guardian_was_killed_is_adopted(made: Any) -> None:
    first = made.opened()
    made.ask(first, "write")
    server, (guardian,) = made.server, made.guardians
    os.kill(guardian, signal.SIGKILL)
    made.wait_until(lambda: not made.guardians)
    assert made.ask(first, "write") == "written"
    second = made.opened()
    assert made.ask(second, "count") == "2"
    assert (made.server, len(made.guardians)) == (server, 1)
    made.leave(first)
    made.leave(second)
    made.wait_until_gone()


def test_who_comes_while_the_server_recovers_waits_for_it(made: Any) -> None:
    """A killed backend makes PostgreSQL recover by itself; meanwhile it lets nobody in."""
    first = made.opened()
    assert made.ask(first, "write") == "written"
    for _time in range(3):
        users = [pid for pid in made.backends if pid != made.server]
        os.kill(users[-1], signal.SIGKILL)
        second = made.opened()
        assert made.ask(second, "count") == "1"
        made.leave(second)


async def test_a_server_that_was_killed_recovers_at_the_next_start(made: Any) -> None:
    first = made.opened()
    for _ in range(5):
        assert made.ask(first, "write") == "written"
    server = made.server
    os.kill(server, signal.SIGKILL)
    made.wait_until(lambda: made.server is None)
    assert made.ask(first, "write") == "database_lost"
    second = made.opened()
    assert made.ask(second, "count") == "5"
    assert made.server not in {server, None}
    assert made.ask(first, "count") == "5"
    made.leave(first)
    made.leave(second)
    made.wait_until_gone()


async def test_everything_killed_at_once_loses_nothing_that_was_acknowledged(made: Any) -> None:
    user = made.opened()
    made.ask(user, "write")
    for pid in (*made.guardians, *made.backends, user.pid):
        os.kill(pid, signal.SIGKILL)
    made.wait_until_gone()
    again = made.opened()
    assert made.ask(again, "count") == "1"
    made.leave(again)
    made.wait_until_gone()


async def test_a_first_start_that_is_killed_in_the_middle_leaves_no_half_cluster(processes: Any) -> None:
    user = processes.user()
    processes.wait_until(lambda: bool(list(processes.home.glob("postgres.new-*/PG_VERSION"))))
    processes.kill(user)
    assert not (processes.home / "postgres").exists()
    again = processes.opened()
    assert processes.ask(again, "write") == "written"
    processes.leave(again)
    processes.wait_until_gone()


async def test_it_lingers_and_a_guardian_told_to_stop_stops_it(made: Any) -> None:
    made.leave(made.opened(linger=300.0))
    server = made.server
    assert server is not None
    second = made.opened(linger=300.0)
    assert made.server == server
    made.leave(second)
    (guardian,) = made.guardians
    os.kill(guardian, signal.SIGTERM)
    made.wait_until_gone()
    assert "database system is shut down" in (made.home / "postgres.log").read_text()


async def test_it_lingers_for_the_time_that_is_set_and_no_longer(made: Any) -> None:
    made.leave(made.opened(linger=0.2))
    made.wait_until_gone()


async def test_opening_that_is_cancelled_leaves_nothing_running(made: Any, settings: Settings) -> None:
    async def use() -> None:
        async with open_database(settings):
            raise AssertionError("it was to be cancelled before")

    task = asyncio.create_task(use())
    await asyncio.to_thread(made.wait_until, lambda: bool(made.guardians))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.to_thread(made.wait_until_gone)


async def test_no_port_is_open_and_only_the_owner_reaches_the_socket(made: Any, settings: Settings) -> None:
    async with open_database(settings) as database:
        assert await database.pool.fetchval("SHOW listen_addresses") == ""
        assert await database.pool.fetchval("SHOW fsync") == "on"
        folder = Path(database.address.host)
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / ".s.PGSQL.5432").stat().st_mode & 0o077 == 0
    await asyncio.to_thread(made.wait_until_gone)


def _remove_version(cluster: Path) -> None:
    (cluster / "PG_VERSION").unlink()


def _make_older(cluster: Path) -> None:
    (cluster / "PG_VERSION").write_text("16\n")


def _remove_control(cluster: Path) -> None:
    (cluster / "global" / "pg_control").unlink()


@pytest.mark.parametrize("damage", [_remove_version, _make_older, _remove_control])
async def test_a_broken_folder_is_refused_and_left_alone(made: Any, settings: Settings, damage: Any) -> None:
    cluster = made.home / "postgres"
    damage(cluster)
    before = sorted(cluster.rglob("*"))
    with pytest.raises(DatabaseFolderBroken) as caught:
        async with open_database(settings):
            pass
    assert caught.value.exit_code is Exit.ENVIRONMENT
    assert str(cluster) in str(caught.value)
    assert sorted(cluster.rglob("*")) == before


async def test_a_file_in_place_of_the_folder_is_refused(settings: Settings) -> None:
    settings.home.mkdir(parents=True)
    (settings.home / "postgres").write_text("mine")
    with pytest.raises(DatabaseFolderBroken):
        async with open_database(settings):
            pass
    assert (settings.home / "postgres").read_text() == "mine"


async def test_a_server_that_does_not_start_says_why(made: Any, settings: Settings) -> None:
    control = made.home / "postgres" / "global" / "pg_control"
    content = bytearray(control.read_bytes())
    content[40] ^= 0xFF
    control.write_bytes(content)
    with pytest.raises(DatabaseCannotStart) as caught:
        async with open_database(settings):
            pass
    assert "control file" in caught.value.details["reason"]
    assert Path(caught.value.details["log"]).is_file()
    await asyncio.to_thread(made.wait_until_gone)


async def test_a_note_of_a_dead_server_whose_number_another_process_has_is_no_hindrance(
    made: Any, settings: Settings
) -> None:
    note = [str(os.getpid()), str(made.home / "postgres"), "1", "5432", "/nowhere", "", "  1 1", "ready"]
    (made.home / "postgres" / "postmaster.pid").write_text("\n".join(note) + "\n")
    (_socket_folder(made.home, None) / ".s.PGSQL.5432.lock").write_text("\n".join(note[:5]) + "\n")
    async with open_database(settings) as database:
        assert await database.pool.fetchval("SELECT 1") == 1
    await asyncio.to_thread(made.wait_until_gone)


async def test_a_home_that_cannot_be_made_is_said_so(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(DatabaseCannotStart) as caught:
        async with open_database(settings):
            pass
    assert str(settings.home) in caught.value.details["reason"]

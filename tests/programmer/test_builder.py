"""Packages and environments: made once, whole or not at all, whoever is killed, cancelled or without a network."""

import asyncio
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import pytest

from luxos.config import Settings
from luxos.errors import LuxError
from luxos.programmer import builder
from luxos.programmer.errors import EnvironmentUnknown
from luxos.runtime import once
from luxos.runtime.call import Call
from luxos.runtime.context import Context
from luxos.runtime.errors.packages import EnvironmentNotInstalled, PackagesTampered, PackagesUnavailable
from luxos.tools.shell_ops import run_confined

DEAD = "http://127.0.0.1:9/simple"


@dataclass
class Desk:
    """A context whose commands really run in the sandbox, and what it said to the person."""

    settings: Settings
    workspace: Path
    said: list[tuple[str, float | None]] = field(default_factory=list)

    @property
    def context(self) -> Context:
        async def execution(who: str, **arguments: Any) -> Any:
            return await run_confined(self.context, **arguments)

        call = Call(cast(Any, None), "step", builder.FUNCTIONS[0], {})
        return Context(self.settings, call, self.workspace, execution, lambda *words: self.said.append(words))


@pytest.fixture
def desk(settings: Settings, tmp_path: Path) -> Desk:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    return Desk(settings, workspace)


def wheel(folder: Path, name: str) -> str:
    """Makes a package of one empty module; gives its line in a lock."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-1.0-py3-none-any.whl"
    about = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": "",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in files.items():
            archive.writestr(inner, text)
        archive.writestr(f"{about}/RECORD", "".join(f"{inner},,\n" for inner in [*files, f"{about}/RECORD"]))
    return locked(name, sha256(path.read_bytes()).hexdigest())


def locked(name: str, digest: str = "0" * 64, marker: str = "") -> str:
    return f"{name}==1.0{marker} \\\n    --hash=sha256:{digest}\n"


def use_lock(monkeypatch: pytest.MonkeyPatch, folder: Path, *lines: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "django.txt").write_text("".join(lines))
    monkeypatch.setattr(builder, "LOCKS", folder)


def use_index(monkeypatch: pytest.MonkeyPatch, url: str, links: Path | str = "") -> None:
    for name, value in {"CONFIG_FILE": os.devnull, "INDEX_URL": url, "FIND_LINKS": str(links)}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    monkeypatch.setenv("PIP_NO_INDEX", "0" if url else "1")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The stack has two small packages, which lie in a folder, and one for another platform."""
    lines = [wheel(tmp_path / "offered", name) for name in ("first", "second")]
    use_lock(monkeypatch, tmp_path / "locks", locked("other", marker=" ; sys_platform == 'win32'"), *lines)
    use_index(monkeypatch, "", tmp_path / "offered")


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[socket.socket]:
    """The stack has a package, whose index takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        use_lock(monkeypatch, tmp_path / "locks", locked("absent"))
        use_index(monkeypatch, f"http://127.0.0.1:{server.getsockname()[1]}/simple")
        yield server


def children_of(process: int) -> list[int]:
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def downloading(process: int) -> int:
    """The one child of a process that is pip, fetching."""
    (child,) = [one for one in children_of(process) if b"download" in Path(f"/proc/{one}/cmdline").read_bytes()]
    return child


def wait_for_end(connection: socket.socket) -> None:
    """Waits until the other side is gone; what it said before is its request."""
    while connection.recv(4096):
        pass


@pytest.mark.slow
async def test_only_what_applies_here_is_counted(desk: Desk, small: None) -> None:
    packages = await builder.fetch(desk.context, "django")
    assert packages["wheels"] == 2
    assert [fraction for _, fraction in desk.said] == [0.5, 1.0]
    assert (await builder.fetch(desk.context, "django"))["downloaded"] is False
    assert sorted(path.name for path in Path(packages["folder"]).iterdir()) == [
        "complete",
        "first-1.0-py3-none-any.whl",
        "second-1.0-py3-none-any.whl",
    ]


async def unavailable(desk: Desk) -> str:
    with pytest.raises(PackagesUnavailable) as caught:
        await builder.fetch(desk.context, "django")
    assert list((desk.settings.cache / "wheels").glob("*/*")) == []
    return str(caught.value.details["reason"])


@pytest.mark.slow
async def test_without_a_network_the_reason_is_the_network(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_lock(monkeypatch, tmp_path / "locks", locked("absent"))
    use_index(monkeypatch, DEAD)
    reason = await unavailable(desk)
    assert "127.0.0.1:9" in reason
    assert "[Errno 111]" in reason  # its words are in the language of the system
    assert "object at 0x" not in reason


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "words"), [(500, ("/simple/absent/", "500")), (404, ("absent==1.0",)), (200, ("absent==1.0",))]
)
async def test_the_reason_is_what_the_index_lacks(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    serve_index: Callable[..., str],
    status: int,
    words: tuple[str, ...],
) -> None:
    use_lock(monkeypatch, tmp_path / "locks", locked("absent"))
    use_index(monkeypatch, serve_index(status))
    reason = await unavailable(desk)
    assert all(word in reason for word in words), reason


@pytest.mark.slow
async def test_a_package_that_is_not_what_the_lock_names(
    desk: Desk, small: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_lock(monkeypatch, tmp_path / "locks", locked("first"))
    with pytest.raises(PackagesTampered):
        await builder.fetch(desk.context, "django")


@pytest.mark.slow
async def test_a_cancelled_fetch_ends_its_child_and_leaves_nothing(desk: Desk, silent: socket.socket) -> None:
    fetching = asyncio.create_task(builder.fetch(desk.context, "django"))
    connection, _ = await asyncio.to_thread(silent.accept)
    child = downloading(os.getpid())
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    assert not Path(f"/proc/{child}").exists()
    assert [path.suffix for path in (desk.settings.cache / "wheels").iterdir()] == [".lock"]
    connection.close()


KILLED = """
import asyncio, sys
from pathlib import Path
from types import SimpleNamespace
from luxos.programmer import builder
builder.LOCKS = Path(sys.argv[1])
context = SimpleNamespace(settings=SimpleNamespace(cache=Path(sys.argv[2])), report=print)
asyncio.run(builder.fetch(context, "django"))
"""


@pytest.mark.slow
def test_a_killed_fetch_takes_its_child_along_and_the_lock_is_held_until_then(
    settings: Settings, silent: socket.socket
) -> None:
    arguments = [sys.executable, "-c", KILLED, str(builder.LOCKS), str(settings.cache)]
    process = subprocess.Popen(arguments)
    try:
        connection, _ = silent.accept()
        child = downloading(process.pid)
        lock = (settings.cache / "wheels" / builder.digest_of("django")).with_suffix(".lock")
        opened = [os.readlink(one) for one in Path(f"/proc/{child}/fd").iterdir()]  # noqa: PTH115
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert str(lock) in opened
    wait_for_end(connection)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
    connection.close()


def test_an_environment_is_named_by_its_interpreter(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ours = builder.environment_of(settings, "django")
    link = tmp_path / "python"
    link.symlink_to(sys._base_executable)  # type: ignore[attr-defined]
    monkeypatch.setattr(sys, "_base_executable", str(link))
    assert builder.environment_of(settings, "django") == ours
    monkeypatch.setattr(sys, "_base_executable", "/opt/other/bin/python3")
    other = builder.environment_of(settings, "django")
    assert other != ours
    monkeypatch.setattr(builder.platform, "python_version", lambda: "3.99.1")
    assert builder.environment_of(settings, "django") not in {ours, other}


@pytest.mark.slow
async def test_an_environment_whose_python_is_gone_is_made_again(desk: Desk, small: None) -> None:
    folder = builder.environment_of(desk.settings, "django")
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to("/opt/removed/bin/python3")
    (folder / "complete").touch()
    assert not builder.is_ready(desk.settings, "django")
    packages = await builder.fetch(desk.context, "django")
    made = await builder.install(desk.context, packages)
    assert made == {"stack": "django", "folder": str(folder), "python": str(python), "installed": True}
    await asyncio.to_thread(subprocess.run, [python, "-c", "import first, second"], check=True)
    assert builder.is_ready(desk.settings, "django")
    os.utime(folder / "complete", (0, 0))
    assert (await builder.install(desk.context, packages))["installed"] is False
    assert (folder / "complete").stat().st_mtime > 0  # it was used: `luxos db clean` takes others first


@pytest.mark.slow
async def test_what_cannot_be_installed_leaves_no_environment(desk: Desk, small: None) -> None:
    packages = await builder.fetch(desk.context, "django")
    (Path(packages["folder"]) / "first-1.0-py3-none-any.whl").unlink()
    with pytest.raises(EnvironmentNotInstalled) as caught:
        await builder.install(desk.context, packages)
    assert "first" in caught.value.details["reason"]
    assert not builder.environment_of(desk.settings, "django").exists()


@pytest.mark.slow
async def test_packages_that_went_since_are_fetched_again(desk: Desk, small: None) -> None:
    packages = await builder.fetch(desk.context, "django")
    shutil.rmtree(packages["folder"])
    made = await builder.install(desk.context, packages)
    assert made["installed"] is True


@pytest.mark.slow
async def test_a_program_lends_no_folder_of_its_own(desk: Desk, small: None, tmp_path: Path) -> None:
    """What `packages` says of a folder is not asked, and an environment that INSTALL did not make is refused."""
    secret = tmp_path / "secret"
    secret.mkdir()
    packages = {"stack": "django", "wheels": 2, "folder": str(secret)}
    made = await builder.install(desk.context, packages)
    good = {"stack": "django", "folder": made["folder"], "python": made["python"]}
    builder.check_environment(desk.settings, good)
    for wrong in (
        {"folder": str(secret), "python": str(secret / "bin" / "python")},
        {"folder": made["folder"], "python": "/bin/sh"},
        {"folder": str(desk.settings.cache / "environments" / ".."), "python": made["python"]},
    ):
        with pytest.raises(EnvironmentUnknown):
            builder.check_environment(desk.settings, {"stack": "django", **wrong})


async def test_a_cache_that_cannot_be_written_is_said(desk: Desk, small: None) -> None:
    desk.settings = replace(desk.settings, cache=Path("/sys"))
    with pytest.raises(LuxError) as caught:
        await builder.fetch(desk.context, "django")
    assert "/sys" in str(caught.value)


@pytest.mark.slow
async def test_what_takes_long_is_done_beside_the_loop(
    desk: Desk, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: dict[str, int] = {}

    def noted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **options: Any) -> Any:
            threads[name] = threading.get_ident()
            return function(*args, **options)

        return wrapper

    monkeypatch.setattr(shutil, "rmtree", noted("remove", shutil.rmtree))
    monkeypatch.setattr(once, "sync_filesystem", noted("sync", once.sync_filesystem))
    await builder.fetch(desk.context, "django")
    assert set(threads) == {"remove", "sync"}
    assert threading.get_ident() not in threads.values()


async def test_the_lock_outlives_a_cancellation_as_long_as_the_folder_changes(
    desk: Desk, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    order: list[str] = []

    def emptied(folder: Path) -> None:
        begun.set()
        go_on.wait()
        order.append("emptied")

    monkeypatch.setattr(once, "_emptied", emptied)
    monkeypatch.setattr(shutil, "rmtree", lambda *paths, **options: order.append("removed"))
    lock = (desk.settings.cache / "wheels" / builder.digest_of("django")).with_suffix(".lock")
    fetching = asyncio.create_task(builder.fetch(desk.context, "django"))
    await asyncio.to_thread(begun.wait)
    fetching.cancel()
    for _ in range(10):  # turns of the loop, in which the cancellation arrives
        await asyncio.sleep(0)
    try:
        with lock.open("w") as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    assert order == ["emptied", "removed"]


@pytest.mark.slow
async def test_what_could_not_be_synced_is_not_complete(
    desk: Desk, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(folder: Path) -> None:
        raise OSError("no room")

    monkeypatch.setattr(once, "sync_filesystem", failing)
    with pytest.raises(OSError, match="no room"):
        await builder.fetch(desk.context, "django")
    assert [path.suffix for path in (desk.settings.cache / "wheels").iterdir()] == [".lock"]


def test_a_stack_that_is_none() -> None:
    with pytest.raises(LuxError):
        builder.lock_of("../django")

"""The engine of several machines: Ray places the processes, and that is all it does.

What is done and what is not stands in the database, as ever. A node is told which program to run, and runs it with its
own LuxOS. Ray is the extra `cluster`; it is imported where a cluster is used, and waited for in a thread of its own.
"""

import asyncio
import logging
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from importlib.util import find_spec
from ipaddress import ip_address
from queue import SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from luxos.config import LOCAL, Settings
from luxos.errors import reason_of
from luxos.runtime.tasks.errors import ClusterDiffers, ClusterMissing, ClusterNeedsDatabase, ClusterUnreachable
from luxos.version import __version__

_ANSWERS = 5.0
"""Seconds within which a cluster takes a connection."""
_READY = 60.0
"""Seconds within which it carries out something small."""
_LOOK = 0.5
_GRACE = 10.0
"""Seconds in which a process on a node gives back what it has."""


async def check_cluster(settings: Settings) -> None:
    """Raises where the cluster of the settings cannot be used from here; without one there is nothing to check."""
    if settings.cluster == LOCAL:
        return
    if any(find_spec(name) is None for name in ("ray", "grpc")):
        raise ClusterMissing(address=settings.cluster)
    told = urlsplit(settings.cluster)
    if settings.dsn is None and not _is_here(str(told.hostname)):
        raise ClusterNeedsDatabase(address=settings.cluster)
    try:
        async with asyncio.timeout(_ANSWERS):
            _reader, writer = await asyncio.open_connection(told.hostname, told.port)
    except (OSError, TimeoutError) as error:
        raise ClusterUnreachable(address=settings.cluster, reason=reason_of(error)) from error
    writer.close()


def cluster(
    address: str, module: str, queue: str, environment: Mapping[str, str]
) -> Callable[[], AbstractAsyncContextManager["Cluster"]]:
    """Opens the engine; a process runs `module` with a queue, a worker and its parent's id as arguments."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Cluster]:
        found = Cluster(address, ["-m", module, queue], environment)
        watching = asyncio.create_task(found.watch())
        try:
            await found.connect()
            yield found
        finally:
            watching.cancel()
            await asyncio.wait({watching})
            await found.close()

    return opened


class Cluster:
    """One process for each CPU of a Ray cluster."""

    def __init__(self, address: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self._address, self._arguments, self._environment = address, list(arguments), dict(environment)
        self._questions: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = Thread(target=self._answer, name="ray", daemon=True)  # what hangs in Ray keeps no process
        self._ray: Any = None
        self._ends: dict[Any, asyncio.Future[str | None]] = {}

    async def connect(self) -> None:
        """Raises `ClusterUnreachable`, or `ClusterDiffers` where a node has another LuxOS."""
        self._thread.start()
        there = await self.ask(self._connect)
        if there != __version__:
            raise ClusterDiffers(address=self._address, here=__version__, there=there)

    async def room(self) -> int:
        """How many CPUs the cluster has now."""
        resources = await self.ask(self._ray.cluster_resources)
        return max(1, int(resources.get("CPU", 0)))

    async def begin(self, worker: UUID) -> "Placed":
        """Has Ray begin a process where a CPU is free, as soon as one is."""
        options = {"num_cpus": 1, "max_retries": 0, "scheduling_strategy": "SPREAD"}
        arguments = [*self._arguments, str(worker)]
        remote = await self.ask(lambda: self._ray.remote(**options)(carry).remote(arguments, self._environment))
        self._ends[remote] = asyncio.get_running_loop().create_future()
        return Placed(self, remote, self._ends[remote])

    async def cancel(self, remote: Any, *, force: bool) -> None:
        """Ends a process. One that cannot be reached is ended by Ray, which ends what a lost client began."""
        with suppress(ClusterUnreachable):
            await self.ask(lambda: self._ray.cancel(remote, force=force))

    async def watch(self) -> None:
        """Tells of each process that it has ended, or of all that the cluster is gone."""
        while True:
            await asyncio.sleep(_LOOK)
            try:
                ended = await self.ask(self._ended) if self._ends else {}
            except ClusterUnreachable as error:
                for end in self._ends.values():
                    if not end.done():
                        end.set_exception(error)
                self._ends.clear()
                continue
            for remote, reason in ended.items():
                if not (end := self._ends.pop(remote)).done():
                    end.set_result(reason)

    async def close(self) -> None:
        """Leaves the cluster."""
        with suppress(ClusterUnreachable):
            if self._ray is not None:
                await self.ask(self._ray.shutdown, _ANSWERS)
        self._questions.put(None)

    async def ask(self, question: Callable[[], Any], seconds: float = _READY) -> Any:
        """Asks Ray in its thread; `ClusterUnreachable` for everything that it raises, or where it does not answer."""
        answer: Future[Any] = Future()
        self._questions.put(lambda: _answered(question, answer))
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.wrap_future(answer)
        except Exception as error:
            reason = str(error).strip().partition("\n")[0] or type(error).__name__
            raise ClusterUnreachable(address=self._address, reason=reason[:300]) from error

    def _answer(self) -> None:
        """The thread: questions one after the other, for Ray's client belongs to one thread."""
        while (question := self._questions.get()) is not None:
            question()

    def _connect(self) -> str:
        """Gives the version of LuxOS that a node has."""
        import ray

        self._ray = ray
        ray.init(self._address, namespace="luxos", log_to_driver=False, logging_level=logging.ERROR)
        try:
            version: str = ray.get(ray.remote(num_cpus=0)(version_here).remote(), timeout=_READY)
        except ModuleNotFoundError:
            return "-"
        return version

    def _ended(self) -> Mapping[Any, str | None]:
        remotes = list(self._ends)
        ended, _open = self._ray.wait(remotes, num_returns=len(remotes), timeout=0)
        return {remote: self._reason(remote) for remote in ended}

    def _reason(self, remote: Any) -> str | None:
        """How a process ended, where not in good order."""
        from ray.exceptions import RayError

        try:
            code = self._ray.get(remote)
        except RayError as error:
            return type(error).__name__
        return str(code) if code else None


class Placed:
    """A process on a node of the cluster."""

    def __init__(self, cluster: Cluster, remote: Any, end: "asyncio.Future[str | None]") -> None:
        self._cluster, self._remote, self._end = cluster, remote, end

    async def wait(self) -> str | None:
        """Waits for its end; gives its exit code, or Ray's word for it, where that is not 0."""
        return await self._end

    async def stop(self) -> None:
        """SIGTERM, on its node."""
        await self._cluster.cancel(self._remote, force=False)

    async def kill(self) -> None:
        """SIGKILL, on its node, where there still is one."""
        await self._cluster.cancel(self._remote, force=True)


def carry(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """On a node: runs the program as a child of Ray's process, which ends with it; gives its exit code."""
    process = subprocess.Popen(
        [sys.executable, *arguments, str(os.getpid())],
        env={**os.environ, **environment},
        cwd="/",
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while (code := process.poll()) is None:
            time.sleep(0.1)  # Ray's cancelling is heard between two instructions
        return code
    except BaseException:
        process.terminate()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
        raise


def _answered(question: Callable[[], Any], answer: "Future[Any]") -> None:
    """Answers a question, unless nobody waits for it any more."""
    if not answer.set_running_or_notify_cancel():
        return
    try:
        answer.set_result(question())
    except BaseException as error:
        answer.set_exception(error)


def version_here() -> str:
    """On a node: which LuxOS it has."""
    return __version__


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

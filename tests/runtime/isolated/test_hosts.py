"""Named hosts: a soul reaches those that its permissions name, and nothing else."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.runtime.hermetic.conftest import Calls, code_of

from luxos.runtime.code import Code
from luxos.runtime.errors.code import CodeFailed, HostUnfit, HostUnnamed
from luxos.runtime.hosts import hosts_of
from luxos.runtime.isolated import worker
from luxos.runtime.isolated.ways import Ways
from luxos.runtime.sandbox.container import Container

TALK = """
import socket

def f(port, name="127.0.0.1", what="ż"):
    with socket.create_connection((name, port), timeout=5) as connection:
        connection.sendall(what.encode())
        connection.shutdown(socket.SHUT_WR)
        said = b""
        while part := connection.recv(1 << 16):
            said += part
    return said.decode()
"""


@asynccontextmanager
async def server(answers: bytes = b"") -> AsyncIterator[int]:
    """A server on this machine that says back what it is told, or always the same; its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told = await (reader.readuntil(b"\r\n\r\n") if answers else reader.read())
        writer.write(answers or told)
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield int(listening.sockets[0].getsockname()[1])


def reaching(source: str, *hosts: str) -> Code:
    return replace(code_of(source), hosts=hosts)


async def test_a_named_host_is_reached_and_no_other(call: Calls) -> None:
    async with server() as named, server() as other:
        code = reaching(TALK, f"127.0.0.1:{named}")
        for _again in range(2):
            assert await call(code, named) == "ż"
        assert await call(code, named, "127.0.0.1", "x" * 3_000_000) == "x" * 3_000_000
        for port, name in ((other, "127.0.0.1"), (named, "127.0.0.2"), (named, "10.0.0.1")):
            with pytest.raises(CodeFailed, match=r"PermissionError.*permissions name"):
                await call(code, port, name)
        for name in ("localhost", "example.com"):
            with pytest.raises(CodeFailed, match=r"gaierror.*permissions name"):
                await call(code, named, name)


OPENED = "import urllib.request\ndef f(where): urllib.request.urlopen(where, timeout=5)"
WRAPPED = """
import socket

def f(where):
    try:
        socket.create_connection((where, 443), timeout=5)
    except OSError:
        raise ValueError("nothing there") from None
"""
FILE = "def f(where):\n    try: open('/etc/new', 'w')\n    finally: import socket"


@pytest.mark.parametrize(
    ("source", "where"), [(TALK, "10.1.2.3"), (TALK, "example.com"), (OPENED, "http://example.com"), (WRAPPED, "a.pl")]
)
@pytest.mark.parametrize("hosts", [(), ("127.0.0.1:9",)])
async def test_who_tries_a_host_that_is_not_named_is_told_how_to(
    call: Calls, source: str, where: str, hosts: tuple[str, ...]
) -> None:
    given = (443, where) if source == TALK else (where,)
    with pytest.raises(HostUnnamed, match=r"wiersz \d+: .*--allow host:NAZWA:PORT") as told:
        await call(reaching(source, *hosts), *given)
    assert ("nie ma ona dostępu" in str(told.value), "127.0.0.1:9" in str(told.value)) == (not hosts, bool(hosts))


async def test_other_failures_are_not_told_so(call: Calls) -> None:
    async with server() as port:
        unused = port
    for code, given in ((reaching(TALK, f"127.0.0.1:{unused}"), (unused,)), (reaching(FILE, "a.pl:1"), ("",))):
        with pytest.raises(CodeFailed) as told:
            await call(code, *given)
        assert type(told.value) is CodeFailed


async def test_a_name_is_reached_by_its_name(call: Calls) -> None:
    async with server() as port:
        assert await call(reaching(TALK, f"localhost:{port}"), port, "localhost") == "ż"
        with pytest.raises(CodeFailed, match="PermissionError"):
            await call(reaching(TALK, f"localhost:{port}"), port, "127.0.0.1")


async def test_a_name_that_leads_here_is_not_followed(call: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever owns a name could lead it to what listens on this machine."""
    loop = asyncio.get_running_loop()
    async with server() as port:

        async def found(*_arguments: object, **_more: object) -> object:
            await asyncio.sleep(0)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

        monkeypatch.setattr(loop, "getaddrinfo", found)
        with pytest.raises(CodeFailed, match="PermissionError"):
            await call(reaching(TALK, f"evil.example:{port}"), port, "evil.example")


async def test_who_names_no_host_reaches_none(call: Calls) -> None:
    async with server() as port:
        with pytest.raises(CodeFailed):
            await call(code_of(TALK), port)


async def test_nobody_there_is_told(call: Calls) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(CodeFailed, match="ConnectionRefusedError"):
        await call(reaching(TALK, f"127.0.0.1:{port}"), port)


URLLIB = """
import urllib.request

def f(port):
    return urllib.request.urlopen(f"http://127.0.0.1:{port}/").read().decode()
"""
HTTP = """
import http.client

def f(port):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/")
    return connection.getresponse().read().decode()
"""
ASYNCIO = """
import asyncio

async def f(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.0\\r\\n\\r\\n")
    return (await reader.read()).decode()[-2:]
"""


@pytest.mark.parametrize("source", [URLLIB, HTTP, ASYNCIO])
async def test_libraries_know_nothing_of_it(call: Calls, source: str) -> None:
    async with server(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok") as port:
        assert await call(reaching(source, f"127.0.0.1:{port}"), port) == "ok"


ASKS = """
import os, socket
from inside import network

def f(asked):
    channel = socket.socket(fileno=os.dup(network._channel), family=socket.AF_UNIX, type=socket.SOCK_SEQPACKET)
    channel.send(asked.encode())
    said, extra, _, _ = channel.recvmsg(64, socket.CMSG_LEN(8))
    return [said.decode(), len(extra)]
"""


async def test_what_asks_by_itself_gets_what_is_named_only(call: Calls) -> None:
    async with server() as named, server() as other:
        code = reaching(ASKS, f"127.0.0.1:{named}")
        assert await call(code, f"127.0.0.1:{named}") == ["0", 1]
        for asked in (
            f"127.0.0.1:{other}",
            f"127.0.0.1:{named}\0",
            f" 127.0.0.1:{named}",
            "x" * 5000,
            f"127.1:{named}",
        ):
            assert await call(code, asked) == ["13", 0]


async def test_ways_end_with_their_call(call: Calls) -> None:
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await reader.read()
        writer.close()
        ended.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        source = (
            "import socket\ndef f(port):\n    global kept\n    kept = socket.create_connection(('127.0.0.1', port))\n"
        )
        assert await call(reaching(source, f"127.0.0.1:{port}"), port) is None
        await asyncio.wait_for(ended.wait(), 5)


async def test_no_way_outlives_its_channel() -> None:
    """One that does is ended with the event loop, and fails at what is no more."""
    begun = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun.set()
        with suppress(OSError):
            await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        host = f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        ways = Ways([host])
        ways.start()
        ways.theirs.send(host.encode())
        await begun.wait()
        await ways.close()
        ways.theirs.close()
        assert [task for task in asyncio.all_tasks() if "Ways" in repr(task.get_coro())] == []


async def test_without_namespaces_too(call: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "run", Container().run)
    async with server() as named, server() as other:
        code = reaching(TALK, f"127.0.0.1:{named}")
        assert await call(code, named) == "ż"
        with pytest.raises(CodeFailed, match="PermissionError"):
            await call(code, other)


@pytest.mark.parametrize("host", ["api.nbp.pl:443", "127.0.0.1:8080", "localhost:1", "a-b.c:65535"])
def test_hosts_are_read(host: str) -> None:
    assert hosts_of("x", ["file.read", f"host:{host}"]) == (host,)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "api.nbp.pl",
        "api.nbp.pl:",
        ":443",
        "a:0",
        "a:65536",
        "A:1",
        "a b:1",
        "*.pl:443",
        "[::1]:80",
        "a:1\n",
        "a..b:1",
    ],
)
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(HostUnfit):
        hosts_of("x", [f"host:{host}"])


TLS = """
import socket, ssl

def f(port, authority):
    context = ssl.create_default_context(cadata=authority)
    with socket.create_connection(("localhost", port), timeout=5) as connection:
        with context.wrap_socket(connection, server_hostname="localhost") as wrapped:
            wrapped.sendall(b"over TLS")
            return [wrapped.recv(100).decode(), wrapped.version(), len(ssl.create_default_context().get_ca_certs()) > 0]
"""


async def test_a_host_is_reached_by_tls(call: Calls, tmp_path: Path) -> None:
    certificate = signed_for("localhost", tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(8))
        await writer.drain()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as listening:
        port = listening.sockets[0].getsockname()[1]
        said = await call(reaching(TLS, f"localhost:{port}"), port, certificate)
    here = bool(ssl.create_default_context().get_ca_certs())
    assert said == ["over TLS", "TLSv1.3", here]


def signed_for(name: str, folder: Path) -> str:
    """A certificate that signs itself; its key and it are in `both.pem`."""
    key = ec.generate_private_key(ec.SECP256R1())
    who, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    text = made.public_bytes(serialization.Encoding.PEM)
    (folder / "both.pem").write_bytes(key.private_bytes(*plain) + text)
    return text.decode()

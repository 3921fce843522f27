"""Whole FastAPI applications: generated, checked, tested, migrated, started, and used over HTTP."""

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from luxos.programmer.blueprint import FEATURES, KINDS, Blueprint, Field, Resource
from luxos.programmer.code_analyzer import CHECKS
from luxos.programmer.tester import read_report

pytestmark = pytest.mark.slow

LONG = ("zażółć gęślą jaźń " * 5)[:80]
AWKWARD = (
    *("type", "date", "list", "json", "copy", "schema", "model_config", "model_fields", "self", "cls", "str", "int"),
    *("bool", "datetime", "decimal", "mro", "register", "validate", "session", "status", "order", "group", "select"),
    *("values", "dict", "app", "crud", "true", "type_annotation_map"),
)
VALUES = {
    "text": ("Pan Tadeusz", "Lalka"),
    "long_text": ("Litwo! Ojczyzno moja!", "W początkach roku 1878"),
    "integer": (7, -12),
    "decimal": ("12.50", "-0.99"),
    "boolean": (True, False),
    "date": ("2028-02-29", "2031-12-31"),
    "datetime": ("2028-02-29T12:30:00Z", "2031-12-31T23:59:59Z"),
    "time": ("07:45:00", "23:59:59"),
    "email": ("jan@example.com", "anna@example.com"),
    "url": ("https://example.com/a", "https://example.com/b"),
}


def _books() -> Blueprint:
    fields = [Field("title", "tytuł", "text"), Field("author", "autor", "text")]
    fields += [Field(f"a_{kind}", f"pole {kind.replace('_', ' ')}", kind) for kind in KINDS]
    fields += [Field(f"b_{kind}", f"drugie {kind.replace('_', ' ')}", kind, required=False) for kind in KINDS]
    books = Resource("books", "Book", "książka", "książki", "książkę", "książek", tuple(fields))
    return Blueprint("ksiazki-api", "Książki", "fastapi", (books,), FEATURES)


def _people() -> Blueprint:
    fields = (
        Field("name", "imię i nazwisko", "text"),
        Field("born", "data urodzenia", "date", required=False),
        Field("active", "aktywna", "boolean", required=False),
    )
    people = Resource("osoby", "Person", "osoba", "osoby", "osobę", "osób", fields)
    return Blueprint("rejestr", "Rejestr osób", "fastapi", (people,))


def _limits() -> Blueprint:
    awkward = tuple(
        Field(name, LONG, KINDS[index % len(KINDS)], required=index % 3 != 0) for index, name in enumerate(AWKWARD)
    )
    first = Resource("l" * 40, "L" * 40, LONG, LONG, LONG, LONG, (Field("t" * 40, LONG, "text"), *awkward))
    fields = (Field("xmin", LONG, "text"), Field("model_" + "d" * 34, LONG, "decimal"))
    second = Resource("auth", "Account", LONG, LONG, LONG, LONG, fields)
    return Blueprint("a" * 40, LONG, "fastapi", (first, second), ("search", "export"))


@pytest.fixture(scope="module")
def python(environment: Callable[[str], Path]) -> Path:
    return environment("fastapi") / "bin" / "python"


@pytest.fixture(scope="module")
def judged(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], None]:
    """Runs on an application what LuxOS runs on it; the type checker remembers the libraries between applications."""
    types = tmp_path_factory.mktemp("mypy")

    def judge(root: Path) -> None:
        _run(python, root, "ruff", "format", "--no-cache", ".")
        for arguments in [command for commands in CHECKS.values() for command in commands]:
            _run(python, root, *(f"--cache-dir={types}" if "--cache-dir" in word else word for word in arguments))

    return judge


def _run(python: Path, root: Path, *arguments: str) -> str:
    environment = {
        "PATH": f"{python.parent}:/usr/bin:/bin",
        "COVERAGE_FILE": str(root.parent / "coverage"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [str(python), "-m", *arguments]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout[-4000:]}{done.stderr[-2000:]}"
    return done.stdout


@pytest.mark.parametrize("make", [_books, _people, _limits])
def test_an_application_is_sound_and_serves(
    make: Callable[[], Blueprint],
    python: Path,
    judged: Callable[[Path], None],
    written: Callable[[Blueprint, Path, Path | None], Path],
    tmp_path: Path,
) -> None:
    blueprint = Blueprint.from_json(make().as_json())
    root = written(blueprint, tmp_path, python.parent.parent)
    judged(root)
    report = read_report(_run(python, root, "pytest", "-p", "no:cacheprovider", "--cov", "--cov-report=term", "-q"))
    assert report["failed"] == report["skipped"] == 0
    assert report["passed"] > 90
    assert report["coverage"] > 95
    with served(["make", "run"], root, {"DATABASE_URL": f"sqlite:///{tmp_path}/served.db"}) as port:
        _use(Caller(port), blueprint)


class Caller:
    """Speaks HTTP with a served application."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.headers: dict[str, str] = {}

    def __call__(self, method: str, path: str, json_body: Any = None, form: dict[str, str] | None = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers, body = dict(self.headers), None
        if json_body is not None:
            headers["Content-Type"], body = "application/json", json.dumps(json_body)
        if form is not None:
            headers["Content-Type"], body = "application/x-www-form-urlencoded", urlencode(form)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        return answer.status, answer.headers, text

    def json(self, method: str, path: str, status: int, **sent: Any) -> Any:
        got, headers, text = self(method, path, **sent)
        assert got == status, text
        assert headers["X-Request-ID"]
        return json.loads(text) if text else None


@contextmanager
def served(command: list[str], root: Path, settings: dict[str, str]) -> Iterator[int]:
    """The application as a person starts it, on a free port."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    environment = {"PATH": os.environ["PATH"], "PORT": str(port), **settings}
    log = root.parent / "served.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=root, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        _wait_until_healthy(port, process, log)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=20)
    lines = [line for line in log.read_text().splitlines() if line.startswith("{")]
    assert any(json.loads(line)["message"] == "request" for line in lines)


def _wait_until_healthy(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            assert Caller(port).json("GET", "/health", 200) == {"status": "ok"}
            return
        except ConnectionError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())


def _use(call: Caller, blueprint: Blueprint) -> None:
    account = {"username": "jan.nowak", "password": "trudne hasło Jana"}
    for resource in blueprint.resources:
        path = "/zasob-auth" if resource.name == "auth" else f"/{resource.name}"
        assert call.json("POST", path, 401, json_body={})["title"] == "Brak dostępu"
        assert call("GET", path)[0] == (401 if "login" in blueprint.features else 200)
    call.json("POST", "/auth/register", 201, json_body=account)
    call.json("POST", "/auth/register", 409, json_body=account)
    call.json("POST", "/auth/token", 401, form={**account, "password": "złe"})
    token = call.json("POST", "/auth/token", 200, form=account)["access_token"]
    call.headers["Authorization"] = f"Bearer {token}"
    for resource in blueprint.resources:
        path = "/zasob-auth" if resource.name == "auth" else f"/{resource.name}"
        _use_resource(call, resource, path, blueprint.features)
    assert call.json("GET", "/openapi.json", 200)["info"]["title"] == blueprint.title


def _use_resource(call: Caller, resource: Resource, path: str, features: tuple[str, ...]) -> None:
    first, second = ({field.name: VALUES[field.kind][turn] for field in resource.fields} for turn in (0, 1))
    title = resource.title_field.name
    made = call.json("POST", path, 201, json_body=first)
    assert {name: made[name] for name in first} == first
    own = f"{path}/{made['id']}"
    assert call.json("GET", own, 200) == made
    assert call.json("GET", path, 200) == {"items": [made], "total": 1, "limit": 20, "offset": 0}
    replaced = call.json("PUT", own, 200, json_body=second)
    assert {name: replaced[name] for name in second} == second
    assert call.json("PATCH", own, 200, json_body={title: "Chłopi"})[title] == "Chłopi"
    assert call.json("POST", path, 422, json_body={**first, title: ""})["errors"][0]["field"] == title
    if "search" in features:
        assert call.json("GET", f"{path}?q=CH%C5%81OPI", 200)["total"] == 1
        assert call.json("GET", f"{path}?q=brak", 200)["total"] == 0
    if "export" in features:
        status, headers, text = call("GET", f"{path}/export.csv")
        assert (status, headers["content-type"]) == (200, "text/csv; charset=utf-8")
        assert "Chłopi" in text
    assert call.json("DELETE", own, 204) is None
    assert call.json("GET", own, 404)["status"] == 404


def test_names_that_pydantic_uses_are_all_known(python: Path) -> None:
    from luxos.programmer.code_generator import TEMPLATES

    asked = (
        "from pydantic import BaseModel; names = {*dir(BaseModel), *dir(type(BaseModel))};"
        "print(*(name for name in names if name[0] != '_' and hasattr(BaseModel, name)))"
    )
    done = subprocess.run([str(python), "-c", asked], capture_output=True, text=True, check=True)
    known = (TEMPLATES / "fastapi" / "_names.j2").read_text()
    names = [name for name in done.stdout.split() if not name.startswith("model_")]
    assert "copy" in names
    assert [name for name in names if f'"{name}"' not in known] == []


@settings(max_examples=2, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_blueprint_gives_code_that_ruff_accepts_and_python_imports(
    python: Path,
    written: Callable[[Blueprint, Path, Path | None], Path],
    blueprints: Callable[[str], st.SearchStrategy[Blueprint]],
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
) -> None:
    root = written(data.draw(blueprints("fastapi")), tmp_path_factory.mktemp("any"), None)
    _run(python, root, "ruff", "format", "--no-cache", ".")
    _run(python, root, *CHECKS["style"][0])
    _run(python, root, *CHECKS["style"][1])
    test = ("tests/test_openapi.py", "tests/test_migrations.py")
    _run(python, root, "pytest", "-p", "no:cacheprovider", "-q", *test)

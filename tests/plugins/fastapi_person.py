"""A person of a FastAPI application: starts it, and uses all of it over HTTP as a program does, by its blueprint."""

import http.client
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.plugins import applications

from luxos.programmer.blueprint import Blueprint, Resource

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


def serve_and_use(command: Sequence[str], root: Path, blueprint: Blueprint) -> None:
    """Starts the application by a command, with a database from nothing, registers and uses everything."""
    with _serving(command, root, {"DATABASE_URL": f"sqlite:///{root.parent}/served.sqlite3"}) as port:
        _use(Caller(port), blueprint)


@contextmanager
def _serving(command: Sequence[str], root: Path, environment: Mapping[str, str]) -> Iterator[int]:
    """The application on a free port, until the block ends; it must have written down the requests."""
    with applications.serving(command, root, environment, _check_health) as served:
        yield served.port
    lines = [line for line in served.log.read_text().splitlines() if line.startswith("{")]
    assert any(json.loads(line)["message"] == "request" for line in lines)


def _check_health(port: int) -> None:
    assert Caller(port).json("GET", "/health", 200) == {"status": "ok"}


def _use(call: Caller, blueprint: Blueprint) -> None:
    account = {"username": "jan.nowak", "password": "trudne hasło Jana"}
    for resource in blueprint.resources:
        path = _path(resource)
        assert call.json("POST", path, 401, json_body={})["title"] == "Brak dostępu"
        assert call("GET", path)[0] == (401 if "login" in blueprint.features else 200)
    call.json("POST", "/auth/register", 201, json_body=account)
    call.json("POST", "/auth/register", 409, json_body=account)
    call.json("POST", "/auth/token", 401, form={**account, "password": "złe"})
    token = call.json("POST", "/auth/token", 200, form=account)["access_token"]
    call.headers["Authorization"] = f"Bearer {token}"
    for resource in blueprint.resources:
        _use_resource(call, resource, _path(resource), blueprint.features)
    assert call.json("GET", "/openapi.json", 200)["info"]["title"] == blueprint.title


def _path(resource: Resource) -> str:
    return "/zasob-auth" if resource.name == "auth" else f"/{resource.name}"


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

"""A person of a Django application: starts it, and uses all of it over HTTP as a browser does, by its blueprint."""

import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.plugins import applications

from luxos.programmer.blueprint import Blueprint, Field, Resource

PASSWORD = "trudne-haslo-Jana-7"
TYPED = {
    "text": ("Kupić mleko", "Kupić chleb"),
    "long_text": ("Dwa litry", "Jeden bochenek"),
    "integer": ("7", "-12"),
    "decimal": ("12.50", "-0.99"),
    "boolean": ("on", "on"),
    "date": ("2028-02-29", "2031-12-31"),
    "datetime": ("2028-02-29T12:30", "2031-12-31T23:59"),
    "time": ("07:45", "23:59"),
    "email": ("jan@example.com", "anna@example.com"),
    "url": ("https://example.com/a", "example.com/b"),
}


class Browser:
    """Opens pages and sends forms, with cookies and the forms' hidden tokens."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.headers: dict[str, str] = {}
        self.cookies = http.cookiejar.CookieJar()

    def open(
        self, path: str, form: dict[str, str] | None = None, *, host: str = "", follow: bool = True
    ) -> tuple[int, dict[str, str], str]:
        """Status, headers and text of the page where it ends."""
        headers = {**self.headers, "Host": host or f"127.0.0.1:{self.port}"}
        body = urllib.parse.urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, headers)
        handlers: list[urllib.request.BaseHandler] = [urllib.request.HTTPCookieProcessor(self.cookies)]
        if not follow:
            handlers.append(_Staying())
        try:
            with urllib.request.build_opener(*handlers).open(request, timeout=20) as answer:
                return answer.status, dict(answer.headers), answer.read().decode()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code, dict(answer.headers), answer.read().decode()
        except urllib.error.URLError as error:
            raise ConnectionError(str(error.reason)) from error

    def send(self, path: str, form: dict[str, str]) -> str:
        """Opens the page of a form, fills it in, and gives the page that follows."""
        status, _headers, page = self.open(path)
        assert status == 200
        [token, *_others] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        status, _headers, answer = self.open(path, {**form, "csrfmiddlewaretoken": token})
        assert status == 200, answer
        return answer


class _Staying(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: object) -> None:
        return None


def serve_and_use(command: Sequence[str], root: Path, python: Path, blueprint: Blueprint) -> None:
    """Starts the application by a command, with a database from nothing, makes an account and uses everything."""
    environment = {"DATABASE_URL": f"sqlite:///{root.parent}/served.sqlite3", "DEBUG": "1"}
    with serving(command, root, environment) as port:
        _add_person(python, root, environment)
        _use(Browser(port), blueprint)


@contextmanager
def serving(command: Sequence[str], root: Path, environment: Mapping[str, str]) -> Iterator[int]:
    """The application on a free port, until the block ends; no error of it may go unseen."""
    with applications.serving(command, root, environment, _check_health) as served:
        yield served.port
    log = served.log.read_text()
    assert "Traceback" not in log, log


def _check_health(port: int) -> None:
    assert Browser(port).open("/health/")[2] == '{"status": "ok"}'


def _add_person(python: Path, root: Path, environment: Mapping[str, str]) -> None:
    person = {"DJANGO_SUPERUSER_USERNAME": "jan", "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    command = [str(python), "manage.py", "createsuperuser", "--noinput", "--email", "jan@example.com"]
    applications.run(command, root, {**environment, **person})


def _use(browser: Browser, blueprint: Blueprint) -> None:
    """Logs in, and does in every section and in the administration what a person does there."""
    if "login" in blueprint.features:
        assert "Logowanie" in browser.open(f"/{blueprint.resources[0].name}/")[2]
        assert "Wyloguj" in browser.send("/login/", {"username": "jan", "password": PASSWORD})
    for resource in blueprint.resources:
        path = "/zasob-admin/" if resource.name == "admin" else f"/{resource.name}/"
        _use_section(browser, path, resource, blueprint.features)
    browser.send("/admin/login/?next=/admin/", {"username": "jan", "password": PASSWORD})
    status, _headers, page = browser.open("/admin/")
    assert status == 200
    assert all(f"/{resource.class_name[:1].lower()}" in page.lower() for resource in blueprint.resources)


def _use_section(browser: Browser, path: str, resource: Resource, features: tuple[str, ...]) -> None:
    title = TYPED["text"]
    assert "Brak " in browser.open(path)[2]
    assert "Popraw zaznaczone pola." in browser.send(f"{path}dodaj/", {})
    added = browser.send(f"{path}dodaj/", _filled(resource, 0))
    assert "Zapisano." in added
    names = [" ".join([text] * len(resource.title_fields)) for text in title]
    assert f"<h1>{names[0]}</h1>" in added
    [edit] = re.findall(rf'href="({path}\d+/edytuj/)"', added)
    assert f"<h1>{names[1]}</h1>" in browser.send(edit, _filled(resource, 1))
    assert title[1] in browser.open(path)[2]
    if "search" in features:
        assert title[1] in browser.open(f"{path}?q=KUPI%C4%86")[2]
        assert title[1] not in browser.open(f"{path}?q=mleko")[2]
    if "export" in features:
        status, headers, text = browser.open(f"{path}eksport.csv")
        assert (status, headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
        assert title[1] in text
    assert "Usunięto." in browser.send(edit.replace("edytuj", "usun"), {})
    assert browser.open(edit)[0] == 404


def _filled(resource: Resource, which: int) -> dict[str, str]:
    """The form of a resource, filled in."""
    return {_control(field): TYPED[field.kind][which] for field in resource.fields}


def _control(field: Field) -> str:
    steps_aside = {"models", "str", "check", "base", "get_absolute_url", "validate_unique", "csrfmiddlewaretoken"}
    return f"{field.name}_value" if field.name in steps_aside else field.name

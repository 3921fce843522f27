"""Whole Django applications: generated, checked, tested, migrated, started, and used over HTTP as a browser does."""

import http.cookiejar
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from luxos.programmer.blueprint import FEATURES, KINDS, Blueprint, Field, Resource
from luxos.programmer.code_analyzer import CHECKS
from luxos.programmer.tester import read_report

pytestmark = pytest.mark.slow

Written = Callable[[Blueprint, Path, Path | None], Path]
PASSWORD = "trudne-haslo-Jana-7"
LONG = ("Żółta & gęsia [jaźń] * _ | ~ (ą); " * 5)[:80]
AWKWARD = (
    *("models", "str", "check", "type", "list", "date", "request", "self", "form", "base", "get_absolute_url", "q"),
    *("page", "section", "object", "validate_unique", "csrfmiddlewaretoken", "instance", "fields", "int", "bool"),
)
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


def _tasks() -> Blueprint:
    fields = [Field("tytul", "tytuł", "text")]
    fields += [Field(f"a_{kind}", f"pole {kind.replace('_', ' ')}", kind) for kind in KINDS]
    fields += [Field(f"b_{kind}", f"drugie {kind.replace('_', ' ')}", kind, required=False) for kind in KINDS]
    tasks = Resource("zadania", "Zadanie", "zadanie", "zadania", "zadanie", "zadań", tuple(fields))
    lists = Resource("listy", "Lista", "lista", "listy", "listę", "list", (Field("nazwa", "nazwa", "text"),))
    return Blueprint("moje-zadania", "Moje zadania", "django", (tasks, lists), FEATURES)


def _people() -> Blueprint:
    fields = (
        Field("name", "imię i nazwisko", "text"),
        Field("born", "data urodzenia", "date", required=False),
        Field("active", "aktywna", "boolean", required=False),
    )
    people = Resource("osoby", "Osoba", "osoba", "osoby", "osobę", "osób", fields)
    return Blueprint("rejestr", "Rejestr osób", "django", (people,))


def _limits() -> Blueprint:
    awkward = tuple(
        Field(name, LONG, KINDS[index % len(KINDS)], required=index % 3 != 0) for index, name in enumerate(AWKWARD)
    )
    first = Resource("l" * 40, "L" * 40, LONG, LONG, LONG, LONG, (Field("t" * 40, LONG, "text"), *awkward))
    fields = (Field("xmin", LONG, "text"), Field("d" * 40, LONG, "decimal"))
    second = Resource("admin", "None", LONG, LONG, LONG, LONG, fields)
    return Blueprint("a" * 40, LONG, "django", (first, second), ("export",))


@pytest.fixture(scope="module")
def python(environment: Callable[[str], Path]) -> Path:
    return environment("django") / "bin" / "python"


@pytest.fixture(scope="module")
def judged(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], None]:
    """Runs on an application what LuxOS runs on it; the type checker remembers the libraries between applications."""
    types = tmp_path_factory.mktemp("mypy")

    def judge(root: Path) -> None:
        _run(python, root, "ruff", "format", "--no-cache", ".")
        for arguments in [command for commands in CHECKS.values() for command in commands]:
            _run(python, root, *(f"--cache-dir={types}" if "--cache-dir" in word else word for word in arguments))
        report = read_report(_run(python, root, "pytest", "-p", "no:cacheprovider", "--cov", "--cov-report=term", "-q"))
        assert report["failed"] == report["skipped"] == 0
        assert report["passed"] > 50
        assert report["coverage"] > 92

    return judge


def _run(python: Path, root: Path, *arguments: str) -> str:
    environment = {
        "PATH": f"{python.parent}:/usr/bin:/bin",
        "COVERAGE_FILE": str(root.parent / "coverage"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [str(python), "-m", *arguments]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout[-6000:]}{done.stderr[-2000:]}"
    return done.stdout


@pytest.mark.parametrize("make", [_tasks, _people, _limits])
def test_an_application_is_sound_and_serves(
    make: Callable[[], Blueprint], python: Path, judged: Callable[[Path], None], written: Written, tmp_path: Path
) -> None:
    blueprint = Blueprint.from_json(make().as_json())
    root = written(blueprint, tmp_path, None)
    judged(root)
    environment = {"DATABASE_URL": f"sqlite:///{tmp_path}/served.sqlite3", "DEBUG": "1"}
    with _serving(["make", "run", f"VENV={python.parent.parent}"], root, environment) as port:
        _add_person(python, root, environment)
        _use(Browser(port), blueprint)


@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_any_application_is_sound(
    blueprints: Callable[[str], st.SearchStrategy[Blueprint]],
    python: Path,
    judged: Callable[[Path], None],
    written: Written,
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
) -> None:
    judged(written(data.draw(blueprints("django")), tmp_path_factory.mktemp("any"), python.parent.parent))


def test_on_a_server(python: Path, written: Written, tmp_path: Path) -> None:
    root = written(_tasks(), tmp_path, python.parent.parent)
    environment = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/served.sqlite3",
        "DJANGO_SECRET_KEY": "a-key-of-this-test-that-is-long-enough-0123456789-abcdefgh",
    }
    _done(["make", "install"], root, {})
    _done([str(python), "manage.py", "migrate"], root, environment)
    with _serving(
        [str(python), "-m", "gunicorn", "--config", "python:config.gunicorn", "config.wsgi"], root, environment
    ) as port:
        browser = Browser(port)
        browser.headers["X-Forwarded-Proto"] = "https"  # as the server in front says, which gunicorn trusts locally
        status, headers, page = browser.open("/")
        assert status == 200
        assert "Logowanie" in page
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert int(headers["Strict-Transport-Security"].removeprefix("max-age=")) > 10_000_000
        assert re.search(r"csrftoken=.*; Secure", headers["Set-Cookie"])
        [style] = re.findall(r'href="(/static/records/style\.[0-9a-f]+\.css)"', page)
        assert "immutable" in browser.open(style)[1]["Cache-Control"]
        assert browser.open("/", host="evil.example")[0] == 400
        del browser.headers["X-Forwarded-Proto"]
        assert browser.open("/", follow=False)[1]["Location"] == f"https://127.0.0.1:{port}/"


def test_the_unit_is_sound_and_has_walls(written: Written, tmp_path: Path) -> None:
    root = written(_limits(), tmp_path, None)
    (root / ".venv" / "bin").mkdir(parents=True)
    (root / ".venv" / "bin" / "python").symlink_to("/bin/true")
    [unit] = (root / "deploy").glob("*.service")
    unit.write_text(unit.read_text().replace(f"/opt/{root.name}", str(root)))
    keys = dict(line.split("=", 1) for line in unit.read_text().splitlines() if "=" in line)
    assert (keys["DynamicUser"], keys["ProtectSystem"], keys["NoNewPrivileges"]) == ("yes", "strict", "yes")
    assert keys["Description"] == LONG
    if analyze := shutil.which("systemd-analyze"):
        done = subprocess.run([analyze, "verify", str(unit)], capture_output=True, text=True, check=False)
        assert [line for line in done.stderr.splitlines() if unit.name in line] == []


def _done(command: list[str], root: Path, environment: dict[str, str]) -> None:
    clean = {"PATH": os.environ["PATH"], **environment}
    done = subprocess.run(command, cwd=root, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _add_person(python: Path, root: Path, environment: dict[str, str]) -> None:
    person = {"DJANGO_SUPERUSER_USERNAME": "jan", "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    command = [str(python), "manage.py", "createsuperuser", "--noinput", "--email", "jan@example.com"]
    _done(command, root, {**environment, **person})


@contextmanager
def _serving(command: list[str], root: Path, environment: dict[str, str]) -> Iterator[int]:
    """The application as a person starts it, on a free port."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    everything = {"PATH": os.environ["PATH"], "PORT": str(port), "BIND": f"127.0.0.1:{port}"}
    log = root.parent / "served.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=root, env={**everything, **environment}, stdout=output, stderr=output, start_new_session=True
        )
    try:
        _wait_until_healthy(port, process, log)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=20)
    assert "Traceback" not in log.read_text(), log.read_text()


def _wait_until_healthy(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            assert Browser(port).open("/health/")[2] == '{"status": "ok"}'
            return
        except ConnectionError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())


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


def _use(browser: Browser, blueprint: Blueprint) -> None:
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
    assert f"<h1>{title[0]}</h1>" in added
    [edit] = re.findall(rf'href="({path}\d+/edytuj/)"', added)
    assert f"<h1>{title[1]}</h1>" in browser.send(edit, _filled(resource, 1))
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

"""Whole Django applications: generated, checked, tested, migrated, started, and used over HTTP as a browser does."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.plugins.applications import Judge, run
from tests.plugins.blueprints import every_kind, longest, people
from tests.plugins.django_person import Browser, serve_and_use, serving
from tests.plugins.sampling import WHOLE, sampled

from luxos.programmer.blueprint import FEATURES, Blueprint, Field, Resource

pytestmark = pytest.mark.slow

Written = Callable[[Blueprint, Path, Path | None], Path]
LONG = ("Żółta & gęsia [jaźń] * _ | ~ (ą); " * 5)[:80]
AWKWARD = (
    *("models", "str", "check", "type", "list", "date", "request", "self", "form", "base", "get_absolute_url", "q"),
    *("page", "section", "object", "validate_unique", "csrfmiddlewaretoken", "instance", "fields", "int", "bool"),
)


def _tasks() -> Blueprint:
    fields = (Field("tytul", "tytuł", "text"), *every_kind())
    tasks = Resource("zadania", "Zadanie", "zadanie", "zadania", "zadanie", "zadań", fields)
    lists = Resource("listy", "Lista", "lista", "listy", "listę", "list", (Field("nazwa", "nazwa", "text"),))
    return Blueprint("moje-zadania", "Moje zadania", "django", (tasks, lists), FEATURES)


def _people() -> Blueprint:
    return people("django", "Osoba")


def _limits() -> Blueprint:
    fields = (Field("xmin", LONG, "text"), Field("d" * 40, LONG, "decimal"))
    second = Resource("admin", "None", LONG, LONG, LONG, LONG, fields)
    return Blueprint("a" * 40, LONG, "django", (longest(LONG, AWKWARD), second), ("export",))


@pytest.fixture(scope="module")
def python(environment: Callable[[str], Path]) -> Path:
    return environment("django") / "bin" / "python"


@pytest.fixture(scope="module")
def judged(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    return Judge(python, tmp_path_factory.mktemp("mypy"), passed=50, coverage=92)


@pytest.mark.parametrize("make", sampled([_tasks, _people, _limits], 0))
def test_an_application_is_sound_and_serves(
    make: Callable[[], Blueprint], python: Path, judged: Callable[[Path], None], written: Written, tmp_path: Path
) -> None:
    blueprint = Blueprint.from_json(make().as_json())
    root = written(blueprint, tmp_path, None)
    judged(root)
    serve_and_use(["make", "run", f"VENV={python.parent.parent}"], root, python, blueprint)


@pytest.mark.skipif(not WHOLE, reason="left to `make faults`")
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
    run(["make", "install"], root, {})
    run([str(python), "manage.py", "migrate"], root, environment)
    with serving(
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

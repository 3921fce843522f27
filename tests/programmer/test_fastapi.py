"""Whole FastAPI applications: generated, checked, tested, migrated, started, and used over HTTP."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.plugins.applications import Judge, run_module
from tests.plugins.blueprints import every_kind, longest, people
from tests.plugins.fastapi_person import serve_and_use
from tests.plugins.sampling import WHOLE, sampled

from luxos.programmer.blueprint import FEATURES, Blueprint, Field, Resource
from luxos.programmer.code_analyzer import CHECKS

pytestmark = pytest.mark.slow

LONG = ("zażółć gęślą jaźń " * 5)[:80]
AWKWARD = (
    *("type", "date", "list", "json", "copy", "schema", "model_config", "model_fields", "self", "cls", "str", "int"),
    *("bool", "datetime", "decimal", "mro", "register", "validate", "session", "status", "order", "group", "select"),
    *("values", "dict", "app", "crud", "true", "type_annotation_map"),
)


def _books() -> Blueprint:
    fields = (Field("title", "tytuł", "text"), Field("author", "autor", "text"), *every_kind())
    books = Resource("books", "Book", "książka", "książki", "książkę", "książek", fields)
    return Blueprint("ksiazki-api", "Książki", "fastapi", (books,), FEATURES)


def _people() -> Blueprint:
    return people("fastapi", "Person")


def _limits() -> Blueprint:
    fields = (Field("xmin", LONG, "text"), Field("model_" + "d" * 34, LONG, "decimal"))
    second = Resource("auth", "Account", LONG, LONG, LONG, LONG, fields)
    return Blueprint("a" * 40, LONG, "fastapi", (longest(LONG, AWKWARD), second), ("search", "export"))


@pytest.fixture(scope="module")
def python(environment: Callable[[str], Path]) -> Path:
    return environment("fastapi") / "bin" / "python"


@pytest.fixture(scope="module")
def judged(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    return Judge(python, tmp_path_factory.mktemp("mypy"), passed=90, coverage=95)


@pytest.mark.parametrize("make", sampled([_books, _people, _limits], 0))
def test_an_application_is_sound_and_serves(
    make: Callable[[], Blueprint],
    python: Path,
    judged: Judge,
    written: Callable[[Blueprint, Path, Path | None], Path],
    tmp_path: Path,
) -> None:
    blueprint = Blueprint.from_json(make().as_json())
    root = written(blueprint, tmp_path, python.parent.parent)
    judged(root)
    serve_and_use(["make", "run"], root, blueprint)


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


@settings(
    max_examples=5 if WHOLE else 1,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_any_blueprint_gives_code_that_ruff_accepts_and_python_imports(
    python: Path,
    written: Callable[[Blueprint, Path, Path | None], Path],
    blueprints: Callable[[str], st.SearchStrategy[Blueprint]],
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
) -> None:
    root = written(data.draw(blueprints("fastapi")), tmp_path_factory.mktemp("any"), None)
    run_module(python, root, "ruff", "format", "--no-cache", ".")
    run_module(python, root, *CHECKS["style"][0])
    run_module(python, root, *CHECKS["style"][1])
    test = ("tests/test_openapi.py", "tests/test_migrations.py")
    run_module(python, root, "pytest", "-p", "no:cacheprovider", "-q", *test)

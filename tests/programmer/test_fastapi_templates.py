"""The FastAPI templates, quickly: whatever the blueprint, Python comes out, and always the same."""

import ast
import builtins
import re
from collections.abc import Callable
from pathlib import PurePosixPath

import jinja2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luxos.programmer.blueprint import FEATURES, KINDS, Blueprint, Field, Resource
from luxos.programmer.code_generator import TEMPLATES, generate

NAMES = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES)).get_template("fastapi/_names.j2")  # noqa: S701
QUICK = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


def resource(name: str, class_name: str, *fields: Field) -> Resource:
    forms = ("pozycja", "pozycje", "pozycję", "pozycji")
    return Resource(name, class_name, *forms, fields=(Field("title", "tytuł", "text"), *fields))


def blueprint(*resources: Resource, features: tuple[str, ...] = FEATURES) -> Blueprint:
    made = Blueprint("moja-usluga", "Moja usługa", "fastapi", resources, features)
    return Blueprint.from_json(made.as_json())


@pytest.mark.slow
@QUICK
@given(data=st.data())
def test_any_blueprint_gives_python(
    blueprints: Callable[[str], st.SearchStrategy[Blueprint]], data: st.DataObject
) -> None:
    made = data.draw(blueprints("fastapi"))
    files = generate(made)
    for path, text in files.items():
        assert PurePosixPath(path).parts[0] not in ("/", "..")
        assert "{{" not in text or path.endswith((".mako", ".py")), path
        if path.endswith(".py"):
            ast.parse(text, path)
    for one in made.resources:
        for folder in ("models", "schemas", "routers"):
            assert f"app/{folder}/{one.name}.py" in files
    assert ("app/text_search.py" in files) is ("search" in made.features)
    assert ("app/csv_export.py" in files) is ("export" in made.features)


def test_the_same_blueprint_gives_the_same_bytes() -> None:
    made = blueprint(resource("things", "Thing", *(Field(f"f_{kind}", "pole", kind) for kind in KINDS)))
    first, second = generate(made), generate(Blueprint.from_json(made.as_json()))
    assert first == second
    assert list(first) == sorted(first)


def test_nothing_of_this_machine_or_day_gets_in() -> None:
    text = "\n".join(generate(blueprint(resource("things", "Thing"))).values())
    assert str(TEMPLATES.parents[3]) not in text
    assert not re.search(r"/(home|root|work)/", text)
    assert not re.search(r"pypi|index-url|\.org/simple", text)
    assert set(re.findall(r"\b20[12]\d-\d\d-\d\d\b", text)) <= {"2027-02-29", "2028-02-29"}


def test_requirements_pin_every_package_by_hash() -> None:
    files = generate(blueprint(resource("things", "Thing")))
    for name in ("requirements.txt", "requirements-dev.txt"):
        entries = re.split(r"\n(?=\S)", files[name].strip())
        assert len(entries) > 20
        assert all("--hash=sha256:" in entry for entry in entries)
    runtime, tools = (
        set(re.findall(r"^(\S+==\S+)", files[name], re.M)) for name in ("requirements.txt", "requirements-dev.txt")
    )
    assert runtime < tools


def test_classes_never_hide_pythons_own() -> None:
    taken = set(NAMES.module.TAKEN_CLASSES)  # type: ignore[attr-defined]
    pythons = {name for name in dir(builtins) if re.fullmatch(r"([A-Z][a-z0-9]*)+", name)}
    assert pythons - taken == set()


def test_a_class_that_is_taken_steps_aside_without_a_clash() -> None:
    files = generate(blueprint(resource("errors", "ValueError"), resource("others", "ValueErrorItem")))
    assert "class ValueErrorItemItem(Record):" in files["app/models/errors.py"]
    assert "class ValueErrorItem(Record):" in files["app/models/others.py"]
    true = generate(blueprint(resource("truths", "True")))
    assert "class TrueItem(Record):" in true["app/models/truths.py"]


@pytest.mark.parametrize(
    ("name", "table", "path"),
    [
        ("books", "books", "/books"),
        ("auth_account", "t__auth_account", "/auth_account"),
        ("alembic_version", "t__alembic_version", "/alembic_version"),
        ("sqlite_master", "t__sqlite_master", "/sqlite_master"),
        ("auth", "auth", "/zasob-auth"),
        ("health", "health", "/zasob-health"),
    ],
)
def test_tables_and_paths_that_are_taken_step_aside(name: str, table: str, path: str) -> None:
    files = generate(blueprint(resource(name, "Thing")))
    assert f'__tablename__ = "{table}"' in files[f"app/models/{name}.py"]
    assert f'op.create_table(\n        "{table}"' in files["migrations/versions/0001_initial.py"]
    assert f'prefix="{path}"' in files[f"app/routers/{name}.py"]


def test_a_column_that_postgresql_keeps_for_itself_steps_aside() -> None:
    files = generate(blueprint(resource("things", "Thing", Field("xmin", "pole", "integer"))))
    assert 'xmin: Mapped[WholeNumber] = mapped_column("t__xmin")' in files["app/models/things.py"]
    assert 'sa.Column("t__xmin", sa.BigInteger()' in files["migrations/versions/0001_initial.py"]


@pytest.mark.parametrize("features", [(), ("login",), ("search",), ("export",), FEATURES])
def test_features_leave_no_trace_where_they_are_not_wanted(features: tuple[str, ...]) -> None:
    files = generate(blueprint(resource("things", "Thing"), features=features))
    router = files["app/routers/things.py"]
    assert ("SearchDep" in router) is ("search" in features)
    assert ("export.csv" in router) is ("export" in features)
    assert ("tests/test_search.py" in files) is ("search" in features)
    assert ("tests/test_export.py" in files) is ("export" in features)
    reading = router[router.index("@router.get(") : router.index("@router.post(")]
    assert ("401" in reading) is ("login" in features)

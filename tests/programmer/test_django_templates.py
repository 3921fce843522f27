"""The Django templates, quickly: whatever the blueprint, Python and HTML come out, and always the same."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luxos.programmer.blueprint import FEATURES, KINDS, Blueprint, Field, Resource, is_free_field_name, is_free_name
from luxos.programmer.code_generator import TEMPLATES, generate

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def resource(name: str, class_name: str, *fields: Field) -> Resource:
    forms = ("pozycja", "pozycje", "pozycję", "pozycji")
    return Resource(name, class_name, *forms, fields=(Field("nazwa", "nazwa", "text"), *fields))


def blueprint(*resources: Resource, name: str = "moje-rzeczy", features: tuple[str, ...] = FEATURES) -> Blueprint:
    return Blueprint.from_json(Blueprint(name, "Moje rzeczy", "django", resources, features).as_json())


@pytest.mark.slow
@QUICK
@given(data=st.data())
def test_any_blueprint_gives_python(
    blueprints: Callable[[str], st.SearchStrategy[Blueprint]], data: st.DataObject
) -> None:
    made = data.draw(blueprints("django"))
    files = generate(made)
    assert list(files) == sorted(files)
    for path, text in files.items():
        assert not {"..", "/"} & set(PurePosixPath(path).parts)
        assert text == "" or (text.endswith("\n") and not text.startswith("\n"))
        if path.endswith(".py"):
            ast.parse(text, path)
    assert tomllib.loads(files["pyproject.toml"])["project"]["name"] == made.name
    for feature, file in (("login", "test_login.py"), ("search", "test_search.py"), ("export", "test_export.py")):
        assert (f"tests/{file}" in files) is (feature in made.features)


@QUICK
@given(data=st.data())
def test_models_and_migration_have_the_same_columns(
    blueprints: Callable[[str], st.SearchStrategy[Blueprint]], data: st.DataObject
) -> None:
    made = data.draw(blueprints("django"))
    files = generate(made)
    models = {
        node.name: {part.targets[0].id for part in node.body if isinstance(part, ast.Assign)}  # type: ignore[attr-defined]
        for node in ast.parse(files[f"{made.module}/models.py"]).body
        if isinstance(node, ast.ClassDef)
    }
    assert len(models) == len(made.resources)
    assert [len(columns) for columns in models.values()] == [len(one.fields) for one in made.resources]
    migration = files[f"{made.module}/migrations/0001_initial.py"]
    for name, columns in models.items():
        [block] = re.findall(rf'CreateModel\(\n +name="{name}",\n(.*?)options=', migration, re.DOTALL)
        assert set(re.findall(r'^ +\("(\w+)", models', block, re.M)) == columns | {"id", "created_at", "updated_at"}


def test_the_same_blueprint_gives_the_same_bytes() -> None:
    made = blueprint(resource("rzeczy", "Rzecz", *(Field(f"f_{kind}", "pole", kind) for kind in KINDS)))
    assert generate(made) == generate(Blueprint.from_json(made.as_json()))


def test_nothing_of_this_machine_or_day_gets_in() -> None:
    text = "\n".join(generate(blueprint(resource("rzeczy", "Rzecz"))).values())
    assert str(TEMPLATES.parents[3]) not in text
    assert not re.search(r"/(home|root|work)/", text)
    assert not re.search(r"pypi|index-url|\.org/simple|SECRET_KEY = \"", text)


def test_requirements_pin_every_package_by_hash() -> None:
    files = generate(blueprint(resource("rzeczy", "Rzecz")))
    pinned = {}
    for name in ("requirements.txt", "requirements-dev.txt"):
        entries = re.split(r"\n(?=\S)", files[name].strip())
        assert all("--hash=sha256:" in entry for entry in entries)
        pinned[name] = {re.split(r"[ \\]", entry)[0] for entry in entries}
    assert pinned["requirements.txt"] < pinned["requirements-dev.txt"]
    assert {entry.split("==")[0] for entry in pinned["requirements.txt"]} >= {"django", "gunicorn", "whitenoise"}


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("check", "check_value"),
        ("str", "str_value"),
        ("l", "l_value"),
        ("get_absolute_url", "get_absolute_url_value"),
        ("date", "date"),
    ],
)
def test_fields_step_aside_for_what_django_needs(name: str, column: str) -> None:
    files = generate(blueprint(resource("rzeczy", "Rzecz", Field(name, "pole", "integer"))))
    assert f'    {column} = models.BigIntegerField("pole")' in files["moje_rzeczy/models.py"]


@pytest.mark.slow
def test_fields_know_everything_that_a_model_has(environment: Callable[[str], Path]) -> None:
    ask = "from django.db.models import Model; print(*dir(Model))"
    python = environment("django") / "bin" / "python"
    said = subprocess.run([str(python), "-c", ask], capture_output=True, text=True, check=True).stdout
    names = {name for name in said.split() if is_free_field_name(name)}
    assert "full_clean" in names
    fields = [Field(name, "pole", "integer") for name in sorted(names)]
    made = generate(blueprint(resource("rzeczy", "Rzecz", *fields)))["moje_rzeczy/models.py"]
    assert names & set(re.findall(r"^    (\w+) = models", made, re.M)) == set()


def test_a_field_never_steps_onto_another() -> None:
    files = generate(
        blueprint(resource("rzeczy", "Rzecz", Field("check", "a", "date"), Field("check_value", "b", "date")))
    )
    assert '    check_value_value = models.DateField("a")' in files["moje_rzeczy/models.py"]


def test_sections_step_aside_for_the_pages_of_the_application() -> None:
    files = generate(blueprint(resource("admin", "True"), resource("rzeczy", "TrueItem")))
    assert 'slug="zasob-admin"' in files["moje_rzeczy/sections.py"]
    assert "class TrueItemItem(base.Record):" in files["moje_rzeczy/models.py"]


@pytest.mark.parametrize("name", ["auth", "sessions", "login", "r"])
def test_applications_step_aside_for_djangos_own(name: str) -> None:
    made = generate(blueprint(resource("rzeczy", "Rzecz"), name=name))
    assert f'    name = "{name}"\n    label = "{name}_app"\n' in made[f"{name}/apps.py"]


def test_optional_texts_are_empty_and_other_values_null() -> None:
    fields = [Field(f"f_{kind}", "pole", kind, required=False) for kind in KINDS]
    models = generate(blueprint(resource("rzeczy", "Rzecz", *fields)))["moje_rzeczy/models.py"]
    lines = {kind: next(line for line in models.splitlines() if f" f_{kind} = " in line) for kind in KINDS}
    for kind, line in lines.items():
        assert ("blank=True" in line) is (kind != "boolean")
        assert ("null=True" in line) is (kind in {"integer", "decimal", "date", "datetime", "time"})


@pytest.mark.slow
def test_no_application_hides_a_library_that_it_runs_with(environment: Callable[[str], Path]) -> None:
    [libraries] = environment("django").glob("lib/python3*/site-packages")
    found = {path.name.removesuffix(".py") for path in libraries.iterdir() if path.suffix in {"", ".py"}}
    names = {name for name in found if re.fullmatch(r"[a-z][a-z0-9_]*", name)}
    assert {"django", "pytest", "whitenoise"} <= names
    assert {name for name in names if is_free_name(name.replace("_", "-"))} == set()

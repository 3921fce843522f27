"""What the tests of both stacks share: real environments with the locked packages, and random valid blueprints."""

import fcntl
import hashlib
import os
import shutil
import string
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import strategies as st

from luxos.programmer import code_generator
from luxos.programmer.blueprint import (
    FEATURES,
    KINDS,
    Blueprint,
    Field,
    Resource,
    is_free_field_name,
    is_free_name,
)
from luxos.programmer.errors import BlueprintInvalid

LOCKS = Path(code_generator.__file__).parent / "locks"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "luxos-tests"
FORBIDDEN = "\"'\\<>{}%#`$"


@pytest.fixture(scope="session")
def environment() -> Callable[[str], Path]:
    """Gives for a stack the folder of an environment with `locks/<stack>.txt` installed, built once a machine."""
    return _environment_of


def _environment_of(stack: str) -> Path:
    lock = LOCKS / f"{stack}.txt"
    platform = f"{sys.implementation.cache_tag} {sysconfig.get_platform()}"
    digest = hashlib.sha256(lock.read_bytes() + platform.encode()).hexdigest()[:16]
    folder = CACHE / f"{stack}-{digest}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _install(lock, folder)
            (folder / "complete").touch()
    return folder


def _install(lock: Path, folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(lock)], check=True)


@pytest.fixture(scope="session")
def written() -> Callable[[Blueprint, Path], Path]:
    """Generates an application below a folder, with `.venv` being a link to the environment where one is given."""

    def write(blueprint: Blueprint, folder: Path, environment: Path | None = None) -> Path:
        root = folder / blueprint.name
        for path, text in code_generator.generate(blueprint).items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        if environment is not None:
            (root / ".venv").symlink_to(environment)
        return root

    return write


@pytest.fixture(scope="session")
def blueprints() -> Callable[[str], st.SearchStrategy[Blueprint]]:
    """Gives for a stack every kind of valid blueprint: a hypothesis strategy."""
    return _blueprints


def _words(first: str, rest: str, most: int = 40) -> st.SearchStrategy[str]:
    return st.builds(lambda head, tail: head + tail, st.sampled_from(first), st.text(rest, max_size=most - 1))


LABELS = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters=FORBIDDEN)
    | st.sampled_from(" ąćęłńóśźżĄĆĘŁŃÓŚŹŻ"),
    min_size=1,
    max_size=80,
).filter(lambda text: text.isprintable() and text == text.strip())
AWKWARD = ("check", "form", "from_db", "list", "model_config", "models", "page", "q", "request", "self", "str", "type")
IDENTIFIERS = (
    st.sampled_from(AWKWARD) | st.from_regex(r"[a-z][a-z0-9]{0,12}(_[a-z0-9]{1,12}){0,2}", fullmatch=True)
).filter(is_free_field_name)
CLASSES = _words(string.ascii_uppercase, string.ascii_letters + string.digits)
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,12}(-[a-z0-9]{1,12}){0,2}", fullmatch=True).filter(is_free_name)


@st.composite
def _resources(draw: st.DrawFn, name: str, class_name: str) -> Resource:
    names = draw(st.lists(IDENTIFIERS, min_size=1, max_size=12, unique=True))
    others = st.builds(Field, st.sampled_from(names), LABELS, st.sampled_from(KINDS), st.booleans())
    fields = draw(st.lists(others, max_size=len(names), unique_by=lambda field: field.name))
    left = [name for name in names if name not in {field.name for field in fields}]
    title = Field(left[0] if left else "title_of_it", draw(LABELS), "text")
    place = draw(st.integers(0, len(fields)))
    forms = [draw(LABELS) for _ in range(4)]
    return Resource(name, class_name, *forms, fields=(*fields[:place], title, *fields[place:]))


@st.composite
def _blueprints(draw: st.DrawFn, stack: str) -> Blueprint:
    names = draw(st.lists(IDENTIFIERS, min_size=1, max_size=4, unique=True))
    classes = draw(st.lists(CLASSES, min_size=len(names), max_size=len(names), unique_by=str.lower))
    resources = tuple(draw(_resources(name, kind)) for name, kind in zip(names, classes, strict=True))
    features = tuple(draw(st.lists(st.sampled_from(FEATURES), unique=True)))
    blueprint = Blueprint(draw(NAMES), draw(LABELS), stack, resources, features)
    try:
        return Blueprint.from_json(blueprint.as_json())
    except BlueprintInvalid:
        return draw(st.nothing())

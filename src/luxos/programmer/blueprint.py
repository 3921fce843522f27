"""What an application is to be, before a line of it is written: plain data, checked once, the same for every stack."""

import json
import keyword
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, get_args, get_type_hints

from luxos.i18n import _
from luxos.programmer.errors import BlueprintInvalid
from luxos.programmer.shapes import Design, Stack
from luxos.runtime.arguments import fits, said

STACKS: tuple[str, ...] = get_args(Stack)
FEATURES = ("login", "search", "export")
KINDS = ("text", "long_text", "integer", "decimal", "boolean", "date", "datetime", "time", "email", "url")

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_CLASS = re.compile(r"([A-Z][a-z0-9]*)+")
_LONGEST = 40
_TAKEN = frozenset(
    {"id", "pk", "objects", "created_at", "updated_at", "metadata", "registry", "save", "delete", "clean"}
)
_NAMES_OF_PEOPLE = frozenset({"imie", "nazwisko", "first_name", "last_name", "surname", "given_name", "family_name"})
_FOLDERS = frozenset({"config", "deploy", "dist", "manage", "migrations", "staticfiles", "tests"})
_LIBRARIES = frozenset(
    {"alembic", "asgiref", "bandit", "coverage", "django_stubs_ext", "gunicorn", "iniconfig", "librt", "markdown_it"}
    | {
        "mdurl",
        "mypy",
        "mypy_django_plugin",
        "mypy_extensions",
        "mypyc",
        "packaging",
        "pathspec",
        "pip",
        "pluggy",
        "py",
    }
    | {"pydantic", "pygments", "pytest", "pytest_cov", "pytest_django", "rich", "ruff", "setuptools", "sqlalchemy"}
    | {"sqlparse", "stevedore", "typing_extensions", "tzdata", "whitenoise", "yaml", "ast_serialize", "pkg_resources"}
)
_PACKAGES = _FOLDERS | _LIBRARIES | frozenset(STACKS)


@dataclass(frozen=True)
class Field:
    """One column of a resource. `label` is Polish, in lower case: "termin oddania"."""

    name: str
    label: str
    kind: str
    required: bool = True


@dataclass(frozen=True)
class Resource:
    """What the application keeps. `name` is the plural identifier ("ksiazki"); the labels are Polish forms of it."""

    name: str
    class_name: str
    singular: str
    plural: str
    accusative: str
    genitive_plural: str
    fields: tuple[Field, ...]

    @property
    def title_field(self) -> Field:
        """The field that stands for a row in lists: the first required text."""
        return next(filter(_is_title, self.fields))

    @property
    def title_fields(self) -> tuple[Field, ...]:
        """The fields that name a row: the title; of a person the first name and the surname, in their order."""
        if self.title_field.name not in _NAMES_OF_PEOPLE:
            return (self.title_field,)
        return tuple(field for field in self.fields if field.name in _NAMES_OF_PEOPLE and _is_title(field))


@dataclass(frozen=True)
class Blueprint:
    """A whole application. `name` is its folder ("moje-zadania"), `module` its Python package ("moje_zadania")."""

    name: str
    title: str
    stack: str
    resources: tuple[Resource, ...]
    features: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        return self.name.replace("-", "_")

    def as_json(self) -> dict[str, Any]:
        """The blueprint as JSON values; `from_json` reads it back."""
        data: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Blueprint":
        """Reads and checks a blueprint; `BlueprintInvalid` names the first field that does not fit."""
        _check_shape(data)
        try:
            resources = tuple(
                Resource(**{**resource, "fields": tuple(Field(**field) for field in resource["fields"])})
                for resource in data["resources"]
            )
            blueprint = cls(
                name=data["name"],
                title=data["title"],
                stack=data["stack"],
                resources=resources,
                features=tuple(data.get("features", ())),
            )
        except TypeError as error:  # a name too many
            wanted = said(get_type_hints(Design)["resources"])
            raise BlueprintInvalid(field="resources", value=str(data["resources"])[:80], wanted=wanted) from error
        _check(blueprint)
        return blueprint


def _check_shape(data: Mapping[str, Any]) -> None:
    """Every value is of its kind, whatever it says."""
    for name, kind in get_type_hints(Design).items():
        missing = name not in data and name in Design.__required_keys__
        if missing or (name in data and not fits(data[name], kind)):
            raise BlueprintInvalid(field=name, value=str(data.get(name))[:80], wanted=said(kind))


def _check(blueprint: Blueprint) -> None:
    _expect(
        "name",
        blueprint.name,
        is_free_name(blueprint.name),
        _("small letters, digits and hyphens, at most 40, no word of Python or of the framework"),
    )
    _expect(
        "title",
        blueprint.title,
        _is_label(blueprint.title),
        _("one line of at most 80 characters, without quotation marks, brackets and the like"),
    )
    _expect("stack", blueprint.stack, blueprint.stack in STACKS, ", ".join(STACKS))
    _expect("features", blueprint.features, set(blueprint.features) <= set(FEATURES), ", ".join(FEATURES))
    _expect("resources", len(blueprint.resources), 1 <= len(blueprint.resources) <= 8, _("1 to 8 of them"))
    names = [resource.name for resource in blueprint.resources]
    # Two names that differ in capitals only would share a table, or a file on some disks.
    classes = [resource.class_name.lower() for resource in blueprint.resources]
    _expect("resources", names, len(set(names)) == len(set(classes)) == len(names), _("a different name for each"))
    for resource in blueprint.resources:
        _check_resource(resource)


def _check_resource(resource: Resource) -> None:
    _expect("resource", resource.name, _is_identifier(resource.name), _("a Python identifier in small letters"))
    is_class = bool(_CLASS.fullmatch(resource.class_name)) and len(resource.class_name) <= _LONGEST
    _expect("class_name", resource.class_name, is_class, _("letters and digits, the first one a capital"))
    for form in (resource.singular, resource.plural, resource.accusative, resource.genitive_plural):
        _expect(
            "label",
            form,
            _is_label(form),
            _("one line of at most 80 characters, without quotation marks, brackets and the like"),
        )
    names = [field.name for field in resource.fields]
    _expect("fields", names, len(set(names)) == len(names) and 1 <= len(names) <= 30, _("1 to 30 different names"))
    for field in resource.fields:
        _expect(
            "field",
            field.name,
            is_free_field_name(field.name),
            _("a Python identifier in small letters that nothing else uses"),
        )
        _expect(
            "label",
            field.label,
            _is_label(field.label),
            _("one line of at most 80 characters, without quotation marks, brackets and the like"),
        )
        _expect("kind", field.kind, field.kind in KINDS, ", ".join(KINDS))
    _expect("fields", names, any(map(_is_title, resource.fields)), _("at least one required text"))


def _is_title(field: Field) -> bool:
    """Whether a field can stand for a row."""
    return field.kind == "text" and field.required


def _expect(field: str, value: object, fits: bool, wanted: str) -> None:
    if not fits:
        raise BlueprintInvalid(field=field, value=value, wanted=wanted)


def is_free_field_name(name: str) -> bool:
    """Whether a field, a resource or a package may have this name: an identifier that nobody else uses."""
    return _is_identifier(name) and name not in _TAKEN


def _is_word(text: object) -> bool:
    return (
        isinstance(text, str)
        and len(text) <= _LONGEST
        and not keyword.iskeyword(text)
        and not keyword.issoftkeyword(text)
    )


def is_free_name(name: str) -> bool:
    """Whether an application may be called so: its package must not hide one of Python's or of its own stack."""
    module = name.replace("-", "_") if isinstance(name, str) else ""
    fits = _is_word(name) and bool(_NAME.fullmatch(name)) and _is_word(module)
    return fits and module not in _PACKAGES and module not in sys.stdlib_module_names


def _is_identifier(text: str) -> bool:
    return _is_word(text) and bool(_IDENTIFIER.fullmatch(text))


def _is_label(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= 80 and text.isprintable() and not set(text) & set("\"'\\<>{}%#`$")

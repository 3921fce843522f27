"""A blueprint is checked whole: whatever JSON comes, it is read or refused with the name of what does not fit."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as some

from luxos.boot import core_registry
from luxos.lux.checker import check
from luxos.lux.errors import ArgumentUnfit
from luxos.lux.reader import read
from luxos.programmer.blueprint import Blueprint
from luxos.programmer.errors import BlueprintInvalid

FIELD = {"name": "nazwa", "label": "nazwa", "kind": "text", "required": True}
RESOURCE = {
    "name": "koty",
    "class_name": "Kot",
    "singular": "kot",
    "plural": "koty",
    "accusative": "kota",
    "genitive_plural": "kotów",
    "fields": [FIELD],
}
WHOLE = {"name": "koty", "title": "Koty", "stack": "django", "resources": [RESOURCE], "features": ["search"]}

json_values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=5),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def test_a_whole_one_is_read() -> None:
    assert Blueprint.from_json(WHOLE).as_json() == WHOLE


@given(name=some.sampled_from(sorted(WHOLE)), value=json_values)
def test_any_value_in_any_place_is_read_or_refused(name: str, value: object) -> None:
    with suppress(BlueprintInvalid):
        Blueprint.from_json({**WHOLE, name: value})


@given(name=some.sampled_from(sorted(RESOURCE)), value=json_values)
def test_any_value_in_a_resource_is_read_or_refused(name: str, value: object) -> None:
    with suppress(BlueprintInvalid):
        Blueprint.from_json({**WHOLE, "resources": [{**RESOURCE, name: value}]})


@pytest.mark.parametrize("name", sorted(WHOLE.keys() - {"features"}))
def test_what_is_missing_is_named(name: str) -> None:
    with pytest.raises(BlueprintInvalid) as caught:
        Blueprint.from_json({key: value for key, value in WHOLE.items() if key != name})
    assert caught.value.details["field"] == name


def test_a_name_too_many_is_refused() -> None:
    with pytest.raises(BlueprintInvalid):
        Blueprint.from_json({**WHOLE, "resources": [{**RESOURCE, "size": 1}]})


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("GENERATE design: {}", "design"),
        ("GENERATE design: []", "design"),
        ("GENERATE design: 5", "design"),
        ("INSTALL packages: {}", "packages"),
        ('FETCH stack: "flask"', "stack"),
        ('CHECK "beauty", {}, {}', "kind"),
        ('CHECK "style", {}, {}', "source"),
        ('FORMAT {name: "x", stack: "django", files: [1]}, {}', "source"),
        ('TEST {name: "x", stack: "django", files: []}, {}', "environment"),
        ("PACKAGE {}", "source"),
        ('DESIGN name: "x", title: "X", stack: "django", resources: {}', "resources"),
        ('DESIGN name: "x", title: "X", stack: "django", resources: [], features: [["a"]]', "features"),
    ],
)
def test_a_program_with_a_wrong_mapping_is_refused_with_the_name_of_the_argument(program: str, name: str) -> None:
    with pytest.raises(ArgumentUnfit) as caught:
        check(read(program), core_registry().verbs)
    assert caught.value.details["name"] == name


@pytest.mark.parametrize(
    ("names", "titles"),
    [
        (["imie", "nazwisko", "wiek"], ["imie", "nazwisko"]),
        (["nazwisko", "uwaga", "imie"], ["nazwisko", "imie"]),
        (["first_name", "last_name"], ["first_name", "last_name"]),
        (["imie", "miasto"], ["imie"]),
        (["tytul", "imie", "nazwisko"], ["tytul"]),
    ],
)
def test_a_person_is_named_by_first_name_and_surname(names: list[str], titles: list[str]) -> None:
    fields = [{"name": name, "label": name, "kind": "text"} for name in names]
    (resource,) = Blueprint.from_json({**WHOLE, "resources": [{**RESOURCE, "fields": fields}]}).resources
    assert [field.name for field in resource.title_fields] == titles

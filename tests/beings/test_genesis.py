"""Genotypes as hashes: known vectors, and the properties that make a hash an identity."""

import hashlib

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from luxos.beings.errors import GenotypeInvalid
from luxos.beings.genesis import canonical_bytes, canonical_hash, genotype, is_hash, soul_hash, typed, untyped

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
KEYS = TEXT | st.sampled_from(["int", "float", "object"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


def same(one: object, two: object) -> bool:
    """Whether two values are one, kinds and the sign of zero included, but not the order of keys."""
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(same, one, two))
    return type(one) is type(two) and repr(one) == repr(two)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, '{"int":"1"}'),
        (1.0, '{"float":"0x1p+0"}'),
        (-0.0, '{"float":"-0x0p+0"}'),
        (0.1, '{"float":"0x1.999999999999ap-4"}'),
        (2**60, '{"int":"1152921504606846976"}'),
        (True, "true"),
        (None, "null"),
        ("zażółć €", '"zażółć €"'),
        ({"b": 1, "a": [False]}, '{"a":[false],"b":{"int":"1"}}'),
        ({"int": "1"}, '{"object":{"int":"1"}}'),
        ({"\ue000": "", "\U0001f600": ""}, '{"\U0001f600":"","\ue000":""}'),
    ],
)
def test_the_bytes_that_are_hashed(value: object, text: str) -> None:
    assert canonical_bytes(value) == text.encode()
    assert canonical_hash(value) == "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=6),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
        max_leaves=12,
    )
)
def test_the_bytes_are_those_of_rfc_8785(value: object) -> None:
    try:
        found = canonical_bytes(value)
    except GenotypeInvalid:
        assert any("\0" in text or not text.isprintable() or max(text) >= "\ud800" for text in texts_in(value) if text)
        return
    assert found == rfc8785.dumps(typed(value))


def texts_in(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in (key, *texts_in(item))]
    return [text for item in value for text in texts_in(item)] if isinstance(value, list) else []


def test_a_soul_keeps_its_hash_for_ever() -> None:
    genesis = {"type": "function", "source": "def function(): return 1\n", "tier": "isolated", "pure": True}
    assert soul_hash(genesis) == "sha256:581430c28a2a2d0dfef034c33042228d7ba4bab6539546cdc80a7c86f3d9a6e6"


def test_the_name_and_the_author_are_not_part_of_it() -> None:
    plain = {"type": "function", "source": "x"}
    named = {"name": "a", "author": "b", "created_at": "c", "examples": [1], **plain}
    assert genotype(named) == plain
    assert soul_hash(named) == soul_hash(plain)
    assert soul_hash({**plain, "limits": {"seconds": 1}}) != soul_hash(plain)


@given(VALUES)
def test_typing_can_be_taken_back(value: object) -> None:
    assert same(untyped(typed(value)), value)


@given(VALUES, VALUES)
def test_two_values_have_one_hash_exactly_if_they_are_the_same(one: object, two: object) -> None:
    assert (canonical_hash(one) == canonical_hash(two)) == same(one, two)


@given(st.dictionaries(KEYS, VALUES, min_size=2), st.randoms())
def test_the_order_of_keys_does_not_count(value: dict[str, object], random) -> None:  # type: ignore[no-untyped-def]
    keys = list(value)
    random.shuffle(keys)
    assert canonical_hash({key: value[key] for key in keys}) == canonical_hash(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", {1: 2}, b"", (1,), {"a": object()}])
def test_what_is_not_json_has_no_hash(value: object) -> None:
    with pytest.raises(GenotypeInvalid):
        canonical_hash(value)


@given(VALUES)
def test_hashes_are_known_as_such(value: object) -> None:
    assert is_hash(canonical_hash(value))
    assert not is_hash(canonical_hash(value)[:-1])

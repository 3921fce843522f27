"""Any value that is let through comes back from the table as it was."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luxos.beings.being import BaseBeing
from luxos.persistence.database import Database
from luxos.persistence.json_codec import canonical, decode, encode

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=10)
FLOATS = st.floats(allow_nan=False, allow_infinity=False).map(lambda number: number or 0.0)
"""Without -0.0: PostgreSQL's numbers have one zero."""
SCALARS = st.none() | st.booleans() | st.integers() | FLOATS | TEXT
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=12
)
OBJECTS = st.dictionaries(TEXT, VALUES, max_size=4)


@given(VALUES)
def test_our_json_is_json(value: object) -> None:
    assert canonical(decode(encode(value))) == canonical(value)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=OBJECTS, second=OBJECTS, tags=st.lists(TEXT, max_size=3))
async def test_saved_and_changed_values_come_back(
    database: Database, first: dict[str, object], second: dict[str, object], tags: list[str]
) -> None:
    being = BaseBeing(attributes=first, genesis=second, tags=tags)
    await being.save()
    first = {**first, "owner": first.get("owner") or being.owner}  # every being has one
    being.attributes, being.genesis = second, first
    await being.save()
    found = await BaseBeing.load(being.soul)
    assert canonical([found.attributes, found.genesis, found.tags]) == canonical([second, first, tags])


@given(VALUES)
def test_text_of_ours_and_of_others_reads_as_the_standard_library_reads_it(value: object) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1), bytes(encode(value)).decode()):
        assert canonical(decode(text)) == canonical(json.loads(text))

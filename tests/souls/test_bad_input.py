"""What cannot be a soul: one of our sentences, in Polish and in English, and tables as they were."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luxos.errors import LuxError
from luxos.i18n import speaking
from luxos.persistence.database import Database
from luxos.souls.registry import Soul, at, summon

SOURCE = "def function():\n    return 1\n"
CYCLE: dict[str, Any] = {}
CYCLE["again"] = CYCLE
DEEP: dict[str, Any] = {}
for _level in range(10_000):
    DEEP = {"deeper": DEEP}
ZEROS = "sha256:" + "0" * 64
SQL = "'; DROP TABLE base_beings; --"

REFUSED: dict[str, Callable[[], Awaitable[object]]] = {
    "hash": lambda: at(ZEROS),
    "beginning": lambda: at("00000000"),
    "alias": lambda: Soul.of("nobody"),
    "alias like one": lambda: Soul.of("vatt"),
    "alias of SQL": lambda: summon(name=SQL, source=SOURCE),
    "evolve": lambda: Soul.evolve("nobody", {"source": SOURCE}),
    "rename": lambda: Soul.rename("nobody", "somebody"),
    "syntax": lambda: summon(name="bad", source="def function(:\n"),
    "no function": lambda: summon(name="bad", source="x = 1\n"),
    "no text": lambda: summon(name="bad", source=b"x"),  # type: ignore[arg-type]
    "no type": lambda: Soul.register({"source": "x"}, alias="bad"),
    "type of number": lambda: Soul.register({"type": 1}, alias="bad"),
    "NUL": lambda: summon(name="bad", source="x = '\0'\n"),
    "surrogate": lambda: summon(name="bad", source="x = '\ud800'\n"),
    "NaN": lambda: summon(name="bad", source=SOURCE, limits={"x": float("nan")}),
    "infinity": lambda: summon(name="bad", source=SOURCE, limits={"x": float("-inf")}),
    "beside the genotype": lambda: summon(name="bad", source=SOURCE, examples=[float("nan")]),
    "no JSON": lambda: summon(name="bad", source=SOURCE, limits={"x": object()}),
    "key of number": lambda: summon(name="bad", source=SOURCE, limits={1: 2}),
    "cycle": lambda: summon(name="bad", source=SOURCE, limits=CYCLE),
    "deep": lambda: summon(name="bad", source=SOURCE, limits=DEEP),
    "digits": lambda: summon(name="bad", source=SOURCE, limits={"x": 10**5000}),
    "big": lambda: summon(name="bad", source=SOURCE, limits={"x": "y" * 9_000_000}),
    "long source": lambda: summon(name="bad", source="#" * 1_000_001),
    "dependency": lambda: summon(name="bad", source="execution('nobody')\n"),
    "pin": lambda: summon(name="bad", source=SOURCE, dependencies={"a": ZEROS}),
    "core": lambda: summon(name="bad", source=SOURCE, tier="core"),
    "alias of nothing": lambda: summon(name=None, source=SOURCE),  # type: ignore[arg-type]
    "alias of number": lambda: summon(name=5, source=SOURCE),  # type: ignore[arg-type]
    "NUL for an alias": lambda: Soul.of("x\0y"),
    "surrogate for an alias": lambda: Soul.of("\ud800"),
    "nothing for an alias": lambda: Soul.of(None),  # type: ignore[arg-type]
    "NUL to be renamed": lambda: Soul.rename("x\0y", "better"),
    "group": lambda: Soul.register_group({"bad": {"type": "function", "source": "execution('worse')\n"}}),
}


@pytest.mark.parametrize("what", list(REFUSED))
async def test_each_is_refused_in_a_sentence_and_nothing_is_written(database: Database, what: str) -> None:
    await summon(name="vat", source=SOURCE)
    before = await database.pool.fetch("SELECT * FROM base_beings ORDER BY soul")
    with pytest.raises(LuxError) as caught:
        await REFUSED[what]()
    said = {}
    for language in ("pl", "en"):
        with speaking(language):
            said[language] = str(caught.value)
    assert all(len(text) < 1000 and "{" not in text for text in said.values()), said
    assert said["pl"] != said["en"]
    assert await database.pool.fetch("SELECT * FROM base_beings ORDER BY soul") == before


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(["type", "source", "limits", "dependencies", "functions", "tier", "name", "purpose", "owner"]),
        ANY,
    ),
    st.text(max_size=6) | st.sampled_from(["a", "a.b"]),
)
async def test_any_genesis_is_kept_as_it_is_or_refused(database: Database, genesis: dict[str, Any], alias: str) -> None:
    before = await database.pool.fetchval("SELECT count(*) FROM base_beings")
    try:
        soul = await Soul.register(genesis, alias=alias)
    except LuxError:
        assert await database.pool.fetchval("SELECT count(*) FROM base_beings") == before
    else:
        assert await Soul.get_by_hash(soul.hash) == soul == await Soul.get_by_alias(alias)


@pytest.mark.parametrize("text", [SQL, "$1", "{}", "a'b\"c\\d", "%s", "🦊\u202e", "<script>", "\x85\u2028"])
async def test_text_is_only_text(database: Database, text: str) -> None:
    source = f"def function():\n    return {text!r}\n"
    being = await summon(name="vat", source=source, purpose=text, author=text, permissions=[text], limits={text: text})
    assert (being.genesis["purpose"], being.genesis["limits"]) == (text, {text: text})
    assert (await Soul.of("vat")).genotype["source"] == source
    again = await summon(name="vat", source=source + "# more\n", purpose=text, limits={text: text}, permissions=[text])
    assert again.soul == being.soul

"""A language model as proposer: its answers are read, refused with a sentence or tried, and kept only where right."""

from pathlib import Path

import pytest
from tests.models.server import Answer, code, said, serving

from luxos.beings.function_source import signature_of
from luxos.models.model import Model
from luxos.runtime.calling import Calls, session_run
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.evolving.asked import ASKS, AnswerUnfit, Asked, read
from luxos.runtime.evolving.evolve import Evolved, How, evolve
from luxos.runtime.hermetic.confined import confined
from luxos.souls.registry import Soul, summon

SLOW = "def function(n: int) -> int:\n    total = 0\n    for i in range(n):\n        total += i * i\n    return total\n"
CLOSED = "def function(n: int) -> int:\n    return (n - 1) * n * (2 * n - 1) // 6 if n > 0 else 0\n"
EXAMPLES = [{"arguments": [300], "result": 8955050}, {"arguments": [0], "result": 0}]


async def evolved(runtime: Runtime, url: str) -> tuple[Evolved, Asked]:
    await summon(name="squares", source=SLOW, examples=EXAMPLES)
    asked = Asked(Model("m", url))
    return await evolve(runtime, "squares", "faster", confined, How(proposers=[asked])), asked


async def test_a_better_algorithm_is_kept(runtime: Runtime) -> None:
    async with serving(code(CLOSED), said("I know nothing better.")) as served:
        found, asked = await evolved(runtime, served.url)
    assert (await Soul.of("squares")).genotype["source"] == CLOSED
    assert found.measures[1] < 1
    assert found.steps == ["model"]
    assert len(asked.refused) == ASKS - 1
    assert CLOSED in served.asked[1]["messages"][1]["content"]  # it is asked again for something better than that


@pytest.mark.parametrize(
    "answer",
    [
        said("I am sorry, I cannot do that."),
        code("def function(n: int) -> int:\n    return (\n"),
        code("def function(n: int, more: int) -> int:\n    return n\n"),
        code("def other(n: int) -> int:\n    return n\n"),
        code("async def function(n: int) -> int:\n    return n\n"),
        code("x = 1\n"),
        said("\x00"),
        code("#" * 70_000 + "\n"),
    ],
)
async def test_what_is_no_source_of_this_function_is_refused_with_a_sentence(runtime: Runtime, answer: Answer) -> None:
    async with serving(answer) as served:
        found, asked = await evolved(runtime, served.url)
    assert not found.better
    assert found.tried == 0
    assert len(asked.refused) == ASKS
    assert all(said.endswith(".") for said in asked.refused)
    assert "refused" in served.asked[-1]["messages"][1]["content"]


async def test_what_it_wrote_runs_behind_walls_only(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code that ends its process, writes files, runs for ever, or is wrong: nothing is kept, and nothing is left."""
    monkeypatch.setattr("luxos.runtime.evolving.trying.SECONDS", 2.0)
    mark = tmp_path / "mark"
    body = f"open({str(mark)!r}, 'w').write('x')"
    answers = [
        code(f"import os\n{body}\nos._exit(0)\ndef function(n: int) -> int:\n    return 0\n"),
        code("def function(n: int) -> int:\n    while True:\n        n += 1\n"),
        code(f"def function(n: int) -> int:\n    {body}\n    return (n - 1) * n * (2 * n - 1) // 6\n"),
    ]
    async with serving(*answers) as served:
        found, asked = await evolved(runtime, served.url)
    assert (found.tried, found.right, asked.refused) == (3, 0, [])
    assert not mark.exists()
    assert (await Soul.of("squares")).genotype["source"] == SLOW
    assert all("wrong or no better" in one["messages"][1]["content"] for one in served.asked[1:])


async def test_what_people_called_it_with_is_not_told(runtime: Runtime) -> None:
    being = await summon(name="squares", source=SLOW, examples=EXAMPLES)
    async with session_run(runtime, "calls") as run:
        await Calls(runtime, run)(being, 271828)
    async with serving(said("no")) as served:
        await evolved(runtime, served.url)
    questions = "".join(one["messages"][1]["content"] for one in served.asked)
    assert "271828" not in questions
    assert "(300) gives 8955050" in questions


async def test_a_model_that_is_not_there_leaves_the_rest_to_be_done(runtime: Runtime) -> None:
    from luxos.runtime.evolving.evolve import PROPOSERS

    await summon(name="squares", source=SLOW, examples=EXAMPLES)
    asked = Asked(Model("m", "http://127.0.0.1:1/v1"))
    found = await evolve(runtime, "squares", "smaller", confined, How(proposers=[asked, *PROPOSERS]))
    assert found.better
    assert len(asked.refused) == 1


def test_an_answer_is_read_in_any_dress() -> None:
    wanted = signature_of(SLOW)
    for dress in ("```python\n{}```", "```\n{}```", "{}", "Well:\n\n```py\n{}```\nThat is all."):
        assert read(dress.format(CLOSED), wanted) == CLOSED
    with pytest.raises(AnswerUnfit):
        read("", wanted)

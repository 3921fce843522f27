"""A language model is asked over a real socket; whatever answers, there is a text or a sentence, and in time."""

import sys

import pytest
from tests.models import server
from tests.models.server import Answer, raw, said, serving

from luxos.config import Settings
from luxos.models.errors import ModelMissing, ModelSilent
from luxos.models.model import Model

NEVER = (server.silent, server.slow)
GOOD = b'{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop",'


async def test_it_is_asked_as_the_api_is(settings: Settings) -> None:
    async with serving(said("hello")) as served:
        assert await Model("small", served.url, "secret").ask("Be short.", "Say hello.") == "hello"
    (asked,), (head,) = served.asked, served.heads
    assert asked["model"] == "small"
    assert [(one["role"], one["content"]) for one in asked["messages"]] == [
        ("system", "Be short."),
        ("user", "Say hello."),
    ]
    assert head.startswith("POST /v1/chat/completions ")
    assert "authorization: bearer secret" in head.lower()


@pytest.mark.parametrize(
    "answer",
    [
        server.endless,
        server.silent,
        server.slow,
        server.broken_off,
        said(""),
        said(None),
        said("def function(", reason="length"),
        raw(b'{"error": {"message": "no"}}', status=500),
        raw(b"who are you", status=401),
        raw(b"slow down", status=429),
        raw(b"", status=302, location="http://127.0.0.1:1/v1/chat/completions"),
        raw(b"garbage"),
        raw(b"<html>", content_type="text/html"),
        raw(b"[1, 2]"),
        raw(b'{"choices": []}'),
        raw(b'{"choices": [{"message": {"content": 5}}]}'),
        raw(GOOD, length=4000),
        raw(b"[" * 100_000),
        raw(b"\xff\xfe\x00"),
        raw(b'{"a": "' + b"x" * (2 << 20) + b'"}'),
        raw(b"\x1f\x8b" + b"\0" * 100, content_encoding="gzip"),
    ],
)
async def test_whatever_is_no_answer_is_told_in_a_sentence(answer: Answer) -> None:
    async with serving(said("ready"), answer) as served:
        model = Model("small", served.url)
        await model.ask("s", "q")  # the libraries get ready with the first question, which takes them a while
        with pytest.raises(ModelSilent) as silent:
            await model.ask("s", "q", seconds=1.5 if answer in NEVER else 30)
    assert silent.value.details["reason"]
    assert "small" in str(silent.value)
    assert len(served.asked) == 2  # nothing is sent a second time


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/v1", "nowhere", "http://", "file:///etc/passwd"])
async def test_nobody_there_is_told_in_a_sentence(url: str) -> None:
    with pytest.raises(ModelSilent):
        await Model("small", url).ask("s", "q", seconds=5)


async def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    monkeypatch.delitem(sys.modules, "luxos.models.speaking", raising=False)
    with pytest.raises(ModelMissing, match="lux-os"):
        await Model("small", "http://127.0.0.1:1/v1").ask("s", "q")


def test_there_is_none_unless_it_is_named_and_its_key_is_shown_nowhere() -> None:
    assert Model.of(Settings.from_environment({})) is None
    named = Settings.from_environment(
        {"LUXOS_MODEL": "m", "LUXOS_MODEL_KEY": "secret", "LUXOS_MODEL_URL": "http://x/v1"}
    )
    assert Model.of(named) == Model("m", "http://x/v1", "secret")
    assert "secret" not in repr(named)
    assert Model.of(Settings.from_environment({"LUXOS_MODEL": "m"})) == Model("m", "http://localhost:11434/v1")

"""The libraries that speak to a model; imported with the first question only, for that takes more than a second."""

from collections.abc import AsyncIterator
from typing import NamedTuple

import httpx2
import openai
from pydantic_ai.direct import model_request
from pydantic_ai.messages import ModelRequest, SystemPromptPart, UserPromptPart
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from luxos.amounts import size
from luxos.i18n import _

BYTES, WORDS = 1 << 20, 4096
"""Of an answer as it comes, and tokens that are asked for at the most."""


class Said(NamedTuple):
    """What a model said, and whether it came to its end."""

    text: str
    is_whole: bool


class TooMuch(Exception):
    """An answer that is not read to its end."""


class _Bounded(httpx2.AsyncByteStream):
    """The body of an answer, up to `BYTES`."""

    def __init__(self, body: httpx2.AsyncByteStream) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        taken = 0
        async for part in self._body:
            taken += len(part)
            if taken > BYTES:
                raise TooMuch(_("its answer is larger than {most}").format(most=size(BYTES)))
            yield part

    async def aclose(self) -> None:
        await self._body.aclose()


async def said(url: str, name: str, key: str | None, instructions: str, question: str) -> Said:
    """Asks once; raises whatever the libraries make of what answers."""
    async with _client() as http:
        speaker = openai.AsyncOpenAI(base_url=url, api_key=key or "none", max_retries=0, http_client=http)
        model = OpenAIChatModel(name, provider=OpenAIProvider(openai_client=speaker))
        asked = ModelRequest([SystemPromptPart(instructions), UserPromptPart(question)])
        answer = await model_request(model, [asked], model_settings={"max_tokens": WORDS, "temperature": 0.2})
    return Said(answer.text or "", answer.finish_reason != "length")


def reason(error: BaseException) -> str:
    """The first line of what went wrong; of what lies behind it, where that is ours."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, TooMuch):
        cause = cause.__cause__
    return (str(cause or error).strip().partition("\n")[0] or type(error).__name__)[:300]


def _client() -> httpx2.AsyncClient:
    """A client that follows no redirection; its user bounds the time."""
    hooks = {"response": [_bound]}
    headers = {"accept-encoding": "identity"}
    return httpx2.AsyncClient(follow_redirects=False, timeout=None, event_hooks=hooks, headers=headers)


async def _bound(response: httpx2.Response) -> None:
    """Has the body counted while it is read. What is packed would be counted before it grows, so it is not taken."""
    if response.headers.get("content-encoding", "identity") != "identity":
        raise TooMuch(_("its answer is packed"))
    assert isinstance(response.stream, httpx2.AsyncByteStream)  # noqa: S101 - the client is asynchronous
    response.stream = _Bounded(response.stream)

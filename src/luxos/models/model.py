"""One question to a language model that speaks the API of OpenAI's chat completions, as Ollama and most others do.

It is bounded in time, in the bytes of the answer and in its words; nothing is repeated, no redirection is followed.
"""

import asyncio
from dataclasses import dataclass
from importlib import import_module

from luxos.amounts import number
from luxos.config import Settings
from luxos.i18n import _
from luxos.models.errors import ModelMissing, ModelSilent

SECONDS = 60.0
"""That an answer may take."""


@dataclass(frozen=True)
class Model:
    """A model, and where it is asked."""

    name: str
    url: str
    key: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Model | None":
        """The model that the settings name, or nothing."""
        return None if settings.model is None else cls(settings.model, settings.model_url, settings.model_key)

    async def ask(self, instructions: str, question: str, *, seconds: float = SECONDS) -> str:
        """Its answer; `ModelSilent` says why there is none, `ModelMissing` that the extra `model` is not installed."""
        try:
            speaking = await asyncio.to_thread(import_module, "luxos.models.speaking")
        except ImportError as error:
            raise ModelMissing from error
        try:
            async with asyncio.timeout(seconds):
                said = await speaking.said(self.url, self.name, self.key, instructions, question)
        except TimeoutError as error:
            raise self._silent(_("it took longer than {seconds} s").format(seconds=number(seconds))) from error
        except Exception as error:  # what answers is not trusted, and libraries may fail at it in any way
            raise self._silent(speaking.reason(error)) from error
        if not said.text.strip():
            raise self._silent(_("its answer is empty"))
        if not said.is_whole:
            raise self._silent(_("its answer is cut off"))
        return str(said.text)

    def _silent(self, reason: str) -> ModelSilent:
        return ModelSilent(model=self.name, url=self.url, reason=reason.removesuffix("."))

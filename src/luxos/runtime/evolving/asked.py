"""A language model as a proposer. What it answers is text: read, refused with a sentence, or tried as any other source.

It is told the source and the examples of its author, never what people called it with: that is theirs, and a model may
be far away.
"""

import ast
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from luxos.amounts import size
from luxos.beings.function_source import Signature, parsed, signature_of
from luxos.errors import LuxError
from luxos.i18n import N_, _
from luxos.models.errors import ModelMissing, ModelSilent
from luxos.models.model import Model
from luxos.persistence.json_codec import encode
from luxos.runtime.evolving.cases import Case
from luxos.runtime.evolving.goals import Goal
from luxos.runtime.evolving.proposals import Proposal, Wanted

ASKS = 3
"""Questions for one search."""
_LARGEST = 64 << 10
_SHOWN, _EXAMPLE = 10, 1000
_FENCED = re.compile(r"```[ \t]*(?:python|py)?[ \t]*\n(.*?)```", re.DOTALL | re.IGNORECASE)
_INSTRUCTIONS = """You improve one Python function. Answer with one block of Python code and nothing else: the whole \
source, with the same name, the same parameters and the same results for all arguments. It runs in a sandbox without \
files, network or packages; keep to plain Python of the standard language."""
_GOALS: Mapping[Goal, str] = {
    "faster": "Make it faster: fewer steps, a better algorithm, built-in functions.",
    "smaller": "Make its source shorter in bytes, and no slower.",
    "examples": "It gives wrong results for some examples. Correct it so that every example holds.",
}
_NO_CODE = N_("it is no Python: {reason}")
_LARGE = N_("it is larger than {most}")
_OTHER = N_("its function is {came}, and {wanted} is wanted")


@dataclass
class Asked:
    """Asks a model a few times; `refused` says why answers were not tried."""

    model: Model
    tell: Callable[[str], None] = lambda text: None
    seconds: float = 60.0
    """That one answer may take."""
    asked: int = 0
    refused: list[str] = field(default_factory=list)

    async def propose(self, wanted: Wanted) -> AsyncIterator[Proposal]:
        """An answer at a time, until it was asked often enough, or says nothing."""
        signature = signature_of(wanted.source)
        before: list[str] = []
        while self.asked < ASKS:
            self.asked += 1
            try:
                answer = await self.model.ask(_INSTRUCTIONS, _question(wanted, before), seconds=self.seconds)
                source = read(answer, signature)
            except (ModelSilent, ModelMissing) as error:
                self._refuse(str(error))
                self.asked = ASKS
                return
            except AnswerUnfit as error:
                self._refuse(str(error))
                before.append(f"Your answer was refused: {error}")
                continue
            before.append(f"This was tried, and is wrong or no better:\n{source}")
            yield Proposal(source, "model")

    def _refuse(self, said: str) -> None:
        self.refused.append(said)
        self.tell(said)


class AnswerUnfit(LuxError):
    """An answer is not a source that could take the place of another one."""

    code = "runtime.answer_unfit"
    message = N_("The model's answer was not tried: {reason}.")


def read(answer: str, wanted: Signature) -> str:
    """The source that an answer offers; `AnswerUnfit` where it is none, or one of another function."""
    fenced = _FENCED.search(answer)
    source = (fenced[1] if fenced else answer).strip("\n") + "\n"
    if len(source) > _LARGEST:
        raise AnswerUnfit(reason=_(_LARGE).format(most=size(_LARGEST)))
    try:
        parsed(source, "?")
        signature = signature_of(source)
    except LuxError as error:
        raise AnswerUnfit(reason=_(_NO_CODE).format(reason=_why(error))) from error
    if _shape(signature) != _shape(wanted):
        raise AnswerUnfit(reason=_(_OTHER).format(came=str(signature)[:200], wanted=str(wanted)[:200]))
    return source


def _why(error: LuxError) -> str:
    return str(error.details.get("reason") or error).rstrip(".")


def _shape(signature: Signature) -> tuple[object, ...]:
    """What callers know of a function: defaults are compared as values, annotations are the checker's."""
    parameters = [(each.name, each.kind, _value(each.default)) for each in signature.parameters]
    return signature.name, parameters, signature.is_async


def _value(default: str | None) -> str | None:
    return None if default is None else ast.dump(ast.parse(default, mode="eval"))


def _question(wanted: Wanted, before: Sequence[str]) -> str:
    examples = "\n".join(map(_example, wanted.examples[:_SHOWN]))
    parts = [_GOALS[wanted.goal], f"```python\n{wanted.source}```", f"Examples:\n{examples}" if examples else ""]
    return "\n\n".join([part for part in parts if part] + list(before))


def _example(case: Case) -> str:
    given = [*map(_text, case.args), *(f"{name}={_text(value)}" for name, value in case.kwargs.items())]
    return f"- ({', '.join(given)}) gives {_text(case.result)}"[:_EXAMPLE]


def _text(value: Any) -> str:
    return encode(value).decode()

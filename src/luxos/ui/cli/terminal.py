"""A person at a terminal, as the reasoner that decides open questions."""

import asyncio
import sys

import click

from luxos.agent.reasoning import Answer, Question


def interactive() -> bool:
    """Whether someone is there to be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


class Terminal:
    """Asks the person; an empty answer takes the default, and is then the person's own."""

    async def decide(self, question: Question) -> Answer:
        return Answer(await asyncio.to_thread(_ask, question), by_person=True)


def _ask(question: Question) -> str:
    choices = f" ({', '.join(question.choices)})" if question.choices else ""
    while True:
        answer: str = click.prompt(f"{question.text}{choices}", default=question.default).strip()
        if not question.choices or answer in question.choices:
            return answer

"""A person at a terminal, as the reasoner that decides open questions."""

import asyncio
import os
import sys

import click

from luxos.agent.reasoning import Answer, Question

_LONGEST = 65536


def interactive() -> bool:
    """Whether someone is there to be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


class Terminal:
    """Asks the person; an empty answer takes the default, and is then the person's own. Ctrl+D leaves it to LuxOS."""

    async def decide(self, question: Question) -> Answer:
        choices = f" ({', '.join(question.choices)})" if question.choices else ""
        while True:
            click.echo(f"{question.text}{choices} [{question.default}]: ", nl=False)
            line = await _line(sys.stdin.fileno())
            if not line:
                click.echo()
                return Answer(question.default)
            answer = _text(line) or question.default
            if fits(answer, question):
                return Answer(answer, by_person=True)


def fits(answer: str, question: Question) -> bool:
    """Whether an answer can be one to the question: text, and one of the choices where there are any."""
    return answer.isprintable() and (not question.choices or answer in question.choices)


def _text(line: bytes) -> str:
    return line.decode(errors="surrogateescape").strip()


async def _line(descriptor: int) -> bytes:
    """The next line of the terminal, empty at the end. No thread waits for it, so Ctrl+C ends the waiting at once."""
    loop = asyncio.get_running_loop()
    arrived = asyncio.Event()
    loop.add_reader(descriptor, arrived.set)
    try:
        await arrived.wait()
    finally:
        loop.remove_reader(descriptor)
    return os.read(descriptor, _LONGEST)

"""A person at a terminal, as the reasoner that decides open questions."""

import asyncio
import os
import sys

import click

from luxos.agent.reasoning import Answer, Question
from luxos.i18n import _

_LONGEST = 65536


def interactive() -> bool:
    """Whether someone is there to be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def agreed(question: str) -> bool:
    """Whether the person at the terminal says yes, in either language; anything else, and Ctrl+D, is a no."""
    try:
        said = click.prompt(question + _(" [y/N]"), default="", show_default=False)
    except click.Abort:
        click.echo()
        return False
    return str(said).strip().casefold() in {"t", "tak", "y", "yes"}


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
            said = _text(line) or question.default
            answer = fitting(said, question)
            if answer is not None:
                return Answer(answer, by_person=True)
            click.echo(_misfit(said, question))


def fitting(said: str, question: Question) -> str | None:
    """What of a person's words answers the question: text, and one of the choices where there are any; else None."""
    if not said.isprintable():
        return None
    chosen = (choice for choice in question.choices if choice.casefold() == said.casefold())
    return next(chosen, None) if question.choices else said


def _misfit(said: str, question: Question) -> str:
    if not said.isprintable():
        return _("That is not text that could be read. Write it once more.")
    return _("{said!r} is none of these. Write one of them: {choices}.").format(
        said=said[:60], choices=", ".join(question.choices)
    )


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

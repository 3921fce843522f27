"""What a person sees while LuxOS works: the understanding, the plan, every step as it happens, and the end.

On a terminal the running steps are shown live by `rich`, which is imported only when the first step begins; elsewhere
each event is a line.
"""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from luxos.agent.events import Planned, RunStarted, Understood
from luxos.agent.words import entity_words, intent_words
from luxos.amounts import duration
from luxos.i18n import _
from luxos.runtime.events import CallBegun, Noted, Printed, StepFinished, StepNoted, StepProgress, StepStarted
from luxos.ui.cli.app import Interrupted, RunInterrupted
from luxos.ui.conditions import WorksAlone
from luxos.ui.formatters import SIGNS, harmless, key_words, result_words, works_alone_words

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Screen:
    """Hears the events of a piece of work and shows them; `quiet` shows nothing."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self.run: str | None = None
        """The run that has begun, by the beginning of its UUID."""
        self._live: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._began: dict[str, float] = {}
        self._show: dict[type, Callable[[Any], None]] = {
            Understood: self._understood,
            Planned: self._planned,
            RunStarted: self._run_started,
            StepStarted: self._step_started,
            StepProgress: self._step_progress,
            StepNoted: self._step_noted,
            Noted: self._noted,
            StepFinished: self._step_finished,
            Printed: self._printed,
            WorksAlone: self._works_alone,
        }

    def __enter__(self) -> "Screen":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop_live()
        if isinstance(error, Interrupted) and self.run is not None:
            raise RunInterrupted(run=self.run) from None

    def hear(self, event: object) -> None:
        """The listener."""
        if isinstance(event, RunStarted | CallBegun):
            self.run = event.run
        if not self._quiet and not isinstance(event, CallBegun):
            self._show[type(event)](event)

    def finish(self, result: dict[str, Any]) -> None:
        """Shows the end."""
        self._stop_live()
        for line in result_words(result):
            click.echo(line)

    def _understood(self, event: Understood) -> None:
        said = event.understanding
        _head(_("Understood"))
        sure = _("confidence {share:.0%}").format(share=said["confidence"])
        click.echo(f"  {intent_words(said['intent'])}, {sure}")
        named = [(entity_words(entity["type"]), entity["value"]) for entity in said["entities"]]
        width = max((len(words) for words, _value in named), default=0)
        for words, value in named:
            click.echo(f"  {words:<{width}}  {value}")

    def _planned(self, event: Planned) -> None:
        if event.assumptions:
            _head(_("Assumed"))
            for assumption in event.assumptions:
                click.echo(f"  {key_words(assumption['key'])}: {assumption['value']} ({assumption['reason']})")
        _head(_("Plan"))
        click.echo("".join(f"  {line}\n" if line else "\n" for line in event.program.rstrip().splitlines()), nl=False)

    def _run_started(self, event: RunStarted) -> None:
        _head(
            _("Going on with run {run}").format(run=event.run)
            if event.resumed
            else _("Run {run}").format(run=event.run)
        )

    def _step_started(self, event: StepStarted) -> None:
        if event.parent is not None:
            return
        self._began[event.step] = time.monotonic()
        if sys.stdout.isatty():
            live = self._started_live()
            self._tasks[event.step] = live.add_task(f"{event.step:<12}", total=None, said="")

    def _step_progress(self, event: StepProgress) -> None:
        if self._live is None or event.step not in self._tasks:
            return
        total = 1.0 if event.fraction is not None else None
        self._live.update(self._tasks[event.step], total=total, completed=event.fraction, said=event.text)

    def _step_finished(self, event: StepFinished) -> None:
        if event.step not in self._began and event.status != "kept":
            return
        took = time.monotonic() - self._began.pop(event.step, time.monotonic())
        if self._live is not None and event.step in self._tasks:
            self._live.remove_task(self._tasks.pop(event.step))
        sign = SIGNS[event.status]
        words = _("done before") if event.status == "kept" else duration(took)
        self._say(f"  {sign} {event.step:<12} {words}")

    def _step_noted(self, event: StepNoted) -> None:
        self._say(f"  ! {event.step:<12} {event.text}")

    def _noted(self, event: Noted) -> None:
        click.echo(event.text, err=True)

    def _say(self, line: str) -> None:
        if self._live is not None:
            self._live.console.print(line, highlight=False, markup=False)
        else:
            click.echo(line)

    def _printed(self, event: Printed) -> None:
        click.echo(harmless(event.text), nl=not event.text.endswith("\n"))

    def _works_alone(self, event: WorksAlone) -> None:
        click.echo(works_alone_words(event.differs), err=True)

    def _started_live(self) -> "Progress":
        if self._live is None:
            from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

            self._live = Progress(
                TextColumn(" "),
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(bar_width=20),
                TimeElapsedColumn(),
                TextColumn("{task.fields[said]}", markup=False),
                transient=True,
            )
            self._live.start()
        return self._live

    def _stop_live(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None


def _head(words: str) -> None:
    click.secho(f"\n{words}", bold=True)

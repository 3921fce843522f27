"""SHELL sees the workspace and nothing of the person's; only our own steps lend a command more, never our own data."""

import inspect
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from luxos.beings.core import CoreRegistry
from luxos.config import Settings
from luxos.lux.checker import check
from luxos.lux.errors import ArgumentUnknown, VerbUnknown
from luxos.lux.reader import read
from luxos.runtime.call import Call
from luxos.runtime.code import Ask
from luxos.runtime.context import Context
from luxos.runtime.errors.calls import ArgumentsUnfit, BeingNotCallable
from luxos.runtime.tiers import Tiers, tiered
from luxos.tools.errors import CommandFailed, WorkspaceHoldsLuxos
from luxos.tools.registry import FUNCTIONS

REGISTRY = CoreRegistry(FUNCTIONS)


async def _nobody(_call: Call, _ask: Ask) -> Any:
    raise AssertionError("core functions ask for nothing")


class Steps:
    """Calls core functions as the dispatcher's innermost handler does."""

    def __init__(self, settings: Settings, workspace: Path) -> None:
        self.settings, self.workspace = settings, workspace

    async def __call__(self, alias: str, parent: str | None = None, **arguments: Any) -> Any:
        call = Call(UUID(int=2), "step", REGISTRY.by_alias(alias), arguments, parent=parent)
        return (await tiered(Tiers(self.settings), self._context, _nobody, lambda call, text: None)(call)).result

    def _context(self, call: Call) -> Context:
        async def no_other(who: str, **arguments: object) -> None:
            raise AssertionError(who)

        return Context(self.settings, call, self.workspace, no_other, lambda text, fraction: None)


@pytest.fixture
def steps(settings: Settings, tmp_path: Path) -> Steps:
    settings.home.mkdir()
    (tmp_path / "work").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "secret").write_text("s3cret")
    return Steps(settings, tmp_path / "work")


@pytest.mark.parametrize("name", ["readable", "writable", "environment"])
def test_a_program_lends_a_command_nothing(name: str) -> None:
    with pytest.raises(ArgumentUnknown):
        check(read(f'SHELL ["true"], {name}: ["/etc"]'), REGISTRY.verbs)


def test_no_verb_leads_to_the_function_that_lends() -> None:
    lending = [function for function in FUNCTIONS if "writable" in function.signature.parameters]
    assert [(function.alias, function.verb) for function in lending] == [("shell.confined", None)]
    assert all(isinstance(verb, str) for verb in REGISTRY.verbs)
    with pytest.raises(VerbUnknown):
        check(read('CONFINED ["true"]'), REGISTRY.verbs)


async def test_a_command_runs_and_does_not_see_the_rest(steps: Steps, tmp_path: Path) -> None:
    done = await steps("shell.run", argv=["sh", "-c", "echo here"])
    assert (done["exit_code"], done["stdout"]) == (0, "here\n")
    with pytest.raises(CommandFailed):
        await steps("shell.run", argv=["cat", str(tmp_path / "other" / "secret")])


async def test_the_name_of_a_command_lends_no_folder(steps: Steps, tmp_path: Path) -> None:
    """An interpreter is shown with its whole installation: a program could name a person's folder as one."""
    (tmp_path / "other" / "lib").mkdir()
    (tmp_path / "other" / "bin").mkdir()
    (tmp_path / "other" / "bin" / "python").symlink_to("/bin/cat")
    argv = [str(tmp_path / "other" / "bin" / "python"), str(tmp_path / "other" / "secret")]
    done = await steps("shell.run", argv=argv, check=False)
    assert done["exit_code"] != 0
    assert "s3cret" not in done["stdout"]


async def test_a_step_lends_a_command_what_it_names(steps: Steps, tmp_path: Path) -> None:
    argv = ["sh", "-c", f"cat {tmp_path}/other/secret; echo $WORD"]
    readable, environment = [str(tmp_path / "other")], {"WORD": "w"}
    done = await steps("shell.confined", parent="top", argv=argv, readable=readable, environment=environment)
    assert done["stdout"] == "s3cretw\n"


async def test_what_only_steps_call_is_no_step_of_its_own(steps: Steps) -> None:
    with pytest.raises(BeingNotCallable):
        await steps("shell.confined", argv=["true"])


@pytest.mark.parametrize("list_name", ["readable", "writable"])
@pytest.mark.parametrize("below", ["home", "home/runs", "."])
async def test_luxos_lends_its_own_data_to_nobody(steps: Steps, tmp_path: Path, list_name: str, below: str) -> None:
    lent = {list_name: [str(tmp_path / below)]}
    with pytest.raises(WorkspaceHoldsLuxos):
        await steps("shell.confined", parent="top", argv=["true"], **lent)


@pytest.mark.parametrize("alias", ["shell.run", "shell.confined"])
@pytest.mark.parametrize("place", [".", "home", "home/deep"])
async def test_no_command_runs_where_luxos_keeps_its_data(steps: Steps, tmp_path: Path, alias: str, place: str) -> None:
    elsewhere = Steps(steps.settings, tmp_path / place)
    with pytest.raises(WorkspaceHoldsLuxos):
        await elsewhere(alias, parent="top", argv=["true"])


async def test_a_link_does_not_hide_where_luxos_keeps_its_data(steps: Steps, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(steps.settings.home)
    elsewhere = Steps(replace(steps.settings, home=tmp_path / "link"), steps.settings.home)
    with pytest.raises(WorkspaceHoldsLuxos):
        await elsewhere("shell.run", argv=["true"])


@pytest.mark.parametrize(
    "arguments",
    [
        {"argv": []},
        {"argv": "true"},
        {"argv": ["true", 1]},
        {"argv": ["a\0b"]},
        {"argv": ["\ud800"]},
        {"argv": ["true"], "seconds": "1"},
        {"argv": ["true"], "seconds": True},
        {"argv": ["true"], "check": 1},
        {"argv": ["true"], "check": None},
    ],
)
async def test_arguments_of_another_kind_are_refused_in_a_sentence(steps: Steps, arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentsUnfit) as caught:
        await steps("shell.run", **arguments)
    assert next(name for name in reversed(arguments)) in str(caught.value)


def test_every_tool_says_what_it_takes() -> None:
    for function in FUNCTIONS:
        annotations = [parameter.annotation for parameter in function.signature.parameters.values()]
        assert inspect.Parameter.empty not in annotations, function.alias

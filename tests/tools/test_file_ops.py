"""The verbs on files, through the dispatcher: a pipe blocks nothing, a large file does not fill the record."""

import asyncio
import os
from pathlib import Path
from uuid import UUID

import pytest

from luxos.config import Settings
from luxos.errors import LuxError
from luxos.runtime.call import Call
from luxos.runtime.context import Context
from luxos.tools import file_ops


@pytest.fixture
def context(settings: Settings, tmp_path: Path) -> Context:
    for name in ("work/docs", "staging"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "work" / "report.txt").write_text("r")
    call = Call(UUID(int=2), "step", file_ops.FUNCTIONS[1], {}, staging=tmp_path / "staging")

    async def no_other(who: str, **arguments: object) -> None:
        raise AssertionError(who)

    return Context(settings, call, tmp_path / "work", no_other, lambda text, fraction: None)


def staged(context: Context) -> set[str]:
    assert context.staging is not None
    return {str(path.relative_to(context.staging)) for path in context.staging.rglob("*") if not path.is_dir()}


async def test_a_short_file_is_read_whole(context: Context) -> None:
    assert await file_ops.read(context, "report.txt") == {"path": "report.txt", "text": "r", "bytes": 1}


async def test_a_long_file_is_read_in_part_never_inside_a_letter(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_ops, "SHOWN", 4)
    (context.workspace / "long").write_text("aąć\0ęęęę")
    found = await file_ops.read(context, "long")
    assert found == {"path": "long", "text": "aą", "bytes": 14, "truncated": True}


async def test_a_pipe_is_refused_at_once(context: Context) -> None:
    os.mkfifo(context.workspace / "pipe")
    for call in (
        file_ops.read(context, "pipe"),
        file_ops.append(context, "pipe", "x"),
        file_ops.copy(context, "pipe", "y"),
        file_ops.delete(context, "pipe"),
    ):
        with pytest.raises(LuxError):
            await asyncio.wait_for(call, 20)
    assert staged(context) == set()


async def test_a_file_is_copied_and_moved_into_a_folder(context: Context) -> None:
    assert await file_ops.copy(context, "report.txt", "docs") == {"path": "docs/report.txt"}
    assert staged(context) == {"docs/report.txt"}
    assert await file_ops.move(context, "report.txt", "docs") == {"path": "docs/report.txt"}
    assert staged(context) == {"docs/report.txt", "report.txt"}


async def test_append_begins_a_file_and_goes_on(context: Context) -> None:
    assert await file_ops.append(context, "new", "a") == {"path": "new", "bytes": 1}
    assert await file_ops.append(context, "report.txt", "ż") == {"path": "report.txt", "bytes": 3}


async def test_the_largest_files_are_listed_and_removed_all_the_same(context: Context) -> None:
    with (context.workspace / "huge").open("wb") as file:
        file.truncate(1 << 40)
    assert (await file_ops.read(context, "huge"))["bytes"] == 1 << 40
    assert await file_ops.delete(context, "huge") == {"path": "huge"}
    assert "huge" in (await file_ops.list_folder(context))["names"]

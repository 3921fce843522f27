"""The log: each event a line, in order; rotated; a dead process and a full or broken disk lose what they must only."""

import json
import os
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.sampling import examples

from luxos.kernel.core.logger import Logger, read_log


class Said(NamedTuple):
    at: float
    number: int


class Died(NamedTuple):
    at: float
    number: int


def said(*numbers: int) -> list[Said]:
    return [Said(0.0, number) for number in numbers]


def numbers(path: Path, most: int = 1000, files: int = 4) -> list[int]:
    return [event["number"] for event in read_log(str(path), most, files) if "number" in event]


def test_an_event_is_a_line_with_its_moment(tmp_path: Path) -> None:
    log = Logger(str(tmp_path / "log"))
    log.write([Said(0.0, 7)])
    line = json.loads((tmp_path / "log").read_text())
    assert line.keys() == {"event", "at", "number"}
    assert (line["event"], line["number"]) == ("Said", 7)
    assert line["at"].endswith("Z")


def test_it_goes_on_after_what_is_there_and_the_half_line_of_a_dead_process(tmp_path: Path) -> None:
    path = tmp_path / "log"
    Logger(str(path)).write(said(1))
    whole = path.read_bytes()
    for cut in range(1, len(whole)):
        path.write_bytes(whole + whole[:cut])
        Logger(str(path)).write(said(2))
        assert numbers(path) in ([1, 2], [1, 1, 2])
        assert path.read_bytes().startswith(whole + whole[:cut])


@settings(max_examples=examples(30))
@given(st.lists(st.integers(1, 5), max_size=30), st.integers(60, 400), st.integers(1, 4))
def test_rotation_keeps_the_newest_in_order_within_its_bounds(
    tmp_path_factory: pytest.TempPathFactory, batches: list[int], size: int, files: int
) -> None:
    folder = tmp_path_factory.mktemp("rotated")
    log, count = Logger(str(folder / "log"), size=size, files=files), 0
    for batch in batches:
        log.write(said(*range(count, count + batch)))
        count += batch
    log.close()
    kept = numbers(folder / "log", files=files)
    assert kept == list(range(count - len(kept), count))
    assert len(kept) >= min(count, 1)
    assert len(list(folder.iterdir())) <= files
    assert numbers(folder / "log", most=2, files=files) == kept[-2:]


def test_a_full_disk_loses_events_counts_them_and_leaves_no_half_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, write = tmp_path / "log", os.write
    log = Logger(str(path))
    log.write(said(1))

    def full(descriptor: int, data: bytes) -> int:
        if len(data) < 20:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[:20])

    with monkeypatch.context() as patch:
        patch.setattr(
            os, "write", lambda number, data: full(number, data[:30]) if len(data) > 30 else full(number, b"")
        )
        log.write(said(2, 3))
        log.write(said(4))
    log.write(said(5))
    events = read_log(str(path), 10)
    assert [event.get("number", event.get("count")) for event in events] == [1, 3, 5]
    assert path.read_text().count("\n") == 3


def test_a_disk_that_cannot_sync_loses_what_it_could_not_promise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Logger(str(tmp_path / "log"), synced=[Died])
    log.write(said(1))

    def broken(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        log.write(said(2))
        log.write([Died(0.0, 3)])
        assert log.lost == 1
    log.write(said(4))
    assert {"event": "Lost", "count": 1}.items() <= read_log(str(tmp_path / "log"), 2)[0].items()


def test_only_what_matters_is_synced_and_once_for_a_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, synced = Logger(str(tmp_path / "log"), synced=[Died]), []
    log.write(said(0))
    monkeypatch.setattr(os, "fsync", synced.append)
    log.write(said(1, 2))
    assert synced == []
    log.write([*said(3), Died(0.0, 4), Died(0.0, 5)])
    assert len(synced) == 1


def test_no_folder_and_no_log_harm_nobody(tmp_path: Path) -> None:
    log = Logger(str(tmp_path / "none" / "log"))
    log.write(said(1))
    assert log.lost == 1
    assert read_log(str(tmp_path / "none" / "log"), 5) == []
    (tmp_path / "none").mkdir()
    log.write(said(2))
    assert numbers(tmp_path / "none" / "log") == [2]


def test_lines_that_are_no_events_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b'1\n[\n\xff\n{"number": 1}\n' + b"[" * 100_000 + b'\n{"number": 2}\n\n{"nu')
    assert numbers(tmp_path / "log") == [1, 2]

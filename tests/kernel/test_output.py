"""What a component prints stays within its bounds, and it prints on."""

import os
from pathlib import Path

import pytest

from luxos.kernel.core.output import bound


def test_what_is_too_long_becomes_the_older_file_and_who_prints_prints_on(tmp_path: Path) -> None:
    path = tmp_path / "a.out"
    with path.open("ab", buffering=0) as printer:
        for number in range(8):
            printer.write(f"{number:04}\n".encode())
            bound(str(path), largest=20)
            assert path.stat().st_size <= 20
    older = (tmp_path / "a.out.1").read_bytes()
    assert older == b"0001\n0002\n0003\n0004\n"
    assert path.read_bytes() == b"0005\n0006\n0007\n"


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        bound(os.fspath(tmp_path / "none"))

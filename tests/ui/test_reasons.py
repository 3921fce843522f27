"""What the operating system says is told in the person's language."""

import errno
import os
import socket
from pathlib import Path

import pytest

from luxos.errors import reason_of
from luxos.i18n import speaking

USUAL = ("ENOENT", "EACCES", "EISDIR", "ENOTDIR", "ENOSPC", "EROFS", "ELOOP", "ENAMETOOLONG", "EEXIST")


@pytest.mark.parametrize("name", USUAL)
def test_the_usual_reasons_have_words_in_both_languages(name: str) -> None:
    error = OSError(getattr(errno, name), os.strerror(getattr(errno, name)))
    with speaking("pl"):
        polish = reason_of(error)
    with speaking("en"):
        english = reason_of(error)
    assert len({polish, english, error.strerror}) == 3


def test_a_real_refusal_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        (tmp_path / "file").read_text()
    with speaking("pl"):
        assert reason_of(caught.value) == "nie ma takiego pliku ani katalogu"


def test_a_name_of_no_machine_is_told() -> None:
    assert socket.EAI_NONAME == -2
    with speaking("en"):
        assert reason_of(socket.gaierror(socket.EAI_NONAME, "Name or service not known")) == "no machine has this name"


def test_a_reason_without_words_of_ours_is_told_as_the_system_tells_it() -> None:
    assert reason_of(OSError(errno.EXDEV, "a strange thing")) == "a strange thing"
    assert reason_of(OSError("only text")) == "only text"
    assert reason_of(TimeoutError()) == "TimeoutError"

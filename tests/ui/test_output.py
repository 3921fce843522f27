"""Trouble with the output, with questions, with folders and with bytes: the work and its exit code are not touched."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

from tests.plugins.command import Command

PLAN = 'one = WRITE "a.txt", "1"\ntwo = WRITE "b.txt", "2" AFTER one\nthree = SHELL ["false"] AFTER two\n'


def shell(luxos: Command, line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Runs a line of bash in which `$luxos` is the command."""
    environment = {**luxos.environment, "luxos": f"{sys.executable} -m luxos"}
    return subprocess.run(["bash", "-c", line], cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_a_run_goes_on_and_keeps_its_code_when_nobody_reads_or_the_disk_is_full(
    quick_luxos: Command, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    (place / "a.lux").write_text(PLAN)
    for line in (
        "$luxos run a.lux | true; exit ${PIPESTATUS[0]}",
        "$luxos run a.lux > /dev/full",
        "$luxos run a.lux --json > /dev/full",
        "$luxos run a.lux >&-",
        "$luxos run a.lux > /dev/full 2> /dev/full",
    ):
        ended = shell(quick_luxos, line, place)
        assert ended.returncode == 1, (line, ended)
        assert "Traceback" not in ended.stderr
        assert ("dysk jest pełny" in ended.stderr) == line.endswith(("json > /dev/full", "lux > /dev/full")), ended
        (place / "a.txt").unlink()
        (place / "b.txt").unlink()
    assert not (quick_luxos.home / ".local" / "share" / "luxos" / "defects.log").exists()
    assert shell(quick_luxos, "$luxos nope 2> /dev/full", tmp_path).returncode == 2


def test_what_could_not_be_kept_and_what_cannot_be_asked(quick_luxos: Command, tmp_path: Path) -> None:
    full = shell(quick_luxos, "$luxos runs --json > /dev/full", tmp_path)
    assert (full.returncode, "dysk jest pełny" in full.stderr) == (5, True), full
    assert shell(quick_luxos, "$luxos runs --json | true; exit ${PIPESTATUS[0]}", tmp_path).returncode == 0
    closed = shell(quick_luxos, "$luxos plan 'Zbuduj aplikację todo w Django' <&-", tmp_path)
    assert (closed.returncode, closed.stderr) == (0, ""), closed
    nothing, closed = (shell(quick_luxos, f"$luxos soul add x - {end}", tmp_path) for end in ("</dev/null", "<&-"))
    assert (closed.returncode, closed.stderr) == (nothing.returncode, nothing.stderr)


def test_ctrl_c_is_heard_before_all_is_imported(quick_luxos: Command, tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    ended = quick_luxos("runs", PYTHONPATH=str(tmp_path))
    assert (ended.code, ended.out, ended.err) == (130, "", "Zatrzymano.\n")


def test_text_that_the_output_cannot_show_harms_nothing(quick_luxos: Command, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    (place / "a.lux").write_text('one = WRITE "a.txt", "1"')
    ran = quick_luxos("run", "a.lux", cwd=place, PYTHONIOENCODING="latin-1", LUXOS_LANG="en")
    assert (ran.code, "\\u2713 one" in ran.out) == (0, True), ran


def test_one_ctrl_c_at_a_question_ends_it(quick_luxos: Command) -> None:
    terminal = Talk(quick_luxos, "plan", "Zbuduj aplikację do zarządzania książkami")
    terminal.until("]: ")
    terminal.say(b"\x03")
    code, said = terminal.end()
    assert code == 130, said
    assert "Traceback" not in said
    assert "Zatrzymano" in said


def test_the_end_of_the_input_takes_the_default_and_a_line_is_an_answer(quick_luxos: Command) -> None:
    terminal = Talk(quick_luxos, "plan", "Zbuduj aplikację w Django do zarządzania książkami")
    while terminal.asked():
        terminal.say(b"\x04")
    code, said = terminal.end()
    assert code == 0, said
    assert "Przyjmuję" in said
    answered = Talk(quick_luxos, "plan", "Zbuduj aplikację do zarządzania książkami")
    answered.until("]: ")
    answered.say(b"nonsense\n")
    answered.until("]: ")
    answered.say(b"FastAPI\n")
    while answered.asked():
        answered.say(b"\n")
    code, said = answered.end()
    assert code == 0, said
    assert 'stack: "fastapi"' in said
    assert "'nonsense' to żadna z tych możliwości" in said


class Talk:
    """A command at a terminal, and a person who reads and types."""

    def __init__(self, luxos: Command, *arguments: str) -> None:
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background job ignores it, and so would we
            os.chdir(luxos.home)
            words = [sys.executable, "-m", "luxos", *arguments]
            os.execve(sys.executable, words, luxos.environment)  # noqa: S606 - no shell is wanted
        self.said, self._heard = "", 0

    def until(self, words: str) -> None:
        """Reads until the words come."""
        found = self._read_until(words)
        assert found, self.said

    def asked(self) -> bool:
        """Reads to the next question; whether there was one."""
        return self._read_until("]: ")

    def say(self, typed: bytes) -> None:
        """Types."""
        os.write(self._terminal, typed)

    def end(self) -> tuple[int, str]:
        """The exit code and all that was said."""
        self._read_until("\0")
        os.close(self._terminal)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]), self.said

    def _read_until(self, words: str) -> bool:
        while (found := self.said.find(words, self._heard)) < 0:
            try:
                read = os.read(self._terminal, 4096)
            except OSError:  # a terminal whose last program ended
                return False
            self.said += read.decode(errors="replace")
        self._heard = found + len(words)
        return True


def test_a_current_folder_that_is_gone_is_told(quick_luxos: Command, tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    for line in ("$luxos runs", "LUXOS_HOME=rel $luxos runs", "$luxos do 'Pokaż plik a.txt'"):
        ended = shell(quick_luxos, f"mkdir -p gone; cd gone; rmdir ../gone; {line}", tmp_path)
        assert ended.returncode == 2, ended
        assert "Bieżącego katalogu" in ended.stderr


def test_bytes_that_are_no_text_are_told(quick_luxos: Command, tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"caf\xe9")
    odd.mkdir()
    for line in (
        r"$luxos do $'Poka\xff plik'",
        r"$luxos do --name $'\xff' 'Zbuduj aplikację todo w Django'",
        r"$luxos show $'\xff'",
        r"cd caf*; $luxos do 'Pokaż plik a.txt'",
    ):
        ended = shell(quick_luxos, line, tmp_path)
        assert ended.returncode == 2, ended
        assert "UTF-8" in ended.stderr
        assert "Traceback" not in ended.stderr


def test_ctrl_c_is_heard_in_the_middle_of_a_run(quick_luxos: Command, tmp_path: Path) -> None:
    (tmp_path / "a.lux").write_text('one = WRITE "a.txt", "1"\ntwo = SHELL ["sleep", "30"] AFTER one\n')
    place = tmp_path / "place"
    place.mkdir()
    (tmp_path / "a.lux").rename(place / "a.lux")
    process = quick_luxos.start("run", "a.lux", cwd=place)
    assert process.stdout is not None
    for line in process.stdout:
        if "✓ one" in line:
            break
    process.send_signal(signal.SIGINT)
    _out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err

"""The kernel imports nothing of the rest of LuxOS, and little of Python's."""

import shutil
import string
import subprocess
import sys
from pathlib import Path

import pytest

import luxos.kernel
from luxos.kernel import sentences

ROOM = Path(luxos.kernel.__file__).parent
MODULES = sorted(
    ".".join(["luxos.kernel", *path.relative_to(ROOM).with_suffix("").parts])
    for path in ROOM.rglob("*.py")
    if not path.name.startswith("__")
)
LOOK = """
import importlib, sys
sys.path.insert(0, sys.argv.pop(1))
for name in sys.argv[1:]:
    importlib.import_module(name)
print(*sorted(name for name in sys.modules if name.startswith("luxos")))
print(*sorted({"yaml", "asyncio", "dataclasses", "subprocess", "pathlib", "random", "hashlib"} & set(sys.modules)))
"""


def imported(folder: Path, *modules: str) -> tuple[list[str], list[str]]:
    found = subprocess.run(
        [sys.executable, "-I", "-S", "-c", LOOK, str(folder), *modules], capture_output=True, text=True, check=True
    )
    ours, heavy = (line.split() for line in found.stdout.splitlines())
    return ours, heavy


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """A folder with the kernel, and without the rest of LuxOS."""
    shutil.copytree(ROOM, tmp_path / "luxos" / "kernel", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_every_module_is_imported_where_the_rest_of_luxos_is_absent(alone: Path) -> None:
    ours, _heavy = imported(alone, *MODULES)
    assert set(MODULES) <= set(ours)
    assert [name for name in ours if name != "luxos" and not name.startswith("luxos.kernel")] == []


def test_a_kernel_that_needs_the_rest_would_be_noticed(alone: Path) -> None:
    (alone / "luxos" / "kernel" / "needy.py").write_text("import luxos.errors\n")
    with pytest.raises(subprocess.CalledProcessError):
        imported(alone, "luxos.kernel.needy")


def test_yaml_and_whatever_is_slow_to_import_stay_out(alone: Path) -> None:
    needed = [name for name in MODULES if not name.endswith(".checking")]
    assert imported(alone, *needed)[1] == []
    assert imported(alone, *MODULES)[1] != []


def test_every_sentence_has_both_languages_with_the_same_fields() -> None:
    def fields(text: str) -> set[str | None]:
        return {name for _text, name, _format, _conversion in string.Formatter().parse(text)}

    for code, (polish, english) in sentences._SENTENCES.items():
        assert fields(polish) == fields(english), code
        assert polish != english, code
        assert polish.endswith("."), code
        assert english.endswith("."), code


def test_the_wall_clock_is_for_people_only() -> None:
    """Clocks that jump move no deadline."""
    wall = ("time.time(", "datetime", "localtime", "time_ns", "CLOCK_REALTIME")
    users = {path.name for path in ROOM.rglob("*.py") if any(word in path.read_text() for word in wall)}
    assert users == {"logger.py"}


def test_a_code_of_a_newer_kernel_is_shown_as_it_is() -> None:
    assert sentences.say("from.tomorrow", {"x": 1}) == "from.tomorrow {'x': 1}"


def test_every_code_in_the_source_has_a_sentence() -> None:
    source = "\n".join(path.read_text() for path in ROOM.rglob("*.py"))
    raised = {part.split('"')[1] for part in source.split("KernelError(")[1:] if part.startswith('"')}
    assert raised
    assert raised <= set(sentences._SENTENCES)

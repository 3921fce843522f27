"""A manifest is read, or refused with its line and reason; then the last good one is used."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.sampling import examples

import luxos.kernel
from luxos.kernel.checking import check
from luxos.kernel.manifest import LARGEST, Manifest, read_manifest
from luxos.kernel.sentences import KernelError

GOOD = """\
mode: strict
zones:
  - name: stable
    strategy: rest_for_one
    components:
      - name: database
        command: [sleep, "60"]
        heartbeat: 1.5
      - name: application
        command: [sleep, "60"]
        restart: transient
        environment: {PORT: 80}
  - name: sandbox
    components: []
"""
SHIPPED = Path(luxos.kernel.__file__).parent / "config" / "kernel.yaml"


def read(folder: Path, text: str | bytes) -> tuple[Manifest, list[KernelError]]:
    path = folder / "kernel.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_manifest(str(path), str(folder / "manifest.json"))


def refusal(text: str) -> tuple[str, object]:
    with pytest.raises(KernelError) as refused:
        check(text)
    assert "{" not in str(refused.value).replace("[a-z][a-z0-9-]{0,31}", "")
    return refused.value.code.removeprefix("manifest."), refused.value.fields.get("line")


def test_what_is_said_is_read_and_what_is_not_said_has_a_default(tmp_path: Path) -> None:
    manifest, refusals = read(tmp_path, GOOD)
    assert refusals == []
    assert (manifest.mode, manifest.standby) == ("strict", False)
    stable, sandbox = manifest.zones
    assert (stable.strategy, stable.intensity, stable.period) == ("rest_for_one", 5, 60.0)
    assert (sandbox.strategy, sandbox.components) == ("one_for_one", [])
    database, application = stable.components
    assert (database.command, database.heartbeat, database.restart) == (["sleep", "60"], 1.5, "permanent")
    assert (application.restart, application.environment) == ("transient", {"PORT": "80"})
    assert (application.ready, application.heartbeat, application.shutdown) == (30.0, 0.0, 10.0)


def test_the_manifest_that_is_shipped_is_good(tmp_path: Path) -> None:
    assert read(tmp_path, SHIPPED.read_text())[1] == []


@pytest.mark.parametrize(
    ("before", "after", "code", "line"),
    [
        ("mode: strict", "mode: brave", "choice", 1),
        ("mode: strict", "mood: strict", "unknown", 1),
        ("zones:", "zones: {}\nareas:", "unknown", 3),
        ("strategy: rest_for_one", "strategy: [rest_for_one]", "kind", 4),
        ("name: application", "name: database", "duplicate", 9),
        ("name: application", "name: stable", "duplicate", 9),
        ("name: application", "name: ../up", "kind", 9),
        ("restart: transient", "restart: permanent\n        restart: transient", "duplicate", 12),
        ('command: [sleep, "60"]\n        heartbeat', "command: []\n        heartbeat", "kind", 7),
        ('command: [sleep, "60"]\n        heartbeat', "command: sleep\n        heartbeat", "kind", 7),
        ('command: [sleep, "60"]\n        heartbeat', "heartbeat", "missing", 6),
        ("heartbeat: 1.5", "heartbeat: soon", "range", 8),
        ("heartbeat: 1.5", "heartbeat: .nan", "range", 8),
        ("heartbeat: 1.5", "heartbeat: nan", "range", 8),
        ("heartbeat: 1.5", "heartbeat: -1", "range", 8),
        ("heartbeat: 1.5", "heartbeat: 1e999", "range", 8),
        ("heartbeat: 1.5", "heartbeat: &a 1.5\n        ready: *a", "syntax", 9),
        ("{PORT: 80}", "[80]", "kind", 12),
        ("{PORT: 80}", '{PORT: "\\0"}', "kind", 12),
        ("{PORT: 80}", "{PORT: [80]}", "kind", 12),
        ("{PORT: 80}", "{? [a] : b}", "kind", 12),
        ("mode: strict", "mode: 'strict", "syntax", 15),
        ("mode: strict", "\tmode: strict", "syntax", 1),
        ("mode: strict", "--- 1\n---", "syntax", 2),
        ("mode: strict", "mode: " + "[" * 5000, "syntax", 1),
        ("mode: strict", "mode: !!python/object/apply:os.system [id]", "kind", 1),
    ],
)
def test_each_fault_is_refused_with_its_line(before: str, after: str, code: str, line: int) -> None:
    assert before in GOOD
    assert refusal(GOOD.replace(before, after, 1)) == (code, line)


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "missing"), ("[]", "kind"), ("zones: []", "kind"), ("a", "kind"), ("mode: strict", "missing")],
)
def test_what_holds_no_manifest_is_refused(text: str, code: str) -> None:
    assert refusal(text)[0] == code


@settings(max_examples=examples(30))
@given(st.text(max_size=200) | st.binary(max_size=200))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str | bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    data = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    with pytest.raises(KernelError):
        read(folder, data)


@settings(max_examples=examples(50))
@given(place=st.integers(0, len(GOOD)), put=st.sampled_from(list("{}[]:-#&*!|>'\"%@` \n\tx0\0")), cut=st.integers(0, 3))
def test_a_changed_letter_is_read_or_refused_with_a_line(place: int, put: str, cut: int) -> None:
    said = "Line "
    try:
        check(GOOD[:place] + put + GOOD[place + cut :])
    except KernelError as refused:
        said = str(refused)
    assert said.startswith("Line ")


def test_where_the_new_one_is_refused_the_last_good_one_is_used(tmp_path: Path) -> None:
    good, _ = read(tmp_path, GOOD)
    for bad, code in [
        ("mode: brave", "manifest.choice"),
        (b"\xff", "manifest.syntax"),
        ("x" * (LARGEST + 1), "manifest.too_large"),
    ]:
        manifest, refusals = read(tmp_path, bad)
        assert manifest == good
        assert [refused.code for refused in refusals] == [code]
    (tmp_path / "kernel.yaml").unlink()
    manifest, refusals = read_manifest(str(tmp_path / "kernel.yaml"), str(tmp_path / "manifest.json"))
    assert (manifest, [refused.code for refused in refusals]) == (good, ["manifest.absent"])


def test_without_a_good_one_a_bad_one_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KernelError, match="Line 1"):
        read(tmp_path, "mode: brave")


def test_a_torn_last_good_one_is_set_aside_and_the_file_read(tmp_path: Path) -> None:
    good, _ = read(tmp_path, GOOD)
    kept = tmp_path / "manifest.json"
    kept.write_bytes(kept.read_bytes()[:-1])
    manifest, refusals = read(tmp_path, GOOD)
    assert (manifest, [refused.code for refused in refusals]) == (good, ["snapshot.set_aside"])
    assert read(tmp_path, GOOD)[1] == []


def test_yaml_is_imported_only_where_the_file_has_changed(tmp_path: Path) -> None:
    read(tmp_path, GOOD)
    program = (
        "import sys; from luxos.kernel.manifest import read_manifest\n"
        "read_manifest(*sys.argv[1:]); print('yaml' in sys.modules)"
    )
    arguments = [sys.executable, "-c", program, str(tmp_path / "kernel.yaml"), str(tmp_path / "manifest.json")]
    said = [subprocess.run(arguments, capture_output=True, text=True, check=True).stdout.strip()]
    (tmp_path / "kernel.yaml").write_text(GOOD + "# changed\n")
    said += [subprocess.run(arguments, capture_output=True, text=True, check=True).stdout.strip() for _ in range(2)]
    assert said == ["False", "True", "False"]


def test_yaml_itself_takes_the_good_one() -> None:
    assert yaml.safe_load(GOOD)["mode"] == "strict"

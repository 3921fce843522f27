"""The command line: help in two languages, `--json`, exit codes, and no traceback for anybody."""

import json
from pathlib import Path

import click
import pytest
from tests.plugins.command import Command

from luxos.ui.cli.app import COMMANDS
from luxos.ui.cli.app import luxos as root

pytestmark = pytest.mark.slow

POLISH = set("ąćęłńóśźż")


def commands() -> list[tuple[str, click.Command]]:
    context = click.Context(root)
    found = [(name, root.get_command(context, name)) for name in COMMANDS]
    return [(name, command) for name, command in found if command is not None]


def paths() -> list[tuple[str, ...]]:
    """Every command, and those below a group, as they are typed."""
    context = click.Context(root)
    return [
        (name, *below)
        for name, command in commands()
        for below in [
            (),
            *([(one,) for one in command.list_commands(context)] if isinstance(command, click.Group) else []),
        ]
    ]


@pytest.mark.parametrize("path", paths(), ids=" ".join)
def test_every_command_has_help_in_polish_and_in_english_and_json(luxos: Command, path: tuple[str, ...]) -> None:
    polish = luxos(*path, "--help")
    english = luxos(*path, "--help", LUXOS_LANG="en")
    assert (polish.code, english.code) == (0, 0)
    assert "Użycie:" in polish.out
    assert "Usage:" in english.out
    is_group = isinstance(dict(commands())[path[0]], click.Group) and len(path) == 1
    assert is_group or "--json" in polish.out
    assert not POLISH & set(english.out)
    assert polish.out != english.out


def test_every_command_of_the_table_is_there() -> None:
    assert [name for name, _command in commands()] == list(COMMANDS)


def test_the_version_is_told_in_every_way(quick_luxos: Command) -> None:
    from luxos import __version__

    assert quick_luxos("--version").out == f"luxos {__version__}\n"
    for asked in (("--version", "--json"), ("--json", "--version")):
        assert quick_luxos(*asked).json == {"version": __version__}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["nope"], 2),
        (["show"], 2),
        (["show", "nothing"], 2),
        (["resume", "00000000"], 2),
        (["undo", "%"], 2),
        (["runs", "--limit", "0"], 2),
        (["run", "missing.lux"], 2),
        (["do", "Zamów pizzę na ósmą"], 3),
        (["do", "Zrestartuj nginx"], 3),
        (["do", "asdf qwer zxcv"], 3),
        (["do", "Pokaż plik nie-ma-takiego.txt"], 1),
        (["do", "Zapisz „x” do pliku ../../etc/passwd"], 4),
    ],
)
def test_what_goes_wrong_has_its_code_a_sentence_and_the_one_shape(
    quick_luxos: Command, arguments: list[str], code: int
) -> None:
    said = quick_luxos(*arguments)
    assert said.code == code, said
    assert "Traceback" not in said.out + said.err
    assert (said.err + said.out).strip()
    shaped = quick_luxos(*arguments, "--json")
    assert shaped.code == code
    assert {"code", "message"} <= shaped.json["error"].keys()


def test_a_sentence_that_is_not_understood_gets_three_suggestions(quick_luxos: Command) -> None:
    said = quick_luxos("do", "Zamów pizzę na ósmą", "--json")
    assert said.code == 3
    assert len(said.json["error"]["suggestions"]) == 3
    assert "nic, co robi LuxOS" in said.json["error"]["message"]
    assert "NONE" not in said.json["error"]["message"]


def test_people_are_told_in_words_what_was_understood(quick_luxos: Command) -> None:
    polish = quick_luxos("plan", "--yes", "Zbuduj aplikację do przepisów w Django").out
    english = quick_luxos("plan", "--yes", "Build a Django app for recipes", LUXOS_LANG="en").out
    assert "zbudować nową aplikację, pewność" in polish
    assert "make a new application, confidence" in english
    for said in (polish, english):
        assert not {"BUILD_APP", "TECH_STACK", "SUBJECT"} & set(said.replace(",", " ").split())


def test_files_are_written_shown_undone(quick_luxos: Command, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    (place / "notatki.txt").write_text("stare")
    written = quick_luxos("do", "Zapisz „nowe” do pliku notatki.txt", "--json", cwd=place)
    assert written.code == 0, written
    assert (place / "notatki.txt").read_text() == "nowe"
    run = written.json["run"]
    shown = quick_luxos("show", run, "--json").json
    assert (shown["status"], shown["chain_whole"]) == ("done", True)
    assert [step["call"] for step in shown["steps"]] == ["file.write"]
    assert run[:8] in quick_luxos("show", run[:8]).out
    assert quick_luxos("resume", run).code == 2
    undone = quick_luxos("undo", run, "--json").json
    assert (undone["restored"], undone["kept"]) == (1, [])
    assert (place / "notatki.txt").read_text() == "stare"
    listed = quick_luxos("runs", "--json").json["runs"]
    assert [(one["run"], one["status"]) for one in listed] == [(run, "undone")]


def test_an_undo_with_nothing_to_take_back_says_so(quick_luxos: Command, tmp_path: Path) -> None:
    (tmp_path / "look.lux").write_text("LIST\n")
    (tmp_path / "fail.lux").write_text('READ "missing.txt"\n')
    (tmp_path / "write.lux").write_text('WRITE "a.txt", "one"\n')
    looked, failed, wrote = (
        quick_luxos("run", name, "--json", cwd=tmp_path).json["run"] for name in ("look.lux", "fail.lux", "write.lux")
    )
    refused = quick_luxos("undo", looked, "--json")
    assert (refused.code, refused.json["error"]["code"]) == (2, "agent.nothing_to_undo")
    assert quick_luxos("show", looked, "--json").json["status"] == "done"
    assert "nie było czego cofać" in quick_luxos("undo", failed).out
    assert "Cofnięto" in quick_luxos("undo", wrote).out
    assert quick_luxos("undo", wrote, "--json").json["error"]["code"] == "agent.nothing_to_undo"


def test_undo_leaves_what_a_person_changed_since(quick_luxos: Command, tmp_path: Path) -> None:
    (tmp_path / "a.lux").write_text('WRITE "a.txt", "one"\nWRITE "b.txt", "two"\n')
    ran = quick_luxos("run", "a.lux", "--json", cwd=tmp_path)
    (tmp_path / "b.txt").write_text("mine now")
    undone = quick_luxos("undo", ran.json["run"], "--json").json
    assert undone["kept"] == ["b.txt"]
    assert not (tmp_path / "a.txt").exists()
    assert (tmp_path / "b.txt").read_text() == "mine now"


def test_a_plan_runs_nothing(quick_luxos: Command, tmp_path: Path) -> None:
    planned = quick_luxos("plan", "Zbuduj aplikację todo w Django", "--json")
    assert planned.code == 0, planned
    assert planned.json["intent"] == "BUILD_APP"
    assert 'goal "Zbuduj aplikację todo w Django"' in planned.json["program"]
    assert not (quick_luxos.home / "luxos-projects").exists()
    assert quick_luxos("runs", "--json").json == {"runs": []}
    assert "GENERATE" in quick_luxos("plan", "Zbuduj aplikację todo w Django").out


def test_a_defect_is_told_without_a_traceback_and_kept_in_a_file(quick_luxos: Command) -> None:
    said = quick_luxos("runs", LUXOS_DATABASE_LINGER="soon")
    assert said.code == 2
    assert "LUXOS_DATABASE_LINGER" in said.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_learn_to_complete(quick_luxos: Command, shell: str) -> None:
    assert "_LUXOS_COMPLETE" in quick_luxos("completion", shell).out


def test_completion_offers_commands_and_runs(quick_luxos: Command, tmp_path: Path) -> None:
    offered = quick_luxos(_LUXOS_COMPLETE="bash_complete", COMP_WORDS="luxos re", COMP_CWORD="1")
    assert "plain,resume" in offered.out
    (tmp_path / "a.lux").write_text('WRITE "a.txt", "one"')
    run = quick_luxos("run", "a.lux", "--json", cwd=tmp_path).json["run"]
    offered = quick_luxos(_LUXOS_COMPLETE="bash_complete", COMP_WORDS="luxos undo ", COMP_CWORD="2")
    assert f"plain,{run[:8]}" in offered.out


def test_doctor_and_psql_look_at_the_real_thing(quick_luxos: Command) -> None:
    looked = quick_luxos("doctor", "--json")
    assert looked.code == 0, looked
    assert {"luxos", "database", "sandbox", "data"} <= {finding["name"] for finding in looked.json["findings"]}
    asked = quick_luxos("psql", "--", "-At", "-c", "SELECT count(*) > 5 FROM base_beings")
    assert asked.out.strip() == "t", asked


def test_lux_programs_are_checked_before_they_run(quick_luxos: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.lux").write_text('a = WRITE "a.txt", "one"\nb = WRIT "b.txt", "two"\n')
    said = quick_luxos("run", "bad.lux", "--json", cwd=tmp_path)
    assert said.code == 2
    assert "WRITE" in json.loads(said.out)["error"]["message"]
    assert not (tmp_path / "a.txt").exists()


def test_commands_do_not_run_where_luxos_keeps_its_data(quick_luxos: Command) -> None:
    (quick_luxos.home / "a.lux").write_text('a = SHELL ["true"]\n')
    for place in (quick_luxos.home, quick_luxos.home / ".local" / "share" / "luxos"):
        place.mkdir(parents=True, exist_ok=True)
        said = quick_luxos("run", str(quick_luxos.home / "a.lux"), "--json", cwd=place)
        assert said.code == 4, said
        assert said.json["error"]["code"] == "tools.workspace_holds_luxos"


@pytest.mark.parametrize("place", ["missing.lux", ".", "bytes.lux"])
def test_a_program_that_cannot_be_read_is_told_in_the_persons_language(
    quick_luxos: Command, tmp_path: Path, place: str
) -> None:
    (tmp_path / "bytes.lux").write_bytes(b"\xff")
    said = quick_luxos("run", place, "--json", cwd=tmp_path)
    assert (said.code, said.json["error"]["code"]) == (2, "ui.text_file_unfit")
    assert said.json["error"]["message"].startswith(f"Nie można przeczytać pliku {place}: ")
    assert "such file" not in said.json["error"]["message"]


def test_a_program_without_statements_is_no_success(quick_luxos: Command, tmp_path: Path) -> None:
    (tmp_path / "empty.lux").write_text("lux 1\n")
    said = quick_luxos("run", "empty.lux", "--json", cwd=tmp_path)
    assert (said.code, said.json["error"]["code"]) == (2, "lux.invalid")


def test_a_folder_that_cannot_be_built_in_is_refused_before_the_plan_is_shown(quick_luxos: Command) -> None:
    taken = quick_luxos.home / "luxos-projects" / "todo"
    taken.mkdir(parents=True)
    (taken / "mine.txt").write_text("mine")
    said = quick_luxos("do", "Zbuduj aplikację todo w Django", "--yes")
    assert said.code == 4, said
    assert "Rozumiem" in said.out
    assert "GENERATE" not in said.out


def test_files_that_programs_obey_unasked_are_pointed_out(quick_luxos: Command, tmp_path: Path) -> None:
    (tmp_path / "a.lux").write_text('WRITE ".git/hooks/pre-commit", "rm -rf ."\nWRITE "plain.txt", "text"\n')
    said = quick_luxos("run", "a.lux", cwd=tmp_path).out
    assert "obejrzyj te pliki" in said
    assert "  .git/hooks/pre-commit" in said.splitlines()
    (tmp_path / "b.lux").write_text('WRITE "plain.txt", "other"\n')
    assert quick_luxos("run", "b.lux", "--json", cwd=tmp_path).json["flagged"] == []


@pytest.mark.parametrize(
    ("folder", "code", "said"),
    [
        ("/etc/passwd/new", "agent.folder_unfit", "część ścieżki nie jest katalogiem (/etc/passwd)"),
        ("/etc/passwd", "agent.folder_taken", "/etc/passwd"),
        ("", "agent.folder_unfit", "nie ma nazwy"),
        ("/proc/new", "runtime.files_not_ours agent.folder_unfit", "/proc/new"),
    ],
)
def test_a_place_where_nothing_can_be_built_is_told(quick_luxos: Command, folder: str, code: str, said: str) -> None:
    refused = quick_luxos("do", "Zbuduj aplikację todo w Django", "--dir", folder, "--json")
    assert refused.json["error"]["code"] in code.split(), refused
    assert said in refused.json["error"]["message"]


def test_sentences_about_lux_programs_are_understood(quick_luxos: Command, tmp_path: Path) -> None:
    (tmp_path / "a.lux").write_text("LIST\n")
    assert quick_luxos("do", "Skopiuj a.lux do b.lux", "--json", cwd=tmp_path).code == 0
    assert quick_luxos("do", "Pokaż plik b.lux", "--json", cwd=tmp_path).json["results"]["result"]["text"] == "LIST\n"

"""`luxos soul add`: from a file of Python to what is called, without a line of Python around it."""

from pathlib import Path

import pytest
from tests.plugins.command import Command

pytestmark = pytest.mark.slow

VAT = "def function(net, rate=23):\n    return net * (100 + rate) / 100\n"


def test_a_soul_is_made_of_a_file_called_and_changed(quick_luxos: Command, tmp_path: Path) -> None:
    file = tmp_path / "vat.py"
    file.write_text(VAT)
    made = quick_luxos("soul", "add", "vat", str(file), "--pure", "--with", 'examples=[{"args": [100], "result": 123}]')
    assert (made.code, "jest gotowa" in made.out, "hermetycznej" in made.out) == (0, True, True), made
    assert quick_luxos("call", "vat", "100").out == "123.0\n"
    called = quick_luxos("call", "vat", "100", "--with", "rate=8", "--json").json
    assert (called["status"], called["result"]) == ("done", 108.0)
    [step] = quick_luxos("show", called["run"], "--json").json["steps"]
    assert (step["call"], step["arguments"], step["result"]) == ("vat", {"net": 100, "rate": 8}, 108.0)
    again = quick_luxos("soul", "add", "vat", str(file), "--pure", "--json").json
    file.write_text(VAT.replace("23", "0"))
    changed = quick_luxos("soul", "add", "vat", str(file), "--json").json
    assert (again["status"], changed["status"]) == ("unchanged", "evolved")
    assert quick_luxos("soul", "add", "vat", str(file), "--json").json["status"] == "unchanged"
    assert quick_luxos("call", "vat", "100").out == "100.0\n"
    assert quick_luxos("call", again["hash"][7:19], "100").out == "123.0\n"


def test_what_only_the_isolated_tier_can_run_is_told_with_its_line(quick_luxos: Command, tmp_path: Path) -> None:
    file = tmp_path / "words.py"
    file.write_text("def function(text):\n    def words():\n        yield from text.split()\n    return [*words()]\n")
    made = quick_luxos("soul", "add", "words", str(file))
    assert (made.code, "izolowanej" in made.out, "wiersz 3" in made.out) == (0, True, True), made
    assert quick_luxos("call", "words", "ala ma kota", "--json").json["result"] == ["ala", "ma", "kota"]
    refused = quick_luxos("soul", "add", "words2", str(file), "--tier", "hermetic", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (2, "runtime.tier_unfit")


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("call", "nobody"), 2, "runtime.being_not_callable"),
        (("call", "vat"), 2, "runtime.arguments_unfit"),
        (("call", "vat", "1", "--with", "more=2"), 2, "runtime.arguments_unfit"),
        (("call", "vat", '"words"'), 1, "runtime.code_failed"),
        (("call", "endless", "--seconds", "0.5"), 4, "runtime.call_over_limit"),
        (("soul", "add", "vat", "nowhere.py"), 2, "ui.text_file_unfit"),
        (("soul", "add", "broken", "broken.py"), 2, "source_invalid"),
    ],
)
def test_what_goes_wrong_is_told(
    quick_luxos: Command, tmp_path: Path, arguments: tuple[str, ...], code: int, error: str
) -> None:
    (tmp_path / "vat.py").write_text(VAT)
    (tmp_path / "endless.py").write_text("def function():\n    while True:\n        pass\n")
    (tmp_path / "broken.py").write_text("def function(:\n")
    for name in ("vat", "endless"):
        assert quick_luxos("soul", "add", name, f"{name}.py", cwd=tmp_path).code == 0
    ended = quick_luxos(*arguments, "--json", cwd=tmp_path)
    assert (ended.code, ended.json["error"]["code"]) == (code, error), ended
    told = quick_luxos(*arguments, cwd=tmp_path)
    assert (told.code, "Traceback" in told.err, told.err.count("\n") >= 1) == (code, False, True)

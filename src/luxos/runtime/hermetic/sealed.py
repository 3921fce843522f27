"""The state of a call in its middle as bytes that can be kept anywhere: nobody changes them unseen.

They begin with what they are and end with an HMAC over all of it; only after that was looked at is any of it read.
"""

import hashlib
import hmac
import json
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luxos.errors import reason_of
from luxos.i18n import N_, _
from luxos.runtime.code import Code
from luxos.runtime.errors import SnapshotKeyUnfit, SnapshotRefused
from luxos.runtime.hermetic.conversation import Asked, Conversation, Nap, Wish
from luxos.runtime.hermetic.monty import VERSION
from luxos.runtime.hermetic.prepared import Prepared
from luxos.souls.archive import Archive, put_new, read, sync_folder

MAGIC = b"luxos frozen 1\n"
_MAC = hashlib.sha256().digest_size
_LENGTH = 4
_CHANGED = N_("it was changed, is not whole, or was made under the key of another installation")
_OTHER = {
    "soul": N_("it belongs to another soul ({told})"),
    "owner": N_("it belongs to somebody else"),
    "monty": N_("it was made by Monty {told}, and this is Monty {here}"),
}


@dataclass(frozen=True)
class Key:
    """The key under which this installation seals; it is made at its first use."""

    secret: bytes

    @classmethod
    def of(cls, home: Path) -> "Key":
        """The key in the data folder; of several processes that make it at once, all get the same one."""
        archive = Archive(home)
        file = archive.keys / "snapshots.key"
        try:
            if not file.exists():
                archive.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
                sync_folder(archive.home)
                put_new(file, secrets.token_hex(32).encode() + b"\n", 0o600)
            content = read(file, 100)
        except OSError as error:
            raise SnapshotKeyUnfit(path=file, reason=reason_of(error)) from error
        except ValueError as error:
            raise _damaged(file) from error
        return cls(_secret(content, file))


def _secret(content: bytes, file: Path) -> bytes:
    try:
        secret = bytes.fromhex(content.decode("ascii"))
    except ValueError as error:
        raise _damaged(file) from error
    if content != secret.hex().encode() + b"\n" or len(secret) != _MAC:
        raise _damaged(file)
    if stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise SnapshotKeyUnfit(path=file, reason=_("others may read it"))
    return secret


def _damaged(file: Path) -> SnapshotKeyUnfit:
    return SnapshotKeyUnfit(path=file, reason=_("it is damaged"))


def seal(key: Key, code: Code, talk: Conversation, state: bytes) -> bytes:
    """A call that waits, with Monty's `state` of it, as bytes."""
    head = {
        "soul": code.soul_hash,
        "owner": code.owner,
        "monty": VERSION,
        "entry": code.signature.name,
        "asks": talk.asks,
        "open": [[call, _written(wish)] for call, wish in talk.open.items()],
        "printed": "".join(talk.printed),
        "room": talk.room,
        "slept": talk.slept,
    }
    told = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    content = b"".join((MAGIC, len(told).to_bytes(_LENGTH, "big"), told, state))
    return content + _mac(key, content)


def unseal(key: Key, code: Code, prepared: Prepared, sealed: bytes) -> tuple[Conversation, bytes]:
    """What was sealed, for the same soul under the same Monty; `SnapshotRefused` says what is otherwise."""
    content, mac = sealed[:-_MAC], sealed[-_MAC:]
    if not hmac.compare_digest(mac, _mac(key, content)) or not content.startswith(MAGIC):
        raise SnapshotRefused(who=code.name, reason=_(_CHANGED))
    begin = len(MAGIC) + _LENGTH
    end = begin + int.from_bytes(content[len(MAGIC) : begin], "big")
    head = json.loads(content[begin:end])
    for part, here in (("soul", code.soul_hash), ("owner", code.owner), ("monty", VERSION)):
        if head[part] != here:
            raise SnapshotRefused(who=code.name, reason=_(_OTHER[part]).format(told=head[part], here=here))
    talk = Conversation(prepared, code.limits, asks=head["asks"], slept=head["slept"])
    talk.open = {call: _read(wish) for call, wish in head["open"]}
    talk.printed, talk.room = [head["printed"]], head["room"]
    return talk, content[end:]


def _mac(key: Key, content: bytes) -> bytes:
    return hmac.digest(key.secret, content, "sha256")


def _written(wish: Wish) -> dict[str, Any]:
    if isinstance(wish, Nap):
        return {"seconds": wish.seconds}
    return {"number": wish.number, "name": wish.name, "args": wish.args, "kwargs": wish.kwargs}


def _read(written: dict[str, Any]) -> Wish:
    return Nap(**written) if "seconds" in written else Asked(**written)

"""The state of a call in its middle as bytes that can be kept anywhere: nobody changes them unseen.

They begin with what they are and the name of the key, and end with an HMAC over all of it; only after that was looked
at is any of it read.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from luxos.beings.genesis import canonical_hash
from luxos.i18n import N_, _
from luxos.runtime.code import Code, Given
from luxos.runtime.hermetic.conversation import Asked, Conversation, Nap, Wish
from luxos.runtime.hermetic.errors import SnapshotRefused
from luxos.runtime.hermetic.key import NAME, Key
from luxos.runtime.hermetic.monty import VERSION
from luxos.runtime.hermetic.prepared import Prepared

__all__ = ["Key", "seal", "unseal"]

MAGIC = b"luxos frozen 3\n"
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_MAC = hashlib.sha256().digest_size
_LENGTH = 4
_HEAD = len(MAGIC) + NAME
_CHANGED = N_("it was changed, or is not whole")
_ELSEWHERE = N_(
    "it was sealed on another machine, or under a key that was here before (`luxos node enroll` has the key handed "
    "over)"
)
_OTHER = {
    "soul": N_("it belongs to another soul ({told})"),
    "owner": N_("it belongs to somebody else"),
    "place": N_("it belongs to another call"),
    "method": N_("it belongs to another method"),
    "state": N_("its instance was changed meanwhile"),
    "monty": N_("it was made by Monty {told}, and this is Monty {here}"),
}


def seal(key: Key, code: Code, given: Given, talk: Conversation, state: bytes) -> bytes:
    """A call that waits, with Monty's `state` of it, as bytes."""
    head = {
        **_bonds(code, given),
        "asks": talk.asks,
        "open": [[call, _written(wish)] for call, wish in talk.open.items()],
        "printed": "".join(talk.printed),
        "room": talk.room,
        "slept": talk.slept,
    }
    told = _JSON.encode(head).encode("utf-8", "surrogatepass")
    content = b"".join((MAGIC, key.name, len(told).to_bytes(_LENGTH, "big"), told, state))
    return content + _mac(key, content)


def unseal(key: Key, code: Code, given: Given, prepared: Prepared, sealed: bytes) -> tuple[Conversation, bytes]:
    """What was sealed, for the same call of the same soul under the same Monty, of a method also with the same state.

    `SnapshotRefused` says what is otherwise.
    """
    content, mac = sealed[:-_MAC], sealed[-_MAC:]
    if not hmac.compare_digest(mac, _mac(key, content)) or not content.startswith(MAGIC):
        raise SnapshotRefused(who=code.name, reason=_(_CHANGED if _is_of(key, content) else _ELSEWHERE))
    begin = _HEAD + _LENGTH
    end = begin + int.from_bytes(content[_HEAD:begin], "big")
    head = json.loads(content[begin:end])
    for part, here in _bonds(code, given).items():
        if head[part] != here:
            raise SnapshotRefused(who=code.name, reason=_(_OTHER[part]).format(told=head[part], here=here))
    talk = Conversation(prepared, code.limits, asks=head["asks"], slept=head["slept"])
    talk.is_method = given.method is not None
    talk.open = {call: _read(wish) for call, wish in head["open"]}
    talk.printed, talk.room = [head["printed"]], head["room"]
    return talk, content[end:]


def _bonds(code: Code, given: Given) -> Mapping[str, str | None]:
    """What has to be as it was where a state goes on; the first that is not is told."""
    method = given.method
    return {
        "soul": code.soul_hash,
        "owner": code.owner,
        "monty": VERSION,
        "place": given.place,
        "method": None if method is None else f"{given.this.get('soul')}.{method.name}",
        "state": None if method is None else canonical_hash(dict(method.state)),
    }


def _is_of(key: Key, content: bytes) -> bool:
    """Whether it says of itself that it was sealed under this key; nothing but words depends on that."""
    return not content.startswith(MAGIC) or content[len(MAGIC) : _HEAD] == key.name


def _mac(key: Key, content: bytes) -> bytes:
    return hmac.digest(key.secret, content, "sha256")


def _written(wish: Wish) -> dict[str, Any]:
    if isinstance(wish, Nap):
        return {"seconds": wish.seconds}
    return {"number": wish.number, "name": wish.name, "args": wish.args, "kwargs": wish.kwargs}


def _read(written: dict[str, Any]) -> Wish:
    return Nap(**written) if "seconds" in written else Asked(**written)

"""Manifests: what an environment is from one moment on, signed, each naming the hash of the one before.

A manifest is a being whose UUID follows from its hash, and a file that is derived from it. The hash and the signature
are over the canonical JSON (RFC 8785) of its content.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID, uuid5

from luxos.beings.being import BaseBeing
from luxos.beings.owner import system_user
from luxos.persistence.queries import queries
from luxos.souls.reports import digest
from luxos.souls.signing import Key, is_signed
from luxos.version import __version__

_MANIFESTS = UUID("0e0a6a8e-3c43-4a52-9d50-6c1f6f7f2a14")
Souls = dict[str, dict[str, Any]]
"""By alias: `{"hash", "unchecked": [why], "examples": how many held, "types": "passed" or "not judged"}`."""


@dataclass(frozen=True)
class Manifest:
    """What was signed, and its hash and signature."""

    content: Mapping[str, Any]
    hash: str
    signature: str

    @classmethod
    def make(
        cls, environment: str, souls: Souls, change: Mapping[str, Any], before: "Manifest | None", key: Key
    ) -> Self:
        """The manifest that follows `before`."""
        content = {
            "environment": environment,
            "sequence": before.sequence + 1 if before else 1,
            "previous": before.hash if before else None,
            "created_at": datetime.now(UTC).isoformat(),
            "change": dict(change),
            "souls": souls,
            "public_key": key.public,
            "luxos": __version__,
            "owner": BaseBeing.default_owner or system_user(),
        }
        signed = canonical(content)
        return cls(content, digest(signed), key.sign(signed))

    @classmethod
    def of_row(cls, genesis: Mapping[str, Any]) -> Self | None:
        """The manifest of a row, or `None` where the row is not as it was written."""
        try:
            found = cls(genesis["manifest"], genesis["hash"], genesis["signature"])
            return found if found.is_whole() and found.genesis() == genesis else None
        except (KeyError, TypeError, ValueError, AttributeError):
            return None

    @property
    def environment(self) -> str:
        return str(self.content["environment"])

    @property
    def sequence(self) -> int:
        return int(self.content["sequence"])

    @property
    def souls(self) -> Souls:
        return dict(self.content["souls"])

    @property
    def row(self) -> UUID:
        return row_of(self.hash)

    @property
    def file(self) -> str:
        """The name of its file."""
        moment = datetime.fromisoformat(self.content["created_at"]).strftime("%Y%m%d_%H%M%S_%f")
        return f"deployment_manifest_{moment}_{self.environment}.json"

    def is_whole(self) -> bool:
        """Whether the content has this hash, and the key that it names signed it."""
        signed = canonical(self.content)
        return digest(signed) == self.hash and is_signed(signed, self.signature, self.content["public_key"])

    def genesis(self) -> dict[str, Any]:
        """What its row says."""
        return {
            "type": "manifest",
            "name": f"{self.environment} {self.sequence}",
            "environment": self.environment,
            "hash": self.hash,
            "signature": self.signature,
            "manifest": dict(self.content),
            "owner": self.content["owner"],
        }

    def as_json(self) -> dict[str, Any]:
        return {"manifest": dict(self.content), "hash": self.hash, "signature": self.signature}

    def file_bytes(self) -> bytes:
        """What its file holds, byte for byte."""
        return canonical(self.as_json()) + b"\n"


def row_of(hash: str) -> UUID:  # noqa: A002 - the seeds' name
    """The UUID of the row of a manifest."""
    return uuid5(_MANIFESTS, hash)


def canonical(value: Mapping[str, Any]) -> bytes:
    """Canonical JSON; what a manifest holds are texts, whole numbers and lists of them."""
    import rfc8785

    return rfc8785.dumps(json.loads(json.dumps(value)))


async def manifests(environment: str | None = None, *, connection: Any = None) -> list[tuple[UUID, dict[str, Any]]]:
    """The rows of an environment's manifests, or of all, as they were made: their UUIDs and what they say."""
    which = {"environment": environment} if environment else {}
    async with BaseBeing._borrowed(connection) as lent:
        rows = await lent.fetch(queries()["manifests"], which)
    return [(row["soul"], row["genesis"]) for row in rows]

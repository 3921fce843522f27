"""All SQL of LuxOS by name: the blocks `-- name: save_being` of the files in `sql/queries/`."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from luxos.persistence.errors import QueryFileBroken

SQL = Path(__file__).parent / "sql"
_HEAD = re.compile(r"^-- name:(.*)$", re.MULTILINE)
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_COMMENT = re.compile(r"^\s*--.*$", re.MULTILINE)


class Queries(Mapping[str, str]):
    """Named queries, each checked: a plain name, there once, not empty, its arguments $1, $2, … without a gap."""

    def __init__(self, folder: Path) -> None:
        self._texts: dict[str, str] = {}
        for file in sorted(folder.glob("*.sql")):
            self._read(file)

    def _read(self, file: Path) -> None:
        head, *parts = _HEAD.split(file.read_text(encoding="utf-8"))
        if _COMMENT.sub("", head).strip():
            raise QueryFileBroken(file=file.name, reason="it does not begin with a name")
        for name, body in zip((part.strip() for part in parts[::2]), parts[1::2], strict=True):
            text = _COMMENT.sub("", body).strip().removesuffix(";")
            numbers = {int(number) for number in re.findall(r"\$(\d+)", text)}
            if not _NAME.fullmatch(name) or name in self._texts or not text:
                raise QueryFileBroken(file=file.name, reason=f"the query {name!r} is empty, badly named or there twice")
            if numbers != set(range(1, len(numbers) + 1)):
                raise QueryFileBroken(file=file.name, reason=f"the arguments of {name!r} have a gap")
            self._texts[name] = text

    def __getitem__(self, name: str) -> str:
        return self._texts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


@lru_cache(maxsize=1)
def queries() -> Queries:
    """The queries of this installation."""
    return Queries(SQL / "queries")


@lru_cache(maxsize=1)
def parts() -> Queries:
    """The parts of statements that are put together where they are needed: no part is a statement by itself."""
    return Queries(SQL / "parts")

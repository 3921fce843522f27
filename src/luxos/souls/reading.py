"""Reports of this LuxOS and of the older one, read from a folder or a file: each is good, or refused with a reason."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luxos.beings.genesis import soul_hash
from luxos.errors import LuxError, reason_of
from luxos.i18n import N_, _
from luxos.souls.archive import INDEX, PRODUCTION, read

_MOST = 16_000_000
_FILES = 100_000
_HASH = re.compile(r"(?:sha256:)?([0-9a-f]{16}|[0-9a-f]{64})")
_OTHERS = (INDEX, PRODUCTION)


@dataclass(frozen=True)
class Refused:
    """What was not taken, and why."""

    file: str
    reason: str
    hash: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {"file": self.file, "hash": self.hash, "reason": self.reason}


@dataclass(frozen=True)
class Read:
    """A report that can be taken: `native` where its hash is that of its genesis by our rule."""

    file: str
    hash: str
    alias: str | None
    version: int
    genesis: Mapping[str, Any]
    report: Mapping[str, Any]
    native: bool


def read_reports(place: Path) -> Iterator[Read | Refused]:
    """Every report of a folder, or of a file that `export` wrote; what the folder's index names and has not, too."""
    if not place.is_dir():
        yield from _of_bundle(place)
        return
    files = sorted(file for file in place.iterdir() if file.suffix == ".json")
    for file in files[:_FILES]:
        if file.name not in _OTHERS and not file.name.startswith("deployment_manifest_"):
            yield _of_file(file)
    for file in files[_FILES:]:
        yield Refused(file.name, _("there are more than {most} files").format(most=_FILES))
    yield from _missing(place)


def _of_file(file: Path) -> Read | Refused:
    found = _json(file)
    return found if isinstance(found, Refused) else _checked(file.name, found)


def _of_bundle(file: Path) -> Iterator[Read | Refused]:
    found = _json(file)
    if isinstance(found, Refused):
        yield found
        return
    reports = found.get("reports") if isinstance(found, dict) else None
    if not isinstance(reports, list):
        yield _checked(file.name, found)
        return
    for number, report in enumerate(reports, 1):
        yield _checked(f"{file.name}#{number}", report)


def _json(file: Path) -> Any:
    """What a file holds, or why it is refused."""
    try:
        return json.loads(read(file, _MOST), parse_constant=_no_number)
    except OSError as error:
        link = file.is_symlink()
        return Refused(file.name, _("it is a link, and links are not followed") if link else reason_of(error))
    except RecursionError:
        return Refused(file.name, _("it is nested too deep"))
    except ValueError as error:
        return Refused(file.name, _(_REASONS.get(str(error), _NO_JSON)))


_NO_JSON = N_("it is not JSON, or was cut off")
_REASONS = {
    "too_big": N_("it is bigger than 16 MiB"),
    "not_plain": N_("it is no plain file"),
}


def _no_number(text: str) -> Any:
    raise ValueError(text)


def _checked(name: str, report: Any) -> Read | Refused:
    info = report.get("soul_info") if isinstance(report, dict) else None
    if not isinstance(info, dict):
        return Refused(name, _("the section {section} is missing").format(section="soul_info"))
    said = info.get("soul_hash")
    match = _HASH.fullmatch(said) if isinstance(said, str) else None
    if match is None or not isinstance(said, str):
        return Refused(name, _("soul_hash is no hash of 16 or 64 digits"))
    genotype = report.get("genotype")
    genesis = genotype.get("genesis") if isinstance(genotype, dict) else None
    if not isinstance(genesis, dict) or not isinstance(genotype, dict):
        return Refused(name, _("the section {section} is missing").format(section="genotype.genesis"), str(said))
    whole = "sha256:" + match[1]
    native = _hashes_to(genesis, whole)
    if not native and said.startswith("sha256:"):
        return Refused(name, _("its content does not have its hash: it was changed"), str(said))
    alias = info.get("alias")
    version = info.get("version")
    return Read(
        file=name,
        hash=whole if native else match[1],
        alias=alias if isinstance(alias, str) else None,
        version=version if isinstance(version, int) and not isinstance(version, bool) else 0,
        genesis=genesis if native else _converted(genesis, genotype),
        report=report,
        native=native,
    )


def _hashes_to(genesis: Mapping[str, Any], whole: str) -> bool:
    try:
        return soul_hash(genesis) == whole
    except (LuxError, RecursionError):
        return False


def _converted(genesis: Mapping[str, Any], genotype: Mapping[str, Any]) -> dict[str, Any]:
    """The genesis of the older LuxOS as ours: what it says of its genotype belongs to it, its version does not."""
    parts = {key: genotype[key] for key in ("attributes", "functions") if isinstance(genotype.get(key), dict)}
    plain = {key: value for key, value in genesis.items() if key not in {"version", "owner", "dependencies"}}
    return {**plain, **{key: value for key, value in parts.items() if value and key not in plain}}


def _missing(place: Path) -> Iterator[Refused]:
    """Files that the folder's index names and that are not there."""
    index = place / INDEX
    if not index.exists():
        return
    found = _json(index)
    if isinstance(found, Refused):
        yield found
        return
    named = {text for text in _texts(found) if text.endswith(".json")}
    for name in sorted(named):
        plain = Path(name).name
        if not (place / plain).exists() and plain not in _OTHERS:
            yield Refused(plain, _("the index names it, and it is not there"))


def _texts(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            waiting += one

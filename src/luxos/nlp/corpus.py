"""The readable corpus in `corpus/*.yaml`: sentences under their intents, with their entities marked.

Each file maps an intent to a block of lines, one sentence a line; `{text|TYPE}` or `{text|TYPE|value}` marks an entity.
Files in `corpus/heldout/` are for measuring only and never trained on.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import yaml

from luxos.nlp.errors import CorpusInvalid
from luxos.nlp.words import Entity

FOLDER = Path(__file__).parent / "corpus"
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MARK = re.compile(r"\{([^{}|]+)\|([A-Z_]+)(?:\|([^{}|]+))?\}")
_TYPES = (
    "APP_TYPE TECH_STACK LANGUAGE DATABASE NAME SUBJECT FEATURE PATH DEST_PATH CONTENT COMMAND PROGRAM PROCESS SERVICE "
    "PACKAGE VERSION BRANCH MESSAGE REPO HOST URL METHOD QUERY TABLE SETTING VALUE DATE NUMBER BEING HASH TOPIC"
)
ENTITY_TYPES = frozenset(_TYPES.split())
_INTENTS = (
    "BUILD_APP ANALYZE_CODE REFACTOR_CODE FIX_CODE GENERATE_TESTS RUN_TESTS GENERATE_DOCS BUILD_PROJECT PACKAGE_APP "
    "DEPLOY_APP READ_FILE WRITE_FILE APPEND_FILE DELETE_FILE COPY_FILE MOVE_FILE RENAME_FILE SEARCH_FILE DIFF_FILES "
    "MERGE_FILES MAKE_DIR DELETE_DIR LIST_DIR RUN_COMMAND RUN_APP CLOSE_APP RUN_AS_ADMIN LIST_PROCESSES PROCESS_INFO "
    "KILL_PROCESS START_SERVICE STOP_SERVICE RESTART_SERVICE CHECK_SERVICE LIST_SERVICES INSTALL_APP UNINSTALL_APP "
    "UPDATE_APP CHECK_APP GIT_CLONE GIT_COMMIT GIT_PUSH GIT_PULL GIT_STATUS GIT_BRANCH OPEN_PR SYSTEM_INFO SHUTDOWN "
    "RESTART SLEEP_MODE HIBERNATE LOGOUT LOCK_SYSTEM OPEN_SETTINGS CHANGE_SETTING CLEAR_CACHE READ_LOG WRITE_LOG "
    "CHECK_CONNECTION NETWORK_INFO GET_IP PING_HOST SET_WIFI DISCONNECT_WIFI DOWNLOAD_FILE UPLOAD_FILE HTTP_REQUEST "
    "OPEN_BROWSER SEARCH_WEB SCRAPE_PAGE SCREENSHOT QUERY_DB REMEMBER FORGET ASK_KNOWLEDGE CREATE_BEING SHOW_BEING "
    "CALL_BEING EVOLVE_BEING PROMOTE_SOUL ROLLBACK_SOUL MIGRATE_ENTITY STATUS HELP UNDO RESUME EXIT CHAT NONE"
)
INTENTS = tuple(_INTENTS.split())


class Example(NamedTuple):
    """One sentence of the corpus, and where it stands."""

    intent: str
    text: str
    entities: tuple[Entity, ...]
    file: str
    line: int


def parse_line(intent: str, line: str, file: str, number: int) -> Example:
    """A sentence with its marks taken out and turned into entities."""
    text, entities, last = "", [], 0
    for mark in _MARK.finditer(line):
        text += line[last : mark.start()]
        surface, type_, value = mark.group(1), mark.group(2), mark.group(3)
        if type_ not in ENTITY_TYPES:
            raise CorpusInvalid(file=file, line=number, reason=f"no entity type {type_}")
        entities.append(Entity(type_, value or surface, surface, len(text), len(text) + len(surface)))
        text, last = text + surface, mark.end()
    text += line[last:]
    if "{" in text or "}" in text:
        raise CorpusInvalid(file=file, line=number, reason="a mark is not closed, or a brace stands alone")
    return Example(intent, text, tuple(entities), file, number)


def read(path: Path) -> Iterator[Example]:
    """The sentences of one file; `CorpusInvalid` names file and line of what cannot be used."""
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 1
        raise CorpusInvalid(file=path.name, line=line, reason=str(exc.problem)) from exc
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value not in INTENTS:
            raise CorpusInvalid(file=path.name, line=key.start_mark.line + 1, reason=f"no intent {key.value}")
        for offset, sentence in enumerate(str(value.value).splitlines()):
            if sentence.strip():
                yield parse_line(key.value, sentence.strip(), path.name, value.start_mark.line + 2 + offset)


def read_folder(folder: Path) -> tuple[Example, ...]:
    """The sentences of all files of a folder; a sentence that stands there twice is refused."""
    seen: dict[str, Example] = {}
    for path in sorted(folder.glob("*.yaml")):
        for example in read(path):
            earlier = seen.setdefault(example.text.casefold(), example)
            if earlier is not example:
                raise CorpusInvalid(
                    file=example.file, line=example.line, reason=f"also in line {earlier.line} of {earlier.file}"
                )
    return tuple(seen.values())


@lru_cache(maxsize=1)
def training() -> tuple[Example, ...]:
    """All sentences that the model learns from."""
    return read_folder(FOLDER)


@lru_cache(maxsize=1)
def heldout() -> tuple[Example, ...]:
    """All sentences that are kept for measuring."""
    return read_folder(FOLDER / "heldout")

"""Splits a sentence into tokens without breaking what belongs together.

Paths, URLs, e-mail addresses, versions, options, quoted text, sizes, times, `C#`, `.NET`, `node.js` stay whole. Spans
are in the original text, and all that lies between tokens is white space.
"""

import re
from typing import NamedTuple


class Piece(NamedTuple):
    """A raw token: its kind (`word`, or a tag of `words.Token`) and its span."""

    kind: str
    start: int
    end: int


_EXTENSIONS = (
    "py|txt|md|csv|json|jsonl|ya?ml|toml|ini|cfg|conf|log|pdf|docx?|xlsx?|odt|ods|pptx?|html?|css|jsx?|tsx?|sh|bash|bat|"
    "ps1|sql|sqlite3?|db|kdbx|xml|zip|tar|gz|tgz|bz2|xz|7z|rar|deb|rpm|whl|exe|msi|iso|img|png|jpe?g|gif|svg|webp|mp3|"
    "mp4|wav|avi|mkv|c|h|cpp|hpp|rs|go|java|kt|rb|php|lua|swift|ipynb|env|lock|bak|tmp|out|diff|patch|service|key|pem|"
    "crt|srt|ics|rst|epub|tex|lux|tsv|jsonc|markdown|adoc|scss|vue|proto|tf|jar|bin|dat|parquet|flac|ogg|webm|mov|bmp|"
    "tiff?|ico|j2|properties|plist|heic|dump|dmp|mdb|kml|gpx|vcf|blend|pid|orig|old|pub|m4a|m3u|onnx|eml|asc|ttf|otf|woff2?|"
    "msi|apk|po|mo|dic|fasta|p12|raw|psd|torrent|qcow2|vsix|sock|dart|sln|gradle|cmake|pyc|pyi|class|war|part|mbtiles|fods"
)
_BARE_FILES = r"(?<![\w.])\.[A-Za-z_][\w-]+(?:/[\w.-]*\w)*|(?:Dockerfile|Makefile|README|LICENSE|CHANGELOG)\b"
_TOP_DOMAINS = "com|org|net|io|dev|pl|eu|de|uk|info|edu|gov|app|ai|local|lan|internal"
_SCRIPTS = "node|vue|next|nuxt|express|react|three|d3|nest|ember|angular|backbone|discord|chart"
_PAIRS = "tak/nie|i/lub|yes/no|true/false|and/or|prawda/fałsz"
_ADDRESS = r"\d{1,3}(?:\.\d{1,3}){3}"
_LETTER = r"[^\W\d_]"
_WORD = rf"{_LETTER}[\w\u0300-\u036f]*"


def _quotes() -> str:
    pairs = (("„", '”"'), ("“", "”"), ("«", "»"), ('"', '"'), ("`", "`"))
    plain = [f"{first}[^{first}{last}\\n]{{1,300}}[{last}]" for first, last in pairs]
    return "|".join([*plain, r"(?<!\w)'[^'\n]{1,300}'(?!\w)"])


_PATTERNS = (
    ("quoted", _quotes()),
    ("url", r"(?:https?|ftp|ssh|git|file|wss?)://[^\s<>\"”„]*[\w/#=&%-]"),
    ("url", r"git@[\w.-]+:[\w./~-]*\w|www\.[\w.-]+\.\w+(?:/[\w./?=&%#~+-]*\w)?"),
    ("email", r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"),
    ("tech", rf"(?<![\w.])(?:[cfCF]#|[cC]\+\+|\.NET\b|\.net\b|(?i:{_SCRIPTS})\.js\b|(?i:asp)\.net\b)"),
    ("word", rf"\b(?i:{_PAIRS})\b"),
    ("path", r"[A-Za-z]:\\[^\s\"”,;]*|\\\\[\w.-]+\\[^\s,;]+"),
    ("path", r"(?:~|\.{1,2})?/[^\s\"”„,;()?!]*[\w/*~-]|(?:~|\.\.?)/|/(?=\s|$)"),
    (
        "url",
        rf"(?:localhost|{_ADDRESS}|(?:[\w-]{{1,63}}\.){{1,8}}(?:{_TOP_DOMAINS}))(?::\d+)?/[\w./?=&%#~+:-]*[\w/]|localhost:\d+",
    ),
    ("path", r"\w[\w.-]*(?:/[\w.*@+-]+)+/?|\w[\w-]*/(?=[\s,.!?]|$)"),
    ("host", rf"{_ADDRESS}(?::\d+)?(?![\w.])|localhost\b"),
    ("path", rf"(?:\*|\.?\w[\w-]{{0,200}}(?:\.[\w-]{{1,100}}){{0,6}})\.(?:{_EXTENSIONS})(?!\.?\w)|{_BARE_FILES}"),
    ("host", rf"(?:[a-zA-Z0-9][\w-]{{0,62}}\.){{1,8}}(?:{_TOP_DOMAINS})(?::\d+)?(?![\w])"),
    ("hash", r"(?:sha256:)[0-9a-f]{6,64}\b|\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\b"),
    ("time", r"\b\d{1,2}:\d{2}(?::\d{2})?\b|\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}\.\d{1,2}\.\d{4}\b"),
    ("version", r"\bv?\d+(?:\.\d+)+(?:[-.]?(?:rc|alpha|beta|a|b|dev|post)\.?\d*)?\b|\bv\d+\b"),
    ("option", r"(?<![\w-])--?[A-Za-z][\w-]*(?:=[^\s,;]+)?"),
    ("size", r"\b\d+(?:[.,]\d+)?\s?%|\b\d+(?:[.,]\d+)?(?:[kKMGT]i?B?|[kMG]Hz|ms|px|dB|s|min|h)\b"),
    ("ident", rf"{_LETTER}\w*_\w*|_\w+|{_LETTER}+\d\w*(?:-\w+)*|{_LETTER}\w*-\d\w*(?:-\w+)*|\d+{_LETTER}\w*"),
    ("number", r"\d+(?:[.,]\d+)?"),
    ("word", rf"{_WORD}(?:[-'’]{_WORD})*"),
    ("punct", r"->|=>|…|\.\.\.|[^\w\s]|_"),
    ("other", r"\S"),
)
_NAMES = {f"{kind}_{number}": kind for number, (kind, _) in enumerate(_PATTERNS)}
_MASTER = re.compile("|".join(f"(?P<{kind}_{number}>{body})" for number, (kind, body) in enumerate(_PATTERNS)))


def pieces(text: str) -> list[Piece]:
    """The raw tokens of a text in order; never fails, linear in the length of the text."""
    found = []
    for match in _MASTER.finditer(text):
        kind = _NAMES[match.lastgroup or "other_0"]
        found.append(Piece("punct" if kind == "other" else kind, match.start(), match.end()))
    return found

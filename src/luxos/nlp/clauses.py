"""The commands of a text: "Zbuduj aplikację; usuń plik x.txt" has two. What only adds to a command belongs to it."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from luxos.nlp.lexicon import load
from luxos.nlp.words import Token

_STOPS = frozenset({";", ".", "!", "?"})
_THEN = frozenset({"potem", "następnie", "nastepnie", "później", "then", "afterwards"})
_AND = frozenset({"i", "oraz", "a", "and", ",", "teraz"})
_POLITE = frozenset({"proszę", "prosze", "please", "mi"})
_IT = frozenset({"nim", "niej", "nich", "it", "them"})
_THINGS = ("subst", "ger", "ign", "ident", "tech", "path", "quoted", "url", "host", "number", "depr")


@lru_cache(maxsize=1)
def _verbs() -> frozenset[str]:
    return frozenset(verb for group in load("concepts")["verbs"].values() for verb in group)


@lru_cache(maxsize=1)
def _adding() -> frozenset[str]:
    lists = load("activities")
    return frozenset([*lists["adding"], *lists["naming"]])


def _is_thing(token: Token) -> bool:
    return token.tag.partition(":")[0] in _THINGS


def _is_command(token: Token) -> bool:
    return token.tag.startswith(("impt", "inf"))


def _complete(tokens: Sequence[Token]) -> bool:
    """Whether a command stands there with what it is to act on."""
    verb = next((at for at, token in enumerate(tokens) if _is_command(token)), None)
    return any(map(_is_thing, tokens)) and verb is not None


def _adds(tokens: Sequence[Token]) -> bool:
    """Whether the clause only adds to the one before: "dodaj logowanie", "nazwij ją Kuchnia"."""
    return tokens[0].lemma in _adding() and not any(token.tag == "path" for token in tokens)


def _begins(tokens: Sequence[Token], at: int, sharp: bool) -> bool:
    """Whether a command of its own begins there; after a mere "i" its verb is a known one and its object follows."""
    if at >= len(tokens) or not _is_command(tokens[at]) or _adds(tokens[at:]):
        return False
    return sharp or (tokens[at].lemma in _verbs() and _object_follows(tokens[at + 1 : at + 5]))


def _object_follows(tokens: Sequence[Token]) -> bool:
    """Whether what is acted on stands first, but for "mi", "proszę" and "w nim"."""
    after = [token for token in tokens if token.text.lower() not in _POLITE]
    if len(after) > 1 and after[0].tag.startswith("prep") and after[1].text.lower() in _IT:
        after = after[2:]
    return bool(after) and _is_thing(after[0])


def _border(tokens: Sequence[Token], at: int) -> tuple[int, bool] | None:
    """Where a clause may begin whose connecting words begin at a place, and whether they part clauses for certain."""
    end, sharp = at, False
    while end < len(tokens) and tokens[end].text.lower() in _STOPS | _THEN | _AND:
        sharp = sharp or tokens[end].text.lower() in _STOPS | _THEN
        end += 1
    while end > at and end < len(tokens) and tokens[end].text.lower() in _POLITE:
        end += 1
    only_comma = [token.text for token in tokens[at:end]] == [","]
    return (end, sharp) if end > at and not only_comma else None


def _split(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    start, at = 0, 0
    while at < len(tokens):
        border = _border(tokens, at)
        if border and _complete(tokens[start:at]) and _begins(tokens, *border):
            yield start, at
            start = border[0]
        at = max(at + 1, border[0] if border else 0)
    yield start, len(tokens)


def clauses(tokens: tuple[Token, ...]) -> list[tuple[Token, ...]]:
    """The tokens of each command in order; one for a text that is a single command, or none at all."""
    return [tokens[start:end] for start, end in _split(tokens)]


def spelled(text: str, clause: Sequence[Token]) -> str:
    """The clause as it stands in the text, without the full stop at its end."""
    last = len(clause)
    while last > 1 and clause[last - 1].text in _STOPS | {","}:
        last -= 1
    return text[clause[0].start : clause[last - 1].end]

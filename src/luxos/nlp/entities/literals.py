"""What shows by its shape alone: technologies, versions, numbers, addresses, hashes."""

from luxos.nlp.entities.claims import Claims
from luxos.nlp.entities.naming import inside_quotes, unquoted
from luxos.nlp.entities.sentence import Sentence
from luxos.nlp.lexicon import technology
from luxos.nlp.words import Entity

FOLDERS = frozenset({"katalog", "folder", "ścieżka", "podkatalog", "directory", "path"})
_PLACES = frozenset({"w", "we", "do", "pod", "na", "in", "into", "to", "at", "under"})


def technologies(sentence: Sentence, claims: Claims) -> None:
    """Adds TECH_STACK, LANGUAGE and DATABASE, and the VERSION that follows one."""
    at = 0
    while at < len(sentence):
        end = at + 1
        if sentence.tag(at) == "tech":
            while sentence.tag(end) == "tech" and sentence.lemma(end) == sentence.lemma(at):
                end += 1
            first, last = sentence.span(at, end)
            known = technology(sentence.text[first:last]) or technology(sentence.tokens[at].lemma)
            if known:
                claims.add(sentence.entity(known.type, known.name, at, end))
                _version(sentence, claims, end)
        at = end


def _version(sentence: Sentence, claims: Claims, at: int) -> None:
    if sentence.lemma(at) in ("wersja", "version") or sentence.word(at) == "w":
        at += 1 + (sentence.lemma(at + 1) == "wersja")
    if sentence.tag(at) in ("version", "number"):
        claims.add(sentence.entity("VERSION", sentence.tokens[at].text.removeprefix("v"), at, at + 1))


def paths(sentence: Sentence, claims: Claims) -> None:
    """Adds where something is to be built: what follows "w katalogu", "do folderu", "pod" and the like, as PATH."""
    for at in range(1, len(sentence)):
        named = sentence.lemma(at - 1) in FOLDERS
        placed = sentence.lemma(at - 1) in _PLACES or sentence.word(at - 1) in _PLACES
        if (named and _names_a_folder(sentence, at)) or ((named or placed) and _is_path(sentence, at)):
            claims.add(_path(sentence, at))


def _is_path(sentence: Sentence, at: int) -> bool:
    text = unquoted(sentence.tokens[at].text)
    return sentence.tag(at) == "path" or (sentence.tag(at) == "quoted" and text.startswith(("~", "/", "./", "../")))


def _names_a_folder(sentence: Sentence, at: int) -> bool:
    token = sentence.tokens[at]
    capital = token.text[:1].isupper() and ":" in token.tag
    return token.tag in ("ident", "ign", "version", "quoted") or capital or token.tag.startswith("subst:sg:nom")


def _path(sentence: Sentence, at: int) -> Entity:
    token = sentence.tokens[at]
    if token.tag == "quoted":
        return inside_quotes(sentence, at, "PATH", unquoted(token.text))
    return sentence.entity("PATH", token.text, at, at + 1)

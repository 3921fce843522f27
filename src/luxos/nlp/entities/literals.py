"""What shows by its shape alone: technologies, versions, numbers, addresses, hashes."""

from luxos.nlp.entities.claims import Claims
from luxos.nlp.entities.sentence import Sentence
from luxos.nlp.lexicon import technology


def technologies(sentence: Sentence, claims: Claims) -> None:
    """Adds TECH_STACK, LANGUAGE and DATABASE, and the VERSION that follows one."""
    at = 0
    while at < len(sentence):
        end = at + 1
        if sentence.tag(at) == "tech":
            while sentence.tag(end) == "tech" and sentence.lemma(end) == sentence.lemma(at):
                end += 1
            first, last = sentence.span(at, end)
            known = technology(sentence.text[first:last])
            if known:
                claims.add(sentence.entity(known.type, known.name, at, end))
                _version(sentence, claims, end)
        at = end


def _version(sentence: Sentence, claims: Claims, at: int) -> None:
    if sentence.lemma(at) in ("wersja", "version") or sentence.word(at) == "w":
        at += 1 + (sentence.lemma(at + 1) == "wersja")
    if sentence.tag(at) in ("version", "number"):
        claims.add(sentence.entity("VERSION", sentence.tokens[at].text.removeprefix("v"), at, at + 1))


def tagged(sentence: Sentence, claims: Claims, type_: str, *tags: str) -> None:
    """Adds every token with one of the tags as an entity of this type, as it stands."""
    for at, token in enumerate(sentence.tokens):
        if token.tag in tags:
            claims.add(sentence.entity(type_, token.text, at, at + 1))


def paths(sentence: Sentence, claims: Claims) -> None:
    """Adds paths, and bare words after "w katalogu", "folder", "plik" and the like, as PATH."""
    tagged(sentence, claims, "PATH", "path")
    for at in range(len(sentence) - 1):
        if sentence.lemma(at) in ("katalog", "folder", "ścieżka", "plik", "directory"):
            following = sentence.tokens[at + 1]
            bare = following.tag in ("ident", "ign", "version") or (
                following.text[:1].isupper() and ":" in following.tag
            )
            if bare or following.tag.startswith("subst:sg:nom"):
                claims.add(sentence.entity("PATH", following.text, at + 1, at + 2))

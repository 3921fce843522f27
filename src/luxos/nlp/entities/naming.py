"""What a thing is to be called: "o nazwie biblioteka", "nazwij ją warsztat", "„Moja Biblioteka”", "called X"."""

from luxos.nlp.entities.attributes import kind_of
from luxos.nlp.entities.sentence import CONJUNCTIONS, Sentence
from luxos.nlp.lexicon import load
from luxos.nlp.words import Entity

_QUOTES = "„”“\"'`«»"
_PRONOUNS = frozenset({"ją", "je", "go", "to", "ja", "się", "sie", "it", "jako", "projekt", "mu", "jej"})
_HAVING_A_NAME = frozenset({"z", "ze"})
_ENGLISH = frozenset({"named", "called"})


def unquoted(text: str) -> str:
    """The text without its quotation marks."""
    inner = text.strip()
    return inner[1:-1].strip() if len(inner) > 2 and inner[0] in _QUOTES and inner[-1] in _QUOTES else inner


def _stands_out(sentence: Sentence, at: int) -> bool:
    """Whether a name by itself stands there: capitalised, or a lone word that nobody knows; never an attribute."""
    token = sentence.tokens[at]
    if kind_of(sentence.nominal(at)) is not None:
        return False
    if token.text[:1].isupper() and token.tag not in ("tech", "path"):
        return True
    alone = at + 1 >= len(sentence) or sentence.word(at + 1) not in {",", *CONJUNCTIONS}
    return alone and token.tag in ("ign", "ident")


def name_start(sentence: Sentence, at: int) -> int | None:
    """Where the name begins, if a marker of a name stands at `at`."""
    start = _marker(sentence, at)
    if start is None or start >= len(sentence) or sentence.tag(start) == "punct":
        return None
    if sentence.tag(start) == "quoted":
        return start
    named = sentence.word(start) not in CONJUNCTIONS
    if sentence.word(at) in _HAVING_A_NAME:
        named = named and _stands_out(sentence, start)
    return start if named else None


def _marker(sentence: Sentence, at: int) -> int | None:
    lemma, word = sentence.lemma(at), sentence.word(at)
    if word in ("o", "pod", *_HAVING_A_NAME) and sentence.lemma(at + 1) in ("nazwa", "imię"):
        return at + 2
    if word in _ENGLISH:
        return at + 1
    if lemma == "nazwa" and sentence.word(at + 1) in (":", "="):
        return at + 2
    if lemma in load("activities")["naming"]:
        at += 1
        while sentence.word(at) in _PRONOUNS or (sentence.word(at) == ":"):
            at += 1
        return at
    return None


def _name_end(sentence: Sentence, at: int) -> int:
    """The end of the name that begins at a place: one word, and the capitalised words after a capitalised one."""
    end = at + 1
    capital = sentence.tokens[at].text[:1].isupper()
    while (
        capital
        and end < len(sentence)
        and sentence.tokens[end].text[:1].isupper()
        and sentence.tag(end) not in ("punct", "tech")
    ):
        end += 1
    return end


def names(sentence: Sentence) -> list[Entity]:
    """Names given by a marker; one at most for each marker."""
    found = []
    for at in range(len(sentence)):
        start = name_start(sentence, at)
        if start is not None:
            found.append(name_at(sentence, start))
    return found


def name_at(sentence: Sentence, start: int) -> Entity:
    """The name that stands at a place, as it is spelled there."""
    if sentence.tag(start) == "quoted":
        value = unquoted(sentence.tokens[start].text)
        return inside_quotes(sentence, start, "NAME", value)
    end = _name_end(sentence, start)
    first, last = sentence.span(start, end)
    return sentence.entity("NAME", sentence.text[first:last], start, end)


def inside_quotes(sentence: Sentence, at: int, type_: str, value: str) -> Entity:
    """An entity for a quoted token; its span leaves the quotation marks out."""
    token = sentence.tokens[at]
    start = token.start + token.text.find(value)
    return Entity(type_, value, value, start, start + len(value))

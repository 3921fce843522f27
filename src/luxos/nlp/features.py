"""What the classifier sees of a sentence: base forms, their neighbours, verb forms, shapes, and pieces of words.

Each feature is a short string, hashed into one of `DIMENSION` places. All words are folded, so that diacritics, which
hasty people leave out, make no difference.
"""

import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from math import sqrt

from luxos.nlp.identifiers import fold
from luxos.nlp.lexicon import applications, load, technology
from luxos.nlp.morphology import readings
from luxos.nlp.words import Token

DIMENSION = 1 << 14
_CHARACTERS = 0.4
_MEANING = 1.5
_MOOD = 2.5
_VERBS = frozenset({"impt", "inf", "fin", "praet", "cond", "bedzie", "imps", "winien", "pred", "ger"})
_NO_CONTENT = frozenset({"mi", "proszę", "prosze", "please", "me", "sobie", "nam"})
_QUESTIONS = frozenset(
    {
        "co",
        "czy",
        "jak",
        "jaki",
        "ile",
        "kto",
        "gdzie",
        "kiedy",
        "dlaczego",
        "który",
        "what",
        "who",
        "where",
        "is",
        "how",
    }
)


def _path_unit(text: str) -> str:
    if "*" in text:
        return "<glob>"
    name = text.rstrip("/").rpartition("/")[2]
    return "<file>" if "." in name.strip(".") and not text.endswith("/") else "<folder>"


def _unit(token: Token) -> str:
    """The word that stands for a token: its base form, or the kind of what it is."""
    if token.tag == "tech":
        known = technology(token.text) or technology(token.lemma)
        return f"<{known.type.lower()}>" if known else "<tech>"
    if token.tag == "path":
        return _path_unit(token.text)
    if token.tag == "punct":
        return token.text
    if ":" in token.tag or token.tag in ("ign", "conj", "comp", "part", "interj"):
        return fold(token.lemma).lower()
    return f"<{token.tag}>"


def _unit_after(before: Token | None, token: Token) -> str:
    """The unit of a token; what follows "plik" is a file, whatever its name."""
    named = before is not None and before.lemma in ("plik", "file") and ":sg:" in f"{before.tag}:"
    return "<file>" if named and token.tag in ("path", "quoted") and "*" not in token.text else _unit(token)


def _is_word(token: Token) -> bool:
    return ":" in token.tag or token.tag in ("ign", "conj", "comp", "part", "interj", "tech")


@lru_cache(maxsize=4096)
def _grams(word: str) -> tuple[str, ...]:
    spelled = f"^{fold(word).lower()[:24]}$"
    return tuple(f"c:{spelled[i : i + n]}" for n in (3, 4, 5) for i in range(len(spelled) - n + 1))


@lru_cache(maxsize=4096)
def _lemmas(word: str) -> tuple[str, ...]:
    return tuple(sorted({f"a:{fold(reading.lemma).lower()}" for reading in readings(word)}))


_HEDGES = frozenset(
    {
        "kiedyś",
        "gdyby",
        "szkoda",
        "marzyć",
        "yesterday",
        "wczoraj",
        "lubić",
        "żaden",
        "niedawno",
        "dawno",
        "didn't",
        "built",
        "wrote",
    }
)
_WANTING = frozenset(
    {"potrzebować", "chcieć", "trzeba", "prosić", "poprosić", "móc", "przydać", "potrzebny", "mieć", "można"}
)


def _denied(tokens: Sequence[Token], at: int) -> bool:
    return any(token.text.lower() in ("nie", "don't", "not", "lepiej") for token in tokens[max(0, at - 2) : at])


def mood(tokens: Sequence[Token]) -> str:
    """How the sentence is meant: a command, a wish for oneself, a question, a report, a refusal, or only nouns."""
    verbs = [(at, token) for at, token in enumerate(tokens) if token.tag.partition(":")[0] in _VERBS - {"ger"}]
    if any(token.lemma.lower() in _HEDGES for token in tokens):
        return "hedge"
    if any(
        _denied(tokens, at) and token.tag.startswith(("impt", "inf", "fin:sg:pri", "fin:pl:pri")) for at, token in verbs
    ):
        return "denied"
    if any(token.tag.startswith("impt") for _, token in verbs):
        return "command"
    return _calm_mood(tokens, verbs)


def _calm_mood(tokens: Sequence[Token], verbs: Sequence[tuple[int, Token]]) -> str:
    if tokens and (tokens[-1].text == "?" or tokens[0].text.lower() in _QUESTIONS):
        return "question"
    if any(token.tag.startswith("cond") and token.lemma not in _WANTING for _, token in verbs):
        return "hedge"
    if any(token.lemma in _WANTING for token in tokens):
        return "denied" if any(_denied(tokens, at) for at, _ in verbs) else "want"
    if any(token.tag.startswith("praet") for _, token in verbs):
        return "report"
    kinds = {token.tag.partition(":")[0] for _, token in verbs}
    return "infinitive" if kinds == {"inf"} else "statement" if kinds else "nouns"


def _mood_features(tokens: Sequence[Token]) -> Iterator[str]:
    how = mood(tokens)
    yield f"mood:{how}"
    first = tokens[0].tag.partition(":")[0] if tokens else ""
    yield f"mood:{how}:{first}"
    if how in ("report", "statement", "hedge", "denied"):
        yield "mood:no-order"


def _verb_features(tokens: Sequence[Token]) -> Iterator[str]:
    """The form of the first verbs: a command, a report, a wish or a refusal."""
    seen = 0
    for index, token in enumerate(tokens):
        pos = token.tag.partition(":")[0]
        if pos not in _VERBS:
            continue
        parts = token.tag.split(":")
        person = next((part for part in parts if part in ("pri", "sec", "ter")), "")
        denied = _denied(tokens, index)
        form = f"{pos}{person}{'-nie' if denied else ''}"
        yield from (f"v{seen}:{form}", f"v:{form}")
        yield f"vl:{form}:{fold(token.lemma).lower()}"
        if denied:
            yield "v:nie"
        seen += 1
        if seen == 3:
            return


@lru_cache(maxsize=1)
def _concepts() -> dict[str, tuple[str, ...]]:
    groups: dict[str, list[str]] = {}
    for kind, listed in load("concepts").items():
        for name, words in listed.items():
            for word in words:
                groups.setdefault(fold(str(word)).lower(), []).append(f"{kind[0]}.{name}")
    return {word: tuple(names) for word, names in groups.items()}


def _concept_features(tokens: Sequence[Token], units: Sequence[str]) -> Iterator[str]:
    """Groups of meaning of the words, the pairs of what is done and to what, and neighbours by group."""
    known = _concepts()
    groups = [
        known.get(unit) or known.get(fold(token.text).lower(), ()) for token, unit in zip(tokens, units, strict=True)
    ]
    verbs = [name for group in groups for name in group if name.startswith("v.")]
    things = [name for group in groups for name in group if name.startswith("n.")]
    things += [unit for unit in units if unit.startswith("<")]
    yield from (f"m:{name}" for name in (*verbs, *things))
    yield from (f"mp:{verb}:{thing}" for verb in verbs[:6] for thing in things[:8])
    first = next((group for group in groups if group), ())
    yield from (f"mf:{name}" for name in first)
    yield from (f"mt:{a}:{b}" for a in things[:6] for b in things[:6] if a < b)


def _object_features(tokens: Sequence[Token]) -> Iterator[str]:
    """What the first noun after the first verb is: an application, a word of the trade, or something else."""
    known = applications()
    verb = next((i for i, t in enumerate(tokens) if t.tag.startswith("impt")), None)
    heads = [t for t in tokens if t.tag.startswith(("subst", "ger")) or t.tag == "ign"]
    if any(t.lemma.lower() in known for t in heads):
        yield "k:app"
    after = [t for t in heads if verb is not None and t.start > tokens[verb].start]
    if after and verb is not None:
        first = after[0]
        kind = "app" if first.lemma.lower() in known else "ign" if first.tag == "ign" else "other"
        yield f"o:{kind}"
        yield f"o:{fold(tokens[verb].lemma).lower()}:{kind}"


def names(tokens: Sequence[Token]) -> list[tuple[str, float]]:
    """The features of a sentence, each with its weight; the same feature once."""
    found: dict[str, float] = {}
    content = [token for token in tokens if token.text.lower() not in _NO_CONTENT]
    units = [_unit_after(before, token) for before, token in zip([None, *content], content, strict=False)]
    for token, unit in zip(content, units, strict=True):
        found[f"u:{unit}"] = 1.0
        if _is_word(token):
            found |= dict.fromkeys(_grams(token.text), _CHARACTERS)
            found |= dict.fromkeys(_lemmas(token.text) if token.tag != "tech" else (), 0.6)
    words = [unit for unit in units if unit not in (",", ".", "!", ":", ";")]
    found |= {f"b:{a}_{b}": 1.0 for a, b in pairwise(words)}
    found |= {f"s:{a}_{b}": 0.6 for a, b in zip(words, words[2:], strict=False)}
    found |= dict.fromkeys((f"f:{words[0]}", f"e:{words[-1]}") if words else ("empty",), 1.0)
    found |= dict.fromkeys([*_verb_features(tokens), *_object_features(tokens)], 1.0)
    found |= dict.fromkeys(_concept_features(content, units), _MEANING)
    found |= dict.fromkeys(_mood_features(tokens), _MOOD)
    found[f"n:{min(len(words), 4) if len(words) < 5 else 5 + min(len(words) // 5, 3)}"] = 1.0
    if units and (units[-1] == "?" or (words and words[0] in _QUESTIONS)):
        found["question"] = 1.0
    return list(found.items())


def vector(tokens: Sequence[Token]) -> list[tuple[int, float]]:
    """The features as (place, value), of length one in the sense of Euclid, in the order of their places."""
    places: dict[int, float] = {}
    for name, weight in names(tokens):
        digest = zlib.crc32(name.encode("utf-8", "replace"))
        place = digest & (DIMENSION - 1)
        places[place] = places.get(place, 0.0) + (weight if digest >> 31 else -weight)
    length = sqrt(sum(value * value for value in places.values())) or 1.0
    return [(place, value / length) for place, value in sorted(places.items()) if value]

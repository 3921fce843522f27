"""Forms of nouns and of phrases around a noun, and base forms of phrases found in a sentence."""

from collections.abc import Sequence
from functools import lru_cache

from luxos.nlp.identifiers import fold
from luxos.nlp.lexicon import jargon, load, words_for_work
from luxos.nlp.lexicon import technology as known_technology
from luxos.nlp.morphology import Reading, dictionary, forms, readings
from luxos.nlp.tokenizer import pieces
from luxos.nlp.words import Noun

NOMINAL = ("subst", "ger")
ADJECTIVAL = ("adj", "ppas", "pact")
_GENDERS = ("m1", "m2", "m3", "f", "n")
_AVOIDED = {"rzad.", "daw.", "arch.", "przest.", "środ.", "gwar.", "pot.", "char."}
_GERUND = (("iem", "ie"), ("ia", "ie"), ("iu", "ie"), ("ie", "ie"))


def meaning(lemma: str) -> str | None:
    """What a word of the trade means in plain Polish ("todo": "zadanie"), or None."""
    entry = jargon(lemma.lower())
    return entry.means if entry else None


def _inflected(lemma: str, number: str, case: str, gender: str, pos: str) -> str | None:
    """The form of `lemma` for number, case and gender: the first one without a warning label."""
    found = [
        (bool(reading.labels & _AVOIDED), lemma.endswith("ń") and not form.endswith("ów"), form)
        for form, reading in forms(lemma)
        if reading.pos == pos
        and reading.lemma == lemma
        and number in reading.part(1)
        and case in reading.part(2)
        and gender in reading.part(3)
        and not reading.tag.endswith((":com", ":sup"))
    ]
    return min(found, key=lambda item: item[:2])[2] if found else None


def _is_foreign(reading: Reading) -> bool:
    return reading.tag == "ign" or ("trade" in reading.labels and not forms(reading.lemma))


def gender_of(reading: Reading, word: str) -> str:
    """The gender of a noun's reading; of an unknown word by its last letter."""
    known = [gender for gender in reading.part(3) if gender in _GENDERS]
    if known:
        return known[0]
    return "f" if word.endswith("a") else "n" if word.endswith(("o", "e")) else "m3"


def gerund(word: str) -> str:
    """The nominative of a verbal noun in any case of the singular ("zarządzania": "zarządzanie")."""
    return next((word[: -len(end)] + base for end, base in _GERUND if word.endswith(end)), word)


def noun_lemma(word: str, reading: Reading) -> str:
    """The nominative singular of the noun that the word is by this reading (plural where there is no other)."""
    if reading.pos == "ger":
        return gerund(word.lower())
    return reading.lemma if reading.pos in ("subst", "depr") else word


def _nominal_rank(reading: Reading) -> tuple[bool, bool, bool, bool]:
    """Smaller is likelier for a phrase that is given in its base form."""
    return (
        reading.pos not in NOMINAL,
        bool(reading.labels & (_AVOIDED | {"nazwisko", "imię"})),
        "nom" not in reading.part(2),
        "sg" not in reading.part(1),
    )


def as_noun(word: str) -> Reading | None:
    """The likeliest noun that the word is, where nothing around it tells."""
    options = [reading for reading in readings(word) if reading.pos in NOMINAL]
    return min(options, key=_nominal_rank) if options else None


def _adjective(word: str) -> str | None:
    """The base form of the adjective or participle that the word is, as the generator knows it."""
    for reading in readings(word):
        if reading.pos == "adj" and reading.tag.endswith((":pos", ":com", ":sup")):
            return reading.lemma
    return None


def _participle(word: str, number: str, case: str, gender: str) -> str | None:
    for reading in readings(word):
        if reading.pos not in ("ppas", "pact"):
            continue
        rest = reading.tag.split(":")[4:]
        for form, other in forms(reading.lemma):
            same = other.pos == reading.pos and other.tag.split(":")[4:] == rest
            if same and number in other.part(1) and case in other.part(2) and gender in other.part(3):
                return form
    return None


def _fits(reading: Reading, number: str, case: str, gender: str) -> bool:
    return number in reading.part(1) and case in reading.part(2) and gender in reading.part(3)


def adjective_form(word: str, number: str, case: str, gender: str) -> str | None:
    """The adjective or participle `word` in the form that goes with a noun, or None if it is neither."""
    if any(r.pos == "adj" and _fits(r, number, case, gender) for r in readings(word) if r.tag.endswith(":pos")):
        return respelled(word)
    lemma = _adjective(word)
    return (_inflected(lemma, number, case, gender, "adj") if lemma else None) or _participle(
        word, number, case, gender
    )


def _agrees(word: str, head: Reading) -> bool:
    return any(
        option.pos in ADJECTIVAL
        and set(option.part(1)) & set(head.part(1))
        and set(option.part(2)) & set(head.part(2))
        and set(option.part(3)) & set(head.part(3))
        for option in readings(word)
    )


def _head(words: Sequence[str]) -> tuple[int, Reading] | None:
    for index, word in enumerate(words):
        reading = as_noun(word)
        follows = [other for other in (as_noun(w) for w in words[index + 1 : index + 2]) if other]
        describes = any(option.pos in ADJECTIVAL for option in readings(word))
        if reading and not (describes and follows and _agrees(word, follows[0])):
            return index, reading
    return None


def _form(words: Sequence[str], at: int, head: Reading, number: str, case: str) -> str:
    """The phrase in a number and case: the head and the adjectives that agree with it change, the rest stays."""
    lemma, gender = noun_lemma(words[at], head), gender_of(head, words[at])
    noun = None if _is_foreign(head) else _inflected(lemma, number, case, gender, "subst")
    noun = noun or (None if _is_foreign(head) else _gerund_form(lemma, number, case))
    changed = [respelled(word) for word in words]
    changed[at] = noun or lemma
    start, end = at, at + 1
    while start > 0 and _agrees(words[start - 1], head):
        start -= 1
    while end < len(words) and _agrees(words[end], head):
        end += 1
    for index in (*range(start, at), *range(at + 1, end)):
        changed[index] = adjective_form(words[index], number, case, gender) or words[index]
    return " ".join(changed)


@lru_cache(maxsize=2048)
def respelled(word: str) -> str:
    """The word with the Polish letters that it lacks; technologies and words of the trade in their usual spelling."""
    technology, reading = known_technology(word), readings(word)[0]
    if technology and not technology.plain:
        return technology.name
    if "trade" in reading.labels and reading.lemma.lower() == word.lower():
        return reading.lemma
    if not word.isascii() or reading.tag == "ign" or dictionary([word, word.lower()]):
        return word
    spelled = [form for form, _ in forms(reading.lemma) if fold(form) == word.lower()]
    return min(spelled, key=lambda form: sum(not letter.isascii() for letter in form), default=word)


def _gerund_form(lemma: str, number: str, case: str) -> str | None:
    """Forms of a verbal noun that the dictionary lists under its verb only."""
    endings = {
        ("sg", "nom"): "ie",
        ("sg", "acc"): "ie",
        ("sg", "gen"): "ia",
        ("sg", "inst"): "iem",
        ("sg", "loc"): "iu",
    }
    endings |= {("pl", "nom"): "ia", ("pl", "acc"): "ia"}
    if not lemma.endswith("ie"):
        return None
    if (number, case) == ("pl", "gen"):
        return lemma[:-3] + "ń" if lemma.endswith("nie") else lemma[:-3] + "ć"
    return lemma[:-2] + endings.get((number, case), "ie")


def _kind(word: str, head: Reading) -> str:
    if gender_of(head, word) == "m1":
        return "person"
    return "event" if _is_done(word) else "thing"


def _is_done(word: str) -> bool:
    """Whether a noun says what is done: a verbal noun ("wypożyczenie").

    One that the dictionary also lists as a noun of its own ("zamówienie", "ogłoszenie") is the result that is kept, a
    thing; unless the trade has several words of its own for it ("todo", "task", "kanban": "zadanie"), as for work.
    """
    found = readings(word)
    verbal = any(reading.pos == "ger" for reading in found)
    own = [reading.lemma for reading in found if reading.pos == "subst" and reading.lemma[-2:] == "ie"]
    return verbal and (not own or any(lemma in words_for_work() for lemma in own))


def _lowered(word: str) -> str:
    """Lower case, except for words that are written with capitals (names, abbreviations, technologies)."""
    if word[1:] != word[1:].lower() or known_technology(word):
        return word
    known = readings(word.lower())
    return word if known[0].tag == "ign" and word[:1].isupper() and jargon(word.lower()) is None else word.lower()


def english_plural(phrase: str) -> str:
    """The plural of an English noun, or of the last word of a phrase."""
    before, space, word = phrase.rpartition(" ")
    known = load("english")
    if word in known["same"]:
        return phrase
    if word in known["irregular"]:
        return f"{before}{space}{known['irregular'][word]}"
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return phrase + "es"
    if word.endswith("y") and word[-2:-1] not in tuple("aeiou"):
        return phrase[:-1] + "ies"
    return phrase + "s" if word[-1:].isalpha() else phrase


def english_singular(phrase: str) -> str:
    """The singular of an English noun, or of the last word of a phrase; what looks like none stays."""
    before, space, word = phrase.rpartition(" ")
    known = load("english")
    one = next((one for one, many in known["irregular"].items() if many == word), None)
    if one:
        return f"{before}{space}{one}"
    if word in known["same"] or word.endswith(("ss", "us", "is")) or len(word) <= 3:
        return phrase
    if word.endswith("ies") and len(word) > 4:
        return phrase[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return phrase[:-2]
    return phrase.removesuffix("s")


def _english(phrase: str) -> Noun:
    plural = english_plural(phrase)
    entry = jargon(phrase.rpartition(" ")[2])
    gender = entry.gender if entry else gender_of(Reading(phrase, "ign"), phrase)
    work = entry is not None and entry.means in words_for_work()
    kind = "person" if gender == "m1" else "event" if work else "thing"
    return Noun(phrase, phrase, plural, phrase, plural, gender, kind)


@lru_cache(maxsize=2048)
def describe_noun(phrase: str, language: str = "pl") -> Noun:
    """The forms, gender and kind of a noun or of a phrase around one; unknown and foreign words keep their form.

    With `language="en"` it is an English noun in the singular, whatever Polish word looks the same ("car").
    """
    if language == "en":
        return _english(" ".join(phrase[:200].split()).lower())
    words = [_lowered(phrase[piece.start : piece.end]) for piece in pieces(phrase[:200])]
    found = _head(words)
    if not found or _is_foreign(found[1]):
        text = " ".join(words)
        last = words[-1] if words else ""
        gender = gender_of(found[1] if found else Reading(last, "ign"), last)
        return Noun(text, text, text, text, text, gender, "thing")
    at, head = found
    gender = gender_of(head, words[at])
    singular = _form(words, at, head, "sg", "nom")
    return Noun(
        lemma=singular,
        singular=singular,
        plural=_form(words, at, head, "pl", "nom"),
        accusative=_form(words, at, head, "sg", "acc"),
        genitive_plural=_form(words, at, head, "pl", "gen"),
        gender=gender,
        kind=_kind(words[at], head),
    )


def base_form(words: Sequence[str], at: int, head: Reading, singular: bool) -> str:
    """A phrase from a sentence in the nominative; in its own number unless `singular`."""
    numbers = head.part(1)
    number = "sg" if singular or "pl" not in numbers or "sg" in numbers else "pl"
    lowered = [_lowered(word) if index != at else word for index, word in enumerate(words)]
    return _form(lowered, at, head, number, "nom")

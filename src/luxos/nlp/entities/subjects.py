"""What an application keeps: SUBJECT, by the genitive, preposition or clause that names it."""

from luxos.nlp.entities import literals
from luxos.nlp.entities.attributes import feature_of
from luxos.nlp.entities.claims import Claims
from luxos.nlp.entities.lists import FIELD_WORDS
from luxos.nlp.entities.sentence import CONJUNCTIONS, Phrase, Sentence, empty_activities
from luxos.nlp.inflection import NOMINAL, english_singular
from luxos.nlp.lexicon import applications, phrases
from luxos.nlp.morphology import Reading

FOR = frozenset({"do", "dla", "for", "of", "o", "about", "na", "od"})
_RELATIVE = frozenset(
    {
        "który",
        "gdzie",
        "żeby",
        "aby",
        "by",
        "that",
        "co",
        "ktory",
        "zeby",
        "to",
        "pozwalać",
        "umożliwiać",
        "służyć",
    }
)
_VERBS = ("fin", "inf", "impt", "pact", "ger", "praet")
_AUXILIARY = frozenset(
    {
        "mieć",
        "móc",
        "można",
        "być",
        "umieć",
        "potrafić",
        "nazywać",
        "chcieć",
        "działać",
        "pozwalać",
        "dać",
        "umożliwiać",
        "służyć",
    }
)
_ENGLISH_DOING = frozenset(
    {
        "managing",
        "manage",
        "tracking",
        "track",
        "storing",
        "store",
        "keeping",
        "booking",
        "selling",
        "organizing",
        "handling",
        "renting",
        "sharing",
        "list",
        "listing",
    }
)
_NO_SUBJECTS = frozenset({"nazwa", "podstawa", "port", "serwer", "zero", "nowa", "nowy", "szybko", "jutro", "dziś"})
_POSSESSIVE = frozenset({"my", "swoich", "moich", "naszych", "mojego", "mojej", "naszej", "naszego", "moje", "swoje"})
SKIPPED = frozenset({"a", "an", "the", "mi", "proszę", "prosze", "please", "me", "nam"})


def spelled(sentence: Sentence, start: int, end: int) -> str:
    """The tokens from `start` to `end` (exclusive) as they stand in the text."""
    first, last = sentence.span(start, end)
    return sentence.text[first:last]


def object_of_activity(sentence: Sentence, phrase: Phrase) -> Phrase | None:
    """What an activity is done with ("zarządzania książkami"), or None for what is no activity or has no object."""
    if not sentence.is_activity(phrase):
        return None
    at = phrase.end
    while sentence.word(at) in ("swoich", "moich", "naszych", "swoimi", "moimi", "naszymi", "nad", "na", "z"):
        if sentence.is_preposition(at) and sentence.word(at) != "nad":
            return None
        at += 1
    following = sentence.phrase(at) if at < len(sentence) else None
    if following is None or not (
        set(following.reading.part(2)) & {"gen", "inst", "acc"} or following.reading.tag == "ign"
    ):
        return None
    return sentence.trimmed(following)


def subject_value(sentence: Sentence, phrase: Phrase) -> str:
    """The subject in the singular: "rowerów miejskich" gives "rower miejski", "books" gives "book".

    Of a chain of genitives the first stays: it becomes part of names for code.
    """
    if sentence.is_english:
        return english_singular(spelled(sentence, phrase.start, phrase.end).lower())
    value = sentence.value(_short(sentence, phrase))
    word = sentence.tokens[phrase.head].text
    return english_singular(value) if phrase.reading.tag == "ign" and word.isascii() else value


def _short(sentence: Sentence, phrase: Phrase) -> Phrase:
    own = sentence.phrase(phrase.start, complement=False)
    inner = sentence.phrase(own.end, complement=False) if own and own.end < phrase.end else None
    return phrase._replace(end=inner.end) if inner and inner.end <= phrase.end else phrase


def add_subject(sentence: Sentence, claims: Claims, phrase: Phrase) -> None:
    """Adds a subject, if its place is free."""
    claims.add(sentence.entity("SUBJECT", subject_value(sentence, phrase), phrase.start, phrase.end))


def add_subjects(sentence: Sentence, claims: Claims, phrase: Phrase) -> int:
    """Adds a subject and those that a conjunction joins to it; gives the end."""
    while True:
        if not claims.free(*sentence.span(phrase.start, phrase.end)):
            return phrase.end
        add_subject(sentence, claims, phrase)
        at = phrase.end
        if not (sentence.word(at) in CONJUNCTIONS or (sentence.word(at) == "," and sentence.noun(at + 1))):
            return at
        following = sentence.phrase(at + 1) if sentence.lemma(at + 1) not in FIELD_WORDS else None
        if following is None or not _same_case(phrase.reading, following.reading):
            return at
        phrase = sentence.trimmed(following)


def _same_case(one: Reading, other: Reading) -> bool:
    foreign = "ign" in (one.tag, other.tag) and not (one.part(2) and other.part(2) and "trade" not in other.labels)
    return foreign or bool(set(one.part(2)) & set(other.part(2)))


def find_subjects(sentence: Sentence, claims: Claims, after: int) -> None:
    """Adds the subject that a preposition or a clause names, unless a genitive has named it."""
    if claims.has("SUBJECT"):
        return
    places = [*range(after, len(sentence)), *range(after)]
    for words in (FOR - {"dla", "na", "od"}, frozenset({"dla", "na", "od"})):
        for at in places:
            infinitive = sentence.word(at) == "to" and sentence.word(at + 1) in _ENGLISH_DOING
            if (sentence.word(at) in words or infinitive) and _subject_after(sentence, claims, at):
                return
    for at in places:
        if sentence.lemma(at) == "każdy" and _subject_of_having(sentence, claims, at + 1):
            return
    for at in places:
        if sentence.lemma(at) in _RELATIVE and _subject_of_clause(sentence, claims, at):
            return


def _subject_after(sentence: Sentence, claims: Claims, at: int) -> bool:
    if sentence.word(at) in ("o", "na", "pod", "od") and sentence.lemma(at + 1) in _NO_SUBJECTS:
        return False
    at += 2 if sentence.lemma(at + 1) == "temat" else 1
    while sentence.word(at) in _ENGLISH_DOING | SKIPPED | _POSSESSIVE:
        at += 1
    if at >= len(sentence) or sentence.tag(at) in ("path", "tech", "url") or not sentence.is_word(at):
        return False
    bare = sentence.phrase(at, complement=False)
    if bare is None or not claims.free(*sentence.span(bare.start, bare.end)):
        return False
    about = object_of_activity(sentence, bare)
    empty = about is None and sentence.nominal(bare.head) in empty_activities()
    if empty or _is_folder(sentence, claims, bare):
        return False
    phrase = about or _collected(sentence, sentence.trimmed(sentence.phrase(at) or bare))
    return add_subjects(sentence, claims, phrase) > 0 and claims.has("SUBJECT")


def _is_folder(sentence: Sentence, claims: Claims, phrase: Phrase) -> bool:
    """Whether the phrase is the "katalogu" before a path that is known already."""
    named = phrase.end < len(sentence) and not claims.free(*sentence.span(phrase.end, phrase.end + 1))
    return named and sentence.lemma(phrase.head) in literals.FOLDERS


def _collected(sentence: Sentence, phrase: Phrase) -> Phrase:
    """What a mere collection holds: the plants of "katalog roślin"; other phrases stay."""
    kind = applications().get(sentence.lemma(phrase.head), {})
    inner = sentence.phrase(phrase.head + 1) if phrase.end > phrase.head + 1 else None
    collection = kind.get("goods") and kind.get("of") and inner and sentence.value(phrase) not in phrases()
    return inner if collection and inner else phrase


def _subject_of_having(sentence: Sentence, claims: Claims, at: int) -> bool:
    """ "każda książka ma tytuł": what has the fields."""
    phrase = sentence.phrase(at, complement=False) if at < len(sentence) else None
    if phrase is None or sentence.lemma(phrase.end) not in ("mieć", "zawierać", "posiadać"):
        return False
    add_subject(sentence, claims, phrase)
    return claims.has("SUBJECT")


def _subject_of_clause(sentence: Sentence, claims: Claims, at: int) -> bool:
    """ "żeby śledzić wydatki", "do której można dodawać przepisy": the object of the clause's verb."""
    for verb in range(at, min(at + 8, len(sentence))):
        if sentence.pos(verb) not in _VERBS or sentence.lemma(verb) in _AUXILIARY:
            continue
        for place in (verb + 1, verb + 2):
            if sentence.word(place) in ("ile", "jak", "kiedy", "kto", "co", "czy"):
                return False
            phrase = sentence.phrase(place) if place < len(sentence) else None
            if phrase and phrase.reading.pos in NOMINAL and feature_of(sentence.word(phrase.head)) is None:
                return add_subjects(sentence, claims, sentence.trimmed(phrase)) > 0 and claims.has("SUBJECT")
        return False
    return False

"""What is to be built: APP_TYPE, SUBJECT and FEATURE of "Zbuduj REST API w FastAPI do zarządzania książkami"."""

from luxos.nlp.entities import literals
from luxos.nlp.entities.attributes import feature_of
from luxos.nlp.entities.claims import Claims
from luxos.nlp.entities.lists import FIELD_WORDS, enumerations, label_of, role_of
from luxos.nlp.entities.naming import inside_quotes, names, unquoted
from luxos.nlp.entities.sentence import CONJUNCTIONS, Phrase, Sentence, empty_activities, judging
from luxos.nlp.inflection import NOMINAL, english_singular
from luxos.nlp.lexicon import applications, phrases
from luxos.nlp.morphology import Reading
from luxos.nlp.words import Entity

_FOR = frozenset({"do", "dla", "for", "of", "o", "about", "na", "od"})
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
_ENGLISH_HEADS = frozenset(
    {
        "app",
        "application",
        "api",
        "site",
        "website",
        "service",
        "tracker",
        "shop",
        "store",
        "blog",
        "manager",
        "planner",
        "catalog",
        "catalogue",
        "tool",
        "system",
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
_NO_FEATURES = frozenset({"plik", "baza", "front", "telefon", "góra", "dół", "zero", "dostęp"})
_COMPLETED_BY: dict[str, tuple[str | None, ...]] = {
    "do": ("eksport", "import", None),
    "przez": ("eksport", "import", "logowanie", None),
}
_SKIPPED = frozenset({"a", "an", "the", "mi", "proszę", "prosze", "please", "me", "nam"})


def extract(sentence: Sentence, claims: Claims) -> None:
    """Adds what a sentence says of a thing that is to be built."""
    claims.add_all(names(sentence))
    head = _application_head(sentence, claims)
    end = 0
    if head is not None:
        end = _application(sentence, claims, head)
    things = _features(sentence, claims, head)
    _subjects(sentence, claims, end)
    _place(sentence, claims, things)
    _quoted_name(sentence, claims)


def _application_head(sentence: Sentence, claims: Claims) -> int | None:
    """The token that says what kind of thing is to be built: a known kind, else the object of the first verb."""
    known = applications()
    for at in range(len(sentence)):
        if not claims.free(*sentence.span(at, at + 1)) or not sentence.is_word(at):
            continue
        if sentence.lemma(at) in known and not _after_preposition(sentence, at):
            if sentence.lemma(at) in ("projekt", "project") and sentence.word(at + 1) == ":":
                continue
            return at
    return _object_of_verb(sentence, claims)


def _after_preposition(sentence: Sentence, at: int) -> bool:
    back = at - 1
    while back >= 0 and sentence.is_adjective(back):
        back -= 1
    wished = sentence.lemma(back - 1) in ("prosić", "poprosić", "pomysł", "ochota")
    return sentence.is_preposition(back) and sentence.word(back) != "to" and not wished


def _object_of_verb(sentence: Sentence, claims: Claims) -> int | None:
    verb = next((at for at in range(len(sentence)) if sentence.pos(at) in ("impt", "inf", "fin")), -1)
    for at in range(verb + 1, len(sentence)):
        if sentence.word(at) in _SKIPPED or sentence.is_adjective(at) or sentence.pos(at).startswith("ppron"):
            continue
        if not sentence.noun(at) or not claims.free(*sentence.span(at, at + 1)) or sentence.is_preposition(at):
            return None
        return at
    return None


def _attached(sentence: Sentence, at: int) -> bool:
    """Whether a noun in apposition stands there ("aplikacja todo", "system CRM", "serwis www")."""
    reading = sentence.noun(at)
    if reading is None or sentence.word(at) in _FOR | _SKIPPED | CONJUNCTIONS:
        return False
    return (
        reading.tag == "ign"
        or "trade" in reading.labels
        or reading.lemma.lower() in ("www", "api")
        or reading.part(2)[:1] == ["nom"]
    )


def _application_start(sentence: Sentence, head: int) -> int:
    start = head
    english = sentence.word(head) in _ENGLISH_HEADS
    while start > 0:
        before = start - 1
        lemma, word = sentence.lemma(before), sentence.word(before)
        if (
            (sentence.is_adjective(before) and not _judges(sentence, before) and not sentence.is_preposition(before))
            or lemma in ("rest", "crud")
            or (english and _describes_english(sentence, before, word))
        ):
            start = before
        else:
            break
    return start


def _judges(sentence: Sentence, at: int) -> bool:
    return sentence.lemma(at) in judging() or sentence.word(at) in judging()


def _describes_english(sentence: Sentence, at: int, word: str) -> bool:
    reading = sentence.noun(at)
    if word in _SKIPPED or reading is None or sentence.pos(at - 1) == "prep" or _judges(sentence, at):
        return False
    return reading.tag == "ign" or "trade" in reading.labels or word.isascii()


def _application(sentence: Sentence, claims: Claims, head: int) -> int:
    """Adds APP_TYPE, and SUBJECT where a genitive names it; gives the end of both."""
    reading = sentence.noun(head)
    if reading is None:
        return head + 1
    start = _application_start(sentence, head)
    if sentence.lemma(head) == "rest" and sentence.lemma(head + 1) == "api":
        head, reading = head + 1, sentence.noun(head + 1) or reading
    end = head + 1
    while sentence.is_adjective(end, reading) or _attached(sentence, end):
        if not claims.free(*sentence.span(end, end + 1)):
            break
        end += 1
    phrase = Phrase(start, end, head, reading)
    whole = sentence.phrase(head)
    if whole and whole.end > end and sentence.value(whole) in phrases():
        claims.add(sentence.entity("APP_TYPE", sentence.value(whole), start, whole.end))
        return whole.end
    inner = sentence.phrase(end) if sentence.is_genitive(end) else None
    if inner and sentence.value(inner) in phrases():
        claims.add(
            sentence.entity(
                "APP_TYPE", f"{sentence.value(phrase)} {_spelled(sentence, end, inner.end)}", start, inner.end
            )
        )
        return inner.end
    if inner is None or inner.reading.tag == "ign" or not claims.free(*sentence.span(inner.start, inner.end)):
        claims.add(sentence.entity("APP_TYPE", sentence.value(phrase), start, end))
        return end
    return _with_genitive(sentence, claims, phrase, sentence.trimmed(inner))


def _with_genitive(sentence: Sentence, claims: Claims, phrase: Phrase, inner: Phrase) -> int:
    """ "rejestr pacjentów" and "system rezerwacji sal": what the genitive after the application says."""
    about = _object_of_activity(sentence, sentence.phrase(inner.start, complement=False) or inner)
    if about is not None:
        end = about.start
        value = f"{sentence.value(phrase)} {_spelled(sentence, phrase.end, end)}"
        claims.add(sentence.entity("APP_TYPE", value, phrase.start, end))
        return _add_subjects(sentence, claims, about)
    claims.add(sentence.entity("APP_TYPE", sentence.value(phrase), phrase.start, phrase.end))
    return _add_subjects(sentence, claims, inner)


def _spelled(sentence: Sentence, start: int, end: int) -> str:
    first, last = sentence.span(start, end)
    return sentence.text[first:last].lower()


def _object_of_activity(sentence: Sentence, phrase: Phrase) -> Phrase | None:
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
        return english_singular(_spelled(sentence, phrase.start, phrase.end))
    value = sentence.value(_short(sentence, phrase))
    word = sentence.tokens[phrase.head].text
    return english_singular(value) if phrase.reading.tag == "ign" and word.isascii() else value


def _short(sentence: Sentence, phrase: Phrase) -> Phrase:
    own = sentence.phrase(phrase.start, complement=False)
    inner = sentence.phrase(own.end, complement=False) if own and own.end < phrase.end else None
    return phrase._replace(end=inner.end) if inner and inner.end <= phrase.end else phrase


def _add_subject(sentence: Sentence, claims: Claims, phrase: Phrase) -> None:
    claims.add(sentence.entity("SUBJECT", subject_value(sentence, phrase), phrase.start, phrase.end))


def _add_subjects(sentence: Sentence, claims: Claims, phrase: Phrase) -> int:
    """Adds a subject and those that a conjunction joins to it; gives the end."""
    while True:
        if not claims.free(*sentence.span(phrase.start, phrase.end)):
            return phrase.end
        _add_subject(sentence, claims, phrase)
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


def _features(sentence: Sentence, claims: Claims, head: int | None) -> list[Phrase]:
    """Adds the features of enumerations; gives what is neither feature nor field, for `_place`."""
    goods = head is not None and applications().get(sentence.lemma(head), {}).get("goods", False)
    things: list[Phrase] = []
    for enumeration in enumerations(sentence):
        for item in enumeration.items:
            role, start = role_of(sentence, enumeration, item), item.start
            if role in ("field", "format") or not claims.free(*sentence.span(start, item.end)):
                continue
            if role == "subject" and item.phrase:
                _add_subject(sentence, claims, item.phrase)
            elif role == "feature" or item.phrase is None:
                claims.add(_feature(sentence, start, item.words_end, label_of(sentence, item)))
            elif sentence.lemma(item.phrase.head) not in _NO_FEATURES:
                things.append(sentence.trimmed(item.phrase))
    if goods and things and not claims.has("SUBJECT"):
        _add_subject(sentence, claims, things.pop(0))
    return things


def _place(sentence: Sentence, claims: Claims, things: list[Phrase]) -> None:
    """What an application is "with": several of a kind are a subject, and so is what stands alone; else a feature."""
    for thing in things:
        if thing.reading.part(1) == ["pl"] or not claims.has("SUBJECT"):
            _add_subject(sentence, claims, thing)
        else:
            claims.add(sentence.entity("FEATURE", sentence.value(thing, singular=False), thing.start, thing.end))


def _feature(sentence: Sentence, start: int, end: int, label: str) -> Entity:
    words = " ".join(token.text for token in sentence.tokens[start:end])
    known = feature_of(words)
    value = known or label
    if end + 1 < len(sentence) and known in _COMPLETED_BY.get(sentence.word(end), ()):
        value = f"{value} {_spelled_as_is(sentence, end, end + 2)}"
        end += 2
    return sentence.entity("FEATURE", value, start, end)


def _spelled_as_is(sentence: Sentence, start: int, end: int) -> str:
    first, last = sentence.span(start, end)
    return sentence.text[first:last]


def _subjects(sentence: Sentence, claims: Claims, after: int) -> None:
    """Adds the subject that a preposition or a clause names, unless a genitive has named it."""
    if claims.has("SUBJECT"):
        return
    places = [*range(after, len(sentence)), *range(after)]
    for words in (_FOR - {"dla", "na", "od"}, frozenset({"dla", "na", "od"})):
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
    while sentence.word(at) in _ENGLISH_DOING | _SKIPPED | _POSSESSIVE:
        at += 1
    if at >= len(sentence) or sentence.tag(at) in ("path", "tech", "url") or not sentence.is_word(at):
        return False
    bare = sentence.phrase(at, complement=False)
    if bare is None or not claims.free(*sentence.span(bare.start, bare.end)):
        return False
    about = _object_of_activity(sentence, bare)
    empty = about is None and sentence.nominal(bare.head) in empty_activities()
    if empty or _is_folder(sentence, claims, bare):
        return False
    phrase = about or _collected(sentence, sentence.trimmed(sentence.phrase(at) or bare))
    return _add_subjects(sentence, claims, phrase) > 0 and claims.has("SUBJECT")


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
    _add_subject(sentence, claims, phrase)
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
                return _add_subjects(sentence, claims, sentence.trimmed(phrase)) > 0 and claims.has("SUBJECT")
        return False
    return False


def _quoted_name(sentence: Sentence, claims: Claims) -> None:
    if claims.has("NAME"):
        return
    for at, token in enumerate(sentence.tokens):
        if token.tag == "quoted" and claims.add(inside_quotes(sentence, at, "NAME", unquoted(token.text))):
            return

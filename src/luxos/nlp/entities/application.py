"""What kind of thing is to be built: APP_TYPE, and the SUBJECT that a genitive behind it names."""

from luxos.nlp.entities.claims import Claims
from luxos.nlp.entities.sentence import CONJUNCTIONS, Phrase, Sentence, judging
from luxos.nlp.entities.subjects import FOR, SKIPPED, add_subjects, object_of_activity, spelled
from luxos.nlp.lexicon import applications, phrases

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


def application_head(sentence: Sentence, claims: Claims) -> int | None:
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
        if sentence.word(at) in SKIPPED or sentence.is_adjective(at) or sentence.pos(at).startswith("ppron"):
            continue
        if not sentence.noun(at) or not claims.free(*sentence.span(at, at + 1)) or sentence.is_preposition(at):
            return None
        return at
    return None


def _attached(sentence: Sentence, at: int) -> bool:
    """Whether a noun in apposition stands there ("aplikacja todo", "system CRM", "serwis www")."""
    reading = sentence.noun(at)
    if reading is None or sentence.word(at) in FOR | SKIPPED | CONJUNCTIONS:
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
    if word in SKIPPED or reading is None or sentence.pos(at - 1) == "prep" or _judges(sentence, at):
        return False
    return reading.tag == "ign" or "trade" in reading.labels or word.isascii()


def find_application(sentence: Sentence, claims: Claims, head: int) -> int:
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
                "APP_TYPE", f"{sentence.value(phrase)} {spelled(sentence, end, inner.end).lower()}", start, inner.end
            )
        )
        return inner.end
    if inner is None or inner.reading.tag == "ign" or not claims.free(*sentence.span(inner.start, inner.end)):
        claims.add(sentence.entity("APP_TYPE", sentence.value(phrase), start, end))
        return end
    return _with_genitive(sentence, claims, phrase, sentence.trimmed(inner))


def _with_genitive(sentence: Sentence, claims: Claims, phrase: Phrase, inner: Phrase) -> int:
    """ "rejestr pacjentów" and "system rezerwacji sal": what the genitive after the application says."""
    about = object_of_activity(sentence, sentence.phrase(inner.start, complement=False) or inner)
    if about is not None:
        end = about.start
        value = f"{sentence.value(phrase)} {spelled(sentence, phrase.end, end).lower()}"
        claims.add(sentence.entity("APP_TYPE", value, phrase.start, end))
        return add_subjects(sentence, claims, about)
    claims.add(sentence.entity("APP_TYPE", sentence.value(phrase), phrase.start, phrase.end))
    return add_subjects(sentence, claims, inner)

"""From an understood sentence to the blueprint of an application.

Names, labels and fields come from the sentence and from Polish grammar (`nlp.describe_noun`), never from a table of
subjects. What the sentence leaves open is asked of the reasoner; what no person answered is an assumption.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

from luxos.agent.errors import DetailMissing, FieldsUnfit, FolderUnfit, NameUnfit, StackUnknown
from luxos.agent.fields import LONGEST_NAME, REASONS, default_fields, fields_of, is_secret, listed, plain, title_field
from luxos.agent.reasoning import Assumption, Question, Reasoner
from luxos.agent.wishes import Wishes
from luxos.agent.words import intent_words
from luxos.errors import reason_of
from luxos.i18n import _
from luxos.nlp import (
    Noun,
    Understanding,
    describe_noun,
    field_phrases,
    identifier,
    meaning,
    unwanted_features,
)
from luxos.programmer.blueprint import FEATURES, STACKS, Blueprint, Field, Resource, is_free_field_name, is_free_name

_GENERIC = frozenset(
    """aplikacja app apka api rest system serwis strona program projekt usługa mikroserwis backend panel
    webowy internetowy prosty nowy mały web application service""".split()  # noqa: SIM905 - a list of words reads so
)
"""Words of an APP_TYPE that say what kind of software it is, and nothing of what it is about."""

_SERVICE = frozenset({"api", "rest", "usługa", "mikroserwis", "backend", "service", "endpoint"})
"""Words of an APP_TYPE that ask for an interface for programs instead of pages for people."""

_KEEPERS = frozenset({"tracker", "manager", "planner", "organizer", "list", "catalog", "catalogue", "register"})
"""English words for an application that say nothing of what it keeps: a task tracker keeps tasks."""

_FEATURE_WORDS = {"logowanie": "login", "wyszukiwanie": "search", "eksport": "export"}

_ATTEMPTS = 3
"""So many times a person is asked for fields before it is said that there are none."""

_ALWAYS_THERE = {
    "django": frozenset({"testy", "dokumentacja", "panel administracyjny"}),
    "fastapi": frozenset({"testy", "dokumentacja", "API"}),
}
"""Features that no application of a stack is without."""


@dataclass
class Design:
    """A blueprint, where it is to be built, and what was assumed."""

    blueprint: Blueprint
    folder: Path
    assumptions: list[Assumption] = field(default_factory=list)


async def design(understanding: Understanding, wishes: Wishes, place: Path, cwd: Path, reasoner: Reasoner) -> Design:
    """The design that the sentence asks for; `place` is the folder for projects, `cwd` the person's own."""
    draft = _Draft(understanding, wishes, reasoner)
    subjects = draft.subjects()
    nouns = [describe_noun(subject, understanding.language) for subject in subjects]
    stack = await draft.stack()
    name = draft.name(nouns[0])
    resources: dict[str, Resource] = {}
    for subject, noun in zip(subjects, nouns, strict=True):
        class_name = _class_name(noun, name)
        if class_name.lower() not in resources:
            fields = await draft.fields(subject, noun, first=not resources)
            resources[class_name.lower()] = _resource(noun, class_name, name, fields)
    draft.databases()
    title = draft.title(name, nouns[0])
    blueprint = Blueprint(name, title, stack, tuple(resources.values()), draft.features(stack))
    return Design(Blueprint.from_json(blueprint.as_json()), draft.folder(name, place, cwd), draft.assumptions)


class _Draft:
    def __init__(self, understanding: Understanding, wishes: Wishes, reasoner: Reasoner) -> None:
        self.understanding, self.wishes, self.reasoner = understanding, wishes, reasoner
        self.assumptions: list[Assumption] = []
        kinds = " ".join(understanding.values("APP_TYPE")).split()
        self.words = [word for word in kinds if word.lower() not in _GENERIC]
        said = (*self.understanding.values("NAME"), None)
        self.given_name = wishes.name if wishes.name is not None else said[0]
        self.service = any(word.lower() in _SERVICE for word in kinds)

    async def ask(self, question: Question, about: str = "") -> str:
        answer = await self.reasoner.decide(question)
        if not answer.by_person:
            self.assume(question.key, f"{about}: {answer.value}" if about else answer.value, question.reason)
        return answer.value

    def assume(self, key: str, value: str, reason: str) -> None:
        self.assumptions.append(Assumption(key, value, reason))

    def subjects(self) -> tuple[str, ...]:
        """What the application keeps, in the order of the sentence; never none."""
        subjects = self.understanding.values("SUBJECT")
        if subjects:
            return subjects
        names = self.understanding.values("NAME")
        words = " ".join(self.words) or (names[0] if names else self.wishes.name or "")
        if not words:
            raise DetailMissing(
                intent=intent_words(self.understanding.intent), what=_("what the application is to be about")
            )
        if self.understanding.language == "en":
            return (" ".join(word for word in words.split() if word.lower() not in _KEEPERS) or words,)
        return (meaning(words) or words,)

    async def stack(self) -> str:
        named = [self.wishes.stack] if self.wishes.stack is not None else list(self.understanding.values("TECH_STACK"))
        known = list(dict.fromkeys(value.lower() for value in named if value.lower() in STACKS))
        if len(known) == 1:
            return known[0]
        if named and not known:
            raise StackUnknown(stack=", ".join(named) or '""', known=", ".join(STACKS))
        default = known[0] if known else ("fastapi" if self.service else "django")
        reason = _("the sentence names two frameworks") if known else _("the sentence names no framework")
        return await self.ask(Question("stack", _("Which framework?"), default, reason, tuple(known) or STACKS))

    def name(self, noun: Noun) -> str:
        if self.given_name is not None:
            return self._checked_name(self.given_name)
        name = identifier(self._called(noun), "kebab")[:LONGEST_NAME].strip("-")
        if not is_free_name(name):
            name = f"app-{name}"[:LONGEST_NAME].strip("-")
        self.assume("name", name, _("the sentence gives no name"))
        return name

    def _called(self, noun: Noun) -> str:
        """What an application without a name is called: "rejestr pacjentów", or by what it keeps."""
        if self.words and self.understanding.values("SUBJECT"):
            return f"{' '.join(self.words)} {noun.genitive_plural}"
        return " ".join(self.words) or noun.plural

    def _checked_name(self, given: str) -> str:
        name = identifier(given, "kebab")
        if "/" in given or "\\" in given or not given.isprintable():
            raise NameUnfit(name=given[:60], reason=_("it is a path"))
        if not name or not _starts_well(name):
            raise NameUnfit(name=given[:60], reason=_("it needs a letter at its beginning"))
        if len(name) > LONGEST_NAME:
            raise NameUnfit(
                name=given[:60] + "…", reason=_("it has more than {count} letters").format(count=LONGEST_NAME)
            )
        if not is_free_name(name):
            raise NameUnfit(name=given[:60], reason=_("Python or the framework uses this word itself"))
        if name != given:
            self.assume("name", name, _("folders and packages take small letters, digits and hyphens only"))
        return name

    def title(self, name: str, noun: Noun) -> str:
        title = self._called(noun) if self.given_name is None else self.given_name
        return plain(title[:1].upper() + title[1:]) or name

    def features(self, stack: str) -> tuple[str, ...]:
        """What the application can do, of what the sentence wants and does not want."""
        unwanted = unwanted_features(self.understanding)
        found = set()
        for value in self.understanding.values("FEATURE"):
            feature = _feature(value)
            if feature is None and value not in _ALWAYS_THERE[stack]:
                self.assume("feature", value, _("this feature cannot be built yet and is left out"))
            found.add(feature)
        for value in unwanted:
            if value in _ALWAYS_THERE[stack]:
                self.assume("feature", value, _("the sentence does not want it, but every application has it"))
        found -= {_feature(value) for value in unwanted}
        return tuple(feature for feature in FEATURES if feature in found)

    async def fields(self, subject: str, noun: Noun, *, first: bool) -> tuple[Field, ...]:
        """The fields of a resource: those that the sentence gives to it, and to the first one also those of nobody."""
        said = self.wishes.fields
        named = listed(said) if said is not None else field_phrases(self.understanding)
        given = tuple(phrase for phrase in named if phrase.subject == subject or (first and not phrase.subject))
        if given:
            return self._titled(self._safe(fields_of(given)))
        return await self._asked(noun)

    async def _asked(self, noun: Noun) -> tuple[Field, ...]:
        """The fields that a person names when asked, or what such a thing usually has."""
        usual = default_fields(noun.kind, self.understanding.language)
        default = ", ".join(field.label for field in usual)
        text = _("Fields of „{noun}”").format(noun=noun.singular)
        question = Question("fields", text, default, _(REASONS[noun.kind]))
        for _attempt in range(_ATTEMPTS):
            answer = await self.ask(question, about=noun.plural)
            if answer == default:
                return usual
            try:
                return self._titled(self._safe(fields_of(listed(answer))))
            except FieldsUnfit as error:
                question, unfit = replace(question, text=f"{error}\n{text}"), error
        raise unfit

    def _safe(self, fields: tuple[Field, ...]) -> tuple[Field, ...]:
        """Without passwords: accounts and their hashed passwords are the framework's."""
        for item in fields:
            if is_secret(item):
                self.assume("fields", item.label, _("left out: a password is not kept in plain text"))
        return tuple(item for item in fields if not is_secret(item))

    def databases(self) -> None:
        """Says what becomes of a database that the sentence names."""
        for value in self.understanding.values("DATABASE"):
            if value.lower() != "sqlite":
                self.assume("database", "SQLite", _("{database} is set by DATABASE_URL").format(database=value))

    def _titled(self, fields: tuple[Field, ...]) -> tuple[Field, ...]:
        if any(item.kind == "text" and item.required for item in fields):
            return fields
        title = title_field(self.understanding.language)
        self.assume("fields", title.label, _("every entry needs a text that stands for it in lists"))
        return (title, *(item for item in fields if item.name != title.name))

    def folder(self, name: str, place: Path, cwd: Path) -> Path:
        paths = [*self.understanding.values("PATH"), *self.understanding.values("DEST_PATH")]
        if self.wishes.folder is not None:
            return _absolute(self.wishes.folder, cwd)
        if paths:
            return _absolute(paths[0], cwd)
        folder = _absolute(name, place)
        self.assume("folder", str(folder), _("the sentence gives no folder"))
        return folder


def _resource(noun: Noun, class_name: str, name: str, fields: tuple[Field, ...]) -> Resource:
    return Resource(
        name=_resource_name(noun, name),
        class_name=class_name,
        singular=plain(noun.singular),
        plural=plain(noun.plural),
        accusative=plain(noun.accusative),
        genitive_plural=plain(noun.genitive_plural),
        fields=fields,
    )


def _feature(value: str) -> str | None:
    """The feature of an application that the words begin with, where it can be built."""
    return next((name for word, name in _FEATURE_WORDS.items() if value.lower().startswith(word)), None)


def _resource_name(noun: Noun, name: str) -> str:
    found = identifier(noun.plural, "snake")[:LONGEST_NAME].strip("_")
    return (
        found if is_free_field_name(found) else f"lista_{found or identifier(name, 'snake')}"[:LONGEST_NAME].strip("_")
    )


def _class_name(noun: Noun, name: str) -> str:
    found = identifier(noun.singular, "class")[:LONGEST_NAME]
    return found if found[:1].isupper() else f"Wpis{identifier(name, 'class')}"[:LONGEST_NAME]


def _starts_well(name: str) -> bool:
    return name[:1].isascii() and name[:1].isalpha()


def _absolute(path: str, cwd: Path) -> Path:
    """The folder by its one real name, but for a link in its last place, which is not followed."""
    if not path:
        raise FolderUnfit(folder='""', reason=_("it has no name"))
    try:
        given = Path(path).expanduser()
    except RuntimeError as error:
        raise FolderUnfit(folder=path[:200], reason=_("there is no such person's home folder")) from error
    try:
        whole = (cwd / given).absolute()
        return whole.parent.resolve() / whole.name
    except OSError as error:
        raise FolderUnfit(folder=path[:200], reason=reason_of(error)) from error
    except (RuntimeError, ValueError) as error:  # a circle of links (Python 3.12), a character that no path has
        raise FolderUnfit(folder=path[:200], reason=_("it leads nowhere")) from error

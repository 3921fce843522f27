"""From an understood sentence to a Lux program: the plan that is shown, stored and carried out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from luxos.agent.design import design
from luxos.agent.errors import DetailMissing, NotAble, NotUnderstood, OwnCommand
from luxos.agent.reasoning import Assumption, Question, Reasoner
from luxos.agent.wishes import Wishes
from luxos.agent.words import entity_words, intent_words
from luxos.i18n import N_, _
from luxos.lux.program import Program, Reference, Statement
from luxos.nlp import Entity, Understanding, understood


@dataclass(frozen=True)
class Plan:
    """What is to be done, and where; `project` is set when the folder is to become a project of ours."""

    intent: str
    confidence: float
    program: Program
    workspace: Path
    assumptions: tuple[Assumption, ...] = ()
    entities: tuple[Entity, ...] = ()
    project: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Place:
    """Where the person stands, and where new projects go."""

    cwd: Path
    projects: Path


@dataclass(frozen=True)
class FileAbility:
    """An intent about one file: its verb in Lux, and which entity becomes which argument."""

    verb: str
    arguments: Mapping[str, tuple[str, ...]]
    optional: frozenset[str] = field(default_factory=frozenset)


_MOVE = FileAbility("MOVE", {"path": ("PATH",), "to": ("DEST_PATH",)})
_FILE_ABILITIES = {
    "READ_FILE": FileAbility("READ", {"path": ("PATH",)}),
    "WRITE_FILE": FileAbility("WRITE", {"path": ("PATH", "DEST_PATH"), "text": ("CONTENT",)}),
    "APPEND_FILE": FileAbility("APPEND", {"path": ("PATH", "DEST_PATH"), "text": ("CONTENT",)}),
    "COPY_FILE": FileAbility("COPY", {"path": ("PATH",), "to": ("DEST_PATH",)}),
    "MOVE_FILE": _MOVE,
    "RENAME_FILE": _MOVE,
    "DELETE_FILE": FileAbility("DELETE", {"path": ("PATH",)}),
    "LIST_DIR": FileAbility("LIST", {"path": ("PATH",)}, frozenset({"path"})),
}

ABILITIES: Mapping[str, str] = {
    "BUILD_APP": N_("Build a todo application in Django"),
    "READ_FILE": N_("Show the file notes.txt"),
    "WRITE_FILE": N_("Write „hello” to the file notes.txt"),
    "APPEND_FILE": N_("Append „milk” to the file shopping.txt"),
    "COPY_FILE": N_("Copy report.txt to archive/report.txt"),
    "MOVE_FILE": N_("Move report.txt to archive/report.txt"),
    "RENAME_FILE": N_("Rename draft.txt to letter.txt"),
    "DELETE_FILE": N_("Delete the file old.log"),
    "LIST_DIR": N_("What is in the folder docs?"),
}
"""The intents that can be carried out, each with a sentence that does it."""

_COMMANDS = {
    "HELP": "luxos --help",
    "STATUS": "luxos runs",
    "UNDO": "luxos undo",
    "RESUME": "luxos resume",
    "CREATE_BEING": "luxos soul add --help",
    "SHOW_BEING": "luxos being find",
    "CALL_BEING": "luxos call --help",
    "EVOLVE_BEING": "luxos soul evolve --help",
    "PROMOTE_SOUL": "luxos soul promote --help",
    "ROLLBACK_SOUL": "luxos soul rollback --help",
}
"""Intents that are commands of `luxos`, not plans."""

_SURE = 0.6
"""Below this confidence the reasoner is asked whether the intent is meant."""

_WHAT = {"path": N_("which file"), "to": N_("where to"), "text": N_("which text")}


async def plan(understanding: Understanding, wishes: Wishes, place: Place, reasoner: Reasoner) -> Plan:
    """The plan for a sentence; `NotUnderstood` or `NotAble`, with the three nearest things that can be done."""
    if not understood(understanding):
        raise NotUnderstood(
            suggestions(understanding), sentence=understanding.text[:80], understood=_heard(understanding)
        )
    if understanding.intent in _COMMANDS:
        raise OwnCommand(command=_COMMANDS[understanding.intent])
    if understanding.intent in ABILITIES:
        doubts = await _doubts(understanding, reasoner)
        if understanding.intent == "BUILD_APP":
            made = await _build(understanding, wishes, place, reasoner)
        else:
            made = _file(understanding, _FILE_ABILITIES[understanding.intent], place)
        assumptions = (*doubts, *_left_out(understanding), *made.assumptions)
        return replace(made, assumptions=assumptions, entities=understanding.entities)
    raise NotAble(suggestions(understanding), sentence=understanding.text[:80], understood=_heard(understanding))


def _left_out(understanding: Understanding) -> tuple[Assumption, ...]:
    """What else the sentence asks for: one thing is done at a time."""
    reason = _("one thing at a time; say this as a sentence of its own")
    return tuple(Assumption("also", text, reason) for _intent, text in understanding.also)


async def _doubts(understanding: Understanding, reasoner: Reasoner) -> tuple[Assumption, ...]:
    """What is taken for granted of an intent that is not quite sure; `NotUnderstood` where a person says no."""
    if understanding.confidence >= _SURE:
        return ()
    wanted = _(ABILITIES[understanding.intent])
    reason = _("the sentence is not quite clear ({share:.0%})").format(share=understanding.confidence)
    text = _("Do you mean: {intent}?").format(intent=wanted)
    answer = await reasoner.decide(Question("intent", text, _("yes"), reason, (_("yes"), _("no"))))
    if answer.value == _("no"):
        raise NotUnderstood(
            suggestions(understanding), sentence=understanding.text[:80], understood=_heard(understanding)
        )
    return () if answer.by_person else (Assumption("intent", intent_words(understanding.intent), reason),)


def suggestions(understanding: Understanding) -> tuple[str, ...]:
    """The three sentences nearest to what was said among those that can be carried out."""
    likely = [intent for intent, _share in understanding.alternatives if intent in ABILITIES]
    order = [*dict.fromkeys([*likely, *ABILITIES])]
    return tuple(_(ABILITIES[intent]) for intent in order[:3])


def _heard(understanding: Understanding) -> str:
    entities = ", ".join(f"{entity_words(entity.type)}: {entity.value}" for entity in understanding.entities)
    share = f"{intent_words(understanding.intent)} ({understanding.confidence:.0%})"
    return _("What I heard: {heard}.").format(heard=f"{share}, {entities}" if entities else share)


async def _build(understanding: Understanding, wishes: Wishes, place: Place, reasoner: Reasoner) -> Plan:
    drawn = await design(understanding, wishes, place.projects, place.cwd, reasoner)
    blueprint = drawn.blueprint.as_json()
    source, formatted, packages, environment = (
        Reference((name,)) for name in ("source", "code", "packages", "environment")
    )
    both = (formatted, environment)
    program = Program(
        goal=understanding.text,
        statements=(
            Statement("design", "DESIGN", keywords=blueprint),
            Statement("packages", "FETCH", keywords={"stack": drawn.blueprint.stack}),
            Statement("environment", "INSTALL", (packages,)),
            Statement("source", "GENERATE", (Reference(("design",)),)),
            Statement("code", "FORMAT", (source, environment)),
            Statement("style", "CHECK", ("style", *both)),
            Statement("types", "CHECK", ("types", *both)),
            Statement("security", "CHECK", ("security", *both)),
            Statement("tests", "TEST", both),
            Statement("archive", "PACKAGE", (formatted,), after=("style", "types", "security", "tests")),
        ),
    )
    project = {"name": drawn.blueprint.name, "stack": drawn.blueprint.stack, "design": blueprint}
    assumptions = tuple(drawn.assumptions)
    return Plan(understanding.intent, understanding.confidence, program, drawn.folder, assumptions, project=project)


def _file(understanding: Understanding, ability: FileAbility, place: Place) -> Plan:
    arguments: dict[str, Any] = {}
    for name, types in ability.arguments.items():
        values = [value for kind in types for value in understanding.values(kind)]
        if values:
            arguments[name] = values[0]
        elif name not in ability.optional:
            raise DetailMissing(intent=intent_words(understanding.intent), what=_(_WHAT[name]))
    program = Program((Statement("result", ability.verb, keywords=arguments),), goal=understanding.text)
    return Plan(understanding.intent, understanding.confidence, program, place.cwd)

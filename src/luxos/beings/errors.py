"""What can go wrong with beings, as a person is told of it."""

from collections.abc import Mapping

from luxos.errors import Exit, LuxError
from luxos.i18n import N_, _


class BeingError(LuxError):
    """Base of the errors of this room."""

    code = "being_error"
    message = N_("The being {soul} could not be used: {reason}.")


class BeingUnknown(BeingError):
    """There is no such row."""

    code = "being_unknown"
    exit_code = Exit.USAGE
    message = N_("There is no being {soul}. Look it up with `luxos psql`, or check the name.")


class BeingDamaged(BeingError):
    """A row says what no LuxOS writes: somebody changed it otherwise."""

    code = "being_damaged"
    exit_code = Exit.FAILED
    message = N_(
        "The row of {soul} is not as LuxOS writes it. `luxos db check` says what is wrong with it; mend it with "
        "`luxos psql`, or restore a backup."
    )


class BeingDeleted(BeingError):
    """The row is a tombstone."""

    code = "being_deleted"
    message = N_("The being {soul} was deleted at {at}. `luxos being restore {soul}` brings it back.")


class BeingConflict(BeingError):
    """Another writer changed the same field since it was loaded."""

    code = "being_conflict"
    message = N_(
        "Somebody else changed {field} of {soul} meanwhile, and nothing was written. Load it again and repeat the "
        "change."
    )


class BeingBusy(BeingError):
    """Another task writes the same object, and a transaction must not wait for it."""

    code = "being_busy"
    message = N_(
        "Another task is saving the same object of {soul}, and nothing was written. Let it finish, or load the being "
        "again within the transaction."
    )


REASONS: Mapping[str, str] = {
    "not_json": N_("a value of the type {kind} is no JSON"),
    "not_object": N_("it must be an object, not {kind}"),
    "not_list": N_("it must be a list, not {kind}"),
    "not_number": N_("{value} is no number in JSON"),
    "key_not_text": N_("the key {key} is no text"),
    "number_too_long": N_("a number has at most {limit} digits"),
    "nested": N_("it is nested more than {limit} levels deep, or holds itself"),
    "too_big": N_("it takes {size} MiB, and a row takes at most {limit} MiB"),
    "nul": N_("it holds a NUL character"),
    "surrogate": N_("it holds half a surrogate pair"),
    "tag": N_("a tag is a text of up to {limit} characters"),
    "tags": N_("a row has up to {limit} tags, of {size} KiB together"),
    "energy": N_("it must be an integer of 32 bits"),
    "vector": N_("it must be a list of 1 to {limit} numbers"),
    "vector_number": N_("it must be a number of 32 bits"),
    "rewritten": N_("memories only grow, and what was remembered stays"),
    "no_memory": N_("a memory has `at` and `kind`"),
    "reserved": N_("only LuxOS itself writes memories of the kind {kind!r}"),
    "amount": N_("it must be an integer of 32 bits, {least} or more"),
    "since": N_("it must be the number of a memory, from 0, or a moment"),
    "not_uuid": N_("it must be a UUID, not {kind}"),
    "fixed": N_("it is given when the row is made and never changes; it was {was}"),
    "not_moment": N_("it must be a moment (datetime), not {kind}"),
    "database": N_("the database does not take it ({said})"),
    "not_text": N_("it is no text"),
    "no_pin": N_("each must be a name with a hash"),
    "no_type": N_("it is missing, or no text"),
    "no_py_type": N_("it says no `py_type`"),
    "py_type": N_("{text} is no type that attributes have; docs/design.md lists them"),
    "default": N_("the default {value} is no {wanted}"),
    "queue": N_("a queue is named with up to 63 small letters, digits, dots, dashes and underscores, not {value!r}"),
    "length": N_("it must have 1 to {limit} characters"),
    "range": N_("it must be an integer from {least} to {most}"),
    "moment": N_("it must be a moment (datetime)"),
    "over": N_("this moment is over already"),
}
"""Why a value is refused, by the code that stands in `details["reason"]`."""


class _Reasoned(BeingError):
    """Says its reason in the person's language; a reason that has no code is said as it is."""

    @property
    def reason(self) -> str:
        """Its reason in words."""
        reason = str(self.details["reason"])
        return _(REASONS[reason]).format_map(self.details) if reason in REASONS else reason

    def __str__(self) -> str:
        return _(self.message).format_map({**self.details, "reason": self.reason})


class BeingInvalid(_Reasoned):
    """A value that the tables cannot hold as it is; `reason` is a code of `REASONS`."""

    code = "being_invalid"
    message = N_("The field {field} cannot be stored: {reason}. Nothing was written; correct the value.")


class BeingStatic(BeingError):
    """Core beings are part of the code."""

    code = "being_static"
    exit_code = Exit.REFUSED
    message = N_("{soul} is a core being, which only a new version of LuxOS can change. Nothing was written.")


class BeingSealed(BeingError):
    """What the audit chain is made of is written once."""

    code = "being_sealed"
    exit_code = Exit.REFUSED
    message = N_(
        "{soul} is a part of the audit chain, which nobody changes or puts away. Nothing was written; `luxos audit "
        "verify` says whether all of it is whole."
    )


_INSTEAD = {
    "alias": N_("`luxos soul rename` gives it another name, `luxos soul demote` takes it out of an environment."),
    "environment": N_("`luxos soul demote` takes an alias out of it."),
    "promotion": N_("`luxos soul promotions` shows it, and with --stop ends one that goes on."),
    "run": N_("`luxos run cancel` ends it, `luxos db clean` removes runs that are old."),
    "schedule": N_("`luxos schedule remove` ends it."),
}


class BeingKept(BeingError):
    """What LuxOS itself stands on is not put away."""

    code = "being_kept"
    exit_code = Exit.REFUSED
    message = N_(
        "{soul} is a row that LuxOS keeps for itself ({kind}) and stands on, so nobody puts it away. Nothing was "
        "written."
    )

    def __str__(self) -> str:
        instead = _INSTEAD.get(str(self.details["kind"]))
        return f"{super().__str__()} {_(instead)}" if instead else super().__str__()


class BeingUnsaved(BeingError):
    """An update starts from the row, so changes that were not saved would be lost."""

    code = "being_unsaved"
    message = N_("The being {soul} has changes that are not saved ({field}). Save it before updating it.")


class GenotypeInvalid(_Reasoned):
    """A value that cannot be part of a genotype."""

    code = "genotype_invalid"
    message = N_("A genotype cannot hold {field}: {reason}. Correct the value.")


class NotDispatched(BeingError):
    """A function being was called where nothing runs functions."""

    code = "not_dispatched"
    message = N_("{soul} cannot be called here: LuxOS is not open. Call it inside of `async with luxos.open()`.")


class CoreTaken(BeingError):
    """Two core beings claim one name; a fault in the code."""

    code = "core_taken"
    message = N_("Two core beings use {name}. Report this as a fault of LuxOS.")


class FilterInvalid(BeingError):
    """A filter, or a part of its text, that has no meaning; `reason` is marked for translation where it arises."""

    code = "filter_invalid"
    exit_code = Exit.USAGE
    message = N_(
        "The filter has no meaning at {part!r}: {reason}. docs/reference/filters.md tells how filters are written."
    )

    def __str__(self) -> str:
        reason = str(self.details["reason"])
        return _(self.message).format_map({**self.details, "reason": _(reason)})


class GraphTooWide(BeingError):
    """A search in the graph that would look at too much."""

    code = "graph_too_wide"
    exit_code = Exit.USAGE
    message = N_(
        "More than {most} relationships would have to be followed from {soul}. Ask for fewer steps, or follow only "
        "some relationships, by tags or energy."
    )


class BeingUnnamed(BeingError):
    """No being is called so."""

    code = "being_unnamed"
    exit_code = Exit.USAGE
    message = N_(
        "No being is called {name!r}: it is no UUID, no beginning of one (8 characters or more), no alias and no name. "
        "`luxos being find` lists beings."
    )


class BeingAmbiguous(BeingError):
    """A name or a beginning of a UUID fits several beings."""

    code = "being_ambiguous"
    exit_code = Exit.USAGE
    message = N_("{name!r} may be several beings: {candidates}. Say more of the UUID.")


class NoMessage(BeingError):
    """Nothing came along a channel in the time that the reader waits."""

    code = "no_message"
    message = N_("No message came along the channel {channel} in time. Wait longer, or look whether anybody sends.")


class MessageDiffers(BeingError):
    """Another message was sent under the same key."""

    code = "message_differs"
    message = N_(
        "Under the key {key!r} another message was sent along the channel {channel} before, and nothing was sent now. "
        "Take a key of its own for each message."
    )


class PyTypeInvalid(BeingError):
    """A text that is no type of our small language."""

    code = "py_type_invalid"
    message = N_("{text} is no type that attributes have. docs/design.md lists them.")


class AttributeUnfit(BeingError):
    """An attribute is of another type than its genotype declares; `field` is the path to where it does not fit."""

    code = "attribute_unfit"
    message = N_(
        "The attribute {field} of {soul} must be {wanted}, and what came is {came}: {value}. Nothing was written; "
        "correct the value."
    )


class AttributeMissing(AttributeUnfit):
    """A being was to be made without an attribute that has no default."""

    code = "attribute_missing"
    message = N_("The attribute {field} of {soul} must be {wanted}, and nothing came. Nothing was written; give it.")


class AttributeUndeclared(AttributeUnfit):
    """A genotype that declares attributes has no others."""

    code = "attribute_undeclared"
    message = N_(
        "{soul} has no attribute {field}; its genotype declares: {declared}. Nothing was written; declare it there, or "
        "correct the name."
    )


class TaskNotReady(BeingError):
    """A task does not go from the status that it has to the one that was wanted."""

    code = "task_not_ready"
    exit_code = Exit.REFUSED
    message = N_(
        "The task {soul} is {status}, and from there it does not become {wanted}, only: {allowed}. Nothing was written."
    )
    ended = N_("The task {soul} has ended, and nothing was written. `luxos task add` puts such a task anew.")

    def __str__(self) -> str:
        return super().__str__() if self.details["allowed"] else _(self.ended).format_map(self.details)


class TaskInvalid(_Reasoned):
    """What cannot be put into a queue; `reason` is a code of `REASONS`."""

    code = "task_invalid"
    exit_code = Exit.USAGE
    message = N_("The task cannot be put: {field}: {reason}. Nothing was put; correct the value.")


class KindTaken(BeingError):
    """A class would make beings of a type that LuxOS gives a meaning of its own."""

    code = "kind_taken"
    exit_code = Exit.USAGE
    message = N_("The type {kind} has a meaning of its own in LuxOS, so no class makes it. Choose another name.")


class SourceInvalid(BeingError):
    """A source that is no function; `line` and `column` count from 1."""

    code = "source_invalid"
    exit_code = Exit.USAGE
    message = N_(
        "The source of {name} is not Python at line {line}, column {column}: {text!r} ({reason}). Nothing was "
        "made; correct it."
    )


class SourceUndefined(SourceInvalid):
    """A source that defines nothing to be called, or several functions none of which is named `function`."""

    code = "source_undefined"
    message = N_(
        "The source of {name} has to define `function`, or one function only; it defines {count}. Nothing was made; "
        "name the one that is to be called `function`, or add it with --class where it is a class."
    )


class ClassUndefined(SourceInvalid):
    """The source of a class that defines no class, or several none of which is named `Being`."""

    code = "class_undefined"
    message = N_(
        "The source of {name} has to define one class, or one that is named `Being`; it defines {count}. Nothing was "
        "made; name the class whose instances are meant `Being`."
    )


class EnergyExhausted(BeingError):
    """A being has less energy than it is to spend; `until` is the moment from which on it has enough, if ever."""

    code = "energy_exhausted"
    exit_code = Exit.REFUSED
    message = N_("{soul} has {has} energy, and {wanted} is needed. Nothing was spent.")

    def __str__(self) -> str:
        until = self.details["until"]
        then = (
            _("So much does not come back by itself: give it some, or let it have a larger capacity.")
            if until is None
            else _("There will be enough at {until}.").format(until=until.isoformat(sep=" ", timespec="seconds"))
        )
        return f"{super().__str__()} {then}"


class PurgeRefused(BeingError):
    """Something stands on the being that is to be removed for good."""

    code = "purge_refused"
    exit_code = Exit.REFUSED
    message = N_("{soul} cannot be removed for good: {reason} Nothing was removed.")

    def __str__(self) -> str:
        return _(self.message).format_map({**self.details, "reason": self._reason()})

    def _reason(self) -> str:
        if self.details["reason"] == "run":
            return _(
                "the run {run} called it and can still be resumed. Finish it with `luxos resume {run}`, or take it "
                "back with `luxos undo {run}`."
            ).format_map(self.details)
        if self.details["reason"] == "promotion":
            return _(
                "calls of the alias {alias} are watched for a promotion that goes on. End it first with "
                "`luxos soul promotions {alias} --stop`."
            ).format_map(self.details)
        if self.details["reason"] == "house":
            return _("LuxOS keeps it for itself ({kind}) and stands on it.").format_map(self.details)
        return _(
            "it is a part of what LuxOS keeps ({kind}), on which other things stand. `luxos being delete` puts it away."
        ).format_map(self.details)


class PurgeChanged(BeingError):
    """Between the look and the removal, something came or went."""

    code = "purge_changed"
    exit_code = Exit.REFUSED
    message = N_(
        "What would go with {soul} changed since it was shown, and nothing was removed. Look again, and confirm that."
    )

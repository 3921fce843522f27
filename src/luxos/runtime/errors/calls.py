"""What can go wrong with a call before its code runs, or around it."""

from luxos.errors import Exit, LuxError
from luxos.i18n import N_


class BeingNotCallable(LuxError):
    """No being answers to the name, or what answers has no code."""

    code = "runtime.being_not_callable"
    exit_code = Exit.USAGE
    message = N_("There is nothing to call under {who!r}. Give the UUID, the hash or the alias of a function.")


class CallUnknown(BeingNotCallable):
    """No being answers to the name, but some have names like it."""

    message = N_("There is nothing to call under {who!r}. Did you mean {near}?")


class BeingPutAway(BeingNotCallable):
    """What an alias calls was deleted, and can be taken back."""

    message = N_("What {who} calls is deleted. `luxos being restore {soul}` takes it back.")


class BeingGone(BeingNotCallable):
    """What an alias calls was removed for good; its versions were not."""

    message = N_(
        "What {who} calls was removed; its versions are there. `luxos soul at {who} > FILE`, then `luxos soul add "
        "{who} FILE`, has it called again."
    )


class ClassNotCalled(BeingNotCallable):
    """A class is called; its instances have what can be."""

    message = N_(
        "{who} is a class: `luxos being make {who} --name NAME` makes an instance, and `luxos call NAME.METHOD` calls "
        "it."
    )


class InstanceNotCalled(BeingNotCallable):
    """An instance is called; its methods can be."""

    message = N_("{who} is an instance: `luxos call {who}.METHOD` calls one of its methods. It has: {methods}.")


class ArgumentsUnfit(LuxError):
    """The arguments do not fit the function."""

    code = "runtime.arguments_unfit"
    exit_code = Exit.USAGE
    message = N_("{who} cannot be called so: {reason}.")


class MethodUnknown(LuxError):
    """An instance has no such method."""

    code = "runtime.method_unknown"
    exit_code = Exit.USAGE
    message = N_("{who} has no method {name!r}. It has: {methods}.")


class InstanceChanged(LuxError):
    """Others changed an instance while its method ran, again and again."""

    code = "runtime.instance_changed"
    message = N_(
        "{soul} was changed by others while its method ran, so nothing of this call was kept. Call it again when "
        "fewer do so."
    )


class InstanceEntered(LuxError):
    """A method of an instance is called from one of its own methods, through LuxOS."""

    code = "runtime.instance_entered"
    exit_code = Exit.REFUSED
    message = N_(
        "{who} cannot be called from within a method of the same instance, which has its state in hand. Call it as "
        "`self.…` there."
    )


class CallOverLimit(LuxError):
    """A call, or the tree of calls that it belongs to, wants more than it may have."""

    code = "runtime.call_over_limit"
    exit_code = Exit.REFUSED
    message = N_("{who} was ended, because the limit of its call is {limit}. Ask for less at once, or raise the limit.")


class NotPure(LuxError):
    """A call is not to be recorded, and its callee may do more than compute."""

    code = "runtime.not_pure"
    exit_code = Exit.REFUSED
    message = N_(
        "{who} does not say that it is pure, so a call of it is always recorded. Nothing was run; "
        "summon it with pure=True, or call it with recording='summary'."
    )


class OptionUnknown(LuxError):
    """No option of calls is called so, or takes such a value."""

    code = "runtime.option_unknown"
    exit_code = Exit.USAGE
    message = N_(
        "Calls have no option {name} with the value {value}. There are recording ('full', 'summary', 'off'), and "
        "numbers above 0: seconds, depth, breadth, calls, energy, retries."
    )


class SummonRefused(LuxError):
    """Stored code wants to make something that it may not."""

    code = "runtime.summon_refused"
    exit_code = Exit.REFUSED
    message = N_(
        "{who} may make beings below its own name only ({who}.…), without an owner, permissions or packages. "
        "{name!r} was not made."
    )


class ApprovalRefused(LuxError):
    """Whoever was asked did not let a call act."""

    code = "runtime.approval_refused"
    exit_code = Exit.REFUSED
    message = N_("{who} (step {step}) was not approved. Nothing was done.")


class PermissionRefused(LuxError):
    """The run was not given leave for such an effect."""

    code = "runtime.permission_refused"
    exit_code = Exit.REFUSED
    message = N_(
        "Step {step} wants the permission {effect!r}, which this run does not have. Nothing was done; "
        "`luxos call … {allow}` grants it."
    )


class PermissionUnnamed(PermissionRefused):
    """Stored code calls a function of LuxOS that its own permissions do not name; to grant it would not be enough."""

    message = N_(
        "Step {step} wants the permission {effect!r}, which {caller} does not name among its own. Nothing was done. "
        "Name it with `luxos soul add {caller} FILE --with 'permissions=[\"{effect}\"]'`, then `luxos call … {allow}` "
        "grants it."
    )


class TracingMissing(LuxError):
    """Spans are wanted, and OpenTelemetry is not installed."""

    code = "runtime.tracing_missing"
    exit_code = Exit.ENVIRONMENT
    message = N_(
        "LUXOS_OTEL is set, but OpenTelemetry is not installed. Install it with `pip install 'lux-os[otel]'`, or take "
        "the setting away. Nothing was run."
    )

"""What can be wrong with a Lux program."""

from luxos.errors import Exit, LuxError
from luxos.i18n import N_


class ProgramUnreadable(LuxError):
    """The text is not Lux."""

    code = "lux.unreadable"
    exit_code = Exit.USAGE
    message = N_(
        "Line {line}, column {column} of the Lux program cannot be read, near {text!r}. Correct it, then repeat."
    )


class ProgramInvalid(LuxError):
    """The text is Lux, but a statement of it cannot be carried out; always with `line`."""

    code = "lux.invalid"
    exit_code = Exit.USAGE


class VersionUnknown(ProgramInvalid):
    """The program is written for another version of the language."""

    message = N_("Line {line}: this LuxOS reads Lux {known}, not Lux {version}.")


class VerbUnknown(ProgramInvalid):
    """No being answers to the verb."""

    message = N_("Line {line}: there is no verb {verb}. Similar ones: {similar}.")


class ProgramEmpty(ProgramInvalid):
    """Nothing stands in the program that could be done."""

    message = N_("Line {line}: the program has no statement, so there is nothing to do. Write one: `files = LIST`.")


class NameTooLong(ProgramInvalid):
    """A step's name is also that of its folder."""

    message = N_("Line {line}: the name that begins with {name} has more than {most} letters; give a shorter one.")


class NameUnknown(ProgramInvalid):
    """A statement refers to one that does not stand above it."""

    message = N_("Line {line}: no statement above is called {name}.")


class NameTaken(ProgramInvalid):
    """Two statements, arguments or keys have one name."""

    message = N_("Line {line}: {name} is there twice; give each its own name.")


class ArgumentMisplaced(ProgramInvalid):
    """A value without a name follows one with a name."""

    message = N_("Line {line}: {verb} has a value without a name after one with a name; put it before.")


class ArgumentUnknown(ProgramInvalid):
    """The verb does not take such an argument."""

    message = N_("Line {line}: {verb} takes {known}, not {name}.")


class ArgumentMissing(ProgramInvalid):
    """The verb needs an argument that is not given."""

    message = N_("Line {line}: {verb} also needs {name}.")


class ArgumentUnfit(ProgramInvalid):
    """A value is not of the kind that the verb takes."""

    message = N_("Line {line}: {name} of {verb} must be {kind}.")


class ReferenceEmpty(ProgramInvalid):
    """A result has no such part."""

    code = "lux.reference_empty"
    exit_code = Exit.FAILED
    message = N_("Line {line}: the result of {statement} has no part {reference}.")

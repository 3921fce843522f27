"""What can go wrong with souls, as a person is told of it."""

from luxos.errors import LuxError
from luxos.i18n import N_


class SoulError(LuxError):
    """Base of the errors of this room."""

    code = "soul_error"
    message = N_("The soul {name} could not be used: {reason}.")


class SoulUnknown(SoulError):
    """No soul has this hash or this alias."""

    code = "soul_unknown"
    message = N_("There is no soul {name}. List what there is with `luxos soul list`.")


class AliasUnknown(SoulUnknown):
    """No soul has this alias, but others have names like it."""

    code = "alias_unknown"
    message = N_("There is no soul {name}. Did you mean {near}?")


class SoulAmbiguous(SoulError):
    """More than one hash begins like this."""

    code = "soul_ambiguous"
    message = N_("Several souls begin with {name}: {candidates}. Give more of the hash.")


class SoulConflict(SoulError):
    """An alias was given another version since its newest one was looked at."""

    code = "soul_conflict"
    message = N_(
        "Somebody else gave {name} a new version meanwhile, {newest}, and nothing was written. Look at it and repeat "
        "the change."
    )


class AliasInvalid(SoulError):
    """An alias that could be taken for something else."""

    code = "alias_invalid"
    message = N_(
        "{name!r} cannot be an alias. Use lower-case words of letters, digits and _, joined by dots, for example "
        "text.clean."
    )


class AliasTaken(SoulError):
    """A name that has a history of its own."""

    code = "alias_taken"
    message = N_("The alias {name} is taken. Nothing was renamed; choose another name.")


class AliasRenamed(SoulError):
    """The old name of an alias leads to the new one, and is given to nobody else."""

    code = "alias_renamed"
    message = N_("The alias {name} is called {renamed} now, and its old name is kept for it. Use {renamed}.")


class DependencyUnknown(SoulError):
    """A source calls what was never registered, so it cannot be pinned."""

    code = "dependency_unknown"
    message = N_(
        "Line {line} of {name} uses {used}, which is not registered. Register it first; souls that use each other are "
        "registered as a group."
    )


class SoulTooBig(SoulError):
    """A genotype is kept whole, read whole and hashed whole."""

    code = "soul_too_big"
    message = N_("The soul {name} takes {size} bytes, and a soul may take {most}. Keep data in attributes or in files.")


class SoulDamaged(SoulError):
    """What is stored under a hash does not have that hash."""

    code = "soul_damaged"
    message = N_("The soul {name} was changed after it was registered, so it is not used. Register its source again.")

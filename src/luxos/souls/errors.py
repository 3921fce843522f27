"""What can go wrong with souls, as a person is told of it."""

from luxos.errors import LuxError
from luxos.i18n import N_


class SoulError(LuxError):
    """Base of the errors of this room."""

    code = "soul_error"
    message = N_("The soul {name} could not be used: {reason}.")


class AliasInvalid(SoulError):
    """An alias that could be taken for something else."""

    code = "alias_invalid"
    message = N_(
        "{name!r} cannot be an alias. Use lower-case words of letters, digits and _, joined by dots, for example "
        "text.clean."
    )


class SoulDamaged(SoulError):
    """What is stored under a hash does not have that hash."""

    code = "soul_damaged"
    message = N_("The soul {name} was changed after it was registered, so it is not used. Register its source again.")

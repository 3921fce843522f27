"""What can go wrong while an application is made."""

from luxos.errors import Exit, LuxError
from luxos.i18n import N_


class BlueprintInvalid(LuxError):
    """A blueprint names something that no application can be made of."""

    code = "programmer.blueprint_invalid"
    exit_code = Exit.REFUSED
    message = N_(
        "The design cannot be built: {field} is {value!r}, but must be {wanted}. Change the sentence or the options."
    )

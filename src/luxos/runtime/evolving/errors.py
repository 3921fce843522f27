"""What can go wrong before a soul is evolved."""

from luxos.errors import Exit, LuxError
from luxos.i18n import N_


class EvolutionUnfit(LuxError):
    """A soul cannot be evolved, for nothing says what would be right."""

    code = "runtime.evolution_unfit"
    exit_code = Exit.USAGE
    message = N_("{name} cannot be evolved: {reason}. Nothing was changed.")

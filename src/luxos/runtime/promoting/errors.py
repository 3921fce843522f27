"""What can go wrong with a promotion that is to be watched."""

from luxos.errors import Exit, LuxError
from luxos.i18n import N_


class ShadowUnfit(LuxError):
    """A version cannot run in the shadow of an alias."""

    code = "runtime.shadow_unfit"
    exit_code = Exit.USAGE
    message = N_("{name} cannot be promoted by a shadow: {reason}. Nothing was changed.")


class ShadowRuns(LuxError):
    """An alias has a candidate in its shadow already."""

    code = "runtime.shadow_runs"
    exit_code = Exit.REFUSED
    message = N_("{name} has a candidate in its shadow already, {to}. `luxos soul promotions {name} --stop` ends that.")


class PromotedBefore(LuxError):
    """A version that was moved back is not promoted again."""

    code = "runtime.promoted_before"
    exit_code = Exit.REFUSED
    message = N_(
        "{to} was {name} before and was moved back on {at}, because {failures} of its {calls} calls failed. Nothing "
        "was changed; --force promotes it all the same."
    )


class NothingPromoted(LuxError):
    """There is no promotion that could be ended."""

    code = "runtime.nothing_promoted"
    exit_code = Exit.REFUSED
    message = N_("Nothing of {name} is in its shadow or watched, so there is nothing to end.")

"""What can go wrong with stored code: that it cannot run so, and how it ends, in either tier."""

from luxos.errors import Exit, LuxError
from luxos.i18n import N_


class TierUnfit(LuxError):
    """A source is to run in the hermetic tier, and uses what that does not have."""

    code = "runtime.tier_unfit"
    exit_code = Exit.USAGE
    message = N_(
        "{name} cannot run in the hermetic tier: {places}. Nothing was made; the isolated tier can run it "
        "(tier='isolated', or no tier at all)."
    )


class HostUnfit(LuxError):
    """A permission names a host otherwise than hosts are named."""

    code = "runtime.host_unfit"
    exit_code = Exit.USAGE
    message = N_(
        "{who} asks for the host {host!r}, which is none. A permission names one as host:api.nbp.pl:443: a name in "
        "small letters, or an IPv4 address, and a port."
    )


class WishUnfit(LuxError):
    """Limits, examples or permissions that nothing would heed."""

    code = "runtime.wish_unfit"
    exit_code = Exit.USAGE
    message = N_("What {who} is given as {field} is not what that can be: {wanted}. Nothing was done.")


class CodeFailed(LuxError):
    """Code that ran in the sandbox ended with an error."""

    code = "runtime.code_failed"
    message = N_("{who} failed in the sandbox: {reason}")


class HostUnnamed(CodeFailed):
    """Code failed because it tried to reach what its soul's permissions do not name."""

    code = "runtime.host_unnamed"
    message = N_(
        "{who} failed in the sandbox: {reason}. {reach} `luxos soul add … --with 'permissions=[\"host:NAME:PORT\"]'` "
        "names one, and `luxos call … --allow host:NAME:PORT` grants it."
    )


class CodeOverLimit(LuxError):
    """Code wanted more than one call may take; `limit` names what of."""

    code = "runtime.code_over_limit"
    message = N_(
        "{who} was ended in the sandbox, because {reason}. Have it do less at once, or give it a higher limit "
        "(`limits` in its genesis)."
    )


class CodeLost(LuxError):
    """The process that ran code ended, and not by itself."""

    code = "runtime.code_lost"
    message = N_(
        "The sandbox in which {who} ran ended unexpectedly ({reason}). Nothing was repeated; call it again if it is "
        "right to do so."
    )


class ResultUnfit(LuxError):
    """What code gives is not JSON, or too large."""

    code = "runtime.result_unfit"
    message = N_(
        "{who} gave a result that cannot be kept: {where}{reason}. It may give null, true, false, numbers, text, and "
        "lists of them and names with them."
    )

"""What can go wrong while packages are fetched and installed."""

from luxos.errors import Exit, LuxError
from luxos.i18n import N_


class PackagesUnavailable(LuxError):
    """The package index could not be reached, or did not give what was asked for."""

    code = "runtime.packages_unavailable"
    exit_code = Exit.ENVIRONMENT
    message = N_(
        "The packages could not be fetched: {reason}. Check the network and pip's configuration, "
        "then run `luxos resume`."
    )


class PackagesTampered(LuxError):
    """What came from the package index is not what the lock names."""

    code = "runtime.packages_tampered"
    exit_code = Exit.REFUSED
    message = N_(
        "A fetched package differs from its locked hash, so nothing of it was kept. Check which index pip uses."
    )


class EnvironmentNotInstalled(LuxError):
    """The fetched packages could not be installed."""

    code = "runtime.environment_not_installed"
    exit_code = Exit.ENVIRONMENT
    message = N_("The environment could not be made: {reason}. Run `luxos doctor`, then `luxos resume`.")


class RequirementUnfit(LuxError):
    """A soul names a package that is not locked."""

    code = "runtime.requirement_unfit"
    exit_code = Exit.REFUSED
    message = N_(
        "{who} needs {line!r}, which is no locked package, so nothing was fetched. Each requirement is one line "
        "like name==1.0 --hash=sha256:…"
    )

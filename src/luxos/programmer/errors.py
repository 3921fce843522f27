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


class EnvironmentUnknown(LuxError):
    """A program names an environment that no step of ours has made."""

    code = "programmer.environment_unknown"
    exit_code = Exit.REFUSED
    message = N_("{folder} is no environment that LuxOS made, so nothing was run. Give the result of INSTALL as it is.")


class PackagesUnavailable(LuxError):
    """The package index could not be reached, or did not give what was asked for."""

    code = "programmer.packages_unavailable"
    exit_code = Exit.ENVIRONMENT
    message = N_(
        "The packages could not be fetched: {reason}. Check the network and pip's configuration, "
        "then run `luxos resume`."
    )


class PackagesTampered(LuxError):
    """What came from the package index is not what the lock names."""

    code = "programmer.packages_tampered"
    exit_code = Exit.REFUSED
    message = N_(
        "A fetched package differs from its locked hash, so nothing of it was kept. Check which index pip uses."
    )


class EnvironmentNotInstalled(LuxError):
    """The fetched packages could not be installed."""

    code = "programmer.environment_not_installed"
    exit_code = Exit.ENVIRONMENT
    message = N_("The environment could not be made: {reason}. Run `luxos doctor`, then `luxos resume`.")


class CheckFailed(LuxError):
    """A check of the generated code has findings."""

    code = "programmer.check_failed"
    message = N_('The check "{kind}" has findings: {output}')


class TestsFailed(LuxError):
    """Tests of the application failed, or it has too few of them."""

    code = "programmer.tests_failed"
    message = N_("The tests did not pass ({passed} passed, {failed} failed): {output}")


class ArchiveRefused(LuxError):
    """Something that is to be packed is no plain file."""

    code = "programmer.archive_refused"
    exit_code = Exit.REFUSED
    message = N_("{path} is no plain file, so it is not packed. Take the link or the device away, then repeat.")

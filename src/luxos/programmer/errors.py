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

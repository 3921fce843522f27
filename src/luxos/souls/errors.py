"""What can go wrong with souls, as a person is told of it."""

from luxos.errors import Exit, LuxError
from luxos.i18n import N_


class SoulError(LuxError):
    """Base of the errors of this room."""

    code = "soul_error"
    message = N_("The soul {name} could not be used: {reason}.")


class ClassUnknown(SoulError):
    """What is to make an instance is no class."""

    code = "class_unknown"
    exit_code = Exit.USAGE
    message = N_("There is no class {name!r}, so nothing was made. `luxos soul add NAME FILE --class` makes one.")


class SoulUnknown(SoulError):
    """No soul has this hash or this alias."""

    code = "soul_unknown"
    exit_code = Exit.USAGE
    message = N_("There is no soul {name}. List what there is with `luxos soul list`.")


class AliasUnknown(SoulUnknown):
    """No soul has this alias, but others have names like it."""

    code = "alias_unknown"
    message = N_("There is no soul {name}. Did you mean {near}?")


class VersionUnknown(SoulUnknown):
    """An alias never was what it is to be again."""

    code = "version_unknown"
    message = N_("{name} has no version {version}. `luxos soul log {name}` lists those that it has.")


class SoulAmbiguous(SoulError):
    """More than one hash begins like this."""

    code = "soul_ambiguous"
    exit_code = Exit.USAGE
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
    exit_code = Exit.USAGE
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
    message = N_("The soul {name} takes {size} B, and a soul may take {most} B. Keep data in attributes or in files.")


class SoulDamaged(SoulError):
    """What is stored under a hash does not have that hash."""

    code = "soul_damaged"
    message = N_("The soul {name} was changed after it was registered, so it is not used. Register its source again.")


class ArchiveUnfit(SoulError):
    """The folder of reports and manifests cannot be used."""

    code = "archive_unfit"
    exit_code = Exit.ENVIRONMENT
    message = N_("The files of souls in {path} cannot be used: {reason}. Put that right, then repeat the command.")


class KeyUnfit(SoulError):
    """The key that manifests are signed with is damaged, or others can read it."""

    code = "key_unfit"
    exit_code = Exit.ENVIRONMENT
    message = N_(
        "The key {path} is damaged or others can read it, so nothing was signed. Restore it from a backup with mode "
        "0600, or move it away: then a new one is made, and the old manifests stay valid."
    )


class EnvironmentInvalid(SoulError):
    """A name that no environment can have."""

    code = "environment_invalid"
    exit_code = Exit.USAGE
    message = N_("{name!r} cannot be an environment. Use lower-case letters, digits and _, for example staging.")


class EnvironmentUnknown(SoulError):
    """Nothing was ever promoted to it."""

    code = "environment_unknown"
    exit_code = Exit.USAGE
    message = N_("There is no environment {name}. It is made by the first `luxos soul promote … --to {name}`.")


class NotPromoted(SoulError):
    """An environment does not have the alias."""

    code = "not_promoted"
    message = N_("{alias} is not in the environment {name}. `luxos soul production --environment {name}` lists it.")


class AliasMissing(SoulError):
    """A version that was registered without a name is to be promoted."""

    code = "alias_missing"
    exit_code = Exit.USAGE
    message = N_("The version {hash} has no alias. Say under which name it is promoted: --alias NAME.")


class PromotionRefused(SoulError):
    """A soul that did not pass what is checked before it is promoted."""

    code = "promotion_refused"
    exit_code = Exit.REFUSED
    message = N_("{name} was not promoted: {reason}. The environment is as it was.")


class PromotionUnchecked(SoulError):
    """A soul that cannot be judged, and nobody said that it is promoted so."""

    code = "promotion_unchecked"
    exit_code = Exit.REFUSED
    message = N_("{name} was not promoted, because it cannot be checked whole: {reason}. --unchecked promotes it so.")


class ManifestUnknown(SoulError):
    """An environment has no such manifest."""

    code = "manifest_unknown"
    exit_code = Exit.USAGE
    message = N_("The environment {name} has no manifest {manifest}. Name its number or the beginning of its hash.")


class ManifestDamaged(SoulError):
    """A manifest that is not what was signed; what stands on it is not changed."""

    code = "manifest_damaged"
    message = N_(
        "The manifest {manifest} of {name} is not what was signed. `luxos soul validate` says what is damaged."
    )


class NothingEarlier(SoulError):
    """There is nothing to go back to."""

    code = "nothing_earlier"
    exit_code = Exit.REFUSED
    message = N_("There is nothing before what {name} is now, so it stays. `luxos soul log` shows what there was.")


class IndexDamaged(SoulError):
    """The index of reports is not as it was written."""

    code = "index_damaged"
    message = N_(
        "{path} is not as it was written. `luxos soul report --all` sets it aside and writes all reports again."
    )

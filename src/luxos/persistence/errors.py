"""What can go wrong with the database, as a person is told of it."""

from luxos.errors import Exit, LuxError
from luxos.i18n import N_


class DatabaseError(LuxError):
    """Base of the errors of this room; all of them mean that something of the machine is missing or broken."""

    code = "database_error"
    exit_code = Exit.ENVIRONMENT
    message = N_("The database reports: {reason}. Look at `luxos doctor`.")


class DatabaseCannotStart(DatabaseError):
    """The embedded server does not start; `reason` is its own last word."""

    code = "database_cannot_start"
    message = N_(
        "The database cannot start: {reason}. Its log is {log}; put right what it says, then repeat the command."
    )


class DatabaseFolderBroken(DatabaseError):
    """The folder of the cluster is there, but is not a cluster that this LuxOS can use."""

    code = "database_folder_broken"
    message = N_(
        "The database folder {folder} cannot be used: {reason}. Nothing in it was changed. Move it away or restore it "
        "from a backup, then repeat the command."
    )


class DatabaseNeedsUser(DatabaseError):
    """PostgreSQL refuses root, and neither a namespace nor the user nobody can take its place."""

    code = "database_needs_user"
    message = N_(
        "PostgreSQL refuses to run as root, this system refuses user namespaces, and the user nobody cannot reach "
        "{folder}. Run LuxOS as an ordinary user, or set LUXOS_HOME to a folder below /var/lib."
    )


class DatabaseBinariesMissing(DatabaseError):
    """The wheel with PostgreSQL is not there, or has none for this machine."""

    code = "database_binaries_missing"
    message = N_(
        "PostgreSQL is missing from {folder}. Install LuxOS again, or set LUXOS_DSN to a PostgreSQL of your own."
    )


class DatabaseNewer(DatabaseError):
    """The schema in the database is of a later LuxOS; nothing was touched."""

    code = "database_newer"
    exit_code = Exit.NEWER_DATABASE
    message = N_(
        "This database has schema {found}, and this LuxOS knows schemas up to {known}. Nothing was changed; install "
        "the newer LuxOS to use it."
    )


class DatabaseForeign(DatabaseError):
    """The database already has tables of our names that LuxOS did not make."""

    code = "database_foreign"
    exit_code = Exit.REFUSED
    message = N_(
        "The database has a table {table} that LuxOS did not make. Nothing was changed; set LUXOS_DSN to an empty "
        "database."
    )


class DatabaseUnreachable(DatabaseError):
    """Nothing answers where `LUXOS_DSN` points, or it refuses us."""

    code = "database_unreachable"
    message = N_(
        "The database at {address} does not let LuxOS in: {reason}. Check LUXOS_DSN and whether it is running."
    )


class DatabaseTooOld(DatabaseError):
    """The server behind `LUXOS_DSN` is older than PostgreSQL 15."""

    code = "database_too_old"
    message = N_("The database at {address} is PostgreSQL {found}; LuxOS needs {needed} or newer.")


class PgvectorMissing(DatabaseError):
    """The server has no extension `vector`, or it may not be created by this role."""

    code = "pgvector_missing"
    message = N_(
        "The database has no pgvector ({reason}). Have its administrator install it and run "
        "`CREATE EXTENSION vector;` in this database, then repeat the command."
    )


class DiskFull(DatabaseError):
    """The disk of the database has no room."""

    code = "disk_full"
    message = N_("The disk with {folder} is full. What was finished is safe; make room, then run `luxos resume`.")


class DatabaseLost(DatabaseError):
    """The connection broke in the middle of the work."""

    code = "database_lost"
    message = N_(
        "The connection to the database was lost ({reason}). What was finished is safe; run `luxos resume` to go on."
    )


class ClosedMeanwhile(DatabaseLost):
    """The program left `luxos.open()` while something of it was still at work."""

    code = "closed_meanwhile"
    message = N_(
        "LuxOS was closed while this was at work, and nobody knows whether it was done. Let all tasks end before the "
        "block of `luxos.open()` does; then open it again and look."
    )


class NotOpen(DatabaseError):
    """Something of LuxOS was used outside of `luxos.open()`; nothing was begun."""

    code = "not_open"
    exit_code = Exit.USAGE
    message = N_(
        "LuxOS is not open here: this is before or after the block of `async with luxos.open() as lux:`. Nothing was "
        "done; do it inside of the block."
    )


class QueryFileBroken(DatabaseError):
    """A file of named queries of this installation does not read as one."""

    code = "query_file_broken"
    message = N_("The query file {file} is damaged: {reason}. Install LuxOS again.")


class MigrationFailed(DatabaseError):
    """A step from one schema to the next did not work; it was rolled back."""

    code = "migration_failed"
    message = N_("The database could not be brought to schema {version}: {reason}. It is as it was before.")


class ConnectionGivenBack(DatabaseError):
    """A connection of a pool is used after its block."""

    code = "connection_given_back"
    exit_code = Exit.USAGE
    message = N_(
        "The connection that was handed over was given back to its pool before, and nothing was done. Use it inside "
        "the block that it was taken in, or hand over none."
    )


class ValueUnreadable(DatabaseError):
    """A column holds JSON that no LuxOS writes, and Python does not read: too deep, or with endless numbers."""

    code = "value_unreadable"
    message = N_(
        "A row holds JSON that no LuxOS writes: nested too deep, or with a number of thousands of digits. `luxos db "
        "check` says which; mend it with `luxos psql`."
    )


class BackupDamaged(DatabaseError):
    """A backup is not as it was written, or is no backup."""

    code = "backup_damaged"
    exit_code = Exit.REFUSED
    message = N_(
        "The backup {path} cannot be used: {what} is missing, damaged, or not what a backup holds. Nothing was "
        "changed; take another backup."
    )


class BackupNewer(DatabaseError):
    """A backup of a later LuxOS."""

    code = "backup_newer"
    exit_code = Exit.NEWER_DATABASE
    message = N_(
        "The backup {path} was made by LuxOS {luxos}, which is newer. Nothing was changed; install that LuxOS."
    )


class DatabaseOccupied(DatabaseError):
    """A backup is restored where beings are already."""

    code = "database_occupied"
    exit_code = Exit.REFUSED
    message = N_(
        "The database holds {count} beings already, and nothing was changed. Restore into an empty LUXOS_HOME, or use "
        "--replace, which backs up what is here first."
    )


class DatabaseBusy(DatabaseError):
    """Others use the tables, so that they cannot be replaced."""

    code = "database_busy"
    exit_code = Exit.REFUSED
    message = N_(
        "Other work uses the database, and nothing was changed. End it (`luxos down`), then repeat the command."
    )

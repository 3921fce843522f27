"""What a Python interpreter needs to see of the host to run inside a sandbox."""

from pathlib import Path

ALWAYS_THERE = (Path("/usr"), Path("/bin"), Path("/lib"), Path("/lib64"))


def python_paths(executable: Path) -> tuple[Path, ...]:
    """The folders to bind read-only so that this interpreter, of an environment or not, starts at the same path.

    That is its environment, each folder that its symbolic links lead through, and its base installation with the
    standard library and shared libraries. What lies in /usr is there anyway.
    """
    found: list[Path] = []
    hop = Path(executable).absolute()
    for _ in range(40):
        found += _installation(hop)
        if not hop.is_symlink():
            break
        hop = hop.parent / hop.readlink()
    found += _installation(Path(executable).resolve())
    wanted = [path for path in dict.fromkeys(found) if not any(path.is_relative_to(there) for there in ALWAYS_THERE)]
    return tuple(wanted)


def _installation(executable: Path) -> list[Path]:
    """The prefix that this path to an interpreter lies in, and the base that an environment names."""
    prefix = executable.parent.parent
    found = []
    if (prefix / "lib").is_dir() and prefix != Path("/"):
        found.append(prefix)
    settings = prefix / "pyvenv.cfg"
    if settings.is_file():
        for line in settings.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            if name.strip() == "home" and Path(value.strip()).parent != Path("/"):
                found.append(Path(value.strip()).parent)
    return found

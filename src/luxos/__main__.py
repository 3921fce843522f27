"""The command `luxos`. The version is told before anything is imported, everything else by `ui/cli`."""

import sys

from luxos.version import __version__


def main() -> None:
    """Runs the command line and exits with its code."""
    if sys.argv[1:] == ["--version"]:
        print(f"luxos {__version__}")  # noqa: T201
        return
    if sorted(sys.argv[1:]) == ["--json", "--version"]:
        print(f'{{"version": "{__version__}"}}')  # noqa: T201
        return
    from luxos.ui.cli.app import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()

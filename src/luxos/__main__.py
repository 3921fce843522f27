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
    try:
        from luxos.ui.cli.app import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # before, or after, the command itself could hear it
        code = _stopped()
    sys.exit(code)


def _stopped() -> int:
    """Says that nothing was begun, with little imported; a second Ctrl+C is not heard any more."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from luxos.i18n import _

    print(_("Stopped."), file=sys.stderr)  # noqa: T201
    return 130


if __name__ == "__main__":
    main()

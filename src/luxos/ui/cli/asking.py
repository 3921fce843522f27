"""How a command that asks the person nothing gets its answer."""

from typing import Any

from luxos.agent.reasoning import Defaults
from luxos.ui.cli.app import complete, settings
from luxos.ui.cli.screen import Screen


def ask(method: str, arguments: dict[str, Any], as_json: bool) -> dict[str, Any]:
    """The result of a method, from the LuxOS in the background or from one of this process's own."""
    from luxos.ui.client import ask as asked

    with Screen(quiet=as_json) as screen:
        return complete(asked(settings(), method, arguments, Defaults(), screen.hear))

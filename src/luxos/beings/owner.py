"""Whose a being is, where nobody says it."""

import os
import pwd
from functools import cache


@cache
def system_user() -> str:
    """The operating system's user, whatever the environment says."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())

"""Whether this kernel has the Landlock that sandlock's library needs."""

import ctypes

CREATE_RULESET = 444
ASK_VERSION = 1
NEEDED = 6
"""Of Linux 6.12: abstract unix sockets and signals stay inside, too."""


def has_landlock() -> bool:
    """Asks the kernel itself: sandlock cannot be imported by a person without a home folder."""
    version = ctypes.CDLL(None).syscall(
        ctypes.c_long(CREATE_RULESET), None, ctypes.c_size_t(0), ctypes.c_uint32(ASK_VERSION)
    )
    return int(version) >= NEEDED

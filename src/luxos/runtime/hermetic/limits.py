"""A call's limits as Monty and its workers hold them."""

from luxos.runtime.code import CodeLimits
from luxos.runtime.hermetic.monty import ResourceLimits

MOST_MEMORY = 512 << 20
"""Bytes of one worker's heap, whatever a genotype asks for: its walls have room for little more."""
ASKS = 100_000
"""How often a call may ask anything of LuxOS; names that are not there count, for looking them up takes no time of its
own."""


def memory(limits: CodeLimits) -> int:
    """Bytes that the code may take."""
    return min(limits.memory, MOST_MEMORY)


def monty_limits(limits: CodeLimits) -> ResourceLimits:
    """The same for a session."""
    return {
        "max_feed_duration_secs": limits.seconds,
        "max_memory": memory(limits),
        "max_recursion_depth": limits.recursion,
        "max_suspensions": ASKS,
    }

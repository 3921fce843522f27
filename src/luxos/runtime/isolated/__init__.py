"""The isolated tier: CPython behind the walls, for souls that need libraries or what Monty does not have."""

from luxos.runtime.isolated.tier import Isolated

__all__ = ["Isolated"]

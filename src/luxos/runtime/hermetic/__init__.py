"""The hermetic tier: pydantic-monty in a pool of workers that run behind the isolated tier's walls."""

from luxos.runtime.hermetic.tier import Hermetic
from luxos.runtime.hermetic.unsupported import Unsupported

__all__ = ["Hermetic", "Unsupported"]

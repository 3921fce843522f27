"""Genotypes and changes of them, at random: all that a source can hold, and all that trips those who count lines."""

import random
from typing import Any

# Ends of lines, what `str.splitlines` takes for one, and pieces that are no line.
PIECES = (
    "\n", "\r\n", "\r", "\n\n", "\f", "\v", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\ufeff",
    "x = 1\n", "    return x\n", "zażółć gęślą jaźń\n", "日本語", "🦊\n", "é", "e\u0301\n", "\ud7ff\n", "\U0010ffff",
    "def function():\n    pass\n", "no end", " ", "\t", "#", "'\\n'",
)  # fmt: skip
VALUES: tuple[Any, ...] = (0, 1, 1.0, -0.0, 0.0, True, None, 2**60, 10**30, 5e-324, 1.7e308, "", "\u2028", [], {}, [1])


def step(genotype: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The genotype after one change; two times in three only something is added."""
    changed = {**genotype}
    if chance.random() < 0.75:
        changed["source"] = _text(genotype["source"], chance, adds=chance.random() < 0.8)
    else:
        limits = dict(genotype.get("limits", {}))
        if limits and chance.random() < 0.3:
            limits[chance.choice(list(limits))] = chance.choice(VALUES)
        else:
            limits[f"k{chance.randrange(40)}"] = chance.choice(VALUES)
        changed["limits"] = limits
    return changed


def _text(text: str, chance: random.Random, adds: bool) -> str:
    lines = text.split("\n")
    kept = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    if chance.random() < 0.02:
        return ""
    at = chance.randrange(len(kept) + 1)
    if adds:
        new = "".join(chance.choices(PIECES, k=chance.randrange(1, 4)))
        return "".join([*kept[:at], new if new.endswith("\n") or at == len(kept) else new + "\n", *kept[at:]])
    return "".join(kept[:at] + kept[at + chance.randrange(1, 3) :]) + chance.choice(("", "end", "\r"))

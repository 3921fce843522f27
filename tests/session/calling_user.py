"""A program that calls, and is killed in the middle: `python calling_user.py HOME`; the environment says where."""

import asyncio
import sys

import luxos

LEAF = "def function(n):\n    return n * 10\n"
TREE = """
def function(n):
    total = 0
    for part in range(n):
        total += execution("leaf", part)
    return total
"""


async def main() -> None:
    async with luxos.open(sys.argv[1]) as lux:
        await lux.summon(name="leaf", source=LEAF, tier="hermetic")
        await lux.summon(name="tree", source=TREE, tier="hermetic")
        print(await lux.execution("leaf", 7), flush=True)
        print(await lux.execution("tree", 4), flush=True)


asyncio.run(main())

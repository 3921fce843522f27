"""LangGraph's checkpointer for PostgreSQL on the same server, in a process of its own; run by benchmarks/steps.py.

Questions and answers as in dbos_peer.py: so many threads at once, of a graph whose one node runs so many times.
"""

import asyncio
import json
import sys
import time
from typing import TypedDict
from uuid import uuid4

from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import END, START, StateGraph


class State(TypedDict):
    """How often the node ran, and how often it is to."""

    number: int
    count: int


async def note(state: State) -> dict[str, int]:
    """A step without work."""
    return {"number": state["number"] + 1}


def more(state: State) -> str:
    """Where to go next."""
    return "note" if state["number"] < state["count"] else END


async def main() -> None:
    """Answers questions until the input ends; a step is on the disk before the next one begins, as with us."""
    graph = StateGraph(State)
    graph.add_node("note", note)
    graph.add_edge(START, "note")
    graph.add_conditional_edges("note", more)
    async with AsyncPostgresSaver.from_conn_string(sys.argv[1]) as saver:
        await saver.setup()
        compiled = graph.compile(checkpointer=saver)

        async def flow(count: int) -> None:
            config = {"configurable": {"thread_id": str(uuid4())}, "recursion_limit": count + 2}
            await compiled.ainvoke({"number": 0, "count": count}, config, durability="sync")

        while line := await asyncio.to_thread(sys.stdin.readline):
            question = json.loads(line)
            began = time.perf_counter()
            await asyncio.gather(*(flow(question["each"]) for _caller in range(question["callers"])))
            print(json.dumps(time.perf_counter() - began), flush=True)


asyncio.run(main())

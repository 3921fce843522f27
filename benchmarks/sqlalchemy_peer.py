"""SQLAlchemy 2's asynchronous ORM on the same table, in a process of its own; run by benchmarks/objects.py.

A line of the input is a question, `{"do": "load" | "save", "souls": […]}`; a line of the output is the answer, the
seconds of each. Nothing is compared with what was loaded, so a save does less than one of ours.
"""

import asyncio
import json
import sys
import time
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The mapped classes."""


class Being(Base):
    """The table without its vector, for which SQLAlchemy has no type."""

    __tablename__ = "base_beings"
    soul: Mapped[UUID] = mapped_column(primary_key=True)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text))
    energy_level: Mapped[int]
    genesis: Mapped[dict[str, Any]] = mapped_column(JSONB)
    attributes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    memories: Mapped[list[Any]] = mapped_column(JSONB)
    self_awareness: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime]


Sessions = async_sessionmaker[AsyncSession]


async def load(sessions: Sessions, soul: UUID) -> Being:
    """As the manual has it: a session for a unit of work."""
    async with sessions() as session:
        return await session.get_one(Being, soul)


async def save(sessions: Sessions, being: Being) -> None:
    """One attribute of a being that was loaded before."""
    async with sessions() as session:
        session.add(being)
        being.attributes = {**being.attributes, "n": being.attributes["n"] + 1}
        await session.commit()


async def main() -> None:
    """Answers questions until the input ends."""
    dsn = json.loads(sys.argv[1])
    engine = create_async_engine("postgresql+asyncpg://", connect_args=dsn)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    known: dict[UUID, Being] = {}
    while line := await asyncio.to_thread(sys.stdin.readline):
        question = json.loads(line)
        seconds = []
        for soul in map(UUID, question["souls"]):
            if question["do"] == "save" and soul not in known:
                known[soul] = await load(sessions, soul)
            began = time.perf_counter()
            await (load(sessions, soul) if question["do"] == "load" else save(sessions, known[soul]))
            seconds.append(time.perf_counter() - began)
        print(json.dumps(seconds), flush=True)
    await engine.dispose()


asyncio.run(main())

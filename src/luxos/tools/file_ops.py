"""Files of the workspace: read, write, append, copy, move, delete, list.

Paths are relative to the workspace and may not leave it. What a tool changes is staged, and becomes real when its step
is recorded as done. Which paths are refused stands in runtime/context.py.
"""

import codecs
from typing import Any
from uuid import UUID

from luxos.beings.core import CoreFunction
from luxos.runtime.context import Context
from luxos.runtime.threads import to_the_end

SHOWN = 256 << 10
"""Bytes of a file that a step's result holds."""


async def read(context: Context, path: str) -> dict[str, Any]:
    """The text of a file: of a long one its beginning, and `truncated`."""
    content, size = await to_the_end(context.beginning, path, SHOWN)
    truncated = size > len(content)
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(content, final=not truncated)
    cut = {"truncated": True} if truncated else {}
    return {"path": path, "text": text.replace("\0", "\ufffd"), "bytes": size, **cut}


async def write(context: Context, path: str, text: str) -> dict[str, Any]:
    """Writes a file, anew or in place of the old one."""
    return await _written(context, path, text.encode())


async def append(context: Context, path: str, text: str) -> dict[str, Any]:
    """Puts text at the end of a file, which need not exist."""
    old = await to_the_end(context.read, path) if context.exists(path) else b""
    return await _written(context, path, old + text.encode())


async def copy(context: Context, path: str, to: str) -> dict[str, Any]:
    """Copies a file, into `to` where that is a folder."""
    return {"path": await to_the_end(context.copy, path, to)}


async def move(context: Context, path: str, to: str) -> dict[str, Any]:
    """Moves or renames a file; into `to` where that is a folder."""
    moved = await to_the_end(context.copy, path, to)
    context.delete(path)
    return {"path": moved}


async def delete(context: Context, path: str) -> dict[str, Any]:
    """Removes a file; `luxos undo` brings it back."""
    context.delete(path)
    return {"path": path}


async def list_folder(context: Context, path: str = ".") -> dict[str, Any]:
    """The names in a folder, folders with a slash behind."""
    return {"path": path, "names": await to_the_end(context.names, path)}


async def _written(context: Context, path: str, content: bytes) -> dict[str, Any]:
    await to_the_end(context.write, path, content)
    return {"path": path, "bytes": len(content)}


FUNCTIONS = (
    CoreFunction(UUID("729d0df4-a285-4337-838c-dbf3b0d67dc7"), "file.read", "READ", "none", read),
    CoreFunction(UUID("0265c748-11df-4f7c-b24b-5dfafb8a28ce"), "file.write", "WRITE", "workspace", write),
    CoreFunction(UUID("8cfdd9fa-b07b-4953-a672-e444d3fd4f2a"), "file.append", "APPEND", "workspace", append),
    CoreFunction(UUID("cdcf116c-6791-43df-86ea-61db7e32773a"), "file.copy", "COPY", "workspace", copy),
    CoreFunction(UUID("4877d336-c471-4ec5-9957-c0cfec75a244"), "file.move", "MOVE", "workspace", move),
    CoreFunction(UUID("dee191eb-26fb-48ef-9bf8-9b5f8647057e"), "file.delete", "DELETE", "workspace", delete),
    CoreFunction(UUID("a19a2548-da48-4f62-9c87-266e339e03a3"), "file.list", "LIST", "none", list_folder),
)

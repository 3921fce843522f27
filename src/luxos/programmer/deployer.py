"""Makes of a finished application what can be carried to another machine: the reproducible archive."""

from typing import Any
from uuid import UUID

from luxos.beings.core import CoreFunction
from luxos.programmer.archive import write_archive
from luxos.programmer.shapes import Source
from luxos.runtime.context import Context


async def package(context: Context, source: Source) -> dict[str, Any]:
    """Packs the files of the source into `dist/<name>.tar.gz`; the same files give the same bytes."""
    name = source["name"]
    path = f"dist/{name}.tar.gz"
    target = context.changed_file(path)
    digest = write_archive(context.workspace, target, source["files"], prefix=name)
    return {"path": path, "sha256": digest, "bytes": target.stat().st_size}


FUNCTIONS = (
    CoreFunction(UUID("90be6d27-d376-4ace-a0b5-270a2ea15d0d"), "app.package", "PACKAGE", "workspace", package),
)

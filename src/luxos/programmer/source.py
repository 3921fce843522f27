"""The first two steps of every application: its design, checked, and its source, written."""

import hashlib
from typing import Any
from uuid import UUID

from luxos.beings.core import CoreFunction
from luxos.programmer.blueprint import Blueprint
from luxos.programmer.shapes import Design, ResourceDesign, Stack
from luxos.runtime.context import Context


async def design(
    context: Context,
    name: str,
    title: str,
    stack: Stack,
    resources: list[ResourceDesign],
    features: list[str] | None = None,
) -> dict[str, Any]:
    """Checks a blueprint and gives it complete."""
    data = {"name": name, "title": title, "stack": stack, "resources": resources, "features": features or []}
    return Blueprint.from_json(data).as_json()


async def write_source(context: Context, design: Design) -> dict[str, Any]:
    """Generates the application of a blueprint; files that an earlier build left and this one has not, go."""
    from luxos.programmer.code_generator import generate

    files = generate(Blueprint.from_json(design))
    for path, text in files.items():
        context.write(path, text.encode())
    digest = hashlib.sha256("".join(f"{path}\0{text}\0" for path, text in files.items()).encode()).hexdigest()
    return {"name": design["name"], "stack": design["stack"], "files": list(files), "sha256": digest}


FUNCTIONS = (
    CoreFunction(UUID("2763172b-c2fa-460d-b851-bc8eb3f7661c"), "app.design", "DESIGN", "none", design),
    CoreFunction(UUID("0a8f3cce-e942-4686-81ec-4d34a73e3501"), "app.generate", "GENERATE", "workspace", write_source),
)

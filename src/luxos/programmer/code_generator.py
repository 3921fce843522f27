"""Writes the source of an application: every file below `templates/<stack>/` and `templates/common/`, filled in.

A file's own path may hold `__module__`, which becomes the application's package, `__name__`, its name, and
`__resource__`: such a file is written once for each resource. The ending `.j2` falls away. A file that comes out empty
is left out, so that a template decides by itself whether it is wanted (`__init__.py` excepted). In a template,
`lock("fastapi")` is the text of a lock file.
"""

from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import jinja2

from luxos.programmer.blueprint import Blueprint

TEMPLATES = Path(__file__).parent / "templates"
LOCKS = Path(__file__).parent / "locks"


def generate(blueprint: Blueprint) -> dict[str, str]:
    """The files of the application, by path within its folder; the same blueprint gives the same bytes."""
    files = {}
    for family in ("common", blueprint.stack):
        for template in _templates(family):
            path = template.removeprefix(family + "/").removesuffix(".j2")
            for values in _fillings(blueprint, path):
                text = _environment().get_template(template).render(values)
                if text.strip() or PurePosixPath(path).name == "__init__.py":
                    files[_filled(path, values)] = text.strip("\n") + "\n" if text.strip() else ""
    return dict(sorted(files.items()))


def _fillings(blueprint: Blueprint, path: str) -> list[dict[str, Any]]:
    values: dict[str, Any] = {"blueprint": blueprint, "module": blueprint.module}
    if "__resource__" not in path:
        return [values]
    return [{**values, "resource": resource} for resource in blueprint.resources]


def _filled(path: str, values: dict[str, Any]) -> str:
    resource = values["resource"].name if "resource" in values else ""
    filled = path.replace("__module__", values["module"]).replace("__name__", values["blueprint"].name)
    return filled.replace("__resource__", resource)


@lru_cache(maxsize=4)
def _templates(family: str) -> tuple[str, ...]:
    folder = TEMPLATES / family
    return tuple(sorted(path.relative_to(TEMPLATES).as_posix() for path in folder.rglob("*.j2")))


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(  # noqa: S701 - the templates are Python and configuration, and labels are checked
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["lock"] = lambda name: (LOCKS / f"{name}.txt").read_text(encoding="utf-8")
    return environment

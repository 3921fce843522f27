"""Writes the source of an application: every file below `templates/<stack>/` and `templates/common/`, filled in.

A file's own path may hold `__module__`, which becomes the application's package; the ending `.j2` falls away. A file
that comes out empty is left out, so that a template decides by itself whether it is wanted (`__init__.py` excepted).
"""

from functools import lru_cache
from pathlib import Path, PurePosixPath

import jinja2

from luxos.programmer.blueprint import Blueprint

TEMPLATES = Path(__file__).parent / "templates"


def generate(blueprint: Blueprint) -> dict[str, str]:
    """The files of the application, by path within its folder; the same blueprint gives the same bytes."""
    files = {}
    for family in ("common", blueprint.stack):
        for template in _templates(family):
            path = template.removeprefix(family + "/").removesuffix(".j2").replace("__module__", blueprint.module)
            text = _environment().get_template(template).render(blueprint=blueprint, module=blueprint.module)
            if text.strip() or PurePosixPath(path).name == "__init__.py":
                files[path] = text.strip("\n") + "\n" if text.strip() else ""
    return dict(sorted(files.items()))


@lru_cache(maxsize=4)
def _templates(family: str) -> tuple[str, ...]:
    folder = TEMPLATES / family
    return tuple(sorted(path.relative_to(TEMPLATES).as_posix() for path in folder.rglob("*.j2")))


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    return jinja2.Environment(  # noqa: S701 - the templates are Python and configuration, and labels are checked
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )

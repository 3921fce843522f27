"""Joins `src/luxos/locale/<language>/*.po`, one catalogue a room, into the one compiled catalogue of that language."""

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


class CatalogueError(Exception):
    """Two rooms translate one message differently, or a translation is marked fuzzy."""


def join(language: Path, only: str = "*.po") -> Catalog:
    """The catalogue of the `.po` files in the folder of a language; `CatalogueError` where they disagree."""
    whole = Catalog(locale=language.name)
    for file in sorted(language.glob(only)):
        with file.open("rb") as stream:
            part = read_po(stream, locale=language.name, abort_invalid=True)
        for message in part:
            if not message.id:
                continue
            known = whole.get(message.id)
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            if message.fuzzy or not all(strings) or (known is not None and known.string != message.string):
                raise CatalogueError(f"{file}: {message.id!r}")
            whole.add(message.id, message.string)
    return whole


def compile_all(locale: Path) -> list[Path]:
    """Writes `<language>/LC_MESSAGES/luxos.mo` for each language below `locale`; gives the files."""
    written = []
    for language in sorted(path for path in locale.iterdir() if path.is_dir()):
        target = language / "LC_MESSAGES" / "luxos.mo"
        target.parent.mkdir(exist_ok=True)
        content = BytesIO()
        write_mo(content, join(language))
        target.write_bytes(content.getvalue())
        written.append(target)
    return written


if __name__ == "__main__":
    for path in compile_all(Path(__file__).parents[2] / "src" / "luxos" / "locale"):
        print(path)

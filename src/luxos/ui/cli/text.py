"""Programs and sources that a person gives as files."""

import click

from luxos.amounts import size
from luxos.errors import reason_of
from luxos.i18n import _
from luxos.ui.errors import TextFileUnfit

_LARGEST = 4 << 20
"""Bytes of a Lux program: what goes through the socket to the process in the background holds many times that."""


def text_of(file: str) -> str:
    """The text of a file, or from standard input (`-`); `TextFileUnfit` where it is none, or too large."""
    try:
        with click.open_file(file, "rb") as stream:
            content: bytes = stream.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise TextFileUnfit(name=file, reason=_("it has more than {most}").format(most=size(_LARGEST)))
        return content.decode()
    except OSError as error:
        raise TextFileUnfit(name=file, reason=reason_of(error)) from error
    except UnicodeDecodeError as error:
        raise TextFileUnfit(name=file, reason=_("it is not UTF-8 text")) from error

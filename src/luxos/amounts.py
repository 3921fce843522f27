"""Numbers, lengths of time and sizes as a person reads them, each written in one way everywhere."""

from luxos.i18n import _

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_FEW = 2
"""How many of a unit it must be before that unit is used: 90 s, and not 1 min 30 s."""


def number(value: float, digits: int | None = None) -> str:
    """A number with so many digits after the point, or as many as it needs, and the point of the language."""
    return (f"{round(value, 6):.15g}" if digits is None else f"{value:.{digits}f}").replace(".", _("."))


def duration(seconds: float | None) -> str:
    """A length of time: hundredths of a second below 10 s, else the two largest units that it has."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole >= _FEW * _DAY:
        return _("{days} d {hours} h").format(days=whole // _DAY, hours=whole % _DAY // _HOUR)
    if whole >= _FEW * _HOUR:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    if whole >= _FEW * _MINUTE:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{number(seconds, 2)} s" if seconds < 10 else f"{whole} s"


def size(taken: int) -> str:
    """Bytes, in units of 1024: to a tenth, which round numbers do not show."""
    power = min(max(taken.bit_length() - 1, 0) // 10, len(_UNITS) - 1)
    shown = number(round(taken / 1024**power, 1))
    return f"{shown} {_UNITS[power]}"

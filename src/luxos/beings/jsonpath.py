"""What a jsonpath asks of an object: keys without which it finds nothing, and whether an index knows what it is after.

Read from the text in which PostgreSQL gives a jsonpath back: each key is `."key"`, and each operator has one form.
"""

import json
import re
from typing import NamedTuple

_KEY = r'\$\.("(?:[^"\\]|\\.)*")'
_TEXT = r'"(?:[^"\\]|\\.)*"'
_SIGN = r"\|\||[!=<>]=|[!<>]|starts with|like_regex|is unknown|exists \(|[?\w]?\(|\)"
_TOKEN = re.compile(f"{_KEY}|{_TEXT}|{_SIGN}", re.DOTALL)
_UNSURE = {"||", "!", "is unknown"}
"""With these a jsonpath may find something though a part of it finds nothing."""
_UNINDEXED = {"!", "is unknown", "!=", "<", "<=", ">", ">=", "starts with", "like_regex", "exists ("}
"""What an index of JSONB cannot look up, as it can `==`."""
_TRUTHS = ("(", "exists (")
_GOES_ON = (".", "[", "?")


class Asked(NamedTuple):
    """`keys` are those that an object must have; `is_indexed` is whether PostgreSQL looks the values up by itself."""

    keys: tuple[str, ...] = ()
    is_indexed: bool = False


def asked(text: str) -> Asked:
    """What a jsonpath asks, as far as that is sure; a key counts where it is the first step from `$`."""
    keys: dict[str, None] = {}
    signs: list[str] = []
    open_: list[str] = []
    for found in _TOKEN.finditer(text):
        sign = found[0]
        if found[1] is not None:
            keys[json.loads(found[1])] = None
        elif sign.endswith("("):
            open_.append(sign)
        elif sign == ")" and open_.pop() in _TRUTHS and text.startswith(_GOES_ON, found.end()):
            return Asked()  # ($."a" == 1).type() finds something in every object
        signs.append(sign)
    if _UNSURE.intersection(signs):
        keys.clear()
    return Asked(tuple(keys), "==" in signs and not _UNINDEXED.intersection(signs))

"""What all our pictures share. Names come from people, so every text goes through the XML writer, and characters that
XML cannot hold are replaced.
"""

import re
from xml.etree.ElementTree import Element, SubElement, tostring

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST = 24


def picture(width: int, height: int, title: str) -> Element:
    """An empty picture on white, which programs that read pictures aloud call by its title."""
    made = Element("svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width} {height}")
    made.set("font-family", "sans-serif")
    made.set("font-size", "11")
    SubElement(made, "title").text = clean(title)
    SubElement(made, "rect", width="100%", height="100%", fill="white")
    return made


def written(made: Element) -> str:
    """The picture as text."""
    return tostring(made, encoding="unicode", xml_declaration=False) + "\n"


def short(text: str, longest: int = _LONGEST) -> str:
    """Text that fits beside what it names."""
    whole = clean(text)
    return whole if len(whole) <= longest else whole[: longest - 1] + "…"


def clean(text: str) -> str:
    """Text that XML can hold."""
    return _NOT_XML.sub("\ufffd", text)

"""What the reports in XML share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from auditor.text import escaped

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_NOT_IN_XML: Final = re.compile("[\ufdd0-\ufdef\ufffe\uffff]")


def text(value: object) -> str:
    """Return a value as text in which every character may stand in XML 1.0."""
    return _NOT_IN_XML.sub(lambda match: f"\\u{ord(match[0]):04x}", escaped(str(value)))


def child(parent: Element, tag: str, body: str = "", **attributes: object) -> Element:
    """Add an element with attributes and a text to another."""
    made = ET.SubElement(parent, tag, {name: text(value) for name, value in attributes.items()})
    if body:
        made.text = text(body)
    return made


def document(root: Element) -> str:
    """Return a whole document."""
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'

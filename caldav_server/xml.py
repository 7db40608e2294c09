"""XML in, under limits, and XML out, as text.

Replies are joined from text and not built as trees: a listing of 10,000 objects is one join.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape as escape_markup

import defusedxml.ElementTree as SafeET
from defusedxml.common import DefusedXmlException

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = [
    "APPLE",
    "CALDAV",
    "CALSERVER",
    "DAV",
    "NAMESPACES",
    "XmlError",
    "document",
    "empty",
    "escape",
    "parse",
    "wrap",
]

DAV = "{DAV:}"
CALDAV = "{urn:ietf:params:xml:ns:caldav}"
CALSERVER = "{http://calendarserver.org/ns/}"
APPLE = "{http://apple.com/ns/ical/}"
PRAXIS = "{urn:praxis-caldav}"
_PREFIXES = {DAV: "", CALDAV: "C:", CALSERVER: "CS:", APPLE: "A:", PRAXIS: "P:"}
NAMESPACES = "".join(
    f' xmlns{":" if prefix else ""}{prefix.rstrip(":")}="{namespace[1:-1]}"'
    for namespace, prefix in _PREFIXES.items()
)
DEEPEST = 100
MOST_ELEMENTS = 50_000


class XmlError(Exception):
    """The body is not XML this server takes."""


def parse(body: bytes) -> Element | None:
    """Return the root of an XML body, None for an empty one; raises XmlError.

    DTDs are refused whatever is in them: nothing in WebDAV needs one, and every XML bomb does.
    """
    if not body.strip():
        return None
    try:
        root: Element = SafeET.fromstring(body, forbid_dtd=True)
    except (SafeET.ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise XmlError("The body is not well-formed XML without a DTD.") from error
    _check_size(root)
    return root


def _check_size(root: Element) -> None:
    """Walk level by level, since a recursive walk is what a deep document attacks."""
    level, depth, elements = [root], 0, 0
    while level:
        depth, elements = depth + 1, elements + len(level)
        if depth > DEEPEST or elements > MOST_ELEMENTS:
            raise XmlError("The XML is nested too deeply or has too many elements.")
        level = [child for element in level for child in element]


def escape(text: str) -> str:
    """Return text as character data or attribute value.

    A bare CR would be read back as LF (XML 1.0 2.11) and change the bytes of every object.
    """
    return escape_markup(text, {"\r": "&#13;", '"': "&quot;"})


@lru_cache(maxsize=1024)
def _names(tag: str) -> tuple[str, str]:
    """Return the opening (with its namespace if it is no usual one) and closing name of a tag."""
    namespace, separator, name = tag.rpartition("}")
    prefix = _PREFIXES.get(namespace + separator)
    if prefix is not None:
        return prefix + name, prefix + name
    if not namespace:
        return f'{name} xmlns=""', name
    return f'x:{name} xmlns:x="{escape(namespace[1:])}"', f"x:{name}"


def wrap(tag: str, content: str) -> str:
    """Return an element (its tag in Clark notation) around content that is XML already."""
    opening, closing = _names(tag)
    return f"<{opening}>{content}</{closing}>" if content else f"<{opening}/>"


def empty(tag: str) -> str:
    """Return an empty element."""
    return f"<{_names(tag)[0]}/>"


def document(root: str) -> bytes:
    """Return a whole document in UTF-8."""
    return f'<?xml version="1.0" encoding="utf-8"?>\n{root}'.encode()

"""XML in, under limits, and XML out, as text.

Replies are joined from text and not built as trees: a listing of 10,000 objects is one join.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from xml.etree.ElementTree import TreeBuilder

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
    "XML_TYPE",
    "XmlError",
    "document",
    "element_text",
    "element_xml",
    "empty",
    "escape",
    "hrefs",
    "is_element",
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
_XML = "{http://www.w3.org/XML/1998/namespace"
_LANGUAGE = _XML + "}lang"
#: The headers of a reply that is XML.
XML_TYPE = {"Content-Type": "application/xml; charset=utf-8"}
DEEPEST = 100
MOST_ELEMENTS = 50_000
#: The longest there is, a multiget of long names, has less.
MOST_BYTES = 5_000_000


class XmlError(Exception):
    """The body is not XML this server takes."""


def parse(body: bytes) -> Element | None:
    """Return the root of an XML body, None for an empty one; raises XmlError.

    DTDs are refused whatever is in them: nothing in WebDAV needs one, and every XML bomb does.
    """
    if not body.strip():
        return None
    if len(body) > MOST_BYTES:
        raise XmlError(f"XML here has at most {MOST_BYTES} bytes.")
    parser = SafeET.DefusedXMLParser(target=_Bounded(), forbid_dtd=True)
    try:
        parser.feed(body)
        root: Element = parser.close()
    except (SafeET.ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise XmlError("The body is not well-formed XML without a DTD.") from error
    return root


class _Bounded(TreeBuilder):
    """Counts while the tree grows: a whole one of a hostile body would take a gigabyte."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = self._elements = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        """See TreeBuilder."""
        self._depth, self._elements = self._depth + 1, self._elements + 1
        if self._depth > DEEPEST or self._elements > MOST_ELEMENTS:
            raise XmlError("The XML is nested too deeply or has too many elements.")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        """See TreeBuilder."""
        self._depth -= 1
        return super().end(tag)


def escape(text: str) -> str:
    """Return text as character data or attribute value.

    A bare CR would be read back as LF (XML 1.0 2.11) and change the bytes of every object.
    """
    told = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return told.replace("\r", "&#13;").replace('"', "&quot;")


@lru_cache(maxsize=1024)
def _names(tag: str) -> tuple[str, str]:
    """Return the opening (with its namespace if it is no usual one) and closing name of a tag."""
    namespace, separator, name = tag.rpartition("}")
    prefix = _PREFIXES.get(namespace + separator)
    if prefix is not None:
        return prefix + name, prefix + name
    if not namespace:
        return f'{name} xmlns=""', name
    if namespace == _XML:  # no other prefix may stand for it
        return f"xml:{name}", f"xml:{name}"
    return f'x:{name} xmlns:x="{escape(namespace[1:])}"', f"x:{name}"


def wrap(tag: str, content: str, language: str = "") -> str:
    """Return an element (its tag in Clark notation) around content that is XML already."""
    opening, closing = _names(tag)
    if language:
        opening += f' xml:lang="{escape(language)}"'
    return f"<{opening}>{content}</{closing}>" if content else f"<{opening}/>"


def element_text(element: Element) -> str:
    """Return the characters in an element; raises XmlError for elements in it."""
    if len(element):
        raise XmlError("The value is text.")
    return element.text or ""


def element_xml(element: Element, language: str = "") -> str:
    """Return an element as XML that stands alone, wherever it is put among ours.

    Names, attributes and text come back as they were (RFC 4918 4.3); prefixes do not.
    `language` is the xml:lang around it.
    """
    return _Writer().written(element, language)


def is_element(tag: str, value: str) -> bool:
    """Tell whether a stored value is what `element_xml` has made of an element of that tag."""
    return value.startswith(_Writer().opening(tag)) and value.endswith(">")


class _Writer:
    """Writes one element, with prefixes of its own."""

    def __init__(self) -> None:
        self._prefixes: dict[str, str] = {}

    def opening(self, tag: str) -> str:
        """Return the beginning of the tag, and its namespace where that is needed."""
        namespace, _, name = tag.rpartition("}")
        if not namespace:
            return f'<{name} xmlns=""'
        if namespace == _XML:
            return f"<xml:{name}"
        prefix = self._prefixes.get(namespace)
        if prefix is not None:
            return f"<{prefix}:{name}"
        prefix = self._prefixes[namespace] = f"n{len(self._prefixes)}"
        return f'<{prefix}:{name} xmlns:{prefix}="{_attribute(namespace[1:])}"'

    def written(self, element: Element, language: str = "") -> str:
        """Return the element; prefixes made within it are forgotten after it."""
        outside = dict(self._prefixes)
        start = self.opening(element.tag)
        attributes = dict(element.attrib)
        if language:
            attributes.setdefault(_LANGUAGE, language)
        start += "".join(self._attribute(*one) for one in attributes.items())
        inside = escape(element.text or "")
        for child in element:
            inside += self.written(child) + escape(child.tail or "")
        self._prefixes, closing = outside, start[1:].partition(" ")[0]
        return f"{start}>{inside}</{closing}>" if inside else f"{start}/>"

    def _attribute(self, name: str, value: str) -> str:
        namespace, _, bare = name.rpartition("}")
        told = f'="{_attribute(value)}"'
        if not namespace:
            return f" {bare}{told}"
        if namespace == _XML:
            return f" xml:{bare}{told}"
        prefix, declared = self._prefixes.get(namespace), ""
        if prefix is None:
            prefix = self._prefixes[namespace] = f"n{len(self._prefixes)}"
            declared = f' xmlns:{prefix}="{_attribute(namespace[1:])}"'
        return f"{declared} {prefix}:{bare}{told}"


def _attribute(value: str) -> str:
    """Return an attribute's value; white space in it would be read back as spaces."""
    return escape(value).replace("\n", "&#10;").replace("\t", "&#9;")


def empty(tag: str) -> str:
    """Return an empty element."""
    return f"<{_names(tag)[0]}/>"


def hrefs(*addresses: str) -> str:
    """Return an href element for each address."""
    return "".join(f"<href>{escape(address)}</href>" for address in addresses)


def document(root: str) -> bytes:
    """Return a whole document in UTF-8."""
    return f'<?xml version="1.0" encoding="utf-8"?>\n{root}'.encode()

"""CalDAV as a client speaks it: bodies to send, replies taken apart and held to the RFCs."""

from __future__ import annotations

import base64
import http.client
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import httpx

from tests.building import PASSWORD
from tests.servers import RunningServer

__all__ = [
    "APPLE",
    "CALDAV",
    "CALENDARSERVER",
    "DAV",
    "HOME",
    "Found",
    "Multistatus",
    "emptied",
    "listing",
    "multiget",
    "multistatus",
    "names",
    "preconditions",
    "propfind",
    "put",
    "query",
    "raw",
    "report",
    "sync",
]

DAV = "{DAV:}"
CALDAV = "{urn:ietf:params:xml:ns:caldav}"
CALENDARSERVER = "{http://calendarserver.org/ns/}"
APPLE = "{http://apple.com/ns/ical/}"
HOME = "/caldav/calendars/"

_STATUS = re.compile(r"HTTP/1\.1 (\d{3}) .+")
_ETAG = DAV + "getetag"
_DATA = CALDAV + "calendar-data"


@dataclass(frozen=True)
class Found:
    """One response element: its href, and either a status or its properties by status."""

    href: str
    status: int | None = None
    propstats: dict[int, dict[str, ET.Element]] = field(default_factory=dict)

    @property
    def told(self) -> dict[str, ET.Element]:
        """The properties that the resource has."""
        return self.propstats.get(200, {})

    @property
    def missing(self) -> set[str]:
        """The properties that it has not."""
        return set(self.propstats.get(404, {}))

    def text(self, tag: str) -> str:
        """The text of a property, as it is."""
        return self.told[tag].text or ""

    def hrefs(self, tag: str) -> list[str]:
        """The hrefs right below a property; a client reads their text as it is."""
        return [element.text or "" for element in self.told[tag].findall(DAV + "href")]

    def kinds(self, tag: str = DAV + "resourcetype") -> set[str]:
        """The tags right below a property."""
        return {element.tag for element in self.told[tag]}

    @property
    def privileges(self) -> set[str]:
        """What the current user may do."""
        told = self.told[DAV + "current-user-privilege-set"]
        return {p[0].tag for p in told.findall(DAV + "privilege")}

    @property
    def reports(self) -> set[str]:
        """Which reports may be run."""
        told = self.told[DAV + "supported-report-set"]
        return {r[0][0].tag for r in told.findall(DAV + "supported-report")}

    @property
    def components(self) -> set[str]:
        """Which components the calendar takes."""
        told = self.told[CALDAV + "supported-calendar-component-set"]
        return {c.attrib["name"] for c in told.findall(CALDAV + "comp")}


@dataclass(frozen=True)
class Multistatus:
    """A whole reply, its responses by href."""

    found: dict[str, Found]
    token: str = ""

    @property
    def only(self) -> Found:
        """The one response there is."""
        (one,) = self.found.values()
        return one

    @property
    def etags(self) -> dict[str, str]:
        """The ETags of what is there, by href."""
        return {h: f.text(_ETAG) for h, f in self.found.items() if _ETAG in f.told}

    @property
    def data(self) -> dict[str, str]:
        """The texts of what is there, by href."""
        return {h: f.text(_DATA) for h, f in self.found.items() if _DATA in f.told}

    @property
    def gone(self) -> set[str]:
        """The hrefs of what is not there."""
        return {h for h, f in self.found.items() if f.status == 404}


def multistatus(response: httpx.Response) -> Multistatus:
    """Take a 207 apart; each href stands in it once, and every status is a status line."""
    assert response.status_code == 207, (response.status_code, response.text)
    assert response.headers["content-type"].split(";")[0] in {"application/xml", "text/xml"}
    root = ET.fromstring(response.content)
    assert root.tag == DAV + "multistatus"
    found: dict[str, Found] = {}
    for element in root.findall(DAV + "response"):
        one = _found(element)
        assert one.href not in found, f"{one.href} stands twice in the answer"
        found[one.href] = one
    return Multistatus(found, root.findtext(DAV + "sync-token") or "")


def _found(element: ET.Element) -> Found:
    hrefs = element.findall(DAV + "href")
    assert len(hrefs) == 1
    propstats: dict[int, dict[str, ET.Element]] = {}
    for propstat in element.findall(DAV + "propstat"):
        prop = propstat.find(DAV + "prop")
        assert prop is not None
        propstats.setdefault(_status(propstat), {}).update({p.tag: p for p in prop})
    status = None if propstats else _status(element)
    return Found(hrefs[0].text or "", status, propstats)


def _status(element: ET.Element) -> int:
    line = _STATUS.fullmatch(element.findtext(DAV + "status") or "")
    assert line, ET.tostring(element)
    return int(line[1])


def preconditions(response: httpx.Response) -> set[str]:
    """Return the precondition elements in a DAV:error (RFC 4918 16)."""
    root = ET.fromstring(response.content)
    assert root.tag == DAV + "error"
    return {element.tag for element in root if not element.tag.startswith("{urn:praxis-caldav}m")}


def _empty(tags: Iterable[str]) -> str:
    return "".join(
        f'<x:{name} xmlns:x="{namespace[1:]}"/>'
        for namespace, _, name in (tag.rpartition("}") for tag in tags)
    )


def propfind(client: httpx.Client, path: str, *tags: str, depth: str = "0") -> Multistatus:
    """Ask for properties."""
    body = f'<propfind xmlns="DAV:"><prop>{_empty(tags)}</prop></propfind>'
    return multistatus(client.request("PROPFIND", path, content=body, headers={"Depth": depth}))


def report(client: httpx.Client, path: str, body: str, depth: str = "1") -> Multistatus:
    """Run a report."""
    return multistatus(client.request("REPORT", path, content=body, headers={"Depth": depth}))


def sync(client: httpx.Client, path: str, token: str = "") -> Multistatus:
    """Ask what changed since a token (RFC 6578)."""
    body = (
        f'<sync-collection xmlns="DAV:"><sync-token>{escape(token)}</sync-token>'
        "<sync-level>1</sync-level><prop><getetag/></prop></sync-collection>"
    )
    return report(client, path, body, depth="0")


def multiget(client: httpx.Client, path: str, hrefs: Iterable[str]) -> Multistatus:
    """Fetch objects by their hrefs (RFC 4791 7.9)."""
    told = "".join(f"<href>{escape(href)}</href>" for href in hrefs)
    body = (
        '<C:calendar-multiget xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
        f"<prop><getetag/><C:calendar-data/></prop>{told}</C:calendar-multiget>"
    )
    return report(client, path, body)


def query(
    client: httpx.Client, path: str, start: str, end: str, component: str = "VEVENT"
) -> Multistatus:
    """Fetch what overlaps a range of time, as 20261123T000000Z (RFC 4791 7.8)."""
    body = (
        '<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
        "<prop><getetag/><C:calendar-data/></prop>"
        f'<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="{component}">'
        f'<C:time-range start="{start}" end="{end}"/>'
        "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
    )
    return report(client, path, body)


def listing(client: httpx.Client, calendar: str) -> dict[str, str]:
    """Return the ETags of everything in a calendar, by href."""
    etags = propfind(client, calendar, _ETAG, depth="1").etags
    return {href: etag for href, etag in etags.items() if not href.endswith("/")}


def names(client: httpx.Client, calendar: str) -> set[str]:
    """Return the names of everything in a calendar."""
    return {unquote(href.rsplit("/", 1)[1]) for href in listing(client, calendar)}


def put(
    client: httpx.Client, calendar: str, name: str, text: str, **conditions: str
) -> httpx.Response:
    """Put an object; conditions are headers such as If_Match."""
    headers = {key.replace("_", "-"): value for key, value in conditions.items()}
    headers["Content-Type"] = "text/calendar; charset=utf-8"
    return client.put(calendar + quote(name, safe="~"), content=text.encode(), headers=headers)


def emptied(server: RunningServer) -> RunningServer:
    """Delete every object of the practice, so that a test finds the calendars empty."""
    with server.client() as client:
        for href in listing(client, HOME + "praxis/"):
            assert client.delete(href).status_code == 204
    return server


def raw(
    server: RunningServer, method: str, target: bytes, body: bytes = b"", account: str = "empfang"
) -> int:
    """Send a request target byte for byte, as no library would; return the status."""
    where = urlsplit(server.url)
    assert where.hostname
    assert where.port
    claim = base64.b64encode(f"{account}:{PASSWORD}".encode())
    head = (
        b"%b %b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nDepth: 0\r\n"
        b"Authorization: Basic %b\r\nContent-Length: %d\r\n\r\n"
    )
    with socket.create_connection((where.hostname, where.port), timeout=20) as connection:
        connection.sendall(head % (method.encode(), target, claim, len(body)) + body)
        response = http.client.HTTPResponse(connection, method=method)
        response.begin()
        response.read()
        return response.status

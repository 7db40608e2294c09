"""Outlook with CalDav Synchronizer: its own requests, in its order.

Source: aluxnimm/outlookcaldavsynchronizer (CalDavDataAccess, WebDavDataAccess).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin
from xml.sax.saxutils import escape

import httpx
import pytest

from tests.building import an_event
from tests.dav import (
    APPLE,
    CALDAV,
    DAV,
    HOME,
    Multistatus,
    emptied,
    listing,
    multistatus,
    preconditions,
    put,
)
from tests.servers import RunningServer

PRAXIS = HOME + "praxis/"
MUELLER = HOME + "dr-mueller/"
SCHMIDT = HOME + "dr-schmidt/"
NAMESPACES = (
    'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:E="http://apple.com/ns/ical/"'
)
WINDOW = ("20261101T000000Z", "20270101T000000Z")


@dataclass
class Outlook:
    """One profile: a calendar folder of Outlook and the calendar it is kept in step with."""

    client: httpx.Client
    calendar: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def request(self, method: str, path: str, depth: int | None, body: str) -> httpx.Response:
        headers = {"Content-Type": "application/xml", "User-Agent": "CalDavSynchronizer/4.4"}
        if depth is not None:
            headers["Depth"] = str(depth)
        answer = self.client.request(method, path, content=body, headers=headers)
        if answer.has_redirect_location:
            return self.request(method, urljoin(path, answer.headers["location"]), depth, body)
        return answer

    def propfind(self, path: str, *props: str, depth: int = 0) -> Multistatus:
        asked = "".join(f"<{prop} />" for prop in props)
        body = f"<?xml version='1.0'?><D:propfind {NAMESPACES}><D:prop>{asked}</D:prop>"
        return multistatus(self.request("PROPFIND", path, depth, body + "</D:propfind>"))

    def get_versions(self, component: str = "VEVENT") -> dict[str, str]:
        """Ask for the ETags of what lies in the window."""
        body = (
            '<?xml version="1.0"?>\n<C:calendar-query xmlns:C="urn:ietf:params:xml:ns:caldav">'
            '<D:prop xmlns:D="DAV:">\n<D:getetag/>\n</D:prop>'
            '<C:filter><C:comp-filter name="VCALENDAR">'
            f'<C:comp-filter name="{component}">'
            f'\n<C:time-range start="{WINDOW[0]}" end="{WINDOW[1]}"/>\n'
            "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
        )
        return multistatus(self.request("REPORT", self.calendar, 1, body)).etags

    def get_entities(self, hrefs: list[str]) -> dict[str, str]:
        """Fetch the texts of some objects."""
        told = "\r\n".join(f"<D:href>{escape(href)}</D:href>" for href in hrefs)
        body = (
            f'<?xml version="1.0"?><C:calendar-multiget {NAMESPACES}>'
            "<D:prop><D:getetag/><D:displayname/><C:calendar-data/></D:prop>"
            f"{told}</C:calendar-multiget>"
        )
        return multistatus(self.request("REPORT", self.calendar, 1, body)).data

    def download(self) -> None:
        """Run the server's half of a synchronization."""
        new = self.get_versions()
        wanted = [href for href, etag in new.items() if self.versions.get(href) != etag]
        self.texts = {href: text for href, text in self.texts.items() if href in new}
        if wanted:
            self.texts |= self.get_entities(wanted)
        self.versions = new

    def collection_sync(self, token: str | None) -> httpx.Response:
        told = f"<D:sync-token>{token}</D:sync-token>" if token else "<D:sync-token/>"
        body = (
            '<?xml version="1.0" encoding="utf-8" ?><D:sync-collection xmlns:D="DAV:">'
            f"{told}<D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop>"
            "</D:sync-collection>"
        )
        return self.request("REPORT", self.calendar, 0, body)

    def create(self, uid: str, text: str) -> httpx.Response:
        """Upload a new appointment, named by its UID; take the ETag told."""
        headers = {"Content-Type": "text/calendar", "If-None-Match": "*"}
        href = f"{self.calendar}{uid}.ics"
        answer = self.client.put(href, content=text.encode(), headers=headers)
        if answer.is_success:
            assert "location" not in answer.headers
            self.versions[href], self.texts[href] = answer.headers["etag"], text
        return answer

    def update(self, href: str, text: str) -> httpx.Response:
        headers = {"Content-Type": "text/calendar", "If-Match": self.versions[href]}
        answer = self.client.put(href, content=text.encode(), headers=headers)
        if answer.is_success:
            self.versions[href], self.texts[href] = answer.headers["etag"], text
        return answer

    def delete(self, href: str) -> httpx.Response:
        return self.client.delete(href, headers={"If-Match": self.versions[href]})


@pytest.fixture
def house(server: RunningServer) -> RunningServer:
    """The served practice, its calendars empty."""
    return emptied(server)


@pytest.fixture
def outlook(house: RunningServer) -> Iterator[Outlook]:
    """A profile of the reception over a doctor's calendar."""
    with house.client() as client:
        yield Outlook(client, MUELLER)


@pytest.mark.parametrize("address", ["/.well-known/caldav", "/", "/caldav/", HOME])
def test_outlook_finds_calendars_and_task_lists(server: RunningServer, address: str) -> None:
    with server.client("mueller") as client:
        outlook = Outlook(client)
        who = ("D:current-user-principal", "D:principal-URL", "D:resourcetype")
        (principal,) = outlook.propfind(address, *who).only.hrefs(DAV + "current-user-principal")
        homes = ("C:calendar-home-set", "C:schedule-default-calendar-URL")
        (home,) = outlook.propfind(principal, *homes).only.hrefs(CALDAV + "calendar-home-set")
        listed = ("D:resourcetype", "D:displayname", "E:calendar-color")
        found = outlook.propfind(
            home, *listed, "C:supported-calendar-component-set", depth=1
        ).found.values()
        calendars = [f for f in found if CALDAV + "calendar" in f.kinds()]
        assert {calendar.href for calendar in calendars} == {MUELLER, PRAXIS}
        for calendar in calendars:
            assert calendar.text(DAV + "displayname")
            assert calendar.components >= {"VEVENT", "VTODO"}
            # It asks for the ACL, and takes a calendar that does not tell it for writable.
            assert set(outlook.propfind(calendar.href, "D:acl").only.propstats) == {403}


@pytest.mark.parametrize(
    ("account", "privileges"),
    [
        ("empfang", {"write", "write-content", "bind", "unbind"}),
        ("albis", {"write", "write-content", "bind", "unbind"}),
        ("buchung", {"write-content", "bind"}),
        ("gast", set()),
    ],
)
def test_outlooks_connection_test_passes(
    server: RunningServer, account: str, privileges: set[str]
) -> None:
    with server.client(account) as client:
        for calendar in (MUELLER, PRAXIS, PRAXIS + "appointments.ics/", HOME + "hauptkalender/"):
            outlook = Outlook(client, calendar)
            options = outlook.request("OPTIONS", calendar, None, "")
            assert "calendar-access" in [o.strip() for o in options.headers["dav"].split(",")]
            kinds = outlook.propfind(calendar, "D:resourcetype").only.kinds()
            assert CALDAV + "calendar" in kinds
            reports = outlook.propfind(calendar, "D:supported-report-set").only.reports
            assert {CALDAV + "calendar-query", DAV + "sync-collection"} <= reports
            told = outlook.propfind(calendar, "D:current-user-privilege-set").only.privileges
            wanted = {"write", "write-content", "bind", "unbind"}
            assert {p.removeprefix(DAV) for p in told} & wanted == privileges


def test_outlook_sees_what_lies_in_its_window(house: RunningServer, outlook: Outlook) -> None:
    outside = ("20261030T100000", "20261030T103000")
    series = an_event("serie", "20250106T100000", "20250106T103000", "RRULE:FREQ=WEEKLY")
    with house.client("albis") as other:
        for name, text in {
            "drin.ics": an_event("drin"),
            "vorher.ics": an_event("vorher", *outside),
            "danach.ics": an_event("danach", "20270101T010000", "20270101T013000"),
            "knapp.ics": an_event("knapp", "20270101T003000", "20270101T010000"),
            "serie.ics": series,
        }.items():
            assert put(other, MUELLER, name, text).status_code == 201
        outlook.download()
        inside = {MUELLER + name for name in ("drin.ics", "knapp.ics", "serie.ics")}
        assert set(outlook.texts) == inside  # Berlin is an hour ahead of the window's UTC
        assert outlook.texts[MUELLER + "serie.ics"] == series

        moved = an_event("drin", "20261124T100000", "20261124T103000")
        assert put(other, MUELLER, "drin.ics", moved).status_code == 204
        assert other.delete(MUELLER + "knapp.ics").status_code == 204
        assert put(other, MUELLER, "serie.ics", an_event("serie", *outside)).status_code == 204
        outlook.download()
        assert outlook.texts == {MUELLER + "drin.ics": moved}


UID = "040000008200E00074C5B7101A82E00800000000C0A6E8F3A25ADC01000000000000000010000000"


@pytest.mark.parametrize("calendar", [MUELLER, PRAXIS, PRAXIS + "appointments.ics/"])
def test_outlook_adds_changes_and_deletes(outlook: Outlook, calendar: str) -> None:
    outlook.calendar = calendar
    href = f"{calendar}{UID}.ics"
    assert outlook.create(UID, AN_APPOINTMENT).status_code == 201
    assert outlook.create(UID, AN_APPOINTMENT).status_code == 412
    outlook.download()
    assert outlook.texts == {href: AN_APPOINTMENT}
    assert outlook.versions == listing(outlook.client, calendar)

    later = AN_APPOINTMENT.replace("SEQUENCE:0", "SEQUENCE:1")
    assert outlook.update(href, later).status_code == 204
    outlook.download()
    assert outlook.texts == {href: later}
    assert outlook.delete(href).status_code == 204
    assert outlook.delete(href).status_code == 404
    outlook.download()
    assert outlook.texts == {}


def test_outlook_hears_of_conflicts(house: RunningServer, outlook: Outlook) -> None:
    href = f"{MUELLER}{UID}.ics"
    outlook.create(UID, AN_APPOINTMENT)
    theirs = AN_APPOINTMENT.replace("SEQUENCE:0", "SEQUENCE:7")
    with house.client("albis") as other:
        assert other.put(href, content=theirs.encode()).status_code == 204
        assert outlook.update(href, AN_APPOINTMENT).status_code == 412
        assert outlook.delete(href).status_code == 412
        outlook.download()
        assert outlook.texts == {href: theirs}
        assert other.delete(href).status_code == 204
        assert outlook.update(href, AN_APPOINTMENT).status_code in {404, 412}
        assert listing(other, MUELLER) == {}


def test_outlooks_windows_time_zone_is_understood(outlook: Outlook) -> None:
    assert outlook.create(UID, AN_APPOINTMENT).status_code == 201
    hour = '<C:time-range start="20261123T{}0000Z" end="20261123T{}0000Z"/>'
    hits = {}
    for start, end in (("08", "09"), ("09", "10"), ("10", "11")):
        body = (
            f"<C:calendar-query {NAMESPACES}><D:prop><D:getetag/></D:prop>"
            '<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
            f"{hour.format(start, end)}</C:comp-filter></C:comp-filter></C:filter>"
            "</C:calendar-query>"
        )
        found = multistatus(outlook.request("REPORT", MUELLER, 1, body)).found
        hits[start] = len(found)
    assert hits == {"08": 0, "09": 1, "10": 0}  # ten o'clock in Berlin is nine in UTC


def test_outlook_keeps_tasks(outlook: Outlook) -> None:
    task = AN_APPOINTMENT.replace("VEVENT", "VTODO").replace("DTEND", "DUE")
    assert outlook.create(UID, task).status_code == 201
    (href,) = outlook.get_versions("VTODO")
    assert outlook.get_entities([href]) == {href: task}
    assert outlook.get_versions("VEVENT") == {}


def test_outlook_may_sync_by_token(house: RunningServer, outlook: Outlook) -> None:
    outlook.create(UID, AN_APPOINTMENT)
    first = multistatus(outlook.collection_sync(None))
    assert first.etags == outlook.versions
    with house.client("albis") as other:
        assert put(other, MUELLER, "neu.ics", an_event("neu")).status_code == 201
        assert other.delete(f"{MUELLER}{UID}.ics").status_code == 204
    second = multistatus(outlook.collection_sync(first.token))
    assert set(second.etags) == {MUELLER + "neu.ics"}
    assert second.gone == {f"{MUELLER}{UID}.ics"}
    assert multistatus(outlook.collection_sync(second.token)).found == {}
    refused = outlook.collection_sync("http://example.org/veraltet")
    assert refused.status_code == 403
    assert preconditions(refused) == {DAV + "valid-sync-token"}


def test_outlook_sets_a_calendars_colour(outlook: Outlook) -> None:
    body = (
        f"<?xml version='1.0'?><D:propertyupdate {NAMESPACES}><D:set><D:prop>"
        "<E:calendar-color >#1E90FFFF</E:calendar-color></D:prop></D:set></D:propertyupdate>"
    )
    answer = outlook.request("PROPPATCH", SCHMIDT, 0, body)
    assert set(multistatus(answer).only.told) == {APPLE + "calendar-color"}
    told = outlook.propfind(SCHMIDT, "E:calendar-color").only
    assert told.text(APPLE + "calendar-color") == "#1E90FFFF"


AN_APPOINTMENT = "\r\n".join(
    (
        "BEGIN:VCALENDAR",
        *("VERSION:2.0", "PRODID:-//github.com/rianjs/ical.net//NONSGML ical.net 2.3//EN"),
        *("BEGIN:VTIMEZONE", "TZID:W. Europe Standard Time", "X-LIC-LOCATION:Europe/Berlin"),
        *("BEGIN:STANDARD", "DTSTART:20251026T030000", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10"),
        *("TZNAME:Mitteleuropäische Zeit", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100"),
        *("END:STANDARD", "BEGIN:DAYLIGHT", "DTSTART:20250330T020000"),
        *("RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3", "TZNAME:Mitteleuropäische Sommerzeit"),
        *("TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "END:DAYLIGHT", "END:VTIMEZONE"),
        "BEGIN:VEVENT",
        "CATEGORIES:Sprechstunde,Rote Kategorie",
        *("CLASS:PUBLIC", "CREATED:20261120T081500Z", "DTSTAMP:20261120T081700Z"),
        "DTSTART;TZID=W. Europe Standard Time:20261123T100000",
        "DTEND;TZID=W. Europe Standard Time:20261123T103000",
        *("LAST-MODIFIED:20261120T081700Z", "PRIORITY:5", "SEQUENCE:0"),
        "SUMMARY;LANGUAGE=de:Kontrolle Frau Müller-Lüdenscheidt",
        f"UID:{UID[:70]}",
        f" {UID[70:]}",
        "X-ALT-DESC;FMTTYPE=text/html:<html><body>Bitte <b>nüchtern</b>\\, danke</body>",
        " </html>",
        *("X-MICROSOFT-CDO-BUSYSTATUS:BUSY", "X-MICROSOFT-DISALLOW-COUNTER:FALSE"),
        *("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:This is an event reminder"),
        *("TRIGGER:-P0DT0H15M0S", "END:VALARM"),
        *("END:VEVENT", "END:VCALENDAR", ""),
    )
)

"""Apple's calendars (iOS dataaccessd, macOS Calendar): their requests, in their order.

Sources: requests logged in Radicale#1288, xandikos#166, emersion/go-webdav#150 (iOS 18),
openradar 22800610 (which addresses are probed), stalwart#1611 (colours), bedework's
IcalInteractions ("No calendar home" unless the principal's address ends with a slash).
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
    CALENDARSERVER,
    DAV,
    HOME,
    Found,
    Multistatus,
    emptied,
    listing,
    multistatus,
    names,
    put,
)
from tests.servers import RunningServer

PRAXIS = HOME + "praxis/"
MUELLER = HOME + "dr-mueller/"
SCHMIDT = HOME + "dr-schmidt/"
HEADERS = {
    "User-Agent": "iOS/18.1.1 (22B91) dataaccessd/1.0",
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate, br",
    "Accept-Language": "de-DE,de;q=0.9",
    "Prefer": "return=minimal",
    "Brief": "t",
    "Content-Type": "text/xml",
}
WHO = ("A:current-user-principal", "A:principal-URL", "A:resourcetype")
PRINCIPAL = (
    *("B:calendar-home-set", "B:calendar-user-address-set", "A:current-user-principal"),
    *("A:displayname", "C:dropbox-home-URL", "C:email-address-set"),
    *("B:max-attendees-per-instance", "C:notification-URL", "A:principal-collection-set"),
    *("A:principal-URL", "A:resource-id", "B:schedule-inbox-URL", "B:schedule-outbox-URL"),
    "A:supported-report-set",
)
CALENDARS = (
    *("A:add-member", "C:allowed-sharing-modes", "D:autoprovisioned", "E:bulk-requests"),
    *("B:calendar-alarm", "D:calendar-color", "B:calendar-description"),
    *("B:calendar-free-busy-set", "D:calendar-order", "B:calendar-timezone"),
    *("A:current-user-privilege-set", "B:default-alarm-vevent-date"),
    *("B:default-alarm-vevent-datetime", "A:displayname", "C:getctag", "D:language-code"),
    *("D:location-code", "B:max-attendees-per-instance", "A:owner", "C:pre-publish-url"),
    *("C:publish-url", "C:push-transports", "C:pushkey", "A:quota-available-bytes"),
    *("A:quota-used-bytes", "D:refreshrate", "A:resource-id", "A:resourcetype"),
    *("B:schedule-calendar-transp", "B:schedule-default-calendar-URL", "C:source"),
    *("C:subscribed-strip-alarms", "C:subscribed-strip-attachments"),
    *("C:subscribed-strip-todos", "B:supported-calendar-component-set"),
    *("B:supported-calendar-component-sets", "A:supported-report-set", "A:sync-token"),
)
NAMESPACES = (
    'xmlns:A="DAV:" xmlns:B="urn:ietf:params:xml:ns:caldav"'
    ' xmlns:C="http://calendarserver.org/ns/" xmlns:D="http://apple.com/ns/ical/"'
    ' xmlns:E="http://me.com/_namespace/"'
)
XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
#: Objects that one multiget asks for.
CHUNK = 50


@dataclass
class Phone:
    """An account on an iPhone, and a copy of one calendar."""

    client: httpx.Client
    calendar: str = ""
    ctag: str = ""
    token: str = ""
    etags: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def propfind(self, path: str, props: tuple[str, ...], depth: str = "0") -> httpx.Response:
        asked = "".join(f"<{prop}/>" for prop in props)
        body = f"{XML}<A:propfind {NAMESPACES}><A:prop>{asked}</A:prop></A:propfind>"
        headers = HEADERS | {"Depth": depth}
        return self.client.request("PROPFIND", path, content=body, headers=headers)

    def report(self, name: str, content: str) -> Multistatus:
        body = f"{XML}<{name} {NAMESPACES}>{content}</{name}>"
        headers = HEADERS | {"Depth": "1"}
        answer = self.client.request("REPORT", self.calendar, content=body, headers=headers)
        return multistatus(answer)

    def poll(self) -> bool:
        """Ask for ctag and sync-token; fetch what changed. Tell whether anything had."""
        told = multistatus(self.propfind(self.calendar, ("C:getctag", "A:sync-token"))).only
        ctag = told.text(CALENDARSERVER + "getctag")
        if ctag == self.ctag:
            return False
        self.ctag = ctag
        token = f"<A:sync-token>{self.token}</A:sync-token>" if self.token else "<A:sync-token/>"
        changed = self.report(
            "A:sync-collection",
            f"{token}<A:sync-level>1</A:sync-level>"
            "<A:prop><A:getcontenttype/><A:getetag/></A:prop>",
        )
        for href in changed.gone:
            self.etags.pop(href, None)
            self.texts.pop(href, None)
        wanted = [href for href, etag in changed.etags.items() if self.etags.get(href) != etag]
        for start in range(0, len(wanted), CHUNK):
            self.fetch(wanted[start : start + CHUNK])
        self.token = changed.token
        return True

    def fetch(self, hrefs: list[str]) -> None:
        """Fetch objects by multiget, with everything a phone asks of each."""
        told = "".join(f"<A:href>{escape(href)}</A:href>" for href in hrefs)
        props = "<A:getetag/><B:calendar-data/><B:schedule-tag/><C:created-by/><C:updated-by/>"
        found = self.report("B:calendar-multiget", f"<A:prop>{props}</A:prop>{told}")
        assert set(found.data) == set(hrefs)
        self.etags |= found.etags
        self.texts |= found.data

    def proppatch(self, path: str, content: str) -> httpx.Response:
        body = (
            f"{XML}<A:propertyupdate {NAMESPACES}><A:set><A:prop>{content}</A:prop></A:set>"
            "</A:propertyupdate>"
        )
        return self.client.request("PROPPATCH", path, content=body, headers=HEADERS)

    def put(self, href: str, text: str, **condition: str) -> httpx.Response:
        told = {name.replace("_", "-"): value for name, value in condition.items()}
        headers = HEADERS | {"Content-Type": "text/calendar", **told}
        return self.client.put(href, content=text.encode(), headers=headers)


@pytest.fixture
def house(server: RunningServer) -> RunningServer:
    """The served practice, its calendars empty."""
    return emptied(server)


@pytest.fixture
def phone(house: RunningServer) -> Iterator[Phone]:
    """A phone with the reception's account, copying the main calendar."""
    with house.client() as client:
        yield Phone(client, PRAXIS)


def found_by_hand(client: httpx.Client, nobody: httpx.Client, address: str) -> str:
    """Look for the principal at an address: without a password, redirected, with it."""
    first = Phone(nobody).propfind(address, WHO)
    if first.status_code == 301:
        address = urljoin(address, first.headers["location"])
        first = Phone(nobody).propfind(address, WHO)
    assert first.status_code == 401
    assert first.headers["www-authenticate"].startswith("Basic realm=")
    told = multistatus(Phone(client).propfind(address, WHO)).only
    assert told.href == address
    (principal,) = told.hrefs(DAV + "current-user-principal")
    assert principal.endswith("/")  # else: "No calendar home"
    return principal


@pytest.mark.parametrize("account", ["empfang", "mueller", "gast"])
def test_an_apple_device_finds_the_principal_wherever_it_looks(
    server: RunningServer, account: str
) -> None:
    with server.client(account) as client, server.client(None) as nobody:
        for address in ("/.well-known/caldav", "/", "/principals/", "/caldav/"):
            assert found_by_hand(client, nobody, address) == f"/caldav/{account}/"
        # An address it makes up for servers it knows: nothing there, and it goes on.
        guessed = Phone(nobody).propfind(f"/principals/users/{account}/", WHO)
        assert guessed.status_code in {401, 404}


@pytest.mark.parametrize(
    ("account", "writable", "read_only"),
    [
        ("empfang", {PRAXIS, MUELLER, SCHMIDT}, set()),
        ("albis", {PRAXIS, MUELLER, SCHMIDT}, set()),
        ("gast", set(), {PRAXIS, MUELLER}),
    ],
)
def test_an_apple_device_sets_up_its_account(
    server: RunningServer, account: str, writable: set[str], read_only: set[str]
) -> None:
    with server.client(account) as client:
        phone = Phone(client)
        principal = f"/caldav/{account}/"
        options = client.request("OPTIONS", principal, headers=HEADERS)
        assert options.status_code == 200
        assert "calendar-access" in options.headers["dav"].split(", ")

        told = multistatus(phone.propfind(principal, PRINCIPAL)).only
        assert told.href == principal
        (home,) = told.hrefs(CALDAV + "calendar-home-set")
        assert told.hrefs(CALDAV + "calendar-user-address-set")
        assert told.text(DAV + "displayname")
        assert told.hrefs(CALDAV + "schedule-inbox-URL") == [principal + "inbox/"]
        assert told.hrefs(CALDAV + "schedule-outbox-URL") == [principal + "outbox/"]
        # Nothing is invited here, and nothing is claimed that would make a phone try.
        assert "schedule" not in options.headers["dav"]

        # It asks how to search for people.
        (collection,) = told.hrefs(DAV + "principal-collection-set")
        body = f"{XML}<A:principal-search-property-set {NAMESPACES}/>"
        searched = client.request("REPORT", collection, content=body, headers=HEADERS)
        assert searched.status_code == 200
        assert "<principal-search-property><prop><displayname/></prop>" in searched.text

        found = multistatus(phone.propfind(home, CALENDARS, depth="1")).found
        assert found.pop(home).kinds() == {DAV + "collection"}  # a container with calendars in it
        assert set(found) == writable | read_only
        assert {href for href, calendar in found.items() if _is_writable(calendar)} == writable
        for calendar in found.values():
            assert calendar.kinds() == {DAV + "collection", CALDAV + "calendar"}
            assert calendar.text(DAV + "displayname")
            assert calendar.components >= {"VEVENT", "VTODO"}
            assert calendar.reports >= {
                *(DAV + "sync-collection", CALDAV + "calendar-query"),
                CALDAV + "calendar-multiget",
            }
            assert calendar.text(CALENDARSERVER + "getctag")
            assert calendar.text(DAV + "sync-token")
            assert "BEGIN:VTIMEZONE" in calendar.text(CALDAV + "calendar-timezone")
            assert calendar.propstats.keys() == {200}  # Brief: t


def _is_writable(calendar: Found) -> bool:
    return DAV + "write" in calendar.privileges


def test_an_apple_device_keeps_a_true_copy(house: RunningServer, phone: Phone) -> None:
    with house.client("admin") as other:
        for number in range(120):
            calendar = (MUELLER, PRAXIS, SCHMIDT)[number % 3]
            assert put(other, calendar, f"{number}.ics", an_event(f"e{number}")).status_code == 201
        assert phone.poll()
        assert len(phone.texts) == 120
        assert phone.etags == listing(phone.client, PRAXIS)
        assert not phone.poll()

        for number in range(0, 120, 6):
            moved = an_event(f"e{number}", "20261124T100000", "20261124T103000")
            assert put(other, MUELLER, f"{number}.ics", moved).status_code == 204
        for number in range(1, 60, 3):
            assert other.delete(f"{PRAXIS}{number}.ics").status_code == 204
        assert phone.poll()
        assert len(phone.texts) == 100
        assert phone.etags == listing(phone.client, PRAXIS)
        assert "20261124T100000" in phone.texts[PRAXIS + "dr-mueller~0.ics"]
        assert not phone.poll()


def test_an_older_iphone_asks_for_everything_from_a_day_on(phone: Phone) -> None:
    phone.put(PRAXIS + "alt.ics", an_event("alt", "20261001T100000", "20261001T103000"))
    phone.put(PRAXIS + "neu.ics", an_event("neu"))
    series = ("RRULE:FREQ=WEEKLY",)
    phone.put(PRAXIS + "serie.ics", an_event("s", "20260105T100000", "20260105T103000", *series))
    found = phone.report(
        "B:calendar-query",
        "<A:prop><A:getetag/><A:resourcetype/></A:prop>"
        '<B:filter><B:comp-filter name="VCALENDAR"><B:comp-filter name="VEVENT">'
        '<B:time-range start="20261101T000000Z"/></B:comp-filter></B:comp-filter></B:filter>',
    )
    assert set(found.etags) == {PRAXIS + "neu.ics", PRAXIS + "serie.ics"}
    assert all(not item.kinds() for item in found.found.values())


UID = "7C1E6D2B-6B0E-4B7C-9D55-2F3B7A0C1D11"


@pytest.mark.parametrize("calendar", [MUELLER, PRAXIS])
def test_an_apple_device_adds_changes_and_deletes(phone: Phone, calendar: str) -> None:
    phone.calendar = calendar
    phone.poll()
    href = f"{calendar}{UID}.ics"
    for text in (AN_EVENT, A_DAY, A_REMINDER):
        made = phone.put(href, text, If_None_Match="*")
        assert made.status_code == 201
        assert phone.put(href, text, If_None_Match="*").status_code == 412
        phone.fetch([href])
        assert phone.texts[href] == text  # also where a comma stands in an X- property
        assert phone.etags[href] == made.headers["etag"]

        later = text.replace("SEQUENCE:0", "SEQUENCE:1")
        changed = phone.put(href, later, If_Match=made.headers["etag"])
        assert changed.status_code == 204
        assert phone.put(href, text, If_Match=made.headers["etag"]).status_code == 412
        phone.poll()
        assert phone.etags == {href: changed.headers["etag"]} == listing(phone.client, calendar)

        condition = {"If-Match": changed.headers["etag"]}
        assert phone.client.delete(href, headers=condition).status_code == 204
        phone.poll()
        assert phone.etags == {}


def test_an_apple_device_drags_an_event_into_another_calendar(
    house: RunningServer, phone: Phone
) -> None:
    etag = phone.put(f"{MUELLER}{UID}.ics", AN_EVENT).headers["etag"]
    target = f"{house.url}{SCHMIDT}{UID}.ics"
    headers = HEADERS | {"Destination": target, "Overwrite": "F", "If-Match": etag}
    moved = phone.client.request("MOVE", f"{MUELLER}{UID}.ics", headers=headers)
    assert moved.status_code == 201
    assert names(phone.client, MUELLER) == set()
    assert phone.client.get(f"{SCHMIDT}{UID}.ics").text == AN_EVENT


def test_a_colour_set_on_a_phone_is_kept_for_its_account(
    house: RunningServer, phone: Phone
) -> None:
    phone.poll()
    colours = (
        '<D:calendar-color symbolic-color="green">#63DA38FF</D:calendar-color>'
        "<D:calendar-order>7</D:calendar-order>"
    )
    with house.client("gast") as guest:
        before = multistatus(Phone(guest).propfind(PRAXIS, CALENDARS)).only
    answer = phone.proppatch(PRAXIS, colours)
    assert (answer.status_code, answer.content) == (200, b"")  # Brief: t
    phone.proppatch(PRAXIS, '<D:calendar-color symbolic-color="custom">#FF00FF</D:calendar-color>')
    told = multistatus(phone.propfind(PRAXIS, CALENDARS)).only
    assert told.text(APPLE + "calendar-color") == "#FF00FF"
    assert told.text(APPLE + "calendar-order") == "7"
    with house.client("gast") as guest:
        after = multistatus(Phone(guest).propfind(PRAXIS, CALENDARS)).only
    assert after.text(APPLE + "calendar-color") == before.text(APPLE + "calendar-color")
    assert APPLE + "calendar-order" not in after.told
    # A colour is no change of the calendar: the next poll finds nothing.
    assert not phone.poll()
    assert phone.etags == {}


def test_a_reader_may_reorder_the_own_list_and_nobody_elses(house: RunningServer) -> None:
    with house.client("gast") as guest, house.client() as staff:
        before = multistatus(Phone(staff).propfind(MUELLER, CALENDARS)).only
        done = Phone(guest).proppatch(MUELLER, "<D:calendar-order>99</D:calendar-order>")
        assert done.status_code == 200
        after = multistatus(Phone(staff).propfind(MUELLER, CALENDARS)).only
    assert after.text(DAV + "sync-token") == before.text(DAV + "sync-token")
    order = APPLE + "calendar-order"
    assert (order in after.told) == (order in before.told)
    assert order not in after.told or after.text(order) != "99"


def test_apples_reminder_default_is_kept(phone: Phone) -> None:
    alarm = "BEGIN:VALARM\nTRIGGER:-PT15H\nACTION:NONE\nEND:VALARM\n"
    tag = CALDAV + "default-alarm-vevent-date"
    content = f"<B:default-alarm-vevent-date>{alarm}</B:default-alarm-vevent-date>"
    assert phone.proppatch(MUELLER, content).status_code == 200
    told = multistatus(phone.propfind(MUELLER, CALENDARS)).only
    assert told.text(tag).split() == alarm.split()


def _item(*component: str) -> str:
    product = "PRODID:-//Apple Inc.//iOS 18.1.1//EN"
    shell = ("BEGIN:VCALENDAR", "CALSCALE:GREGORIAN", product, "VERSION:2.0")
    return "\r\n".join((*shell, *component, "END:VCALENDAR", ""))


_HEAD = (
    "CREATED:20261120T081500Z",
    "DTSTAMP:20261120T081700Z",
    "LAST-MODIFIED:20261120T081700Z",
    "SEQUENCE:0",
    "SUMMARY:Hausbesuch",
    f"UID:{UID}",
)
AN_EVENT = _item(
    *("BEGIN:VTIMEZONE", "TZID:Europe/Berlin", "BEGIN:DAYLIGHT", "DTSTART:19810329T020000"),
    *("RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3", "TZNAME:MESZ", "TZOFFSETFROM:+0100"),
    *("TZOFFSETTO:+0200", "END:DAYLIGHT", "BEGIN:STANDARD", "DTSTART:19961027T030000"),
    *("RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10", "TZNAME:MEZ", "TZOFFSETFROM:+0200"),
    *("TZOFFSETTO:+0100", "END:STANDARD", "END:VTIMEZONE"),
    "BEGIN:VEVENT",
    *_HEAD,
    "DTEND;TZID=Europe/Berlin:20261123T110000",
    "DTSTART;TZID=Europe/Berlin:20261123T100000",
    "LOCATION:Am Park 1\\nBerlin",
    "TRANSP:OPAQUE",
    "X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-ADDRESS=Am Park 1\\\\nBerlin;X-APPL",
    ' E-RADIUS=70;X-TITLE="Am Park 1":geo:52.516000,13.377000',
    "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC",
    *("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:Erinnerung", "TRIGGER:-PT15M"),
    *(f"UID:A{UID[1:]}", f"X-WR-ALARMUID:A{UID[1:]}", "END:VALARM"),
    "END:VEVENT",
)
A_DAY = _item(
    "BEGIN:VEVENT",
    *_HEAD,
    "DTSTART;VALUE=DATE:20261224",
    "DTEND;VALUE=DATE:20261225",
    "TRANSP:TRANSPARENT",
    "END:VEVENT",
)
A_REMINDER = _item(
    "BEGIN:VTODO", *_HEAD, "STATUS:NEEDS-ACTION", "X-APPLE-SORT-ORDER:1", "END:VTODO"
)

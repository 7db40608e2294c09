"""DAVx5's own requests, in its order, and what it needs of each answer.

Sources: bitfireAT/davx5-ose (DavResourceFinder, ServiceRefresher, HomeSetRefresher, SyncManager,
CalendarSyncManager), bitfireAT/dav4jvm (DavCollection, DavCalendar, Response).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urljoin
from xml.sax.saxutils import escape

import httpx
import pytest

from tests.building import an_event
from tests.dav import (
    APPLE,
    CALDAV,
    DAV,
    HOME,
    Found,
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
XML = "<?xml version='1.0' encoding='UTF-8' ?>"
HEADERS = {"Content-Type": "application/xml; charset=utf-8", "User-Agent": "DAVx5/4.4.5-ose"}
#: `MAX_MULTIGET_RESOURCES`.
BUNCH = 10


@dataclass
class Davx5:
    """One calendar on an Android phone."""

    client: httpx.Client
    calendar: str = ""
    state: str = ""
    etags: dict[str, str] = field(default_factory=dict)  # by file name, without quotes
    texts: dict[str, str] = field(default_factory=dict)

    def request(self, method: str, path: str, body: str, depth: str | None) -> httpx.Response:
        """Send a request; redirects are followed by hand, with the same method and body."""
        headers = HEADERS | ({"Depth": depth} if depth is not None else {})
        for _ in range(5):
            answer = self.client.request(method, path, content=XML + body, headers=headers)
            if not answer.has_redirect_location:
                return answer
            path = urljoin(path, answer.headers["location"])
        raise AssertionError("redirected for ever")

    def propfind(self, path: str, *props: str, depth: int = 0) -> Multistatus:
        asked = "".join(f"<{prop} />" for prop in props)
        body = (
            '<propfind xmlns="DAV:" xmlns:CAL="urn:ietf:params:xml:ns:caldav"'
            ' xmlns:CS="http://calendarserver.org/ns/" xmlns:ICAL="http://apple.com/ns/ical/"'
            f' xmlns:P="https://bitfire.at/webdav-push"><prop>{asked}</prop></propfind>'
        )
        return multistatus(self.request("PROPFIND", path, body, str(depth)))

    def provides_calendars(self, path: str) -> bool:
        options = self.client.request("OPTIONS", path, headers=HEADERS)
        return "calendar-access" in [c.strip() for c in options.headers["dav"].split(",")]

    def synchronize(self, since: str | None = None) -> None:
        """Run one synchronization: by sync-collection, or by a query when `since` is set."""
        told = self.propfind(
            self.calendar,
            *("CAL:max-resource-size", "supported-report-set", "CS:getctag", "sync-token"),
        ).only
        assert _is_the_same(told.href, self.calendar)
        assert int(told.text(CALDAV + "max-resource-size")) > 0
        assert DAV + "sync-collection" in told.reports
        if since:
            members = self._query(since)
            for name in set(self.etags) - {_name(href) for href in members.etags}:
                del self.etags[name], self.texts[name]
        elif told.text(DAV + "sync-token") == self.state:
            return
        else:
            members = self._changes()
        bunch = []
        for href, item in members.found.items():
            assert href.startswith(self.calendar)  # not a member, not looked at
            name = _name(href)
            if item.status == 404:
                self.etags.pop(name, None)
                self.texts.pop(name, None)
            elif self.etags.get(name) != item.text(DAV + "getetag").strip('"'):
                bunch.append(href)
        for start in range(0, len(bunch), BUNCH):
            self.download(bunch[start : start + BUNCH])

    def _changes(self) -> Multistatus:
        answer = self._sync_collection(self.state)
        if answer.status_code == 403 and DAV + "valid-sync-token" in preconditions(answer):
            answer = self._sync_collection("")
            members = multistatus(answer)
            for name in set(self.etags) - {_name(href) for href in members.etags}:
                del self.etags[name], self.texts[name]
        members = multistatus(answer)
        self.state = members.token
        assert self.state
        return members

    def _sync_collection(self, token: str) -> httpx.Response:
        body = (
            f'<sync-collection xmlns="DAV:"><sync-token>{escape(token)}</sync-token>'
            "<sync-level>1</sync-level><prop><getetag /></prop></sync-collection>"
        )
        return self.request("REPORT", self.calendar, body, "0")

    def _query(self, since: str) -> Multistatus:
        body = (
            '<CAL:calendar-query xmlns="DAV:" xmlns:CAL="urn:ietf:params:xml:ns:caldav">'
            "<prop><getetag /></prop>"
            '<CAL:filter><CAL:comp-filter name="VCALENDAR"><CAL:comp-filter name="VEVENT">'
            f'<CAL:time-range start="{since}" />'
            "</CAL:comp-filter></CAL:comp-filter></CAL:filter></CAL:calendar-query>"
        )
        return multistatus(self.request("REPORT", self.calendar, body, "1"))

    def download(self, hrefs: list[str]) -> None:
        """Fetch a bunch by multiget, which is sent without a Depth."""
        told = "".join(f"<href>{escape(href)}</href>" for href in hrefs)
        body = (
            '<CAL:calendar-multiget xmlns="DAV:" xmlns:CAL="urn:ietf:params:xml:ns:caldav">'
            "<prop><getcontenttype /><getetag /><CAL:schedule-tag /><CAL:calendar-data /></prop>"
            f"{told}</CAL:calendar-multiget>"
        )
        found = multistatus(self.request("REPORT", self.calendar, body, None))
        for href in hrefs:
            item = found.found[href]
            assert "charset=utf-8" in item.text(DAV + "getcontenttype")
            self.etags[_name(href)] = item.text(DAV + "getetag").strip('"')
            self.texts[_name(href)] = item.text(CALDAV + "calendar-data")

    def upload(self, name: str, text: str) -> httpx.Response:
        """Upload an event: a new one never overwrites, a known one only what is known."""
        condition = {"If-None-Match": "*"}
        if name in self.etags:
            condition = {"If-Match": f'"{self.etags[name]}"'}
        headers = HEADERS | {"Content-Type": "text/calendar;charset=utf-8", **condition}
        answer = self.client.put(self._path(name), content=text.encode(), headers=headers)
        if answer.status_code in {200, 201, 204}:
            self.etags[name], self.texts[name] = answer.headers["etag"].strip('"'), text
        return answer

    def delete(self, name: str) -> httpx.Response:
        condition = {"If-Match": f'"{self.etags[name]}"'}
        answer = self.client.delete(self._path(name), headers=HEADERS | condition)
        del self.etags[name], self.texts[name]  # whatever the answer: else it is downloaded again
        return answer

    def _path(self, name: str) -> str:
        return self.calendar + quote(name, safe="!$&'()*+,;=:@~")


def _name(href: str) -> str:
    return unquote(href.rstrip("/").rsplit("/", 1)[1])


def _is_the_same(href: str, path: str) -> bool:
    return href.rstrip("/") == path.rstrip("/")


@pytest.fixture
def house(server: RunningServer) -> RunningServer:
    """The served practice, its calendars empty."""
    return emptied(server)


@pytest.fixture
def phone(house: RunningServer) -> Iterator[Davx5]:
    """A phone with the reception's account and the main calendar."""
    with house.client() as client:
        yield Davx5(client, PRAXIS)


@pytest.mark.parametrize("base", ["/", "/caldav/", "/caldav", "/.well-known/caldav", HOME])
def test_davx5_finds_principal_home_and_calendars(server: RunningServer, base: str) -> None:
    with server.client("mueller") as client:
        phone = Davx5(client)
        # checkBaseURL, then the principal it names
        told = phone.propfind(
            base,
            *("resourcetype", "displayname", "ICAL:calendar-color", "CAL:calendar-description"),
            *("CAL:calendar-timezone", "current-user-privilege-set"),
            *("CAL:supported-calendar-component-set", "CAL:calendar-home-set"),
            "current-user-principal",
        ).only
        (principal,) = told.hrefs(DAV + "current-user-principal")
        assert phone.provides_calendars(principal)
        assert phone.propfind(principal, "CAL:calendar-user-address-set").only.href == principal

        # ServiceRefresher
        told = phone.propfind(
            principal,
            *("displayname", "group-membership", "resourcetype", "CAL:calendar-home-set"),
            *("CS:calendar-proxy-read-for", "CS:calendar-proxy-write-for"),
        ).only
        assert DAV + "principal" in told.kinds()
        (home,) = told.hrefs(CALDAV + "calendar-home-set")
        assert home.endswith("/")
        assert calendars_in(phone, home, principal) == {MUELLER: True, PRAXIS: True}


def calendars_in(phone: Davx5, home: str, principal: str) -> dict[str, bool]:
    """Refresh a home set (HomeSetRefresher); return its calendars and whether they are written."""
    found = phone.propfind(
        home,
        *("current-user-privilege-set", "displayname", "owner", "resourcetype"),
        *("P:transports", "P:topic", "ICAL:calendar-color", "CAL:calendar-description"),
        *("CAL:calendar-timezone", "CAL:calendar-timezone-id"),
        *("CAL:supported-calendar-component-set", "CS:source"),
        depth=1,
    ).found
    own = found.pop(home)
    assert own.hrefs(DAV + "owner") == [principal]  # the home is one's own, so it is preselected
    assert DAV + "bind" not in own.privileges  # no calendar can be made here
    calendars = {}
    for href, calendar in found.items():
        assert CALDAV + "calendar" in calendar.kinds()
        assert href.endswith("/")
        assert calendar.text(DAV + "displayname")
        assert calendar.components >= {"VEVENT", "VTODO", "VJOURNAL"}
        assert "TZID:Europe/Berlin" in calendar.text(CALDAV + "calendar-timezone")
        assert APPLE + "calendar-color" in calendar.told.keys() | calendar.missing
        calendars[href] = _may_write(calendar)
    return calendars


def _may_write(calendar: Found) -> bool:
    told = calendar.privileges
    return bool(told & {DAV + "write", DAV + "write-content", DAV + "all"})


def test_davx5_takes_a_readers_calendars_for_read_only(server: RunningServer) -> None:
    with server.client("gast") as client:
        calendars = calendars_in(Davx5(client), HOME, "/caldav/gast/")
    assert calendars == {MUELLER: False, PRAXIS: False}


@pytest.mark.parametrize("since", [None, "20261101T000000Z"])
def test_davx5_keeps_a_true_copy(house: RunningServer, phone: Davx5, since: str | None) -> None:
    with house.client("admin") as other:
        for number in range(36):
            calendar = (MUELLER, PRAXIS, SCHMIDT)[number % 3]
            assert put(other, calendar, f"e {number}.ics", an_event(f"e{number}")).is_success
        phone.synchronize(since)
        assert len(phone.texts) == 36
        assert_true(phone)

        for number in range(0, 36, 6):
            moved = an_event(f"e{number}", "20261124T100000", "20261124T103000")
            assert put(other, MUELLER, f"e {number}.ics", moved).status_code == 204
        for number in range(1, 36, 9):
            assert other.delete(f"{PRAXIS}e%20{number}.ics").status_code == 204
        phone.synchronize(since)
        assert len(phone.texts) == 32
        assert_true(phone)
        phone.synchronize(since)
        assert_true(phone)


def assert_true(phone: Davx5) -> None:
    listed = listing(phone.client, phone.calendar)
    assert phone.etags == {_name(href): etag.strip('"') for href, etag in listed.items()}


def test_davx5_leaves_out_what_is_over(phone: Davx5) -> None:
    old = an_event("alt", "20261001T100000", "20261001T103000")
    lasting = an_event("serie", "20260105T100000", "20260105T103000", "RRULE:FREQ=WEEKLY")
    ended = "RRULE:FREQ=WEEKLY;COUNT=3"
    for name, text in {
        "alt.ics": old,
        "serie.ics": lasting,
        "vorbei.ics": an_event("vorbei", "20260105T100000", "20260105T103000", ended),
        "neu.ics": an_event("neu"),
    }.items():
        assert put(phone.client, PRAXIS, name, text).status_code == 201
    phone.synchronize("20261101T000000Z")
    assert set(phone.texts) == {"serie.ics", "neu.ics"}


def test_davx5_uploads_changes_and_deletes(phone: Davx5) -> None:
    phone.synchronize()
    name = "b6f1c0de-9a61-4c6e-a6a0-5f1e5b8c1c11.ics"
    for text in (AN_EVENT, A_SERIES):
        assert phone.upload(name, text).status_code == 201
        assert phone.upload(name, text.replace("SUMMARY:", "SUMMARY:Neu ")).status_code == 204
        phone.synchronize()
        assert_true(phone)
        assert phone.client.get(PRAXIS + name).text == phone.texts[name]
        assert phone.delete(name).status_code == 204
        phone.synchronize()
        assert phone.texts == {}


def test_davx5_hears_of_conflicts_and_takes_the_servers_side(
    house: RunningServer, phone: Davx5
) -> None:
    assert phone.upload("a.ics", AN_EVENT).status_code == 201
    theirs = AN_EVENT.replace("SUMMARY:", "SUMMARY:Von Albis: ")
    with house.client("albis") as other:
        assert put(other, PRAXIS, "a.ics", theirs).status_code == 204
        assert phone.upload("a.ics", AN_EVENT).status_code == 412
        phone.synchronize()
        assert phone.texts == {"a.ics": theirs}

        assert put(other, PRAXIS, "a.ics", AN_EVENT).status_code == 204
        assert phone.delete("a.ics").status_code == 412
        phone.synchronize()
        assert phone.texts == {"a.ics": AN_EVENT}

        # Deleted by another meanwhile: 412 or 404, and never a resurrection by If-Match.
        assert other.delete(PRAXIS + "a.ics").status_code == 204
        assert phone.upload("a.ics", theirs).status_code in {404, 412}
        phone.synchronize()
        assert phone.texts == {}
        assert listing(phone.client, PRAXIS) == {}


def test_davx5_may_ignore_a_missing_right(house: RunningServer) -> None:
    """Only need-privileges makes it drop its own change instead of failing the whole sync."""
    with house.client("mueller") as client:
        answer = Davx5(client, PRAXIS).upload("neu.ics", AN_EVENT)
    assert answer.status_code == 403
    assert preconditions(answer) == {DAV + "need-privileges"}


def test_davx5_starts_over_when_its_token_is_not_taken(phone: Davx5) -> None:
    assert phone.upload("a.ics", AN_EVENT).status_code == 201
    phone.etags["weg.ics"], phone.texts["weg.ics"] = "x", "x"
    for token in ("urn:x:1", "data:,0", "http://sabre.io/ns/sync/5"):
        phone.state = token
        phone.synchronize()
        assert set(phone.texts) == {"a.ics"}


def _item(*component: str) -> str:
    product = "PRODID:DAVx5/4.4.5-ose ical4j/3.2.19 (at.bitfire.davdroid)"
    return "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", product, *component, "END:VCALENDAR", ""))


_ZONE = (
    *("BEGIN:VTIMEZONE", "TZID:Europe/Berlin", "BEGIN:STANDARD", "DTSTART:19961027T030000"),
    *("TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "TZNAME:CET"),
    *("RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "END:STANDARD", "BEGIN:DAYLIGHT"),
    *("DTSTART:19810329T020000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "TZNAME:CEST"),
    *("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "END:DAYLIGHT", "END:VTIMEZONE"),
)
_HEAD = (
    "DTSTAMP:20261120T081700Z",
    "UID:b6f1c0de-9a61-4c6e-a6a0-5f1e5b8c1c11",
    "SEQUENCE:1",
    "SUMMARY:Blutabnahme",
)
AN_EVENT = _item(
    "BEGIN:VEVENT",
    *_HEAD,
    "DTSTART;TZID=Europe/Berlin:20261123T100000",
    "DURATION:PT30M",
    "STATUS:CONFIRMED",
    *("BEGIN:VALARM", "TRIGGER:-PT10M", "ACTION:DISPLAY", "DESCRIPTION:Blutabnahme", "END:VALARM"),
    "END:VEVENT",
    *_ZONE,
)
A_SERIES = _item(
    "BEGIN:VEVENT",
    *_HEAD,
    "DTSTART;TZID=Europe/Berlin:20261123T100000",
    "DTEND;TZID=Europe/Berlin:20261123T103000",
    "RRULE:FREQ=MONTHLY;COUNT=6;BYDAY=4MO",
    "END:VEVENT",
    "BEGIN:VEVENT",
    *_HEAD,
    "RECURRENCE-ID;TZID=Europe/Berlin:20261228T100000",
    "DTSTART;TZID=Europe/Berlin:20261229T100000",
    "DTEND;TZID=Europe/Berlin:20261229T103000",
    "END:VEVENT",
    *_ZONE,
)

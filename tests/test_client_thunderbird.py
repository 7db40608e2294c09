"""Thunderbird's own requests, in its order, and what it needs of each answer.

Source: comm-central calendar/providers/caldav (CalDavProvider, CalDavCalendar, CalDavRequest,
CalDavRequestHandlers).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit
from xml.sax.saxutils import escape

import httpx
import pytest

from tests.building import an_event
from tests.dav import (
    CALDAV,
    CALENDARSERVER,
    DAV,
    HOME,
    Found,
    Multistatus,
    emptied,
    listing,
    multistatus,
    put,
)
from tests.servers import RunningServer

PRAXIS = HOME + "praxis/"
MUELLER = HOME + "dr-mueller/"
XML = {"Content-Type": "text/xml; charset=utf-8", "Accept": "text/xml"}
HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n'
NAMESPACES = (
    'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
    ' xmlns:CS="http://calendarserver.org/ns/" xmlns:A="http://apple.com/ns/ical/"'
)
#: `calendar.caldav.multigetBatchSize`.
BATCH = 100
WRITES = {DAV + name for name in ("write", "write-content", "write-properties", "all")}


@dataclass
class Thunderbird:
    """One calendar in Thunderbird: a copy kept by the requests it sends."""

    client: httpx.Client
    calendar: str
    token: str = ""
    etags: dict[str, str] = field(default_factory=dict)  # by decoded path, as it keeps them
    texts: dict[str, str] = field(default_factory=dict)

    def propfind(self, path: str, *props: str, depth: int = 0) -> Multistatus:
        asked = "".join(f"<{prop}/>" for prop in props)
        body = f"{HEADER}<D:propfind {NAMESPACES}><D:prop>{asked}</D:prop></D:propfind>"
        headers = XML | {"Depth": str(depth)}
        return multistatus(self.client.request("PROPFIND", path, content=body, headers=headers))

    def refresh(self) -> None:
        """Ask what changed (CalDavWebDavSyncHandler); after a 4xx, start over."""
        answer = self._sync()
        if self.token and 400 <= answer.status_code <= 499:
            assert '<D:error xmlns:D="DAV:"/>' not in answer.text  # it would take it for a limit
            self.token = ""
            answer = self._sync()
        changed = multistatus(answer)
        if not self.token:
            for path in set(self.etags) - {unquote(href) for href in changed.etags}:
                del self.etags[path], self.texts[path]
        for path in map(unquote, changed.gone):
            self.etags.pop(path, None)
            self.texts.pop(path, None)
        wanted = []
        for href, etag in changed.etags.items():
            told = changed.found[href].text(DAV + "getcontenttype")
            assert told.startswith("text/calendar")
            if self.etags.get(unquote(href)) != etag:
                wanted.append(unquote(href))
        while wanted:
            self._multiget([wanted.pop() for _ in range(min(BATCH, len(wanted)))])
        self.token = changed.token
        assert self.token

    def _sync(self) -> httpx.Response:
        token = f"<sync-token>{escape(self.token)}</sync-token>" if self.token else "<sync-token/>"
        body = (
            f'{HEADER}<sync-collection xmlns="DAV:">{token}<sync-level>1</sync-level>'
            "<prop><getcontenttype/><getetag/></prop></sync-collection>"
        )
        headers = XML | {"Depth": "1"}  # of an old draft, which some servers still want
        return self.client.request("REPORT", self.calendar, content=body, headers=headers)

    def _multiget(self, paths: list[str]) -> None:
        encoded = (quote(path, safe="/!~*'()") for path in paths)
        hrefs = "".join(f"<D:href>{escape(path)}</D:href>" for path in encoded)
        body = (
            f'{HEADER}<C:calendar-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
            f"<D:prop><D:getetag/><C:calendar-data/></D:prop>{hrefs}</C:calendar-multiget>"
        )
        headers = XML | {"Depth": "1"}
        answer = self.client.request("REPORT", self.calendar, content=body, headers=headers)
        found = multistatus(answer)
        assert {unquote(href) for href in found.data} == set(paths)
        self.etags |= {unquote(href): etag for href, etag in found.etags.items()}
        self.texts |= {unquote(href): text for href, text in found.data.items()}

    def add(self, name: str, text: str) -> httpx.Response:
        """Upload a new item; it takes what the server made of it."""
        answer = self._put(name, text, {"If-None-Match": "*"})
        if answer.status_code in {200, 201, 204}:
            self._multiget([self.calendar + name])
        return answer

    def modify(self, name: str, text: str) -> httpx.Response:
        """Upload a changed item."""
        answer = self._put(name, text, {"If-Match": self.etags[self.calendar + name]})
        if answer.status_code in {200, 201, 204}:
            self._multiget([self.calendar + name])
        return answer

    def _put(self, name: str, text: str, condition: dict[str, str]) -> httpx.Response:
        headers = {"Content-Type": "text/calendar; charset=utf-8", **condition}
        path = self.calendar + quote(name, safe="!~*'()")
        return self.client.put(path, content=text.encode(), headers=headers)

    def delete(self, name: str) -> httpx.Response:
        """Delete an item; when somebody changed it, look whether it is still there."""
        path = self.calendar + quote(name, safe="!~*'()")
        etag = self.etags[self.calendar + name]
        answer = self.client.delete(path, headers={"If-Match": etag})
        if answer.status_code in {409, 412}:
            return self.client.head(path)
        return answer


@pytest.fixture
def house(server: RunningServer) -> RunningServer:
    """The served practice, its calendars empty."""
    return emptied(server)


@pytest.fixture
def client(house: RunningServer) -> Iterator[httpx.Client]:
    """Thunderbird's connection, signed in as the reception, following redirects."""
    with house.client(follow_redirects=True) as made:
        yield made


def detected(client: httpx.Client, location: str) -> dict[str, bool]:
    """Find calendars as CalDavDetector does; return which of them it opens read-only."""
    here = Thunderbird(client, "")
    props: tuple[str, ...] = (
        *("D:resourcetype", "D:owner", "D:displayname", "D:current-user-principal"),
        *("D:current-user-privilege-set", "A:calendar-color", "C:calendar-home-set"),
    )
    told = here.propfind(location, *props).only
    if CALDAV + "calendar" in told.kinds():
        return {told.href: _is_read_only(told)}
    if CALDAV + "calendar-home-set" not in told.told:
        principal = told.hrefs(DAV + "current-user-principal")[0]
        told = here.propfind(principal, "C:calendar-home-set").only
    home = told.hrefs(CALDAV + "calendar-home-set")[0]
    props = ("D:resourcetype", "D:displayname", *props[4:6])
    members = here.propfind(home, *props, depth=1).found.values()
    calendars = [m for m in members if CALDAV + "calendar" in m.kinds()]
    assert all(calendar.text(DAV + "displayname") for calendar in calendars)
    return {calendar.href: _is_read_only(calendar) for calendar in calendars}


def _is_read_only(calendar: Found) -> bool:
    return not calendar.privileges & WRITES


@pytest.mark.parametrize("location", ["/.well-known/caldav", "/", "/caldav/", "/principals/"])
def test_thunderbird_finds_the_calendars_from_the_hosts_name(
    server: RunningServer, location: str
) -> None:
    everything = {PRAXIS: False, MUELLER: False, HOME + "dr-schmidt/": False}
    expected = {
        "admin": everything,
        "empfang": everything,
        "albis": everything,
        "buchung": everything,
        "mueller": {PRAXIS: False, MUELLER: False},
        "gast": {PRAXIS: True, MUELLER: True},
    }
    with server.client(None, follow_redirects=True) as nobody:
        assert nobody.request("PROPFIND", location, headers={"Depth": "0"}).status_code == 401
    for account, calendars in expected.items():
        with server.client(account, follow_redirects=True) as client:
            assert detected(client, location) == calendars


@pytest.mark.parametrize(
    ("location", "calendars"),
    [
        (MUELLER, {MUELLER}),
        (MUELLER.rstrip("/"), {MUELLER}),
        (HOME + "hauptkalender/", {HOME + "hauptkalender/"}),
        (PRAXIS + "appointments.ics", {PRAXIS + "appointments.ics/"}),
        (HOME, {PRAXIS, MUELLER, HOME + "dr-schmidt/"}),
        ("/caldav/empfang/", {PRAXIS, MUELLER, HOME + "dr-schmidt/"}),
    ],
)
def test_thunderbird_takes_whatever_address_a_person_types_in(
    client: httpx.Client, location: str, calendars: set[str]
) -> None:
    assert set(detected(client, location)) == calendars


@pytest.mark.parametrize("calendar", [MUELLER, PRAXIS, PRAXIS + "appointments.ics/"])
def test_thunderbird_learns_that_it_can_sync_and_need_not_schedule(
    client: httpx.Client, calendar: str
) -> None:
    # checkDavResourceType
    told = (
        Thunderbird(client, calendar)
        .propfind(
            calendar,
            *("D:resourcetype", "D:owner", "D:current-user-principal"),
            *("D:current-user-privilege-set", "D:supported-report-set"),
            *("C:supported-calendar-component-set", "CS:getctag"),
        )
        .only
    )
    assert CALDAV + "calendar" in told.kinds()
    assert DAV + "sync-collection" in told.reports
    assert told.components >= {"VEVENT", "VTODO"}
    assert told.hrefs(DAV + "current-user-principal") == ["/caldav/empfang/"]
    assert not _is_read_only(told)
    assert told.text(CALENDARSERVER + "getctag")
    # checkServerCaps, at the calendar's parent
    parent = calendar.rstrip("/").rpartition("/")[0] + "/"
    options = client.request("OPTIONS", parent)
    assert options.status_code == 200
    version, *features = options.headers["dav"].split(", ")
    assert version == "1"
    assert "calendar-access" in features
    assert not {"calendar-schedule", "calendar-auto-schedule"} & set(features)


def test_thunderbird_keeps_a_true_copy_through_the_changes_of_others(
    house: RunningServer, client: httpx.Client
) -> None:
    copy = Thunderbird(client, PRAXIS)
    with house.client("admin") as other:
        for number in range(105):
            calendar = (MUELLER, PRAXIS, HOME + "dr-schmidt/")[number % 3]
            assert put(other, calendar, f"{number}.ics", an_event(f"e{number}")).status_code == 201
        copy.refresh()
        assert len(copy.texts) == 105
        assert_true(copy)

        copy.refresh()
        assert_true(copy)
        for number in range(0, 105, 3):
            moved = an_event(f"e{number}", "20261124T100000", "20261124T103000")
            assert put(other, MUELLER, f"{number}.ics", moved).status_code == 204
        for number in range(1, 30, 3):
            assert other.delete(f"{PRAXIS}{number}.ics").status_code == 204
        assert put(other, MUELLER, "Ärztin ü.ics", an_event("neu")).status_code == 201
        copy.refresh()
        assert len(copy.texts) == 105 - 10 + 1
        assert_true(copy)


def assert_true(copy: Thunderbird) -> None:
    """Compare the copy with the server's listing, texts included."""
    listed = listing(copy.client, copy.calendar)
    assert copy.etags == {unquote(href): etag for href, etag in listed.items()}
    for href in list(listed)[:10]:
        assert copy.client.get(href).text == copy.texts[unquote(href)]


@pytest.mark.parametrize("calendar", [MUELLER, PRAXIS, HOME + "hauptkalender/appointments.ics/"])
def test_thunderbird_adds_changes_and_deletes(client: httpx.Client, calendar: str) -> None:
    here = Thunderbird(client, calendar)
    here.refresh()
    name = "3f0c7c3e-5f0a-4d1c-9a55-0a8b9f1f7a11.ics"
    for text in (AN_EVENT, A_SERIES, A_TASK):
        added = here.add(name, text)
        assert added.status_code == 201
        assert here.texts[calendar + name] == text
        assert here.etags[calendar + name] == added.headers["etag"]
        changed = text.replace("SUMMARY:", "SUMMARY:Verlegt\\, ")
        assert here.modify(name, changed).status_code == 204
        assert here.texts[calendar + name] == changed
        here.refresh()
        assert_true(here)
        assert here.delete(name).status_code == 204
        here.refresh()
        assert here.texts == {}


def test_thunderbird_hears_of_a_conflict_and_overwrites_nobody(
    house: RunningServer, client: httpx.Client
) -> None:
    here = Thunderbird(client, MUELLER)
    assert here.add("a.ics", AN_EVENT).status_code == 201
    theirs = AN_EVENT.replace("SUMMARY:", "SUMMARY:Von Albis: ")
    with house.client("albis") as other:
        assert put(other, MUELLER, "a.ics", theirs).status_code == 204
        assert here.modify("a.ics", AN_EVENT.replace("Kontrolle", "Meins")).status_code == 412
        assert here.delete("a.ics").status_code == 200  # the HEAD: it is there, ask the person
        assert client.get(MUELLER + "a.ics").text == theirs
        assert here.add("a.ics", AN_EVENT).status_code == 412
        here.refresh()
        assert here.texts == {MUELLER + "a.ics": theirs}

        assert other.delete(MUELLER + "a.ics").status_code == 204
        assert here.delete("a.ics").status_code == 404  # which it takes for done
        here.refresh()
        assert here.texts == {}


def test_thunderbird_starts_over_when_its_token_is_not_taken(
    house: RunningServer, client: httpx.Client
) -> None:
    here = Thunderbird(client, MUELLER)
    assert here.add("a.ics", AN_EVENT).status_code == 201
    here.refresh()
    elsewhere = Thunderbird(client, PRAXIS)
    elsewhere.refresh()
    with house.client("albis") as other:
        assert other.delete(MUELLER + "a.ics").status_code == 204
        assert put(other, MUELLER, "b.ics", an_event("b")).status_code == 201
    for token in (elsewhere.token, "http://radicale.org/ns/sync/0", "unsinn"):
        here.token = token
        here.refresh()
        assert set(here.texts) == {MUELLER + "b.ics"}
        assert_true(here)


def test_thunderbird_without_sync_compares_ctag_and_etags(client: httpx.Client) -> None:
    here = Thunderbird(client, PRAXIS)

    def ctag() -> str:
        return here.propfind(PRAXIS, "CS:getctag").only.text(CALENDARSERVER + "getctag")

    before = ctag()
    assert ctag() == before
    assert here.add("a.ics", AN_EVENT).status_code == 201
    assert ctag() != before
    props = ("D:getcontenttype", "D:resourcetype", "D:getetag")
    found = here.propfind(PRAXIS, *props, depth=1).found
    items = [f for f in found.values() if DAV + "collection" not in f.kinds()]
    assert [(i.href, i.text(DAV + "getetag")) for i in items] == [
        (PRAXIS + "a.ics", here.etags[PRAXIS + "a.ics"])
    ]
    assert items[0].text(DAV + "getcontenttype").startswith("text/calendar")


def test_thunderbird_can_count_on_hrefs_below_the_address_it_asked(client: httpx.Client) -> None:
    """It cuts as many parts off each href as its own address has."""
    for calendar in (MUELLER, PRAXIS, HOME + "hauptkalender/", PRAXIS + "appointments.ics/"):
        here = Thunderbird(client, calendar)
        name = f"{len(calendar)}.ics"
        assert here.add(name, AN_EVENT.replace("UID:", f"UID:{len(calendar)}")).status_code == 201
        here.refresh()
        depth = len(urlsplit(calendar).path.split("/")) - 1
        assert name in {"/".join(path.split("/")[depth:]) for path in here.texts}


BERLIN = "\r\n".join(
    (
        *("BEGIN:VTIMEZONE", "TZID:Europe/Berlin", "X-TZINFO:Europe/Berlin[2026a]"),
        *("BEGIN:DAYLIGHT", "TZOFFSETTO:+020000", "TZOFFSETFROM:+010000"),
        *("TZNAME:Europe/Berlin(DST)", "DTSTART:19810329T020000"),
        *("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "END:DAYLIGHT"),
        *("BEGIN:STANDARD", "TZOFFSETTO:+010000", "TZOFFSETFROM:+020000"),
        *("TZNAME:Europe/Berlin(STD)", "DTSTART:19961027T030000"),
        *("RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "END:STANDARD", "END:VTIMEZONE"),
    )
)


def _item(*components: str) -> str:
    product = "PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN"
    shell = ("BEGIN:VCALENDAR", product, "VERSION:2.0", BERLIN)
    return "\r\n".join((*shell, *components, "END:VCALENDAR"))  # it ends without a line break


_HEAD = (
    "CREATED:20261120T081500Z",
    "LAST-MODIFIED:20261120T081700Z",
    "DTSTAMP:20261120T081700Z",
    "UID:3f0c7c3e-5f0a-4d1c-9a55-0a8b9f1f7a11",
    "SUMMARY:Kontrolle",
)
AN_EVENT = _item(
    "BEGIN:VEVENT",
    *_HEAD,
    "DTSTART;TZID=Europe/Berlin:20261123T100000",
    "DTEND;TZID=Europe/Berlin:20261123T103000",
    "TRANSP:OPAQUE",
    'DESCRIPTION;ALTREP="data:text/html,%3Cb%3EBefund%3C%2Fb%3E%20mitbringen":Befu',
    " nd mitbringen",
    "X-MOZ-LASTACK:20261120T081700Z",
    "BEGIN:VALARM",
    "ACTION:DISPLAY",
    "TRIGGER;VALUE=DURATION:-PT15M",
    "DESCRIPTION:Mozilla Standardbeschreibung",
    "END:VALARM",
    "END:VEVENT",
)
A_SERIES = _item(
    "BEGIN:VEVENT",
    *_HEAD,
    "RRULE:FREQ=WEEKLY;UNTIL=20270301T090000Z",
    "EXDATE:20261130T090000Z",
    "DTSTART;TZID=Europe/Berlin:20261123T100000",
    "DTEND;TZID=Europe/Berlin:20261123T103000",
    "X-MOZ-GENERATION:2",
    "SEQUENCE:1",
    "END:VEVENT",
    "BEGIN:VEVENT",
    *_HEAD,
    "RECURRENCE-ID;TZID=Europe/Berlin:20261207T100000",
    "DTSTART;TZID=Europe/Berlin:20261207T140000",
    "DTEND;TZID=Europe/Berlin:20261207T143000",
    "X-MOZ-GENERATION:2",
    "SEQUENCE:2",
    "END:VEVENT",
)
A_TASK = _item(
    "BEGIN:VTODO",
    *_HEAD,
    "DUE;TZID=Europe/Berlin:20261124T170000",
    "PERCENT-COMPLETE:0",
    "END:VTODO",
)

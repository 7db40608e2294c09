"""What a request costs: statements, objects loaded, texts parsed; the same in a large calendar."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import icalendar
import pytest
from sqlalchemy import event

from practice.calendars import CalendarObject
from practice.database import known_calendars, libpq
from practice.vevent.plain import PlainCalendar
from practice.views import Level
from tests.building import DOCTORS, a_draft, a_practice, an_event, the_account, the_view, writing
from tests.conftest import BACKENDS, a_database
from tests.dav import (
    CALENDARSERVER,
    DAV,
    HOME,
    listing,
    multiget,
    propfind,
    put,
    query,
    report,
    sync,
)
from tests.in_process import clients

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from practice.database import SqlDatabase

MUELLER, PRAXIS = f"{HOME}dr-mueller/", f"{HOME}praxis/"
SMALL, LARGE = 20, 2000
#: On this day there is one single event and one of a series without end, however many there are.
DAY = ("20261123T000000Z", "20261124T000000Z")


Request = Callable[["Practice"], None]
#: A statement and its parameters, as the driver is handed them.
Statement = tuple[str, Any]
#: The cost of each request, and its statements.
Told = dict[str, tuple["Cost", list[Statement]]]


@dataclass(frozen=True)
class Cost:
    """Statements (BEGIN and COMMIT included), objects loaded with texts, texts parsed; and the
    turns that PostgreSQL was asked in, if that is said.
    """

    statements: int
    loaded: int = 0
    parsed: int = 0
    turns: int = 0


class Meter:
    """Counts what happens in this process while it is asked to."""

    def __init__(self, database: SqlDatabase) -> None:
        self._engine = database.engine
        self.said: list[Statement] = []
        self.loaded = 0
        self.parsed = 0
        self.turns = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count from zero."""
        self.said, self.loaded, self.parsed, self.turns = [], 0, 0, 0
        event.listen(self._engine, "before_cursor_execute", self._heard)
        made, read = CalendarObject.__init__, icalendar.Calendar.from_ical
        read_plainly, ask = PlainCalendar.__init__, libpq.run

        def making(self_: Any, *args: Any, **kwargs: Any) -> None:
            self.loaded += 1
            made(self_, *args, **kwargs)

        def reading(*args: Any, **kwargs: Any) -> Any:
            self.parsed += 1
            return read(*args, **kwargs)

        def reading_plainly(self_: Any, *args: Any) -> None:
            self.parsed += 1
            read_plainly(self_, *args)

        def asking(*args: Any, **kwargs: Any) -> Any:
            self.turns += 1
            return ask(*args, **kwargs)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(libpq, "run", asking)
            patch.setattr(CalendarObject, "__init__", making)
            patch.setattr(icalendar.Calendar, "from_ical", reading)
            patch.setattr(PlainCalendar, "__init__", reading_plainly)
            yield
        event.remove(self._engine, "before_cursor_execute", self._heard)

    def _heard(self, _: object, _cursor: object, statement: str, values: Any, *__: object) -> None:
        self.said.append((statement, values))

    @property
    def cost(self) -> Cost:
        return Cost(len(self.said), self.loaded, self.parsed, self.turns)


class Practice:
    """A practice of some size and its clients; `meter` has counted their last request."""

    def __init__(self, database: SqlDatabase, signed_in: list[TestClient]) -> None:
        self._database = database
        self.staff, self.booking, self.admin = signed_in
        self.meter = Meter(database)
        self.renamed = 0

    def fill(self, first: int, last: int, *names: str) -> None:
        """Put the objects first to last into calendars."""
        with writing(self._database) as uow:
            for calendar in uow.calendars.all():
                for number in range(first, last) if calendar.name in names else ():
                    object_ = _event(f"{calendar.name}-{number}", number)
                    uow.calendars.save(calendar, a_draft(f"{number}.ics", object_))

    def told(self) -> Told:
        """Run every request and tell what it cost."""
        told = {}
        for name, (run, _) in REQUESTS.items():
            run(self)
            told[name] = (self.meter.cost, self.meter.said)
        return told


def _event(uid: str, number: int) -> str:
    if number == 0:
        return an_event(uid, "20261116T090000", "20261116T093000", "RRULE:FREQ=WEEKLY")
    start = datetime(2026, 11, 23, 10) + timedelta(days=number - 1)  # noqa: DTZ001 - local time
    times = (f"{moment:%Y%m%dT%H%M%S}" for moment in (start, start + timedelta(minutes=30)))
    return an_event(uid, *times, "SUMMARY:Kontrolle")


# --- The requests; each counts itself and cleans up ---------------------------------------------

POLLED = (CALENDARSERVER + "getctag", DAV + "sync-token")
FREE_BUSY = (
    '<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav">'
    f'<C:time-range start="{DAY[0]}" end="{DAY[1]}"/></C:free-busy-query>'
)
PROPPATCHED = '<propertyupdate xmlns="DAV:"><set><prop>%s</prop></set></propertyupdate>'


def a_query(more: str = "", expand: str = "") -> str:
    """Return a calendar-query of the day, with conditions beside the time."""
    limits = f'start="{DAY[0]}" end="{DAY[1]}"'
    return (
        '<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
        f"<prop><getetag/><C:calendar-data>{expand and f'<C:expand {limits}/>'}</C:calendar-data>"
        '</prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
        f"<C:time-range {limits}/>{more}"
        "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
    )


SUMMARY = '<C:prop-filter name="SUMMARY"><C:text-match>Kontrolle</C:text-match></C:prop-filter>'


#: As clients look for one object that they know.
BY_UID = (
    '<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><getetag/>'
    '</prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
    '<C:prop-filter name="UID"><C:text-match collation="i;octet">only-one</C:text-match>'
    "</C:prop-filter></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
)


def asked_at_the_outbox(p: Practice) -> None:
    lines = (
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "METHOD:REQUEST", "BEGIN:VFREEBUSY"),
        *("UID:f", "DTSTAMP:20261101T080000Z", f"DTSTART:{DAY[0]}", f"DTEND:{DAY[1]}"),
        *("ORGANIZER:/caldav/empfang/", "ATTENDEE:/caldav/mueller/", "END:VFREEBUSY"),
        *("END:VCALENDAR", ""),
    )
    headers = {"Content-Type": "text/calendar"}
    text = "\r\n".join(lines)
    assert "2.0;" in p.staff.post("/caldav/empfang/outbox/", content=text, headers=headers).text


def searched(p: Practice) -> None:
    body = (
        '<principal-property-search xmlns="DAV:"><property-search><prop><displayname/></prop>'
        "<match>mueller</match></property-search><prop><displayname/></prop>"
        "</principal-property-search>"
    )
    assert len(report(p.staff, "/caldav/", body, depth="0").found) == 1


def expanded(p: Practice) -> None:
    body = (
        '<expand-property xmlns="DAV:"><property name="current-user-principal">'
        '<property name="displayname"/></property></expand-property>'
    )
    assert len(report(p.staff, "/caldav/", body, depth="0").found) == 1


def query_of_a_uid(p: Practice) -> None:
    put(p.staff, MUELLER, "x.ics", text("the-only-one"))
    with p.meter.running():
        assert len(report(p.staff, MUELLER, BY_UID).etags) == 1
    p.staff.delete(f"{MUELLER}x.ics")


def text(uid: str = "x", minute: int = 0) -> str:
    return an_event(uid, f"20270102T14{minute:02}00", "20270102T143000")


def reads(read: Callable[[Practice], object]) -> Request:
    """Make a request that needs no preparation."""

    def request(practice: Practice) -> None:
        with practice.meter.running():
            read(practice)

    return request


def poll_of(path: str, depth: str = "0") -> Request:
    return reads(lambda p: propfind(p.staff, path, *POLLED, depth=depth))


def sync_without_change(p: Practice) -> None:
    token = sync(p.staff, MUELLER).token
    with p.meter.running():
        assert sync(p.staff, MUELLER, token).etags == {}


def sync_after_one_change(p: Practice) -> None:
    token = sync(p.staff, MUELLER).token
    put(p.staff, MUELLER, "x.ics", text())
    with p.meter.running():
        assert len(sync(p.staff, MUELLER, token).etags) == 1
    p.staff.delete(f"{MUELLER}x.ics")


def conditional_get_of(path: str) -> Request:
    def request(p: Practice) -> None:
        etag = p.staff.get(path).headers["etag"]
        with p.meter.running():
            assert p.staff.get(path, headers={"If-None-Match": etag}).status_code == 304

    return request


def create(p: Practice) -> None:
    with p.meter.running():
        assert put(p.staff, MUELLER, "x.ics", text()).status_code == 201
    p.staff.delete(f"{MUELLER}x.ics")


def overwrite(p: Practice) -> None:
    put(p.staff, MUELLER, "x.ics", text())
    with p.meter.running():
        assert put(p.staff, MUELLER, "x.ics", text(minute=5)).status_code == 204
    p.staff.delete(f"{MUELLER}x.ics")


def refused_put(p: Practice) -> None:
    with p.meter.running():
        assert put(p.staff, MUELLER, "1.ics", text(), If_Match='"old"').status_code == 412


def delete_one(p: Practice) -> None:
    put(p.staff, MUELLER, "x.ics", text())
    with p.meter.running():
        assert p.staff.delete(f"{MUELLER}x.ics").status_code == 204


def move(p: Practice) -> None:
    put(p.staff, MUELLER, "x.ics", text())
    there = f"{HOME}dr-schmidt/x.ics"
    with p.meter.running():
        moved = p.staff.request("MOVE", f"{MUELLER}x.ics", headers={"Destination": there})
        assert moved.status_code == 201
    p.staff.delete(there)


def book(p: Practice) -> None:
    with p.meter.running():
        assert put(p.booking, MUELLER, "x.ics", text()).status_code == 201
    p.staff.delete(f"{MUELLER}x.ics")


def book_what_is_taken(p: Practice) -> None:
    put(p.staff, MUELLER, "x.ics", text())
    with p.meter.running():
        assert put(p.booking, MUELLER, "y.ics", text("y")).status_code == 409
    p.staff.delete(f"{MUELLER}x.ics")


def rename(p: Practice) -> None:
    p.renamed += 1  # what is so already is no change
    body = PROPPATCHED % f"<displayname>{p.renamed}</displayname>"
    with p.meter.running():
        assert p.staff.request("PROPPATCH", MUELLER, content=body).status_code == 207


def note(p: Practice) -> None:
    p.renamed += 1
    body = PROPPATCHED % f'<note xmlns="urn:n">{p.renamed}</note>'
    with p.meter.running():
        assert p.staff.request("PROPPATCH", TEN[1], content=body).status_code == 207


def listing_of_notes(p: Practice) -> None:
    with p.meter.running():
        propfind(p.staff, MUELLER, "{urn:n}note", depth="1")


def first_page(p: Practice) -> None:
    body = (
        '<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level>'
        "<limit><nresults>5</nresults></limit><prop><getetag/></prop></sync-collection>"
    )
    with p.meter.running():
        assert len(report(p.staff, PRAXIS, body).etags) == 5


def limited_sync_without_change(p: Practice) -> None:
    token = sync(p.staff, MUELLER).token
    body = (
        f'<sync-collection xmlns="DAV:"><sync-token>{token}</sync-token>'
        "<limit><nresults>5</nresults></limit><prop><getetag/></prop></sync-collection>"
    )
    with p.meter.running():
        assert report(p.staff, MUELLER, body).etags == {}


def copy(p: Practice) -> None:
    put(p.staff, MUELLER, "x.ics", text())
    there = f"{HOME}dr-schmidt/x.ics"
    with p.meter.running():
        copied = p.staff.request("COPY", f"{MUELLER}x.ics", headers={"Destination": there})
        assert copied.status_code == 201
    p.staff.delete(there)
    p.staff.delete(f"{MUELLER}x.ics")


def make_a_calendar(p: Practice) -> None:
    with p.meter.running():
        assert p.admin.request("MKCALENDAR", f"{HOME}labor/").status_code == 201
    p.admin.delete(f"{HOME}labor/")


def anonymous(p: Practice) -> None:
    with p.meter.running():
        assert p.staff.request("PROPFIND", MUELLER, auth=None).status_code == 401


TEN = [f"{MUELLER}{number}.ics" for number in range(10)]

#: The most each request may cost, and one more where the counter's row is to be locked; objects
#: and texts are exactly as many.
REQUESTS: dict[str, tuple[Request, Cost]] = {
    "nobody": (anonymous, Cost(0)),
    "poll of a calendar": (poll_of(MUELLER), Cost(3)),
    "poll of the union": (poll_of(PRAXIS), Cost(3)),
    "poll of the home": (poll_of(HOME, depth="1"), Cost(3)),
    "listing": (reads(lambda p: listing(p.staff, MUELLER)), Cost(4)),
    "listing of the union": (reads(lambda p: listing(p.staff, PRAXIS)), Cost(4)),
    "listing of the own": (reads(lambda p: listing(p.booking, PRAXIS)), Cost(4)),
    "query of a day": (reads(lambda p: query(p.staff, MUELLER, *DAY)), Cost(5, loaded=2)),
    "query of a day in the union": (
        reads(lambda p: query(p.staff, PRAXIS, *DAY)),
        Cost(5, loaded=6),
    ),
    "query of the own": (reads(lambda p: query(p.booking, PRAXIS, *DAY)), Cost(5)),
    "query of a day by text": (
        reads(lambda p: report(p.staff, MUELLER, a_query(SUMMARY))),
        Cost(5, loaded=2, parsed=1),
    ),
    "query of a uid": (query_of_a_uid, Cost(5, loaded=1)),
    "query of a day, expanded": (
        reads(lambda p: report(p.staff, MUELLER, a_query(expand="yes"))),
        Cost(5, loaded=2, parsed=2),
    ),
    "query of a far day": (  # the series alone is asked, since its index ends before
        reads(lambda p: query(p.staff, MUELLER, "20990101T000000Z", "20990102T000000Z")),
        Cost(5, loaded=1, parsed=1),
    ),
    "multiget": (reads(lambda p: multiget(p.staff, MUELLER, TEN)), Cost(4, loaded=10)),
    "free-busy": (
        reads(lambda p: p.staff.request("REPORT", MUELLER, content=FREE_BUSY)),
        Cost(7),
    ),
    "free-busy at the outbox": (reads(asked_at_the_outbox), Cost(7)),
    "principal search": (reads(searched), Cost(4)),
    "expanded principal": (reads(expanded), Cost(3)),
    "initial sync": (reads(lambda p: sync(p.staff, MUELLER)), Cost(4)),
    "sync, no change": (sync_without_change, Cost(3)),
    "sync, one change": (sync_after_one_change, Cost(4, turns=3)),
    "GET": (reads(lambda p: p.staff.get(TEN[1])), Cost(4, loaded=1, turns=3)),
    "GET, not modified": (conditional_get_of(TEN[1]), Cost(4, loaded=1)),
    "GET of a file, not modified": (conditional_get_of(MUELLER), Cost(3)),
    "PUT, new": (create, Cost(10, parsed=1, turns=6)),
    "PUT, changed": (overwrite, Cost(11, loaded=1, parsed=1, turns=6)),
    "PUT, refused": (refused_put, Cost(5, loaded=1, parsed=1)),
    "PUT, booking": (book, Cost(13, parsed=1, turns=8)),
    # Half of them look up what is free instead.
    "PUT, booking refused": (book_what_is_taken, Cost(16, parsed=1)),
    "DELETE": (delete_one, Cost(9, loaded=1, turns=6)),
    "MOVE": (move, Cost(20, loaded=2, parsed=1)),
    "COPY": (copy, Cost(14, loaded=1, parsed=1)),
    "listing with what clients have set": (listing_of_notes, Cost(6)),
    "initial sync of the union, first page": (first_page, Cost(4)),
    "sync, no change, with a limit": (limited_sync_without_change, Cost(3)),
    "PROPPATCH": (rename, Cost(10)),
    "PROPPATCH of an object": (note, Cost(12, loaded=2)),
    "MKCALENDAR": (make_a_calendar, Cost(12)),
}


#: Tables with a row for everything that ever happened.
GROWING = {"appointments", "changes", "letters", "objects", "occurrences"}
#: What SQLite and PostgreSQL call it when they look at every row.
WALK = re.compile(r"(?:SCAN|Seq Scan on) (\w+)")


@dataclass(frozen=True)
class Costs:
    """The costs in a small and a large practice, and how the large one's statements are run."""

    small: Told
    large: Told
    plans: dict[str, str]


def plans(database: SqlDatabase, told: Told) -> dict[str, str]:
    """Return how the database runs each statement."""
    found = {}
    with database.engine.connect() as connection:
        explain = "EXPLAIN QUERY PLAN "
        if database.dialect == "postgresql":
            explain = "EXPLAIN "
            # Walk only where there is no other way, however few rows there are today.
            connection.exec_driver_sql("SET enable_seqscan = off")
        for _, said in told.values():
            for statement, values in said:
                if statement.startswith(("SELECT", "UPDATE", "DELETE")) and statement not in found:
                    plan = connection.exec_driver_sql(explain + statement, values)
                    found[statement] = "\n".join(str(row[-1]) for row in plan)
        connection.invalidate()
    return found


@pytest.fixture(scope="module", params=BACKENDS)
def costs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Costs]:
    """What every request costs in a small and in a large practice."""
    folder = tmp_path_factory.mktemp("statements")
    with a_database(request.param, request, folder) as database:
        a_practice(database)
        with clients(database, "empfang", "buchung", "admin", remembered=0) as signed_in:
            practice = Practice(database, signed_in)
            practice.fill(0, SMALL, *DOCTORS, "praxis")
            small = practice.told()
            practice.fill(SMALL, LARGE, "dr-mueller")  # and so the union is large, too
            large = practice.told()
        yield Costs(small, large, plans(database, large))


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_costs_what_its_answer_takes_and_no_more(costs: Costs, name: str) -> None:
    allowed = REQUESTS[name][1]
    cost, said = costs.small[name]
    assert (cost.loaded, cost.parsed) == (allowed.loaded, allowed.parsed)
    # PostgreSQL locks the counter's row; SQLite, beginning, all of itself.
    locks = sum(statement.endswith("FOR UPDATE") for statement, _ in said)
    again = 0 if known_calendars.KNOWN else 2  # before the lock and under it
    assert cost.statements <= allowed.statements + locks + again, said
    if allowed.turns and known_calendars.KNOWN:
        assert cost.turns <= allowed.turns, said


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_costs_no_more_in_a_large_calendar(costs: Costs, name: str) -> None:
    (small, _), (large, said) = costs.small[name], costs.large[name]
    assert large == small, said


def test_no_statement_walks_through_a_table_that_grows(costs: Costs) -> None:
    assert len(costs.plans) > 30
    for statement, plan in costs.plans.items():
        walked = {one[1] for one in WALK.finditer(plan)} & GROWING
        assert not walked, f"{statement}\n{plan}"


@pytest.mark.parametrize("grants", [0, 3])
def test_a_name_that_nobody_has_costs_what_every_name_does(
    practice: SqlDatabase, grants: int
) -> None:
    with writing(practice) as uow:
        account = the_account(uow, "empfang")
        for calendar in uow.calendars.all()[:grants]:
            uow.accounts.grant(account, calendar.id, Level.READ)
    meter, said = Meter(practice), {}
    with clients(practice, "empfang") as (client,):
        for name in ("empfang", "nobody"):
            with meter.running():
                refused = client.request("PROPFIND", MUELLER, auth=(name, "wrong"))
                assert refused.status_code == 401
            said[name] = [statement for statement, _ in meter.said]
    assert any("failures" in statement for statement in said["nobody"])
    assert said["empfang"] == said["nobody"]


def test_the_meter_counts(practice: SqlDatabase) -> None:
    meter = Meter(practice)
    with meter.running(), writing(practice) as uow:
        (calendar, *_) = uow.calendars.all()
        uow.calendars.save(calendar, a_draft("a", an_event()))
        list(uow.calendars.texts(the_view(uow, "empfang", calendar.name)))
    assert (meter.cost.loaded, meter.cost.parsed) == (1, 1)
    statements = [statement for statement, _ in meter.said]
    assert statements[0].startswith("BEGIN")
    assert statements[-1] == "COMMIT"

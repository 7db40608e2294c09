"""Who may do what, over HTTP, on both databases: a table, and what bookings see and may take."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

import httpx
import pytest

from practice.access import Account, Level, Role
from practice.calendars import CalendarKind, Draft
from practice.database import SqlDatabase
from practice.passwords import hash_password
from practice.use_cases.accounts import add_account, grant, set_password
from practice.views import View
from tests.bookings import everything
from tests.building import ACCOUNTS, PASSWORD, a_draft, an_event, the_account, writing
from tests.dav import CALDAV, HOME, listing, multiget, names, preconditions, put, query, sync
from tests.servers import RunningServer

MUELLER, SCHMIDT, PRAXIS, PLAIN = (
    HOME + name + "/" for name in ("dr-mueller", "dr-schmidt", "praxis", "verwaltung")
)
SLOT_FREE = "{urn:praxis-caldav}slot-free"


@pytest.fixture(scope="module")
def opened(server: RunningServer) -> Iterator[SqlDatabase]:
    """The database of the server."""
    database = SqlDatabase(server.database_url)
    yield database
    database.close()


def empty(database: SqlDatabase) -> None:
    """Remove every object, and see that there is one calendar of no doctor."""
    with writing(database) as uow:
        for calendar in uow.calendars.all():
            if calendar.kind is CalendarKind.PLAIN:
                uow.calendars.drop(calendar)
                continue
            for head in list(uow.calendars.listing(View(calendar, (calendar,), uow.epoch))):
                uow.calendars.remove(calendar, head.href)
        uow.calendars.create("verwaltung", CalendarKind.PLAIN, {})


# --- the table ------------------------------------------------------------------------------------

#: Objects by the word for them: calendar, owner ("": the account that asks), start, end.
OBJECTS = {
    "mine": ("dr-mueller", "", "20261123T080000", "20261123T083000"),
    "theirs": ("dr-mueller", "empfang", "20261123T090000", "20261123T093000"),
    "schmidt": ("dr-schmidt", "empfang", "20261123T100000", "20261123T103000"),
    "main": ("praxis", "empfang", "20261123T110000", "20261123T113000"),
    "plain": ("verwaltung", "empfang", "20261123T120000", "20261123T123000"),
}
ADDRESSES = {
    **{word: f"{HOME}{calendar}/{word}.ics" for word, (calendar, *_) in OBJECTS.items()},
    "union/mine": PRAXIS + "dr-mueller~mine.ics",
    "union/theirs": PRAXIS + "dr-mueller~theirs.ics",
    "union/schmidt": PRAXIS + "dr-schmidt~schmidt.ics",
    "missing": HOME + "nirgends/missing.ics",
    "Mueller": MUELLER,
    "Schmidt": SCHMIDT,
    "Praxis": PRAXIS,
    "Plain": PLAIN,
    "Missing": HOME + "nirgends/",
    "Home": HOME,
    "Myself": "/caldav/{account}/",
    "Another": "/caldav/{other}/",
    "Nobody": "/caldav/niemand/",
}
OBJECT_METHODS = ("GET", "PROPFIND", "PUT", "DELETE", "MOVE", "PROPPATCH", "MKCALENDAR")
PLACE_METHODS = ("GET", "PROPFIND", "REPORT", "CREATE", "DELETE", "MOVE", "PROPPATCH", "MKCALENDAR")
READING = {"GET", "PROPFIND", "REPORT"}
QUERY = (
    '<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
    "<prop><getetag/><C:calendar-data/></prop>"
    '<C:filter><C:comp-filter name="VCALENDAR"/></C:filter></C:calendar-query>'
)
NAMED = (
    '<propertyupdate xmlns="DAV:"><set><prop><displayname>Neu</displayname></prop></set>'
    "</propertyupdate>"
)


def secrets(word: str) -> tuple[str, str]:
    """Return what an object's text has that nobody should read who may not."""
    return f"uid-{word}@example.org", f"Geheimes zu {word}"


def the_text(word: str, *more: str) -> str:
    uid, summary = secrets(word)
    return an_event(uid, *OBJECTS[word][2:], f"SUMMARY:{summary}", *more)


def furnish(database: SqlDatabase, account: str) -> None:
    """Put every object in its place."""
    empty(database)
    with writing(database) as uow:
        for word, (name, owner, *_) in OBJECTS.items():
            calendar = uow.calendars.find(name)
            assert calendar
            draft = a_draft(f"{word}.ics", the_text(word))
            owner_id = the_account(uow, owner or account).id
            uow.calendars.save(calendar, Draft(draft.href, draft.text, draft.facts, owner_id))


def ask(client: httpx.Client, method: str, word: str, account: str) -> httpx.Response:
    """Send one request of the table."""
    other = "gast" if account != "gast" else "empfang"
    address = ADDRESSES[word].format(account=account, other=other)
    headers, body = {}, ""
    if method == "CREATE":
        method, address = "PUT", address + "neu.ics"
        body = an_event("uid-neu", "20261123T150000", "20261123T153000")
    elif method == "PUT":
        bare = word.removeprefix("union/")
        body = the_text(bare, "LOCATION:Raum 1") if bare in OBJECTS else an_event("uid-neu")
    elif method == "MOVE":
        headers["Destination"] = address.rsplit("/", 2 if word[0].isupper() else 1)[0] + "/neu.ics"
    elif method in READING - {"GET"}:
        headers["Depth"] = "1"
        body = QUERY if method == "REPORT" else ""
    elif method == "PROPPATCH":
        body = NAMED
    return client.request(method, address, content=body.encode(), headers=headers)


#: Who | which objects | what OBJECT_METHODS are answered.
OBJECT_TABLE = """
admin empfang   | mine theirs schmidt main plain            | 200 207 204 204 201 207 403
admin empfang   | union/mine union/theirs union/schmidt     | 200 207 204 204 201 207 403
admin           | missing                                   | 404 404 409 404 409 404 409
empfang         | missing                                   | 404 404 409 404 409 404 409
mueller         | mine theirs                               | 200 207 204 204 201 207 403
mueller         | union/mine union/theirs                   | 200 207 204 204 403 207 403
mueller         | main                                      | 200 207 403 403 403 403 403
mueller         | schmidt plain missing                     | 404 404 409 404 409 404 409
mueller         | union/schmidt                             | 404 404 403 404 404 404 403
albis           | mine theirs schmidt main plain            | 200 207 204 204 201 403 403
albis           | union/mine union/theirs union/schmidt     | 200 207 204 204 201 403 403
albis           | missing                                   | 404 404 409 404 409 404 409
buchung         | mine union/mine                           | 200 207 204 403 403 403 403
buchung         | theirs schmidt main plain                 | 404 404 403 404 404 404 403
buchung         | union/theirs union/schmidt                | 404 404 403 404 404 404 403
buchung         | missing                                   | 404 404 409 404 409 404 409
gast            | mine theirs union/mine union/theirs       | 200 207 403 403 403 403 403
gast            | main union/schmidt                        | 404 404 403 404 404 404 403
gast            | schmidt plain missing                     | 404 404 409 404 409 404 409
nobody          | mine theirs schmidt main plain missing    | 401 401 401 401 401 401 401
nobody          | union/mine union/theirs union/schmidt     | 401 401 401 401 401 401 401
"""
#: Who | which other addresses | what PLACE_METHODS are answered.
PLACE_TABLE = """
admin           | Mueller Schmidt Praxis                    | 200 207 207 201 403 403 207 403
admin           | Plain                                     | 200 207 207 201 204 403 207 403
admin           | Missing                                   | 404 404 404 409 404 403 404 201
empfang         | Mueller Schmidt Praxis Plain              | 200 207 207 201 403 403 207 403
mueller         | Mueller                                   | 200 207 207 201 403 403 207 403
mueller         | Praxis                                    | 200 207 207 403 403 403 403 403
albis buchung   | Mueller Schmidt Praxis Plain              | 200 207 207 201 403 403 403 403
empfang         | Missing                                   | 404 404 404 409 404 403 404 403
albis buchung   | Missing                                   | 404 404 404 409 404 403 404 403
mueller gast    | Schmidt Plain Missing                     | 404 404 404 409 404 403 404 403
gast            | Mueller Praxis                            | 200 207 207 403 403 403 403 403
admin empfang   | Home                                      | 405 207 403 405 403 403 207 403
mueller albis   | Home                                      | 405 207 403 405 403 403 207 403
buchung gast    | Home                                      | 405 207 403 405 403 403 207 403
admin empfang   | Myself                                    | 405 207 403 403 403 403 207 403
mueller albis   | Myself                                    | 405 207 403 403 403 403 207 403
buchung gast    | Myself                                    | 405 207 403 403 403 403 207 403
admin           | Another                                   | 405 207 403 403 403 403 403 403
admin           | Nobody                                    | 405 404 404 403 403 403 404 403
empfang mueller | Another Nobody                            | 405 404 404 403 403 403 404 403
albis           | Another Nobody                            | 405 404 404 403 403 403 404 403
buchung gast    | Another Nobody                            | 405 404 404 403 403 403 404 403
nobody          | Mueller Schmidt Praxis Plain Missing      | 401 401 401 401 401 401 401 401
nobody          | Home Myself Another Nobody                | 401 401 401 401 401 401 401 401
"""
#: What an account must never read a word of.
HIDDEN = {
    "admin": set[str](),
    "empfang": set[str](),
    "albis": set[str](),
    "mueller": {"schmidt", "plain"},
    "buchung": {"theirs", "schmidt", "main", "plain"},
    "gast": {"schmidt", "main", "plain"},
    "nobody": set(OBJECTS),
}


def rows(table: str) -> dict[tuple[str, str], list[int]]:
    """Return the statuses by account and address; nothing stands in the table twice."""
    found: dict[tuple[str, str], list[int]] = {}
    for line in table.strip().splitlines():
        accounts, words, statuses = (part.split() for part in line.split("|"))
        for account in accounts:
            for word in words:
                assert (account, word) not in found
                found[account, word] = [int(status) for status in statuses]
    return found


EXPECTED = {**rows(OBJECT_TABLE), **rows(PLACE_TABLE)}


def test_the_table_is_complete() -> None:
    assert set(EXPECTED) == {(account, word) for account in HIDDEN for word in ADDRESSES}
    assert set(HIDDEN) == {*ACCOUNTS, "nobody"}


@pytest.mark.parametrize("account", HIDDEN)
def test_an_account_does_what_its_role_may_and_nothing_else(
    server: RunningServer, opened: SqlDatabase, account: str
) -> None:
    owner = account if account in ACCOUNTS else "gast"
    furnish(opened, owner)
    before = everything(opened)
    forbidden = {s for word in HIDDEN[account] for s in (*secrets(word), f"{word}.ics")}
    cells = [
        (word, *cell)
        for word in ADDRESSES
        for cell in zip(
            PLACE_METHODS if word[0].isupper() else OBJECT_METHODS,
            EXPECTED[account, word],
            strict=True,
        )
    ]
    changes = [cell for cell in cells if cell[2] < 300 and cell[1] not in READING]
    with server.client(account if account in ACCOUNTS else None) as client:
        for word, method, status in [cell for cell in cells if cell not in changes]:
            answer = ask(client, method, word, account)
            assert (method, word, answer.status_code) == (method, word, status)
            assert {secret for secret in forbidden if secret in answer.text} == set()
        assert everything(opened) == before
        for word, method, status in changes:
            answer = ask(client, method, word, account)
            assert (method, word, answer.status_code) == (method, word, status)
            assert {secret for secret in forbidden if secret in answer.text} == set()
            furnish(opened, owner)


# --- what a booking account sees ------------------------------------------------------------------

#: The start and end of a slot, local, as `an_event` takes them.
TEN = ("20261123T100000", "20261123T103000")
HALF_PAST_TEN = ("20261123T103000", "20261123T110000")
DAY = ("20261123T000000Z", "20261124T000000Z")
SECRET = "SUMMARY:Erna Geheim"


@pytest.fixture
def house(server: RunningServer, opened: SqlDatabase) -> RunningServer:
    """The served practice, its calendars empty."""
    empty(opened)
    return server


@pytest.fixture
def staff(house: RunningServer) -> Iterator[httpx.Client]:
    """Someone who sees everything."""
    with house.client("empfang") as client:
        yield client


@pytest.fixture
def booking(house: RunningServer) -> Iterator[httpx.Client]:
    """The booking tool, which may write into every calendar."""
    with house.client("buchung") as client:
        yield client


def stored(client: httpx.Client, calendar: str, name: str, text: str) -> None:
    assert put(client, calendar, name, text).status_code == 201


def free_busy(client: httpx.Client, calendar: str) -> list[str]:
    """Return the busy times of the day."""
    body = (
        '<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav">'
        f'<C:time-range start="{DAY[0]}" end="{DAY[1]}"/></C:free-busy-query>'
    )
    answer = client.request("REPORT", calendar, content=body, headers={"Depth": "1"})
    assert answer.status_code == 200
    return [line for line in answer.text.splitlines() if line.startswith("FREEBUSY")]


def test_a_booking_account_sees_its_own_objects_only_however_it_looks(
    staff: httpx.Client, booking: httpx.Client
) -> None:
    stored(staff, MUELLER, "theirs.ics", an_event("theirs", *TEN, SECRET))
    stored(staff, PRAXIS, "closed.ics", an_event("closed", *TEN, SECRET))
    stored(booking, MUELLER, "mine.ics", an_event("mine", *HALF_PAST_TEN))
    for calendar, mine, theirs in (
        (MUELLER, "mine.ics", "theirs.ics"),
        (PRAXIS, "dr-mueller~mine.ics", "dr-mueller~theirs.ics"),
        (PRAXIS + "appointments.ics/", "dr-mueller~mine.ics", "dr-mueller~theirs.ics"),
    ):
        assert names(booking, calendar) == {mine}
        assert set(sync(booking, calendar).found) == {calendar + mine}
        assert set(query(booking, calendar, *DAY).found) == {calendar + mine}
        got = multiget(booking, calendar, [calendar + mine, calendar + theirs]).found
        assert set(got[calendar + mine].propstats) == {200}
        assert got[calendar + theirs].status == 404
        assert not got[calendar + theirs].propstats
        assert free_busy(booking, calendar) == [
            "FREEBUSY;FBTYPE=BUSY:20261123T093000Z/20261123T100000Z"
        ]
        assert booking.get(calendar + mine).status_code == 200
        assert booking.get(calendar + theirs).status_code == 404
        file = booking.get(calendar.removesuffix("appointments.ics/"))
        assert file.text.count("BEGIN:VEVENT") == 1
        assert "UID:mine" in file.text
        assert "Geheim" not in file.text
    assert free_busy(staff, PRAXIS) != free_busy(booking, PRAXIS)


def test_a_booking_account_is_not_told_of_the_changes_of_others(
    staff: httpx.Client, booking: httpx.Client
) -> None:
    stored(booking, MUELLER, "mine.ics", an_event("mine", *HALF_PAST_TEN))
    token = sync(booking, MUELLER).token
    union = sync(booking, PRAXIS).token
    stored(staff, MUELLER, "came.ics", an_event("came", *TEN, SECRET))
    stored(staff, MUELLER, "went.ics", an_event("went", *TEN, SECRET))
    assert staff.delete(MUELLER + "went.ics").status_code == 204
    assert sync(booking, MUELLER, token).found == {}
    assert sync(booking, PRAXIS, union).found == {}
    assert staff.delete(MUELLER + "mine.ics").status_code == 204
    assert sync(booking, MUELLER, token).found[MUELLER + "mine.ics"].status == 404
    assert set(sync(booking, PRAXIS, union).found) == {PRAXIS + "dr-mueller~mine.ics"}


def test_a_booking_account_deletes_nothing_and_moves_nothing_away(
    staff: httpx.Client, booking: httpx.Client
) -> None:
    stored(booking, MUELLER, "mine.ics", an_event("mine", *TEN))
    stored(staff, MUELLER, "theirs.ics", an_event("theirs", *HALF_PAST_TEN))
    before = listing(staff, PRAXIS)
    for address in (MUELLER + "mine.ics", PRAXIS + "dr-mueller~mine.ics"):
        assert booking.delete(address).status_code == 403
        for target in (SCHMIDT + "mine.ics", MUELLER + "other.ics", MUELLER + "theirs.ics"):
            moved = booking.request("MOVE", address, headers={"Destination": target})
            assert moved.status_code == 403
    assert booking.delete(MUELLER + "theirs.ics").status_code == 404
    assert booking.delete(MUELLER).status_code == 403
    assert listing(staff, PRAXIS) == before


def test_a_name_that_is_taken_by_a_hidden_object_is_refused_and_the_object_stays(
    staff: httpx.Client, booking: httpx.Client
) -> None:
    text = an_event("theirs", *TEN, SECRET)
    stored(staff, MUELLER, "theirs.ics", text)
    etag = staff.get(MUELLER + "theirs.ics").headers["ETag"]
    mine = an_event("mine", *HALF_PAST_TEN)
    for calendar, name in ((MUELLER, "theirs.ics"), (PRAXIS, "dr-mueller~theirs.ics")):
        assert put(booking, calendar, name, mine).status_code == 403
        assert put(booking, calendar, name, mine, If_None_Match="*").status_code == 403
        assert put(booking, calendar, name, mine, If_Match=etag).status_code == 412
        assert put(booking, calendar, name, mine, If_Match="*").status_code == 412
    assert staff.get(MUELLER + "theirs.ics").text == text


def test_a_uid_conflict_names_the_other_object_only_to_those_who_see_it(
    staff: httpx.Client, booking: httpx.Client
) -> None:
    stored(staff, MUELLER, "erna-geheim.ics", an_event("same", *TEN))
    text = an_event("same", *HALF_PAST_TEN)
    for calendar, name in ((MUELLER, "mine.ics"), (PRAXIS, "dr-mueller~mine.ics")):
        refused = put(booking, calendar, name, text)
        assert refused.status_code == 409
        assert preconditions(refused) == {CALDAV + "no-uid-conflict"}
        assert "erna" not in refused.text
        assert "href" not in refused.text
        told = put(staff, calendar, name, text)
        assert told.status_code == 409
        assert preconditions(told) == {CALDAV + "no-uid-conflict"}
        shown = calendar + name.replace("mine", "erna-geheim")
        assert f"<href>{shown}</href>" in told.text
    assert names(staff, MUELLER) == {"erna-geheim.ics"}


def test_nothing_is_put_or_moved_under_a_name_that_stands_for_an_object_out_of_sight(
    house: RunningServer, opened: SqlDatabase
) -> None:
    with writing(opened) as uow:
        labor = add_account(uow, Account(0, "labor", Role.PVS))
        set_password(uow, labor, hash_password(PASSWORD))
        for calendar in ("praxis", "dr-schmidt"):
            grant(uow, labor, calendar, Level.WRITE)
    with house.client("labor") as client:
        stored(client, SCHMIDT, "a.ics", an_event("a", *TEN))
        for method in ("PUT", "MOVE"):
            where = PRAXIS + ("dr-mueller~a.ics" if method == "PUT" else "dr-schmidt~a.ics")
            headers = {"Destination": PRAXIS + "dr-mueller~a.ics"}
            text = an_event("b", *HALF_PAST_TEN)
            refused = client.request(method, where, content=text.encode(), headers=headers)
            assert refused.status_code == 403
        assert names(client, PRAXIS) == {"dr-schmidt~a.ics"}


# --- the slot -------------------------------------------------------------------------------------


def whole_days(uid: str, first: str, *more: str) -> str:
    """Return an event of whole days."""
    lines = an_event(uid, *TEN, *more).split("\r\n")
    days = [f"DTSTART;VALUE=DATE:{first}" if line.startswith("DTSTART") else line for line in lines]
    return "\r\n".join(line for line in days if not line.startswith("DTEND"))


#: Slots that are taken: the calendar and text of what takes them, and the slot.
TAKEN = {
    "hidden": (MUELLER, an_event("x", *TEN, SECRET), TEN),
    "overlapping a minute": (
        MUELLER,
        an_event("x", "20261123T102900", "20261123T110000", SECRET),
        TEN,
    ),
    "within": (MUELLER, an_event("x", "20261123T101000", "20261123T101500", SECRET), TEN),
    "around": (MUELLER, an_event("x", "20261122T180000", "20261124T080000", SECRET), TEN),
    "tentative": (MUELLER, an_event("x", *TEN, SECRET, "STATUS:TENTATIVE"), TEN),
    "an occurrence of a series": (
        MUELLER,
        an_event("x", *TEN, SECRET, "RRULE:FREQ=WEEKLY;COUNT=4"),
        ("20261207T101500", "20261207T104500"),
    ),
    "an endless series in the far future": (
        MUELLER,
        an_event("x", *TEN, SECRET, "RRULE:FREQ=WEEKLY"),
        ("20760330T100000", "20760330T103000"),  # a Monday, as the first
    ),
    "an endless series in another zone": (
        MUELLER,
        an_event("x", *TEN, SECRET, "RRULE:FREQ=WEEKLY", tzid="America/New_York"),
        ("20270104T160000", "20270104T163000"),
    ),
    "a closed day": (PRAXIS, whole_days("x", "20261123", SECRET), TEN),
    "a day closed every year": (
        PRAXIS,
        whole_days("x", "20201224", SECRET, "RRULE:FREQ=YEARLY"),
        ("20261224T235500", "20261225T001000"),
    ),
}


@pytest.mark.parametrize("through", ["its calendar", "the main calendar"])
@pytest.mark.parametrize("case", TAKEN)
def test_a_taken_slot_is_not_booked(
    house: RunningServer,
    opened: SqlDatabase,
    staff: httpx.Client,
    booking: httpx.Client,
    case: str,
    through: str,
) -> None:
    calendar, text, slot = TAKEN[case]
    stored(staff, calendar, "erna-geheim.ics", text)
    before = everything(opened)
    where, name = (MUELLER, "n.ics") if "its" in through else (PRAXIS, "dr-mueller~n.ics")
    refused = put(booking, where, name, an_event("neu", *slot))
    assert refused.status_code == 409
    assert preconditions(refused) == {SLOT_FREE}
    assert "eheim" not in refused.text
    assert everything(opened) == before
    assert put(staff, where, name, an_event("neu", *slot)).status_code == 201  # a person may


def test_the_refusal_offers_free_slots_that_can_be_booked(
    staff: httpx.Client, booking: httpx.Client
) -> None:
    # Of a day to come: what is past is not offered.
    ten = ("20351126T100000", "20351126T103000")
    stored(staff, MUELLER, "a.ics", an_event("a", *ten))
    stored(staff, MUELLER, "b.ics", an_event("b", "20351126T104500", "20351126T120000"))
    refused = put(booking, MUELLER, "n.ics", an_event("neu", *ten))
    told = ET.fromstring(refused.content).iter("{urn:praxis-caldav}alternative")
    offers = [(offer.attrib["start"], offer.attrib["end"]) for offer in told]
    # The hours are 8 to 12 and 13 to 17; the quarter at half past ten is too short.
    assert offers == [
        ("20351126T130000", "20351126T133000"),
        ("20351126T133000", "20351126T140000"),
        ("20351126T140000", "20351126T143000"),
    ]
    for n, offer in enumerate(offers):
        stored(booking, MUELLER, f"n{n}.ics", an_event(f"neu-{n}", *offer))


#: What leaves TEN free in dr-mueller: the calendar and the text.
FREE = {
    "touching before": (MUELLER, an_event("x", "20261123T093000", "20261123T100000")),
    "touching after": (MUELLER, an_event("x", *HALF_PAST_TEN)),
    "transparent": (MUELLER, an_event("x", *TEN, "TRANSP:TRANSPARENT")),
    "cancelled": (MUELLER, an_event("x", *TEN, "STATUS:CANCELLED")),
    "another doctor's": (SCHMIDT, an_event("x", *TEN)),
    "in a calendar of no doctor": (PLAIN, an_event("x", *TEN)),
    "an exception of a series": (
        MUELLER,
        an_event(
            "x",
            "20261116T100000",
            "20261116T103000",
            "RRULE:FREQ=WEEKLY",
            "EXDATE;TZID=Europe/Berlin:20261123T100000",
        ),
    ),
    "a task": (MUELLER, an_event("x", *TEN).replace("VEVENT", "VTODO").replace("DTEND", "DUE")),
    "the day before closed": (PRAXIS, whole_days("x", "20261122")),
}


@pytest.mark.parametrize("case", FREE)
def test_a_free_slot_is_booked(staff: httpx.Client, booking: httpx.Client, case: str) -> None:
    calendar, text = FREE[case]
    stored(staff, calendar, "x.ics", text)
    stored(booking, MUELLER, "n.ics", an_event("neu", *TEN))


def test_what_takes_no_time_is_booked_over_anything(
    staff: httpx.Client, booking: httpx.Client
) -> None:
    stored(staff, MUELLER, "x.ics", an_event("x", *TEN))
    stored(booking, MUELLER, "n.ics", an_event("neu", *TEN, "STATUS:CANCELLED"))
    stored(booking, MUELLER, "t.ics", an_event("neu-2", *TEN, "TRANSP:TRANSPARENT"))
    # It does not become a booking afterwards.
    refused = put(booking, MUELLER, "n.ics", an_event("neu", *TEN, "STATUS:CONFIRMED"))
    assert refused.status_code == 409
    assert preconditions(refused) == {SLOT_FREE}


def test_a_booking_account_changes_its_own_object_within_its_own_slot_and_to_free_ones(
    staff: httpx.Client, booking: httpx.Client
) -> None:
    stored(booking, MUELLER, "n.ics", an_event("neu", *TEN, "STATUS:TENTATIVE"))
    stored(staff, MUELLER, "x.ics", an_event("x", "20261123T110000", "20261123T113000"))
    confirmed = an_event("neu", *TEN, "STATUS:CONFIRMED")
    assert put(booking, MUELLER, "n.ics", confirmed).status_code == 204
    shifted = an_event("neu", "20261123T101500", "20261123T110000")
    assert put(booking, MUELLER, "n.ics", shifted).status_code == 204
    longer = an_event("neu", "20261123T101500", "20261123T110500")
    refused = put(booking, PRAXIS, "dr-mueller~n.ics", longer)
    assert refused.status_code == 409
    assert preconditions(refused) == {SLOT_FREE}
    assert booking.get(MUELLER + "n.ics").text == shifted


def test_two_bookings_of_one_account_do_not_overlap_and_a_series_takes_all_its_slots(
    staff: httpx.Client, booking: httpx.Client
) -> None:
    stored(staff, MUELLER, "x.ics", an_event("x", "20261207T100000", "20261207T103000"))
    series = an_event("neu", *TEN, "RRULE:FREQ=WEEKLY;COUNT=3")
    assert put(booking, MUELLER, "s.ics", series).status_code == 409
    stored(booking, SCHMIDT, "s.ics", series)
    third = an_event("neu-2", "20261207T100000", "20261207T103000")
    assert put(booking, SCHMIDT, "n.ics", third).status_code == 409
    stored(booking, SCHMIDT, "n.ics", third.replace("20261207", "20261214"))

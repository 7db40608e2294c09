"""A refused request leaves nothing behind: not one row of one table is another afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from practice.accounts import CredentialKind, Room
from practice.answers import GivenAnswer
from practice.appointments import Slot
from practice.calendars import CalendarKind
from practice.conflicts import Dispute, DisputeKind, Terms
from practice.database import SqlDatabase
from practice.details import Category
from practice.imports import Import, ImportRow, ImportState, RowVerdict
from practice.messages import Message, Receiver
from practice.patients import Patient, PatientRecord
from practice.schedule import BookingRules, HoursException
from practice.sources import SourceState
from practice.use_cases import offers
from practice.use_cases.arranging import Order, book
from practice.use_cases.crowds import by_visitor, note_booked
from practice.use_cases.erasure import erase
from practice.use_cases.feeds import make
from practice.use_cases.holding import Wish, hold
from practice.use_cases.patient_sign_in import ask_for_link
from practice.use_cases.sessions import begin_session
from practice.views import Level
from tests.arranging import a_type
from tests.bookings import everything
from tests.building import NOW, PROFILE, an_event, the_account, writing
from tests.dav import CALDAV, DAV, HOME, multistatus, preconditions, put

if TYPE_CHECKING:
    from practice.database.unit_of_work import SqlUnitOfWork
    from tests.servers import RunningServer

MUELLER, SCHMIDT, PRAXIS = (f"{HOME}{name}/" for name in ("dr-mueller", "dr-schmidt", "praxis"))
LABOR, TASKS = f"{HOME}labor/", f"{HOME}aufgaben/"
A = f"{MUELLER}a.ics"
PRAXIS_CALDAV = "{urn:praxis-caldav}"


@dataclass(frozen=True)
class Refused:
    """A request and how it is refused: a status, and a precondition of an RFC if there is one."""

    why: str
    method: str
    path: str
    status: int
    element: str = ""
    account: str | None = "empfang"
    body: str | bytes = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def todo(uid: str) -> str:
    return an_event(uid).replace("VEVENT", "VTODO").replace("DTEND", "DUE")


A_NEW_ONE = an_event("new", "20261124T150000", "20261124T153000")
TAKEN = an_event("new", "20261123T101500", "20261123T104500")
TWO_UIDS = A_NEW_ONE.replace(
    "END:VCALENDAR\r\n", an_event("other").split("\r\n", 3)[3].removeprefix("\r\n")
)
NOT_XML = "<propertyupdate xmlns='DAV:'><set>"
WITH_DTD = '<!DOCTYPE x [<!ENTITY y "z">]><propertyupdate xmlns="DAV:"/>'


def proppatch(properties: str) -> str:
    return (
        '<propertyupdate xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
        f"<set><prop>{properties}</prop></set></propertyupdate>"
    )


def into(destination: str, **more: str) -> dict[str, str]:
    return {"Destination": destination, **more}


NEW = f"{MUELLER}new.ics"
OLD_ETAG = '"0123456789abcdef0123456789abcdef01234567"'
VALID_DATA = CALDAV + "valid-calendar-data"
VALID_OBJECT = CALDAV + "valid-calendar-object-resource"
TOO_LARGE = CALDAV + "max-resource-size"
UID_CONFLICT = CALDAV + "no-uid-conflict"
PRIVILEGES = DAV + "need-privileges"

PUTS = (
    Refused("another version", "PUT", A, 412, body=A_NEW_ONE, headers={"If-Match": OLD_ETAG}),
    Refused("nothing there", "PUT", NEW, 412, body=A_NEW_ONE, headers={"If-Match": "*"}),
    Refused("already there", "PUT", A, 412, body=A_NEW_ONE, headers={"If-None-Match": "*"}),
    Refused("empty", "PUT", A, 403, VALID_DATA),
    Refused("no iCalendar", "PUT", A, 403, VALID_DATA, body="BEGIN:VCARD\r\nEND:VCARD\r\n"),
    Refused("no UTF-8", "PUT", A, 403, VALID_DATA, body=b"BEGIN:VCALENDAR\xff"),
    Refused("cut off", "PUT", NEW, 403, VALID_DATA, body=A_NEW_ONE[:200]),
    Refused(
        "a METHOD",
        "PUT",
        NEW,
        403,
        VALID_OBJECT,
        body=A_NEW_ONE.replace("PRODID", "METHOD:REQUEST\r\nPRODID"),
    ),
    Refused("two UIDs", "PUT", NEW, 403, VALID_OBJECT, body=TWO_UIDS),
    Refused("no UID", "PUT", NEW, 403, VALID_OBJECT, body=A_NEW_ONE.replace("UID:new\r\n", "")),
    Refused(
        "another component",
        "PUT",
        f"{TASKS}new.ics",
        403,
        CALDAV + "supported-calendar-component",
        body=A_NEW_ONE,
    ),
    Refused(
        "too large",
        "PUT",
        NEW,
        403,
        TOO_LARGE,
        body=an_event("n", "20261124T150000", "20261124T153000", "X-FAT:" + "x" * 1_000_000),
    ),
    Refused(
        "too large to be read",
        "PUT",
        NEW,
        413,
        TOO_LARGE,
        body=b"x" * 25_000_001,
    ),
    Refused(
        "too often",
        "PUT",
        NEW,
        403,
        CALDAV + "max-instances",
        body=an_event("n", "20261124T150000", "20261124T153000", "RRULE:FREQ=DAILY;COUNT=100000"),
    ),
    Refused("a UID of another name", "PUT", NEW, 409, UID_CONFLICT, body=an_event("a")),
    Refused("a UID of another name, overwriting", "PUT", A, 409, UID_CONFLICT, body=an_event("b")),
    Refused(
        "a UID of another calendar",
        "PUT",
        f"{PRAXIS}new.ics",
        409,
        UID_CONFLICT,
        body=an_event("a"),
    ),
    Refused(
        "a name of another calendar's objects",
        "PUT",
        f"{PRAXIS}dr-mueller~",
        403,
        PRIVILEGES,
        body=A_NEW_ONE,
    ),
    Refused("taken", "PUT", NEW, 409, PRAXIS_CALDAV + "slot-free", account="buchung", body=TAKEN),
    Refused(
        "taken, moving its own",
        "PUT",
        f"{MUELLER}gebucht.ics",
        409,
        PRAXIS_CALDAV + "slot-free",
        account="buchung",
        body=TAKEN.replace("UID:new", "UID:gebucht"),
    ),
    Refused("not its own", "PUT", A, 403, PRIVILEGES, account="buchung", body=A_NEW_ONE),
    Refused("a reader", "PUT", NEW, 403, PRIVILEGES, account="gast", body=A_NEW_ONE),
    Refused("a reader, changing", "PUT", A, 403, PRIVILEGES, account="gast", body=A_NEW_ONE),
    Refused(
        "the main calendar only read",
        "PUT",
        f"{PRAXIS}new.ics",
        403,
        PRIVILEGES,
        account="mueller",
        body=A_NEW_ONE,
    ),
    Refused("not granted", "PUT", f"{SCHMIDT}new.ics", 409, account="gast", body=A_NEW_ONE),
    Refused("no such calendar", "PUT", f"{HOME}dr-nobody/new.ics", 409, body=A_NEW_ONE),
    Refused("a calendar", "PUT", MUELLER, 405, body=A_NEW_ONE),
    Refused("a calendar without slash", "PUT", MUELLER.rstrip("/"), 405, body=A_NEW_ONE),
    Refused("a calendar as a file", "PUT", f"{MUELLER}appointments.ics", 405, body=A_NEW_ONE),
    Refused("the home", "PUT", HOME, 403, body=A_NEW_ONE),
    Refused("outside the home", "PUT", "/caldav/empfang/new.ics", 403, body=A_NEW_ONE),
    Refused("too deep", "PUT", f"{MUELLER}deep/new.ics", 409, body=A_NEW_ONE),
    Refused("too long a name", "PUT", f"{MUELLER}{'n' * 256}", 403, body=A_NEW_ONE),
    Refused("a control character", "PUT", f"{MUELLER}a%0Ab", 400, body=A_NEW_ONE),
    Refused("an encoded slash", "PUT", f"{MUELLER}..%2Fa.ics", 400, body=A_NEW_ONE),
    Refused(
        "another type",
        "PUT",
        NEW,
        403,
        CALDAV + "supported-calendar-data",
        body=A_NEW_ONE,
        headers={"Content-Type": "application/calendar+json"},
    ),
    Refused("nobody", "PUT", NEW, 401, account=None, body=A_NEW_ONE),
)
DELETIONS = (
    Refused("another version", "DELETE", A, 412, headers={"If-Match": OLD_ETAG}),
    Refused("no such object", "DELETE", NEW, 404),
    Refused("no such calendar", "DELETE", f"{HOME}dr-nobody/a.ics", 404),
    Refused("a reader", "DELETE", A, 403, PRIVILEGES, account="gast"),
    Refused("its own booking", "DELETE", f"{MUELLER}gebucht.ics", 403, account="buchung"),
    Refused("another's, unseen", "DELETE", A, 404, account="buchung"),
    Refused("another doctor's", "DELETE", f"{SCHMIDT}c.ics", 404, account="mueller"),
    Refused("a doctor's calendar", "DELETE", MUELLER, 403, PRIVILEGES, account="admin"),
    Refused("the main calendar", "DELETE", PRAXIS, 403, PRIVILEGES, account="admin"),
    Refused("a calendar, by staff", "DELETE", LABOR, 403, PRIVILEGES),
    Refused("a calendar as a file", "DELETE", f"{LABOR}appointments.ics", 403, account="admin"),
    Refused(
        "another version of a calendar",
        "DELETE",
        LABOR,
        412,
        account="admin",
        headers={"If-Match": '"1-x"'},
    ),
    Refused("the home", "DELETE", HOME, 403, account="admin"),
    Refused("the mount", "DELETE", "/caldav/", 403, account="admin"),
    Refused("nobody", "DELETE", A, 401, account=None),
)
MOVES = (
    Refused("another version", "MOVE", A, 412, headers=into(NEW, **{"If-Match": OLD_ETAG})),
    Refused("not over another", "MOVE", A, 412, headers=into(f"{MUELLER}b.ics", Overwrite="F")),
    Refused("no such object", "MOVE", NEW, 404, headers=into(f"{MUELLER}newer.ics")),
    Refused("no such calendar", "MOVE", A, 409, headers=into(f"{HOME}dr-nobody/a.ics")),
    Refused("nowhere", "MOVE", A, 400),
    Refused("out of the mount", "MOVE", A, 400, headers=into("/elsewhere/a.ics")),
    Refused("to another server", "MOVE", A, 502, headers=into(f"https://example.org{NEW}")),
    Refused("onto a calendar", "MOVE", A, 403, headers=into(SCHMIDT)),
    Refused("onto its file", "MOVE", A, 403, headers=into(f"{SCHMIDT}appointments.ics")),
    Refused("nothing in common", "MOVE", A, 412, headers=into(NEW, If='(["x"])')),
    Refused("an If of nobody", "MOVE", A, 400, headers=into(NEW, If="urn:x")),
    Refused("onto itself", "MOVE", A, 403, headers=into(A)),
    Refused("onto itself", "COPY", A, 403, headers=into(A)),
    Refused("another version", "COPY", A, 412, headers=into(LABOR + "n", **{"If-Match": OLD_ETAG})),
    Refused("a UID twice", "COPY", A, 409, UID_CONFLICT, headers=into(NEW)),
    Refused("not over another", "COPY", A, 412, headers=into(f"{SCHMIDT}c.ics", Overwrite="F")),
    Refused("perhaps over another", "COPY", A, 400, headers=into(f"{SCHMIDT}c.ics", Overwrite="X")),
    Refused("a calendar", "COPY", LABOR, 403, headers=into(f"{HOME}labor-2/"), account="admin"),
    Refused(
        "to a calendar only read",
        "COPY",
        A,
        403,
        PRIVILEGES,
        account="mueller",
        headers=into(f"{PRAXIS}new.ics"),
    ),
    Refused(
        "another component",
        "COPY",
        A,
        403,
        CALDAV + "supported-calendar-component",
        headers=into(f"{TASKS}a.ics"),
    ),
    Refused("no such object", "COPY", NEW, 404, headers=into(f"{LABOR}newer.ics")),
    Refused("nobody", "COPY", A, 401, account=None, headers=into(NEW)),
    Refused("a calendar", "MOVE", LABOR, 403, headers=into(f"{HOME}labor-2/"), account="admin"),
    Refused("a UID twice", "MOVE", A, 409, UID_CONFLICT, headers=into(f"{LABOR}other.ics")),
    Refused(
        "a UID twice, over another",
        "MOVE",
        A,
        409,
        UID_CONFLICT,
        headers=into(f"{LABOR}replaced.ics"),
    ),
    Refused(
        "another component",
        "MOVE",
        A,
        403,
        CALDAV + "supported-calendar-component",
        headers=into(f"{TASKS}a.ics"),
    ),
    Refused("too long a name", "MOVE", A, 403, headers=into(MUELLER + "n" * 256)),
    Refused(
        "a booking",
        "MOVE",
        f"{MUELLER}gebucht.ics",
        403,
        PRIVILEGES,
        account="buchung",
        headers=into(NEW),
    ),
    Refused("a reader", "MOVE", A, 403, PRIVILEGES, account="gast", headers=into(NEW)),
    Refused(
        "to an unseen calendar",
        "MOVE",
        A,
        409,
        account="mueller",
        headers=into(f"{SCHMIDT}a.ics"),
    ),
    Refused(
        "to a calendar only read",
        "MOVE",
        A,
        403,
        PRIVILEGES,
        account="mueller",
        headers=into(f"{PRAXIS}a.ics"),
    ),
    Refused("nobody", "MOVE", A, 401, account=None, headers=into(NEW)),
)
NOTED = proppatch('<n:note xmlns:n="urn:n">Notiz</n:note>')
RENAMED = proppatch("<displayname>Anders</displayname>")
PROPPATCHES = (
    Refused("no XML", "PROPPATCH", MUELLER, 400, body=NOT_XML),
    Refused("a DTD", "PROPPATCH", MUELLER, 400, body=WITH_DTD),
    Refused("a reader", "PROPPATCH", MUELLER, 403, account="gast", body=RENAMED),
    Refused("practice software", "PROPPATCH", MUELLER, 403, account="albis", body=RENAMED),
    Refused("a booking tool", "PROPPATCH", MUELLER, 403, account="buchung", body=RENAMED),
    Refused("unseen", "PROPPATCH", SCHMIDT, 404, account="gast", body=RENAMED),
    Refused("no such calendar", "PROPPATCH", f"{HOME}dr-nobody/", 404, body=RENAMED),
    Refused("the home's name", "PROPPATCH", HOME, 207, account="admin", body=RENAMED),
    Refused("its own name", "PROPPATCH", "/caldav/admin/", 207, account="admin", body=RENAMED),
    Refused("the mount", "PROPPATCH", "/caldav/", 207, account="admin", body=RENAMED),
    Refused("another's principal", "PROPPATCH", "/caldav/gast/", 404, body=RENAMED),
    Refused("an object, a reader", "PROPPATCH", A, 403, PRIVILEGES, account="gast", body=NOTED),
    Refused("an object, a program", "PROPPATCH", A, 403, PRIVILEGES, account="albis", body=NOTED),
    Refused("no such object", "PROPPATCH", NEW, 404, body=NOTED),
    Refused("another version", "PROPPATCH", A, 412, body=NOTED, headers={"If-Match": OLD_ETAG}),
    Refused("no question", "PROPPATCH", MUELLER, 400, account="admin"),
    Refused("nobody", "PROPPATCH", MUELLER, 401, account=None, body=RENAMED),
)
MADE = (
    '<C:mkcalendar xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
    "<set><prop><displayname>Neu</displayname></prop></set></C:mkcalendar>"
)
COLOURED = '<i:calendar-color xmlns:i="http://apple.com/ns/ical/">#112233FF</i:calendar-color>'
EXTENDED = (
    '<mkcol xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><set><prop>'
    "<resourcetype><collection/><C:calendar/></resourcetype></prop></set></mkcol>"
)
AVAILABLE = proppatch(
    "<C:calendar-availability>BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y\nBEGIN:VAVAILABILITY\n"
    "UID:v\nDTSTAMP:20261101T080000Z\nEND:VAVAILABILITY\nEND:VCALENDAR</C:calendar-availability>"
)
NEU = f"{HOME}neu/"
OUTBOX = "/caldav/empfang/outbox/"
MUST_BE_NULL = DAV + "resource-must-be-null"
CREATIONS = (
    Refused("staff", "MKCALENDAR", NEU, 403, body=MADE),
    Refused("practice software", "MKCALENDAR", NEU, 403, account="albis", body=MADE),
    Refused("already there", "MKCALENDAR", LABOR, 403, MUST_BE_NULL, account="admin", body=MADE),
    Refused("already there, unseen", "MKCALENDAR", SCHMIDT, 403, account="gast", body=MADE),
    Refused("no XML", "MKCALENDAR", NEU, 400, account="admin", body="<mkcalendar"),
    Refused("a bad name", "MKCALENDAR", f"{HOME}Neu~1/", 403, account="admin", body=MADE),
    Refused("in a calendar", "MKCALENDAR", f"{LABOR}neu/", 403, account="admin", body=MADE),
    Refused("beside the home", "MKCALENDAR", "/caldav/neu/", 403, account="admin", body=MADE),
    Refused("nobody", "MKCALENDAR", NEU, 401, account=None, body=MADE),
    Refused("staff", "MKCOL", NEU, 403, body=EXTENDED),
    Refused("already there", "MKCOL", LABOR, 405, account="admin", body=EXTENDED),
    Refused("no XML", "MKCOL", NEU, 400, account="admin", body="<mkcol"),
    Refused("no calendar", "MKCOL", NEU, 403, account="admin"),
    Refused("in a calendar", "MKCOL", f"{LABOR}neu/", 403, account="admin", body=EXTENDED),
    Refused("nobody", "MKCOL", NEU, 401, account=None, body=EXTENDED),
)
OTHERS = (
    *(
        Refused("unknown here", method, path, 405, account="admin", body=A_NEW_ONE)
        for method in ("POST", "LOCK", "UNLOCK", "PATCH", "BIND", "SEARCH")
        for path in (A, MUELLER)
    ),
    *(
        Refused("nobody may", "ACL", path, 403, DAV + "need-privileges", account="admin")
        for path in (A, MUELLER, HOME, "/caldav/admin/", "/caldav/admin/inbox/")
    ),
    Refused("too deep", "PROPFIND", HOME, 403, headers={"Depth": "infinity"}),
    Refused(
        "a token of nobody",
        "REPORT",
        MUELLER,
        403,
        DAV + "valid-sync-token",
        body='<sync-collection xmlns="DAV:"><sync-token>x</sync-token><prop/></sync-collection>',
    ),
)
BAD_ZONE = proppatch("<C:calendar-timezone>BEGIN:VCALENDAR</C:calendar-timezone>")
TOO_LONG = proppatch(f'<n:note xmlns:n="urn:n">{"x" * 200_000}</n:note>')
ASKED = "\r\n".join(
    (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//x//y",
        "METHOD:REQUEST",
        "BEGIN:VFREEBUSY",
        "UID:asked",
        "DTSTAMP:20261101T080000Z",
        "DTSTART:20261123T000000Z",
        "DTEND:20261124T000000Z",
        "ORGANIZER:/caldav/mueller/",
        "ATTENDEE:/caldav/mueller/",
        "END:VFREEBUSY",
        "END:VCALENDAR",
        "",
    )
)
FEED = "/feeds/aaaaa-bbbbb-ccccc-ddddd-eeeee-f.ics"
#: The doors beside calendars and their objects.
DOORS = (
    Refused("no iCalendar", "POST", OUTBOX, 403, VALID_DATA, body="BEGIN:VCARD"),
    Refused("as another", "POST", OUTBOX, 403, CALDAV + "valid-organizer", body=ASKED),
    Refused("an event", "POST", OUTBOX, 403, CALDAV + "valid-scheduling-message", body=A_NEW_ONE),
    Refused("too large", "POST", OUTBOX, 403, TOO_LARGE, body=ASKED + "x" * 200_000),
    Refused("at another's", "POST", "/caldav/mueller/outbox/", 404, body=ASKED),
    Refused("at the inbox", "POST", "/caldav/empfang/inbox/", 405, body=ASKED),
    Refused("into the inbox", "PUT", "/caldav/empfang/inbox/new.ics", 403, body=A_NEW_ONE),
    Refused("in the outbox", "MKCALENDAR", f"{OUTBOX}neu/", 403, account="empfang", body=MADE),
    Refused("nobody", "POST", OUTBOX, 401, account=None, body=ASKED),
    Refused("no availability", "PROPPATCH", "/caldav/empfang/inbox/", 207, body=BAD_ZONE),
    Refused("another's", "PROPPATCH", "/caldav/mueller/inbox/", 404, body=AVAILABLE),
    Refused("a zone of nowhere", "PROPPATCH", MUELLER, 207, body=BAD_ZONE),
    Refused("too long", "PROPPATCH", MUELLER, 207, body=TOO_LONG),
    Refused("too long, an object", "PROPPATCH", A, 207, body=TOO_LONG),
    Refused(
        "another's ETag, an object", "PROPPATCH", A, 412, body=NOTED, headers={"If": '(["x"])'}
    ),
    Refused(
        "made with a zone of nowhere",
        "MKCALENDAR",
        NEU,
        403,
        VALID_DATA,
        account="admin",
        body=BAD_ZONE.replace("propertyupdate", "C:mkcalendar"),
    ),
    Refused(
        "an ETag", "MKCALENDAR", NEU, 412, account="admin", body=MADE, headers={"If": '(["x"])'}
    ),
    Refused("an unknown feed", "GET", FEED, 404, account=None),
    *(
        Refused("a feed is only read", method, FEED, 405, account=None, body=A_NEW_ONE)
        for method in ("PUT", "POST", "DELETE", "PROPPATCH", "MKCALENDAR", "COPY", "OPTIONS")
    ),
)
REFUSED = (*PUTS, *DELETIONS, *MOVES, *PROPPATCHES, *CREATIONS, *DOORS, *OTHERS)


@pytest.fixture(scope="module")
def furnished(server: RunningServer) -> Iterator[SqlDatabase]:
    """The served database, with objects in every calendar, appointments and letters."""
    with closing(SqlDatabase(server.database_url)) as database:
        with writing(database) as uow:
            uow.calendars.create("labor", CalendarKind.PLAIN, {"D:displayname": "Labor"})
            uow.calendars.create("aufgaben", CalendarKind.PLAIN, {}, components=("VTODO",))
            uow.patients.save(Patient("4711", PatientRecord("Muster", "Sabine", number="4711")))
            uow.patients.save(Patient("4712", PatientRecord("Ehemals", "Ole", number="4712")))
            uow.house.save_room(Room("raum-1", "Raum 1"))
            uow.accounts.add_credential(
                the_account(uow, "albis"), CredentialKind.TOKEN, "Albis", "0" * 64
            )
            make(uow, "dr-mueller", Level.BUSY, "Telefon")
            uow.receipts.receive("termine", "ein Ereignis", {}, b"{}")
            uow.sources.save(SourceState("termine", error="status 502"))
            uow.sources.begin_job("poll:termine", timedelta(minutes=5))
        with server.client() as staff, server.client("buchung") as booking:
            typed = "X-APPOINTMENT-TYPE:PROPHYLAXE\r\nX-PATIENT-ID:4711"
            put(staff, MUELLER, "a.ics", an_event("a", "20261123T100000", "20261123T103000", typed))
            put(staff, MUELLER, "b.ics", an_event("b", "20261123T110000", "20261123T113000"))
            put(staff, SCHMIDT, "c.ics", an_event("c", "20261123T100000", "20261123T103000", typed))
            put(staff, PRAXIS, "own.ics", an_event("own", "20261224T000000", "20261224T235900"))
            put(staff, LABOR, "copy.ics", an_event("a", "20261123T100000", "20261123T103000"))
            put(staff, LABOR, "replaced.ics", an_event("r", "20261123T100000", "20261123T103000"))
            put(staff, TASKS, "todo.ics", todo("todo"))
            former = an_event("former", "20261102T100000", "20261102T103000", typed)
            put(staff, MUELLER, "former.ics", former.replace("4711", "4712"))
            own = (MUELLER, proppatch(COLOURED)), ("/caldav/empfang/inbox/", AVAILABLE)
            put_properties = (A, NOTED), (f"{TASKS}todo.ics", NOTED), *own
            for path, body in put_properties:
                assert staff.request("PROPPATCH", path, content=body).status_code == 207
            booked = an_event("gebucht", "20261124T100000", "20261124T103000", typed)
            assert put(booking, MUELLER, "gebucht.ics", booked).status_code == 201
        with writing(database) as uow:
            appointment, *_ = uow.appointments.all()
            uow.appointments.note_reminded(appointment)
            uow.outbox.post(Receiver.PATIENT, Message.MOVED, appointment, "null")
            terms = Terms("", "", "dr-mueller", "", "CONFIRMED")
            vanished = DisputeKind.VANISHED
            uow.disputes.save(Dispute(0, appointment.id, "termine", vanished, NOW, terms, None))
        with writing(database) as uow:
            fill_what_the_api_keeps(uow)
        yield database


def fill_what_the_api_keeps(uow: SqlUnitOfWork) -> None:
    """Erase, book, hold, import: something for each table."""
    former = uow.patients.by_number("4712")
    assert former
    erase(uow, former, PROFILE)
    offers.save_rules(uow, BookingRules())
    offers.save_category(uow, Category("labor", "Labor"))
    kind = offers.save_type(uow, a_type())
    mueller, *_ = uow.house.doctors()
    day = NOW.replace(hour=10, minute=0) + timedelta(days=5)
    closed = Slot(day + timedelta(days=20), day + timedelta(days=21))
    offers.save_exception(uow, HoursException(0, None, None, closed, False, "Fortbildung"))
    patient = uow.patients.by_number("4711")
    assert patient
    booked = book(uow, Order(kind.id, mueller.id, patient.id, day), PROFILE)
    note_booked(uow, by_visitor("zoe@example.org", "192.0.2.1"), booked.appointment.id)
    hold(uow, Wish(kind.id, mueller.id, day + timedelta(hours=4)), "192.0.2.1", PROFILE)
    begin_session(uow, the_account(uow, "empfang"))
    ask_for_link(uow, "zoe@example.org", "192.0.2.1", "de")
    uow.sign_ins.add_link("3" * 64, patient.id, NOW + timedelta(days=10_000))
    uow.answers.keep("0" * 64, GivenAnswer("1" * 64, 201, {}, b"{}"))
    uow.tasks.begin("single_patient", "4711", {"piz": "4711"}, timedelta(minutes=1))
    made = uow.imports.add(Import("liste.csv", "csv", ImportState.PLANNED, NOW, "admin"))
    uow.imports.add_rows(made.id, [ImportRow(2, None, RowVerdict.UNREADABLE)])
    uow.imports.decide({"2" * 64: (patient.id, "admin")})


def rows(database: SqlDatabase) -> dict[str, object]:
    """Return every row of every table but the failed log-ins, which are there to be kept."""
    found: dict[str, object] = {**everything(database)}
    del found["failures"]
    return found


def test_there_is_something_in_every_table_to_be_damaged(furnished: SqlDatabase) -> None:
    assert [name for name, found in rows(furnished).items() if not found] == []


@pytest.mark.parametrize(
    "refused", REFUSED, ids=lambda refused: f"{refused.method} {refused.path} {refused.why}"[:90]
)
def test_a_refused_request_leaves_nothing_behind(
    furnished: SqlDatabase, server: RunningServer, refused: Refused
) -> None:
    before = rows(furnished)
    body = refused.body.encode() if isinstance(refused.body, str) else refused.body
    with server.client(refused.account) as client:
        answer = client.request(
            refused.method, refused.path, content=body, headers=dict(refused.headers)
        )
    assert rows(furnished) == before
    assert answer.status_code == refused.status, answer.text
    if refused.element:
        assert refused.element in preconditions(answer)


def test_of_properties_of_which_one_is_protected_none_is_set(
    furnished: SqlDatabase, server: RunningServer
) -> None:
    before = rows(furnished)
    both = proppatch("<displayname>Anders</displayname><getetag>1</getetag>")
    with server.client() as client:
        told = multistatus(client.request("PROPPATCH", MUELLER, content=both)).only
    assert set(told.propstats) == {403, 424}
    assert rows(furnished) == before


def test_a_wrong_password_leaves_a_failed_log_in_and_nothing_else(
    furnished: SqlDatabase, server: RunningServer
) -> None:
    before, failures = rows(furnished), everything(furnished)["failures"]
    for method, path in (("PUT", NEW), ("DELETE", A), ("MKCALENDAR", NEU)):
        with server.client() as client:
            claim = ("empfang", f"falsch {method}")
            assert client.request(method, path, content=A_NEW_ONE, auth=claim).status_code == 401
    assert rows(furnished) == before
    assert len(everything(furnished)["failures"]) == len(failures) + 3


def test_a_request_whose_client_goes_away_leaves_nothing_behind(
    furnished: SqlDatabase, server: RunningServer
) -> None:
    def half() -> Iterator[bytes]:
        yield A_NEW_ONE.encode()[:100]
        raise httpx.WriteError("the client is gone")

    before = rows(furnished)
    with server.client() as client, pytest.raises(httpx.WriteError):
        client.put(NEW, content=half(), headers={"Content-Length": str(len(A_NEW_ONE))})
    with server.client() as client:
        assert client.get(NEW).status_code == 404
    assert rows(furnished) == before


def test_a_throttled_log_in_leaves_nothing_at_all(
    furnished: SqlDatabase, server: RunningServer
) -> None:
    def guess(number: int) -> int:
        claim = ("niemand", f"geraten {number}")
        with server.client(None) as client:
            return client.put(NEW, content=A_NEW_ONE, auth=claim).status_code

    assert {guess(number) for number in range(10)} == {401}
    before = everything(furnished)
    assert {guess(number) for number in range(10, 13)} == {429}
    assert everything(furnished) == before

"""A rule of booking is kept at every door that has it: at the desk and by programs (the API), on
the website, by CalDAV, from a booking tool, by command.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias

import httpx
import pytest

from practice.accounts import Doctor
from practice.appointments import Slot
from practice.schedule import BookingRules, HoursException
from practice.use_cases.doctors_and_rooms import change_doctor
from practice.use_cases.offers import retire_type, save_exception, save_rules
from tests.arranging import MUELLER, SCHMIDT, TEN, Surgery, a_patient, a_type, berlin
from tests.bookings import a_row, an_export, command, everything
from tests.bothways import BothWays
from tests.building import BERLIN, an_event, reading
from tests.dav import HOME, listing, names, preconditions, put
from tests.in_api import Clock, Doors, api_of
from tests.test_api_availability import FREE as FREE_SLOTS
from tests.test_api_booking import ADDRESS, ALL_OF_BOOKING, VISITS, items, one, wanted
from tests.test_api_door import problem
from tests.test_api_portal import BOOK, EVA, HOLD, ROOT, ZOE
from tests.test_scopes import a_token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.testclient import TestClient

    from practice.database import SqlDatabase

HALF, DAY = timedelta(minutes=30), timedelta(days=1)
#: The days after that of `TEN`; a public holiday, and a Saturday.
TUE, WED, THU, FRI = (TEN + n * DAY for n in range(1, 5))
CHRISTMAS, SAT = berlin("2026-12-25 10:00"), TEN + 5 * DAY

#: An answer is an `httpx.Response`; what tests serve in process tells no type of it.
Door: TypeAlias = Callable[..., Any]


class Street:
    """A practice, and how it is booked: half an hour of a type with a doctor, at each of its doors.

    `desk`: its staff. `program`: one that books for patients. `visitor`: somebody new on the
    website, or a `person`. `tool`: a booking tool as a client of CalDAV.
    """

    def __init__(self, surgery: Surgery, doors: Doors) -> None:
        self.surgery, self.doors = surgery, doors
        self.staff = doors.api("empfang")
        self.software = doors.caldav("albis")
        scopes = (*ALL_OF_BOOKING, "patients:read")
        self.website = doors.token(a_token(surgery.database, "buchung", *scopes))
        self._tool = doors.caldav("buchung")
        self._numbers = count(1)

    def desk(self, start: datetime = TEN, **wish: Any) -> Any:
        return self.staff.post(ADDRESS, json=self._asked(start, wish))

    def program(self, start: datetime = TEN, **wish: Any) -> Any:
        return self.website.post(ADDRESS, json=self._asked(start, wish))

    def visitor(self, start: datetime = TEN, **wish: Any) -> Any:
        n = next(self._numbers)
        unlike = {"last_name": f"Neu{'abcdefghijklmnopqrstuvwxyz'[n % 26] * 3}{n}"}
        person = wish.pop("person", EVA | unlike | {"email": f"e{n}@example.org"})
        asked = {"type": "kontrolle", "doctor": MUELLER} | wish
        sent = asked | {"start": start.isoformat(), "person": person}
        return self.doors.visitor(f"192.0.2.{n % 250}").post(BOOK, json=sent)

    def tool(self, start: datetime = TEN, **wish: Any) -> Any:
        name = f"buchung-{next(self._numbers)}"
        kind = f"X-APPOINTMENT-TYPE:{wish.get('type', 'kontrolle')}"
        text = an_event(name, *(f"{at:%Y%m%dT%H%M%S}" for at in (start, start + HALF)), kind)
        return put(self._tool, calendar(wish.get("doctor", MUELLER)), f"{name}.ics", text)

    @property
    def four(self) -> tuple[Door, ...]:
        return self.desk, self.program, self.visitor, self.tool

    def _asked(self, start: datetime, wish: dict[str, Any]) -> dict[str, Any]:
        """Return what is asked for; of a patient who has nothing yet, unless one is named."""
        with self.surgery.writing() as uow:
            n = next(self._numbers)
            somebody = uow.patients.save(a_patient(str(1000 + n), f"Name{n}")).id
        return wanted(self.surgery, start, **{"patient_id": somebody} | wish)


def calendar(name: str = MUELLER) -> str:
    return f"{HOME}{name}/"


def outcome(answer: httpx.Response) -> str:
    """Return what came of an attempt: "booked", the code of a rule, or the kind of a problem."""
    if answer.status_code == 201:
        return "booked"
    if "xml" in answer.headers["content-type"]:
        assert preconditions(answer) == {"{urn:praxis-caldav}slot-free"}
        return "slot-taken"
    told = problem(answer, answer.status_code)
    return str(told.get("code") or told["type"].rpartition("#problem-")[2])


def made(answer: httpx.Response) -> dict[str, Any]:
    """Return an appointment that was booked at the desk or by a program."""
    assert answer.status_code in {200, 201}, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def surgery(practice: SqlDatabase) -> Surgery:
    """A practice with more types than usual, one of them retired, and other hours on some days."""
    surgery = Surgery(practice)
    types = (
        a_type("beratung", needs_confirmation=True),
        a_type("laser", buffer_before=10, buffer_after=15),
        a_type("haut", specialty="Dermatologie"),
        a_type("schmidts", doctors=(SCHMIDT,)),
        a_type("alt"),
    )
    with surgery.writing() as uow:
        surgery.types |= {kind.slug: uow.house.save_type(kind).id for kind in types}
        retire_type(uow, surgery.types["alt"])
        change_doctor(uow, replace(_doctor(surgery, SCHMIDT), specialty="Chirurgie, Dermatologie"))
        for day, doctor, is_open in ((THU, None, False), (FRI, MUELLER, False), (SAT, None, True)):
            whose = None if doctor is None else surgery.doctors[doctor]
            span = Slot(day - 2 * HALF, day + 4 * HALF)
            save_exception(uow, HoursException(0, whose, None, span, is_open))
    return surgery


def _doctor(surgery: Surgery, slug: str) -> Doctor:
    with surgery.reading() as uow:
        doctors: list[Doctor] = uow.house.doctors()
    return next(doctor for doctor in doctors if doctor.slug == slug)


@pytest.fixture
def clock() -> Clock:
    """What the API takes for now; CalDAV has a clock of its own."""
    return Clock()


@pytest.fixture
def street(surgery: Surgery, clock: Clock) -> Iterator[Street]:
    with api_of(surgery.database, clock=clock) as doors:
        yield Street(surgery, doors)


# --- When, for what, with whom --------------------------------------------------------------------

OUT = "outside-hours"
#: What is asked for; and what becomes of it at the desk, from a program, on the website.
RULES: list[tuple[datetime, dict[str, str], str, str, str]] = [
    (TEN.replace(hour=12, minute=30), {}, OUT, OUT, OUT),  # the break at noon
    (TEN.replace(hour=11, minute=45), {}, OUT, OUT, OUT),  # into the break
    (SAT + DAY, {}, OUT, OUT, OUT),
    (CHRISTMAS, {}, OUT, OUT, OUT),
    (THU, {"doctor": SCHMIDT}, OUT, OUT, OUT),  # the practice is closed
    (FRI, {}, OUT, OUT, OUT),  # the doctor is away
    (TEN, {"type": "haut"}, "wrong-specialty", "wrong-specialty", "wrong-specialty"),
    (TEN, {"type": "schmidts"}, "wrong-doctor", "wrong-doctor", "wrong-doctor"),
    (TEN, {"type": "alt"}, "offer-not-found", "offer-not-found", "offer-not-found"),
    (TEN, {"type": "op", "doctor": SCHMIDT}, "booked", "not-online", "offer-not-found"),
    (berlin("2026-11-20 11:00"), {}, "booked", "too-soon", "too-soon"),
    (berlin("2027-02-19 10:00"), {}, "booked", "too-far-ahead", "too-far-ahead"),
]
#: What nothing stands against, at any door.
ALLOWED: list[tuple[datetime, dict[str, str]]] = [
    (SAT, {}),
    (FRI, {"doctor": SCHMIDT}),
    (TUE, {"type": "haut", "doctor": SCHMIDT}),
    (TUE + 6 * HALF, {"type": "schmidts", "doctor": SCHMIDT}),
    (berlin("2026-11-20 13:00"), {}),
]


def test_a_rule_of_the_practice_holds_at_the_desk_for_programs_and_on_the_website(
    street: Street,
) -> None:
    before = everything(street.surgery.database)
    for start, wish, _, _, visitor in RULES:
        assert outcome(street.visitor(start, **wish)) == visitor, (start, wish)
    assert everything(street.surgery.database) == before
    for start, wish, _, program, _ in RULES:
        assert outcome(street.program(start, **wish)) == program, (start, wish)
    assert everything(street.surgery.database)["appointments"] == []
    for start, wish, desk, _, _ in RULES:
        assert outcome(street.desk(start, **wish)) == desk, (start, wish)
    for start, wish in ALLOWED:
        for n, door in enumerate((street.desk, street.program, street.visitor)):
            assert outcome(door(start + n * HALF, **wish)) == "booked", (start, wish, n)
    assert street.surgery.is_whole()


def test_a_practice_that_is_closed_online_is_open_at_the_desk(street: Street) -> None:
    with street.surgery.writing() as uow:
        save_rules(uow, BookingRules(online=False))
    assert [outcome(door()) for door in (street.program, street.visitor, street.desk)] == [
        *("online-closed", "online-closed", "booked")
    ]


def test_how_long_and_over_what_is_not_for_patients_to_say(street: Street) -> None:
    for more in ({"minutes": 60}, {"override": "bitte"}, {"status": "CONFIRMED"}, {"room": "x"}):
        problem(street.visitor(**more), 422)
    assert outcome(street.program(minutes=14)) == "too-short"
    assert outcome(street.program(minutes=61)) == "too-long"
    problem(street.program(override="bitte"), 403)
    asked = made(street.program(type="beratung", status="CONFIRMED"))
    assert asked["status"] == "TENTATIVE"


# --- Who and what is busy -------------------------------------------------------------------------

WHOLE_DAY = an_event("tag").replace(
    "DTSTART;TZID=Europe/Berlin:20261123T100000", "DTSTART;VALUE=DATE:20261123"
)
WHOLE_DAY = WHOLE_DAY.replace("DTEND;TZID=Europe/Berlin:20261123T103000\r\n", "")
BLOCKS = (
    (MUELLER, an_event("a", "20261123T101500", "20261123T104500")),
    ("praxis", an_event("b", "20261123T090000", "20261123T100100")),
    (MUELLER, an_event("c", "20261102T102900", "20261102T110000", "RRULE:FREQ=WEEKLY")),
    ("praxis", WHOLE_DAY),
)
FREE = (
    (MUELLER, an_event("d", "20261123T080000", "20261123T120000", "TRANSP:TRANSPARENT")),
    ("praxis", an_event("e", "20261123T080000", "20261123T120000", "STATUS:CANCELLED")),
    (SCHMIDT, an_event("f", "20261123T080000", "20261123T120000")),
    (MUELLER, an_event("g", "20261123T080000", "20261123T093000")),
)


def test_what_practice_software_blocks_is_taken_at_every_door(street: Street) -> None:
    for where, text in BLOCKS:
        assert put(street.software, calendar(where), "x.ics", text).status_code == 201
        for door in street.four:
            assert outcome(door()) == "slot-taken", text
        assert street.software.delete(calendar(where) + "x.ics").status_code in {200, 204}
    for n, (where, text) in enumerate(FREE):
        assert put(street.software, calendar(where), f"{n}.ics", text).status_code == 201
    for n, door in enumerate(street.four):
        assert outcome(door(TEN + (n - 1) * HALF)) == "booked"


def test_what_is_booked_at_one_door_is_taken_at_the_others(street: Street) -> None:
    for n, door in enumerate(street.four):
        start = TEN + (2 * n - 4) * HALF
        start = start if start.hour < 12 else start + 2 * HALF
        assert outcome(door(start)) == "booked"
        for other in street.four:
            assert outcome(other(start)) == "slot-taken"


def test_the_time_before_and_after_an_appointment_is_kept_free_at_every_door(
    street: Street,
) -> None:
    starts = (TUE, WED, SAT, TEN)
    for door, ten in zip(street.four, starts, strict=True):
        made(street.desk(ten, type="laser"))  # with 10 minutes before and 15 after
        for start in (ten - HALF, ten + HALF, ten + HALF + timedelta(minutes=14)):
            assert outcome(door(start)) == "slot-taken"
        assert outcome(door(ten - HALF - timedelta(minutes=10))) == "booked"
        assert outcome(door(ten + HALF + timedelta(minutes=15))) == "booked"
    for door, ten in zip(street.four[:3], (TUE, WED, TEN), strict=False):
        three = ten + 10 * HALF
        made(street.desk(three))
        assert outcome(door(three + HALF, type="laser")) == "slot-taken"
        assert outcome(door(three + HALF + timedelta(minutes=10), type="laser")) == "booked"


def test_what_a_booking_tool_is_offered_instead_it_can_book(street: Street) -> None:
    made(street.desk(type="laser"))
    refused = street.tool(TEN + HALF)
    assert outcome(refused) == "slot-taken"
    first = refused.text.partition('start="')[2].partition('"')[0]
    assert first == "20261123T104500"
    assert outcome(street.tool(TEN.replace(minute=45))) == "booked"


def test_a_booking_tool_may_move_what_it_booked_by_less_than_its_length(street: Street) -> None:
    tool = street.doors.caldav("buchung")
    with street.surgery.writing() as uow:
        kind = a_type("kontrolle", id=street.surgery.types["kontrolle"], buffer_after=30)
        uow.house.save_type(kind)
    for start, status in (("1000", 201), ("1015", 204), ("1000", 204)):
        at = datetime.strptime(f"20261123T{start}00", "%Y%m%dT%H%M%S")  # noqa: DTZ007 - a clock's
        text = an_event("x", *(f"{one:%Y%m%dT%H%M%S}" for one in (at, at + HALF)))
        text = text.replace("END:VEVENT", "X-APPOINTMENT-TYPE:kontrolle\r\nEND:VEVENT")
        assert put(tool, calendar(), "x.ics", text).status_code == status


def test_a_room_is_given_once_whoever_books(street: Street) -> None:
    assert made(street.desk(type="eng"))["room"]["slug"] == "raum-1"
    other: dict[str, Any] = {"type": "eng", "doctor": SCHMIDT}
    for door in (street.desk, street.program, street.visitor):
        assert outcome(door(**other)) == "slot-taken"
    assert street.visitor(TUE, type="eng").json()["room_name"] == "Raum-1"
    assert problem(street.desk(TUE, **other), 409)["busy"] == ["room"]
    assert outcome(street.desk(TUE, type="op", doctor=SCHMIDT)) == "booked"  # in the other one
    with street.surgery.writing() as uow:
        closed = Slot(WED - HALF, WED + HALF)
        room_id = street.surgery.rooms["raum-1"]
        save_exception(uow, HoursException(0, None, room_id, closed, False))
    for door in (street.desk, street.program, street.visitor):
        assert outcome(door(WED, **other)) == "slot-taken"


def test_a_patient_is_in_one_place_and_who_only_says_to_be_one_learns_nothing(
    street: Street,
) -> None:
    zoe: dict[str, Any] = {"patient_id": street.surgery.patients["100"]}
    made(street.desk(doctor=SCHMIDT, **zoe))
    for door in (street.desk, street.program):
        assert problem(door(**zoe), 409)["busy"] == ["patient"]
    new, known = street.visitor(WED).json(), street.visitor(person=ZOE).json()
    own = dict.fromkeys(("start", "end", "calendar"), "")  # of each's own time and address
    assert {**new, **own} == {**known, **own}
    found = street.staff.get(ADDRESS, params={"doctor": MUELLER, "until": "2026-11-23"})
    (shown,) = found.json()["items"]
    assert shown["patient"]["id"] == zoe["patient_id"]
    assert "weiterer Termin" in shown["notes"]  # the staff see it


# --- Overriding -----------------------------------------------------------------------------------


def test_an_override_is_asked_for_at_every_way_and_stands_in_the_trail(street: Street) -> None:
    staff, surgery = street.staff, street.surgery
    made(street.desk())
    own = made(street.desk(TEN - HALF))
    other = made(street.desk(TEN + 3 * HALF))
    sunday = {"start": (SAT + DAY).isoformat()}
    there = {"start": TEN.isoformat()}
    part = {"type": "kontrolle", "doctor": MUELLER} | there
    visit = {"patient_id": surgery.patients["300"]}

    def ways(client: TestClient, **why: str) -> list[Any]:
        return [
            client.post(ADDRESS, json=wanted(surgery) | sunday | why),
            client.post(VISITS, json=visit | {"appointments": [part | why]}),
            client.post(one(other, "duplicate"), json=there | why),
            client.post(one(other, "reschedule"), json=there | why),
            client.put(one(own), json={"minutes": 45} | why),
        ]

    token = a_token(surgery.database, "empfang", *ALL_OF_BOOKING)
    before = everything(surgery.database)["appointments"]
    assert [outcome(answer) for answer in ways(staff)] == [OUT, *["slot-taken"] * 4]
    for client in (street.doors.token(token), street.doors.api("mueller")):
        for answer in ways(client, override="Notfall"):
            problem(answer, 403)
    assert everything(surgery.database)["appointments"] == before
    done = [made(answer) for answer in ways(staff, override="Notfall")]
    shown = [answer["items"][0] if "items" in answer else answer for answer in done]
    assert {answer["override"] for answer in shown} == {"Notfall"}
    asked = {"action": "overridden", "texts": "true"}
    trail = street.doors.api("admin").get("/api/audit", params=asked).json()["items"]
    assert {act["of"] for act in trail} == {str(answer["id"]) for answer in shown}
    assert {act["actor"] for act in trail} == {"empfang"}
    assert all("Notfall" in str(act) for act in trail)


# --- Kept for somebody ----------------------------------------------------------------------------


def weeks_ahead(street: Street, now: datetime, **rules: Any) -> datetime:
    """Return ten o'clock of a Monday to come, by the clock on the wall, and have no holidays."""
    with street.surgery.writing() as uow:
        save_rules(uow, BookingRules(holidays_closed=False, **rules))
    day = (now + timedelta(days=28)).astimezone(BERLIN)
    day += timedelta(days=(7 - day.weekday()) % 7)
    return day.replace(hour=10, minute=0, second=0, microsecond=0)


def test_a_slot_that_a_visitor_keeps_is_taken_at_every_door_for_five_minutes(
    street: Street, clock: Clock
) -> None:
    real = clock.now = datetime.now(UTC)
    ten = weeks_ahead(street, real)
    wish = {"type": "kontrolle", "doctor": MUELLER, "start": ten.isoformat()}
    held = street.doors.nobody.post(HOLD, json=wish).json()
    until = datetime.fromisoformat(held["until"])
    assert abs(until - real - timedelta(minutes=5)) < timedelta(seconds=2)
    for door in street.four:
        assert outcome(door(ten)) == "slot-taken"
    laser = wish | {"type": "laser", "start": (ten + DAY).isoformat()}
    assert street.doors.nobody.post(HOLD, json=laser).status_code == 201
    for door in street.four:
        assert outcome(door(ten + DAY + HALF)) == "slot-taken"  # it will need time after it
    later = made(street.desk(ten + 2 * HALF))
    moved = street.staff.post(one(later, "reschedule"), json={"start": ten.isoformat()})
    assert outcome(moved) == "slot-taken"
    visit = {"patient_id": street.surgery.patients["300"]}
    parts = [wish | {"start": start.isoformat()} for start in (ten - 2 * HALF, ten)]
    refused = street.staff.post(VISITS, json=visit | {"appointments": parts})
    assert outcome(refused) == "slot-taken"
    assert len(items(street.staff.get(ADDRESS))) == 1
    day = ten.date().isoformat()
    asked = {"type": "kontrolle", "from": day, "until": day}
    for address, whose in ((f"{ROOT}/available-slots", "doctor"), (FREE_SLOTS, "doctors")):
        free = street.staff.get(address, params=asked | {whose: MUELLER})
        assert ten.isoformat() not in {slot["start"] for slot in free.json()["items"]}
    booked = street.doors.nobody.post(BOOK, json={"hold": held["hold"], "person": EVA})
    assert outcome(booked) == "booked"


def test_a_slot_that_was_kept_is_free_at_every_door_when_the_minutes_are_over(
    street: Street, clock: Clock
) -> None:
    real = datetime.now(UTC)
    ten = weeks_ahead(street, real) - DAY
    for door in street.four:
        ten += DAY
        clock.now = real - timedelta(minutes=5, seconds=1)
        wish = {"type": "kontrolle", "doctor": MUELLER, "start": ten.isoformat()}
        assert street.doors.nobody.post(HOLD, json=wish).status_code == 201
        clock.now = real
        assert outcome(door(ten)) == "booked"


# --- Asked for, confirmed, declined, cancelled ----------------------------------------------------


def the_object(street: Street, start: datetime, where: str = MUELLER) -> tuple[str, str]:
    """Return name and text of the object that starts then in a calendar."""
    for href in listing(street.software, calendar(where)):
        text = street.software.get(href).text
        if f"DTSTART;TZID=Europe/Berlin:{start:%Y%m%dT%H%M%S}" in text:
            return href.rsplit("/", 1)[1], text
    raise AssertionError("nothing starts then")


def rewritten(client: TestClient, street: Street, start: datetime, was: str, now: str) -> Any:
    """Have a client of CalDAV change the object that starts then."""
    name, text = the_object(street, start)
    assert was in text
    answer = put(client, calendar(), name, text.replace(was, now))
    assert answer.status_code == 204
    return answer


def the_one(street: Street, start: datetime) -> dict[str, Any]:
    """Return the one appointment of that time with Dr. Müller, as the desk sees it."""
    asked = {"from": start.isoformat(), "until": (start + HALF).isoformat(), "doctor": MUELLER}
    (shown,) = street.staff.get(ADDRESS, params=asked).json()["items"]
    found: dict[str, Any] = shown
    return found


def test_what_a_visitor_asks_for_waits_until_the_desk_or_the_software_confirms_it(
    street: Street,
) -> None:
    def at_the_desk(start: datetime) -> Any:
        return street.staff.put(one(the_one(street, start)), json={"status": "CONFIRMED"})

    def in_the_software(start: datetime) -> Any:
        asked, sure = (f"STATUS:{status}" for status in ("TENTATIVE", "CONFIRMED"))
        return rewritten(street.software, street, start, asked, sure)

    for start, confirm in ((TUE, at_the_desk), (WED, in_the_software)):
        assert street.visitor(start, type="beratung").json()["status"] == "pending"
        shown = the_one(street, start)
        assert (shown["status"], shown["requires_confirmation"]) == ("TENTATIVE", True)
        for door in street.four:
            assert outcome(door(start)) == "slot-taken"
        problem(street.website.put(one(shown), json={"status": "CONFIRMED"}), 404)  # not its own
        assert confirm(start).status_code in {200, 204}
        shown = the_one(street, start)
        assert (shown["status"], shown["requires_confirmation"]) == ("CONFIRMED", False)
        assert "STATUS:CONFIRMED" in the_object(street, start)[1]
        problem(street.staff.post(one(shown, "decline"), json={}), 409)
    assert street.surgery.is_whole()


def test_what_is_declined_at_the_desk_or_in_the_software_is_free_again(street: Street) -> None:
    with street.surgery.writing() as uow:
        save_rules(uow, BookingRules(late_cancel_hours=24 * 90))

    def at_the_desk(start: datetime) -> Any:
        return street.staff.post(one(the_one(street, start), "decline"), json={})

    def in_the_software(start: datetime) -> Any:
        asked, gone = (f"STATUS:{status}" for status in ("TENTATIVE", "CANCELLED"))
        return rewritten(street.software, street, start, asked, gone)

    for start, decline in ((TUE, at_the_desk), (WED, in_the_software)):
        street.visitor(start, type="beratung")
        assert decline(start).status_code in {200, 204}
        shown = the_one(street, start)
        assert (shown["status"], shown["late"]) == ("CANCELLED", False)  # it was never promised
        assert shown["cancelled_at"] is not None
        assert outcome(street.visitor(start)) == "booked"


@pytest.mark.parametrize("late", [True, False])
def test_who_cancels_late_is_marked_so_whichever_door_it_comes_through(
    street: Street, clock: Clock, late: bool
) -> None:
    clock.now = datetime.now(UTC)
    ten = weeks_ahead(street, clock.now, late_cancel_hours=24 * 60 if late else 24)
    sure, gone = "STATUS:CONFIRMED", "STATUS:CANCELLED"
    tool = street.doors.caldav("buchung")

    def removed(start: datetime) -> Any:
        return street.software.delete(calendar() + the_object(street, start)[0])

    by_tool = "X-APPOINTMENT-TYPE:kontrolle"
    ways: list[tuple[Door, Callable[[datetime], Any]]] = [
        (street.desk, lambda at: street.staff.delete(one(the_one(street, at)))),
        (street.program, lambda at: street.website.delete(one(the_one(street, at)))),
        (street.desk, lambda at: rewritten(street.software, street, at, sure, gone)),
        (street.visitor, removed),
        (street.tool, lambda at: rewritten(tool, street, at, by_tool, f"{by_tool}\r\n{gone}")),
    ]
    for n, (door, cancel) in enumerate(ways):
        start = ten + n * DAY
        assert outcome(door(start)) == "booked"
        assert cancel(start).status_code in {200, 204}
        shown = the_one(street, start)
        assert (shown["status"], shown["late"]) == ("CANCELLED", late), n
        assert abs(datetime.fromisoformat(shown["cancelled_at"]) - clock.now) < timedelta(minutes=5)
    rewritten(street.software, street, ten + 2 * DAY, gone, sure)  # she comes after all
    shown = the_one(street, ten + 2 * DAY)
    assert (shown["status"], shown["late"], shown["cancelled_at"]) == ("CONFIRMED", False, None)


def test_a_drag_to_another_doctor_is_no_late_cancellation(street: Street, clock: Clock) -> None:
    clock.now = datetime.now(UTC)
    ten = weeks_ahead(street, clock.now, late_cancel_hours=24 * 60)
    booked = made(street.desk(ten))
    name, text = the_object(street, ten)
    assert street.software.delete(calendar() + name).status_code in {200, 204}
    assert put(street.software, calendar(SCHMIDT), name, text).status_code == 201
    shown = street.staff.get(one(booked)).json()
    assert (shown["status"], shown["doctor"]["slug"]) == ("CONFIRMED", SCHMIDT)
    assert (shown["late"], shown["cancelled_at"]) == (False, None)


@pytest.fixture
def sides(practice: SqlDatabase) -> Iterator[BothWays]:
    """A practice with a booking tool over HTTP, and a booking on Tuesday at ten."""
    with BothWays(practice.engine.url.render_as_string(hide_password=False)) as both:
        both.book()
        both.pull()
        yield both


@pytest.mark.parametrize(
    ("asked_before", "late"),
    [(timedelta(minutes=15), True), (timedelta(days=3), False)],
)
def test_a_late_cancellation_in_the_booking_tool_is_one_unless_it_was_only_heard_of_late(
    sides: BothWays, asked_before: timedelta, late: bool
) -> None:
    sides.now = berlin("2026-11-24 07:00").astimezone(UTC) - asked_before
    sides.pull()
    sides.tool.cancel(1)  # which does not say when
    sides.now += asked_before
    sides.pull()
    with reading(sides.database) as uow:
        booked = uow.details.booked(sides.appointment().id)
    assert booked is not None
    assert (booked.appointment.status, booked.details.cancelled) == ("CANCELLED", sides.now)
    assert booked.details.late is late


# --- What is the practice's own -------------------------------------------------------------------

SECRET = "schwierig, zahlt nie"


def test_what_the_staff_note_is_read_by_nobody_outside(street: Street) -> None:
    own = made(street.program())
    noted = street.staff.put(one(own), json={"notes": SECRET, "patient_notes": "bitte nüchtern"})
    assert made(noted)["notes"] == SECRET
    over = {"minutes": 45, "override": f"weil {SECRET}"}
    made(street.desk(TEN + HALF))
    assert SECRET in made(street.staff.put(one(own), json=over))["override"]
    program, copied = street.website, {"start": TUE.isoformat()}
    later = {"start": WED.isoformat()}
    told = [
        program.get(one(own)),
        program.get(ADDRESS),
        program.put(one(own), json={"reason": "Husten"}),
        program.post(one(own, "duplicate"), json=copied),
        program.post(one(own, "reschedule"), json=later),
        street.staff.get(f"/api/patients/{own['patient']['id']}/appointments"),
        street.doors.nobody.get(f"{ROOT}/types"),
        street.doors.nobody.get(f"{ROOT}/available-slots", params={"type": "kontrolle"}),
        street.visitor(THU),
        street.software.get(calendar() + "appointments.ics"),
        street.doors.caldav("buchung").get(calendar() + "appointments.ics"),
    ]
    for answer in told:
        assert "zahlt nie" not in answer.text, answer.request.url
    assert told[0].json()["patient_notes"] == "bitte nüchtern"
    problem(program.put(one(own), json={"notes": ""}), 403)  # nor is it theirs to wipe out
    assert street.staff.get(one(own)).json()["notes"] == SECRET
    cancelled = program.delete(one(own))
    assert cancelled.status_code == 200
    assert "zahlt nie" not in cancelled.text


def test_an_id_of_the_booking_tool_is_one_patients_at_every_door(
    street: Street, tmp_path: Path
) -> None:
    first, second = (f"/api/patients/{street.surgery.patients[n]}" for n in ("100", "200"))
    link = {"booking_system_id": "t-9"}
    assert street.staff.put(f"{first}/link", json=link).status_code == 200
    assert "name-taken" in problem(street.staff.put(f"{second}/link", json=link), 409)["type"]
    head = "Nachname;Vorname;Geburtsdatum;Patientennummer;Buchungssystem-ID\n"
    path = tmp_path / "liste.csv"
    path.write_text(head + "Brückner;Zoë;03.02.1966;200;t-9\n", "utf-8")
    ran = command("patient", "import", path, "--apply", database=street.surgery.database)
    assert "0 patients made" in ran.out, ran
    told = [street.staff.get(address).json()["booking_system_id"] for address in (first, second)]
    assert told == ["t-9", None]


def test_who_was_found_to_be_another_is_booked_for_as_the_other(
    street: Street, tmp_path: Path
) -> None:
    database, ids = street.surgery.database, street.surgery.patients
    assert command("patient", "merge", "100", "200", "--yes", database=database).code == 0
    made(street.desk(TUE, patient_id=ids["100"]))
    made(street.program(WED, patient_id=ids["100"]))
    assert outcome(street.visitor(FRI, person=ZOE, doctor=SCHMIDT)) == "booked"
    text = an_event("vom-pvs", "20261123T100000", "20261123T103000", "X-PATIENT-ID:100")
    assert put(street.software, calendar(), "x.ics", text).status_code == 201
    row = a_row(start="2026-11-26 15:00", end="2026-11-26 15:30", patient_id="100")
    ran = command("import-bookings", an_export(tmp_path / "a.csv", row), database=database)
    assert ran.code == 0, ran
    assert len(items(street.staff.get(ADDRESS, params={"patient_id": ids["200"]}))) == 5
    assert items(street.staff.get(ADDRESS, params={"patient_id": ids["100"]})) == []


def test_who_has_appointments_to_come_is_not_deleted_at_the_desk_nor_by_command(
    street: Street,
) -> None:
    own = made(street.desk(patient_id=street.surgery.patients["100"]))
    address = f"/api/patients/{own['patient']['id']}"
    assert problem(street.staff.delete(address), 409)["count"] == 1
    ran = command("patient", "delete", "100", "--yes", database=street.surgery.database)
    assert ran.code == 1
    assert "1 appointments to come" in ran.err
    assert street.staff.get(address).status_code == 200
    assert names(street.software, calendar())

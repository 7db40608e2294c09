"""What CallDoc reports, against a mimic of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import astuple, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from booking_adapter.failures import Failed
from booking_adapter.outgoing import Http, Patience
from booking_adapter.protocol import (
    BookingTool,
    Days,
    Hook,
    NotAuthentic,
    Power,
    State,
    Told,
    Unreadable,
)
from booking_adapter.tools.calldoc import CallDoc, Frontend
from practice.appointments import Booking, Slot, Status
from practice.patients import PatientRecord
from tests.bookings import command
from tests.building import BERLIN, a_practice
from tests.conftest import a_database
from tests.mimics import calldoc as mimic
from tests.mimics.tool import Asked, Tool

TEN = "2026-11-24T10:00:00"
DAY = Days(date(2026, 11, 24), date(2026, 11, 24))
NOVEMBER = Days(date(2026, 11, 1), date(2026, 11, 30))
RUTH = mimic.Patient(
    "Öhrlein", "Ruth", "1958-04-17", "4400127", email="ruth@example.org", phone="030 23125 000"
)
BENNO = mimic.Patient("Tannhuber", "Benno", "30.09.1991", insurance_status="privat")
#: All that a row's reason may be.
REASONS = {
    "It has no id.",
    "Its employee is none of the doctors in the settings.",
    "How long its type takes is not in the settings.",
    "Its time cannot be read.",
    "Its status is not known.",
}


@pytest.fixture
def tool() -> Iterator[mimic.CallDoc]:
    with mimic.CallDoc() as tool:
        tool.add_doctor(18, "Falkenrath")
        tool.add_room(5, "Sprechzimmer 1")
        tool.add_type(24, "Kontrolle")
        yield tool


@pytest.fixture
def http(tool: mimic.CallDoc) -> Iterator[Http]:
    with Http(tool.url, inside=True, patience=Patience(pause=lambda _: None)) as http:
        yield http


def adapted(http: Http, patients: Http | None = None, **more: Any) -> CallDoc:
    given: dict[str, Any] = {
        "zone": BERLIN,
        "doctors": {"18": "dr-falkenrath"},
        "minutes": {"24": 20},
        "kinds": {"24": "kontrolle"},
        "rooms": {"5": "raum-1"},
    }
    return CallDoc(http, Frontend(**given | more), patients)


@pytest.fixture
def adapter(http: Http) -> CallDoc:
    return adapted(http, http)


def book(tool: mimic.CallDoc, patient: mimic.Patient | None, start: str = TEN, **more: Any) -> str:
    number = None if patient is None else tool.add_patient(patient)
    given: dict[str, Any] = {"doctor": 18, "room": 5, "kind": 24, "patient": number} | more
    return str(tool.book(start, **given))


def told_by(adapter: BookingTool, days: Days = DAY) -> list[Booking]:
    told = list(adapter.bookings(days))
    assert all(isinstance(one, Told) for one in told), told
    return [one.booking for one in told if isinstance(one, Told)]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def searches(tool: Tool) -> list[str]:
    return [json.loads(one.body)["piz"] for one in tool.asked if one.method == "POST"]


# --- what it tells


def test_an_appointment_is_told_with_its_patient(tool: mimic.CallDoc, adapter: CallDoc) -> None:
    number = book(tool, RUTH)
    expected = Booking(
        id=number,
        doctor="dr-falkenrath",
        slot=Slot(at(TEN), at("2026-11-24T10:20:00")),
        status=Status.CONFIRMED,
        last_name="Öhrlein",
        first_name="Ruth",
        birth_date="1958-04-17",
        patient_number="4400127",
        kind="kontrolle",
        room="raum-1",
    )
    assert told_by(adapter) == [expected]


@pytest.mark.parametrize("field", ["start_time", "date_time", "scheduled_for_datetime"])
@pytest.mark.parametrize("suffix", ["", "_id"])
@pytest.mark.parametrize("start", [TEN, "2026-11-24T09:00:00Z", "2026-11-24T10:00:00+01:00"])
def test_its_fields_have_several_names_and_forms(
    tool: mimic.CallDoc, adapter: CallDoc, field: str, suffix: str, start: str
) -> None:
    tool.start_field, tool.id_suffix = field, suffix
    book(tool, RUTH, start)
    (booking,) = told_by(adapter)
    assert booking.slot == Slot(at(TEN), at("2026-11-24T10:20:00"))
    assert (booking.doctor, booking.kind, booking.room) == ("dr-falkenrath", "kontrolle", "raum-1")


@pytest.mark.parametrize("shape", ["short", "long", "flat"])
def test_a_patient_may_stand_there_in_several_ways(
    tool: mimic.CallDoc, adapter: CallDoc, shape: Any
) -> None:
    tool.patient_as = shape
    book(tool, RUTH)
    book(tool, BENNO, with_piz=False)
    ruth, benno = told_by(adapter)
    assert (ruth.last_name, ruth.first_name) == ("Öhrlein", "Ruth")
    assert (ruth.birth_date, ruth.patient_number) == ("1958-04-17", "4400127")
    assert (benno.last_name, benno.first_name) == ("Tannhuber", "Benno")
    assert (benno.birth_date, benno.patient_number) == ("1991-09-30", "")
    assert searches(tool) == []
    if shape == "long":
        assert (ruth.email, ruth.phone) == ("ruth@example.org", "030 23125 000")
        assert benno.insurance == "PRIVAT"


@pytest.mark.parametrize("piz", [None, "", "0", "0000000"])
def test_nobody_gets_the_number_of_nobody(
    tool: mimic.CallDoc, adapter: CallDoc, piz: str | None
) -> None:
    """Else all who have none would be one patient."""
    book(tool, mimic.Patient("Tannhuber", "Benno", "1991-09-30", piz))
    book(tool, mimic.Patient("Öhrlein", "Ruth", "1958-04-17", piz))
    book(tool, None)
    assert [booking.patient_number for booking in told_by(adapter)] == ["", "", ""]
    assert searches(tool) == []


NUMBERS = {
    "A123456780": "A123456780",
    " a123 456 780 ": "A123456780",
    "A123456780 108416214": "A123456780",  # with the insurer behind it, as on the card
    "A123456781": "",  # a slip: the last digit checks the others
    "A132456780": "",
    "0000000000": "",
    "A000000000": "",
    "privat": "",
    "": "",
}


@pytest.mark.parametrize("shape", ["flat", "long"])
@pytest.mark.parametrize("told", NUMBERS)
def test_an_insurance_number_is_one_or_none(
    tool: mimic.CallDoc, adapter: CallDoc, told: str, shape: Any
) -> None:
    """What stands for none is nobody's, and a slip of the pen is not somebody else's."""
    tool.patient_as = shape
    book(tool, replace(RUTH, insurance_number=told))
    (booking,) = told_by(adapter)
    assert booking.insurance_number == NUMBERS[told]


def test_names_are_asked_for_once_a_patient(tool: mimic.CallDoc, adapter: CallDoc) -> None:
    number = tool.add_patient(RUTH)
    for hour in ("08", "09"):
        tool.book(f"2026-11-24T{hour}:00:00", doctor=18, kind=24, patient=number)
    assert [booking.last_name for booking in told_by(adapter)] == ["Öhrlein", "Öhrlein"]
    assert searches(tool) == ["4400127"]


def test_who_is_not_found_or_not_alone_stays_a_number(
    tool: mimic.CallDoc, adapter: CallDoc
) -> None:
    book(tool, RUTH)
    other = mimic.Patient("Öhrlein", "Rudi", "1990-01-01", "4400127")
    tool.add_patient(other)
    nameless, stranger = RUTH.short() | {"surname": None}, other.short() | {"piz": "9"}
    answers: list[Any] = [[], [None], [RUTH.short(), other.short()], [stranger], [nameless]]
    for found in answers:

        def refuse(asked: Asked, found: Any = found) -> Response | None:
            return JSONResponse({"patients": found}) if asked.method == "POST" else None

        tool.refuse = refuse
        (booking,) = told_by(adapter)
        assert (booking.last_name, booking.patient_number) == ("", "4400127")


def test_without_a_search_a_number_is_all_there_is(tool: mimic.CallDoc, http: Http) -> None:
    book(tool, RUTH)
    (booking,) = told_by(adapted(http))
    assert (booking.last_name, booking.patient_number) == ("", "4400127")


def test_midnight_is_that_of_the_practice(tool: mimic.CallDoc, adapter: CallDoc) -> None:
    starts = [f"2026-11-{day}:30:00Z" for day in ("23T22", "23T23", "24T22", "24T23")]
    numbers = [book(tool, RUTH, start) for start in starts]
    assert [booking.id for booking in told_by(adapter)] == numbers[1:3]


def test_what_was_cancelled_is_told_so(tool: mimic.CallDoc, adapter: CallDoc) -> None:
    tool.cancel(int(book(tool, RUTH)))
    assert [booking.status for booking in told_by(adapter)] == [Status.CANCELLED]


def test_an_hour_that_the_clocks_skip_or_have_twice_is_a_moment(
    tool: mimic.CallDoc, adapter: CallDoc
) -> None:
    book(tool, RUTH, "2026-03-29T01:50:00")
    book(tool, RUTH, "2026-10-25T02:50:00")
    year = Days(date(2026, 1, 1), date(2026, 12, 31))
    spring, autumn = (booking.slot for booking in told_by(adapter, year))
    assert spring.end.astimezone(UTC) == datetime(2026, 3, 29, 1, 10, tzinfo=UTC)
    assert autumn.start.astimezone(UTC) == datetime(2026, 10, 25, 0, 50, tzinfo=UTC)
    assert autumn.end.astimezone(UTC) == datetime(2026, 10, 25, 1, 10, tzinfo=UTC)


# --- all days, and no others


def test_all_days_are_asked_for_and_told_once(tool: mimic.CallDoc, adapter: CallDoc) -> None:
    start = date(2026, 10, 30)
    for number in range(35):
        book(tool, RUTH, f"{start + timedelta(days=number)}T00:00:00")
    told = [booking.slot.start.date() for booking in told_by(adapter, NOVEMBER)]
    assert told == [date(2026, 11, 1) + timedelta(days=number) for number in range(30)]
    asked = [one.query for one in tool.asked if one.method == "GET"]
    assert all(set(query) == {"from_date", "to_date"} for query in asked)


PAGE_FAILS = [
    Response(status_code=500),
    Response(status_code=429),
    Response(status_code=204),
    JSONResponse([]),
    JSONResponse({"data": None}),
    JSONResponse({"data": [], "count": 3}),
    HTMLResponse("<h1>Wartung</h1>"),
]


@pytest.mark.parametrize("answer", PAGE_FAILS)
def test_a_list_that_breaks_off_does_not_look_like_a_short_one(
    tool: mimic.CallDoc, adapter: CallDoc, answer: Response
) -> None:
    def refuse(asked: Asked) -> Response | None:
        return answer if asked.query.get("to_date", "") > "2026-11-15" else None

    book(tool, RUTH, "2026-11-02T10:00:00")
    tool.refuse = refuse
    with pytest.raises(Failed):
        list(adapter.bookings(NOVEMBER))


@pytest.mark.parametrize("answer", [*PAGE_FAILS[:4], JSONResponse({"patients": {}})])
def test_names_that_cannot_be_asked_for_are_not_told_as_empty(
    tool: mimic.CallDoc, adapter: CallDoc, answer: Response
) -> None:
    book(tool, RUTH)
    tool.refuse = lambda asked: answer if asked.method == "POST" else None
    with pytest.raises(Failed):
        list(adapter.bookings(DAY))


# --- odd rows


def test_a_row_that_cannot_be_taken_over_stops_nothing(
    tool: mimic.CallDoc, adapter: CallDoc
) -> None:
    numbers = [
        book(tool, RUTH, doctor=40),
        book(tool, RUTH, kind=25),
        book(tool, RUTH, "2026-11-24"),
        book(tool, RUTH),
    ]
    *odd, good = adapter.bookings(DAY)
    assert odd == [
        Unreadable(
            numbers[0], "Its employee is none of the doctors in the settings.", elsewhere=True
        ),
        Unreadable(numbers[1], "How long its type takes is not in the settings."),
        Unreadable(numbers[2], "Its time cannot be read."),
    ]
    assert isinstance(good, Told)


TEXTS = st.text(st.characters(), max_size=8) | st.sampled_from(["\0", "a\ud800b", "\x1b[2J"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)
NAMES = ["surname", "name", "last_name", "first_name", "birthdate", "date_of_birth", "piz", "email"]
PATIENT = st.dictionaries(st.sampled_from(NAMES), ANYTHING)
GOOD: dict[str, Any] = {
    "id": 7,
    "employee_id": 18,
    "appointment_type": 24,
    "room_id": 5,
    "start_time": TEN,
    "status": "created",
    "patient": {},
    "piz": "4400127",
}
TIMES = st.sampled_from(["9999-12-31T23:59:59Z", "0001-01-01T00:00"])
#: Good ones in which something is not.
ROWS = st.builds(
    lambda odd, patient: GOOD | {"patient": patient} | odd,
    st.dictionaries(st.sampled_from(sorted(GOOD)), ANYTHING | TIMES, max_size=2),
    PATIENT,
)


@pytest.fixture(scope="module")
def telling() -> Iterator[tuple[list[bytes], CallDoc]]:
    """A tool whose lists, of days and of patients, are whatever is put into them."""
    answers: list[bytes] = []

    def told(_: Request) -> Response:
        return Response(answers[-1])

    with (
        Tool([Route("/{path:path}", told, methods=["GET", "POST"])]) as tool,
        Http(tool.url, inside=True, patience=Patience(pause=lambda _: None)) as http,
    ):
        yield answers, adapted(http, http)


@settings(deadline=None, max_examples=200)
@given(rows=st.lists(ROWS | ANYTHING, max_size=3), found=st.lists(PATIENT | ANYTHING, max_size=2))
def test_no_row_stops_the_list(
    telling: tuple[list[bytes], CallDoc], rows: list[Any], found: list[Any]
) -> None:
    answers, adapter = telling
    answers.append(json.dumps({"data": rows, "patients": found}).encode())
    for told in adapter.bookings(DAY):
        if isinstance(told, Unreadable):
            assert told.reason in REASONS
        else:
            assert "".join(map(str, astuple(told.booking))).encode()


# --- what it cannot do


def test_it_only_reads_and_says_so(tool: mimic.CallDoc, adapter: CallDoc) -> None:
    made: BookingTool = adapter
    assert made.powers == Power.LISTS
    slot = Slot(at(TEN), at("2026-11-24T10:20:00"))
    refused: list[Callable[[], object]] = [
        lambda: made.tell(State("5001", slot, Status.CANCELLED, "dr-falkenrath")),
        lambda: made.link(PatientRecord("Öhrlein")),
        made.patients,
    ]
    for ask in refused:
        with pytest.raises(Failed) as failed:
            ask()
        assert failed.value.permanent
    assert made.booking("5001") is None
    hook = Hook({}, b"{}", datetime(2026, 11, 24, tzinfo=UTC))
    hears: list[Callable[[Hook], object]] = [made.key, made.events]
    for hear in hears:
        with pytest.raises(NotAuthentic):
            hear(hook)
    assert tool.asked == []


def test_an_appointment_that_takes_no_time_is_refused_at_once(http: Http) -> None:
    with pytest.raises(ValueError, match="some minutes"):
        adapted(http, minutes={"24": 0})


def test_an_appointment_that_left_the_days_is_asked_about_in_these_words(
    tool: mimic.CallDoc, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """It cannot be asked where it is now: it may have been moved to behind them."""
    config = tmp_path / "praxis.toml"
    config.write_text(
        f"""
        [booking.sources.calldoc]
        tool = "calldoc"
        url = "{tool.url}"
        network = "inside"
        doctors = {{ 18 = "dr-mueller" }}
        minutes = {{ 24 = 20 }}
        past_days = 2
        ahead_days = 30
        """,
        "utf-8",
    )
    today = datetime.now(BERLIN).date()
    numbers = [book(tool, RUTH, f"{today + timedelta(days=7)}T{hour}:00:00") for hour in (10, 11)]
    with a_database("sqlite", request, tmp_path) as database:
        a_practice(database)
        options = ("--config", config, "--database", database.engine.url.database)
        assert command("sync", "run", "--quiet", *options).code == 0
        tool.move(int(numbers[0]), f"{today + timedelta(days=60)}T10:00:00")
        assert "1 vanished" in command("sync", "run", "--quiet", *options).out
        listed = command("sync", "conflicts", *options).out
    first, last = today - timedelta(days=2), today + timedelta(days=30)
    assert f"not in its list from {first} to {last}" in listed

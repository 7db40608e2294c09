"""What Cal.com reports and is told, against a mimic of it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import astuple
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from booking_adapter.failures import Failed, Refused
from booking_adapter.outgoing import Http, Patience
from booking_adapter.protocol import (
    BookingTool,
    Days,
    Event,
    Hook,
    NotAuthentic,
    Power,
    State,
    Told,
    Unreadable,
)
from booking_adapter.tools.calcom import CalCom, Team
from practice.appointments import Booking, Slot, Status
from practice.patients import PatientRecord
from tests.building import BERLIN
from tests.mimics import calcom as mimic
from tests.mimics.tool import Asked, Tool

NOW = datetime(2031, 5, 5, 12, tzinfo=UTC)
TEN = datetime(2031, 5, 6, 10, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
MAY = Days(date(2031, 5, 1), date(2031, 5, 31))
SECRET = "unter uns"
#: All that a row's reason may be.
REASONS = {
    "It has no id.",
    "None of its hosts is one of the doctors in the settings.",
    "Its times or its status cannot be read.",
}


@pytest.fixture
def tool() -> Iterator[mimic.CalCom]:
    with mimic.CalCom(lambda: NOW) as tool:
        tool.limit = None
        tool.send_hooks = False
        tool.subscribe("http://127.0.0.1:9/hooks", SECRET)
        yield tool


@pytest.fixture
def http(tool: mimic.CalCom) -> Iterator[Http]:
    headers = {"Authorization": f"Bearer {tool.key}"}
    patience = Patience(pause=lambda _: None)
    with Http(f"{tool.url}/v2/", headers, inside=True, patience=patience) as http:
        yield http


def adapted(http: Http, at_once: int = 100, **more: Any) -> CalCom:
    given: dict[str, Any] = {
        "page": "https://cal.example/praxis/sprechstunde",
        "hook_secret": SECRET,
        "zone": BERLIN,
        "doctors": {"1": "dr-beispiel"},
        "kinds": {"101": "sprechstunde"},
        "fields": {
            "geboren": "birth_date",
            "kasse": "insurance",
            "grund": "reason",
            "nummer": "patient_number",
        },
    }
    return CalCom(http, Team(**given | more), at_once=at_once)


@pytest.fixture
def adapter(http: Http) -> CalCom:
    return adapted(http)


def state(uid: str, start: datetime = TEN, status: Status = Status.CONFIRMED) -> State:
    return State(uid, Slot(start, start + timedelta(minutes=20)), status, "dr-beispiel")


def all_told(adapter: BookingTool, days: Days = MAY) -> list[Told]:
    told = list(adapter.bookings(days))
    assert all(isinstance(one, Told) for one in told), told
    return [one for one in told if isinstance(one, Told)]


def hooks(tool: mimic.CalCom) -> list[Hook]:
    return [
        Hook({name.lower(): text for name, text in sent.headers.items()}, sent.body, NOW)
        for sent in tool.deliveries
    ]


def signed(body: bytes, secret: str = SECRET) -> Hook:
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return Hook({"x-cal-signature-256": signature}, body, NOW)


def posts(tool: Tool) -> list[str]:
    return [one.path.rpartition("/")[2] for one in tool.asked if one.method == "POST"]


def only(tool: CalCom, hook: Hook) -> Told:
    (event,) = tool.events(hook)
    assert isinstance(event.told, Told)
    assert event.booking_id == event.told.booking.id
    return event.told


# --- what it tells


def test_it_has_no_list_of_patients_and_can_all_else(adapter: CalCom) -> None:
    tool: BookingTool = adapter
    assert tool.powers == ~Power.PATIENTS
    with pytest.raises(Failed):
        adapter.patients()


def test_a_booking_is_told_with_its_patient(tool: mimic.CalCom, adapter: CalCom) -> None:
    answers = {
        "geboren": "29.02.1980",
        "kasse": ["privat"],
        "nummer": 4711,
        "grund": {"value": "Husten", "optionValue": ""},
        "notes": "nüchtern\r\nmit Befund",
    }
    kind = tool.add_event_type()
    uid = tool.book(kind, TEN, "Zoë von der Aue", "zoe@example.org", phone="+4930", answers=answers)
    expected = Booking(
        id=uid,
        doctor="dr-beispiel",
        slot=Slot(TEN.astimezone(BERLIN), (TEN + timedelta(minutes=20)).astimezone(BERLIN)),
        status=Status.CONFIRMED,
        last_name="von der Aue",
        first_name="Zoë",
        birth_date="1980-02-29",
        email="zoe@example.org",
        phone="+4930",
        patient_number="4711",
        insurance="PRIVAT",
        kind="sprechstunde",
        reason="Husten",
        notes="nüchtern\nmit Befund",
    )
    assert all_told(adapter) == [Told(expected)]
    assert adapter.booking(uid) == Told(expected)


def test_an_address_that_was_made_up_is_not_told(tool: mimic.CalCom, adapter: CalCom) -> None:
    tool.book(tool.add_event_type(), TEN, "Max Probe", None, phone="+4930123456")
    (told,) = all_told(adapter)
    assert (told.booking.email, told.booking.phone) == ("", "+4930123456")


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("Probe, Dr. Max", {}),
        ("Dr. Max Probe", {}),
        ("Max Probe", {"name": {"firstName": "Dr. Max", "lastName": "Probe"}}),
    ],
)
def test_names_come_in_one_field_or_two(
    tool: mimic.CalCom, adapter: CalCom, name: str, answers: dict[str, Any]
) -> None:
    tool.book(tool.add_event_type(), TEN, name, answers=answers)
    (told,) = all_told(adapter)
    assert (told.booking.last_name, told.booking.first_name) == ("Probe", "Dr. Max")


def test_what_is_requested_has_to_be_confirmed(tool: mimic.CalCom, adapter: CalCom) -> None:
    tool.book(tool.add_event_type(requires_confirmation=True), TEN)
    (told,) = all_told(adapter)
    assert told.booking.status is Status.TENTATIVE
    assert told.booking.requires_confirmation


def test_what_was_cancelled_or_declined_is_told_so(tool: mimic.CalCom, adapter: CalCom) -> None:
    tool.cancel(tool.book(tool.add_event_type(), TEN))
    tool.decline(tool.book(tool.add_event_type(requires_confirmation=True), TEN))
    assert [told.booking.status for told in all_told(adapter)] == [Status.CANCELLED] * 2


def test_only_what_starts_on_the_days_is_told_to_the_last_minute(
    tool: mimic.CalCom, adapter: CalCom
) -> None:
    kind = tool.add_event_type()
    midnight = datetime(2031, 5, 6, 22, tzinfo=UTC)
    starts = [midnight + shift for shift in (-DAY - HOUR, -DAY, -HOUR / 6, HOUR / 6)]
    uids = [tool.book(kind, start) for start in starts]
    day = Days(date(2031, 5, 6), date(2031, 5, 6))
    assert [told.booking.id for told in all_told(adapter, day)] == uids[1:3]


def test_the_page_has_the_patient_filled_in(http: Http) -> None:
    record = PatientRecord("Öz & Söhne", "Zoë", email="a+b@example.org")
    link = adapted(http, page="https://cal.example/praxis?duration=20").link(record)
    told = "duration=20&name=Zo%C3%AB%20%C3%96z%20%26%20S%C3%B6hne&email=a%2Bb%40example.org"
    assert link == f"https://cal.example/praxis?{told}"


def test_a_field_that_no_booking_has_is_refused_at_once(http: Http) -> None:
    with pytest.raises(ValueError, match="no such field: shoe_size"):
        adapted(http, fields={"schuh": "shoe_size"})


# --- what was moved


def test_what_was_moved_is_one_booking(tool: mimic.CalCom, adapter: CalCom) -> None:
    first = tool.book(tool.add_event_type(), TEN)
    second = tool.reschedule(first, TEN + DAY)
    third = tool.reschedule(second, TEN + 2 * DAY)
    (told,) = all_told(adapter)
    assert (told.booking.id, told.before) == (third, (second, first))
    assert told.booking.slot.start == TEN + 2 * DAY
    assert adapter.booking(first) == adapter.booking(second) == told


def test_what_was_moved_out_of_the_days_is_not_cancelled(
    tool: mimic.CalCom, adapter: CalCom
) -> None:
    first = tool.book(tool.add_event_type(), TEN)
    second = tool.reschedule(first, TEN + 60 * DAY)
    (told,) = all_told(adapter)
    assert (told.booking.id, told.before) == (second, (first,))
    assert told.booking.status is Status.CONFIRMED


def test_what_was_moved_into_the_days_is_told_with_what_it_was(
    tool: mimic.CalCom, adapter: CalCom
) -> None:
    first = tool.book(tool.add_event_type(), TEN)
    second = tool.reschedule(first, TEN + 10 * DAY)
    third = tool.reschedule(second, TEN + 60 * DAY)
    july = Days(date(2031, 7, 1), date(2031, 7, 31))
    for _ in range(2):
        (told,) = all_told(adapter, july)
        assert (told.booking.id, told.before) == (third, (second, first))
    asked = [one.path for one in tool.asked if one.path.startswith("/v2/bookings/")]
    assert len(asked) == 2  # what it was once, it was for good


def test_a_patient_with_many_bookings_has_the_right_one_found(
    tool: mimic.CalCom, http: Http
) -> None:
    kind = tool.add_event_type()
    uids = [tool.book(kind, TEN + HOUR * number) for number in range(7)]
    moved = {uid: tool.reschedule(uid, TEN + 10 * DAY + n * HOUR) for n, uid in enumerate(uids)}
    adapter = adapted(http, at_once=3)
    for old, new in moved.items():
        told = adapter.booking(old)
        assert isinstance(told, Told)
        assert (told.booking.id, told.before) == (new, (old,))


def test_who_left_only_a_phone_number_is_found_too(tool: mimic.CalCom, adapter: CalCom) -> None:
    old = tool.book(tool.add_event_type(), TEN, "Max Probe", None, phone="+4930123456")
    new = tool.reschedule(old, TEN + DAY)
    assert adapter.tell(state(old, TEN + DAY)) == new


def test_newer_versions_tell_what_became_of_it(tool: mimic.CalCom, adapter: CalCom) -> None:
    old = tool.book(tool.add_event_type(), TEN)
    new = tool.reschedule(old, TEN + DAY)
    row = {"uid": old, "status": "cancelled", "rescheduledToUid": new}

    def newer(asked: Asked) -> Response | None:
        return JSONResponse({"data": row}) if asked.path.endswith(f"/{old}") else None

    tool.refuse = newer
    told = adapter.booking(old)
    assert isinstance(told, Told)
    assert (told.booking.id, told.before) == (new, (old,))
    assert all(asked.path != "/v2/bookings" for asked in tool.asked)


def test_of_what_was_moved_to_somebody_else_nothing_is_gone(
    tool: mimic.CalCom, adapter: CalCom
) -> None:
    old = tool.book(tool.add_event_type(), TEN)
    new = tool.reschedule(old, TEN + DAY)
    tool.bookings[new].kind = tool.event_types[tool.add_event_type(host="Ben Fremd")]
    reason = "None of its hosts is one of the doctors in the settings."
    assert list(adapter.bookings(MAY)) == [
        Unreadable(uid, reason, elsewhere=True) for uid in (new, old)
    ]


# --- to the very end, or not at all


@pytest.mark.parametrize("number", [0, 1, 3, 4, 6])
def test_a_list_is_read_to_its_end(tool: mimic.CalCom, http: Http, number: int) -> None:
    kind = tool.add_event_type()
    uids = [tool.book(kind, TEN + HOUR * one) for one in range(number)]
    assert [told.booking.id for told in all_told(adapted(http, at_once=3))] == uids


def by_threes(
    rows: list[Any], asked: Asked, pagination: dict[str, Any] | None = None
) -> JSONResponse:
    skip = int(asked.query.get("skip", 0))
    told = {} if pagination is None else {"pagination": pagination}
    return JSONResponse({"data": rows[skip : skip + 3], **told})


ROWS_OF_TEN = [
    {
        "uid": f"u{number}",
        "hosts": [{"id": 1}],
        "status": "accepted",
        "start": "2031-05-06T10:00:00.000Z",
        "end": "2031-05-06T12:20:00+02:00",
    }
    for number in range(10)
]


@pytest.mark.parametrize("pagination", [None, {}, {"totalItems": 10}])
def test_a_tool_that_gives_less_than_it_is_asked_for_is_read_to_its_end(
    tool: mimic.CalCom, adapter: CalCom, pagination: dict[str, Any] | None
) -> None:
    tool.refuse = lambda asked: by_threes(ROWS_OF_TEN, asked, pagination)
    told = all_told(adapter)
    assert len(told) == 10
    assert {one.booking.slot.start for one in told} == {TEN}


def test_a_tool_that_always_gives_the_same_page_is_not_asked_for_ever(
    tool: mimic.CalCom, adapter: CalCom
) -> None:
    for rows in (ROWS_OF_TEN, [None, 1]):
        tool.refuse = lambda _, rows=rows: JSONResponse({"data": rows})  # type: ignore[misc]
        with pytest.raises(Failed, match="does not go on"):
            list(adapter.bookings(MAY))


PAGE_FAILS = [
    Response(status_code=500),
    Response(status_code=429),
    JSONResponse([]),
    JSONResponse({"data": {}}),
    JSONResponse({"status": "success"}),
    HTMLResponse("<h1>Wartung</h1>"),
]


@pytest.mark.parametrize("answer", PAGE_FAILS)
def test_a_list_that_breaks_off_does_not_look_like_a_short_one(
    tool: mimic.CalCom, adapter: CalCom, answer: Response
) -> None:
    def refuse(asked: Asked) -> Response:
        return answer if asked.query["skip"] == "6" else by_threes(ROWS_OF_TEN, asked)

    tool.refuse = refuse
    with pytest.raises(Failed) as failed:
        list(adapter.bookings(MAY))
    assert not failed.value.permanent


@pytest.mark.parametrize("pages", [[10, 9, 9, 9], [11, 11, 11, 11], [10, 10, 10, 12]])
def test_a_list_that_lacks_some_does_not_look_like_a_short_one(
    tool: mimic.CalCom, adapter: CalCom, pages: list[int]
) -> None:
    def refuse(asked: Asked) -> Response:
        total = pages[min(int(asked.query["skip"]) // 3, 3)]
        return by_threes(ROWS_OF_TEN, asked, {"totalItems": total})

    tool.refuse = refuse
    with pytest.raises(Failed, match="a list that"):
        list(adapter.bookings(MAY))


def test_who_asks_too_often_is_told_so(tool: mimic.CalCom, adapter: CalCom) -> None:
    tool.limit = 1
    list(adapter.bookings(MAY))
    with pytest.raises(Refused) as refused:
        list(adapter.bookings(MAY))
    assert (refused.value.status, refused.value.permanent) == (429, False)


# --- odd rows


def test_a_booking_that_was_itself_before_is_told(tool: mimic.CalCom, adapter: CalCom) -> None:
    uid = tool.book(tool.add_event_type(), TEN)
    tool.bookings[uid].rescheduled_from = uid
    (told,) = all_told(adapter)
    assert (told.booking.id, told.before) == (uid, ())


TEXTS = st.text(st.characters(), max_size=8) | st.sampled_from(["\0", "a\ud800b", "\x1b[2J"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)
UIDS = st.sampled_from(["a", "b", "c", "..", "x/y?z"])
GOOD: dict[str, Any] = {
    "uid": "a",
    "hosts": [{"id": 1}],
    "status": "accepted",
    "start": "2031-05-06T10:00:00.000Z",
    "end": "2031-05-06T10:20:00+00:00",
    "rescheduledFromUid": None,
    "updatedAt": "2031-05-05T10:00:00.000Z",
    "eventTypeId": 101,
    "attendees": [],
    "bookingFieldsResponses": {},
}
ANSWERS = st.dictionaries(
    st.sampled_from(["name", "email", "notes", "attendeePhoneNumber", "geboren", "kasse", "grund"]),
    ANYTHING | st.dictionaries(st.sampled_from(["firstName", "lastName", "value"]), ANYTHING),
)
ATTENDEES = st.lists(st.dictionaries(st.sampled_from(["name", "email"]), ANYTHING), max_size=1)
TIMES = st.sampled_from(["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
#: Good ones in which something is not.
ROWS = st.builds(
    lambda uid, answers, attendees, odd: (
        GOOD | {"uid": uid, "bookingFieldsResponses": answers, "attendees": attendees} | odd
    ),
    UIDS,
    ANSWERS,
    ATTENDEES,
    st.dictionaries(st.sampled_from(sorted(GOOD)), ANYTHING | TIMES | UIDS, max_size=2),
)


@pytest.fixture(scope="module")
def telling() -> Iterator[tuple[list[bytes], CalCom]]:
    """A tool whose list is whatever is put into it, on one page; no booking is there by itself."""
    answers: list[bytes] = []

    def told(request: Request) -> Response:
        if request.url.path != "/bookings":
            return JSONResponse({"status": "error"}, 404)
        first = request.query_params.get("skip", "0") == "0"
        return Response(answers[-1] if first else b'{"data": []}')

    with (
        Tool([Route("/{path:path}", told)]) as tool,
        Http(tool.url, inside=True, patience=Patience(pause=lambda _: None)) as http,
    ):
        yield answers, adapted(http)


@settings(deadline=None, max_examples=200)
@given(rows=st.lists(ROWS | ANYTHING, max_size=4))
def test_no_row_stops_the_list(telling: tuple[list[bytes], CalCom], rows: list[Any]) -> None:
    answers, adapter = telling
    answers.append(json.dumps({"data": rows}).encode())
    for told in adapter.bookings(Days(date(3, 1, 1), date(9998, 1, 1))):
        if isinstance(told, Unreadable):
            assert told.reason in REASONS
        else:
            assert "".join(map(str, astuple(told.booking))).encode()


# --- what it is told


def test_a_move_is_told_once_whichever_id_it_is_told_by(
    tool: mimic.CalCom, adapter: CalCom
) -> None:
    old = tool.book(tool.add_event_type(), TEN)
    new = adapter.tell(state(old, TEN + DAY))
    assert new != old
    assert adapter.tell(state(old, TEN + DAY)) == adapter.tell(state(new, TEN + DAY)) == new
    assert tool.bookings[new].start == TEN + DAY
    assert posts(tool) == ["reschedule"]
    assert len(tool.bookings) == 2


@pytest.mark.parametrize("status", [502, 503, 504])
def test_an_answer_lost_on_the_way_moves_nothing_twice(
    tool: mimic.CalCom, adapter: CalCom, status: int
) -> None:
    old = tool.book(tool.add_event_type(), TEN)

    def done_but_unheard(asked: Asked) -> Response | None:
        if asked.method != "POST" or len(tool.bookings) > 1:
            return None
        tool.reschedule(old, TEN + DAY, by_host=True)
        return Response(status_code=status)

    tool.refuse = done_but_unheard
    if status != 503:  # which says that nothing was done: it is asked again at once
        with pytest.raises(Refused) as refused:
            adapter.tell(state(old, TEN + DAY))
        assert not refused.value.permanent
    new = adapter.tell(state(old, TEN + DAY))
    assert new != old
    assert list(tool.bookings) == [old, new]


def test_a_cancellation_is_told_once_with_its_reason(tool: mimic.CalCom, adapter: CalCom) -> None:
    kind = tool.add_event_type()
    uid, bare = tool.book(kind, TEN), tool.book(kind, TEN + HOUR)
    told = State(uid, state(uid).slot, Status.CANCELLED, "dr-beispiel", "Praxis geschlossen")
    for _ in range(2):
        assert adapter.tell(told) == uid
    adapter.tell(state(bare, status=Status.CANCELLED))
    assert posts(tool) == ["cancel", "cancel"]
    assert tool.bookings[uid].cancellation_reason == "Praxis geschlossen"
    assert tool.bookings[bare].cancellation_reason == "Von der Praxis abgesagt"


def test_what_the_patient_moved_meanwhile_is_cancelled_where_it_is_now(
    tool: mimic.CalCom, adapter: CalCom
) -> None:
    old = tool.book(tool.add_event_type(), TEN)
    new = tool.reschedule(old, TEN + DAY)
    assert adapter.tell(state(old, status=Status.CANCELLED)) == new
    assert tool.bookings[new].status == "cancelled"


def test_a_request_is_declined_or_confirmed_once(tool: mimic.CalCom, adapter: CalCom) -> None:
    kind = tool.add_event_type(requires_confirmation=True)
    one, two = tool.book(kind, TEN), tool.book(kind, TEN + HOUR)
    adapter.tell(state(one, status=Status.TENTATIVE))
    assert posts(tool) == []
    for _ in range(2):
        adapter.tell(state(one))
        adapter.tell(state(two, TEN + HOUR, Status.CANCELLED))
    assert posts(tool) == ["confirm", "decline"]
    assert [tool.bookings[uid].status for uid in (one, two)] == ["accepted", "rejected"]


def test_a_request_may_be_moved_and_confirmed_in_one(tool: mimic.CalCom, adapter: CalCom) -> None:
    old = tool.book(tool.add_event_type(requires_confirmation=True), TEN)
    for _ in range(2):
        new = adapter.tell(state(old, TEN + DAY))
    assert posts(tool) == ["reschedule", "confirm"]
    assert (tool.bookings[new].status, tool.bookings[new].start) == ("accepted", TEN + DAY)


def test_a_moved_booking_that_is_shorter_than_here_is_for_a_person(
    tool: mimic.CalCom, adapter: CalCom
) -> None:
    """Some versions have it as long as its event type."""
    old = tool.book(tool.add_event_type(minutes=10), TEN)
    with pytest.raises(Failed, match="no other length: make it there by hand") as failed:
        adapter.tell(state(old, TEN + DAY))
    assert failed.value.permanent
    (told,) = all_told(adapter)
    assert (told.booking.slot.start, told.before) == (TEN + DAY, (old,))


def test_a_move_from_one_of_two_hours_of_one_name_to_the_other_is_told(
    tool: mimic.CalCom, adapter: CalCom
) -> None:
    first = datetime(2031, 10, 26, 0, 30, tzinfo=UTC)
    uid = tool.book(tool.add_event_type(), first)
    here = State(
        uid,
        Slot((first + HOUR).astimezone(BERLIN), (first + HOUR + 20 * MINUTE).astimezone(BERLIN)),
        Status.CONFIRMED,
        "dr-beispiel",
    )
    new = adapter.tell(here)
    assert tool.bookings[new].start == first + HOUR


def test_a_time_that_is_taken_is_refused_for_good(tool: mimic.CalCom, adapter: CalCom) -> None:
    kind = tool.add_event_type()
    uid = tool.book(kind, TEN)
    tool.book(kind, TEN + HOUR, "Zoë Ährenthaler")
    with pytest.raises(Refused) as refused:
        adapter.tell(state(uid, TEN + HOUR))
    assert (str(refused.value), refused.value.permanent) == ("status 400", True)
    assert tool.bookings[uid].status == "accepted"


def test_what_it_cannot_do_is_said_and_not_half_done(tool: mimic.CalCom, adapter: CalCom) -> None:
    kind = tool.add_event_type()
    uid, gone = tool.book(kind, TEN), tool.book(kind, TEN + HOUR)
    tool.cancel(gone)
    longer = Slot(TEN, TEN + HOUR)
    impossible = (
        (State(uid, state(uid, TEN + DAY).slot, Status.CONFIRMED, "dr-fremd"), "no other doctor"),
        (State(uid, longer, Status.CONFIRMED, "dr-beispiel"), "no other length"),
        (state(gone), "booked anew there, by hand"),
    )
    for told, reason in impossible:
        with pytest.raises(Failed, match=reason) as failed:
            adapter.tell(told)
        assert failed.value.permanent
    assert posts(tool) == []


@pytest.mark.parametrize("uid", ["nowhere", "", "..", "../slots", "a b", "a?b"])
def test_what_is_gone_is_gone_for_good(tool: mimic.CalCom, adapter: CalCom, uid: str) -> None:
    assert adapter.booking(uid) is None
    with pytest.raises(Failed, match="no such booking") as failed:
        adapter.tell(state(uid))
    assert failed.value.permanent
    assert adapter.tell(state(uid, status=Status.CANCELLED)) == uid


def test_an_id_does_not_lead_elsewhere(tool: mimic.CalCom, adapter: CalCom) -> None:
    uid = tool.book(tool.add_event_type(), TEN)
    assert adapter.booking(f"../bookings/{uid}") is None
    assert adapter.booking(f"{uid}?take=1") is None


def test_a_wrong_address_does_not_make_a_booking_gone(tool: mimic.CalCom, adapter: CalCom) -> None:
    uid = tool.book(tool.add_event_type(), TEN)
    tool.refuse = lambda _: HTMLResponse("<h1>Not Found</h1>", 404)
    with pytest.raises(Refused):
        adapter.booking(uid)
    with pytest.raises(Refused):
        adapter.tell(state(uid))


# --- webhooks


def test_a_hook_has_one_name_at_each_delivery(tool: mimic.CalCom, adapter: CalCom) -> None:
    uid = tool.book(tool.add_event_type(), TEN)
    tool.cancel(tool.reschedule(uid, TEN + DAY))
    keys = [adapter.key(hook) for hook in hooks(tool)]
    assert len(set(keys)) == 3
    assert [adapter.key(hook) for hook in hooks(tool)] == keys


@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_a_flipped_bit_makes_a_hook_somebody_elses(
    telling: tuple[list[bytes], CalCom], data: st.DataObject
) -> None:
    _, adapter = telling
    hook = signed(b'{"triggerEvent": "BOOKING_CREATED", "payload": {"uid": "Zo\xc3\xab"}}')
    body, signature = bytearray(hook.body), bytearray(hook.headers["x-cal-signature-256"].encode())
    flipped = body if data.draw(st.booleans()) else signature
    place = data.draw(st.integers(0, len(flipped) - 1))
    flipped[place] ^= 1 << data.draw(st.integers(0, 7))
    headers = {"x-cal-signature-256": signature.decode("latin-1")}
    assert adapter.key(hook)
    with pytest.raises(NotAuthentic):
        adapter.key(Hook(headers, bytes(body), NOW))


def test_a_hook_without_a_secret_is_nobodys(tool: mimic.CalCom, http: Http) -> None:
    tool.subscribers = [("http://127.0.0.1:9/hooks", None, mimic.TRIGGERS)]
    tool.book(tool.add_event_type(), TEN)
    (hook,) = hooks(tool)
    with_nothing = signed(hook.body, "")
    for secret in (SECRET, ""):
        for one in (hook, with_nothing, Hook({}, b"{nonsense", NOW)):
            with pytest.raises(NotAuthentic):
                adapted(http, hook_secret=secret).key(one)


@pytest.mark.parametrize("zulu", [True, False])
def test_a_booking_that_moves_is_told_as_one(
    tool: mimic.CalCom, adapter: CalCom, zulu: bool
) -> None:
    tool.zulu = zulu
    old = tool.book(tool.add_event_type(), TEN)
    created = only(adapter, hooks(tool)[0])
    assert (created.booking.id, created.before, created.changed) == (old, (), NOW)
    new = tool.reschedule(old, TEN + DAY)
    for hook in reversed(hooks(tool)):  # the first one comes late
        told = only(adapter, hook)
        assert (told.booking.id, told.before) == (new, (old,))
        assert told.booking.slot.start == TEN + DAY
        assert told.booking.status is Status.CONFIRMED


def test_a_late_hook_tells_how_it_stands_now(tool: mimic.CalCom, adapter: CalCom) -> None:
    uid = tool.book(tool.add_event_type(requires_confirmation=True), TEN)
    tool.confirm(uid)
    tool.no_show(uid)
    tool.cancel(uid)
    assert {only(adapter, hook).booking.status for hook in hooks(tool)} == {Status.CANCELLED}


def test_what_is_not_there_any_more_is_told_as_gone(tool: mimic.CalCom, adapter: CalCom) -> None:
    uid = tool.book(tool.add_event_type(), TEN)
    del tool.bookings[uid]
    assert [adapter.events(hook) for hook in hooks(tool)] == [[Event(uid, None)]]


def test_a_booking_of_somebody_else_is_told_as_unreadable(
    tool: mimic.CalCom, adapter: CalCom
) -> None:
    tool.add_event_type()
    uid = tool.book(tool.add_event_type(host="Ben Fremd"), TEN)
    reason = "None of its hosts is one of the doctors in the settings."
    assert adapter.events(hooks(tool)[0]) == [Event(uid, Unreadable(uid, reason, elsewhere=True))]


@pytest.mark.parametrize("told", [{"triggerEvent": "MEETING_ENDED", "uid": "u"}, {"payload": {}}])
def test_other_events_tell_nothing(adapter: CalCom, told: dict[str, Any]) -> None:
    hook = signed(json.dumps({"triggerEvent": "FORM_SUBMITTED", **told}).encode())
    assert adapter.key(hook)
    assert adapter.events(hook) == []


@pytest.mark.parametrize("body", [b"", b"a=b", b"[]", b"{}", b'{"triggerEvent": 1}', b"\xff", b"["])
def test_a_hook_in_a_form_of_its_own_is_nonsense(adapter: CalCom, body: bytes) -> None:
    reads: list[Callable[[Hook], object]] = [adapter.key, adapter.events]
    for read in reads:
        with pytest.raises(Failed) as failed:
            read(signed(body))
        assert failed.value.permanent


BODIES = (
    st.binary(max_size=20)
    | ANYTHING.map(lambda told: json.dumps(told).encode())
    | st.fixed_dictionaries(
        {},
        optional={
            "triggerEvent": st.sampled_from(["BOOKING_CREATED", "MEETING_ENDED"]) | ANYTHING,
            "createdAt": ANYTHING,
            "payload": st.dictionaries(
                st.sampled_from(["uid", "bookingUid", "iCalSequence"]), ANYTHING
            )
            | ANYTHING,
        },
    ).map(lambda told: json.dumps(told).encode())
)


@settings(deadline=None, max_examples=200)
@given(body=BODIES)
def test_a_hook_may_say_anything(telling: tuple[list[bytes], CalCom], body: bytes) -> None:
    answers, adapter = telling
    answers.append(b'{"data": []}')
    reads: list[Callable[[Hook], object]] = [adapter.key, adapter.events]
    for read in reads:
        try:
            read(signed(body))
        except Failed as failed:
            assert failed.permanent  # noqa: PT017

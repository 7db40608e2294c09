"""What Easy!Appointments reports and is told, against a mimic of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import astuple
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

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
from booking_adapter.tools.easyappointments import EasyAppointments, Installation
from practice.appointments import Booking, Slot, Status
from practice.patients import PatientRecord
from tests.building import BERLIN
from tests.mimics import easyappointments as mimic
from tests.mimics.tool import Asked, Tool

TEN = "2026-11-24 10:00:00"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOVEMBER = Days(date(2026, 11, 1), date(2026, 11, 30))
SECRET = "geteilt"
#: All that a row's reason may be.
REASONS = {
    "It has no id.",
    "It has no customer.",
    "Its provider is none of the doctors in the settings.",
    "Its times cannot be read.",
}


class Clock:
    """The time, which stands still until a test moves it."""

    time = NOON

    def __call__(self) -> datetime:
        return self.time


class Receiver(Tool):
    """Takes the hooks of the tool."""

    def __init__(self) -> None:
        super().__init__([Route("/hook", self._take, methods=["POST"])])

    def _take(self, _: Request) -> Response:
        return Response()

    def hooks(self) -> list[Hook]:
        return [Hook(asked.headers, asked.body, NOON) for asked in self.asked]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tool(clock: Clock) -> Iterator[mimic.EasyAppointments]:
    """The tool with provider 1, customer 2 and service 1 of half an hour."""
    with mimic.EasyAppointments(clock) as tool:
        tool.add_provider("Petra", "Müller", timezone="Europe/Berlin")
        tool.add_customer(
            "Zoë",
            "Ährenthaler",
            "zoe@example.org",
            phone_number="030 23125 000",
            custom_field_1="29.02.1980",
            custom_field_2="privat",
            custom_field_3="P-7",
        )
        tool.add_service("Vorsorge", 30)
        yield tool


@pytest.fixture
def receiver(tool: mimic.EasyAppointments) -> Iterator[Receiver]:
    with Receiver() as receiver:
        actions = "appointment_save,appointment_delete,customer_save,provider_save"
        tool.hooks.append(mimic.Hook(f"{receiver.url}/hook", actions, SECRET))
        yield receiver


@pytest.fixture
def http(tool: mimic.EasyAppointments) -> Iterator[Http]:
    headers = {"Authorization": f"Bearer {tool.token}"}
    patience = Patience(pause=lambda _: None)
    with Http(tool.api, headers, inside=True, patience=patience) as http:
        yield http


def adapted(http: Http, at_once: int = 500, **more: Any) -> EasyAppointments:
    given: dict[str, Any] = {
        "page": "https://buchen.example/",
        "hook_secret": SECRET,
        "zone": BERLIN,
        "doctors": {"1": "dr-mueller"},
        "kinds": {"1": "vorsorge"},
        "fields": {
            "customField1": "birth_date",
            "custom_field_2": "insurance",
            "customField3": "patient_number",
        },
    }
    return EasyAppointments(http, Installation(**given | more), at_once=at_once)


@pytest.fixture
def adapter(http: Http) -> EasyAppointments:
    return adapted(http)


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def half_an_hour(text: str) -> Slot:
    start = at(text)
    return Slot(start, start + timedelta(minutes=30))


def state(booking_id: object, start: str = TEN, status: Status = Status.CONFIRMED) -> State:
    return State(str(booking_id), half_an_hour(start), status, "dr-mueller")


def told_by(adapter: BookingTool, days: Days = NOVEMBER) -> list[Booking]:
    told = list(adapter.bookings(days))
    assert all(isinstance(one, Told) for one in told), told
    return [one.booking for one in told if isinstance(one, Told)]


def first(count: int, answer: Response) -> Callable[[Asked], Response | None]:
    left = [answer] * count
    return lambda _: left.pop() if left else None


def puts(tool: Tool) -> list[dict[str, Any]]:
    return [json.loads(asked.body) for asked in tool.asked if asked.method == "PUT"]


# --- what it tells


def test_it_can_do_all_that_a_tool_can(adapter: EasyAppointments) -> None:
    tool: BookingTool = adapter
    assert tool.powers == ~Power(0)


def test_an_appointment_is_told_with_its_patient(
    tool: mimic.EasyAppointments, adapter: EasyAppointments
) -> None:
    number = tool.book(1, 1, 2, TEN, notes="nüchtern\r\nmit Befund")
    expected = Booking(
        id=str(number),
        doctor="dr-mueller",
        slot=half_an_hour(TEN),
        status=Status.CONFIRMED,
        last_name="Ährenthaler",
        first_name="Zoë",
        birth_date="1980-02-29",
        email="zoe@example.org",
        phone="030 23125 000",
        patient_number="P-7",
        insurance="PRIVAT",
        kind="vorsorge",
        notes="nüchtern\nmit Befund",
    )
    assert told_by(adapter) == [expected]
    assert adapter.booking(str(number)) == Told(expected)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("", Status.CONFIRMED),
        ("Booked", Status.CONFIRMED),
        ("Cancelled", Status.CANCELLED),
        ("Draft", Status.TENTATIVE),
        ("Wartet", Status.TENTATIVE),
    ],
)
def test_its_words_for_where_it_stands_are_understood(
    tool: mimic.EasyAppointments, adapter: EasyAppointments, word: str, status: Status
) -> None:
    tool.book(1, 1, 2, TEN, status=word)
    (booking,) = told_by(adapter)
    assert booking.status is status
    assert booking.requires_confirmation is (status is Status.TENTATIVE)


def test_times_are_those_of_the_provider(tool: mimic.EasyAppointments, http: Http) -> None:
    london = tool.add_provider("Ada", "Fern", timezone="Europe/London")
    adapter = adapted(http, doctors={"1": "dr-mueller", str(london): "dr-fern"})
    number = tool.book(london, 1, 2, TEN)
    (booking,) = told_by(adapter)
    assert booking.slot == half_an_hour("2026-11-24 11:00:00")
    moved = State(str(number), half_an_hour("2026-11-24 15:00:00"), Status.CONFIRMED, "dr-fern")
    adapter.tell(moved)
    assert tool.appointments[number]["start_datetime"] == "2026-11-24 14:00:00"


def test_a_provider_without_a_zone_has_that_of_the_practice(
    tool: mimic.EasyAppointments, adapter: EasyAppointments
) -> None:
    tool.book(1, 1, 2, TEN)
    for wrong in (None, "", "Mond/Krater", "../../etc/passwd", 7):
        tool.providers[1]["timezone"] = wrong
        assert [booking.slot for booking in told_by(adapter)] == [half_an_hour(TEN)]


def test_an_hour_that_the_clocks_skip_or_have_twice_is_a_moment(
    tool: mimic.EasyAppointments, adapter: EasyAppointments
) -> None:
    tool.book(1, 1, 2, "2026-03-29 02:10:00")
    tool.book(1, 1, 2, "2026-10-25 02:10:00")
    year = Days(date(2026, 1, 1), date(2026, 12, 31))
    starts = [booking.slot.start.astimezone(UTC) for booking in told_by(adapter, year)]
    assert starts == [
        datetime(2026, 3, 29, 1, 10, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 10, tzinfo=UTC),
    ]


def test_only_what_starts_on_the_days_is_told_to_the_last_minute(
    tool: mimic.EasyAppointments, adapter: EasyAppointments
) -> None:
    day = Days(date(2026, 11, 24), date(2026, 11, 24))
    starts = ["2026-11-23 23:50:00", "2026-11-24 00:00:00", "2026-11-24 23:50:00"]
    for start in (*starts, "2026-11-25 00:00:00"):
        tool.book(1, 1, 2, start)
    assert [booking.id for booking in told_by(adapter, day)] == ["2", "3"]


def test_everybody_it_knows_is_told(
    tool: mimic.EasyAppointments, adapter: EasyAppointments
) -> None:
    tool.add_customer("Max", "Probe", "max@example.org")
    zoe, probe = adapter.patients()
    assert (probe.last_name, probe.booking_system_id) == ("Probe", "3")
    assert zoe == PatientRecord(
        "Ährenthaler", "Zoë", "1980-02-29", "zoe@example.org", "030 23125 000", "PRIVAT", "P-7", "2"
    )


def test_of_a_provider_no_password_is_asked_for(
    tool: mimic.EasyAppointments, adapter: EasyAppointments
) -> None:
    list(adapter.bookings(NOVEMBER))
    asked = [one.query["fields"] for one in tool.asked if one.path.endswith("/providers")]
    assert asked == ["id,timezone"]


def test_the_page_has_the_patient_filled_in(http: Http) -> None:
    record = PatientRecord("Öz & Söhne", "Zoë", email="a+b@example.org", phone="030/1")
    assert adapted(http).link(record) == (
        "https://buchen.example/?first_name=Zo%C3%AB&last_name=%C3%96z%20%26%20S%C3%B6hne"
        "&email=a%2Bb%40example.org&phone=030%2F1"
    )
    page = "https://buchen.example/?service=1#oben"
    link = adapted(http, page=page).link(PatientRecord("Probe"))
    assert link == "https://buchen.example/?service=1&last_name=Probe#oben"


def test_a_field_that_no_patient_has_is_refused_at_once(http: Http) -> None:
    with pytest.raises(ValueError, match="no such field: shoe_size"):
        adapted(http, fields={"customField1": "shoe_size"})


# --- to the very end, or not at all


@pytest.mark.parametrize("number", [0, 19, 20, 39, 40, 41])
def test_a_list_is_read_to_its_end(tool: mimic.EasyAppointments, http: Http, number: int) -> None:
    for minute in range(number):
        tool.book(1, 1, 2, f"2026-11-24 10:{minute:02}:00")
    told = told_by(adapted(http, at_once=20))
    assert [booking.id for booking in told] == [str(one + 1) for one in range(number)]


def test_a_tool_that_gives_less_than_it_is_asked_for_is_read_to_its_end(
    tool: mimic.EasyAppointments, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = mimic._page

    def capped(rows: list[mimic.Row], query: Any) -> list[mimic.Row]:
        return page(rows, {**query, "length": str(min(int(query.get("length", 20)), 25))})

    monkeypatch.setattr(mimic, "_page", capped)
    for minute in range(55):
        tool.book(1, 1, 2, f"2026-11-24 10:{minute:02}:00")
    assert len(told_by(adapted(http))) == 55


def test_a_year_asks_far_less_often_than_it_may(
    tool: mimic.EasyAppointments, adapter: EasyAppointments
) -> None:
    start = datetime(2026, 1, 1, 8)  # noqa: DTZ001 - as the tool has it
    for number in range(6000):
        moment = start + timedelta(days=number // 24, minutes=number % 24 * 20)
        tool.book(1, 1, 2, f"{moment:%Y-%m-%d %H:%M:%S}")
    told = told_by(adapter, Days(date(2026, 1, 1), date(2026, 12, 31)))
    assert len({booking.id for booking in told}) == 6000
    assert len(tool.asked) < 40


PAGE_FAILS = [
    Response(status_code=500),
    Response(status_code=429),
    JSONResponse({"success": False, "message": "Zoë Ährenthaler"}),
    HTMLResponse("<h1>Wartung</h1>"),
    JSONResponse(None),
]


@pytest.mark.parametrize("answer", PAGE_FAILS)
def test_a_list_that_breaks_off_does_not_look_like_a_short_one(
    tool: mimic.EasyAppointments, http: Http, answer: Response
) -> None:
    for minute in range(40):
        tool.book(1, 1, 2, f"2026-11-24 10:{minute:02}:00")

    def refuse(asked: Asked) -> Response | None:
        third = asked.path.endswith("/appointments") and asked.query["page"] == "3"
        return answer if third else None

    tool.refuse = refuse
    with pytest.raises(Failed) as failed:
        list(adapted(http, at_once=10).bookings(NOVEMBER))
    assert not failed.value.permanent
    assert "Zoë" not in str(failed.value)


def test_one_removed_while_the_list_is_read_hides_no_other(
    tool: mimic.EasyAppointments, http: Http
) -> None:
    for minute in range(40):
        tool.book(1, 1, 2, f"2026-11-24 10:{minute:02}:00")

    def refuse(asked: Asked) -> None:
        if asked.query.get("page") == "2" and 5 in tool.appointments:
            tool.delete(5)

    tool.refuse = refuse
    adapter = adapted(http, at_once=20)
    with pytest.raises(Failed, match="changed while it was read"):
        list(adapter.bookings(NOVEMBER))
    assert len(told_by(adapter)) == 39


def test_who_asks_too_often_is_told_so(
    tool: mimic.EasyAppointments, adapter: EasyAppointments
) -> None:
    for _ in range(50):
        assert adapter.booking("1") is None  # looked for, and whether the tool is there at all
    with pytest.raises(Refused) as refused:
        adapter.booking("1")
    assert (refused.value.status, refused.value.permanent) == (429, False)


# --- odd rows


def test_an_appointment_of_somebody_else_stops_nothing(
    tool: mimic.EasyAppointments, adapter: EasyAppointments
) -> None:
    other = tool.add_provider("Karl", "Fremd")
    tool.book(other, 1, 2, TEN)
    tool.book(1, 1, 2, TEN)
    odd, good = adapter.bookings(NOVEMBER)
    reason = "Its provider is none of the doctors in the settings."
    assert odd == Unreadable("1", reason, elsewhere=True)
    assert isinstance(good, Told)


def test_an_end_before_the_start_stops_nothing(
    tool: mimic.EasyAppointments, adapter: EasyAppointments
) -> None:
    number = tool.book(1, 1, 2, TEN)
    for end in ("2026-11-24 09:00:00", "0000-00-00 00:00:00", "2026-11-24"):
        tool.appointments[number]["end_datetime"] = end
        told = Unreadable(str(number), "Its times cannot be read.")
        assert adapter.booking(str(number)) == told


TEXTS = st.text(st.characters(), max_size=8) | st.sampled_from(["\0", "a\ud800b", "\x1b[2J"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)
GOOD: dict[str, Any] = {
    "id": 7,
    "providerId": 1,
    "serviceId": 1,
    "start": TEN,
    "end": "2026-11-24 10:30:00",
    "status": "Booked",
    "customer": {},
    "notes": "",
}
CUSTOMERS = st.dictionaries(
    st.sampled_from(["last_name", "firstName", "email", "phone", "custom_field_1"]), ANYTHING
)
TIMES = st.sampled_from([TEN, "0001-01-01 00:00:00", "9999-12-31 23:59:59"])
#: Good ones in which something is not.
ROWS = st.builds(
    lambda odd, customer: GOOD | {"customer": customer} | odd,
    st.dictionaries(st.sampled_from(sorted(GOOD)), ANYTHING | TIMES, max_size=2),
    CUSTOMERS,
)


@pytest.fixture(scope="module")
def telling() -> Iterator[tuple[list[bytes], EasyAppointments]]:
    """A tool whose appointments are whatever is put into the list."""
    answers: list[bytes] = []

    def told(request: Request) -> Response:
        providers = request.url.path.endswith("providers")
        return Response(b'[{"id": 1, "timezone": "Europe/Berlin"}]' if providers else answers[-1])

    with (
        Tool([Route("/{path:path}", told)]) as tool,
        Http(tool.url, inside=True, patience=Patience(pause=lambda _: None)) as http,
    ):
        yield answers, adapted(http)


@settings(deadline=None, max_examples=200)
@given(rows=st.lists(ROWS | ANYTHING, max_size=4))
def test_no_row_stops_the_list(
    telling: tuple[list[bytes], EasyAppointments], rows: list[Any]
) -> None:
    answers, adapter = telling
    answers.append(json.dumps(rows).encode())
    every = Days(date(2, 1, 1), date(9998, 1, 1))
    for told in adapter.bookings(every):
        if isinstance(told, Unreadable):
            assert told.reason in REASONS
        else:
            assert "".join(map(str, astuple(told.booking))).encode()


# --- what it is told


def test_a_move_is_told_once(tool: mimic.EasyAppointments, adapter: EasyAppointments) -> None:
    number = tool.book(1, 1, 2, TEN)
    for _ in range(2):
        assert adapter.tell(state(number, "2026-11-24 15:00:00")) == str(number)
    row = tool.appointments[number]
    assert row["start_datetime"] == "2026-11-24 15:00:00"
    assert row["end_datetime"] == "2026-11-24 15:30:00"
    assert puts(tool) == [{"start": "2026-11-24 15:00:00", "end": "2026-11-24 15:30:00"}]


@pytest.mark.parametrize("page", [b"<html>Please sign in</html>", b"{}", b""])
def test_a_page_of_some_proxy_is_no_cancellation(
    tool: mimic.EasyAppointments, adapter: EasyAppointments, page: bytes
) -> None:
    number = tool.book(1, 1, 2, TEN)
    tool.refuse = lambda asked: Response(page) if asked.method == "PUT" else None
    with pytest.raises(Failed) as failed:
        adapter.tell(state(number, status=Status.CANCELLED))
    assert not failed.value.permanent
    tool.refuse = lambda _: None
    adapter.tell(state(number, status=Status.CANCELLED))
    assert tool.appointments[number]["status"] == "Cancelled"


def test_a_cancellation_is_told_once_and_can_be_taken_back(
    tool: mimic.EasyAppointments, adapter: EasyAppointments
) -> None:
    number = tool.book(1, 1, 2, TEN)
    for _ in range(2):
        adapter.tell(state(number, status=Status.CANCELLED))
    assert tool.appointments[number]["status"] == "Cancelled"
    adapter.tell(state(number))
    assert puts(tool) == [{"status": "Cancelled"}, {"status": "Booked"}]
    adapter.tell(state(number, status=Status.CANCELLED))
    adapter.tell(state(number, status=Status.TENTATIVE))
    assert tool.appointments[number]["status"] == "Draft"


def test_a_confirmation_is_told_once_in_the_tools_words(
    tool: mimic.EasyAppointments, http: Http
) -> None:
    number = tool.book(1, 1, 2, TEN, status="Draft")
    adapter = adapted(http, confirmed="Confirmed")
    adapter.tell(state(number, status=Status.TENTATIVE))
    assert puts(tool) == []
    for _ in range(2):
        adapter.tell(state(number))
    assert puts(tool) == [{"status": "Confirmed"}]


def test_another_doctor_is_another_provider(tool: mimic.EasyAppointments, http: Http) -> None:
    second = tool.add_provider("Petra", "Müller", timezone="Europe/Berlin")
    third = tool.add_provider("Karl", "Schmidt", timezone="Europe/Berlin")
    doctors = {"1": "dr-mueller", str(second): "dr-mueller", str(third): "dr-schmidt"}
    adapter = adapted(http, doctors=doctors)
    number = tool.book(second, 1, 2, TEN)
    adapter.tell(state(number))
    assert puts(tool) == []  # it stays with the one of two that it is with
    slot = half_an_hour(TEN)
    for _ in range(2):
        adapter.tell(State(str(number), slot, Status.CONFIRMED, "dr-schmidt"))
    assert puts(tool) == [{"providerId": third}]
    with pytest.raises(Failed, match="no provider of this doctor") as failed:
        adapter.tell(State(str(number), slot, Status.CONFIRMED, "dr-fern"))
    assert failed.value.permanent


@pytest.mark.parametrize("booking_id", ["4711", "", "../1", "²", "1?x"])
def test_what_is_gone_is_gone_for_good(
    tool: mimic.EasyAppointments, adapter: EasyAppointments, booking_id: str
) -> None:
    assert adapter.booking(booking_id) is None
    with pytest.raises(Failed, match="no such appointment") as failed:
        adapter.tell(state(booking_id))
    assert failed.value.permanent
    assert adapter.tell(state(booking_id, status=Status.CANCELLED)) == booking_id


def test_a_wrong_address_does_not_make_an_appointment_gone(
    tool: mimic.EasyAppointments, adapter: EasyAppointments
) -> None:
    number = tool.book(1, 1, 2, TEN)
    tool.refuse = lambda _: HTMLResponse("<h1>Not Found</h1>", 404)
    with pytest.raises(Refused):
        adapter.booking(str(number))
    with pytest.raises(Refused):
        adapter.tell(state(number))


@pytest.mark.parametrize("status", [502, 504])
def test_an_answer_lost_on_the_way_sends_no_second_mail(
    tool: mimic.EasyAppointments, adapter: EasyAppointments, status: int
) -> None:
    number = tool.book(1, 1, 2, TEN)

    def done_but_unheard(asked: Asked) -> Response | None:
        if asked.method != "PUT":
            return None
        tool.move(number, "2026-11-24 15:00:00")
        return Response(status_code=status)

    tool.refuse = done_but_unheard
    with pytest.raises(Failed) as failed:
        adapter.tell(state(number, "2026-11-24 15:00:00"))
    assert not failed.value.permanent
    adapter.tell(state(number, "2026-11-24 15:00:00"))
    assert len(puts(tool)) == 1


def test_what_it_says_of_a_patient_is_not_repeated(
    tool: mimic.EasyAppointments, adapter: EasyAppointments
) -> None:
    number = tool.book(1, 1, 2, TEN)
    told = "Invalid email address provided: zoe@example.org"
    tool.refuse = first(1, JSONResponse({"success": False, "message": told}, 500))
    with pytest.raises(Failed) as failed:
        adapter.tell(state(number))
    error: BaseException | None = failed.value
    while error is not None:
        assert "zoe" not in f"{error} {error.args}"
        error = error.__cause__ or error.__context__


# --- webhooks


def test_a_hook_has_one_name_at_each_delivery(
    tool: mimic.EasyAppointments, adapter: EasyAppointments, receiver: Receiver, clock: Clock
) -> None:
    number = tool.book(1, 1, 2, TEN)
    tool.move(number, "2026-11-24 15:00:00")  # within the same second
    clock.time += timedelta(minutes=1)
    tool.cancel(number)
    keys = [adapter.key(hook) for hook in receiver.hooks()]
    assert len(set(keys)) == 3
    assert [adapter.key(hook) for hook in receiver.hooks()] == keys


@pytest.mark.parametrize("token", [None, "", "geteilu", "Geteilt", "geteilt ", "ä\N{SNOWMAN}"])
def test_a_hook_without_the_token_is_from_somebody_else(http: Http, token: str | None) -> None:
    hook = Hook({} if token is None else {"x-ea-token": token}, b"{nonsense", NOON)
    with pytest.raises(NotAuthentic):
        adapted(http).key(hook)
    with pytest.raises(NotAuthentic):
        adapted(http, hook_secret="").key(Hook({"x-ea-token": ""}, b"{}", NOON))


def test_the_token_may_be_in_another_header(http: Http) -> None:
    adapter = adapted(http, hook_header="X-Praxis", hook_secret="schlüssel")
    sent = {"x-praxis": "schlüssel".encode().decode("latin-1")}
    assert adapter.key(Hook(sent, b'{"action": "appointment_save", "payload": {}}', NOON))


def test_a_late_hook_tells_how_it_stands_now(
    tool: mimic.EasyAppointments, adapter: EasyAppointments, receiver: Receiver
) -> None:
    number = tool.book(1, 1, 2, TEN)
    tool.cancel(number)
    for hook in reversed(receiver.hooks()):
        (event,) = adapter.events(hook)
        assert event.booking_id == str(number)
        assert isinstance(event.told, Told)
        assert event.told.booking.status is Status.CANCELLED
        assert event.told.changed == NOON


def test_what_was_deleted_is_told_as_gone(
    tool: mimic.EasyAppointments, adapter: EasyAppointments, receiver: Receiver
) -> None:
    number = tool.book(1, 1, 2, TEN)
    tool.delete(number)
    assert [adapter.events(hook) for hook in receiver.hooks()] == [
        [Event(str(number), None)],
        [Event(str(number), None, removed=True)],
    ]


def test_hooks_about_others_tell_nothing(
    tool: mimic.EasyAppointments, adapter: EasyAppointments, receiver: Receiver
) -> None:
    tool.add_customer("Max", "Probe", "max@example.org")
    tool.add_provider("Karl", "Schmidt")
    assert [adapter.events(hook) for hook in receiver.hooks()] == [[], []]


@pytest.mark.parametrize(
    ("told", "changed"),
    [
        ("2026-11-20 11:59:00", NOON - timedelta(minutes=1)),
        ("2026-11-20 12:01:00", NOON),
        ("2026-11-20 13:00:00", None),
        ("gestern", None),
        (None, None),
    ],
)
def test_a_change_was_made_before_it_was_heard_of(
    tool: mimic.EasyAppointments, adapter: EasyAppointments, told: Any, changed: datetime | None
) -> None:
    row = {"id": tool.book(1, 1, 2, TEN), "update_datetime": told}
    body = json.dumps({"action": "appointment_save", "payload": row}).encode()
    (event,) = adapter.events(Hook({}, body, NOON))
    assert isinstance(event.told, Told)
    assert event.told.changed == changed


BODIES = (
    st.binary(max_size=20)
    | ANYTHING.map(lambda told: json.dumps(told).encode())
    | st.fixed_dictionaries(
        {},
        optional={
            "action": st.sampled_from(["appointment_save", "appointment_delete"]) | ANYTHING,
            "payload": st.dictionaries(st.sampled_from(["id", "update_datetime"]), ANYTHING)
            | ANYTHING,
        },
    ).map(lambda told: json.dumps(told).encode())
)


@settings(deadline=None, max_examples=200)
@given(body=BODIES)
def test_a_hook_may_say_anything(
    telling: tuple[list[bytes], EasyAppointments], body: bytes
) -> None:
    answers, adapter = telling
    answers.append(b"{}")
    hook = Hook({"x-ea-token": SECRET}, body, NOON)
    with suppress(Failed):
        adapter.events(hook)
    try:
        adapter.key(hook)
    except Failed as failed:
        assert failed.permanent  # noqa: PT017

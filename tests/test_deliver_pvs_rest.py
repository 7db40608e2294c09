"""Practice software that is told by REST: each appointment once, at the practice's time."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from starlette.responses import Response

from booking_adapter.deliveries.booking_tool import BookingTools
from booking_adapter.deliveries.dispatch import Dispatch
from booking_adapter.deliveries.pvs_rest import X_CONCEPT, Call, Interface, PracticeSoftware
from booking_adapter.failures import Failed
from booking_adapter.outgoing import Http, Patience
from booking_adapter.worker import Addressees, Worker
from practice.accounts import Doctor, Room
from practice.appointments import Appointment, Slot, Status
from practice.database import SqlDatabase
from practice.letters import UNSETTLED, LetterState
from practice.messages import Message, Receiver
from practice.patients import Patient, PatientRecord
from practice.use_cases.appointments import tell
from tests.building import BERLIN, NOW, PROFILE, reading, writing
from tests.mimics import pvs
from tests.mimics.tool import Tool

TEN = datetime(2026, 11, 23, 10, 0, tzinfo=BERLIN)
ZOE = Patient("10017", PatientRecord("Ährenbröker", "Zoë", "1951-02-03", "zoe@example.org"), id=5)
SLOT = Slot(TEN, TEN + timedelta(minutes=30))
APPOINTMENT = Appointment(
    uid="praxis/7f3a?x@example.org",
    slot=SLOT,
    status=Status.CONFIRMED,
    doctor_id=1,
    calendar_id=2,
    id=41,
    patient_id=5,
    kind="Kontrolle",
)
BOOKED = Dispatch(
    key="letter-17-pvs",
    message=Message.BOOKED,
    sequence=1,
    posted=NOW,
    appointment=APPOINTMENT,
    patient=ZOE,
    doctor=Doctor("dr-mueller", "Dr. Müller", id=1),
    room=Room("raum-1", "Raum 1", id=1),
)
FIELDS = {
    "patient_id": "10017",
    "date": "2026-11-23",
    "time": "10:00",
    "duration": 30,
    "reason": "Kontrolle",
}
ONE = pvs.PATH + "/{uid}"
#: As a settings file would have it.
EVERYTHING = Interface(
    created=Call("POST", pvs.PATH, {**(X_CONCEPT.body or {}), "external_id": "{uid}"}),
    moved=Call("PATCH", ONE, {"date": "{date}", "time": "{time}", "duration": "{duration}"}),
    confirmed=Call("PATCH", ONE, {"state": "{status}"}),
    cancelled=Call("DELETE", ONE),
)


@pytest.fixture
def software() -> Iterator[pvs.PracticeSoftware]:
    with pvs.PracticeSoftware() as tool:
        yield tool


class Anything(Tool):
    """Takes whatever it is told."""

    def __init__(self) -> None:
        super().__init__([])
        self.refuse = lambda _: Response(b"ok")


@pytest.fixture
def anything() -> Iterator[Anything]:
    with Anything() as tool:
        yield tool


def deliver(
    tool: Tool,
    dispatch: Dispatch = BOOKED,
    interface: Interface = EVERYTHING,
    zone: ZoneInfo = BERLIN,
    key: str = "schluessel-der-praxis",
) -> None:
    patience = Patience(pause=lambda _: None)
    with Http(tool.url, {pvs.KEY_HEADER: key}, inside=True, patience=patience) as http:
        PracticeSoftware(http, interface, zone).deliver(dispatch, NOW)


def sent(tool: Tool, body: dict[str, Any], dispatch: Dispatch = BOOKED, **more: Any) -> Any:
    """Return what is sent by a body of placeholders."""
    deliver(tool, dispatch, Interface(created=Call("POST", "/", body), **more))
    return json.loads(tool.asked[-1].body)


def at(start: datetime, end: datetime) -> Dispatch:
    return replace(BOOKED, appointment=replace(APPOINTMENT, slot=Slot(start, end)))


def then(message: Message, **changes: Any) -> Dispatch:
    """Return the next letter about the appointment."""
    appointment = replace(APPOINTMENT, **changes)
    return replace(BOOKED, key=f"next-{message}", message=message, appointment=appointment)


def failing(tool: Tool, dispatch: Dispatch = BOOKED, **more: Any) -> Failed:
    """Deliver in vain; whatever is raised says nothing of the patient."""
    with pytest.raises(Failed) as failed:
        deliver(tool, dispatch, **more)
    text = "".join(traceback.format_exception(failed.value, chain=True))
    said = "\n".join(line for line in text.splitlines() if not line.startswith(" "))
    for value in ("Ährenbröker", "Zoë", "10017", "zoe@", "1951", "7f3a", tool.url):
        assert value not in said
    return failed.value


def test_a_new_appointment_is_told_as_x_concept_wants_it(software: pvs.PracticeSoftware) -> None:
    deliver(software, interface=Interface())
    (asked,) = software.asked
    assert (asked.method, asked.path) == ("POST", "/api/v1/appointments")
    assert list(software.appointments.values()) == [FIELDS]


def test_of_what_has_no_call_it_is_not_told(software: pvs.PracticeSoftware) -> None:
    for message in Message:
        if message is not Message.BOOKED:
            deliver(software, then(message), Interface())
    deliver(software, interface=Interface(created=None))
    deliver(software, then(Message.REMINDED))
    assert software.asked == []


def test_an_appointment_is_told_moved_confirmed_and_cancelled(
    software: pvs.PracticeSoftware,
) -> None:
    deliver(software)
    (told,) = software.appointments.values()
    assert told == FIELDS | {"external_id": APPOINTMENT.uid}
    later = Slot(TEN + timedelta(days=1), TEN + timedelta(days=1, minutes=45))
    deliver(software, then(Message.MOVED, slot=later))
    (told,) = software.appointments.values()
    assert (told["date"], told["time"], told["duration"]) == ("2026-11-24", "10:00", 45)
    deliver(software, then(Message.CONFIRMED))
    (told,) = software.appointments.values()
    assert told["state"] == "CONFIRMED"
    deliver(software, then(Message.CANCELLED, status=Status.CANCELLED))
    assert software.appointments == {}


def test_a_declined_request_is_cancelled_there(software: pvs.PracticeSoftware) -> None:
    deliver(software)
    deliver(software, then(Message.DECLINED))
    assert software.appointments == {}


def test_told_twice_it_is_there_once(software: pvs.PracticeSoftware) -> None:
    """Known by the key of the request, else by our id: an answer of 409."""
    deliver(software, interface=Interface())
    deliver(software, interface=Interface())
    assert len(software.appointments) == 1
    assert {asked.headers["idempotency-key"] for asked in software.asked} == {"letter-17-pvs"}
    deliver(software, then(Message.BOOKED))
    deliver(software, replace(then(Message.BOOKED), key="without-that-header", again=True))
    assert len(software.appointments) == 2


def test_a_new_appointment_that_does_not_fit_there_is_not_taken_for_made(
    software: pvs.PracticeSoftware,
) -> None:
    """A conflict is what it was made at an earlier try only if there was one."""
    software.refuse = lambda _: Response(status_code=409)
    failed = failing(software)
    assert (str(failed), failed.permanent) == ("status 409", True)
    deliver(software, replace(BOOKED, again=True))


def test_what_cannot_have_been_seen_is_told_again_at_once(software: pvs.PracticeSoftware) -> None:
    left = [503, 429]
    software.refuse = lambda _: Response(status_code=left.pop()) if left else None
    deliver(software)
    assert len(software.asked) == 3
    assert len(software.appointments) == 1


def test_cancelled_there_already_is_as_it_should_be(software: pvs.PracticeSoftware) -> None:
    software.refuse = lambda _: Response(status_code=410)
    deliver(software, then(Message.CANCELLED))
    assert failing(software, then(Message.MOVED)).permanent


def test_a_move_that_does_not_fit_there_is_not_taken_for_done(
    software: pvs.PracticeSoftware,
) -> None:
    software.refuse = lambda _: Response(status_code=409)
    failed = failing(software, then(Message.MOVED))
    assert (str(failed), failed.permanent) == ("status 409", True)


def test_an_appointment_it_has_never_heard_of_is_a_failure(software: pvs.PracticeSoftware) -> None:
    for message in (Message.MOVED, Message.CANCELLED):
        failed = failing(software, then(message))
        assert (str(failed), failed.permanent) == ("status 404", True)


def test_a_patient_without_a_number_cannot_be_told(software: pvs.PracticeSoftware) -> None:
    for patient in (None, replace(ZOE, number="")):
        failed = failing(software, replace(BOOKED, patient=patient))
        assert (str(failed), failed.permanent) == ("no patient number", True)
    assert software.asked == []
    deliver(software)
    deliver(software, replace(then(Message.CANCELLED), patient=None))
    assert software.appointments == {}


def test_down_it_is_told_when_it_is_up(software: pvs.PracticeSoftware) -> None:
    software.down()
    assert not failing(software).permanent
    software.up()
    deliver(software)
    assert len(software.appointments) == 1


@pytest.mark.parametrize(
    ("status", "permanent"),
    [
        *((400, True), (401, True), (404, True), (422, True)),
        *((408, False), (423, False), (425, False), (429, False)),
        *((500, False), (502, False), (503, False)),
    ],
)
def test_a_refusal_is_told_by_its_status_alone(
    software: pvs.PracticeSoftware, status: int, permanent: bool
) -> None:
    software.refuse = lambda _: Response("Zoë Ährenbröker ist unbekannt (10017)", status)
    failed = failing(software)
    assert (str(failed), failed.permanent) == (f"status {status}", permanent)


def test_the_wrong_key_is_a_failure_for_good(software: pvs.PracticeSoftware) -> None:
    assert failing(software, key="ein-anderer").permanent
    assert software.appointments == {}


@pytest.mark.parametrize("answer", [b"", b"OK", b'{"id": ', b"<html>\xff</html>", b"[" * 5000])
def test_it_may_answer_what_it_likes(software: pvs.PracticeSoftware, answer: bytes) -> None:
    software.refuse = lambda _: Response(answer, 200, media_type="application/json")
    deliver(software)


@pytest.mark.parametrize(
    ("start", "end", "date", "time", "end_time", "minutes"),
    [
        # The night the clocks are set forward, and the one they are set back.
        ("2026-03-29T00:45+00:00", "2026-03-29T01:15+00:00", "2026-03-29", "01:45", "03:15", 30),
        ("2026-10-25T00:30+00:00", "2026-10-25T01:30+00:00", "2026-10-25", "02:30", "02:30", 60),
        ("2026-10-24T23:00+00:00", "2026-10-25T02:00+00:00", "2026-10-25", "01:00", "03:00", 180),
        # Another day here than there.
        ("2026-06-30T22:30+00:00", "2026-06-30T22:50+00:00", "2026-07-01", "00:30", "00:50", 20),
        ("2026-01-01T18:00-05:00", "2026-01-01T18:00:30-05:00", "2026-01-02", "00:00", "00:00", 1),
    ],
)
def test_times_are_those_of_the_practice(
    anything: Anything,
    start: str,
    end: str,
    date: str,
    time: str,
    end_time: str,
    minutes: int,
) -> None:
    body = {name: f"{{{name}}}" for name in ("date", "time", "end_time", "duration")}
    dispatch = at(datetime.fromisoformat(start), datetime.fromisoformat(end))
    due = {"date": date, "time": time, "end_time": end_time, "duration": minutes}
    assert sent(anything, body, dispatch) == due


def test_a_night_across_the_change_of_clocks_is_as_long_as_it_is(anything: Anything) -> None:
    """Subtracted by the clock on the wall it would be an hour too long, or too short."""
    for day, minutes in ((29, 60), (30, 120)):
        start = datetime(2026, 3, day, 1, 30, tzinfo=BERLIN)
        dispatch = at(start, start.replace(hour=3))
        assert sent(anything, {"duration": "{duration}"}, dispatch) == {"duration": minutes}


def test_a_format_with_an_offset_tells_the_hour_that_there_is_twice(anything: Anything) -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    dispatch = at(first, first + timedelta(hours=1))
    told = sent(
        anything, {"from": "{time}", "to": "{end_time}"}, dispatch, time_format="%d.%m. %H:%M%z"
    )
    assert told == {"from": "25.10. 02:30+0200", "to": "25.10. 02:30+0100"}


def test_every_placeholder_is_filled_wherever_it_stands(anything: Anything) -> None:
    body = {
        "a": ["{last_name}, {first_name}", {"b": "{birth_date}", "dauer": "{duration} min"}],
        "arzt": "{doctor}",
        "raum": "{room}",
        "art": "{kind}",
        "stand": "{status}",
        "nummern": ["{appointment_id}", "{uid}", "{patient_id}"],
        "wann": "{date}T{time}",
        "fest": [1, 2.5, True, None, "{}", "{ date }", "{{time}}"],
    }
    given: dict[str, Any] = {"date_format": "%d.%m.%Y", "doctors": {"dr-mueller": "17"}}
    assert sent(anything, body, kinds={"Kontrolle": "K"}, **given) == {
        "a": ["Ährenbröker, Zoë", {"b": "03.02.1951", "dauer": "30 min"}],
        "arzt": "17",
        "raum": "raum-1",
        "art": "K",
        "stand": "CONFIRMED",
        "nummern": ["41", APPOINTMENT.uid, "10017"],
        "wann": "23.11.2026T10:00",
        "fest": [1, 2.5, True, None, "{}", "{ date }", "{10:00}"],
    }


def test_what_there_is_not_is_told_as_empty(anything: Anything) -> None:
    names = ("doctor", "room", "kind", "last_name", "first_name", "birth_date")
    bare = replace(BOOKED, doctor=None, room=None, patient=None)
    bare = replace(bare, appointment=replace(APPOINTMENT, kind=None))
    body = {name: f"{{{name}}}" for name in names}
    assert sent(anything, body, bare) == dict.fromkeys(names, "")
    assert sent(anything, {"kind": "{kind}"}, bare, kinds={"": "Termin"}) == {"kind": "Termin"}
    unsure = replace(ZOE, record=replace(ZOE.record, birth_date="um 1950"))
    told = sent(anything, {"born": "{birth_date}"}, replace(BOOKED, patient=unsure))
    assert told == {"born": ""}


def test_what_a_patient_is_called_fills_no_placeholder(anything: Anything) -> None:
    record = replace(ZOE.record, last_name="{patient_id}", first_name='"},{\\"')
    dispatch = replace(BOOKED, patient=replace(ZOE, record=record))
    told = sent(anything, {"a": "{last_name}", "b": "{first_name}"}, dispatch)
    assert told == {"a": "{patient_id}", "b": '"},{\\"'}


def test_an_id_stays_in_its_part_of_the_address(anything: Anything) -> None:
    for uid in ("a/../../b", "a?x=1#y", "ä ö", "100%41", "a\r\nb"):
        deliver(anything, then(Message.CANCELLED, uid=uid))
        asked = anything.asked[-1]
        assert (asked.path, asked.query) == (f"{pvs.PATH}/{uid}", {})


@pytest.mark.parametrize("uid", ["", ".", ".."])
def test_no_address_means_something_else_by_an_odd_id(anything: Anything, uid: str) -> None:
    failed = failing(anything, then(Message.CANCELLED, uid=uid))
    assert (str(failed), failed.permanent) == ("no uid for the address", True)
    assert anything.asked == []


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (("GET", "/"), "method 'GET'"),
        (("POST", "/{patient}"), "unknown placeholders: patient"),
        (("POST", "/", {"a": [{"b": "{start} {ende}"}]}), "unknown placeholders: ende, start"),
        (("POST", "/{last_name}"), "a path that names a patient"),
    ],
)
def test_a_call_that_cannot_be_meant_is_refused_when_it_is_read(
    given: tuple[Any, ...], fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        Call(*given)


class Practice:
    """A practice whose software is told by a worker; the test turns its clock."""

    def __init__(self, database: SqlDatabase, software: pvs.PracticeSoftware) -> None:
        self.database, self.software, self.now = database, software, NOW
        self._patience = Patience(pause=lambda _: None)

    def change(
        self, before: Appointment | None, *, by_booking_tool: bool = False, **changes: Any
    ) -> Appointment:
        """Make an appointment, or change it, and have the software told."""
        with writing(self.database, now=self.now) as uow:
            if before is None:
                (calendar,) = (c for c in uow.calendars.all() if c.name == "dr-mueller")
                patient = uow.patients.save(replace(ZOE, id=0))
                made = replace(APPOINTMENT, id=0, patient_id=patient.id, calendar_id=calendar.id)
                after = uow.appointments.save(replace(made, doctor_id=calendar.doctor_id))
            else:
                after = uow.appointments.save(replace(before, **changes))
            tell(uow, before, after, by_booking_tool=by_booking_tool)
        return after

    def deliver(self, interface: Interface = EVERYTHING, times: int = 3) -> None:
        """Deliver what is due in the next hours, two of them at a time."""
        headers = {pvs.KEY_HEADER: self.software.key}
        with Http(self.software.url, headers, inside=True, patience=self._patience) as http:
            there = {Receiver.PRACTICE_SOFTWARE: PracticeSoftware(http, interface, BERLIN)}
            worker = Worker(
                self.database, Addressees(BookingTools({}), there), {}, PROFILE, lambda: self.now
            )
            for _ in range(times):
                self.now += timedelta(hours=2)
                worker.deliver_all()

    def letters(self, *states: LetterState) -> int:
        with reading(self.database) as uow:
            return len(uow.outbox.find(states))

    def told(self) -> list[tuple[str, str]]:
        """Return the appointments that the software has."""
        return [(each["date"], each["time"]) for each in self.software.appointments.values()]


@pytest.fixture
def practising(practice: SqlDatabase, software: pvs.PracticeSoftware) -> Iterator[Practice]:
    url = practice.engine.url.render_as_string(hide_password=False)
    receivers = frozenset({Receiver.PRACTICE_SOFTWARE})
    with closing(SqlDatabase(url, receivers=receivers)) as database:
        yield Practice(database, software)


TOMORROW = Slot(TEN + timedelta(days=1), TEN + timedelta(days=1, minutes=30))


@pytest.mark.parametrize("interface", [EVERYTHING, Interface()])
def test_what_was_moved_while_the_software_was_down_is_made_there(
    practising: Practice, interface: Interface
) -> None:
    practising.software.down()
    made = practising.change(None)
    practising.deliver(interface)
    practising.change(made, slot=TOMORROW)
    practising.deliver(interface)
    practising.software.up()
    practising.deliver(interface)
    assert practising.told() == [("2026-11-24", "10:00")]
    assert practising.letters(*UNSETTLED, LetterState.FAILED) == 0


@pytest.mark.parametrize("interface", [EVERYTHING, Interface()])
def test_what_the_booking_tool_moves_before_it_was_told_is_made_there(
    practising: Practice, interface: Interface
) -> None:
    made = practising.change(None, by_booking_tool=True)
    practising.change(made, by_booking_tool=True, slot=TOMORROW)
    practising.deliver(interface)
    assert practising.told() == [("2026-11-24", "10:00")]
    assert practising.letters(*UNSETTLED, LetterState.FAILED) == 0


def test_what_was_made_but_not_answered_and_moved_since_is_there_once(practising: Practice) -> None:
    practising.software.lost = 1
    made = practising.change(None)
    practising.deliver(times=1)
    practising.change(made, slot=TOMORROW)
    practising.deliver()
    assert practising.told() == [("2026-11-24", "10:00")]


def test_what_was_cancelled_before_it_could_be_made_there_is_not_made(practising: Practice) -> None:
    practising.software.down()
    made = practising.change(None)
    practising.deliver()
    practising.change(made, status=Status.CANCELLED)
    practising.software.up()
    practising.deliver()
    assert practising.told() == []
    assert practising.letters(*UNSETTLED) == 0

"""Webhooks that go out: what they say, that they are authentic, and what becomes of each answer."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from booking_adapter.deliveries.dispatch import Dispatch, Known
from booking_adapter.deliveries.webhook import Webhook
from booking_adapter.failures import Busy, Failed
from booking_adapter.outgoing import Http, Patience
from booking_adapter.protocol import NotAuthentic
from booking_adapter.signatures import secret_of, verify
from practice.accounts import Doctor, Room
from practice.appointments import Appointment, Slot, Status
from practice.messages import Message
from practice.patients import Patient, PatientRecord
from tests.building import BERLIN, NOW
from tests.mimics.tool import Asked, Tool

SECRET = "whsec_" + base64.b64encode(bytes(range(100, 132))).decode()
TEN = datetime(2026, 11, 23, 10, 0, tzinfo=BERLIN)
HALF = timedelta(minutes=30)
#: Nothing of this may leave the practice by a webhook.
RECORD = PatientRecord(
    "Ährenbröker", "Zoë", "1951-02-03", "zoe@example.org", "030 23125-001", "GESETZLICH"
)


def at(start: datetime) -> Slot:
    return Slot(start, start + HALF)


MOVED = Dispatch(
    key="letter-17-webhook",
    message=Message.MOVED,
    sequence=3,
    posted=datetime(2026, 11, 20, 8, 59, 58, tzinfo=UTC),
    appointment=Appointment(
        uid="booking-online-b-7@example.org",
        slot=at(TEN + HALF),
        status=Status.CONFIRMED,
        doctor_id=1,
        calendar_id=2,
        id=41,
        patient_id=5,
        room_id=1,
        kind="KONTROLLUNTERSUCHUNG",
        booking_source="online",
        booking_id="B-7",
    ),
    known=Known(at(TEN), "Dr. Müller"),
    patient=Patient("10017", RECORD, id=5),
    doctor=Doctor("dr-schmidt", "Dr. Schmidt", id=1),
    room=Room("raum-1", "Raum 1", id=1),
)


class Receiver(Tool):
    """Takes what is authentic, once."""

    def __init__(self) -> None:
        super().__init__([Route("/hooks/praxis", self._take, methods=["POST"])])
        self.now = NOW
        self.events: dict[str, dict[str, Any]] = {}

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        try:
            message_id = verify(secret_of(SECRET), request.headers, body, self.now)
        except NotAuthentic:
            return Response(status_code=401)
        self.events.setdefault(message_id, json.loads(body))
        return Response(status_code=204)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


def deliver(
    receiver: Receiver, dispatch: Dispatch = MOVED, now: datetime = NOW, secret: str = SECRET
) -> None:
    patience = Patience(pause=lambda _: None)
    with Http(receiver.url, inside=True, patience=patience) as http:
        Webhook(http, "/hooks/praxis?from=praxis", secret_of(secret)).deliver(dispatch, now)


def told(receiver: Receiver, dispatch: Dispatch) -> dict[str, Any]:
    """Deliver a letter, and return what the receiver has of it."""
    deliver(receiver, dispatch)
    return receiver.events[dispatch.key]


def failing(receiver: Receiver, dispatch: Dispatch = MOVED) -> Failed:
    """Deliver a letter in vain; whatever is raised says nothing of the patient."""
    with pytest.raises(Failed) as failed:
        deliver(receiver, dispatch)
    text = "".join(traceback.format_exception(failed.value, chain=True))
    said = "\n".join(line for line in text.splitlines() if not line.startswith(" "))
    for value in ("Ährenbröker", "Zoë", "10017", "zoe@", "1951", receiver.url):
        assert value not in said
    return failed.value


def answering(status: int, headers: dict[str, str] | None = None) -> Callable[[Asked], Response]:
    return lambda _: Response("Fehler: Zoë Ährenbröker", status, headers)


def test_a_move_is_told_with_what_the_receiver_needs_and_nobodys_name(receiver: Receiver) -> None:
    assert told(receiver, MOVED) == {
        "type": "appointment.moved",
        "timestamp": "2026-11-20T08:59:58+00:00",
        "data": {
            "id": 41,
            "uid": "booking-online-b-7@example.org",
            "sequence": 3,
            "start": "2026-11-23T10:30:00+01:00",
            "end": "2026-11-23T11:00:00+01:00",
            "status": "CONFIRMED",
            "doctor": "dr-schmidt",
            "room": "raum-1",
            "patient_number": "10017",
            "booking": {"source": "online", "id": "B-7"},
            "known": {
                "start": "2026-11-23T10:00:00+01:00",
                "end": "2026-11-23T10:30:00+01:00",
                "doctor": "Dr. Müller",
            },
        },
    }
    body = receiver.asked[0].body.decode()
    values = (RECORD.last_name, RECORD.first_name, RECORD.birth_date, RECORD.email, RECORD.phone)
    assert [value for value in values if value in body] == []


def test_an_appointment_of_the_practice_with_nobody_is_told_too(receiver: Receiver) -> None:
    bare = Appointment("u", at(TEN), Status.TENTATIVE, None, 2, id=9)
    dispatch = Dispatch("k", Message.BOOKED, 1, NOW, bare)
    assert told(receiver, dispatch)["data"] == {
        "id": 9,
        "uid": "u",
        "sequence": 1,
        "start": "2026-11-23T10:00:00+01:00",
        "end": "2026-11-23T10:30:00+01:00",
        "status": "TENTATIVE",
        **dict.fromkeys(("doctor", "room", "patient_number", "booking", "known")),
    }


@pytest.mark.parametrize(
    ("message", "name"),
    [
        (Message.BOOKED, "appointment.booked"),
        (Message.MOVED, "appointment.moved"),
        (Message.CONFIRMED, "appointment.confirmed"),
        (Message.CANCELLED, "appointment.cancelled"),
        (Message.DECLINED, "appointment.declined"),
    ],
)
def test_each_message_has_its_name(receiver: Receiver, message: Message, name: str) -> None:
    assert told(receiver, replace(MOVED, message=message))["type"] == name


def test_the_signature_is_over_the_octets_that_are_sent(receiver: Receiver) -> None:
    deliver(receiver)
    asked = receiver.asked[0]
    assert "Müller".encode() in asked.body
    headers, time = asked.headers, str(int(NOW.timestamp()))
    assert asked.query == {"from": "praxis"}
    assert headers["content-type"] == "application/json"
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("letter-17-webhook", time)
    content = f"letter-17-webhook.{time}.".encode() + asked.body
    digest = hmac.new(bytes(range(100, 132)), content, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
    assert verify(secret_of(SECRET), headers, asked.body, NOW) == MOVED.key


def test_a_receiver_with_another_secret_refuses_for_good(receiver: Receiver) -> None:
    with pytest.raises(Failed, match="status 401") as failed:
        deliver(receiver, secret="ein ganz anderes Geheimnis")
    assert failed.value.permanent
    assert receiver.events == {}


def test_a_letter_that_comes_again_has_its_id_and_a_time_of_its_own(receiver: Receiver) -> None:
    later = NOW + timedelta(hours=2)
    deliver(receiver)
    receiver.now = later
    deliver(receiver, now=later)
    assert list(receiver.events) == [MOVED.key]
    times = [int(asked.headers["webhook-timestamp"]) for asked in receiver.asked]
    assert times[1] - times[0] == 7200


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_answer_of_2xx_is_delivered(receiver: Receiver, status: int) -> None:
    receiver.refuse = lambda _: Response(status_code=status)
    deliver(receiver)
    assert len(receiver.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 413, 422])
def test_who_says_no_is_not_asked_again(receiver: Receiver, status: int) -> None:
    receiver.refuse = answering(status)
    failed = failing(receiver)
    assert failed.permanent
    assert str(failed) == f"status {status}"
    assert len(receiver.asked) == 1


@pytest.mark.parametrize("status", [301, 307, 408, 409, 425, 429, 500, 501, 502, 503, 504])
def test_what_may_pass_is_left_for_later(receiver: Receiver, status: int) -> None:
    receiver.refuse = answering(status)
    failed = failing(receiver)
    assert not failed.permanent
    assert str(failed) == f"status {status}"


def test_what_may_have_arrived_is_not_sent_twice_at_once(receiver: Receiver) -> None:
    receiver.refuse = answering(502)
    failing(receiver)
    assert len(receiver.asked) == 1


def test_what_cannot_have_arrived_is_sent_again_at_once(receiver: Receiver) -> None:
    left = [503, 429]
    receiver.refuse = lambda asked: answering(left.pop())(asked) if left else None
    deliver(receiver)
    assert {asked.headers["webhook-id"] for asked in receiver.asked} == {MOVED.key}
    assert len(receiver.asked) == 3
    assert list(receiver.events) == [MOVED.key]


def test_who_asks_to_be_left_alone_is(receiver: Receiver) -> None:
    receiver.refuse = answering(503, {"Retry-After": "7200"})
    failed = failing(receiver)
    assert isinstance(failed, Busy)
    assert not failed.permanent


def test_a_receiver_that_is_down_gets_it_when_it_is_up(receiver: Receiver) -> None:
    receiver.down()
    assert not failing(receiver).permanent
    receiver.up()
    deliver(receiver)
    assert list(receiver.events) == [MOVED.key]


def test_times_are_told_with_the_offset_of_their_day(receiver: Receiver) -> None:
    """The hour that there is twice in October is told apart by it."""
    night = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    slot = Slot(night, night.replace(fold=1))
    summer = at(datetime(2026, 7, 1, 8, 0, tzinfo=UTC))
    dispatch = replace(
        MOVED,
        appointment=replace(MOVED.appointment, slot=slot),
        known=Known(summer, "Dr. Müller"),
    )
    data = told(receiver, dispatch)["data"]
    assert (data["start"], data["end"]) == (
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T02:30:00+01:00",
    )
    assert data["known"]["start"] == "2026-07-01T08:00:00+00:00"

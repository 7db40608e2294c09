"""The mimic of Cal.com behaves as the tests of the booking adapter take for granted."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tests.mimics.calcom import BOOKINGS, SLOTS, CalCom, Refused
from tests.mimics.tool import Tool

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON = datetime(2031, 5, 5, 12, tzinfo=UTC)  # a Monday
TEN = NOON - timedelta(hours=2) + timedelta(days=1)
HALF_AN_HOUR = timedelta(minutes=30)
PATIENT = {"name": "Dr. Max Probe", "email": "max@example.org", "timeZone": "Europe/Berlin"}


class Clock:
    """Stands until it is set."""

    time = NOON

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tool(clock: Clock) -> Iterator[CalCom]:
    with CalCom(clock) as tool:
        yield tool


@pytest.fixture
def receiver() -> Iterator[Tool]:
    def hooks(_: object) -> Response:
        return Response(status_code=200)

    with Tool([Route("/hooks", hooks, methods=["POST"])]) as receiver:
        yield receiver


def ask(
    tool: CalCom, method: str, path: str, body: Any = None, version: str = BOOKINGS, **query: Any
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {tool.key}", "cal-api-version": version}
    address = f"{tool.url}/v2{path}"
    return httpx.request(method, address, json=body, params=query or None, headers=headers)


def listed(tool: CalCom, **query: Any) -> list[str]:
    return [one["uid"] for one in ask(tool, "GET", "/bookings", **query).json()["data"]]


def wanted(kind: int, **more: Any) -> dict[str, Any]:
    return {"start": TEN.isoformat(), "eventTypeId": kind, "attendee": PATIENT} | more


def hooks(tool: CalCom) -> list[tuple[str, dict[str, Any]]]:
    told = [json.loads(delivery.body) for delivery in tool.deliveries]
    return [(one["triggerEvent"], one["payload"]) for one in told]


def message(answer: httpx.Response) -> tuple[int, str]:
    assert answer.json()["status"] == "error"
    return answer.status_code, answer.json()["error"]["code"]


def test_a_booking_made_over_the_api_comes_back_whole(tool: CalCom) -> None:
    kind = tool.add_event_type()
    made = ask(tool, "POST", "/bookings", wanted(kind, guests=["kind@example.org"]))
    assert made.status_code == 201
    assert made.json()["status"] == "success"
    booking = made.json()["data"]
    assert booking["start"] == "2031-05-06T10:00:00.000Z"
    assert booking["end"] == "2031-05-06T10:20:00.000Z"
    assert booking["status"] == "accepted"
    assert booking["eventType"] == {"id": kind, "slug": "sprechstunde"}
    assert booking["hosts"] == [{"id": 1, "name": "Ada Beispiel", "timeZone": "Europe/Berlin"}]
    assert ask(tool, "GET", f"/bookings/{booking['uid']}").json()["data"] == booking


def test_the_address_of_a_patient_is_only_among_the_responses(tool: CalCom) -> None:
    kind = tool.add_event_type()
    booking = ask(tool, "POST", "/bookings", wanted(kind)).json()["data"]
    assert "email" not in booking["attendees"][0]
    assert booking["bookingFieldsResponses"]["email"] == "max@example.org"


def test_who_has_only_a_phone_gets_an_address_made_up(tool: CalCom) -> None:
    patient = {"name": "Max Probe", "phoneNumber": "+4930123456", "timeZone": "Europe/Berlin"}
    asked = wanted(tool.add_event_type(), attendee=patient)
    booking = ask(tool, "POST", "/bookings", asked).json()["data"]
    assert booking["bookingFieldsResponses"]["email"] == "4930123456@sms.cal.com"


@pytest.mark.parametrize(
    "wrong",
    [
        {"start": "morgen"},
        {"start": NOON.isoformat()},
        {"attendee": {"name": "Max Probe", "timeZone": "Europe/Berlin"}},
        {"attendee": PATIENT | {"phoneNumber": "030 123456"}},
        {"metadata": {"k" * 41: "v"}},
        {"metadata": {"k": "v" * 501}},
        {"recurrenceCount": 3},
    ],
)
def test_a_booking_that_makes_no_sense_is_refused(tool: CalCom, wrong: dict[str, Any]) -> None:
    answer = ask(tool, "POST", "/bookings", wanted(tool.add_event_type()) | wrong)
    assert message(answer) == (400, "BadRequestException")
    assert not tool.bookings


def test_one_host_is_not_booked_twice_at_a_time(tool: CalCom) -> None:
    short, long = tool.add_event_type("kurz", 10), tool.add_event_type("lang", 60)
    other = tool.add_event_type("kurz", host="Ben Muster")
    tool.book(long, TEN - HALF_AN_HOUR)
    answer = ask(tool, "POST", "/bookings", wanted(short))
    assert answer.status_code == 400
    assert "already has booking" in answer.json()["error"]["message"]
    assert ask(tool, "POST", "/bookings", wanted(other)).status_code == 201


def test_what_is_only_requested_holds_no_time(tool: CalCom) -> None:
    kind = tool.add_event_type(requires_confirmation=True)
    tool.book(kind, TEN)
    assert tool.bookings[tool.book(kind, TEN)].status == "pending"


def test_bookings_and_event_types_that_are_not_there_are_not_found(tool: CalCom) -> None:
    assert message(ask(tool, "GET", "/bookings/nowhere")) == (404, "NotFoundException")
    assert message(ask(tool, "POST", "/bookings/nowhere/cancel", {}))[0] == 404
    assert message(ask(tool, "POST", "/bookings", wanted(7)))[0] == 404


@pytest.mark.parametrize("version", ["", "2024-06-11", SLOTS])
def test_without_its_version_a_route_is_unknown(tool: CalCom, version: str) -> None:
    answer = ask(tool, "GET", "/bookings", version=version)
    assert message(answer) == (404, "NotFoundException")
    assert message(ask(tool, "PUT", "/nothing"))[0] == 404


def test_without_the_right_key_nothing_is_told(tool: CalCom) -> None:
    headers = {"cal-api-version": BOOKINGS, "Authorization": "Bearer cal_wrong"}
    answer = httpx.get(f"{tool.url}/v2/bookings", headers=headers)
    assert message(answer) == (401, "UnauthorizedException")


def test_lists_are_filtered_by_status(tool: CalCom, clock: Clock) -> None:
    kind = tool.add_event_type()
    past, next_, gone = (tool.book(kind, TEN + timedelta(days=day)) for day in (0, 2, 3))
    asks = tool.add_event_type("frage", requires_confirmation=True)
    open_, rejected = (tool.book(asks, TEN + timedelta(days=day)) for day in (4, 5))
    tool.cancel(gone, "verreist")
    tool.decline(rejected)
    clock.time = TEN + timedelta(days=1)
    assert listed(tool) == [past, next_, gone, open_, rejected]
    assert listed(tool, status="past") == [past]
    assert listed(tool, status="upcoming") == [next_, open_]
    assert listed(tool, status="unconfirmed") == [open_]
    assert listed(tool, status="cancelled") == [gone, rejected]
    assert listed(tool, status="past,cancelled") == [past, gone, rejected]
    assert listed(tool, status="recurring") == []
    assert message(ask(tool, "GET", "/bookings", status="bald"))[0] == 400


def test_lists_are_filtered_by_person_kind_and_time_and_sorted(tool: CalCom) -> None:
    one, two = tool.add_event_type("eins"), tool.add_event_type("zwei")
    later = tool.book(one, TEN + timedelta(days=1))
    sooner = tool.book(two, TEN, "Max Probe", "max@example.org")
    assert listed(tool, attendeeEmail="max@example.org") == [sooner]
    assert listed(tool, eventTypeId=one) == [later]
    assert listed(tool, eventTypeIds=f"{one},{two}", sortStart="asc") == [sooner, later]
    assert listed(tool, sortStart="desc") == [later, sooner]
    for first, last in (("afterStart", "beforeEnd"), ("fromDate", "toDate")):
        assert listed(tool, **{first: "2031-05-07T00:00:00Z"}) == [later]
        assert listed(tool, **{last: "2031-05-06T10:20:00Z"}) == [sooner]


def test_lists_come_in_pages(tool: CalCom) -> None:
    kind = tool.add_event_type()
    uids = [tool.book(kind, TEN + HALF_AN_HOUR * number) for number in range(5)]
    answer = ask(tool, "GET", "/bookings", take=2, skip=2).json()
    assert [one["uid"] for one in answer["data"]] == uids[2:4]
    assert answer["pagination"] == {
        "totalItems": 5,
        "remainingItems": 1,
        "returnedItems": 2,
        "itemsPerPage": 2,
        "currentPage": 2,
        "totalPages": 3,
        "hasNextPage": True,
        "hasPreviousPage": True,
    }
    assert not ask(tool, "GET", "/bookings", skip=4).json()["pagination"]["hasNextPage"]
    assert message(ask(tool, "GET", "/bookings", take=101))[0] == 400


def test_a_cancelled_booking_cannot_be_cancelled_again(tool: CalCom) -> None:
    path = f"/bookings/{tool.book(tool.add_event_type(), TEN)}/cancel"
    booking = ask(tool, "POST", path, {"cancellationReason": "Praxis zu"}).json()["data"]
    assert (booking["status"], booking["cancellationReason"]) == ("cancelled", "Praxis zu")
    assert message(ask(tool, "POST", path, {}))[0] == 400


def test_a_moved_booking_is_another_one(tool: CalCom) -> None:
    uid = tool.book(tool.add_event_type(), TEN)
    body = {"start": (TEN + timedelta(minutes=10)).isoformat(), "reschedulingReason": "Stau"}
    answer = ask(tool, "POST", f"/bookings/{uid}/reschedule", body)
    new = answer.json()["data"]
    assert answer.status_code == 201
    assert new["uid"] != uid
    assert (new["rescheduledFromUid"], new["reschedulingReason"]) == (uid, "Stau")
    assert (new["start"], new["duration"]) == ("2031-05-06T10:10:00.000Z", 20)
    assert tool.bookings[uid].status == "cancelled"
    assert message(ask(tool, "POST", f"/bookings/{uid}/reschedule", body))[0] == 400


def test_a_booking_is_not_moved_onto_another(tool: CalCom) -> None:
    kind = tool.add_event_type()
    uid = tool.book(kind, TEN)
    tool.book(kind, TEN + HALF_AN_HOUR)
    with pytest.raises(Refused, match="already has booking"):
        tool.reschedule(uid, TEN + HALF_AN_HOUR)
    assert tool.bookings[uid].status == "accepted"


def test_requests_are_confirmed_or_declined_once(tool: CalCom) -> None:
    kind = tool.add_event_type(requires_confirmation=True)
    one, two = tool.book(kind, TEN), tool.book(kind, TEN)
    assert ask(tool, "POST", f"/bookings/{one}/confirm").json()["data"]["status"] == "accepted"
    declined = ask(tool, "POST", f"/bookings/{two}/decline", {"reason": "voll"})
    assert declined.json()["data"]["status"] == "rejected"
    assert message(ask(tool, "POST", f"/bookings/{two}/confirm"))[0] == 400


def test_absent_people_are_marked(tool: CalCom) -> None:
    uid = tool.book(tool.add_event_type(), TEN)
    body = {"host": True, "attendees": [{"email": "erika@example.org", "absent": True}]}
    booking = ask(tool, "POST", f"/bookings/{uid}/mark-absent", body).json()["data"]
    assert (booking["absentHost"], booking["attendees"][0]["absent"]) == (True, True)


def test_free_slots_need_no_key_and_are_told_in_the_zone_asked_for(tool: CalCom) -> None:
    kind = tool.add_event_type(minutes=60)
    tool.book(kind, datetime(2031, 5, 6, 7, tzinfo=UTC))
    days = {"start": "2031-05-05", "end": "2031-05-06"}
    query = days | {"eventTypeId": str(kind), "timeZone": "Europe/Berlin"}
    address, headers = f"{tool.url}/v2/slots", {"cal-api-version": SLOTS}
    free = httpx.get(address, params=query, headers=headers).json()["data"]
    starts = [f"2031-05-06T{hour}:00:00.000+02:00" for hour in ("08", "10", "11")]
    assert free == {"2031-05-06": [{"start": start} for start in starts]}
    query["timeZone"] = "UTC"
    free = httpx.get(address, params=query, headers=headers).json()["data"]
    assert free["2031-05-06"][0] == {"start": "2031-05-06T06:00:00.000Z"}
    query["end"] = "bald"
    assert message(httpx.get(address, params=query, headers=headers))[0] == 400


def test_more_than_120_requests_a_minute_are_too_many(tool: CalCom, clock: Clock) -> None:
    tool.limit = 2
    first, _, third = (ask(tool, "GET", "/bookings") for _ in range(3))
    assert first.headers["X-RateLimit-Limit-Default"] == "2"
    assert first.headers["X-RateLimit-Remaining-Default"] == "1"
    assert message(third) == (429, "ThrottlerException")
    reset = int(third.headers["X-RateLimit-Reset-Default"])
    assert reset == NOON.timestamp() + 60
    clock.time = datetime.fromtimestamp(reset, UTC)
    assert ask(tool, "GET", "/bookings").status_code == 200
    assert CalCom().limit == 120


def test_the_limit_can_be_switched_off(tool: CalCom) -> None:
    tool.limit = None
    assert "X-RateLimit-Limit-Default" not in ask(tool, "GET", "/bookings").headers


def test_a_webhook_is_signed_over_its_raw_body(tool: CalCom, receiver: Tool) -> None:
    tool.subscribe(receiver.url + "/hooks", "geheim")
    tool.book(tool.add_event_type(), TEN, "Dr. Jörg Probe")
    (asked,) = receiver.asked
    signature = hmac.new(b"geheim", asked.body, hashlib.sha256).hexdigest()
    assert asked.headers["x-cal-signature-256"] == signature
    assert asked.headers["x-cal-webhook-version"] == "2021-10-20"
    assert asked.headers["content-type"] == "application/json"
    told = json.loads(asked.body)
    assert told["triggerEvent"] == "BOOKING_CREATED"
    assert told["createdAt"] == "2031-05-05T12:00:00.000Z"
    attendee = told["payload"]["attendees"][0]
    assert (attendee["firstName"], attendee["lastName"]) == ("Dr.", "Jörg Probe")
    assert attendee["utcOffset"] == 120


def test_without_a_secret_the_signature_says_so(tool: CalCom) -> None:
    tool.subscribe("http://127.0.0.1:9/hooks")
    tool.send_hooks = False
    tool.book(tool.add_event_type(), TEN)
    assert tool.deliveries[0].headers["X-Cal-Signature-256"] == "no-secret-provided"


def test_a_booking_is_told_with_the_answers_of_the_patient(tool: CalCom) -> None:
    tool.subscribe("http://127.0.0.1:9/hooks")
    answers = {"notes": "nüchtern", "kasse": "Musterkasse"}
    tool.book(tool.add_event_type(), TEN, answers=answers, minutes=40)
    ((_, told),) = hooks(tool)
    kasse = {"label": "kasse", "isHidden": False, "value": "Musterkasse"}
    assert told["userFieldsResponses"] == {"kasse": kasse}
    assert told["responses"]["kasse"] == kasse
    assert told["responses"]["email"]["value"] == "erika@example.org"
    assert told["responses"]["guests"] == {"label": "additional_guests", "isHidden": False}
    assert (told["additionalNotes"], told["length"]) == ("nüchtern", 20)
    assert told["startTime"] == "2031-05-06T10:00:00Z"
    assert told["endTime"] == "2031-05-06T10:40:00Z"


def test_times_and_calendars_are_written_in_several_ways(tool: CalCom) -> None:
    tool.subscribe("http://127.0.0.1:9/hooks")
    tool.zulu, tool.destination_calendar = False, {"id": 10, "integration": "caldav_calendar"}
    tool.book(tool.add_event_type(), TEN)
    ((_, told),) = hooks(tool)
    assert told["startTime"] == "2031-05-06T10:00:00+00:00"
    assert told["destinationCalendar"]["id"] == 10


def test_the_webhooks_of_a_booking_that_moves_and_is_cancelled(tool: CalCom) -> None:
    tool.subscribe("http://127.0.0.1:9/hooks")
    uid = tool.book(tool.add_event_type(), TEN)
    new = tool.reschedule(uid, TEN + HALF_AN_HOUR)
    tool.cancel(new, "verreist")
    (created, first), (moved, second), (cancelled, third) = hooks(tool)
    assert created == "BOOKING_CREATED"
    assert (moved, cancelled) == ("BOOKING_RESCHEDULED", "BOOKING_CANCELLED")
    assert (second["uid"], second["rescheduleUid"]) == (new, uid)
    assert second["rescheduleId"] == first["bookingId"]
    assert second["rescheduleStartTime"] == first["startTime"]
    assert second["rescheduleEndTime"] == first["endTime"]
    assert second["rescheduledBy"] == third["cancelledBy"] == "erika@example.org"
    assert (third["status"], third["cancellationReason"]) == ("CANCELLED", "verreist")
    assert [one["iCalSequence"] for one in (first, second, third)] == [0, 1, 2]
    assert {one["iCalUID"] for one in (first, second, third)} == {f"{uid}@Cal.com"}


def test_the_webhooks_of_requests(tool: CalCom) -> None:
    tool.subscribe("http://127.0.0.1:9/hooks")
    kind = tool.add_event_type(requires_confirmation=True)
    one, two = tool.book(kind, TEN), tool.book(kind, TEN)
    tool.confirm(one)
    tool.decline(two, "voll")
    told = hooks(tool)
    assert [trigger for trigger, _ in told] == [
        "BOOKING_REQUESTED",
        "BOOKING_REQUESTED",
        "BOOKING_CREATED",
        "BOOKING_REJECTED",
    ]
    statuses = [payload["status"] for _, payload in told]
    assert statuses == ["PENDING", "PENDING", "ACCEPTED", "REJECTED"]
    assert (told[3][1]["rejectionReason"], told[3][1]["destinationCalendar"]) == ("voll", [])


@pytest.mark.parametrize(
    ("by_host", "trigger"), [(True, "BOOKING_RESCHEDULED"), (False, "BOOKING_REQUESTED")]
)
def test_what_a_patient_moves_is_to_be_confirmed_again(
    tool: CalCom, by_host: bool, trigger: str
) -> None:
    tool.subscribe("http://127.0.0.1:9/hooks")
    uid = tool.book(tool.add_event_type(requires_confirmation=True), TEN)
    tool.confirm(uid)
    new = tool.reschedule(uid, TEN + HALF_AN_HOUR, by_host=by_host)
    assert hooks(tool)[-1][0] == trigger
    assert tool.bookings[new].status == ("accepted" if by_host else "pending")
    assert hooks(tool)[-1][1]["rescheduleUid"] == uid


def test_an_absent_patient_is_told_in_a_form_of_its_own(tool: CalCom) -> None:
    tool.subscribe("http://127.0.0.1:9/hooks", triggers=["BOOKING_NO_SHOW_UPDATED"])
    uid = tool.book(tool.add_event_type(), TEN)
    tool.no_show(uid)
    ((_, told),) = hooks(tool)
    assert told == {
        "message": "erika@example.org marked as no-show",
        "bookingUid": uid,
        "bookingId": tool.bookings[uid].id,
        "attendees": [{"email": "erika@example.org", "noShow": True}],
    }


def test_webhooks_can_be_held_back_and_sent_later_in_another_order(
    tool: CalCom, receiver: Tool
) -> None:
    tool.subscribe(receiver.url + "/hooks", "geheim")
    tool.send_hooks = False
    tool.cancel(tool.book(tool.add_event_type(), TEN))
    assert not receiver.asked
    assert [tool.resend(delivery) for delivery in reversed(tool.deliveries)] == [200, 200]
    bodies = [asked.body for asked in receiver.asked]
    assert bodies == [delivery.body for delivery in reversed(tool.deliveries)]


def test_a_receiver_that_is_down_or_elsewhere_changes_nothing(tool: CalCom, receiver: Tool) -> None:
    tool.subscribe(receiver.url + "/hooks")
    receiver.refuse = lambda asked: RedirectResponse(receiver.url + "/elsewhere")
    uid = tool.book(tool.add_event_type(), TEN)
    receiver.down()
    tool.cancel(uid)
    assert [asked.path for asked in receiver.asked] == ["/hooks"]
    assert tool.bookings[uid].status == "cancelled"


def test_a_receiver_may_ask_back_before_it_answers(tool: CalCom, receiver: Tool) -> None:
    seen: list[int] = []

    def asking(_: object) -> None:
        seen.append(len(listed(tool)))

    receiver.refuse = asking
    tool.subscribe(receiver.url + "/hooks")
    assert ask(tool, "POST", "/bookings", wanted(tool.add_event_type())).status_code == 201
    assert seen == [1]

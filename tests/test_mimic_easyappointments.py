"""The mimic of Easy!Appointments is as unfriendly as the tool it stands for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.mimics.easyappointments import EasyAppointments, Hook
from tests.mimics.tool import Tool

MONDAY = "2026-11-23"
TEN = f"{MONDAY} 10:00:00"
ELEVEN = f"{MONDAY} 11:00:00"
FIELDS = (
    "id book start end hash color status location notes customerId providerId serviceId"
    " meetingLink googleCalendarId caldavCalendarId"
)
EMPTY = "phone address city zip notes ldapDn customField2 customField3 customField4 customField5"
APPOINTMENT = (
    "id create_datetime update_datetime book_datetime start_datetime end_datetime location"
    " meeting_link notes hash color status is_unavailability id_users_provider"
    " id_users_customer id_services id_google_calendar id_caldav_calendar"
)
CUSTOMER = (
    "id create_datetime update_datetime first_name last_name email mobile_number phone_number"
    " address city state zip_code notes timezone language custom_field_1 custom_field_2"
    " custom_field_3 custom_field_4 custom_field_5 is_private ldap_dn id_roles"
)
EVERYTHING = "appointment_save,appointment_delete,customer_save,customer_delete"


class Clock:
    """The time, which stands still until a test moves it."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def forward(self, seconds: int) -> None:
        self.time += timedelta(seconds=seconds)


class Receiver(Tool):
    """Takes every hook, with the status it is told."""

    def __init__(self) -> None:
        super().__init__([Route("/hook", self._take, methods=["POST"])])
        self.status = 200

    def _take(self, request: Request) -> Response:
        return Response(status_code=self.status)

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        bodies = [json.loads(asked.body) for asked in self.asked]
        return [(body["action"], body["payload"]) for body in bodies]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tool(clock: Clock) -> Iterator[EasyAppointments]:
    """The tool with provider 1, customer 2 and service 1 of half an hour."""
    with EasyAppointments(clock) as tool:
        tool.add_provider("Petra", "Müller", email="mueller@example.org")
        tool.add_customer("Erika", "Beispiel", "erika@example.org", custom_field_1="29.02.1980")
        tool.add_service("Vorsorge", 30)
        yield tool


@pytest.fixture
def client(tool: EasyAppointments) -> Iterator[httpx.Client]:
    bearer = {"Authorization": f"Bearer {tool.token}"}
    with httpx.Client(base_url=tool.api, headers=bearer) as client:
        yield client


@pytest.fixture
def receiver(tool: EasyAppointments) -> Iterator[Receiver]:
    with Receiver() as receiver:
        tool.hooks.append(Hook(f"{receiver.url}/hook", EVERYTHING, "geteilt"))
        yield receiver


def asking(start: str = TEN, **more: Any) -> dict[str, Any]:
    return {"start": start, "providerId": 1, "customerId": 2, "serviceId": 1} | more


def ids(answer: httpx.Response) -> list[int]:
    return [resource["id"] for resource in answer.json()]


# --- who may ask, and how often


@pytest.mark.parametrize("auth", [None, ("verwaltung", "falsch"), ("mueller", "")])
def test_who_is_not_known_gets_plain_text(
    tool: EasyAppointments, auth: tuple[str, str] | None
) -> None:
    answer = httpx.get(f"{tool.api}appointments", auth=auth)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Easy!Appointments"'
    assert answer.text == "You are not authorized to use the API."


def test_the_admin_may_ask_by_password(tool: EasyAppointments) -> None:
    assert httpx.get(f"{tool.api}appointments", auth=tool.admin).json() == []


def test_the_hundred_and_first_request_in_two_minutes_is_a_bare_429(
    tool: EasyAppointments, client: httpx.Client, clock: Clock
) -> None:
    for _ in range(100):
        assert client.get("services").status_code == 200
    refused = client.get("customers")
    assert (refused.status_code, refused.content) == (429, b"")
    assert "Retry-After" not in refused.headers
    clock.forward(121)
    assert client.get("services").status_code == 200


def test_a_request_without_the_token_counts_too(
    tool: EasyAppointments, client: httpx.Client
) -> None:
    with httpx.Client(base_url=tool.api) as stranger:
        assert {stranger.get("services").status_code for _ in range(100)} == {401}
    assert client.get("services").status_code == 429


def test_the_limit_can_be_switched_off(tool: EasyAppointments, client: httpx.Client) -> None:
    tool.limited = False
    assert {client.get("services").status_code for _ in range(101)} == {200}


# --- appointments


def test_an_appointment_ends_when_its_service_does(client: httpx.Client) -> None:
    answer = client.post("appointments", json=asking())
    assert answer.status_code == 201
    assert answer.json()["end"] == f"{MONDAY} 10:30:00"
    assert client.get(f"appointments/{answer.json()['id']}").json() == answer.json()


def test_an_appointment_has_these_fields(client: httpx.Client) -> None:
    answer = client.post("appointments", json=asking()).json()
    assert sorted(answer) == sorted(FIELDS.split())


def test_an_appointment_over_another_is_accepted(client: httpx.Client) -> None:
    answers = [client.post("appointments", json=asking()) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_unknown_appointment_is_a_404_without_a_body(client: httpx.Client, method: str) -> None:
    answer = client.request(method, "appointments/4711")
    assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.parametrize(
    "wrong",
    [
        {"start": None},
        {"start": "2026-11-23T10:00:00+01:00"},
        {"start": "morgen"},
        {"end": f"{MONDAY} 10:04:00"},
        {"providerId": 99},
        {"customerId": 99},
        {"serviceId": 99},
        {"serviceId": None},
    ],
    ids=str,
)
def test_a_wrong_appointment_is_a_500(
    tool: EasyAppointments, client: httpx.Client, wrong: dict[str, Any]
) -> None:
    answer = client.post("appointments", json=asking(**wrong))
    assert answer.status_code == 500
    assert answer.json()["success"] is False
    assert answer.json()["message"]
    assert tool.appointments == {}


def test_a_body_that_is_no_json_is_a_500(client: httpx.Client) -> None:
    assert client.post("appointments", content=b"{").status_code == 500


def test_a_missing_field_is_told_with_all_the_others(client: httpx.Client) -> None:
    answer = client.post("customers", json={"firstName": "Max", "notes": "Allergie"})
    assert answer.status_code == 500
    assert answer.json()["message"].startswith("Not all required fields are provided")
    assert "Allergie" in answer.json()["message"]


def test_an_update_may_be_partial(tool: EasyAppointments, client: httpx.Client) -> None:
    number = tool.book(1, 1, 2, TEN, notes="nüchtern")
    answer = client.put(f"appointments/{number}", json={"status": "Confirmed"})
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["notes"]) == ("Confirmed", "nüchtern")


def test_an_update_of_the_start_leaves_the_end(
    tool: EasyAppointments, client: httpx.Client
) -> None:
    number = tool.book(1, 1, 2, TEN)
    assert client.put(f"appointments/{number}", json={"start": ELEVEN}).status_code == 500
    sent = {"start": ELEVEN, "end": f"{MONDAY} 11:30:00"}
    assert client.put(f"appointments/{number}", json=sent).json()["start"] == ELEVEN


def test_a_deletion_is_a_204_without_a_body(tool: EasyAppointments, client: httpx.Client) -> None:
    answer = client.delete(f"appointments/{tool.book(1, 1, 2, TEN)}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert tool.appointments == {}


# --- customers and the rest


def test_a_customer_has_custom_fields_and_no_birth_date(client: httpx.Client) -> None:
    assert client.get("customers/2").json() == {
        "id": 2,
        "firstName": "Erika",
        "lastName": "Beispiel",
        "email": "erika@example.org",
        "timezone": "Europe/Berlin",
        "language": "german",
        "customField1": "29.02.1980",
    } | dict.fromkeys(EMPTY.split())


def test_an_email_in_use_is_a_500(client: httpx.Client) -> None:
    twin = {"firstName": "Eva", "lastName": "Beispiel", "email": "erika@example.org"}
    answer = client.post("customers", json=twin)
    assert answer.status_code == 500
    assert answer.json() == {
        "success": False,
        "message": "The provided email address is already in use, please use a different one.",
    }
    other = client.post("customers", json=twin | {"email": "eva@example.org"})
    assert other.status_code == 201
    assert client.put("customers/2", json={"email": "eva@example.org"}).status_code == 500
    assert client.put("customers/2", json={"phone": "030 23125 000"}).status_code == 200


def test_a_deleted_customer_takes_the_appointments_along_unsaid(
    tool: EasyAppointments, client: httpx.Client, receiver: Receiver
) -> None:
    tool.book(1, 1, 2, TEN)
    assert client.delete("customers/2").status_code == 204
    assert tool.appointments == {}
    assert [action for action, _ in receiver.told()] == ["appointment_save", "customer_delete"]


def test_a_provider_is_shown_with_the_calendar_password(
    tool: EasyAppointments, client: httpx.Client
) -> None:
    tool.providers[1]["settings"]["caldavPassword"] = "offen"
    assert client.get("providers/1").json()["settings"]["caldavPassword"] == "offen"


def test_an_unavailability_has_no_customer(client: httpx.Client) -> None:
    away = {"providerId": 1, "start": TEN, "end": ELEVEN, "notes": "Fortbildung"}
    made = client.post("unavailabilities", json=away)
    assert made.status_code == 201
    assert "customerId" not in made.json()
    assert client.get("unavailabilities").json() == [made.json()]
    assert client.get("appointments").json() == []


def test_free_times_are_texts_without_a_zone(tool: EasyAppointments, client: httpx.Client) -> None:
    tool.services[1]["slot_interval"] = 30
    tool.book(1, 1, 2, f"{MONDAY} 09:30:00")
    asked = {"providerId": "1", "serviceId": "1", "date": MONDAY}
    times = client.get("availabilities", params=asked).json()
    assert times[:5] == ["09:00", "10:00", "10:30", "11:00", "11:30"]
    assert times[5:] == [f"{hour}:{minute}" for hour in range(13, 17) for minute in ("00", "30")]
    assert client.get("availabilities", params=asked | {"date": "2026-11-22"}).json() == []


def test_a_setting_that_is_not_there_is_null(client: httpx.Client) -> None:
    assert client.get("settings/company_name").json()["value"] == "Praxis am Park"
    assert client.get("settings/unfug").json() == {"name": "unfug", "value": None}


# --- lists


def test_a_list_is_a_bare_array_of_twenty(tool: EasyAppointments, client: httpx.Client) -> None:
    for day in range(1, 26):
        tool.book(1, 1, 2, f"2026-12-{day:02} 10:00:00")
    assert ids(client.get("appointments")) == list(range(1, 21))
    assert ids(client.get("appointments", params={"page": 2})) == list(range(21, 26))
    assert ids(client.get("appointments", params={"page": 3, "length": 2})) == [5, 6]
    assert ids(client.get("appointments", params={"page": 9})) == []


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"date": "2026-11-24"}, [2]),
        ({"from": "2026-11-24"}, [2, 3]),
        ({"till": "2026-11-24"}, [1, 2]),
        ({"from": "2026-11-24", "till": "2026-11-24"}, [2]),
        ({"providerId": "1"}, [1, 2]),
        ({"customerId": "2", "serviceId": "1"}, [1, 2, 3]),
        ({"serviceId": "2"}, []),
    ],
    ids=str,
)
def test_a_list_can_be_filtered(
    tool: EasyAppointments, client: httpx.Client, asked: dict[str, str], found: list[int]
) -> None:
    other = tool.add_provider("Karl", "Schmidt")
    for day, provider in ((23, 1), (24, 1), (25, other)):
        tool.book(provider, 1, 2, f"2026-11-{day} 10:00:00")
    assert ids(client.get("appointments", params=asked)) == found


def test_a_list_is_sorted_by_what_is_known(tool: EasyAppointments, client: httpx.Client) -> None:
    for start in (TEN, ELEVEN, TEN):
        tool.book(1, 1, 2, start)
    for sort in ("-start,+id", "-start,unfug,id"):
        assert ids(client.get("appointments", params={"sort": sort})) == [2, 1, 3]
    assert ids(client.get("appointments?sort=-start,+id")) == [2, 1, 3]  # the plus as a space
    assert ids(client.get("appointments", params={"sort": "-id"})) == [3, 2, 1]


def test_a_search_finds_names_and_ignores_the_filters(
    tool: EasyAppointments, client: httpx.Client
) -> None:
    tool.book(1, 1, 2, TEN)
    assert ids(client.get("appointments", params={"q": "beispiel"})) == [1]
    assert ids(client.get("appointments", params={"q": "beispiel", "date": "2026-01-01"})) == [1]
    assert ids(client.get("appointments", params={"q": "niemand"})) == []
    assert ids(client.get("customers", params={"q": "erika@"})) == [2]


def test_what_is_nested_is_snake_case_with_ids_as_text(
    tool: EasyAppointments, client: httpx.Client
) -> None:
    tool.book(1, 1, 2, TEN)
    (answer,) = client.get("appointments", params={"with": "customer,service,provider"}).json()
    assert answer["customerId"] == 2
    assert answer["customer"]["id"] == "2"
    assert answer["customer"]["custom_field_1"] == "29.02.1980"
    assert answer["service"]["duration"] == "30"
    assert answer["provider"]["last_name"] == "Müller"
    assert "settings" not in answer["provider"]


def test_what_is_nested_needs_its_id_among_the_fields(
    tool: EasyAppointments, client: httpx.Client
) -> None:
    tool.book(1, 1, 2, TEN)
    asked = {"fields": "id,start", "with": "customer"}
    assert client.get("appointments/1", params=asked).json() == {
        "id": 1,
        "start": TEN,
        "customer": None,
    }
    asked["fields"] = "id,customerId"
    assert client.get("appointments", params=asked).json()[0]["customer"]["id"] == "2"


# --- webhooks


def test_a_hook_is_sent_before_the_answer(client: httpx.Client, receiver: Receiver) -> None:
    client.post("appointments", json=asking())
    (asked,) = receiver.asked
    assert (asked.method, asked.headers["x-ea-token"]) == ("POST", "geteilt")
    assert asked.headers["user-agent"] == "GuzzleHttp/7"
    assert asked.headers["content-type"] == "application/json"


def test_a_hook_brings_the_row_and_not_the_patient(
    client: httpx.Client, receiver: Receiver
) -> None:
    client.post("appointments", json=asking())
    ((_, payload),) = receiver.told()
    assert list(payload) == APPOINTMENT.split()
    assert (payload["start_datetime"], payload["id_users_customer"]) == (TEN, 2)


def test_the_hook_of_a_customer_has_these_keys(client: httpx.Client, receiver: Receiver) -> None:
    client.put("customers/2", json={"city": "Musterstadt"})
    ((action, payload),) = receiver.told()
    assert action == "customer_save"
    assert list(payload) == CUSTOMER.split()


def test_what_is_done_in_the_tool_is_told_like_what_is_done_by_the_api(
    tool: EasyAppointments, receiver: Receiver, clock: Clock
) -> None:
    number = tool.book(1, 1, 2, TEN)
    clock.forward(60)
    tool.move(number, ELEVEN)
    clock.forward(60)
    tool.cancel(number)
    tool.delete(number)
    assert [
        (action, row["start_datetime"], row["end_datetime"][11:], row["status"])
        for action, row in receiver.told()
    ] == [
        ("appointment_save", TEN, "10:30:00", "Booked"),
        ("appointment_save", ELEVEN, "11:30:00", "Booked"),
        ("appointment_save", ELEVEN, "11:30:00", "Cancelled"),
        ("appointment_delete", ELEVEN, "11:30:00", "Cancelled"),
    ]
    assert [row["update_datetime"][11:] for _, row in receiver.told()] == [
        "09:00:00",
        "09:01:00",
        "09:02:00",
        "09:02:00",
    ]


def test_two_saves_within_a_second_cannot_be_told_apart(
    tool: EasyAppointments, receiver: Receiver
) -> None:
    number = tool.book(1, 1, 2, TEN)
    tool.move(number, ELEVEN)
    keys = [(action, row["id"], row["update_datetime"]) for action, row in receiver.told()]
    assert keys[0] == keys[1]


def test_a_hook_is_sent_once_whatever_becomes_of_it(
    tool: EasyAppointments, client: httpx.Client, receiver: Receiver
) -> None:
    receiver.status = 503
    assert client.post("appointments", json=asking()).status_code == 201
    assert len(receiver.asked) == 1
    receiver.down()
    assert client.post("appointments", json=asking()).status_code == 201
    assert len(tool.appointments) == 2


def test_a_hook_tells_only_the_actions_it_is_set_up_for(
    tool: EasyAppointments, receiver: Receiver
) -> None:
    tool.hooks = [Hook(f"{receiver.url}/hook", "appointment_delete", "anders", "X-Praxis")]
    tool.delete(tool.book(1, 1, 2, TEN))
    assert [action for action, _ in receiver.told()] == ["appointment_delete"]
    assert receiver.asked[0].headers["x-praxis"] == "anders"


def test_a_receiver_may_ask_for_the_customer_while_it_is_told(
    tool: EasyAppointments, client: httpx.Client
) -> None:
    asked: list[httpx.Response] = []

    def take(request: Request) -> Response:
        asked.append(client.get("customers/2"))
        return Response()

    with Tool([Route("/hook", take, methods=["POST"])]) as receiver:
        tool.hooks = [Hook(f"{receiver.url}/hook", EVERYTHING)]
        tool.book(1, 1, 2, TEN)
    assert [answer.json()["lastName"] for answer in asked] == ["Beispiel"]

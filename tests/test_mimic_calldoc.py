"""How the mimics of CallDoc and of a practice software behave, so that others may rely on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.responses import Response

from tests.mimics.calldoc import BASE, CallDoc, Patient
from tests.mimics.pvs import KEY_HEADER, PATH, PracticeSoftware

SEARCH = f"{BASE}/appointment_search/"
DAY = {"from_date": "2026-11-24", "to_date": "2026-11-24"}
TEN = "2026-11-24T10:00:00"
RUTH = Patient("Öhrlein", "Ruth", "1958-04-17", "4400127", "K204173651", gender="female")
BENNO = Patient("Tannhuber", "Benno", "1991-09-30", "4400128")


@pytest.fixture
def calldoc() -> Iterator[CallDoc]:
    with CallDoc() as tool:
        tool.add_doctor(18, "Falkenrath", first_name="Ilse")
        tool.add_room(5, "Sprechzimmer 1")
        tool.add_type(24, "Kontrolle")
        yield tool


def a_day(tool: CallDoc, **more: str | int) -> list[dict[str, Any]]:
    answer = httpx.get(tool.url + SEARCH, params={**DAY, **more})
    assert answer.status_code == 200
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


def book(tool: CallDoc, patient: Patient | None = RUTH, start: str = TEN, **more: Any) -> int:
    number = None if patient is None else tool.add_patient(patient)
    given: dict[str, Any] = {"doctor": 18, "room": 5, "kind": 24, "patient": number} | more
    return tool.book(start, **given)


# --- CallDoc: the lists of a day ------------------------------------------------------------------


def test_a_day_is_told_without_a_key(calldoc: CallDoc) -> None:
    number = book(calldoc)
    assert a_day(calldoc) == [
        {
            "id": number,
            "piz": "4400127",
            "start_time": TEN,
            "employee_id": 18,
            "room_id": 5,
            "appointment_type_id": 24,
            "status": "created",
        }
    ]
    assert "authorization" not in calldoc.asked[0].headers


def test_a_day_holds_all_patients_whatever_piz_is_asked_for(calldoc: CallDoc) -> None:
    book(calldoc)
    book(calldoc, BENNO)
    assert [one["piz"] for one in a_day(calldoc, piz="4400127")] == ["4400127", "4400128"]


def test_a_day_is_told_in_the_order_of_booking(calldoc: CallDoc) -> None:
    book(calldoc, start="2026-11-24T15:00:00")
    book(calldoc, start="2026-11-24T08:00:00")
    assert [one["start_time"][11:13] for one in a_day(calldoc)] == ["15", "08"]


def test_both_ends_of_the_days_asked_for_belong_to_them(calldoc: CallDoc) -> None:
    for day in range(23, 27):
        book(calldoc, start=f"2026-11-{day}T23:45:00")
    found = a_day(calldoc, to_date="2026-11-25")
    assert [one["start_time"][:10] for one in found] == ["2026-11-24", "2026-11-25"]


@pytest.mark.parametrize(
    ("name", "value"), [("appointment_type_id", 25), ("employee_id", 19), ("room_id", 6)]
)
def test_a_day_is_narrowed_to_a_type_a_doctor_or_a_room(
    calldoc: CallDoc, name: str, value: int
) -> None:
    book(calldoc)
    other = book(calldoc, BENNO, doctor=19, room=6, kind=25)
    assert [one["id"] for one in a_day(calldoc, **{name: value})] == [other]


def test_what_was_cancelled_stays_in_the_list_and_can_be_asked_for(calldoc: CallDoc) -> None:
    kept, cancelled = book(calldoc), book(calldoc, BENNO)
    calldoc.cancel(cancelled)
    assert [one["status"] for one in a_day(calldoc)] == ["created", "canceled"]
    assert [one["id"] for one in a_day(calldoc, status="created")] == [kept]
    assert [one["id"] for one in a_day(calldoc, status="canceled")] == [cancelled]


def test_what_was_moved_keeps_its_id(calldoc: CallDoc) -> None:
    number = book(calldoc)
    calldoc.move(number, "2026-11-25T08:30:00", doctor=19)
    assert a_day(calldoc) == []
    [moved] = a_day(calldoc, to_date="2026-11-25")
    assert (moved["id"], moved["employee_id"], moved["room_id"]) == (number, 19, 5)
    assert calldoc.appointments[number].start == moved["start_time"] == "2026-11-25T08:30:00"


# --- CallDoc: its moods ---------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["date_time", "scheduled_for_datetime"])
def test_the_start_may_have_another_name(calldoc: CallDoc, field: str) -> None:
    book(calldoc, start="2026-11-24T09:00:00Z")
    calldoc.start_field = field
    [told] = a_day(calldoc)
    assert told[field] == "2026-11-24T09:00:00Z"
    assert "start_time" not in told


def test_the_numbers_may_have_names_without_id(calldoc: CallDoc) -> None:
    book(calldoc)
    calldoc.id_suffix = ""
    [told] = a_day(calldoc, appointment_type_id=24)
    assert (told["employee"], told["room"], told["appointment_type"]) == (18, 5, 24)


@pytest.mark.parametrize("shape", ["short", "long"])
def test_an_appointment_may_be_without_piz_and_so_is_its_patient(
    calldoc: CallDoc, shape: Any
) -> None:
    book(calldoc, with_piz=False)
    calldoc.patient_as = shape
    [told] = a_day(calldoc)
    assert told["piz"] is told["patient"]["piz"] is None


def test_an_appointment_may_be_without_patient(calldoc: CallDoc) -> None:
    book(calldoc, patient=None)
    calldoc.patient_as = "long"
    [told] = a_day(calldoc)
    assert told["piz"] is None
    assert "patient" not in told


def test_a_patient_has_few_fields_or_many_under_other_names(calldoc: CallDoc) -> None:
    book(calldoc)
    calldoc.patient_as = "short"
    short = a_day(calldoc)[0]["patient"]
    calldoc.patient_as = "long"
    long = a_day(calldoc)[0]["patient"]
    assert (short["surname"], short["name"], short["birthdate"]) == (
        "Öhrlein",
        "Ruth",
        "1958-04-17",
    )
    assert (long["last_name"], long["first_name"]) == ("Öhrlein", "Ruth")
    assert (long["date_of_birth"], long["insurance_number"]) == ("1958-04-17", "K204173651")
    assert set(short) & set(long) == {"piz"}


def test_a_patient_may_stand_in_the_appointment_itself(calldoc: CallDoc) -> None:
    book(calldoc, with_piz=False)
    book(calldoc, BENNO)
    calldoc.patient_as = "flat"
    ruth, benno = a_day(calldoc)
    assert (ruth["piz"], ruth["surname"], ruth["name"]) == (None, "Öhrlein", "Ruth")
    assert (ruth["date_of_birth"], ruth["patient_insurance_number"]) == ("1958-04-17", "K204173651")
    assert benno["patient_insurance_number"] is None


# --- CallDoc: patients and lists ------------------------------------------------------------------


def test_patients_of_a_day_are_told_once_each(calldoc: CallDoc) -> None:
    patient = calldoc.add_patient(RUTH)
    calldoc.add_patient(BENNO)
    for hour in ("08", "09"):
        calldoc.book(f"2026-11-24T{hour}:00:00", doctor=18, kind=24, patient=patient)
    answer = httpx.get(f"{calldoc.url}{BASE}/patient_search/", params=DAY)
    assert [one["last_name"] for one in answer.json()["data"]] == ["Öhrlein"]


def test_a_patient_is_found_by_piz(calldoc: CallDoc) -> None:
    calldoc.add_patient(RUTH)
    calldoc.add_patient(BENNO)
    answer = httpx.post(calldoc.url + "/patients/search", json={"piz": "4400128"})
    assert answer.json() == {
        "patients": [
            {"piz": "4400128", "surname": "Tannhuber", "name": "Benno", "birthdate": "1991-09-30"}
        ]
    }


def test_an_unknown_piz_is_no_error(calldoc: CallDoc) -> None:
    answer = httpx.post(calldoc.url + "/patients/search", json={"piz": "9900000"})
    assert (answer.status_code, answer.json()) == (200, {"patients": []})


def test_the_list_of_doctors_holds_others_too(calldoc: CallDoc) -> None:
    calldoc.add_doctor(40, "Moosgruber", title=None, role="Assistant")
    data = httpx.get(f"{calldoc.url}{BASE}/doctors/").json()["data"]
    assert [(one["id"], one["last_name"], one["role"]) for one in data] == [
        (18, "Falkenrath", "Doctor"),
        (40, "Moosgruber", "Assistant"),
    ]


def test_rooms_and_types_have_numbers_and_names(calldoc: CallDoc) -> None:
    [room] = httpx.get(f"{calldoc.url}{BASE}/rooms/").json()["data"]
    [kind] = httpx.get(f"{calldoc.url}{BASE}/appointment-types/").json()["data"]
    assert (room["id"], room["room_name"]) == (5, "Sprechzimmer 1")
    assert (kind["id"], kind["name"]) == (24, "Kontrolle")


# --- CallDoc: what it does not do -----------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_no_appointment_can_be_changed(calldoc: CallDoc, method: str) -> None:
    number = book(calldoc)
    before = calldoc.appointments
    one = httpx.request(method, f"{calldoc.url}{SEARCH}{number}/", json={"status": "canceled"})
    all_of_them = httpx.request(method, calldoc.url + SEARCH, json={"status": "canceled"})
    assert (one.status_code, all_of_them.status_code) == (404, 405)
    assert calldoc.appointments == before


@pytest.mark.parametrize("days", [{}, {"from_date": "24.11.2026", "to_date": "24.11.2026"}])
def test_an_error_is_told_by_the_status_alone(calldoc: CallDoc, days: dict[str, str]) -> None:
    book(calldoc)
    answer = httpx.get(calldoc.url + SEARCH, params=days)
    assert (answer.status_code, answer.content) == (400, b"")


def test_an_address_without_its_slash_has_no_list(calldoc: CallDoc) -> None:
    assert httpx.get(calldoc.url + SEARCH.rstrip("/"), params=DAY).is_redirect


def test_it_can_be_made_to_fail(calldoc: CallDoc) -> None:
    calldoc.refuse = lambda _: Response(status_code=503)
    assert httpx.get(calldoc.url + SEARCH, params=DAY).status_code == 503
    assert calldoc.asked[0].query == DAY


# --- The practice software ------------------------------------------------------------------------

SENT: dict[str, Any] = {
    "patient_id": "4400127",
    "date": "2026-11-24",
    "time": "10:00",
    "duration": 30,
    "reason": "Kontrolle",
}
NAMED = SENT | {"external_id": "praxis-7f3a"}


@pytest.fixture
def software() -> Iterator[PracticeSoftware]:
    with PracticeSoftware() as tool:
        yield tool


@pytest.fixture
def client(software: PracticeSoftware) -> Iterator[httpx.Client]:
    headers = {KEY_HEADER: software.key}
    with httpx.Client(base_url=software.url, headers=headers) as client:
        yield client


def test_a_new_appointment_gets_an_id(software: PracticeSoftware, client: httpx.Client) -> None:
    answer = client.post(PATH, json=SENT)
    number = answer.json()["id"]
    assert (answer.status_code, answer.json()) == (201, {"id": number, **SENT})
    assert software.appointments == {number: SENT}


def test_an_appointment_delivered_twice_is_stored_once(
    software: PracticeSoftware, client: httpx.Client
) -> None:
    first, second = (client.post(PATH, json=NAMED) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 409)
    assert second.json() == {"id": first.json()["id"]}
    assert len(software.appointments) == 1


def test_appointments_without_external_id_are_not_compared(
    software: PracticeSoftware, client: httpx.Client
) -> None:
    assert [client.post(PATH, json=SENT).status_code for _ in range(2)] == [201, 201]
    assert len(software.appointments) == 2


def test_patch_changes_what_is_sent(software: PracticeSoftware, client: httpx.Client) -> None:
    number = client.post(PATH, json=NAMED).json()["id"]
    answer = client.patch(f"{PATH}/{number}", json={"time": "11:15"})
    assert (answer.status_code, answer.json()["time"]) == (200, "11:15")
    assert software.appointments == {number: NAMED | {"time": "11:15"}}


def test_put_replaces_all(software: PracticeSoftware, client: httpx.Client) -> None:
    number = client.post(PATH, json=NAMED).json()["id"]
    assert client.put(f"{PATH}/{number}", json={"time": "11:15"}).status_code == 400
    assert client.put(f"{PATH}/{number}", json=SENT | {"duration": 45}).status_code == 200
    assert software.appointments == {number: SENT | {"duration": 45}}


def test_delete_cancels_once(software: PracticeSoftware, client: httpx.Client) -> None:
    number = client.post(PATH, json=SENT).json()["id"]
    assert [client.delete(f"{PATH}/{number}").status_code for _ in range(2)] == [204, 404]
    assert software.appointments == {}
    assert client.patch(f"{PATH}/{number}", json={"time": "11:15"}).status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"date": "24.11.2026"}, {"time": "10 Uhr"}, {"duration": "30"}, {"patient_id": None}]
)
def test_fields_of_another_shape_are_refused(
    software: PracticeSoftware, client: httpx.Client, wrong: dict[str, Any]
) -> None:
    assert client.post(PATH, json=SENT | wrong).status_code == 400
    assert software.appointments == {}


@pytest.mark.parametrize("headers", [{}, {KEY_HEADER: "ein-anderer"}])
def test_without_the_key_nothing_is_done(
    software: PracticeSoftware, client: httpx.Client, headers: dict[str, str]
) -> None:
    number = client.post(PATH, json=SENT).json()["id"]
    one = f"{software.url}{PATH}/{number}"
    answers = [
        httpx.post(software.url + PATH, json=SENT, headers=headers),
        httpx.put(one, json=SENT | {"time": "11:15"}, headers=headers),
        httpx.patch(one, json={"time": "11:15"}, headers=headers),
        httpx.delete(one, headers=headers),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert software.appointments == {number: SENT}

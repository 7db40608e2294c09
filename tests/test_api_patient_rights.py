"""What the law has a practice do with patients, through the API: keep, tell, erase."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from practice.accounts import CredentialKind
from practice.acts import Kind
from practice.appointments import Status
from practice.messages import Message, Receiver
from practice.patients import PatientRecord
from practice.use_cases import patient_records
from practice.use_cases.accounts import find_account, give_secret
from tests.bookings import everything, faults
from tests.building import ACCOUNTS, reading, writing
from tests.in_api import Doors, api_of
from tests.sick import PAST, SOON, a_booking, booked
from tests.test_api_door import problem
from tests.test_api_patients import A_PATIENT, ALL, TOOL, a_patient
from tests.test_erasure import a_patient_of_long

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.testclient import TestClient

    from practice.database import SqlDatabase

MARK = "Quittenbaum"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def doors(practice: SqlDatabase) -> Iterator[Doors]:
    """The API over a practice."""
    with api_of(practice) as made:
        yield made


@pytest.fixture
def admin(doors: Doors) -> TestClient:
    """The administrator's client."""
    return doors.api("admin")


def told_anywhere(database: SqlDatabase, word: str = MARK) -> list[str]:
    """Return the tables that tell a word, in any column, and in what is stored of it."""
    found = []
    for name, rows in everything(database).items():
        values = [value for row in rows for value in row]
        texts = [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values]
        if any(word.casefold() in text.casefold() for text in texts):
            found.append(name)
    return found


def an_address(database: SqlDatabase) -> str:
    """Make a patient of whom everything tells; return the address."""
    with writing(database) as uow:
        patient = a_patient_of_long(uow)
        (_, known) = uow.traces.appointments(patient.id)
        uow.outbox.post(Receiver.PATIENT, Message.MOVED, known, "null")
        return f"{ALL}/{patient.id}"


# --- Erasing ------------------------------------------------------------------------------------


def test_whoever_was_erased_is_told_of_nowhere(
    practice: SqlDatabase, doors: Doors, admin: TestClient, tmp_path: Path
) -> None:
    """Everything that the doors make of a patient is made, and gone: webhooks apart, which are
    kept for days as they came.
    """
    person = {"last_name": MARK, "email": f"{MARK}@example.org", "first_name": MARK}
    made = admin.post(ALL, json={**A_PATIENT, **person}, headers={"Idempotency-Key": "1"})
    address = made.headers["location"]
    for more in ({"phone": "1"}, {"phone": "2", "reminders": True}):
        assert admin.put(address, json={**A_PATIENT, **person, **more}).status_code == 200
    link = {"booking_system_id": f"{MARK}-9", "tool_email": f"{MARK}@example.com", "confirm": True}
    assert admin.put(f"{address}/link", json=link).status_code == 200
    with writing(practice) as uow:
        known = {**person, "patient_number": "4711", "birth_date": "1966-02-03", "reason": MARK}
        bookings = (a_booking(f"B-{n}", at, **known) for n, at in enumerate((PAST, SOON)))
        past, _ = booked(uow, *bookings, tool=TOOL)
        uow.tasks.begin("single_patient", "4711", {"piz": "4711", "name": MARK}, MINUTE)
    twin = a_patient(admin, **{**person, "number": "4712"})
    merged = admin.post(
        f"{twin}/merge",
        json={"into": made.json()["id"]},
        headers={"Idempotency-Key": "2"},
    )
    assert merged.status_code == 200
    software = doors.caldav("albis")
    with reading(practice) as uow:
        (holder,) = uow.calendars.uid_holders(past)
    place = f"/caldav/calendars/dr-mueller/{holder.href}"
    text = software.get(place).text.replace("END:VEVENT", f"COMMENT:{MARK}\r\nEND:VEVENT")
    put = software.put(place, content=text, headers={"Content-Type": "text/calendar"})
    assert put.status_code in {201, 204}
    assert {"patients", "patient_keys", "objects", "changes", "acts", "answers", "tasks"} <= set(
        told_anywhere(practice)
    )
    asked = {"number": "4711", "also_future": True}
    done = admin.post(f"{address}/erase", json=asked, headers={"Idempotency-Key": "3"})
    assert done.status_code == 200, done.text
    assert (done.json()["appointments"], done.json()["rewritten"], done.json()["removed"]) == (
        *(2, 1, 1),
    )
    assert told_anywhere(practice) == []
    assert faults(practice) == []
    again = admin.post(f"{address}/erase", json=asked, headers={"Idempotency-Key": "3"})
    assert again.json() == done.json()
    for gone in (address, twin):
        problem(admin.get(gone), 404)
    assert [one["number"] for one in admin.get("/api/erasures").json()["items"]] == ["4711", "4712"]


def test_erasing_wants_the_number_said_once_more(practice: SqlDatabase, admin: TestClient) -> None:
    address = an_address(practice)
    before = everything(practice)
    for number in ("4712", "47 11", "P000001"):
        told = {"number": number, "also_future": True}
        assert (
            "nobody was erased" in problem(admin.post(f"{address}/erase", json=told), 422)["detail"]
        )
    problem(admin.post(f"{address}/erase", json={}), 422)
    assert everything(practice) == before


def test_appointments_to_come_stand_against_erasing(
    practice: SqlDatabase, admin: TestClient
) -> None:
    address = an_address(practice)
    told = problem(admin.post(f"{address}/erase", json={"number": "4711"}), 409)
    assert (told["type"].rpartition("-")[0], told["count"]) == ("/api/docs#problem-has", 1)
    asked = {"number": "4711", "also_future": True}
    assert admin.post(f"{address}/erase", json=asked).status_code == 200
    with reading(practice) as uow:
        known = uow.appointments.by_booking("csv", ["B-2"])["B-2"]
        assert (known.status, known.patient_id) == (Status.CANCELLED, None)


def test_who_came_back_with_a_backup_is_erased_again(
    practice: SqlDatabase, admin: TestClient
) -> None:
    address = a_patient(admin)
    asked = {"number": "4711"}
    assert admin.post(f"{address}/erase", json=asked).status_code == 200
    (listed,) = admin.get("/api/erasures").json()["items"]
    assert listed == {"number": "4711", "erased": "2026-11-20T10:00:00+01:00", "erased_by": "admin"}
    with writing(practice) as uow:  # as an older backup has it
        patient_records.create(uow, PatientRecord(MARK, number="4711"))
    assert told_anywhere(practice)
    numbers = {"numbers": [one["number"] for one in (listed, listed)] + ["nobody", ""]}
    done = admin.post("/api/erasures", json=numbers).json()
    assert [one["number"] for one in done["items"]] == ["4711"]
    assert told_anywhere(practice) == []
    assert admin.post("/api/erasures", json=numbers).json() == {"items": [], "held": []}


def test_who_has_to_be_kept_is_erased_again_for_a_reason_alone(
    practice: SqlDatabase, admin: TestClient
) -> None:
    address = a_patient(admin)
    hold = {"until": "2036-11-20", "why": "Behandlung bis 2026"}
    assert admin.put(f"{address}/hold", json=hold).status_code == 200
    before = everything(practice)
    told = admin.post("/api/erasures", json={"numbers": ["4711"]})
    assert told.status_code == 200
    assert told.json() == {"items": [], "held": [{"number": "4711", "until": "2036-11-20"}]}
    assert everything(practice) == before
    asked = {"numbers": ["4711"], "override": "War schon am 3. Mai gelöscht"}
    problem(admin.post("/api/erasures", json={**asked, "override": "x" * 300}), 422)
    done = admin.post("/api/erasures", json=asked).json()
    assert ([one["number"] for one in done["items"]], done["held"]) == (["4711"], [])
    assert told_anywhere(practice) == []


# --- Keeping ------------------------------------------------------------------------------------


def test_who_is_to_be_kept_is_neither_deleted_nor_erased(
    practice: SqlDatabase, doors: Doors, admin: TestClient
) -> None:
    address = a_patient(admin)
    assert "Nothing" in problem(admin.get(f"{address}/hold"), 404)["detail"]
    held = {"until": "2036-11-20", "why": "§ 630f BGB"}
    assert admin.put(f"{address}/hold", json=held).json() == held
    assert admin.get(f"{address}/hold").json() == held
    assert admin.get(address).json()["held_until"] == "2036-11-20"
    before = everything(practice)
    erase = {"number": "4711", "also_future": True}
    for answer in (
        doors.api("empfang").delete(address, params={"also_future": "true"}),
        admin.post(f"{address}/erase", json=erase),
    ):
        told = problem(answer, 409)
        assert (told["type"], told["until"]) == ("/api/docs#problem-held-by-law", "2036-11-20")
    assert everything(practice) == before
    assert admin.delete(f"{address}/hold").status_code == 204
    problem(admin.get(f"{address}/hold"), 404)
    assert admin.get(address).json()["held_until"] == ""
    assert admin.post(f"{address}/erase", json=erase).status_code == 200


def test_what_is_no_hold_is_refused(practice: SqlDatabase, admin: TestClient) -> None:
    address = a_patient(admin)
    good = {"until": "2036-11-20", "why": "§ 630f BGB"}
    for bad in ({"until": "2036-02-30"}, {"until": ""}, {"why": ""}, {"why": " "}):
        problem(admin.put(f"{address}/hold", json={**good, **bad}), 422)
    seen = {"If-Match": f'"{"0" * 40}"'}
    problem(admin.put(f"{address}/hold", json=good, headers=seen), 412)
    assert admin.put(f"{address}/hold", json=good).status_code == 200
    seen = {"If-Match": admin.get(f"{address}/hold").headers["etag"]}
    longer = {**good, "until": "2037-01-01"}
    assert admin.put(f"{address}/hold", json=longer, headers=seen).status_code == 200
    problem(admin.put(f"{address}/hold", json=good, headers=seen), 412)


# --- Telling ------------------------------------------------------------------------------------


def exported(client: TestClient, address: str, kind: str) -> tuple[str, dict[str, str]]:
    """Return a disclosure and the head of its answer."""
    answer = client.get(f"{address}/export", params={"format": kind})
    assert answer.status_code == 200, answer.text
    return answer.text, dict(answer.headers)


def test_a_patient_is_told_as_data(practice: SqlDatabase, admin: TestClient) -> None:
    text, head = exported(admin, an_address(practice), "json")
    assert head["content-disposition"] == 'attachment; filename="patient-4711.json"'
    assert head["content-type"] == "application/json"
    told = json.loads(text)
    assert told["patient"]["last_name"] == "Ährenthaler"
    assert [one["start"] for one in told["appointments"]] == [
        "2026-11-10T10:00:00+01:00",
        "2026-11-24T10:00:00+01:00",
    ]
    assert told["appointments"][0]["details"]["note"].startswith("Heimlich")
    assert all(told[name] for name in ("acts", "changes", "letters", "import_rows"))


def test_a_patient_is_told_as_a_calendar(practice: SqlDatabase, admin: TestClient) -> None:
    text, head = exported(admin, an_address(practice), "ics")
    assert head["content-disposition"] == 'attachment; filename="patient-4711.ics"'
    assert head["content-type"] == "text/calendar; charset=utf-8"
    assert text.count("BEGIN:VEVENT") == 2


class _Page(HTMLParser):
    """The tags of a page, and what it says."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.said = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))
        self.said += " "

    def handle_data(self, data: str) -> None:
        self.said += data


def test_a_patient_is_told_to_be_read(practice: SqlDatabase, admin: TestClient) -> None:
    text, head = exported(admin, an_address(practice), "html")
    assert head["content-disposition"] == 'attachment; filename="patient-4711.html"'
    said = " ".join(_Page(text).said.split())
    for word in (
        *("Auskunft über gespeicherte Daten", "Nachname Ährenthaler", "Geburtsdatum 03.02.1966"),
        *("10.11.2026, 10:00", "24.11.2026, 10:00", "Dr. Mueller", "bestätigt", "Befund"),
        *(
            "Patient angelegt",
            "Patient Termin verlegt wartet",
            "Kalender dr-mueller",
            "BEGIN:VCALENDAR",
        ),
    ):
        assert word in said, word


#: In each place where a patient may write something.
HOSTILE = "</pre></td><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}\"'&amp;"


def test_the_page_runs_and_fetches_nothing_whatever_names_say(
    practice: SqlDatabase, admin: TestClient
) -> None:
    address = a_patient(
        admin, last_name=HOSTILE, number='../a"; x=<b>', first_name="held", reminders=True
    )
    with writing(practice) as uow:
        person = {"last_name": HOSTILE, "first_name": "held", "birth_date": "1966-02-03"}
        booked(uow, a_booking("B-1", SOON, reason=HOSTILE, **person), tool=TOOL)
        (patient,) = uow.patients.get([int(address.rpartition("/")[2])]).values()
        assert uow.traces.appointments(patient.id)
        uow.acts.note(HOSTILE[:32], Kind.PATIENT, patient.id, None, {"a": HOSTILE})
    text, head = exported(admin, address, "html")
    assert head["content-disposition"] == 'attachment; filename="patient-_a_x_b_.html"'
    page = _Page(text)
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "img", "iframe", "object", "link", "form", "a", "svg"}
    names = {name for _, attrs in page.tags for name, _ in attrs}
    assert not [name for name in names if name.startswith("on") or name in {"src", "href"}]
    assert "default-src 'none'" in text
    assert not re.search(r"@import|url\(", text)
    assert HOSTILE in page.said  # as the name
    assert page.said.count("<script>alert(1)</script>") >= 4
    assert "{{ 7*7 }}" in page.said
    said = " ".join(page.said.split())
    assert "Vorname held" in said  # and not what the program means by it
    assert "einverstanden seit 20.11.2026, 10:00" in said


def test_another_format_is_refused(admin: TestClient) -> None:
    address = a_patient(admin)
    for kind in ("pdf", "", "JSON"):
        problem(admin.get(f"{address}/export", params={"format": kind}), 422)
    assert admin.get(f"{address}/export").headers["content-type"] == "application/json"


# --- Who may ------------------------------------------------------------------------------------

RIGHTS = (
    ("GET", "/api/patients/{}/hold", None),
    ("PUT", "/api/patients/{}/hold", {"until": "2036-11-20", "why": "a"}),
    ("DELETE", "/api/patients/{}/hold", None),
    ("GET", "/api/patients/{}/export", None),
    ("POST", "/api/patients/{}/erase", {"number": "4711", "also_future": True}),
    ("GET", "/api/erasures", None),
    ("POST", "/api/erasures", {"numbers": ["4711"]}),
)


def test_only_administrators_keep_tell_all_and_erase(practice: SqlDatabase, doors: Doors) -> None:
    number = a_patient(doors.api("admin")).rpartition("/")[2]
    before = everything(practice)["patients"]
    with writing(practice) as uow:
        account, _ = find_account(uow, "buchung")
        scopes = ["patients:read", "patients:write"]
        token, _ = give_secret(uow, account, CredentialKind.TOKEN, "App", scopes)
    clients = [doors.token(token), *(doors.api(name) for name in ACCOUNTS if name != "admin")]
    for client in clients:
        for method, address, body in RIGHTS:
            answer = client.request(method, address.format(number), json=body)
            assert "'patients:erase'" in problem(answer, 403)["detail"]
    for method, address, body in RIGHTS:
        problem(doors.nobody.request(method, address.format(number), json=body), 401)
    assert everything(practice)["patients"] == before


def test_of_nobody_nothing_is_told(admin: TestClient) -> None:
    for method, address, body in RIGHTS[:5]:
        told: dict[str, Any] = problem(admin.request(method, address.format(99), json=body), 404)
        assert told["type"] == "/api/docs#problem-patient-not-found"

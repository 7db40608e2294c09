"""Patients through the API: from a booking's arrival to the practice that looks, links, deletes."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin_api.cursors import packed, unpacked
from admin_api.endpoint import Nothing
from admin_api.field_words import WORDS, in_words
from practice.accounts import CredentialKind
from practice.errors import Invalid
from practice.patients import PatientRecord
from practice.sources import SourceState
from practice.use_cases.accounts import find_account, give_secret
from praxis_caldav.composition import outside_of, profile_of
from praxis_caldav.setting_sources import load
from tests.bookings import a_row, add_rooms, everything, faults, take
from tests.building import ACCOUNTS, NOW, a_practice, reading, writing
from tests.conftest import BACKENDS, a_database
from tests.in_api import Doors, api_of
from tests.sick import PAST, SOON, a_booking, booked, made, the_texts
from tests.test_api_door import problem
from tests.test_statements import Meter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydantic_core import ErrorDetails
    from starlette.testclient import TestClient

    from practice.database import SqlDatabase
    from praxis_caldav.outside import Outside

ALL = "/api/patients"
TOOL = "termine"
A_PATIENT = {
    "last_name": "Ährenthaler",
    "first_name": "Zoë",
    "birth_date": "1966-02-03",
    "email": "zoe@example.org",
    "phone": "030 123456",
    "insurance": "GESETZLICH",
    "insurance_number": "A123456789",
    "number": "4711",
    "language": "",
    "reminders": False,
    "to_review": False,
}


@pytest.fixture
def doors(practice: SqlDatabase) -> Iterator[Doors]:
    """The API over a practice."""
    with api_of(practice) as made:
        yield made


@pytest.fixture
def staff(doors: Doors) -> TestClient:
    """The reception's client."""
    return doors.api("empfang")


def a_patient(client: TestClient, **more: Any) -> str:
    """Make a patient and return the address."""
    answer = client.post(ALL, json={**A_PATIENT, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


def names(answer: Any) -> list[str]:
    """Return who is listed."""
    assert answer.status_code == 200, answer.text
    return [f"{one['last_name']} {one['first_name']}".strip() for one in answer.json()["items"]]


def shown(client: TestClient, address: str, **query: Any) -> dict[str, Any]:
    """Return the appointments of a patient, as they are told."""
    answer = client.get(f"{address}/appointments", params=query)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def heard(database: SqlDatabase, succeeded: datetime | None, error: str = "") -> None:
    """Note that the tool answered then for the last time."""
    with writing(database) as uow:
        uow.sources.save(SourceState(TOOL, NOW, succeeded, error))


# --- Journeys -----------------------------------------------------------------------------------


def test_a2_who_books_again_is_the_same_patient_and_who_is_new_is_to_be_reviewed(
    practice: SqlDatabase, staff: TestClient, tmp_path: Path
) -> None:
    mapped = {"email": "zoe@example.org", "phone": "030 123456"}
    first = a_row("B-1", **mapped)
    again = a_row("B-2", start="2026-11-25 10:00", end="2026-11-25 10:30")
    other = a_row("B-3", start="2026-11-26 10:00", end="2026-11-26 10:30", last_name="Birkenau")
    take(practice, tmp_path / "a.csv", first, again, other)
    (one,) = staff.get(ALL, params={"search": "zoe ahrenthaler 1966"}).json()["items"]
    assert {name: one[name] for name in mapped} == mapped
    assert one["birth_date"] == "1966-02-03"
    assert len(shown(staff, f"{ALL}/{one['id']}")["items"]) == 2
    reviewed = staff.get(ALL, params={"to_review": "true"})
    assert names(reviewed) == ["Ährenthaler Zoë", "Birkenau Zoë"]


def test_a3_the_appointments_of_a_patient_are_listed(
    practice: SqlDatabase, staff: TestClient, tmp_path: Path
) -> None:
    add_rooms(practice, "raum-1")
    take(
        practice,
        tmp_path / "a.csv",
        a_row("B-1", room="raum-1", type="Kontrolle"),
        a_row("B-2", start="2026-11-25 10:00", end="2026-11-25 10:30", status="cancelled"),
        a_row("B-3", start="2027-06-01 08:00", end="2027-06-01 08:20"),
        a_row("B-4", start="2026-11-09 10:00", end="2026-11-09 10:30"),
    )
    (one,) = staff.get(ALL, params={"search": "ährenthaler"}).json()["items"]
    address = f"{ALL}/{one['id']}"
    (first, second) = shown(staff, address)["items"]
    assert first["start"] == "2026-11-24T10:00:00+01:00"
    assert first["end"] == "2026-11-24T10:30:00+01:00"
    assert second["start"] == "2027-06-01T08:00:00+02:00"
    assert first["doctor"] == {"slug": "dr-mueller", "name": "Dr. Mueller"}
    assert first["room"] == {"slug": "raum-1", "name": "Raum 1"}
    assert (first["status"], first["kind"]) == ("CONFIRMED", "Kontrolle")
    assert first["booking"] == {"source": "csv", "id": "B-1"}
    with_cancelled = shown(staff, address, cancelled="true")["items"]
    assert [one["booking"]["id"] for one in with_cancelled] == ["B-1", "B-2", "B-3"]
    assert [one["booking"]["id"] for one in shown(staff, address, past="true")["items"]] == ["B-4"]
    page = shown(staff, address, limit=1, cancelled="true")
    rest = shown(staff, address, after=page["next"], cancelled="true")
    assert [one["booking"]["id"] for one in rest["items"]] == ["B-2", "B-3"]
    assert rest["next"] is None
    for method in ("POST", "PUT", "DELETE"):  # looked at, not changed
        problem(staff.request(method, f"{address}/appointments"), 405)


def test_a5_a_patient_is_linked_and_the_link_taken_away(
    practice: SqlDatabase, staff: TestClient
) -> None:
    address, other = a_patient(staff), a_patient(staff, last_name="Birkenau", number="4712")
    told = {"booking_system_id": "tool-9"}
    linked = staff.put(f"{address}/link", json=told)
    assert linked.json() == {"booking_system_id": "tool-9", "warning": None}
    assert staff.get(address).json()["booking_system_id"] == "tool-9"
    assert names(staff.get(ALL, params={"linked": "true"})) == ["Ährenthaler Zoë"]
    assert names(staff.get(ALL, params={"linked": "false"})) == ["Birkenau Zoë"]
    assert "name-taken" in problem(staff.put(f"{other}/link", json=told), 409)["type"]
    assert staff.delete(f"{address}/link").status_code == 204
    assert staff.get(address).json()["booking_system_id"] is None
    assert staff.put(f"{other}/link", json=told).status_code == 200
    assert staff.delete(f"{address}/link").status_code == 204
    problem(staff.put(f"{address}/link", json={"booking_system_id": " "}), 422)


@contextmanager
def a_tool(folder: Path, *more: str) -> Iterator[Outside]:
    """Yield what settings make of a booking tool with a page, after one without."""
    path = folder / "praxis.toml"
    lines = (
        "[booking.sources.listen]",
        'tool = "csv_file"',
        f'path = "{folder}"',
        f"[booking.sources.{TOOL}]",
        'tool = "easyappointments"',
        'url = "https://termine.example.org/praxis"',
        'key = "geheim"',
        'doctors = { 2 = "dr-mueller" }',
        *more,
    )
    path.write_text("\n".join(lines), "utf-8")
    settings = load(path, environ={})
    outside = outside_of(settings, profile_of(settings))
    assert outside is not None
    try:
        yield outside
    finally:
        outside.close()


HOSTILE = "Müller&email=x#\"><script>'; 100% +?/\\"


def test_a6_the_button_leads_to_the_tools_page_with_the_name_filled_in(
    practice: SqlDatabase, tmp_path: Path
) -> None:
    with a_tool(tmp_path) as outside, api_of(practice, booking_links=outside) as doors:
        staff = doors.api("empfang")
        address = a_patient(staff, last_name=HOSTILE, first_name="=Zoë A. 周")
        url = staff.get(f"{address}/booking-link").json()["url"]
        parts = urlsplit(url)
        page = (parts.scheme, parts.netloc, parts.path, parts.fragment)
        assert page == ("https", "termine.example.org", "/praxis/index.php", "")
        assert parse_qs(parts.query, strict_parsing=True) == {
            "last_name": [HOSTILE],
            "first_name": ["=Zoë A. 周"],
            "email": ["zoe@example.org"],
            "phone": ["030 123456"],
        }
        assert not set(url) & set("\"'<>\\ \r\n")
        named = staff.get(f"{address}/booking-link", params={"source": TOOL})
        assert named.json()["url"] == url
        for source in ("listen", "nirgends"):
            answer = staff.get(f"{address}/booking-link", params={"source": source})
            assert "of this name has no page" in problem(answer, 404)["detail"]


def test_a6_where_no_tool_has_a_page_that_is_said(staff: TestClient) -> None:
    told = problem(staff.get(f"{a_patient(staff)}/booking-link"), 404)
    assert told["detail"] == "No booking tool here has a page on which patients book."


def test_a8_appointments_of_a_silent_tool_are_shown_with_their_age_and_a_hint(
    practice: SqlDatabase, doors: Doors, staff: TestClient
) -> None:
    address = a_patient(staff)
    with writing(practice) as uow:
        booked(uow, a_booking(start=SOON + timedelta(days=7)), tool=TOOL)
    heard(practice, NOW)
    fresh = shown(staff, address)
    assert (fresh["items"][0]["age_seconds"], fresh["items"][0]["stale"]) == (0, False)
    assert fresh["fallback"] is None
    assert fresh["sync"] == [
        {
            "source": TOOL,
            "last_success": "2026-11-20T10:00:00+01:00",
            "age_seconds": 0,
            "stale": False,
            "reachable": True,
        }
    ]
    doors.clock.now = NOW + timedelta(hours=1)
    heard(practice, NOW, "the tool did not answer")
    unreachable = shown(staff, address)
    assert unreachable["fallback"]["code"] == "source_unreachable"
    said = "Termine konnten nicht aktualisiert werden; Stand von 20.11.2026, 10:00 Uhr."
    assert unreachable["fallback"]["de"] == said
    assert "as of 2026-11-20, 10:00" in unreachable["fallback"]["en"]
    assert not unreachable["items"][0]["stale"]
    assert not unreachable["sync"][0]["reachable"]
    doors.clock.now = NOW + timedelta(hours=24) - timedelta(seconds=1)
    assert not shown(staff, address)["items"][0]["stale"]
    doors.clock.now = NOW + timedelta(hours=24)
    stale = shown(staff, address)
    assert (stale["items"][0]["age_seconds"], stale["items"][0]["stale"]) == (86_400, True)
    assert stale["sync"][0]["stale"]
    assert stale["fallback"]["code"] == "source_stale"
    assert TOOL in stale["fallback"]["de"]
    assert stale["items"][0]["booking"] == fresh["items"][0]["booking"]  # nothing is removed


def test_a8_a_tool_that_never_answered_is_told_of(practice: SqlDatabase, staff: TestClient) -> None:
    address = a_patient(staff)
    heard(practice, None, "no answer")
    told = shown(staff, address)
    assert told["fallback"]["code"] == "source_never_answered"
    assert told["sync"][0]["last_success"] is None


def test_a9_another_address_in_the_tool_is_warned_of_until_somebody_confirms(
    practice: SqlDatabase, staff: TestClient
) -> None:
    address = a_patient(staff)
    told = {"booking_system_id": "tool-9", "tool_email": "mutter@example.org"}
    refused = problem(staff.put(f"{address}/link", json=told), 409)
    assert refused["type"].endswith("#problem-emails-differ")
    assert "another e-mail address" in refused["detail"]
    assert staff.get(address).json()["booking_system_id"] is None
    linked = staff.put(f"{address}/link", json={**told, "confirm": True}).json()
    assert linked["booking_system_id"] == "tool-9"
    assert linked["warning"]["code"] == "different_email"
    assert "andere E-Mail-Adresse" in linked["warning"]["de"]
    assert staff.get(address).json()["email"] == "zoe@example.org"
    same = {**told, "tool_email": " ZOE@example.org".strip()}
    assert staff.put(f"{address}/link", json=same).json()["warning"] is None


def test_a10_a_deleted_patient_leaves_the_tool_and_the_calendar_alone(
    practice: SqlDatabase, staff: TestClient
) -> None:
    address = a_patient(staff)
    assert staff.put(f"{address}/link", json={"booking_system_id": "t-9"}).status_code == 200
    with writing(practice) as uow:
        booked(uow, a_booking("B-1", PAST), a_booking("B-2", SOON), tool=TOOL)
    with reading(practice) as uow:
        texts, letters = the_texts(uow), uow.outbox.waiting()
    before = everything(practice)
    refused = problem(staff.delete(address), 409)
    assert refused["type"].endswith("#problem-has-appointments")
    assert refused["count"] == 1
    assert everything(practice) == before
    removed = staff.delete(address, params={"also_future": "true"})
    assert removed.json() == {"appointments": 2, "letters": 0}
    assert problem(staff.get(address), 404)["type"].endswith("#problem-patient-not-found")
    with reading(practice) as uow:
        assert uow.patients.with_tool_id("t-9") is None
        assert the_texts(uow) == texts
        assert uow.outbox.waiting() == letters  # nobody is told, the tool neither
        known = uow.appointments.by_booking(TOOL, ["B-1", "B-2"])
        assert {one.patient_id for one in known.values()} == {None}
    assert faults(practice) == []


# --- Listing ------------------------------------------------------------------------------------


def test_pages_follow_each_other_and_leave_nobody_out(
    practice: SqlDatabase, staff: TestClient
) -> None:
    with writing(practice) as uow:
        for number in range(7):
            made(uow, "Öz", first_name=f"Ümit {number}")
        for name in ("周", "Ò'Ñeill", "A" * 200):
            made(uow, name)
    found, after = [], ""
    for _ in range(10):
        page = staff.get(ALL, params={"limit": 3, "after": after})
        found += names(page)
        after = page.json()["next"]
        if after is None:
            break
    with reading(practice) as uow:
        assert len(found) == len(set(found)) == 10
        assert found == names(staff.get(ALL))


@pytest.mark.parametrize("after", ["x", "4", "_-", "MQ", "MS4", "QUJD" * 20, "8J-YgA", "gA"])
def test_a_cursor_that_never_was_is_refused(staff: TestClient, after: str) -> None:
    for address in (ALL, f"{a_patient(staff)}/appointments"):
        answer = staff.get(address, params={"after": after})
        if answer.status_code != 200:  # "1." is before everybody
            problem(answer, 422)
        assert answer.status_code == 422 or (address, after) == (ALL, "MS4")
        staff.delete(address.removesuffix("/appointments"))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=90))
def test_whatever_a_cursor_has_comes_back(cursor: str) -> None:
    told = packed(cursor)
    assert unpacked(told or "") == cursor
    assert told is None or len(told) <= 500


def test_a_search_has_no_pages_and_no_other_conditions(staff: TestClient) -> None:
    a_patient(staff)
    assert names(staff.get(ALL, params={"search": "ahrenthaler"})) == ["Ährenthaler Zoë"]
    assert names(staff.get(ALL, params={"search": "  "})) == ["Ährenthaler Zoë"]
    assert names(staff.get(ALL, params={"search": "§"})) == []
    for more in ({"linked": "true"}, {"to_review": "false"}, {"after": "MS4"}):
        problem(staff.get(ALL, params={"search": "a", **more}), 422)


# --- Making and changing ------------------------------------------------------------------------


def test_who_is_made_twice_is_made_and_the_other_is_named(staff: TestClient) -> None:
    one = staff.post("/api/patients", json=A_PATIENT).json()
    assert one["similar"] == []
    again = staff.post("/api/patients", json={**A_PATIENT, "number": "", "email": ""})
    assert (again.status_code, again.json()["similar"]) == (201, [one["id"]])
    other = {**A_PATIENT, "number": "", "birth_date": "1999-01-01"}
    assert staff.post("/api/patients", json=other).json()["similar"] == []


@pytest.mark.parametrize(
    ("sent", "pointer", "sentence"),
    [
        ({"mail": "a@b.de"}, "/mail", "There is no field of this name; did you mean 'email'?"),
        ({"zzzzz": 1}, "/zzzzz", "There is no field of this name."),
        ({"birth_date": "12.08.1964"}, "/birth_date", "It must be a date, such as 1966-02-03"),
        ({"last_name": ""}, "/last_name", "It must not be empty."),
        ({"reminders": "ja"}, "/reminders", "It must be true or false."),
    ],
)
def test_a_field_that_does_not_fit_is_told_in_a_sentence_with_an_example(
    staff: TestClient, sent: dict[str, Any], pointer: str, sentence: str
) -> None:
    told = problem(staff.post("/api/patients", json={"last_name": "Muster", **sent}), 422)
    (fault,) = told["errors"]
    assert fault["pointer"] == pointer
    assert fault["detail"].startswith(sentence)


@pytest.mark.parametrize("sent", [[None, None], "x", 7])
def test_what_is_no_object_is_told_so(staff: TestClient, sent: Any) -> None:
    told = problem(staff.post("/api/patients", json=sent), 422)
    assert told["errors"][0]["detail"] == "It must be an object, with its fields by name."


@pytest.mark.parametrize("kind", sorted(WORDS))
def test_every_sentence_about_a_field_can_be_told(kind: str) -> None:
    beside = dict.fromkeys(
        ("min_length", "max_length", "expected", "ge", "gt", "le", "lt", "error"), 3
    )
    fault = {"type": kind, "loc": ("a",), "msg": "", "input": None, "ctx": beside}
    told = in_words(cast("ErrorDetails", fault), Nothing)
    assert told.startswith("It ")
    assert "{" not in told


def test_a_phone_number_has_digits(staff: TestClient) -> None:
    told = problem(staff.post("/api/patients", json={"last_name": "A", "phone": "keine"}), 422)
    assert "0531 123456" in told["detail"]


def test_what_is_made_is_read_and_changed_again(
    practice: SqlDatabase, doors: Doors, staff: TestClient
) -> None:
    made = staff.post(ALL, json={"last_name": " Ährenthaler "})
    address = made.headers["location"]
    assert made.json() == {**staff.get(address).json(), "similar": []}
    assert (made.json()["last_name"], made.json()["number"]) == ("Ährenthaler", "P000001")
    agreed = staff.put(address, json={**A_PATIENT, "reminders": True}).json()
    assert agreed == staff.get(address).json()
    assert agreed["reminders_since"] == "2026-11-20T10:00:00+01:00"
    doors.clock.now += timedelta(days=1)
    again = staff.put(address, json={**A_PATIENT, "reminders": True, "language": "en"}).json()
    assert again["reminders_since"] == agreed["reminders_since"]
    assert staff.put(address, json=A_PATIENT).json()["reminders_since"] is None


def test_a_change_of_what_was_not_seen_is_refused(staff: TestClient) -> None:
    address = a_patient(staff)
    seen = {"If-Match": staff.get(address).headers["etag"]}
    changed = staff.put(address, json={**A_PATIENT, "phone": "1"}, headers=seen)
    assert changed.headers["etag"] == staff.get(address).headers["etag"]
    problem(staff.put(address, json=A_PATIENT, headers=seen), 412)
    problem(staff.delete(address, headers=seen), 412)
    assert staff.delete(address, headers={"If-Match": changed.headers["etag"]}).status_code == 200


def test_a_change_has_to_tell_all(staff: TestClient) -> None:
    address = a_patient(staff)
    told = problem(staff.put(address, json={"last_name": "Birkenau"}), 422)
    assert "/phone" in {fault["pointer"] for fault in told["errors"]}
    assert staff.get(address).json()["last_name"] == "Ährenthaler"


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"last_name": ""}, 422),
        ({"last_name": "  "}, 422),
        ({"last_name": "a\nb"}, 422),
        ({"last_name": "a" * 256}, 422),
        ({"birth_date": "1966-02-30"}, 422),
        ({"birth_date": "2066-02-03"}, 422),
        ({"birth_date": "3.2.1966"}, 422),
        ({"email": "zoe"}, 422),
        ({"phone": "0" * 65}, 422),
        ({"insurance_number": "?"}, 422),
        ({"language": "fr"}, 422),
        ({"number": ""}, 422),
        ({"number": "4712"}, 409),
        ({"id": 7}, 422),
        ({"reminders": "ja"}, 422),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(
    practice: SqlDatabase, staff: TestClient, told: dict[str, Any], status: int
) -> None:
    address = a_patient(staff)
    a_patient(staff, last_name="Birkenau", number="4712")
    before = everything(practice)
    answer = staff.put(address, json={**A_PATIENT, **told})
    problem(answer, status)
    assert "Ährenthaler" not in answer.text
    assert everything(practice) == before


def test_two_become_one_and_both_addresses_lead_there(
    practice: SqlDatabase, staff: TestClient
) -> None:
    one, other = a_patient(staff), a_patient(staff, number="4712", phone="")
    with writing(practice) as uow:
        booked(uow, a_booking(patient_number="4711"))
    into = int(other.rpartition("/")[2])
    merged = staff.post(f"{one}/merge", json={"into": into})
    assert merged.json()["appointments"] == 1
    assert merged.json()["patient"]["phone"] == "030 123456"
    assert staff.get(one).json() == staff.get(other).json() == merged.json()["patient"]
    assert len(names(staff.get(ALL))) == 1
    problem(staff.post(f"{one}/merge", json={"into": into}), 422)
    problem(staff.post(f"{other}/merge", json={"into": into}), 422)
    for address, target in ((f"{ALL}/99", into), (other, 99)):
        told = problem(staff.post(f"{address}/merge", json={"into": target}), 404)
        assert told["type"].endswith("#problem-patient-not-found")


# --- Who may, and what it costs -----------------------------------------------------------------

#: Method and address behind a patient's, with a body where one is wanted.
READS = (("GET", ""), ("GET", "/appointments"), ("GET", "/booking-link"))
WRITES = (
    ("PUT", ""),
    ("DELETE", ""),
    ("POST", "/merge"),
    ("PUT", "/link"),
    ("DELETE", "/link"),
)


def test_who_may_do_what_with_patients(practice: SqlDatabase, doors: Doors) -> None:
    address = a_patient(doors.api("admin"))
    before = everything(practice)["patients"]
    for account in ACCOUNTS:
        if account in {"admin", "empfang"}:
            continue
        client = doors.api(account)
        for method, behind in (*READS, *WRITES):
            problem(client.request(method, address + behind), 403)
        problem(client.get(ALL), 403)
        problem(client.post(ALL, json=A_PATIENT), 403)
    problem(doors.nobody.get(address), 401)
    with writing(practice) as uow:
        program, _ = find_account(uow, "albis")
        token, _ = give_secret(uow, program, CredentialKind.TOKEN, "liest", ["patients:read"])
    client = doors.token(token)
    for method, behind in WRITES:
        assert (
            "'patients:write'" in problem(client.request(method, address + behind), 403)["detail"]
        )
    for method, behind in READS[:2]:
        assert client.request(method, address + behind).status_code == 200
    assert everything(practice)["patients"] == before


@pytest.fixture(scope="module", params=BACKENDS)
def a_large_one(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[SqlDatabase, dict[str, list[int]]]]:
    """What requests cost, in statements, in a practice of 3 and of 300 patients."""
    addresses = (ALL, f"{ALL}?search=linden%20thea", f"{ALL}?linked=false", f"{ALL}/1")
    with a_database(request.param, request, tmp_path_factory.mktemp("large")) as database:
        a_practice(database)
        cost: dict[str, list[int]] = {}
        for count in (3, 297):
            with writing(database) as uow:
                for number in range(count):
                    patient = made(uow, f"Linden{number}", first_name="Thea")
                    at = SOON + timedelta(hours=len(cost) * 500 + number)
                    person = {"last_name": f"Linden{number}", "patient_number": patient.number}
                    booked(uow, a_booking(f"B-{patient.id}", at, **person))
            with api_of(database) as doors:
                staff, meter = doors.api("empfang"), Meter(database)
                assert staff.get(f"{ALL}/1").status_code == 200  # the password is known now
                for address in (*addresses, f"{ALL}/1/appointments"):
                    with meter.running():
                        assert staff.get(address).status_code == 200
                    cost.setdefault(address, []).append(meter.cost.statements)
        yield database, cost


def test_looking_costs_the_same_in_a_large_practice(
    a_large_one: tuple[SqlDatabase, dict[str, list[int]]],
) -> None:
    _, cost = a_large_one
    for address, (small, large) in cost.items():
        assert small == large, address
        assert large <= 10, (address, large)


def test_a_link_is_of_a_record_alone(tmp_path: Path) -> None:
    with a_tool(tmp_path) as outside:
        url = outside.link("", PatientRecord("Müller"))
        assert url == "https://termine.example.org/praxis/index.php?last_name=M%C3%BCller"


def test_a_cursor_of_broken_letters_is_refused() -> None:
    for told in ("a", "gICA", "____"):
        with pytest.raises(Invalid):
            unpacked(told)

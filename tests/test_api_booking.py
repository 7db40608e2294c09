"""The staff books by the API what stands in the calendars, and nobody touches what is another's."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from practice.access import Level
from practice.acts import ActQuestion
from practice.calendars import Condition
from practice.schedule import BookingRules
from practice.use_cases import objects
from practice.use_cases.accounts import grant
from practice.use_cases.appointments import object_saved
from practice.use_cases.offers import save_rules, save_type
from tests.arranging import MUELLER, SCHMIDT, TEN, Surgery, a_type
from tests.bookings import a_row, everything, take
from tests.building import PROFILE, a_draft, an_event, the_account, the_view, writing
from tests.dav import HOME
from tests.in_api import Clock, Doors, api_of
from tests.test_api_door import problem
from tests.test_scopes import a_token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx
    from starlette.testclient import TestClient

    from practice.database import SqlDatabase

ADDRESS = "/api/booking/appointments"
VISITS = "/api/booking/visits"
HALF = timedelta(minutes=30)
ALL_OF_BOOKING = (
    "booking:view_calendar",
    "booking:create_appointment",
    "booking:modify_appointment",
    "booking:cancel_appointment",
)


@pytest.fixture
def surgery(practice: SqlDatabase) -> Surgery:
    """A practice that can be booked."""
    return Surgery(practice)


@pytest.fixture
def clock() -> Clock:
    """What the API takes for now."""
    return Clock()


@pytest.fixture
def doors(surgery: Surgery, clock: Clock) -> Iterator[Doors]:
    """Its API and its calendars."""
    with api_of(surgery.database, clock=clock) as made:
        yield made


@pytest.fixture
def staff(doors: Doors) -> TestClient:
    """The reception."""
    return doors.api("empfang")


@pytest.fixture
def website(surgery: Surgery, doors: Doors) -> TestClient:
    """A program that books for patients."""
    scopes = (*ALL_OF_BOOKING, "patients:read")
    return doors.token(a_token(surgery.database, "buchung", *scopes))


def wanted(surgery: Surgery, start: Any = TEN, **more: Any) -> dict[str, Any]:
    """Return what is asked for: Dr. Müller, half an hour."""
    usual = {
        "type": "kontrolle",
        "doctor": MUELLER,
        "patient_id": surgery.patients["100"],
        "start": start.isoformat(),
    }
    return usual | more


def booked(client: TestClient, surgery: Surgery, start: Any = TEN, **more: Any) -> dict[str, Any]:
    """Book an appointment, and return it."""
    answer = client.post(ADDRESS, json=wanted(surgery, start, **more))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def one(made: dict[str, Any], *more: str) -> str:
    """Return the address of an appointment."""
    return "/".join((ADDRESS, str(made["id"]), *more))


def items(answer: httpx.Response) -> list[int]:
    """Return the ids in a list."""
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


# Booking


def test_what_a_booking_tool_calls_a_type_is_the_type(
    surgery: Surgery, staff: TestClient, tmp_path: Path
) -> None:
    with writing(surgery.database) as uow:
        save_type(uow, a_type("op-vorgespraech", name="OP-Vorgespräch"))
    take(surgery.database, tmp_path / "b.csv", a_row(type="OP_VORGESPRAECH"))
    day = {"from": "2026-11-24", "until": "2026-11-24"}
    (item,) = staff.get(ADDRESS, params=day).json()["items"]
    assert item["type"] == {"slug": "op-vorgespraech", "name": "OP-Vorgespräch"}


def test_what_is_booked_is_shown_with_everything_about_it(
    surgery: Surgery, staff: TestClient
) -> None:
    told = {
        "room": "raum-2",
        "minutes": 45,
        "source": "PHONE",
        "notes": "bringt Befunde mit",
        "patient_notes": "bitte nüchtern",
        "reason": "Nachsorge",
        "treatment_plan": "plan-7",
        "procedures": ["01", "Ä1"],
        "template_slot": "vormittag-2",
    }
    made = booked(staff, surgery, **told)
    assert made | told == made | {"room": "raum-2"}
    assert {name: made[name] for name in told if name != "room"} == {
        name: value for name, value in told.items() if name != "room"
    }
    assert made["room"] == {"slug": "raum-2", "name": "Raum-2"}
    assert (made["start"], made["end"]) == (
        "2026-11-23T10:00:00+01:00",
        "2026-11-23T10:45:00+01:00",
    )
    assert (made["status"], made["progress"]) == ("CONFIRMED", "")
    assert made["doctor"] == {"slug": MUELLER, "name": "Dr. Mueller"}
    assert made["type"] == {"slug": "kontrolle", "name": "Kontrolle"}
    patient = {"id": surgery.patients["100"], "number": "100", "name": "Zoë Ährenthaler"}
    assert made["patient"] == patient
    assert (made["booked_by"], made["booked_at"]) == ("empfang", "2026-11-20T10:00:00+01:00")
    assert (made["cancelled_at"], made["late"], made["override"]) == (None, False, "")
    assert staff.get(one(made)).json() == made
    assert surgery.is_whole()


def test_a_booking_stands_in_the_calendar_and_what_the_pvs_moves_is_moved_here(
    surgery: Surgery, doors: Doors, staff: TestClient
) -> None:
    made = booked(staff, surgery)
    pvs, calendar = doors.caldav("albis"), f"{HOME}{MUELLER}/"
    listed = pvs.request("PROPFIND", calendar, headers={"Depth": "1"}).text
    name = listed.partition("termin-")[2].partition(".ics")[0]
    href = f"{calendar}termin-{name}.ics"
    there = pvs.get(href)
    assert there.status_code == 200
    for line in (
        "BEGIN:VEVENT",
        "DTSTART;TZID=Europe/Berlin:20261123T100000",
        "STATUS:CONFIRMED",
        "X-PATIENT-ID:100",
        "X-APPOINTMENT-TYPE:kontrolle",
        "X-BOOKING-SOURCE:STAFF",
    ):
        assert line in there.text
    moved = there.text.replace("20261123T100000", "20261123T110000").replace(
        "20261123T103000", "20261123T113000"
    )
    put = pvs.put(href, content=moved, headers={"If-Match": there.headers["etag"]})
    assert put.status_code in {200, 201, 204}
    seen = staff.get(one(made)).json()
    assert seen["start"] == "2026-11-23T11:00:00+01:00"
    assert seen["notes"] == made["notes"]
    assert surgery.is_whole()


def test_what_is_taken_is_refused_with_what_is_busy_and_free_instead(
    surgery: Surgery, staff: TestClient
) -> None:
    booked(staff, surgery, room="raum-1")
    asked = wanted(surgery, type="eng", patient_id=surgery.patients["200"])
    told = problem(staff.post(ADDRESS, json=asked), 409)
    assert told["type"].endswith("#problem-slot-taken")
    assert told["busy"] == ["doctor", "room"]
    assert len(told["alternatives"]) == 3
    first = told["alternatives"][0]
    assert first == {
        "start": "2026-11-23T10:30:00+01:00",
        "end": "2026-11-23T11:00:00+01:00",
        "doctor": MUELLER,
        "room": "raum-1",
    }
    again = staff.post(ADDRESS, json={**asked, "start": first["start"]})
    assert again.status_code == 201
    same = problem(staff.post(ADDRESS, json=wanted(surgery, doctor=SCHMIDT)), 409)
    assert same["busy"] == ["patient"]
    assert {instead["doctor"] for instead in same["alternatives"]} == {SCHMIDT}
    assert not any("room" in instead for instead in same["alternatives"])


def test_a_rule_that_is_broken_is_named(surgery: Surgery, staff: TestClient) -> None:
    for changes, code in (
        ({"minutes": 14}, "too-short"),
        ({"minutes": 61}, "too-long"),
        ({"start": "2026-11-22T10:00:00+01:00"}, "outside-hours"),
        ({"type": "op", "room": None, "minutes": 61}, "too-long"),
        ({"type": "eng", "room": "raum-2"}, "wrong-room"),
    ):
        told = problem(staff.post(ADDRESS, json=wanted(surgery) | changes), 409)
        assert told["type"].endswith("#problem-rule-broken")
        assert told["code"] == code


REFUSED: list[tuple[dict[str, Any], int]] = [
    ({"type": "gibts-nicht"}, 404),
    ({"doctor": "dr-niemand"}, 404),
    ({"room": "keller"}, 404),
    ({"patient_id": 999_999}, 422),
    ({"patient_id": None}, 422),
    ({"patient_id": "1"}, 422),
    ({"start": "2026-11-23T10:00:00"}, 422),
    ({"start": "2026-11-23T10:00:01Z"}, 422),
    ({"start": "1795424400"}, 422),
    ({"start": "2100-11-23T10:00:00Z"}, 422),
    ({"minutes": 0}, 422),
    ({"status": "CANCELLED"}, 422),
    ({"procedures": [""]}, 422),
    ({"reason": "x" * 1001}, 422),
    ({"mehr": 1}, 422),
]


def test_what_cannot_be_booked_leaves_nothing_behind(surgery: Surgery, staff: TestClient) -> None:
    before = everything(surgery.database)
    for changes, status in REFUSED:
        problem(staff.post(ADDRESS, json=wanted(surgery) | changes), status)
    assert everything(surgery.database) == before


def test_whoever_guesses_the_id_of_a_patient_learns_no_name(
    surgery: Surgery, doors: Doors, staff: TestClient, website: TestClient
) -> None:
    """The answer is that for an id which nobody has, until the patient is somebody's own."""
    program = doors.token(a_token(surgery.database, "buchung", *ALL_OF_BOOKING))
    doctor = doors.api("mueller")
    own = {doctor: booked(staff, surgery), program: booked(website, surgery, TEN + 2 * HALF)}
    part = wanted(surgery, TEN + 4 * HALF)
    del part["patient_id"]
    before = everything(surgery.database)["appointments"]
    for client in (doctor, program):
        told = []
        for n in (surgery.patients["200"], 987_654):
            visit = {"patient_id": n, "appointments": [part]}
            asked = {"type": "kontrolle", "patient_id": n}
            told.append(
                [
                    problem(client.post(ADDRESS, json=part | {"patient_id": n}), 422),
                    problem(client.post(VISITS, json=visit), 422),
                    problem(client.put(one(own[client]), json={"patient_id": n}), 422),
                    problem(client.get("/api/booking/availability", params=asked), 422),
                ]
            )
        assert told[0] == told[1]
        assert {one["detail"] for one in told[0]} == {"There is no such patient."}
    assert everything(surgery.database)["appointments"] == before
    # Of whom it sees an appointment, it books the next one.
    for n, client in enumerate((doctor, program)):
        again = booked(client, surgery, TEN + (1 + 2 * n) * HALF)
        assert again["patient"]["name"] == "Zoë Ährenthaler"


def test_an_override_needs_the_permission_and_is_kept_with_its_reason(
    surgery: Surgery, doors: Doors, staff: TestClient
) -> None:
    booked(staff, surgery)
    asked = wanted(surgery, override="Notfall")
    token = doors.token(a_token(surgery.database, "empfang", *ALL_OF_BOOKING))
    for client in (token, doors.api("mueller")):
        told = problem(client.post(ADDRESS, json=asked), 403)
        assert "'booking:override'" in told["detail"]
    problem(staff.post(ADDRESS, json=asked | {"override": " "}), 409)
    problem(staff.post(ADDRESS, json=asked | {"override": ""}), 422)
    over = booked(staff, surgery, override="Notfall")
    assert over["override"] == "Notfall"
    with surgery.reading() as uow:
        (act,) = uow.acts.search(ActQuestion(action="overridden"))
    assert (act.actor, act.of) == ("empfang", str(over["id"]))
    assert '"Notfall"' in (act.after or "")


def test_a_booking_that_is_sent_again_is_made_once(surgery: Surgery, staff: TestClient) -> None:
    key = {"Idempotency-Key": "auftrag-1"}
    answers = [staff.post(ADDRESS, json=wanted(surgery), headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert len(items(staff.get(ADDRESS))) == 1


# Several in one visit, and copies


def test_a_visit_is_booked_whole_or_not_at_all(surgery: Surgery, staff: TestClient) -> None:
    part = {"type": "kontrolle", "doctor": MUELLER, "start": TEN.isoformat()}
    then = {"type": "op", "doctor": SCHMIDT, "start": (TEN + HALF).isoformat()}
    visit = {"patient_id": surgery.patients["200"], "appointments": [part, then]}
    made = staff.post(VISITS, json=visit)
    assert made.status_code == 201, made.text
    told = made.json()
    assert [item["doctor"]["slug"] for item in told["items"]] == [MUELLER, SCHMIDT]
    assert {item["visit"] for item in told["items"]} == {told["visit"]}
    assert told["visit"]
    ids = [item["id"] for item in told["items"]]
    assert items(staff.get(ADDRESS, params={"visit": told["visit"]})) == ids
    before = everything(surgery.database)
    free = {**part, "start": (TEN + 3 * HALF).isoformat()}
    other = {"patient_id": surgery.patients["300"], "appointments": [free, then]}
    assert problem(staff.post(VISITS, json=other), 409)["busy"] == ["doctor"]
    assert everything(surgery.database) == before
    problem(staff.post(VISITS, json={**visit, "appointments": []}), 422)
    problem(staff.post(VISITS, json={**visit, "appointments": [free] * 21}), 422)


def test_a_copy_has_the_notes_and_another_time(surgery: Surgery, staff: TestClient) -> None:
    first = booked(staff, surgery, minutes=45, notes="Befunde", procedures=["Ä1"], reason="Husten")
    later = {"start": (TEN + 4 * HALF).isoformat(), "doctor": SCHMIDT}
    problem(staff.post(one(first, "duplicate"), json={"start": TEN.isoformat()}), 409)
    later["start"] = "2026-11-24T10:00:00+01:00"
    answer = staff.post(one(first, "duplicate"), json=later)
    assert answer.status_code == 201, answer.text
    copy = answer.json()
    assert copy["id"] != first["id"]
    assert copy["doctor"]["slug"] == SCHMIDT
    for same in ("minutes", "notes", "procedures", "reason", "patient", "type"):
        assert copy[same] == first[same]


# Changing


def test_what_is_told_is_changed_and_the_rest_stays(surgery: Surgery, staff: TestClient) -> None:
    made = booked(staff, surgery, notes="alt", treatment_plan="plan-1", procedures=["Ä1"])
    answer = staff.put(
        one(made),
        json={
            "notes": "neu",
            "type": "op",
            "room": "raum-2",
            "minutes": 60,
            "patient_id": surgery.patients["200"],
            "treatment_plan": "plan-2",
            "procedures": [],
        },
    )
    assert answer.status_code == 200, answer.text
    after = answer.json()
    assert after == staff.get(one(made)).json()
    assert answer.headers["etag"] == staff.get(one(made)).headers["etag"]
    told = {
        "notes": "neu",
        "type": {"slug": "op", "name": "Op"},
        "room": {"slug": "raum-2", "name": "Raum-2"},
        "minutes": 60,
        "end": "2026-11-23T11:00:00+01:00",
        "patient": {"id": surgery.patients["200"], "number": "200", "name": "Zoë Brückner"},
        "treatment_plan": "plan-2",
        "procedures": [],
    }
    assert after == made | told
    assert staff.put(one(made), json={}).json() == after
    problem(staff.put(one(made), json={"minutes": 61}), 409)
    problem(staff.put(one(made), json={"status": "CANCELLED"}), 422)
    assert surgery.is_whole()


def test_a_room_is_given_and_taken_away(surgery: Surgery, staff: TestClient) -> None:
    made = booked(staff, surgery)
    assert made["room"] is None
    assert staff.put(one(made), json={"room": "raum-1"}).json()["room"]["slug"] == "raum-1"
    assert staff.put(one(made), json={"notes": "x"}).json()["room"]["slug"] == "raum-1"
    problem(staff.put(one(made), json={"room": "keller"}), 404)
    problem(staff.put(one(made), json={"room": ""}), 422)


def test_the_appointments_of_a_treatment_plan_are_found_by_it_and_by_what_is_done(
    surgery: Surgery, staff: TestClient
) -> None:
    names: tuple[list[str], ...] = (["01", "Ä1"], ["010"], ['a"01"', ","], [])
    plan = {"source": "TREATMENT_PLAN", "treatment_plan": "plan-7"}
    made = [
        booked(staff, surgery, TEN + n * HALF, procedures=told, **(plan if n else {}))["id"]
        for n, told in enumerate(names)
    ]

    def found(**asked: str) -> list[int]:
        return items(staff.get(ADDRESS, params=asked))

    assert found(treatment_plan="plan-7") == found(source="TREATMENT_PLAN") == made[1:]
    assert found(treatment_plan="plan") == []
    assert found(procedure="01") == found(procedure="Ä1") == made[:1]
    assert found(procedure='a"01"') == made[2:3]
    for other in ("ä1", "0", "%", ", ", 'A"01"', "u00c41"):
        assert found(procedure=other) == (made[2:3] if other == ", " else [])
    assert found(treatment_plan="plan-7", procedure="010") == made[1:2]
    problem(staff.get(ADDRESS, params={"procedure": ""}), 422)


def test_a_calendar_program_that_moves_an_appointment_leaves_its_treatment_plan(
    surgery: Surgery, staff: TestClient
) -> None:
    told = {"source": "TREATMENT_PLAN", "treatment_plan": "plan-7", "procedures": ["01", "Ä1"]}
    made = booked(staff, surgery, **told)
    with surgery.reading() as uow:
        known = uow.details.booked(made["id"])
    assert known
    item = surgery.object_of(known)
    assert "X-BOOKING-SOURCE:TREATMENT_PLAN" in item.text
    assert "plan-7" not in item.text  # no calendar shows it
    moved = item.text.replace("T100000", "T110000").replace("T103000", "T113000")
    with surgery.writing() as uow:
        account, view = the_account(uow, "empfang"), the_view(uow, "empfang", MUELLER)
        draft = a_draft(item.href, moved)
        objects.put(uow, account, view, draft, condition=Condition(), profile=PROFILE)
    after = staff.get(one(made)).json()
    assert after["start"] == "2026-11-23T11:00:00+01:00"
    assert {name: after[name] for name in told} == told
    assert surgery.is_whole()


def test_a_request_is_confirmed_or_declined_once(surgery: Surgery, staff: TestClient) -> None:
    asked = booked(staff, surgery, status="TENTATIVE")
    assert asked["requires_confirmation"] is True
    sure = staff.put(one(asked), json={"status": "CONFIRMED"})
    assert sure.json()["status"] == "CONFIRMED"
    told = problem(staff.post(one(asked, "decline"), json={}), 409)
    assert told["type"].endswith("#problem-illegal-step")
    other = booked(staff, surgery, TEN + HALF, status="TENTATIVE")
    answer = staff.post(one(other, "decline"), json={"reason": "kein Platz"})
    assert answer.status_code == 200
    declined = answer.json()
    assert (declined["status"], declined["cancel_reason"]) == ("CANCELLED", "kein Platz")
    assert declined["late"] is False


def test_the_patient_comes_is_treated_and_goes(
    surgery: Surgery, staff: TestClient, clock: Clock
) -> None:
    made = booked(staff, surgery)
    problem(staff.put(one(made), json={"progress": "arrived"}), 409)  # days too early
    clock.now = TEN
    for step in ("arrived", "in_treatment", "done"):
        assert staff.put(one(made), json={"progress": step}).json()["progress"] == step
    problem(staff.put(one(made), json={"progress": "no_show"}), 409)
    problem(staff.delete(one(made)), 409)
    assert items(staff.get(ADDRESS, params={"progress": "done"})) == [made["id"]]


def test_an_appointment_moves_to_another_time_and_doctor(
    surgery: Surgery, staff: TestClient
) -> None:
    made = booked(staff, surgery, room="raum-1", notes="bleibt")
    later = {"start": "2026-11-24T09:00:00+01:00", "doctor": SCHMIDT, "minutes": 45}
    answer = staff.post(one(made, "reschedule"), json=later)
    assert answer.status_code == 200, answer.text
    moved = answer.json()
    assert moved == staff.get(one(made)).json()
    assert (moved["start"], moved["minutes"]) == (later["start"], 45)
    assert moved["doctor"]["slug"] == SCHMIDT
    assert (moved["room"]["slug"], moved["notes"]) == ("raum-1", "bleibt")
    booked(staff, surgery)  # its old place is free
    other = booked(staff, surgery, TEN + 2 * HALF, patient_id=surgery.patients["200"])
    told = problem(staff.post(one(other, "reschedule"), json={"start": TEN.isoformat()}), 409)
    assert told["busy"] == ["doctor"]
    assert staff.get(one(other)).json() == other


def test_who_cancels_late_is_marked_so(surgery: Surgery, staff: TestClient, clock: Clock) -> None:
    with surgery.writing() as uow:
        save_rules(uow, BookingRules(late_cancel_hours=24))
    early, late = booked(staff, surgery), booked(staff, surgery, TEN + HALF)
    answer = staff.delete(one(early), params={"reason": "verreist"})
    assert answer.status_code == 200, answer.text
    gone = answer.json()
    assert (gone["status"], gone["cancel_reason"], gone["late"]) == ("CANCELLED", "verreist", False)
    assert gone["cancelled_at"] == "2026-11-20T10:00:00+01:00"
    clock.now += timedelta(days=2, hours=1)
    answer = staff.request("DELETE", one(late), json={"reason": "krank"})
    assert (answer.json()["cancel_reason"], answer.json()["late"]) == ("krank", True)
    problem(staff.delete(one(late)), 409)
    problem(staff.put(one(late), json={"notes": "x"}), 409)
    booked(staff, surgery, TEN + HALF)  # the time is free again
    assert surgery.is_whole()


def test_what_somebody_has_changed_meanwhile_is_not_changed(
    surgery: Surgery, staff: TestClient
) -> None:
    made = booked(staff, surgery)
    seen = {"If-Match": staff.get(one(made)).headers["etag"]}
    assert staff.put(one(made), json={"notes": "neu"}, headers=seen).status_code == 200
    problem(staff.put(one(made), json={"notes": "alt"}, headers=seen), 412)
    problem(staff.delete(one(made), headers=seen), 412)
    later = {"start": (TEN + HALF).isoformat()}
    problem(staff.post(one(made, "reschedule"), json=later, headers=seen), 412)
    problem(staff.post(one(made, "decline"), json={}, headers=seen), 412)
    assert staff.get(one(made)).json() == made | {"notes": "neu"}


def test_what_was_deleted_from_the_calendar_is_shown_and_not_changed(
    surgery: Surgery, doors: Doors, staff: TestClient
) -> None:
    made = booked(staff, surgery)
    pvs, calendar = doors.caldav("albis"), f"{HOME}{MUELLER}/"
    listed = pvs.request("PROPFIND", calendar, headers={"Depth": "1"}).text
    name = listed.partition("termin-")[2].partition(".ics")[0]
    assert pvs.delete(f"{calendar}termin-{name}.ics").status_code in {200, 204}
    assert staff.get(one(made)).json()["status"] == "CANCELLED"
    problem(staff.post(one(made, "reschedule"), json={"start": TEN.isoformat()}), 409)


# Finding


def test_appointments_are_found_by_everything_that_is_asked(
    surgery: Surgery, doors: Doors, staff: TestClient
) -> None:
    first = booked(staff, surgery)
    second = booked(staff, surgery, TEN + HALF, status="TENTATIVE", source="RECALL")
    other = {"doctor": SCHMIDT, "type": "op", "patient_id": surgery.patients["200"]}
    third = booked(staff, surgery, TEN + timedelta(days=1), **other)
    text = an_event("vom-pvs", "20261125T100000", "20261125T103000", "X-APPOINTMENT-TYPE:op")
    put = doors.caldav("albis").put(f"{HOME}{MUELLER}/x.ics", content=text)
    assert put.status_code == 201
    known = [made["id"] for made in (first, second, third)]
    (last,) = (i for i in items(staff.get(ADDRESS)) if i not in known)
    ids = [*known, last]

    def found(**asked: Any) -> list[int]:
        return [ids.index(i) for i in items(staff.get(ADDRESS, params=asked))]

    assert found() == [0, 1, 2, 3]
    assert found(**{"from": "2026-11-24T00:00:00+01:00"}) == [2, 3]
    assert found(**{"from": "2026-11-24"}) == [2, 3]
    assert found(until="2026-11-23") == [0, 1]
    assert found(until=(TEN + HALF).isoformat()) == [0]
    assert found(doctor=MUELLER) == [0, 1, 3]
    assert found(room="raum-1") == [2]
    assert found(patient_id=surgery.patients["100"]) == [0, 1]
    assert found(status="TENTATIVE") == [1]
    assert found(type="op") == [2, 3]
    assert found(source="RECALL") == [1]
    assert found(progress="arrived") == []
    assert staff.get(f"{ADDRESS}/{last}").json()["type"] == {"slug": "op", "name": "Op"}
    for wrong, status in (
        ({"doctor": "niemand"}, 404),
        ({"type": "nichts"}, 404),
        ({"status": "x"}, 422),
        ({"since": "2026-11-24"}, 422),
        ({"until": "0.5"}, 422),
        ({"after": "x"}, 422),
        ({"after": "-99999999999_1"}, 422),
        ({"limit": 0}, 422),
    ):
        problem(staff.get(ADDRESS, params=wrong), status)
    with surgery.writing() as uow:
        save_type(uow, a_type("op", id=surgery.types["op"], name="OP ambulant"))
    assert staff.get(one(third)).json()["type"]["name"] == "OP ambulant"


def test_a_list_is_read_a_page_at_a_time(surgery: Surgery, staff: TestClient) -> None:
    made = [booked(staff, surgery, TEN + n * HALF)["id"] for n in range(4)]
    seen: list[int] = []
    asked: dict[str, Any] = {"limit": 3}
    for _ in range(9):
        page = staff.get(ADDRESS, params=asked).json()
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        asked["after"] = page["next"]
    assert seen == made


def test_a_list_costs_the_same_however_long(surgery: Surgery, doors: Doors) -> None:
    heard: list[str] = []

    def hear(_: object, _cursor: object, statement: str, *__: object) -> None:
        heard.append(statement)

    def cost(client: TestClient) -> int:
        client.get(ADDRESS)  # the password is known then
        heard.clear()
        assert client.get(ADDRESS).status_code == 200
        return len(heard)

    staff, doctor = doors.api("empfang"), doors.api("mueller")
    booked(staff, surgery)
    event.listen(surgery.database.engine, "before_cursor_execute", hear)
    try:
        before = cost(staff), cost(doctor)
        for n in range(1, 4):
            booked(staff, surgery, TEN + n * HALF, patient_id=surgery.patients["300"])
        assert (cost(staff), cost(doctor)) == before
    finally:
        event.remove(surgery.database.engine, "before_cursor_execute", hear)


# Only what is one's own


def tries(client: TestClient, surgery: Surgery, made: dict[str, Any]) -> dict[str, int]:
    """Return how each address answers about an appointment."""
    later = {"start": "2026-11-24T11:30:00+01:00"}
    calls = {
        "read": client.get(one(made)),
        "change": client.put(one(made), json={"patient_notes": "neu"}),
        "copy": client.post(one(made, "duplicate"), json=later),
        "move": client.post(one(made, "reschedule"), json={"start": "2026-11-24T09:00:00+01:00"}),
        "decline": client.post(one(made, "decline"), json={}),
        "cancel": client.delete(one(made)),
    }
    return {name: answer.status_code for name, answer in calls.items()}


MAY = {"read": 200, "change": 200, "copy": 201, "move": 200, "decline": 409, "cancel": 200}


def test_a_doctor_sees_and_changes_what_is_the_doctors_own(
    surgery: Surgery, doors: Doors, staff: TestClient
) -> None:
    own, other = booked(staff, surgery), booked(staff, surgery, TEN + HALF, doctor=SCHMIDT)
    doctor = doors.api("mueller")
    assert items(doctor.get(ADDRESS)) == [own["id"]]
    assert items(doctor.get(ADDRESS, params={"doctor": SCHMIDT})) == []
    before = everything(surgery.database)
    assert set(tries(doctor, surgery, other).values()) == {404}
    away = {"start": "2026-11-24T09:00:00+01:00", "doctor": SCHMIDT}
    problem(doctor.post(one(own, "reschedule"), json=away), 403)
    problem(doctor.post(one(own, "duplicate"), json=away), 403)
    problem(doctor.post(ADDRESS, json=wanted(surgery, TEN + 2 * HALF, doctor=SCHMIDT)), 403)
    part = {"type": "kontrolle", "doctor": SCHMIDT, "start": (TEN + 2 * HALF).isoformat()}
    visit = {"patient_id": surgery.patients["200"], "appointments": [part]}
    problem(doctor.post(VISITS, json=visit), 403)
    assert everything(surgery.database) == before
    assert tries(doctor, surgery, own) == MAY
    booked(doctor, surgery, TEN + 3 * HALF)


def test_a_doctor_sees_what_was_granted(surgery: Surgery, doors: Doors, staff: TestClient) -> None:
    other = booked(staff, surgery, doctor=SCHMIDT)
    doctor = doors.api("mueller")
    for level, may in ((Level.PSEUDONYM, False), (Level.READ, True)):
        with surgery.writing("admin") as uow:
            grant(uow, the_account(uow, "mueller"), SCHMIDT, level)
        assert items(doctor.get(ADDRESS)) == ([other["id"]] if may else [])
        assert doctor.get(one(other)).status_code == (200 if may else 404)
        problem(doctor.put(one(other), json={"notes": "x"}), 403 if may else 404)


def test_a_program_sees_and_changes_what_it_has_booked(
    surgery: Surgery, staff: TestClient, website: TestClient
) -> None:
    theirs, own = booked(staff, surgery), booked(website, surgery, TEN + HALF)
    assert (own["source"], own["booked_by"]) == ("ONLINE", "buchung")
    assert items(website.get(ADDRESS)) == [own["id"]]
    assert items(staff.get(ADDRESS)) == [theirs["id"], own["id"]]
    before = everything(surgery.database)
    assert set(tries(website, surgery, theirs).values()) == {404}
    problem(website.put(one(own), json={"progress": "arrived"}), 403)
    problem(website.put(one(own), json={"status": "CONFIRMED"}), 403)
    assert everything(surgery.database) == before
    assert tries(website, surgery, own) == MAY | {"decline": 403}


def test_a_program_sees_what_the_practice_has_made_of_its_booking(
    surgery: Surgery, doors: Doors, staff: TestClient, website: TestClient
) -> None:
    made = booked(website, surgery)
    moved = staff.post(
        one(made, "reschedule"), json={"start": (TEN + HALF).isoformat(), "doctor": SCHMIDT}
    )
    assert website.get(one(made)).json() == moved.json()
    pvs, calendar = doors.caldav("albis"), f"{HOME}{SCHMIDT}/"
    listed = pvs.request("PROPFIND", calendar, headers={"Depth": "1"}).text
    name = listed.partition("termin-")[2].partition(".ics")[0]
    pvs.delete(f"{calendar}termin-{name}.ics")
    assert website.get(one(made)).json()["status"] == "CANCELLED"
    assert items(website.get(ADDRESS)) == [made["id"]]


def test_a_program_books_by_the_rules_for_patients(
    surgery: Surgery, staff: TestClient, website: TestClient
) -> None:
    with surgery.writing() as uow:
        save_type(uow, a_type("vorsorge", needs_confirmation=True))
    for changes, code in (
        ({"type": "op"}, "not-online"),
        ({"start": "2026-11-20T10:30:00+01:00"}, "too-soon"),
        ({"start": "2027-11-23T10:00:00+01:00"}, "too-far-ahead"),
    ):
        told = problem(website.post(ADDRESS, json=wanted(surgery) | changes), 409)
        assert told["code"] == code
    sure = booked(website, surgery)
    told = problem(website.put(one(sure), json={"type": "op"}), 409)
    assert told["code"] == "not-online"
    asked = booked(website, surgery, TEN + HALF, type="vorsorge")
    assert asked["status"] == "TENTATIVE"
    assert website.put(one(sure), json={"type": "vorsorge"}).json()["status"] == "TENTATIVE"
    assert staff.put(one(asked), json={"status": "CONFIRMED"}).json()["status"] == "CONFIRMED"
    moved = website.post(one(asked, "reschedule"), json={"start": "2026-11-24T10:00:00+01:00"})
    assert moved.json()["status"] == "TENTATIVE"


def test_the_staff_enters_what_is_over_with_a_reason_and_a_program_never_does(
    surgery: Surgery, staff: TestClient, website: TestClient, clock: Clock
) -> None:
    over = TEN - timedelta(days=7)
    told = problem(staff.post(ADDRESS, json=wanted(surgery, over)), 409)
    assert (told["code"], "override" in told["detail"]) == ("past", True)
    made = booked(staff, surgery, over, override="kam ohne Termin")
    assert made["override"] == "kam ohne Termin"
    assert problem(website.post(ADDRESS, json=wanted(surgery, over)), 409)["code"] == "too-soon"
    # What has only begun is booked for whoever has just come.
    clock.now = TEN + timedelta(minutes=20)
    coming = booked(staff, surgery, TEN)
    # Once it is over, its room, length and notes are put right without a reason; a move is not.
    clock.now = TEN + timedelta(days=1)
    assert staff.put(one(coming), json={"minutes": 20}).status_code == 200
    back = (TEN + timedelta(hours=1)).isoformat()
    told = problem(staff.post(one(coming, "reschedule"), json={"start": back}), 409)
    assert told["code"] == "past"


def test_on_a_public_holiday_the_staff_is_told_so_and_how_to_book_all_the_same(
    surgery: Surgery, staff: TestClient, website: TestClient
) -> None:
    christmas = TEN + timedelta(days=32)
    told = problem(staff.post(ADDRESS, json=wanted(surgery, christmas)), 409)
    assert told["code"] == "outside-hours"
    assert "public holiday (Erster Weihnachtstag)" in told["detail"]
    assert "override" in told["detail"]
    told = problem(website.post(ADDRESS, json=wanted(surgery, christmas)), 409)
    assert "override" not in told["detail"]
    assert booked(staff, surgery, christmas, override="Notdienst")["override"] == "Notdienst"


def test_a_reader_sees_what_was_granted_and_changes_nothing(
    surgery: Surgery, doors: Doors, staff: TestClient
) -> None:
    own, other = booked(staff, surgery), booked(staff, surgery, TEN + HALF, doctor=SCHMIDT)
    reader = doors.token(a_token(surgery.database, "gast", "booking:view_calendar"))
    assert items(reader.get(ADDRESS)) == [own["id"]]
    assert reader.get(one(other)).status_code == 404
    told = tries(reader, surgery, own)
    assert told.pop("read") == 200
    assert set(told.values()) == {403}


def test_without_the_permission_nothing_is_done(surgery: Surgery, doors: Doors) -> None:
    made = booked(doors.api("empfang"), surgery)
    for name in ("albis", "buchung", "gast"):  # a password of a program is for CalDAV alone
        assert set(tries(doors.api(name), surgery, made).values()) == {403}
    needs = {
        "read": "booking:view_calendar",
        "change": "booking:modify_appointment",
        "copy": "booking:create_appointment",
    }
    for allowed, scope in needs.items():
        told = tries(doors.token(a_token(surgery.database, "empfang", scope)), surgery, made)
        assert told[allowed] in {200, 201}
        assert all(told[name] == 403 for name in needs if name != allowed)
    assert doors.nobody.get(one(made)).status_code == 401


def test_what_a_client_has_stretched_over_weeks_is_listed_read_and_cancelled(
    surgery: Surgery, staff: TestClient
) -> None:
    """It has no type, and no type is that long: the whole list was once refused for it."""
    lines = ("SUMMARY:Kur", "X-PATIENT-ID:100")
    long = an_event("kur", "20261124T080000", "20261209T080000", *lines)
    with surgery.writing() as uow:
        calendar = the_view(uow, "admin", MUELLER).calendar
        draft = a_draft("kur.ics", long)
        place = uow.calendars.place(calendar, "kur.ics", "kur", "100")
        uow.calendars.save(calendar, draft)
        object_saved(uow, calendar, draft.facts, place=place)
    (one,) = staff.get(ADDRESS).json()["items"]
    assert (one["minutes"], one["type"]) == (15 * 24 * 60, None)
    assert staff.get(f"{ADDRESS}/{one['id']}").json() == one
    assert staff.delete(f"{ADDRESS}/{one['id']}").json()["status"] == "CANCELLED"

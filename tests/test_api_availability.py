"""Free slots are told live: what anybody books or blocks anywhere is gone from them at once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from practice.access import Level
from practice.use_cases.accounts import grant
from tests.arranging import MUELLER, SCHMIDT, TEN, Surgery
from tests.building import an_event, the_account
from tests.dav import HOME
from tests.in_api import Clock, Doors, api_of
from tests.sent import statements
from tests.test_api_booking import ADDRESS, wanted
from tests.test_api_door import problem
from tests.test_scopes import a_token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from practice.database import SqlDatabase

FREE = "/api/booking/availability"
DAY = "2026-11-23"
HALF = timedelta(minutes=30)


@pytest.fixture
def surgery(practice: SqlDatabase) -> Surgery:
    """A practice that can be booked."""
    return Surgery(practice)


@pytest.fixture
def doors(surgery: Surgery) -> Iterator[Doors]:
    """Its API and its calendars."""
    with api_of(surgery.database, clock=Clock()) as made:
        yield made


@pytest.fixture
def staff(doors: Doors) -> TestClient:
    """The reception."""
    return doors.api("empfang")


def slots(client: TestClient, **asked: Any) -> list[dict[str, Any]]:
    """Return the free slots of Monday, unless something else is asked for."""
    usual = {"type": "kontrolle", "from": DAY, "until": DAY, "limit": 500}
    answer = client.get(FREE, params=usual | asked)
    assert answer.status_code == 200, answer.text
    told: list[dict[str, Any]] = answer.json()["items"]
    return told


def starts(client: TestClient, **asked: Any) -> set[str]:
    """Return when they begin, in the practice's zone."""
    return {slot["start"] for slot in slots(client, **asked)}


def test_a_free_slot_is_told_with_doctor_and_room_and_can_be_booked(
    surgery: Surgery, staff: TestClient
) -> None:
    first = slots(staff, type="op")[0]
    assert first["doctor"] == {"slug": MUELLER, "name": "Dr. Mueller"}
    assert first["room"] == {"slug": "raum-1", "name": "Raum-1"}
    assert first["start"].startswith(f"{DAY}T08:00:00+01:00")
    asked = wanted(surgery, type="op", start=TEN) | {"start": first["start"]}
    assert staff.post(ADDRESS, json=asked).status_code == 201
    assert first["start"] not in starts(staff, type="op", doctors=MUELLER)


def test_what_is_booked_or_blocked_anywhere_is_not_free(
    surgery: Surgery, doors: Doors, staff: TestClient
) -> None:
    ten, eleven = TEN.isoformat(), (TEN + 2 * HALF).isoformat()
    assert {ten, eleven} <= starts(staff, doctors=MUELLER)
    assert staff.post(ADDRESS, json=wanted(surgery)).status_code == 201
    blocked = an_event("block", "20261123T110000", "20261123T113000")
    put = doors.caldav("albis").put(f"{HOME}{MUELLER}/block.ics", content=blocked)
    assert put.status_code == 201
    left = starts(staff, doctors=MUELLER)
    assert not {ten, eleven} & left
    assert (TEN + HALF).isoformat() in left
    assert {ten, eleven} <= starts(staff)  # the other doctor is free
    assert {slot["doctor"]["slug"] for slot in slots(staff)} == {MUELLER, SCHMIDT}
    assert ten not in starts(staff, patient_id=surgery.patients["100"])
    assert ten in starts(staff, patient_id=surgery.patients["200"])


def test_slots_are_narrowed_by_what_is_asked(surgery: Surgery, staff: TestClient) -> None:
    found = slots(staff, doctors=f"{SCHMIDT},{MUELLER}", limit=3)
    assert len(found) == 3
    assert {slot["room"]["slug"] for slot in slots(staff, room="raum-2")} == {"raum-2"}
    assert found == sorted(found, key=lambda slot: str(slot["start"]))
    longer = slots(staff, minutes=60, doctors=MUELLER)[0]
    assert longer["end"].startswith(f"{DAY}T09:00")
    within = {"from": TEN.isoformat(), "until": (TEN + HALF).isoformat()}
    assert min(starts(staff, **within)) == TEN.isoformat()
    assert max(starts(staff, **within)) < (TEN + HALF).isoformat()


def test_what_is_over_is_not_free(staff: TestClient) -> None:
    past = {"from": "2026-11-16", "until": "2026-11-19"}
    assert slots(staff, **past) == []
    usual = staff.get(FREE, params={"type": "kontrolle"}).json()["items"]
    assert usual[0]["start"] >= "2026-11-20T10:00:00+01:00"
    today = starts(staff, **{"from": "2026-11-20", "until": "2026-11-20"})
    assert min(today) >= "2026-11-20T10:00:00+01:00"


def test_a_program_that_books_for_patients_is_told_what_patients_may_book(
    surgery: Surgery, doors: Doors, staff: TestClient
) -> None:
    website = doors.token(a_token(surgery.database, "buchung", "booking:view_calendar"))
    today = {"from": "2026-11-20", "until": "2026-11-20"}
    assert min(starts(website, **today)) >= "2026-11-20T12:00:00+01:00"
    assert min(starts(staff, **today)) < "2026-11-20T12:00:00+01:00"
    doctor = doors.api("mueller")
    assert starts(doctor) == starts(staff)


def test_a_reader_learns_neither_when_others_nor_when_patients_have_time(
    surgery: Surgery, doors: Doors
) -> None:
    surgery.book(doctor=SCHMIDT)
    reader = doors.token(a_token(surgery.database, "gast", "booking:view_calendar"))
    assert {slot["doctor"]["slug"] for slot in slots(reader)} == {MUELLER}
    assert starts(reader, doctors=MUELLER)
    usual = {"type": "kontrolle", "from": DAY, "until": DAY}
    for asked in (
        {"doctors": SCHMIDT},
        {"doctors": f"{MUELLER},{SCHMIDT}"},
        {"patient_id": str(surgery.patients["100"])},
    ):
        problem(reader.get(FREE, params=usual | asked), 403)
    with surgery.writing() as uow:
        grant(uow, the_account(uow, "gast"), MUELLER, Level.NONE)
    problem(reader.get(FREE, params=usual), 403)


REFUSED: list[tuple[dict[str, str], int]] = [
    ({"type": "gibts-nicht"}, 404),
    ({"doctors": "dr-niemand"}, 404),
    ({"doctors": f"{MUELLER},"}, 422),
    ({"room": "keller"}, 404),
    ({"until": "2026-11-22"}, 422),
    ({"until": "2028-11-22"}, 422),
    ({"from": "gestern"}, 422),
    ({"minutes": "5"}, 422),
    ({"limit": "501"}, 422),
]


def test_what_makes_no_sense_is_refused(staff: TestClient) -> None:
    usual = {"type": "kontrolle", "from": DAY, "until": DAY}
    for asked, status in REFUSED:
        problem(staff.get(FREE, params=usual | asked), status)


def test_looking_costs_the_same_however_much_is_booked(surgery: Surgery, staff: TestClient) -> None:
    def cost(**asked: Any) -> int:
        slots(staff, **asked)
        with statements(surgery.database) as sent:
            slots(staff, **asked)
        return len(sent)

    before = cost()
    for n in range(4):
        surgery.book(TEN + n * HALF)
        surgery.book(TEN + n * HALF, doctor=SCHMIDT, patient="300")
    assert cost() == cost(doctors=MUELLER) == before
    year = {"from": DAY, "until": "2027-11-22"}
    assert cost(**year, limit=5) <= before

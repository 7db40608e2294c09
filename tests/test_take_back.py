"""What one has just done to an appointment is taken back by whoever did it: all of it, the last
first, over nobody else's change.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from practice.access import JUST_MADE, Level, Role, may_take_back
from practice.acts import ActQuestion, Kind
from practice.schedule import BookingRules
from practice.use_cases.accounts import grant
from practice.use_cases.disclosure import disclose
from practice.use_cases.offers import save_rules
from tests.arranging import MUELLER, SCHMIDT, TEN, Surgery
from tests.bookings import everything
from tests.building import reading, the_account
from tests.dav import DAV, propfind
from tests.in_api import Clock, Doors, api_of
from tests.steps import House
from tests.test_api_door import problem
from tests.test_scopes import a_token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx
    from starlette.testclient import TestClient

    from practice.database import SqlDatabase

ADDRESS = "/api/booking/appointments"
HALF = timedelta(minutes=30)
#: What is told anew by whatever is done.
STAMPS = frozenset({"DTSTAMP", "LAST-MODIFIED", "SEQUENCE"})


@pytest.fixture
def surgery(practice: SqlDatabase) -> Surgery:
    """A practice in which late cancellations are marked."""
    surgery = Surgery(practice)
    with surgery.writing("admin") as uow:
        save_rules(uow, BookingRules(late_cancel_hours=24 * 7))
    return surgery


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def doors(surgery: Surgery, clock: Clock) -> Iterator[Doors]:
    with api_of(surgery.database, clock=clock) as opened:
        yield opened


@pytest.fixture
def desk(doors: Doors) -> TestClient:
    """The front desk."""
    return doors.api("empfang")


def book(client: TestClient, surgery: Surgery, start: Any = TEN, **more: Any) -> dict[str, Any]:
    usual = {"doctor": MUELLER, "type": "kontrolle", "start": start.isoformat()}
    told = {"patient_id": surgery.patients["100"], **usual, **more}
    answer = client.post(ADDRESS, json=told)
    assert answer.status_code == 201, answer.text
    booked: dict[str, Any] = answer.json()
    return booked


def undo(client: TestClient, booked: dict[str, Any], **headers: str) -> httpx.Response:
    answer: httpx.Response = client.post(f"{ADDRESS}/{booked['id']}/undo", headers=headers)
    return answer


def refused(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """See that it is refused for that reason; return what is told."""
    told: dict[str, Any] = problem(answer, status)
    assert told["type"].endswith(f"#problem-{kind}"), told
    return told


def shown(client: TestClient, booked: dict[str, Any]) -> Any:
    return client.get(f"{ADDRESS}/{booked['id']}").json()


def the_text(doors: Doors, doctor: str = MUELLER) -> list[str]:
    """Return the lines of the one object of a doctor, but for its stamps; none without one."""
    client = doors.caldav("albis")
    found = propfind(client, f"/caldav/calendars/{doctor}/", DAV + "getetag", depth="1")
    hrefs = [one for one in found.etags if one.endswith(".ics")]
    if not hrefs:
        return []
    (href,) = hrefs
    lines = client.get(href).text.replace("\r\n ", "").splitlines()
    return sorted(line for line in lines if line.split(":")[0].split(";")[0] not in STAMPS)


def _post(way: str, **told: Any) -> Callable[[TestClient, str, Surgery], httpx.Response]:
    return lambda client, at, _: client.post(f"{at}/{way}", json=told)


def _put(**told: Any) -> Callable[[TestClient, str, Surgery], httpx.Response]:
    return lambda client, at, _: client.put(at, json=told)


NOON = (TEN + 3 * HALF).isoformat()
#: All that the calendar's page can do to an appointment that is asked for, in room 1.
DOINGS: dict[str, Callable[[TestClient, str, Surgery], httpx.Response]] = {
    "move": _post("reschedule", start=NOON),
    "to another doctor": _post("reschedule", start=TEN.isoformat(), doctor=SCHMIDT),
    "to another room": _post("reschedule", start=TEN.isoformat(), room="raum-2"),
    "resize": _post("reschedule", start=TEN.isoformat(), minutes=60),
    "override": _post("reschedule", start=TEN.replace(hour=22).isoformat(), override="Notfall"),
    "confirm": _put(status="CONFIRMED"),
    "decline": _post("decline", reason="Arzt nicht da"),
    "notes and type": _put(notes="Befunde", patient_notes="nüchtern", type="op"),
    "another patient": lambda client, at, surgery: client.put(
        at, json={"patient_id": surgery.patients["200"]}
    ),
    "out of the room": _put(room=None),
}


def test_what_the_desk_has_just_done_it_takes_back_and_all_is_as_before(
    desk: TestClient, doors: Doors, surgery: Surgery
) -> None:
    post = House(surgery.database)
    for what, do in DOINGS.items():
        booked = book(desk, surgery, status="TENTATIVE", room="raum-1", notes="Alt")
        post.deliver()
        text = the_text(doors)
        done = do(desk, f"{ADDRESS}/{booked['id']}", surgery)
        assert done.status_code == 200, (what, done.text)
        assert done.json() != booked, what
        back = undo(desk, booked)
        assert (back.status_code, back.json()) == (200, booked), what
        assert shown(desk, booked) == booked, what
        assert the_text(doors) == text, what
        # Nobody had heard of it, so nobody hears that it is not so.
        assert surgery.waiting == [], what
        assert undo(desk, booked).json()["status"] == "CANCELLED", what
    assert surgery.is_whole()
    with surgery.reading() as uow:
        # It was another's for a moment: who that was is not disclosed.
        mine = uow.patients.by_number("100")
        assert mine is not None
        other = f'"patient_id": {surgery.patients["200"]}'
        assert other not in str(disclose(uow, mine)["acts"])
        acts = list(uow.acts.search(ActQuestion(action="taken back", kind=Kind.ACT)))
        assert [act.actor for act in acts] == ["empfang"] * len(DOINGS)


def test_one_thing_after_the_other_is_taken_back_down_to_the_booking(
    desk: TestClient, doors: Doors, surgery: Surgery, clock: Clock
) -> None:
    clock.now = TEN  # when a patient can have come
    stands = [book(desk, surgery, TEN + HALF)]
    at = f"{ADDRESS}/{stands[0]['id']}"
    for done in (
        desk.post(f"{at}/reschedule", json={"start": TEN.isoformat(), "doctor": SCHMIDT}),
        desk.put(at, json={"progress": "arrived"}),
        desk.put(at, json={"progress": "in_treatment"}),
        desk.put(at, json={"progress": "arrived"}),
        desk.put(at, json={"progress": ""}),
        desk.request("DELETE", at, json={"reason": "Kind krank"}),
    ):
        assert done.status_code == 200, done.text
        stands.append(done.json())
    assert stands[-1]["late"]
    while len(stands) > 1:
        stands.pop()
        clock.now += timedelta(seconds=1)
        assert undo(desk, stands[0]).json() == stands[-1]
    assert len(the_text(doors)) > 10
    gone = undo(desk, stands[0]).json()
    # A mistake of the desk is no late cancellation of the patient.
    assert (gone["status"], gone["late"]) == ("CANCELLED", False)
    assert the_text(doors) == []
    assert surgery.waiting == []
    assert surgery.is_whole()
    refused(undo(desk, stands[0]), 409, "cannot-undo")


def test_what_somebody_else_has_done_since_is_not_lost(
    desk: TestClient, doors: Doors, surgery: Surgery, clock: Clock
) -> None:
    booked = book(desk, surgery)
    at = f"{ADDRESS}/{booked['id']}"
    desk.post(f"{at}/reschedule", json={"start": NOON})
    clock.now += timedelta(minutes=1)
    seen = desk.get(at)
    # By the API, of the practice alone; then what was shown before is old as well.
    assert doors.api("admin").put(at, json={"notes": "wichtig"}).status_code == 200
    before = everything(surgery.database)
    refused(undo(desk, booked), 412, "changed-meanwhile")
    refused(undo(desk, booked, **{"If-Match": seen.headers["ETag"]}), 412, "changed-meanwhile")
    refused(undo(doors.api("mueller"), booked), 409, "cannot-undo")  # of others, nothing
    assert everything(surgery.database) == before
    # And by a calendar program.
    other = book(desk, surgery, TEN - HALF, patient_id=surgery.patients["200"], doctor=SCHMIDT)
    albis = doors.caldav("albis")
    found = propfind(albis, f"/caldav/calendars/{SCHMIDT}/", DAV + "getetag", depth="1")
    (href,) = (one for one in found.etags if one.endswith(".ics"))
    text = albis.get(href).text.replace("T093000", "T150000").replace("T100000", "T153000")
    assert albis.put(href, content=text.encode()).status_code == 204
    refused(undo(desk, other), 412, "changed-meanwhile")
    assert shown(desk, other)["start"][11:16] == "15:00"


def test_what_has_come_to_where_it_was_is_not_booked_over(
    desk: TestClient, doors: Doors, surgery: Surgery, clock: Clock
) -> None:
    # Two at one time are there already; whoever was moved away from it may come back to it.
    first = book(desk, surgery)
    second = book(desk, surgery, override="Schmerzen", patient_id=surgery.patients["200"])
    clock.now += timedelta(minutes=1)
    for one in (first, second):
        moved = desk.post(f"{ADDRESS}/{one['id']}/reschedule", json={"start": NOON})
        assert moved.status_code == 200, moved.text
        clock.now += timedelta(minutes=1)
        assert undo(desk, one).json() == one
        clock.now += timedelta(minutes=1)
    cancelled = desk.request("DELETE", f"{ADDRESS}/{first['id']}", json={"reason": ""})
    assert cancelled.status_code == 200
    desk.request("DELETE", f"{ADDRESS}/{second['id']}", json={"reason": ""})
    clock.now += timedelta(minutes=1)
    book(doors.api("admin"), surgery, patient_id=surgery.patients["300"])
    before = everything(surgery.database)
    told = refused(undo(desk, first), 409, "slot-taken")
    assert told["busy"] == ["doctor"]
    assert everything(surgery.database) == before


def test_only_what_was_just_done_and_only_where_one_may_write(
    doors: Doors, desk: TestClient, surgery: Surgery, clock: Clock
) -> None:
    booked = book(desk, surgery)
    clock.now += JUST_MADE + timedelta(seconds=1)
    refused(undo(desk, booked), 409, "cannot-undo")
    with surgery.writing("admin") as uow:
        doctor = the_account(uow, "mueller")
        grant(uow, doctor, SCHMIDT, Level.WRITE)
    own = doors.api("mueller")
    moved = own.post(
        f"{ADDRESS}/{booked['id']}/reschedule", json={"start": NOON, "doctor": SCHMIDT}
    )
    assert moved.status_code == 200
    with surgery.writing("admin") as uow:
        grant(uow, the_account(uow, "mueller"), SCHMIDT, Level.READ)
    refused(undo(own, booked), 403, "not-allowed")
    token = doors.token(a_token(surgery.database, "empfang", "booking:modify_appointment"))
    other = book(desk, surgery, TEN + 6 * HALF)
    refused(undo(token, other), 403, "not-allowed")
    refused(undo(doors.nobody, other), 401, "not-signed-in")
    with reading(surgery.database) as uow:
        calendar = next(c for c in uow.calendars.all() if c.name == MUELLER)
        staff, tool = (the_account(uow, name) for name in ("empfang", "buchung"))
    assert may_take_back(staff, calendar, by="empfang", age=JUST_MADE)
    assert not may_take_back(staff, calendar, by="admin", age=timedelta())
    assert tool.role is Role.BOOKING
    assert not may_take_back(tool, calendar, by=tool.name, age=timedelta())

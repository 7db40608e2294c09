"""What patients and their appointments go through between a booking tool and the practice, from
door to door: tools over HTTP, the API, calendars, the command line.
"""

from __future__ import annotations

import json
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from booking_adapter.outgoing import Http, Patience
from booking_adapter.single_patient import AtOnce
from booking_adapter.sync import Source, pull
from booking_adapter.tools.easyappointments import EasyAppointments, Installation
from praxis_caldav.importing import Importer
from tests.bookings import command, everything, faults
from tests.building import BERLIN, NOW, PROFILE
from tests.dav import HOME, listing
from tests.doors import until
from tests.in_api import Clock, Doors, api_of
from tests.mimics import easyappointments as mimic
from tests.single_patients import BENNO, DAY, RUTH, Desk, a_desk
from tests.test_api_door import problem
from tests.test_api_sync import ended

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.testclient import TestClient

    from practice.database import SqlDatabase
    from practice.patients import PatientRecord
    from tests.mimics.tool import Asked

MUELLER = f"{HOME}dr-mueller/"
PATIENTS, IMPORT = "/api/patients", "/api/patients/import"
TOOL = "termine"


class Links:
    """Where patients book: on the page of the one tool there is."""

    def __init__(self, tool: EasyAppointments) -> None:
        self._tool = tool

    def link(self, source: str, record: PatientRecord) -> str | None:
        """See the Protocol."""
        return self._tool.link(record) if source in {"", TOOL} else None


class Town:
    """A practice and its booking tool, each with its own people; nothing happens by itself.

    In the tool: Wiebke, with an address, a telephone, a birth date; and an appointment for her
    whenever somebody books one.
    """

    def __init__(self, database: SqlDatabase, stack: ExitStack) -> None:
        self.database, self.clock = database, Clock()
        self.tool = stack.enter_context(mimic.EasyAppointments(self.clock, limited=False))
        self.provider = self.tool.add_provider("Petra", "Müller", timezone="Europe/Berlin")
        self.service = self.tool.add_service("Nachsorge")
        self.wiebke = self.customer("Wiebke", "Zarnekow", "1971-08-09", phone_number="040 123456")
        patience = Patience(pause=lambda _: None, tries=2)
        key = {"Authorization": f"Bearer {self.tool.token}"}
        http = stack.enter_context(Http(self.tool.api, key, inside=True, patience=patience))
        doctors, fields = {str(self.provider): "dr-mueller"}, {"customField1": "birth_date"}
        settings = Installation(self.tool.url, "geheim", BERLIN, doctors, fields=fields)
        adapter = EasyAppointments(http, settings)
        self._source = Source(TOOL, adapter)
        lists = stack.enter_context(
            closing(Importer(database, {TOOL: adapter}, BERLIN, self.clock))
        )
        services: dict[str, Any] = {"lists": lists, "booking_links": Links(adapter)}
        doors = api_of(database, clock=self.clock, ask_now=self._ask, **services)
        self.doors: Doors = stack.enter_context(doors)
        self.admin, self.staff = self.doors.api("admin"), self.doors.api("empfang")
        self.software = self.doors.caldav("albis")

    def _ask(self, name: str) -> bool:
        pull(self.database, self._source, PROFILE, self.clock)
        return name == TOOL

    def customer(self, first: str, last: str, born: str = "", **more: str) -> int:
        """Add a patient to the tool."""
        email = f"{first.lower()}@example.org"
        return self.tool.add_customer(first, last, email, custom_field_1=born, **more)

    def book(self, start: str = "2026-11-24 10:00:00") -> int:
        """Book for Wiebke in the tool."""
        return self.tool.book(self.provider, self.service, self.wiebke, start)

    def ask(self) -> None:
        """Have the tool asked, as the admin does who does not want to wait."""
        answer = self.admin.post("/api/sync/sources/termine/run")
        assert answer.status_code == 202, answer.text

    def followed(self, answer: Any) -> dict[str, Any]:
        """Look at an import until it is read; return what is told of it."""
        assert answer.status_code == 202, answer.text
        found: dict[str, Any] = {}

        def is_read() -> bool:
            found.update(self.admin.get(f"/api/imports/{answer.json()['id']}").json())
            return bool(found["state"] != "reading")

        until(is_read, "the plan")
        assert found["state"] == "planned", found
        return found

    def from_tool(self) -> dict[str, Any]:
        """Import the tool's patients; return the plan."""
        return self.followed(self.admin.post(f"{IMPORT}/source", json={"source": "termine"}))

    def from_file(self, text: str) -> dict[str, Any]:
        """Import a list; return the plan."""
        content, kind = text.encode("cp1252"), {"Content-Type": "text/csv"}
        return self.followed(self.admin.post(IMPORT, content=content, headers=kind))

    def apply(self, plan: dict[str, Any]) -> dict[str, Any]:
        """Carry a plan out."""
        answer = self.admin.post(f"/api/imports/{plan['id']}/apply", json={})
        assert answer.status_code == 200, answer.text
        done: dict[str, Any] = answer.json()
        return done

    def patient(self, name: str) -> dict[str, Any]:
        """Return the one patient of a name."""
        (found,) = self.staff.get(PATIENTS, params={"search": name}).json()["items"]
        told: dict[str, Any] = found
        return told

    def appointments(self, name: str) -> dict[str, Any]:
        """Return what the record of a patient shows of appointments."""
        answer = self.staff.get(f"{PATIENTS}/{self.patient(name)['id']}/appointments")
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def told(self) -> list[Asked]:
        """Return what the tool was asked to change."""
        return [asked for asked in self.tool.asked if asked.method != "GET"]


@pytest.fixture
def town(practice: SqlDatabase) -> Iterator[Town]:
    with ExitStack() as stack:
        yield Town(practice, stack)
    assert faults(practice) == []


# --- A booking tool's patients in the practice ----------------------------------------------------


def test_the_booking_tools_patients_and_a_list_of_theirs_become_the_same_patients(
    town: Town, tmp_path: Path
) -> None:
    """A1, A2: through the tool's API, as a file, by command; mapped, and nobody twice."""
    town.customer("Max", "Probe", "1999-09-09")
    plan = town.from_tool()
    assert plan["counts"] == {"new": 2}
    assert (town.apply(plan)["made"], town.apply(plan)["made"]) == (2, 0)
    told = {
        "first_name": "Wiebke",
        "birth_date": "1971-08-09",
        "email": "wiebke@example.org",
        "phone": "040 123456",
        "booking_system_id": str(town.wiebke),
    }
    wiebke = town.patient("zarnekow")
    assert {name: wiebke[name] for name in told} == told
    assert town.from_tool()["counts"] == {"same": 2}
    text = (
        "Name;Vorname;Geb.-Datum;E-Mail-Adresse;Telefonnummer\r\n"
        "Zarnekow;Wiebke;09.08.1971;;040/123456\r\n"  # known
        "PROBE;Max;9.9.1999;max@example.org;0170 9998877\r\n"  # known, with more
        "Probe;Max;;;\r\n"  # the same, or not
        "Öhrlein;Änne;1.2.1950;aenne@example.org;\r\n"
    )
    plan = town.from_file(text)
    assert plan["counts"] == {"same": 1, "update": 1, "ask": 1, "new": 1}
    done = town.apply(plan)
    assert (done["made"], done["changed"], done["waiting"]) == (1, 1, 1)
    assert town.patient("probe")["phone"] == "0170 9998877"
    path = tmp_path / "patienten.csv"
    path.write_text(text, "cp1252")
    ran = command("patient", "import", path, "--apply", database=town.database)
    assert "0 patients made, 0 changed, 1 rows wait" in ran.out, ran
    assert len(town.staff.get(PATIENTS).json()["items"]) == 3
    assert town.told() == []


def test_an_appointment_of_the_tool_is_in_the_record_with_its_age_and_stays_when_the_tool_is_down(
    town: Town,
) -> None:
    """A3, A7, A8."""
    town.apply(town.from_tool())
    first = town.book()
    town.ask()
    town.clock.now += timedelta(minutes=10)
    shown = town.appointments("zarnekow")
    (appointment,) = shown["items"]
    assert appointment["start"] == "2026-11-24T10:00:00+01:00"
    assert appointment["booking"] == {"source": "termine", "id": str(first)}
    assert (appointment["age_seconds"], shown["fallback"]) == (600, None)
    assert shown["sync"][0]["last_success"] == "2026-11-20T10:00:00+01:00"
    (source,) = town.admin.get("/api/sync/sources").json()["items"]
    assert (source["error"], source["counts"]["created"]) == ("", 1)
    (href,) = listing(town.software, MUELLER)

    town.tool.down()
    town.ask()
    away = town.appointments("zarnekow")
    assert away["items"] == [appointment]
    assert away["fallback"]["code"] == "source_unreachable"
    assert "Stand von 20.11.2026, 10:00 Uhr" in away["fallback"]["de"]
    assert town.admin.get("/api/sync/sources").json()["items"][0]["error"]
    town.clock.now = NOW + timedelta(days=1)
    town.ask()
    stale = town.appointments("zarnekow")
    assert (stale["items"][0]["stale"], stale["fallback"]["code"]) == (True, "source_stale")
    assert set(listing(town.software, MUELLER)) == {href}

    town.tool.up()
    town.tool.move(first, "2026-11-25 09:00:00")
    town.ask()
    back = town.appointments("zarnekow")
    assert back["items"][0]["start"] == "2026-11-25T09:00:00+01:00"
    assert (back["items"][0]["stale"], back["fallback"]) == (False, None)


def test_what_the_record_is_linked_with_is_where_the_button_leads(town: Town) -> None:
    """A5, A6: linked by the import, unlinked by hand, and the page has the name filled in."""
    town.apply(town.from_tool())
    address = f"{PATIENTS}/{town.patient('zarnekow')['id']}"
    url = town.staff.get(f"{address}/booking-link").json()["url"]
    assert url.startswith(town.tool.url)
    assert "first_name=Wiebke&last_name=Zarnekow&email=wiebke%40example.org" in url
    assert town.staff.delete(f"{address}/link").status_code == 204
    assert town.staff.get(PATIENTS, params={"linked": "true"}).json()["items"] == []
    told = {"booking_system_id": str(town.wiebke), "tool_email": "wiebke@example.org"}
    linked = town.staff.put(f"{address}/link", json=told).json()
    assert (linked["booking_system_id"], linked["warning"]) == (str(town.wiebke), None)
    assert town.from_tool()["counts"] == {"same": 1}
    assert town.told() == []


def test_who_has_another_address_in_the_tool_is_linked_by_a_person_alone(town: Town) -> None:
    """A9."""
    own = {"last_name": "Zarnekow", "first_name": "Wiebke", "birth_date": "1971-08-09"}
    made = town.staff.post(PATIENTS, json=own | {"email": "w.zarnekow@example.net"})
    assert made.status_code == 201, made.text
    plan = town.from_tool()
    assert plan["counts"] == {"ask": 1}
    rows = f"/api/imports/{plan['id']}/rows"
    (row,) = town.admin.get(rows).json()["rows"]
    assert "different_email" in json.dumps(row["warnings"])
    assert town.apply(plan)["waiting"] == 1
    assert town.patient("zarnekow")["booking_system_id"] is None
    told = {"decision": "link", "patient_id": made.json()["id"]}
    assert town.admin.put(f"{rows}/{row['line']}", json=told).status_code == 200
    assert town.apply(plan)["changed"] == 1
    wiebke = town.patient("zarnekow")
    assert wiebke["booking_system_id"] == str(town.wiebke)
    assert wiebke["email"] == "w.zarnekow@example.net"
    assert town.from_tool()["counts"] == {"same": 1}  # and nobody is asked again


def test_who_is_deleted_here_stays_in_the_tool_and_does_not_come_back_from_it(town: Town) -> None:
    """A10."""
    town.apply(town.from_tool())
    town.book()
    town.ask()
    before = [dict(town.tool.customers), dict(town.tool.appointments)]
    objects = set(listing(town.software, MUELLER))
    address = f"{PATIENTS}/{town.patient('zarnekow')['id']}"
    assert problem(town.staff.delete(address), 409)["count"] == 1
    removed = town.staff.delete(address, params={"also_future": "true"})
    assert removed.json()["appointments"] == 1
    town.ask()
    assert town.staff.get(PATIENTS).json()["items"] == []
    assert set(listing(town.software, MUELLER)) == objects
    assert len(objects) == 1
    assert [dict(town.tool.customers), dict(town.tool.appointments)] == before
    assert town.told() == []


# --- One patient's appointments of a day, when somebody asks --------------------------------------


@pytest.fixture
def desk(practice: SqlDatabase) -> Iterator[Desk]:
    """A practice beside a CallDoc."""
    with a_desk(practice) as made:
        yield made


@pytest.fixture
def staff(desk: Desk) -> Iterator[TestClient]:
    """The reception's client of the API."""
    with api_of(desk.database, single_patients=desk.single) as doors:
        yield doors.api("empfang")


def begun(client: TestClient, piz: str = "4400127", day: str = DAY) -> str:
    """Start a task and return the address of its status."""
    answer = client.post("/api/sync/patient", json={"piz": piz, "date": day})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["status_url"])


def synced(client: TestClient, piz: str = "4400127", day: str = DAY) -> dict[str, Any]:
    """Return the status in which a task ends."""
    return ended(client, begun(client, piz, day))


def test_the_appointments_are_of_whom_they_are_by_number_insurance_or_name_and_of_nobody_else(
    desk: Desk, staff: TestClient
) -> None:
    """B1, B2, B3: never somebody by default."""
    desk.tool.patient_as = "flat"
    own = [
        desk.book(RUTH, f"{DAY}T08:00:00"),
        desk.book(replace(RUTH, last_name="Öhrlein-Moor", piz=None), f"{DAY}T09:00:00"),
        desk.book(replace(RUTH, insurance_number=""), f"{DAY}T10:00:00", with_piz=False),
    ]
    for other in (None, BENNO, replace(RUTH, piz="4400999", insurance_number="")):
        desk.book(other, f"{DAY}T12:00:00")
    status = synced(staff)
    assert (status["status"], status["error"]) == ("completed", None)
    assert status["patient"]["name"] == "Öhrlein"
    assert status["appointments"] == {"found": 3, "processed": 3}
    known = desk.booked(*own)
    assert [one["id"] for one in status["result"]["all"]] == [one.id for one in known]
    assert len({one.patient_id for one in known}) == 1
    (ruth,) = staff.get(PATIENTS).json()["items"]
    assert (ruth["number"], ruth["to_review"]) == ("4400127", False)
    shown = staff.get(f"{PATIENTS}/{ruth['id']}/appointments").json()["items"]
    assert [one["id"] for one in shown] == [one.id for one in known]


def test_what_was_changed_there_is_changed_here_and_nothing_is_deleted_nor_anybody_else_touched(
    desk: Desk, staff: TestClient
) -> None:
    """B4."""
    number, gone = desk.book(RUTH), desk.book(RUTH, f"{DAY}T14:00:00")
    other = desk.book(BENNO, f"{DAY}T11:00:00")
    desk.pull()
    (own, moved_away, bennos) = desk.booked(number, gone, other)
    assert {one["action"] for one in synced(staff)["result"]["all"]} == {"already_exists"}
    before = {row.uid: row for row in everything(desk.database)["objects"]}
    desk.tool.move(number, f"{DAY}T16:00:00")
    desk.tool.move(gone, "2026-11-26T10:00:00")
    desk.tool.cancel(other)
    status = synced(staff)
    assert status["result"]["action"] == "updated"
    after = {row.uid: row for row in everything(desk.database)["objects"]}
    assert after.keys() == before.keys()
    assert {uid for uid in before if before[uid] != after[uid]} == {own.uid}
    assert desk.booked(gone, other) == [moved_away, bennos]
    found = staff.get(PATIENTS, params={"search": "öhrlein"}).json()["items"]
    shown = staff.get(f"{PATIENTS}/{found[0]['id']}/appointments").json()["items"]
    assert [one["start"][11:16] for one in shown] == ["14:00", "16:00"]


def test_what_goes_wrong_is_told_in_the_status_and_changes_nothing(
    desk: Desk, staff: TestClient
) -> None:
    """B5; a database that fails is tried in process."""
    desk.book(RUTH)
    before = desk.practice()
    told = {
        "patient_not_found": synced(staff, "9999999"),
        "no_appointments": synced(staff, day="2026-12-30"),
    }
    desk.tool.down()
    told["tool_unreachable"] = synced(staff)
    desk.tool.up()
    with (
        desk.held(),
        desk.other(AtOnce(limit=timedelta(seconds=0.3))) as hasty,
        api_of(desk.database, single_patients=hasty) as doors,
    ):
        told["timeout"] = synced(doors.api("empfang"))
    for code, status in told.items():
        assert (status["status"], status["error_code"]) == ("failed", code)
        assert status["error"].endswith(".")
        assert status["result"] is None
    assert desk.practice() == before
    assert synced(staff)["result"]["action"] == "created"


def test_two_patients_are_fetched_at_once_and_the_same_one_once(
    desk: Desk, staff: TestClient
) -> None:
    """B6."""
    desk.book(RUTH)
    desk.book(BENNO, f"{DAY}T11:00:00")
    both = Barrier(2)

    def together(asked: Asked) -> None:
        if asked.method == "GET":
            both.wait(20)  # each answers only when the other is being asked, too

    desk.tool.refuse = together
    ruth, again, benno = begun(staff), begun(staff), begun(staff, "4400128")
    assert (ruth == again, ruth == benno) == (True, False)
    for address in (ruth, benno):
        assert ended(staff, address)["result"]["action"] == "created"
    assert sum(asked.method == "GET" for asked in desk.tool.asked) == 2
    assert staff.get("/api/sync/tasks", params={"status": "running"}).json()["items"] == []


def test_one_patient_of_a_full_day_is_there_in_less_than_five_seconds(
    desk: Desk, staff: TestClient
) -> None:
    """B7."""
    for n in range(150):
        other = replace(BENNO, piz=f"55{n:05}", last_name=f"Linde{n}")
        desk.book(other, f"{DAY}T{8 + n // 15:02}:{n % 15 * 4:02}:00")
    number = desk.book(RUTH)
    asked = datetime.now(BERLIN)
    status = synced(staff)
    assert datetime.now(BERLIN) - asked < timedelta(seconds=5)
    assert status["execution_time_ms"] < 5_000
    assert status["result"]["id"] == desk.booked(number)[0].id
    assert len(everything(desk.database)["appointments"]) == 1

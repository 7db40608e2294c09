"""One patient never reaches another's data, nor the staff's pages: tried at every address there is.

A new address is tried by being there; one that patients may use needs a line in ASKED.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from admin_api.cookies import COOKIE
from admin_api.pages import ENDPOINTS as PAGES
from admin_api.resources import ENDPOINTS as API
from practice.database.tables import appointments, holds, objects, patients, sessions
from practice.passwords import digest
from practice.use_cases.holding import Wish, hold
from practice.use_cases.patients import save_patient
from practice.use_cases.sessions import begin_session, proof_of
from tests.arranging import MUELLER, Surgery, a_patient, berlin
from tests.building import PROFILE, the_account, writing
from tests.in_api import api_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from starlette.testclient import TestClient

    from admin_api.endpoint import Endpoint
    from practice.database import SqlDatabase

ROOT = "/api/patient-portal"
OWN = f"{ROOT}/appointments"
EVERY = (*API, *PAGES)
#: Long enough to be a secret of ours, and nobody's.
GUESS = "x" * 43
SLOT = {"type": "kontrolle", "doctor": MUELLER, "start": "{start}"}
_PERSON = {"first_name": "Eva", "last_name": "Eins", "birth_date": "1990-05-05", "email": "e@x.org"}
Asked = tuple[str, "dict[str, Any] | None"]
#: What patient A asks for at each address that patients may use: query and body, with what is B's.
ASKED: Mapping[tuple[str, str], Sequence[Asked]] = {
    ("GET", OWN): [("", None)],
    ("POST", OWN): [("", {"hold": "{hold}x"}), ("", SLOT)],
    ("GET", f"{OWN}.ics"): [("", None)],
    ("GET", f"{OWN}/{{appointment_id:id}}.ics"): [("", None)],
    ("GET", f"{OWN}/{{appointment_id:id}}/available-slots"): [("", None)],
    ("POST", f"{OWN}/{{appointment_id:id}}/cancel"): [("", {}), ("", None)],
    ("POST", f"{OWN}/{{appointment_id:id}}/reschedule"): [("", {"start": "{later}"})],
    ("GET", "/termine"): [("", None), ("?absagen={one}", None), ("?verlegen={one}&alle=1", None)],
    ("GET", "/termine/anmelden"): [("", None), ("?schluessel={hold}", None)],
    ("GET", "/anmelden"): [("", None)],
    ("GET", "/anmelden/extern"): [("?zu=/termine", None)],
    ("GET", "/anmelden/extern/zurueck"): [("?state={hold}&code={one}", None)],
    ("GET", "/anmelden/extern/abmelden"): [("", None)],
    ("GET", "/sprache"): [("?sprache=en&zu=/termine", None)],
    ("GET", "/buchen"): [("?art=kontrolle&arzt=dr-mueller&zeit={start}", None)],
    ("GET", f"{ROOT}/types"): [("", None)],
    ("GET", f"{ROOT}/available-slots"): [("?type=kontrolle&from=2026-11-23", None)],
    ("POST", f"{ROOT}/hold"): [("", SLOT)],
    ("DELETE", f"{ROOT}/hold"): [("", {"hold": GUESS})],
    ("POST", f"{ROOT}/book"): [("", {"hold": GUESS, "person": _PERSON})],
    ("POST", f"{ROOT}/sign-in"): [("", {"email": "p200@example.org"})],
    ("POST", f"{ROOT}/session"): [("", {"secret": GUESS})],
    ("DELETE", "/api/session"): [("", None)],
}


@dataclass(frozen=True)
class Two:
    """Patient A, who has signed in, and B, of whom A knows everything but the secrets."""

    surgery: Surgery
    a: TestClient
    staff: TestClient
    theirs: Mapping[str, str]
    #: What is B's alone, as it would stand in an answer.
    of_b: tuple[str, ...]

    def rows(self) -> list[tuple[object, ...]]:
        """Return all that is stored of appointments, patients and whoever has signed in."""
        with self.surgery.database.engine.connect() as connection:
            found = [
                tuple(row)
                for table in (patients, appointments, objects, holds)
                for row in connection.execute(select(table).order_by(table.c.id))
            ]
            kept = connection.execute(
                select(sessions.c.secret).order_by(sessions.c.secret)
            ).scalars()
            return [*found, tuple(kept)]

    def ask(self, client: TestClient, endpoint: Endpoint, query: str, body: Any) -> Any:
        address = endpoint.path.replace(":id", "").format_map(_Ids(self.theirs)) + query
        return client.request(endpoint.method, self._told(address), json=self._told(body))

    def _told(self, told: Any) -> Any:
        if isinstance(told, dict):
            return {name: self._told(value) for name, value in told.items()}
        return told.format(**self.theirs) if isinstance(told, str) and "{" in told else told


class _Ids(dict[str, str]):
    """What stands in an address where something is left open: always something of B."""

    def __missing__(self, name: str) -> str:
        return self["patient" if name == "patient_id" else "one"]


@pytest.fixture
def two(practice: SqlDatabase) -> Iterator[Two]:
    surgery = Surgery(practice)
    with writing(practice) as uow:
        known = a_patient("200", "Brückner", "Berta")
        record = replace(known.record, phone="030 7654321", insurance_number="B123456789")
        save_patient(uow, replace(known, record=record, id=surgery.patients["200"]))
    theirs = surgery.book(berlin("2026-11-24 10:00"), patient="200", patient_note="nur für B")
    surgery.book(berlin("2026-11-24 11:00"), patient="100")
    secret = "a" * 43
    with writing(practice) as uow:
        start = berlin("2026-11-25 09:00")
        wish = Wish(surgery.types["kontrolle"], surgery.doctors[MUELLER], start)
        kept, _ = hold(uow, wish, "192.0.2.9", PROFILE)
        uow.sessions.begin(digest(secret), account_id=None, patient_id=surgery.patients["100"])
        admin = begin_session(uow, the_account(uow, "admin"))
    names = {
        "one": str(theirs.appointment.id),
        "patient": str(surgery.patients["200"]),
        "start": "2026-11-25T09:00:00+01:00",
        "later": "2026-11-26T09:00:00+01:00",
        "hold": kept,
    }
    alone = ("Brückner", "Berta", "p200@", "7654321", "B123456789", "nur für B")
    with api_of(practice, endpoints=EVERY) as doors:
        clients: list[TestClient] = []
        for word in (secret, admin):
            client = doors.visitor("192.0.2.7")
            client.headers.update({"Cookie": f"{COOKIE}={word}", "X-CSRF-Token": proof_of(word)})
            client.follow_redirects = False
            clients.append(client)
        patient, staff = clients
        yield Two(surgery, patient, staff, names, (*alone, theirs.appointment.uid))


def patients_addresses() -> list[Endpoint]:
    return [one for one in EVERY if one.open or one.of_patient]


def test_every_address_of_patients_is_tried() -> None:
    there = {(one.method, one.path) for one in patients_addresses()}
    new = there - ASKED.keys()
    assert not new, f"Patients may use {new}: say in ASKED what is tried there."
    assert ASKED.keys() <= there


def test_a_patient_gets_nothing_of_another_and_changes_nothing(two: Two) -> None:
    before = two.rows()
    for endpoint in patients_addresses():
        if endpoint.method == "DELETE" and endpoint.path == "/api/session":
            continue  # in the end: it is the own one that ends
        for query, body in ASKED[endpoint.method, endpoint.path]:
            told = two.ask(two.a, endpoint, query, body)
            where = (endpoint.method, endpoint.path, query, told.status_code, told.text[:300])
            assert not [word for word in two.of_b if word in told.text], where
            is_theirs = "appointment_id" in endpoint.path or "{one}" in query
            nowhere = "/extern" in endpoint.path  # this practice has no identity provider
            good = {404} if is_theirs or nowhere else {200, 202, 204, 303, 409}
            assert told.status_code in good, where
            assert two.rows() == before, where
    assert two.a.request("DELETE", "/api/session").status_code == 204
    after = two.rows()
    assert (after[:-1], len(after[-1])) == (before[:-1], 1)  # the staff's session goes on
    assert two.a.get(OWN).status_code == 401


def test_a_patient_reaches_nothing_of_the_staff(two: Two) -> None:
    before = two.rows()
    reached = []
    for endpoint in EVERY:
        if endpoint.open or endpoint.of_patient:
            continue
        told = two.ask(two.a, endpoint, "", None if endpoint.method == "GET" else {})
        if told.status_code != 401 or any(word in told.text for word in two.of_b):
            reached.append((endpoint.method, endpoint.path, told.status_code))
    assert reached == []
    assert two.rows() == before


def test_the_staff_are_nobodys_patient(two: Two) -> None:
    before = two.rows()
    for endpoint in patients_addresses():
        if not endpoint.of_patient:
            continue
        for query, body in ASKED[endpoint.method, endpoint.path]:
            told = two.ask(two.staff, endpoint, query, body)
            assert told.status_code == 401, (endpoint.method, endpoint.path, told.text[:200])
    assert two.rows() == before
    # It is not that they are not signed in.
    assert two.staff.get("/api/patients").status_code == 200

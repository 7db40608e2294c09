"""A served practice in which everything there is a page for is there, under names that want to be
more than text.
"""

from __future__ import annotations

import shutil
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert, update

from practice.access import Account, Role
from practice.accounts import CredentialKind, Doctor, Room
from practice.appointments import Slot, Status
from practice.conflicts import Dispute, DisputeKind, Terms
from practice.database import SqlDatabase
from practice.database.tables import appointments, letters, tasks
from practice.details import Category
from practice.letters import LetterState
from practice.messages import Message, Receiver
from practice.passwords import digest
from practice.patients import Patient, PatientRecord
from practice.sources import SourceState
from practice.use_cases.accounts import change_account, give_secret
from practice.use_cases.arranging import book
from practice.use_cases.desk import Desk
from practice.use_cases.feeds import make as make_feed
from practice.use_cases.free_times import Search, next_free_slots
from practice.use_cases.house import add_doctor, add_room
from practice.use_cases.offers import save_category, save_type
from practice.use_cases.patients import save_patient
from practice.use_cases.sessions import begin_session
from practice.views import Level
from tests.arranging import Surgery, a_type
from tests.building import BERLIN, PROFILE, a_practice, the_account, writing
from tests.patient_lists import HEAD, row_of
from tests.servers import RunningServer
from tests.test_overview import book as note

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from practice.database.unit_of_work import SqlUnitOfWork
    from practice.details import Booked

HOUR = timedelta(hours=1)
#: Markup, a direction that turns what comes after it, and 200 characters without a place to break.
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\u202e" + "Ü" * 146
#: Where every letter has to be one that is seen.
SEEN = HOSTILE.replace("\u202e", "")
#: Where short names go: a tool's name, the practice's own.
SHORT = "<b onclick=alert(3)>Praxis & Söhne</b>"
REASON = "<img src=y onerror=alert(4)> "
#: What a cookie of a patient's session is made of; of the staff's it is drawn.
PATIENTS_SECRET = "patient"


@dataclass(frozen=True)
class HostilePractice:
    """The served practice, ids of what is in it, and the secret of the administrator's session."""

    server: RunningServer
    patient: int
    appointment: int
    day: date
    kind: str
    doctor: str
    plan: int
    admin: str

    @property
    def url(self) -> str:
        return self.server.url


@contextmanager
def a_hostile_practice(folder: Path, template: Path) -> Iterator[HostilePractice]:
    """Serve it, on SQLite."""
    path = folder / "praxis.db"
    shutil.copy(template, path)
    now = datetime.now(UTC)
    with closing(SqlDatabase(f"sqlite:///{path}")) as database:
        a_practice(database)
        surgery = Surgery(database)
        with writing(database, now=now) as uow:
            patient = _house(uow)
            _access(uow)
            desk_full_of_work(uow, now, HOSTILE)
            uow.sources.save(SourceState(SHORT, now, now - 3 * HOUR, error="ConnectTimeout"))
            admin = begin_session(uow, the_account(uow, "admin"))
            uow.sessions.begin(digest(PATIENTS_SECRET), account_id=None, patient_id=patient)
            booked = _booked(uow, surgery, patient, now)
    options = {
        "PRAXIS_CALDAV_PRACTICE__NAME": SHORT,
        "PRAXIS_CALDAV_API__VISITORS_PER_MINUTE": "100000",
        "PRAXIS_CALDAV_API__PER_MINUTE": "100000",
    }
    with RunningServer(f"sqlite:///{path}", options=options, forked=True) as server:
        yield HostilePractice(
            server,
            patient,
            booked.appointment.id,
            booked.appointment.slot.start.astimezone(BERLIN).date(),
            "hostile",
            "dr-hostile",
            _a_list(server),
            admin,
        )


def _house(uow: SqlUnitOfWork) -> int:
    add_doctor(uow, Doctor("dr-hostile", HOSTILE, HOSTILE))
    add_room(uow, Room("hostile", HOSTILE))
    save_category(uow, Category("hostile", HOSTILE, "teal"))
    kind = a_type("hostile", name=HOSTILE, category="hostile", needs_confirmation=True)
    save_type(uow, replace(kind, rooms=("hostile",), doctors=("dr-hostile",), specialty=""))
    record = PatientRecord(HOSTILE, REASON, "1966-02-03", "p666@example.org", number="666")
    return save_patient(uow, Patient("666", record)).id


def _access(uow: SqlUnitOfWork) -> None:
    change_account(uow, Account(0, "admin", Role.ADMIN, display_name=SEEN))
    make_feed(uow, "dr-hostile", Level.READ, SEEN)
    for name in ("admin", "gast"):
        give_secret(uow, the_account(uow, name), CredentialKind.APP_PASSWORD, SEEN)


def _booked(uow: SqlUnitOfWork, surgery: Surgery, patient: int, now: datetime) -> Booked:
    desk = Desk(uow, PROFILE)
    within = Slot(now + timedelta(days=3), now + timedelta(days=12))
    kind = desk.type_called("hostile")
    (free,) = next_free_slots(desk, Search(kind, within, patient_id=patient), 1)
    order = surgery.order(free.slot.start)
    order = replace(order, doctor_id=free.doctor_id, type_id=kind.id, patient_id=patient)
    return book(uow, replace(order, note=REASON * 20, patient_note=REASON, reason=HOSTILE), PROFILE)


def desk_full_of_work(uow: SqlUnitOfWork, now: datetime, name: str) -> None:
    """Have much wait for a person: of a patient of this name, letters, a conflict, tools."""
    to_come = [(now + timedelta(days=3 + n)).astimezone(BERLIN).date() for n in range(6)]
    record = PatientRecord(name, "Anna", number="1")
    patient = uow.patients.save(Patient("1", record, to_review=True))
    note(uow, f"{to_come[0]} 09:00", status=Status.TENTATIVE, booked=now - 30 * HOUR)
    made = [note(uow, f"{day} 10:00") for day in to_come[1:]]
    whose = update(appointments).where(appointments.c.id == made[0].id)
    uow.connection.execute(whose.values(patient_id=patient.id))
    for about, to, error in (
        (made[0], Receiver.PATIENT, "status 550"),
        (made[1], Receiver.WEBHOOK, "Etwas Neues"),
    ):
        uow.outbox.post(to, Message.MOVED, about, "{}")
        (last, *_) = uow.outbox.newest([LetterState.WAITING], None, 1)
        this = update(letters).where(letters.c.id == last.id)
        uow.connection.execute(this.values(state="failed", error=error, settled=now, due=now))
    terms = Terms(now.isoformat(), (now + HOUR).isoformat(), "dr-mueller", "", "CONFIRMED")
    theirs = replace(terms, end=(now + 2 * HOUR).isoformat())
    kept = Dispute(0, made[2].id, "calcom", DisputeKind.CHANGED, now - HOUR, terms, theirs)
    uow.disputes.save(kept)
    uow.receipts.receive("calcom", "k", {}, b"x", "not what a webhook says")
    uow.sources.save(SourceState("calcom", now, now - 3 * HOUR))
    old = now - 30 * HOUR
    uow.sources.save(SourceState("calldoc", now, old, error="ConnectTimeout", since=old))
    row = {"id": "t", "kind": "single_patient", "key": "1", "state": "failed", "begun": now}
    row |= {"asked": "{}", "made_by": "empfang", "ended": now, "due": now + HOUR}
    told = '{"error": {"code": "timeout", "text": "It took longer than it may."}}'
    uow.connection.execute(insert(tasks), row | {"told": told})


def _a_list(server: RunningServer) -> int:
    """Hand over a list with a row to decide about; return its id once it is read."""
    row = row_of(PatientRecord(HOSTILE[:200], "Eva", "", "", "030 5551234"))
    doubtful = row_of(PatientRecord(HOSTILE[:200], REASON, "1971-02-03", "x@example.org", ""))
    with server.client("admin") as client:
        made = client.post(
            "/api/patients/import",
            content="\n".join((HEAD, row, doubtful)).encode(),
            headers={"Content-Type": "application/octet-stream", "X-File-Name": "x.csv"},
        )
        assert made.status_code in {200, 201, 202}, made.text
        number = made.json()["id"]
        with client.stream("GET", f"/api/imports/{number}/events") as events:
            for _ in events.iter_lines():  # it ends when the list is read
                pass
    return int(number)

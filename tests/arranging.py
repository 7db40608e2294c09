"""A practice that can be booked, and what is done in it, in a line each."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from practice.access import Actor
from practice.accounts import Room
from practice.patients import Patient, PatientRecord
from practice.schedule import AppointmentType
from practice.use_cases.arranged_objects import object_of
from practice.use_cases.arranging import Order, book
from practice.use_cases.desk import Desk
from practice.use_cases.house import add_room
from practice.use_cases.patients import save_patient
from practice.use_cases.verify import verify
from tests.building import BERLIN, NOW, PROFILE, reading, the_account, writing

if TYPE_CHECKING:
    from practice.calendars import CalendarObject
    from practice.database import SqlDatabase
    from practice.details import Booked

MUELLER, SCHMIDT = "dr-mueller", "dr-schmidt"
ROOMS = ("raum-1", "raum-2")


def berlin(text: str) -> datetime:
    """Return a local time such as "2026-11-23 10:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


TEN = berlin("2026-11-23 10:00")


def a_type(slug: str = "kontrolle", **more: Any) -> AppointmentType:
    """Return a type of half an hour."""
    usual: dict[str, Any] = {
        "name": slug.title(),
        "minutes": 30,
        "min_minutes": 15,
        "max_minutes": 60,
        "online": True,
    }
    return AppointmentType(slug, **(usual | more))


def a_patient(number: str, last_name: str = "Ährenthaler", first_name: str = "Zoë") -> Patient:
    record = PatientRecord(
        last_name,
        first_name,
        birth_date="1966-02-03",
        email=f"p{number}@example.org",
        phone="030 1234567",
        insurance="GESETZLICH",
        number=number,
    )
    return Patient(number, record)


class Surgery:
    """A practice with two doctors, two rooms, types and patients; ids by their short names."""

    def __init__(self, database: SqlDatabase) -> None:
        self.database = database
        self.now = NOW
        with writing(database) as uow:
            self.doctors = {doctor.slug: doctor.id for doctor in uow.house.doctors()}
            self.rooms = {s: add_room(uow, Room(s, s.title())).id for s in ROOMS}
            made = (
                a_type(),
                a_type("op", rooms=ROOMS, online=False),
                a_type("eng", rooms=ROOMS[:1]),
            )
            self.types = {kind.slug: uow.house.save_type(kind).id for kind in made}
            names = (("100", "Ährenthaler"), ("200", "Brückner"), ("300", "Cordes"))
            self.patients = {n: save_patient(uow, a_patient(n, name)).id for n, name in names}

    def order(self, start: datetime = TEN, **more: Any) -> Order:
        """Return what is ordered of Dr. Müller; doctor, kind, patient and room by short names."""
        named: dict[str, tuple[str, dict[str, int]]] = {
            "doctor": ("doctor_id", self.doctors),
            "kind": ("type_id", self.types),
            "patient": ("patient_id", self.patients),
            "room": ("room_id", self.rooms),
        }
        usual = {"doctor": MUELLER, "kind": "kontrolle", "patient": "100"} | more
        values: dict[str, Any] = {}
        for name, value in usual.items():
            field, ids = named.get(name, (name, {}))
            values[field] = ids[value] if ids else value
        return Order(start=start, **values)

    def book(self, start: datetime = TEN, **more: Any) -> Booked:
        with self.writing() as uow:
            return book(uow, self.order(start, **more), PROFILE)

    def writing(self, account: str = "empfang") -> Any:
        with reading(self.database) as uow:
            known = the_account(uow, account)
        return writing(self.database, Actor(known.id, known.name), self.now)

    def reading(self) -> Any:
        return reading(self.database, self.now)

    def object_of(self, booked: Booked) -> CalendarObject:
        with self.reading() as uow:
            return object_of(Desk(uow, PROFILE), booked.appointment)

    @property
    def waiting(self) -> list[tuple[str, str]]:
        with self.reading() as uow:
            return [(str(to), str(message)) for to, message, _ in uow.outbox.waiting()]

    def is_whole(self) -> bool:
        with self.reading() as uow:
            return list(verify(uow, PROFILE, lambda: None)) == []

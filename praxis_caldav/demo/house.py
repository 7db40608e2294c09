"""The demo practice without its appointments: doctors, rooms, what is offered, accounts.

Not here: what is booked there (`praxis_caldav.demo.make_bookings`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from practice.access import Account, Level, Role
from practice.accounts import Doctor, Room
from practice.schedule import AppointmentType, BookingRules
from practice.use_cases.accounts import add_account, grant, set_password
from practice.use_cases.house import add_doctor, add_room
from practice.use_cases.offers import save_rules, save_type
from praxis_caldav.commands.context import COMMAND_LINE

if TYPE_CHECKING:
    from practice.database import SqlDatabase

__all__ = ["ACCOUNTS", "furnish"]

_DOCTORS = (
    Doctor("dr-mueller", "Dr. Müller", "Gefäßchirurgie"),
    Doctor("dr-schmidt", "Dr. Schmidt", "Viszeralchirurgie"),
    Doctor("dr-yilmaz", "Dr. Yılmaz", "Wundmanagement und Nachsorge"),
)
_ROOMS = (Room("raum-1", "Raum 1"), Room("raum-2", "Raum 2"))
_TYPES = (
    AppointmentType(
        "erstbesuch",
        "Erstbesuch",
        name_en="First visit",
        minutes=30,
        min_minutes=20,
        max_minutes=45,
        online=True,
        needs_confirmation=True,
        step=15,
        color="mediumseagreen",
    ),
    AppointmentType(
        "kontrolluntersuchung",
        "Kontrolluntersuchung",
        name_en="Check-up",
        minutes=20,
        min_minutes=10,
        max_minutes=40,
        online=True,
        color="steelblue",
    ),
    AppointmentType(
        "sonographie",
        "Sonographie",
        name_en="Ultrasound",
        minutes=30,
        min_minutes=15,
        max_minutes=45,
        doctors=("dr-mueller", "dr-schmidt"),
        color="goldenrod",
    ),
    AppointmentType(
        "op-vorgespraech",
        "OP-Vorgespräch",
        name_en="Talk before surgery",
        minutes=45,
        min_minutes=30,
        max_minutes=60,
        doctors=("dr-mueller", "dr-schmidt"),
        color="sienna",
    ),
    AppointmentType(
        "nachsorge",
        "Nachsorge",
        name_en="Follow-up",
        minutes=15,
        min_minutes=10,
        max_minutes=30,
        buffer_after=5,
        color="slateblue",
    ),
    AppointmentType(
        "wundkontrolle",
        "Wundkontrolle",
        name_en="Wound check",
        minutes=20,
        min_minutes=10,
        max_minutes=40,
        rooms=("raum-2", "raum-1"),
        doctors=("dr-yilmaz",),
        online=True,
        color="mediumvioletred",
    ),
)
_RULES = BookingRules(land="BE")
#: Name, role, doctor's calendar, what it is called on pages, what it is for.
ACCOUNTS = (
    ("admin", Role.ADMIN, None, "Praxisverwaltung", "everything"),
    ("empfang", Role.STAFF, None, "Empfang", "front desk: reads and writes every calendar"),
    ("mueller", Role.DOCTOR, "dr-mueller", "Dr. Müller", "Dr. Müller: own calendar"),
    (
        "praxissoftware",
        Role.PVS,
        None,
        "Praxissoftware",
        "practice software: reads and writes every calendar",
    ),
    ("online-buchung", Role.BOOKING, None, "Online-Buchung", "booking tool: sees its own"),
)


def furnish(database: SqlDatabase, hashed: str) -> None:
    """Make doctors, rooms and accounts; where they are, only the password is new."""
    with database.begin(actor=COMMAND_LINE, now=datetime.now(UTC)) as uow:
        if uow.house.doctors():
            for known in uow.accounts.all():
                set_password(uow, known, hashed)
            return
        doctors = {doctor.slug: add_doctor(uow, doctor).id for doctor in _DOCTORS}
        for room in _ROOMS:
            add_room(uow, room)
        for kind in _TYPES:
            save_type(uow, kind)
        save_rules(uow, _RULES)
        for name, role, doctor, display, _ in ACCOUNTS:
            doctor_id = doctors[doctor] if doctor else None
            made = add_account(uow, Account(0, name, role, doctor_id, display))
            set_password(uow, made, hashed)
            if role in {Role.PVS, Role.BOOKING}:
                grant(uow, made, "all", Level.WRITE)

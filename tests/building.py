"""Things the tests need, built in a line each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from practice.access import SYSTEM, Account, Actor, Level, Role, view
from practice.accounts import Doctor
from practice.calendars import Draft
from practice.passwords import hash_password
from practice.profile import Profile
from practice.use_cases.accounts import add_account, grant, set_password
from practice.use_cases.house import add_doctor, ensure_main_calendar
from practice.vevent import Limits, read
from practice.views import View

if TYPE_CHECKING:
    from practice.database import SqlDatabase
    from practice.database.unit_of_work import SqlUnitOfWork

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PROFILE = Profile(name="Praxis am Park", email="praxis@example.org", uid_domain="example.org")
PASSWORD = "ein langes Passwort"
DOCTORS = ("dr-mueller", "dr-schmidt")
#: One account of each role; see `a_practice`.
ACCOUNTS = ("admin", "empfang", "mueller", "albis", "buchung", "gast")


def an_event(
    uid: str = "termin-1",
    start: str = "20261123T100000",
    end: str = "20261123T103000",
    *more: str,
    tzid: str = "Europe/Berlin",
) -> str:
    """Return a calendar object; `more` are further lines of its VEVENT."""
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Tests//Tests//DE",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        "DTSTAMP:20261101T080000Z",
        f"DTSTART;TZID={tzid}:{start}",
        f"DTEND;TZID={tzid}:{end}",
        *more,
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    )
    return "\r\n".join(lines)


def a_draft(href: str, text: str, now: datetime = NOW) -> Draft:
    """Return a draft with the facts read from its text."""
    return Draft(href, text, read(text, zone=BERLIN, now=now, limits=Limits()))


@contextmanager
def writing(
    database: SqlDatabase, actor: Actor = SYSTEM, now: datetime = NOW
) -> Iterator[SqlUnitOfWork]:
    """Open one transaction."""
    with database.begin(actor=actor, now=now) as uow:
        yield uow


@contextmanager
def reading(database: SqlDatabase, now: datetime = NOW) -> Iterator[SqlUnitOfWork]:
    """Open one snapshot."""
    with database.begin(actor=SYSTEM, now=now, read_only=True) as uow:
        yield uow


@cache
def _hashed() -> str:
    return hash_password(PASSWORD)  # which is slow by design


def a_practice(database: SqlDatabase) -> None:
    """Set up two doctors, the main calendar, and an account of each role.

    admin; empfang (staff); mueller (doctor); albis (pvs, writes everywhere); buchung (booking,
    writes everywhere); gast (reader of dr-mueller only). All have PASSWORD.
    """
    hashed = _hashed()
    with writing(database) as uow:
        ensure_main_calendar(uow, "praxis", PROFILE.name)
        doctors = [
            add_doctor(uow, Doctor(slug, slug.replace("dr-", "Dr. ").title())) for slug in DOCTORS
        ]
        roles = (
            ("admin", Role.ADMIN, None),
            ("empfang", Role.STAFF, None),
            ("mueller", Role.DOCTOR, doctors[0].id),
            ("albis", Role.PVS, None),
            ("buchung", Role.BOOKING, None),
            ("gast", Role.READER, None),
        )
        made = {}
        for name, role, doctor_id in roles:
            made[name] = add_account(uow, Account(0, name, role, doctor_id))
            set_password(uow, made[name], hashed)
        grant(uow, made["albis"], "all", Level.WRITE)
        grant(uow, made["buchung"], "all", Level.WRITE)
        grant(uow, made["gast"], "dr-mueller", Level.READ)


def the_account(uow: SqlUnitOfWork, name: str) -> Account:
    """Return an account."""
    found = uow.accounts.by_name(name)
    assert found is not None
    return found[0]


def the_view(uow: SqlUnitOfWork, account: str, calendar: str) -> View:
    """Return what an account sees of a calendar."""
    everything = uow.calendars.all()
    wanted = next(c for c in everything if c.name == calendar)
    return view(the_account(uow, account), wanted, everything, uow.epoch)

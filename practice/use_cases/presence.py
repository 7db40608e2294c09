"""When the doctors are there on some days, and why not where they are not: what a day is drawn on.

Not here: what is taken (`practice.use_cases.busy_calendar`) or free (`.free_times`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from practice.access import level
from practice.errors import Invalid
from practice.schedule import WorkingHours, concerning, openings
from practice.schedule.holidays import holidays_between
from practice.use_cases.entered import days_from
from practice.use_cases.offered import exceptions_within
from practice.views import Level

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from practice.access import Account
    from practice.accounts import Doctor
    from practice.appointments import Slot
    from practice.schedule import HoursException
    from practice.use_cases.desk import Desk

__all__ = ["LONGEST", "Presence", "presence"]

#: A month as calendars show it: six weeks.
LONGEST = timedelta(days=42)


@dataclass(frozen=True, slots=True)
class Presence:
    """Who is there: `hours` are the openings of each doctor, in order, in the practice's zone;
    `closed` are the times at which somebody is not there, or a room is not used.
    """

    hours: Sequence[tuple[Doctor, Sequence[Slot]]]
    closed: Sequence[HoursException]
    holidays: Mapping[date, str]


def presence(desk: Desk, account: Account, first: date, last: date) -> Presence:
    """Return who is there from the first day to the last, both included; of the doctors whose
    calendars the account sees anything of. Raises Invalid for more than LONGEST.
    """
    if last - first >= LONGEST:
        raise Invalid(f"Hours are told of {LONGEST.days} days at most.")
    within = days_from(first, last, desk.profile.zone)
    exceptions = exceptions_within(desk.uow, within)
    until = last + timedelta(days=1)
    holidays = holidays_between(desk.rules, first, until)
    calendars = desk.calendars.values()
    seen = {c.doctor_id for c in calendars if level(account, c) > Level.NONE}
    hours = []
    for doctor in (one for one in desk.doctors.values() if one.id in seen):
        own = concerning(exceptions, doctor.id)
        there = openings(_usual(doctor), own, holidays, first, until, desk.profile.zone)
        hours.append((doctor, there))
    closed = [e for e in exceptions if not e.open and e.doctor_id in {None, *seen}]
    return Presence(hours, closed, holidays)


def _usual(doctor: Doctor) -> WorkingHours:
    try:
        return WorkingHours.parse(doctor.hours)
    except Invalid:
        return WorkingHours(())  # entered by an older version

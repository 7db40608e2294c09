"""When a person of the practice, or a calendar, is busy, for whoever may know."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from practice.access import Account, Level, Role, level
from practice.properties import TRANSPARENCY
from practice.use_cases.availability import beside_busy
from practice.use_cases.reading import busy_or_away, busy_times
from practice.views import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from practice.calendars import Calendar
    from practice.facts import Span
    from practice.ports import UnitOfWork
    from practice.profile import Profile
    from practice.vevent import Occupied

__all__ = ["Unanswered", "busy_calendar", "busy_person", "counts", "is_own"]


class Unanswered(StrEnum):
    """Why somebody's times are not told, as RFC 5546 3.6 numbers it."""

    UNKNOWN = "3.7;Invalid calendar user"
    HIDDEN = "3.8;No authority"
    NO_CALENDAR = "5.3;No scheduling support for user"


def is_own(account: Account, calendar: Calendar) -> bool:
    """Tell whether the calendar is that of the person: a doctor's own."""
    if account.role is not Role.DOCTOR or calendar.doctor_id is None:
        return False
    return calendar.doctor_id == account.doctor_id


def counts(calendar: Calendar) -> bool:
    """Tell whether what stands in the calendar makes its owner busy (RFC 6638 9.1)."""
    return "transparent" not in calendar.properties.get(TRANSPARENCY, "")


def busy_person(
    uow: UnitOfWork,
    asking: Account,
    person: Sequence[Account],
    calendars: Sequence[Calendar],
    span: Span,
    profile: Profile,
) -> list[Occupied] | Unanswered:
    """Return when a person is not free in `span`, which has two ends, by start.

    `person` are the accounts of one person that `asking` may find, `calendars` all of the
    practice. Only when is told, so seeing a calendar as busy is enough.
    """
    if not person:
        return Unanswered.UNKNOWN
    own = [c for c in calendars if any(is_own(account, c) for account in person)]
    if not own:
        return Unanswered.NO_CALENDAR
    seen = [c for c in own if level(asking, c) >= Level.BUSY]
    if not seen:
        return Unanswered.HIDDEN
    busy: list[Occupied] = []
    for calendar in filter(counts, seen):
        whole = View(calendar, (calendar,), uow.epoch)
        busy += busy_times(uow, whole, span, profile)
    busy.sort(key=lambda occurrence: occurrence.start)
    return beside_busy(uow, person, busy, span, profile)


def busy_calendar(uow: UnitOfWork, view: View, span: Span, profile: Profile) -> list[Occupied]:
    """Return when a view is not free in `span`, which has two ends, by start.

    In a doctor's calendar that is also when the doctor says not to be there (RFC 7953 5).
    """
    busy = busy_or_away(uow, view, span, profile)
    if view.calendar.doctor_id is None:
        return busy
    doctors = uow.accounts.of_doctor(view.calendar.doctor_id)
    return beside_busy(uow, doctors, busy, span, profile)

"""What a practice looks at first: a constant number of statements, however much there is.

Days, weeks (from Monday) and months are those of the practice's zone. Not here: how it is counted.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from practice.access import Level, level, may_settle
from practice.appointments import Slot, Status
from practice.overview import Appointed, Load, Month, Overview, SourceAge, Week
from practice.schedule import WorkingHours

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from zoneinfo import ZoneInfo

    from practice.access import Account
    from practice.accounts import Doctor
    from practice.ports import UnitOfWork
    from practice.profile import Profile

    #: The open times of a doctor on a day, which is told by an aware moment within it.
    Openings = Callable[[Doctor, datetime], Iterable[Slot]]

__all__ = ["LATELY", "PATIENCE", "SOON", "loaded_days", "overview", "seen_by", "usual_openings"]

#: How far back rates of delivery and failed tasks go.
LATELY = timedelta(days=7)
#: A request that waits for longer is shown as forgotten, and so is one that would start so soon.
PATIENCE, SOON = timedelta(hours=24), timedelta(hours=24)
#: Months of no-shows and weeks of appointments, this one the last; weeks of load before this one
#: and after.
MONTHS, WEEKS, WEEKS_BACK, WEEKS_AHEAD = 12, 12, 4, 1
_SOME, _LAST_FAULTS = 50, 20


def overview(
    uow: UnitOfWork,
    profile: Profile,
    openings: Openings | None = None,
    *,
    faults: int = _LAST_FAULTS,
    day: date | None = None,
) -> Overview:
    """Return how the practice stands now. `openings` are the usual hours if not given; with a
    `day`, it is counted what stands on that one, in its week and its month.
    """
    now, zone, figures = uow.now, profile.zone, uow.figures
    today = now.astimezone(zone).date()
    lately = now - LATELY
    days, week, month = _appointed(uow, day or today, zone)
    waiting, requests = figures.requests(PATIENCE, SOON, _SOME)
    running, failed = figures.tasks(lately, _SOME)
    return Overview(
        at=now,
        today=days,
        week=week,
        month=month,
        letters=figures.delivered(lately),
        webhooks=figures.webhooks(lately),
        faults=tuple(figures.faults(faults)),
        sources=tuple(_sources(uow)),
        queue=tuple(figures.queue()),
        open_conflicts=figures.open_conflicts(),
        requests_waiting=waiting,
        requests=tuple(requests),
        patients_to_review=figures.patients_to_review(),
        weeks=_weeks(uow, today, zone),
        no_shows=_no_shows(uow, today, zone),
        load=_load(uow, today, zone, openings or usual_openings(zone)),
        tasks_running=tuple(running),
        tasks_failed=tuple(failed),
    )


def loaded_days(today: date) -> tuple[date, date]:
    """Return the first day of which load is told, and the one after the last."""
    monday = _monday(today)
    return monday - timedelta(weeks=WEEKS_BACK), monday + timedelta(weeks=WEEKS_AHEAD + 1)


def seen_by(uow: UnitOfWork, account: Account, found: Overview) -> Overview:
    """Return what an account is told of it: a program, of single doctors only whose calendars it
    sees. What is added up over the practice stays.
    """
    if may_settle(account):
        return found
    seen = {c.doctor_id for c in uow.calendars.all() if level(account, c) > Level.NONE} - {None}

    def narrowed(appointed: Appointed) -> Appointed:
        kept = {one: counts for one, counts in appointed.by_doctor.items() if one in seen}
        return Appointed(appointed.by_status, kept)

    return replace(
        found,
        today=narrowed(found.today),
        week=narrowed(found.week),
        month=narrowed(found.month),
        requests=tuple(one for one in found.requests if one.doctor_id in seen),
        load=tuple(one for one in found.load if one.doctor_id in seen),
    )


def usual_openings(zone: ZoneInfo) -> Openings:
    """Return the openings by the doctors' working hours alone."""
    return lambda doctor, day: WorkingHours.kept(doctor.hours).on(day, zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _month(day: date, later: int) -> date:
    """Return the first day of the month so many months later."""
    years, month = divmod(day.year * 12 + day.month - 1 + later, 12)
    return date(years, month + 1, 1)


def _appointed(uow: UnitOfWork, today: date, zone: ZoneInfo) -> tuple[Appointed, ...]:
    """Return what stands in the calendars today, this week and this month."""
    monday = _monday(today)
    spans = (
        (today, today + timedelta(days=1)),
        (monday, monday + timedelta(days=7)),
        (_month(today, 0), _month(today, 1)),
    )
    slots = [Slot(_midnight(first, zone), _midnight(last, zone)) for first, last in spans]
    found: list[dict[int | None, dict[Status, int]]] = [defaultdict(dict) for _ in spans]
    for doctor_id, status, counts in uow.figures.appointed(slots):
        for by_doctor, count in zip(found, counts, strict=True):
            if count:
                by_doctor[doctor_id][status] = count
    return tuple(_summed(by_doctor) for by_doctor in found)


def _summed(by_doctor: dict[int | None, dict[Status, int]]) -> Appointed:
    by_status = {
        status: sum(counts.get(status, 0) for counts in by_doctor.values()) for status in Status
    }
    return Appointed(by_status, dict(by_doctor))


def _sources(uow: UnitOfWork) -> Iterable[SourceAge]:
    for state in uow.sources.all():
        age = uow.now - state.succeeded if state.succeeded else None
        stale = state.is_stale(uow.now)
        yield SourceAge(state.name, state.attempted, state.succeeded, age, stale, state.error)


def _weeks(uow: UnitOfWork, today: date, zone: ZoneInfo) -> tuple[Week, ...]:
    mondays = [_monday(today) + timedelta(weeks=n) for n in range(1 - WEEKS, 2)]
    found = uow.figures.started([_midnight(monday, zone) for monday in mondays])
    return tuple(Week(monday, found.get(n, 0)) for n, monday in enumerate(mondays[:-1]))


def _no_shows(uow: UnitOfWork, today: date, zone: ZoneInfo) -> tuple[Month, ...]:
    firsts = [_month(today, later) for later in range(1 - MONTHS, 2)]
    found = uow.figures.no_shows([_midnight(first, zone) for first in firsts])
    return tuple(Month(first, *found.get(n, (0, 0))) for n, first in enumerate(firsts[:-1]))


def _load(uow: UnitOfWork, today: date, zone: ZoneInfo, openings: Openings) -> tuple[Load, ...]:
    first = _monday(today) - timedelta(weeks=WEEKS_BACK)
    mondays = [first + timedelta(weeks=n) for n in range(WEEKS_BACK + WEEKS_AHEAD + 2)]
    booked = uow.figures.booked([_midnight(monday, zone) for monday in mondays])
    return tuple(
        Load(
            doctor.id, monday, booked.get((doctor.id, n), 0), _open(doctor, monday, zone, openings)
        )
        for doctor in uow.house.doctors()
        for n, monday in enumerate(mondays[:-1])
    )


def _open(doctor: Doctor, monday: date, zone: ZoneInfo, openings: Openings) -> int:
    """Return the minutes that a doctor is open in a week."""
    noons: Sequence[datetime] = [
        datetime.combine(monday + timedelta(days=n), time(12), zone) for n in range(7)
    ]
    # As instants: a clock is set on or back between two times of one day.
    seconds = sum(
        slot.end.timestamp() - slot.start.timestamp()
        for noon in noons
        for slot in openings(doctor, noon)
    )
    return round(seconds / 60)

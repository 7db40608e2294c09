"""When doctors are busy, for whoever sees their calendars in any detail: times, and nothing else.

The rights are those of the calendars (`practice.access.view`), as CalDAV shows them. Costs as many
statements for twenty doctors as for one. Not here: whose appointments these are
(`practice.use_cases.finding_appointments`), nor what is free (`practice.use_cases.free_times`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from practice.access import view
from practice.appointments import Slot
from practice.calendar_zone import zone_of
from practice.calendars import CalendarKind
from practice.errors import Invalid
from practice.use_cases.taken import span_of
from practice.vevent import Busy, occupies

if TYPE_CHECKING:
    from practice.access import Account
    from practice.use_cases.desk import Desk

__all__ = ["LONGEST", "BusyTime", "busy_of_doctors"]

#: A month as calendars show it: six weeks.
LONGEST = timedelta(days=42)


@dataclass(frozen=True, slots=True)
class BusyTime:
    """When a doctor is busy; None: the whole practice. The times are UTC."""

    doctor_id: int | None
    slot: Slot


def busy_of_doctors(
    desk: Desk, account: Account, within: Slot, doctor_id: int | None = None
) -> list[BusyTime]:
    """Return what is not free within a time, by start, of all doctors or of one; in calendars that
    the account sees at least as busy. What concerns the whole practice is told, too.

    Raises Invalid for more than LONGEST.
    """
    if within.end - within.start > LONGEST:
        raise Invalid(f"Busy times are told of {LONGEST.days} days at most.")
    uow, profile, span = desk.uow, desk.profile, span_of(within)
    everything = list(desk.calendars.values())
    union = next((c for c in everything if c.kind is CalendarKind.UNION), None)
    if union is None:
        return []
    seen = view(account, union, everything, uow.epoch)
    sources = [c for c in seen.sources if doctor_id in {None, c.doctor_id} or c == union]
    if not sources:
        return []
    # Who books sees its own objects alone, and has to know when there is no time for another.
    seen = replace(seen, sources=tuple(sources), owner_id=None)
    found: dict[int, set[tuple[int, int]]] = {source.id: set() for source in sources}
    for calendar_id, spans in uow.calendars.occupied_each(seen, span).items():
        found[calendar_id].update(spans)
    by_id = {source.id: source for source in sources}
    for item in uow.calendars.beyond(seen, span, "VEVENT"):
        zone = zone_of(by_id[item.calendar_id], profile)
        more = occupies(item.text, span, zone=zone, limits=profile.limits)
        found[item.calendar_id].update((o.start, o.end) for o in more if o.busy is not Busy.FREE)
    told = [
        (start, end, by_id[calendar_id].doctor_id)
        for calendar_id, spans in found.items()
        for start, end in spans
        if end > start
    ]
    told.sort(key=lambda one: (one[0], one[1], one[2] or 0))
    return [BusyTime(doctor, _slot(start, end)) for start, end, doctor in told]


def _slot(start: int, end: int) -> Slot:
    return Slot(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))

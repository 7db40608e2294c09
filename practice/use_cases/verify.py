"""Is everything as it should be? Every promise the tables can show, checked against them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from practice import acts
from practice.acts import ActQuestion
from practice.calendar_zone import zone_of
from practice.calendars import CalendarKind, CalendarObject, ChangeKind, etag_of
from practice.erasures import ERASED
from practice.errors import Invalid
from practice.log import FIRST_SEAL, LogQuestion, sealed
from practice.vevent import read
from practice.views import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import tzinfo

    from practice.calendars import Calendar, Change
    from practice.erasures import ErasedChange
    from practice.ports import UnitOfWork
    from practice.profile import Profile

__all__ = ["act_faults", "log_faults", "verify"]

_PAGE = 1000


def verify(uow: UnitOfWork, profile: Profile, on_row: Callable[[], None]) -> Iterator[str]:
    """Yield a sentence for everything that is wrong; ids only. Nothing means all is well.

    1. The log has no gap, and every row's seal fits the row before; of rows that lost their texts
       with a patient, the seal is the one that was kept, and an act names the erasure.
    2. What the log says last of every object is what stands in its calendar, and nothing else.
    3. Every ETag, size and time index is that of its text.
    4. Appointments stand where their objects stand.
    5. The acts have no gap, every one's seal fits the one before, and what they tell is what they
       told; what was erased of them may be gone.

    `on_row` is called for every row looked at.
    """
    log = _Log()
    yield from log.check(uow, on_row)
    for calendar in uow.calendars.all():
        yield from _calendar(uow, calendar, log, profile, on_row)
    for (calendar_id, _), (number, _) in sorted(log.last.items()):
        yield f"The object of change {number} is in the log and not in calendar {calendar_id}."
    yield from _appointments(uow)
    yield from act_faults(uow, on_row=on_row)


class _Log:
    def __init__(self) -> None:
        # Number and ETag, not texts: a log is larger than memory.
        self.last: dict[tuple[int, str], tuple[int, str]] = {}
        self.forgotten = 0
        # Whether acts that rows name are erasures.
        self._acts: dict[int, bool] = {}

    def check(
        self, uow: UnitOfWork, on_row: Callable[[], None], after: int | None = None
    ) -> Iterator[str]:
        state = uow.log_state()
        number = self.forgotten = state.forgotten
        seal = state.forgotten_seal if state.forgotten else FIRST_SEAL
        if after is not None and after > number:
            number, seal = after, _seal_of_change(uow, after)
        while page := uow.calendars.log(number, _PAGE):
            erased = uow.traces.erased_changes(page[0].number, page[-1].number)
            for change in page:
                on_row()
                if change.number != number + 1:
                    yield f"The log has no change {number + 1}."
                if (kept := erased.get(change.number)) is not None:
                    yield from self._erased(uow, change, kept)
                elif seal is not None and sealed(seal, change) != change.seal:
                    yield f"The seal of change {change.number} is broken."
                number, seal = change.number, change.seal
                self._note(change)
        if number != state.number:
            yield f"The counter is at {state.number}, the log ends at {number}."
        elif seal is not None and seal != state.seal:
            yield "The last seal of the log is not the one that was kept."

    def _erased(self, uow: UnitOfWork, change: Change, kept: ErasedChange) -> Iterator[str]:
        if kept.seal != change.seal:
            yield f"The seal of change {change.number} is broken."
        if kept.act not in self._acts:
            question = ActQuestion(first=kept.act, last=kept.act, action=ERASED)
            self._acts[kept.act] = bool(list(uow.acts.search(question)))
        if not self._acts[kept.act]:
            yield f"No act tells who erased what change {change.number} told."

    def _note(self, change: Change) -> None:
        if not change.href:
            return
        key = (change.calendar_id, change.href)
        if change.kind is ChangeKind.REMOVED:
            self.last.pop(key, None)
        else:
            self.last[key] = (change.number, etag_of(change.after or ""))


def _calendar(
    uow: UnitOfWork,
    calendar: Calendar,
    log: _Log,
    profile: Profile,
    on_row: Callable[[], None],
) -> Iterator[str]:
    view = View(calendar, (calendar,), uow.epoch)
    for item in uow.calendars.texts(view):
        on_row()
        name = f"Object {item.id} of calendar {calendar.name}"
        logged = log.last.pop((calendar.id, item.href), None)
        forgotten = logged is None and item.number <= log.forgotten
        if not forgotten and logged != (item.number, etag_of(item.text)):
            yield f"{name} is not what the log says."
        yield from _object(uow, item, name, profile, zone_of(calendar, profile))


def _object(
    uow: UnitOfWork, item: CalendarObject, name: str, profile: Profile, zone: tzinfo
) -> Iterator[str]:
    try:
        facts = read(item.text, zone=zone, now=item.changed, limits=profile.limits)
    except Invalid as error:
        yield f"{name} cannot be read: {error}"
        return
    if (facts.uid, facts.component) != (item.uid, item.component):
        yield f"{name} has another UID or kind than its text."
    if item.etag != etag_of(item.text) or item.size != len(item.text.encode()):
        yield f"{name} has another ETag or size than its text."
    if uow.calendars.index_of(item.id) != sorted(facts.occurrences, key=lambda o: (o.start, o.end)):
        yield f"{name} is not in the time index as it should be."


def _appointments(uow: UnitOfWork) -> Iterator[str]:
    kinds = {calendar.id: calendar.kind for calendar in uow.calendars.all()}
    for appointment in uow.appointments.all():
        holders = uow.calendars.uid_holders(appointment.uid)
        here = [holder for holder in holders if holder.calendar_id == appointment.calendar_id]
        name = f"Appointment {appointment.id}"
        if not here and appointment.status != "CANCELLED":
            yield f"{name} has no object in its calendar."
        if appointment.doctor_id and kinds.get(appointment.calendar_id) not in {
            CalendarKind.DOCTOR,
            None,
        }:
            yield f"{name} has a doctor and stands in no doctor's calendar."


def log_faults(uow: UnitOfWork, after: int) -> Iterator[str]:
    """Yield a sentence for everything that is wrong with the log after a number."""
    yield from _Log().check(uow, lambda: None, after)


def _seal_of_change(uow: UnitOfWork, number: int) -> bytes | None:
    """Return the seal of a row, None if nobody knows it."""
    rows = uow.calendars.search_log(LogQuestion(first=number, last=number))
    return next((change.seal for change in list(rows)), None)


def act_faults(
    uow: UnitOfWork, after: int = 0, on_row: Callable[[], None] = lambda: None
) -> Iterator[str]:
    """Yield a sentence for everything that is wrong with the acts after a number."""
    number, seal = after, _seal_of_act(uow, after)
    # The first of each thing whose text is gone: that it was erased is told by a later act.
    gone: dict[tuple[str, str], int] = {}
    for act in uow.acts.search(acts.ActQuestion(first=after + 1)):
        on_row()
        if act.number != number + 1:
            yield f"There is no act {number + 1}."
        if seal is not None:
            yield from acts.faults(seal, act)
        if act.action == acts.ERASED:
            gone.pop((act.kind, act.of), None)
        if act.is_erased:
            gone.setdefault((act.kind, act.of), act.number)
        number, seal = act.number, act.seal
    for lost in gone.values():
        yield f"What act {lost} told is gone, and nobody has erased it."
    last, last_seal = uow.acts.head()
    if number != last:
        yield f"The last act was {last}, the acts end at {number}."
    elif seal is not None and seal != last_seal:
        yield "The last seal of the acts is not the one that was kept."


def _seal_of_act(uow: UnitOfWork, number: int) -> bytes | None:
    """Return the seal of an act, None if nobody knows it."""
    if number == 0:
        return acts.FIRST_SEAL
    rows = uow.acts.search(acts.ActQuestion(first=number, last=number))
    return next((act.seal for act in list(rows)), None)

"""Taking back what one has just done to an appointment oneself, the last first.

Whoever may write the calendar may do so; nobody else's change is lost by it. Appointment, details
and object are again what the act tells that they were. Not here: taking back anybody's changes of
any time (`practice.use_cases.undo`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from practice.access import may_take_back
from practice.acts import Kind
from practice.appointments import Status
from practice.calendars import CalendarKind
from practice.details import Booked
from practice.errors import CannotUndo, PreconditionFailed, SlotTaken
from practice.facts import Busy, Occupied
from practice.log import LogQuestion
from practice.use_cases.appointment_acts import as_told, told_of
from practice.use_cases.appointments import tell
from practice.use_cases.arranged_objects import object_of
from practice.use_cases.case import Case
from practice.use_cases.taken import doctor_is_busy, seconds_of, span_of
from practice.use_cases.undo_acts import is_whole
from practice.use_cases.ways_back import taken_back
from practice.use_cases.ways_back import told_of as told_by
from practice.views import View

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from practice.access import Account
    from practice.acts import Act
    from practice.appointments import Appointment
    from practice.ports import UnitOfWork
    from practice.profile import Profile

__all__ = ["BOOKED", "last_done", "take_back"]

#: What was done when nothing was done since it was booked.
BOOKED = "booked"
_TAKEN_BACK = "changed back"
_WAYS = frozenset({"changed", "moved", "cancelled"})
_NOTHING = "There is nothing that you have done to this appointment and can take back."


@dataclass(frozen=True, slots=True)
class Done:
    """What was done last to an appointment and is not taken back: by whom, when, by which act;
    that it was booked is no act.
    """

    action: str
    by: str
    time: datetime
    act: Act | None = None


def last_done(uow: UnitOfWork, booked: Booked, account: Account) -> Done:
    """Return what the account did last to an appointment and has not taken back; raises CannotUndo
    if that is nothing.
    """
    acts = _acts(uow, booked.appointment)
    own = [one for one in acts if one.actor == account.name and one.action in _WAYS]
    back = taken_back(uow, [one.number for one in own]) if own else {}
    left = [one for one in own if one.number not in back]
    if left:
        return Done(left[-1].action, left[-1].actor, left[-1].time, left[-1])
    details, alive = booked.details, booked.appointment.status is not Status.CANCELLED
    if details.booked is None or details.booked_by != account.name or not alive:
        raise CannotUndo(_NOTHING)
    return Done(BOOKED, details.booked_by, details.booked)


def take_back(uow: UnitOfWork, appointment_id: int, account: Account, profile: Profile) -> Booked:
    """Take back what the account did last to an appointment.

    1. It was done just now, and the account may write the calendars concerned (else CannotUndo).
    2. Nobody else has changed the appointment since, by whatever door, and it still is what the
       account has made of it (else PreconditionFailed).
    3. What has come to where it was meanwhile is not booked over (SlotTaken). The rules that
       forbid to book there anew do not count: it was there.
    4. A booking leaves the calendar and is cancelled; else all is written as any change is, and
       who is told of changes is told of this one, unless they know nothing of it yet.

    Raises AppointmentNotFound and NotInCalendar, too.
    """
    case = Case(uow, appointment_id, profile)
    done = last_done(uow, case.known, account)
    _refuse_not_ones_own(case, done, account)
    _refuse_changed_since(uow, case.known.appointment, done)
    if done.act is None:
        return _unbooked(case)
    before, after = _told(uow, done.act)
    known = case.known
    now = told_of(known.appointment, known.details)
    if any(now.get(name) != value for name, value in after.items()):
        raise PreconditionFailed("The appointment is not what you have made of it any more.")
    appointment, details = as_told(known.appointment, known.details, before)
    appointment = _of_patient_before(uow, known.appointment, appointment)
    _refuse_place(case, appointment, account, done)
    _refuse_taken_since(case, appointment, done)
    kind = case.desk.every_type.get(details.type_id or 0, case.kind)
    saved = case.keep(appointment, details, kind, _TAKEN_BACK)
    by = uow.acts.head()[0]
    uow.acts.note("taken back", Kind.ACT, done.act.number, None, {"by": by})
    return saved


def _acts(uow: UnitOfWork, appointment: Appointment) -> list[Act]:
    return sorted(uow.acts.done_to(Kind.APPOINTMENT, [appointment.id]), key=lambda one: one.number)


def _told(uow: UnitOfWork, act: Act) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    before, after = told_by(act)
    if act.is_erased or before is None or after is None or not is_whole(uow, act):
        raise CannotUndo("What was done cannot be taken back: what it was before is not known.")
    return before, after


def _of_patient_before(uow: UnitOfWork, was: Appointment, after: Appointment) -> Appointment:
    """Return an appointment as insured as the patient is whose it becomes again."""
    if after.patient_id is None or after.patient_id == was.patient_id:
        return after
    found = uow.patients.get([after.patient_id]).get(after.patient_id)
    if found is None or found.merged_into is not None:
        raise CannotUndo("The patient whose appointment it was is not known any more.")
    return replace(after, insurance=found.record.insurance or None)


def _refuse_not_ones_own(case: Case, done: Done, account: Account) -> None:
    calendar = case.desk.calendars.get(case.known.appointment.calendar_id)
    age = case.desk.uow.now - done.time
    if calendar is None or not may_take_back(account, calendar, by=done.by, age=age):
        raise CannotUndo("What was done a while ago is not taken back; change it instead.")


def _refuse_changed_since(uow: UnitOfWork, appointment: Appointment, done: Done) -> None:
    """Raise PreconditionFailed if anybody else has changed the appointment or its object since."""
    first = done.act.number if done.act else 0
    acts = [one for one in _acts(uow, appointment) if one.number > first]
    rows = uow.calendars.search_log(LogQuestion(since=done.time, name=appointment.uid))
    if {*(one.actor for one in acts), *(row.actor for row in rows)} - {done.by}:
        raise PreconditionFailed("Somebody else has changed the appointment since.")


def _refuse_place(case: Case, after: Appointment, account: Account, done: Done) -> None:
    calendar = case.desk.calendars.get(after.calendar_id)
    age = case.desk.uow.now - done.time
    if calendar is None or not may_take_back(account, calendar, by=done.by, age=age):
        raise CannotUndo("The calendar that it came from is not yours to change any more.")


def _refuse_taken_since(case: Case, after: Appointment, done: Done) -> None:
    """Raise SlotTaken if what it goes back to has been taken since: what was in the way before
    was so when it stood there.
    """
    was = case.known.appointment
    comes_back = was.status is Status.CANCELLED and after.status is not Status.CANCELLED
    places = ("slot", "doctor_id", "room_id", "patient_id")
    if not comes_back and all(getattr(was, name) == getattr(after, name) for name in places):
        return
    since = case.desk.uow.calendars.older_than(done.time)
    busy = [
        name
        for name, found in (
            ("doctor", _doctor_since(case, after, since)),
            ("room", _others_since(case, _in_room(case, after), after, since)),
            ("patient", _others_since(case, _of_patient(case, after), after, since)),
        )
        if found
    ]
    if busy:
        raise SlotTaken(busy=busy)


def _doctor_since(case: Case, after: Appointment, since: int) -> bool:
    uow, profile = case.desk.uow, case.desk.profile
    calendar = case.desk.calendars[after.calendar_id]
    own = object_of(case.desk, case.known.appointment)
    wanted = Occupied(*seconds_of(after.slot), Busy.BUSY)
    if not doctor_is_busy(uow, calendar, [wanted], profile, own_id=own.id):
        return False
    unions = (c for c in case.desk.calendars.values() if c.kind is CalendarKind.UNION)
    whole = View(calendar, (calendar, *unions), uow.epoch)
    found = uow.calendars.within(whole, span_of(after.slot), "VEVENT")
    return any(one.number > since and one.id != own.id for one in found)


def _in_room(case: Case, after: Appointment) -> Sequence[Appointment]:
    if after.room_id is None:
        return ()
    return case.desk.uow.appointments.in_rooms([after.room_id], after.slot)


def _of_patient(case: Case, after: Appointment) -> Sequence[Appointment]:
    if after.patient_id is None:
        return ()
    return case.desk.uow.appointments.all_of_patient(after.patient_id, after.slot)


def _others_since(case: Case, found: Sequence[Appointment], after: Appointment, since: int) -> bool:
    calendars = case.desk.uow.calendars
    others = [one for one in found if one.id != after.id and one.slot.overlaps(after.slot)]
    return any(head.number > since for one in others for head in calendars.uid_holders(one.uid))


def _unbooked(case: Case) -> Booked:
    """Take an appointment out of the calendar that was booked by mistake: it was never one that
    somebody cancelled late.
    """
    uow, known = case.desk.uow, case.known
    appointment = known.appointment
    item = object_of(case.desk, appointment)
    uow.calendars.remove(case.desk.calendars[appointment.calendar_id], item.href)
    after = replace(appointment, status=Status.CANCELLED)
    saved = uow.appointments.save(after)
    tell(uow, appointment, saved)
    details = replace(known.details, cancelled=uow.now, changed=uow.now)
    uow.details.save(details)
    told = {"status": str(appointment.status)}, {"status": str(after.status)}
    uow.acts.note(_TAKEN_BACK, Kind.APPOINTMENT, saved.id, *told)
    return Booked(saved, details, known.patient, None, known.owner_id)

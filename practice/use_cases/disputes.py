"""What practice and booking tool do not agree on: kept for a person, and what the person decides.

Not here: which side stands until then (`practice.conflicts`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from practice.acts import Kind
from practice.appointments import Slot, Status
from practice.calendar_zone import zone_of
from practice.calendars import Draft
from practice.conflicts import Dispute, DisputeKind, DisputeState, decide
from practice.errors import CannotUndo, DisputeNotFound
from practice.messages import Message, Receiver, difference
from practice.use_cases.appointments import object_saved, state_of, tell
from practice.use_cases.booking_base import Base, terms_of
from practice.use_cases.paging import Listed, check_page, is_id, listed
from practice.vevent import read, retimed, summary_of
from practice.views import View

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import timedelta

    from practice.appointments import Appointment
    from practice.calendars import Calendar, CalendarObject
    from practice.conflicts import Decision, Terms
    from practice.ports import UnitOfWork
    from practice.profile import Profile

__all__ = [
    "Sides",
    "cancelled_there",
    "is_noted",
    "note_told",
    "note_vanished",
    "noted",
    "resolve",
    "settle_sides",
]


@dataclass(frozen=True, slots=True)
class Sides:
    """An appointment as both agreed on it last, as each has it now, and what stands."""

    base: Terms
    ours: Terms
    theirs: Terms
    decision: Decision

    @property
    def followed(self) -> frozenset[str]:
        """What the tool changed and the practice's side does not hold against."""
        return frozenset(self.theirs.differing(self.base)) - self.decision.held

    @property
    def is_back(self) -> bool:
        """Tell whether only the tool has it again, which both had as cancelled."""
        return "status" in self.decision.taken and self.ours.status == Status.CANCELLED

    @property
    def after(self) -> Terms:
        """The practice's side once what stands of the tool's was taken over."""
        taken = {name: getattr(self.theirs, name) for name in self.decision.taken}
        return replace(self.ours, **taken)


def settle_sides(uow: UnitOfWork, source: str, appointment: Appointment, sides: Sides) -> None:
    """Have the tool told where the practice's side stands, and a person asked where that is due."""
    there = uow.disputes.open_of(appointment.id)
    if sides.decision.held:
        _tell_tool(uow, appointment, sides.theirs)
    elif there and there.kind is DisputeKind.CHANGED and sides.after != there.ours:
        # Whoever has changed it since knew how it was.
        uow.disputes.save(replace(there, state=DisputeState.GONE, resolved=uow.now))
    if not sides.decision.conflict:
        return
    new = Dispute(
        there.id if there else 0,
        appointment.id,
        source,
        DisputeKind.CHANGED,
        uow.now,
        sides.ours,
        sides.theirs,
    )
    uow.disputes.save(new)
    _ask(uow, appointment, Message.DISPUTED)


def cancelled_there(
    uow: UnitOfWork,
    appointment: Appointment,
    names: tuple[Mapping[int, str], Mapping[int, str]],
    age: timedelta,
    profile: Profile,
) -> None:
    """Take over that the tool has removed a booking: it is cancelled there, as far as that stands.

    `names` are those of doctors and rooms, by id.
    """
    base, ours = Base.of(appointment), terms_of(appointment, *names)
    theirs = replace(base.terms, status=str(Status.CANCELLED))
    sides = Sides(base.terms, ours, theirs, decide(base.terms, ours, theirs, age))
    heard = uow.now.isoformat()
    told = replace(base, status=theirs.status, digest="", asked=heard).stored()
    saved = uow.appointments.save(replace(appointment, booking_base=told))
    if "status" in sides.followed and ours.status != theirs.status:
        _take(uow, saved, None, profile, by_booking_tool=True)
    settle_sides(uow, appointment.booking_source or "", saved, sides)
    note_told(uow, appointment.id)


def is_noted(uow: UnitOfWork, appointment_id: int) -> bool:
    """Tell whether it was asked already why the tool does not tell of a booking any more."""
    noted = (DisputeState.OPEN, DisputeState.KEPT)
    known = uow.disputes.of(appointment_id)
    return any(one.kind.is_absence and one.state in noted for one in known)


def note_vanished(
    uow: UnitOfWork, source: str, appointment: Appointment, ours: Terms, kind: DisputeKind
) -> bool:
    """Note that the tool does not tell of a booking any more, and ask; False if that was asked."""
    if is_noted(uow, appointment.id):
        return False
    there = uow.disputes.open_of(appointment.id)
    new = Dispute(
        there.id if there else 0,
        appointment.id,
        source,
        kind,
        uow.now,
        ours,
        None,
    )
    uow.disputes.save(new)
    _ask(uow, appointment, Message.VANISHED)
    return True


def note_told(uow: UnitOfWork, appointment_id: int) -> None:
    """Close the question where a booking is, since the tool tells of it again."""
    for known in uow.disputes.of(appointment_id):
        if known.kind.is_absence and known.state is not DisputeState.GONE:
            uow.disputes.save(replace(known, state=DisputeState.GONE, resolved=uow.now))


def noted(
    uow: UnitOfWork,
    states: Collection[DisputeState],
    *,
    before: int | None = None,
    limit: int = 50,
) -> Listed[Dispute]:
    """Return disputes in some states, the newest first, from before an id on; raises Invalid."""
    check_page(before, limit)
    found = uow.disputes.newest(states, before, limit + 1)
    return listed(found, [dispute.id for dispute in found], limit)


def resolve(uow: UnitOfWork, dispute_id: int, *, theirs: bool, profile: Profile) -> Dispute:
    """Decide a dispute: take the tool's side over, or keep the practice's.

    Taken over, the appointment is as the tool has it, or cancelled if the tool has it no more, and
    everybody is told as of any other change. Raises DisputeNotFound, or CannotUndo if that cannot
    be had any more.
    """
    dispute = uow.disputes.get(dispute_id) if is_id(dispute_id) else None
    if dispute is None or dispute.state is not DisputeState.OPEN:
        raise DisputeNotFound("There is no such open conflict.")
    appointment = uow.appointments.get(dispute.appointment_id)
    assert appointment is not None  # noqa: S101 - the dispute refers to it
    if theirs:
        _take(uow, appointment, dispute.theirs, profile)
    elif dispute.theirs is not None:
        _tell_tool(uow, appointment, dispute.theirs)  # as it was, should that have failed
    state = DisputeState.TAKEN if theirs else DisputeState.KEPT
    by = uow.actor.name
    told = {"appointment": appointment.id, "kind": str(dispute.kind), "decided": str(state)}
    uow.acts.note("decided", Kind.CONFLICT, dispute_id, None, told)
    return uow.disputes.save(replace(dispute, state=state, resolved=uow.now, resolved_by=by))


def _ask(uow: UnitOfWork, appointment: Appointment, message: Message) -> None:
    if Receiver.ADMIN in uow.receivers:
        uow.outbox.post(Receiver.ADMIN, message, appointment, state_of(appointment))


def _tell_tool(uow: UnitOfWork, appointment: Appointment, theirs: Terms) -> None:
    """Have the tool told of an appointment that it has otherwise."""
    if Receiver.BOOKING_TOOL not in uow.receivers or appointment.booking_id is None:
        return
    known = _as_told(uow, appointment, theirs)
    message = difference(known, appointment) or Message.MOVED
    uow.outbox.post(Receiver.BOOKING_TOOL, message, appointment, state_of(known))


def _as_told(uow: UnitOfWork, appointment: Appointment, terms: Terms) -> Appointment:
    doctors = {doctor.slug: doctor.id for doctor in uow.house.doctors()}
    rooms = {room.slug: room.id for room in uow.house.rooms()}
    return replace(
        appointment,
        slot=Slot(datetime.fromisoformat(terms.start), datetime.fromisoformat(terms.end)),
        doctor_id=doctors.get(terms.doctor),
        room_id=rooms.get(terms.room),
        status=Status(terms.status),
    )


def _take(
    uow: UnitOfWork,
    appointment: Appointment,
    theirs: Terms | None,
    profile: Profile,
    *,
    by_booking_tool: bool = False,
) -> None:
    """Have the appointment as the tool has it; cancelled if it has none."""
    wanted = replace(appointment, status=Status.CANCELLED)
    if theirs is not None:
        wanted = _as_told(uow, appointment, theirs)
    calendars = {calendar.id: calendar for calendar in uow.calendars.all()}
    old = calendars[appointment.calendar_id]
    item = _object_of(uow, old, appointment.uid)
    if item is None:
        if wanted.status is not Status.CANCELLED:
            raise CannotUndo("The appointment is not in the calendar any more.")
        saved = uow.appointments.save(wanted)
        tell(uow, appointment, saved, by_booking_tool=by_booking_tool)
        return
    new = next((c for c in calendars.values() if c.doctor_id == wanted.doctor_id), old)
    if wanted.doctor_id is None:
        new = old
    summary = _summary(item.text, wanted.status, profile)
    text = retimed(item.text, wanted.slot, wanted.status, summary, uow.now, profile.zone)
    facts = read(text, zone=zone_of(new, profile), now=uow.now, limits=profile.limits)
    if new.id != old.id:
        if uow.calendars.head(new, item.href) is not None:
            raise CannotUndo("In the other doctor's calendar something else has its name.")
        uow.calendars.remove(old, item.href)
    uow.calendars.save(new, Draft(item.href, text, facts, item.owner_id))
    object_saved(uow, new, facts, by_booking_tool=by_booking_tool)


def _summary(text: str, status: Status, profile: Profile) -> str:
    title = summary_of(text).removeprefix(profile.tentative_prefix)
    return (profile.tentative_prefix if status is Status.TENTATIVE else "") + title


def _object_of(uow: UnitOfWork, calendar: Calendar, uid: str) -> CalendarObject | None:
    heads = uow.calendars.uid_holders(uid)
    href = next((head.href for head in heads if head.calendar_id == calendar.id), None)
    if href is None:
        return None
    view = View(calendar, (calendar,), uow.epoch)
    return uow.calendars.get(view, [href]).get(href)

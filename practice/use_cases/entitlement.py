"""What an account may see, book and change of appointments: only what is its own.

The table is the one of the calendars (`practice.access`), so that no door shows or takes what
another refuses. Not here: booking and changing (`practice.use_cases.arranging`, `.rearranging`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from practice.access import PEOPLE, Role, level, may_change, may_create, may_decide, may_see
from practice.appointments import Status
from practice.details import Question, Source
from practice.errors import AppointmentNotFound, IllegalStep, Invalid, NotAllowed
from practice.scopes import Scope
from practice.use_cases.arranging import NO_SUCH_PATIENT, booked_with, the_patient
from practice.use_cases.finding_appointments import find_appointments
from practice.use_cases.take_back import BOOKED, last_done
from practice.views import Level

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from practice.access import Account
    from practice.calendars import Calendar
    from practice.details import Booked
    from practice.use_cases.arranging import Order
    from practice.use_cases.desk import Desk
    from practice.use_cases.rearranging import Changes, Move

__all__ = ["Entitled"]

#: Whoever may change patients reads them as well.
_PATIENTS = frozenset({Scope.READ_PATIENTS, Scope.WRITE_PATIENTS})
#: Those that see every calendar, also what stands in one that was removed.
_EVERYTHING = frozenset({Role.ADMIN, Role.STAFF})


class Entitled:
    """An account at the desk of a practice, with the scopes that it has.

    | role | sees | books and changes |
    |---|---|---|
    | admin, staff | every appointment | every appointment |
    | doctor | those of the own doctor, and as granted | the same |
    | booking | its own, where granted | its own, by the rules for patients; decides nothing |
    | pvs | as granted | as granted |
    | reader | as granted | nothing |
    """

    def __init__(self, desk: Desk, account: Account, scopes: Collection[Scope]) -> None:
        self._desk = desk
        self._account = account
        self._scopes = scopes

    @property
    def online(self) -> bool:
        """Whether it books for patients, by the rules for them."""
        return self._account.role is Role.BOOKING

    def narrowed(self, question: Question) -> Question:
        """Return the question for what is asked for and the account sees."""
        account = self._account
        if account.role in _EVERYTHING:
            return question
        seen = tuple(c.id for c in self._desk.calendars.values() if level(account, c) >= Level.READ)
        owner = (account.id, account.name) if account.role is Role.BOOKING else question.owner
        return replace(question, calendars=seen, owner=owner)

    def asked_free(self, doctor_ids: Sequence[int], patient_id: int | None) -> tuple[int, ...]:
        """Return of which doctors the account is told when they are free, of those asked for; none
        asked for are all. Raises NotAllowed, or Invalid for a patient it knows nothing of.

        People who work together know of each other when they are busy; a program or reader knows
        it of the calendars that it sees. When a patient is busy, only those are told who book.
        """
        if patient_id is not None and Scope.CREATE_APPOINTMENT not in self._scopes:
            needed = Scope.CREATE_APPOINTMENT
            raise NotAllowed(f"When a patient has time is told with the permission '{needed}'.")
        if patient_id is not None:
            self._refuse_unknown(patient_id)
        if self._account.role in PEOPLE:
            return tuple(doctor_ids)
        seen = [
            calendar.doctor_id
            for calendar in self._desk.calendars.values()
            if calendar.doctor_id is not None and level(self._account, calendar) > Level.NONE
        ]
        if not seen or not set(doctor_ids) <= set(seen):
            raise NotAllowed("You may not see when these doctors are free.")
        return tuple(doctor_ids or seen)

    def seen(self, appointment_id: int) -> Booked:
        """Return an appointment; raises AppointmentNotFound also for one that it does not see."""
        found = booked_with(self._desk.uow, appointment_id)
        if self._account.role in _EVERYTHING:
            return found
        calendar = self._calendar_of(found)
        if calendar is None or not may_see(self._account, calendar, own=self._is_own(found)):
            raise AppointmentNotFound("There is no such appointment.")
        return found

    def told(self, booked: Booked) -> Booked:
        """Return an appointment with what the account is to read of it: what the staff note is not
        for a program of the patients', nor why they booked over something.
        """
        if not self.online:
            return booked
        return replace(booked, details=replace(booked.details, note="", override=""))

    def changeable(self, appointment_id: int) -> Booked:
        """Return an appointment that it may change, and cancel; raises AppointmentNotFound or
        NotAllowed, and IllegalStep for what has begun, if it books for patients.
        """
        found = self.seen(appointment_id)
        calendar, account = self._calendar_of(found), self._account
        if account.role in _EVERYTHING:
            return found
        owner_id = account.id if self._is_own(found) else 0
        if calendar is None or not may_change(account, calendar, owner_id):
            raise NotAllowed("You may see this appointment, but not change it.")
        if self.online and found.appointment.slot.start <= self._desk.uow.now:
            raise IllegalStep("The appointment has begun already.")
        return found

    def decides(self, appointment_id: int) -> Booked:
        """Return an appointment that it may confirm or decline; raises as `changeable`."""
        found = self.changeable(appointment_id)
        self._refuse_deciding()
        return found

    def takes_back(self, appointment_id: int) -> Booked:
        """Return an appointment to which what it did last may be taken back; raises as
        `changeable`, and CannotUndo. Who takes back a booking may cancel, and who takes back a
        cancellation.
        """
        found = self.changeable(appointment_id)
        done = last_done(self._desk.uow, found, self._account)
        needed = Scope.CANCEL_APPOINTMENT
        if done.action in {BOOKED, "cancelled"} and needed not in self._scopes:
            raise NotAllowed(f"To take this back needs the permission '{needed}'.")
        return found

    def ordered(self, order: Order) -> Order:
        """Return an order as the account may place it; raises NotAllowed, OfferNotFound, or
        Invalid for a patient it knows nothing of.
        """
        self._refuse_place(order.doctor_id)
        self.refuse_override(order.override)
        self._refuse_unknown(order.patient_id)
        if not self.online:
            return order
        kind = self._desk.type(order.type_id)
        status = Status.TENTATIVE if kind.needs_confirmation else order.status
        return replace(order, online=True, source=Source.ONLINE, status=status)

    def changed(self, changes: Changes) -> Changes:
        """Return changes as the account may make them; raises NotAllowed, or Invalid for a patient
        it knows nothing of.
        """
        self.refuse_override(changes.override)
        if changes.patient_id is not None:
            self._refuse_unknown(changes.patient_id)
        if changes.note is not None and self.online:
            raise NotAllowed("What the practice notes only the practice changes.")
        if changes.status is not None or changes.progress is not None:
            self._refuse_deciding()
        return replace(changes, online=self.online)

    def moved(self, where: Move) -> Move:
        """Return a move as the account may make it; raises NotAllowed or OfferNotFound."""
        if where.doctor_id is not None:
            self._refuse_place(where.doctor_id)
        self.refuse_override(where.override)
        return replace(where, online=self.online)

    def refuse_override(self, reason: str) -> None:
        """Raise NotAllowed if there is a reason to override, and the account may not."""
        if reason and Scope.OVERRIDE not in self._scopes:
            raise NotAllowed(f"To book over something needs the permission '{Scope.OVERRIDE}'.")

    def _refuse_place(self, doctor_id: int) -> None:
        if not may_create(self._account, self._desk.calendar_of(doctor_id)):
            raise NotAllowed("You may not book for this doctor.")

    def _refuse_unknown(self, patient_id: int) -> None:
        """Raise Invalid for a patient of whom the account may read nothing, and sees no
        appointment: in the same words as for one who is not there, as ids are guessed easily.
        """
        if _PATIENTS.intersection(self._scopes):
            return
        patient = the_patient(self._desk.uow, patient_id)
        seen = self.narrowed(Question(patient_id=patient.id))
        if not find_appointments(self._desk.uow, seen, limit=1)[0]:
            raise Invalid(NO_SUCH_PATIENT)

    def _refuse_deciding(self) -> None:
        if not may_decide(self._account):
            raise NotAllowed("Only the practice confirms and declines, and notes who came.")

    def _calendar_of(self, booked: Booked) -> Calendar | None:
        return self._desk.calendars.get(booked.appointment.calendar_id)

    def _is_own(self, booked: Booked) -> bool:
        """Tell whether the account has booked it; as `Question.owner` asks for it."""
        if booked.owner_id is not None:
            return booked.owner_id == self._account.id
        return booked.details.booked_by == self._account.name

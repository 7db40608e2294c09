"""Letters on their way: taken to be sent, told as things are then, and settled.

Not here: how a letter is delivered (the booking adapter).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from practice.acts import Kind
from practice.appointments import Status
from practice.errors import LetterNotFound
from practice.letters import LetterState
from practice.messages import Message, Receiver, difference
from practice.use_cases.appointments import known_to, state_of
from practice.use_cases.booking_base import Base, terms_of
from practice.use_cases.paging import Listed, check_page, is_id, listed

if TYPE_CHECKING:
    from collections.abc import Collection

    from practice.accounts import Doctor, Room
    from practice.appointments import Appointment, Slot
    from practice.letters import Letter
    from practice.patients import Patient
    from practice.ports import UnitOfWork

__all__ = [
    "LEASE",
    "PATIENCE",
    "Sending",
    "drop",
    "note_delivered",
    "note_failed",
    "post_reminders",
    "posted",
    "retry",
    "take",
]

#: Who does not settle a letter within this is taken for dead; longer than any delivery takes.
LEASE = timedelta(minutes=5)
#: A letter that nobody could be told for so long is given up.
PATIENCE = timedelta(days=7)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
#: What the practice's own people are asked is not overtaken by what happens to the appointment.
_QUESTIONS = frozenset({Message.DISPUTED, Message.VANISHED, Message.UNDELIVERED})


@dataclass(frozen=True, slots=True)
class Sending:
    """A letter that is being sent, with all it is about as it is now. `message` is what is told
    now; `known` is the slot and the doctor's name that the receiver knew, if any.
    """

    letter: Letter
    key: str
    message: Message
    appointment: Appointment
    known: tuple[Slot, str] | None
    patient: Patient | None
    doctor: Doctor | None
    room: Room | None


def take(uow: UnitOfWork, to: Receiver, grace: timedelta, limit: int) -> list[Sending]:
    """Take letters to one receiver that are due; those that have nothing to tell any more are
    superseded.
    """
    taken = []
    for letter in uow.outbox.claim(to, uow.now, grace, LEASE, limit):
        sending = _sending(uow, letter)
        if sending is None:
            uow.outbox.settle(letter, LetterState.SUPERSEDED)
            continue
        if to is Receiver.BOOKING_TOOL:
            _note_telling(uow, sending.appointment)
        taken.append(sending)
    return taken


def note_delivered(uow: UnitOfWork, letter: Letter, booking_id: str = "") -> None:
    """Settle a letter that has arrived. `booking_id` is the id that the tool has for the booking
    now, if it was the tool that was told.
    """
    settled = uow.outbox.settle(letter, LetterState.DELIVERED)
    if letter.to is not Receiver.BOOKING_TOOL:
        return
    appointment = uow.appointments.get(letter.appointment_id)
    if appointment is None:
        return
    base = Base.of(appointment)
    if settled:  # else somebody is telling the tool by now what it may not have heard yet
        base = base.agreed(uow.now)
    known_as = booking_id or appointment.booking_id
    uow.appointments.save(replace(appointment, booking_base=base.stored(), booking_id=known_as))


def note_failed(uow: UnitOfWork, letter: Letter, error: str, *, permanent: bool) -> None:
    """Settle a letter that did not arrive: it is tried again later, or given up and told of."""
    if not permanent and uow.now - letter.posted < PATIENCE:
        pause = min(_FIRST_PAUSE * 2 ** min(letter.attempts - 1, 10), _LONGEST_PAUSE)
        due = uow.now + pause * random.uniform(0.8, 1.2)  # noqa: S311 - not for secrets
        uow.outbox.settle(letter, LetterState.TRIED, due=due, error=error)
        return
    uow.outbox.settle(letter, LetterState.FAILED, error=error)
    appointment = uow.appointments.get(letter.appointment_id)
    told = letter.to is not Receiver.ADMIN and Receiver.ADMIN in uow.receivers
    if told and appointment is not None:
        state = state_of(appointment)
        uow.outbox.post(Receiver.ADMIN, Message.UNDELIVERED, appointment, state)


def post_reminders(uow: UnitOfWork, window: Slot) -> int:
    """Post reminders of the appointments that start within `window`, once for each time that one
    has; only to patients who agreed. Returns how many.
    """
    if Receiver.PATIENT not in uow.receivers:
        return 0
    due = uow.appointments.to_remind(window)
    for appointment in due:
        uow.appointments.note_reminded(appointment)
        uow.outbox.post(Receiver.PATIENT, Message.REMINDED, appointment, state_of(appointment))
    return len(due)


def posted(
    uow: UnitOfWork,
    states: Collection[LetterState],
    *,
    before: int | None = None,
    limit: int = 50,
) -> Listed[Letter]:
    """Return letters in some states, the newest first, from before an id on; raises Invalid."""
    check_page(before, limit)
    found = uow.outbox.newest(states, before, limit + 1)
    return listed(found, [letter.id for letter in found], limit)


def drop(uow: UnitOfWork, letter_id: int) -> Letter:
    """Have a letter never sent: a person has said so. It can be tried again all the same.

    Raises LetterNotFound if it has arrived, is being sent, or there is none such.
    """
    dropped = uow.outbox.drop(letter_id) if is_id(letter_id) else None
    if dropped is None:
        raise LetterNotFound(f"No letter {letter_id} waits, or was given up.")
    _note(uow, "given up", dropped)
    return dropped


def retry(uow: UnitOfWork, letter_id: int) -> Letter:
    """Have a letter that was given up tried again, now; raises LetterNotFound."""
    again = uow.outbox.retry(letter_id) if is_id(letter_id) else None
    if again is None:
        raise LetterNotFound(f"No letter {letter_id} was given up.")
    _note(uow, "tried again", again)
    return again


def _note(uow: UnitOfWork, action: str, letter: Letter) -> None:
    told = {"to": str(letter.to), "message": str(letter.message)}
    told["appointment"] = str(letter.appointment_id)
    uow.acts.note(action, Kind.LETTER, letter.id, None, told)


def _sending(uow: UnitOfWork, letter: Letter) -> Sending | None:
    """Look up what a letter is about; None if there is nothing to tell any more."""
    appointment = uow.appointments.get(letter.appointment_id)
    assert appointment is not None  # noqa: S101 - the letter refers to it
    known = known_to(letter.before, appointment)
    message = _message(uow, letter, known, appointment)
    if message is None:
        return None
    doctors = {doctor.id: doctor for doctor in uow.house.doctors()}
    rooms = {room.id: room for room in uow.house.rooms()}
    patients = uow.patients.get([appointment.patient_id] if appointment.patient_id else [])
    before = None
    if known is not None:
        doctor = doctors.get(known.doctor_id or 0)
        before = known.slot, doctor.name if doctor else ""
    return Sending(
        letter=letter,
        key=f"{uow.epoch}-{letter.id}",
        message=message,
        appointment=appointment,
        known=before,
        patient=patients.get(appointment.patient_id or 0),
        doctor=doctors.get(appointment.doctor_id or 0),
        room=rooms.get(appointment.room_id or 0),
    )


def _message(
    uow: UnitOfWork, letter: Letter, known: Appointment | None, now: Appointment
) -> Message | None:
    """Return what is told now. The tool hears all, even what it may know."""
    if letter.message in _QUESTIONS or letter.to is Receiver.BOOKING_TOOL:
        return letter.message
    if letter.to is Receiver.PATIENT and now.slot.start <= uow.now:
        return None  # too late
    if letter.message is not Message.REMINDED:
        return difference(known, now)
    patient_id = now.patient_id or 0
    agreed = uow.patients.get([patient_id]).get(patient_id)
    stands = known is not None and known.slot == now.slot and now.status is Status.CONFIRMED
    return Message.REMINDED if stands and agreed and agreed.reminders else None


def _note_telling(uow: UnitOfWork, appointment: Appointment) -> None:
    doctors = {doctor.id: doctor.slug for doctor in uow.house.doctors()}
    terms = terms_of(appointment, doctors, {})
    base = Base.of(appointment).tells(terms)
    uow.appointments.save(replace(appointment, booking_base=base.stored()))

"""Removing patients: out of the list, or out of everything that can be read (Art. 17 DSGVO).

Who is deleted is only no patient any more: appointments stay as they are in the calendars. Who is
erased is told of nowhere, not by the log either. What is not reached: names and UIDs that clients
chose for objects; webhooks as they came, which are kept for days only; what the booking tool has;
and backups, after which `re_erase` is to be called with the numbers of the list of erasures.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from practice.acts import Kind
from practice.appointments import Status
from practice.erasures import ERASED
from practice.errors import HasAppointments, HeldByLaw
from practice.use_cases.appointments import tell
from practice.use_cases.booking_base import Base
from practice.use_cases.entered import entered
from practice.use_cases.patient_records import held
from practice.use_cases.patient_texts import CalendarTexts, erase_log
from practice.use_cases.patients import touch_copies

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from practice.appointments import Appointment
    from practice.erasures import Erasure
    from practice.patients import Patient
    from practice.ports import UnitOfWork
    from practice.profile import Profile

__all__ = [
    "Erased",
    "ErasedAgain",
    "Removed",
    "StillHeld",
    "delete",
    "erase",
    "erasures",
    "re_erase",
]

_LONGEST_REASON = 255


@dataclass(frozen=True, slots=True)
class Removed:
    """How many appointments a deleted patient had, and letters were on their way."""

    appointments: int
    letters: int


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did: appointments without a patient now, objects of which only the time is
    left, objects removed, rows of the log without their texts.
    """

    number: str
    appointments: int
    rewritten: int
    removed: int
    changes: int


@dataclass(frozen=True, slots=True)
class StillHeld:
    """Somebody with this number who is kept until an ISO date."""

    number: str
    until: str


@dataclass(frozen=True, slots=True)
class ErasedAgain:
    """What became of the numbers that are there: erased, or kept because of the law."""

    done: list[Erased]
    held: list[StillHeld]


def delete(uow: UnitOfWork, patient: Patient, *, also_future: bool = False) -> Removed:
    """Remove a patient with the link to the booking tool, which hears nothing of it.

    Appointments stay, also in the calendars, and are nobody's; letters to the patient are
    withdrawn. Raises HeldByLaw; HasAppointments, unless those to come may lose their patient, too
    (`also_future`).
    """
    people = _all_of(uow, patient)
    _refuse_held(uow, people)
    known = _appointments(uow, people)
    _refuse_to_come(uow, known, also_future)
    letters = uow.traces.withdraw_letters([one.id for one in known])
    for one in people:
        uow.traces.let_go(one.id)
    _remove(uow, people)
    told = {"number": patient.number, "appointments": len(known)}
    uow.acts.note("deleted", Kind.PATIENT, patient.id, told, None)
    for appointment in known:
        touch_copies(uow, appointment.uid)
    return Removed(len(known), letters)


def erase(
    uow: UnitOfWork, patient: Patient, profile: Profile, *, also_future: bool = False
) -> Erased:
    """Erase what is known of a patient, and of those who were found to be this one.

    1. Nothing of it where the law has it kept, or where appointments are to come, unless these
       are to be removed (`also_future`); then others hear that they are cancelled.
    2. Record, keys, link, letters, what was written down about appointments, what acts and tasks
       tell; and all answers kept for requests that are sent again, of which nobody knows whom
       they tell of.
    3. Objects that are over become blocks of time that say nothing; those to come are removed.
    4. The log: rows about these objects lose their texts and keep their seals; so do those that
       tell of objects that are another patient's by now.
    5. The number is kept, for `re_erase`.

    Raises HeldByLaw or HasAppointments.
    """
    people = _all_of(uow, patient)
    _refuse_held(uow, people)
    known = _appointments(uow, people)
    _refuse_to_come(uow, known, also_future)
    return _erase(uow, patient, people, known, profile)


def re_erase(
    uow: UnitOfWork, numbers: Iterable[str], profile: Profile, override: str = ""
) -> ErasedAgain:
    """Erase again whoever is there of these numbers: an older backup has brought them back.

    The database that came back knows of no erasure since, so nothing but the caller's list says
    that there was one. Appointments to come do not stand against it, they were settled the first
    time; a hold does, each for itself: it may be newer, or the number mistyped. With a reason to
    `override` holds, these are erased as well, and the act tells the reason. Raises Invalid.
    """
    override = entered("reason", override, _LONGEST_REASON)
    done: list[Erased] = []
    kept: dict[int, StillHeld] = {}
    for number in dict.fromkeys(numbers):
        patient = uow.patients.by_number(number)
        if patient is None:
            continue
        if patient.merged_into is not None:
            patient = uow.patients.get([patient.merged_into])[patient.merged_into]
        people = _all_of(uow, patient)
        until = max((one.held_until for one in people if held(one, uow.now.date())), default="")
        if until and not override:
            kept[patient.id] = StillHeld(patient.number, until)
            continue
        against = {"held_until": until, "override": override} if until else {}
        known = _appointments(uow, people)
        done.append(_erase(uow, patient, people, known, profile, against))
    return ErasedAgain(done, list(kept.values()))


def erasures(uow: UnitOfWork) -> list[Erasure]:
    """Return who was erased, the first first: to be kept elsewhere than the backups."""
    return uow.traces.erasures()


def _erase(
    uow: UnitOfWork,
    patient: Patient,
    people: Sequence[Patient],
    known: Sequence[Appointment],
    profile: Profile,
    against: Mapping[str, str] | None = None,
) -> Erased:
    to_come = {one.id for one in known if _is_to_come(uow, one)}
    for one in people:
        uow.traces.forget_texts(one.id, [appointment.id for appointment in known])
        uow.traces.let_go(one.id)
        uow.tasks.forget_patient(one.number)
    uow.answers.forget()
    for appointment in known:
        uow.acts.erase(Kind.APPOINTMENT, appointment.id)
    _remove(uow, people)
    told = {"appointments": len(known), **(against or {})}
    act = uow.acts.note(ERASED, Kind.PATIENT, patient.id, None, told)
    texts = CalendarTexts(uow, profile)
    for appointment in known:
        _erase_appointment(uow, texts, appointment, to_come=appointment.id in to_come)
    uids = {appointment.uid for appointment in known}
    numbers = {one.number for one in people}
    changes = erase_log(uow, uids, numbers, texts.written, act.number)
    for one in people:
        uow.traces.note_erasure(one.number)
    return Erased(patient.number, len(known), len(texts.written), texts.removed, changes)


def _erase_appointment(
    uow: UnitOfWork, texts: CalendarTexts, known: Appointment, *, to_come: bool
) -> None:
    nobodys = replace(known, patient_id=None, insurance=None)
    if known.booking_base is not None:
        # Who it was could be tried out from the digest. That of the booking as a whole stays: else
        # it would be taken for a new one at the next poll, and the person be known again.
        base = replace(Base.of(known), person="")
        nobodys = replace(nobodys, booking_base=base.stored())
    if to_come:
        texts.remove(known.uid)
        nobodys = replace(nobodys, status=Status.CANCELLED)
    else:
        texts.rewrite(known.uid)
    saved = uow.appointments.save(nobodys)
    if to_come:
        tell(uow, replace(known, patient_id=None), saved)


def _all_of(uow: UnitOfWork, patient: Patient) -> list[Patient]:
    return [patient, *uow.patients.merged_into(patient.id)]


def _appointments(uow: UnitOfWork, people: Iterable[Patient]) -> list[Appointment]:
    return [appointment for one in people for appointment in uow.traces.appointments(one.id)]


def _refuse_held(uow: UnitOfWork, people: Iterable[Patient]) -> None:
    for one in people:
        if held(one, uow.now.date()):
            raise HeldByLaw(one.held_until)


def _refuse_to_come(uow: UnitOfWork, known: Iterable[Appointment], also_future: bool) -> None:
    to_come = [] if also_future else [one for one in known if _is_to_come(uow, one)]
    if to_come:
        raise HasAppointments(len(to_come))


def _is_to_come(uow: UnitOfWork, appointment: Appointment) -> bool:
    """Tell whether any of it is not over; what became a series may go on for years."""
    if appointment.status is Status.CANCELLED:
        return False
    if appointment.slot.end > uow.now:
        return True
    now = uow.now.timestamp()
    holders = uow.calendars.uid_holders(appointment.uid)
    return any(time.end > now for head in holders for time in uow.calendars.index_of(head.id))


def _remove(uow: UnitOfWork, people: Sequence[Patient]) -> None:
    """Remove people, those first who were found to be another; and what acts tell of them."""
    for one in reversed(people):
        uow.acts.erase(Kind.PATIENT, one.id)
        uow.patients.remove(one)

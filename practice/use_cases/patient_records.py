"""What people do with single patients: make them, change them, link them, keep them for the law.

Everything changed is noted in the acts, with what was before. Not here: finding patients
(`practice.use_cases.patient_search`), nor removing them (`practice.use_cases.erasure`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from practice.acts import Kind
from practice.errors import EmailsDiffer, Invalid, NameTaken, PatientNotFound
from practice.matching import match_key
from practice.patient_checks import LONGEST, checked, checked_date
from practice.patients import Patient, PatientRecord
from practice.use_cases.patients import save_patient

if TYPE_CHECKING:
    from datetime import datetime

    from practice.ports import UnitOfWork

__all__ = [
    "DIFFERENT_EMAIL",
    "YEARS_KEPT",
    "Linked",
    "alike",
    "as_told",
    "change",
    "clear_hold",
    "create",
    "held",
    "hold",
    "link",
    "patient_numbered",
    "patient_of_id",
    "ten_years_after",
    "unlink",
]

#: Years for which § 630f BGB has a practice keep what it knows, from the end of the treatment.
YEARS_KEPT = 10
#: The warning of a link between two who have different addresses.
DIFFERENT_EMAIL = "different_email"
_LANGUAGES = ("", "de", "en")
_LONGEST_REASON = 255
#: By how much clocks are ahead of UTC at most: where the practice is, a child may be born already.
_AHEAD = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Linked:
    """A patient and the booking tool's, linked; `warning` is DIFFERENT_EMAIL or empty."""

    patient: Patient
    warning: str = ""


def patient_of_id(uow: UnitOfWork, patient_id: int) -> Patient:
    """Return a patient; of one that was found to be another, that one. Raises PatientNotFound."""
    return _found_to_be(uow, uow.patients.get([patient_id]).get(patient_id))


def patient_numbered(uow: UnitOfWork, number: str) -> Patient:
    """Return the patient with a number; of one that was found to be another, that one.

    Raises PatientNotFound.
    """
    return _found_to_be(uow, uow.patients.by_number(number))


def _found_to_be(uow: UnitOfWork, found: Patient | None) -> Patient:
    while found is not None and found.merged_into is not None:
        found = uow.patients.get([found.merged_into]).get(found.merged_into)
    if found is None:
        raise PatientNotFound("There is no such patient.")
    return found


def as_told(patient: Patient) -> dict[str, Any]:
    """Return what is known of a patient, as acts and disclosures tell it."""
    told = asdict(patient)
    told |= told.pop("record") | {"number": patient.number}
    told["reminders"] = patient.reminders.isoformat() if patient.reminders else None
    return told


def create(
    uow: UnitOfWork,
    record: PatientRecord,
    *,
    language: str = "",
    reminders: datetime | None = None,
    to_review: bool = False,
) -> Patient:
    """Make a patient; without a number, one is given out. Raises Invalid or NameTaken."""
    record = checked(record, _today(uow))
    record = replace(record, booking_system_id=record.booking_system_id or None)
    new = Patient(
        record.number, record, to_review=to_review, language=language, reminders=reminders
    )
    _check(uow, new, None)
    made = save_patient(uow, new)
    uow.acts.note("created", Kind.PATIENT, made.id, None, as_told(made))
    return made


def alike(uow: UnitOfWork, record: PatientRecord) -> list[int]:
    """Return the ids of patients of the same name and birth date, who may be the same person."""
    key = match_key(record)
    found = uow.patients.candidates([record]) if key and record.birth_date else ()
    alike = (one for one in found if one.merged_into is None and match_key(one.record) == key)
    return sorted(one.id for one in alike)


def change(uow: UnitOfWork, patient: Patient, after: Patient) -> Patient:
    """Change a patient to what `after` says: record, number, language, reminders, review.

    Nothing is noted where nothing changes. Raises Invalid or NameTaken. Links, holds and merges
    have their own ways: what `after` says of these does not count.
    """
    number = after.number if after.number != patient.number else after.record.number
    linked = patient.record.booking_system_id
    record = replace(after.record, number=number, booking_system_id=linked)
    record = checked(record, _today(uow), patient.record)
    if not record.number:
        raise Invalid("A patient has a number.")
    wanted = replace(
        patient,
        number=record.number,
        record=record,
        language=after.language,
        reminders=after.reminders,
        to_review=after.to_review,
    )
    _check(uow, wanted, patient)
    return _save(uow, "changed", patient, wanted)


def link(
    uow: UnitOfWork,
    patient: Patient,
    booking_system_id: str,
    *,
    tool_email: str = "",
    confirm: bool = False,
) -> Linked:
    """Link a patient with the one that a booking tool knows by an id.

    `tool_email` is the address that the tool has: one that differs from the patient's may be
    another person's. Raises EmailsDiffer unless that is confirmed; NameTaken or Invalid.
    """
    tool_id, longest = booking_system_id.strip(), LONGEST["booking_system_id"]
    if not tool_id or len(tool_id) > longest or not tool_id.isprintable():
        raise Invalid(f"The id in the booking tool has 1 to {longest} characters.")
    wanted = replace(patient, record=replace(patient.record, booking_system_id=tool_id))
    there = uow.patients.with_tool_id(tool_id)
    _refuse_taken_link(wanted, there)
    differ = _differ(tool_email, patient.record.email)
    if differ and not confirm:
        raise EmailsDiffer("The booking tool has another e-mail address of this patient.")
    if there is not None and there.merged_into == patient.id:
        unlink(uow, there)
    return Linked(_save(uow, "linked", patient, wanted), DIFFERENT_EMAIL if differ else "")


def unlink(uow: UnitOfWork, patient: Patient) -> Patient:
    """Take the link to the booking tool away; nothing if there is none."""
    wanted = replace(patient, record=replace(patient.record, booking_system_id=None))
    return _save(uow, "unlinked", patient, wanted)


def hold(uow: UnitOfWork, patient: Patient, until: str, why: str) -> Patient:
    """Have a patient not be removed before the ISO date `until`, because of `why`.

    Raises Invalid.
    """
    checked_date(until, "date until which it is kept")
    why = why.strip()
    if not why or len(why) > _LONGEST_REASON or not why.isprintable():
        raise Invalid(f"Say why it is kept, in 1 to {_LONGEST_REASON} characters.")
    return _save(uow, "held", patient, replace(patient, held_until=until, held_why=why))


def clear_hold(uow: UnitOfWork, patient: Patient) -> Patient:
    """Let a patient be removed from now on; nothing if nothing stood against it."""
    return _save(uow, "released", patient, replace(patient, held_until="", held_why=""))


def held(patient: Patient, today: date) -> bool:
    """Tell whether the law has the practice keep a patient."""
    return bool(patient.held_until) and patient.held_until >= today.isoformat()


def ten_years_after(treated: date) -> str:
    """Return the ISO date until which a practice keeps what it knows of a treatment that ended on
    a day (§ 630f BGB).
    """
    year = treated.year + YEARS_KEPT
    if (treated.month, treated.day) == (2, 29):  # in ten years there is none
        return date(year, 3, 1).isoformat()
    return treated.replace(year=year).isoformat()


def _today(uow: UnitOfWork) -> date:
    return (uow.now + _AHEAD).date()


def _check(uow: UnitOfWork, wanted: Patient, before: Patient | None) -> None:
    if wanted.language not in _LANGUAGES:
        raise Invalid("The language is 'de' or 'en', or empty for the practice's.")
    if wanted.number and (before is None or wanted.number != before.number):
        there = uow.patients.by_number(wanted.number)
        if there is not None and there.id != wanted.id:
            raise NameTaken("Another patient has this number.")
    tool_id = wanted.record.booking_system_id
    if before is None and tool_id:
        _refuse_taken_link(wanted, uow.patients.with_tool_id(tool_id))


def _refuse_taken_link(wanted: Patient, there: Patient | None) -> None:
    # The link of one that was found to be this patient leads here, and may come here.
    if there is not None and wanted.id not in {there.id, there.merged_into}:
        raise NameTaken("Another patient is linked with this id of the booking tool.")


def _differ(one: str, other: str) -> bool:
    one, other = one.strip().casefold(), other.strip().casefold()
    return bool(one and other) and one != other


def _save(uow: UnitOfWork, action: str, patient: Patient, wanted: Patient) -> Patient:
    """Save a patient if it is another, and note what of it is."""
    was, now = as_told(patient), as_told(wanted)
    changed = [name for name in now if now[name] != was[name]]
    if not changed:
        return patient
    saved = save_patient(uow, wanted, patient)
    before, after = ({name: told[name] for name in changed} for told in (was, now))
    uow.acts.note(action, Kind.PATIENT, patient.id, before, after)
    return saved

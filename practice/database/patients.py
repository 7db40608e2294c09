"""Patients, in tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from practice.database.log import CHUNK
from practice.database.prepared import Prepared, only
from practice.database.tables import appointments, patients
from practice.matching import match_key
from practice.patients import Patient, PatientRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["SqlPatients", "patient_of", "patient_values"]

_OF_IDS = select(patients).where(patients.c.id.in_(bindparam("ids", expanding=True)))
_OF_NUMBER = Prepared(select(patients).where(patients.c.number == bindparam("number")))
_SET = tuple(column.key for column in patients.columns if not column.primary_key)
_MADE = Prepared(insert(patients).returning(patients.c.id), *_SET)
_THIS = update(patients).where(patients.c.id == bindparam("this"))
_CHANGED = Prepared(_THIS, *_SET)
_NUMBERED = Prepared(_THIS, "number")
_BEHIND = (
    select(appointments.c.uid.label("of_uid"), patients)
    .select_from(patients.join(appointments, appointments.c.patient_id == patients.c.id))
    .where(appointments.c.uid.in_(bindparam("uids", expanding=True)))
)


class SqlPatients:
    """The Patients port."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def candidates(self, records: Sequence[PatientRecord]) -> list[Patient]:
        """See the port."""
        numbers = {r.number for r in records if r.number}
        tool_ids = {r.booking_system_id for r in records if r.booking_system_id}
        keys = {key for r in records if (key := match_key(r))}
        query = select(patients).where(
            or_(
                patients.c.number.in_(numbers),
                patients.c.booking_system_id.in_(tool_ids),
                patients.c.match_key.in_(keys),
            )
        )
        return [patient_of(row) for row in self._connection.execute(query)]

    def get(self, ids: Iterable[int]) -> Mapping[int, Patient]:
        """See the port."""
        rows = self._connection.execute(_OF_IDS, {"ids": list(set(ids))})
        return {row.id: patient_of(row) for row in rows}

    def by_number(self, number: str) -> Patient | None:
        """See the port."""
        row = _OF_NUMBER.first(self._connection, {"number": number})
        return patient_of(row) if row else None

    def behind(self, uids: Iterable[str]) -> Mapping[str, Patient]:
        """See the port."""
        wanted = sorted(set(uids))
        found: dict[str, Patient] = {}
        for start in range(0, len(wanted), CHUNK):
            rows = self._connection.execute(_BEHIND, {"uids": wanted[start : start + CHUNK]})
            found |= {row.of_uid: patient_of(row) for row in rows}
        return found

    def uids_of(self, patient_id: int) -> list[str]:
        """See the port."""
        query = select(appointments.c.uid).where(appointments.c.patient_id == patient_id)
        return list(self._connection.execute(query.order_by(appointments.c.id)).scalars())

    def save(self, patient: Patient) -> Patient:
        """See the port."""
        record = patient.record
        # The number of a new patient is made of the id, which only the insert gives out.
        values = patient_values(patient) | {"number": patient.number or f"new:{id(patient)}"}
        if patient.id:
            _CHANGED.later(self._connection, {**values, "this": patient.id})
            made = patient.id
        else:
            made = only(_MADE.along(self._connection, values)).id
        number = patient.number or self._free_number(made)
        if not patient.number:
            _NUMBERED.later(self._connection, {"this": made, "number": number})
        return replace(patient, id=made, number=number, record=replace(record, number=number))

    def _free_number(self, made: int) -> str:
        """Return a number made of the id, or the next that the practice has not given out."""
        number = f"P{made:06d}"
        while self.by_number(number) is not None:
            made += 1_000_000
            number = f"P{made:06d}"
        return number


def patient_values(patient: Patient) -> dict[str, Any]:
    """Return the columns of a patient, but for the id."""
    record = patient.record
    return {
        "last_name": record.last_name,
        "first_name": record.first_name,
        "birth_date": record.birth_date,
        "email": record.email,
        "phone": record.phone,
        "insurance": record.insurance,
        "booking_system_id": record.booking_system_id,
        "match_key": match_key(record),
        "to_review": patient.to_review,
        "language": patient.language,
        "reminders": patient.reminders,
        "insurance_number": record.insurance_number,
        "held_until": patient.held_until,
        "held_why": patient.held_why,
        "merged_into": patient.merged_into,
        "number": patient.number,
    }


def patient_of(row: Any) -> Patient:
    """Return a row as a record."""
    record = PatientRecord(
        last_name=row.last_name,
        first_name=row.first_name,
        birth_date=row.birth_date,
        email=row.email,
        phone=row.phone,
        insurance=row.insurance,
        number=row.number,
        booking_system_id=row.booking_system_id,
        insurance_number=row.insurance_number,
    )
    return Patient(
        number=row.number,
        record=record,
        id=row.id,
        to_review=row.to_review,
        language=row.language,
        reminders=row.reminders,
        held_until=row.held_until,
        held_why=row.held_why,
        merged_into=row.merged_into,
    )

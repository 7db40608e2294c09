"""Patients, in tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, or_, select, union_all, update

from practice.database.log import CHUNK
from practice.database.patient_search import SqlPatientSearch, patient_of
from practice.database.prepared import Prepared, only
from practice.database.tables import appointments, erasures, patients
from practice.matching import match_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from practice.patients import Patient, PatientRecord

__all__ = ["SqlPatients", "patient_values"]

_OF_IDS = select(patients).where(patients.c.id.in_(bindparam("ids", expanding=True)))
_OF_NUMBER = Prepared(select(patients).where(patients.c.number == bindparam("number")))
_OF_TOOL_ID = Prepared(
    select(patients).where(patients.c.booking_system_id == bindparam("tool_id")).limit(1)
)
#: The number of one who is gone is nobody else's: objects in calendars name it, and erased
#: patients are erased again by it. SQLite gives out the id of the last patient again.
_GIVEN_OUT = Prepared(
    union_all(
        select(patients.c.number).where(patients.c.number == bindparam("number")),
        select(erasures.c.number).where(erasures.c.number == bindparam("number")),
    )
)
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


class SqlPatients(SqlPatientSearch):
    """The Patients port; listing them and looking for them is told by SqlPatientSearch."""

    def candidates(self, records: Sequence[PatientRecord]) -> list[Patient]:
        """See the port."""
        numbers = {r.number for r in records if r.number}
        tool_ids = {r.booking_system_id for r in records if r.booking_system_id}
        insured = {r.insurance_number for r in records if r.insurance_number}
        keys = {key for r in records if (key := match_key(r))}

        def shared(table: Any) -> Any:
            return or_(
                table.c.number.in_(numbers),
                table.c.booking_system_id.in_(tool_ids),
                table.c.insurance_number.in_(insured),
                table.c.match_key.in_(keys),
            )

        known = patients.alias("known")
        merged = select(patients).join(known, known.c.merged_into == patients.c.id)
        query = union_all(select(patients).where(shared(patients)), merged.where(shared(known)))
        found = (patient_of(row) for row in self._connection.execute(query))
        return list({patient.id: patient for patient in found}.values())

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

    def with_tool_id(self, booking_system_id: str) -> Patient | None:
        """See the port."""
        row = _OF_TOOL_ID.first(self._connection, {"tool_id": booking_system_id})
        return patient_of(row) if row else None

    def merged_into(self, patient_id: int) -> list[Patient]:
        """See the port."""
        query = select(patients).where(patients.c.merged_into == patient_id)
        return [patient_of(row) for row in self._connection.execute(query.order_by(patients.c.id))]

    def remove(self, patient: Patient) -> None:
        """See the port."""
        self._connection.execute(delete(patients).where(patients.c.id == patient.id))

    def save(self, patient: Patient, before: Patient | None = None) -> Patient:
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
        saved = replace(patient, id=made, number=number, record=replace(record, number=number))
        self._keep_keys(saved, before, new=not patient.id)
        return saved

    def _free_number(self, made: int) -> str:
        """Return a number made of the id, or the next that the practice has not given out."""
        number = f"P{made:06d}"
        while _GIVEN_OUT.first(self._connection, {"number": number}) is not None:
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

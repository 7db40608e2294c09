"""Many patients at once, in tables. Not here: single ones (`practice.database.patients`)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from practice.database.arrays import in_columns, told_as_arrays
from practice.database.import_values import NOTHING_DONE
from practice.database.log import CHUNK
from practice.database.patient_search import kept_keys, patient_of
from practice.database.patients import patient_values
from practice.database.tables import (
    appointments,
    decisions,
    erasures,
    import_rows,
    patient_keys,
    patients,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from practice.patients import Patient

__all__ = ["SqlPatientsInBulk"]

_THIS = update(patients).where(patients.c.id == bindparam("this"))
_MADE = insert(patients).returning(patients.c.id, patients.c.number)
_PATIENTS_TOLD = told_as_arrays(one for one in patients.columns if not one.primary_key)
_ALL_MADE = _MADE.from_select(list(_PATIENTS_TOLD.columns.keys()), select(*_PATIENTS_TOLD.columns))
_KEYS_TOLD = told_as_arrays(patient_keys.columns)
_KEYS_ADDED = insert(patient_keys).from_select(
    list(patient_keys.columns.keys()), select(*_KEYS_TOLD.columns)
)


class SqlPatientsInBulk:
    """The PatientsInBulk port."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> Iterator[Patient]:
        """See the port."""
        query = select(patients).order_by(patients.c.id).execution_options(yield_per=CHUNK)
        yield from map(patient_of, self._connection.execute(query))

    def taken(
        self, numbers: Collection[str], tool_ids: Collection[str]
    ) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """See the port."""
        return (
            self._whose(patients.c.number, numbers),
            self._whose(patients.c.booking_system_id, tool_ids),
        )

    def _whose(self, column: Any, values: Collection[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for some in _chunks(values):
            query = select(column.label("value"), patients.c.id).where(column.in_(some))
            found |= {row.value: row.id for row in self._connection.execute(query)}
        return found

    def add(self, new: Sequence[Patient]) -> list[Patient]:
        """See the port."""
        made: list[Patient] = []
        for start in range(0, len(new), CHUNK):
            made += self._add(new[start : start + CHUNK])
        return made

    def _add(self, new: Sequence[Patient]) -> list[Patient]:
        # The number of a new patient is made of the id, which only the insert gives out.
        rows = [
            {**patient_values(one), "number": one.number or f"new:{at}"}
            for at, one in enumerate(new)
        ]
        # In whatever order: SQLite tells none, and would be asked for each row alone.
        if self._connection.dialect.name == "postgresql":
            found = self._connection.execute(_ALL_MADE, in_columns(rows))
        else:
            found = self._connection.execute(_MADE, rows)
        given_ids = {row.number: row.id for row in found}
        ids = [given_ids[row["number"]] for row in rows]
        wanted = [made for made, one in zip(ids, new, strict=True) if not one.number]
        numbers = self._free_numbers(wanted)
        if numbers:
            told = [{"this": made, "number": number} for made, number in numbers.items()]
            self._connection.execute(_THIS, told)
        made = [
            _numbered(one, given, one.number or numbers[given])
            for given, one in zip(ids, new, strict=True)
        ]
        self._keep_keys(made)
        return made

    def _free_numbers(self, ids: Sequence[int]) -> dict[int, str]:
        """Return a number for each, made of the id, or the next that was not given out."""
        open_ids, found, more = list(ids), dict[int, str](), 0
        while open_ids:
            told = {made: f"P{made + more:06d}" for made in open_ids}
            taken = self._given_out(told.values())
            found |= {made: number for made, number in told.items() if number not in taken}
            open_ids = [made for made in open_ids if made not in found]
            more += 1_000_000
        return found

    def _given_out(self, numbers: Collection[str]) -> set[str]:
        """Return which numbers somebody has, or had who was erased."""
        return {*self._whose(patients.c.number, numbers), *self._whose_erased(numbers)}

    def _whose_erased(self, numbers: Collection[str]) -> list[str]:
        query = select(erasures.c.number).where(erasures.c.number.in_(numbers))
        return list(self._connection.execute(query).scalars())

    def _keep_keys(self, kept: Sequence[Patient]) -> None:
        # In the order of the index, whose pages are then each looked for but once.
        keys = sorted((key, one.id) for one in kept for key in kept_keys(one))
        rows = [{"key": key, "patient_id": one} for key, one in keys]
        if self._connection.dialect.name == "postgresql" and rows:
            self._connection.execute(_KEYS_ADDED, in_columns(rows))
        else:
            self._connection.execute(insert(patient_keys), rows)

    def change(self, changed: Sequence[Patient]) -> None:
        """See the port."""
        for start in range(0, len(changed), CHUNK):
            some = changed[start : start + CHUNK]
            self._connection.execute(
                _THIS, [{**patient_values(one), "this": one.id} for one in some]
            )
            ids = [one.id for one in some]
            self._connection.execute(delete(patient_keys).where(patient_keys.c.patient_id.in_(ids)))
            self._keep_keys(some)

    def referred_to(self, ids: Collection[int], but_for_import: int) -> set[int]:
        """See the port."""
        found: set[int] = set()
        for some in _chunks(ids):
            # Rows that are only planned, or changed nothing, hold nobody.
            did = import_rows.c.before.is_not(None) & (import_rows.c.before != NOTHING_DONE)
            others = (import_rows.c.import_id != but_for_import) & did
            for query in (
                select(appointments.c.patient_id).where(appointments.c.patient_id.in_(some)),
                select(patients.c.merged_into).where(patients.c.merged_into.in_(some)),
                select(import_rows.c.patient_id).where(import_rows.c.patient_id.in_(some), others),
            ):
                found.update(self._connection.execute(query).scalars())
        return found

    def remove(self, ids: Collection[int]) -> None:
        """See the port."""
        for some in _chunks(ids):
            rows = update(import_rows).where(import_rows.c.patient_id.in_(some))
            self._connection.execute(rows.values(patient_id=None))
            self._connection.execute(delete(decisions).where(decisions.c.patient_id.in_(some)))
            self._connection.execute(delete(patients).where(patients.c.id.in_(some)))


def _numbered(one: Patient, made: int, number: str) -> Patient:
    return replace(one, id=made, number=number, record=replace(one.record, number=number))


def _chunks(values: Collection[Any]) -> Iterator[list[Any]]:
    wanted = sorted(set(values))
    for start in range(0, len(wanted), CHUNK):
        yield wanted[start : start + CHUNK]

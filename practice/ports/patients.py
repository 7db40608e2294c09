"""Patients, one by one and many at once, and lists of them.

Not here: their appointments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from practice.imports import Choice, Import, ImportRow, RowVerdict
    from practice.lookup import Near, Ways
    from practice.patients import Patient, PatientRecord

__all__ = ["Imports", "Patients", "PatientsInBulk"]


class Patients(Protocol):
    """Patients, found by what records share with them."""

    def candidates(self, records: Sequence[PatientRecord]) -> list[Patient]:
        """Return the patients sharing number, tool id, insurance number or match key with any of
        the records, and who these were found to be.
        """

    def get(self, ids: Iterable[int]) -> Mapping[int, Patient]:
        """Return patients by id."""

    def behind(self, uids: Iterable[str]) -> Mapping[str, Patient]:
        """Return the patients of the appointments with these UIDs, by UID."""

    def uids_of(self, patient_id: int) -> list[str]:
        """Return the UIDs of a patient's appointments."""

    def by_number(self, number: str) -> Patient | None:
        """Return the patient with this number."""

    def with_email(self, email: str) -> list[Patient]:
        """Return who is found by an e-mail address, in capitals or not, by id."""

    def with_tool_id(self, booking_system_id: str) -> Patient | None:
        """Return the patient that a booking tool knows by this id."""

    def merged_into(self, patient_id: int) -> list[Patient]:
        """Return those who were found to be this patient."""

    def page(
        self,
        limit: int,
        after: tuple[str, int] | None = None,
        *,
        to_review: bool | None = None,
        linked: bool | None = None,
    ) -> list[Patient]:
        """Return patients by last name, first name and id (`practice.lookup.order_key`), those
        `after` a key and an id; without those who were found to be others.
        """

    def words_near(self, wanted: Sequence[Near]) -> set[str]:
        """Return all words of names that may be one typo away from any of these, and others; from
        one statement.
        """

    def ranked(
        self, asked: Sequence[tuple[Ways, Collection[str]]], limit: int
    ) -> list[tuple[Patient, int]]:
        """Return who fits every word that is asked for, which is not none, with what that is
        worth, the best first; from one statement. With each word come others it may stand for.
        """

    def save(self, patient: Patient, before: Patient | None = None) -> Patient:
        """Store a new one (id 0; an empty number is given out) or change it, and by what it is
        looked for. `before` is the one stored; without it, more is written.
        """

    def remove(self, patient: Patient) -> None:
        """Remove a patient that nothing refers to any more (see `Traces.let_go`)."""


class PatientsInBulk(Protocol):
    """Many patients at once, in statements whose number does not grow with them as fast."""

    def all(self) -> Iterator[Patient]:
        """Yield every patient, by id, a few at a time; those who are others now as well."""

    def taken(
        self, numbers: Collection[str], tool_ids: Collection[str]
    ) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """Return whose these numbers and ids in the booking tool are."""

    def add(self, new: Sequence[Patient]) -> list[Patient]:
        """Store new patients; return them in this order. Empty numbers are given out."""

    def change(self, changed: Sequence[Patient]) -> None:
        """Store patients that are there already; what calendars show is the caller's to look to."""

    def referred_to(self, ids: Collection[int], but_for_import: int) -> set[int]:
        """Return which of some patients something refers to, other than plans and that import."""

    def remove(self, ids: Collection[int]) -> None:
        """Remove patients that nothing refers to but an import's rows, and what was decided of
        them.
        """


class Imports(Protocol):
    """Lists of patients, the rows of their plans, and what was decided of rows."""

    def add(self, new: Import) -> Import:
        """Store a new one."""

    def get(self, import_id: int) -> Import:
        """Return one; raises ImportNotFound."""

    def page(self, limit: int, before: int | None = None) -> list[Import]:
        """Return imports, the last first, those before an id."""

    def save(self, changed: Import) -> None:
        """Change one."""

    def remove(self, import_id: int) -> None:
        """Remove one and its rows; what was decided stays."""

    def add_rows(self, import_id: int, rows: Sequence[ImportRow]) -> None:
        """Store the rows of a plan, each line once."""

    def save_rows(self, import_id: int, rows: Sequence[ImportRow]) -> None:
        """Change rows, but for what the list says."""

    def rows(
        self,
        import_id: int,
        after: int = 0,
        limit: int = 500,
        verdict: RowVerdict | None = None,
        *,
        waiting: bool = False,
    ) -> list[ImportRow]:
        """Return rows by line, those after one; only those of a verdict, or those that are
        still to be applied.
        """

    def done_rows(self, import_id: int, before: int, limit: int = 500) -> list[ImportRow]:
        """Return applied rows, the last line first, those before a line."""

    def row(self, import_id: int, line: int) -> ImportRow:
        """Return one row; raises ImportNotFound."""

    def patients_of(self, import_id: int, lines: Collection[int]) -> Mapping[int, int | None]:
        """Return whom some rows are about, by line; at most 500 lines."""

    def count(self, import_id: int) -> Mapping[tuple[RowVerdict, Choice, bool], int]:
        """Count rows by verdict, decision, and whether they were applied, in one statement."""

    def forget(self, before: datetime) -> int:
        """Erase the texts of the imports made before a moment; return how many imports."""

    def decided(self, keys: Collection[str]) -> Mapping[str, tuple[int | None, str]]:
        """Return what was decided of rows, by key: the patient (None: nobody), and who did."""

    def decide(self, told: Mapping[str, tuple[int | None, str]]) -> None:
        """Store what was decided of rows, in place of what was before."""

    def forget_decisions(self, keys: Iterable[str]) -> None:
        """Forget what was decided of rows."""

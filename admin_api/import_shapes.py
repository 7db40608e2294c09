"""How imports, their rows and patients beside them are shown."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import Field

from admin_api.endpoint import Shown
from admin_api.import_words import reason_in_words, warning_in_words

if TYPE_CHECKING:
    from admin_api.services import Lists
    from practice.imports import Candidate, Import
    from practice.patients import PatientRecord
    from practice.use_cases import import_undoing
    from practice.use_cases.imports import Beside, Counts, ShownRow

__all__ = [
    "Applied",
    "ImportShown",
    "ImportWhole",
    "ImportsShown",
    "RowShown",
    "RowsShown",
    "Undone",
    "import_shown",
    "import_whole",
    "row_shown",
    "undone_shown",
]

#: Rows told one by one that could not be taken back.
_MOST_KEPT = 1_000
_WHY = {
    "changed_since": "The patient was changed since.",
    "has_appointments_or_more": "The patient has appointments, or other lists tell of it.",
    "held_by_law": "The patient has to be kept for now.",
    "patient_gone": "The patient is gone, or is another one now.",
}


class Coded(Shown):
    """Something to know: a code for programs, a field if it is about one, a sentence."""

    code: str
    field: str | None = None
    text: str


class HowRead(Shown):
    """How a list was read: `columns` are those of our fields, `unused` mean nothing to us."""

    kind: str = Field(description="csv, gdt or tool.")
    encoding: str = ""
    separator: str = ""
    columns: dict[str, str] = Field(default_factory=dict)
    unused: list[str] = Field(default_factory=list)


class ImportShown(Shown):
    """An import. While it is `reading`, `applying` or `undoing`, `done` and `total` say how far;
    0 of 0: not known yet.
    """

    id: int
    name: str
    source: str = Field(description="'file', or the name of a booking tool.")
    state: str = Field(
        description="reading, planned, applying, applied, undoing, undone or failed."
    )
    error: str
    begun: datetime
    begun_by: str
    applied: datetime | None
    done: int
    total: int
    counts: dict[str, int] = Field(description="Rows of the plan by verdict.")
    doubtful: int = Field(
        description="Rows of which something could not be read, such as a birth date; `doubts` of"
        " the rows say what. They are among the counts all the same."
    )
    read: HowRead | None
    made: int = Field(description="Patients made.")
    changed: int = Field(description="Patients changed.")
    forgotten: bool = Field(description="Whether what the list said is erased.")


class ImportWhole(ImportShown):
    """An import, and how many rows wait for a decision or were applied."""

    waiting: int
    rows_applied: int


class ImportsShown(Shown):
    """A page of imports."""

    imports: list[ImportShown]
    next: int | None


class RecordShown(Shown):
    """What list or practice tell of a patient; an empty text is nothing."""

    last_name: str
    first_name: str
    birth_date: str
    email: str
    phone: str
    insurance: str
    insurance_number: str
    number: str
    booking_system_id: str | None


class DifferenceShown(Shown):
    """A field of which the list says something else; `fills` if the practice says nothing."""

    field: str
    ours: str
    theirs: str
    fills: bool


class CandidateShown(Shown):
    """A patient whom a row may be about."""

    patient_id: int
    patient: RecordShown
    probability: float
    reasons: list[Coded]
    differences: list[DifferenceShown]


class RowShown(Shown):
    """A row of a plan, beside whom it may be about. `record` is null where nothing could be read,
    or what it said is erased.
    """

    line: int
    verdict: str
    decision: str
    decided_by: str
    take: list[str] | None
    patient_id: int | None
    twin: int | None = Field(description="The line of an earlier row about the same person.")
    applied: bool
    record: RecordShown | None
    more: dict[str, str]
    doubts: list[Coded]
    warnings: list[Coded]
    candidates: list[CandidateShown]


class RowsShown(Shown):
    """A page of rows."""

    rows: list[RowShown]
    next: int | None


class Applied(Shown):
    """What came of an application: patients made and changed, rows that still wait."""

    of: ImportShown
    made: int
    changed: int
    waiting: int


class KeptShown(Shown):
    """A row that was not taken back, and why."""

    line: int
    patient_id: int | None
    why: Coded


class Undone(Shown):
    """What came of taking back: patients removed and restored, and rows that stay."""

    of: ImportShown
    removed: int
    restored: int
    kept: list[KeptShown]
    kept_in_all: int


def import_shown(one: Import) -> ImportShown:
    """Return an import as it is shown."""
    told = one.told
    way = told.get("work", told)
    return ImportShown(
        id=one.id,
        name=one.name,
        source=one.source,
        state=one.state,
        error=one.error,
        begun=one.made,
        begun_by=one.made_by,
        applied=one.applied,
        done=way.get("done", 0),
        total=way.get("total", 0),
        counts=told.get("counts", {}),
        doubtful=told.get("doubtful", 0),
        read=HowRead(**told["read"]) if "read" in told else None,
        made=told.get("made", 0),
        changed=told.get("changed", 0),
        forgotten=one.is_forgotten,
    )


def import_whole(one: Import, counts: Counts) -> ImportWhole:
    """Return an import with its counts."""
    shown = import_shown(one).model_dump()
    return ImportWhole(**shown, waiting=counts.waiting, rows_applied=counts.applied)


def row_shown(shown: ShownRow, lists: Lists | None) -> RowShown:
    """Return a row as it is shown."""
    row = shown.row
    listed = row.listed
    doubts = listed.doubts if listed else ()
    return RowShown(
        line=row.line,
        verdict=row.verdict,
        decision=row.decision,
        decided_by=row.decided_by,
        take=None if row.take is None else sorted(row.take),
        patient_id=row.patient_id,
        twin=row.twin,
        applied=row.done is not None,
        record=_record(row.record) if row.record else None,
        more=dict(listed.more) if listed else {},
        doubts=[_doubt(code, lists) for code in doubts],
        warnings=[Coded(code=code, text=warning_in_words(code)) for code in row.warnings],
        candidates=[_candidate(one.candidate, one) for one in shown.beside],
    )


def _doubt(told: str, lists: Lists | None) -> Coded:
    code, _, field = told.partition(":")
    return Coded(code=code, field=field or None, text=lists.sentence(told) if lists else code)


def _candidate(one: Candidate, beside: Beside) -> CandidateShown:
    return CandidateShown(
        patient_id=beside.patient.id,
        patient=_record(beside.patient.record),
        probability=one.probability,
        reasons=[Coded(code=code, text=reason_in_words(code)) for code in one.reasons],
        differences=[
            DifferenceShown(field=d.field, ours=d.before, theirs=d.after, fills=d.filled)
            for d in beside.differences
        ],
    )


def _record(record: PatientRecord) -> RecordShown:
    return RecordShown.model_validate(record)


def undone_shown(done: import_undoing.Undone) -> Undone:
    """Return what came of taking an import back."""
    kept = [
        KeptShown(
            line=one.line,
            patient_id=one.patient_id,
            why=Coded(code=one.why, text=_WHY[one.why]),
        )
        for one in done.kept[:_MOST_KEPT]
    ]
    return Undone(
        of=import_shown(done.of),
        removed=done.removed,
        restored=done.restored,
        kept=kept,
        kept_in_all=len(done.kept),
    )

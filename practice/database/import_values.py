"""Imports and the rows of their plans, between records and columns.

Not here: the tables themselves (`practice.database.imports`).
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from practice.imports import (
    Candidate,
    Choice,
    Done,
    Import,
    ImportRow,
    ImportState,
    ListRow,
    RowVerdict,
)
from practice.patients import PatientRecord

__all__ = [
    "NOTHING_DONE",
    "as_json",
    "changeable_values",
    "import_of",
    "import_values",
    "row_of",
    "row_values",
]


def as_json(value: Any) -> str:
    """Return a value as it is stored."""
    # With everything but ASCII spelled out: PostgreSQL stores no NUL, nor half a character.
    return json.dumps(value, separators=(",", ":"))


def _did(done: Done) -> str:
    return as_json({"made": done.made, "before": dict(done.before), "after": dict(done.after)})


#: What is stored of a row that was applied and changed nothing.
NOTHING_DONE = _did(Done(made=False, before={}, after={}))


def import_values(one: Import) -> dict[str, Any]:
    """Return the columns of an import."""
    return {
        "name": one.name,
        "source": one.source,
        "state": str(one.state),
        "made": one.made,
        "made_by": one.made_by,
        "applied": one.applied,
        "error": one.error[:255],
        "told": as_json(dict(one.told)),
    }


def import_of(row: Any) -> Import:
    """Return a row of imports as a record."""
    return Import(
        name=row.name,
        source=row.source,
        state=ImportState(row.state),
        made=row.made,
        made_by=row.made_by,
        id=row.id,
        applied=row.applied,
        error=row.error,
        told=json.loads(row.told),
    )


def row_values(row: ImportRow) -> dict[str, Any]:
    """Return the columns of a row of a plan."""
    return {"line": row.line, "record": _listed(row.listed), **changeable_values(row)}


def changeable_values(row: ImportRow) -> dict[str, Any]:
    """Return what is changed of a row once it is planned."""
    told: dict[str, Any] = {
        "who": tuple((one.patient_id, one.probability, one.reasons) for one in row.candidates),
        "warnings": row.warnings,
        "twin": row.twin,
        "take": None if row.take is None else sorted(row.take),
    }
    return {
        "verdict": str(row.verdict),
        "patient_id": row.patient_id,
        "candidates": as_json(
            {name: value for name, value in told.items() if value or value == []}
        ),
        "decision": str(row.decision),
        "decided_by": row.decided_by,
        "before": None if row.done is None else _did(row.done),
    }


def _listed(row: ListRow | None) -> str:
    if row is None:
        return ""
    record = row.record and {"last_name": ""} | {k: v for k, v in asdict(row.record).items() if v}
    told = {
        "record": record,
        "more": dict(row.more),
        "doubts": row.doubts,
    }
    return as_json({name: value for name, value in told.items() if value})


def row_of(row: Any) -> ImportRow:
    """Return a row of import_rows as a record."""
    # Whoever erases texts leaves "[]" here.
    told = json.loads(row.candidates) or {}
    take = told.get("take")
    return ImportRow(
        line=row.line,
        listed=_read(row.line, row.record),
        verdict=RowVerdict(row.verdict),
        patient_id=row.patient_id,
        candidates=tuple(Candidate(i, p, tuple(why)) for i, p, why in told.get("who", ())),
        warnings=tuple(told.get("warnings", ())),
        twin=told.get("twin"),
        decision=Choice(row.decision),
        take=None if take is None else frozenset(take),
        decided_by=row.decided_by,
        done=None if row.before is None else Done(**json.loads(row.before)),
    )


def _read(line: int, text: str) -> ListRow | None:
    if not text:
        return None
    told = json.loads(text)
    record = told.get("record")
    return ListRow(
        line,
        None if record is None else PatientRecord(**record),
        told.get("more", {}),
        tuple(told.get("doubts", ())),
    )

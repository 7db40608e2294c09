"""Making the plan of an import: who each row of a list is about. Changes no patient.

In steps, because judging a long list takes a while in which others want to write: what is known is
read, the list is judged without a transaction (`practice.use_cases.import_judging`), and the plan
is kept. `plan` is all of it in one. Not here: what is done about it
(`practice.use_cases.import_applying`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from practice.acts import Kind
from practice.imports import Import, ImportRow, ImportState, ListRow
from practice.patients import Patient
from practice.use_cases.import_judging import Known, Progress, fitting, judged
from practice.use_cases.import_keys import decision_key
from practice.use_cases.import_starts import begin_import, lease, reading_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from practice.ports import UnitOfWork

__all__ = ["finish", "keep_rows", "known_of", "plan"]


def plan(
    uow: UnitOfWork,
    name: str,
    source: str,
    rows: Iterable[ListRow],
    progress: Progress | None = None,
    told: Mapping[str, Any] | None = None,
) -> Import:
    """Judge every row of a list against all patients and its twins in the list, and keep the plan.

    `source` says where it is from: "file", or the name of a booking tool. `told` is what else is to
    be known of it, as JSON. Nothing but the plan is stored.
    """
    made = begin_import(uow, name, source)
    listed = [fitting(row) for row in rows]
    known = known_of(uow, listed)
    keep_rows(uow, made.id, judged(listed, known, progress))
    return finish(uow, made.id, told or {})


def known_of(uow: UnitOfWork, rows: Sequence[ListRow]) -> Known:
    """Return what is known, in one snapshot, for judging these rows."""
    everybody = list(uow.patients_in_bulk.all())
    by_id = {one.id: one for one in everybody}
    leads = {one.id: _found_to_be(one, by_id) for one in everybody if one.merged_into is not None}
    numbers: dict[str, Patient] = {}
    tool_ids: dict[str, Patient] = {}
    for one in everybody:
        is_now = by_id[leads.get(one.id, one.id)]
        numbers[one.number] = is_now
        if one.record.booking_system_id:
            tool_ids.setdefault(one.record.booking_system_id, is_now)
    keys = {decision_key(uow.secret, row.record) for row in rows if row.record is not None}
    return Known(
        secret=uow.secret,
        patients=[one for one in everybody if one.id not in leads],
        numbers=numbers,
        tool_ids=tool_ids,
        leads=leads,
        decided=uow.imports.decided(keys),
    )


def _found_to_be(one: Patient, by_id: Mapping[int, Patient]) -> int:
    while one.merged_into is not None and one.merged_into in by_id:
        one = by_id[one.merged_into]
    return one.id


def keep_rows(uow: UnitOfWork, import_id: int, rows: Sequence[ImportRow]) -> None:
    """Store rows of a plan that is being made; raises Conflict if it is not any more."""
    found = reading_of(uow, import_id)
    uow.imports.add_rows(import_id, rows)
    told = {**found.told, "due": lease(uow), **_doubtful(found, rows)}
    uow.imports.save(replace(found, told=told))


def _doubtful(of: Import, rows: Sequence[ImportRow] = ()) -> dict[str, int]:
    """Return how many rows have a doubt, with more of them."""
    more = sum(1 for row in rows if row.listed and row.listed.doubts)
    return {"doubtful": of.told.get("doubtful", 0) + more}


def finish(uow: UnitOfWork, import_id: int, told: Mapping[str, Any]) -> Import:
    """Store that the plan is complete."""
    found = reading_of(uow, import_id)
    counts: Counter[str] = Counter()
    for (verdict, _, _), times in uow.imports.count(import_id).items():
        counts[verdict] += times
    total = sum(counts.values())
    whole = {**told, "done": total, "total": total, "counts": dict(counts), **_doubtful(found)}
    done = replace(found, state=ImportState.PLANNED, told=whole)
    uow.imports.save(done)
    uow.acts.note("planned", Kind.IMPORT, import_id, None, dict(counts))
    return done

"""Patients whom the rows of a list are about: who they are by now, and where their names stand.

Not here: what rows do to them (`practice.use_cases.import_applying`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from practice.disguise import pseudonym
from practice.use_cases.patients import touch_copies

if TYPE_CHECKING:
    from collections.abc import Collection

    from practice.patients import Patient
    from practice.ports import UnitOfWork

__all__ = ["found_to_be", "touch_renamed"]


def found_to_be(uow: UnitOfWork, ids: Collection[int]) -> dict[int, Patient]:
    """Return patients by id; for one who was found to be another, that one (also by its own id)."""
    found = dict(uow.patients.get(ids)) if ids else {}
    while more := {one.merged_into for one in found.values()} - {None, *found}:
        found |= uow.patients.get(one for one in more if one is not None)
    people = dict(found)
    for wanted in found:
        while (is_now := people[wanted].merged_into) is not None and is_now in found:
            people[wanted] = found[is_now]
    return people


def touch_renamed(uow: UnitOfWork, changed: Collection[tuple[Patient, Patient]]) -> None:
    """Give the objects of patients whom views of less detail call otherwise a change number."""
    for was, is_now in changed:
        if pseudonym(was) != pseudonym(is_now):
            for uid in uow.patients.uids_of(is_now.id):
                touch_copies(uow, uid)

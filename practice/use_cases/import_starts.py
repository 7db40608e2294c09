"""Imports that are being read: begun, on their way, and given up.

Not here: what becomes of the rows (`practice.use_cases.import_plans`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from practice.acts import Kind
from practice.errors import Conflict
from practice.imports import LEASE, Import, ImportState

if TYPE_CHECKING:
    from practice.ports import UnitOfWork

__all__ = ["begin_import", "fail", "lease", "reading_of", "told_progress"]


def begin_import(uow: UnitOfWork, name: str, source: str) -> Import:
    """Store that a list is being read."""
    shown = "".join(c for c in name if c.isprintable())[:255]
    new = Import(shown, source[:64], ImportState.READING, uow.now, uow.actor.name)
    made = uow.imports.add(replace(new, told={"due": lease(uow)}))
    uow.acts.note("begun", Kind.IMPORT, made.id, None, {"source": made.source})
    return made


def told_progress(uow: UnitOfWork, import_id: int, done: int, total: int) -> None:
    """Store how far the reading of a list is; raises Conflict if it is not read any more."""
    found = reading_of(uow, import_id)
    told = {**found.told, "done": done, "total": total, "due": lease(uow)}
    uow.imports.save(replace(found, told=told))


def fail(uow: UnitOfWork, import_id: int, sentence: str) -> None:
    """Store that a list could not be read, and why; nothing if it is not read any more."""
    found = uow.imports.get(import_id)
    if found.state is ImportState.READING:
        uow.imports.save(replace(found, state=ImportState.FAILED, error=sentence))


def reading_of(uow: UnitOfWork, import_id: int) -> Import:
    """Return an import that is being read; raises ImportNotFound or Conflict."""
    found = uow.imports.get(import_id)
    if found.state is not ImportState.READING:
        raise Conflict("This import is not being read.")
    return found


def lease(uow: UnitOfWork) -> float:
    """Return until when, in seconds since 1970, nobody takes the reader for dead."""
    return (uow.now + LEASE).timestamp()

"""What waits for a person, and what runs or has failed, for the overview.

A constant number of statements, and of each kind the newest ones only. Not here: what is decided
(the API), nor the words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from admin_api.pages.fault_words import fault_of
from practice.conflicts import DisputeState
from practice.letters import LetterState
from practice.scopes import Scope
from practice.sources import ReceiptState
from practice.tasks import TaskState
from practice.use_cases import disputes, letters, receipts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from admin_api.endpoint import Call
    from practice.conflicts import Dispute, Terms
    from practice.details import Booked
    from practice.letters import Letter
    from practice.overview import Overview, Request, TaskGlance
    from practice.sources import Receipt
    from practice.use_cases.desk import Desk

__all__ = ["Side", "matters", "running"]

_SOME = 20
_RUNNING = frozenset({TaskState.RUNNING, TaskState.FAILED})


@dataclass(frozen=True, slots=True)
class Side:
    """An appointment as one side has it; `differs` are the names of what the other has not so."""

    start: datetime | None
    end: datetime | None
    doctor: str
    room: str
    status: str
    differs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A conflict with both sides, and the appointment as it is."""

    noted: Dispute
    booked: Booked | None
    ours: Side
    theirs: Side | None


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A letter that did not arrive, why, and the appointment it is about."""

    letter: Letter
    booked: Booked | None
    fault: str


@dataclass(frozen=True, slots=True)
class Job:
    """A task that runs or has failed; `told` is the API's, `fault` and `said` why it failed."""

    glance: TaskGlance
    told: Mapping[str, Any]
    fault: str
    said: str


def matters(call: Call[Any, Any], desk: Desk, found: Overview) -> dict[str, object]:
    """Return what waits for a person: requests, conflicts, letters and webhooks."""
    uow = desk.uow
    if Scope.SYNC in call.scopes:
        given_up = letters.posted(uow, (LetterState.FAILED,), limit=_SOME).items
        tried = letters.posted(uow, (LetterState.TRIED,), limit=_SOME).items
        disputed = disputes.noted(uow, (DisputeState.OPEN,), limit=_SOME).items
        kept = receipts.received(uow, (ReceiptState.QUARANTINED,), limit=_SOME).items
    else:
        given_up, tried, disputed, kept = (), (), (), ()
    asked = found.requests[:_SOME]
    of_letters = {one.appointment_id for one in chain(given_up, tried)}
    of_others = {*(one.appointment_id for one in disputed), *(o.appointment_id for o in asked)}
    booked = uow.details.booked_all(of_letters | of_others)
    return {
        "requests": [(one, booked[one.appointment_id]) for one in _known(asked, booked)],
        "conflicts": [_conflict(one, booked.get(one.appointment_id), desk) for one in disputed],
        "given_up": [_undelivered(one, booked) for one in given_up],
        "tried": [_undelivered(one, booked) for one in tried],
        "quarantine": [_kept(one) for one in kept],
        "doctors": desk.doctors,
    }


def running(call: Call[Any, Any], found: Overview) -> dict[str, object]:
    """Return the tasks that run, and those that failed lately."""
    told: dict[str, Mapping[str, Any]] = {}
    single = call.services.single_patients
    if single is not None and (found.tasks_running or found.tasks_failed):
        told = {one["task_id"]: one for one in single.recent(_RUNNING)}
    said = {one.id: one.sentence for one in found.faults if one.kind == "task"}
    jobs = [
        _job(one, told.get(one.id, {}), said.get(one.id, ""))
        for one in (*found.tasks_running, *found.tasks_failed)
    ]
    faults = [(one, fault_of(one.sentence)) for one in found.faults if one.kind == "source"]
    return {
        "jobs_running": jobs[: len(found.tasks_running)],
        "jobs_failed": jobs[len(found.tasks_running) :][:_SOME],
        "source_faults": {one.id: (one, name) for one, name in faults},
        "has_tasks": single is not None,
    }


def _known(asked: Sequence[Request], booked: Mapping[int, Booked]) -> list[Request]:
    return [one for one in asked if one.appointment_id in booked]


def _undelivered(letter: Letter, booked: Mapping[int, Booked]) -> Undelivered:
    fault = fault_of(letter.error, str(letter.to))
    return Undelivered(letter, booked.get(letter.appointment_id), fault)


def _kept(receipt: Receipt) -> tuple[Receipt, str]:
    return receipt, fault_of(receipt.reason)


def _job(glance: TaskGlance, told: Mapping[str, Any], said: str) -> Job:
    error = told.get("error") or said
    return Job(glance, told, told.get("error_code") or fault_of(error), error)


def _conflict(noted: Dispute, booked: Booked | None, desk: Desk) -> Conflict:
    differs = frozenset(noted.theirs.differing(noted.ours)) if noted.theirs else frozenset[str]()
    theirs = _side(noted.theirs, differs, desk) if noted.theirs else None
    return Conflict(noted, booked, _side(noted.ours, differs, desk), theirs)


def _side(terms: Terms, differs: frozenset[str], desk: Desk) -> Side:
    doctors = {doctor.slug: doctor.name for doctor in desk.doctors.values()}
    rooms = {room.slug: room.name for room in desk.rooms.values()}
    return Side(
        _moment(terms.start),
        _moment(terms.end),
        doctors.get(terms.doctor, terms.doctor),
        rooms.get(terms.room, terms.room),
        terms.status,
        differs,
    )


def _moment(told: str) -> datetime | None:
    """Return a time that was kept as a text; None for one that is none."""
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        return None
    return moment if moment.tzinfo else None

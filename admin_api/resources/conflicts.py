"""Conflicts: what practice and booking tool do not agree on, and what is decided."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from admin_api.endpoint import Call, Endpoint, Form, Nothing, Shown
from admin_api.listing import Paged, cursor_of, place_of
from practice.access import may_settle
from practice.conflicts import DisputeKind, DisputeState
from practice.scopes import Scope
from practice.use_cases import disputes

__all__ = ["ENDPOINTS"]


class WhichConflicts(StrEnum):
    """Conflicts in which states."""

    ALL = "all"
    OPEN = "open"
    KEPT = "kept"
    TAKEN = "taken"
    GONE = "gone"


class Side(StrEnum):
    """Whose side is taken."""

    OURS = "ours"
    THEIRS = "theirs"


class ConflictsAsked(Paged):
    """Which conflicts."""

    state: WhichConflicts = WhichConflicts.OPEN


class Decided(Form):
    """What is decided."""

    take: Side = Field(
        description="ours: it stays as the practice has it; theirs: it becomes what the booking"
        " tool has, cancelled if that has nothing."
    )


class TermsShown(Shown):
    """An appointment as one side has it."""

    start: str
    end: str
    doctor: str
    room: str
    status: str


class ConflictShown(Shown):
    """A conflict."""

    id: int
    appointment_id: int
    source: str = Field(description="The booking tool.")
    kind: DisputeKind = Field(
        description="changed by both; vanished from the tool; unlisted where it should be."
    )
    noted: datetime
    ours: TermsShown
    theirs: TermsShown | None = Field(description="null: the tool has nothing any more.")
    state: DisputeState = Field(
        description="kept: the practice's side stands; taken: the tool's; gone: they agree again."
    )
    resolved: datetime | None
    resolved_by: str


class ConflictsShown(Shown):
    """Some conflicts, the newest first."""

    items: list[ConflictShown]
    next: str | None


def list_conflicts(call: Call[ConflictsAsked, None]) -> ConflictsShown:
    """Return a page of conflicts."""
    asked = call.query
    which = asked.state
    states = tuple(DisputeState) if which is WhichConflicts.ALL else (DisputeState(which),)
    found = disputes.noted(call.uow, states, before=place_of(asked.cursor), limit=asked.limit)
    shown = [ConflictShown.model_validate(one) for one in found.items]
    return ConflictsShown(items=shown, next=cursor_of(found.before))


def resolve_conflict(call: Call[Nothing, Decided]) -> ConflictShown:
    """Decide a conflict."""
    theirs = call.body.take is Side.THEIRS
    number, profile = call.path["conflict_id"], call.services.profile
    decided = disputes.resolve(call.uow, number, theirs=theirs, profile=profile)
    return ConflictShown.model_validate(decided)


_S = Scope.SYNC
_ALL = "/api/conflicts"
_PEOPLE = "For the practice's own people, not for programs."

ENDPOINTS = (
    Endpoint(
        "GET",
        _ALL,
        list_conflicts,
        "List conflicts with booking tools",
        _S,
        ConflictsShown,
        query=ConflictsAsked,
        only=may_settle,
        text=_PEOPLE,
    ),
    Endpoint(
        "POST",
        f"{_ALL}/{{conflict_id:id}}/resolve",
        resolve_conflict,
        "Decide a conflict",
        _S,
        ConflictShown,
        body=Decided,
        problems=(409,),
        only=may_settle,
        text=f"{_PEOPLE} Whoever is to hear of a change hears of this one.",
    ),
)

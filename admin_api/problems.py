"""Errors of the practice and of this door as problem+json (RFC 9457): the one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from admin_api.german import field_in_german, in_german, title_in_german
from practice import errors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "KINDS",
    "MEDIA_TYPE",
    "FieldFault",
    "Problem",
    "ProblemKind",
    "Refusal",
    "headers_of",
    "kind_of",
    "problem_of",
]

MEDIA_TYPE = "application/problem+json"
#: Where each kind is described; `type` of a problem leads there.
DESCRIBED = "/api/docs#problem-"
#: Seconds by status: a database that restarts is back in a few, a slot is kept for minutes.
_WAITS = {429: 60, 503: 5}


class FieldFault(BaseModel):
    """What is wrong with one field: `pointer` is a JSON Pointer into the body, or `?name`."""

    pointer: str
    detail: str


class Alternative(BaseModel):
    """A free slot instead."""

    start: str
    end: str
    doctor: str | None = Field(None, description="The short name of the doctor.")
    room: str | None = Field(None, description="The short name of the room, if it needs one.")


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Where this kind of problem is described.")
    title: str
    status: int
    detail: str = Field(description="A sentence for a person, with nothing of a patient in it.")
    errors: list[FieldFault] | None = Field(None, description="What is wrong with which field.")
    alternatives: list[Alternative] | None = Field(None, description="The next free slots.")
    busy: list[str] | None = Field(
        None, description="Who or what is busy then: doctor, room, patient."
    )
    code: str | None = Field(None, description="Which rule of booking is broken.")
    numbers: list[int] | None = Field(None, description="Changes that stand in the way.")
    task_id: str | None = Field(None, description="The task that is running.")
    until: str | None = Field(None, description="The day until which it has to be kept.")
    count: int | None = Field(None, description="How many appointments are to come.")


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One kind of problem: `slug` names it in its `type`; `wait` is in how many seconds it is of
    use to ask again, where that is not what is usual for the status.
    """

    error: type[Exception]
    status: int
    slug: str
    title: str
    wait: int = 0


class Refusal(Exception):
    """This door refuses a request, for a reason of HTTP."""

    def __init__(
        self,
        status: int,
        sentence: str,
        *,
        headers: Mapping[str, str] | None = None,
        faults: Sequence[FieldFault] = (),
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = headers or {}
        self.faults = tuple(faults)


#: First match wins, so subclasses stand before their parents.
KINDS: tuple[ProblemKind, ...] = (
    ProblemKind(errors.PatientNotFound, 404, "patient-not-found", "No such patient"),
    ProblemKind(errors.OfferNotFound, 404, "offer-not-found", "Not offered here"),
    ProblemKind(errors.NotFound, 404, "not-found", "Not found"),
    ProblemKind(errors.NotAllowed, 403, "not-allowed", "Not allowed"),
    ProblemKind(errors.PreconditionFailed, 412, "changed-meanwhile", "Changed meanwhile"),
    ProblemKind(errors.SlotTaken, 409, "slot-taken", "The slot is taken"),
    ProblemKind(errors.OnlineClosed, 403, "online-closed", "No bookings online"),
    ProblemKind(errors.RuleBroken, 409, "rule-broken", "A rule of booking forbids it"),
    ProblemKind(errors.IllegalStep, 409, "illegal-step", "It cannot become that"),
    ProblemKind(errors.NotInCalendar, 409, "not-in-calendar", "Not in the calendar"),
    ProblemKind(errors.NameTaken, 409, "name-taken", "The name is taken"),
    ProblemKind(errors.StillNeeded, 409, "still-needed", "Still needed"),
    ProblemKind(errors.HoldOver, 409, "hold-over", "Not kept any more"),
    ProblemKind(errors.LinkOver, 409, "link-over", "The link is over"),
    ProblemKind(errors.AskedTooOften, 429, "asked-too-often", "Asked too often", 3600),
    ProblemKind(errors.TooManyHolds, 429, "too-many-holds", "Too many slots are kept"),
    ProblemKind(errors.TooManyBookings, 429, "too-many-bookings", "Too much is booked", 3600),
    ProblemKind(errors.TooManyLists, 429, "too-many-lists", "Enough lists are being read"),
    ProblemKind(errors.InTheWay, 409, "later-changes", "Later changes are in the way"),
    ProblemKind(errors.StillRunning, 409, "still-running", "Still running"),
    ProblemKind(errors.CannotUndo, 409, "cannot-undo", "Cannot be taken back"),
    ProblemKind(errors.EmailsDiffer, 409, "emails-differ", "Two e-mail addresses"),
    ProblemKind(errors.HeldByLaw, 409, "held-by-law", "Still to be kept"),
    ProblemKind(errors.HasAppointments, 409, "has-appointments", "Still to come"),
    ProblemKind(errors.Conflict, 409, "conflict", "Not as things are"),
    ProblemKind(errors.TooLarge, 413, "too-large", "Too large"),
    ProblemKind(errors.Invalid, 422, "invalid", "Cannot be used as it is"),
    ProblemKind(errors.ChangesForgotten, 410, "forgotten", "Not kept any more"),
    ProblemKind(errors.StorageFull, 507, "storage-full", "The disk is full"),
    ProblemKind(errors.Unavailable, 503, "unavailable", "Try again soon"),
)
#: What this door says itself, by status.
_OWN: Mapping[int, tuple[str, str]] = {
    400: ("bad-request", "Cannot be read"),
    401: ("not-signed-in", "Sign in"),
    403: ("not-allowed", "Not allowed"),
    404: ("not-found", "Not found"),
    405: ("no-such-method", "No such method here"),
    408: ("too-slow", "Too slow"),
    409: ("conflict", "Not as things are"),
    411: ("length-required", "Length required"),
    413: ("too-large", "Too large"),
    415: ("media-type", "Not of a kind that is taken"),
    422: ("invalid", "Cannot be used as it is"),
    429: ("too-many-requests", "Too many requests"),
    500: ("fault", "A fault of the server"),
    503: ("unavailable", "Try again soon"),
}


def kind_of(error: errors.PracticeError) -> ProblemKind:
    """Return the kind of problem that an error of the practice is."""
    return next(kind for kind in KINDS if isinstance(error, kind.error))


def problem_of(error: errors.PracticeError | Refusal, language: str = "en") -> Problem:
    """Return the problem that tells of an error, in a language."""
    if isinstance(error, Refusal):
        status = error.status
        slug, title = _OWN[status]
    else:
        kind = kind_of(error)
        status, slug, title = kind.status, kind.slug, kind.title
    detail, more = str(error), _more(error)
    if language == "de":
        title, detail = title_in_german(slug), in_german(detail, slug, more)
        if "errors" in more:
            faults = [(one.pointer, field_in_german(one.detail)) for one in more["errors"]]
            more["errors"] = [FieldFault(pointer=at, detail=said) for at, said in faults]
    return Problem(type=DESCRIBED + slug, title=title, status=status, detail=detail, **more)


def headers_of(error: errors.PracticeError | Refusal) -> Mapping[str, str]:
    """Return what the head of the answer says of it."""
    if isinstance(error, Refusal):
        return error.headers
    kind = kind_of(error)
    wait = kind.wait or _WAITS.get(kind.status)
    return {"Retry-After": str(wait)} if wait else {}


def _more(error: errors.PracticeError | Refusal) -> dict[str, Any]:
    if isinstance(error, Refusal) and error.faults:
        return {"errors": list(error.faults)}
    if isinstance(error, errors.SlotTaken):
        places = error.places or ((None, None),) * len(error.alternatives)
        told = [
            Alternative(
                start=slot.start.isoformat(),
                end=slot.end.isoformat(),
                doctor=doctor or None,
                room=room or None,
            )
            for slot, (doctor, room) in zip(error.alternatives, places, strict=True)
        ]
        return {"alternatives": told, "busy": list(error.busy)}
    if isinstance(error, errors.RuleBroken):
        return {"code": str(error.code)}
    if isinstance(error, errors.StillRunning):
        return {"task_id": error.task_id}
    if isinstance(error, errors.InTheWay):
        return {"numbers": list(error.numbers[:100])}
    if isinstance(error, errors.HeldByLaw):
        return {"until": error.until}
    if isinstance(error, errors.HasAppointments):
        return {"count": error.count}
    return {}

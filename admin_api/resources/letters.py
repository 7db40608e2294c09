"""Letters: what was posted to patients, booking tools and others, and what became of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from admin_api.endpoint import Call, Endpoint, Nothing, Shown
from admin_api.listing import Paged, cursor_of, place_of
from practice.access import may_settle
from practice.letters import UNSETTLED, LetterState
from practice.messages import Message, Receiver
from practice.scopes import Scope
from practice.use_cases import letters

__all__ = ["ENDPOINTS"]


class WhichLetters(StrEnum):
    """Letters in which states."""

    ALL = "all"
    OPEN = "open"
    WAITING = "waiting"
    SENDING = "sending"
    TRIED = "tried"
    DELIVERED = "delivered"
    SUPERSEDED = "superseded"
    FAILED = "failed"
    DROPPED = "dropped"


class LettersAsked(Paged):
    """Which letters."""

    state: WhichLetters = Field(
        WhichLetters.ALL, description="'open' are those on their way, 'failed' those given up."
    )


class LetterShown(Shown):
    """A letter, without its text: that is made when it is sent."""

    id: int
    posted: datetime
    to: Receiver
    message: Message
    appointment_id: int
    state: LetterState
    attempts: int
    due: datetime = Field(description="When it is tried next, if it is open.")
    settled: datetime | None
    error: str = Field(description="Why it did not arrive.")


class LettersShown(Shown):
    """Some letters, the newest first."""

    items: list[LetterShown]
    next: str | None


def list_letters(call: Call[LettersAsked, None]) -> LettersShown:
    """Return a page of letters."""
    asked = call.query
    before = place_of(asked.cursor)
    found = letters.posted(call.uow, _states(asked.state), before=before, limit=asked.limit)
    shown = [LetterShown.model_validate(one) for one in found.items]
    return LettersShown(items=shown, next=cursor_of(found.before))


def retry_letter(call: Call[Nothing, None]) -> LetterShown:
    """Have a letter tried again."""
    return LetterShown.model_validate(letters.retry(call.uow, call.path["letter_id"]))


def drop_letter(call: Call[Nothing, None]) -> LetterShown:
    """Have a letter never sent."""
    return LetterShown.model_validate(letters.drop(call.uow, call.path["letter_id"]))


def _states(which: WhichLetters) -> tuple[LetterState, ...]:
    if which is WhichLetters.OPEN:
        return UNSETTLED
    return tuple(LetterState) if which is WhichLetters.ALL else (LetterState(which),)


_S = Scope.SYNC
_ALL = "/api/letters"
_PEOPLE = "For the practice's own people, not for programs."

ENDPOINTS = (
    Endpoint(
        "GET",
        _ALL,
        list_letters,
        "List letters",
        _S,
        LettersShown,
        query=LettersAsked,
        only=may_settle,
        text=_PEOPLE,
    ),
    Endpoint(
        "POST",
        f"{_ALL}/{{letter_id:id}}/retry",
        retry_letter,
        "Try a letter again that was given up",
        _S,
        LetterShown,
        only=may_settle,
        text=_PEOPLE,
    ),
    Endpoint(
        "POST",
        f"{_ALL}/{{letter_id:id}}/drop",
        drop_letter,
        "Give a letter up",
        _S,
        LetterShown,
        only=may_settle,
        text=f"{_PEOPLE} It is not sent any more, unless it is tried again.",
    ),
)

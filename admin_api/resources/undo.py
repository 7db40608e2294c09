"""Changes of calendars taken back, as somebody has seen it; a calendar as it was."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, StringConstraints

from admin_api.endpoint import Answer, Call, Endpoint, Form, Shown
from admin_api.shapes import Id, Line, Moment, Name
from practice.errors import Invalid, NotAllowed
from practice.log import LogQuestion
from practice.scopes import Scope
from practice.use_cases.history import as_file_at, calendar_ids
from practice.use_cases.undo_preview import look, undo_as_seen

if TYPE_CHECKING:
    from practice.ports import UnitOfWork

__all__ = ["ENDPOINTS"]

_MOST_NUMBERS = 500
_MOST_STEPS = 500


class UndoAsked(Form):
    """Which changes: by their numbers, or all since a time (of somebody, in a calendar)."""

    numbers: Annotated[list[Id], Field(max_length=_MOST_NUMBERS)] = Field(
        [], description="As in the audit trail, of the chain 'log'."
    )
    since: Moment | None = Field(None, description="In place of numbers: what was done from then.")
    before: Moment | None = Field(None, description="With `since`: what was done before then.")
    actor: Line = Field("", description="With `since`: what this account has done.")
    calendar: Name | None = Field(None, description="With `since`: what was done in it.")
    also_later: bool = Field(False, description="Take later changes of the same things back, too.")


class UndoForm(UndoAsked):
    """Which changes, as they were looked at."""

    mark: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] = Field(
        description="That of the preview; what would do something else by now is refused."
    )


class StepShown(Shown):
    """What is done to one object or, without a name, to its calendar."""

    act: str
    calendar: str
    name: str
    uid: str
    change: int = Field(description="It is brought back to what it was before this change,")
    actor: str = Field(description="which was made by this one,")
    time: datetime = Field(description="and then.")
    start: datetime | None = Field(description="Of what comes back.")
    end: datetime | None


class PreviewShown(Shown):
    """What would be done, or why not. If neither, everything is as it was before already."""

    possible: bool
    asked: list[int]
    together: list[int] = Field(description="What belongs to them: moves, dropped calendars.")
    later: list[int] = Field(description="What came later and is taken back, too.")
    steps: list[StepShown] = Field(description=f"The first {_MOST_STEPS} of `step_count`.")
    step_count: int
    in_the_way: list[int] = Field(description="Later changes that would be lost.")
    refused: str = Field(description="Why it cannot be done; empty if it can.")
    mark: str = Field(description="To be sent with what does it.")


class UndoneShown(Shown):
    """The new changes that took back; none if everything was as it was before already."""

    first: int | None
    last: int | None


class WhenAsked(Form):
    """When."""

    moment: Moment


def preview_undo(call: Call[Any, UndoAsked]) -> PreviewShown:
    """Tell what taking back would do."""
    later = call.body.also_later
    found = look(call.uow, _questions(call.uow, call.body), call.services.profile, also_later=later)
    return PreviewShown(
        possible=found.is_possible,
        asked=list(found.asked),
        together=list(found.together),
        later=list(found.later),
        steps=[StepShown.model_validate(step) for step in found.steps[:_MOST_STEPS]],
        step_count=len(found.steps),
        in_the_way=list(found.in_the_way),
        refused=found.refused,
        mark=found.mark,
    )


def undo(call: Call[Any, UndoForm]) -> UndoneShown:
    """Take changes back as the preview told."""
    told, profile = call.body, call.services.profile
    questions = _questions(call.uow, told)
    first, last = undo_as_seen(call.uow, questions, profile, told.mark, also_later=told.also_later)
    return (
        UndoneShown(first=first, last=last) if first <= last else UndoneShown(first=None, last=None)
    )


def _questions(uow: UnitOfWork, told: UndoAsked) -> list[LogQuestion]:
    if bool(told.numbers) == (told.since is not None):
        raise Invalid("Say which changes: their numbers, or since when.")
    if told.numbers:
        if told.before or told.actor or told.calendar:
            raise Invalid("With numbers nothing else says which changes.")
        return [LogQuestion(first=one, last=one) for one in sorted(set(told.numbers))]
    calendars = calendar_ids(uow, told.calendar) if told.calendar else ()
    return [
        LogQuestion(
            last=uow.log_state().number,
            actor=told.actor,
            since=told.since,
            before=told.before,
            calendars=calendars,
        )
    ]


def read_calendar_at(call: Call[WhenAsked, None]) -> Answer:
    """Return a calendar as it was."""
    if Scope.VIEW_CALENDAR not in call.scopes:
        raise NotAllowed(f"This needs the permission '{Scope.VIEW_CALENDAR}', too.")
    profile, moment = call.services.profile, call.query.moment
    text = as_file_at(call.uow, call.path["name"], moment, profile)
    name = f"{moment.astimezone(profile.zone):%Y-%m-%d-%H%M}.ics"
    return Answer(
        content=text.encode(),
        media_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


_S = Scope.UNDO
_UNDO = "/api/undo"

ENDPOINTS = (
    Endpoint(
        "POST",
        f"{_UNDO}/preview",
        preview_undo,
        "Tell what taking changes back would do",
        _S,
        PreviewShown,
        body=UndoAsked,
        writes=False,
        problems=(404, 410),
        text="Changes nothing.",
    ),
    Endpoint(
        "POST",
        _UNDO,
        undo,
        "Take changes back",
        _S,
        UndoneShown,
        body=UndoForm,
        problems=(404, 409, 410),
        text="All of them or none, by new changes, of which patients and booking tools hear and"
        " which can be taken back. Later changes that would be lost are told in `numbers`.",
    ),
    Endpoint(
        "GET",
        "/api/calendars/{name}/at",
        read_calendar_at,
        "Get a calendar as it was",
        _S,
        query=WhenAsked,
        files=("text/calendar",),
        problems=(410,),
        text=f"Needs `{Scope.VIEW_CALENDAR}` as well. 'all' is every calendar at once.",
    ),
)

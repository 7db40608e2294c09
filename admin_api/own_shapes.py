"""What patients who have signed in send and are shown of their own appointments.

Not here: what is done with it (`admin_api.resources.own`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from admin_api.endpoint import Form, Shown
from admin_api.shapes import Day, Limit, Moment, Paragraph, Slug
from admin_api.wording import Sentence
from practice.appointments import Status

__all__ = [
    "CancelForm",
    "FreeList",
    "FreeShown",
    "FreeWanted",
    "MoveForm",
    "OwnAppointments",
    "OwnShown",
]


class OwnShown(Shown):
    """An appointment as its patient sees it; times have the offset of the practice's zone."""

    id: int
    start: datetime
    end: datetime
    status: Status
    type_name: str
    doctor_name: str
    room_name: str
    note: str = Field(description="What the practice has noted for the patient.")
    late: bool = Field(description="Whether cancelling it now is late by the practice's rule.")
    may_cancel: bool
    may_move: bool
    age_seconds: int | None = Field(
        description="How long ago the booking tool it came from was last heard of."
    )
    stale: bool = Field(description="Whether that is too long ago to rely on it.")


class OwnAppointments(Shown):
    """The appointments of who has signed in: those to come, and those of the last year."""

    next: list[OwnShown]
    past: list[OwnShown]
    fallback: Sentence | None = Field(description="To be shown beside them, if there is any.")


class CancelForm(Form):
    """Why, if the patient likes to tell."""

    reason: Annotated[Paragraph, Field(max_length=1000)] = ""


class MoveForm(Form):
    """Where to: with the same doctor, unless another is told."""

    start: Moment
    doctor: Slug | None = None


class FreeWanted(Form):
    """Which days; those of the practice."""

    first: Day | None = Field(None, alias="from", description="The first day; today.")
    until: Day | None = Field(None, description="The last day; two weeks from the first.")
    any_doctor: bool = Field(False, description="Also with other doctors.")
    limit: Limit = 100


class FreeShown(Shown):
    """Where an appointment may be moved to."""

    start: datetime
    end: datetime
    doctor: str
    doctor_name: str


class FreeList(Shown):
    """Where an appointment may be moved to, in order of time."""

    items: list[FreeShown]

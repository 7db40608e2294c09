"""Feeds: secret addresses under which a calendar is read without signing in."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from admin_api.endpoint import Call, Endpoint, Form, Nothing, Shown
from admin_api.shapes import Name
from practice.scopes import Scope
from practice.use_cases import feeds
from practice.views import Level

__all__ = ["ENDPOINTS"]

_FEEDS = "/feeds/"


class Detail(StrEnum):
    """How much a feed shows."""

    BUSY = "busy"
    PSEUDONYM = "pseudonym"
    READ = "read"


class FeedForm(Form):
    """A new feed."""

    calendar: Name
    level: Detail = Detail.BUSY
    label: Name = Field(description="Who it is for: 'Telefon Dr. Müller'.")


class FeedShown(Shown):
    """A feed. Its address is nowhere but with those who use it."""

    id: int
    calendar: str
    level: str = Field(description="busy, pseudonym or read.")
    label: str
    created: datetime


class FeedsShown(Shown):
    """All feeds."""

    items: list[FeedShown]
    next: str | None = None


class NewFeedShown(FeedShown):
    """A feed with its address, shown this once."""

    address: str = Field(repr=False, description="Whoever knows it reads the calendar.")


def list_feeds(call: Call[Nothing, None]) -> FeedsShown:
    """Return all feeds."""
    names = {calendar.id: calendar.name for calendar in call.uow.calendars.all()}
    found = [
        FeedShown(
            id=one.id,
            calendar=names[one.calendar_id],
            level=Level(one.level).name.lower(),
            label=one.label,
            created=one.created,
        )
        for one in call.uow.feeds.all()
    ]
    return FeedsShown(items=found)


def add_feed(call: Call[Nothing, FeedForm]) -> NewFeedShown:
    """Make a feed."""
    told = call.body
    level = Level[told.level.name]
    token, made = feeds.make(call.uow, told.calendar, level, told.label, call.giver)
    return NewFeedShown(
        id=made.id,
        calendar=told.calendar,
        level=told.level,
        label=made.label,
        created=made.created,
        address=f"{call.services.public_url}{_FEEDS}{token}.ics",
    )


def revoke_feed(call: Call[Nothing, None]) -> None:
    """Take a feed's address back."""
    feeds.revoke(call.uow, call.path["feed_id"])


_S = Scope.ACCOUNTS
_ALL = "/api/feeds"

ENDPOINTS = (
    Endpoint("GET", _ALL, list_feeds, "List feeds", _S, FeedsShown),
    Endpoint(
        "POST",
        _ALL,
        add_feed,
        "Make a feed",
        _S,
        NewFeedShown,
        body=FeedForm,
        status=201,
        secret=True,
        problems=(404,),
        text="busy shows when somebody is busy, pseudonym initials and the patient's number as"
        " well, read everything. The address is shown this once.",
    ),
    Endpoint(
        "DELETE",
        f"{_ALL}/{{feed_id:id}}",
        revoke_feed,
        "Revoke a feed",
        _S,
        text="Its address stops working at once.",
    ),
)

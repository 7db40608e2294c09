"""Feeds made, found by their token, and revoked; what one shows.

A token is 130 random bits: nobody guesses it, so it is stored as a plain digest, looked up by
that, and needs no throttle. Not here: the address it is a part of (`caldav_server.feeds`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from practice.access import feed_view
from practice.acts import Kind
from practice.calendars import Span
from practice.errors import CalendarNotFound, FeedNotFound, Invalid
from practice.passwords import digest, new_secret
from practice.use_cases.reading import as_file
from practice.views import Level

if TYPE_CHECKING:
    from practice.feeds import Feed
    from practice.ports import UnitOfWork
    from practice.profile import Profile
    from practice.use_cases.giving import Giver
    from practice.views import View

__all__ = ["LEVELS", "Edition", "FeedWindow", "edition", "make", "revoke"]

#: What a feed may show; nobody writes through one.
LEVELS = (Level.BUSY, Level.PSEUDONYM, Level.READ)
LONGEST_LABEL = 255


@dataclass(frozen=True, slots=True)
class FeedWindow:
    """How many days before and after today a feed shows: it is fetched whole every time."""

    past_days: int = 60
    future_days: int = 365


@dataclass(frozen=True, slots=True)
class Edition:
    """A feed as it is today: fetched again, it is the same until `tag` is another.

    `name` is the calendar's; `changed` is when the tag last became another.
    """

    name: str
    tag: str
    changed: datetime
    view: View
    span: Span

    def text(self, uow: UnitOfWork, profile: Profile) -> str:
        """Return the file."""
        return as_file(uow, self.view, profile, self.span)


def make(
    uow: UnitOfWork, calendar: str, level: Level, label: str, by: Giver | None = None
) -> tuple[str, Feed]:
    """Make a feed of a calendar; its token is shown once, never again. `by` is whose doing it is,
    where that is limited.

    Raises CalendarNotFound, Invalid or NotAllowed.
    """
    if by is not None:
        by.refuse_showing()
    found = uow.calendars.find(calendar)
    if found is None:
        raise CalendarNotFound(f"There is no calendar '{calendar}'.")
    if level not in LEVELS:
        raise Invalid(f"A feed shows {', '.join(one.name.lower() for one in LEVELS)}.")
    if not label.strip() or len(label) > LONGEST_LABEL:
        raise Invalid(f"A label of 1 to {LONGEST_LABEL} characters says who the feed is for.")
    token = new_secret()
    made = uow.feeds.add(found.id, level, label, digest(token))
    uow.acts.note("made", Kind.FEED, made.id, None, _told(uow, made))
    return token, made


def revoke(uow: UnitOfWork, feed_id: int) -> None:
    """Take an address back: it stops working at once. Raises FeedNotFound."""
    there = next((feed for feed in uow.feeds.all() if feed.id == feed_id), None)
    if there is None:
        raise FeedNotFound(f"There is no feed {feed_id}.")
    told = _told(uow, there)
    uow.feeds.remove(feed_id)
    uow.acts.note("revoked", Kind.FEED, feed_id, told, None)


def _told(uow: UnitOfWork, feed: Feed) -> dict[str, str]:
    names = {calendar.id: calendar.name for calendar in uow.calendars.all()}
    shown = Level(feed.level).name.lower()
    return {"calendar": names.get(feed.calendar_id, ""), "level": shown, "label": feed.label}


def edition(uow: UnitOfWork, token: str, profile: Profile, window: FeedWindow) -> Edition:
    """Return what the feed with this token shows now; raises FeedNotFound."""
    feed = uow.feeds.by_secret(digest(token))
    everything = uow.calendars.all() if feed else []
    calendar = next((c for c in everything if feed and c.id == feed.calendar_id), None)
    if feed is None or calendar is None:
        raise FeedNotFound("There is no such feed.")
    view = feed_view(calendar, everything, feed.level, uow.epoch)
    today = uow.now.astimezone(profile.zone).date()
    first, last = (
        datetime.combine(today + timedelta(days=days), time(), profile.zone)
        for days in (-window.past_days, window.future_days + 1)
    )
    span = Span(int(first.timestamp()), int(last.timestamp()))
    tag = f"{view.number}-{view.mark}-{view.fingerprint}-{span.start}-{span.end}"
    midnight = datetime.combine(today, time(), profile.zone)
    return Edition(calendar.name, tag, max(view.changed, midnight), view, span)

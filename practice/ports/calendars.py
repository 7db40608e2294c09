"""Calendars, their objects and properties, and the feeds of them.

Not here: appointments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from practice.calendars import COMPONENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from practice.access import Account, Level
    from practice.calendars import (
        Calendar,
        CalendarKind,
        CalendarObject,
        Change,
        Changes,
        Draft,
        ObjectHead,
        Page,
        Place,
        Span,
    )
    from practice.feeds import Feed
    from practice.log import LogQuestion
    from practice.schedule import HoldsOf
    from practice.vevent import Facts, Occupied
    from practice.views import View

__all__ = ["Calendars", "Feeds", "Properties"]


class Calendars(Protocol):
    """Calendars, their objects, and the log of their changes."""

    def all(self) -> list[Calendar]:
        """Return every calendar, by name, from one statement."""

    def find(self, name: str) -> Calendar | None:
        """Return the calendar with this name (not an alias)."""

    def create(
        self,
        name: str,
        kind: CalendarKind,
        properties: Mapping[str, str],
        doctor_id: int | None = None,
        components: tuple[str, ...] = COMPONENTS,
        calendar_id: int | None = None,
    ) -> Calendar:
        """Make a calendar that takes these components; raises InvalidName or NameTaken.

        `calendar_id` is given only for one that was dropped and comes back.
        """

    def drop(self, calendar: Calendar) -> None:
        """Remove a calendar and its objects; each removal is a change in the log."""

    def set_properties(self, calendar: Calendar, properties: Mapping[str, str]) -> None:
        """Replace the properties; takes the next change number."""

    def get(self, view: View, names: Iterable[str]) -> Mapping[str, CalendarObject]:
        """Return the objects that stand under these names in the view, with their texts."""

    def aliased(self, view: View, aliases: Iterable[str]) -> Mapping[str, CalendarObject]:
        """Return the objects of the view that are known by these aliases (`practice.disguise`)."""

    def head(self, calendar: Calendar, href: str) -> ObjectHead | None:
        """Return one object without its text, whoever owns it."""

    def listing(self, view: View) -> Iterator[ObjectHead]:
        """Yield every object of the view, without texts."""

    def texts(self, view: View, component: str | None = None) -> Iterator[CalendarObject]:
        """Yield every object of the view, or of one kind, with texts, a few at a time."""

    def within(
        self, view: View, span: Span, component: str | None, uid_part: str = ""
    ) -> list[CalendarObject]:
        """Return the objects with an occurrence in `span`, by the index alone.

        Endless series are in it as far as their coverage goes; an open span has every object.
        `uid_part` narrows it to UIDs that have it in them, upper case or lower.
        """

    def beyond(
        self, view: View, span: Span, component: str | None, uid_part: str = ""
    ) -> list[CalendarObject]:
        """Return the endless series whose coverage leaves out a part of `span`."""

    def occupied(
        self, view: View, span: Span, *, leave_out: int = 0, held: HoldsOf | None = None
    ) -> list[Occupied]:
        """Return the occurrences in `span` that are not free, by start, by the index alone.

        Those of the object with the id `leave_out` are not among them. With `held`, so is the
        time that somebody holds of a doctor; from one statement.
        """

    def occupied_each(
        self, view: View, span: Span, *, leave_out: int = 0
    ) -> Mapping[int, list[tuple[int, int]]]:
        """Return what is not free in `span`, in seconds, by start, for each source of the view by
        its id; by the index alone, from one statement. Not the object with the id `leave_out`.
        """

    def uid_holders(self, uid: str) -> list[ObjectHead]:
        """Return the objects with this UID in any calendar, without texts."""

    def place(self, calendar: Calendar, href: str, uid: str, number: str = "") -> Place:
        """Return what stands under a name in the calendar, whoever owns it, who has the UID, its
        appointment, and the patient of a number; from one statement. Asked by who may write.
        """

    def save(self, calendar: Calendar, draft: Draft, place: Place | None = None) -> ObjectHead:
        """Create or overwrite `draft.href`; takes the next change number.

        `place` is what `place` told of this calendar, name and UID, if nothing was written since.
        Raises UidTaken when the UID stands in the calendar under another name.
        """

    def reindex(self, item: ObjectHead, facts: Facts) -> None:
        """Write the time index of an object anew, from facts of the text it has; no change."""

    def touch(self, head: ObjectHead) -> None:
        """Take the next change number for an object whose text stays as it is.

        For what views of less detail show of it and the text does not say: whose it is.
        """

    def standing(self, calendar: Calendar, href: str) -> Place | None:
        """Return what stands under a name in the calendar, whoever owns it, who has its UID, and
        its appointment, from one statement; None if there is nothing.
        """

    def remove(
        self, calendar: Calendar, href: str, there: CalendarObject | None = None
    ) -> CalendarObject:
        """Remove an object; takes the next change number. Raises ObjectNotFound.

        `there` is the object, if it was read in this transaction and nothing was written since.
        """

    def changes_since(self, view: View, number: int, mark: str | None = None) -> Changes:
        """Return what changed after `number`.

        Raises ChangesForgotten, also when the change of that number has another mark: then the
        number is from another history, before a backup was restored.
        """

    def changes_page(self, view: View, number: int, mark: str | None, limit: int) -> Page:
        """Return the first `limit` members that changed after `number`, in the order of numbers.

        What was removed is among them even if it was made after `number`. Raises ChangesForgotten
        as `changes_since` does.
        """

    def listing_page(self, view: View, after: int, until: int, limit: int) -> Page:
        """Return the first `limit` objects whose last change has a number from after + 1 to
        `until`, in the order of numbers.
        """

    def index_of(self, object_id: int) -> list[Occupied]:
        """Return the time index of one object, by start and end."""

    def log(self, after: int, limit: int) -> list[Change]:
        """Return rows of the log after a number, in order."""

    def search_log(
        self, question: LogQuestion, *, limit: int | None = None, newest_first: bool = False
    ) -> Iterator[Change]:
        """Yield the rows of the log that are asked for, by number, a few at a time.

        Nothing is to be written before the last one is taken.
        """

    def number_at(self, moment: datetime) -> int | None:
        """Return the number of the last change made until `moment`; 0 before the first.

        None when the log no longer reaches back to it.
        """

    def older_than(self, moment: datetime) -> int:
        """Return the last number before the first change made at `moment` or later."""

    def forget(self, number: int) -> None:
        """Delete the log's rows up to a number whose row is there; what they did stays done.

        `changes_since` refuses numbers before it from then on. Costs what is deleted.
        """


class Properties(Protocol):
    """Properties that clients set of objects, and each account for itself; by name."""

    def of_objects(
        self, view: View, objects: Sequence[ObjectHead]
    ) -> Mapping[int, Mapping[str, str]]:
        """Return the properties of objects of the view, by object id, from one statement."""

    def set_of_object(self, object_id: int, properties: Mapping[str, str]) -> None:
        """Replace the properties of an object."""

    def of_account(
        self, account: Account, places: Sequence[int] | None = None
    ) -> Mapping[int, Mapping[str, str]]:
        """Return what an account has set for itself, by place (None: everywhere).

        A place is the id of a calendar, 0 for the account's principal, -1 for the home,
        -2 for its inbox.
        """

    def set_of_account(self, account: Account, place: int, properties: Mapping[str, str]) -> None:
        """Replace what an account has set for itself of a place."""


class Feeds(Protocol):
    """Secret addresses under which a calendar is read as a file."""

    def all(self) -> list[Feed]:
        """Return every feed, by id."""

    def add(self, calendar_id: int, level: Level, label: str, secret: str) -> Feed:
        """Store a feed; `secret` is the digest of its token."""

    def by_secret(self, secret: str) -> Feed | None:
        """Return the feed whose token has this digest."""

    def remove(self, feed_id: int) -> None:
        """Remove a feed; raises FeedNotFound."""

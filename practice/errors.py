"""What can go wrong, in the practice's words; no HTTP, each door translates once in a table.

The tree::

    PracticeError
     +-- NotFound                     the thing asked for is not there (or not visible)
     |    +-- CalendarNotFound
     |    +-- ObjectNotFound
     |    +-- ChangeNotFound
     |    +-- AccountNotFound
     |    +-- FeedNotFound
     |    +-- DisputeNotFound
     |    +-- ImportNotFound
     +-- NotAllowed                   the account may not do this
     +-- Conflict
     |    +-- PreconditionFailed      the ETag is not the one the caller named
     |    |    +-- TargetExists       a move would replace an object, and must not
     |    +-- UidTaken                the UID stands in this calendar under another name
     |    |    +-- UidChanged         the object under this name has another UID
     |    +-- NameTaken               the name is in use or reserved
     |    +-- SlotTaken               the doctor is busy then
     |    +-- InTheWay                later changes would be lost by taking back earlier ones
     |    +-- CannotUndo              a change that nothing can take back as things are
     +-- Invalid
     |    +-- InvalidText             not iCalendar at all
     |    +-- InvalidObject           iCalendar, but not one calendar object
     |    +-- InvalidTimezone         not the VTIMEZONE of one zone
     |    +-- UnknownTimezone         a name of no zone
     |    +-- TooEarly                a time before any that calendars have
     |    +-- TooLate                 a time after any that calendars have
     |    +-- UnsupportedComponent    a component this calendar does not take
     |    +-- TooLarge                more bytes than one object may have
     |    +-- TooManyInstances        a recurrence that would explode
     |    +-- TooManyAttendees        more attendees than one instance may have
     |    +-- InvalidName             a name that no object can have
     |    +-- InvalidPassword         a password nobody should have
     |    +-- InvalidProperty         a value that this property cannot have
     |    +-- ProtectedProperty       only the server sets it
     |    +-- PropertiesTooLong       more than is kept of one calendar or object
     |    +-- PropertiesRefused       which of several properties, and why
     +-- ChangesForgotten             the sync number is not from this log, or purged from it
     +-- Unavailable
          +-- DatabaseUnavailable     come back in a few seconds
          +-- IdentityProviderUnavailable   whose keys are needed and cannot be had
          +-- StorageFull
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from practice.appointments import Slot


class PracticeError(Exception):
    """Root of the tree. Its message is a sentence for a person and names nothing of a patient."""


class NotFound(PracticeError):
    """The thing asked for is not there, or not visible to the account: the two look the same."""


class CalendarNotFound(NotFound):
    """No such calendar."""


class ObjectNotFound(NotFound):
    """No such calendar object."""


class ChangeNotFound(NotFound):
    """The log has no such change."""


class AccountNotFound(NotFound):
    """No such account, credential or grant."""


class FeedNotFound(NotFound):
    """No such feed, or none any more."""


class DisputeNotFound(NotFound):
    """No such open conflict between practice and booking tool."""


class ImportNotFound(NotFound):
    """No such import of a patient list, or no such row of it."""


class NotAllowed(PracticeError):
    """The account may not do this."""


class Conflict(PracticeError):
    """The state of the practice forbids it."""


class PreconditionFailed(Conflict):
    """The object is not the one the caller last saw."""


class UidTaken(Conflict):
    """The UID already stands in this calendar under another name.

    `href` is that name, empty when the account may not see it.
    """

    sentence = "This UID already exists in the calendar under another name."

    def __init__(self, href: str) -> None:
        super().__init__(self.sentence)
        self.href = href


class UidChanged(UidTaken):
    """The object under this name (`href`) has another UID, which the change would lose."""

    sentence = "The object under this name has another UID; give the new one its own name."


class TargetExists(PreconditionFailed):
    """A move would replace an object, and was told not to."""


class NameTaken(Conflict):
    """The name is in use or reserved."""


class SlotTaken(Conflict):
    """The doctor is busy then; `alternatives` are the next free slots of the same length."""

    def __init__(self, alternatives: Sequence[Slot] = ()) -> None:
        super().__init__("The slot is taken.")
        self.alternatives = tuple(alternatives)


class InTheWay(Conflict):
    """Later changes of the same things would be lost; `numbers` are theirs."""

    def __init__(self, numbers: Sequence[int]) -> None:
        shown = ", ".join(map(str, numbers[:20])) + (", ..." if len(numbers) > 20 else "")
        super().__init__(f"Later changes would be lost: {shown} ({len(numbers)} in all).")
        self.numbers = tuple(numbers)


class CannotUndo(Conflict):
    """The change cannot be taken back as things are now."""


class Invalid(PracticeError):
    """What was given cannot be used."""


class InvalidText(Invalid):
    """The text is not iCalendar (RFC 5545)."""


class InvalidObject(Invalid):
    """The text is iCalendar, but not one calendar object (RFC 4791 4.1)."""


class InvalidTimezone(Invalid):
    """The text is not an iCalendar object with the VTIMEZONE of one zone."""


class UnknownTimezone(Invalid):
    """No zone has this name."""


class TooEarly(Invalid):
    """A time lies before any that calendars here have."""


class TooLate(Invalid):
    """A time lies after any that calendars here have."""


class UnsupportedComponent(Invalid):
    """The calendar does not take this kind of component."""


class TooLarge(Invalid):
    """The text has more bytes than one object may have."""


class TooManyInstances(Invalid):
    """The recurrence has more instances than a calendar object may have."""


class TooManyAttendees(Invalid):
    """An instance has more attendees than one may have."""


class InvalidName(Invalid):
    """No calendar or object can have this name."""


class InvalidPassword(Invalid):
    """The password is too short or too long."""


class InvalidProperty(Invalid):
    """The property cannot have this value."""


class ProtectedProperty(Invalid):
    """Only the server sets this property."""


class PropertiesTooLong(Invalid):
    """The properties of one calendar, object or account would be too long together."""


class PropertiesRefused(Invalid):
    """Of several properties none was set; `reasons` tell of each that was at fault, by name."""

    def __init__(self, reasons: Mapping[str, PracticeError]) -> None:
        super().__init__("A property cannot be set so; none was.")
        self.reasons = reasons


class ChangesForgotten(PracticeError):
    """The number was never given out by this log, or the log no longer reaches back to it."""


class Unavailable(PracticeError):
    """Nothing is wrong with the request; it can be tried again."""


class DatabaseUnavailable(Unavailable):
    """The database did not answer, or was too busy."""


class IdentityProviderUnavailable(Unavailable):
    """The identity provider's keys, which alone can tell who is asking, cannot be had."""

    def __init__(self) -> None:
        super().__init__("Who is asking cannot be checked right now. Try again later.")


class StorageFull(Unavailable):
    """The disk is full; nothing was written."""

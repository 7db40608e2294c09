"""What can go wrong, in the practice's words; no HTTP, each door translates once in a table.

The tree::

    PracticeError
     +-- NotFound                     the thing asked for is not there (or not visible)
     |    +-- CalendarNotFound
     |    +-- ObjectNotFound
     |    +-- ChangeNotFound
     |    +-- ActNotFound             nobody has done anything of this number
     |    +-- AccountNotFound
     |    +-- FeedNotFound
     |    +-- DisputeNotFound
     |    +-- LetterNotFound
     |    +-- ReceiptNotFound
     |    +-- TaskNotFound
     |    +-- PatientNotFound
     |    +-- AppointmentNotFound
     |    +-- OfferNotFound           no such type, category, exception, doctor or room
     |    +-- ImportNotFound
     +-- NotAllowed                   the account may not do this
     +-- Conflict
     |    +-- PreconditionFailed      the ETag is not the one the caller named
     |    |    +-- TargetExists       a move would replace an object, and must not
     |    +-- UidTaken                the UID stands in this calendar under another name
     |    |    +-- UidChanged         the object under this name has another UID
     |    +-- NameTaken               the name is in use or reserved
     |    +-- SlotTaken               doctor, room or patient are busy then
     |    +-- IllegalStep             an appointment cannot become that from what it is
     |    +-- NotInCalendar           the appointment's object was removed, or is a series
     |    +-- StillNeeded             appointments to come need it
     |    +-- TooManyHolds            of slots kept for one network
     |    +-- TooManyBookings         made online by one network, address or patient
     |    +-- HoldOver                the slot is not kept any more
     |    +-- AskedTooOften           for links to sign in, from one network
     |    +-- LinkOver                a link to sign in was used, or is too old
     |    +-- InTheWay                later changes would be lost by taking back earlier ones
     |    +-- CannotUndo              a change that nothing can take back as things are
     |    +-- PlanChanged             what was looked at is not what would be done now
     |    +-- LastAdmin               nobody would be left who may administer
     |    +-- StillRunning            the same is being done, but not as it was asked for now
     |    +-- EmailsDiffer            patient and booking tool have different addresses
     |    +-- HeldByLaw               what is known of the patient is still to be kept
     |    +-- HasAppointments         the patient is still to come
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
     |    +-- RuleBroken              a rule of booking forbids it
     |         +-- OnlineClosed       patients book nothing themselves
     +-- ChangesForgotten             the sync number is not from this log, or purged from it
     +-- Unavailable
          +-- DatabaseUnavailable     come back in a few seconds
          +-- IdentityProviderUnavailable   whose keys are needed and cannot be had
          +-- StorageFull
          +-- TooMuchAtOnce           as much is being done, and waits, as may be
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


class ActNotFound(NotFound):
    """There is no act of this number."""


class AccountNotFound(NotFound):
    """No such account, credential or grant."""


class FeedNotFound(NotFound):
    """No such feed, or none any more."""


class DisputeNotFound(NotFound):
    """No such open conflict between practice and booking tool."""


class LetterNotFound(NotFound):
    """No such letter, or none that was given up."""


class ReceiptNotFound(NotFound):
    """No such webhook, or its content is not kept any more."""


class TaskNotFound(NotFound):
    """No such task, or none any more."""


class PatientNotFound(NotFound):
    """No such patient, or none any more."""


class AppointmentNotFound(NotFound):
    """No such appointment, or not the asking patient's."""


class OfferNotFound(NotFound):
    """The practice has no such appointment type, category, exception, doctor or room."""


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
    """Somebody or something is busy then; `alternatives` are the next free slots of that length.

    `busy` names who or what: "doctor", "room", "patient". `places` are the short names of doctor
    and room of each alternative, where these are known; no room is "".
    """

    def __init__(
        self,
        alternatives: Sequence[Slot] = (),
        busy: Sequence[str] = ("doctor",),
        places: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__("The slot is taken.")
        self.alternatives = tuple(alternatives)
        self.busy = tuple(busy)
        self.places = tuple(places)


class IllegalStep(Conflict):
    """An appointment cannot become that from what it is."""


class NotInCalendar(Conflict):
    """The appointment has no calendar object any more, or one that is changed there only."""


class StillNeeded(Conflict):
    """Appointments to come need what was to be removed."""


class TooManyHolds(Conflict):
    """As many slots as may be are kept for this network already."""


class TooManyBookings(Conflict):
    """As much as may be was booked online: from this network, by whoever asks, or by all."""


class TooManyLists(Conflict):
    """As many lists of patients are being read, or wait for it, as may be."""


class HoldOver(Conflict):
    """The slot is not kept for whoever asks, or not any more."""


class AskedTooOften(Conflict):
    """As many links to sign in were asked for from this network as may be."""


class LinkOver(Conflict):
    """A link to sign in was used already, is too old, or never was one."""


class InTheWay(Conflict):
    """Later changes of the same things would be lost; `numbers` are theirs."""

    def __init__(self, numbers: Sequence[int]) -> None:
        shown = ", ".join(map(str, numbers[:20])) + (", ..." if len(numbers) > 20 else "")
        super().__init__(f"Later changes would be lost: {shown} ({len(numbers)} in all).")
        self.numbers = tuple(numbers)


class CannotUndo(Conflict):
    """The change cannot be taken back as things are now."""


class PlanChanged(Conflict):
    """Taking back would do something else now than what somebody has looked at."""


class LastAdmin(Conflict):
    """Without this account nobody would be left who may administer."""


class StillRunning(Conflict):
    """A task of this kind is running, for something else; `task_id` is its id."""

    def __init__(self, sentence: str, task_id: str) -> None:
        super().__init__(sentence)
        self.task_id = task_id


class EmailsDiffer(Conflict):
    """The booking tool has another e-mail address of the patient: is it the same person?"""


class HeldByLaw(Conflict):
    """What is known of the patient is to be kept `until` an ISO date, and not to be removed."""

    def __init__(self, until: str) -> None:
        super().__init__(f"What is known of this patient has to be kept until {until}.")
        self.until = until


class HasAppointments(Conflict):
    """The patient has `count` appointments to come; that they lose their patient must be wanted."""

    def __init__(self, count: int) -> None:
        super().__init__(f"The patient has {count} appointments to come.")
        self.count = count


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


class RuleBroken(Invalid):
    """A rule of booking forbids it; `code` says which one (`practice.rules.Code`)."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class OnlineClosed(RuleBroken):
    """The practice takes no bookings by its patients themselves."""


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


class TooMuchAtOnce(Unavailable):
    """As much is being done, and waits to be done, as may be at once."""

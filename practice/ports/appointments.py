"""Appointments, what belongs to them, and slots that are kept.

Not here: the objects in calendars that tell when they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from practice.appointments import Appointment, Slot
    from practice.details import Booked, Details, Held, Key, Question

__all__ = ["AppointmentDetails", "Appointments", "Holds"]


class Appointments(Protocol):
    """Appointments, found by UID or booking."""

    def get(self, appointment_id: int) -> Appointment | None:
        """Return an appointment by its id."""

    def by_uid(self, uid: str) -> Appointment | None:
        """Return the appointment linked to a UID."""

    def by_booking(self, source: str, ids: Sequence[str]) -> Mapping[str, Appointment]:
        """Return the appointments that came from these bookings, by booking id."""

    def of_source(self, source: str, window: Slot) -> Iterator[Appointment]:
        """Yield what came from a source and starts within `window`, and is not cancelled."""

    def of_patient(
        self,
        patient_id: int,
        moment: datetime,
        limit: int,
        after: tuple[datetime, int] | None = None,
        *,
        past: bool = False,
        cancelled: bool = False,
    ) -> list[Appointment]:
        """Return a patient's appointments that end after a moment, by start and id; or (`past`)
        those that have ended, the last first. `after` are start and id of the one before.
        """

    def next_of_patients(
        self, patient_ids: Collection[int], moment: datetime
    ) -> Mapping[int, Appointment]:
        """Return of each of some patients the first that is on and ends after a moment."""

    def in_rooms(self, room_ids: Collection[int], slot: Slot) -> list[Appointment]:
        """Return those in some rooms that are on and take a part of the slot."""

    def all_of_patient(self, patient_id: int, slot: Slot | None = None) -> list[Appointment]:
        """Return a patient's, by start; with a slot, those that are on and take a part of it."""

    def of_types(self, type_ids: Collection[int], slot: Slot) -> list[tuple[Appointment, int]]:
        """Return those of some types that are on and take a part of the slot, each
        with the id of its type.
        """

    def to_remind(self, window: Slot) -> list[Appointment]:
        """Return the confirmed ones that start within `window`, of whose time patients who agreed
        to that were not reminded yet.
        """

    def note_reminded(self, appointment: Appointment) -> None:
        """Note that the patient is reminded of an appointment at the time that it has."""

    def save(self, appointment: Appointment) -> Appointment:
        """Store a new one (id 0) or change it; return it with its id."""

    def all(self) -> Iterator[Appointment]:
        """Yield every appointment."""


class AppointmentDetails(Protocol):
    """What only the practice knows of appointments, and finding these."""

    def of(self, appointment_id: int) -> Details | None:
        """Return what is known of an appointment; None if nobody noted anything."""

    def save(self, kept: Details) -> None:
        """Keep what is known of an appointment."""

    def booked(self, appointment_id: int) -> Booked | None:
        """Return an appointment with everything about it; two statements."""

    def booked_all(self, ids: Collection[int]) -> Mapping[int, Booked]:
        """Return some appointments by id, each with everything about it; two statements."""

    def search(
        self, question: Question, after: Key | None, limit: int, last: Key | None = None
    ) -> list[Booked]:
        """Return the first appointments that are asked for, by start and id, that come after
        `after`, and up to `last`; two statements.
        """

    def horizon(self, question: Question, after: Key | None, most: int) -> Key | None:
        """Return up to where the next `most` appointments reach that would have to be looked at;
        None if that is all of them, or what is asked for is found by an index.
        """

    def to_come(
        self,
        since: datetime | None,
        *,
        doctor_id: int | None = None,
        room_id: int | None = None,
        type_ids: Collection[int] = (),
    ) -> int:
        """Count the appointments that are on and start at `since` or later; None: ever, also those
        that are cancelled.
        """


class Holds(Protocol):
    """Slots kept for somebody who is about to book; those that are over are as if never there."""

    def add(self, held: Held) -> Held:
        """Keep a slot; return it with its id."""

    def by_secret(self, secret: str) -> Held | None:
        """Return the hold whose secret has this digest."""

    def within(self, slot: Slot) -> list[Held]:
        """Return those that take a part of the slot."""

    def count(self, network: str) -> int:
        """Count those of a network."""

    def remove(self, ids: Collection[int]) -> None:
        """Remove some."""

    def forget(self) -> None:
        """Delete those that are over."""

"""What was done: acts, the trail, its figures, and what is left of somebody erased.

Not here: changes of calendars, which their own log has (`calendars`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta
    from typing import Any

    from practice.acts import Act, ActQuestion, Kind
    from practice.appointments import Appointment, Slot, Status
    from practice.calendars import Change
    from practice.erasures import ErasedChange, Erasure
    from practice.letters import Letter
    from practice.overview import Delivery, Fault, Queue, Request, TaskGlance, Webhooks
    from practice.trail import Key as TrailKey
    from practice.trail import Part, TrailQuestion

    #: What an act was done to, and what there was before and after it.
    Told = tuple[object, Mapping[str, Any] | None, Mapping[str, Any] | None]

__all__ = ["Acts", "Figures", "Traces", "Trail"]


class Acts(Protocol):
    """Who did what with patients, appointments, accounts and settings, each sealed."""

    def note(
        self,
        action: str,
        kind: Kind,
        of: object,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> Act:
        """Note an act of the unit's actor, with what there was before and after it.

        `action` is a past participle such as "linked"; `of` the id of what it was done to. What
        is told must be JSON, or have a text that says it.
        """

    def note_all(self, action: str, kind: Kind, told: Sequence[Told]) -> None:
        """Note the same act of many things, each as `note` does: id, before and after."""

    def head(self) -> tuple[int, bytes]:
        """Return the number and the seal of the last act."""

    def search(
        self, question: ActQuestion, *, limit: int | None = None, newest_first: bool = False
    ) -> Iterator[Act]:
        """Yield the acts that are asked for, by number, a few at a time."""

    def done_to(self, kind: Kind, ids: Collection[object]) -> list[Act]:
        """Return the acts of some things of a kind, in no order; from one statement."""

    def erase(self, kind: Kind, of: object) -> int:
        """Erase what the acts of one thing tell, not that they were; return how many.

        That is noted, too, as an act of the thing: what was erased by nobody was tampered with.
        """


class Trail(Protocol):
    """The log of calendars and the acts by time, the newest first; of one moment by number."""

    def changes(self, asked: TrailQuestion, after: TrailKey | None, limit: int) -> Part[Change]:
        """Return the first rows of the log that are asked for and stand after a key.

        Costs what is returned, or a bounded number of rows that were looked through for it.
        """

    def acts(self, asked: TrailQuestion, after: TrailKey | None, limit: int) -> Part[Act]:
        """Return the first acts that are asked for and stand after a key, at the same cost."""


class Figures(Protocol):
    """What the overview counts, each from one statement; bounds and spans are aware."""

    def appointed(self, spans: Sequence[Slot]) -> list[tuple[int | None, Status, tuple[int, ...]]]:
        """Count what starts within each of some spans, by doctor's id and status."""

    def started(self, bounds: Sequence[datetime]) -> Mapping[int, int]:
        """Count what starts between each two bounds and is not cancelled; by the number of the
        earlier bound, without those that have none.
        """

    def no_shows(self, bounds: Sequence[datetime]) -> Mapping[int, tuple[int, int]]:
        """Count, between each two bounds, what should have taken place by now and who of it did
        not come; by the number of the earlier bound, without those that have none.
        """

    def booked(self, bounds: Sequence[datetime]) -> Mapping[tuple[int, int], int]:
        """Add up the minutes of what starts between each two bounds and is not cancelled, by
        doctor's id and the number of the earlier bound.
        """

    def delivered(self, since: datetime) -> Delivery:
        """Count the letters that were settled since then, but for those that are to be done by
        hand.
        """

    def queue(self) -> list[Queue]:
        """Count the unsettled letters, by receiver."""

    def webhooks(self, since: datetime) -> Webhooks:
        """Count the webhooks that came since then, and those that wait or are in quarantine."""

    def faults(self, limit: int) -> list[Fault]:
        """Return what went wrong last, the newest first."""

    def open_conflicts(self) -> int:
        """Count the open conflicts."""

    def patients_to_review(self) -> int:
        """Count the patients that a person has to look at."""

    def requests(
        self, patience: timedelta, soon: timedelta, limit: int
    ) -> tuple[int, list[Request]]:
        """Count the requests that wait for longer, or would start so soon; return the first."""

    def tasks(self, since: datetime, limit: int) -> tuple[list[TaskGlance], list[TaskGlance]]:
        """Return the tasks that run, and those begun since then that failed; the last first."""


class Traces(Protocol):
    """What is kept of a patient beside the record: by other tables, and by the log."""

    def appointments(self, patient_id: int) -> list[Appointment]:
        """Return all appointments of a patient, by id."""

    def details(self, appointment_ids: Collection[int]) -> Mapping[int, Mapping[str, Any]]:
        """Return what only the practice knows of appointments, by their ids."""

    def letters(self, appointment_ids: Collection[int]) -> list[Letter]:
        """Return the letters about appointments, by id."""

    def import_rows(self, patient_id: int) -> list[Mapping[str, Any]]:
        """Return the rows of imported lists that are about a patient."""

    def log_of(self, uids: Collection[str], numbers: Collection[str]) -> Iterator[Change]:
        """Yield the rows of the log about objects with these UIDs, or whose texts tell that they
        are of patients with these numbers, by number. Costs the log.
        """

    def hand_over(self, patient_id: int, to: int) -> int:
        """Make all that is one patient's another's; return how many appointments that were."""

    def withdraw_letters(self, appointment_ids: Collection[int]) -> int:
        """Supersede the letters to the patient of appointments that are not settled; return how
        many.
        """

    def let_go(self, patient_id: int) -> None:
        """Have appointments and rows of lists be nobody's, and forget what was decided of a
        patient.
        """

    def forget_texts(self, patient_id: int, appointment_ids: Collection[int]) -> None:
        """Erase what the rows of lists of a patient say, what the practice has written down about
        appointments, the letters about them but those that others still wait for, and by whom
        they were booked online.
        """

    def erase_change(self, change: Change, act: int) -> None:
        """Set the texts of a row of the log to those of `change`; its seal stays, and the number
        of the act that erased it is kept with it.
        """

    def erased_changes(self, first: int, last: int) -> Mapping[int, ErasedChange]:
        """Return which rows of the log had their texts erased, both numbers included."""

    def note_erasure(self, number: str) -> None:
        """Note that the patient with a number was erased."""

    def erasures(self) -> list[Erasure]:
        """Return who was erased, the first first."""

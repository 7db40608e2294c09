"""Letters to others, what was heard from them, and what is disputed with them.

Not here: how it is delivered or asked for (`booking_adapter`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime, timedelta
    from typing import Any

    from practice.answers import GivenAnswer
    from practice.appointments import Appointment
    from practice.conflicts import Dispute, DisputeState
    from practice.letters import Letter, LetterState
    from practice.messages import Message, Receiver
    from practice.sources import Receipt, ReceiptState, SourceState
    from practice.tasks import Task, TaskState

__all__ = ["Answers", "Disputes", "Outbox", "Receipts", "Sources", "Tasks"]


class Outbox(Protocol):
    """Letters: posted, taken back, sent and settled."""

    def post(self, to: Receiver, message: Message, appointment: Appointment, before: str) -> None:
        """Post a letter with the change just made."""

    def withdraw(self, appointment_id: int) -> Mapping[Receiver, str]:
        """Supersede the letters about an appointment that nobody has tried to send; return, by
        receiver, the state before the first. Reminders are withdrawn and have no such state; what
        the practice's own people are asked stays.
        """

    def waiting(self) -> list[tuple[Receiver, Message, int]]:
        """Return the unsettled letters as (receiver, message, appointment id), in order."""

    def due(self, to: Receiver, now: datetime, grace: timedelta) -> bool:
        """Tell whether `claim` would claim any."""

    def claim(
        self, to: Receiver, now: datetime, grace: timedelta, lease: timedelta, limit: int
    ) -> list[Letter]:
        """Take letters to send now, those that nobody else is sending; the longest due first.

        One that was never tried is due `grace` after it was posted. Of several about one
        appointment the last is taken and the others superseded; but practice software and
        webhooks get all of them in order. What is not settled when the lease has run out is
        anybody's again.
        """

    def settle(
        self, letter: Letter, state: LetterState, *, due: datetime | None = None, error: str = ""
    ) -> bool:
        """Say what became of a claimed letter; False if it is somebody else's by now.

        `due` is when one that was TRIED is tried again.
        """

    def retry(self, letter_id: int) -> Letter | None:
        """Have a letter that was given up or dropped tried again; None if there is none such."""

    def drop(self, letter_id: int) -> Letter | None:
        """Have a letter never sent, unless it is being sent; None if there is none such."""

    def find(
        self, states: Collection[LetterState], appointment_id: int | None = None, limit: int = 1000
    ) -> list[Letter]:
        """Return letters in some states, by id."""

    def newest(
        self, states: Collection[LetterState], before: int | None, limit: int
    ) -> list[Letter]:
        """Return letters in some states with ids below one, the newest first."""

    def count(self) -> Mapping[tuple[Receiver, LetterState], int]:
        """Count the letters by receiver and state."""


class Sources(Protocol):
    """How the booking tools were last asked, and when jobs were last begun."""

    def all(self) -> list[SourceState]:
        """Return those that were ever asked, by name."""

    def find(self, name: str) -> SourceState:
        """Return how a tool was last asked; one of no attempt if it never was."""

    def save(self, state: SourceState) -> None:
        """Keep how a tool was asked. When that was first, and who was warned, is kept by itself."""

    def note_warned(self, name: str, warned: datetime | None) -> None:
        """Note when somebody was told that a tool is silent; None once it is not any more."""

    def begin_job(self, name: str, every: timedelta) -> bool:
        """Note that a job begins now; False if it was begun less than `every` ago, by whomever."""


class Receipts(Protocol):
    """Webhooks as they came."""

    def receive(
        self, source: str, key: str, headers: Mapping[str, str], body: bytes, reason: str = ""
    ) -> int | None:
        """Keep one and return its id; None if one of the source with this key is there already.

        One that cannot be understood for a `reason` is kept in quarantine.
        """

    def is_due(self) -> bool:
        """Tell whether `claim` would claim any."""

    def claim(self, lease: timedelta, limit: int) -> list[Receipt]:
        """Take those to work on now, in the order in which they came."""

    def settle(
        self,
        receipt: Receipt,
        state: ReceiptState,
        *,
        reason: str = "",
        due: datetime | None = None,
    ) -> None:
        """Say what became of one; `due` is when one that is WAITING is worked on again."""

    def replay(self, receipt_id: int) -> bool:
        """Have one worked on again; False if there is none such."""

    def drop(self, receipt_id: int) -> bool:
        """Put one of the quarantine aside; False if there is none such."""

    def find(self, states: Collection[ReceiptState], limit: int = 1000) -> list[Receipt]:
        """Return those in some states, the last first."""

    def newest(
        self, states: Collection[ReceiptState], before: int | None, limit: int
    ) -> list[Receipt]:
        """Return those with ids below one, the newest first, without headers and bodies."""

    def forget(self, before: datetime) -> int:
        """Delete what was received before and is not waiting; return how many."""


class Disputes(Protocol):
    """What the practice and the tools do not agree on."""

    def open_of(self, appointment_id: int) -> Dispute | None:
        """Return the open one about an appointment; there is one at most."""

    def of(self, appointment_id: int) -> list[Dispute]:
        """Return those about an appointment, by id."""

    def get(self, dispute_id: int) -> Dispute | None:
        """Return one by its id."""

    def find(self, states: Collection[DisputeState], limit: int = 1000) -> list[Dispute]:
        """Return those in some states, by id."""

    def newest(
        self, states: Collection[DisputeState], before: int | None, limit: int
    ) -> list[Dispute]:
        """Return those in some states with ids below one, the newest first."""

    def save(self, dispute: Dispute) -> Dispute:
        """Store a new one (id 0) or change it; return it with its id."""


class Tasks(Protocol):
    """Work that is done apart from who asked for it, and how far it is.

    One whose lease is over counts as failed (see `practice.tasks`), in every answer, whether or
    not somebody has written that down.
    """

    def begin(
        self, kind: str, key: str, asked: Mapping[str, Any], lease: timedelta
    ) -> tuple[Task, bool]:
        """Begin a task of the unit's actor and return it; or the one of this kind and key that is
        running, and False. Whatever is overdue is ended first.
        """

    def renew(self, task_id: str, lease: timedelta, told: Mapping[str, Any] | None = None) -> bool:
        """Have a lease end so long from now, and tell how far it is; False if it has ended."""

    def end(self, task_id: str, state: TaskState, told: Mapping[str, Any]) -> bool:
        """End a task; False, and nothing changed, if it has ended or COMPLETED comes too late."""

    def get(self, task_id: str) -> Task | None:
        """Return a task by its id."""

    def find(
        self, states: Collection[TaskState], kind: str | None = None, limit: int = 1000
    ) -> list[Task]:
        """Return tasks in some states, the last first."""

    def end_overdue(self) -> int:
        """Write down which leases are over; return how many."""

    def forget(self, before: datetime) -> int:
        """Delete those that were begun before and have ended; return how many."""

    def forget_patient(self, number: str) -> int:
        """Delete those about the patient with a number, also one that is running, which cannot
        tell any more how it ends; return how many.
        """


class Answers(Protocol):
    """What was answered to requests that may be sent again."""

    def find(self, key: str) -> GivenAnswer | None:
        """Return what was answered under a key within the last day."""

    def keep(self, key: str, answer: GivenAnswer) -> None:
        """Keep an answer for a day; older ones are forgotten."""

    def forget_old(self) -> None:
        """Delete those that are older than a day."""

    def forget(self) -> int:
        """Delete all, whoever was answered; return how many."""

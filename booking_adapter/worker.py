"""The worker: delivers letters, works off webhooks, does again and again what has to be.

Several may run at once, in as many processes: what one has claimed no other takes.
Not here: how a letter is delivered (`booking_adapter.deliveries`).
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from booking_adapter.deliveries.dispatch import Dispatch, Known, Offered
from booking_adapter.failures import Failed, may_pass
from booking_adapter.sign_ins import send_link
from booking_adapter.webhooks import work_off
from practice.access import SYSTEM
from practice.errors import Unavailable
from practice.letters import BY_HAND
from practice.messages import Message, Receiver
from practice.use_cases.instead import instead_of
from practice.use_cases.letters import note_delivered, note_failed, take

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from booking_adapter.deliveries.booking_tool import BookingTools
    from booking_adapter.deliveries.dispatch import Destination
    from booking_adapter.deliveries.sign_in_mail import SignInMail
    from booking_adapter.sync import Source
    from practice.ports import Database
    from practice.profile import Profile
    from practice.use_cases.letters import Sending

__all__ = ["Addressees", "Worker"]

log = logging.getLogger(__name__)

#: Letters of one claim. More would have to be given back when the worker is told to stop.
_BATCH = 1
#: Seconds between two looks for what is due.
_PAUSE = 1.0
#: Seconds after which is looked again when the database was away.
_LONG_PAUSE = 5.0


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Addressees:
    """Where letters go, and how long each receiver's wait for what may come after them; with
    `sign_ins`, patients get links to sign in.
    """

    tools: BookingTools
    destinations: Mapping[Receiver, Destination] = field(default_factory=dict)
    graces: Mapping[Receiver, timedelta] = field(default_factory=dict)
    sign_ins: SignInMail | None = None

    @property
    def receivers(self) -> list[Receiver]:
        """Everybody to whom letters are delivered."""
        return [Receiver.BOOKING_TOOL, *self.destinations]


class Worker:
    """Delivers what is due. One thread a receiver, so that none waits for another's."""

    def __init__(
        self,
        database: Database,
        addressees: Addressees,
        sources: Mapping[str, Source],
        profile: Profile,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._database = database
        self._addressees = addressees
        self._sources = sources
        self._profile = profile
        self._clock = clock
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to work in threads of its own."""
        for receiver in self._addressees.receivers:
            self._begin(f"letters-{receiver}", partial(self.deliver, receiver))
        if self._sources:
            self._begin("webhooks", self.work_off)
        if self._addressees.sign_ins is not None:
            self._begin("sign-ins", self.send_links)

    def stop(self) -> None:
        """End after the letters that are being delivered."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def deliver_all(self) -> int:
        """Deliver everything that is due now, and what comes of it; return how many letters."""
        done = 0
        while step := self.work_off() + sum(map(self.deliver, self._addressees.receivers)):
            done += step
        while self.send_links():
            done += 1
        return done

    def work_off(self) -> int:
        """Work off webhooks that are due; return how many."""
        return work_off(self._database, self._sources, self._profile, self._clock)

    def send_links(self) -> int:
        """Send a link to sign in to somebody who waits for it; return how many were looked at."""
        mail = self._addressees.sign_ins
        return 0 if mail is None else send_link(self._database, mail, self._clock)

    def deliver(self, to: Receiver) -> int:
        """Deliver some of the letters to one receiver that are due; return how many were tried."""
        grace = self._addressees.graces.get(to, timedelta())
        now = self._clock()
        with self._database.begin(actor=SYSTEM, now=now, read_only=True, snapshot=False) as uow:
            if not uow.outbox.due(to, now, grace):
                return 0
        with self._database.begin(actor=SYSTEM, now=self._clock()) as uow:
            taken = take(uow, to, grace, _BATCH)
        for sending in taken:
            self._send(to, sending)
        return len(taken)

    def _send(self, to: Receiver, sending: Sending) -> None:
        letter = sending.letter
        extra = {"letter": letter.id, "to": str(to), "appointment": letter.appointment_id}
        try:
            booking_id = self._told(to, sending)
        except Failed as failed:
            level = logging.INFO if str(failed) == BY_HAND else logging.WARNING
            log.log(level, "letter.failed", extra={**extra, "reason": str(failed)})
            with self._database.begin(actor=SYSTEM, now=self._clock()) as uow:
                # What changed here meanwhile is told in time by a key that is mended in time.
                permanent = failed.permanent
                if to is Receiver.BOOKING_TOOL:
                    permanent = not may_pass(failed)
                note_failed(uow, letter, str(failed), permanent=permanent)
            return
        with self._database.begin(actor=SYSTEM, now=self._clock()) as uow:
            note_delivered(uow, letter, booking_id)
        log.info("letter.delivered", extra=extra)

    def _instead(self, sending: Sending) -> tuple[Offered, ...]:
        """Look up what is free now. Nobody who writes waits for it: it takes no lock."""
        with self._database.begin(actor=SYSTEM, now=self._clock(), read_only=True) as uow:
            found = instead_of(uow, sending.appointment, self._profile)
        return tuple(Offered(slot, doctor) for slot, doctor in found)

    def _told(self, to: Receiver, sending: Sending) -> str:
        """Deliver one letter; return the booking's id if it was the tool that was told."""
        dispatch = _dispatch(sending)
        try:
            if to is Receiver.PATIENT and sending.message is Message.DECLINED:
                dispatch = replace(dispatch, instead=self._instead(sending))
            if to is Receiver.BOOKING_TOOL:
                return self._addressees.tools.tell(dispatch)
            self._addressees.destinations[to].deliver(dispatch, self._clock())
        except Failed:
            raise
        except Exception as error:
            # A letter that nobody thought of must not hold up the others, nor be lost.
            log.exception("letter.error")
            raise Failed(type(error).__name__) from error
        return ""

    def _begin(self, name: str, step: Callable[[], int]) -> None:
        thread = threading.Thread(target=self._run, args=(step,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run(self, step: Callable[[], int]) -> None:
        while not self._stopping.is_set():
            pause = _PAUSE
            try:
                if step():
                    pause = 0.0
            except Unavailable:
                pause = _LONG_PAUSE
            except Exception:
                # What nobody thought of must not end all deliveries; it is tried again.
                log.exception("worker.error")
                pause = _LONG_PAUSE
            self._stopping.wait(pause)


def _dispatch(sending: Sending) -> Dispatch:
    return Dispatch(
        key=sending.key,
        message=sending.message,
        sequence=sending.letter.number,
        posted=sending.letter.posted,
        appointment=sending.appointment,
        known=Known(*sending.known) if sending.known else None,
        patient=sending.patient,
        doctor=sending.doctor,
        room=sending.room,
        # By hand it is tried for the first time once more, and still says why it was given up.
        again=sending.letter.attempts > 1 or bool(sending.letter.error),
    )

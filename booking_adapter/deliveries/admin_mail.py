"""E-mails to whoever runs the practice's calendars: something needs a person.

Nothing of a patient is in them: an appointment's number, its time and its doctor lead to the rest.
Not here: which conflicts there are, or what becomes of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from booking_adapter.deliveries.mailing import headed, mailbox, one_line, rendered
from booking_adapter.deliveries.wording import words_in
from booking_adapter.failures import Failed
from practice.messages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from booking_adapter.deliveries.dispatch import Dispatch
    from booking_adapter.deliveries.mailing import Letterhead, Sender

__all__ = ["AdminMail"]

_CONFLICTS, _LETTERS = "praxis-caldav sync conflicts", "praxis-caldav sync letters"


@dataclass(frozen=True, slots=True)
class _Note:
    """What one message says, and the command that shows more; `{when}` is the start."""

    subject: str
    text: str
    command: str


@dataclass(frozen=True, slots=True)
class _Told:
    """One language."""

    number: str
    todo: str
    automatic: str
    notes: Mapping[Message, _Note]


_GERMAN = _Told(
    number="Termin Nr.",
    todo="Ansehen und entscheiden:",
    automatic="Diese E-Mail wurde automatisch verschickt. Sie nennt mit Absicht keinen Patienten.",
    notes={
        Message.DISPUTED: _Note(
            "Konflikt: Termin am {when}",
            "Praxis und Buchungstool haben diesen Termin verschieden geändert. Es gilt der Stand"
            " der Praxis, bis Sie anders entscheiden.",
            _CONFLICTS,
        ),
        Message.VANISHED: _Note(
            "Verschwunden: Termin am {when}",
            "Das Buchungstool hat diesen Termin nicht mehr. Hier wurde nichts gelöscht. Bitte"
            " prüfen Sie, ob er noch gilt.",
            _CONFLICTS,
        ),
        Message.UNDELIVERED: _Note(
            "Unzustellbar: Termin am {when}",
            "Eine Nachricht zu diesem Termin konnte nicht zugestellt werden und wird nicht weiter"
            " versucht. Wer sie bekommen sollte, weiß also nichts davon. Bitte geben Sie dort"
            " Bescheid.",
            _LETTERS,
        ),
    },
)

_ENGLISH = _Told(
    number="Appointment no.",
    todo="To see and decide:",
    automatic="This e-mail was sent automatically. It names no patient on purpose.",
    notes={
        Message.DISPUTED: _Note(
            "Conflict: appointment on {when}",
            "The practice and the booking tool have changed this appointment differently. It"
            " stands as the practice has it until you decide otherwise.",
            _CONFLICTS,
        ),
        Message.VANISHED: _Note(
            "Vanished: appointment on {when}",
            "The booking tool no longer has this appointment. Nothing was deleted here. Please"
            " check whether it still stands.",
            _CONFLICTS,
        ),
        Message.UNDELIVERED: _Note(
            "Not delivered: appointment on {when}",
            "A message about this appointment could not be delivered and will not be tried again."
            " So whoever it was for knows nothing of it. Please let them know.",
            _LETTERS,
        ),
    },
)

_BY_CODE = {"de": _GERMAN, "en": _ENGLISH}


class AdminMail:
    """See `dispatch.Destination`. `to` is the address, `dashboard` that of the page, if any."""

    def __init__(
        self,
        letterhead: Letterhead,
        sender: Sender,
        to: str,
        *,
        dashboard: str = "",
        language: str = "",
    ) -> None:
        self._letterhead = letterhead.tidied()
        self._sender = sender
        self._to = to
        self._dashboard = dashboard
        self._words = words_in(language, letterhead.language)

    def deliver(self, dispatch: Dispatch, now: datetime) -> None:
        """See the Protocol."""
        words, zone, slot = self._words, self._letterhead.zone, dispatch.appointment.slot
        told = _BY_CODE[words.code]
        note = told.notes.get(dispatch.message)
        if note is None:
            raise Failed("no news for the admin", permanent=True)
        to = mailbox(self._to)
        if to is None:
            raise Failed("the admin's address is none")  # a setting, which somebody will mend
        subject = note.subject.format(when=words.start(slot.start, zone))
        message = headed(self._letterhead, dispatch, now, to=to, subject=subject)
        text = rendered(
            "admin.txt",
            note=note,
            told=told,
            words=words,
            when=words.span(slot, zone),
            doctor=one_line(dispatch.doctor.name) if dispatch.doctor else "",
            appointment=dispatch.appointment,
            dashboard=self._dashboard,
        )
        message.set_content(text, cte="quoted-printable")
        message["Content-Language"] = words.code
        self._sender.send(message)

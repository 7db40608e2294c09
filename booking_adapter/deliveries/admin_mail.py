"""E-mails to whoever runs the practice's calendars: something needs a person.

Nothing of a patient is in them: an appointment's number, its time and its doctor lead to the rest.
Not here: which conflicts there are, or what becomes of them; when a booking tool counts as silent
(`practice.sources`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from booking_adapter.deliveries.languages import words_in
from booking_adapter.deliveries.mailing import headed, mailbox, one_line, rendered
from booking_adapter.failures import Failed
from practice.messages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from booking_adapter.deliveries.dispatch import Dispatch
    from booking_adapter.deliveries.mailing import Letterhead, Sender
    from practice.sources import SourceState

__all__ = ["AdminMail"]

_CONFLICTS, _STATUS = "praxis-caldav sync conflicts", "praxis-caldav sync status"
_LETTERS = "praxis-caldav sync letters --show failed"


@dataclass(frozen=True, slots=True)
class _Note:
    """What is said, and the command that shows more; `{about}` is the start, or the tool."""

    subject: str
    text: str
    command: str


@dataclass(frozen=True, slots=True)
class _Told:
    """One language."""

    number: str
    heard: str
    never: str
    error: str
    todo: str
    automatic: str
    notes: Mapping[Message, _Note]
    silent: _Note
    back: _Note


_GERMAN = _Told(
    number="Termin-Nr.",
    heard="Zuletzt erreicht",
    never="noch nie",
    error="Fehler",
    todo="Mehr dazu, auf dem Server:",
    automatic="Diese E-Mail wurde automatisch verschickt. Sie nennt mit Absicht keinen Patienten.",
    notes={
        Message.DISPUTED: _Note(
            "Konflikt: Termin am {about}",
            "Praxis und Buchungstool haben diesen Termin verschieden geändert. Es gilt der Stand"
            " der Praxis, bis Sie anders entscheiden.",
            _CONFLICTS,
        ),
        Message.VANISHED: _Note(
            "Verschwunden: Termin am {about}",
            "Das Buchungstool nennt diesen Termin nicht mehr. Hier wurde nichts gelöscht. Bitte"
            " prüfen Sie, ob er noch gilt.",
            _CONFLICTS,
        ),
        Message.UNDELIVERED: _Note(
            "Unzustellbar: Termin am {about}",
            "Eine Nachricht zu diesem Termin konnte nicht zugestellt werden, und es wird nicht"
            " weiter versucht. Wer sie bekommen sollte, weiß also nichts davon: bitte geben Sie"
            " dort Bescheid.",
            _LETTERS,
        ),
    },
    silent=_Note(
        "Buchungstool nicht erreichbar: {about}",
        "Das Buchungstool „{about}“ war seit einem Tag nicht zu erreichen. Seine Termine stehen im"
        " Kalender, wie sie zuletzt bekannt waren; gelöscht wird nichts. Was seitdem dort gebucht,"
        " verschoben oder abgesagt wurde, kann fehlen: bitte sehen Sie im Tool selbst nach.",
        _STATUS,
    ),
    back=_Note(
        "Buchungstool wieder erreichbar: {about}",
        "Das Buchungstool „{about}“ antwortet wieder. Seine Termine sind auf dem neuesten Stand.",
        _STATUS,
    ),
)

_ENGLISH = _Told(
    number="Appointment no.",
    heard="Last reached",
    never="never yet",
    error="Error",
    todo="More about it, on the server:",
    automatic="This e-mail was sent automatically. It names no patient on purpose.",
    notes={
        Message.DISPUTED: _Note(
            "Conflict: appointment on {about}",
            "The practice and the booking tool have changed this appointment differently. It"
            " stands as the practice has it until you decide otherwise.",
            _CONFLICTS,
        ),
        Message.VANISHED: _Note(
            "Vanished: appointment on {about}",
            "The booking tool no longer tells of this appointment. Nothing was deleted here. Please"
            " check whether it still stands.",
            _CONFLICTS,
        ),
        Message.UNDELIVERED: _Note(
            "Not delivered: appointment on {about}",
            "A message about this appointment could not be delivered and will not be tried again."
            " So whoever it was for knows nothing of it. Please let them know.",
            _LETTERS,
        ),
    },
    silent=_Note(
        "Booking tool out of reach: {about}",
        "The booking tool “{about}” could not be reached for a day. Its appointments are in the"
        " calendar as they were last known, and none is deleted. What was booked, moved or"
        " cancelled there since may be missing: please look in the tool itself.",
        _STATUS,
    ),
    back=_Note(
        "Booking tool back: {about}",
        "The booking tool “{about}” answers again. Its appointments are up to date.",
        _STATUS,
    ),
)

_BY_CODE = {"de": _GERMAN, "en": _ENGLISH}


class AdminMail:
    """See `dispatch.Destination`. `to` is the address of whoever is told."""

    def __init__(
        self, letterhead: Letterhead, sender: Sender, to: str, *, language: str = ""
    ) -> None:
        self._letterhead = letterhead.tidied()
        self._sender = sender
        self._to = to
        self._words = words_in(language, letterhead.language)
        self._told = _BY_CODE[self._words.code]

    def deliver(self, dispatch: Dispatch, now: datetime) -> None:
        """See the Protocol."""
        words, zone, appointment = self._words, self._letterhead.zone, dispatch.appointment
        note = self._told.notes.get(dispatch.message)
        if note is None:
            raise Failed("no news for the admin", permanent=True)
        rows = [
            (self._told.number, str(appointment.id)),
            (words.labels["when"], words.span(appointment.slot, zone)),
            (words.labels["who"], one_line(dispatch.doctor.name) if dispatch.doctor else ""),
        ]
        start = words.start(appointment.slot.start, zone)
        self._send(note, start, rows, (dispatch.key, appointment.uid), now)

    def tell_of_tool(self, state: SourceState, now: datetime) -> None:
        """Tell that a booking tool is silent, or that it is back if that was told before."""
        words, told, last = self._words, self._told, state.succeeded
        zone = self._letterhead.zone
        rows = [
            (told.heard, words.start(last, zone) if last else told.never),
            (told.error, one_line(state.error)),
        ]
        note = told.back if state.warned else told.silent
        key = f"source {state.name} {state.warned or state.heard} {bool(state.warned)}"
        self._send(note, state.name, rows, (key, f"source {state.name}"), now)

    def _send(
        self,
        note: _Note,
        about: str,
        rows: Sequence[tuple[str, str]],
        ids: tuple[str, str],
        now: datetime,
    ) -> None:
        to = mailbox(self._to)
        if to is None:
            raise Failed("the admin's address is none")  # a setting, which somebody will mend
        subject = note.subject.format(about=about)
        message = headed(self._letterhead, *ids, now, to=to, subject=subject)
        text = rendered(
            "admin.txt",
            text=note.text.format(about=about),
            rows=[(label, value) for label, value in rows if value],
            told=self._told,
            command=note.command,
        )
        message.set_content(text, cte="quoted-printable")
        message["Content-Language"] = self._words.code
        self._sender.send(message)

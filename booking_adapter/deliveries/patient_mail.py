"""E-mails to patients, in German or English, with the appointment for their calendars.

They say when, with whom and where, never why: others read mail, too. Not here: the words
(`wording`), the layout (`booking_adapter.mails`), or sending (`smtp`).

Sources: RFC 6047 (iMIP); RFC 5546.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from booking_adapter.deliveries.languages import words_in
from booking_adapter.deliveries.mailing import headed, mailbox, name_of, one_line, rendered
from booking_adapter.deliveries.wording import News
from booking_adapter.failures import Failed
from practice.appointments import Status
from practice.messages import Message
from practice.vevent import Invitation, Method, invite

if TYPE_CHECKING:
    from datetime import datetime
    from email.message import EmailMessage
    from zoneinfo import ZoneInfo

    from booking_adapter.deliveries.dispatch import Dispatch, Offered
    from booking_adapter.deliveries.mailing import Letterhead, Sender
    from booking_adapter.deliveries.wording import Words
    from practice.appointments import Slot

__all__ = ["PatientMail"]

_NEWS = {
    Message.BOOKED: News.BOOKED,
    Message.CONFIRMED: News.CONFIRMED,
    Message.MOVED: News.MOVED,
    Message.CANCELLED: News.CANCELLED,
    Message.DECLINED: News.DECLINED,
    Message.REMINDED: News.REMINDED,
}
_GONE = frozenset({News.CANCELLED, News.DECLINED})


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of what is told; `was` is what the patient knew, if that was otherwise."""

    label: str
    value: str
    was: str = ""


@dataclass(frozen=True, slots=True)
class _Letter:
    """What a mail tells. Of what is gone, it tells the time that the patient knows."""

    news: News
    words: Words
    name: str
    slot: Slot
    doctor: str
    place: str
    tentative: bool
    old_slot: Slot | None
    old_doctor: str
    instead: tuple[Offered, ...] = ()

    @property
    def gone(self) -> bool:
        """Whether the appointment does not take place."""
        return self.news in _GONE


class PatientMail:
    """See `dispatch.Destination`."""

    def __init__(self, letterhead: Letterhead, sender: Sender) -> None:
        self._letterhead = letterhead.tidied()
        self._sender = sender

    def deliver(self, dispatch: Dispatch, now: datetime) -> None:
        """See the Protocol."""
        news, patient = _news(dispatch), dispatch.patient
        if news is None:
            raise Failed("no news for a patient", permanent=True)
        to = mailbox(patient.record.email) if patient is not None else None
        if patient is None or to is None:
            raise Failed("no address", permanent=True)
        name = name_of(patient.record.first_name, patient.record.last_name)
        words = words_in(patient.language, self._letterhead.language)
        letter = self._letter(dispatch, news, words, name)
        subject = words.said[news].subject.format(
            when=words.start(letter.slot.start, self._letterhead.zone)
        )
        message = headed(
            self._letterhead, dispatch.key, dispatch.appointment.uid, now, to=to, subject=subject
        )
        self._say(message, letter)
        self._attach(message, letter, self._invitation(dispatch, letter, to, now))
        message["Content-Language"] = words.code
        self._sender.send(message)

    def _letter(self, dispatch: Dispatch, news: News, words: Words, name: str) -> _Letter:
        known, appointment = dispatch.known, dispatch.appointment
        slot, doctor = appointment.slot, dispatch.doctor.name if dispatch.doctor else ""
        if known is not None and news in _GONE:
            slot, doctor = known.slot, known.doctor
        room = dispatch.room.name if dispatch.room else ""
        place = (one_line(room), self._letterhead.name, self._letterhead.address)
        return _Letter(
            news,
            words,
            name,
            slot,
            one_line(doctor),
            ", ".join(filter(None, place)),
            appointment.status is Status.TENTATIVE,
            known.slot if known is not None else None,
            one_line(known.doctor) if known is not None else "",
            dispatch.instead if news is News.DECLINED else (),
        )

    def _say(self, message: EmailMessage, letter: _Letter) -> None:
        """Put the text in, plain and as HTML."""
        words = letter.words
        values = {
            "subject": message["Subject"],
            "words": words,
            "said": words.said[letter.news],
            "greeting": words.greeting.format(name=letter.name) if letter.name else words.nameless,
            "rows": self._rows(letter),
            "offers": _offers(letter, self._letterhead.zone),
            "notes": _notes(letter),
            "letterhead": self._letterhead,
        }
        message.set_content(rendered("patient.txt", **values), cte="quoted-printable")
        html = rendered("patient.html", **values)
        message.add_alternative(html, subtype="html", cte="quoted-printable")

    def _rows(self, letter: _Letter) -> list[_Row]:
        labels, zone, old = letter.words.labels, self._letterhead.zone, letter.old_slot
        when = letter.words.span(letter.slot, zone)
        was = letter.words.span(old, zone) if old is not None else when
        rows = [_Row(labels["when"], when, was if was != when else "")]
        if letter.doctor or letter.old_doctor:
            was = letter.old_doctor if letter.old_doctor != letter.doctor else ""
            rows.append(_Row(labels["who"], letter.doctor or self._letterhead.name, was))
        return [*rows, _Row(labels["where"], letter.place)]

    def _invitation(
        self, dispatch: Dispatch, letter: _Letter, to: str, now: datetime
    ) -> Invitation:
        words, head = letter.words, self._letterhead
        whom = ", ".join(filter(None, (letter.doctor, head.name)))
        prefix = words.tentative if letter.tentative and not letter.gone else ""
        reach = ((words.by_phone, head.phone), (words.by_mail, head.email))
        notes = [] if letter.gone else [words.keep]
        return Invitation(
            uid=dispatch.appointment.uid,
            slot=letter.slot,
            stamp=now,
            sequence=dispatch.sequence,
            status=dispatch.appointment.status,
            summary=prefix + words.summary.format(whom=whom),
            description="\n".join([*notes, *(f"{how}: {what}" for how, what in reach if what)]),
            location=letter.place,
            organizer=(head.name, mailbox(head.email) or head.email),  # as in From
            attendee=(letter.name, to),
        )

    def _attach(self, message: EmailMessage, letter: _Letter, invitation: Invitation) -> None:
        """Put the calendar in, twice: most programs read the alternative, some only the file.

        With a reminder comes the file alone, and without a method: nothing has changed, and a
        calendar that was asked again would ask its owner again.
        """
        method = Method.CANCEL if letter.gone else Method.REQUEST
        name = letter.words.withdrawal if letter.gone else letter.words.file
        if letter.news is News.REMINDED:
            text = invite(invitation, self._letterhead.zone, None)
        else:
            text = invite(invitation, self._letterhead.zone, method)
            message.add_alternative(
                text, subtype="calendar", cte="base64", params={"method": str(method)}
            )
        message.add_attachment(
            text.encode(),
            maintype="application",
            subtype="ics",
            filename=name,
            params={"name": name},
        )


def _news(dispatch: Dispatch) -> News | None:
    news, known = _NEWS.get(dispatch.message), dispatch.known
    if news is News.BOOKED and dispatch.appointment.status is Status.TENTATIVE:
        return News.REQUESTED
    if news is News.MOVED and known is not None and _same(known.slot, dispatch.appointment.slot):
        return News.CHANGED
    return news


def _same(one: Slot, other: Slot) -> bool:
    """Tell whether two are the same moments: `==` never holds for a time that comes twice."""
    return all(
        a.timestamp() == b.timestamp() for a, b in ((one.start, other.start), (one.end, other.end))
    )


def _offers(letter: _Letter, zone: ZoneInfo) -> list[str]:
    """Return what is free instead, with the doctor where that is another one."""
    told = []
    for one in letter.instead:
        doctor = one_line(one.doctor)
        other = f", {doctor}" if doctor != letter.doctor else ""
        told.append(letter.words.start(one.slot.start, zone) + other)
    return told


def _notes(letter: _Letter) -> list[str]:
    words = letter.words
    if letter.gone:
        return [words.again, words.withdrawn]
    open_yet = letter.tentative and letter.news is not News.REQUESTED
    return [*([words.unconfirmed] if open_yet else []), words.keep, words.attached]

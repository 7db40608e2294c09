"""The calendar that goes with an e-mail: an appointment as the patient's own calendar takes it.

It says when, where and at whose practice, and nothing of why: mails are read by others. Not here:
the e-mail around it, nor the practice's own event (`practice.vevent.writing`).

Sources: RFC 5545; RFC 5546 3.2.2 (REQUEST), 3.2.5 (CANCEL); RFC 6047 (iMIP); RFC 6068 2 (mailto).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import quote

from practice.appointments import Status
from practice.timezones import vtimezone
from practice.vevent.line_forms import escaped, folded, person, told
from practice.vevent.writing import PRODID

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from practice.appointments import Slot

__all__ = ["Invitation", "Method", "calendar_of", "invite"]

#: What no content line may hold, and what some programs take for the end of one.
_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]")
#: What may stand in a mailto address as it is (RFC 6068 2); letters and digits always may.
_IN_ADDRESSES = "!$'*+@"


class Method(StrEnum):
    """What a calendar that comes by mail wants (iTIP)."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a patient's calendar is told of an appointment. People are (name, e-mail).

    `uid`, `organizer` and `attendee` are the same in all that is told of one appointment, and
    `sequence` rises: by these a calendar finds what it has, and knows which is newer.
    """

    uid: str
    slot: Slot
    stamp: datetime
    sequence: int
    status: Status
    summary: str
    description: str
    location: str
    organizer: tuple[str, str]
    attendee: tuple[str, str]


def invite(invitation: Invitation, zone: ZoneInfo, method: Method | None) -> str:
    """Return an invitation as iCalendar text, its times told in `zone`.

    Without a method it is no message to a calendar, but a file that one may take in.
    """
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODID}", "CALSCALE:GREGORIAN"]
    if method is not None:
        head.append(f"METHOD:{method}")
    event = ["BEGIN:VEVENT", *_lines(invitation, zone, method), "END:VEVENT", "END:VCALENDAR"]
    return _joined(head) + vtimezone(zone) + _joined(event)


def calendar_of(invitations: Iterable[Invitation], zone: ZoneInfo) -> str:
    """Return appointments as one file that a calendar may take in."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODID}", "CALSCALE:GREGORIAN"]
    events = [
        line
        for one in invitations
        for line in ("BEGIN:VEVENT", *_lines(one, zone, None), "END:VEVENT")
    ]
    return _joined(head) + vtimezone(zone) + _joined([*events, "END:VCALENDAR"])


def _joined(lines: list[str]) -> str:
    return "".join(f"{folded(line)}\r\n" for line in lines)


def _lines(invitation: Invitation, zone: ZoneInfo, method: Method | None) -> Iterator[str]:
    """Yield the content lines of the event, not folded.

    No CLASS: with PRIVATE, some servers hide an event from its owner's own devices.
    """
    status = Status.CANCELLED if method is Method.CANCEL else invitation.status
    start, end = _times(invitation.slot, zone)
    yield f"UID:{escaped(invitation.uid)}"
    yield f"DTSTAMP{told(invitation.stamp.astimezone(UTC))}"
    yield f"SEQUENCE:{invitation.sequence}"
    yield f"DTSTART{told(start)}"
    yield f"DTEND{told(end)}"
    for name in ("summary", "location"):
        if text := _plain(getattr(invitation, name)):
            yield f"{name.upper()}:{escaped(text)}"
    if text := "\n".join(map(_plain, invitation.description.splitlines())).strip():
        yield f"DESCRIPTION:{escaped(text)}"
    yield f"ORGANIZER{_person(invitation.organizer)}"
    # There is nothing to answer: whoever has an appointment with a doctor has agreed to it.
    accepted = ";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE"
    yield f"ATTENDEE{_person(invitation.attendee, accepted)}"
    yield f"STATUS:{status}"


def _times(slot: Slot, zone: ZoneInfo) -> list[datetime]:
    """Return start and end as they are told."""
    times = [moment.astimezone(zone) for moment in (slot.start, slot.end)]
    if any(local.fold for local in times):
        # A local time that the clock shows twice means the first (RFC 5545 3.3.5).
        times = [local.astimezone(UTC) for local in times]
    return times


def _person(named: tuple[str, str], more: str = "") -> str:
    name, email = map(_plain, named)
    return person(name, quote(email, safe=_IN_ADDRESSES), more)


def _plain(text: str) -> str:
    """Return a text on one line, without what cannot be told."""
    return " ".join(_NO_TEXT.sub(" ", text).split())

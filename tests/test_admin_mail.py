"""What the practice itself is told by e-mail: enough to act, and nothing of a patient."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest

from booking_adapter.deliveries.admin_mail import AdminMail
from booking_adapter.deliveries.dispatch import Dispatch, Known
from booking_adapter.deliveries.mailing import Letterhead
from booking_adapter.deliveries.smtp import Smtp
from booking_adapter.failures import Failed
from practice.accounts import Doctor, Room
from practice.appointments import Appointment, Slot, Status
from practice.messages import Message
from practice.patients import Patient, PatientRecord
from practice.sources import SourceState
from tests.building import BERLIN, NOW
from tests.marked import MARK
from tests.mimics.mail_server import HERE, MailServer

TEN = datetime(2026, 11, 24, 10, 0, tzinfo=BERLIN)
LETTERHEAD = Letterhead("Praxis am Park", "praxis@praxis.example", BERLIN, "praxis.example")
DISPATCH = Dispatch(
    key="letter-1",
    message=Message.DISPUTED,
    sequence=4,
    posted=NOW,
    appointment=Appointment(
        uid=f"{MARK}@praxis.example",
        slot=Slot(TEN, TEN + timedelta(minutes=30)),
        status=Status.CONFIRMED,
        doctor_id=1,
        calendar_id=2,
        id=4711,
        kind=MARK,
        insurance=MARK,
        booking_id=MARK,
    ),
    known=Known(Slot(TEN, TEN + timedelta(minutes=30)), "Dr. Sabine Müller"),
    patient=Patient(MARK, PatientRecord(MARK, MARK, email=f"{MARK}@patienten.example")),
    doctor=Doctor("dr-mueller", "Dr. Sabine Müller"),
    room=Room("raum-1", "Raum 1"),
)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


def mailing(server: MailServer, to: str = "leitung@praxis.example", **more: str) -> AdminMail:
    return AdminMail(LETTERHEAD, Smtp(HERE, server.port, "none", timeout=10), to, **more)


def flat(message: EmailMessage) -> str:
    """Return the text without its lines, none of which is long."""
    text = str(message.get_content())
    assert max(map(len, text.splitlines())) <= 72
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("message", "language", "subject", "says", "command"),
    [
        (Message.DISPUTED, "de", "Konflikt: Termin am", "Stand der Praxis", "sync conflicts"),
        (Message.DISPUTED, "en", "Conflict: appointment on", "decide otherwise", "sync conflicts"),
        (Message.VANISHED, "de", "Verschwunden: Termin am", "nichts gelöscht", "sync conflicts"),
        (
            Message.VANISHED,
            "en",
            "Vanished: appointment on",
            "Nothing was deleted",
            "sync conflicts",
        ),
        (
            Message.UNDELIVERED,
            "de",
            "Unzustellbar:",
            "weiß also nichts",
            "sync letters --show failed",
        ),
        (
            Message.UNDELIVERED,
            "en",
            "Not delivered:",
            "knows nothing of it",
            "sync letters --show failed",
        ),
    ],
)
def test_it_says_what_happened_and_what_to_do(
    server: MailServer, message: Message, language: str, subject: str, says: str, command: str
) -> None:
    mail = mailing(server, language=language)
    mail.deliver(replace(DISPATCH, message=message), NOW)
    told = server.message
    assert told["To"] == "leitung@praxis.example"
    assert subject in told["Subject"]
    assert told["Content-Language"] == language
    assert told["Auto-Submitted"] == "auto-generated"
    when = "24. November 2026" if language == "de" else "24 November 2026"
    text = flat(told)
    for expected in (says, f"praxis-caldav {command}", when, "10:00", "Dr. Sabine Müller", "4711"):
        assert expected in text
    assert when in told["Subject"]


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_subject_begins_on_its_own_line(server: MailServer, language: str) -> None:
    """With the longest date."""
    begins = datetime(2026, 9, 24 if language == "de" else 30, 10, 0, tzinfo=BERLIN)
    slot = Slot(begins, begins + timedelta(minutes=30))
    later = replace(DISPATCH, appointment=replace(DISPATCH.appointment, slot=slot))
    for message in (Message.DISPUTED, Message.VANISHED, Message.UNDELIVERED):
        mailing(server, language=language).deliver(replace(later, message=message), NOW)
    for taken in server.taken:
        assert re.search(rb"^Subject: \S", taken.content, re.MULTILINE)


def test_nothing_of_a_patient_is_in_it(server: MailServer) -> None:
    for message in (Message.DISPUTED, Message.VANISHED, Message.UNDELIVERED):
        mailing(server).deliver(replace(DISPATCH, message=message), NOW)
    assert len(server.taken) == 3
    for taken in server.taken:
        assert MARK not in str(taken.message) + taken.message.get_content()
        assert MARK not in taken.content.decode()


def test_without_a_doctor_it_still_says_which_one(server: MailServer) -> None:
    mailing(server).deliver(replace(DISPATCH, doctor=None), NOW)
    assert "4711" in server.message.get_content()
    assert "Bei:" not in server.message.get_content()


def test_a_letter_has_one_id_at_every_try(server: MailServer) -> None:
    for _ in range(2):
        mailing(server).deliver(DISPATCH, NOW)
    first, again = (taken.message["Message-ID"] for taken in server.taken)
    assert first == again


def test_what_is_not_for_the_admin_is_refused(server: MailServer) -> None:
    with pytest.raises(Failed) as failed:
        mailing(server).deliver(replace(DISPATCH, message=Message.BOOKED), NOW)
    assert failed.value.permanent
    assert server.taken == []


def test_a_wrong_setting_loses_no_letter(server: MailServer) -> None:
    with pytest.raises(Failed) as failed:
        mailing(server, "leitung").deliver(DISPATCH, NOW)
    assert not failed.value.permanent
    assert "leitung" not in str(failed.value)


SILENT = SourceState("termine", NOW, NOW - timedelta(days=1), "status 502")


@pytest.mark.parametrize(
    ("state", "german", "english"),
    [
        (
            SILENT,
            ("nicht erreichbar: termine", "gelöscht wird nichts", "19. November 2026 um 10:00 Uhr"),
            ("out of reach: termine", "none is deleted", "19 November 2026 at 10:00"),
        ),
        (
            replace(SILENT, succeeded=None, since=NOW - timedelta(days=1)),
            ("nicht erreichbar: termine", "Zuletzt erreicht: noch nie", "Fehler: status 502"),
            ("out of reach: termine", "Last reached: never yet", "Error: status 502"),
        ),
        (
            replace(SILENT, succeeded=NOW, error="", warned=NOW - timedelta(hours=2)),
            ("wieder erreichbar: termine", "antwortet wieder", "Zuletzt erreicht: Freitag"),
            ("back: termine", "answers again", "Last reached: Friday"),
        ),
    ],
)
def test_it_says_that_a_booking_tool_is_silent_and_that_it_is_back(
    server: MailServer, state: SourceState, german: tuple[str, ...], english: tuple[str, ...]
) -> None:
    for language, expected in (("de", german), ("en", english)):
        server.taken.clear()
        mailing(server, language=language).tell_of_tool(state, NOW)
        subject, *says = expected
        assert str(server.message["Subject"]).endswith(subject)
        for each in (*says, "praxis-caldav sync status"):
            assert each in flat(server.message)


def test_of_one_silence_there_is_one_mail_however_often_it_is_sent(server: MailServer) -> None:
    told = (
        (SILENT, NOW),
        (SILENT, NOW + timedelta(hours=1)),
        (replace(SILENT, warned=NOW), NOW + timedelta(hours=2)),
        (replace(SILENT, succeeded=NOW), NOW + timedelta(days=1)),
    )
    for state, now in told:
        mailing(server).tell_of_tool(state, now)
    first, again, back, later = (taken.message["Message-ID"] for taken in server.taken)
    assert first == again
    assert len({first, back, later}) == 3
    assert len({taken.message["References"] for taken in server.taken}) == 1

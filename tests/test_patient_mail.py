"""What patients read of their appointments, and what their calendars take in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from booking_adapter.deliveries.dispatch import Dispatch, Known, Offered
from booking_adapter.deliveries.mailing import Letterhead, mailbox, name_of
from booking_adapter.deliveries.patient_mail import PatientMail
from booking_adapter.deliveries.smtp import Smtp
from booking_adapter.failures import Failed
from practice.accounts import Doctor, Room
from practice.appointments import Appointment, Slot, Status
from practice.messages import Message
from practice.patients import Patient, PatientRecord
from tests.building import BERLIN, NOW
from tests.mimics.mail_server import HERE, MailServer

TEN = datetime(2026, 11, 24, 10, 0, tzinfo=BERLIN)
HALF = timedelta(minutes=30)
LETTERHEAD = Letterhead(
    name="Praxis am Park",
    email="praxis@praxis.example",
    zone=BERLIN,
    domain="praxis.example",
    address="Parkstraße 1\n12345 Berlin",
    phone="030 123456",
    website="https://praxis.example",
)
APPOINTMENT = Appointment(
    uid="booking-calcom-4711@praxis.example",
    slot=Slot(TEN, TEN + HALF),
    status=Status.CONFIRMED,
    doctor_id=1,
    calendar_id=2,
    id=17,
    patient_id=5,
    kind="DARMSPIEGELUNG",
    insurance="PRIVAT",
)
ZOE = Patient(
    "P000005",
    PatientRecord("Ährenthaler", "Zoë", "1966-02-03", "zoe@patienten.example", insurance="PRIVAT"),
    id=5,
)
DISPATCH = Dispatch(
    key="letter-1",
    message=Message.BOOKED,
    sequence=1,
    posted=NOW,
    appointment=APPOINTMENT,
    patient=ZOE,
    doctor=Doctor("dr-mueller", "Dr. Sabine Müller", "Gastroenterologie"),
    room=Room("raum-1", "Raum 1"),
)
MONDAY = Known(Slot(TEN - timedelta(days=1), TEN - timedelta(days=1) + HALF), "Dr. Jörg Schmidt")
TUESDAY = Known(APPOINTMENT.slot, "Dr. Sabine Müller")
WHEN = "Dienstag, 24. November 2026, 10:00 bis 10:30 Uhr"


@pytest.fixture(scope="module")
def server() -> Iterator[MailServer]:
    with MailServer(utf8=True) as running:
        yield running


def mailing(server: MailServer, letterhead: Letterhead = LETTERHEAD) -> PatientMail:
    return PatientMail(letterhead, Smtp(HERE, server.port, "none", timeout=10))


def mailed(
    server: MailServer, dispatch: Dispatch, letterhead: Letterhead = LETTERHEAD
) -> EmailMessage:
    """Deliver a letter, and return what arrived."""
    server.taken.clear()
    mailing(server, letterhead).deliver(dispatch, NOW)
    return server.message


def plain(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def flat(message: EmailMessage) -> str:
    """Return the plain text without its lines."""
    return " ".join(plain(message).split())


def html(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content()).replace("\xa0", " ")


class _Page(HTMLParser):
    """The words, elements and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def calendar(message: EmailMessage) -> EmailMessage | None:
    """Return the calendar among the alternatives."""
    return next((p for p in message.walk() if p.get_content_type() == "text/calendar"), None)


def attached(message: EmailMessage) -> bytes:
    (part,) = message.iter_attachments()
    assert part.get_content_type() == "application/ics"
    return bytes(part.get_content())


def event_in(text: bytes) -> Any:
    (event,) = Calendar.from_ical(text).walk("VEVENT")
    return event


def speaking(language: str, dispatch: Dispatch = DISPATCH) -> Dispatch:
    return replace(dispatch, patient=replace(ZOE, language=language))


def in_state(status: Status, dispatch: Dispatch = DISPATCH) -> Dispatch:
    return replace(dispatch, appointment=replace(APPOINTMENT, status=status))


BOOKED = DISPATCH
REQUESTED = in_state(Status.TENTATIVE)
CONFIRMED = replace(DISPATCH, message=Message.CONFIRMED, known=TUESDAY)
MOVED = replace(DISPATCH, message=Message.MOVED, known=MONDAY)
CHANGED = replace(
    DISPATCH, message=Message.MOVED, known=replace(TUESDAY, doctor="Dr. Jörg Schmidt")
)
CANCELLED = in_state(Status.CANCELLED, replace(DISPATCH, message=Message.CANCELLED, known=TUESDAY))
DECLINED = in_state(Status.CANCELLED, replace(DISPATCH, message=Message.DECLINED, known=TUESDAY))
REMINDED = replace(DISPATCH, message=Message.REMINDED, known=TUESDAY)
ALL = (BOOKED, REQUESTED, CONFIRMED, MOVED, CHANGED, CANCELLED, DECLINED, REMINDED)

_AT = "Dienstag, 24. November 2026 um 10:00 Uhr"
_ON = "Tuesday, 24 November 2026 at 10:00"


@pytest.mark.parametrize(
    ("dispatch", "german", "says", "english", "says_too"),
    [
        (BOOKED, "Ihr Termin am {}", "ist gebucht", "Your appointment on {}", "is booked"),
        (
            REQUESTED,
            "Ihre Terminanfrage für {}",
            "gilt erst, wenn wir ihn bestätigt haben",
            "Your appointment request for {}",
            "not valid until we have confirmed it",
        ),
        (
            CONFIRMED,
            "Bestätigt: Ihr Termin am {}",
            "ist bestätigt",
            "Confirmed: appointment on {}",
            "is confirmed",
        ),
        (
            MOVED,
            "Termin verlegt auf {}",
            "beachten Sie die neue Zeit",
            "Your appointment was moved to {}",
            "note the new time",
        ),
        (
            CHANGED,
            "Geändert: Ihr Termin am {}",
            "Die Zeit bleibt dieselbe",
            "Changed: your appointment on {}",
            "The time stays the same",
        ),
        (
            CANCELLED,
            "Abgesagt: Ihr Termin am {}",
            "ist abgesagt und findet nicht statt",
            "Cancelled: appointment on {}",
            "is cancelled and will not take place",
        ),
        (
            DECLINED,
            "Leider nicht möglich: Ihre Terminanfrage für {}",
            "können wir Ihnen leider nicht anbieten",
            "Declined: your request for {}",
            "cannot offer you the appointment",
        ),
        (
            REMINDED,
            "Erinnerung: Termin am {}",
            "wir erinnern Sie an Ihren Termin",
            "Reminder: your appointment on {}",
            "remind you of your appointment",
        ),
    ],
)
def test_each_message_is_told_in_both_languages(
    server: MailServer, dispatch: Dispatch, german: str, says: str, english: str, says_too: str
) -> None:
    for language, subject, said, when in (
        ("de", german.format(_AT), says, WHEN),
        ("en", english.format(_ON), says_too, "Tuesday, 24 November 2026, 10:00 to 10:30"),
    ):
        message = mailed(server, speaking(language, dispatch))
        assert message["Subject"] == subject
        assert message["Content-Language"] == language
        for text in (flat(message), _Page(html(message)).text):
            for expected in (
                *(said, when, "Zoë Ährenthaler", "Dr. Sabine Müller", "Raum 1", "Praxis am Park"),
                *("Parkstraße 1, 12345 Berlin", "030 123456", "praxis@praxis.example"),
            ):
                assert expected in text
        assert f'<html lang="{language}">' in html(message)
        assert LETTERHEAD.website in plain(message)
        assert ("href", LETTERHEAD.website) in _Page(html(message)).attributes


def test_who_has_told_no_language_gets_that_of_the_practice(server: MailServer) -> None:
    english = replace(LETTERHEAD, language="en")
    for language, letterhead, greeting in (
        ("", LETTERHEAD, "Guten Tag Zoë Ährenthaler,"),
        ("", english, "Hello Zoë Ährenthaler,"),
        ("tlh", english, "Hello Zoë Ährenthaler,"),
        ("de", english, "Guten Tag Zoë Ährenthaler,"),
    ):
        message = mailed(server, speaking(language), letterhead)
        assert plain(message).startswith(greeting)


def test_a_move_tells_what_was_before(server: MailServer) -> None:
    message = mailed(server, MOVED)
    before = "Montag, 23. November 2026, 10:00 bis 10:30 Uhr"
    assert f"Wann: {WHEN}\n   (bisher: {before})\n" in plain(message)
    assert "Bei: Dr. Sabine Müller\n   (bisher: Dr. Jörg Schmidt)\n" in plain(message)
    assert f"bisher: <s>{before}</s>" in html(message)
    assert "bisher: <s>Dr. Jörg Schmidt</s>" in html(message)


def test_a_change_of_doctor_tells_no_old_time(server: MailServer) -> None:
    message = mailed(server, CHANGED)
    assert plain(message).count("bisher") == 1
    assert "bisher: Dr. Jörg Schmidt" in plain(message)


def test_a_move_of_which_nothing_was_known_has_nothing_before(server: MailServer) -> None:
    assert "bisher" not in plain(mailed(server, replace(MOVED, known=None)))


def test_what_is_cancelled_is_what_the_patient_knows(server: MailServer) -> None:
    message = mailed(server, replace(CANCELLED, known=MONDAY))
    assert message["Subject"] == "Abgesagt: Ihr Termin am Montag, 23. November 2026 um 10:00 Uhr"
    assert "Dr. Jörg Schmidt" in plain(message)
    assert "Dienstag" not in plain(message)
    assert event_in(attached(message))["DTSTART"].dt == MONDAY.slot.start


def test_an_unconfirmed_one_is_not_sure_after_a_move_either(server: MailServer) -> None:
    message = mailed(server, in_state(Status.TENTATIVE, MOVED))
    assert "noch nicht bestätigt" in plain(message)
    event = event_in(attached(message))
    assert event["STATUS"] == "TENTATIVE"
    assert event["SUMMARY"].startswith("Anfrage: Termin bei Dr. Sabine Müller")


def test_without_a_doctor_it_is_at_the_practice(server: MailServer) -> None:
    bare = replace(LETTERHEAD, address="", phone="", website="")
    message = mailed(server, replace(DISPATCH, doctor=None, room=None), bare)
    assert "Bei:" not in plain(message)
    assert "Wo: Praxis am Park\n" in plain(message)
    assert "Telefon" not in plain(message)
    assert "Im Internet" not in plain(message)
    assert event_in(attached(message))["SUMMARY"] == "Termin bei Praxis am Park"


def test_nothing_tells_why_somebody_comes(server: MailServer) -> None:
    for dispatch in ALL:
        message = mailed(server, dispatch)
        head = " ".join(
            v for name, v in message.items() if name != "Content-Type"
        )  # chance is in it
        told = [head, plain(message), html(message), attached(message).decode()]
        for secret in ("DARMSPIEGELUNG", "PRIVAT", "1966", "03.02.", "Gastro", "P000005"):
            assert not [text for text in told if secret in text]
        assert "Ährenthaler" not in head


@pytest.mark.parametrize(
    ("start", "minutes", "told"),
    [
        ("2026-07-01T08:00", 30, "Mittwoch, 1. Juli 2026, 10:00 bis 10:30 Uhr"),
        ("2026-12-01T09:00", 30, "Dienstag, 1. Dezember 2026, 10:00 bis 10:30 Uhr"),
        ("2026-03-29T00:50", 20, "Sonntag, 29. März 2026, 01:50 bis 03:10 Uhr"),
        ("2026-10-25T00:30", 45, "Sonntag, 25. Oktober 2026, 02:30 MESZ bis 02:15 Uhr MEZ"),
        (
            "2026-12-31T22:30",
            60,
            "Donnerstag, 31. Dezember 2026, 23:30 Uhr bis Freitag, 1. Januar 2027, 00:30 Uhr",
        ),
        (
            "2026-12-23T08:00",
            2880,
            "Mittwoch, 23. Dezember 2026, 09:00 Uhr bis Freitag, 25. Dezember 2026, 09:00 Uhr",
        ),
    ],
)
def test_times_are_those_of_the_practice(
    server: MailServer, start: str, minutes: int, told: str
) -> None:
    begins = datetime.fromisoformat(start).replace(tzinfo=UTC)
    slot = Slot(begins, begins + timedelta(minutes=minutes))
    message = mailed(server, replace(DISPATCH, appointment=replace(APPOINTMENT, slot=slot)))
    assert f"Wann: {told} Bei: " in flat(message)
    event = event_in(attached(message))
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (slot.start, slot.end)


def test_an_english_appointment_over_midnight_has_both_dates(server: MailServer) -> None:
    slot = Slot(TEN.replace(hour=23, minute=30), TEN.replace(day=25, hour=0, minute=15))
    later = replace(DISPATCH, appointment=replace(APPOINTMENT, slot=slot))
    message = mailed(server, speaking("en", later))
    expected = "Tuesday, 24 November 2026, 23:30 to Wednesday, 25 November 2026, 00:15"
    assert expected in flat(message)


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_plain_text_has_lines_of_72_at_most(server: MailServer, language: str) -> None:
    head = replace(
        LETTERHEAD,
        name="Gemeinschaftspraxis für Innere Medizin und Gastroenterologie Müller & Kollegen",
        address="Karl-Friedrich-Schinkel-Straße 117, Aufgang B\n12345 Berlin-Friedrichshain",
    )
    doctor = Doctor("dr-mueller", "Priv.-Doz. Dr. med. habil. Sabine Müller-Oberndorff von der Aue")
    night = Slot(TEN.replace(hour=23), TEN.replace(day=26, hour=1))
    for dispatch in (*ALL, in_state(Status.TENTATIVE, MOVED), replace(MOVED, doctor=doctor)):
        late = replace(dispatch, appointment=replace(dispatch.appointment, slot=night))
        for each in (dispatch, late):
            for line in plain(mailed(server, speaking(language, each), head)).splitlines():
                assert len(line) <= 72


def test_the_times_of_a_day_stay_together_on_a_small_screen(server: MailServer) -> None:
    part = mailed(server, BOOKED).get_body(("html",))
    assert part is not None
    assert "2026, 10:00\xa0bis\xa010:30\xa0Uhr<" in part.get_content()


def test_who_is_cancelled_finds_what_takes_it_out_of_the_calendar(server: MailServer) -> None:
    for dispatch in (CANCELLED, DECLINED):
        for language, says, name in (
            ("de", "Die Absage für Ihren Kalender liegt dieser E-Mail bei.", "absage.ics"),
            ("en", "The cancellation for your calendar is attached", "cancellation.ics"),
        ):
            message = mailed(server, speaking(language, dispatch))
            assert says in flat(message)
            assert next(message.iter_attachments()).get_filename() == name


FREE = (
    Offered(Slot(TEN.replace(day=25), TEN.replace(day=25) + HALF), "Dr. Sabine Müller"),
    Offered(Slot(TEN.replace(month=12, day=1), TEN.replace(month=12, day=1) + HALF), "Dr. Schmidt"),
)


@pytest.mark.parametrize(
    ("language", "says", "times", "book"),
    [
        (
            "de",
            "Zurzeit sind zum Beispiel diese Termine noch frei:",
            (
                "Mittwoch, 25. November 2026 um 10:00 Uhr",
                "Dienstag, 1. Dezember 2026 um 10:00 Uhr, Dr. Schmidt",
            ),
            "Online buchen",
        ),
        (
            "en",
            "At the moment these times, for example, are still free:",
            (
                "Wednesday, 25 November 2026 at 10:00",
                "Tuesday, 1 December 2026 at 10:00, Dr. Schmidt",
            ),
            "Book online",
        ),
    ],
)
def test_who_is_declined_reads_what_is_still_free_and_where_to_book_it(
    server: MailServer, language: str, says: str, times: tuple[str, str], book: str
) -> None:
    page = "https://praxis.example.org/termine?von=mail&art=1"
    head = replace(LETTERHEAD, booking_page=page)
    dispatch = speaking(language, replace(DECLINED, instead=FREE))
    message = mailed(server, dispatch, head)
    first, other = times
    assert f"\n{says}\n- {first}\n- {other}\n{book}: {page}\n\n" in plain(message)
    page_shown = _Page(html(message))
    assert f"{says} {first} {other} {book}: {page}" in page_shown.text
    assert page_shown.elements.count("li") == 2
    assert ("href", page) in page_shown.attributes
    bare = mailed(server, dispatch)
    assert first in plain(bare)
    assert book not in plain(bare)
    assert book not in html(bare)
    nothing = mailed(server, speaking(language, DECLINED), head)
    for text in (plain(nothing), html(nothing)):
        assert says not in text
        assert book not in text


def test_only_who_is_declined_is_offered_another_time(server: MailServer) -> None:
    for dispatch in ALL:
        told = "noch frei" in plain(mailed(server, replace(dispatch, instead=FREE)))
        assert told is (dispatch is DECLINED)


def test_programs_find_every_part_where_they_look_for_it(server: MailServer) -> None:
    message = mailed(server, DISPATCH)
    assert message.get_content_type() == "multipart/mixed"
    alternatives, file = message.iter_parts()
    assert alternatives.get_content_type() == "multipart/alternative"
    types = [part.get_content_type() for part in alternatives.iter_parts()]
    assert types == ["text/plain", "text/html", "text/calendar"]
    assert file.get_content_type() == "application/ics"
    assert file.get_filename() == "termin.ics"
    assert file.get_content_disposition() == "attachment"
    english = mailed(server, speaking("en"))
    assert next(english.iter_attachments()).get_filename() == "appointment.ics"


@pytest.mark.parametrize(
    ("dispatch", "method", "status"),
    [
        (BOOKED, "REQUEST", "CONFIRMED"),
        (REQUESTED, "REQUEST", "TENTATIVE"),
        (CONFIRMED, "REQUEST", "CONFIRMED"),
        (MOVED, "REQUEST", "CONFIRMED"),
        (CANCELLED, "CANCEL", "CANCELLED"),
        (DECLINED, "CANCEL", "CANCELLED"),
    ],
)
def test_the_calendar_takes_it_in(
    server: MailServer, dispatch: Dispatch, method: str, status: str
) -> None:
    message = mailed(server, replace(dispatch, sequence=7))
    part = calendar(message)
    assert part is not None
    assert part.get_param("method") == method  # RFC 6047 2.4: the same as in the text
    assert str(part.get_param("charset")).upper() == "UTF-8"
    content = part.get_payload(decode=True)
    assert content == attached(message)
    assert Calendar.from_ical(content)["METHOD"] == method
    event = event_in(attached(message))
    assert (event["UID"], event["SEQUENCE"]) == (APPOINTMENT.uid, 7)
    assert event["STATUS"] == status
    assert event["ATTENDEE"] == "mailto:zoe@patienten.example"
    assert event["ORGANIZER"] == "mailto:praxis@praxis.example"
    assert message["To"].addresses[0].addr_spec == "zoe@patienten.example"
    assert message["From"].addresses[0].addr_spec == "praxis@praxis.example"


def test_a_reminder_asks_no_calendar_anything(server: MailServer) -> None:
    message = mailed(server, REMINDED)
    assert calendar(message) is None
    assert "METHOD" not in Calendar.from_ical(attached(message))
    assert event_in(attached(message))["UID"] == APPOINTMENT.uid


def test_the_head_is_what_programs_understand(server: MailServer) -> None:
    message = mailed(server, DISPATCH)
    assert message["From"].addresses[0].display_name == "Praxis am Park"
    assert message["Reply-To"].addresses[0].addr_spec == "praxis@praxis.example"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == NOW
    assert message["MIME-Version"] == "1.0"
    assert re.fullmatch(r"<[0-9a-f]+@praxis\.example>", message["Message-ID"])
    for name in ("Cc", "Bcc", "Sender"):
        assert name not in message
    (taken,) = server.taken
    assert taken.to == ["zoe@patienten.example"]
    for line in taken.content.split(b"\r\n"):
        assert len(line) <= 78
        assert b"\n" not in line
        line.decode("ascii")


def test_who_invites_is_who_writes(server: MailServer) -> None:
    """Programs compare ORGANIZER with From, and mail servers know a domain by one name only."""
    message = mailed(server, DISPATCH, replace(LETTERHEAD, email="praxis@müller.example"))
    assert message["From"].addresses[0].addr_spec == "praxis@xn--mller-kva.example"
    event = event_in(attached(message))
    assert event["ORGANIZER"] == "mailto:praxis@xn--mller-kva.example"


def test_a_letter_has_one_id_at_every_try(server: MailServer) -> None:
    first, again = (mailed(server, DISPATCH)["Message-ID"] for _ in range(2))
    other = mailed(server, replace(DISPATCH, key="letter-2"))["Message-ID"]
    assert first == again != other


def test_mails_about_one_appointment_are_shown_together(server: MailServer) -> None:
    roots = {mailed(server, dispatch)["References"] for dispatch in ALL}
    assert len(roots) == 1
    message = mailed(server, DISPATCH)
    assert message["In-Reply-To"] == message["References"] != message["Message-ID"]
    other = replace(DISPATCH, appointment=replace(APPOINTMENT, uid="another@praxis.example"))
    assert mailed(server, other)["References"] not in roots


def test_nothing_is_loaded_from_anywhere(server: MailServer) -> None:
    for dispatch in ALL:
        text = html(mailed(server, dispatch))
        page = _Page(text)
        assert not {"img", "link", "script", "iframe", "object", "form"} & set(page.elements)
        assert not {"src", "srcset", "background", "onload"} & {n for n, _ in page.attributes}
        links = {value for name, value in page.attributes if name == "href"}
        assert links == {"mailto:praxis@praxis.example", LETTERHEAD.website}
        assert "url(" not in text
        assert "@import" not in text


@pytest.mark.parametrize(
    "address",
    [
        *("", "zoe", "zoe@", "@patienten.example", "zoe@localhost", "zoe@127.0.0.1"),
        *("zoe@patienten..example", "zoe@patienten.example.", "zoe@[127.0.0.1]"),
        *("zoe@patienten.example, eva@patienten.example", "zoe@eva@patienten.example"),
        *("zoe@patienten.example\r\nBcc: eva@patienten.example", "Zoë <zoe@patienten.example>"),
        *("zoe doe@patienten.example", "zoe\0@patienten.example", "x" * 65 + "@patienten.example"),
        *("zoe@" + "x." * 130 + "example", "zoe@pat_ienten.example", '"zoe"@patienten.example'),
    ],
)
def test_who_has_no_address_is_told_nothing(server: MailServer, address: str) -> None:
    server.taken.clear()
    nobody = replace(ZOE, record=replace(ZOE.record, email=address))
    for patient in (nobody, None):
        with pytest.raises(Failed) as failed:
            mailing(server).deliver(replace(DISPATCH, patient=patient), NOW)
        assert (str(failed.value), failed.value.permanent) == ("no address", True)
    assert server.taken == []


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        (" Zoe@Patienten.Example ", "Zoe@patienten.example"),
        ("zoë@patienten.example", "zoë@patienten.example"),
        ("o'neil+arzt@patienten.example", "o'neil+arzt@patienten.example"),
        ("zoe@großklinik.example", "zoe@xn--groklinik-i1a.example"),
        ("zoe@müller.example", "zoe@xn--mller-kva.example"),
    ],
)
def test_odd_addresses_are_addresses(server: MailServer, address: str, meant: str) -> None:
    assert mailbox(address) == meant
    patient = replace(ZOE, record=replace(ZOE.record, email=address))
    mailed(server, replace(DISPATCH, patient=patient))
    assert server.taken[0].to == [meant]


def test_what_is_not_for_patients_is_not_told_them(server: MailServer) -> None:
    for message in (Message.DISPUTED, Message.VANISHED, Message.UNDELIVERED):
        with pytest.raises(Failed) as failed:
            mailing(server).deliver(replace(DISPATCH, message=message), NOW)
        assert failed.value.permanent


@pytest.mark.parametrize(
    ("first", "last", "called"),
    [
        ("Zoë", "Ährenthaler", "Zoë Ährenthaler"),
        ("", "von der Aue-O'Neil", "von der Aue-O'Neil"),
        ("Dr.med. J.", "Meyer (Köln)", "Dr. med. J. Meyer (Köln)"),
        ("Ольга", "李", "Ольга 李"),
        ("  Zoë\r\n", "\tMeyer\0", "Zoë Meyer"),
        ("Ihr Gewinn:", "https://betrug.example", ""),
        ("Ihr Gewinn", "betrug.example", "Ihr Gewinn betrug. example"),
        ("Rufen Sie an", "0900 123456", ""),
        ("<script>", "alert(1)", ""),
        ("=HYPERLINK()", "x", ""),
        ("x" * 50, "y" * 50, ""),
        ("", "", ""),
    ],
)
def test_a_name_is_a_name(server: MailServer, first: str, last: str, called: str) -> None:
    assert name_of(first, last) == called
    record = replace(ZOE.record, first_name=first, last_name=last)
    message = mailed(server, replace(DISPATCH, patient=replace(ZOE, record=record)))
    greeting = f"Guten Tag {called}," if called else "Guten Tag,"
    assert plain(message).startswith(f"{greeting}\n")
    assert greeting in _Page(html(message)).text


def test_a_practice_may_be_called_anything(server: MailServer) -> None:
    name = 'Praxis "Müller, Söhne & Töchter" <Köln>; MVZ für Alles und Jeden, Dr. med. S. Ärztin'
    odd = replace(LETTERHEAD, name=name + "\r\nBcc: x@y.example")
    message = mailed(server, DISPATCH, odd)
    told = message["From"].addresses
    assert [each.addr_spec for each in told] == ["praxis@praxis.example"]
    for word in ("Müller", "Töchter", "Köln", "MVZ", "Ärztin"):
        assert word in told[0].display_name
    assert "Bcc" not in message
    assert name in flat(message)
    assert name in _Page(html(message)).text


TEXTS = st.text(
    st.sampled_from("\r\n\0\x1b\u2028\u202e\ud800<>&\"'=+@:;,{}%\\") | st.characters(), max_size=60
) | st.sampled_from(
    [
        "Zoë\r\nBcc: eva@patienten.example",
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7 * 7 }}{% raw %}",
        "{0}{name}%s",
        "=cmd|' /C calc'!A0",
        "=?utf-8?q?=0D=0ABcc:_x=40y.example?=",
        "\r\n.\r\nMAIL FROM:<x@y.example>",
        "END:VCALENDAR\r\nBEGIN:VEVENT",
    ]
)


@settings(deadline=None)  # a server takes part
@given(first=TEXTS, last=TEXTS, doctor=TEXTS, room=TEXTS, practice=TEXTS, old=TEXTS)
def test_no_name_becomes_anything_else(
    server: MailServer, first: str, last: str, doctor: str, room: str, practice: str, old: str
) -> None:
    record = replace(ZOE.record, first_name=first, last_name=last)
    usual = mailed(server, MOVED)
    dispatch = replace(
        MOVED,
        patient=replace(ZOE, record=record),
        doctor=Doctor("dr-mueller", doctor),
        room=Room("raum-1", room),
        known=replace(MONDAY, doctor=old),
    )
    message = mailed(server, dispatch, replace(LETTERHEAD, name=practice, address=practice))
    assert message.keys() == usual.keys()
    for name in set(usual.keys()) - {"From", "Reply-To", "Content-Type"}:
        assert message[name] == usual[name]
    for name in ("From", "Reply-To"):
        (address,) = message[name].addresses
        assert address.addr_spec == "praxis@praxis.example"
    assert server.taken[0].to == ["zoe@patienten.example"]
    page, as_usual = _Page(html(message)), _Page(html(usual))
    assert set(page.elements) == set(as_usual.elements)
    assert set(page.attributes) == set(as_usual.attributes)
    event = event_in(attached(message))
    assert set(event) <= set(event_in(attached(usual)))
    assert event["UID"] == APPOINTMENT.uid


@pytest.mark.parametrize("start", ["2026-09-24T10:00", "2026-09-30T10:00"])
def test_a_subject_begins_on_its_own_line(server: MailServer, start: str) -> None:
    """With a Thursday and a Wednesday of September, the longest dates in both languages."""
    begins = datetime.fromisoformat(start).replace(tzinfo=BERLIN)
    slot = Slot(begins, begins + HALF)
    for dispatch in ALL:
        known = (
            Known(slot, "") if dispatch.message in {Message.CANCELLED, Message.DECLINED} else None
        )
        then = replace(dispatch, appointment=replace(dispatch.appointment, slot=slot), known=known)
        for language in ("de", "en"):
            mailed(server, speaking(language, then))
            assert re.search(rb"^Subject: \S", server.taken[0].content, re.MULTILINE)

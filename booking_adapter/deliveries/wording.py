"""What e-mails say, in German and English: news, labels, dates.

Not here: how a mail is laid out (`booking_adapter.mails`), nor who gets which.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from practice.appointments import Slot

__all__ = ["ENGLISH", "GERMAN", "NO_BREAK", "News", "Said", "Words", "words_in"]

#: A space at which no line ends.
NO_BREAK = "\xa0"


class News(Enum):
    """What a patient learns of an appointment."""

    BOOKED = auto()
    REQUESTED = auto()
    CONFIRMED = auto()
    MOVED = auto()
    #: Another doctor or room, at the same time.
    CHANGED = auto()
    CANCELLED = auto()
    DECLINED = auto()
    REMINDED = auto()


@dataclass(frozen=True, slots=True)
class Said:
    """How news are told; `{when}` in the subject is the start.

    With any date, a subject without umlauts fits into one line: Python begins a longer one in the
    next.
    """

    subject: str
    heading: str
    opening: str


@dataclass(frozen=True, slots=True)
class Words:
    """One language. Texts in braces are filled in where they are used."""

    code: str
    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    date: str
    at: str  # a date and a time
    within: str  # two times of one date
    across: str  # two dates, each with a time
    clock: str  # what follows the last time
    zones: Mapping[str, str]  # names of the offsets, where a time occurs twice
    greeting: str
    nameless: str
    said: Mapping[News, Said]
    labels: Mapping[str, str]  # when, who, where; and what it was before
    unconfirmed: str
    keep: str  # where the appointment is on
    again: str  # where it is not
    instead: str  # what is free in its place
    book: str
    reach: str
    by_phone: str
    by_mail: str
    website: str
    attached: str
    withdrawn: str
    regards: str
    automatic: str
    file: str
    withdrawal: str  # that file, where the appointment is not on
    summary: str
    tentative: str

    def start(self, moment: datetime, zone: ZoneInfo) -> str:
        """Return when something begins: its date and its time."""
        local = moment.astimezone(zone)
        return self.at.format(date=self._date(local), clock=self._clock(local) + self._after(local))

    def span(self, slot: Slot, zone: ZoneInfo) -> str:
        """Return when something begins and ends, with both dates if it ends on another day.

        Two times of one day stay on one line, by no-break spaces.
        """
        begins, ends = slot.start.astimezone(zone), slot.end.astimezone(zone)
        first, last = self._clock(begins), self._clock(ends) + self._after(ends)
        if begins.date() == ends.date():
            times = self.within.format(first=first + self._mark(begins), last=last)
            return f"{self._date(begins)}, {times.replace(' ', NO_BREAK)}"
        return self.across.format(
            date=self._date(begins),
            first=first + self._after(begins),
            other=self._date(ends),
            last=last,
        )

    def _date(self, local: datetime) -> str:
        return self.date.format(
            weekday=self.weekdays[local.weekday()],
            day=local.day,
            month=self.months[local.month - 1],
            year=local.year,
        )

    def _clock(self, local: datetime) -> str:
        return f"{local:%H:%M}"

    def _after(self, local: datetime) -> str:
        return self.clock + self._mark(local)

    def _mark(self, local: datetime) -> str:
        """Return which of two it is, for a time that the clock shows twice."""
        if local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset():
            return ""
        name = local.tzname() or ""
        return f" {self.zones.get(name, name)}"


GERMAN = Words(
    code="de",
    weekdays=(
        "Montag",
        "Dienstag",
        "Mittwoch",
        "Donnerstag",
        "Freitag",
        "Samstag",
        "Sonntag",
    ),
    months=(
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ),
    date="{weekday}, {day}. {month} {year}",
    at="{date} um {clock}",
    within="{first} bis {last}",
    across="{date}, {first} bis {other}, {last}",
    clock=" Uhr",
    zones={"CEST": "MESZ", "CET": "MEZ"},
    greeting="Guten Tag {name},",
    nameless="Guten Tag,",
    said={
        News.BOOKED: Said(
            "Ihr Termin am {when}",
            "Ihr Termin",
            "Ihr Termin ist gebucht.",
        ),
        News.REQUESTED: Said(
            "Ihre Terminanfrage für {when}",
            "Ihre Terminanfrage",
            "wir haben Ihre Terminanfrage erhalten. Der Termin gilt erst, wenn wir ihn bestätigt"
            " haben. Dazu schreiben wir Ihnen noch einmal.",
        ),
        News.CONFIRMED: Said(
            "Bestätigt: Ihr Termin am {when}",
            "Ihr Termin ist bestätigt",
            "Ihr Termin ist bestätigt.",
        ),
        News.MOVED: Said(
            "Termin verlegt auf {when}",
            "Ihr Termin wurde verlegt",
            "Ihr Termin wurde verlegt. Bitte beachten Sie die neue Zeit.",
        ),
        News.CHANGED: Said(
            "Geändert: Ihr Termin am {when}",
            "Ihr Termin wurde geändert",
            "Ihr Termin wurde geändert. Die Zeit bleibt dieselbe.",
        ),
        News.CANCELLED: Said(
            "Abgesagt: Ihr Termin am {when}",
            "Ihr Termin ist abgesagt",
            "der folgende Termin ist abgesagt und findet nicht statt.",
        ),
        News.DECLINED: Said(
            "Leider nicht möglich: Ihre Terminanfrage für {when}",
            "Ihre Terminanfrage",
            "den angefragten Termin können wir Ihnen leider nicht anbieten.",
        ),
        News.REMINDED: Said(
            "Erinnerung: Termin am {when}",
            "Erinnerung an Ihren Termin",
            "wir erinnern Sie an Ihren Termin.",
        ),
    },
    labels={"when": "Wann", "who": "Bei", "where": "Wo", "was": "bisher"},
    unconfirmed="Der Termin ist noch nicht bestätigt. Wir schreiben Ihnen dazu noch einmal.",
    keep="Wenn Sie nicht kommen können, sagen Sie den Termin bitte rechtzeitig ab.",
    again="Gern vereinbaren wir mit Ihnen einen anderen Termin.",
    instead="Zurzeit sind zum Beispiel diese Termine noch frei:",
    book="Online buchen",
    reach="So erreichen Sie uns:",
    by_phone="Telefon",
    by_mail="E-Mail",
    website="Im Internet",
    attached="Der Termin für Ihren Kalender liegt dieser E-Mail bei.",
    withdrawn="Die Absage für Ihren Kalender liegt dieser E-Mail bei.",
    regards="Mit freundlichen Grüßen",
    automatic="Diese E-Mail wurde automatisch verschickt. Ihre Antwort darauf erreicht die Praxis.",
    file="termin.ics",
    withdrawal="absage.ics",
    summary="Termin bei {whom}",
    tentative="Anfrage: ",
)

ENGLISH = Words(
    code="en",
    weekdays=(
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ),
    months=(
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    date="{weekday}, {day} {month} {year}",
    at="{date} at {clock}",
    within="{first} to {last}",
    across="{date}, {first} to {other}, {last}",
    clock="",
    zones={},
    greeting="Hello {name},",
    nameless="Hello,",
    said={
        News.BOOKED: Said(
            "Your appointment on {when}",
            "Your appointment",
            "Your appointment is booked.",
        ),
        News.REQUESTED: Said(
            "Your appointment request for {when}",
            "Your request for an appointment",
            "We have received your request for an appointment. The appointment is not valid until"
            " we have confirmed it. We will write to you again about that.",
        ),
        News.CONFIRMED: Said(
            "Confirmed: appointment on {when}",
            "Your appointment is confirmed",
            "Your appointment is confirmed.",
        ),
        News.MOVED: Said(
            "Your appointment was moved to {when}",
            "Your appointment was moved",
            "Your appointment was moved. Please note the new time.",
        ),
        News.CHANGED: Said(
            "Changed: your appointment on {when}",
            "Your appointment was changed",
            "Your appointment was changed. The time stays the same.",
        ),
        News.CANCELLED: Said(
            "Cancelled: appointment on {when}",
            "Your appointment is cancelled",
            "The following appointment is cancelled and will not take place.",
        ),
        News.DECLINED: Said(
            "Declined: your request for {when}",
            "Your request for an appointment",
            "Unfortunately we cannot offer you the appointment that you asked for.",
        ),
        News.REMINDED: Said(
            "Reminder: your appointment on {when}",
            "A reminder of your appointment",
            "We would like to remind you of your appointment.",
        ),
    },
    labels={"when": "When", "who": "With", "where": "Where", "was": "before"},
    unconfirmed="The appointment is not confirmed yet. We will write to you again about that.",
    keep="If you cannot come, please cancel the appointment in good time.",
    again="We will be glad to arrange another appointment with you.",
    instead="At the moment these times, for example, are still free:",
    book="Book online",
    reach="How to reach us:",
    by_phone="Phone",
    by_mail="E-mail",
    website="Website",
    attached="The appointment for your calendar is attached to this e-mail.",
    withdrawn="The cancellation for your calendar is attached to this e-mail.",
    regards="Kind regards",
    automatic="This e-mail was sent automatically. Your reply to it reaches the practice.",
    file="appointment.ics",
    withdrawal="cancellation.ics",
    summary="Appointment with {whom}",
    tentative="Request: ",
)

_BY_CODE = {words.code: words for words in (GERMAN, ENGLISH)}


def words_in(*codes: str) -> Words:
    """Return the language of the first code that is known; German if none is."""
    return next((_BY_CODE[code] for code in codes if code in _BY_CODE), GERMAN)

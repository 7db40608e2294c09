"""What e-mails say in German and in English.

Not here: what there is to say (`booking_adapter.deliveries.wording`).
"""

from __future__ import annotations

from booking_adapter.deliveries.wording import News, Said, Words

__all__ = ["ENGLISH", "GERMAN", "words_in"]

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

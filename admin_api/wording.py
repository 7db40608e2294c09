"""Sentences for whoever looks at patients, in German and English: by a code, for programs.

Not here: what went wrong with a request (`admin_api.problems`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from admin_api.endpoint import Shown
from practice.use_cases.patient_appointments import Note
from practice.use_cases.patient_records import DIFFERENT_EMAIL

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from practice.use_cases.patient_appointments import Freshness

__all__ = ["Sentence", "fallback_of", "sentence"]

#: By code: German, English. Names and times in braces are filled in.
_SENTENCES = {
    str(Note.UNREACHABLE): (
        "Termine konnten nicht aktualisiert werden; Stand von {german}.",
        "Appointments could not be brought up to date; they are as of {english}.",
    ),
    str(Note.STALE): (
        "Termine konnten seit mehr als 24 Stunden nicht aktualisiert werden; Stand von {german}."
        " Bitte im Buchungssystem „{source}“ nachsehen.",
        "Appointments could not be brought up to date for more than 24 hours; they are as of"
        " {english}. Please look in the booking tool “{source}”.",
    ),
    str(Note.NEVER): (
        "Das Buchungssystem „{source}“ hat noch nie geantwortet. Es kann Termine geben, die hier"
        " nicht bekannt sind.",
        "The booking tool “{source}” has never answered. There may be appointments that are not"
        " known here.",
    ),
    DIFFERENT_EMAIL: (
        "Das Buchungssystem hat eine andere E-Mail-Adresse. Bitte prüfen, ob es dieselbe Person"
        " ist.",
        "The booking tool has another e-mail address. Please check whether it is the same person.",
    ),
}


class Sentence(Shown):
    """Something to be said to a person."""

    code: str = Field(description="The same for every time that this is said.")
    de: str
    en: str


def sentence(code: str, **told: str) -> Sentence:
    """Return the sentence of a code with what is told filled in."""
    german, english = _SENTENCES[code]
    return Sentence(code=code, de=german.format(**told), en=english.format(**told))


def fallback_of(worst: Freshness | None, zone: ZoneInfo) -> Sentence | None:
    """Return what is to be said beside appointments of which a booking tool may know better."""
    if worst is None:
        return None
    told = {"source": worst.source}
    if worst.heard is not None:
        heard = worst.heard.astimezone(zone)
        told |= {"german": f"{heard:%d.%m.%Y, %H:%M} Uhr", "english": f"{heard:%Y-%m-%d, %H:%M}"}
    return sentence(str(worst.note), **told)

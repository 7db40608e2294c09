"""Everything stored of a patient as a page to be read and printed, in German.

One file that needs nothing else and runs nothing. Not here: what is stored
(`practice.use_cases.disclosure`).
"""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from practice.lookup import is_real_date

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from zoneinfo import ZoneInfo

    from jinja2 import Template

    from practice.ports import UnitOfWork
    from practice.profile import Profile

__all__ = ["disclosure_page"]

#: What is told of a patient, in this order; the rest is of use only within this program.
_PATIENT = {
    "number": "Patientennummer",
    "last_name": "Nachname",
    "first_name": "Vorname",
    "birth_date": "Geburtsdatum",
    "email": "E-Mail",
    "phone": "Telefon",
    "insurance": "Versicherung",
    "insurance_number": "Versichertennummer",
    "booking_system_id": "Kennung im Buchungssystem",
    "language": "Sprache der E-Mails",
    "reminders": "Mit Erinnerungen einverstanden seit",
    "to_review": "Noch zu prüfen",
    "held_until": "Aufzubewahren bis",
    "held_why": "Grund der Aufbewahrung",
}
_NOTES = {
    "reason": "Anlass",
    "note": "Notiz",
    "patient_note": "Notiz des Patienten",
    "treatment_plan": "Behandlungsplan",
    "procedures": "Leistungen",
    "visit": "Teil des Besuchs",
    "booked_by": "Gebucht von",
    "booked": "Gebucht am",
    "progress": "Ablauf",
    "progressed": "Ablauf geändert am",
    "cancelled": "Abgesagt am",
    "cancel_reason": "Grund der Absage",
    "late": "Kurzfristig abgesagt",
    "override": "Trotzdem gebucht, weil",
}
_WORDS = {
    "CONFIRMED": "bestätigt",
    "TENTATIVE": "angefragt",
    "CANCELLED": "abgesagt",
    "GESETZLICH": "gesetzlich",
    "PRIVAT": "privat",
    "SELBSTZAHLER": "Selbstzahler",
    "patient": "Patient",
    "appointment": "Termin",
    "booking_tool": "Buchungssystem",
    "admin": "Leitung der Praxis",
    "pvs_rest": "Praxisprogramm",
    "webhook": "verbundenes Programm",
    "AppointmentBooked": "Termin gebucht",
    "AppointmentMoved": "Termin verlegt",
    "AppointmentConfirmed": "Termin bestätigt",
    "AppointmentCancelled": "Termin abgesagt",
    "AppointmentDeclined": "Terminanfrage abgelehnt",
    "AppointmentReminded": "Erinnerung an den Termin",
    "AppointmentDisputed": "Termin von zwei Seiten geändert",
    "AppointmentVanished": "Termin im Buchungssystem nicht mehr da",
    "LetterUndelivered": "Nachricht nicht angekommen",
    "waiting": "wartet",
    "sending": "wird gesendet",
    "tried": "versucht",
    "delivered": "zugestellt",
    "superseded": "überholt",
    "failed": "nicht zugestellt",
    "created": "angelegt",
    "changed": "geändert",
    "removed": "entfernt",
    "properties": "Eigenschaften geändert",
    "linked": "verknüpft",
    "unlinked": "Verknüpfung gelöst",
    "held": "Aufbewahrung festgelegt",
    "released": "Aufbewahrung beendet",
    "merged": "zusammengeführt",
    "merged with": "zusammengeführt mit",
    "de": "Deutsch",
    "en": "Englisch",
}
#: What else acts tell.
_TOLD = {"appointments": "Termine", "into": "Zusammengeführt in Eintrag", "merged": "Eintrag"}
_LABELS = {**_PATIENT, **_NOTES, **_TOLD}
#: Of use only within this program, or there so that a digest tells nothing.
_SILENT = frozenset({"_", "id", "merged_into"})
_DATES = frozenset({"birth_date", "held_until"})
#: What is told of these is a word of the program's, not of a person's.
_CODED = frozenset({"insurance", "language", "progress"})
_NOTHING = ("", None, "[]")


def disclosure_page(uow: UnitOfWork, told: Mapping[str, Any], profile: Profile) -> str:
    """Return a disclosure as one HTML file; times are those of the practice's zone."""
    doctors = {one.id: one.name for one in uow.house.doctors()}
    rooms = {one.id: one.name for one in uow.house.rooms()}
    calendars = {one.id: one.name for one in uow.calendars.all()}

    def rows(labels: Mapping[str, str], record: Mapping[str, Any]) -> list[tuple[str, str]]:
        return _rows(labels, record, profile.zone)

    def text(value: object) -> str:
        return _text(value, profile.zone)

    def facts(stored: str | None) -> list[tuple[str, str]]:
        """Return what an act or a row of a list tells, in the same way."""
        record = dict(_flat(stored))
        return rows({**_LABELS, **{name: name for name in record if name not in _LABELS}}, record)

    return _template().render(
        practice=profile,
        made=text(uow.now),
        people=[rows(_PATIENT, one) for one in (told["patient"], *told["merged"])],
        appointments=[
            {
                **one,
                "doctor": doctors.get(one["doctor_id"], ""),
                "room": rooms.get(one["room_id"], ""),
                "notes": rows(_NOTES, one["details"] or {}),
            }
            for one in told["appointments"]
        ],
        letters=told["letters"],
        acts=told["acts"],
        changes=[
            {**one, "calendar": calendars.get(one["calendar_id"], "")} for one in told["changes"]
        ],
        lists=[one["record"] for one in told["import_rows"] if one["record"]],
        text=text,
        word=_word,
        facts=facts,
    )


def _rows(
    labels: Mapping[str, str], record: Mapping[str, Any], zone: ZoneInfo
) -> list[tuple[str, str]]:
    """Return what is told under German labels, without what says nothing."""
    return [
        (label, _value(name, record[name], zone))
        for name, label in labels.items()
        if name in record and record[name] not in _NOTHING
    ]


@cache
def _template() -> Template:
    folder = FileSystemLoader(Path(__file__).with_name("templates"))
    jinja = Environment(
        loader=folder,
        autoescape=True,  # whatever the file is called: names are what patients typed
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return jinja.get_template("disclosure.html")


def _text(value: object, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%d.%m.%Y, %H:%M}"
    if isinstance(value, bool):
        return "ja" if value else "nein"
    return "" if value is None else str(value)


def _value(name: str, value: object, zone: ZoneInfo) -> str:
    if name in _CODED:
        return _word(value)
    if name in _DATES and is_real_date(str(value)):
        return f"{date.fromisoformat(str(value)):%d.%m.%Y}"
    if name == "reminders" and isinstance(value, str):
        return _text(datetime.fromisoformat(value), zone)
    return _text(value, zone)


def _word(value: object) -> str:
    """Return a word of the program's in German, and any other as it is."""
    return _WORDS.get(str(value), str(value)) if value else ""


def _flat(stored: str | None) -> Iterator[tuple[str, Any]]:
    """Yield what JSON tells by name; of what is within something else, the same."""
    try:
        told = json.loads(stored or "{}")
    except ValueError:
        told = {"": stored}
    for name, value in told.items() if isinstance(told, dict) else [("", told)]:
        if isinstance(value, dict):
            yield from _flat(json.dumps(value))
        elif name not in _SILENT:
            yield name, value

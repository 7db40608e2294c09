"""Invents the demo practice's booking export: `python -m praxis_caldav.demo.make_bookings`.

Not here: loading it, nor moving it to the current week. Every name, address and number is made
up: surnames are put together from parts, e-mail domains are RFC 2606's, and telephone numbers are
those that the Bundesnetzagentur keeps free for films and books.
"""

from __future__ import annotations

import csv
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from booking_adapter.tools.csv_file import slug

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["ANCHOR", "FILE", "write"]

_T = TypeVar("_T")

#: The Monday of the week that stands for the current one. Weeks are moved as wholes.
ANCHOR = date(2026, 1, 5)
FILE = Path(__file__).with_name("buchungen.csv")

_WEEKS = range(-6, 8)
_SESSIONS = ((time(8), time(12)), (time(13), time(17)))
_ROOMS = ("raum-1", "raum-2")
_PATIENTS = 300
_KNOWN = 145  # of them before the first day


class _Visit(NamedTuple):
    kind: str
    minutes: int
    category: str
    reasons: tuple[str, ...]


# fmt: off
_VISITS = {
    "dr-mueller": (
        _Visit("ERSTBESUCH", 30, "NEW_PATIENT",
               ("Schwere Beine, Erstvorstellung", "Verdacht auf Durchblutungsstörung")),
        _Visit("KONTROLLUNTERSUCHUNG", 15, "VASCULAR_SURGERY",
               ("Kontrolle Krampfadern", "Kontrolle Kompressionstherapie", "Kontrolle pAVK")),
        _Visit("SONOGRAPHIE", 30, "VASCULAR_SURGERY",
               ("Duplexsonographie der Beinvenen", "Duplexsonographie der Halsschlagader")),
        _Visit("OP_VORGESPRAECH", 45, "VASCULAR_SURGERY",
               ("Vorgespräch Krampfader-OP", "Vorgespräch Dialyseshunt")),
        _Visit("NACHSORGE", 20, "FOLLOWUP",
               ("Nachsorge nach Krampfader-OP", "Nachsorge nach Stent")),
    ),
    "dr-schmidt": (
        _Visit("ERSTBESUCH", 30, "NEW_PATIENT",
               ("Leistenbruch, Erstvorstellung", "Gallensteine, Erstvorstellung")),
        _Visit("KONTROLLUNTERSUCHUNG", 20, "VISCERAL_SURGERY",
               ("Kontrolle Nabelbruch", "Kontrolle Hämorrhoiden", "Befundbesprechung")),
        _Visit("SONOGRAPHIE", 15, "VISCERAL_SURGERY",
               ("Sonographie des Oberbauchs", "Sonographie der Leiste")),
        _Visit("OP_VORGESPRAECH", 45, "VISCERAL_SURGERY",
               ("Vorgespräch Leistenbruch-OP", "Vorgespräch Gallenblasen-OP")),
        _Visit("NACHSORGE", 20, "FOLLOWUP",
               ("Nachsorge nach Leistenbruch-OP", "Fäden ziehen nach Gallenblasen-OP")),
    ),
    "dr-yilmaz": (
        _Visit("ERSTBESUCH", 45, "NEW_PATIENT",
               ("Chronische Wunde, Erstvorstellung", "Offenes Bein, Erstvorstellung")),
        _Visit("WUNDKONTROLLE", 20, "WOUND_CARE",
               ("Wundkontrolle Unterschenkel", "Wundkontrolle diabetischer Fuß",
                "Verbandswechsel")),
        _Visit("WUNDKONTROLLE", 30, "WOUND_CARE",
               ("Wundreinigung und Verbandswechsel", "Kompressionsverband neu anlegen")),
        _Visit("NACHSORGE", 15, "FOLLOWUP",
               ("Nachsorge nach Wundverschluss", "Narbenkontrolle")),
        _Visit("KONTROLLUNTERSUCHUNG", 15, "WOUND_CARE",
               ("Kontrolle Lymphödem", "Kontrolle Wundheilung")),
    ),
}
_HEADER = (
    "Buchungsnummer", "Arzt", "Datum", "Beginn", "Ende", "Status", "Nachname", "Vorname",
    "Geburtsdatum", "E-Mail", "Telefon", "Patientennummer", "Versicherung", "Terminart",
    "Grund", "Bemerkung", "Raum", "Kategorie",
)
_FIRST_NAMES = (
    "Anna-Lena", "Anneliese", "Birgit", "Björn", "Cem", "Dörte", "Emil", "Fatma", "Günther",
    "Hannelore", "Ilse", "Jörg", "Jürgen", "Karl-Heinz", "Leyla", "Mareike", "Marlies", "Nils",
    "Olga", "Petra", "Quirin", "Rosemarie", "Søren", "Thea", "Uwe", "Viola", "Walburga",
    "Xaver", "Yasemin", "Zoë",
)
_SURNAME_BEGINNINGS = (
    "Ähren", "Birken", "Brunnen", "Distel", "Eichel", "Föhren", "Grün", "Hasel", "Hölzen",
    "Kessel", "Köhler", "Linden", "Mühl", "Nebel", "Weiß", "Wiesen",
)
_SURNAME_ENDINGS = (
    "bröker", "fink", "kämper", "löffel", "rötter", "steiger", "thaler", "wäldner", "winkler",
    "zöllner",
)
# fmt: on
_INSURANCES = ("gesetzlich",) * 8 + ("privat",) * 2 + ("Selbstzahler",)
_NOTES = (
    "Kommt mit Begleitung.",
    "Bitte Befunde des Hausarztes anfordern.",
    "Rollstuhl",
    "Spricht wenig Deutsch, Tochter übersetzt.",
    "Nimmt Blutverdünner.",
)
# What an importer stumbles over: delimiter, quotation marks, line break, emoji.
_AWKWARD_NOTES = {
    200: 'Überweisung liegt vor; Befunde folgen; bittet um „ruhiges“ Zimmer, sagt "hoch oben"',
    700: "Nüchtern kommen.\nBitte mitbringen:\n- Medikamentenplan\n- Kompressionsstrümpfe",
    900: "Hat große Angst vor Spritzen 😟, freut sich über Zuspruch 👍🏽",
}


class _Patient(NamedTuple):
    number: int
    last_name: str
    first_name: str
    born: date
    email: str
    phone: str
    insurance: str


class _Appointment(NamedTuple):
    doctor: str
    visit: _Visit
    start: datetime
    end: datetime


class _Dice:
    """Chance that falls alike in every Python: of `Random` that is promised of random() alone."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 (nothing here is a secret)

    def happens(self, probability: float) -> bool:
        return self._random.random() < probability

    def number(self, below: int) -> int:
        return int(self._random.random() * below)

    def one_of(self, things: Sequence[_T]) -> _T:
        return things[self.number(len(things))]


class _Waiting:
    """Who comes: newcomers to a first visit, those known already to all others."""

    def __init__(self, patients: list[_Patient], dice: _Dice) -> None:
        self._known, self._newcomers = patients[:_KNOWN], patients[_KNOWN:]
        self._dice = dice

    def patient(self, visit: _Visit, here_today: set[int]) -> _Patient:
        if visit.kind == "ERSTBESUCH":
            self._known.append(self._newcomers.pop(0))
            patient = self._known[-1]
        else:
            # Once a day is enough, and nobody is with two doctors at a time.
            patient = self._dice.one_of([p for p in self._known if p.number not in here_today])
        here_today.add(patient.number)
        return patient


def write(path: Path) -> None:
    """Write the export to `path`; the same bytes every time."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter=";", lineterminator="\n")
        table.writerow(_HEADER)
        table.writerows(_rows(_Dice(2026)))


def _rows(dice: _Dice) -> Iterator[tuple[object, ...]]:
    waiting = _Waiting(list(_patients(dice)), dice)
    count = 0
    for day in _days():
        here_today: set[int] = set()
        free_from = dict.fromkeys(_ROOMS, datetime.combine(day, time()))
        for appointment in _appointments(day, dice):
            count += 1
            patient = waiting.patient(appointment.visit, here_today)
            room = _room(appointment, free_from, dice)
            note = dice.one_of(_NOTES) if dice.happens(0.08) else ""
            yield (
                f"B-{count:05}",
                *_cells(appointment, patient, dice),
                _AWKWARD_NOTES.get(count, note),
                room,
                appointment.visit.category,
            )


def _cells(appointment: _Appointment, patient: _Patient, dice: _Dice) -> tuple[object, ...]:
    return (
        appointment.doctor,
        f"{appointment.start:%d.%m.%Y}",
        f"{appointment.start:%H:%M}",
        f"{appointment.end:%H:%M}",
        _status(appointment.start.date(), dice),
        patient.last_name,
        patient.first_name,
        f"{patient.born:%d.%m.%Y}",
        patient.email,
        patient.phone,
        patient.number,
        patient.insurance,
        appointment.visit.kind,
        dice.one_of(appointment.visit.reasons),
    )


def _patients(dice: _Dice) -> Iterator[_Patient]:
    names: set[tuple[str, str]] = set()
    while len(names) < _PATIENTS:
        index = len(names)
        last, first = _surname(dice), dice.one_of(_FIRST_NAMES)
        if index % 12 == 5:
            last = f"{last}-{_surname(dice)}"
        if (last, first) in names:
            continue
        names.add((last, first))
        host = "example.org" if index % 2 else "example.com"
        yield _Patient(
            number=10_001 + index,
            last_name=last,
            first_name=first,
            born=date(1935, 1, 1) + timedelta(days=dice.number(26_000)),
            email="" if index % 10 == 7 else f"{slug(first)}.{slug(last)}@{host}",
            phone=f"030 23125-{index:03}" if index % 3 else f"0176 040690{index // 3:02}",
            insurance=dice.one_of(_INSURANCES),
        )


def _surname(dice: _Dice) -> str:
    return dice.one_of(_SURNAME_BEGINNINGS) + dice.one_of(_SURNAME_ENDINGS)


def _days() -> Iterator[date]:
    for week in _WEEKS:
        for weekday in range(5):
            yield ANCHOR + timedelta(weeks=week, days=weekday)


def _appointments(day: date, dice: _Dice) -> Iterator[_Appointment]:
    """Yield the day's appointments by their start; the further ahead, the fewer."""
    weeks_ahead = max(0, (day - ANCHOR).days // 7)
    for begin, end in _SESSIONS:
        closing = datetime.combine(day, end)
        cursors = dict.fromkeys(_VISITS, datetime.combine(day, begin))
        while cursors:
            doctor = min(cursors, key=cursors.__getitem__)
            start = cursors[doctor]
            first_visit, *others = _VISITS[doctor]
            visit = first_visit if dice.happens(0.11) else dice.one_of(others)
            stop = start + timedelta(minutes=visit.minutes)
            if stop > closing:
                del cursors[doctor]
            elif dice.happens(0.32 - 0.02 * weeks_ahead):
                yield _Appointment(doctor, visit, start, stop)
                cursors[doctor] = stop
            else:
                cursors[doctor] = start + timedelta(minutes=15)


def _room(appointment: _Appointment, free_from: dict[str, datetime], dice: _Dice) -> str:
    """Take a free room, if any; talks, and whoever finds none, stay in the doctor's own office."""
    free = [room for room, moment in free_from.items() if moment <= appointment.start]
    if appointment.visit.kind == "OP_VORGESPRAECH" or not free:
        return ""
    room = dice.one_of(free)
    free_from[room] = appointment.end
    return room


def _status(day: date, dice: _Dice) -> str:
    if dice.happens(0.04):
        return "abgesagt"
    return "angefragt" if day >= ANCHOR and dice.happens(0.2) else "bestätigt"


if __name__ == "__main__":
    write(FILE)

"""A booking tool's export, taken over by this server's own command while the server is running."""

from __future__ import annotations

import csv
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from benchmarks.client import ask
from benchmarks.data import PER_DAY, day_of, first_day
from benchmarks.requests import listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.data import Event
    from benchmarks.servers.base import Place

__all__ = ["DOCTORS", "Importer", "export", "imported"]

#: The calendars of the import, which no other workload touches, and the doctors' names in a file.
DOCTORS = {
    "dr-ahornfeld": "Dr. Ahornfeld",
    "dr-birkenau": "Dr. Birkenau",
    "dr-erlenhof": "Dr. Erlenhof",
    "dr-lindenthal": "Dr. Lindenthal",
    "dr-ulmenried": "Dr. Ulmenried",
}
#: Bookings of a patient, about.
_VISITS = 4
_KINDS = (
    ("ERSTBESUCH", "Erstvorstellung"),
    ("KONTROLLUNTERSUCHUNG", "Kontrolle; mit Befund"),
    ("SONOGRAPHIE", "Ultraschall des Oberbauchs"),
    ("NACHSORGE", "Fäden ziehen"),
)
_INSURANCES = ("gesetzlich", "gesetzlich", "privat", "Selbstzahler")
_STATUSES = ("bestätigt", "bestätigt", "bestätigt", "angefragt")
_FRONTS = ("Ähren", "Föhren", "Heide", "Kupfer", "Mühl", "Rosen", "Silber", "Wiesen")
_BACKS = ("bacher", "dörfler", "grüner", "hauser", "kämper", "müller", "steiner", "thaler")
_FIRST = ("Anneliese", "Bjarne", "Çelik", "Dörte", "Emre", "Fünn", "Greta", "Hüseyin")


@runtime_checkable
class Importer(Protocol):
    """A server with a command of its own that takes an export over."""

    def fill(self, name: str, events: Sequence[Event]) -> Place:
        """Make a calendar, as of every server."""

    def import_bookings(self, file: Path) -> None:
        """Run the command to its end, beside the running server; raises Wrong if it fails."""


def imported(importer: Importer, count: int) -> float:
    """Take over so many bookings and return the rows per second, the command's start included.

    The server is then asked how many objects each doctor has. Raises Wrong.
    """
    places = [importer.fill(name, []) for name in DOCTORS]
    with tempfile.TemporaryDirectory(prefix="import-bench-") as folder:
        file = Path(folder) / "buchungen.csv"
        export(file, count)
        begin = time.perf_counter()
        importer.import_bookings(file)
        seconds = time.perf_counter() - begin
    for number, place in enumerate(places):
        ask(place.port, listing(place, len(range(number, count, len(DOCTORS)))))
    return count / seconds


def export(path: Path, count: int) -> None:
    """Write a German export: the doctors in turn, each with half hours one after the other."""
    rows = list(_rows(count))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=";")
        writer.writeheader()
        writer.writerows(rows)


def _rows(count: int) -> Iterator[dict[str, str]]:
    first = first_day(count // len(DOCTORS))
    patients = max(1, count // _VISITS)
    doctors = list(DOCTORS.values())
    for number in range(count):
        mine, doctor = divmod(number, len(doctors))
        minutes = 8 * 60 + mine % PER_DAY * 30
        kind, reason = _KINDS[mine % len(_KINDS)]
        yield {
            "Buchungsnummer": f"B-{number:07d}",
            "Arzt": doctors[doctor],
            "Datum": f"{day_of(mine, first):%d.%m.%Y}",
            "Beginn": f"{minutes // 60:02d}:{minutes % 60:02d}",
            "Dauer": "30",
            "Status": _STATUSES[mine % len(_STATUSES)],
            **_patient(number % patients),
            "Terminart": kind,
            "Grund": reason,
        }


def _patient(number: int) -> dict[str, str]:
    """Return an invented one, whose telephone number is among those kept free for such."""
    born = date(1935, 1, 1) + timedelta(days=number * 37 % 30_000)
    others, front = divmod(number, len(_FRONTS))
    others, back = divmod(others, len(_BACKS))
    return {
        "Nachname": _FRONTS[front] + _BACKS[back],
        "Vorname": _FIRST[others % len(_FIRST)],
        "Geburtsdatum": f"{born:%d.%m.%Y}",
        "E-Mail": f"patient-{number}@bench.example",
        "Telefon": f"030 23125-{number % 1000:03d}",
        "Patientennummer": f"{100_000 + number}",
        "Versicherung": _INSURANCES[number % len(_INSURANCES)],
    }

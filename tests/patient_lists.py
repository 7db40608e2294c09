"""An invented patient list, and the patients of it whom a practice knows already."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product

from practice.patients import PatientRecord

__all__ = ["DOUBTFUL", "HEAD", "NEW", "SAME", "UNUSABLE", "UPDATED", "AList", "a_list", "row_of"]

SAME, UPDATED, DOUBTFUL, UNUSABLE, NEW = 100, 75, 20, 5, 300
HEAD = "Nachname;Vorname;Geburtsdatum;E-Mail;Telefon"
_LAST = (
    "Ährenthaler Birkenfink Cronenbold Dachsberger Eulenstein Fuchsloher Grashüpfer Hirschauer",
    "Igelmann Jungwirther Kranichfeld Lerchenmüller Marderwald Natterer Otternberg Pirolsky",
    "Quastenflosser Rabenhorst Schwalbach Tannhäuser Uhufelden Vogelsanger Wachtelborn",
    "Xanterius Zeisigberg",
)
_FIRST = (
    "Alma Bruno Clara Dietrich Elfriede Ferdinand Gudrun Hannes Iris Joachim Katharina Ludwig",
    "Mechthild Norbert Ottilie Philipp Roswitha Siegfried Therese Ulrich",
)


@dataclass(frozen=True, slots=True)
class AList:
    """Who is known before, and the file."""

    known: list[PatientRecord]
    content: str


def row_of(one: PatientRecord) -> str:
    """Return the line of a file that tells of somebody."""
    born = date.fromisoformat(one.birth_date).strftime("%d.%m.%Y") if one.birth_date else ""
    return ";".join((one.last_name, one.first_name, born, one.email, one.phone))


def a_list() -> AList:
    """Make a list of 500 rows; some are known as they are, some with less, some perhaps."""
    names = product(" ".join(_LAST).split(), " ".join(_FIRST).split())
    everybody = [_person(n, last, first) for n, (last, first) in enumerate(names)]
    same = everybody[:SAME]
    updated = everybody[SAME : SAME + UPDATED]
    doubtful = everybody[SAME + UPDATED : SAME + UPDATED + DOUBTFUL]
    new = everybody[-NEW:]
    known = [*same, *(replace(one, phone="") for one in updated), *doubtful]
    # The first of the doubtful rows may be about either of two.
    known.append(replace(doubtful[0], birth_date="", email="", phone=""))
    told = [
        *same,
        *updated,
        # The name and nearly the birth date, and nothing else: a person has to say.
        *(_nearly(one) for one in doubtful),
        *new,
    ]
    rows = [HEAD, *map(row_of, told), *(f";;;;030 99{n:05d}" for n in range(UNUSABLE))]
    return AList(known, "\r\n".join(rows) + "\r\n")


def _nearly(one: PatientRecord) -> PatientRecord:
    """Return somebody as a hurried hand writes: one digit of the year of birth is another."""
    decade = (int(one.birth_date[2]) + 1) % 10
    born = f"{one.birth_date[:2]}{decade}{one.birth_date[3:]}"
    return replace(one, birth_date=born, email="", phone="")


def _person(n: int, last: str, first: str) -> PatientRecord:
    born = date(1931, 1, 17) + timedelta(days=61 * n)
    mail = f"{first}.{last}{n}@example.org".lower()
    plain = mail.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    return PatientRecord(last, first, born.isoformat(), plain, f"0171 {2_000_000 + 317 * n}")

"""`python -m benchmarks.single_patient`: one patient's appointments out of a full day of CallDoc's.

From the request to the end of the task, as whoever asked sees it. Not a test: a figure depends on
the machine. CallDoc is the one that the tests have, over HTTP on this machine.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from contextlib import ExitStack, closing
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from booking_adapter.outgoing import Http
from booking_adapter.single_patient import SinglePatientSync
from booking_adapter.sync import Source, pull
from booking_adapter.tools.calldoc import CallDoc, Frontend
from practice.accounts import Doctor
from practice.database import SqlDatabase
from practice.profile import Profile
from practice.use_cases.house import add_doctor, ensure_main_calendar
from tests.building import writing
from tests.mimics import calldoc as mimic
from tests.postgres import shared_server

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Seconds in which it is to be done, as a rule.
WANTED = 5.0
_DAY = date(2026, 11, 24)
_KIND = 24
_DOCTORS = 20
_PAUSE = 0.005


def fill(tool: mimic.CallDoc, count: int) -> list[str]:
    """Book a day full, half of it without a PIZ; return the PIZ of those who have one."""
    numbers = []
    for n in range(count):
        born = f"{date(1935, 1, 1) + timedelta(days=n * 7)}"
        piz = f"{4_400_000 + n}"
        patient = tool.add_patient(mimic.Patient(f"Lindental{n}", "Thea", born, piz))
        at = f"{_DAY}T{7 + n % 12:02}:{n // 12 % 6}0:00"
        with_piz = n % 2 == 0
        tool.book(at, doctor=1 + n % _DOCTORS, kind=_KIND, patient=patient, with_piz=with_piz)
        numbers += [piz] if with_piz else []
    return numbers


def seconds(single: SinglePatientSync, piz: str) -> float:
    """Fetch one patient and return how long that took. Raises ValueError if it failed."""
    begun = time.perf_counter()
    task = single.start(piz, _DAY, _KIND)
    while (status := single.status(task.id))["status"] == "running":
        time.sleep(_PAUSE)
    took = time.perf_counter() - begun
    if status["error"]:
        raise ValueError(f"{status['error_code']}: {status['error']}")
    return took


def measured(url: str, count: int, rounds: int) -> tuple[list[float], list[float]]:
    """Return the seconds for so many patients, one after the other: in a practice that knows
    nobody, and once it has asked for all bookings.
    """
    zone = ZoneInfo("Europe/Berlin")
    with ExitStack() as stack:
        tool = stack.enter_context(mimic.CallDoc())
        tool.patient_as = "long"
        numbers = fill(tool, count)
        database = stack.enter_context(closing(SqlDatabase(url)))
        database.upgrade()
        profile = Profile(name="Praxis", email="praxis@example.org", uid_domain="example.org")
        doctors = {str(n): f"dr-{n}" for n in range(1, _DOCTORS + 1)}
        with writing(database) as uow:
            ensure_main_calendar(uow, "praxis", profile.name)
            for slug in doctors.values():
                add_doctor(uow, Doctor(slug, slug.title()))
        http = stack.enter_context(Http(tool.url, inside=True))
        adapter = CallDoc(http, Frontend(zone, doctors, {str(_KIND): 20}), http)
        source = Source("calldoc", adapter)
        single = stack.enter_context(SinglePatientSync(database, source, adapter, profile))
        chosen = numbers[:: max(1, len(numbers) // rounds)][:rounds]
        new = [seconds(single, piz) for piz in chosen]
        now = datetime.combine(_DAY, clock_time(6), zone)
        if error := pull(database, source, profile, lambda: now).error:
            raise ValueError(error)
        return new, [seconds(single, piz) for piz in chosen]


def _rows(name: str, found: tuple[Sequence[float], Sequence[float]]) -> str:
    new, known = found
    return f"{_row(f'{name}, nobody known', new)}\n{_row(f'{name}, all known', known)}"


def _row(name: str, found: Sequence[float]) -> str:
    reached = "reached" if max(found) < WANTED else "NOT reached"
    middle, worst = statistics.median(found), max(found)
    return f"{name}: median {middle:.2f} s, longest {worst:.2f} s (under {WANTED:.0f} s: {reached})"


@click.command()
@click.option("--appointments", "count", default=2000, show_default=True, help="Of that day.")
@click.option("--rounds", default=20, show_default=True, help="Patients, one after the other.")
def main(**told: Any) -> None:
    """Print how long it takes to fetch one patient, on SQLite and on PostgreSQL."""
    click.echo(f"{told['count']} appointments that day, {told['rounds']} patients")
    with tempfile.TemporaryDirectory(prefix="single-patient-") as folder:
        found = measured(f"sqlite:///{folder}/praxis.db", **told)
        click.echo(_rows("SQLite", found))
        with shared_server(Path(folder)) as server:
            url = server.new_database()
            click.echo(_rows("PostgreSQL", measured(url, **told)))
            server.drop_database(url)


if __name__ == "__main__":
    main()

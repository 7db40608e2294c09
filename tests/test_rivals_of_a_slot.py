"""Of many who want one slot at once, at the desk, on the website, by CalDAV and from a booking
tool, over a served practice: one gets it.

What the booking tool has promised its patient already is taken in any case (its rivals lose from
then on) and is marked for a person to look at.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from practice.database import SqlDatabase
from practice.schedule import BookingRules
from practice.use_cases.offers import save_rules, save_type
from practice.use_cases.verify import verify
from tests.arranging import a_patient, a_type
from tests.building import BERLIN, PROFILE, a_practice, an_event, reading, writing
from tests.conftest import BACKENDS, a_database
from tests.dav import HOME, put
from tests.doors import until
from tests.mimics.generic import SECRET, signed
from tests.servers import RunningServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RIVALS, TOLD = 200, 3
DOCTOR = "dr-mueller"
TOOL = "klinik"
HALF = timedelta(minutes=30)
SETTINGS = f"""
[booking.sources.{TOOL}]
tool = "generic_rest"
url = "http://127.0.0.1:9/v1"
network = "inside"
key = "x"
hook_secret = "{SECRET.decode()}"
[booking.sources.{TOOL}.api.fields]
id = "ref"
start = "start"
end = "end"
doctor = "doctor"
status = "state"
last_name = "last"
first_name = "first"
[booking.sources.{TOOL}.api.words]
doctors = {{ m = "{DOCTOR}" }}
statuses = {{ booked = "CONFIRMED" }}
[booking.sources.{TOOL}.api.hooks]
rows = ["visit"]
"""
OPTIONS = {
    "PRAXIS_CALDAV_API__PER_MINUTE": "1000000",
    "PRAXIS_CALDAV_API__VISITORS_PER_MINUTE": "1000000",
    "PRAXIS_CALDAV_DATABASE__BUSY_TIMEOUT_SECONDS": "30",
}


class Arena:
    """A served practice, and who wants a slot in it: each tries once and tells whether it won."""

    def __init__(self, server: RunningServer, database: SqlDatabase, stack: ExitStack) -> None:
        self.database = database
        with writing(database, now=datetime.now(UTC)) as uow:
            save_rules(uow, BookingRules(holidays_closed=False, window_days=400))
            save_type(uow, a_type())
            self.patients = [
                uow.patients.save(a_patient(str(1000 + n), f"Name{n}")).id for n in range(RIVALS)
            ]
        self._tools = stack.enter_context(server.client("buchung"))
        self._staff = stack.enter_context(server.client("empfang"))
        self._visitors = stack.enter_context(server.client(None))
        self._threads = stack.enter_context(ThreadPoolExecutor(RIVALS))
        for _ in range(4):  # connected, and the password known to every process
            assert self._tools.request("PROPFIND", HOME).status_code == 207
            assert self._staff.get("/api/me").status_code == 200

    def race(self, start: datetime, told: int) -> list[str]:
        """Have all try at the same moment, `told` of them from the tool; return who won."""
        barrier = Barrier(RIVALS)
        doors = (self.desk, self.website, self.caldav)
        tries = [self.tool] * told + [doors[n % 3] for n in range(RIVALS - told)]

        def attempt(n: int) -> str:
            barrier.wait(60)
            return tries[n].__name__ if patiently(lambda: tries[n](n, start)) else ""

        return sorted(filter(None, self._threads.map(attempt, range(RIVALS))))

    def desk(self, n: int, start: datetime) -> int:
        wanted = {"type": "kontrolle", "doctor": DOCTOR, "start": start.isoformat()}
        sent = wanted | {"patient_id": self.patients[n]}
        return self._staff.post("/api/booking/appointments", json=sent).status_code

    def website(self, n: int, start: datetime) -> int:
        person = {"last_name": f"Neu{n}", "first_name": "Eva", "birth_date": "1990-05-05"}
        person["email"] = f"eva{n}-{start:%m%d}@example.org"
        wanted = {"type": "kontrolle", "doctor": DOCTOR, "start": start.isoformat()}
        sent = wanted | {"person": person}
        # As by the proxy: of one network only a few would be booked at all.
        at_home = {"X-Forwarded-For": f"198.51.100.{n}"}
        address = "/api/patient-portal/book"
        return self._visitors.post(address, json=sent, headers=at_home).status_code

    def caldav(self, n: int, start: datetime) -> int:
        times = (f"{one:%Y%m%dT%H%M%S}" for one in (start, start + HALF))
        name = f"{start:%Y%m%d%H%M}-{n}"
        text = an_event(name, *times, "X-APPOINTMENT-TYPE:KONTROLLE")
        return put(self._tools, f"{HOME}{DOCTOR}/", f"{name}.ics", text).status_code

    def tool(self, n: int, start: datetime) -> int:
        ref = f"{start:%Y%m%d%H%M}-{n}"
        visit: dict[str, Any] = {"ref": ref, "state": "booked", "doctor": "m"}
        visit |= {"start": start.isoformat(), "end": (start + HALF).isoformat()}
        visit |= {"last": f"Werk{n}", "first": "Ole"}
        headers, body = signed(json.dumps({"visit": visit}).encode(), ref, datetime.now(UTC))
        address = f"/api/webhooks/booking/{TOOL}"
        return self._visitors.post(address, content=body, headers=headers).status_code

    def at(self, start: datetime) -> list[tuple[str, str]]:
        """Return what was booked at a time, as it came: the tool or none, and the staff's note."""
        with reading(self.database) as uow:
            there = [one for one in uow.appointments.all() if one.slot.start == start]
            order = [change.uid for change in uow.calendars.log(0, 1_000_000)]
            there.sort(key=lambda one: order.index(one.uid))
            return [
                (one.booking_source or "", booked.details.note)
                for one in there
                if (booked := uow.details.booked(one.id)) is not None
            ]


def patiently(attempt: Callable[[], int]) -> bool:
    """Try until somebody has time for it; tell whether that was a success."""
    for _ in range(20):
        status = attempt()
        if status != 503:
            assert status in {201, 202, 409}, status
            return status != 409
        time.sleep(0.2)
    raise AssertionError("nobody ever had time")


def slots(count: int) -> list[datetime]:
    """Return times to come at which doctors are there."""
    day = datetime.now(BERLIN).replace(hour=10, minute=0, second=0, microsecond=0)
    days = (day + timedelta(days=2 + n) for n in range(2 * count + 7))
    return [one for one in days if one.weekday() < 5][:count]


@pytest.fixture(params=BACKENDS)
def arena(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Arena]:
    with ExitStack() as stack:
        database = stack.enter_context(a_database(request.param, request, tmp_path))
        a_practice(database)
        config = tmp_path / "praxis.toml"
        config.write_text(SETTINGS, "utf-8")
        url = database.engine.url.render_as_string(hide_password=False)
        workers = 2 if request.param == "postgresql" else 1
        options = OPTIONS | {"PRAXIS_CALDAV_CONFIG": str(config)}
        server = stack.enter_context(
            RunningServer(url, workers=workers, options=options, forked=True)
        )
        patient = stack.enter_context(closing(SqlDatabase(url, busy_timeout=30)))
        yield Arena(server, patient, stack)
        with reading(database) as uow:
            assert list(verify(uow, PROFILE, lambda: None)) == []


def rounds(arena: Arena, count: int) -> None:
    winners = set()
    for n, start in enumerate(slots(2 * count)):
        told = TOLD * (n % 2)
        won = arena.race(start, told)
        assert won.count("tool") == told
        others = [one for one in won if one != "tool"]
        if not told:
            assert len(others) == 1
            winners.update(others)
            assert arena.at(start) == [("", "")]
            continue
        # Only who comes before the first of the tool's can have it; the tool's all stand.
        assert len(others) <= 1

        def all_there(start: datetime = start, due: int = told + len(others)) -> bool:
            return len(arena.at(start)) >= due

        until(all_there, "what the tool has promised")
        stands = arena.at(start)
        assert [source for source, _ in stands] == [""] * len(others) + [TOOL] * told
        doubles = ["weiteren Termin" in note for _, note in stands]
        assert doubles == [False] + [True] * (len(stands) - 1)
    assert winners


def test_of_two_hundred_rivals_through_four_doors_one_gets_the_slot(arena: Arena) -> None:
    rounds(arena, 1)


@pytest.mark.slow
def test_of_two_hundred_rivals_one_gets_the_slot_every_time(arena: Arena) -> None:
    rounds(arena, 50)

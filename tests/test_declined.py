"""Who asked for an appointment and is declined reads in the mail what is free by then."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from practice.appointments import Slot
from practice.schedule import HoursException
from practice.use_cases.arranging import book
from practice.use_cases.offers import save_type
from practice.use_cases.portal import SelfBooking, self_book
from practice.use_cases.rearranging import decline
from practice.use_cases.who_books import Person
from tests.arranging import TEN, Surgery, a_type
from tests.bothways import GRACE, BothWays
from tests.building import PROFILE, writing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from practice.database import SqlDatabase

HALF = timedelta(minutes=30)
EVA = Person("Neumann", "Eva", "1990-05-05", "eva@example.org")


class Asked:
    """A patient's request at ten, in a practice that writes mails."""

    def __init__(self, sides: BothWays) -> None:
        self.sides = sides
        self.surgery = Surgery(sides.database)
        with writing(sides.database) as uow:
            asked = a_type("beratung", needs_confirmation=True, step=30)
            self.surgery.types["beratung"] = save_type(uow, asked).id
            kind, doctor = self.surgery.types["beratung"], self.surgery.doctors["dr-mueller"]
            told = self_book(uow, SelfBooking(kind, doctor, TEN), EVA, PROFILE)
        self.id = told.appointment_id
        self._deliver()

    def decline(self) -> None:
        with writing(self.sides.database, now=self.sides.now) as uow:
            decline(uow, self.id, PROFILE)

    def away(self, since: Any, days: int) -> None:
        """Have Dr. Müller be away."""
        mueller = self.surgery.doctors["dr-mueller"]
        span = Slot(since, since + timedelta(days=days))
        with writing(self.sides.database, now=self.sides.now) as uow:
            uow.house.save_exception(HoursException(0, mueller, None, span, open=False))

    def mail(self) -> str:
        """Return what the patient reads next, without its lines."""
        before = len(self.sides.mails)
        self._deliver()
        (mail,) = (one for one in self.sides.mails[before:] if one["To"] == EVA.email)
        part = mail.get_body(("plain",))
        assert part is not None
        return " ".join(str(part.get_content()).split())

    def _deliver(self) -> None:
        self.sides.later(seconds=GRACE.total_seconds())
        self.sides.deliver()


@pytest.fixture
def asked(practice: SqlDatabase) -> Iterator[Asked]:
    url = practice.engine.url.render_as_string(hide_password=False)
    with BothWays(url) as sides:
        yield Asked(sides)


def test_who_is_declined_reads_what_is_free_when_the_mail_is_sent(asked: Asked) -> None:
    asked.decline()
    with writing(asked.sides.database, now=asked.sides.now) as uow:
        taken = asked.surgery.order(TEN + HALF, kind="beratung", patient="200")
        book(uow, taken, PROFILE)  # since then
    assert (
        "noch frei: - Montag, 23. November 2026 um 11:00 Uhr"
        " - Montag, 23. November 2026 um 11:30 Uhr"
        " - Montag, 23. November 2026 um 13:00 Uhr Gern" in asked.mail()
    )


def test_where_the_doctor_is_away_another_is_named(asked: Asked) -> None:
    asked.decline()
    asked.away(TEN - HALF, days=100)
    assert "- Montag, 23. November 2026 um 10:00 Uhr, Dr. Schmidt - " in asked.mail()


def test_where_nothing_is_free_nothing_is_offered(asked: Asked) -> None:
    with writing(asked.sides.database) as uow:
        for doctor_id in asked.surgery.doctors.values():
            long = Slot(TEN - HALF, TEN + timedelta(days=100))
            uow.house.save_exception(HoursException(0, doctor_id, None, long, open=False))
    asked.decline()
    text = asked.mail()
    assert "leider nicht anbieten" in text
    assert "noch frei" not in text

"""What nobody needs any more is forgotten also where nothing happens."""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from practice.answers import KEPT, GivenAnswer
from practice.database.tables import answers, self_bookings
from practice.use_cases.crowds import by_visitor, note_booked
from praxis_caldav.composition import profile_of, working
from praxis_caldav.housekeeping import housekeeping
from praxis_caldav.outside import Outside
from praxis_caldav.setting_sources import load
from tests.arranging import TEN, Surgery
from tests.building import NOW, PROFILE

if TYPE_CHECKING:
    from practice.database import SqlDatabase

MINUTE = timedelta(minutes=1)


def test_what_was_answered_is_gone_after_a_day_without_another_request(
    practice: SqlDatabase,
) -> None:
    surgery = Surgery(practice)
    made = surgery.book().appointment
    moments = {"a": NOW - KEPT - MINUTE, "b": NOW - KEPT + MINUTE}
    for key, surgery.now in moments.items():
        with surgery.writing() as uow:
            uow.answers.keep(key * 64, GivenAnswer("1" * 64, 201, {}, b"Neumann"))
            note_booked(uow, by_visitor("eva@example.org", f"192.0.2.{ord(key)}"), made.id)
    (job,) = housekeeping(practice, lambda: NOW)
    job.work()
    with practice.engine.connect() as connection:
        assert connection.execute(select(answers.c.key)).scalars().all() == ["b" * 64]
        found = connection.execute(select(self_bookings.c.network).order_by("id")).scalars().all()
        assert [bool(network) for network in found] == [False, True]
    (job,) = housekeeping(practice, lambda: TEN + KEPT)
    job.work()
    with practice.engine.connect() as connection:
        assert connection.execute(select(answers.c.key)).all() == []
        assert connection.execute(select(self_bookings)).all() == []


def test_it_is_done_with_and_without_anybody_outside(practice: SqlDatabase) -> None:
    settings = load(environ={})
    with closing(Outside.of(settings, profile_of(settings))) as outside:
        jobs = outside.jobs(practice, PROFILE)
        assert "forget" in {job.args[0].name for job in jobs._scheduler.get_jobs()}
    before = threading.active_count()
    with working(None, practice, PROFILE):
        assert threading.active_count() > before
    assert threading.active_count() == before

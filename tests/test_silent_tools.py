"""A booking tool falls silent: the practice is told once, by e-mail, and once when it is back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from booking_adapter.deliveries.admin_mail import AdminMail
from booking_adapter.deliveries.mailing import Letterhead
from booking_adapter.deliveries.smtp import Smtp
from booking_adapter.sync import warn_of_stale
from practice.database import SqlDatabase
from practice.sources import SourceState
from praxis_caldav.composition import outside_of, profile_of
from praxis_caldav.setting_sources import load
from tests.building import BERLIN, NOW, PROFILE, reading, writing
from tests.doors import until
from tests.mimics.mail_server import HERE, MailServer

if TYPE_CHECKING:
    from pathlib import Path

    from praxis_caldav.outside import Outside

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HEAD = Letterhead(PROFILE.name, PROFILE.email, BERLIN, PROFILE.uid_domain)
ADMIN = "leitung@example.org"


class Watch:
    """A practice that looks after its tool `termine`; each time a process of its own."""

    def __init__(self, database: SqlDatabase, server: MailServer) -> None:
        self._url = database.engine.url.render_as_string(hide_password=False)
        self.server = server
        self.tell = AdminMail(HEAD, Smtp(HERE, server.port, "none", timeout=10), ADMIN).tell_of_tool

    def answered(self, at: datetime) -> None:
        with closing(SqlDatabase(self._url)) as database, writing(database, now=at) as uow:
            uow.sources.save(SourceState("termine", at, at))

    def failed(self, at: datetime) -> None:
        with closing(SqlDatabase(self._url)) as database, writing(database, now=at) as uow:
            known = uow.sources.find("termine")
            uow.sources.save(replace(known, attempted=at, error="status 502"))

    def look(self, now: datetime) -> list[str]:
        """Return the subjects of the e-mails that come of it."""
        self.server.taken.clear()
        with closing(SqlDatabase(self._url)) as database:
            warn_of_stale(database, ["termine"], now, self.tell)
        return [str(taken.message["Subject"]) for taken in self.server.taken]


@pytest.fixture
def watch(practice: SqlDatabase) -> Iterator[Watch]:
    with MailServer() as server:
        yield Watch(practice, server)


def test_a_silent_tool_is_told_once_and_once_that_it_is_back(watch: Watch) -> None:
    watch.answered(NOW)
    mails: dict[int, list[str]] = {}
    for hours in range(80):
        now = NOW + hours * HOUR
        if hours == 50:
            watch.answered(now)
        elif hours:
            watch.failed(now)
        mails[hours] = watch.look(now)
    silent, back = (
        "Buchungstool nicht erreichbar: termine",
        "Buchungstool wieder erreichbar: termine",
    )
    told = {hours: subjects for hours, subjects in mails.items() if subjects}
    assert told == {24: [silent], 50: [back], 74: [silent]}


def test_asking_a_tool_again_does_not_forget_who_was_told(watch: Watch) -> None:
    watch.answered(NOW)
    assert len(watch.look(NOW + DAY)) == 1
    watch.failed(NOW + DAY + HOUR)
    assert watch.look(NOW + DAY + HOUR) == []


def test_what_cannot_be_told_now_is_told_later(watch: Watch) -> None:
    watch.answered(NOW)
    watch.server.answers["DATA"] = "451 later"
    assert watch.look(NOW + DAY) == []
    watch.server.answers.clear()
    assert len(watch.look(NOW + DAY + HOUR)) == 1
    assert watch.look(NOW + DAY + 2 * HOUR) == []


def test_a_new_tool_has_a_day_to_answer(watch: Watch) -> None:
    """Also one whose very asking fails in a way that nobody thought of, and is not noted."""
    assert [watch.look(NOW), watch.look(NOW + DAY - HOUR)] == [[], []]
    assert len(watch.look(NOW + DAY)) == 1
    assert "Zuletzt erreicht: noch nie" in watch.server.message.get_content()


def test_without_a_mail_server_it_is_only_logged(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        uow.sources.save(SourceState("termine", NOW, NOW))
    assert warn_of_stale(practice, ["termine", "andere"], NOW + DAY) == ["termine"]
    with reading(practice) as uow:
        assert uow.sources.find("termine").warned is None


def test_of_several_processes_one_tells_it(practice: SqlDatabase, tmp_path: Path) -> None:
    """As they run in `serve` and `work`, with the settings of a practice."""
    last = datetime.now(UTC) - 2 * DAY
    with writing(practice, now=last) as uow:
        uow.sources.save(SourceState("export", last, last))
    url = practice.engine.url.render_as_string(hide_password=False)
    config = tmp_path / "praxis.toml"
    with MailServer() as server:
        config.write_text(
            f'[mail]\nhost = "{HERE}"\nport = {server.port}\nsecurity = "none"\n'
            f'admin = "{ADMIN}"\n[booking.sources.export]\ntool = "csv_file"\n'
            f'path = "{tmp_path / "nothing there"}"\n',
            "utf-8",
        )
        settings = load(config, {})
        profile = profile_of(settings)

        def outside() -> Outside:
            made = outside_of(settings, profile)
            assert made is not None
            return made

        with (
            closing(SqlDatabase(url)) as one,
            closing(SqlDatabase(url)) as other,
            closing(outside()) as first,
            closing(outside()) as second,
        ):
            running = [first.jobs(one, profile), second.jobs(other, profile)]
            for jobs in running:
                jobs.start()
            until(lambda: bool(server.taken), "the e-mail to the practice")
            for jobs in running:
                jobs.stop()
        assert server.message["To"] == ADMIN
        assert server.message["Subject"] == "Buchungstool nicht erreichbar: export"

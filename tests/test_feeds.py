"""Feeds: a calendar at a secret address, read and not written, by whoever knows it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result
from starlette.testclient import TestClient

from caldav_server.feeds import Feeds
from practice.calendars import CalendarKind
from practice.database import SqlDatabase
from practice.errors import CalendarNotFound, FeedNotFound, Invalid
from practice.patients import Patient, PatientRecord
from practice.use_cases import feeds
from practice.use_cases.feeds import FeedWindow
from practice.views import Level
from praxis_caldav.main import cli
from tests.building import NOW, PROFILE, a_draft, a_practice, an_event, reading, writing
from tests.conftest import BACKENDS, a_database
from tests.dav import HOME, emptied, put
from tests.marked import MARK, MARKED, UID, a_marked_event
from tests.servers import RunningServer

if TYPE_CHECKING:
    from pathlib import Path

MUELLER = f"{HOME}dr-mueller/"
BERLIN = ZoneInfo("Europe/Berlin")
DISCREET = {
    "cache-control": "private, no-cache",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow",
}


def today(hour: int, days: int = 0) -> str:
    """Return an hour of a day near today, as iCalendar writes it."""
    day = datetime.now(BERLIN).replace(hour=hour, minute=0, second=0) + timedelta(days=days)
    return f"{day:%Y%m%dT%H%M%S}"


@dataclass
class Served:
    """A running server and a way to run commands on its database."""

    server: RunningServer

    def run(self, *words: str) -> Result:
        command = ["feed", *words, "--database", self.server.database_url]
        return CliRunner().invoke(cli, command, catch_exceptions=False)

    def add(self, level: str = "busy", calendar: str = "dr-mueller") -> tuple[int, str]:
        """Make a feed; return its id and its path."""
        done = self.run("add", calendar, "--level", level, "--label", "Telefon")
        assert done.exit_code == 0, done.output
        assert done.stdout.count("\n") == 1
        path = re.fullmatch(r"http://127\.0\.0\.1:5232(/feeds/[a-z0-9-]{31}\.ics)\n", done.stdout)
        number = re.match(r"feed (\d+) of", done.stderr)
        assert path
        assert number
        return int(number[1]), path[1]


@pytest.fixture
def served(server: RunningServer) -> Served:
    return Served(emptied(server))


def events(text: str) -> int:
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert text.endswith("END:VCALENDAR\r\n")
    return text.count("BEGIN:VEVENT")


def test_whoever_knows_the_address_reads_the_calendar(served: Served) -> None:
    (_, busy), (_, whole), (_, all_) = (
        served.add(),
        served.add("read"),
        served.add("busy", "praxis"),
    )
    text = an_event("u-1", today(10), today(11), "SUMMARY:Geheim")
    with served.server.client() as staff:
        assert put(staff, MUELLER, "a.ics", text).status_code == 201
        assert put(staff, f"{HOME}dr-schmidt/", "a.ics", text).status_code == 201
    with served.server.client(None) as anybody:
        shown = anybody.get(busy)
        assert shown.status_code == 200
        assert shown.headers["content-type"] == "text/calendar; charset=utf-8"
        assert shown.headers["content-disposition"] == 'attachment; filename="dr-mueller.ics"'
        assert {name: shown.headers[name] for name in DISCREET} == DISCREET
        assert events(shown.text) == 1
        assert "SUMMARY:Belegt" in shown.text
        assert "Geheim" not in shown.text
        assert "SUMMARY:Geheim" in anybody.get(whole).text
        assert events(anybody.get(all_).text) == 2
        head = anybody.head(busy)
        assert (head.status_code, head.content) == (200, b"")
        assert dict(head.headers, date="") == dict(shown.headers, date="") | {
            "x-request-id": head.headers["x-request-id"]
        }


def test_it_is_fetched_again_only_when_it_is_another(served: Served) -> None:
    _, path = served.add()
    with served.server.client() as staff, served.server.client(None) as anybody:
        first = anybody.get(path)
        tag, moment = first.headers["etag"], first.headers["last-modified"]
        for condition in ({"If-None-Match": tag}, {"If-None-Match": f'"x", {tag}'}):
            same = anybody.get(path, headers=condition)
            assert (same.status_code, same.content) == (304, b"")
            assert same.headers["etag"] == tag
            assert "content-length" not in same.headers
        assert anybody.get(path, headers={"If-Modified-Since": moment}).status_code == 304
        put(staff, MUELLER, "a.ics", an_event("u-2", today(10), today(11)))
        again = anybody.get(path, headers={"If-None-Match": tag})
        assert again.status_code == 200
        assert again.headers["etag"] != tag


def test_it_is_packed_for_those_who_can_unpack_it(served: Served) -> None:
    _, path = served.add()
    plain = {"Accept-Encoding": "identity"}
    with served.server.client(None) as anybody:
        whole = anybody.get(path, headers=plain)
        packed = anybody.get(path, headers={"Accept-Encoding": "br, gzip;q=0.5"})
        assert "content-encoding" not in whole.headers
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.text == whole.text
        assert packed.headers["etag"] != whole.headers["etag"]
        assert {r.headers["vary"] for r in (packed, whole)} == {"Accept-Encoding"}
        for refused in ("gzip;q=0", "gzip;q=0.0, br", ""):
            answer = anybody.get(path, headers={"Accept-Encoding": refused})
            assert answer.headers["etag"] == whole.headers["etag"]


def test_unknown_and_revoked_addresses_look_alike(served: Served) -> None:
    number, path = served.add()
    with served.server.client(None) as anybody:
        assert anybody.get(path).status_code == 200
        revoked = served.run("revoke", str(number))
        assert (revoked.exit_code, revoked.output) == (0, f"Feed {number} revoked.\n")
        told = []
        for one in (path, "/feeds/nobody-knows-this.ics", "/feeds/", "/feeds/x", "/feeds/a/b.ics"):
            answer = anybody.get(one)
            kept = {k: v for k, v in answer.headers.items() if k not in {"date", "x-request-id"}}
            told.append((answer.status_code, answer.content, kept))
        assert told[0][0] == 404
        assert told == [told[0]] * len(told)
    with pytest.raises(FeedNotFound):
        served.run("revoke", str(number))


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PROPFIND", "REPORT", "OPTIONS"])
def test_it_is_only_read(served: Served, method: str) -> None:
    _, path = served.add()
    with served.server.client() as staff:
        for one in (path, "/feeds/nobody-knows-this.ics"):
            answer = staff.request(method, one, content=b"x")
            assert answer.status_code == 405
            assert answer.headers["allow"] == "GET, HEAD"
        assert staff.get(path).status_code == 200


def test_no_log_names_the_address(served: Served) -> None:
    _, path = served.add()
    token = path.removeprefix("/feeds/").removesuffix(".ics")
    with served.server.client(None) as anybody:
        for method in ("GET", "HEAD", "POST"):
            anybody.request(method, path)
        anybody.get(f"{path}?{token}")
        anybody.get(f"/feeds/{token}")
        anybody.get("/feeds/..%2f" + token)
    log = served.server.log()
    lines = [json.loads(line) for line in log.splitlines() if '"request"' in line]
    assert any(line.get("route") == "/feeds/{token}" for line in lines)
    for part in (token, token[:7], token[-7:]):
        assert part not in log


def test_the_list_shows_everything_but_the_secret(served: Served) -> None:
    number, path = served.add("pseudonym")
    done = served.run("list")
    row = next(line for line in done.output.splitlines() if f" {number} " in line)
    assert all(word in row for word in ("dr-mueller", "pseudonym", "Telefon"))
    assert path[7:14] not in done.output
    database = SqlDatabase(served.server.database_url)
    with database.engine.connect() as connection:
        stored = str(connection.exec_driver_sql("SELECT * FROM feeds").all())
    database.close()
    assert "Telefon" in stored
    assert path[7:14] not in stored


# --- In this process ----------------------------------------------------------------------------


@pytest.fixture(scope="module", params=BACKENDS)
def marked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SqlDatabase]:
    """A practice whose objects have one word everywhere."""
    with a_database(request.param, request, tmp_path_factory.mktemp("feeds")) as database:
        a_practice(database)
        with writing(database) as uow:
            uow.patients.save(Patient("4711", PatientRecord(MARK, "Hans")))
            calendar = next(c for c in uow.calendars.all() if c.name == "dr-mueller")
            for name, text in MARKED.items():
                uow.calendars.save(calendar, a_draft(name, text))
        yield database


class Reader:
    """A client of one feed."""

    def __init__(self, database: SqlDatabase, level: Level, calendar: str = "dr-mueller") -> None:
        self._database = database
        self.now = NOW
        with writing(database) as uow:
            self._token, _ = feeds.make(uow, calendar, level, "Test")

    def get(self, window: FeedWindow | None = None, **headers: str) -> tuple[int, str, str]:
        """Return status, text and ETag."""
        door = Feeds(self._database, PROFILE, window or FeedWindow(), clock=lambda: self.now)
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = TestClient(door).get(f"/feeds/{self._token}.ics", headers=told)
        door.close()
        return answer.status_code, answer.text, answer.headers.get("etag", "")


@pytest.mark.parametrize("level", [Level.BUSY, Level.PSEUDONYM])
@pytest.mark.parametrize("calendar", ["dr-mueller", "praxis"])
def test_a_feed_tells_no_more_than_its_level(
    marked: SqlDatabase, level: Level, calendar: str
) -> None:
    status, text, etag = Reader(marked, level, calendar).get()
    assert status == 200
    assert events(text) == sum(t.count("BEGIN:VEVENT") for t in MARKED.values())
    assert MARK.lower() not in (text + etag).lower()


def test_a_feed_of_everything_tells_everything(marked: SqlDatabase) -> None:
    _, text, _ = Reader(marked, Level.READ).get()
    assert UID in text.replace("\r\n ", "")


def test_what_lies_outside_the_window_is_left_out(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        calendar = next(c for c in uow.calendars.all() if c.name == "dr-mueller")
        for days in (-61, -60, 0, 365, 366):
            day = f"{NOW + timedelta(days=days):%Y%m%d}"
            text = an_event(f"u{days}", f"{day}T100000", f"{day}T103000")
            uow.calendars.save(calendar, a_draft(f"{days}.ics", text))
    reader = Reader(practice, Level.READ)
    _, text, etag = reader.get()
    assert set(re.findall(r"UID:u(-?\d+)", text)) == {"-60", "0", "365"}
    assert events(reader.get(FeedWindow(0, 1))[1]) == 1
    reader.now = NOW + timedelta(hours=12)
    assert reader.get(If_None_Match=etag)[0] == 304
    reader.now = NOW + timedelta(days=1)
    status, text, _ = reader.get(If_None_Match=etag)
    assert status == 200
    assert set(re.findall(r"UID:u(-?\d+)", text)) == {"0", "365", "366"}
    changed = f"{datetime(2026, 11, 20, 10, tzinfo=UTC):%a, %d %b %Y %H:%M:%S GMT}"
    assert reader.get(If_Modified_Since=changed)[0] == 200


def test_a_feed_ends_with_its_calendar(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        labor = uow.calendars.create("labor", CalendarKind.PLAIN, {})
    reader = Reader(practice, Level.BUSY, "labor")
    assert reader.get()[0] == 200
    with writing(practice) as uow:
        uow.calendars.drop(labor)
    assert reader.get()[0] == 404
    with reading(practice) as uow:
        assert uow.feeds.all() == []


def test_only_what_can_be_shown_becomes_a_feed(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        for level in (Level.NONE, Level.WRITE):
            with pytest.raises(Invalid):
                feeds.make(uow, "dr-mueller", level, "x")
        for label in ("", " ", "x" * 256):
            with pytest.raises(Invalid):
                feeds.make(uow, "dr-mueller", Level.BUSY, label)
        with pytest.raises(CalendarNotFound):
            feeds.make(uow, "nobody", Level.BUSY, "x")
        assert uow.feeds.all() == []
        tokens = {feeds.make(uow, "dr-mueller", Level.BUSY, "x")[0] for _ in range(3)}
        assert len(tokens) == 3


def test_a_database_that_does_not_answer_is_told_so(tmp_path: Path) -> None:
    database = SqlDatabase(f"sqlite:///{tmp_path}/nowhere/praxis.db")
    door = Feeds(database, PROFILE, FeedWindow())
    answer = TestClient(door).get("/feeds/x.ics")
    door.close()
    database.close()
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"


def test_busy_blocks_look_alike_whatever_they_are(marked: SqlDatabase) -> None:
    with writing(marked) as uow:
        calendar = next(c for c in uow.calendars.all() if c.name == "dr-schmidt")
        uow.calendars.save(calendar, a_draft("a.ics", a_marked_event("one")))
        uow.calendars.save(calendar, a_draft("b.ics", an_event("two")))
    _, text, _ = Reader(marked, Level.BUSY, "dr-schmidt").get()
    one, two = (re.sub("UID:[0-9a-f]+", "", part) for part in text.split("BEGIN:VEVENT")[1:])
    assert one == two.replace("END:VCALENDAR\r\n", "")

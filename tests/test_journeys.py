"""From door to door: a real server, a booking tool and a mail server over the wire."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from icalendar import Calendar
from sqlalchemy import text
from starlette.responses import JSONResponse, Response

from practice.database import SqlDatabase
from practice.letters import LetterState
from practice.messages import Receiver
from tests.bookings import Ran, command
from tests.building import BERLIN, reading
from tests.conftest import BACKENDS
from tests.dav import listing, put, sync
from tests.doors import MUELLER, SECRET, Doors, open_doors, until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    import httpx


@pytest.fixture(scope="module", params=BACKENDS)
def doors(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Doors]:
    """A served practice, one for the module."""
    with open_doors(request.param, request, tmp_path_factory.mktemp("doors")) as opened:
        yield opened


def arrives(client: httpx.Client, token: str) -> str:
    """Return the href of the one object that sync-collection tells since a token, once it does."""
    found: list[str] = []

    def told() -> bool:
        found[:] = [href for href in sync(client, MUELLER, token).etags if href.endswith(".ics")]
        return bool(found)

    until(told, "the booking in the calendar")
    (href,) = found
    return href


def test_a_booking_goes_to_the_calendar_and_a_move_back_to_tool_and_patient(doors: Doors) -> None:
    with doors.server.client("albis") as software:
        token = sync(software, MUELLER).token
        number = doors.book()
        href = arrives(software, token)
        text = software.get(href).text
        assert "X-PATIENT-ID" in text
        start = f"{doors.day(7):%Y%m%d}T100000"
        moved = text.replace(start, start.replace("T10", "T14")).replace("T103000", "T143000")
        assert moved != text
        assert put(software, MUELLER, href.rsplit("/", 1)[1], moved).status_code == 204
        due = f"{doors.day(7):%Y-%m-%d} 14:00:00"
        until(lambda: doors.tool.appointments[number]["start_datetime"] == due, "the tool's move")
        until(lambda: len(doors.mailbox.taken) == 1, "the patient's e-mail")
        mail = doors.mailbox.message
        assert mail["To"] == "wiebke@example.org"
        invitation = next(p for p in mail.walk() if p.get_content_type() == "text/calendar")
        (event,) = Calendar.from_ical(invitation.get_content()).walk("VEVENT")
        assert event.decoded("DTSTART").astimezone(BERLIN).hour == 14

        assert software.delete(href).status_code == 204
        until(lambda: doors.tool.appointments[number]["status"] == "Cancelled", "the cancellation")
        until(lambda: len(doors.mailbox.taken) == 2, "the e-mail about the cancellation")
        mail = doors.mailbox.taken[1].message
        cancelled = next(p for p in mail.walk() if p.get_content_type() == "text/calendar")
        assert Calendar.from_ical(cancelled.get_content())["METHOD"] == "CANCEL"


@dataclass
class Both:
    """A booking that the practice has moved to 14:00 while the tool could not hear of it."""

    doors: Doors
    number: int
    href: str
    day: datetime

    def told(self, hour: int) -> str:
        """Return a time of its day as the tool writes it."""
        return f"{self.day.replace(hour=hour):%Y-%m-%d %H:%M:%S}"

    def there(self) -> str:
        """Return when it starts in the tool."""
        return str(self.doors.tool.appointments[self.number]["start_datetime"])

    def asked(self) -> list[str]:
        """Return the subjects of the e-mails to the admin."""
        mails = [one.message for one in self.doors.mailbox.taken]
        return [mail["Subject"] for mail in mails if mail["To"] == "leitung@example.org"]

    def conflicts(self, *words: str) -> Ran:
        """Run `praxis-caldav sync conflicts`."""
        options = ("--config", self.doors.config, "--database", self.doors.server.database_url)
        return command("sync", "conflicts", *words, *options)


def unheard(doors: Doors, software: httpx.Client, day: int) -> Both:
    """Return a booking that the practice has moved, and nobody could tell the tool."""
    token = sync(software, MUELLER).token
    number = doors.book(day)
    href = arrives(software, token)
    both = Both(doors, number, href, doors.day(day))
    doors.tool.refuse = lambda asked: Response("", 500) if asked.method == "PUT" else None
    tried = len(doors.tool.asked)
    text = software.get(href).text
    moved = text.replace("T100000", "T140000").replace("T103000", "T143000")
    assert put(software, MUELLER, href.rsplit("/", 1)[1], moved).status_code == 204
    until(
        lambda: any(asked.method == "PUT" for asked in doors.tool.asked[tried:]),
        "the first try to tell the tool",
    )
    doors.tool.refuse = lambda _: None
    return both


def test_both_changed_it_and_a_person_decides_for_the_tool(doors: Doors) -> None:
    with doors.server.client("albis") as software:
        both = unheard(doors, software, 9)
        doors.clock.behind = timedelta(minutes=10)
        doors.tool.move(both.number, both.told(16))
        doors.clock.behind = timedelta()
        until(lambda: both.there() == both.told(14), "the practice's time in the tool")
        until(lambda: len(both.asked()) == 1, "the question to the admin")
        assert "T140000" in software.get(both.href).text
        conflict = re.search(r"^\W*(\d+)\b.*termine", both.conflicts().out, re.MULTILINE)
        assert conflict is not None
        assert both.conflicts("--take", conflict[1]).code == 0
        assert "T160000" in software.get(both.href).text
        until(lambda: both.there() == both.told(16), "the time that was decided")


def test_a_young_change_of_the_tool_is_overwritten_without_a_word(doors: Doors) -> None:
    with doors.server.client("albis") as software:
        both = unheard(doors, software, 10)
        before = both.asked()
        doors.tool.move(both.number, both.told(16))
        until(lambda: both.there() == both.told(14), "the practice's time in the tool")
        assert "T140000" in software.get(both.href).text
        assert "agree on everything" in both.conflicts().out
        assert both.asked() == before


def test_an_empty_list_removes_nothing(doors: Doors) -> None:
    with doors.server.client("albis") as software:
        token = sync(software, MUELLER).token
        doors.book(11)
        arrives(software, token)
        before = listing(software, MUELLER)
        options = ("--config", doors.config, "--database", doors.server.database_url)
        doors.tool.refuse = lambda asked: JSONResponse([]) if asked.method == "GET" else None
        ran = command("sync", "run", "--quiet", *options)
        doors.tool.refuse = lambda _: None
        assert ran.code == 1
        assert "told of no booking" in " ".join(ran.out.split())
        assert listing(software, MUELLER) == before


def test_the_tool_is_down_for_two_days_and_hears_of_it_then(doors: Doors) -> None:
    with (
        doors.server.client("albis") as software,
        closing(SqlDatabase(doors.server.database_url)) as database,
    ):
        token = sync(software, MUELLER).token
        number = doors.book(12)
        href = arrives(software, token)
        doors.tool.down()
        moved = software.get(href).text.replace("T100000", "T140000").replace("T103000", "T143000")
        assert put(software, MUELLER, href.rsplit("/", 1)[1], moved).status_code == 204
        until(lambda: tries(database) == 1, "the first try to tell the tool")
        doors.tool.up()
        two_days_pass(database)
        due = f"{doors.day(12):%Y-%m-%d} 14:00:00"
        until(lambda: doors.tool.appointments[number]["start_datetime"] == due, "the tool's move")
        until(lambda: tries(database) == 0, "the end of the letter")
        assert "T140000" in software.get(href).text


def tries(database: SqlDatabase) -> int:
    """Return how often it was tried to tell the tool what it does not know yet."""
    with reading(database) as uow:
        letters = uow.outbox.find([LetterState.TRIED])
    return sum(letter.attempts for letter in letters if letter.to is Receiver.BOOKING_TOOL)


def two_days_pass(database: SqlDatabase) -> None:
    """Make the letters that were tried older."""
    older = "UPDATE letters SET posted = posted - :span, due = due - :span WHERE state = 'tried'"
    with database.engine.begin() as connection:
        connection.execute(text(older), {"span": timedelta(days=2) // timedelta(microseconds=1)})


def test_the_same_webhook_fifty_times_and_out_of_order_is_one_appointment(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = doors.tool.hooks[0]
    with doors.server.client("albis") as software:
        before = set(listing(software, MUELLER))
        token = sync(software, MUELLER).token
        asked: list[bytes] = []
        post = doors.tool.post_hook

        def kept_back(_url: str, body: bytes, _headers: Mapping[str, str]) -> int:
            asked.append(body)
            return 0

        monkeypatch.setattr(doors.tool, "post_hook", kept_back)
        number = doors.book(8, 9)
        doors.tool.move(number, f"{doors.day(8):%Y-%m-%d} 11:00:00")
        monkeypatch.undo()
        headers = {hook.header: hook.secret, "Content-Type": "application/json"}
        bodies = [body for body in reversed(asked) for _ in range(25)]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda body: post(hook.url, body, headers), bodies))
        assert set(answers) <= {200, 202}
        href = arrives(software, token)
        until(lambda: "T110000" in software.get(href).text, "the time after the move")
        assert set(listing(software, MUELLER)) - before == {href}


def test_a_webhook_with_a_wrong_token_is_refused(doors: Doors) -> None:
    hook = doors.tool.hooks[0]
    body = b'{"action": "appointment_save", "payload": {"id": 1}}'
    assert doors.tool.post_hook(hook.url, body, {hook.header: f"{SECRET}x"}) == 401
    assert doors.tool.post_hook(hook.url, body, {}) == 401
    assert doors.tool.post_hook(f"{hook.url}s", body, {hook.header: SECRET}) == 404
    assert doors.tool.post_hook(hook.url, b"x" * 300_000, {hook.header: SECRET}) == 413


def test_a_webhook_that_says_nothing_is_kept_for_a_person(doors: Doors) -> None:
    hook = doors.tool.hooks[0]
    with doors.server.client(None) as nobody:
        answer = nobody.post(
            "/api/webhooks/booking", content=b"[1, 2", headers={hook.header: SECRET}
        )
    assert answer.status_code == 202

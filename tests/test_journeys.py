"""From door to door: a real server, a booking tool and a mail server over the wire."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from icalendar import Calendar

from tests.building import BERLIN
from tests.conftest import BACKENDS
from tests.dav import listing, put, sync
from tests.doors import MUELLER, SECRET, Doors, open_doors, until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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

"""Webhooks: many, twice, late, out of order, and such that nobody can understand."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from booking_adapter.failures import Refused
from booking_adapter.protocol import Event, Hook, Power, Unreadable
from booking_adapter.webhooks import work_off
from practice.access import SYSTEM
from practice.appointments import Status
from practice.conflicts import DisputeKind
from practice.database import SqlDatabase
from practice.errors import DatabaseUnavailable
from practice.sources import Receipt, ReceiptState
from tests.bothways import SOURCE, BothWays, Scripted, a_told
from tests.building import NOW, PROFILE, reading, writing
from tests.conftest import BACKENDS
from tests.dav import listing
from tests.doors import MUELLER, Doors, open_doors, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

ELEVEN = "2026-11-24 11:00"


@pytest.fixture
def tool() -> Scripted:
    """A tool that says what the test has it say."""
    return Scripted()


@pytest.fixture
def sides(practice: SqlDatabase, tool: Scripted) -> Iterator[BothWays]:
    """A practice that has had one booking of such a tool for a day."""
    url = practice.engine.url.render_as_string(hide_password=False)
    tool.have(a_told())
    with BothWays(url, tool) as made:
        made.pull()
        made.later(days=1)
        yield made


def keep(sides: BothWays, *bodies: bytes) -> None:
    """Have webhooks that nobody has worked off yet."""
    with writing(sides.database, sides.source.actor, sides.now) as uow:
        for body in bodies:
            uow.receipts.receive(SOURCE, body.decode(), {}, body)


def work(sides: BothWays) -> None:
    """Work off what is due, as a worker does."""
    work_off(sides.database, {SOURCE: sides.source}, PROFILE, lambda: sides.now)


def receipts(sides: BothWays, *states: ReceiptState) -> list[Receipt]:
    with reading(sides.database) as uow:
        return uow.receipts.find(states or list(ReceiptState))


# --- What cannot be taken over --------------------------------------------------------------------


def test_webhooks_that_found_the_database_busy_are_worked_off_as_soon_as_it_is_not(
    sides: BothWays, tool: Scripted
) -> None:
    """They once waited five minutes, as if who had begun with them had died."""
    url = sides.database.engine.url.render_as_string(hide_password=False)
    lock, at_once = ExitStack(), SqlDatabase(url, busy_timeout=0.1)
    looks: list[int] = []

    def held() -> list[Event]:
        lock.enter_context(sides.database.begin(actor=SYSTEM, now=sides.now))
        looks.clear()
        return [Event("2", a_told("2", ELEVEN))]

    def clock() -> datetime:
        looks.append(1)
        if len(looks) > 1:  # what came after the attempt to take it over
            lock.close()
        return sides.now

    tool.hooks = {b"a": held, b"b": lambda: [Event("3", a_told("3", "2026-11-24 12:00"))]}
    keep(sides, b"a", b"b")
    with closing(at_once), pytest.raises(DatabaseUnavailable):
        work_off(at_once, {SOURCE: sides.source}, PROFILE, clock)
    tool.hooks[b"a"] = lambda: [Event("2", a_told("2", ELEVEN))]
    work(sides)
    assert (sides.start(2), sides.start(3)) == (f"{ELEVEN}:00", "2026-11-24 12:00:00")
    assert receipts(sides, ReceiptState.WAITING) == []


def test_a_webhook_that_nobody_thought_of_holds_up_no_other(
    sides: BothWays, tool: Scripted
) -> None:
    def broken() -> list[Event]:
        raise RuntimeError("Zarnekow")

    tool.hooks = {b"broken": broken, b"new": lambda: [Event("2", a_told("2", ELEVEN))]}
    keep(sides, b"broken", b"new")
    work(sides)
    assert sides.start(2) == f"{ELEVEN}:00"
    (waiting,) = receipts(sides, ReceiptState.WAITING)
    assert (waiting.body, waiting.reason) == (b"broken", "RuntimeError")
    assert waiting.due > sides.now
    sides.later(days=4)
    work(sides)
    (kept,) = receipts(sides, ReceiptState.QUARANTINED)
    assert kept.body == b"broken"


def test_a_webhook_waits_until_the_tool_s_key_is_mended(sides: BothWays, tool: Scripted) -> None:
    def locked() -> list[Event]:
        raise Refused(401, permanent=True)

    tool.hooks = {b"new": locked}
    keep(sides, b"new")
    work(sides)
    assert [one.reason for one in receipts(sides, ReceiptState.WAITING)] == ["status 401"]
    tool.hooks = {b"new": lambda: [Event("2", a_told("2", ELEVEN))]}
    sides.later(hours=1)
    work(sides)
    assert sides.start(2) == f"{ELEVEN}:00"


def test_a_webhook_about_a_booking_that_cannot_be_read_is_kept_for_a_person(
    sides: BothWays, tool: Scripted
) -> None:
    odd = Unreadable("2", "Its times cannot be read.")
    tool.hooks = {b"odd": lambda: [Event("2", odd)]}
    assert sides.hook(b"odd") == "Its times cannot be read."
    assert receipts(sides, ReceiptState.QUARANTINED)


def test_a_webhook_about_a_doctor_that_the_practice_has_not_is_kept_for_a_person(
    sides: BothWays, tool: Scripted
) -> None:
    tool.hooks = {b"odd": lambda: [Event("2", a_told("2", ELEVEN, doctor="dr-neu"))]}
    assert "no doctor 'dr-neu'" in sides.hook(b"odd")
    assert receipts(sides, ReceiptState.QUARANTINED)


def test_a_webhook_about_a_time_at_which_the_doctor_has_something_is_taken_and_noted(
    sides: BothWays, tool: Scripted
) -> None:
    tool.hooks = {b"new": lambda: [Event("2", a_told("2", ELEVEN))]}
    assert sides.hook(b"new") == ""
    tool.hooks = {b"double": lambda: [Event("3", a_told("3", ELEVEN))]}
    assert sides.hook(b"double") == ""
    with reading(sides.database) as uow:
        told = [uow.details.booked(number) for number in (1, 2, 3)]
    notes = [booked.details.note for booked in told if booked is not None]
    assert notes == ["", "", "Zur selben Zeit hat der Arzt einen weiteren Termin."]


def test_a_webhook_about_a_doctor_who_is_not_in_the_settings_is_nothing_to_look_at(
    sides: BothWays, tool: Scripted
) -> None:
    away = Unreadable("2", "None of its doctors is one of those in the settings.", elsewhere=True)
    tool.hooks = {b"away": lambda: [Event("2", away)]}
    assert sides.hook(b"away") == ""
    assert sides.disputes() == []


def test_a_booking_that_went_to_a_doctor_who_is_not_in_the_settings_is_asked_about(
    sides: BothWays, tool: Scripted
) -> None:
    away = Unreadable("1", "None of its doctors is one of those in the settings.", elsewhere=True)
    tool.hooks = {b"away": lambda: [Event("1", away)]}
    assert sides.hook(b"away") == ""
    assert [one.kind for one in sides.disputes()] == [DisputeKind.UNLISTED]
    assert sides.appointment().status is Status.CONFIRMED


def test_neither_a_webhook_nor_its_receipt_shows_what_it_says() -> None:
    said = {"x-ea-token": "geheim"}, b'{"last_name": "Zarnekow"}'
    receipt = Receipt(1, SOURCE, "k", NOW, *said, ReceiptState.DONE, NOW)
    for shown in (repr(Hook(*said, NOW)), repr(receipt)):
        assert "geheim" not in shown
        assert "Zarnekow" not in shown


# --- Removed, or not ------------------------------------------------------------------------------


def test_what_a_webhook_says_was_removed_is_cancelled(sides: BothWays, tool: Scripted) -> None:
    tool.hooks = {b"gone": lambda: [Event("1", None, removed=True)]}
    sides.hook(b"gone")
    assert sides.appointment().status is Status.CANCELLED
    assert "STATUS:CANCELLED" in sides.object().text


def test_what_is_not_found_though_nobody_removed_it_is_not_cancelled(
    sides: BothWays, tool: Scripted
) -> None:
    """Another account's key finds nothing, nor does a mistake in an address."""
    tool.hooks = {b"changed": lambda: [Event("1", None)]}
    sides.hook(b"changed")
    assert sides.appointment().status is Status.CONFIRMED
    assert sides.disputes() == []  # the next list will tell
    tool.powers = Power.HOOKS
    tool.hooks[b"again"] = lambda: [Event("1", None)]
    sides.hook(b"again")
    (dispute,) = sides.disputes()
    assert dispute.kind is DisputeKind.VANISHED


def test_a_webhook_that_says_it_was_removed_answers_the_question_where_it_is(
    sides: BothWays, tool: Scripted
) -> None:
    tool.have(a_told("2"), a_told("3"))
    sides.pull()
    del tool.rows["1"]
    sides.pull()
    assert len(sides.disputes()) == 1
    tool.hooks = {b"gone": lambda: [Event("1", None, removed=True)]}
    sides.hook(b"gone")
    assert (sides.appointment().status, sides.disputes()) == (Status.CANCELLED, [])


# --- Out of order ---------------------------------------------------------------------------------


def test_of_two_that_are_worked_off_at_once_what_was_asked_for_last_stands(
    sides: BothWays, tool: Scripted
) -> None:
    def first() -> list[Event]:
        asked = tool.rows["1"]  # and the answer takes its time
        sides.later(seconds=1)
        tool.have(a_told("1", ELEVEN))
        keep(sides, b"second")
        work(sides)
        return [Event("1", asked)]

    tool.have(a_told("1", "2026-11-24 15:00"))
    tool.hooks = {b"first": first, b"second": lambda: [Event("1", tool.rows["1"])]}
    sides.hook(b"first")
    assert sides.start() == f"{ELEVEN}:00"


@pytest.mark.parametrize("order", ["in order", "backwards"])
def test_where_nobody_can_be_asked_the_last_change_stands(
    sides: BothWays, tool: Scripted, order: str
) -> None:
    tool.powers = Power.HOOKS

    def changed(minutes: int, start: str) -> list[Event]:
        told = replace(a_told("1", start), changed=sides.now - timedelta(minutes=minutes))
        return [Event("1", told)]

    tool.hooks = {
        b"to three": lambda: changed(20, "2026-11-24 15:00"),
        b"to eleven": lambda: changed(10, ELEVEN),
    }
    bodies = list(tool.hooks)
    for body in bodies if order == "in order" else reversed(bodies):
        sides.hook(body)
    assert sides.start() == f"{ELEVEN}:00"


def test_an_old_webhook_is_replayed_and_changes_nothing_that_was_heard_since(
    sides: BothWays, tool: Scripted
) -> None:
    tool.powers = Power.HOOKS | Power.LISTS
    keep(sides, b"old")
    tool.hooks = {b"old": lambda: [Event("1", a_told("1", "2026-11-24 15:00"))]}
    sides.later(hours=1)
    tool.have(a_told("1", ELEVEN))
    sides.pull()
    work(sides)
    assert sides.start() == f"{ELEVEN}:00"


# --- Very many, over the wire ---------------------------------------------------------------------


@pytest.fixture(scope="module", params=BACKENDS)
def doors(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Doors]:
    """A served practice, one for the module."""
    with open_doors(request.param, request, tmp_path_factory.mktemp("doors")) as opened:
        yield opened


def caught(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Have webhooks kept back from now on; returns where they are put."""
    bodies: list[bytes] = []
    monkeypatch.setattr(doors.tool, "post_hook", lambda _url, body, _headers: bodies.append(body))
    return bodies


def send(doors: Doors, bodies: list[bytes]) -> list[int]:
    """Send webhooks, eight at a time; return the statuses."""
    hook = doors.tool.hooks[0]
    headers = {hook.header: hook.secret, "Content-Type": "application/json"}
    with httpx.Client(headers=headers, timeout=30) as client, ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda body: client.post(hook.url, content=body).status_code, bodies))


def test_one_webhook_a_thousand_times_is_one_appointment(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies = caught(doors, monkeypatch)
    with doors.server.client("albis") as software:
        before = set(listing(software, MUELLER))
        doors.book(8, 9)
        statuses = send(doors, bodies * 1000)
        assert sorted(set(statuses)) == [200, 202]
        assert statuses.count(202) == 1
        until(lambda: set(listing(software, MUELLER)) != before, "the booking in the calendar")
        assert len(set(listing(software, MUELLER)) - before) == 1


def test_a_thousand_webhooks_in_any_order_end_where_the_tool_is(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies = caught(doors, monkeypatch)
    with doors.server.client("albis") as software:
        before = set(listing(software, MUELLER))
        numbers = [doors.book(10 + n // 8, 8 + n % 8) for n in range(40)]
        for turn in range(1, 5):
            for n, number in enumerate(numbers):
                start = doors.day(10 + n // 8 + 7 * turn).replace(hour=8 + n % 8)
                doors.tool.move(number, f"{start:%Y-%m-%d %H:%M:%S}")
        assert len(set(bodies)) == 200
        every = bodies * 5
        random.Random(5).shuffle(every)
        statuses = send(doors, every)
        assert (statuses.count(202), statuses.count(200)) == (200, 800)
        due = {
            row["start_datetime"].translate({ord("-"): "", ord(":"): "", ord(" "): "T"})
            for row in (doors.tool.appointments[number] for number in numbers)
        }

        def starts() -> set[str]:
            hrefs = set(listing(software, MUELLER)) - before
            lines = (software.get(href).text.splitlines() for href in hrefs)
            return {
                line.rpartition(":")[2] for each in lines for line in each if "DTSTART;" in line
            }

        until(lambda: starts() == due, "all of them as the tool has them")
        assert len(set(listing(software, MUELLER)) - before) == len(numbers)

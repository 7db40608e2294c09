"""sync-collection in parts (RFC 6578 3.6): pages that add up to the calendar, whoever writes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from xml.sax.saxutils import escape

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from caldav_server.reports.sync import SyncRequest, find_part
from practice.database import SqlDatabase
from practice.database.unit_of_work import SqlUnitOfWork
from practice.views import View
from tests.building import an_event, reading, the_view
from tests.dav import (
    CALENDARSERVER,
    DAV,
    HOME,
    Multistatus,
    emptied,
    listing,
    multistatus,
    preconditions,
    propfind,
    put,
)
from tests.servers import RunningServer
from tests.test_sync_properties import (
    CREATED,
    DELETED,
    MOVED,
    STEPS,
    WATCHED,
    Replica,
    Step,
    emptied_database,
    random_steps,
    run,
    send,
)

MUELLER, SCHMIDT, PRAXIS = (f"{HOME}{name}/" for name in ("dr-mueller", "dr-schmidt", "praxis"))


def ask(
    client: httpx.Client, path: str, token: str = "", limit: object = None, **more: str
) -> httpx.Response:
    """Ask for what changed since a token, at most so much of it."""
    limited = "" if limit is None else f"<limit><nresults>{limit}</nresults></limit>"
    level = more.get("level", "<sync-level>1</sync-level>")
    prop = more.get("prop", "<prop><getetag/></prop>")
    body = (
        f'<sync-collection xmlns="DAV:"><sync-token>{escape(token)}</sync-token>'
        f"{level}{limited}{prop}</sync-collection>"
    )
    headers = {"Depth": more.get("depth", "0")}
    return client.request("REPORT", path, content=body, headers=headers)


def page(client: httpx.Client, path: str, token: str, limit: int) -> tuple[Multistatus, bool]:
    """Return a page, and whether it says that there is more."""
    answer = ask(client, path, token, limit)
    told = multistatus(answer)
    cut = told.found.pop(path, None)
    if cut is not None:
        assert cut.status == 507
        assert "<number-of-matches-within-limits/>" in answer.text
    assert len(told.found) <= limit
    return told, cut is not None


@pytest.fixture
def staff(server: RunningServer) -> Iterator[httpx.Client]:
    """Someone who writes, with seven objects in two calendars."""
    emptied(server)
    with server.client() as client:
        for number in range(7):
            calendar = (MUELLER, SCHMIDT)[number % 2]
            assert put(client, calendar, f"{number}.ics", an_event(f"e{number}")).status_code == 201
        yield client


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7, 8, 1000])
@pytest.mark.parametrize("path", [MUELLER, PRAXIS, f"{PRAXIS}appointments.ics/"])
def test_pages_from_nothing_add_up_to_the_calendar(
    staff: httpx.Client, path: str, limit: int
) -> None:
    replica: Replica = {}
    token, more, pages = "", True, 0
    while more:
        told, more = page(staff, path, token, limit)
        assert not set(told.etags) & set(replica)  # each is told once
        replica |= told.etags
        token, pages = told.token, pages + 1
    assert replica == listing(staff, path)
    assert pages == -(-len(replica) // limit)
    assert page(staff, path, token, limit) == (multistatus(ask(staff, path, token)), False)


def test_pages_of_changes_tell_of_what_came_and_what_went(staff: httpx.Client) -> None:
    token = multistatus(ask(staff, MUELLER)).token
    for number in range(10, 14):
        put(staff, MUELLER, f"{number}.ics", an_event(f"e{number}"))
    staff.delete(f"{MUELLER}0.ics")
    staff.delete(f"{MUELLER}10.ics")
    first, more = page(staff, MUELLER, token, 2)
    assert more
    assert set(first.etags) == {f"{MUELLER}11.ics", f"{MUELLER}12.ics"}
    second, more = page(staff, MUELLER, first.token, 2)
    assert more
    assert (set(second.etags), second.gone) == ({f"{MUELLER}13.ics"}, {f"{MUELLER}0.ics"})
    third, more = page(staff, MUELLER, second.token, 2)
    assert not more
    assert third.gone <= {f"{MUELLER}10.ics"}  # which it never had
    assert third.token == multistatus(ask(staff, MUELLER, token)).token


def test_a_client_may_go_on_from_a_page_without_a_limit(staff: httpx.Client) -> None:
    first, more = page(staff, PRAXIS, "", 3)
    assert more
    rest = multistatus(ask(staff, PRAXIS, first.token))
    assert first.etags | rest.etags == listing(staff, PRAXIS)


def test_what_goes_and_comes_back_between_pages_is_not_kept_for_ever(staff: httpx.Client) -> None:
    """It went before the page ended, came back after, and has gone: no page may lose that."""
    token = multistatus(ask(staff, MUELLER)).token
    staff.delete(f"{MUELLER}0.ics")
    put(staff, MUELLER, "x.ics", an_event("x"))
    put(staff, MUELLER, "0.ics", an_event("e0"))
    first, more = page(staff, MUELLER, token, 1)
    assert more
    staff.delete(f"{MUELLER}0.ics")
    for limit in (None, 1, 100):
        assert f"{MUELLER}0.ics" in multistatus(ask(staff, MUELLER, first.token, limit)).gone


@pytest.mark.parametrize("limit", ["0", "-1", "", "viele", "1.5", "9" * 30])
def test_a_limit_is_a_number_from_one(staff: httpx.Client, limit: str) -> None:
    assert ask(staff, MUELLER, "", limit).status_code == 400


def test_a_limit_has_one_number(staff: httpx.Client) -> None:
    for limit in ("<limit/>", "<limit><nresults>1</nresults><nresults>2</nresults></limit>"):
        assert ask(staff, MUELLER, level=f"<sync-level>1</sync-level>{limit}").status_code == 400


@pytest.mark.parametrize(
    ("level", "depth", "status"),
    [
        ("<sync-level>1</sync-level>", "0", 207),
        ("<sync-level>infinite</sync-level>", "0", 207),
        ("<sync-level>1</sync-level>", "1", 207),
        ("", "1", 207),  # an old draft that clients speak
        ("", "0", 207),
        ("<sync-level>2</sync-level>", "0", 400),
        ("<sync-level/>", "0", 400),
        ("<sync-level>1</sync-level>", "2", 400),
    ],
)
def test_the_level_is_one_or_infinite_and_both_are_the_same(
    staff: httpx.Client, level: str, depth: str, status: int
) -> None:
    answer = ask(staff, MUELLER, level=level, depth=depth)
    assert answer.status_code == status
    if status == 207:
        assert set(multistatus(answer).found) == set(listing(staff, MUELLER))


def test_members_are_told_even_if_nothing_is_asked_of_them(staff: httpx.Client) -> None:
    found = multistatus(ask(staff, MUELLER, prop="<prop/>")).found
    assert set(found) == set(listing(staff, MUELLER))


def test_a_token_is_good_for_its_calendar_alone(staff: httpx.Client) -> None:
    whole = multistatus(ask(staff, MUELLER)).token
    first, _ = page(staff, MUELLER, "", 1)
    for token in (whole, first.token):
        for path in (SCHMIDT, PRAXIS):
            refused = ask(staff, path, token)
            assert refused.status_code == 403
            assert preconditions(refused) == {DAV + "valid-sync-token"}
    for token in (whole + "-x", first.token + "0" * 30, "urn:x", "data:,1"):
        assert ask(staff, MUELLER, token).status_code == 403
    assert ask(staff, f"{MUELLER}appointments.ics/", whole).status_code == 207
    told = propfind(staff, f"{MUELLER}appointments.ics/", DAV + "sync-token", CALENDARSERVER + "x")
    assert told.only.text(DAV + "sync-token") == whole


# --- under changes --------------------------------------------------------------------------------


class Pager:
    """A replica that is kept by pages of random lengths, over the use cases."""

    def __init__(self, watched: tuple[str, str], seed: int) -> None:
        self._watched = watched
        self._dice = random.Random(seed)
        self._token = ""
        self.replica: Replica = {}

    def turn(self, uow: SqlUnitOfWork) -> bool:
        """Take one page; tell whether there is more."""
        view: View = the_view(uow, *self._watched)
        asked = SyncRequest(self._token, self._dice.choice((0, 1, 1, 2, 3)))
        part = find_part(uow, view, asked)
        changed = list(part.changed)
        assert not asked.limit or len(changed) + len(part.removed) <= asked.limit
        for gone in part.removed:
            self.replica.pop(view.name_of(*gone), None)
        for head in changed:
            self.replica[view.name_of(head.calendar_id, head.href)] = head.etag
        self._token = part.token
        return part.more


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, seed=st.integers(0, 1000))
@example(steps=[CREATED, DELETED, CREATED, DELETED, CREATED, MOVED, CREATED, DELETED], seed=1)
def test_a_replica_kept_by_pages_becomes_the_listing(
    practice: SqlDatabase, steps: list[Step], seed: int
) -> None:
    emptied_database(practice)
    dice = random.Random(seed)
    pagers = [(watched, Pager(watched, seed)) for watched in WATCHED]
    for version, step in enumerate(steps):
        run(practice, step, version)
        with reading(practice) as uow:
            for _, pager in pagers:
                if dice.random() < 0.6:
                    pager.turn(uow)
    with reading(practice) as uow:
        for watched, pager in pagers:
            turns = 0
            while pager.turn(uow):
                turns += 1
                assert turns < 200
            view = the_view(uow, *watched)
            heads = uow.calendars.listing(view)
            listed = {view.name_of(head.calendar_id, head.href): head.etag for head in heads}
            assert pager.replica == listed


def test_pages_stay_true_while_several_clients_write(server: RunningServer) -> None:
    emptied(server)

    def write(writer: str) -> None:
        with server.client(writer) as client:
            for version, step in enumerate(random_steps(writer, 7, 20)):
                send(client, step, version)

    def keep(account: str, path: str, writing: list[object]) -> tuple[Replica, Replica]:
        dice, token = random.Random(path), ""
        replica: Replica = {}
        with server.client(account) as client:
            more = True
            while more or not all(task.done() for task in writing):  # type: ignore[attr-defined]
                told, more = page(client, path, token, dice.randint(1, 4))
                replica = {h: e for h, e in replica.items() if h not in told.gone} | told.etags
                token = told.token
            more = True
            while more:
                told, more = page(client, path, token, 3)
                replica = {h: e for h, e in replica.items() if h not in told.gone} | told.etags
                token = told.token
            return replica, listing(client, path)

    with ThreadPoolExecutor(6) as threads:
        writing: list[object] = [threads.submit(write, w) for w in ("empfang", "albis", "mueller")]
        keeping = [
            threads.submit(keep, account, path, writing)
            for account, path in (("empfang", PRAXIS), ("gast", MUELLER), ("buchung", PRAXIS))
        ]
        for task in keeping:
            replica, listed = task.result()
            assert replica == listed

"""Of clients that want the same thing at the same moment, one gets it; two workers or one."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from practice.database import SqlDatabase
from practice.use_cases.verify import verify
from tests.building import PROFILE, an_event, reading
from tests.dav import CALDAV, HOME, emptied, listing, multiget, names, preconditions, put, sync

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from tests.servers import RunningServer

MUELLER = f"{HOME}dr-mueller/"
PRAXIS = f"{HOME}praxis/"
RIVALS = 8
ROUNDS = 20
SLOT_FREE = "{urn:praxis-caldav}slot-free"
NO_UID_CONFLICT = CALDAV + "no-uid-conflict"


class Rivals:
    """Several clients of one account, each with a connection of its own."""

    def __init__(self, server: RunningServer, account: str, number: int = RIVALS) -> None:
        self._stack = ExitStack()
        self._clients = [self._stack.enter_context(server.client(account)) for _ in range(number)]
        self._threads = self._stack.enter_context(ThreadPoolExecutor(number))
        for client in self._clients:  # connected, and the password known to every worker
            for _ in range(3):
                assert client.request("PROPFIND", HOME).status_code == 207

    def __enter__(self) -> Rivals:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def race(self, request: Callable[[httpx.Client, int], httpx.Response]) -> list[httpx.Response]:
        """Send one request of each at the same moment; return the answers in their order."""
        start = Barrier(len(self._clients))

        def run(number: int) -> httpx.Response:
            start.wait(30)
            return request(self._clients[number], number)

        return list(self._threads.map(run, range(len(self._clients))))


@pytest.fixture
def arena(server: RunningServer) -> Iterator[RunningServer]:
    """A server with empty calendars; afterwards its log and its replicas are whole."""
    emptied(server)
    with server.client() as client:
        token = sync(client, PRAXIS).token
    yield server
    with server.client() as client:
        told = sync(client, PRAXIS, token)
        assert told.etags == sync(client, PRAXIS).etags == listing(client, PRAXIS)
    with closing(SqlDatabase(server.database_url)) as database, reading(database) as uow:
        numbers = [change.number for change in uow.calendars.log(0, 1_000_000)]
        assert numbers == list(range(1, uow.log_state().number + 1))
        assert list(verify(uow, PROFILE, lambda: None)) == []


def statuses(answers: list[httpx.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def version(uid: str, number: int) -> str:
    return an_event(uid, "20261123T100000", "20261123T103000", f"SUMMARY:Fassung {number}")


def test_of_changes_to_one_version_one_is_made(arena: RunningServer) -> None:
    with arena.client() as client, Rivals(arena, "empfang") as rivals:
        etag = put(client, MUELLER, "a.ics", version("a", 0)).headers["etag"]
        for round_ in range(ROUNDS):
            known = etag

            def change(
                rival: httpx.Client, number: int, round_: int = round_, known: str = known
            ) -> httpx.Response:
                text = version("a", 100 * (round_ + 1) + number)
                return put(rival, MUELLER, "a.ics", text, If_Match=known)

            answers = rivals.race(change)
            assert statuses(answers) == {204: 1, 412: RIVALS - 1}
            (winner,) = (n for n, answer in enumerate(answers) if answer.status_code == 204)
            stands = client.get(f"{MUELLER}a.ics")
            assert stands.text == version("a", 100 * (round_ + 1) + winner)
            assert stands.headers["etag"] == answers[winner].headers["etag"] != etag
            etag = stands.headers["etag"]


def test_of_deletions_and_changes_of_one_version_one_is_made(arena: RunningServer) -> None:
    with arena.client() as client, Rivals(arena, "empfang") as rivals:
        for round_ in range(ROUNDS):
            known = put(client, MUELLER, "a.ics", version("a", round_)).headers["etag"]

            def change_or_delete(
                rival: httpx.Client, number: int, known: str = known
            ) -> httpx.Response:
                if number % 2:
                    return rival.delete(f"{MUELLER}a.ics", headers={"If-Match": known})
                text = version("a", 1000 + number)
                return put(rival, MUELLER, "a.ics", text, If_Match=known)

            answers = rivals.race(change_or_delete)
            told = statuses(answers)
            assert told.pop(204) == 1
            assert set(told) <= {404, 412}
            there = client.get(f"{MUELLER}a.ics").status_code
            (winner,) = (n for n, answer in enumerate(answers) if answer.status_code == 204)
            assert there == (404 if winner % 2 else 200)


def test_of_creations_of_one_name_one_is_made(arena: RunningServer) -> None:
    with arena.client() as client, Rivals(arena, "albis") as rivals:
        for round_ in range(ROUNDS):
            name = f"{round_}.ics"

            def create(rival: httpx.Client, number: int, name: str = name) -> httpx.Response:
                text = version(f"{name}-{number}", number)
                return put(rival, MUELLER, name, text, If_None_Match="*")

            answers = rivals.race(create)
            assert statuses(answers) == {201: 1, 412: RIVALS - 1}
            (winner,) = (n for n, answer in enumerate(answers) if answer.status_code == 201)
            assert client.get(MUELLER + name).text == version(f"{name}-{winner}", winner)
        assert names(client, MUELLER) == {f"{round_}.ics" for round_ in range(ROUNDS)}


@pytest.mark.parametrize("calendar", [MUELLER, PRAXIS], ids=["the doctor's", "the main"])
def test_of_bookings_of_one_slot_one_is_taken(arena: RunningServer, calendar: str) -> None:
    with arena.client() as client, Rivals(arena, "buchung") as rivals:
        for round_ in range(ROUNDS):
            times = (f"202611{5 + round_:02}T100000", f"202611{5 + round_:02}T103000")

            def book(
                rival: httpx.Client,
                number: int,
                round_: int = round_,
                times: tuple[str, str] = times,
            ) -> httpx.Response:
                name = f"{round_}-{number}"
                return put(rival, calendar, f"{name}.ics", an_event(name, *times))

            answers = rivals.race(book)
            assert statuses(answers) == {201: 1, 409: RIVALS - 1}
            for answer in answers:
                if answer.status_code == 409:
                    assert preconditions(answer) == {SLOT_FREE}
        assert len(listing(client, calendar)) == ROUNDS


def test_of_two_names_for_one_uid_one_is_taken(arena: RunningServer) -> None:
    with arena.client() as client, Rivals(arena, "empfang", 2) as rivals:
        for round_ in range(2 * ROUNDS):
            uid = f"uid-{round_}"

            def create(rival: httpx.Client, number: int, uid: str = uid) -> httpx.Response:
                return put(rival, MUELLER, f"{uid}-{number}.ics", version(uid, number))

            answers = rivals.race(create)
            assert statuses(answers) == {201: 1, 409: 1}
            (winner, loser) = sorted(range(2), key=lambda n: answers[n].status_code)
            assert preconditions(answers[loser]) == {NO_UID_CONFLICT}
            assert f"<href>{MUELLER}{uid}-{winner}.ics</href>" in answers[loser].text
        hrefs = list(listing(client, MUELLER))
        assert len(hrefs) == 2 * ROUNDS
        assert len(multiget(client, MUELLER, hrefs).data) == 2 * ROUNDS

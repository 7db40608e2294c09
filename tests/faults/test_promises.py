"""One winner of six, one UID once, no state under the token of another: again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.building import an_event
from tests.dav import CALENDARSERVER, DAV, HOME, listing, propfind, put, sync
from tests.faults.checking import check_database, verified
from tests.test_rivals import Rivals

if TYPE_CHECKING:
    import httpx

    from tests.faults.arena import Arena

pytestmark = pytest.mark.slow

MUELLER = f"{HOME}dr-mueller/"
CTAG, TOKEN = CALENDARSERVER + "getctag", DAV + "sync-token"
ROUNDS = 100


def version(uid: str, number: int) -> str:
    more = (f"SUMMARY:Fassung {number}", "X-APPOINTMENT-TYPE:Kontrolle")
    return an_event(uid, "20261123T100000", "20261123T103000", *more)


def test_of_six_with_one_etag_one_wins_a_hundred_times(arena: Arena) -> None:
    with arena.server.client() as client, Rivals(arena.server, "empfang", 6) as rivals:
        etag = put(client, MUELLER, "a.ics", version("a", 0)).headers["etag"]
        for round_ in range(ROUNDS):
            known = etag

            def change(
                rival: httpx.Client, number: int, round_: int = round_, known: str = known
            ) -> httpx.Response:
                text = version("a", 10 * (round_ + 1) + number)
                return put(rival, MUELLER, "a.ics", text, If_Match=known)

            answers = rivals.race(change)
            assert sorted(answer.status_code for answer in answers) == [204, *[412] * 5]
            (winner,) = (n for n, answer in enumerate(answers) if answer.status_code == 204)
            stands = client.get(f"{MUELLER}a.ics")
            assert stands.text == version("a", 10 * (round_ + 1) + winner)
            etag = stands.headers["etag"]
    assert check_database(arena.url) >= ROUNDS + 1
    print(f"\n{ROUNDS} rounds of 6 with one ETag: 1 winner each")


def test_of_two_puts_of_one_uid_one_wins_a_hundred_times(arena: Arena) -> None:
    with arena.server.client() as client, Rivals(arena.server, "empfang", 2) as rivals:
        for round_ in range(ROUNDS):

            def create(rival: httpx.Client, number: int, round_: int = round_) -> httpx.Response:
                return put(rival, MUELLER, f"{round_}-{number}.ics", version(f"u{round_}", 0))

            answers = rivals.race(create)
            assert sorted(answer.status_code for answer in answers) == [201, 409]
        assert len(listing(client, MUELLER)) == ROUNDS
    verified(arena.url)
    print(f"\n{ROUNDS} races for one UID: 0 duplicates")


def test_no_ctag_or_token_comes_back_in_five_hundred_writes(arena: Arena) -> None:
    """Not even where the calendar is again as it was: the same few states over and over."""
    seen: set[str] = set()
    with arena.server.client() as client:
        for number in range(500):
            if number % 3 == 2:
                assert client.delete(f"{MUELLER}a.ics").status_code == 204
            else:
                text = version("a", number % 3)
                assert put(client, MUELLER, "a.ics", text).status_code in {201, 204}
            told = propfind(client, MUELLER, CTAG, TOKEN).only
            assert sync(client, MUELLER).token == told.text(TOKEN)
            assert {told.text(CTAG), told.text(TOKEN)}.isdisjoint(seen)
            seen |= {told.text(CTAG), told.text(TOKEN)}
    assert len(seen) == 1000
    print("\n500 writes: 500 ctags and 500 tokens")

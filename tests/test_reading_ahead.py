"""What a PUT brings is read before its turn; its answer is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from caldav_server import batches
from caldav_server.objects import Objects
from tests.building import PASSWORD, an_event
from tests.dav import HOME, listing, put, query
from tests.in_process import clients

if TYPE_CHECKING:
    from datetime import datetime

    from practice.database import SqlDatabase

MUELLER = f"{HOME}dr-mueller/"
ZONE = (
    '<propertyupdate xmlns="DAV:"><set><prop>'
    '<calendar-timezone-id xmlns="urn:ietf:params:xml:ns:caldav">%s</calendar-timezone-id>'
    "</prop></set></propertyupdate>"
)
TIMES = ("20261123T100000", "20261123T103000")
FLOATING = an_event("floating", *TIMES).replace(";TZID=Europe/Berlin", "")
BERLIN, LISBON = ("20261123T090000Z", "20261123T093000Z"), ("20261123T100000Z", "20261123T103000Z")


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Have everything read ahead that may be; tells the length of each body."""
    monkeypatch.setattr(batches, "AHEAD", 1)
    seen, read_ahead = [], Objects.read_ahead

    def reading(self: Objects, environ: dict[str, str], now: datetime) -> None:
        seen.append(int(environ["CONTENT_LENGTH"]))
        read_ahead(self, environ, now)

    monkeypatch.setattr(Objects, "read_ahead", reading)
    return seen


def test_what_is_read_ahead_is_kept_or_refused_as_ever(
    practice: SqlDatabase, ahead: list[int]
) -> None:
    good = an_event("a", *TIMES, "SUMMARY:ä")
    cut = good.encode().replace(b"\xc3\xa4", b"\xc3\r\n \xa4")
    bodies = {
        "good": good.encode(),
        "cut in a character": cut,
        "no calendar": b"x",
        "not UTF-8": b"\xff\xfe",
        "too many": an_event("a", *TIMES, "RRULE:FREQ=SECONDLY;COUNT=9999").encode(),
        "nothing": b"",
    }
    told = {}
    with clients(practice, "empfang") as (staff,):
        for wait in (1, 2):
            batches.AHEAD = wait
            seen = {}
            for name, body in bodies.items():
                for kind in ("text/calendar", "text/html"):
                    reply = staff.put(
                        f"{MUELLER}a.ics", content=body, headers={"Content-Type": kind}
                    )
                    kept = staff.get(f"{MUELLER}a.ics")
                    etag = "etag" in reply.headers
                    seen[name, kind] = (reply.status_code, etag, reply.text, kept.text)
                staff.delete(f"{MUELLER}a.ics")
            told[wait] = seen
            assert len(ahead) == 2 * len(bodies)
    assert told[1] == told[2]
    # An ETag says that the bytes are kept as they came.
    assert told[1]["good", "text/calendar"] == (201, True, "", good)
    assert told[1]["cut in a character", "text/calendar"] == (201, False, "", good)
    taken = {name for (name, _), (status, *_) in told[1].items() if status == 201}
    assert taken == {"good", "cut in a character"}


def test_a_calendar_with_a_zone_of_its_own_has_its_floating_times_in_that(
    practice: SqlDatabase, ahead: list[int]
) -> None:
    with clients(practice, "admin") as (admin,):
        assert put(admin, MUELLER, "b.ics", FLOATING).status_code == 201
        found = query(admin, MUELLER, *BERLIN).etags, query(admin, MUELLER, *LISBON).etags
        assert [len(one) for one in found] == [1, 0]
        zoned = admin.request("PROPPATCH", MUELLER, content=ZONE % "Europe/Lisbon")
        assert "200 OK" in zoned.text
        assert (
            put(admin, MUELLER, "c.ics", FLOATING.replace("floating", "other")).status_code == 201
        )
        assert len(ahead) == 2
        found = query(admin, MUELLER, *BERLIN).etags, query(admin, MUELLER, *LISBON).etags
        assert [len(one) for one in found] == [0, 2]


def test_who_is_not_known_has_nothing_read(practice: SqlDatabase, ahead: list[int]) -> None:
    with clients(practice, "empfang") as (staff,):
        claims = {None: 401, ("empfang", "wrong"): 401, ("nobody", PASSWORD): 401}
        for claim, status in {**claims, ("gast", PASSWORD): 403}.items():
            staff.auth = claim
            assert put(staff, MUELLER, "a.ics", an_event("a")).status_code == status
            assert not ahead
        staff.auth = ("empfang", PASSWORD)
        assert put(staff, MUELLER, "a.ics", an_event("a")).status_code == 201
        assert len(ahead) == 1
        assert len(listing(staff, MUELLER)) == 1

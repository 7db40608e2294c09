"""Awkward objects (`tests.corpus`) are kept byte for byte and are found when they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

import httpx
import pytest

from tests.building import BERLIN
from tests.corpus import CORPUS, FIRST, LAST, Case, Stay
from tests.dav import HOME, emptied, listing, multiget, query, report, sync
from tests.servers import RunningServer

CALENDAR = HOME + "dr-mueller/"


def href_of(case: Case) -> str:
    return f"{CALENDAR}{case.name}.ics"


@pytest.fixture(scope="module")
def client(server: RunningServer) -> Iterator[httpx.Client]:
    """A client of a calendar that holds the whole corpus."""
    with emptied(server).client() as made:
        for case in CORPUS:
            answer = made.put(href_of(case), content=case.text.encode())
            assert answer.status_code == 201, (case.name, answer.text)
        yield made


def test_there_are_enough_of_them_and_all_different() -> None:
    assert len(CORPUS) >= 100
    assert len({case.name for case in CORPUS}) == len(CORPUS)
    assert len({case.text for case in CORPUS}) == len(CORPUS)


def test_every_byte_comes_back_from_a_get(client: httpx.Client) -> None:
    for case in CORPUS:
        assert client.get(href_of(case)).content == case.text.encode(), case.name


def test_every_letter_comes_back_from_a_report(client: httpx.Client) -> None:
    data = multiget(client, CALENDAR, [href_of(case) for case in CORPUS]).data
    for case in CORPUS:
        assert data[href_of(case)] == case.text, case.name


def test_a_replica_and_the_listing_have_all_of_them(client: httpx.Client) -> None:
    assert set(listing(client, CALENDAR)) == {href_of(case) for case in CORPUS}
    assert sync(client, CALENDAR).etags == listing(client, CALENDAR)


def test_the_whole_calendar_is_one_file_with_every_component(client: httpx.Client) -> None:
    text = client.get(CALENDAR).text.upper()
    assert text.count("BEGIN:VCALENDAR") == 1
    for line in ("\nBEGIN:VEVENT", "\nBEGIN:VTODO", "\nBEGIN:VJOURNAL", "\nRECURRENCE-ID"):
        assert text.count(line) == sum(case.text.upper().count(line) for case in CORPUS), line


def spans() -> Iterator[tuple[datetime, datetime]]:
    """Yield every day from FIRST to LAST, and every quarter of an hour of the odd ones."""
    day = FIRST
    while day < LAST:
        yield day, day + timedelta(days=1)
        day += timedelta(days=1)
    for told in ("2026-10-25", "2026-11-23", "2027-03-28"):
        start = datetime.combine(date.fromisoformat(told), time(), UTC)
        for quarter in range(96):
            yield (
                start + timedelta(minutes=15 * quarter),
                start + timedelta(minutes=15 * quarter + 15),
            )


def test_a_query_finds_what_is_there_and_nothing_else(client: httpx.Client) -> None:
    for start, end in spans():
        found = query(client, CALENDAR, f"{start:%Y%m%dT%H%M%SZ}", f"{end:%Y%m%dT%H%M%SZ}").etags
        there = {
            case.name
            for case in CORPUS
            if any(stay.overlaps(start, end) for stay in case.stays or ())
        }
        names = {href.removeprefix(CALENDAR).removesuffix(".ics") for href in found}
        assert names == there, (start, end)


def test_expanded_they_are_when_they_are(client: httpx.Client) -> None:
    span = f'start="{FIRST:%Y%m%dT%H%M%SZ}" end="{LAST:%Y%m%dT%H%M%SZ}"'
    body = (
        '<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop>'
        f"<C:calendar-data><C:expand {span}/></C:calendar-data></prop>"
        '<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
        f"<C:time-range {span}/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
    )
    data = report(client, CALENDAR, body).data
    there = [case for case in CORPUS if case.stays]
    assert set(data) == {href_of(case) for case in there}
    for case in there:
        text = data[href_of(case)]
        assert "RRULE" not in text, case.name
        assert "BEGIN:VTIMEZONE" not in text, case.name
        assert sorted(instances(text)) == sorted(case.stays or ()), case.name


def instances(text: str) -> Iterator[Stay]:
    """Yield the occurrences in an expanded text."""
    unfolded = re.sub("\r?\n[ \t]", "", text)
    for part in re.findall(r"^BEGIN:VEVENT\r?\n(.*?)^END:VEVENT", unfolded, re.M | re.S):
        own = re.sub(r"^BEGIN:(.*?)\r?\n.*?^END:\1", "", part, flags=re.M | re.S)
        lines = re.findall(r"^(dtstart|dtend|duration)[^:\r\n]*:(.*?)\r?$", own, re.M | re.I)
        told = {name.upper(): value for name, value in lines}
        start = told["DTSTART"]
        if len(start) == len("20261224"):
            first = date.fromisoformat(start)
            after = date.fromisoformat(told["DTEND"]) if "DTEND" in told else first + length(told)
            yield Stay(midnight(first), midnight(after), whole_days=True)
            continue
        begins = utc(start)
        yield Stay(begins, utc(told["DTEND"]) if "DTEND" in told else begins + length(told, "PT0S"))


def length(told: dict[str, str], usual: str = "P1D") -> timedelta:
    found = re.fullmatch(
        r"\+?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?",
        told.get("DURATION", usual),
    )
    assert found, told
    weeks, days, hours, minutes, seconds = (int(n or 0) for n in found.groups())
    return timedelta(days, seconds, minutes=minutes, hours=hours, weeks=weeks)


def utc(told: str) -> datetime:
    if not told.endswith("Z"):  # floating times stay so (RFC 4791 9.6.5)
        return datetime.strptime(told, "%Y%m%dT%H%M%S").replace(tzinfo=BERLIN).astimezone(UTC)
    return datetime.strptime(told, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), BERLIN).astimezone(UTC)


def test_free_busy_tells_when_any_of_them_takes_time(client: httpx.Client) -> None:
    start, end = datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    body = (
        '<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav">'
        f'<C:time-range start="{start:%Y%m%dT%H%M%SZ}" end="{end:%Y%m%dT%H%M%SZ}"/>'
        "</C:free-busy-query>"
    )
    answer = client.request("REPORT", CALENDAR, content=body, headers={"Depth": "1"})
    told = re.findall(r"^FREEBUSY[^:]*:(\w+)/(\w+)\r?$", answer.text, re.MULTILINE)
    taken = (
        (max(stay.start, start), min(stay.end, end))
        for case in CORPUS
        if case.busy
        for stay in case.stays or ()
        if stay.start < stay.end and stay.overlaps(start, end)
    )
    assert joined((utc(a), utc(b)) for a, b in told) == joined(taken)


def joined(times: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Return times in order, those that touch made one."""
    found: list[tuple[datetime, datetime]] = []
    for start, end in sorted(times):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found

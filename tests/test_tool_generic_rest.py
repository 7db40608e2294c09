"""Any JSON API by a mapping: here the visit book of a clinic, over real HTTP."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from starlette.responses import HTMLResponse, JSONResponse, Response

from booking_adapter.failures import Busy, Failed, Refused
from booking_adapter.outgoing import Http, Patience
from booking_adapter.protocol import Days, Event, Hook, NotAuthentic, Power, State, Told, Unreadable
from booking_adapter.tools import generic_paging
from booking_adapter.tools.generic_mapping import (
    Call,
    Fields,
    Hooks,
    Listing,
    Paging,
    Rest,
    Times,
    Words,
)
from booking_adapter.tools.generic_rest import GenericRest
from booking_adapter.tools.generic_rows import Rows, at
from practice.appointments import Booking, Insurance, Slot, Status
from practice.patients import PatientRecord
from tests.mimics.generic import KEY, SECRET, VisitBook
from tests.mimics.tool import Asked

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
WEEK = Days(date(2026, 11, 23), date(2026, 11, 29))
TEN, HALF_PAST = "2026-11-24T10:00:00+01:00", "2026-11-24T10:30:00+01:00"
AT_TEN = Slot(
    datetime(2026, 11, 24, 10, 0, tzinfo=BERLIN), datetime(2026, 11, 24, 10, 30, tzinfo=BERLIN)
)
AT_NOON = Slot(
    datetime(2026, 11, 25, 12, 0, tzinfo=BERLIN), datetime(2026, 11, 25, 12, 45, tzinfo=BERLIN)
)
#: Stands in odd rows for what a patient has told; no reason repeats it.
MARK = "Zwirnsmeier"

PAGING = Paging("cursor", "after", size=2, size_parameter="limit", cursor="meta.next")
REST = Rest(
    fields=Fields(
        id="ref",
        start="begins",
        end="ends",
        doctor="clinician.no",
        status="state",
        last_name="people.0.family",
        first_name="people.0.given",
        birth_date="people.0.born",
        email="people.0.contact.mail",
        phone="people.0.contact.tel",
        patient_number="people.0.file_no",
        insurance="people.0.cover",
        kind="service.code",
        reason="why",
        notes="remarks",
        room="place.door",
        changed="touched",
        before="instead_of",
    ),
    words=Words(
        doctors={"18": "dr-falkenrath", "19": "dr-moos"},
        statuses={
            "requested": Status.TENTATIVE,
            "booked": Status.CONFIRMED,
            "Called-Off": Status.CANCELLED,
        },
        kinds={"ctl": "KONTROLLUNTERSUCHUNG"},
        rooms={"S1": "raum-1"},
        insurances={"public": Insurance.STATUTORY, "private": Insurance.PRIVATE},
    ),
    listing=Listing("visits?from={first}&until={last}", "visits", "meta.count", PAGING),
    one="visits/{id}",
    one_row="visit",
    move=Call(
        "visits/{id}",
        "PATCH",
        {"begins": "{start}", "ends": "{end}", "clinician": "{doctor_number}"},
    ),
    cancel=Call("visits/{id}", "DELETE", {"note": "{reason}"}),
    confirm=Call("visits/{id}/approve"),
    hooks=Hooks(
        SECRET.decode(),
        id="about.ref",
        rows=("visit",),
        event="event",
        about=("visit.booked", "visit.changed"),
        removed=("visit.removed",),
    ),
    page="https://clinic.example/book?vorname={first_name}&nachname={last_name}&mail={email}",
)


@pytest.fixture
def book() -> Iterator[VisitBook]:
    with VisitBook() as made:
        yield made


@pytest.fixture
def http(book: VisitBook) -> Iterator[Http]:
    key = {"Authorization": f"Bearer {KEY}"}
    with Http(book.root, key, inside=True, patience=Patience(pause=lambda _: None)) as made:
        yield made


@pytest.fixture
def tool(book: VisitBook, http: Http) -> Callable[..., GenericRest]:
    """Make a tool; what its mapping has of its own is named."""
    return lambda **changes: GenericRest(http, replace(REST, **changes))


def listing(**changes: Any) -> Listing:
    assert REST.listing is not None
    return replace(REST.listing, **changes)


def hooks(**changes: Any) -> Hooks:
    assert REST.hooks is not None
    return replace(REST.hooks, **changes)


def ids(told: Iterator[Told | Unreadable]) -> list[str]:
    return [one.booking.id if isinstance(one, Told) else one.id for one in told]


def the_booking(told: Told | Unreadable | None) -> Booking:
    assert isinstance(told, Told), told
    return told.booking


def methods(book: VisitBook) -> list[str]:
    return [asked.method for asked in book.asked]


def a_state(ref: str, **changes: Any) -> State:
    state = State(ref, AT_TEN, Status.CONFIRMED, "dr-falkenrath")
    return replace(state, **changes)


# --- Lists ----------------------------------------------------------------------------------------


def test_a_booking_is_told_with_all_that_is_known_of_it(
    book: VisitBook, tool: Callable[..., GenericRest]
) -> None:
    ref = book.book(TEN, HALF_PAST)
    due = Told(
        Booking(
            id=ref,
            doctor="dr-falkenrath",
            slot=AT_TEN,
            status=Status.CONFIRMED,
            last_name="Öhrlein",
            first_name="Ruth",
            birth_date="1958-04-17",
            email="ruth@oehrlein.example",
            phone="030 123456",
            patient_number="4400127",
            insurance="GESETZLICH",
            kind="KONTROLLUNTERSUCHUNG",
            reason="Kontrolle",
            notes="mit Begleitung\nspricht leise",
            room="raum-1",
        ),
        datetime(2026, 11, 20, 8, 0, tzinfo=UTC),
    )
    assert list(tool().bookings(WEEK)) == [due]
    assert tool().booking(ref) == due
    assert tool().booking("V-1") is None
    assert due.booking.slot.start.tzinfo is BERLIN


PAGINGS = {
    "none": Paging(),
    "page": Paging("page", "page", size=2, size_parameter="limit"),
    "offset": Paging("offset", "skip", size=2, size_parameter="limit"),
    "cursor": PAGING,
    "link": Paging("link", size=2, size_parameter="limit"),
    "next": Paging("next", size=2, size_parameter="limit", cursor="next"),
}
Kind = Literal["none", "page", "offset", "cursor", "link", "next"]


@pytest.mark.parametrize("number", [0, 1, 2, 4, 5])
@pytest.mark.parametrize("kind", PAGINGS)
def test_a_list_is_told_to_its_end(
    book: VisitBook, tool: Callable[..., GenericRest], kind: Kind, number: int
) -> None:
    book.paging = kind
    refs = [book.book(TEN, HALF_PAST) for _ in range(number)]
    book.book("2026-12-01T10:00:00+01:00", "2026-12-01T10:30:00+01:00")
    asked = tool(listing=listing(paging=PAGINGS[kind]))
    assert ids(asked.bookings(WEEK)) == refs
    queries = [one.query for one in book.asked]
    assert {(one["from"], one["until"]) for one in queries} == {("2026-11-23", "2026-11-29")}
    assert all(one.get("limit", "2") == "2" for one in queries)


@pytest.mark.parametrize("kind", ["page", "offset"])
@pytest.mark.parametrize("size", [0, 50])
def test_a_tool_that_gives_fewer_rows_than_it_was_asked_for_is_heard_out(
    book: VisitBook, tool: Callable[..., GenericRest], kind: Kind, size: int
) -> None:
    book.paging, book.largest = kind, 2
    refs = [book.book(TEN, HALF_PAST) for _ in range(5)]
    paging = replace(PAGINGS[kind], size=size, size_parameter="limit" if size else "")
    assert ids(tool(listing=listing(paging=paging)).bookings(WEEK)) == refs


def test_a_short_page_behind_a_full_one_is_the_last(
    book: VisitBook, tool: Callable[..., GenericRest]
) -> None:
    book.paging = "page"
    for _ in range(5):
        book.book(TEN, HALF_PAST)
    list(tool(listing=listing(paging=PAGINGS["page"])).bookings(WEEK))
    assert [one.query["page"] for one in book.asked] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("%d.%m.%Y", ("23.11.2026", "29.11.2026", "30.11.2026")),
        ("local", ("2026-11-23T00:00:00", "2026-11-29T00:00:00", "2026-11-30T00:00:00")),
        ("utc", ("2026-11-22T23:00:00Z", "2026-11-28T23:00:00Z", "2026-11-29T23:00:00Z")),
        (
            "iso",
            (
                "2026-11-23T00:00:00+01:00",
                "2026-11-29T00:00:00+01:00",
                "2026-11-30T00:00:00+01:00",
            ),
        ),
        ("unix", ("1795388400", "1795906800", "1795993200")),
    ],
)
def test_days_are_asked_for_as_the_tool_writes_them(
    book: VisitBook, tool: Callable[..., GenericRest], how: str, told: tuple[str, ...]
) -> None:
    path = "visits?a={first}&b={last}&c={after}"
    list(tool(listing=listing(path=path), times=Times(days=how)).bookings(WEEK))
    assert tuple(book.asked[0].query[name] for name in "abc") == told


def test_of_a_list_of_everything_only_the_days_are_told(
    book: VisitBook, tool: Callable[..., GenericRest]
) -> None:
    first = book.book("2026-11-23T00:00:00+01:00", "2026-11-23T00:30:00+01:00")
    last = book.book("2026-11-29T23:30:00+01:00", "2026-11-30T00:15:00+01:00")
    book.book("2026-11-22T23:30:00+01:00", "2026-11-23T00:30:00+01:00")
    book.book("2026-11-30T00:00:00+01:00", "2026-11-30T00:30:00+01:00")
    asked = tool(listing=listing(path="visits"))
    assert ids(asked.bookings(WEEK)) == [first, last]


def test_an_odd_row_costs_itself_only(book: VisitBook, tool: Callable[..., GenericRest]) -> None:
    refs = [book.book(TEN, HALF_PAST) for _ in range(3)]
    book.change(refs[1], begins=[MARK])
    told = list(tool().bookings(WEEK))
    assert [type(one) for one in told] == [Told, Unreadable, Told]
    assert ids(iter(told)) == refs


# --- Lists that are not believed ------------------------------------------------------------------


def always(told: Any, status: int = 200) -> Callable[[Asked], Response]:
    return lambda _: JSONResponse(told, status)


def test_a_page_that_fails_fails_the_list(
    book: VisitBook, tool: Callable[..., GenericRest]
) -> None:
    for _ in range(5):
        book.book(TEN, HALF_PAST)
    book.refuse = lambda asked: Response(status_code=500) if "after" in asked.query else None
    with pytest.raises(Refused, match="status 500"):
        list(tool().bookings(WEEK))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"visits": null}',
        b'{"visits": {"0": 1}}',
        b'{"visits": [1',
        b"[" * 200_000,
    ],
)
def test_an_answer_without_a_list_is_no_empty_list(
    book: VisitBook, tool: Callable[..., GenericRest], content: bytes
) -> None:
    book.refuse = lambda _: Response(content, media_type="application/json")
    with pytest.raises(Failed) as failed:
        list(tool().bookings(WEEK))
    assert not failed.value.permanent
    with pytest.raises(Failed):
        tool().booking("V-1001")


def test_without_the_key_nothing_is_told(book: VisitBook) -> None:
    with Http(book.root, inside=True) as http, pytest.raises(Refused, match="status 401"):
        list(GenericRest(http, REST).bookings(WEEK))


@pytest.mark.parametrize(
    ("paging", "told"),
    [
        (PAGINGS["cursor"], {"visits": [{"ref": "1"}], "meta": {"next": "k1"}}),
        (PAGINGS["cursor"], {"visits": [{"ref": "1"}], "meta": {"next": 7}}),
        (PAGINGS["next"], {"visits": [{"ref": "1"}], "next": "?after=k2"}),
        (PAGINGS["page"], {"visits": [{"ref": "1"}]}),
        (PAGINGS["offset"], {"visits": [{"ref": "1"}, {"ref": "2"}]}),
    ],
)
def test_a_list_that_goes_round_in_circles_fails(
    book: VisitBook, tool: Callable[..., GenericRest], paging: Paging, told: Any
) -> None:
    book.refuse = always(told)
    with pytest.raises(Failed, match="without end") as failed:
        list(tool(listing=listing(paging=paging, total="")).bookings(WEEK))
    assert not failed.value.permanent
    assert len(book.asked) <= 3


def test_a_list_that_never_ends_fails(
    book: VisitBook, tool: Callable[..., GenericRest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generic_paging, "MOST_PAGES", 20)
    numbers = count(1)
    book.refuse = lambda _: JSONResponse({"visits": [], "meta": {"next": f"k{next(numbers)}"}})
    with pytest.raises(Failed, match="without end") as failed:
        list(tool().bookings(WEEK))
    assert not failed.value.permanent
    assert len(book.asked) == 20


def test_an_empty_page_that_tells_its_own_cursor_is_the_end(
    book: VisitBook, tool: Callable[..., GenericRest]
) -> None:
    ref = book.book(TEN, HALF_PAST)
    row = book.visits[ref]
    book.refuse = lambda asked: JSONResponse(
        {"visits": [] if "after" in asked.query else [row], "meta": {"next": "k1"}}
    )
    assert ids(tool(listing=listing(total="")).bookings(WEEK)) == [ref]


@pytest.mark.parametrize("pointer", [["k1"], {"a": 1}, True, 1.5, "k" * 5000])
def test_a_cursor_that_is_none_fails_the_list(
    book: VisitBook, tool: Callable[..., GenericRest], pointer: Any
) -> None:
    book.refuse = always({"visits": [], "meta": {"next": pointer}})
    with pytest.raises(Failed, match="not what was asked for"):
        list(tool().bookings(WEEK))


@pytest.mark.parametrize("total", [3, "2", None])
def test_a_list_with_fewer_bookings_than_it_says_is_not_believed(
    book: VisitBook, tool: Callable[..., GenericRest], total: Any
) -> None:
    book.refuse = always({"visits": [{}, {}], "meta": {"count": total}})
    with pytest.raises(Failed, match="fewer"):
        list(tool().bookings(WEEK))


ELSEWHERE = (
    "{other}/clinic/v2/visits",
    "//{other_host}/clinic/v2/visits",
    "https://{host}/clinic/v2/visits",
    "http://{host}.example/clinic/v2/visits",
    "http://{host}@{other_host}/clinic/v2/visits",
    "/other/visits",
    "/clinic/v20/visits",
    "../../other",
    "{root}/../../other",
    "{root}/%2e%2e/%2E%2E/other",
    "{root}/..%2f../other",
    "ftp://{host}/clinic/v2/visits",
    "http://[{host}/clinic/v2/visits",
    "http://{host}x/clinic/v2/visits",
)


@pytest.mark.parametrize("address", ELSEWHERE)
@pytest.mark.parametrize("kind", ["link", "next"])
def test_a_list_that_goes_on_elsewhere_is_not_followed(
    book: VisitBook, tool: Callable[..., GenericRest], kind: Kind, address: str
) -> None:
    """The key would be shown there."""
    with VisitBook() as other:
        told = address.format(
            root=book.root,
            host=book.url.removeprefix("http://"),
            other=other.url,
            other_host=other.url.removeprefix("http://"),
        )
        link = {"Link": f'<{told}>; rel="next"'}
        book.refuse = lambda _: JSONResponse({"visits": [], "next": told}, headers=link)
        with pytest.raises(Failed, match="elsewhere") as failed:
            list(tool(listing=listing(paging=PAGINGS[kind])).bookings(WEEK))
        assert failed.value.permanent
        assert (len(book.asked), other.asked) == (1, [])


def test_an_address_in_an_address_leads_to_no_other(
    book: VisitBook, tool: Callable[..., GenericRest]
) -> None:
    with VisitBook() as other:
        for told in (f"{book.root}/{other.url}/visits", f"{book.root}//{other.url}/visits"):
            book.refuse = lambda asked, told=told: (  # type: ignore[misc]
                None if "//" in asked.path else JSONResponse({"visits": [], "next": told})
            )
            with pytest.raises(Refused, match="status 404"):
                list(tool(listing=listing(paging=PAGINGS["next"])).bookings(WEEK))
        assert other.asked == []
    assert all(one.path.startswith("/clinic/v2/") for one in book.asked)


@pytest.mark.parametrize("address", ["ähm", "visits\n", "visits?a=\x7f", "v" * 5000])
def test_an_address_that_is_none_is_not_followed(
    book: VisitBook, tool: Callable[..., GenericRest], address: str
) -> None:
    book.refuse = always({"visits": [], "next": address})
    with pytest.raises(Failed, match="not what was asked for"):
        list(tool(listing=listing(paging=PAGINGS["next"])).bookings(WEEK))


@pytest.mark.parametrize(
    "address",
    ["?after=k1", "visits?after=k1", "/clinic/v2/visits?after=k1", "{root}/visits?after=k1"],
)
def test_a_list_goes_on_at_a_relative_address(
    book: VisitBook, tool: Callable[..., GenericRest], address: str
) -> None:
    refs = [book.book(TEN, HALF_PAST) for _ in range(2)]
    page = {"visits": [book.visits[refs[0]]], "next": address.format(root=book.root)}
    book.refuse = lambda asked: None if "after" in asked.query else JSONResponse(page)
    asked = tool(listing=listing(paging=PAGINGS["next"], total=""))
    assert ids(asked.bookings(WEEK)) == refs


@pytest.mark.parametrize(
    "link",
    [
        '<{root}/visits?after=k1;a,b>; rel="next"',
        '<{root}/visits>; rel=first,<{root}/visits?after=k1;a,b>; title="a, <b>; c"; rel=next',
        '<{root}/visits?after=k1;a,b>; REL="last Next", <x>; rel=prev',
    ],
)
def test_a_list_goes_on_at_its_link(
    book: VisitBook, tool: Callable[..., GenericRest], link: str
) -> None:
    ref = book.book(TEN, HALF_PAST)
    page = {"visits": [book.visits[ref]]}
    told = {"Link": link.format(root=book.root)}
    book.refuse = lambda asked: JSONResponse(page, headers={} if "after" in asked.query else told)
    asked = tool(listing=listing(paging=PAGINGS["link"], total=""))
    assert ids(asked.bookings(WEEK)) == [ref, ref]
    assert book.asked[1].query["after"] == "k1;a,b"


def test_a_tool_that_wants_to_be_left_alone_is_asked_nothing_meanwhile(
    book: VisitBook, tool: Callable[..., GenericRest]
) -> None:
    ref = book.book(TEN, HALF_PAST)
    book.refuse = lambda _: Response(status_code=429, headers={"Retry-After": "3600"})
    asked = tool()
    with pytest.raises(Busy):
        list(asked.bookings(WEEK))
    book.refuse = lambda _: None
    with pytest.raises(Busy):
        asked.tell(a_state(ref, slot=AT_NOON))
    assert methods(book) == ["GET"]


# --- Rows -----------------------------------------------------------------------------------------


def _made() -> dict[str, Any]:
    book = VisitBook()
    ref = book.book(TEN, HALF_PAST)
    return book.visits[ref]


A_ROW = _made()


def a_row(**changes: Any) -> dict[str, Any]:
    return A_ROW | changes


def person(**changes: Any) -> dict[str, Any]:
    return {"people": [{**A_ROW["people"][0], **changes}]}


def read(row: Any, **changes: Any) -> Told | Unreadable:
    return Rows(replace(REST, **changes)).told(row)


ODD: tuple[dict[str, Any], ...] = (
    {"begins": MARK},
    {"begins": None},
    {"begins": ""},
    {"begins": {MARK: 1}},
    {"begins": 1795388400},
    {"begins": "2026-11-24T10:00:00"},
    {"begins": "2026-11-31T10:00:00Z"},
    {"begins": "9999-12-31T23:59:59-12:00"},
    {"begins": "0001-01-01T00:00:00+14:00"},
    {"begins": "1850-01-01T00:00:00Z", "ends": "1850-01-01T00:10:00Z"},
    {"ends": TEN},
    {"ends": None},
    {"ends": "2026-11-25T10:00:01+01:00"},
    {"state": [MARK]},
    {"clinician": {"no": 99}},
    {"clinician": MARK},
    {"clinician": None},
    {"people": []},
    {"people": {"0": MARK}},
    {"touched": MARK},
    {"remarks": {MARK: 1}},
    {"remarks": MARK * 1000},
    {"why": float("nan")},
    {"why": float("inf")},
    {"why": 10**40},
    {"why": MARK + "\0"},
    {"why": MARK + "\ud800"},
    person(family=None),
    person(family=" "),
    person(family=MARK * 100),
    person(born=MARK),
    person(born="2026-11-25"),
    person(born="0000-00-00"),
    person(born="1066-10-14"),
)


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_row_is_told_by_its_id_and_why(odd: dict[str, Any]) -> None:
    told = read(a_row(**odd))
    assert isinstance(told, Unreadable)
    assert told.id == "V-1001"
    assert told.reason.endswith(".")
    assert MARK not in told.reason


@pytest.mark.parametrize(
    "ref", [None, "", " ", ".", "..", [], {"a": 1}, "x" * 256, "a\0b", "\ud800"]
)
def test_a_row_without_an_id_is_told_without_one(ref: Any) -> None:
    told = read(a_row(ref=ref))
    assert isinstance(told, Unreadable)
    assert told.id == ""


@pytest.mark.parametrize("row", [None, MARK, 7, [], [[]], {}, True])
def test_what_is_no_row_is_told_as_unreadable(row: Any) -> None:
    told = read(row)
    assert isinstance(told, Unreadable)
    assert told.id == ""


@pytest.mark.parametrize("ref", [("abc/7", "abc/7"), (17, "17"), (17.0, "17"), (2**63, str(2**63))])
def test_an_id_is_a_text_or_a_number(ref: tuple[Any, str]) -> None:
    assert the_booking(read(a_row(ref=ref[0]))).id == ref[1]


START, END = (int(one.timestamp()) for one in (AT_TEN.start, AT_TEN.end))
WRITTEN: tuple[tuple[str, Any, Any], ...] = (
    ("iso", TEN, HALF_PAST),
    ("iso", "2026-11-24T09:00Z", "2026-11-24 09:30:00.000Z"),
    ("utc", "2026-11-24T09:00:00Z", HALF_PAST),
    ("local", "2026-11-24T10:00:00", "2026-11-24 10:30"),
    ("unix", START, END),
    ("unix", str(START), float(END)),
    ("unix_ms", START * 1000, END * 1000),
    ("%d.%m.%Y %H:%M", "24.11.2026 10:00", "24.11.2026  10:30"),
    ("%d.%m.%y %H:%M %z", "24.11.26 09:00 +0000", "24.11.26 10:30 +0100"),
)


@pytest.mark.parametrize(("how", "begins", "ends"), WRITTEN)
def test_times_are_read_as_they_are_written(how: str, begins: Any, ends: Any) -> None:
    times = Times(format=how, changed="iso")
    told = the_booking(read(a_row(begins=begins, ends=ends), times=times))
    assert told.slot == AT_TEN
    assert told.slot.start.tzinfo is BERLIN


def test_a_day_and_its_times_may_stand_apart() -> None:
    row = a_row(day="24.11.2026", begins="10:00", ends="10:30")
    apart = replace(REST.fields, start="day + begins", end="day + ends")
    times = Times(format="%d.%m.%Y %H:%M", changed="iso")
    assert the_booking(read(row, fields=apart, times=times)).slot == AT_TEN
    without = read({**row, "day": None}, fields=apart, times=times)
    assert isinstance(without, Unreadable)


@pytest.mark.parametrize("how", ["local", "%Y-%m-%dT%H:%M:%S"])
def test_local_times_that_clocks_skip_or_repeat_are_what_the_practice_means(
    book: VisitBook, tool: Callable[..., GenericRest], how: str
) -> None:
    book.book("2027-03-28T02:30:00", "2027-03-28T03:45:00")
    book.book("2026-10-25T02:30:00", "2026-10-25T02:45:00")
    asked = tool(times=Times(format=how, changed="iso"))
    [skipped] = asked.bookings(Days(date(2027, 3, 28), date(2027, 3, 28)))
    [repeated] = asked.bookings(Days(date(2026, 10, 25), date(2026, 10, 25)))
    slot = the_booking(skipped).slot
    assert slot.start.astimezone(UTC) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert f"{slot.start:%H:%M}" == "03:30"
    slot = the_booking(repeated).slot
    assert slot.start.astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert slot.end.astimezone(UTC) == datetime(2026, 10, 25, 0, 45, tzinfo=UTC)


@pytest.mark.parametrize("minutes", [30, "30", 30.0])
def test_a_booking_may_have_a_duration(minutes: Any) -> None:
    lasting = replace(REST.fields, end="", duration="minutes")
    assert the_booking(read(a_row(minutes=minutes), fields=lasting)).slot == AT_TEN


@pytest.mark.parametrize("minutes", [0, -30, 1441, "half an hour", None, True, [30], "nan", "inf"])
def test_a_duration_that_cannot_be_is_none(minutes: Any) -> None:
    lasting = replace(REST.fields, end="", duration="minutes")
    assert isinstance(read(a_row(minutes=minutes), fields=lasting), Unreadable)


def test_a_duration_is_as_long_when_the_clocks_change() -> None:
    lasting = replace(REST.fields, end="", duration="minutes")
    row = a_row(begins="2027-03-28T01:30:00+01:00", minutes=60)
    slot = the_booking(read(row, fields=lasting)).slot
    assert slot.end.astimezone(UTC) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert f"{slot.end:%H:%M}" == "03:30"


def test_an_unknown_status_is_to_be_confirmed_or_not_taken_over() -> None:
    told = the_booking(read(a_row(state="on hold")))
    assert (told.status, told.requires_confirmation) == (Status.TENTATIVE, True)
    strict = replace(REST.words, unknown_status="unreadable")
    assert isinstance(read(a_row(state="on hold"), words=strict), Unreadable)
    assert the_booking(read(a_row(state="CALLED-OFF"), words=strict)).status is Status.CANCELLED


def test_what_is_not_told_is_a_word_too() -> None:
    words = replace(
        REST.words, doctors={"": "dr-falkenrath"}, statuses={"": Status.CONFIRMED}, kinds={}
    )
    told = the_booking(read(a_row(clinician=None, state=None, service=None), words=words))
    assert (told.doctor, told.status, told.kind) == ("dr-falkenrath", Status.CONFIRMED, "")
    flags = replace(REST.words, statuses={"true": Status.CANCELLED, "false": Status.CONFIRMED})
    assert the_booking(read(a_row(state=True), words=flags)).status is Status.CANCELLED


@pytest.mark.parametrize("name", ["Aue, Anna", "Anna Aue"])
def test_a_name_may_stand_in_one_field(name: str) -> None:
    whole = replace(REST.fields, last_name="", first_name="", name="people.0.name")
    told = the_booking(read(a_row(**person(name=name)), fields=whole))
    assert (told.last_name, told.first_name) == ("Aue", "Anna")


@pytest.mark.parametrize(
    ("how", "born"),
    [
        ("iso", "1958-04-17"),
        ("iso", "1958-04-17T00:00:00Z"),
        ("%d.%m.%Y", "17.04.1958"),
        ("%d.%m.%y", "17.04.58"),
    ],
)
def test_dates_of_birth_are_read_as_they_are_written(how: str, born: str) -> None:
    told = read(a_row(**person(born=born)), times=Times(birth_date=how))
    assert the_booking(told).birth_date == "1958-04-17"


def test_a_booking_that_was_moved_tells_the_id_it_had() -> None:
    told = read(a_row(instead_of="V-77", touched=None))
    assert isinstance(told, Told)
    assert (told.before, told.changed) == (("V-77",), None)


def test_a_path_leads_to_a_value_or_nowhere() -> None:
    told = {"a": [{"b": 1}, {"b": [2, 3]}], "1": {"": 4}, "c": "text"}
    assert at(told, "a.0.b") == 1
    assert at(told, "a.1.b.-1") == 3
    assert at(told, "1.") == 4
    assert at(told, "") is told
    for path in ("a.2.b", "a.-3", "a.b", "c.0", "a.0.b.c", "x", ".", "a.0x", "a.1e0", "a.²"):
        assert at(told, path) is None


# --- Anything at all ------------------------------------------------------------------------------

TEXTS = st.one_of(
    st.text(st.characters(), max_size=20),
    st.sampled_from(["booked", "18", "", "..", "24.11.2026 10:00", TEN, "1e400", "nan", "-inf"]),
    st.datetimes().map(datetime.isoformat),
    st.datetimes(timezones=st.timezones()).map(datetime.isoformat),
    st.integers().map(str),
    st.floats().map(str),
)
STEPS = ("ref", "begins", "ends", "state", "clinician", "no", "people", "family", "visit", "about")
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(STEPS) | TEXTS, inner, max_size=5)
    ),
    max_leaves=20,
)
FORMATS = st.sampled_from([one[0] for one in WRITTEN])


def texts_of(booking: Booking) -> list[str]:
    values = [getattr(booking, one.name) for one in fields(booking)]
    return [value for value in values if isinstance(value, str)]


def check_told(told: Told | Unreadable) -> None:
    if isinstance(told, Unreadable):
        assert told.reason
        told.id.encode()
        return
    assert told.booking.id
    assert told.booking.last_name
    "".join(texts_of(told.booking)).encode()
    assert told.booking.slot.start.tzinfo is BERLIN


@given(row=JSON, how=FORMATS)
@settings(deadline=None)
def test_any_row_is_told(row: Any, how: str) -> None:
    check_told(read(row, times=Times(format=how)))


PLACES = (
    *("ref", "begins", "ends", "state", "clinician", "service", "people", "why", "remarks"),
    *("place", "touched", "instead_of"),
)
INNER = ("family", "given", "born", "contact", "file_no", "cover")


@given(place=st.sampled_from(PLACES + INNER), value=JSON, how=FORMATS)
@settings(max_examples=300, deadline=None)
def test_a_row_with_anything_in_one_place_is_told(place: str, value: Any, how: str) -> None:
    row = a_row(**(person(**{place: value}) if place in INNER else {place: value}))
    check_told(read(row, times=Times(format=how, changed="iso", birth_date="%d.%m.%y")))
    check_told(read(row))


@given(told=JSON, path=TEXTS | st.lists(TEXTS | st.sampled_from(STEPS)).map(".".join))
def test_any_path_leads_somewhere_or_nowhere(told: Any, path: str) -> None:
    at(told, path)


BODIES = st.binary(max_size=60) | (
    JSON | st.fixed_dictionaries({"event": JSON, "about": JSON, "visit": JSON})
).map(lambda told: json.dumps(told).encode())


def test_any_webhook_is_read_or_refused() -> None:
    with Http("http://127.0.0.1:9") as http:

        @given(body=BODIES, by_id=st.booleans())
        @settings(deadline=None)
        def check(body: bytes, by_id: bool) -> None:
            known = hooks(about=(), id="about.ref" if by_id else "", rows=("visit", "about", ""))
            tool = GenericRest(http, replace(REST, one="", hooks=known))
            with suppress(Failed):
                for event in tool.events(Hook({}, body, NOW)):
                    assert event.booking_id
                    event.booking_id.encode()

        check()


def test_any_headers_are_refused() -> None:
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    with Http("http://127.0.0.1:9") as http:

        @given(headers=st.dictionaries(st.sampled_from(names) | TEXTS, TEXTS), body=st.binary())
        @settings(deadline=None)
        def check(headers: dict[str, str], body: bytes) -> None:
            with pytest.raises(NotAuthentic):
                GenericRest(http, REST).key(Hook(headers, body, NOW))

        check()


# --- Telling --------------------------------------------------------------------------------------


def test_a_move_is_told_once(book: VisitBook, tool: Callable[..., GenericRest]) -> None:
    ref = book.book(TEN, HALF_PAST)
    state = a_state(ref, slot=AT_NOON, doctor="dr-moos")
    assert tool().tell(state) == ref
    row = book.visits[ref]
    assert (row["begins"], row["ends"]) == (
        "2026-11-25T12:00:00+01:00",
        "2026-11-25T12:45:00+01:00",
    )
    assert row["clinician"]["no"] == 19
    assert tool().tell(state) == ref
    assert methods(book) == ["GET", "PATCH", "GET", "GET"]


def test_a_page_of_some_proxy_is_no_answer_to_a_move(
    book: VisitBook, tool: Callable[..., GenericRest]
) -> None:
    ref = book.book(TEN, HALF_PAST)
    page = HTMLResponse("<html>Please sign in</html>")
    book.refuse = lambda asked: page if asked.method == "PATCH" else None
    with pytest.raises(Failed) as failed:
        tool().tell(a_state(ref, slot=AT_NOON))
    assert not failed.value.permanent
    book.refuse = lambda asked: HTMLResponse("") if asked.method == "PATCH" else None
    assert tool().tell(a_state(ref, slot=AT_NOON)) == ref


def test_what_is_so_already_is_not_told(book: VisitBook, tool: Callable[..., GenericRest]) -> None:
    ref = book.book(TEN, HALF_PAST)
    before = book.visits
    assert tool().tell(a_state(ref)) == ref
    assert tool().tell(a_state(ref, status=Status.TENTATIVE)) == ref
    assert methods(book) == ["GET", "GET"]
    assert book.visits == before


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        ("2026-10-25T02:00:00+01:00", "2026-10-25T03:30:00+01:00"),
        ("2026-10-25T02:00:00+02:00", "2026-10-25T03:15:00+01:00"),
        ("2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+01:00"),
    ],
)
def test_a_change_of_either_end_is_told_also_when_the_clocks_repeat_an_hour(
    book: VisitBook, tool: Callable[..., GenericRest], begins: str, ends: str
) -> None:
    ref = book.book("2026-10-25T02:00:00+02:00", "2026-10-25T03:30:00+01:00")
    start, end = (datetime.fromisoformat(one).astimezone(BERLIN) for one in (begins, ends))
    tool().tell(a_state(ref, slot=Slot(start, end)))
    row = book.visits[ref]
    assert (row["begins"], row["ends"]) == (begins, ends)


def test_a_move_whose_answer_was_lost_is_not_made_again(
    book: VisitBook, tool: Callable[..., GenericRest]
) -> None:
    ref = book.book(TEN, HALF_PAST)
    book.lose = 1
    state = a_state(ref, slot=AT_NOON)
    with pytest.raises(Refused, match="status 502") as refused:
        tool().tell(state)
    assert not refused.value.permanent
    assert tool().tell(state) == ref
    assert methods(book).count("PATCH") == 1
    assert book.visits[ref]["begins"] == "2026-11-25T12:00:00+01:00"


def test_a_cancellation_is_told_once_with_its_reason(
    book: VisitBook, tool: Callable[..., GenericRest]
) -> None:
    ref = book.book(TEN, HALF_PAST)
    state = a_state(ref, status=Status.CANCELLED, reason="Fortbildung")
    for _ in range(2):
        assert tool().tell(state) == ref
    row = book.visits[ref]
    assert (row["state"], row["note"]) == ("called-off", "Fortbildung")
    assert methods(book) == ["GET", "DELETE", "GET"]


def test_a_cancellation_whose_answer_was_lost_is_one(
    book: VisitBook, tool: Callable[..., GenericRest]
) -> None:
    ref = book.book(TEN, HALF_PAST)
    book.lose = 1
    assert tool().tell(a_state(ref, status=Status.CANCELLED)) == ref
    assert book.visits[ref]["state"] == "called-off"


@pytest.mark.parametrize("one", ["", "visits/{id}"])
def test_what_is_no_more_need_not_be_cancelled(
    book: VisitBook, tool: Callable[..., GenericRest], one: str
) -> None:
    blind = tool(one=one, precheck=False)
    ref = book.book(TEN, HALF_PAST)
    for _ in range(2):
        assert blind.tell(a_state(ref, status=Status.CANCELLED)) == ref
    book.remove(ref)
    assert blind.tell(a_state(ref, status=Status.CANCELLED)) == ref
    assert tool().tell(a_state(ref, status=Status.CANCELLED)) == ref


def test_a_mistake_in_the_address_to_cancel_by_does_not_pass_for_a_cancellation(
    book: VisitBook, tool: Callable[..., GenericRest]
) -> None:
    ref = book.book(TEN, HALF_PAST)
    mistaken = tool(cancel=Call("visitz/{id}", "DELETE", {"note": ""}))
    with pytest.raises(Refused, match="status 404") as refused:
        mistaken.tell(a_state(ref, status=Status.CANCELLED))
    assert refused.value.permanent


def test_a_request_is_confirmed_once(book: VisitBook, tool: Callable[..., GenericRest]) -> None:
    ref = book.book(TEN, HALF_PAST, state="requested")
    assert tool().tell(a_state(ref, status=Status.TENTATIVE)) == ref
    assert book.visits[ref]["state"] == "requested"
    for _ in range(2):
        assert tool().tell(a_state(ref)) == ref
    assert book.visits[ref]["state"] == "booked"
    assert methods(book).count("POST") == 1


def test_a_request_is_moved_and_confirmed(
    book: VisitBook, tool: Callable[..., GenericRest]
) -> None:
    ref = book.book(TEN, HALF_PAST, state="requested")
    assert tool().tell(a_state(ref, slot=AT_NOON)) == ref
    row = book.visits[ref]
    assert (row["state"], row["begins"]) == ("booked", "2026-11-25T12:00:00+01:00")
    assert methods(book) == ["GET", "PATCH", "GET", "POST"]


def test_a_tool_may_make_another_booking_of_a_moved_one(
    book: VisitBook, tool: Callable[..., GenericRest]
) -> None:
    book.renames = True
    ref = book.book(TEN, HALF_PAST)
    assert REST.move is not None
    renaming = tool(move=replace(REST.move, new_id="visit.ref"))
    new = renaming.tell(a_state(ref, slot=AT_NOON))
    assert new != ref
    told = renaming.booking(new)
    assert isinstance(told, Told)
    assert (told.booking.slot, told.before) == (AT_NOON, (ref,))
    assert renaming.tell(a_state(new, slot=AT_NOON)) == new


def test_a_move_that_made_another_booking_and_whose_answer_was_lost_is_found(
    book: VisitBook, tool: Callable[..., GenericRest]
) -> None:
    book.renames, book.lose = True, 1
    ref = book.book(TEN, HALF_PAST)
    assert REST.move is not None
    renaming = tool(move=replace(REST.move, new_id="visit.ref"))
    with pytest.raises(Refused, match="status 502"):
        renaming.tell(a_state(ref, slot=AT_NOON))
    new = renaming.tell(a_state(ref, slot=AT_NOON))
    assert {row["ref"]: row["state"] for row in book.visits.values()} == {
        ref: "called-off",
        new: "booked",
    }
    book.change(new, state="called-off")
    with pytest.raises(Failed, match="by hand") as failed:
        renaming.tell(a_state(ref, slot=AT_NOON))
    assert failed.value.permanent


def test_a_move_that_made_another_booking_which_nobody_can_find_is_for_a_person(
    book: VisitBook, tool: Callable[..., GenericRest]
) -> None:
    book.renames, book.lose = True, 1
    ref = book.book(TEN, HALF_PAST)
    assert REST.move is not None
    move = replace(REST.move, new_id="visit.ref")
    renaming = tool(move=move, fields=replace(REST.fields, before=""))
    with pytest.raises(Refused, match="status 502"):
        renaming.tell(a_state(ref, slot=AT_NOON))
    with pytest.raises(Failed, match="moved to another booking") as failed:
        renaming.tell(a_state(ref, slot=AT_NOON))
    assert failed.value.permanent
    assert len(book.visits) == 2


def test_what_is_cancelled_there_has_to_be_booked_anew_by_hand(
    book: VisitBook, tool: Callable[..., GenericRest]
) -> None:
    ref = book.book(TEN, HALF_PAST, state="called-off")
    with pytest.raises(Failed, match="booked anew there, by hand") as failed:
        tool().tell(a_state(ref, slot=AT_NOON))
    assert failed.value.permanent


def test_what_was_cancelled_there_is_told_anew_where_it_comes_back(
    book: VisitBook, tool: Callable[..., GenericRest]
) -> None:
    ref = book.book(TEN, HALF_PAST, state="called-off")
    answers: list[Asked] = []

    def revived(asked: Asked) -> Response | None:
        if asked.method != "PATCH":
            return None
        answers.append(asked)
        book.change(ref, state="booked")
        return Response(status_code=204)

    book.refuse = revived
    assert tool(revives=True).tell(a_state(ref)) == ref
    assert len(answers) == 1
    assert book.visits[ref]["state"] == "booked"


@pytest.mark.parametrize("ref", ["V-1", "..", ""])
def test_what_is_not_there_cannot_be_moved(
    book: VisitBook, tool: Callable[..., GenericRest], ref: str
) -> None:
    with pytest.raises(Failed, match="no such booking") as failed:
        tool().tell(a_state(ref))
    assert failed.value.permanent
    assert set(methods(book)) <= {"GET"}


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"cancel": None}, {"status": Status.CANCELLED}),
        ({"move": None}, {"slot": AT_NOON}),
        ({}, {"doctor": "dr-unbekannt"}),
        ({"move": Call("visits/{id}", "PATCH", {"begins": "{start}"})}, {"doctor": "dr-moos"}),
        ({"move": Call("visits/{id}", "PATCH", {"begins": "{start}"})}, {"slot": AT_NOON}),
        ({"confirm": Call("visits/{id_number}")}, {"status": Status.CONFIRMED}),
    ],
)
def test_what_cannot_be_told_fails_for_good_and_changes_nothing(
    book: VisitBook,
    tool: Callable[..., GenericRest],
    changes: dict[str, Any],
    state: dict[str, Any],
) -> None:
    ref = book.book(TEN, HALF_PAST, state="requested")
    before = book.visits
    with pytest.raises(Failed) as failed:
        tool(**changes).tell(a_state(ref, **state))
    assert failed.value.permanent
    assert book.visits == before
    assert set(methods(book)) == {"GET"}


def test_without_looking_first_all_is_told(
    book: VisitBook, tool: Callable[..., GenericRest]
) -> None:
    ref = book.book(TEN, HALF_PAST, state="requested")
    tool(precheck=False).tell(a_state(ref))
    assert methods(book) == ["PATCH", "POST"]
    tool(precheck=False, move=None, confirm=None).tell(a_state(ref, slot=AT_NOON))
    assert methods(book) == ["PATCH", "POST"]


def test_an_odd_booking_is_told_all(book: VisitBook, tool: Callable[..., GenericRest]) -> None:
    ref = book.book(TEN, HALF_PAST, clinician={"no": 99})
    assert tool(confirm=None).tell(a_state(ref)) == ref
    assert book.visits[ref]["clinician"]["no"] == 18


def test_bodies_are_filled_in_once_and_keep_their_numbers(
    book: VisitBook, tool: Callable[..., GenericRest]
) -> None:
    body = {
        "id": "{id}",
        "minutes": "{duration}",
        "text": "{date} um {time}, {duration} Minuten",
        "why": "{reason}",
        "who": ["{doctor}", "{doctor_number}", {"state": "{status}"}],
        "until": "{end}",
        "query": "mutation { move(id: $id) { ok } }",
        "fixed": [7, None, True],
    }
    book.refuse = lambda _: JSONResponse({})
    told = tool(
        precheck=False,
        confirm=None,
        move=Call("visits/{id}/at/{date}?state={status}", "PUT", body),
        times=Times(format="unix_ms", date="%d.%m.%Y"),
    )
    told.tell(a_state("A b/7", slot=AT_NOON, reason="{id} und {start}"))
    [asked] = book.asked
    assert (asked.method, asked.path) == ("PUT", "/clinic/v2/visits/A b/7/at/25.11.2026")
    assert asked.query == {"state": "booked"}
    assert json.loads(asked.body) == {
        "id": "A b/7",
        "minutes": 45,
        "text": "25.11.2026 um 12:00, 45 Minuten",
        "why": "{id} und {start}",
        "who": ["18", 18, {"state": "booked"}],
        "until": int(AT_NOON.end.timestamp() * 1000),
        "query": "mutation { move(id: $id) { ok } }",
        "fixed": [7, None, True],
    }


def test_an_id_leads_to_no_other_address(book: VisitBook, tool: Callable[..., GenericRest]) -> None:
    for odd in ("a/../../b", "a?limit=1#x", "http://127.0.0.1:9/", "%2e%2e", "ä \n"):
        assert tool().booking(odd) is None
        asked = book.asked[-1]
        assert (asked.path, asked.query) == (f"/clinic/v2/visits/{odd}", {})
    book.asked.clear()
    for dots in ("", ".", "..", "..."):
        assert tool().booking(dots) is None
    assert book.asked == []


# --- Webhooks -------------------------------------------------------------------------------------


def a_hook(book: VisitBook, ref: str, event: str = "visit.changed", **more: Any) -> Hook:
    headers, body = book.webhook(event, ref, "msg_2xT", NOW, **more)
    return Hook(headers, body, NOW)


def test_a_webhook_is_known_by_its_id(book: VisitBook, tool: Callable[..., GenericRest]) -> None:
    hook = a_hook(book, book.book(TEN, HALF_PAST))
    assert tool().key(hook) == "msg_2xT"
    assert book.asked == []


def test_a_webhook_changed_anywhere_is_not_taken(
    book: VisitBook, tool: Callable[..., GenericRest]
) -> None:
    hook, asked = a_hook(book, book.book(TEN, HALF_PAST)), tool()
    for place in range(len(hook.body)):
        body = bytearray(hook.body)
        body[place] ^= 1
        with pytest.raises(NotAuthentic):
            asked.key(replace(hook, body=bytes(body)))
    for name, text in hook.headers.items():
        for place, letter in enumerate(text):
            other = text[:place] + chr(ord(letter) ^ 1) + text[place + 1 :]
            with pytest.raises(NotAuthentic):
                asked.key(replace(hook, headers={**hook.headers, name: other}))
        with pytest.raises(NotAuthentic):
            asked.key(replace(hook, headers={**hook.headers, name: ""}))
    with pytest.raises(NotAuthentic):
        asked.key(replace(hook, headers={}))
    with pytest.raises(NotAuthentic):
        tool(hooks=hooks(secret="ein anderes Geheimnis von Fremden")).key(hook)
    with pytest.raises(NotAuthentic):
        tool(hooks=None).key(hook)


def test_an_old_webhook_is_not_taken(book: VisitBook, tool: Callable[..., GenericRest]) -> None:
    hook = a_hook(book, book.book(TEN, HALF_PAST))
    for seconds in (-300, 300):
        late = replace(hook, received=NOW + timedelta(seconds=seconds))
        assert tool().key(late) == "msg_2xT"
    for seconds in (-301, 301):
        late = replace(hook, received=NOW + timedelta(seconds=seconds))
        with pytest.raises(NotAuthentic):
            tool().key(late)


def test_a_webhook_tells_how_it_is_now(book: VisitBook, tool: Callable[..., GenericRest]) -> None:
    ref = book.book(TEN, HALF_PAST)
    hook = a_hook(book, ref)
    book.change(ref, state="called-off")
    [event] = tool().events(hook)
    assert event.booking_id == ref
    assert isinstance(event.told, Told)
    assert event.told.booking.status is Status.CANCELLED
    book.remove(ref)
    assert tool().events(hook) == [Event(ref, None)]


def test_a_webhook_tells_what_is_in_it_where_nobody_can_ask(
    book: VisitBook, tool: Callable[..., GenericRest]
) -> None:
    ref = book.book(TEN, HALF_PAST)
    [event] = tool(one="").events(a_hook(book, ref))
    assert event == Event(ref, read(book.visits[ref]))
    assert isinstance(event.told, Told)
    assert event.told.changed == datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
    assert tool(one="").events(a_hook(book, ref, with_visit=False)) == []
    removed = a_hook(book, ref, "visit.removed", with_visit=False)
    assert tool(one="").events(removed) == [Event(ref, None, removed=True)]
    book.change(ref, clinician=None)
    [event] = tool(one="").events(a_hook(book, ref))
    assert isinstance(event.told, Unreadable)
    assert book.asked == []


def test_a_webhook_may_tell_of_several(book: VisitBook, tool: Callable[..., GenericRest]) -> None:
    refs = [book.book(TEN, HALF_PAST) for _ in range(3)]
    rows = list(book.visits.values())
    body = json.dumps({"event": "visit.changed", "all": [*rows, None, 7]}).encode()
    several = tool(hooks=hooks(id="", rows=("visit", "all")))
    events = several.events(Hook({}, body, NOW))
    assert [event.booking_id for event in events] == refs


@pytest.mark.parametrize(
    "told",
    [
        {"event": "bill.paid", "about": {"ref": "V-1001"}},
        {"event": ["visit.changed"], "about": {"ref": "V-1001"}},
        {},
        [],
        None,
    ],
)
def test_a_webhook_about_no_booking_tells_nothing(
    book: VisitBook, tool: Callable[..., GenericRest], told: Any
) -> None:
    assert tool().events(Hook({}, json.dumps(told).encode(), NOW)) == []
    assert book.asked == []


def test_a_webhook_about_an_unknown_booking_does_not_say_that_it_was_removed(
    book: VisitBook, tool: Callable[..., GenericRest]
) -> None:
    assert tool().events(a_hook(book, "V-1")) == [Event("V-1", None)]
    removed = a_hook(book, "V-1", "visit.removed")
    assert tool().events(removed) == [Event("V-1", None, removed=True)]


@pytest.mark.parametrize("about", [{}, {"about": None}, {"about": {"ref": ""}}, {"about": ".."}])
def test_a_webhook_that_should_be_about_a_booking_and_is_not_is_for_a_person(
    tool: Callable[..., GenericRest], about: dict[str, Any]
) -> None:
    body = json.dumps({"event": "visit.changed", **about}).encode()
    with pytest.raises(Failed, match="about no booking") as failed:
        tool().events(Hook({}, body, NOW))
    assert failed.value.permanent


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 200_000, b'{"a": 1} x'])
def test_a_webhook_that_says_nothing_fails_for_good(
    tool: Callable[..., GenericRest], body: bytes
) -> None:
    with pytest.raises(Failed) as failed:
        tool().events(Hook({}, body, NOW))
    assert failed.value.permanent


# --- What it can do -------------------------------------------------------------------------------


def test_what_is_not_in_the_mapping_it_cannot_do(tool: Callable[..., GenericRest]) -> None:
    assert tool().powers == ~Power.PATIENTS
    bare = tool(listing=None, one="", move=None, cancel=None, confirm=None, hooks=None, page="")
    assert bare.powers == Power(0)
    refused: list[Callable[[], object]] = [
        lambda: list(bare.bookings(WEEK)),
        lambda: bare.events(Hook({}, b"{}", NOW)),
        lambda: bare.link(PatientRecord("Öhrlein")),
    ]
    for each in refused:
        with pytest.raises(Failed) as failed:
            each()
        assert failed.value.permanent
    assert bare.booking("V-1") is None
    assert list(tool().patients()) == []


def test_its_page_has_the_patient_filled_in(tool: Callable[..., GenericRest]) -> None:
    record = PatientRecord("Öhrlein & Söhne", "Ruth", email="ruth+1@oehrlein.example")
    assert tool().link(record) == (
        "https://clinic.example/book?vorname=Ruth&nachname=%C3%96hrlein%20%26%20S%C3%B6hne"
        "&mail=ruth%2B1%40oehrlein.example"
    )


MISTAKES: tuple[Callable[[], object], ...] = (
    lambda: replace(REST.fields, id=""),
    lambda: replace(REST.fields, end=""),
    lambda: replace(REST.fields, last_name=""),
    lambda: replace(REST.words, doctors={}),
    lambda: Times(zone="Europa/Berlin"),
    lambda: Times(zone="../../etc/passwd"),
    lambda: Times(format="ISO"),
    lambda: Times(format="%Q"),
    lambda: Times(format="%H:%M"),
    lambda: Times(format="%Y %Y-%m-%d %H:%M"),
    lambda: Times(birth_date="unix"),
    lambda: Times(days="heute"),
    lambda: Listing("visits?from={begin}"),
    lambda: Listing("visits/{id}"),
    lambda: Call("visits/{id}?why={reason}"),
    lambda: Call("visits/{id}", "PUT", {"a": [{"b": "{beginn}"}]}),
    lambda: Paging("page"),
    lambda: Paging("cursor", "after"),
    lambda: Paging("next"),
    lambda: Paging(size_parameter="limit"),
    lambda: hooks(id="", rows=()),
    lambda: hooks(event=""),
    lambda: replace(REST, one="visits/{reason}"),
    lambda: replace(REST, one="", hooks=hooks(rows=())),
    lambda: replace(REST, one="", move=Call("visits/{id}", "PATCH", {"begins": "{start}"})),
    lambda: replace(REST, precheck=False, move=Call("visits/{id}?start={start}")),
    lambda: replace(REST, page="https://clinic.example/{id}"),
)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_mapping_is_told_at_once(mistake: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        mistake()


def test_a_mapping_can_be_written_as_a_table_of_settings() -> None:
    told = tomllib.loads("""
        one = "visits/{id}"
        fields = { id = "ref", start = "begins", duration = "minutes", name = "who" }
        words = { doctors = { 18 = "dr-falkenrath" }, statuses = { booked = "CONFIRMED" } }
        move = { path = "visits/{id}", method = "PUT", body = { at = ["{start}", 7] } }
        hooks = { id = "ref", about = ["booked"], event = "event" }
    """)
    rest = TypeAdapter(Rest).validate_python(told)
    assert rest.words.statuses["booked"] is Status.CONFIRMED
    assert rest.move == Call("visits/{id}", "PUT", {"at": ["{start}", 7]})
    assert rest.hooks == Hooks(id="ref", about=("booked",), event="event")


def test_a_secret_that_is_none_is_told_at_once(http: Http) -> None:
    for secret in ("", "kurz", "whsec_###"):
        with pytest.raises(ValueError, match=r"\w"):
            GenericRest(http, replace(REST, hooks=hooks(secret=secret)))


def test_the_secret_is_not_shown() -> None:
    assert SECRET.decode() not in repr(REST)

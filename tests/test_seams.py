"""Where one feature meets another: what users saw that neither of their tests had shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest
from starlette.testclient import TestClient

from caldav_server.feeds import Feeds
from practice.use_cases.feeds import FeedWindow, make
from practice.views import Level
from tests.bookings import faults
from tests.building import PROFILE, an_event, writing
from tests.dav import CALDAV, DAV, HOME, listing, names, preconditions, put, query, report
from tests.in_process import clients

if TYPE_CHECKING:
    import httpx

    from practice.database import SqlDatabase

MUELLER, SCHMIDT, PRAXIS = (f"{HOME}{name}/" for name in ("dr-mueller", "dr-schmidt", "praxis"))
LABOR = f"{HOME}labor/"
NAMESPACES = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
#: Ten o'clock, wherever its calendar is.
FLOATING = an_event("floating").replace(";TZID=Europe/Berlin", "")
NEW_YORK = "<C:calendar-timezone-id>America/New_York</C:calendar-timezone-id>"
NOTE = "<n:note xmlns:n='urn:n'>Notiz</n:note>"


def setting(properties: str) -> str:
    return f"<propertyupdate {NAMESPACES}><set><prop>{properties}</prop></set></propertyupdate>"


def a_calendar(admin: httpx.Client, name: str, properties: str = "") -> str:
    """Make a calendar; return its address."""
    address = f"{HOME}{quote(name)}/"
    body = setting(properties).replace("propertyupdate", "C:mkcalendar") if properties else ""
    made = admin.request("MKCALENDAR", address, content=body)
    assert made.status_code == 201, made.text
    return address


def hrefs(answer: httpx.Response) -> list[str]:
    return re.findall("<href>([^<]*)</href>", answer.text)


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_a_floating_event_is_where_its_new_calendars_clock_says(
    practice: SqlDatabase, method: str
) -> None:
    with clients(practice, "admin") as (admin,):
        labor = a_calendar(admin, "labor", NEW_YORK)
        put(admin, MUELLER, "f.ics", FLOATING)
        into = {"Destination": f"{labor}f.ics"}
        assert admin.request(method, f"{MUELLER}f.ics", headers=into).status_code == 201
        in_berlin = query(admin, labor, "20261123T090000Z", "20261123T093000Z").etags
        in_new_york = query(admin, labor, "20261123T150000Z", "20261123T153000Z").etags
    assert (list(in_berlin), list(in_new_york)) == ([], [f"{labor}f.ics"])
    assert faults(practice) == []


def test_a_calendar_of_any_name_is_a_file_with_a_name(practice: SqlDatabase) -> None:
    with clients(practice, "admin") as (admin,):
        for name, told in {
            "Łódź": "\"__d_.ics\"; filename*=UTF-8''%C5%81%C3%B3d%C5%BA.ics",
            "Müller": "\"M_ller.ics\"; filename*=UTF-8''M%C3%BCller.ics",
            'a"b\\c': "\"a_b_c.ics\"; filename*=UTF-8''a%22b%5Cc.ics",
            "a%41": "\"a_41.ics\"; filename*=UTF-8''a%2541.ics",
            "a b": '"a b.ics"',
        }.items():
            file = admin.get(a_calendar(admin, name))
            assert file.headers["content-disposition"] == f"attachment; filename={told}"
            with writing(practice) as uow:
                token, _ = make(uow, name, Level.BUSY, "Telefon")
            feeds = Feeds(practice, PROFILE, FeedWindow())
            fed = TestClient(feeds).get(f"/feeds/{token}.ics")
            feeds.close()
            assert fed.status_code == 200
            assert fed.headers["content-disposition"] == file.headers["content-disposition"]


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_the_other_name_of_a_uid_is_told_in_the_calendar_where_it_is(
    practice: SqlDatabase, method: str
) -> None:
    with clients(practice, "admin") as (admin,):
        labor = a_calendar(admin, "labor")
        put(admin, MUELLER, "a.ics", an_event("a"))
        put(admin, labor, "alt & neu@1.ics", an_event("a"))
        into = {"Destination": f"{labor}b.ics"}
        answer = admin.request(method, f"{MUELLER}a.ics", headers=into)
        assert (answer.status_code, preconditions(answer)) == (409, {CALDAV + "no-uid-conflict"})
        (there,) = listing(admin, labor)
        assert hrefs(answer) == [escape(there)]
        assert admin.get(there).status_code == 200


def test_the_other_name_of_a_uid_is_the_one_in_the_listing(practice: SqlDatabase) -> None:
    with clients(practice, "empfang") as (staff,):
        put(staff, MUELLER, "a&b@c.ics", an_event("a"))
        for calendar in (MUELLER, PRAXIS):
            answer = put(staff, calendar, "other.ics", an_event("a"))
            assert hrefs(answer) == [escape(href) for href in listing(staff, calendar)]


def test_no_move_brings_a_uid_into_the_main_calendar_a_second_time(practice: SqlDatabase) -> None:
    with clients(practice, "admin") as (admin,):
        labor = a_calendar(admin, "labor")
        put(admin, MUELLER, "a.ics", an_event("a"))
        put(admin, labor, "a.ics", an_event("a"))
        for name in ("a.ics", "dr-schmidt~a.ics"):
            into = {"Destination": f"{PRAXIS}{name}"}
            answer = admin.request("MOVE", f"{labor}a.ics", headers=into)
            assert answer.status_code == 409
            assert hrefs(answer) == [f"{PRAXIS}dr-mueller~a.ics"]
        into = {"Destination": f"{PRAXIS}dr-schmidt~a.ics"}
        assert admin.request("MOVE", f"{PRAXIS}dr-mueller~a.ics", headers=into).status_code == 201
        assert names(admin, PRAXIS) == {"dr-schmidt~a.ics"}
        over = {"Destination": f"{PRAXIS}dr-schmidt~a.ics"}
        assert admin.request("MOVE", f"{labor}a.ics", headers=over).status_code == 204
        assert names(admin, labor) == set()


def test_an_if_header_asks_about_whole_urls_as_about_paths(practice: SqlDatabase) -> None:
    with clients(practice, "empfang") as (staff,):
        etag = put(staff, MUELLER, "a.ics", an_event("a")).headers["etag"]
        for host, status in (("", 200), ("http://localhost", 200), ("http://example.org", 412)):
            asked = {"If": f"<{host}{MUELLER}a.ics> ([{etag}])"}
            assert staff.get(f"{MUELLER}a.ics", headers=asked).status_code == status


@pytest.mark.parametrize("kind", ["calendar-query", "calendar-multiget", "sync-collection"])
def test_a_report_of_all_properties_tells_those_that_clients_have_set(
    practice: SqlDatabase, kind: str
) -> None:
    rest = {
        "calendar-query": '<C:filter><C:comp-filter name="VCALENDAR"/></C:filter>',
        "calendar-multiget": f"<href>{MUELLER}a.ics</href>",
        "sync-collection": "<sync-token/><sync-level>1</sync-level>",
    }[kind]
    tag = kind if kind == "sync-collection" else f"C:{kind}"
    with clients(practice, "empfang") as (staff,):
        put(staff, MUELLER, "a.ics", an_event("a"))
        set_ = staff.request("PROPPATCH", f"{MUELLER}a.ics", content=setting(NOTE))
        assert set_.status_code == 207
        for asked in ("allprop", "propname"):
            body = f"<{tag} {NAMESPACES}><{asked}/>{rest}</{tag}>"
            found = report(staff, MUELLER, body).only
            assert {"{urn:n}note", DAV + "getetag"} <= set(found.told)
            assert found.missing == set()


def test_no_answer_grows_with_the_properties_asked_for_times_the_objects(
    practice: SqlDatabase,
) -> None:
    with clients(practice, "empfang") as (staff,):
        for number in range(80):
            put(staff, MUELLER, f"{number}.ics", an_event(str(number)))
        asked = "".join(f"<p{number}/>" for number in range(40_000))
        prop = f"<D:prop xmlns='urn:x' xmlns:D='DAV:'>{asked}</D:prop>"
        everything = '<C:filter><C:comp-filter name="VCALENDAR"/></C:filter>'
        bodies = {
            "PROPFIND": f"<propfind {NAMESPACES}>{prop}</propfind>",
            "REPORT": f"<C:calendar-query {NAMESPACES}>{prop}{everything}</C:calendar-query>",
        }
        for method, body in bodies.items():
            answer = staff.request(method, MUELLER, content=body, headers={"Depth": "1"})
            assert answer.status_code == 403
            assert preconditions(answer) == {DAV + "number-of-matches-within-limits"}
        one = staff.request("PROPFIND", MUELLER, content=bodies["PROPFIND"], headers={"Depth": "0"})
        assert one.status_code == 207

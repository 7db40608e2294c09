"""Corners of the RFCs that suites of others look into: names, kinds of PROPFIND, edges of reports.

What clients do every day is in test_client_*.py; this is what they may do, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote
from xml.etree import ElementTree as ET

import httpx
import pytest

from tests.building import an_event
from tests.dav import (
    CALDAV,
    DAV,
    HOME,
    Multistatus,
    listing,
    multiget,
    multistatus,
    names,
    preconditions,
    propfind,
    put,
    report,
    sync,
)
from tests.servers import RunningServer

NAMESPACES = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
CORNERS = HOME + "corners/"
#: As suites, Apple's devices and people name the calendars they make.
CALENDAR_NAMES = (
    "Test_1",
    "3F2504E0-4F89-11D3-9A0C-0305E82C3301",
    "a@b",
    "test @ foo ät bar град сатану",
    "ä" * 127,
    "e\u0301te\u0301",
    "x;y=1,z",
    "100% & mehr?#",
    ".verborgen",
)


@pytest.fixture
def admin(server: RunningServer) -> Iterator[httpx.Client]:
    """Who may make calendars; there is an empty one called "corners"."""
    with server.client("admin") as client:
        client.delete(CORNERS)
        assert client.request("MKCALENDAR", CORNERS).status_code == 201
        yield client


def asked(client: httpx.Client, path: str, inner: str, depth: str = "0") -> Multistatus:
    """Send a PROPFIND with what stands in its body."""
    body = f"<propfind {NAMESPACES}>{inner}</propfind>"
    return multistatus(
        client.request("PROPFIND", path, content=body.encode(), headers={"Depth": depth})
    )


# --- Names --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CALENDAR_NAMES)
def test_a_calendar_of_any_name_is_found_filled_and_deleted(admin: httpx.Client, name: str) -> None:
    path = f"{HOME}{quote(name, safe='')}/"
    assert admin.request("MKCALENDAR", path).status_code == 201
    told = propfind(admin, HOME, DAV + "displayname", depth="1").found
    (shown,) = [href for href, found in told.items() if found.text(DAV + "displayname") == name]
    assert put(admin, shown, "ä b.ics", an_event("x")).status_code == 201
    assert names(admin, path) == names(admin, shown) == {"ä b.ics"}
    (href,) = listing(admin, shown)
    assert href.startswith(shown)
    assert multiget(admin, shown, [href]).data[href] == an_event("x")
    assert set(sync(admin, path).etags) == {href}
    target = CORNERS + "moved.ics"
    assert admin.request("MOVE", href, headers={"Destination": target}).status_code == 201
    assert admin.delete(path).status_code == 204
    assert shown not in propfind(admin, HOME, DAV + "getetag", depth="1").found


@pytest.mark.parametrize("name", ["a~b", "a%0Ab", "%7F", "appointments.ics", "x" * 256])
def test_a_name_that_no_calendar_can_have_makes_none(admin: httpx.Client, name: str) -> None:
    before = set(propfind(admin, HOME, DAV + "getetag", depth="1").found)
    assert admin.request("MKCALENDAR", f"{HOME}{name}/").status_code in {400, 403, 405}
    assert set(propfind(admin, HOME, DAV + "getetag", depth="1").found) == before


def test_a_name_means_the_same_however_it_is_encoded(admin: httpx.Client) -> None:
    assert put(admin, CORNERS, "a@b+c.ics", an_event("x")).status_code == 201
    for spelling in ("a@b+c.ics", "a%40b%2Bc.ics", "%61%40b%2bc%2Eics"):
        assert admin.get(CORNERS + spelling).status_code == 200
        (told,) = propfind(admin, CORNERS + spelling, DAV + "getetag").found
        assert told in listing(admin, CORNERS)


@pytest.mark.parametrize("path", ["nope/a.ics", "nope/deeper/a.ics", "a.ics/b.ics"])
def test_a_put_below_what_is_no_collection_is_a_conflict(admin: httpx.Client, path: str) -> None:
    put(admin, CORNERS, "a.ics", an_event("a"))
    folder, _, name = path.rpartition("/")
    answer = put(admin, f"{CORNERS}{folder}/", name, an_event("b"))
    assert answer.status_code == 409  # RFC 4918 9.7.1
    assert names(admin, CORNERS) == {"a.ics"}


# --- PROPFIND -----------------------------------------------------------------------------------


def test_no_body_asks_for_everything(admin: httpx.Client) -> None:
    bare = multistatus(admin.request("PROPFIND", CORNERS, headers={"Depth": "0"}))
    everything = asked(admin, CORNERS, "<allprop/>")
    assert set(bare.only.told) == set(everything.only.told)
    assert DAV + "resourcetype" in bare.only.told
    # RFC 4791 5.2: what is long or costs something is told to who names it.
    assert not {CALDAV + "calendar-timezone", CALDAV + "max-instances"} & set(bare.only.told)


def test_more_can_be_asked_for_beside_everything(admin: httpx.Client) -> None:
    include = "<include><sync-token/><C:calendar-timezone/><x xmlns='urn:x'/></include>"
    told = asked(admin, CORNERS, "<allprop/>" + include).only
    assert {DAV + "sync-token", CALDAV + "calendar-timezone", DAV + "displayname"} <= set(told.told)
    assert not told.missing - {"{urn:x}x"}


def test_names_come_without_values_and_can_all_be_asked_for(admin: httpx.Client) -> None:
    put(admin, CORNERS, "a.ics", an_event("a"))
    for path in ("/caldav/", "/caldav/admin/", HOME, CORNERS, CORNERS + "a.ics"):
        told = asked(admin, path, "<propname/>").only.told
        assert told
        assert not any(len(element) or element.text for element in told.values())
        assert propfind(admin, path, *told).only.missing == set(), path


def test_what_the_rfc_does_not_know_in_a_propfind_is_passed_over(admin: httpx.Client) -> None:
    inner = "<x:y xmlns:x='urn:x'><prop/></x:y><prop><getetag/></prop><z xmlns='urn:x'/>"
    assert set(asked(admin, CORNERS, inner).only.told) == {DAV + "getetag"}


def test_a_property_of_no_namespace_is_not_there(admin: httpx.Client) -> None:
    told = asked(admin, CORNERS, '<prop><getetag/><foo xmlns=""/></prop>').only
    assert set(told.told) == {DAV + "getetag"}
    assert told.missing == {"foo"}


@pytest.mark.parametrize("body", ["<propfind", "<foo xmlns='DAV:'/>", "<propfind xmlns='DAV:'/>"])
def test_what_is_no_propfind_is_refused(admin: httpx.Client, body: str) -> None:
    assert admin.request("PROPFIND", CORNERS, content=body).status_code == 400


# --- Reports ------------------------------------------------------------------------------------


def test_a_sync_tells_members_whatever_properties_are_asked_for(admin: httpx.Client) -> None:
    put(admin, CORNERS, "a.ics", an_event("a"))
    for inner in ("<prop/>", "<prop><x xmlns='urn:x'/></prop>"):
        body = (
            f"<sync-collection {NAMESPACES}><sync-token/><sync-level>1</sync-level>"
            f"{inner}</sync-collection>"
        )
        assert set(report(admin, CORNERS, body, depth="0").found) == {CORNERS + "a.ics"}


def test_what_came_and_went_between_two_syncs_is_not_worth_a_word(admin: httpx.Client) -> None:
    token = sync(admin, CORNERS).token
    put(admin, CORNERS, "a.ics", an_event("a"))
    admin.delete(CORNERS + "a.ics")
    put(admin, CORNERS, "b.ics", an_event("b"))
    changed = sync(admin, CORNERS, token)
    assert set(changed.etags) == {CORNERS + "b.ics"}
    assert changed.gone <= {CORNERS + "a.ics"}


def test_a_report_nobody_knows_is_refused_by_its_precondition(admin: httpx.Client) -> None:
    body = '<version-tree xmlns="DAV:"><prop><getetag/></prop></version-tree>'
    answer = admin.request("REPORT", CORNERS, content=body)
    assert answer.status_code == 403
    assert preconditions(answer) == {DAV + "supported-report"}  # RFC 3253 3.6


def test_a_multiget_says_of_each_href_whether_it_is_there(admin: httpx.Client) -> None:
    put(admin, CORNERS, "a.ics", an_event("a"))
    hrefs = [CORNERS + "a.ics", CORNERS + "no.ics", HOME + "nobody/x.ics", "/elsewhere/x.ics"]
    told = multiget(admin, CORNERS, hrefs)
    assert set(told.data) == {hrefs[0]}
    assert told.gone == set(hrefs[1:])


# --- Text ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["Zoë & Söhne <3", "日本語", "😀 a\u0301", "]]>", "\u2028 \u00a0"])
def test_text_of_any_script_goes_in_and_out_as_a_property_and_as_an_event(
    admin: httpx.Client, text: str
) -> None:
    value = ET.Element(DAV + "displayname")
    value.text = text
    told = ET.tostring(value, "unicode")
    body = f'<propertyupdate xmlns="DAV:"><set><prop>{told}</prop></set></propertyupdate>'
    assert admin.request("PROPPATCH", CORNERS, content=body.encode()).status_code == 207
    assert propfind(admin, CORNERS, DAV + "displayname").only.text(DAV + "displayname") == text
    event = an_event("a", "20261123T100000", "20261123T110000", f"SUMMARY:{text}")
    assert put(admin, CORNERS, "a.ics", event).status_code == 201
    assert admin.get(CORNERS + "a.ics").content == event.encode()
    assert multiget(admin, CORNERS, [CORNERS + "a.ics"]).data == {CORNERS + "a.ics": event}


def _query(span: str, prop: str = "<prop><getetag/></prop>") -> str:
    return (
        f"<C:calendar-query {NAMESPACES}>{prop}<C:filter>"
        f'<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">{span}'
        "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
    )


def test_a_query_can_be_run_on_one_object(admin: httpx.Client) -> None:
    """RFC 4791 7: reports are there on objects, too."""
    one = CORNERS + "eins.ics"
    put(admin, CORNERS, "eins.ics", an_event("eins"))
    put(admin, CORNERS, "zwei.ics", an_event("zwei"))
    then = '<C:time-range start="20261123T000000Z" end="20261124T000000Z"/>'
    later = '<C:time-range start="20271123T000000Z" end="20271124T000000Z"/>'
    assert set(report(admin, one, _query(then), depth="0").etags) == {one}
    assert report(admin, one, _query(later), depth="0").found == {}
    gone = admin.request("REPORT", CORNERS + "drei.ics", content=_query(then))
    assert gone.status_code == 404


def test_a_report_tells_the_names_of_all_properties(admin: httpx.Client) -> None:
    put(admin, CORNERS, "eins.ics", an_event("eins"))
    told = report(admin, CORNERS, _query("", "<propname/>")).only.told
    assert {DAV + "getetag", DAV + "resourcetype", DAV + "getcontenttype"} <= set(told)
    assert not any(element.text or len(element) for element in told.values())


def test_an_href_on_another_server_is_not_here(admin: httpx.Client) -> None:
    href = CORNERS + "eins.ics"
    put(admin, CORNERS, "eins.ics", an_event("eins"))
    here = f"{admin.base_url}".rstrip("/") + href
    elsewhere = "http://anderswo.example" + href
    found = multiget(admin, CORNERS, [href, here, elsewhere])
    assert set(found.data) == {href, here}
    assert found.gone == {elsewhere}


@pytest.mark.parametrize("method", ["PUT", "COPY", "MOVE"])
def test_an_object_is_not_lost_to_one_of_another_uid(admin: httpx.Client, method: str) -> None:
    """RFC 4791 5.3.2.1: no-uid-conflict."""
    there, other = CORNERS + "eins.ics", CORNERS + "zwei.ics"
    put(admin, CORNERS, "eins.ics", an_event("eins"))
    put(admin, CORNERS, "zwei.ics", an_event("zwei"))
    before = listing(admin, CORNERS)
    if method == "PUT":
        answer = admin.put(there, content=an_event("drei").encode())
    else:
        answer = admin.request(method, other, headers={"Destination": f"{admin.base_url}{there}"})
    assert answer.status_code == 409
    assert preconditions(answer) == {CALDAV + "no-uid-conflict"}
    assert listing(admin, CORNERS) == before

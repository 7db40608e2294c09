"""MKCALENDAR and extended MKCOL: a calendar as it was asked for, or none."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote
from xml.etree import ElementTree as ET

import httpx
import pytest

from tests.building import an_event
from tests.dav import APPLE, CALDAV, DAV, HOME, multistatus, preconditions, propfind, put
from tests.servers import RunningServer

NAMESPACES = (
    'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:n="urn:n"'
    ' xmlns:i="http://apple.com/ns/ical/"'
)
NEW = f"{HOME}neu/"
COMPONENTS = CALDAV + "supported-calendar-component-set"
TYPE = "<resourcetype><collection/><C:calendar/></resourcetype>"
TASKS = (
    '<C:supported-calendar-component-set><C:comp name="VTODO"/>'
    "</C:supported-calendar-component-set>"
)
ZONE = "\n".join(
    (
        *("BEGIN:VCALENDAR", "PRODID:-//Example Corp.//CalDAV Client//EN", "VERSION:2.0"),
        *("BEGIN:VTIMEZONE", "TZID:US-Eastern", "BEGIN:STANDARD", "DTSTART:19671029T020000"),
        *("RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10", "TZOFFSETFROM:-0400", "TZOFFSETTO:-0500"),
        *("END:STANDARD", "BEGIN:DAYLIGHT", "DTSTART:19870405T020000"),
        *("RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=4", "TZOFFSETFROM:-0500", "TZOFFSETTO:-0400"),
        *("END:DAYLIGHT", "END:VTIMEZONE", "END:VCALENDAR", ""),
    )
)
PROPERTIES = (
    "<displayname>Lisas &amp; Toms</displayname>"
    '<C:calendar-description xml:lang="en">Calendar restricted to tasks</C:calendar-description>'
    f"{TASKS}<C:calendar-timezone><![CDATA[{ZONE}]]></C:calendar-timezone>"
    "<i:calendar-color>#112233FF</i:calendar-color><n:note>x<n:b/></n:note>"
)


@pytest.fixture
def admin(server: RunningServer) -> Iterator[httpx.Client]:
    """Who may make calendars; what it makes is gone afterwards."""
    with server.client("admin") as client:
        before = set(propfind(client, HOME, DAV + "getetag", depth="1").found)
        yield client
        for href in set(propfind(client, HOME, DAV + "getetag", depth="1").found) - before:
            assert client.delete(href).status_code == 204


def mkcalendar(client: httpx.Client, path: str, props: str = "", **headers: str) -> httpx.Response:
    body = f"<C:mkcalendar {NAMESPACES}><set><prop>{props}</prop></set></C:mkcalendar>"
    return client.request("MKCALENDAR", path, content=body if props else "", headers=headers)


def mkcol(client: httpx.Client, path: str, props: str, **headers: str) -> httpx.Response:
    body = f"<mkcol {NAMESPACES}><set><prop>{props}</prop></set></mkcol>"
    return client.request("MKCOL", path, content=body, headers=headers)


def is_there(client: httpx.Client, path: str = NEW) -> bool:
    return client.request("PROPFIND", path, headers={"Depth": "0"}).status_code == 207


@pytest.mark.parametrize("method", ["MKCALENDAR", "MKCOL"])
def test_a_calendar_is_made_with_the_properties_asked_for(
    server: RunningServer, admin: httpx.Client, method: str
) -> None:
    if method == "MKCALENDAR":
        made = mkcalendar(admin, NEW, PROPERTIES)
    else:
        made = mkcol(admin, NEW, TYPE + PROPERTIES)
    assert (made.status_code, made.content) == (201, b"")
    assert made.headers["cache-control"] == "no-cache"
    tags = (DAV + "displayname", CALDAV + "calendar-description", CALDAV + "calendar-timezone")
    found = propfind(admin, NEW, *tags, COMPONENTS, "{urn:n}note", DAV + "resourcetype").only
    assert found.kinds() == {DAV + "collection", CALDAV + "calendar"}
    assert found.text(DAV + "displayname") == "Lisas & Toms"
    assert found.text(CALDAV + "calendar-timezone") == ZONE
    assert found.told[CALDAV + "calendar-description"].attrib.popitem()[1] == "en"
    assert [comp.get("name") for comp in found.told[COMPONENTS]] == ["VTODO"]
    assert len(found.told["{urn:n}note"]) == 1
    with server.client() as other:  # the colour is everybody's who has set none
        assert (
            propfind(other, NEW, APPLE + "calendar-color").only.text(APPLE + "calendar-color")
            == "#112233FF"
        )
        refused = put(other, NEW, "a.ics", an_event("a"))
        assert refused.status_code == 403
        assert preconditions(refused) == {CALDAV + "supported-calendar-component"}


def test_without_a_body_it_takes_everything(admin: httpx.Client) -> None:
    assert mkcalendar(admin, NEW.rstrip("/")).status_code == 201
    found = propfind(admin, NEW, COMPONENTS).only
    assert {comp.get("name") for comp in found.told[COMPONENTS]} == {"VEVENT", "VTODO", "VJOURNAL"}


@pytest.mark.parametrize(
    "name",
    ["5F3B2C1A-9D7E-4E2B-8A61-0123456789AB", "Urlaub", "urlaub", "Büro_2026", "a.b", "home"],
)
def test_a_calendar_has_the_name_the_client_gave_it(admin: httpx.Client, name: str) -> None:
    path = f"{HOME}{quote(name)}/"
    assert mkcalendar(admin, path).status_code == 201
    assert path in propfind(admin, HOME, DAV + "resourcetype", depth="1").found
    assert put(admin, path, "a.ics", an_event("a")).status_code == 201
    file = admin.get(path)
    assert file.status_code == 200
    assert quote(name) in file.headers["content-disposition"]


def test_names_that_differ_in_case_are_two_unless_one_is_a_doctors(admin: httpx.Client) -> None:
    assert mkcalendar(admin, f"{HOME}Labor/").status_code == 201
    assert mkcalendar(admin, f"{HOME}labor/").status_code == 201
    for name in ("Dr-Mueller", "PRAXIS"):
        refused = mkcalendar(admin, f"{HOME}{name}/")
        assert refused.status_code == 403
        assert preconditions(refused) == {CALDAV + "calendar-collection-location-ok"}


LOCATION, NULL = CALDAV + "calendar-collection-location-ok", DAV + "resource-must-be-null"
ELSEWHERE = [
    ("MKCALENDAR", f"{HOME}dr-mueller/", 403, NULL),
    ("MKCALENDAR", HOME, 403, NULL),
    ("MKCALENDAR", "/caldav/admin/", 403, NULL),
    ("MKCALENDAR", f"{HOME}dr-mueller/neu/", 403, LOCATION),
    ("MKCALENDAR", "/caldav/admin/neu/", 403, LOCATION),
    ("MKCALENDAR", "/caldav/neu/", 403, LOCATION),
    ("MKCALENDAR", f"{HOME}a~b/", 403, LOCATION),
    ("MKCALENDAR", f"{HOME}appointments.ics/", 403, LOCATION),
    ("MKCALENDAR", f"{HOME}{'x' * 256}/", 403, LOCATION),
    ("MKCALENDAR", f"{HOME}nirgends/neu/", 409, ""),
    ("MKCALENDAR", f"{HOME}dr-mueller/a/b/", 409, ""),
    ("MKCALENDAR", "/caldav/nirgends/neu/", 409, ""),
    ("MKCOL", f"{HOME}dr-mueller/", 405, NULL),
    ("MKCOL", HOME, 405, NULL),
    ("MKCOL", f"{HOME}dr-mueller/neu/", 403, LOCATION),
    ("MKCOL", f"{HOME}nirgends/neu/", 409, ""),
]


@pytest.mark.parametrize(("method", "path", "status", "element"), ELSEWHERE)
def test_a_calendar_is_made_below_the_home_where_there_is_none(
    admin: httpx.Client, method: str, path: str, status: int, element: str
) -> None:
    make = mkcol if method == "MKCOL" else mkcalendar
    refused = make(admin, path, TYPE if method == "MKCOL" else "<n:x/>")
    assert refused.status_code == status
    assert preconditions(refused) == ({element} if element else set())
    if status == 405:
        assert "MKCOL" not in refused.headers["allow"].split(", ")


@pytest.mark.parametrize("make", [mkcalendar, mkcol])
@pytest.mark.parametrize("account", ["empfang", "mueller", "albis", "buchung", "gast"])
def test_who_may_not_make_calendars_lacks_bind_on_the_home(
    server: RunningServer, admin: httpx.Client, account: str, make: object
) -> None:
    with server.client(account) as client:
        refused = make(client, NEW, TYPE)  # type: ignore[operator]
    assert refused.status_code == 403
    assert preconditions(refused) == {DAV + "need-privileges"}
    resource = ET.fromstring(refused.content).find(f"{DAV}need-privileges/{DAV}resource")
    assert resource is not None
    assert resource.findtext(DAV + "href") == HOME
    assert resource.find(f"{DAV}privilege/{DAV}bind") is not None
    assert not is_there(admin)


@pytest.mark.parametrize(
    ("props", "element"),
    [
        ("<C:calendar-timezone>Berlin</C:calendar-timezone>", "valid-calendar-data"),
        (
            "<C:supported-calendar-component-set/>",
            "supported-calendar-component",
        ),
        (
            '<C:supported-calendar-component-set><C:comp name="VPOLL"/><C:comp name="VEVENT"/>'
            "</C:supported-calendar-component-set>",
            "supported-calendar-component",
        ),
        ("<C:calendar-timezone-id>Mond</C:calendar-timezone-id>", "valid-timezone"),
    ],
)
def test_a_value_that_breaks_a_precondition_makes_no_calendar(
    admin: httpx.Client, props: str, element: str
) -> None:
    refused = mkcalendar(admin, NEW, f"<displayname>Neu</displayname>{props}")
    assert refused.status_code == 403
    assert preconditions(refused) == {CALDAV + element}
    assert not is_there(admin)
    refused = mkcol(admin, NEW, f"{TYPE}<displayname>Neu</displayname>{props}")
    assert refused.status_code == 403
    root = ET.fromstring(refused.content)
    assert root.tag == DAV + "mkcol-response"
    assert root.find(f"{DAV}propstat/{DAV}error/{CALDAV}{element}") is not None
    assert "424" in refused.text
    assert not is_there(admin)


def test_a_protected_property_is_told_apart_from_those_that_depend_on_it(
    admin: httpx.Client,
) -> None:
    props = "<displayname>Neu</displayname><getetag>1</getetag>"
    found = multistatus(mkcalendar(admin, NEW, props)).only
    assert found.href == NEW
    assert set(found.propstats[403]) == {DAV + "getetag"}
    assert set(found.propstats[424]) == {DAV + "displayname"}
    assert not is_there(admin)
    refused = mkcol(admin, NEW, TYPE + props)
    assert refused.status_code == 403
    root = ET.fromstring(refused.content)
    assert root.tag == DAV + "mkcol-response"
    statuses = {
        child.tag: propstat.findtext(DAV + "status")
        for propstat in root
        for child in propstat.findall(f"{DAV}prop/*")
    }
    assert statuses[DAV + "getetag"] == "HTTP/1.1 403 Forbidden"
    assert statuses[DAV + "displayname"] == "HTTP/1.1 424 Failed Dependency"
    assert not is_there(admin)


@pytest.mark.parametrize(
    "wanted",
    [
        "<resourcetype><collection/></resourcetype>",
        "<resourcetype><collection/><A:addressbook xmlns:A='urn:ietf:params:xml:ns:carddav'/>"
        "</resourcetype>",
        "<resourcetype><collection/><C:calendar/><n:more/></resourcetype>",
        "<displayname>x</displayname>",
    ],
)
def test_other_collections_than_calendars_are_not_made(admin: httpx.Client, wanted: str) -> None:
    refused = mkcol(admin, NEW, wanted)
    assert refused.status_code == 403
    assert "<valid-resourcetype/>" in refused.text
    assert not is_there(admin)


@pytest.mark.parametrize("method", ["MKCALENDAR", "MKCOL"])
def test_a_body_that_is_no_xml_or_another_is_refused(admin: httpx.Client, method: str) -> None:
    as_text = {"Content-Type": "text/plain"}
    assert admin.request(method, NEW, content="hello", headers=as_text).status_code == 415
    as_xml = {"Content-Type": "application/xml"}
    assert admin.request(method, NEW, content="hello", headers=as_xml).status_code == 400
    other = admin.request(method, NEW, content="<propfind xmlns='DAV:'/>", headers=as_xml)
    assert other.status_code == (415 if method == "MKCOL" else 400)
    assert not is_there(admin)


def test_a_plain_mkcol_makes_nothing(admin: httpx.Client) -> None:
    refused = admin.request("MKCOL", NEW)
    assert refused.status_code == 403
    assert preconditions(refused) == {DAV + "valid-resourcetype"}
    assert not is_there(admin)

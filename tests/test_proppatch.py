"""PROPPATCH: all or nothing, values that come back as they were, and whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from xml.etree import ElementTree as ET

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from practice.calendars import CalendarKind
from practice.database import SqlDatabase
from practice.timezones import vtimezone
from tests.building import BERLIN, an_event, writing
from tests.dav import (
    APPLE,
    CALDAV,
    DAV,
    HOME,
    Found,
    emptied,
    multiget,
    multistatus,
    preconditions,
    propfind,
    put,
    sync,
)
from tests.servers import RunningServer

MUELLER, SCHMIDT, PRAXIS = (f"{HOME}{name}/" for name in ("dr-mueller", "dr-schmidt", "praxis"))
A = f"{MUELLER}a.ics"
COLOR, ORDER = APPLE + "calendar-color", APPLE + "calendar-order"
NAMESPACES = (
    'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:n="urn:n"'
    ' xmlns:i="http://apple.com/ns/ical/"'
)
NOTE = "{urn:n}note"


@pytest.fixture
def staff(server: RunningServer) -> Iterator[httpx.Client]:
    """Someone who may set everything, with one object in a calendar."""
    emptied(server)
    with server.client() as client:
        assert put(client, MUELLER, "a.ics", an_event("a")).status_code == 201
        yield client


def update(client: httpx.Client, path: str, *steps: str, **headers: str) -> httpx.Response:
    """Send set and remove elements."""
    body = f"<propertyupdate {NAMESPACES}>{''.join(steps)}</propertyupdate>"
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.request("PROPPATCH", path, content=body.encode(), headers=told)


def a_set(content: str, attributes: str = "") -> str:
    return f"<set{attributes}><prop>{content}</prop></set>"


def a_removal(content: str) -> str:
    return f"<remove><prop>{content}</prop></remove>"


def the(answer: httpx.Response) -> Found:
    assert answer.status_code == 207, answer.text
    return multistatus(answer).only


def value(client: httpx.Client, path: str, tag: str) -> str | None:
    found = propfind(client, path, tag).only
    return found.text(tag) if tag in found.told else None


# --- all or nothing -------------------------------------------------------------------------------


def test_instructions_are_followed_in_the_order_of_the_document(staff: httpx.Client) -> None:
    note = "<n:note>%s</n:note>"
    steps = a_set(note % "1"), a_removal("<n:note/>"), a_set(note % "2"), a_set(note % "3")
    answer = update(staff, MUELLER, *steps)
    assert set(the(answer).told) == {NOTE}
    assert value(staff, MUELLER, NOTE) == "3"
    assert the(update(staff, MUELLER, a_set(note % "4"), a_removal("<n:note/>"))).told
    assert value(staff, MUELLER, NOTE) is None


@pytest.mark.parametrize("path", [MUELLER, A, HOME, "/caldav/empfang/"])
def test_of_a_request_with_one_fault_nothing_is_done(staff: httpx.Client, path: str) -> None:
    before = value(staff, path, NOTE)
    answer = update(staff, path, a_set("<n:note>neu</n:note><getetag>1</getetag><n:more/>"))
    found = the(answer)
    assert set(found.propstats) == {403, 424}
    assert set(found.propstats[403]) == {DAV + "getetag"}
    assert set(found.propstats[424]) == {NOTE, "{urn:n}more"}
    assert "<cannot-modify-protected-property/>" in answer.text
    assert value(staff, path, NOTE) == before


@pytest.mark.parametrize(
    "name",
    [
        *("resourcetype", "getetag", "getlastmodified", "getcontentlength", "getcontenttype"),
        *("sync-token", "current-user-privilege-set", "supported-report-set", "owner"),
        *("lockdiscovery", "supportedlock", "creationdate", "quota-used-bytes", "acl"),
        *("C:supported-calendar-component-set", "C:max-resource-size", "C:calendar-data"),
    ],
)
def test_what_the_server_tells_cannot_be_set_or_removed(staff: httpx.Client, name: str) -> None:
    for step in (a_set(f"<{name}/>"), a_removal(f"<{name}/>")):
        answer = update(staff, MUELLER, step)
        assert set(the(answer).propstats) == {403}
        assert "cannot-modify-protected-property" in answer.text


@pytest.mark.parametrize(
    ("content", "status", "element"),
    [
        ("<C:calendar-timezone>Europe/Berlin</C:calendar-timezone>", 403, "valid-calendar-data"),
        (
            "<C:calendar-timezone>BEGIN:VCALENDAR&#13;\nEND:VCALENDAR</C:calendar-timezone>",
            403,
            "valid-calendar-data",
        ),
        (f"<C:calendar-timezone>{an_event()}</C:calendar-timezone>", 403, "valid-calendar-data"),
        ("<C:calendar-timezone-id>Mond/Krater</C:calendar-timezone-id>", 403, "valid-timezone"),
        ("<displayname><b>Dr.</b></displayname>", 409, ""),
        (f"<displayname>{'x' * 256}</displayname>", 409, ""),
        (f"<n:{'x' * 600}/>", 409, ""),
        ("<C:schedule-calendar-transp>opaque</C:schedule-calendar-transp>", 409, ""),
        ("<C:schedule-calendar-transp><C:glass/></C:schedule-calendar-transp>", 409, ""),
        (f"<n:note>{'x' * 100_000}</n:note>", 507, ""),
    ],
)
def test_a_value_a_property_cannot_have_is_named_with_the_reason(
    staff: httpx.Client, content: str, status: int, element: str
) -> None:
    token = sync(staff, MUELLER).token
    answer = update(
        staff, MUELLER, a_set("<C:calendar-description>x</C:calendar-description>"), a_set(content)
    )
    assert status in the(answer).propstats
    assert element in answer.text
    assert sync(staff, MUELLER).token == token


def test_what_is_no_propertyupdate_is_a_bad_request(staff: httpx.Client) -> None:
    for body in ("", "<set xmlns='DAV:'/>", "<propertyupdate xmlns='DAV:'/>", "<propertyupdate"):
        assert staff.request("PROPPATCH", MUELLER, content=body).status_code == 400
    assert update(staff, MUELLER, "<set/>").status_code == 400
    # Elements that nobody knows are passed over (RFC 4918 17).
    assert the(update(staff, MUELLER, "<n:x/>", a_set("<n:note/>"))).told


# --- values ---------------------------------------------------------------------------------------

RICH = (
    '<n:note xml:lang="de" n:at="1&#10;&quot;2&lt;" b="c"> vor <n:b>fett</n:b> nach'
    '<x xmlns=""><y/></x><q:z xmlns:q="urn:q" q:w="ä"/> &amp; &lt;Schluss&gt;&#13;\n</n:note>'
)


@pytest.mark.parametrize("path", [MUELLER, A, HOME, "/caldav/empfang/"])
def test_a_dead_property_comes_back_as_the_xml_it_was(staff: httpx.Client, path: str) -> None:
    assert the(update(staff, path, a_set(RICH))).told
    found = propfind(staff, path, NOTE).only.told[NOTE]
    sent = ET.fromstring(RICH.replace("<n:note ", '<n:note xmlns:n="urn:n" ', 1))
    assert ET.canonicalize(ET.tostring(found)) == ET.canonicalize(ET.tostring(sent))
    asked_for_all = staff.request("PROPFIND", path, headers={"Depth": "0"})
    found = multistatus(asked_for_all).only.told[NOTE]
    assert ET.canonicalize(ET.tostring(found)) == ET.canonicalize(ET.tostring(sent))
    assert the(update(staff, path, a_removal("<n:note/>"))).told
    assert propfind(staff, path, NOTE).only.missing == {NOTE}


_CHARACTERS = st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"])
_TEXT = st.text(_CHARACTERS | st.sampled_from("\r\n\t"), max_size=8)
_NAMES = st.builds(
    lambda namespace, name: f"{{{namespace}}}{name}" if namespace else name,
    st.sampled_from(["", "DAV:", "urn:n", 'urn:"&<', "http://www.w3.org/XML/1998/namespace"]),
    st.sampled_from(["a", "lang", "ä.b-c", "_x"]),
)
#: Radicale makes DAV: the namespace without a prefix of all that ElementTree writes in this
#: process, attributes too, where that means no namespace.
_ATTRIBUTES = _NAMES.filter(lambda name: not name.startswith("{DAV:}"))


def _element(
    tag: str, attributes: dict[str, str], content: list[tuple[ET.Element, str]], text: str
) -> ET.Element:
    made = ET.Element(tag, attributes)
    made.text = text
    for child, tail in content:
        made.append(child)
        child.tail = tail
    return made


_ELEMENTS = st.recursive(
    st.builds(
        _element, _NAMES, st.dictionaries(_ATTRIBUTES, _TEXT, max_size=3), st.just([]), _TEXT
    ),
    lambda inner: st.builds(
        _element,
        _NAMES,
        st.dictionaries(_ATTRIBUTES, _TEXT, max_size=2),
        st.lists(st.tuples(inner, _TEXT), max_size=3),
        _TEXT,
    ),
    max_leaves=6,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=_ELEMENTS)
def test_whatever_a_property_holds_comes_back(server: RunningServer, content: ET.Element) -> None:
    content.tail = None
    note = ET.Element(NOTE)
    note.append(content)
    sent = ET.tostring(note, encoding="unicode").replace("\r", "&#13;")
    body = (
        f'<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop>{sent}</d:prop></d:set>'
        "</d:propertyupdate>"
    )
    with server.client() as client:
        assert the(client.request("PROPPATCH", MUELLER, content=body.encode())).told
        found = propfind(client, MUELLER, NOTE).only.told[NOTE]
    told = ET.tostring(found, encoding="unicode").replace("\r", "&#13;")
    alike = [ET.canonicalize(one, rewrite_prefixes=True) for one in (told, sent)]
    assert alike[0] == alike[1]


def test_the_language_around_a_property_is_kept_with_it(staff: httpx.Client) -> None:
    words = "<n:note>Notiz</n:note><C:calendar-description>Text</C:calendar-description>"
    assert the(update(staff, MUELLER, a_set(words, ' xml:lang="de-AT"'))).told
    description = CALDAV + "calendar-description"
    found = propfind(staff, MUELLER, NOTE, description).only.told
    language = "{http://www.w3.org/XML/1998/namespace}lang"
    assert found[NOTE].get(language) == found[description].get(language) == "de-AT"
    assert the(update(staff, MUELLER, a_set(words))).told
    found = propfind(staff, MUELLER, NOTE, description).only.told
    assert found[NOTE].get(language) is found[description].get(language) is None


def test_a_property_may_be_in_no_namespace(staff: httpx.Client) -> None:
    assert set(the(update(staff, A, a_set('<plain xmlns="">x</plain>'))).told) == {"plain"}
    body = '<propfind xmlns="DAV:"><prop><plain xmlns=""/><other xmlns=""/></prop></propfind>'
    found = multistatus(staff.request("PROPFIND", A, content=body, headers={"Depth": "0"})).only
    assert found.text("plain") == "x"
    assert found.missing == {"other"}


def test_properties_that_an_earlier_version_has_stored_as_text_are_told_still(
    server: RunningServer,
) -> None:
    old = {
        "D:displayname": "Alt & gut",
        "C:default-alarm-vevent-date": "BEGIN:VALARM",
        "{urn:n}note": "<b> & c",
        "ICAL:calendar-color": "#123456FF",
        "tag": "VCALENDAR",
    }
    with closing(SqlDatabase(server.database_url)) as database, writing(database) as uow:
        uow.calendars.create("alt", CalendarKind.PLAIN, old)
    alarm = CALDAV + "default-alarm-vevent-date"
    with server.client("admin") as client:
        told = propfind(client, f"{HOME}alt/", DAV + "displayname", alarm, NOTE, COLOR).only
        assert told.text(DAV + "displayname") == "Alt & gut"
        assert told.text(alarm) == "BEGIN:VALARM"
        assert told.text(NOTE) == "<b> & c"
        assert told.text(COLOR) == "#123456FF"
        new = "<C:default-alarm-vevent-date>neu</C:default-alarm-vevent-date><n:note>neu</n:note>"
        assert the(update(client, f"{HOME}alt/", a_set(new))).told
        told = propfind(client, f"{HOME}alt/", alarm, NOTE).only
        assert (told.text(alarm), told.text(NOTE)) == ("neu", "neu")
        removal = a_removal("<C:default-alarm-vevent-date/>")
        assert the(update(client, f"{HOME}alt/", removal)).told
        assert value(client, f"{HOME}alt/", alarm) is None
        assert client.delete(f"{HOME}alt/").status_code == 204


def test_a_zone_and_its_name_say_the_same(staff: httpx.Client) -> None:
    zone, name = CALDAV + "calendar-timezone", CALDAV + "calendar-timezone-id"
    assert value(staff, MUELLER, name) == "Europe/Berlin"
    in_tokyo = "<C:calendar-timezone-id>Asia/Tokyo</C:calendar-timezone-id>"
    assert the(update(staff, MUELLER, a_set(in_tokyo))).told
    assert "TZID:Asia/Tokyo" in (value(staff, MUELLER, zone) or "")
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{vtimezone(BERLIN)}END:VCALENDAR\n"
    text = text.replace("Europe/Berlin", "W. Europe Standard Time").replace("\r", "")
    in_words = a_set(f"<C:calendar-timezone>{text}</C:calendar-timezone>")
    assert the(update(staff, MUELLER, in_words)).told
    assert value(staff, MUELLER, zone) == text
    assert value(staff, MUELLER, name) == "Europe/Berlin"
    assert the(update(staff, MUELLER, a_removal("<C:calendar-timezone/>"))).told
    assert value(staff, MUELLER, name) == "Europe/Berlin"


def test_a_calendar_may_be_transparent(staff: httpx.Client) -> None:
    tag = CALDAV + "schedule-calendar-transp"
    assert propfind(staff, SCHMIDT, tag).only.kinds(tag) == {CALDAV + "opaque"}
    content = "<C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp>"
    assert the(update(staff, SCHMIDT, a_set(content))).told
    assert propfind(staff, SCHMIDT, tag).only.kinds(tag) == {CALDAV + "transparent"}
    assert the(update(staff, SCHMIDT, a_removal("<C:schedule-calendar-transp/>"))).told
    assert propfind(staff, SCHMIDT, tag).only.kinds(tag) == {CALDAV + "opaque"}


# --- whose they are -------------------------------------------------------------------------------


def test_a_change_for_all_is_seen_by_all_and_moves_the_sync_token(
    server: RunningServer, staff: httpx.Client
) -> None:
    token = sync(staff, MUELLER).token
    assert the(update(staff, MUELLER, a_set("<displayname>Neuer Name</displayname>"))).told
    assert sync(staff, MUELLER).token != token
    with server.client("gast") as guest:
        assert value(guest, MUELLER, DAV + "displayname") == "Neuer Name"


@pytest.mark.parametrize("account", ["gast", "albis", "buchung", "mueller", "admin"])
def test_everybody_who_sees_a_calendar_gives_it_a_colour_for_himself(
    server: RunningServer, staff: httpx.Client, account: str
) -> None:
    default = value(staff, MUELLER, COLOR)
    token = sync(staff, MUELLER).token
    own = '<i:calendar-color symbolic-color="custom">#0A0B0C</i:calendar-color>'
    with server.client(account) as client:
        both = a_set(f"{own}<i:calendar-order>7</i:calendar-order>")
        assert set(the(update(client, MUELLER, both)).told) == {COLOR, ORDER}
        found = propfind(client, MUELLER, COLOR, ORDER).only
        assert (found.text(COLOR), found.text(ORDER)) == ("#0A0B0C", "7")
        assert found.told[COLOR].get("symbolic-color") == "custom"
        at_home = propfind(client, HOME, COLOR, depth="1").found[MUELLER]
        assert at_home.text(COLOR) == "#0A0B0C"
        assert value(staff, MUELLER, COLOR) == default
        assert sync(staff, MUELLER).token == token
        removal = a_removal("<i:calendar-color/><i:calendar-order/>")
        assert the(update(client, MUELLER, removal)).told
        assert value(client, MUELLER, COLOR) == default
        assert value(client, MUELLER, ORDER) is None


@pytest.mark.parametrize(
    ("account", "path"),
    [
        *(("gast", MUELLER), ("albis", MUELLER), ("buchung", MUELLER), ("mueller", PRAXIS)),
        *(("gast", A), ("albis", A)),
    ],
)
def test_who_may_not_is_told_which_privilege_is_missing(
    server: RunningServer, staff: httpx.Client, account: str, path: str
) -> None:
    del staff
    both = a_set("<n:note>x</n:note><i:calendar-color>#1</i:calendar-color>")
    with server.client(account) as client:
        before = value(client, path, NOTE)
        answer = update(client, path, both)
        assert answer.status_code == 403
        assert preconditions(answer) == {DAV + "need-privileges"}
        needed = ET.fromstring(answer.content).find(f"{DAV}need-privileges/{DAV}resource")
        assert needed is not None
        assert needed.findtext(DAV + "href") == path
        assert needed.find(f"{DAV}privilege/{DAV}write-properties") is not None
        assert value(client, path, NOTE) == before


def test_what_an_account_sets_of_itself_and_the_home_nobody_else_sees(
    server: RunningServer, staff: httpx.Client
) -> None:
    assert the(update(staff, HOME, a_set("<n:note>Haus</n:note>"))).told
    assert the(update(staff, "/caldav/empfang/", a_set("<n:note>ich</n:note>"))).told
    assert value(staff, HOME, NOTE) == "Haus"
    assert value(staff, "/caldav/empfang/", NOTE) == "ich"
    with server.client("gast") as guest:
        assert value(guest, HOME, NOTE) is None
        assert update(guest, "/caldav/empfang/", a_set("<n:note/>")).status_code == 404
    assert the(update(staff, "/caldav/", a_set("<getetag/>"))).propstats[403]
    assert update(staff, "/caldav/", a_set("<n:note/>")).status_code == 403


# --- objects --------------------------------------------------------------------------------------


def test_a_property_of_an_object_changes_neither_the_object_nor_the_calendar(
    staff: httpx.Client,
) -> None:
    etag, token = staff.get(A).headers["etag"], sync(staff, MUELLER).token
    assert the(update(staff, A, a_set("<n:note>x</n:note><displayname>Name</displayname>"))).told
    assert staff.get(A).headers["etag"] == etag
    assert sync(staff, MUELLER).token == token
    assert value(staff, A, DAV + "displayname") == "Name"
    union = f"{PRAXIS}dr-mueller~a.ics"
    assert value(staff, union, NOTE) == "x"
    listed = propfind(staff, MUELLER, NOTE, depth="1").found
    assert listed[A].text(NOTE) == "x"
    assert NOTE not in listed[MUELLER].told or listed[MUELLER].text(NOTE) != "x"


def test_a_property_of_an_object_stays_when_it_is_overwritten_and_goes_with_it(
    staff: httpx.Client,
) -> None:
    assert the(update(staff, A, a_set("<n:note>x</n:note>"))).told
    assert put(staff, MUELLER, "a.ics", an_event("a", "20261123T120000")).status_code == 204
    assert value(staff, A, NOTE) == "x"
    assert staff.delete(A).status_code == 204
    assert put(staff, MUELLER, "a.ics", an_event("a")).status_code == 201
    assert value(staff, A, NOTE) is None


def test_reports_tell_what_was_set_of_objects(staff: httpx.Client) -> None:
    assert the(update(staff, A, a_set("<n:note>x</n:note>"))).told
    put(staff, MUELLER, "b.ics", an_event("b"))
    body = (
        '<C:calendar-multiget xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop>'
        f'<note xmlns="urn:n"/></prop><href>{A}</href><href>{MUELLER}b.ics</href>'
        "</C:calendar-multiget>"
    )
    found = multistatus(staff.request("REPORT", MUELLER, content=body)).found
    assert found[A].text(NOTE) == "x"
    assert found[f"{MUELLER}b.ics"].missing == {NOTE}
    assert multiget(staff, MUELLER, [A]).found[A].propstats.keys() == {200}


def test_conditions_are_held_to_the_resource(staff: httpx.Client) -> None:
    etag = staff.get(A).headers["etag"]
    note = a_set("<n:note>neu</n:note>")
    assert update(staff, A, note, If_Match='"x"').status_code == 412
    assert update(staff, A, note, If_None_Match="*").status_code == 412
    assert update(staff, A, note, If=f'([{etag[:-1]}x"])').status_code == 412
    assert value(staff, A, NOTE) is None
    assert update(staff, A, note, If_Match=etag, If=f"([{etag}])").status_code == 207
    assert value(staff, A, NOTE) == "neu"

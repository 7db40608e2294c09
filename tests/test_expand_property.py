"""expand-property: what properties point to, told at once (RFC 3253 3.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from tests.building import an_event
from tests.dav import CALDAV, CALENDARSERVER, DAV, HOME, multistatus, preconditions, put

if TYPE_CHECKING:
    import httpx
    from starlette.testclient import TestClient

    from tests.people import People

MUELLER = HOME + "dr-mueller/"
CAL, CS = "urn:ietf:params:xml:ns:caldav", "http://calendarserver.org/ns/"
OWNER = DAV + "owner"


def a_property(name: str, *within: str, namespace: str = "") -> str:
    told = f' namespace="{namespace}"' if namespace else ""
    return f'<property name="{name}"{told}>{"".join(within)}</property>'


def expand(client: TestClient, path: str, *properties: str) -> httpx.Response:
    body = f'<expand-property xmlns="DAV:">{"".join(properties)}</expand-property>'
    answer: httpx.Response = client.request("REPORT", path, content=body, headers={"Depth": "0"})
    return answer


def within(element: ET.Element) -> dict[str, dict[str, ET.Element]]:
    """Return the properties that the responses below a property have, by href."""
    found: dict[str, dict[str, ET.Element]] = {}
    for one in element.findall(DAV + "response"):
        ok = [
            p
            for p in one.findall(DAV + "propstat")
            if " 200 " in (p.findtext(DAV + "status") or "")
        ]
        told = {p.tag: p for stat in ok for prop in stat.findall(DAV + "prop") for p in prop}
        found[one.findtext(DAV + "href") or ""] = told
    return found


def test_an_href_is_replaced_by_what_it_leads_to(people: People) -> None:
    asked = a_property("owner", a_property("displayname"), a_property("principal-URL"))
    told = multistatus(expand(people["mueller"], MUELLER, asked, a_property("displayname"))).only
    assert told.href == MUELLER
    assert told.text(DAV + "displayname") == "Dr. Mueller"
    (owner,) = within(told.told[OWNER]).items()
    assert owner[0] == "/caldav/mueller/"
    assert owner[1][DAV + "displayname"].text == "Dr. Sabine Müller"
    # What is not to be expanded stays as it is.
    assert owner[1][DAV + "principal-URL"].findtext(DAV + "href") == "/caldav/mueller/"


def test_a_property_without_properties_within_is_told_as_it_is(people: People) -> None:
    told = multistatus(expand(people["mueller"], MUELLER, a_property("owner"))).only
    assert told.hrefs(OWNER) == ["/caldav/mueller/"]


def test_expansion_goes_from_resource_to_resource(people: People) -> None:
    home = a_property(
        "calendar-home-set",
        a_property("displayname"),
        a_property("owner", a_property("email-address-set", namespace=CS)),
        namespace=CAL,
    )
    asked = a_property("current-user-principal", home)
    told = multistatus(expand(people["mueller"], "/caldav/", asked)).only
    principal = within(told.told[DAV + "current-user-principal"])["/caldav/mueller/"]
    found = within(principal[CALDAV + "calendar-home-set"])[HOME]
    assert found[DAV + "displayname"].text == "Praxis am Park"
    owner = within(found[OWNER])["/caldav/mueller/"]
    mail = owner[CALENDARSERVER + "email-address-set"]
    assert [one.text for one in mail] == ["Sabine.Mueller@praxis.example"]


def test_apples_question_for_delegates_finds_none(people: People) -> None:
    """As dataaccessd asks at its principal; a 404 for what is not there, and empty groups."""
    inner = (a_property("displayname"), a_property("email-address-set", namespace=CS))
    asked = (
        a_property("calendar-proxy-read-for", *inner, namespace=CS),
        a_property("calendar-proxy-write-for", *inner, namespace=CS),
        a_property("group-membership", *inner),
    )
    told = multistatus(expand(people["mueller"], "/caldav/mueller/", *asked)).only
    assert told.missing == {
        CALENDARSERVER + "calendar-proxy-read-for",
        CALENDARSERVER + "calendar-proxy-write-for",
    }
    assert len(told.told[DAV + "group-membership"]) == 0


def test_what_leads_nowhere_on_this_server_is_not_found(people: People) -> None:
    asked = a_property("calendar-user-address-set", a_property("displayname"), namespace=CAL)
    told = multistatus(expand(people["mueller"], "/caldav/mueller/", asked)).only
    found = told.told[CALDAV + "calendar-user-address-set"].findall(DAV + "response")
    statuses = {one.findtext(DAV + "href"): one.findtext(DAV + "status") for one in found}
    assert statuses.pop("/caldav/mueller/") is None
    assert len(statuses) == 2
    assert set(statuses.values()) == {"HTTP/1.1 404 Not Found"}


def test_an_object_is_expanded_too(people: People) -> None:
    client = people["mueller"]
    assert put(client, MUELLER, "a b&c.ics", an_event()).status_code == 201
    address = MUELLER + "a%20b&c.ics"
    asked = a_property("owner", a_property("displayname"))
    told = multistatus(expand(client, address, asked)).only
    assert told.href == address
    assert list(within(told.told[OWNER])) == ["/caldav/mueller/"]
    assert client.delete(address).status_code == 204


def test_what_may_not_be_read_is_not_expanded(people: People) -> None:
    asked = a_property("acl", a_property("displayname"))
    told = multistatus(expand(people["mueller"], MUELLER, asked)).only
    assert set(told.propstats) == {403}


def test_an_acl_expands_to_the_principals_in_it(people: People) -> None:
    asked = a_property("acl", a_property("displayname"))
    told = multistatus(expand(people["admin"], MUELLER, asked)).only
    principals = [ace.find(DAV + "principal") for ace in told.told[DAV + "acl"]]
    names = [
        one[DAV + "displayname"].text
        for principal in principals
        if principal is not None
        for one in within(principal).values()
    ]
    assert "Dr. Sabine Müller" in names


def nested(depth: int) -> str:
    asked = a_property("displayname")
    for _ in range(depth):
        asked = a_property("owner", asked)
    return asked


@pytest.mark.parametrize(("depth", "status"), [(1, 207), (5, 207), (6, 403), (90, 403)])
def test_the_way_is_not_endless(people: People, depth: int, status: int) -> None:
    answer = expand(people["mueller"], "/caldav/mueller/", nested(depth))
    assert answer.status_code == status
    if status == 403:
        assert preconditions(answer) == {DAV + "number-of-matches-within-limits"}


def test_an_answer_does_not_grow_without_bounds(people: People) -> None:
    asked = a_property("displayname")
    for _ in range(5):
        links = ("owner", "current-user-principal", "principal-URL", "principal-collection-set")
        asked = "".join(a_property(name, asked) for name in links)
    answer = expand(people["mueller"], "/caldav/mueller/", asked)
    assert answer.status_code == 403
    assert preconditions(answer) == {DAV + "number-of-matches-within-limits"}


@pytest.mark.parametrize("path", ["/caldav/niemand/", HOME + "nichts/", MUELLER + "nichts.ics"])
def test_nothing_is_expanded_where_nothing_is(people: People, path: str) -> None:
    assert expand(people["mueller"], path, a_property("owner")).status_code == 404


def test_a_stranger_is_asked_who_it_is(people: People) -> None:
    client = people["mueller"]
    body = f'<expand-property xmlns="DAV:">{a_property("owner")}</expand-property>'
    answer = client.request("REPORT", "/caldav/", content=body, auth=("niemand", "falsch"))
    assert answer.status_code == 401

"""The variants of PROPFIND (RFC 4918 9.1): which properties, and of what."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.building import an_event
from tests.dav import CALDAV, DAV, HOME, emptied, multistatus, preconditions, put
from tests.servers import RunningServer

MUELLER = f"{HOME}dr-mueller/"
A = f"{MUELLER}a.ics"
PLACES = ["/caldav/", "/caldav/empfang/", HOME, MUELLER, A]


@pytest.fixture(scope="module")
def staff(server: RunningServer) -> Iterator[httpx.Client]:
    """Someone who sees all of it, with an object that has a property."""
    emptied(server)
    with server.client() as client:
        assert put(client, MUELLER, "a.ics", an_event("a")).status_code == 201
        body = (
            '<propertyupdate xmlns="DAV:"><set><prop><note xmlns="urn:n">x</note></prop></set>'
            "</propertyupdate>"
        )
        for path in (A, MUELLER, HOME):
            assert client.request("PROPPATCH", path, content=body).status_code == 207
        yield client


def ask(client: httpx.Client, path: str, content: str, **headers: str) -> httpx.Response:
    body = f'<propfind xmlns="DAV:">{content}</propfind>' if content else ""
    return client.request("PROPFIND", path, content=body, headers=headers)


@pytest.mark.parametrize("path", PLACES)
def test_propname_tells_the_names_of_what_there_is(staff: httpx.Client, path: str) -> None:
    names = multistatus(ask(staff, path, "<propname/>", Depth="0")).only
    assert set(names.propstats) == {200}
    assert all(not len(e) and not e.text for e in names.told.values())
    prop = "".join(
        f'<x:{name} xmlns:x="{namespace[1:]}"/>'
        for namespace, _, name in (tag.rpartition("}") for tag in names.told)
    )
    values = multistatus(ask(staff, path, f"<prop>{prop}</prop>", Depth="0")).only
    assert set(values.propstats) == {200}
    assert set(values.told) == set(names.told)
    assert ("{urn:n}note" in names.told) == (path in {A, MUELLER, HOME})


@pytest.mark.parametrize("path", PLACES)
def test_allprop_is_what_an_empty_body_asks_for(staff: httpx.Client, path: str) -> None:
    told = [multistatus(ask(staff, path, body, Depth="0")).only for body in ("", "<allprop/>")]
    assert set(told[0].propstats) == {200}
    assert set(told[0].told) == set(told[1].told) >= {DAV + "resourcetype"}
    assert ("{urn:n}note" in told[0].told) == (path in {A, MUELLER, HOME})
    assert CALDAV + "calendar-timezone" not in told[0].told


def test_allprop_may_include_more(staff: httpx.Client) -> None:
    more = "<include><supported-report-set/><n:no xmlns:n='urn:n'/><resourcetype/></include>"
    told = multistatus(ask(staff, MUELLER, f"<allprop/>{more}", Depth="0")).only
    assert {DAV + "supported-report-set", DAV + "resourcetype", "{urn:n}note"} <= set(told.told)
    assert told.missing == {"{urn:n}no"}


def test_what_is_not_there_is_not_found(staff: httpx.Client) -> None:
    names = (
        '<quota-used-bytes/><lockdiscovery/><none xmlns=""/><x:none xmlns:x="urn:&amp;&lt;&quot;"/>'
        "<xml:none/><getcontentlanguage/>"
    )
    told = multistatus(ask(staff, MUELLER, f"<prop>{names}</prop>", Depth="0")).only
    assert set(told.propstats) == {404}
    assert len(told.missing) == 6
    assert "none" in told.missing


def test_nothing_may_be_asked_of_something(staff: httpx.Client) -> None:
    told = multistatus(ask(staff, MUELLER, "<prop/>", Depth="1"))
    assert set(told.found) == {MUELLER, A}
    assert all(found.propstats == {200: {}} for found in told.found.values())


def test_a_property_asked_for_twice_is_told_once(staff: httpx.Client) -> None:
    answer = ask(staff, A, "<prop><getetag/><getetag/></prop>", Depth="0")
    assert answer.text.count("<getetag>") == 1


@pytest.mark.parametrize(
    "content",
    [
        *("<n:x xmlns:n='urn:n'/>", "<prop/><prop/>", "<prop/><allprop/>", "<allprop/><propname/>"),
        *("<include/>", "<propname/><include/>", "<include/><allprop/>", "<prop/><include/>"),
    ],
)
def test_a_propfind_asks_one_thing(staff: httpx.Client, content: str) -> None:
    assert ask(staff, MUELLER, content, Depth="0").status_code == 400


def test_another_root_is_a_bad_request_and_unknown_elements_are_none(staff: httpx.Client) -> None:
    for body in ("<prop xmlns='DAV:'/>", "<propfind/>", "<propfind xmlns='DAV:'>", "x"):
        answer = staff.request("PROPFIND", MUELLER, content=body, headers={"Depth": "0"})
        assert answer.status_code == 400
    content = "<n:x xmlns:n='urn:n'/><prop><getetag/></prop>"
    assert set(multistatus(ask(staff, MUELLER, content, Depth="0")).only.told) == {DAV + "getetag"}


def test_depth_is_zero_or_one_and_without_one_it_is_zero(staff: httpx.Client) -> None:
    content = "<prop><getetag/></prop>"
    assert set(multistatus(ask(staff, MUELLER, content)).found) == {MUELLER}
    assert set(multistatus(ask(staff, MUELLER, content, Depth="1")).found) == {MUELLER, A}
    refused = ask(staff, MUELLER, content, Depth="infinity")
    assert refused.status_code == 403
    assert preconditions(refused) == {DAV + "propfind-finite-depth"}
    assert set(multistatus(ask(staff, A, content, Depth="infinity")).found) == {A}
    for depth in ("2", "-1", "0,1", "all"):
        assert ask(staff, MUELLER, content, Depth=depth).status_code == 400

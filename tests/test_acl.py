"""Who may do what, as WebDAV tells it (RFC 3744)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.building import an_event
from tests.dav import CALDAV, DAV, HOME, multistatus, preconditions, propfind, put, report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from tests.people import People

MUELLER, SCHMIDT, PRAXIS = (HOME + name + "/" for name in ("dr-mueller", "dr-schmidt", "praxis"))
PRIVILEGES = DAV + "current-user-privilege-set"
ACL = DAV + "acl"
SEES = {"read", "read-current-user-privilege-set"}
OWN = SEES | {"write-properties"}
READS = SEES | {"read-free-busy"}
WRITES = READS | {"write", "write-content", "bind", "unbind"}
ALL = WRITES | {"write-properties"}
LISTS = {"read-acl"}


def short(tags: set[str]) -> set[str]:
    return {tag.rpartition("}")[2] for tag in tags}


@pytest.fixture(scope="module")
def objects(people: People) -> Iterator[dict[str, str]]:
    """An object of each calendar, put by the staff, and one of the booking tool; by a word."""
    wanted = {
        "own": (MUELLER, "own.ics", "empfang", "09"),
        "booked": (MUELLER, "booked.ics", "buchung", "11"),
        "theirs": (SCHMIDT, "theirs.ics", "empfang", "09"),
        "house": (PRAXIS, "house.ics", "empfang", "13"),
    }
    for word, (calendar, name, account, hour) in wanted.items():
        text = an_event(f"acl-{word}", f"20261125T{hour}0000", f"20261125T{hour}3000")
        assert put(people[account], calendar, name, text).status_code == 201
    yield {word: calendar + name for word, (calendar, name, *_) in wanted.items()}
    for calendar, name, *_ in wanted.values():
        assert people["admin"].delete(calendar + name).status_code == 204


#: Who | where | what may be done there.
PLACES: list[tuple[str, str, set[str]]] = [
    ("admin", "/caldav/", SEES | LISTS),
    ("mueller", "/caldav/", SEES),
    ("admin", HOME, OWN | LISTS | {"bind", "unbind"}),
    ("empfang", HOME, OWN),
    ("gast", HOME, OWN),
    ("mueller", "/caldav/mueller/", OWN),
    ("schmidt", "/caldav/mueller/", SEES),
    ("admin", "/caldav/mueller/", SEES | LISTS),
    ("mueller", "/caldav/mueller/inbox/", OWN | {"schedule-query-freebusy"}),
    ("mueller", "/caldav/mueller/outbox/", SEES | {"schedule-send-freebusy"}),
    ("admin", MUELLER, ALL | LISTS),
    ("empfang", MUELLER, ALL),
    ("mueller", MUELLER, ALL),
    ("mueller", PRAXIS, WRITES),
    ("albis", MUELLER, WRITES),
    ("buchung", MUELLER, READS | {"write-content", "bind"}),
    ("gast", MUELLER, READS),
    ("gast", PRAXIS, READS),
    ("tafel", MUELLER, READS),
]
OBJECTS: list[tuple[str, str, set[str]]] = [
    ("admin", "own", ALL | LISTS),
    ("mueller", "own", ALL),
    ("mueller", "house", READS),
    ("mueller", "booked", ALL),
    ("schmidt", "theirs", ALL),
    ("albis", "theirs", WRITES),
    ("buchung", "booked", READS | {"write-content"}),
    ("gast", "own", READS),
]


@pytest.mark.parametrize(("account", "path", "expected"), PLACES)
def test_an_account_is_told_what_it_may(
    people: People, account: str, path: str, expected: set[str]
) -> None:
    assert short(propfind(people[account], path, PRIVILEGES).only.privileges) == expected


@pytest.mark.parametrize(("account", "word", "expected"), OBJECTS)
def test_an_account_is_told_what_it_may_do_with_an_object(
    people: People, objects: dict[str, str], account: str, word: str, expected: set[str]
) -> None:
    told = propfind(people[account], objects[word], PRIVILEGES).only
    assert short(told.privileges) == expected


def test_the_main_calendar_tells_of_each_object_by_where_it_comes_from(
    people: People, objects: dict[str, str]
) -> None:
    told = propfind(people["mueller"], PRAXIS, PRIVILEGES, depth="1").found
    assert short(told[PRAXIS + "house.ics"].privileges) == READS
    assert short(told[PRAXIS + "dr-mueller~own.ics"].privileges) == ALL


def granted(element: Element) -> dict[str, set[str]]:
    """Return the privileges in an ACL by principal; each ace grants, and nobody may change it."""
    found: dict[str, set[str]] = {}
    for ace in element.findall(DAV + "ace"):
        href = ace.findtext(f"{DAV}principal/{DAV}href") or ""
        assert href not in found
        assert ace.find(DAV + "protected") is not None
        assert ace.find(DAV + "deny") is None
        found[href] = {p[0].tag for p in ace.findall(f"{DAV}grant/{DAV}privilege")}
    return found


ADDRESSES = ["/caldav/", HOME, MUELLER, SCHMIDT, PRAXIS, "/caldav/mueller/"]


@pytest.mark.parametrize("path", ADDRESSES)
def test_the_list_of_rights_says_of_each_account_what_it_is_told_itself(
    people: People, objects: dict[str, str], path: str
) -> None:
    told = granted(propfind(people["admin"], path, ACL).only.told[ACL])
    assert "/caldav/weg/" not in told  # cannot sign in any more
    for account, client in people.clients.items():
        if account == "weg":
            continue
        answer = client.request(
            "PROPFIND",
            path,
            content=f'<propfind xmlns="DAV:"><prop><{PRIVILEGES[6:]}/></prop></propfind>',
            headers={"Depth": "0"},
        )
        own = multistatus(answer).only.privileges if answer.status_code == 207 else set()
        assert told.get(f"/caldav/{account}/", set()) == own, account


@pytest.mark.parametrize("word", ["own", "booked", "theirs", "house"])
def test_the_list_of_rights_of_an_object_is_true_as_well(
    people: People, objects: dict[str, str], word: str
) -> None:
    told = granted(propfind(people["admin"], objects[word], ACL).only.told[ACL])
    for account, client in people.clients.items():
        if account == "weg":
            continue
        answer = client.request("PROPFIND", objects[word], headers={"Depth": "0"})
        assert (answer.status_code == 207) == (f"/caldav/{account}/" in told), account
        if answer.status_code == 207:
            own = propfind(client, objects[word], PRIVILEGES).only.privileges
            assert told[f"/caldav/{account}/"] == own


@pytest.mark.parametrize("account", ["empfang", "mueller", "albis", "buchung", "gast"])
def test_only_an_administrator_reads_lists_of_rights(people: People, account: str) -> None:
    for path in ("/caldav/", HOME, MUELLER, f"/caldav/{account}/", f"/caldav/{account}/inbox/"):
        told = propfind(people[account], path, ACL, DAV + "resourcetype").only
        assert set(told.propstats) == {200, 403}
        assert set(told.propstats[403]) == {ACL}
        assert len(told.propstats[403][ACL]) == 0


def test_why_a_list_of_rights_is_not_told_is_said(people: People) -> None:
    body = '<propfind xmlns="DAV:"><prop><acl/></prop></propfind>'
    answer = people["gast"].request("PROPFIND", MUELLER, content=body)
    assert "403 Forbidden</status><error><need-privileges/></error></propstat>" in answer.text


@pytest.mark.parametrize("path", [*ADDRESSES, "/caldav/admin/inbox/", "/caldav/admin/outbox/"])
def test_a_privilege_that_is_held_is_one_that_is_supported(people: People, path: str) -> None:
    tag = DAV + "supported-privilege-set"
    told = propfind(people["admin"], path, tag, PRIVILEGES).only
    tree = told.told[tag]
    assert [one[0][0].tag for one in tree] == [DAV + "all"]
    concrete = {
        one[0][0].tag
        for one in tree.iter(DAV + "supported-privilege")
        if one.find(DAV + "abstract") is None
    }
    assert told.privileges <= concrete
    assert all(one.findtext(DAV + "description") for one in tree.iter(DAV + "supported-privilege"))
    inside = {
        parent[0][0].tag: {child[0][0].tag for child in parent.findall(DAV + "supported-privilege")}
        for parent in tree.iter(DAV + "supported-privilege")
    }
    assert CALDAV + "read-free-busy" in inside[DAV + "read"]  # RFC 4791 6.1.1
    assert inside[DAV + "write"] == {
        DAV + name for name in ("write-content", "write-properties", "bind", "unbind")
    }


@pytest.mark.parametrize("path", [*ADDRESSES, "/caldav/admin/inbox/"])
def test_rights_are_granted_only_and_come_from_nowhere_else(people: People, path: str) -> None:
    tags = [DAV + name for name in ("acl-restrictions", "inherited-acl-set", "group")]
    told = propfind(people["admin"], path, *tags).only
    assert told.kinds(tags[0]) == {DAV + "grant-only", DAV + "no-invert"}
    assert told.hrefs(tags[1]) == told.hrefs(tags[2]) == []


def test_rights_are_not_changed_over_webdav(people: People, objects: dict[str, str]) -> None:
    body = (
        '<acl xmlns="DAV:"><ace><principal><href>/caldav/gast/</href></principal>'
        "<grant><privilege><write/></privilege></grant></ace></acl>"
    )
    for path in (MUELLER, HOME, objects["own"], "/caldav/admin/"):
        before = granted(propfind(people["admin"], path, ACL).only.told[ACL])
        answer = people["admin"].request("ACL", path, content=body)
        assert answer.status_code == 403
        assert preconditions(answer) == {DAV + "need-privileges"}
        assert f"<href>{path}</href><privilege><write-acl/></privilege>" in answer.text
        assert granted(propfind(people["admin"], path, ACL).only.told[ACL]) == before
    assert people["gast"].request("ACL", SCHMIDT, content=body).status_code == 404
    options = people["admin"].request("OPTIONS", MUELLER).headers
    assert "access-control" in options["dav"].split(", ")
    assert "ACL" in options["allow"].split(", ")


def test_the_principals_of_a_list_are_told_with_their_properties(people: People) -> None:
    body = (
        '<acl-principal-prop-set xmlns="DAV:"><prop><displayname/></prop></acl-principal-prop-set>'
    )
    found = report(people["admin"], SCHMIDT, body, depth="0").found
    listed = granted(propfind(people["admin"], SCHMIDT, ACL).only.told[ACL])
    assert set(found) == set(listed)
    assert found["/caldav/schmidt/"].text(DAV + "displayname") == "Dr. Jörg Schmidt"
    assert "/caldav/gast/" not in found
    refused = people["mueller"].request("REPORT", MUELLER, content=body, headers={"Depth": "0"})
    assert refused.status_code == 403
    assert preconditions(refused) == {DAV + "need-privileges"}

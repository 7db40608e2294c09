"""Principals: what they tell whom, and how they are found (RFC 3744 4 and 9, RFC 5397)."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

import pytest
from starlette.testclient import TestClient

from tests.building import an_event
from tests.dav import CALDAV, CALENDARSERVER, DAV, HOME, preconditions, propfind, put, report
from tests.people import EVERYBODY, MAIL, People

NS = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CS="http://calendarserver.org/ns/"'
MUELLER = HOME + "dr-mueller/"
ADDRESSES = CALDAV + "calendar-user-address-set"
HREF = DAV + "principal-URL"
#: Who may find whom, beside themselves.
FINDS = {
    "admin": set(EVERYBODY) - {"weg"},
    "empfang": {"admin", "empfang", "mueller", "schmidt"},
    "mueller": {"admin", "empfang", "mueller", "schmidt"},
    "albis": {"albis"},
    "buchung": {"buchung"},
    "gast": {"gast"},
}


def principal(account: str) -> str:
    return f"/caldav/{account}/"


def search(
    client: TestClient,
    *conditions: tuple[str, str],
    path: str = "/caldav/",
    more: str = "",
    attributes: str = "",
    match: str = "",
) -> set[str]:
    """Return the names of the principals found by (property, text)."""
    body = f"<principal-property-search {NS} {attributes}>"
    for name, text in conditions:
        body += f"<property-search><prop><{name}/></prop><match {match}>{escape(text)}</match>"
        body += "</property-search>"
    body += f"<prop><displayname/><principal-URL/></prop>{more}</principal-property-search>"
    found = report(client, path, body, depth="0").found
    assert all(one.hrefs(HREF) == [href] for href, one in found.items())
    return {href.removeprefix("/caldav/").rstrip("/") for href in found}


# -- what a principal tells ----------------------------------------------------------------------


def test_a_principal_tells_its_addresses_the_mailbox_first(people: People) -> None:
    told = propfind(people["mueller"], principal("mueller"), ADDRESSES).only.hrefs(ADDRESSES)
    assert told[0] == f"mailto:{MAIL['mueller']}"
    assert told[1] == principal("mueller")
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", told[2])
    again = propfind(people["schmidt"], principal("mueller"), ADDRESSES).only.hrefs(ADDRESSES)
    assert again == told
    other = propfind(people["schmidt"], principal("schmidt"), ADDRESSES).only.hrefs(ADDRESSES)
    assert not set(other) & set(told)


def test_an_account_without_a_mailbox_has_no_address_of_one(people: People) -> None:
    told = propfind(people["gast"], principal("gast"), ADDRESSES).only.hrefs(ADDRESSES)
    assert not [address for address in told if address.startswith("mailto:")]
    kind = CALENDARSERVER + "email-address-set"
    assert len(propfind(people["gast"], principal("gast"), kind).only.told[kind]) == 0


@pytest.mark.parametrize(
    ("account", "kind"),
    [
        ("mueller", "INDIVIDUAL"),
        ("gast", "INDIVIDUAL"),
        ("albis", "UNKNOWN"),
        ("buchung", "UNKNOWN"),
    ],
)
def test_programs_are_no_individuals(people: People, account: str, kind: str) -> None:
    tag = CALDAV + "calendar-user-type"
    assert propfind(people[account], principal(account), tag).only.text(tag) == kind


def test_a_principal_is_in_no_group_and_is_none(people: People) -> None:
    tags = [
        DAV + name
        for name in ("group-member-set", "group-membership", "alternate-URI-set", "group")
    ]
    told = propfind(people["mueller"], principal("mueller"), *tags).only.told
    assert set(told) == set(tags)
    assert all(len(element) == 0 and not element.text for element in told.values())


def test_a_colleague_sees_name_and_addresses_and_nothing_of_the_rest(people: People) -> None:
    public = (
        *(DAV + "displayname", DAV + "resourcetype", HREF, ADDRESSES),
        *(CALDAV + "calendar-user-type", CALENDARSERVER + "email-address-set"),
        CALDAV + "calendar-home-set",
    )
    own = (
        *(CALDAV + "schedule-inbox-URL", CALDAV + "schedule-outbox-URL"),
        CALDAV + "calendar-availability",
    )
    told = propfind(people["schmidt"], principal("mueller"), *public, *own).only
    assert set(told.told) == set(public)
    assert told.missing == set(own)
    assert told.text(DAV + "displayname") == "Dr. Sabine Müller"
    assert told.hrefs(HREF) == [principal("mueller")]
    assert told.hrefs(CALDAV + "calendar-home-set") == [HOME]
    assert told.kinds() == {DAV + "principal", DAV + "collection"}
    assert told.told[CALENDARSERVER + "email-address-set"][0].text == MAIL["mueller"]
    me = propfind(people["schmidt"], principal("mueller"), DAV + "current-user-principal").only
    assert me.hrefs(DAV + "current-user-principal") == [principal("schmidt")]


@pytest.mark.parametrize("asking", FINDS)
def test_who_may_know_of_whom(people: People, asking: str) -> None:
    client = people[asking]
    nobody = client.request("PROPFIND", "/caldav/niemand/")
    for name in EVERYBODY:
        answer = client.request("PROPFIND", principal(name), headers={"Depth": "0"})
        if name in FINDS[asking]:
            assert answer.status_code == 207
        else:
            assert (answer.status_code, answer.content) == (404, nobody.content)


@pytest.mark.parametrize("box", ["inbox", "outbox"])
def test_nobody_looks_into_anothers_boxes(people: People, box: str) -> None:
    for asking in ("admin", "schmidt", "gast"):
        answer = people[asking].request("PROPFIND", principal("mueller") + box + "/")
        assert answer.status_code == 404


# -- searching -----------------------------------------------------------------------------------


@pytest.mark.parametrize("asking", FINDS)
def test_a_search_finds_who_may_be_found(people: People, asking: str) -> None:
    assert search(people[asking], ("displayname", "")) == FINDS[asking]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (("displayname", "müller"), {"mueller"}),
        (("displayname", "MÜLLER"), {"mueller"}),
        (("displayname", "Dr. "), {"mueller", "schmidt"}),
        (("displayname", "nobody"), set()),
        (("CS:email-address-set", "sabine.mueller@"), {"mueller"}),
        (("C:calendar-user-address-set", "mailto:schmidt@PRAXIS"), {"schmidt"}),
        (("C:calendar-user-address-set", "/caldav/empfang/"), {"empfang"}),
        (("C:calendar-user-type", "INDIVIDUAL"), {"admin", "empfang", "mueller", "schmidt"}),
        (("resourcetype", "principal"), set()),
        (("C:calendar-home-set", "calendars"), set()),
    ],
)
def test_principals_are_found_by_parts_of_what_they_are_called(
    people: People, condition: tuple[str, str], found: set[str]
) -> None:
    assert search(people["empfang"], condition) == found


def test_conditions_are_met_all_or_any(people: People) -> None:
    both = (("displayname", "müller"), ("CS:email-address-set", "schmidt"))
    assert search(people["empfang"], *both) == set()
    assert search(people["empfang"], *both, attributes='test="anyof"') == {"mueller", "schmidt"}
    agreed = (("displayname", "Dr."), ("CS:email-address-set", "schmidt"))
    assert search(people["empfang"], *agreed) == {"schmidt"}


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        ("starts-with", "dr. j", {"schmidt"}),
        ("starts-with", "jörg", set()),
        ("ends-with", "müller", {"mueller"}),
        ("equals", "dr. jörg schmidt", {"schmidt"}),
        ("equals", "schmidt", set()),
    ],
)
def test_a_match_may_say_where_the_text_stands(
    people: People, kind: str, text: str, found: set[str]
) -> None:
    match = f'match-type="{kind}"'
    assert search(people["empfang"], ("displayname", text), match=match) == found


def test_a_search_runs_where_the_principal_collection_set_says(people: People) -> None:
    tag = DAV + "principal-collection-set"
    every = "<apply-to-principal-collection-set/>"
    named = ("displayname", "müller")
    for path in (principal("empfang"), HOME, MUELLER, "/caldav/empfang/inbox/"):
        (where,) = propfind(people["empfang"], path, tag).only.hrefs(tag)
        assert search(people["empfang"], named, path=where) == {"mueller"}
        assert search(people["empfang"], named, path=path) == set()
        assert search(people["empfang"], named, path=path, more=every) == {"mueller"}


@pytest.mark.parametrize("address", ["/", "/principals/", "/caldav"])
def test_a_search_also_runs_where_apple_looks(people: People, address: str) -> None:
    assert search(people["empfang"], ("displayname", "müller"), path=address) == {"mueller"}


def test_a_search_may_ask_for_nothing_of_whom_it_finds(people: People) -> None:
    body = (
        f"<principal-property-search {NS}><property-search><prop><displayname/></prop>"
        "<match>müller</match></property-search></principal-property-search>"
    )
    found = report(people["empfang"], "/caldav/", body, depth="0").found
    assert list(found) == [principal("mueller")]


@pytest.mark.parametrize("asking", FINDS)
@pytest.mark.parametrize("test", ["", 'test="anyof"'])
def test_a_search_without_a_condition_lists_everybody_who_may_be_found(
    people: People, asking: str, test: str
) -> None:
    assert search(people[asking], attributes=test) == FINDS[asking]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("<property-search><prop><displayname/></prop><match>Müller</match></property-search>", 1),
        ("", 4),
    ],
)
def test_a_program_that_asks_beside_an_empty_prop_is_told_name_and_home(
    people: People, condition: str, found: int
) -> None:
    """python-caldav's search; it reads both properties of everybody it finds."""
    body = (
        f"<principal-property-search {NS}>{condition}"
        "<prop/><C:calendar-home-set/><displayname/></principal-property-search>"
    )
    answers = report(people["empfang"], "/caldav/", body, depth="0").found
    assert len(answers) == found
    for told in answers.values():
        assert set(told.told) == {DAV + "displayname", CALDAV + "calendar-home-set"}
        assert not told.missing
        assert told.hrefs(CALDAV + "calendar-home-set") == [HOME]


def test_what_stands_beside_a_prop_that_asks_for_something_is_not_asked_for(
    people: People,
) -> None:
    body = (
        f"<principal-property-search {NS}><prop><displayname/></prop><C:calendar-home-set/>"
        "</principal-property-search>"
    )
    for told in report(people["empfang"], "/caldav/", body, depth="0").found.values():
        assert (set(told.told), told.missing) == ({DAV + "displayname"}, set())
    body = f"<principal-match {NS}><self/><prop/></principal-match>"
    (told,) = report(people["empfang"], "/caldav/", body, depth="0").found.values()
    assert (set(told.told), told.missing) == (set(), set())


def test_what_can_be_searched_for_is_told_and_true(people: People) -> None:
    answer = people["empfang"].request(
        "REPORT", "/caldav/", content=f"<principal-search-property-set {NS}/>"
    )
    assert answer.status_code == 200
    names = re.findall(r"<prop><([\w:-]+)/></prop><description", answer.text)
    assert set(names) == {
        "displayname",
        "C:calendar-user-address-set",
        "C:calendar-user-type",
        "CS:email-address-set",
    }
    for name in names:
        text = "INDIVIDUAL" if name == "C:calendar-user-type" else "mueller"
        text = "müller" if name == "displayname" else text
        assert "mueller" in search(people["empfang"], (name, text))


FAULTS = {
    "no match": (
        "<principal-property-search xmlns='DAV:'><property-search><prop><displayname/></prop>"
        "</property-search></principal-property-search>"
    ),
    "no property": (
        "<principal-property-search xmlns='DAV:'><property-search><prop/><match>x</match>"
        "</property-search></principal-property-search>"
    ),
    "an unknown match": (
        "<principal-property-search xmlns='DAV:'><property-search><prop><displayname/></prop>"
        "<match match-type='regex'>x</match></property-search></principal-property-search>"
    ),
    "neither self nor property": "<principal-match xmlns='DAV:'/>",
    "a property without a name": (
        "<expand-property xmlns='DAV:'><property namespace='DAV:'/></expand-property>"
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_report_that_says_nothing_is_refused(people: People, fault: str) -> None:
    answer = people["empfang"].request("REPORT", "/caldav/", content=FAULTS[fault].encode())
    assert answer.status_code == 400


def test_these_reports_are_run_with_depth_zero(people: People) -> None:
    body = f"<principal-match {NS}><self/></principal-match>"
    for depth, status in (("0", 207), ("1", 400), ("infinity", 400)):
        answer = people["empfang"].request(
            "REPORT", "/caldav/", content=body, headers={"Depth": depth}
        )
        assert answer.status_code == status


# -- principal-match -----------------------------------------------------------------------------


def match(client: TestClient, path: str, content: str = "<self/>") -> set[str]:
    body = f"<principal-match {NS}>{content}<prop><displayname/></prop></principal-match>"
    return set(report(client, path, body, depth="0").found)


def test_among_principals_the_account_finds_itself(people: People) -> None:
    for account in ("admin", "mueller", "gast"):
        assert match(people[account], "/caldav/") == {principal(account)}
        assert match(people[account], principal(account)) == {principal(account)}
        assert match(people[account], HOME) == set()
    assert match(people["schmidt"], principal("mueller")) == set()


def test_an_account_finds_what_names_it_in_a_property(people: People) -> None:
    owned = "<principal-property><owner/></principal-property>"
    assert match(people["mueller"], HOME, owned) == {HOME, MUELLER, HOME + "praxis/"}
    name = "<principal-property><displayname/></principal-property>"
    assert match(people["mueller"], HOME, name) == set()
    assert put(people["mueller"], MUELLER, "a.ics", an_event()).status_code == 201
    assert match(people["mueller"], MUELLER, owned) == {MUELLER, MUELLER + "a.ics"}
    assert people["mueller"].delete(MUELLER + "a.ics").status_code == 204


# -- which reports -------------------------------------------------------------------------------


BODIES = {
    DAV + "principal-match": f"<principal-match {NS}><self/></principal-match>",
    DAV + "principal-property-search": (
        f"<principal-property-search {NS}><property-search><prop><displayname/></prop>"
        "<match>x</match></property-search></principal-property-search>"
    ),
    DAV + "principal-search-property-set": f"<principal-search-property-set {NS}/>",
    DAV + "acl-principal-prop-set": f"<acl-principal-prop-set {NS}/>",
    DAV + "expand-property": f'<expand-property {NS}><property name="owner"/></expand-property>',
    DAV + "sync-collection": f"<sync-collection {NS}><sync-token/><prop/></sync-collection>",
    CALDAV + "calendar-query": (
        f'<C:calendar-query {NS}><prop/><C:filter><C:comp-filter name="VCALENDAR"/></C:filter>'
        "</C:calendar-query>"
    ),
    CALDAV + "calendar-multiget": (
        f"<C:calendar-multiget {NS}><prop/><href>/caldav/x</href></C:calendar-multiget>"
    ),
    CALDAV + "free-busy-query": (
        f'<C:free-busy-query {NS}><C:time-range start="20261123T000000Z" end="20261124T000000Z"/>'
        "</C:free-busy-query>"
    ),
}


def test_every_resource_says_truly_which_reports_it_takes(people: People) -> None:
    admin = people["admin"]
    assert put(admin, MUELLER, "a.ics", an_event()).status_code == 201
    places = [
        *("/caldav/", HOME, MUELLER, HOME + "praxis/", MUELLER + "a.ics", principal("admin")),
        *(principal("mueller"), principal("admin") + "inbox/", principal("admin") + "outbox/"),
    ]
    for path in places:
        told = propfind(admin, path, DAV + "supported-report-set").only.reports
        assert told <= set(BODIES)
        for name, body in BODIES.items():
            if path.endswith(".ics") and name == CALDAV + "free-busy-query":
                continue  # answered for the calendar that the object is in
            answer = admin.request("REPORT", path, content=body, headers={"Depth": "0"})
            if name in told:
                assert answer.status_code in {200, 207}, (path, name, answer.text)
            else:
                assert answer.status_code == 403, (path, name)
                assert preconditions(answer) == {DAV + "supported-report"}
    assert admin.delete(MUELLER + "a.ics").status_code == 204

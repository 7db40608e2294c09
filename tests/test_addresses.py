"""The addresses (docs/architecture.md), over HTTP, on both databases."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote, unquote

import httpx
import pytest
from icalendar import Calendar

from tests.building import ACCOUNTS, an_event
from tests.dav import (
    CALDAV,
    CALENDARSERVER,
    DAV,
    HOME,
    emptied,
    listing,
    multiget,
    names,
    preconditions,
    propfind,
    put,
    query,
    raw,
    sync,
)
from tests.servers import RunningServer

PRAXIS = HOME + "praxis/"
ALIAS = HOME + "hauptkalender/"
MUELLER = HOME + "dr-mueller/"
SCHMIDT = HOME + "dr-schmidt/"
PRINCIPAL = DAV + "current-user-principal"
DAY = ("20261123T000000Z", "20261124T000000Z")
#: Another slot of the same day than that of `an_event()`.
LATER = ("20261123T140000", "20261123T143000")
#: The ways to say one calendar: how it is asked for, and what its hrefs start with.
WAYS = [
    (PRAXIS, PRAXIS),
    (PRAXIS.rstrip("/"), PRAXIS),
    (ALIAS, ALIAS),
    (PRAXIS + "appointments.ics", PRAXIS + "appointments.ics/"),
    (PRAXIS + "appointments.ics/", PRAXIS + "appointments.ics/"),
    (ALIAS + "appointments.ics", ALIAS + "appointments.ics/"),
]


@pytest.fixture
def house(server: RunningServer) -> RunningServer:
    """The served practice, its calendars empty."""
    return emptied(server)


def two_events(client: httpx.Client) -> None:
    """Put one event into a doctor's calendar, and one that belongs to no doctor."""
    assert put(client, MUELLER, "a.ics", an_event("arzt")).status_code == 201
    assert put(client, PRAXIS, "p.ics", an_event("praxis", *LATER)).status_code == 201


# -- how a client finds the calendars ------------------------------------------------------------


def test_the_well_known_address_leads_every_method_to_the_mount(server: RunningServer) -> None:
    methods = ["GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT", "PROPPATCH", "PUT", "POST", "DELETE"]
    with server.client(None) as nobody, server.client() as staff:
        for method in methods:
            for client in (nobody, staff):
                for address in ("/.well-known/caldav", "/.well-known/caldav/"):
                    answer = client.request(method, address)
                    assert (answer.status_code, answer.headers["location"]) == (301, "/caldav/")


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/principals",
        "/principals/",
        "/caldav",
        "/caldav/",
        "/caldav/empfang/",
        "/caldav/niemand/",
        "/caldav/calendars/",
        MUELLER,
        PRAXIS + "appointments.ics",
        HOME + "nichts/",
        "/caldav/a/b/c/d",
    ],
)
def test_whoever_is_not_signed_in_is_asked_to_wherever_a_client_probes(
    server: RunningServer, address: str
) -> None:
    with server.client(None) as nobody:
        answers = [nobody.request(method, address) for method in ("PROPFIND", "REPORT", "PUT")]
    for answer in answers:
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith('Basic realm="')


@pytest.mark.parametrize("address", ["/", "/principals", "/principals/"])
@pytest.mark.parametrize("depth", ["0", "1"])
def test_the_roots_of_the_host_tell_who_is_signed_in(
    server: RunningServer, address: str, depth: str
) -> None:
    with server.client("mueller") as doctor:
        told = propfind(doctor, address, PRINCIPAL, DAV + "resourcetype", depth=depth).only
    assert told.href == address
    assert told.hrefs(PRINCIPAL) == ["/caldav/mueller/"]
    assert told.kinds() == {DAV + "collection"}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_principal_tells_the_one_home_and_its_own_address(
    server: RunningServer, account: str
) -> None:
    own = f"/caldav/{account}/"
    tags = (
        *(PRINCIPAL, DAV + "principal-URL", DAV + "resourcetype", DAV + "displayname"),
        *(CALDAV + "calendar-home-set", CALDAV + "calendar-user-address-set"),
    )
    with server.client(account) as client:
        for asked in (own, own.rstrip("/")):
            told = propfind(client, asked, *tags).only
            assert told.href == own
            assert told.kinds() == {DAV + "principal", DAV + "collection"}
            assert told.hrefs(PRINCIPAL) == told.hrefs(DAV + "principal-URL") == [own]
            assert told.hrefs(CALDAV + "calendar-home-set") == [HOME]
            assert own in told.hrefs(CALDAV + "calendar-user-address-set")
            assert told.text(DAV + "displayname") == account


@pytest.mark.parametrize("method", ["PROPFIND", "PROPPATCH", "DELETE", "PUT"])
def test_another_account_looks_like_one_that_does_not_exist(
    server: RunningServer, method: str
) -> None:
    with server.client("gast") as guest:
        other, nobody = (
            guest.request(method, f"/caldav/{name}/", content="") for name in ("admin", "niemand")
        )
    assert other.status_code == nobody.status_code
    assert other.status_code in {403, 404}
    assert other.content == nobody.content


SEEN = {
    "admin": {"dr-mueller", "dr-schmidt", "praxis"},
    "empfang": {"dr-mueller", "dr-schmidt", "praxis"},
    "mueller": {"dr-mueller", "praxis"},
    "albis": {"dr-mueller", "dr-schmidt", "praxis"},
    "buchung": {"dr-mueller", "dr-schmidt", "praxis"},
    "gast": {"dr-mueller", "praxis"},
}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_home_holds_exactly_the_calendars_an_account_may_see(
    server: RunningServer, account: str
) -> None:
    kinds = (DAV + "resourcetype", CALDAV + "supported-calendar-component-set")
    with server.client(account) as client:
        found = propfind(client, HOME, *kinds, depth="1").found
        assert set(found) == {HOME} | {f"{HOME}{name}/" for name in SEEN[account]}
        assert found.pop(HOME).kinds() == {DAV + "collection"}
        for calendar in found.values():
            assert calendar.kinds() == {DAV + "collection", CALDAV + "calendar"}
            assert calendar.components == {"VEVENT", "VTODO", "VJOURNAL"}
        for name in {"dr-mueller", "dr-schmidt", "praxis", "nichts"} - SEEN[account]:
            assert client.request("PROPFIND", f"{HOME}{name}/").status_code == 404
            assert client.get(f"{HOME}{name}/appointments.ics").status_code == 404
            assert client.get(f"{HOME}{name}/a.ics").status_code == 404


@pytest.mark.parametrize("address", ["/", "/caldav/", HOME, MUELLER, PRAXIS + "appointments.ics"])
def test_depth_infinity_is_refused_by_its_precondition(server: RunningServer, address: str) -> None:
    with server.client() as staff:
        answer = staff.request("PROPFIND", address, headers={"Depth": "infinity"})
        nonsense = staff.request("PROPFIND", address, headers={"Depth": "2"})
    assert answer.status_code == 403
    assert preconditions(answer) == {DAV + "propfind-finite-depth"}
    assert nonsense.status_code == 400


# -- the union of all doctors' calendars ---------------------------------------------------------


def test_the_union_shows_each_doctors_objects_beside_its_own(house: RunningServer) -> None:
    with house.client() as staff:
        two_events(staff)
        assert put(staff, SCHMIDT, "a.ics", an_event("arzt-2")).status_code == 201
        assert names(staff, PRAXIS) == {"p.ics", "dr-mueller~a.ics", "dr-schmidt~a.ics"}
        assert staff.get(PRAXIS + "dr-schmidt~a.ics").text == an_event("arzt-2")
    with house.client("mueller") as doctor:
        assert names(doctor, PRAXIS) == {"p.ics", "dr-mueller~a.ics"}
        assert doctor.get(PRAXIS + "dr-schmidt~a.ics").status_code == 404
        hidden = put(doctor, PRAXIS, "dr-schmidt~a.ics", an_event("arzt-2", *LATER))
        assert hidden.status_code == 403
        assert doctor.delete(PRAXIS + "dr-schmidt~a.ics").status_code == 404
    with house.client("gast") as guest:
        assert names(guest, PRAXIS) == {"dr-mueller~a.ics"}
        assert guest.get(PRAXIS + "p.ics").status_code == 404
    with house.client() as staff:
        assert staff.get(SCHMIDT + "a.ics").text == an_event("arzt-2")


def test_a_change_through_the_union_changes_the_doctors_object(house: RunningServer) -> None:
    with house.client() as staff:
        two_events(staff)
        old = listing(staff, MUELLER)[MUELLER + "a.ics"]
        before = sync(staff, MUELLER).token
        moved = an_event("arzt", *LATER)
        answer = put(staff, PRAXIS, "dr-mueller~a.ics", moved, If_Match=old)
        assert answer.status_code == 204
        doctors = staff.get(MUELLER + "a.ics")
        assert doctors.content == moved.encode()
        assert doctors.headers["etag"] == answer.headers["etag"] != old
        assert sync(staff, MUELLER, before).etags == {MUELLER + "a.ics": answer.headers["etag"]}
        assert put(staff, PRAXIS, "dr-mueller~a.ics", moved, If_Match=old).status_code == 412


def test_a_change_in_a_doctors_calendar_reaches_a_replica_of_the_union(
    house: RunningServer,
) -> None:
    with house.client() as staff:
        two_events(staff)
        before = sync(staff, PRAXIS).token
        moved = put(staff, MUELLER, "a.ics", an_event("arzt", *LATER))
        changed = sync(staff, PRAXIS, before)
        assert changed.etags == {PRAXIS + "dr-mueller~a.ics": moved.headers["etag"]}
        assert staff.delete(MUELLER + "a.ics").status_code == 204
        assert sync(staff, PRAXIS, changed.token).gone == {PRAXIS + "dr-mueller~a.ics"}


def test_a_deletion_through_the_union_deletes_the_doctors_object(house: RunningServer) -> None:
    with house.client() as staff:
        two_events(staff)
        before = sync(staff, MUELLER).token
        assert staff.delete(PRAXIS + "dr-mueller~a.ics").status_code == 204
        assert staff.get(MUELLER + "a.ics").status_code == 404
        assert staff.get(PRAXIS + "dr-mueller~a.ics").status_code == 404
        assert sync(staff, MUELLER, before).gone == {MUELLER + "a.ics"}
        assert names(staff, PRAXIS) == {"p.ics"}


def test_a_new_object_in_the_union_belongs_to_no_doctor(house: RunningServer) -> None:
    with house.client() as staff:
        assert put(staff, PRAXIS, "ferien.ics", an_event("ferien")).status_code == 201
        assert names(staff, PRAXIS) == {"ferien.ics"}
        assert names(staff, MUELLER) == names(staff, SCHMIDT) == set()
    with house.client("mueller") as doctor:  # who only reads the main calendar
        refused = put(doctor, PRAXIS, "neu.ics", an_event("neu", *LATER))
        assert refused.status_code == 403
        assert preconditions(refused) == {DAV + "need-privileges"}
        assert names(doctor, PRAXIS) == {"ferien.ics"}


def test_the_union_takes_no_uid_twice(house: RunningServer) -> None:
    with house.client() as staff:
        two_events(staff)
        for uid, holder in (("arzt", "dr-mueller~a.ics"), ("praxis", "p.ics")):
            answer = put(staff, PRAXIS, "zweit.ics", an_event(uid))
            assert answer.status_code == 409
            assert preconditions(answer) == {CALDAV + "no-uid-conflict"}
            assert f"<href>{PRAXIS}{holder}</href>" in answer.text
        into = put(staff, PRAXIS, "dr-schmidt~a.ics", an_event("arzt"))
        assert into.status_code == 409
        assert names(staff, PRAXIS) == {"p.ics", "dr-mueller~a.ics"}


def test_a_name_with_the_unions_sign_in_it_stays_a_name(house: RunningServer) -> None:
    with house.client() as staff:
        for calendar, uid in ((MUELLER, "eins"), (PRAXIS, "zwei")):
            for name in ("~", "a~b.ics", "dr-keiner~a.ics"):
                text = an_event(uid + name)
                assert put(staff, calendar, name, text).status_code == 201
                assert staff.get(calendar + quote(name)).text == text
        shown = {"~", "a~b.ics", "dr-keiner~a.ics"}
        assert names(staff, PRAXIS) == shown | {"dr-mueller~" + name for name in shown}
        for href in listing(staff, PRAXIS):
            assert staff.delete(href).status_code == 204
        assert names(staff, MUELLER) == set()


def test_the_longest_name_can_be_changed_through_the_union_too(house: RunningServer) -> None:
    name = "n" * 251 + ".ics"
    with house.client() as staff:
        assert put(staff, MUELLER, name, an_event("lang")).status_code == 201
        moved = an_event("lang", *LATER)
        assert put(staff, PRAXIS, "dr-mueller~" + name, moved).status_code == 204
        assert staff.get(MUELLER + name).text == moved
        assert staff.delete(PRAXIS + "dr-mueller~" + name).status_code == 204


def test_an_object_moves_from_the_union_into_a_doctors_calendar(house: RunningServer) -> None:
    with house.client() as staff:
        two_events(staff)
        headers = {"Destination": house.url + SCHMIDT + "p.ics", "Overwrite": "F"}
        assert staff.request("MOVE", PRAXIS + "p.ics", headers=headers).status_code == 201
        assert names(staff, PRAXIS) == {"dr-mueller~a.ics", "dr-schmidt~p.ics"}
        headers = {"Destination": PRAXIS + "frei.ics", "Overwrite": "F"}
        answer = staff.request("MOVE", PRAXIS + "dr-mueller~a.ics", headers=headers)
        assert answer.status_code == 201
        assert names(staff, MUELLER) == set()
        assert staff.get(PRAXIS + "frei.ics").text == an_event("arzt")


# -- other ways to say a calendar ----------------------------------------------------------------


def test_other_ways_to_say_a_calendar_are_not_listed_in_the_home(server: RunningServer) -> None:
    with server.client() as staff:
        assert not any("hauptkalender" in h for h in propfind(staff, HOME, DAV + "owner").found)
        found = propfind(staff, HOME, DAV + "owner", depth="1").found
    assert not any("hauptkalender" in href or ".ics" in href for href in found)


@pytest.mark.parametrize(("asked", "base"), WAYS)
def test_every_way_to_say_a_calendar_answers_as_the_calendar(
    house: RunningServer, asked: str, base: str
) -> None:
    state = (DAV + "sync-token", CALENDARSERVER + "getctag", DAV + "displayname")
    with house.client() as staff:
        two_events(staff)
        told = propfind(staff, asked, *state, DAV + "resourcetype").only
        real = propfind(staff, PRAXIS, *state).only
        assert told.href == base
        assert told.kinds() == {DAV + "collection", CALDAV + "calendar"}
        assert [told.text(tag) for tag in state] == [real.text(tag) for tag in state]

        wanted = {base + "p.ics", base + "dr-mueller~a.ics"}
        listed = listing(staff, asked)
        assert set(listed) == wanted
        assert query(staff, asked, *DAY).etags == listed
        assert multiget(staff, asked, wanted).etags == listed
        first = sync(staff, asked)
        assert first.etags == listed
        assert first.token == told.text(DAV + "sync-token")
        assert sync(staff, PRAXIS, first.token).found == {}  # one token for all ways


def test_a_sync_token_counts_for_the_view_it_was_given_for(house: RunningServer) -> None:
    body = (
        '<sync-collection xmlns="DAV:"><sync-token>{}</sync-token><sync-level>1</sync-level>'
        "<prop><getetag/></prop></sync-collection>"
    )
    with house.client() as staff, house.client("mueller") as doctor:
        two_events(staff)
        everything, part = sync(staff, PRAXIS).token, sync(staff, MUELLER).token
        assert sync(staff, PRAXIS, everything).found == {}
        for client, calendar, token in (
            (staff, PRAXIS, part),  # a copy of one doctor's calendar lacks the others
            (staff, MUELLER, everything),
            (doctor, PRAXIS, everything),  # who sees less would keep what he must not see
        ):
            answer = client.request("REPORT", calendar, content=body.format(token))
            assert answer.status_code == 403
            assert preconditions(answer) == {DAV + "valid-sync-token"}


@pytest.mark.parametrize(("asked", "base"), WAYS)
def test_hrefs_below_every_way_to_say_a_calendar_work(
    house: RunningServer, asked: str, base: str
) -> None:
    with house.client() as staff:
        two_events(staff)
        token = sync(staff, asked).token
        for href, etag in listing(staff, asked).items():
            got = staff.get(href)
            assert (got.status_code, got.headers["etag"]) == (200, etag)
            told = propfind(staff, href, DAV + "getetag").only
            assert (told.href, told.text(DAV + "getetag")) == (href, etag)
            uid = "arzt" if "dr-mueller" in href else "praxis"
            moved = an_event(uid, "20261123T160000", "20261123T163000")
            answer = staff.put(href, content=moved, headers={"If-Match": etag})
            assert answer.status_code == 204
            assert staff.get(href).text == moved
        changed = sync(staff, asked, token)
        assert set(changed.etags) == {base + "p.ics", base + "dr-mueller~a.ics"}
        for href in changed.etags:
            assert staff.delete(href).status_code == 204
        assert listing(staff, asked) == {}
        assert names(staff, MUELLER) == set()


def test_a_doctors_calendar_is_one_file_too(house: RunningServer) -> None:
    address = MUELLER + "appointments.ics"
    with house.client("mueller") as doctor:
        assert put(doctor, MUELLER, "a.ics", an_event("arzt")).status_code == 201
        assert "UID:arzt\r\n" in doctor.get(address).text
        assert set(listing(doctor, address)) == {address + "/a.ics"}
        assert put(doctor, address + "/", "b.ics", an_event("b", *LATER)).status_code == 201
        assert names(doctor, MUELLER) == {"a.ics", "b.ics"}


def test_the_file_is_valid_and_holds_every_event_and_each_zone_once(house: RunningServer) -> None:
    with house.client() as staff:
        two_events(staff)
        for number in range(30):
            text = an_event(f"e{number}", "20261124T100000", "20261124T103000")
            assert put(staff, SCHMIDT, f"e{number}.ics", text).status_code == 201
        assert put(staff, MUELLER, "own.ics", WITH_ZONES).status_code == 201
        answer = staff.get(PRAXIS + "appointments.ics")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
        assert staff.get(PRAXIS).content == answer.content
    calendar = Calendar.from_ical(answer.content)
    uids = {str(event["UID"]) for event in calendar.walk("VEVENT")}
    assert uids == {"arzt", "praxis", "own"} | {f"e{n}" for n in range(30)}
    zones = [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")]
    assert sorted(zones) == ["Europe/Berlin", "Praxiszeit"]
    assert all(line.endswith("\r") for line in answer.text.split("\n")[:-1])
    for rule in ("BYMONTH=3;BYDAY=-1SU", "BYMONTH=10;BYDAY=-1SU"):
        assert f"RRULE:FREQ=YEARLY;{rule}\r\n" in answer.text
    assert "BYMONTH=11" not in answer.text  # the wrong rules that came with one event


#: A zone everybody knows with rules that are wrong, and one that nobody knows.
WITH_ZONES = an_event(
    "own", "20261125T100000", "20261125T103000", "RDATE;TZID=Praxiszeit:20261126T100000"
).replace(
    "BEGIN:VEVENT",
    "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
    "TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0500\r\nRRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11\r\n"
    "END:STANDARD\r\nEND:VTIMEZONE\r\n"
    "BEGIN:VTIMEZONE\r\nTZID:Praxiszeit\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
    "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT",
)


def test_an_unchanged_file_is_not_sent_again(house: RunningServer) -> None:
    address = PRAXIS + "appointments.ics"
    with house.client() as staff:
        two_events(staff)
        first = staff.get(address)
        etag = first.headers["etag"]
        # Compressed, it is other bytes than the file as it is, and the ETag says so.
        bare = staff.get(address, headers={"Accept-Encoding": "identity"})
        assert etag == f"W/{bare.headers['etag']}"
        again = staff.get(address, headers={"If-None-Match": etag})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        dated = {"If-Modified-Since": first.headers["last-modified"]}
        assert staff.get(address, headers=dated).status_code == 304

        put(staff, MUELLER, "a.ics", an_event("arzt", "20261123T160000", "20261123T163000"))
        changed = staff.get(address, headers={"If-None-Match": etag})
        assert changed.status_code == 200
        assert changed.headers["etag"] != etag
        assert "20261123T160000" in changed.text
        head = staff.head(address, headers={"Accept-Encoding": "identity"})
        plain = staff.get(address, headers={"Accept-Encoding": "identity"})
        assert head.content == b""
        for name in ("etag", "content-type", "content-length", "last-modified"):
            assert head.headers[name] == plain.headers[name]


@pytest.mark.parametrize("account", ["empfang", "admin", "mueller", "albis", "buchung"])
def test_a_put_on_a_whole_calendar_is_refused_and_wipes_nothing(
    house: RunningServer, account: str
) -> None:
    with house.client() as staff:
        two_events(staff)
        before, state = staff.get(PRAXIS).content, propfind(staff, PRAXIS, DAV + "sync-token").only
        with house.client(account) as client:
            for calendar in (MUELLER, PRAXIS, ALIAS):
                whole = calendar + "appointments.ics"
                for address in (calendar, calendar[:-1], whole, whole + "/"):
                    answer = client.put(address, content=an_event("wischt-alles-weg"))
                    assert answer.status_code == 405
                    assert client.post(address, content=an_event("x")).status_code == 405
                    assert client.delete(address).status_code == 403
                within = put(client, calendar, "appointments.ics/appointments.ics", an_event("x"))
                assert within.status_code == 400  # put() says the slash as %2F
                answer = client.put(whole + "/appointments.ics", content=an_event("x"))
                assert answer.status_code == 403
        assert staff.get(PRAXIS).content == before
        assert propfind(staff, PRAXIS, DAV + "sync-token").only.text(
            DAV + "sync-token"
        ) == state.text(DAV + "sync-token")


def test_nothing_is_kept_outside_calendars(house: RunningServer) -> None:
    with house.client() as staff:
        for address in ("/caldav/x.ics", "/caldav/empfang/x.ics", HOME, "/caldav/", "/"):
            assert staff.put(address, content=an_event("x")).status_code == 403
        assert staff.put(HOME + "nichts/x.ics", content=an_event("x")).status_code == 409
        assert staff.put(MUELLER + "a/b.ics", content=an_event("x")).status_code == 409
        assert names(staff, PRAXIS) == set()


# -- paths are data ------------------------------------------------------------------------------

BASE = MUELLER.encode()
TRICKS = [
    (b"/caldav/../caldav/calendars/dr-mueller/a.ics", 400),
    (BASE + b"../dr-schmidt/a.ics", 400),
    (BASE + b"%2e%2e/dr-schmidt/a.ics", 400),
    (BASE + b"..%2fdr-schmidt%2Fa.ics", 400),
    (BASE + b"%2e/a.ics", 400),
    (BASE + b"./a.ics", 400),
    (BASE + b"..", 400),
    (BASE + b"a%2fb.ics", 400),
    (BASE + b"a%2Fb.ics", 400),
    (b"/caldav%2fcalendars/dr-mueller/a.ics", 400),
    (b"/caldav/calendars/../../etc/passwd", 400),
    (BASE + b"a%00.ics", 400),
    (BASE + b"a.ics%00", 400),
    (BASE + b"a%0d%0aX-Injected:%201", 400),
    (BASE + b"a%7f.ics", 400),
    (BASE + b"m%fcller.ics", 400),  # Latin-1, percent-encoded
    (BASE + b"m\xfcller.ics", 400),  # and as it is
    (BASE + b"%ed%a0%80.ics", 400),  # half a surrogate pair
    (BASE + b"%c0%ae%c0%ae/a.ics", 400),  # dots in overlong UTF-8
]


@pytest.mark.parametrize(("target", "status"), TRICKS)
def test_a_path_trick_leads_nowhere(house: RunningServer, target: bytes, status: int) -> None:
    with house.client() as staff:
        two_events(staff)
        before = staff.get(PRAXIS).content
        body = an_event("trick").encode()
        for method in ("GET", "HEAD", "PUT", "DELETE", "PROPFIND", "REPORT", "MOVE", "MKCALENDAR"):
            assert raw(house, method, target, body if method == "PUT" else b"") == status, method
        assert staff.get(PRAXIS).content == before


@pytest.mark.parametrize("trick", ["../dr-schmidt/b.ics", "%2e%2e/dr-schmidt/b.ics", "a%2fb.ics"])
def test_a_destination_trick_leads_nowhere(house: RunningServer, trick: str) -> None:
    with house.client() as staff:
        two_events(staff)
        headers = {"Destination": house.url + MUELLER + trick}
        answer = staff.request("MOVE", MUELLER + "a.ics", headers=headers)
        assert answer.status_code in {400, 403}
        assert names(staff, PRAXIS) == {"p.ics", "dr-mueller~a.ics"}


NAMES = [
    "einfach.ics",
    "mit leer zeichen.ics",
    " vorn und hinten ",
    "Käthe Müller-Lüdenscheidt.ics",
    unicodedata.normalize("NFD", "Käthe Müller-Lüdenscheidt.ics"),
    "日本語 🩺.ics",
    "040000008200E00074C5B7101A82E008:1.ics",
    "a'b\"c*d?e,f;g&h#i%j+k=l@m!n$o(p).ics",
    "<b>&amp;.ics",
    "%41.ics",
    "%2F.ics",
    "a\\b.ics",
    ".versteckt",
    "...",
    "~tilde~.ics",
    "ohne-endung",
    "GROSS.ics",
    "gross.ics",
    "ü" * 127 + "x",  # 255 bytes
]


def test_every_name_comes_back_as_it_was_put(house: RunningServer) -> None:
    texts = {name: an_event(f"name-{number}") for number, name in enumerate(NAMES)}
    with house.client() as staff:
        for name, text in texts.items():
            assert put(staff, MUELLER, name, text).status_code == 201, name
        assert names(staff, MUELLER) == set(NAMES)
        hrefs = listing(staff, MUELLER)
        data = multiget(staff, MUELLER, hrefs).data
        assert {unquote(h.removeprefix(MUELLER)): text for h, text in data.items()} == texts
        assert sync(staff, MUELLER).etags == hrefs
        # Clients escape more or less than we do; one even sends back what it decoded.
        hard = "Käthe Müller-Lüdenscheidt.ics"
        assert multiget(staff, MUELLER, [MUELLER + hard]).data == {MUELLER + hard: texts[hard]}
        for href in hrefs:
            name = unquote(href.removeprefix(MUELLER))
            assert staff.get(href).text == texts[name]
            assert staff.delete(href).status_code == 204
        assert names(staff, MUELLER) == set()


@pytest.mark.parametrize("name", ["n" * 256, "n" * 300, "ü" * 128])
def test_a_name_that_is_too_long_is_refused(house: RunningServer, name: str) -> None:
    with house.client() as staff:
        assert put(staff, MUELLER, name, an_event("lang")).status_code == 403
        assert staff.get(MUELLER + name).status_code == 404
        assert staff.delete(MUELLER + name).status_code == 404
        assert names(staff, PRAXIS) == set()


# -- conditional requests ------------------------------------------------------------------------


def test_if_match_takes_lists_and_anything_and_no_weak_etags(house: RunningServer) -> None:
    early, late = an_event("c"), an_event("c", *LATER)
    with house.client() as staff:
        old = put(staff, MUELLER, "c.ics", early).headers["etag"]
        refused = ['"anders"', f"W/{old}", f'"x", W/{old}', old[:-2] + '"', '""']
        for header in refused:
            assert put(staff, MUELLER, "c.ics", late, If_Match=header).status_code == 412, header
            assert staff.delete(MUELLER + "c.ics", headers={"If-Match": header}).status_code == 412
            assert staff.get(MUELLER + "c.ics").text == early
        assert put(staff, MUELLER, "neu.ics", an_event("n"), If_Match="*").status_code == 412
        assert put(staff, MUELLER, "neu.ics", an_event("n"), If_Match=old).status_code == 412
        assert names(staff, MUELLER) == {"c.ics"}

        new = put(staff, MUELLER, "c.ics", late, If_Match=f'"a,b" , "x",{old}')
        assert new.status_code == 204
        assert put(staff, MUELLER, "c.ics", early, If_Match="*").status_code == 204
        gone = staff.delete(MUELLER + "c.ics", headers={"If-Match": f'"x", {old}'})
        assert gone.status_code == 204  # the same text has the same ETag again


def test_if_none_match_keeps_a_put_from_overwriting(house: RunningServer) -> None:
    early, late = an_event("c"), an_event("c", *LATER)
    with house.client() as staff:
        made = put(staff, MUELLER, "c.ics", early, If_None_Match="*")
        assert made.status_code == 201
        etag = made.headers["etag"]
        for header in ("*", etag, f'"x", {etag}'):
            assert put(staff, MUELLER, "c.ics", late, If_None_Match=header).status_code == 412
        assert staff.get(MUELLER + "c.ics").text == early
        assert put(staff, MUELLER, "c.ics", late, If_None_Match='"x"').status_code == 204


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_if_none_match_spares_what_a_client_has(house: RunningServer, method: str) -> None:
    with house.client() as staff:
        etag = put(staff, MUELLER, "c.ics", an_event("c")).headers["etag"]
        for header in (etag, f"W/{etag}", f'"x", {etag}', "*"):
            answer = staff.request(method, MUELLER + "c.ics", headers={"If-None-Match": header})
            assert (answer.status_code, answer.content) == (304, b""), header
            assert answer.headers["etag"] == etag
        for header in ('"x"', 'W/"x"', etag.strip('"')[:-1]):
            answer = staff.request(method, MUELLER + "c.ics", headers={"If-None-Match": header})
            assert answer.status_code == 200, header
        answer = staff.request(method, MUELLER + "c.ics", headers={"If-Match": '"x"'})
        assert answer.status_code == 412
        missing = staff.request(method, MUELLER + "nichts.ics", headers={"If-None-Match": "*"})
        assert missing.status_code == 404


def test_an_etag_goes_before_a_date(house: RunningServer) -> None:
    with house.client() as staff:
        put(staff, MUELLER, "c.ics", an_event("c"))
        got = staff.get(MUELLER + "c.ics")
        since = {"If-Modified-Since": got.headers["last-modified"]}
        assert staff.get(MUELLER + "c.ics", headers=since).status_code == 304
        other = since | {"If-None-Match": '"x"'}
        assert staff.get(MUELLER + "c.ics", headers=other).status_code == 200
        for date in ("Thu, 01 Jan 1970 00:00:00 GMT", "gestern"):
            answer = staff.get(MUELLER + "c.ics", headers={"If-Modified-Since": date})
            assert answer.status_code == 200


def test_head_tells_of_an_object_what_get_does(house: RunningServer) -> None:
    with house.client() as staff:
        put(staff, MUELLER, "c.ics", an_event("c"))
        for encoding in ("identity", "gzip"):
            headers = {"Accept-Encoding": encoding}
            head = staff.head(MUELLER + "c.ics", headers=headers)
            got = staff.get(MUELLER + "c.ics", headers=headers)
            assert (head.status_code, head.content) == (200, b"")
            for name in ("etag", "content-type", "content-length", "last-modified"):
                assert head.headers[name] == got.headers[name]

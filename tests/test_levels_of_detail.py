"""Views that show only when somebody is busy, or initials and a number: nothing else gets out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import event as of_engine

from practice.access import Account, Level, Role
from practice.calendars import CalendarObject, Condition, Span
from practice.errors import PracticeError
from practice.patients import Patient, PatientRecord
from practice.use_cases import objects
from practice.use_cases.accounts import add_account, grant, set_password
from practice.use_cases.patients import save_patient
from practice.use_cases.reading import changes_since, listing, objects_named, overlapping, texts
from tests.building import (
    BERLIN,
    PROFILE,
    a_draft,
    a_practice,
    an_event,
    reading,
    the_account,
    the_view,
    writing,
)
from tests.conftest import BACKENDS, a_database
from tests.dav import (
    CALDAV,
    CALENDARSERVER,
    DAV,
    HOME,
    Multistatus,
    multiget,
    multistatus,
    propfind,
    put,
    query,
    report,
    sync,
)
from tests.in_process import clients
from tests.marked import MARK, MARKED, UID, a_marked_event, a_marked_task

if TYPE_CHECKING:
    import httpx

    from practice.database import SqlDatabase
    from practice.database.unit_of_work import SqlUnitOfWork
    from practice.views import View

MUELLER, SCHMIDT, PRAXIS = (f"{HOME}{name}/" for name in ("dr-mueller", "dr-schmidt", "praxis"))
CALENDARS = (MUELLER, SCHMIDT, PRAXIS, f"{MUELLER}appointments.ics/")
#: Readers of everything, with less than all detail.
READERS = {"belegt": Level.BUSY, "kuerzel": Level.PSEUDONYM}
NAME = "M. M. · 4711"
#: The patient's number as such: ETags and names of objects are hexadecimal and may hold its digits.
NUMBER = re.compile(r"(?<![0-9A-Za-z])4711(?![0-9A-Za-z])")
TASK = f"{MARK}-task.ics"
NOVEMBER = ("20261101T000000Z", "20270101T000000Z")
LIMITS = f'start="{NOVEMBER[0]}" end="{NOVEMBER[1]}"'
NAMESPACES = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
ASKED = "<prop><getetag/><getcontentlength/><C:calendar-data/></prop>"


def add_readers(database: SqlDatabase) -> None:
    """Add accounts that see less; mueller sees Dr. Schmidt's calendar with less, too."""
    with writing(database) as uow:
        (credential,) = (c for c in uow.accounts.by_name("admin")[1])  # type: ignore[index]
        for name, level in READERS.items():
            made = add_account(uow, Account(0, name, Role.READER))
            set_password(uow, made, credential.secret)
            grant(uow, made, "all", level)
        mixed = add_account(uow, Account(0, "teils", Role.READER))
        set_password(uow, mixed, credential.secret)
        grant(uow, mixed, "dr-mueller", Level.PSEUDONYM)
        grant(uow, mixed, "dr-schmidt", Level.BUSY)
        grant(uow, the_account(uow, "mueller"), "dr-schmidt", Level.BUSY)
        uow.patients.save(Patient("4711", PatientRecord("Mustermann", "Max")))


@dataclass
class Practice:
    """A practice with marked objects, and its clients; `heard` is every answer to the readers."""

    database: SqlDatabase
    staff: httpx.Client
    readers: dict[str, httpx.Client]
    mueller: httpx.Client
    mixed: httpx.Client
    heard: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Note every answer to the readers, headers included."""
        for client in self.readers.values():
            request = client.request

            def noted(method: str, url: Any, *args: Any, _ask: Any = request, **kw: Any) -> Any:
                answer = _ask(method, url, *args, **kw)
                self.heard.append(f"{method} {answer.headers!r}\n{answer.text}")
                return answer

            client.request = noted  # type: ignore[method-assign]


@pytest.fixture(scope="module", params=BACKENDS)
def marked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Practice]:
    folder = tmp_path_factory.mktemp("levels")
    with a_database(request.param, request, folder) as database:
        a_practice(database)
        add_readers(database)
        with clients(database, "empfang", "mueller", "teils", *READERS) as signed_in:
            staff, mueller, mixed, *readers = signed_in
            for calendar in (MUELLER, SCHMIDT, PRAXIS):
                for name, text in MARKED.items():
                    mine = text.replace(f"@{MARK}", f"@{calendar.split('/')[-2]}.{MARK}")
                    assert put(staff, calendar, name, mine).status_code == 201, (calendar, name)
            assert put(staff, MUELLER, TASK, a_marked_task()).status_code == 201
            named: dict[str, httpx.Client] = {}
            named.update(zip(READERS, readers, strict=True))
            made = Practice(database, staff, named, mueller, mixed)
            made.listen()
            yield made


@pytest.fixture(params=READERS)
def reader(request: pytest.FixtureRequest, marked: Practice) -> Iterator[httpx.Client]:
    """A client that sees less; at the end, nothing that it heard tells more than it may."""
    marked.heard.clear()
    yield marked.readers[request.param]
    assert marked.heard
    for answer in marked.heard:
        assert MARK.lower() not in unquote(answer).lower()
        assert request.param == "kuerzel" or not NUMBER.search(unquote(answer))


def shown_in(client: httpx.Client, calendar: str) -> dict[str, str]:
    """Return the ETags of the objects in a calendar, by href."""
    etags = propfind(client, calendar, DAV + "getetag", depth="1").etags
    return {href: etag for href, etag in etags.items() if not href.endswith("/")}


def found(client: httpx.Client, calendar: str, conditions: str) -> Multistatus:
    """Run a calendar-query with conditions on the events."""
    body = (
        f'<C:calendar-query {NAMESPACES}>{ASKED}<C:filter><C:comp-filter name="VCALENDAR">'
        f'<C:comp-filter name="VEVENT">{conditions}</C:comp-filter></C:comp-filter></C:filter>'
        "</C:calendar-query>"
    )
    return report(client, calendar, body)


# --- What is shown ------------------------------------------------------------------------------


@pytest.mark.parametrize("calendar", CALENDARS)
def test_every_way_to_read_shows_the_same_and_no_more(reader: httpx.Client, calendar: str) -> None:
    etags = shown_in(reader, calendar)
    assert len(etags) == len(MARKED) * (3 if calendar == PRAXIS else 1)
    got = {href: reader.get(href) for href in etags}
    data = {href: answer.text for href, answer in got.items()}
    assert {href: answer.headers["etag"] for href, answer in got.items()} == etags
    assert all(answer.headers["last-modified"] for answer in got.values())
    for href, answer in got.items():
        head = reader.head(href)
        assert (head.status_code, head.headers["etag"]) == (200, etags[href])
        assert head.headers["content-length"] == answer.headers["content-length"]
        same = reader.get(href, headers={"If-None-Match": etags[href]})
        assert (same.status_code, same.content) == (304, b"")
    several = multiget(reader, calendar, etags)
    assert (several.etags, several.data) == (etags, data)
    within = query(reader, calendar, *NOVEMBER)
    assert (within.etags, within.data) == (etags, data)
    everything = found(reader, calendar, "")
    assert (everything.etags, everything.data) == (etags, data)
    assert sync(reader, calendar).etags == etags
    told = sync_with_texts(reader, calendar)
    assert (told.etags, told.data) == (etags, data)
    file = reader.get(calendar.rstrip("/"))
    assert file.status_code == 200
    assert file.text.count("BEGIN:VEVENT") == sum(t.count("BEGIN:VEVENT") for t in data.values())


def sync_with_texts(client: httpx.Client, calendar: str) -> Multistatus:
    body = (
        f"<sync-collection {NAMESPACES}><sync-token/><sync-level>1</sync-level>{ASKED}"
        "</sync-collection>"
    )
    return report(client, calendar, body, depth="0")


def test_a_sync_in_pages_is_the_listing(reader: httpx.Client) -> None:
    token = ""
    kept: dict[str, str] = {}
    for _ in range(20):
        body = (
            f"<sync-collection {NAMESPACES}><sync-token>{token}</sync-token>"
            "<sync-level>1</sync-level><limit><nresults>3</nresults></limit><prop><getetag/></prop>"
            "</sync-collection>"
        )
        told = report(reader, PRAXIS, body, depth="0")
        assert not told.gone
        kept |= told.etags
        token = told.token
        if PRAXIS not in told.found:  # the mark of a page that others follow
            break
    assert kept == shown_in(reader, PRAXIS)


def test_busy_is_all_that_busy_shows(marked: Practice) -> None:
    client = marked.readers["belegt"]
    summaries = sorted(
        line
        for href in shown_in(client, MUELLER)
        for line in client.get(href).text.split("\r\n")
        if line.startswith("SUMMARY")
    )
    assert set(summaries) == {"SUMMARY:Abgesagt", "SUMMARY:Belegt", "SUMMARY:Frei"}


def test_initials_and_number_stand_where_a_patient_is_known(marked: Practice) -> None:
    client = marked.readers["kuerzel"]
    for calendar, known in ((MUELLER, 5), (PRAXIS.replace("praxis", "dr-schmidt"), 5)):
        told = [client.get(href).text for href in shown_in(client, calendar)]
        assert sum(f"SUMMARY:{NAME}\r\n" in text for text in told) == known
        assert sum("SUMMARY:Belegt\r\n" in text for text in told) == len(MARKED) - known


def test_etags_and_names_are_those_of_the_level(marked: Practice) -> None:
    whole, busy, named = (
        shown_in(client, MUELLER) for client in (marked.staff, *marked.readers.values())
    )
    assert set(busy) == set(named)
    assert not set(busy) & set(whole)
    assert not set(busy.values()) & set(whole.values())
    assert not set(busy.values()) & set(named.values())


def test_one_uid_is_one_uid_in_every_calendar(marked: Practice) -> None:
    client = marked.readers["belegt"]
    text = a_marked_event("everywhere")
    for calendar in (MUELLER, SCHMIDT):
        assert put(marked.staff, calendar, "both.ics", text).status_code == 201
    both = [
        {line for line in client.get(href).text.split("\r\n") if line.startswith("UID")}
        for calendar in (MUELLER, SCHMIDT)
        for href in shown_in(client, calendar)
    ]
    uids = [uid for lines in both for uid in lines]
    assert len(uids) - len(set(uids)) == 1
    for calendar in (MUELLER, SCHMIDT):
        assert marked.staff.delete(f"{calendar}both.ics").status_code == 204


def test_a_length_is_told_only_where_it_is_known(reader: httpx.Client) -> None:
    length = DAV + "getcontentlength"
    listed = propfind(reader, MUELLER, length, depth="1")
    assert all(length in one.missing for h, one in listed.found.items() if not h.endswith("/"))
    everything = multistatus(reader.request("PROPFIND", MUELLER, headers={"Depth": "1"}))
    assert all(length not in one.told and not one.missing for one in everything.found.values())
    for href in shown_in(reader, MUELLER):
        told = propfind(reader, href, length).only.text(length)
        assert int(told) == len(reader.get(href).content)


def test_the_view_is_read_only_and_of_events(reader: httpx.Client) -> None:
    tags = (DAV + "current-user-privilege-set", CALDAV + "supported-calendar-component-set")
    href = next(iter(shown_in(reader, MUELLER)))
    for address in (MUELLER, PRAXIS, href):
        privileges = propfind(reader, address, *tags).only.privileges
        assert privileges == {
            DAV + "read",
            DAV + "read-current-user-privilege-set",
            CALDAV + "read-free-busy",
        }
    assert propfind(reader, MUELLER, *tags).only.components == {"VEVENT"}


def test_numbers_are_the_same_at_every_level(marked: Practice) -> None:
    numbers = {
        propfind(client, MUELLER, DAV + "sync-token").only.text(DAV + "sync-token").split("-")[1]
        for client in (marked.staff, *marked.readers.values())
    }
    tokens = {
        propfind(client, MUELLER, CALENDARSERVER + "getctag").only.text(CALENDARSERVER + "getctag")
        for client in (marked.staff, *marked.readers.values())
    }
    assert len(numbers) == 1
    assert len(tokens) == 3


def test_a_token_of_another_level_is_refused(marked: Practice) -> None:
    tokens = [sync(client, MUELLER).token for client in marked.readers.values()]
    body = (
        f"<sync-collection {NAMESPACES}><sync-token>{tokens[0]}</sync-token>"
        "<sync-level>1</sync-level><prop><getetag/></prop></sync-collection>"
    )
    answer = marked.readers["kuerzel"].request("REPORT", MUELLER, content=body)
    assert answer.status_code == 403
    assert b"valid-sync-token" in answer.content


def test_everything_else_that_can_be_asked_tells_nothing(reader: httpx.Client) -> None:
    """The answers are looked through when the test ends."""
    for address in ("/caldav/", HOME, MUELLER, PRAXIS, f"{MUELLER}appointments.ics"):
        for body in (b"", b'<propfind xmlns="DAV:"><propname/></propfind>'):
            for depth in ("0", "1"):
                asked = reader.request("PROPFIND", address, content=body, headers={"Depth": depth})
                assert asked.status_code == 207
    busy = f"<C:free-busy-query {NAMESPACES}><C:time-range {LIMITS}/></C:free-busy-query>"
    answer = reader.request("REPORT", MUELLER, content=busy)
    assert answer.text.count("FREEBUSY") > 5
    expand = f"<prop><getetag/><C:calendar-data><C:expand {LIMITS}/></C:calendar-data></prop>"
    for inside in (f"<C:time-range {LIMITS}/>", ""):
        body_ = (
            f'<C:calendar-query {NAMESPACES}>{expand}<C:filter><C:comp-filter name="VCALENDAR">'
            f'<C:comp-filter name="VEVENT">{inside}</C:comp-filter></C:comp-filter></C:filter>'
            "</C:calendar-query>"
        )
        told = report(reader, MUELLER, body_)
        assert sum(text.count("BEGIN:VEVENT") for text in told.data.values()) > len(MARKED)


# --- Filters ------------------------------------------------------------------------------------


def a_match(name: str, text: str, more: str = "") -> str:
    return (
        f'<C:prop-filter name="{name}"><C:text-match{more}>{escape(text)}</C:text-match>'
        "</C:prop-filter>"
    )


NOTHING = {
    "a name in the title": a_match("SUMMARY", MARK),
    "half of it": a_match("SUMMARY", MARK[:4]),
    "the UID": a_match("UID", f"{MARK}-hans@dr-mueller.{MARK}.example"),
    "a part of the UID": a_match("UID", MARK.lower()),
    "the patient's number": a_match("X-PATIENT-ID", "4711"),
    "that there is a number": '<C:prop-filter name="X-PATIENT-ID"/>',
    "that there is a description": '<C:prop-filter name="DESCRIPTION"/>',
    "a category": a_match("CATEGORIES", "Kontrolle"),
    "an attendee": '<C:prop-filter name="ATTENDEE"><C:param-filter name="CN"/></C:prop-filter>',
    "a parameter": (
        f'<C:prop-filter name="DTSTART"><C:param-filter name="X-{MARK}"/></C:prop-filter>'
    ),
    "an alarm": '<C:comp-filter name="VALARM"/>',
    "a vendor's component": f'<C:comp-filter name="X-{MARK}"/>',
    "no title": '<C:prop-filter name="SUMMARY"><C:is-not-defined/></C:prop-filter>',
}
EVERYTHING = {
    "not the name": a_match("SUMMARY", MARK, ' negate-condition="yes"'),
    "no number": '<C:prop-filter name="X-PATIENT-ID"><C:is-not-defined/></C:prop-filter>',
    "no alarm": '<C:comp-filter name="VALARM"><C:is-not-defined/></C:comp-filter>',
    "not in the UID": a_match("UID", UID, ' negate-condition="yes"'),
}


@pytest.mark.parametrize("calendar", [MUELLER, PRAXIS])
@pytest.mark.parametrize("asked", NOTHING)
def test_a_filter_finds_nothing_that_is_not_shown(
    reader: httpx.Client, calendar: str, asked: str
) -> None:
    assert found(reader, calendar, NOTHING[asked]).found == {}


@pytest.mark.parametrize("asked", EVERYTHING)
def test_a_filter_for_what_is_missing_finds_everything(reader: httpx.Client, asked: str) -> None:
    assert len(found(reader, MUELLER, EVERYTHING[asked]).found) == len(MARKED)


def test_a_filter_finds_what_is_shown(reader: httpx.Client) -> None:
    href = next(iter(shown_in(reader, MUELLER)))
    uid = next(li for li in reader.get(href).text.split("\r\n") if li.startswith("UID:"))[4:]
    for calendar, shown in (
        (MUELLER, href),
        (PRAXIS, PRAXIS + "dr-mueller~" + href.split("/")[-1]),
    ):
        match = a_match("UID", uid, ' collation="i;octet"')
        assert set(found(reader, calendar, match).found) == {shown}
    assert found(reader, MUELLER, a_match("SUMMARY", "belegt")).found


def test_tasks_are_not_shown(reader: httpx.Client) -> None:
    body = query(reader, MUELLER, *NOVEMBER, component="VTODO")
    assert body.found == {}


# --- Guesses ------------------------------------------------------------------------------------

#: Of those who may write there, something to move.
OWN, KEEP = f"{MUELLER}{quote(f'{MARK}-4.ics')}", {"Overwrite": "F"}
GUESSES: dict[str, Callable[[httpx.Client, str, str], httpx.Response]] = {
    "GET": lambda c, href, _: c.get(href),
    "HEAD": lambda c, href, _: c.head(href),
    "GET if": lambda c, href, etag: c.get(href, headers={"If-Match": etag}),
    "GET if not": lambda c, href, etag: c.get(href, headers={"If-None-Match": etag}),
    "PROPFIND": lambda c, href, _: c.request("PROPFIND", href, headers={"Depth": "0"}),
    "PROPPATCH": lambda c, href, _: c.request("PROPPATCH", href, content=_NAMED),
    "DELETE": lambda c, href, _: c.delete(href),
    "DELETE if": lambda c, href, etag: c.delete(href, headers={"If-Match": etag}),
    "PUT": lambda c, href, _: c.put(href, content=an_event("new")),
    "PUT of the UID": lambda c, href, _: c.put(href, content=an_event(UID)),
    "PUT if": lambda c, href, etag: c.put(
        href, content=an_event("new"), headers={"If-Match": etag}
    ),
    "PUT if any": lambda c, href, _: c.put(
        href, content=an_event("new"), headers={"If-Match": "*"}
    ),
    "PUT if none": lambda c, href, _: c.put(
        href, content=an_event("new"), headers={"If-None-Match": "*"}
    ),
    "MOVE": lambda c, href, _: c.request(
        "MOVE", href, headers={"Destination": f"{SCHMIDT}new.ics"}
    ),
    "MOVE if": lambda c, href, etag: c.request(
        "MOVE", href, headers={"Destination": f"{SCHMIDT}new.ics", "If-Match": etag}
    ),
    "COPY": lambda c, href, _: c.request(
        "COPY", href, headers={"Destination": f"{SCHMIDT}new.ics"}
    ),
    "MOVE onto": lambda c, href, _: c.request("MOVE", OWN, headers={"Destination": href} | KEEP),
    "COPY onto": lambda c, href, _: c.request("COPY", OWN, headers={"Destination": href} | KEEP),
    "multiget": lambda c, href, _: c.request(
        "REPORT",
        MUELLER,
        content=f"<C:calendar-multiget {NAMESPACES}>{ASKED}<href>{href}</href>"
        "</C:calendar-multiget>",
    ),
}
_NAMED = (
    '<propertyupdate xmlns="DAV:"><set><prop><x xmlns="urn:x">y</x></prop></set></propertyupdate>'
)


@pytest.mark.parametrize("base", [MUELLER, f"{PRAXIS}dr-mueller~"])
@pytest.mark.parametrize("guess", GUESSES)
@pytest.mark.parametrize("who", [*READERS, "mueller"])
def test_the_answer_to_a_guess_is_the_same_whether_it_is_right(
    marked: Practice, guess: str, who: str, base: str
) -> None:
    """Names and ETags of objects as they are, tried by somebody who sees less."""
    client = marked.readers.get(who, marked.mueller)
    if who == "mueller":  # who sees his own as it is, and the colleague's with less
        base = base.replace("dr-mueller", "dr-schmidt")
        if base == SCHMIDT:
            base = f"{PRAXIS}dr-schmidt~"
    calendar = MUELLER if who != "mueller" else SCHMIDT
    right, wrong = f"{base}{quote(f'{MARK}-hans.ics')}", f"{base}{quote('nobody-hans.ics')}"
    etag = shown_in(marked.staff, calendar)[f"{calendar}{MARK}-hans.ics"]
    answers = []
    for href, tried in ((right, etag), (wrong, '"none"')):
        answer = GUESSES[guess](client, href, tried)
        told = answer.text.replace(href, "it").replace(unquote(href), "it")
        kept = {k: v for k, v in answer.headers.items() if k not in {"content-length", "date"}}
        answers.append((answer.status_code, told, kept))
    assert answers[0] == answers[1]
    assert answers[0][0] in {207, 403, 404, 405}
    assert etag in shown_in(marked.staff, calendar).values()


@pytest.mark.parametrize("way", ["DELETE", "PUT", "MOVE", "PROPPATCH"])
def test_nothing_is_changed_under_the_names_shown(reader: httpx.Client, way: str) -> None:
    for href, etag in shown_in(reader, PRAXIS).items():
        assert GUESSES[way](reader, href, etag).status_code in {403, 405}
        assert reader.get(href).headers["etag"] == etag


def test_a_name_is_good_in_its_calendar_only(reader: httpx.Client) -> None:
    href = next(iter(shown_in(reader, MUELLER)))
    name = href.rsplit("/", 1)[1]
    for other in (SCHMIDT + name, PRAXIS + name, f"{PRAXIS}dr-schmidt~{name}", MUELLER + name[1:]):
        assert reader.get(other).status_code == 404
    assert reader.get(f"{PRAXIS}dr-mueller~{name}").status_code == 200


def test_a_uid_that_is_not_seen_is_no_conflict(marked: Practice) -> None:
    """Who writes one calendar learns nothing of the UIDs in another that is shown with less."""
    uid = f"{MARK}-hans@dr-schmidt.{MARK}.example"
    for name in ("dr-mueller~x.ics", "dr-mueller~y.ics"):
        text = an_event(uid if "x" in name else "nobody's", "20261201T100000", "20261201T103000")
        answer = put(marked.mueller, PRAXIS, name, text)
        assert (answer.status_code, answer.text) == (201, "")
    for name in ("x.ics", "y.ics"):
        assert marked.staff.delete(MUELLER + name).status_code == 204


def test_the_union_shows_each_calendar_as_granted(marked: Practice) -> None:
    """A doctor's own as it is, the colleague's with less, the practice's own as it is."""
    shown = shown_in(marked.mueller, PRAXIS)
    whole = shown_in(marked.staff, PRAXIS)
    own = {h for h in whole if "dr-schmidt~" not in h}
    assert {h: whole[h] for h in own} == {h: e for h, e in shown.items() if "dr-schmidt~" not in h}
    others = {h for h in shown if "dr-schmidt~" in h}
    assert len(others) == len(MARKED)
    for href in others:
        answer = marked.mueller.get(href)
        assert answer.status_code == 200
        assert MARK not in answer.text
        privileges = propfind(marked.mueller, href, DAV + "current-user-privilege-set")
        assert DAV + "write-content" not in privileges.only.privileges
    several = multiget(marked.mueller, PRAXIS, shown)
    assert several.etags == shown
    assert sync(marked.mueller, PRAXIS).etags == shown
    texts_ = [several.data[href] for href in own]
    assert all(MARK in text for text in texts_)


def test_a_patient_is_named_only_where_that_is_granted(marked: Practice) -> None:
    """Though the same UID stands in a calendar where it is, in the same answer."""
    text = a_marked_event("in-two-calendars")
    for calendar in (MUELLER, SCHMIDT):
        assert put(marked.staff, calendar, "both.ics", text).status_code == 201
    data = multiget(marked.mixed, PRAXIS, shown_in(marked.mixed, PRAXIS)).data
    named = {href.partition("~")[0] for href, told in data.items() if NAME in told}
    assert named == {f"{PRAXIS}dr-mueller"}
    assert {h.partition("~")[0] for h in data} == named | {f"{PRAXIS}dr-schmidt"}
    for calendar in (MUELLER, SCHMIDT):
        assert marked.staff.delete(f"{calendar}both.ics").status_code == 204


def test_a_name_told_by_somebody_who_sees_more_opens_nothing(marked: Practice) -> None:
    """The main calendar's own objects are not granted, though it is shown."""
    told = shown_in(marked.readers["belegt"], PRAXIS)
    own = [href for href in told if "~" not in href]
    assert len(own) == len(MARKED)
    for href in own:
        assert marked.mixed.get(href).status_code == 404
    assert multiget(marked.mixed, PRAXIS, told).gone == set(own)


# --- A replica ----------------------------------------------------------------------------------

#: Views with less, at least in part.
WATCHED = (
    ("belegt", "dr-mueller"),
    ("kuerzel", "dr-mueller"),
    ("kuerzel", "praxis"),
    ("mueller", "praxis"),
)
#: By name: what a view shows of an object, its text included.
Shown = dict[str, tuple[str, str]]
PLACES = [(c, n) for c in ("dr-mueller", "dr-schmidt", "praxis") for n in ("a.ics", "b.ics")]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["event", "event", "event", "todo", "delete", "move", "rename", "number"]),
        st.sampled_from(PLACES),
        st.sampled_from(["eins", "zwei"]),
        st.sampled_from(["4711", "4712", "fremd", ""]),
    ),
    max_size=15,
)
NUMBERS = count()
Step = tuple[str, tuple[str, str], str, str]


def a_step(database: SqlDatabase, step: Step, version: int) -> None:
    """Do something, if the rules allow it."""
    kind, (calendar, name), uid, patient = step
    with suppress(PracticeError), writing(database) as uow:
        account, view = the_account(uow, "empfang"), the_view(uow, "empfang", calendar)
        keep = {"condition": Condition(), "profile": PROFILE}
        if kind in {"event", "todo"}:
            more = [f"SUMMARY:{version}", *([f"X-PATIENT-ID:{patient}"] if patient else [])]
            text = an_event(uid, "20261123T100000", "20261123T103000", *more)
            if kind == "todo":
                text = text.replace("VEVENT", "VTODO").replace("DTEND", "DUE")
            objects.put(uow, account, view, a_draft(name, text), **keep)  # type: ignore[arg-type]
        elif kind == "delete":
            objects.delete(uow, account, view, name, Condition())
        elif kind == "move":
            to = (the_view(uow, "empfang", "dr-schmidt"), "b.ics")
            objects.move(uow, account, (view, name), to, overwrite=True, **keep)  # type: ignore[arg-type]
        else:
            change_patient(uow, kind, patient, version)


def change_patient(uow: SqlUnitOfWork, kind: str, number: str, version: int) -> None:
    last = "ABCDEFGHIJKLMNOP"[version % 16]
    for patient in uow.patients.candidates([PatientRecord("x", number=number)]):
        record = PatientRecord(last, "Eva", number=number) if kind == "rename" else patient.record
        told = f"neu-{next(NUMBERS)}" if kind == "number" else number
        save_patient(uow, Patient(told, record, patient.id))


def told_of(uow: SqlUnitOfWork, view: View) -> Shown:
    """Return what a view lists, and the texts; whatever way they are asked for, the same."""
    heads = {view.name_of(h.calendar_id, h.href): h.etag for h in listing(uow, view)}
    named = objects_named(uow, view, heads)
    shown = {name: (named[name].etag, named[name].text) for name in heads}
    for items in (
        texts(uow, view),
        overlapping(uow, view, Span(1_795_000_000, 1_800_000_000), None, BERLIN),
    ):
        assert by_name(view, items) == shown
    assert {name: etag for name, (etag, _) in shown.items()} == heads
    return shown


def by_name(view: View, items: Iterable[CalendarObject]) -> Shown:
    return {view.name_of(i.calendar_id, i.href): (i.etag, i.text) for i in items}


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
@example(
    steps=[
        ("event", ("praxis", "a.ics"), "eins", "4711"),
        ("event", ("dr-mueller", "a.ics"), "eins", "4711"),
        ("rename", ("dr-mueller", "a.ics"), "eins", "4711"),
        ("todo", ("dr-mueller", "a.ics"), "eins", ""),
        ("number", ("dr-mueller", "a.ics"), "eins", "4711"),
        ("event", ("dr-mueller", "a.ics"), "zwei", ""),
        ("move", ("dr-mueller", "a.ics"), "zwei", ""),
    ]
)
def test_a_replica_of_a_view_of_less_detail_becomes_its_listing(
    practice: SqlDatabase, steps: list[Step]
) -> None:
    start_anew(practice)
    known: dict[str, str] = {}
    with reading(practice) as uow:
        views = [the_view(uow, *watched) for watched in WATCHED]
        replicas = [(v.number, v.mark, told_of(uow, v)) for v in views]
    for version, step in enumerate(steps):
        a_step(practice, step, version)
        with reading(practice) as uow:
            for place, watched in enumerate(WATCHED):
                view = the_view(uow, *watched)
                number, mark, replica = replicas[place]
                listed = told_of(uow, view)
                changes = changes_since(uow, view, number, mark)
                for gone in changes.removed:
                    replica.pop(view.name_of(*gone), None)
                names = [view.name_of(h.calendar_id, h.href) for h in changes.changed]
                replica |= by_name(view, objects_named(uow, view, names).values())
                assert replica == listed
                for etag, text in listed.values():
                    assert known.setdefault(etag, text) == text, "one ETag for two texts"
                replicas[place] = (changes.number, view.mark, replica)


def start_anew(database: SqlDatabase) -> None:
    with reading(database) as uow:
        ready = uow.accounts.by_name("belegt") is not None
    if not ready:
        add_readers(database)
    with writing(database) as uow:
        for calendar in uow.calendars.all():
            for head in list(uow.calendars.listing(the_view(uow, "admin", calendar.name))):
                if head.calendar_id == calendar.id:
                    uow.calendars.remove(calendar, head.href)
        for number in ("4711", "4712"):
            if uow.patients.by_number(number) is None:
                uow.patients.save(Patient(number, PatientRecord("Muster", "Max")))


def test_a_listing_asks_for_patients_once(practice: SqlDatabase) -> None:
    """And a view that shows everything, or only when somebody is busy, asks for none."""
    add_readers(practice)
    with writing(practice) as uow:
        calendar = next(c for c in uow.calendars.all() if c.name == "dr-mueller")
        for n in range(600):
            uow.calendars.save(calendar, a_draft(f"{n}.ics", an_event(f"u-{n}")))
    said: list[str] = []
    of_engine.listen(practice.engine, "before_cursor_execute", lambda *a: said.append(a[2]))
    for account, statements in (("empfang", 1), ("belegt", 1), ("kuerzel", 3)):
        with reading(practice) as uow:
            view = the_view(uow, account, "dr-mueller")
            said.clear()
            assert len(list(listing(uow, view))) == 600
            assert len(said) == statements, said

"""What is quicker for most objects comes to the same end as the general way does for all.

Each quick way can be switched off; here both are asked the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import combinations, islice
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from caldav_server.collections import Collections
from practice.access import Level
from practice.calendars import Span
from practice.errors import Invalid
from practice.facts import Limits
from practice.recurrence.rules import rule_text
from practice.recurrence.steps import steps
from practice.use_cases.accounts import grant
from practice.vevent import DataRequest, merge, read, tell
from practice.vevent.parsing import parse
from practice.vevent.plain import PlainCalendar
from tests.building import BERLIN, NOW, an_event, the_account, writing
from tests.corpus import CORPUS, FIRST, LAST
from tests.dav import HOME
from tests.hostile import ical
from tests.in_process import clients

if TYPE_CHECKING:
    from practice.database import SqlDatabase

MUELLER, SCHMIDT = f"{HOME}dr-mueller/", f"{HOME}dr-schmidt/"
NAMES = (
    "plain.ics",
    "a b.ics",
    "a&b<c>.ics",
    "ä.ics",
    "x~y.ics",
    "50%.ics",
    ".dot.ics",
    "q'\".ics",
)
#: Those that rows tell, some that they do not, and some that nobody has.
TAGS = (
    *("<getetag/>", "<getcontenttype/>", "<getcontentlength/>", "<getlastmodified/>"),
    *("<resourcetype/>", "<displayname/>", "<owner/>", "<C:calendar-data/>"),
    '<x:note xmlns:x="urn:%25s"/>',
)
XMLNS = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'


def both(
    database: SqlDatabase, account: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    """Yield a client of the quick way, and one of the general way."""
    with clients(database, account) as (quick,):
        yield quick
    general = partial(Collections, prepared=False)
    monkeypatch.setattr("caldav_server.radicale_methods.Collections", general)
    with clients(database, account) as (slow,):
        yield slow
    monkeypatch.undo()


def fill(database: SqlDatabase) -> None:
    """Put objects of odd names into two calendars, one with a property of its own."""
    with clients(database, "empfang") as (client,):
        for number, name in enumerate(NAMES):
            text = an_event(
                f"uid-{number}", f"202611{number + 10}T100000", f"202611{number + 10}T110000"
            )
            for calendar in (MUELLER, SCHMIDT):
                answer = client.put(calendar + quote(name), content=text.encode())
                assert answer.status_code == 201
        note = "<prop><displayname>eins &amp; zwei</displayname></prop>"
        body = f"<propertyupdate {XMLNS}><set>{note}</set></propertyupdate>"
        assert client.request("PROPPATCH", MUELLER + "plain.ics", content=body).status_code == 207


def questions() -> Iterator[tuple[str, str, str, str]]:
    """Yield method, path, Depth and body: every set of up to two properties, and all."""
    sets = [tags for size in (0, 1, 2, len(TAGS)) for tags in combinations(TAGS, size)]
    wanted = [f"<prop>{''.join(tags)}</prop>" for tags in sets]
    wanted += ["<allprop/>", "<propname/>"]
    hrefs = [MUELLER + quote(name) for name in NAMES]
    hrefs += [f"http://localhost{hrefs[0]}", MUELLER + "nowhere.ics", f"{MUELLER}appointments.ics"]
    hrefs += [
        f"{MUELLER}appointments.ics/plain.ics",
        f" {hrefs[0]} ",
        HOME,
        f"{MUELLER}../plain.ics",
    ]
    told = "".join(f"<href>{href.replace('&', '&amp;')}</href>" for href in hrefs)
    span = '<C:time-range start="20261101T000000Z" end="20261201T000000Z"/>'
    kind = f'<C:comp-filter name="VEVENT">{span}</C:comp-filter>'
    filter_ = f'<C:filter><C:comp-filter name="VCALENDAR">{kind}</C:comp-filter></C:filter>'
    token = "<sync-token/><sync-level>1</sync-level>"
    for one in wanted:
        for path in (SCHMIDT, f"{HOME}praxis/", f"{MUELLER}appointments.ics/"):
            yield "PROPFIND", path, "1", f"<propfind {XMLNS}>{one}</propfind>"
        union = f"{HOME}praxis/"
        yield "REPORT", union, "1", f"<C:calendar-query {XMLNS}>{one}{filter_}</C:calendar-query>"
        yield "REPORT", SCHMIDT, "0", f"<sync-collection {XMLNS}>{token}{one}</sync-collection>"
        yield (
            "REPORT",
            MUELLER,
            "1",
            f"<C:calendar-multiget {XMLNS}>{one}{told}</C:calendar-multiget>",
        )


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "headers", [{}, {"Prefer": "return=minimal", "CalDAV-Timezones": "T"}], ids=["all", "minimal"]
)
@pytest.mark.parametrize(
    "level", [Level.BUSY, pytest.param(Level.PSEUDONYM, marks=pytest.mark.slow), Level.READ]
)
def test_prepared_answers_are_the_same_bytes(
    practice: SqlDatabase, level: Level, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(practice)
    with writing(practice) as uow:
        grant(uow, the_account(uow, "gast"), "all", level)
    answers = []
    for client in both(practice, "gast", monkeypatch):
        asked = [
            client.request(method, path, content=body, headers={**headers, "Depth": depth})
            for method, path, depth, body in questions()
        ]
        answers.append([(answer.status_code, answer.content) for answer in asked])
    assert sum(status == 207 for status, _ in answers[0]) > 150
    for question, quick, general in zip(questions(), *answers, strict=True):
        assert quick == general, question


TEXTS = [case.text for case in CORPUS if len(case.text) < 20_000]
#: Ways to write a text otherwise, so that what is quick gives way.
WRITTEN: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "with line feeds": lambda text: text.replace("\r\n", "\n"),
    "in small letters": lambda text: text.replace("BEGIN:VEVENT", "begin:vevent"),
    "with a folded mark": lambda text: text.replace("BEGIN:VEVENT", "BEG\r\n IN:VEVENT"),
    "with a space": lambda text: text.replace("END:VEVENT", "END: VEVENT"),
    "with empty lines": lambda text: text.replace("\r\n", "\r\n\r\n"),
    "with a parameter": lambda text: text.replace(";TZID=", ";X=1;tzid="),
    "with a folded parameter": lambda text: text.replace(";TZID=", ";TZ\r\n ID="),
    "with quotes": lambda text: text.replace("TZID=Europe/Berlin:", 'TZID="Europe/Berlin":'),
    "with another zone in quotes": lambda text: text.replace(
        "DTEND;TZID=Europe/Berlin:", 'DTEND;TZID="America/New_York":'
    ),
    "with a zone in a title": lambda text: text.replace("SUMMARY:", "SUMMARY:;TZID=Asia/Tokyo: "),
}


@pytest.mark.parametrize("written", WRITTEN)
def test_a_file_of_cut_texts_is_that_of_their_lines(written: str) -> None:
    texts = [WRITTEN[written](text) for text in TEXTS]
    for some in (*([text] for text in texts), texts):
        files = [merge(some, "Kalender", BERLIN, "#ff0000", quick=quick) for quick in (True, False)]
        assert files[0] == files[1]


def facts_of(text: str, *, plain: bool) -> object:
    """Return the facts of a text, or why it is refused."""
    try:
        return read(text, zone=BERLIN, now=NOW, limits=Limits(), plain=plain)
    except Invalid as refused:
        return type(refused), str(refused)


def is_plain(text: str) -> bool:
    """Tell whether a text is one that is read in the quick way."""
    try:
        return isinstance(parse(text, BERLIN, plain=True)[1], PlainCalendar)
    except Invalid:
        return False


def test_plain_events_have_the_facts_that_the_library_reads() -> None:
    hostile = [case.content() for case in ical.CASES if case.method == "PUT"]
    refused = [body.decode() for body in hostile if len(body) < 100_000 and body.isascii()]
    assert sum(map(is_plain, TEXTS)) > 50
    assert len(refused) > 50
    for text in (*TEXTS, *refused):
        assert facts_of(text, plain=True) == facts_of(text, plain=False), text


#: What a client might have written anywhere into an event.
SCRAPS = (
    *("SUMMARY", "DTSTART", ":", ";", "=", ",", "\\", '"', " ", "\t", "ä", "-", "+", "0", "1", "9"),
    *(
        "TZID",
        "VALUE=DATE",
        "VALUE=DATE-TIME",
        "20261123",
        "T100000",
        "Z",
        "begin",
        "Europe/London",
    ),
    *("COUNT=3", "COUNT=0", "INTERVAL=2", "BYDAY=MO", "BYDAY=1MO", "BYMONTHDAY=31", "WKST=SU"),
    *("UNTIL=20271231", "UNTIL=20271231T000000Z", "FREQ=DAILY", "FREQ=MONTHLY", "Nowhere/Zone"),
    *(
        "\r\n",
        "\r\n ",
        "\r\nDURATION:PT30M\r\n",
        "\r\nDURATION:-P1D\r\n",
        "\r\nSTATUS:CANCELLED\r\n",
    ),
    *("\r\nEXDATE;TZID=Europe/Berlin:20261130T100000\r\n", "\r\nEXDATE:20261130T090000Z\r\n"),
    *("\r\nRDATE;VALUE=DATE:20261124,20261125\r\n", "\r\nRDATE:20261124T100000\r\n"),
    *("\r\nRRULE:FREQ=WEEKLY;COUNT=4;BYDAY=MO\r\n", "\r\nSEQUENCE:2147483648\r\n"),
    *("\r\nRRULE:FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1;UNTIL=20270301T000000\r\n", "\r\nUID:x\r\n"),
    *("\r\nATTENDEE;CN=Eva;RSVP=TRUE:mailto:e@x.org\r\n", '\r\nORGANIZER;CN="A, B":mailto:a\r\n'),
    *("\r\nATTENDEE;ROLE=CHAIR:mailto:e%2C\r\n", "\r\nattendee:mailto:x\r\n", "^n", "%2C", ";CN="),
    *("\r\nTRANSP:TRANSPARENT\r\n", "\r\nX-PATIENT-ID:a\\,b\r\n", "\r\nRECURRENCE-ID:20261123\r\n"),
)


def test_plain_events_with_scraps_in_them_are_read_or_refused_alike() -> None:
    chosen = random.Random(20261121)
    plain = 0
    for _ in range(3000):
        text = chosen.choice(TEXTS)
        for _ in range(chosen.randrange(1, 4)):
            at = chosen.randrange(text.rfind("BEGIN:V") + 1, len(text) + 1)
            text = text[:at] + chosen.choice(SCRAPS) + text[at + chosen.choice((0, 0, 1, 5)) :]
        plain += is_plain(text)
        assert facts_of(text, plain=True) == facts_of(text, plain=False), text
    assert plain > 200


#: How programs write people, and how none should.
PEOPLE = (
    *("ATTENDEE:mailto:e@x.org", "ATTENDEE;CN=Eva Groß:MAILTO:e@x.org", "ORGANIZER:mailto:"),
    "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE"
    ";CN=e@x.org;X-NUM-GUESTS=0:mailto:e@x.org",
    'ORGANIZER;CN="O\'Neil, Jr.; a:b";EMAIL="o@x.org";SENT-BY="mailto:p@x.org":mailto:o@x.org',
    "ATTENDEE;CN=:mailto:e@x.org",
    "ATTENDEE;CN=^^ ^n ^':mailto:e@x.org",
    "ATTENDEE;CN=a=b;CN=c:mailto:e@x.org",
    "ATTENDEE;CN= a ; RSVP = TRUE :mailto:e@x.org",
    "ATTENDEE;VALUE=DATE;CN=a:mailto:e@x.org",
    "ATTENDEE;CN=a\\;b:mailto:e@x.org",
    'ATTENDEE;CN="a\\":mailto:e@x.org',
    'ATTENDEE;CN="a"b:mailto:e@x.org',
    "ATTENDEE;CN=a,b:mailto:e@x.org",
    "ATTENDEE;:mailto:e@x.org",
    "ATTENDEE;CN:mailto:e@x.org",
    'ATTENDEE;MEMBER="mailto:a","mailto:b":mailto:e@x.org',
    "ATTENDEE:urn:uuid:1",
    "attendee;cn=a:mailto:e@x.org",
    "ATTENDEE;CN=a:mailto:e\r\r\n",
)


@pytest.mark.parametrize("line", PEOPLE)
@pytest.mark.parametrize("times", [1, 3, 4])
def test_plain_events_have_as_many_people_as_the_library_reads(line: str, times: int) -> None:
    text = an_event("uid", "20261123T100000", "20261123T110000")
    text = text.replace("END:VEVENT", f"{line}\r\n" * times + "END:VEVENT")
    told: list[object] = []
    for plain in (True, False):
        try:
            told.append(
                read(text, zone=BERLIN, now=NOW, limits=Limits(max_attendees=3), plain=plain)
            )
        except Invalid as refused:
            told.append((type(refused), str(refused)))
    assert told[0] == told[1]
    if line.upper().startswith("ATTENDEE:") or line in PEOPLE[:2]:
        assert isinstance(told[0], tuple) == (times > 3)


def test_people_as_programs_write_them_are_plain() -> None:
    text = an_event("uid", "20261123T100000", "20261123T110000")
    for line in PEOPLE[:8]:
        assert is_plain(text.replace("END:VEVENT", f"{line}\r\nEND:VEVENT")), line


def test_plain_events_are_expanded_as_all_are() -> None:
    days = int((LAST - FIRST) / timedelta(days=1))
    for case in CORPUS:
        for first, length in ((0, days), *((day, 7) for day in range(0, days, 30))):
            start = int((FIRST + timedelta(days=first)).timestamp())
            asked = DataRequest(expand=Span(start, start + 86_400 * length))
            told = [
                tell(case.text, asked, BERLIN, Limits(), plain=plain) for plain in (True, False)
            ]
            assert told[0] == told[1], case.name


@given(
    first=st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - by a clock
    after=st.timedeltas(timedelta(days=-400), timedelta(days=4000)),
    inc=st.booleans(),
    frequency=st.sampled_from(["DAILY", "WEEKLY"]),
    interval=st.integers(1, 40),
    end=st.none() | st.integers(1, 30) | st.timedeltas(timedelta(days=-9), timedelta(days=900)),
)
def test_steps_are_those_of_the_library(
    first: datetime,
    after: timedelta,
    inc: bool,
    frequency: str,
    interval: int,
    end: timedelta | int | None,
) -> None:
    first = first.replace(microsecond=0)
    rule: dict[str, list[object]] = {"FREQ": [frequency], "INTERVAL": [interval]}
    if isinstance(end, timedelta):
        rule["UNTIL"] = [(first + end).replace(microsecond=0)]
    elif end is not None:
        rule["COUNT"] = [end]
    quick, general = steps(rule, first), rrulestr(rule_text(rule), dtstart=first)
    assert quick is not None
    for moment in (first, first + after, first + timedelta(weeks=3 * interval)):
        some = [list(islice(way.xafter(moment, inc=inc), 35)) for way in (quick, general)]
        assert some[0] == some[1]


def test_other_rules_are_left_to_the_library() -> None:
    monday = datetime(2026, 11, 23, 10, tzinfo=UTC).replace(tzinfo=None)
    assert steps({"FREQ": ["WEEKLY"], "BYDAY": ["MO"]}, monday) is not None
    for rule in (
        {"FREQ": ["WEEKLY"], "BYDAY": ["TU"]},
        {"FREQ": ["WEEKLY"], "BYDAY": ["MO", "WE"]},
        {"FREQ": ["DAILY"], "BYDAY": ["MO"]},
        {"FREQ": ["MONTHLY"]},
        {"FREQ": ["DAILY"], "BYHOUR": [9]},
        {"FREQ": ["DAILY"], "INTERVAL": [10**9]},
    ):
        assert steps(rule, monday) is None, rule

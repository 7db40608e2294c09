"""calendar-query filters (RFC 4791 9.7, 9.9) over HTTP: which objects match, and which refusals."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

import httpx
import pytest

from tests.dav import CALDAV, HOME, preconditions, put, report
from tests.servers import RunningServer

MUELLER = HOME + "dr-mueller/"
_NAMESPACES = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'


def an_object(kind: str, uid: str, *parts: str) -> str:
    """Return an object; each of `parts` has the lines of one component, between bars."""
    blocks = []
    for part in parts:
        lines = [f"UID:{uid}", "DTSTAMP:20261101T080000Z", *part.split("|")]
        blocks += [f"BEGIN:{kind}", *lines, f"END:{kind}"]
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Tests//Tests//DE"]
    return "\r\n".join([*head, *blocks, "END:VCALENDAR", ""])


def alarm(trigger: str, *more: str) -> str:
    lines = ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", trigger, *more, "END:VALARM")
    return "|".join(lines)


BERLIN = "DTSTART;TZID=Europe/Berlin:"
NEW_YORK = "DTSTART;TZID=America/New_York:"
#: Names of objects, each its kind and its components.
OBJECTS: dict[str, tuple[str, ...]] = {
    "one": ("VEVENT", f"{BERLIN}20261123T100000|DURATION:PT30M|SUMMARY:Zahnreinigung Ärztin"),
    "instant": ("VEVENT", "DTSTART:20261123T120000Z|SUMMARY:Punkt\\, Komma\\; Ende"),
    "zero": ("VEVENT", "DTSTART:20261123T130000Z|DURATION:PT0S|CATEGORIES:ROT,GRÜN"),
    "day": ("VEVENT", "DTSTART;VALUE=DATE:20261124|CLASS:PRIVATE"),
    "york": ("VEVENT", f"{NEW_YORK}20261125T090000|DTEND;TZID=America/New_York:20261125T100000"),
    "alarmed": (
        "VEVENT",
        "DTSTART:20261201T100000Z|DTEND:20261201T110000Z|"
        + alarm("TRIGGER:-PT15M")
        + "|"
        + alarm("TRIGGER;RELATED=END:PT5M", "REPEAT:2", "DURATION:PT10M"),
    ),
    "absolute": (
        "VEVENT",
        "DTSTART:20261202T100000Z|" + alarm("TRIGGER;VALUE=DATE-TIME:20261130T070000Z"),
    ),
    "weekly": (
        "VEVENT",
        f"{BERLIN}20261207T080000|DURATION:PT1H|RRULE:FREQ=WEEKLY;COUNT=5|SUMMARY:Visite|"
        + alarm("TRIGGER;RELATED=END:-PT10M"),
        "RECURRENCE-ID;TZID=Europe/Berlin:20261214T080000|"
        f"{BERLIN}20261216T140000|DURATION:PT1H|SUMMARY:Verlegt",
    ),
    "people": (
        "VEVENT",
        "DTSTART:20261210T100000Z|ORGANIZER;CN=Empfang:mailto:empfang@example.org|"
        'ATTENDEE;CN="Probe, Petra";PARTSTAT=NEEDS-ACTION:mailto:petra@example.org|'
        "ATTENDEE;CN=Max;PARTSTAT=ACCEPTED:mailto:max@example.org|SUMMARY:STRASSE Straße K",
    ),
    "early": ("VEVENT", "DTSTART:20261230T100000Z|" + alarm("TRIGGER:-P40D")),
    "days": ("VEVENT", "DTSTART:20261230T110000Z|" + alarm("TRIGGER:-P3D")),
    "due": ("VTODO", "DUE:20261123T100000Z|SUMMARY:Befund"),
    "start-due": ("VTODO", "DTSTART:20261123T080000Z|DUE:20261123T090000Z"),
    "start-length": ("VTODO", "DTSTART:20261124T080000Z|DURATION:PT1H"),
    "start": ("VTODO", "DTSTART:20261125T080000Z"),
    "completed": ("VTODO", "CREATED:20261101T080000Z|COMPLETED:20261103T080000Z"),
    "done": ("VTODO", "COMPLETED:20261103T080000Z"),
    "created": ("VTODO", "CREATED:20261110T080000Z"),
    "timeless": ("VTODO", "SUMMARY:irgendwann"),
    "note": ("VJOURNAL", "DTSTART:20261123T100000Z|SUMMARY:Notiz"),
    "note-day": ("VJOURNAL", "DTSTART;VALUE=DATE:20261124"),
    "note-timeless": ("VJOURNAL", "SUMMARY:ohne Zeit"),
}


@pytest.fixture(scope="module")
def client(server: RunningServer) -> Iterator[httpx.Client]:
    """A client of a calendar with OBJECTS in it."""
    with server.client() as made:
        for name, (kind, *parts) in OBJECTS.items():
            text = an_object(kind, f"uid-{name}", *parts)
            response = put(made, MUELLER, f"{name}.ics", text)
            assert response.status_code == 201, (name, response.text)
        yield made


def body(inside: str, more: str = "") -> str:
    return (
        f"<C:calendar-query {_NAMESPACES}><prop><getetag/></prop>"
        f'<C:filter><C:comp-filter name="VCALENDAR">{inside}</C:comp-filter></C:filter>{more}'
        "</C:calendar-query>"
    )


def found(client: httpx.Client, inside: str, more: str = "") -> set[str]:
    """Return the names, without ending, of what matches."""
    hrefs = report(client, MUELLER, body(inside, more)).etags
    return {unquote(href.rsplit("/", 1)[1]).removesuffix(".ics") for href in hrefs}


def comp(name: str, *inside: str) -> str:
    return f'<C:comp-filter name="{name}">{"".join(inside)}</C:comp-filter>'


def prop(name: str, *inside: str) -> str:
    return f'<C:prop-filter name="{name}">{"".join(inside)}</C:prop-filter>'


def param(name: str, *inside: str) -> str:
    return f'<C:param-filter name="{name}">{"".join(inside)}</C:param-filter>'


def text(words: str, collation: str = "", negate: str = "") -> str:
    told = f' collation="{collation}"' if collation else ""
    told += f' negate-condition="{negate}"' if negate else ""
    return f"<C:text-match{told}>{words}</C:text-match>"


def within(start: str = "", end: str = "") -> str:
    """Return a time-range; times as 1123T10 or 1123T1030 (of 2026, in UTC)."""
    told = "".join(
        f' {name}="2026{at[:4]}T{at[5:]:0<6}Z"'
        for name, at in (("start", start), ("end", end))
        if at
    )
    return f"<C:time-range{told}/>"


ABSENT = "<C:is-not-defined/>"


def of(kind: str) -> set[str]:
    return {name for name, (its, *_) in OBJECTS.items() if its == kind}


EVENTS, TODOS, NOTES = of("VEVENT"), of("VTODO"), of("VJOURNAL")

MATCHES: dict[str, tuple[str, set[str]]] = {
    "everything": ("", set(OBJECTS)),
    "a kind": (comp("VTODO"), TODOS),
    "a kind in lower case": (comp("vtodo"), TODOS),
    "no such kind": (comp("VEVENT", ABSENT), TODOS | NOTES),
    "two kinds at once": (comp("VEVENT") + comp("VTODO"), set()),
    "a kind, and not another": (comp("VEVENT") + comp("VTODO", ABSENT), EVENTS),
    "a property of the calendar": (prop("PRODID", text("tests")), set(OBJECTS)),
    "no property of the calendar": (prop("METHOD"), set()),
    "an unknown component": (comp("X-UNKNOWN"), set()),
    "no unknown component": (comp("X-UNKNOWN", ABSENT), set(OBJECTS)),
    # Properties
    "a property": (comp("VEVENT", prop("CLASS")), {"day"}),
    "no property": (comp("VTODO", prop("SUMMARY", ABSENT)), TODOS - {"due", "timeless"}),
    "a text": (comp("VEVENT", prop("SUMMARY", text("zahn"))), {"one"}),
    "a text of another kind": (comp("VTODO", prop("SUMMARY", text("zahn"))), set()),
    "a text with escapes": (comp("VEVENT", prop("SUMMARY", text("punkt, komma; e"))), {"instant"}),
    "one of several values": (comp("VEVENT", prop("CATEGORIES", text("rot"))), {"zero"}),
    "a text that is not there": (
        comp("VEVENT", prop("SUMMARY", text("zahn", negate="yes"))),
        {"instant", "weekly", "people"},
    ),
    "two properties of one component": (
        comp("VEVENT", prop("SUMMARY", text("straße")), prop("ATTENDEE")),
        {"people"},
    ),
    "an empty text": (
        comp("VEVENT", prop("SUMMARY", text(""))),
        EVENTS & {"one", "instant", "weekly", "people"},
    ),
    # Collations
    "ascii folds ascii": (
        comp("VEVENT", prop("SUMMARY", text("VISITE", "i;ascii-casemap"))),
        {"weekly"},
    ),
    "ascii folds nothing else": (comp("VEVENT", prop("SUMMARY", text("ärztin"))), set()),
    "unicode folds all": (
        comp("VEVENT", prop("SUMMARY", text("ärztin", "i;unicode-casemap"))),
        {"one"},
    ),
    "octets fold nothing": (comp("VEVENT", prop("SUMMARY", text("visite", "i;octet"))), set()),
    "octets": (comp("VEVENT", prop("SUMMARY", text("Visite", "i;octet"))), {"weekly"}),
    "default": (comp("VEVENT", prop("SUMMARY", text("visite", "default"))), {"weekly"}),
    "ascii takes no kelvin for a k": (
        comp("VEVENT", prop("SUMMARY", text("\u212a"))),
        set(),
    ),
    # Parameters
    "a parameter": (
        comp("VEVENT", prop("DTSTART", param("TZID", text("america/new_york")))),
        {"york"},
    ),
    "no parameter": (
        comp("VEVENT", prop("DTSTART", param("TZID", ABSENT))),
        EVENTS - {"one", "york", "weekly"},
    ),
    "a quoted parameter": (
        comp("VEVENT", prop("ATTENDEE", param("CN", text("probe, petra")))),
        {"people"},
    ),
    "a parameter and a text of one property": (
        comp("VEVENT", prop("ATTENDEE", text("max@"), param("PARTSTAT", text("accepted")))),
        {"people"},
    ),
    "a parameter and a text of two properties": (
        comp("VEVENT", prop("ATTENDEE", text("petra@"), param("PARTSTAT", text("accepted")))),
        set(),
    ),
    "a parameter that is not so": (
        comp("VEVENT", prop("ORGANIZER", param("CN", text("empfang", negate="yes")))),
        set(),
    ),
    # Times of events
    "a day": (comp("VEVENT", within("1123T00", "1124T00")), {"one", "instant", "zero", "day"}),
    "up to the start": (comp("VEVENT", within("1123T08", "1123T09")), set()),
    "from the end": (comp("VEVENT", within("1123T0930", "1123T10")), set()),
    "a part": (comp("VEVENT", within("1123T0929", "1123T10")), {"one"}),
    "from an instant on": (comp("VEVENT", within("1123T12", "1123T1201")), {"instant"}),
    "up to an instant": (comp("VEVENT", within("1123T11", "1123T12")), set()),
    "no length": (comp("VEVENT", within("1123T13", "1123T1301")), {"zero"}),
    "a whole day in Berlin": (comp("VEVENT", within("1123T2300", "1123T2301")), {"day"}),
    "its last minute": (comp("VEVENT", within("1124T2259", "1124T2300")), {"day"}),
    "after it": (comp("VEVENT", within("1124T2300", "1124T2301")), set()),
    "another zone": (comp("VEVENT", within("1125T1400", "1125T1401")), {"york"}),
    "a moved instance": (comp("VEVENT", within("1216T13", "1216T14")), {"weekly"}),
    "where it was moved from": (comp("VEVENT", within("1214T07", "1214T08")), set()),
    "an open end": (comp("VEVENT", within("1217T00")), {"weekly", "early", "days"}),
    "an open start": (comp("VEVENT", within("", "1123T0901")), {"one"}),
    # Times with other conditions: on one and the same component
    "time and text of one override": (
        comp("VEVENT", within("1216T13", "1216T14"), prop("SUMMARY", text("verlegt"))),
        {"weekly"},
    ),
    "time of an override, text of the series": (
        comp("VEVENT", within("1216T13", "1216T14"), prop("SUMMARY", text("visite"))),
        set(),
    ),
    "time of the series, text of an override": (
        comp("VEVENT", within("1207T07", "1207T08"), prop("SUMMARY", text("verlegt"))),
        set(),
    ),
    "an override": (comp("VEVENT", prop("RECURRENCE-ID")), {"weekly"}),
    # Times of tasks (the table of 9.9)
    "due, before": (comp("VTODO", within("1123T09", "1123T10")), {"due", "created", "timeless"}),
    "due, after": (comp("VTODO", within("1123T10", "1123T11")), {"created", "timeless"}),
    "start and due": (
        comp("VTODO", within("1123T08", "1123T0801")),
        {"start-due", "created", "timeless"},
    ),
    "start and due, touched by the end": (
        comp("VTODO", within("1123T07", "1123T08")),
        {"created", "timeless"},
    ),
    "start and length, at its end": (
        comp("VTODO", within("1124T09", "1124T10")),
        {"start-length", "created", "timeless"},
    ),
    "start alone": (comp("VTODO", within("1125T08", "1125T09")), {"start", "created", "timeless"}),
    "start alone, after": (comp("VTODO", within("1125T0801", "1125T09")), {"created", "timeless"}),
    "completed": (
        comp("VTODO", within("1103T08", "1103T09")),
        {"completed", "done", "timeless"},
    ),
    "between created and completed": (
        comp("VTODO", within("1102T00", "1102T01")),
        {"completed", "timeless"},
    ),
    "created only": (comp("VTODO", within("1109T00", "1111T00")), {"created", "timeless"}),
    # Times of notes
    "a note": (comp("VJOURNAL", within("1123T10", "1123T11")), {"note"}),
    "a note of a day": (comp("VJOURNAL", within("1124T10", "1124T11")), {"note-day"}),
    "notes without a time are at none": (comp("VJOURNAL", within("0101T00")), {"note", "note-day"}),
    # Alarms
    "any alarm": (
        comp("VEVENT", comp("VALARM")),
        {"alarmed", "absolute", "weekly", "early", "days"},
    ),
    "no alarm": (
        comp("VEVENT", comp("VALARM", ABSENT)),
        # One component without an alarm is enough, and the override of the series has none.
        EVENTS - {"alarmed", "absolute", "early", "days"},
    ),
    "an alarm": (comp("VEVENT", comp("VALARM", within("1201T0945", "1201T0946"))), {"alarmed"}),
    "before an alarm": (comp("VEVENT", comp("VALARM", within("1201T0944", "1201T0945"))), set()),
    "after the end": (
        comp("VEVENT", comp("VALARM", within("1201T1105", "1201T1106"))),
        {"alarmed"},
    ),
    "again": (comp("VEVENT", comp("VALARM", within("1201T1125", "1201T1126"))), {"alarmed"}),
    "not a third time": (comp("VEVENT", comp("VALARM", within("1201T1126", "1201T12"))), set()),
    "between": (comp("VEVENT", comp("VALARM", within("1201T1106", "1201T1115"))), set()),
    "at a time": (comp("VEVENT", comp("VALARM", within("1130T07", "1130T0701"))), {"absolute"}),
    "weeks before": (comp("VEVENT", comp("VALARM", within("1120T10", "1120T11"))), {"early"}),
    "days before": (comp("VEVENT", comp("VALARM", within("1227T11", "1227T12"))), {"days"}),
    "from a time on": (
        comp("VEVENT", comp("VALARM", within("1202T00"))),
        {"weekly", "days"},
    ),
    "of a series, by its end": (
        comp("VEVENT", comp("VALARM", within("1221T0750", "1221T0751"))),
        {"weekly"},
    ),
    "not of the moved instance": (
        comp("VEVENT", comp("VALARM", within("1214T00", "1217T00"))),
        set(),
    ),
    "an alarm of that kind": (
        comp("VEVENT", comp("VALARM", within("1201T0945", "1201T0946"), prop("REPEAT", ABSENT))),
        {"alarmed"},
    ),
    "another alarm of that kind": (
        comp("VEVENT", comp("VALARM", within("1201T0945", "1201T0946"), prop("REPEAT"))),
        set(),
    ),
    "two times": (
        comp("VEVENT", within("1201T00", "1202T00"), comp("VALARM", within("1201T09", "1201T10"))),
        {"alarmed"},
    ),
    # Times of properties
    "completed on a day": (
        comp("VTODO", prop("COMPLETED", within("1103T00", "1104T00"))),
        {"completed", "done"},
    ),
    "not completed": (
        comp("VTODO", prop("COMPLETED", ABSENT), prop("DUE")),
        {"due", "start-due"},
    ),
    "a date": (comp("VEVENT", prop("DTSTART", within("1124T10", "1124T11"))), {"day"}),
    "a time in a zone": (comp("VEVENT", prop("DTSTART", within("1125T14", "1125T15"))), {"york"}),
    "a time elsewhere": (comp("VEVENT", prop("DTSTART", within("1125T09", "1125T10"))), set()),
    "stamped": (comp("VJOURNAL", prop("DTSTAMP", within("1101T08", "1101T09"))), NOTES),
    "the original time": (
        comp("VEVENT", prop("RECURRENCE-ID", within("1214T07", "1214T08"))),
        {"weekly"},
    ),
}


@pytest.mark.parametrize("case", MATCHES)
def test_a_filter_finds_what_the_rfc_says(client: httpx.Client, case: str) -> None:
    inside, wanted = MATCHES[case]
    assert found(client, inside) == wanted


def test_a_filter_finds_a_uid_by_the_index(client: httpx.Client) -> None:
    assert found(client, comp("VEVENT", prop("UID", text("uid-york", "i;octet")))) == {"york"}


_TWO = within("1101T00", "1102T00") * 2
REFUSALS: dict[str, tuple[str, str]] = {
    "an unknown collation": (
        comp("VEVENT", prop("SUMMARY", text("x", "i;klingon"))),
        "supported-collation",
    ),
    "a collation by a wildcard": (
        comp("VEVENT", prop("SUMMARY", text("x", "i;*"))),
        "supported-collation",
    ),
    "an event in a task": (comp("VTODO", comp("VEVENT")), "valid-filter"),
    "an alarm by itself": (comp("VALARM"), "valid-filter"),
    "a time of a summary": (comp("VEVENT", prop("SUMMARY", within("1101T00"))), "valid-filter"),
    "a time of everything": (within("1101T00"), "valid-filter"),
    "two times": (comp("VEVENT", _TWO), "valid-filter"),
    "not defined, and yet": (comp("VEVENT", ABSENT, prop("SUMMARY")), "valid-filter"),
    "a text of a component": (comp("VEVENT", text("x")), "valid-filter"),
    "no name": ("<C:comp-filter/>", "valid-filter"),
    "no time": (comp("VEVENT", "<C:time-range/>"), "valid-filter"),
    "a local time": (comp("VEVENT", '<C:time-range start="20261123T100000"/>'), "valid-filter"),
    "a date": (comp("VEVENT", '<C:time-range start="20261123"/>'), "valid-filter"),
    "backwards": (comp("VEVENT", within("1124T00", "1123T00")), "valid-filter"),
    "a text and a time": (
        comp("VEVENT", prop("DTSTART", within("1124T00"), text("x"))),
        "valid-filter",
    ),
    "a time nobody knows": (comp("X-UNKNOWN", within("1124T00")), "supported-filter"),
    "too early": (comp("VEVENT", '<C:time-range start="18991231T000000Z"/>'), "min-date-time"),
    "too late": (comp("VEVENT", '<C:time-range end="22010101T000000Z"/>'), "max-date-time"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_filter_that_means_nothing_is_refused_by_its_precondition(
    client: httpx.Client, case: str
) -> None:
    inside, precondition = REFUSALS[case]
    response = client.request("REPORT", MUELLER, content=body(inside), headers={"Depth": "1"})
    assert response.status_code == 403
    assert preconditions(response) == {CALDAV + precondition}


@pytest.mark.parametrize(
    "content",
    [
        f"<C:calendar-query {_NAMESPACES}><prop><getetag/></prop></C:calendar-query>",
        body("", "<C:timezone-id>Europe/Berlin</C:timezone-id><C:timezone/>"),
    ],
)
def test_a_query_that_is_none_is_a_bad_request(client: httpx.Client, content: str) -> None:
    response = client.request("REPORT", MUELLER, content=content, headers={"Depth": "1"})
    assert response.status_code == 400

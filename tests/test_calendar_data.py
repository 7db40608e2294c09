"""calendar-data (RFC 4791 9.6) over HTTP: parts of objects, their instances, and refusals."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.dav import CALDAV, HOME, multistatus, preconditions, put, report
from tests.servers import RunningServer

MUELLER = HOME + "dr-mueller/"
_NAMESPACES = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'

_HEAD = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Tests//Tests//DE")
_ZONE = (
    *("BEGIN:VTIMEZONE", "TZID:Europe/Berlin"),
    *("BEGIN:STANDARD", "DTSTART:19701025T030000", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100"),
    *("RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "END:STANDARD"),
    *("BEGIN:DAYLIGHT", "DTSTART:19700329T020000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200"),
    *("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "END:DAYLIGHT", "END:VTIMEZONE"),
)


def an_object(kind: str, uid: str, *parts: tuple[str, ...]) -> str:
    blocks = [(f"BEGIN:{kind}", f"UID:{uid}", *part, f"END:{kind}") for part in parts]
    return "\r\n".join([*_HEAD, *_ZONE, *(x for b in blocks for x in b), "END:VCALENDAR", ""])


SERIES = an_object(
    "VEVENT",
    "reihe",
    (
        "DTSTAMP:20261101T080000Z",
        "DTSTART;TZID=Europe/Berlin:20261019T100000",
        "DTEND;TZID=Europe/Berlin:20261019T103000",
        "RRULE:FREQ=WEEKLY;COUNT=6",
        "EXDATE;TZID=Europe/Berlin:20261102T100000",
        "SUMMARY:Visite\\, wöchentlich",
        "SEQUENCE:1",
        "X-WHEN;TZID=Europe/Berlin:20261019T100000",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "TRIGGER:-PT5M",
        "DESCRIPTION:gleich",
        "END:VALARM",
    ),
    (
        "DTSTAMP:20261101T080000Z",
        "RECURRENCE-ID;TZID=Europe/Berlin:20261109T100000",
        "DTSTART;TZID=Europe/Berlin:20261111T140000",
        "DTEND;TZID=Europe/Berlin:20261111T150000",
        "SUMMARY:Verlegt",
        "SEQUENCE:2",
    ),
)
SINGLE = an_object(
    "VEVENT",
    "einzeln",
    (
        "DTSTAMP:20261101T080000Z",
        "DTSTART;TZID=Europe/Berlin:20261019T120000",
        "DURATION:PT1H",
        "SUMMARY:Einzeln",
        "DESCRIPTION:" + "ä" * 100,
        "ATTENDEE;CN=Petra:mailto:petra@example.org",
    ),
)
WHOLE_DAYS = an_object(
    "VEVENT", "tage", ("DTSTART;VALUE=DATE:20261019", "RRULE:FREQ=DAILY;COUNT=3")
)
FLOATING = an_object(
    "VEVENT", "ohne-zone", ("DTSTART:20261019T090000", "RRULE:FREQ=DAILY;COUNT=3", "DURATION:PT1H")
)
TASKS = an_object(
    "VTODO",
    "aufgabe",
    (
        "DTSTART;TZID=Europe/Berlin:20261024T080000",
        "DUE;TZID=Europe/Berlin:20261024T090000",
        "RRULE:FREQ=DAILY;COUNT=3",
    ),
)
NOTES = an_object(
    "VJOURNAL", "notiz", ("DTSTART:20261019T080000Z", "RRULE:FREQ=DAILY", "SUMMARY:Notiz")
)
PERIODS = an_object(
    "VEVENT",
    "zeiten",
    (
        "DTSTART;TZID=Europe/Berlin:20261019T160000",
        "DURATION:PT30M",
        "RDATE;TZID=Europe/Berlin;VALUE=PERIOD:20261020T160000/PT2H,20261021T160000/20261021T170000",
    ),
)
FUTURE = an_object(
    "VEVENT",
    "ab-jetzt",
    (
        "DTSTART:20261019T060000Z",
        "DTEND:20261019T063000Z",
        "RRULE:FREQ=DAILY;COUNT=6",
        "SUMMARY:früher",
    ),
    (
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20261021T060000Z",
        "DTSTART:20261021T080000Z",
        "DTEND:20261021T090000Z",
        "SUMMARY:später",
    ),
)
TEXTS = {
    "reihe": SERIES,
    "einzeln": SINGLE,
    "tage": WHOLE_DAYS,
    "ohne-zone": FLOATING,
    "aufgabe": TASKS,
    "notiz": NOTES,
    "zeiten": PERIODS,
    "ab-jetzt": FUTURE,
}


@pytest.fixture(scope="module")
def client(server: RunningServer) -> Iterator[httpx.Client]:
    """A client of a calendar with TEXTS in it."""
    with server.client() as made:
        for name, text in TEXTS.items():
            response = put(made, MUELLER, f"{name}.ics", text)
            assert response.status_code == 201, response.text
        yield made


def fetched(client: httpx.Client, name: str, data: str) -> list[str]:
    """Return the lines of an object by multiget; a query must tell the same."""
    asked = f"<prop><getetag/>{data}</prop>"
    multiget = (
        f"<C:calendar-multiget {_NAMESPACES}>{asked}<href>{MUELLER}{name}.ics</href>"
        "</C:calendar-multiget>"
    )
    query = (
        f'<C:calendar-query {_NAMESPACES}>{asked}<C:filter><C:comp-filter name="VCALENDAR"/>'
        "</C:filter></C:calendar-query>"
    )
    by_name = report(client, MUELLER, multiget).only.text(CALDAV + "calendar-data")
    by_query = report(client, MUELLER, query).data[f"{MUELLER}{name}.ics"]
    assert by_name == by_query
    return by_name.replace("\r\n ", "").replace("\r\n", "\n").strip("\n").split("\n")


def data(*inside: str, attributes: str = "") -> str:
    return f"<C:calendar-data{attributes}>{''.join(inside)}</C:calendar-data>"


def comp(name: str, *inside: str) -> str:
    return f'<C:comp name="{name}">{"".join(inside)}</C:comp>'


def prop(name: str, more: str = "") -> str:
    return f'<C:prop name="{name}"{more}/>'


def expand(start: str, end: str, kind: str = "expand") -> str:
    return f'<C:{kind} start="2026{start}00Z" end="2026{end}00Z"/>'


def values(lines: list[str], name: str) -> list[str]:
    return [line for line in lines if line.partition(":")[0].partition(";")[0] == name]


def test_nothing_in_particular_is_the_text_as_it_is(client: httpx.Client) -> None:
    assert "\n".join(fetched(client, "reihe", data())) == SERIES.replace("\r\n", "\n").strip("\n")


def test_only_the_properties_asked_for_are_told(client: httpx.Client) -> None:
    event = comp("VEVENT", prop("SUMMARY"), prop("dtstart"))
    asked = data(comp("VCALENDAR", prop("VERSION"), event, comp("VTIMEZONE")))
    assert fetched(client, "einzeln", asked) == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        *_ZONE,
        "BEGIN:VEVENT",
        "DTSTART;TZID=Europe/Berlin:20261019T120000",
        "SUMMARY:Einzeln",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


def test_an_empty_comp_is_the_whole_component(client: httpx.Client) -> None:
    whole = fetched(client, "reihe", data(comp("VCALENDAR")))
    assert whole == fetched(client, "reihe", data())


def test_all_properties_without_components(client: httpx.Client) -> None:
    asked = data(comp("VCALENDAR", comp("VEVENT", "<C:allprop/>")))
    lines = fetched(client, "reihe", asked)
    assert "BEGIN:VALARM" not in lines
    assert "BEGIN:VTIMEZONE" not in lines
    assert values(lines, "VERSION") == []
    assert values(lines, "SUMMARY") == ["SUMMARY:Visite\\, wöchentlich", "SUMMARY:Verlegt"]


def test_all_components_without_properties(client: httpx.Client) -> None:
    asked = data(comp("VCALENDAR", "<C:allprop/>", comp("VEVENT", "<C:allcomp/>")))
    lines = fetched(client, "reihe", asked)
    assert values(lines, "ACTION") == ["ACTION:DISPLAY"]
    assert values(lines, "SUMMARY") == []
    assert values(lines, "PRODID") == ["PRODID:-//Tests//Tests//DE"]


def test_components_within_components(client: httpx.Client) -> None:
    within = comp("VALARM", prop("TRIGGER"))
    asked = data(comp("VCALENDAR", comp("VEVENT", prop("UID"), within)))
    assert fetched(client, "reihe", asked) == [
        *("BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:reihe"),
        *("BEGIN:VALARM", "TRIGGER:-PT5M", "END:VALARM", "END:VEVENT"),
        *("BEGIN:VEVENT", "UID:reihe", "END:VEVENT", "END:VCALENDAR"),
    ]


def test_a_property_without_its_value(client: httpx.Client) -> None:
    asked = comp("VEVENT", prop("ATTENDEE", ' novalue="yes"'), prop("SUMMARY", ' novalue="no"'))
    lines = fetched(client, "einzeln", data(comp("VCALENDAR", asked)))
    assert values(lines, "ATTENDEE") == ["ATTENDEE;CN=Petra:"]
    assert values(lines, "SUMMARY") == ["SUMMARY:Einzeln"]


def test_long_lines_are_folded_at_75_octets(client: httpx.Client) -> None:
    asked = f"<prop>{data(comp('VCALENDAR', comp('VEVENT', prop('DESCRIPTION'))))}</prop>"
    body = (
        f"<C:calendar-multiget {_NAMESPACES}>{asked}<href>{MUELLER}einzeln.ics</href>"
        "</C:calendar-multiget>"
    )
    told = report(client, MUELLER, body).only.text(CALDAV + "calendar-data")
    assert all(len(line.encode()) <= 75 for line in told.split("\r\n"))
    assert "ä" * 100 in told.replace("\r\n ", "")


def test_a_series_is_expanded_across_the_end_of_summer(client: httpx.Client) -> None:
    lines = fetched(client, "reihe", data(expand("1019T0000", "1201T0000")))
    assert values(lines, "DTSTART") == [
        "DTSTART:20261019T080000Z",
        "DTSTART:20261026T090000Z",
        "DTSTART:20261111T130000Z",
        "DTSTART:20261116T090000Z",
        "DTSTART:20261123T090000Z",
    ]
    assert values(lines, "RECURRENCE-ID") == [
        "RECURRENCE-ID:20261019T080000Z",
        "RECURRENCE-ID:20261026T090000Z",
        "RECURRENCE-ID:20261109T090000Z",
        "RECURRENCE-ID:20261116T090000Z",
        "RECURRENCE-ID:20261123T090000Z",
    ]
    assert values(lines, "DTEND")[2:4] == ["DTEND:20261111T140000Z", "DTEND:20261116T093000Z"]
    assert not {"BEGIN:VTIMEZONE"} & set(lines)
    for name in ("RRULE", "RDATE", "EXDATE", "EXRULE"):
        assert values(lines, name) == []
    assert not any("TZID" in line for line in lines)
    assert values(lines, "SEQUENCE") == ["SEQUENCE:1"] * 2 + ["SEQUENCE:2"] + ["SEQUENCE:1"] * 2
    assert values(lines, "X-WHEN")[0] == "X-WHEN:20261019T080000Z"
    assert values(lines, "SUMMARY").count("SUMMARY:Visite\\, wöchentlich") == 4
    assert lines.count("BEGIN:VALARM") == 4


def test_only_instances_in_the_range_are_told(client: httpx.Client) -> None:
    lines = fetched(client, "reihe", data(expand("1026T0900", "1026T0901")))
    assert values(lines, "DTSTART") == ["DTSTART:20261026T090000Z"]
    moved_away = fetched(client, "reihe", data(expand("1109T0000", "1110T0000")))
    assert values(moved_away, "DTSTART") == []


def test_what_does_not_recur_is_told_in_utc(client: httpx.Client) -> None:
    lines = fetched(client, "einzeln", data(expand("1019T0000", "1020T0000")))
    assert values(lines, "DTSTART") == ["DTSTART:20261019T100000Z"]
    assert values(lines, "DURATION") == ["DURATION:PT1H"]
    assert values(lines, "RECURRENCE-ID") == []
    assert "BEGIN:VTIMEZONE" not in lines


def test_whole_days_stay_whole_days(client: httpx.Client) -> None:
    lines = fetched(client, "tage", data(expand("1020T0000", "1021T0000")))
    assert values(lines, "DTSTART") == [
        "DTSTART;VALUE=DATE:20261020",
        "DTSTART;VALUE=DATE:20261021",
    ]
    assert values(lines, "RECURRENCE-ID")[0] == "RECURRENCE-ID;VALUE=DATE:20261020"


def test_floating_times_keep_floating(client: httpx.Client) -> None:
    lines = fetched(client, "ohne-zone", data(expand("1020T0000", "1021T0000")))
    assert values(lines, "DTSTART") == ["DTSTART:20261020T090000"]
    assert values(lines, "RECURRENCE-ID") == ["RECURRENCE-ID:20261020T090000"]


def test_tasks_and_notes_are_expanded_too(client: httpx.Client) -> None:
    lines = fetched(client, "aufgabe", data(expand("1025T0000", "1027T0000")))
    assert values(lines, "DTSTART") == ["DTSTART:20261025T070000Z", "DTSTART:20261026T070000Z"]
    assert values(lines, "DUE") == ["DUE:20261025T080000Z", "DUE:20261026T080000Z"]
    lines = fetched(client, "notiz", data(expand("1101T0000", "1103T0000")))
    assert values(lines, "DTSTART") == ["DTSTART:20261101T080000Z", "DTSTART:20261102T080000Z"]


def test_periods_bring_their_own_ends(client: httpx.Client) -> None:
    lines = fetched(client, "zeiten", data(expand("1019T0000", "1023T0000")))
    assert values(lines, "DTSTART") == [f"DTSTART:202610{day}T140000Z" for day in (19, 20, 21)]
    assert values(lines, "DTEND") == ["DTEND:20261020T160000Z", "DTEND:20261021T150000Z"]
    assert values(lines, "DURATION") == ["DURATION:PT30M"]


def test_this_and_future_moves_what_follows(client: httpx.Client) -> None:
    lines = fetched(client, "ab-jetzt", data(expand("1019T0000", "1026T0000")))
    assert values(lines, "DTSTART") == [
        *(f"DTSTART:202610{day}T060000Z" for day in (19, 20)),
        *(f"DTSTART:202610{day}T080000Z" for day in (21, 22, 23, 24)),
    ]
    assert values(lines, "DTEND")[-1] == "DTEND:20261024T090000Z"
    assert values(lines, "RECURRENCE-ID") == [
        f"RECURRENCE-ID:202610{day}T060000Z" for day in (19, 20, 21, 22, 23, 24)
    ]
    assert values(lines, "SUMMARY") == ["SUMMARY:früher"] * 2 + ["SUMMARY:später"] * 4


def test_an_expansion_in_parts(client: httpx.Client) -> None:
    asked = comp("VCALENDAR", comp("VEVENT", prop("DTSTART")))
    lines = fetched(client, "tage", data(asked, expand("1020T0000", "1020T0100")))
    assert lines == [
        *("BEGIN:VCALENDAR", "BEGIN:VEVENT", "DTSTART;VALUE=DATE:20261020"),
        *("END:VEVENT", "END:VCALENDAR"),
    ]


LIMITS = {
    "nothing of it": ("1201T0000", "1202T0000", ["RRULE"]),
    "where it stands": ("1111T0000", "1112T0000", ["RRULE", "RECURRENCE-ID"]),
    "where it was": ("1109T0900", "1109T0930", ["RRULE", "RECURRENCE-ID"]),
    "beside it": ("1109T0930", "1111T1300", ["RRULE"]),
}


@pytest.mark.parametrize("case", LIMITS)
def test_only_overrides_that_matter_are_told(client: httpx.Client, case: str) -> None:
    start, end, names = LIMITS[case]
    lines = fetched(client, "reihe", data(expand(start, end, "limit-recurrence-set")))
    told = [line.partition(";")[0].partition(":")[0] for line in lines]
    assert [name for name in told if name in {"RRULE", "RECURRENCE-ID"}].count("RECURRENCE-ID") == (
        names.count("RECURRENCE-ID")
    )
    assert "RRULE:FREQ=WEEKLY;COUNT=6" in lines
    assert "BEGIN:VTIMEZONE" in lines


def test_an_override_of_the_future_matters_from_then_on(client: httpx.Client) -> None:
    limit = "limit-recurrence-set"
    later = fetched(client, "ab-jetzt", data(expand("1023T0800", "1023T0900", limit)))
    before = fetched(client, "ab-jetzt", data(expand("1019T0000", "1020T0000", limit)))
    assert len(values(later, "RECURRENCE-ID")) == 1
    assert values(before, "RECURRENCE-ID") == []


REFUSALS = {
    "another type": (data(attributes=' content-type="text/vcard"'), "supported-calendar-data"),
    "jCal": (
        data(attributes=' content-type="application/calendar+json"'),
        "supported-calendar-data",
    ),
    "another version": (
        data(attributes=' content-type="text/calendar" version="1.0"'),
        "supported-calendar-data",
    ),
    "before all calendars": (
        data('<C:expand start="18990101T000000Z" end="19000101T000000Z"/>'),
        "min-date-time",
    ),
    "after all calendars": (
        data('<C:expand start="21990101T000000Z" end="22010101T000000Z"/>'),
        "max-date-time",
    ),
    "too many": (
        data('<C:expand start="20261001T000000Z" end="20991001T000000Z"/>'),
        "max-instances",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_data_that_cannot_be_had_is_refused_by_its_precondition(
    client: httpx.Client, case: str
) -> None:
    asked, precondition = REFUSALS[case]
    body = (
        f"<C:calendar-multiget {_NAMESPACES}><prop>{asked}</prop>"
        f"<href>{MUELLER}notiz.ics</href></C:calendar-multiget>"
    )
    response = client.request("REPORT", MUELLER, content=body)
    assert response.status_code == 403
    assert preconditions(response) == {CALDAV + precondition}


@pytest.mark.parametrize(
    "asked",
    [
        data('<C:expand start="20261001T000000Z"/>'),
        data(
            expand("1001T0000", "1002T0000"),
            expand("1001T0000", "1002T0000", "limit-recurrence-set"),
        ),
        data('<C:expand start="20261001" end="20261002"/>'),
        data(comp("VEVENT")),
        data(comp("VCALENDAR", "<C:comp/>")),
        data(comp("VCALENDAR", "<C:allprop/>", prop("VERSION"))),
    ],
)
def test_data_asked_for_in_no_known_way_is_a_bad_request(client: httpx.Client, asked: str) -> None:
    body = (
        f"<C:calendar-multiget {_NAMESPACES}><prop>{asked}</prop>"
        f"<href>{MUELLER}notiz.ics</href></C:calendar-multiget>"
    )
    assert client.request("REPORT", MUELLER, content=body).status_code == 400


def test_published_busy_times_are_limited_to_a_range(server: RunningServer) -> None:
    element = "C:supported-calendar-component-set"
    made = f"<{element}><C:comp name='VFREEBUSY'/></{element}>"
    body = f"<C:mkcalendar {_NAMESPACES}><set><prop>{made}</prop></set></C:mkcalendar>"
    text = "\r\n".join(
        [
            *(*_HEAD, "BEGIN:VFREEBUSY", "UID:frei", "DTSTAMP:20261101T080000Z"),
            "FREEBUSY;FBTYPE=BUSY:20261123T080000Z/PT1H,20261124T080000Z/PT1H",
            "FREEBUSY:20261125T080000Z/20261125T090000Z",
            *("END:VFREEBUSY", "END:VCALENDAR", ""),
        ]
    )
    with server.client("admin") as admin:
        assert admin.request("MKCALENDAR", HOME + "frei/", content=body).status_code == 201
        assert put(admin, HOME + "frei/", "frei.ics", text).status_code == 201
        asked = data(expand("1124T0830", "1124T0900", "limit-freebusy-set"))
        query = (
            f"<C:calendar-query {_NAMESPACES}><prop>{asked}</prop><C:filter>"
            '<C:comp-filter name="VCALENDAR"><C:comp-filter name="VFREEBUSY">'
            '<C:time-range start="20261124T083000Z" end="20261124T084500Z"/>'
            "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
        )
        response = admin.request("REPORT", HOME + "frei/", content=query, headers={"Depth": "1"})
        told = multistatus(response).only.text(CALDAV + "calendar-data")
        assert admin.delete(HOME + "frei/").status_code == 204
    assert values(told.split("\r\n"), "FREEBUSY") == ["FREEBUSY;FBTYPE=BUSY:20261124T080000Z/PT1H"]

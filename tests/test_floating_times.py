"""Whole days and floating times: whose clock they are by (RFC 4791 5.2.2, 9.8; RFC 7809 5, 6)."""

from __future__ import annotations

from urllib.parse import unquote
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import httpx
import pytest

from practice.database import SqlDatabase
from practice.log import LogQuestion
from practice.timezones import vtimezone
from practice.use_cases.undo import undo
from practice.use_cases.undo_plans import plan_undo
from practice.use_cases.verify import verify
from tests.building import PROFILE, reading, writing
from tests.dav import CALDAV, HOME, multistatus, preconditions, put, report
from tests.in_process import clients

MUELLER, PRAXIS = HOME + "dr-mueller/", HOME + "praxis/"
_NAMESPACES = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
#: A zone that no library knows: five hours behind UTC.
OWN_ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:Praxis am Meer\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
    "TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0500\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)


def an_event(uid: str, *lines: str) -> str:
    parts = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", f"UID:{uid}")
    return "\r\n".join([*parts, *lines, "END:VEVENT", "END:VCALENDAR", ""])


TEXTS = {
    "floating": an_event("floating", "DTSTART:20261123T090000", "DURATION:PT1H"),
    "day": an_event("day", "DTSTART;VALUE=DATE:20261124"),
    "series": an_event("series", "DTSTART:20261130T090000", "DURATION:PT1H", "RRULE:FREQ=DAILY"),
    "fixed": an_event("fixed", "DTSTART:20261123T200000Z", "DURATION:PT1H"),
    "berlin": an_event("berlin", "DTSTART;TZID=Europe/Berlin:20261123T190000", "DURATION:PT1H"),
}


def zone_text(zone: str) -> str:
    block = OWN_ZONE if zone == "own" else vtimezone(ZoneInfo(zone))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{block}END:VCALENDAR\r\n"


def set_zone(client: httpx.Client, text: str) -> httpx.Response:
    body = (
        f"<propertyupdate {_NAMESPACES}><set><prop><C:calendar-timezone>{escape(text)}"
        "</C:calendar-timezone></prop></set></propertyupdate>"
    )
    return client.request("PROPPATCH", MUELLER, content=body)


def at(client: httpx.Client, start: str, path: str = MUELLER, more: str = "") -> set[str]:
    """Return what is in the minute that starts then, as 1123T0800 (of 2026, in UTC)."""
    day, hour, minute = start[:4], start[5:7], int(start[7:])
    body = (
        f"<C:calendar-query {_NAMESPACES}><prop><getetag/></prop>"
        '<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
        f'<C:time-range start="2026{day}T{hour}{minute:02}00Z"'
        f' end="2026{day}T{hour}{minute:02}59Z"/>'
        f"</C:comp-filter></C:comp-filter></C:filter>{more}</C:calendar-query>"
    )
    hrefs = report(client, path, body).etags
    return {unquote(h).rsplit("/", 1)[1].rpartition("~")[2].removesuffix(".ics") for h in hrefs}


def busy(client: httpx.Client) -> list[str]:
    body = (
        f'<C:free-busy-query {_NAMESPACES}><C:time-range start="20261123T000000Z"'
        ' end="20261126T000000Z"/></C:free-busy-query>'
    )
    told = client.request("REPORT", MUELLER, content=body, headers={"Depth": "1"}).text
    return [line for line in told.splitlines() if line.startswith("FREEBUSY")]


def fill(client: httpx.Client) -> None:
    for name, text in TEXTS.items():
        assert put(client, MUELLER, f"{name}.ics", text).status_code == 201


def all_is_well(practice: SqlDatabase) -> bool:
    with reading(practice) as uow:
        return list(verify(uow, PROFILE, lambda: None)) == []


def test_without_a_zone_of_its_own_a_calendar_has_the_practices(practice: SqlDatabase) -> None:
    with clients(practice, "empfang") as (client,):
        fill(client)
        assert at(client, "1123T0800") == {"floating"}
        assert at(client, "1123T2300") == {"day"}
        assert at(client, "1201T0800") == {"series"}
    assert all_is_well(practice)


@pytest.mark.parametrize("zone", ["America/New_York", "own"])
def test_when_the_zone_of_a_calendar_changes_its_place_in_time_follows(
    practice: SqlDatabase, zone: str
) -> None:
    with clients(practice, "empfang") as (client,):
        fill(client)
        assert busy(client)[0] == "FREEBUSY;FBTYPE=BUSY:20261123T080000Z/20261123T090000Z"
        multistatus(set_zone(client, zone_text(zone)))
        assert at(client, "1123T0800") == set()
        assert at(client, "1123T1400") == {"floating"}
        assert at(client, "1124T0459") == set()
        assert at(client, "1124T0500") == at(client, "1125T0459") == {"day"}
        assert at(client, "1201T1400") == {"series"}
        assert at(client, "1123T2000") == {"fixed"}
        assert at(client, "1123T1800") == {"berlin"}
        assert at(client, "1123T1400", PRAXIS) == {"floating"}
        assert busy(client)[0] == "FREEBUSY;FBTYPE=BUSY:20261123T140000Z/20261123T150000Z"
        late = an_event("late", "DTSTART:20261127T090000", "DURATION:PT1H")
        assert put(client, MUELLER, "late.ics", late).status_code == 201
        assert at(client, "1127T1400") == {"late"}
        assert all_is_well(practice)
        multistatus(set_zone(client, zone_text("Europe/Berlin")))
        assert at(client, "1123T0800") == {"floating"}
        assert at(client, "1127T0800") == {"late"}
    assert all_is_well(practice)


def test_a_series_far_ahead_is_by_the_calendars_clock(practice: SqlDatabase) -> None:
    with clients(practice, "empfang") as (client,):
        fill(client)
        multistatus(set_zone(client, zone_text("America/New_York")))
        body = (
            f"<C:calendar-query {_NAMESPACES}><prop><getetag/></prop>"
            '<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
            '<C:time-range start="2050{0}Z" end="2050{1}Z"/>'
            "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
        )
        morning = body.replace("{0}", "1124T080000").replace("{1}", "1124T090000")
        noon = body.replace("{0}", "1124T140000").replace("{1}", "1124T150000")
        assert report(client, MUELLER, morning).etags == {}
        assert list(report(client, MUELLER, noon).etags) == [f"{MUELLER}series.ics"]


NEW_YORK = f"<C:timezone>{escape(zone_text('America/New_York'))}</C:timezone>"
ZONES = {
    "a zone": NEW_YORK,
    "a zone of its own": f"<C:timezone>{escape(zone_text('own'))}</C:timezone>",
    "a name": "<C:timezone-id>America/New_York</C:timezone-id>",
}


@pytest.mark.parametrize("told", ZONES)
def test_a_query_may_bring_its_own_zone(practice: SqlDatabase, told: str) -> None:
    more = ZONES[told]
    with clients(practice, "empfang") as (client,):
        fill(client)
        assert at(client, "1123T0800", more=more) == set()
        assert at(client, "1123T1400", more=more) == {"floating"}
        assert at(client, "1124T0459", more=more) == set()
        assert at(client, "1125T0459", more=more) == {"day"}
        assert at(client, "1201T1400", more=more) == {"series"}
        assert at(client, "1123T2000", more=more) == {"fixed"}
        assert at(client, "1123T1800", more=more) == {"berlin"}
        assert at(client, "1123T1400", PRAXIS, more) == {"floating"}


def test_zones_at_either_end_of_the_world_are_found(practice: SqlDatabase) -> None:
    with clients(practice, "empfang") as (client,):
        fill(client)
        multistatus(set_zone(client, zone_text("Pacific/Kiritimati")))
        far = "<C:timezone-id>Pacific/Pago_Pago</C:timezone-id>"
        assert at(client, "1122T1900") == {"floating"}
        assert at(client, "1123T2000", more=far) == {"floating", "fixed"}
        assert at(client, "1122T1900", more=far) == set()


INVALID = {
    "nothing": "",
    "no calendar": "Europe/Berlin",
    "no zone": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n",
    "two zones": zone_text("Europe/Berlin").replace(
        "END:VCALENDAR", vtimezone(ZoneInfo("America/New_York")) + "END:VCALENDAR"
    ),
    "an event": TEXTS["fixed"],
    "a zone of no time": zone_text("own").replace("TZOFFSETTO:-0500\r\n", ""),
}


@pytest.mark.parametrize("case", INVALID)
def test_a_query_with_a_zone_that_is_none_is_refused(practice: SqlDatabase, case: str) -> None:
    body = (
        f"<C:calendar-query {_NAMESPACES}><prop><getetag/></prop>"
        '<C:filter><C:comp-filter name="VCALENDAR"/></C:filter>'
        f"<C:timezone>{escape(INVALID[case])}</C:timezone></C:calendar-query>"
    )
    with clients(practice, "empfang") as (client,):
        answer = client.request("REPORT", MUELLER, content=body, headers={"Depth": "1"})
    assert answer.status_code == 403
    assert preconditions(answer) == {CALDAV + "valid-calendar-data"}


def test_a_query_with_the_name_of_no_zone_is_refused(practice: SqlDatabase) -> None:
    body = (
        f"<C:calendar-query {_NAMESPACES}><prop><getetag/></prop>"
        '<C:filter><C:comp-filter name="VCALENDAR"/></C:filter>'
        "<C:timezone-id>Europe/Atlantis</C:timezone-id></C:calendar-query>"
    )
    with clients(practice, "empfang") as (client,):
        answer = client.request("REPORT", MUELLER, content=body, headers={"Depth": "1"})
    assert answer.status_code == 403
    assert preconditions(answer) == {CALDAV + "valid-timezone"}


def test_a_calendar_does_not_take_a_zone_that_is_none(practice: SqlDatabase) -> None:
    with clients(practice, "empfang") as (client,):
        fill(client)
        set_zone(client, INVALID["an event"])
        assert at(client, "1123T0800") == {"floating"}
        told = multistatus(
            client.request(
                "PROPFIND",
                MUELLER,
                content=f"<propfind {_NAMESPACES}><prop><C:calendar-timezone/></prop></propfind>",
                headers={"Depth": "0"},
            )
        )
    assert "VTIMEZONE" in told.only.text(CALDAV + "calendar-timezone")


def test_an_object_that_moves_to_a_calendar_keeps_its_clocks_time(practice: SqlDatabase) -> None:
    with clients(practice, "empfang") as (client,):
        fill(client)
        schmidt = HOME + "dr-schmidt/"
        multistatus(set_zone(client, zone_text("America/New_York")))
        answer = client.request(
            "MOVE", MUELLER + "floating.ics", headers={"Destination": schmidt + "f.ics"}
        )
        assert answer.status_code == 201
        assert at(client, "1123T0800", schmidt) == {"f"}
    assert all_is_well(practice)


def test_expanded_and_partial_data_are_by_the_querys_clock(practice: SqlDatabase) -> None:
    body = (
        f"<C:calendar-query {_NAMESPACES}><prop><C:calendar-data>"
        '<C:expand start="20261201T080000Z" end="20261201T081000Z"/></C:calendar-data></prop>'
        '<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
        '<C:prop-filter name="UID"><C:text-match>series</C:text-match></C:prop-filter>'
        "</C:comp-filter></C:comp-filter></C:filter>{}</C:calendar-query>"
    )
    with clients(practice, "empfang") as (client,):
        fill(client)
        here = report(client, MUELLER, body.replace("{}", "")).only
        there = report(client, MUELLER, body.replace("{}", NEW_YORK)).only
    assert "DTSTART:20261201T090000\r\n" in here.text(CALDAV + "calendar-data")
    assert "DTSTART" not in there.text(CALDAV + "calendar-data")


def test_an_appointment_follows_its_calendars_clock(practice: SqlDatabase) -> None:
    text = an_event("termin", "DTSTART:20261123T110000", "DURATION:PT1H", "X-PATIENT-ID:P-1")
    with clients(practice, "empfang") as (client,):
        assert put(client, MUELLER, "termin.ics", text).status_code == 201
        multistatus(set_zone(client, zone_text("America/New_York")))
    with reading(practice) as uow:
        appointment = uow.appointments.by_uid("termin")
    assert appointment is not None
    assert f"{appointment.slot.start.astimezone(ZoneInfo('UTC')):%H:%M}" == "16:00"


def test_taking_a_zone_back_takes_the_place_in_time_back(practice: SqlDatabase) -> None:
    with clients(practice, "empfang") as (client,):
        fill(client)
        multistatus(set_zone(client, zone_text("America/New_York")))
        with writing(practice) as uow:
            last = uow.log_state().number
            undo(uow, plan_undo(uow, [LogQuestion(first=last)], PROFILE))
        assert at(client, "1123T0800") == {"floating"}
    assert all_is_well(practice)

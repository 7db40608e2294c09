"""Time zones: what a TZID means, whatever VTIMEZONE came with it, and the VTIMEZONEs we write."""

from __future__ import annotations

import io
import pickle
import time
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from dateutil import tz as dateutil_tz
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar as ICalendar

from practice.content_lines import outline
from practice.errors import TooLarge
from practice.facts import Limits
from practice.own_zones import own_zone
from practice.timezones import Zones, known_zone, vtimezone
from practice.vevent import read
from practice.windows_zones import WINDOWS_ZONES
from tests.building import BERLIN, NOW

#: Europe has one rule since 1996; the others are compared from when they last changed theirs.
SINCE = {
    "Europe/Berlin": 1996,
    "Europe/Vienna": 1996,
    "Europe/Zurich": 1996,
    "Europe/London": 1996,
    "Europe/Athens": 1996,
    "UTC": 1996,
    "Asia/Tokyo": 1996,
    "Asia/Kolkata": 1996,
    "America/New_York": 2007,
    "Australia/Sydney": 2008,
    "Australia/Lord_Howe": 2008,
    "Europe/Dublin": 1997,
}


def an_event(tzid: str, start: str = "20260701T100000", *timezones: str) -> str:
    lines = (
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//T//T//DE"),
        *timezones,
        *("BEGIN:VEVENT", "UID:zeit", "DTSTAMP:20260101T000000Z", f"DTSTART;TZID={tzid}:{start}"),
        *("DURATION:PT30M", "END:VEVENT", "END:VCALENDAR", ""),
    )
    return "\r\n".join(lines)


def a_vtimezone(tzid: str, standard: str, daylight: str, *more: str) -> str:
    """Return a VTIMEZONE with Europe's days of change and these offsets: "+0100"."""
    return "\r\n".join(
        (
            *("BEGIN:VTIMEZONE", f"TZID:{tzid}", "BEGIN:DAYLIGHT", "DTSTART:19700329T020000"),
            *(f"TZOFFSETFROM:{standard}", f"TZOFFSETTO:{daylight}"),
            "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
            *("END:DAYLIGHT", "BEGIN:STANDARD", "DTSTART:19701025T030000"),
            *(f"TZOFFSETFROM:{daylight}", f"TZOFFSETTO:{standard}"),
            "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
            *more,
            *("END:STANDARD", "END:VTIMEZONE"),
        )
    )


def start_of(text: str) -> str:
    """Return when the event of a text starts, in UTC."""
    (occurrence,) = read(text, zone=BERLIN, now=NOW, limits=Limits()).occurrences
    return f"{datetime.fromtimestamp(occurrence.start, UTC):%H:%M}"


def the_zone(block: str) -> tzinfo:
    """Return the zone of a VTIMEZONE, as a text that brings it is read."""
    (unfolded,) = outline(an_event("x", "20260101T000000", block)).timezones
    found = own_zone(unfolded)
    assert found is not None
    return found


# Names


@pytest.mark.parametrize(
    ("tzid", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Pacific Standard Time", "America/Los_Angeles"),
        ("/freeassociation.sourceforge.net/Europe/Berlin", "Europe/Berlin"),
        ("/mozilla.org/20070129_1/Europe/Berlin", "Europe/Berlin"),
        ("/softwarestudio.org/Olson_20011030_5/America/New_York", "America/New_York"),
        ("/example.org/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        (" Europe/Berlin ", "Europe/Berlin"),
        ("UTC", "Etc/UTC"),
    ],
)
def test_a_name_that_is_known_in_any_spelling_means_its_zone(tzid: str, zone: str) -> None:
    assert known_zone(tzid) == ZoneInfo(zone)


@pytest.mark.parametrize(
    "tzid",
    [
        *("", "/", " ", "Europe", "Praxiszeit", "Customized Time Zone", "GMT+1", "\u0000"),
        *("../../etc/passwd", "/etc/localtime/../passwd", ".."),
        *("Europe/" * 200 + "Berlin", "x" * 900_000, "a/" * 450_000, "\ud800"),
    ],
)
def test_a_name_that_nobody_knows_is_no_zone_and_costs_nothing(tzid: str) -> None:
    begin = time.process_time()
    assert known_zone(tzid) is None
    assert time.process_time() - begin < 0.5


def test_every_windows_name_leads_to_a_zone_of_this_machine() -> None:
    assert [
        name for name, zone in WINDOWS_ZONES.items() if known_zone(name) != ZoneInfo(zone)
    ] == []


# What an event's TZID means


def test_a_known_name_is_not_bent_by_a_wrong_vtimezone() -> None:
    """Booking tools send "Europe/Berlin" with the rules of the United States."""
    wrong = a_vtimezone("Europe/Berlin", "-0500", "-0400")
    assert start_of(an_event("Europe/Berlin", "20260701T100000", wrong)) == "08:00"


def test_a_windows_name_is_not_bent_either() -> None:
    wrong = a_vtimezone("W. Europe Standard Time", "+0900", "+1000")
    assert start_of(an_event("W. Europe Standard Time", "20260701T100000", wrong)) == "08:00"
    assert start_of(an_event("W. Europe Standard Time", "20261201T100000")) == "09:00"


def test_an_unknown_name_means_what_its_vtimezone_says() -> None:
    own = a_vtimezone("Praxiszeit", "+0300", "+0400")
    assert start_of(an_event("Praxiszeit", "20260701T100000", own)) == "06:00"
    assert start_of(an_event("Praxiszeit", "20261201T100000", own)) == "07:00"


def test_a_display_name_with_commas_finds_its_vtimezone() -> None:
    own = a_vtimezone("(UTC+03:00) Nairobi\\, Praxis", "+0300", "+0300")
    assert start_of(an_event('"(UTC+03:00) Nairobi, Praxis"', "20260701T100000", own)) == "07:00"


def test_an_unknown_name_without_a_vtimezone_is_the_practices_time() -> None:
    assert start_of(an_event("Praxiszeit")) == "08:00"


def test_two_texts_with_one_unknown_name_do_not_disturb_each_other() -> None:
    """The libraries keep the first VTIMEZONE of a name for the whole process."""
    east, west = a_vtimezone("Hier", "+0500", "+0600"), a_vtimezone("Hier", "-0800", "-0700")
    for _ in range(2):
        assert start_of(an_event("Hier", "20260701T100000", east)) == "04:00"
        assert start_of(an_event("Hier", "20260701T100000", west)) == "17:00"
        assert start_of(an_event("Hier", "20260701T100000")) == "08:00"


def test_two_unknown_names_in_one_text_are_two_zones() -> None:
    text = an_event(
        "Ost",
        "20260701T100000",
        a_vtimezone("West", "-0800", "-0700"),
        a_vtimezone("Ost", "+0500", "+0500"),
    )
    assert start_of(text) == "05:00"
    assert start_of(text.replace("TZID=Ost", "TZID=West")) == "17:00"


def test_a_time_in_utc_stays_in_utc_even_with_a_zone_beside_it() -> None:
    assert start_of(an_event("America/New_York", "20260701T100000Z")) == "10:00"


@pytest.mark.parametrize(
    "more",
    [
        "RRULE:FREQ=SECONDLY",
        "RRULE:FREQ=YEARLY;FREQ=SECONDLY",
        "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "RRULE:FREQ=YEARLY;BYHOUR=1,2,3;BYMINUTE=1,2,3;BYSECOND=1,2,3",
        "RRULE:FREQ=YEARLY;BYMONTHDAY=" + ",".join(map(str, range(1, 32))),
        "RDATE:" + ",".join(["20200101T000000"] * 50_000),
        "RDATE:gestern",
        "TZOFFSETTO:+9999",
        "RRULE:",
    ],
)
def test_a_vtimezone_that_makes_no_sense_is_none_and_costs_little(more: str) -> None:
    wild = a_vtimezone("Wild", "+0300", "+0300", more).replace(
        "TZOFFSETTO:+0300\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nTZ", "TZ"
    )
    begin = time.process_time()
    assert start_of(an_event("Wild", "20260701T100000", wild)) == "08:00"
    assert time.process_time() - begin < 2


def test_ten_thousand_vtimezones_and_twenty_thousand_observances_cost_little() -> None:
    observance = "\r\n".join(
        (
            *("BEGIN:STANDARD", "DTSTART:19700101T000000"),
            *("TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "END:STANDARD", ""),
        )
    )
    many = f"BEGIN:VTIMEZONE\r\nTZID:Viel\r\n{observance * 7000}END:VTIMEZONE"
    zones = [f"BEGIN:VTIMEZONE\r\nTZID:Z{n}\r\nEND:VTIMEZONE" for n in range(10_000)]
    begin = time.process_time()
    assert start_of(an_event("Viel", "20260701T100000", many)) == "08:00"
    assert start_of(an_event("Z9", "20260701T100000", *zones)) == "08:00"
    with pytest.raises(TooLarge):
        start_of(an_event("Viel", "20260701T100000", many.replace(observance, observance * 3)))
    assert time.process_time() - begin < 2


def test_a_hundred_years_of_rules_in_each_of_many_zones_cost_little() -> None:
    zones = [a_vtimezone(f"Z{n}", "+0300", "+0400") for n in range(1500)]
    exceptions = "\r\n".join(f"EXDATE;TZID=Z{n}:20260701T100000" for n in range(1500))
    text = an_event("Z0", "20260701T100000", *zones).replace(
        "DURATION", f"RRULE:FREQ=DAILY;COUNT=9\r\n{exceptions}\r\nDURATION"
    )
    begin = time.process_time()
    read(text, zone=BERLIN, now=NOW, limits=Limits())
    assert time.process_time() - begin < 2


# The VTIMEZONEs we write


@pytest.mark.parametrize("name", SINCE)
def test_our_vtimezone_agrees_with_the_zone_on_every_hour_of_change_and_between(name: str) -> None:
    zone, block = ZoneInfo(name), vtimezone(ZoneInfo(name))
    ours = the_zone(block)
    theirs = dateutil_tz.tzical(io.StringIO(block.replace("\r\n", "\n"))).get(name)
    assert theirs is not None
    moment, end = datetime(SINCE[name], 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)
    before = moment.astimezone(zone).utcoffset()
    while moment < end:
        told = moment.astimezone(zone)
        # Every day, and every half hour of the days on which something changes.
        assert moment.astimezone(ours).utcoffset() == told.utcoffset(), moment
        if told.fold == 0 and not _is_left_out(told):
            assert theirs.utcoffset(told.replace(tzinfo=None)) == told.utcoffset(), moment
            assert told.replace(tzinfo=ours).utcoffset() == told.utcoffset(), moment
        tomorrow = (moment + timedelta(days=1)).astimezone(zone).utcoffset()
        step = timedelta(minutes=30) if tomorrow != told.utcoffset() or before != tomorrow else None
        before = told.utcoffset()
        moment += step or timedelta(days=1)


def _is_left_out(local: datetime) -> bool:
    back = local.astimezone(UTC).astimezone(local.tzinfo)
    return back.replace(tzinfo=None) != local.replace(tzinfo=None)


@pytest.mark.parametrize("name", SINCE)
def test_our_vtimezone_is_one_that_other_programs_read(name: str) -> None:
    text = an_event(name, "20260701T100000", vtimezone(ZoneInfo(name)).strip())
    (component,) = ICalendar.from_ical(text).walk("VTIMEZONE")
    assert str(component["TZID"]) == name
    for part in component.subcomponents:
        assert part.name in {"STANDARD", "DAYLIGHT"}
        assert {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO"} <= set(part)
        assert part.errors == []


# Zones of the texts' own


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(("Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata")),
    st.datetimes(datetime(2010, 1, 1), datetime(2037, 1, 1)),  # noqa: DTZ001
)
def test_a_zone_read_from_a_text_tells_the_time_as_the_real_one(name: str, at: datetime) -> None:
    real, ours = ZoneInfo(name), the_zone(vtimezone(ZoneInfo(name)))
    moment = at.replace(tzinfo=UTC)
    assert moment.astimezone(ours).replace(tzinfo=None) == moment.astimezone(real).replace(
        tzinfo=None
    )
    assert at.replace(tzinfo=ours).utcoffset() == at.replace(tzinfo=real).utcoffset()
    assert pickle.loads(pickle.dumps(ours)).utcoffset(at) == ours.utcoffset(at)


def test_a_long_history_of_single_dates_is_followed() -> None:
    """As some calendars write it: an observance a change, no rules."""
    berlin, parts = ZoneInfo("Europe/Berlin"), []
    moment = datetime(2000, 1, 1, tzinfo=UTC)
    while moment.year < 2030:
        after = moment + timedelta(hours=1)
        was, now = (m.astimezone(berlin) for m in (moment, after))
        if was.utcoffset() != now.utcoffset():
            onset = after + (was.utcoffset() or timedelta())
            parts += ["BEGIN:STANDARD", f"DTSTART:{onset:%Y%m%dT%H%M%S}"]
            parts += [f"TZOFFSETFROM:{was:%z}", f"TZOFFSETTO:{now:%z}", "END:STANDARD"]
        moment = after
    zone = the_zone("\r\n".join(["BEGIN:VTIMEZONE", "TZID:x", *parts, "END:VTIMEZONE"]))
    for year in range(2000, 2030):
        for month in range(1, 13):
            at = datetime(year, month, 15, 12, tzinfo=UTC)
            assert at.astimezone(zone).utcoffset() == at.astimezone(berlin).utcoffset()


def test_rules_that_ended_give_way_to_those_that_follow() -> None:
    block = a_vtimezone("x", "+0100", "+0200").replace(
        "BYDAY=-1SU", "BYDAY=-1SU;UNTIL=20101231T000000Z"
    )
    zone = the_zone(block)
    assert datetime(2010, 7, 1, tzinfo=zone).utcoffset() == timedelta(hours=2)
    assert datetime(2011, 7, 1, tzinfo=zone).utcoffset() == timedelta(hours=1)


def test_outlooks_zones_that_begin_in_1601_are_read() -> None:
    block = (
        a_vtimezone("x", "+0100", "+0200")
        .replace("19700329", "16010325")
        .replace("19701025", "16011028")
    )
    assert datetime(2026, 7, 1, tzinfo=the_zone(block)).utcoffset() == timedelta(hours=2)


def test_the_zones_of_a_text_are_its_own() -> None:
    zones = Zones(BERLIN, [a_vtimezone("Hier", "+0500", "+0500")])
    assert datetime(2026, 7, 1, tzinfo=zones.zone("Hier")).utcoffset() == timedelta(hours=5)
    assert zones.zone("Dort") is BERLIN
    assert Zones(BERLIN).zone("Hier") is BERLIN

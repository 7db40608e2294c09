"""Single events whose time is told in an awkward way."""

from __future__ import annotations

from tests.corpus.building import AT_TEN, Case, a_zone, case, days, stays

__all__ = ["TIMES"]

_EUROPE = "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"
_AMERICA = "FREQ=YEARLY;BYMONTH=3;BYDAY=2SU", "FREQ=YEARLY;BYMONTH=11;BYDAY=1SU"


def _berlin(tzid: str, rules: tuple[str, str] = _EUROPE) -> tuple[str, ...]:
    return a_zone(
        tzid,
        ("DAYLIGHT", "19810329T020000", "+0100", "+0200", rules[0]),
        ("STANDARD", "19961027T030000", "+0200", "+0100", rules[1]),
    )


def _half_an_hour(
    tzid: str, start: str = "20261123T100000", end: str = "103000"
) -> tuple[str, str]:
    return f"DTSTART;TZID={tzid}:{start}", f"DTEND;TZID={tzid}:{start[:9]}{end}"


_DISPLAYED = "(UTC+01:00) Amsterdam\\, Berlin\\, Bern\\, Rome"
_QUOTED = '"(UTC+01:00) Amsterdam, Berlin, Bern, Rome"'
_MARCH = ("20270320T100000", "103000")  # when America has summer time and Europe has not

TIMES: tuple[Case, ...] = (
    # Zones
    case("utc", "DTSTART:20261123T090000Z", "DTEND:20261123T093000Z"),
    case("floating", "DTSTART:20261123T100000", "DTEND:20261123T103000"),
    case("berlin-with-its-zone", *_half_an_hour("Europe/Berlin"), head=_berlin("Europe/Berlin")),
    case("zone-after-the-event", *_half_an_hour("Europe/Berlin")),
    case(
        "berlin-with-american-rules",
        *_half_an_hour("Europe/Berlin", *_MARCH),
        head=_berlin("Europe/Berlin", _AMERICA),
        when=stays("2027-03-20 10:00 / 2027-03-20 10:30"),
    ),
    case(
        "berlin-two-hours-off",
        *_half_an_hour("Europe/Berlin"),
        head=a_zone("Europe/Berlin", ("STANDARD", "19700101T000000", "+0300", "+0300", "")),
    ),
    case(
        "windows-with-its-zone",
        *_half_an_hour("W. Europe Standard Time"),
        head=_berlin("W. Europe Standard Time"),
    ),
    case("windows-without-a-zone", *_half_an_hour("W. Europe Standard Time")),
    case(
        "windows-of-another-continent",
        *_half_an_hour("Eastern Standard Time"),
        when=stays("2026-11-23 15:00Z / 2026-11-23 15:30Z"),
    ),
    case("display-name", *_half_an_hour(_QUOTED), head=_berlin(_DISPLAYED)),
    case("prefixed-name", *_half_an_hour("/freeassociation.sourceforge.net/Europe/Berlin")),
    case("prefixed-and-dated-name", *_half_an_hour("/citadel.org/20210210_1/Europe/Berlin")),
    case("name-in-small", *_half_an_hour("europe/berlin")),
    case(
        "alias-of-a-zone",
        *_half_an_hour("Asia/Calcutta"),
        when=stays("2026-11-23 04:30Z / 2026-11-23 05:00Z"),
    ),
    case("unknown-name", *_half_an_hour("Praxiszeit")),
    case(
        "own-zone-of-fixed-offset",
        *_half_an_hour("Praxiszeit"),
        head=a_zone("Praxiszeit", ("STANDARD", "19700101T000000", "+0300", "+0300", "")),
        when=stays("2026-11-23 07:00Z / 2026-11-23 07:30Z"),
    ),
    case(
        "own-zone-with-seconds",
        *_half_an_hour("LMT"),
        head=a_zone("LMT", ("STANDARD", "18000101T000000", "+010000", "+010000", "")),
    ),
    case(
        "own-zone-of-single-dates",
        *_half_an_hour("Sprung", "20261201T100000"),
        head=a_zone(
            "Sprung",
            ("STANDARD", "19700101T000000", "+0100", "+0100", ""),
            ("DAYLIGHT", "20261201T000000", "+0100", "+0400", ""),
        ),
        when=stays("2026-12-01 06:00Z / 2026-12-01 06:30Z"),
    ),
    case("zone-of-nobody", head=(*_berlin("Europe/Berlin"), *_berlin("Mars/Olympus"))),
    case(
        "new-york",
        *_half_an_hour("America/New_York", *_MARCH),
        when=stays("2027-03-20 14:00Z / 2027-03-20 14:30Z"),
    ),
    case(
        "half-hour-zone",
        *_half_an_hour("Australia/Lord_Howe", "20270404T013000", "023000"),
        when=stays("2027-04-03 14:30Z / 2027-04-03 16:00Z"),
    ),
    case(
        "far-east",
        *_half_an_hour("Pacific/Kiritimati", "20261124T000000", "003000"),
        when=stays("2026-11-23 10:00Z / 2026-11-23 10:30Z"),
    ),
    case(
        "two-zones",
        "DTSTART;TZID=Europe/Berlin:20261123T100000",
        "DTEND;TZID=America/New_York:20261123T060000",
        when=stays("2026-11-23 09:00Z / 2026-11-23 11:00Z"),
    ),
    case("zone-beside-utc", "DTSTART;TZID=America/New_York:20261123T090000Z", "DURATION:PT30M"),
    # Clocks that change
    case(
        "in-the-gap",
        "DTSTART;TZID=Europe/Berlin:20270328T023000",
        "DURATION:PT30M",
        when=stays("2027-03-28 01:30Z / 2027-03-28 02:00Z"),
    ),
    case(
        "in-the-fold",
        "DTSTART;TZID=Europe/Berlin:20261025T023000",
        "DURATION:PT15M",
        when=stays("2026-10-25 00:30Z / 2026-10-25 00:45Z"),
    ),
    case(
        "across-the-gap",
        "DTSTART;TZID=Europe/Berlin:20270328T010000",
        "DTEND;TZID=Europe/Berlin:20270328T040000",
        when=stays("2027-03-28 00:00Z / 2027-03-28 02:00Z"),
    ),
    case(
        "hours-across-the-fold",
        "DTSTART;TZID=Europe/Berlin:20261025T010000",
        "DURATION:PT3H",
        when=stays("2026-10-24 23:00Z / 2026-10-25 02:00Z"),
    ),
    # Ends
    case("duration", "DTSTART;TZID=Europe/Berlin:20261123T100000", "DURATION:PT30M"),
    case("odd-duration", "DTSTART;TZID=Europe/Berlin:20261123T100000", "DURATION:+P0DT0H29M60S"),
    case(
        "weeks",
        "DTSTART;TZID=Europe/Berlin:20261123T100000",
        "DURATION:P2W",
        when=stays("2026-11-23 10:00 / 2026-12-07 10:00"),
    ),
    case(
        "no-end",
        "DTSTART;TZID=Europe/Berlin:20261123T101500",
        busy=False,
        when=stays("2026-11-23 10:15 / 2026-11-23 10:15"),
    ),
    case(
        "no-length",
        "DTSTART:20261123T091500Z",
        "DTEND:20261123T091500Z",
        busy=False,
        when=stays("2026-11-23 10:15 / 2026-11-23 10:15"),
    ),
    case(
        "to-midnight",
        "DTSTART;TZID=Europe/Berlin:20261231T230000",
        "DURATION:PT1H",
        when=stays("2026-12-31 23:00 / 2027-01-01 00:00"),
    ),
    case(
        "over-days",
        "DTSTART;TZID=Europe/Berlin:20261224T180000",
        "DTEND;TZID=Europe/Berlin:20270104T073000",
        when=stays("2026-12-24 18:00 / 2027-01-04 07:30"),
    ),
    case(
        "told-as-date-time",
        "DTSTART;VALUE=DATE-TIME;TZID=Europe/Berlin:20261123T100000",
        "DURATION:PT30M",
    ),
    case(
        "parameter-order",
        'DTSTART;X-A=1;tzid="Europe/Berlin";X-B=2:20261123T100000',
        "DTEND;TZID=Europe/Berlin:20261123T103000",
        when=AT_TEN,
    ),
    # Whole days
    case("a-day", "DTSTART;VALUE=DATE:20261224", when=days("2026-12-24")),
    case(
        "some-days",
        "DTSTART;VALUE=DATE:20261224",
        "DTEND;VALUE=DATE:20261227",
        when=days("2026-12-24 / 2026-12-27"),
    ),
    case(
        "days-by-duration",
        "DTSTART;VALUE=DATE:20261224",
        "DURATION:P3D",
        when=days("2026-12-24 / 2026-12-27"),
    ),
    case(
        "days-across-the-fold",
        "DTSTART;VALUE=DATE:20261025",
        "DTEND;VALUE=DATE:20261026",
        when=days("2026-10-25"),
    ),
    case(
        "days-across-the-gap",
        "DTSTART;VALUE=DATE:20270327",
        "DTEND;VALUE=DATE:20270330",
        when=days("2027-03-27 / 2027-03-30"),
    ),
    case(
        "free-days",
        "DTSTART;VALUE=DATE:20261005",
        "TRANSP:TRANSPARENT",
        busy=False,
        when=days("2026-10-05"),
    ),
    # Outside of what is asked for
    case("long-ago", "DTSTART:19000101T000000Z", "DTEND:19000101T010000Z", when=()),
    case("far-away", "DTSTART:21991231T230000Z", "DTEND:22000101T000000Z", when=()),
)

"""Series, and what is done to single occurrences of them."""

from __future__ import annotations

from datetime import date, timedelta

from tests.corpus.building import Case, Stay, case, days, stays

__all__ = ["SERIES"]

_START = ("DTSTART;TZID=Europe/Berlin:20261123T100000", "DURATION:PT30M")


def _at_ten(*told: str) -> tuple[Stay, ...]:
    """Return half hours at ten o'clock of these days."""
    return stays(*(f"{day} 10:00 / {day} 10:30" for day in told))


def _every(first: str, last: str, step: int) -> tuple[str, ...]:
    """Return days from the first to the last, both included."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return tuple(str(start + timedelta(days=n)) for n in range(0, (end - start).days + 1, step))


_WEEKLY = (*_START, "RRULE:FREQ=WEEKLY;COUNT=4")
_MONDAYS = ("2026-11-23", "2026-11-30", "2026-12-07", "2026-12-14")

SERIES: tuple[Case, ...] = (
    # Rules
    case(
        "daily",
        *_START,
        "RRULE:FREQ=DAILY;COUNT=3",
        when=_at_ten("2026-11-23", "2026-11-24", "2026-11-25"),
    ),
    case("once", *_START, "RRULE:FREQ=DAILY;COUNT=1", when=_at_ten("2026-11-23")),
    case("weekly", *_WEEKLY, when=_at_ten(*_MONDAYS)),
    case("rule-in-small", *_START, "RRULE:freq=weekly;count=4", when=_at_ten(*_MONDAYS)),
    case(
        "until-in-utc", *_START, "RRULE:FREQ=WEEKLY;UNTIL=20261214T090000Z", when=_at_ten(*_MONDAYS)
    ),
    case(
        "until-by-the-clock",
        *_START,
        "RRULE:FREQ=WEEKLY;UNTIL=20261214T100000",
        when=_at_ten(*_MONDAYS),
    ),
    case("until-a-day", *_START, "RRULE:FREQ=WEEKLY;UNTIL=20261214", when=_at_ten(*_MONDAYS)),
    case(
        "weekdays",
        *_START,
        "RRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=5",
        when=_at_ten("2026-11-23", "2026-11-25", "2026-11-27", "2026-11-30", "2026-12-02"),
    ),
    case(
        "every-other-week",
        *_START,
        "RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=3",
        when=_at_ten("2026-11-23", "2026-12-07", "2026-12-21"),
    ),
    case(
        "week-starts-on-sunday",
        *_START,
        "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU;COUNT=3",
        when=_at_ten("2026-11-23", "2026-12-06", "2026-12-07"),
    ),
    case(
        "last-friday",
        "DTSTART;TZID=Europe/Berlin:20261127T100000",
        "DURATION:PT30M",
        "RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=3",
        when=_at_ten("2026-11-27", "2026-12-25", "2027-01-29"),
    ),
    case(
        "the-31st",
        "DTSTART;TZID=Europe/Berlin:20261031T100000",
        "DURATION:PT30M",
        "RRULE:FREQ=MONTHLY;COUNT=4",
        when=_at_ten("2026-10-31", "2026-12-31", "2027-01-31", "2027-03-31"),
    ),
    case(
        "first-working-day",
        "DTSTART;TZID=Europe/Berlin:20261201T100000",
        "DURATION:PT30M",
        "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1;COUNT=4",
        when=_at_ten("2026-12-01", "2027-01-01", "2027-02-01", "2027-03-01"),
    ),
    case(
        "last-of-some-weekdays",
        "DTSTART;TZID=Europe/Berlin:20261125T100000",
        "DURATION:PT30M",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE;BYSETPOS=-1;COUNT=3",
        when=_at_ten("2026-11-25", "2026-12-02", "2026-12-09"),
    ),
    case(
        "second-hour-of-the-day",
        *_START,
        "RRULE:FREQ=DAILY;BYHOUR=8,10;BYSETPOS=2;COUNT=2",
        when=_at_ten("2026-11-23", "2026-11-24"),
    ),
    case("leap-days", "DTSTART;VALUE=DATE:20240229", "RRULE:FREQ=YEARLY", when=()),
    case(
        "hourly",
        *_START,
        "RRULE:FREQ=HOURLY;INTERVAL=6;COUNT=3",
        when=stays(
            "2026-11-23 10:00 / 2026-11-23 10:30",
            "2026-11-23 16:00 / 2026-11-23 16:30",
            "2026-11-23 22:00 / 2026-11-23 22:30",
        ),
    ),
    case(
        "endless-since-1990",
        "DTSTART;TZID=Europe/Berlin:19900105T070000",
        "DURATION:PT15M",
        "RRULE:FREQ=WEEKLY",
        when=stays(*(f"{d} 07:00 / {d} 07:15" for d in _every("2026-10-02", "2027-04-30", 7))),
    ),
    case(
        "longer-than-its-step",
        *_START[:1],
        "DURATION:PT36H",
        "RRULE:FREQ=DAILY;COUNT=3",
        when=stays(
            "2026-11-23 10:00 / 2026-11-24 22:00",
            "2026-11-24 10:00 / 2026-11-25 22:00",
            "2026-11-25 10:00 / 2026-11-26 22:00",
        ),
    ),
    case(
        "birthday",
        "DTSTART;VALUE=DATE:19700131",
        "RRULE:FREQ=YEARLY",
        "TRANSP:TRANSPARENT",
        busy=False,
        when=days("2027-01-31"),
    ),
    case(
        "whole-days",
        "DTSTART;VALUE=DATE:20261020",
        "RRULE:FREQ=WEEKLY;COUNT=3",
        when=days("2026-10-20", "2026-10-27", "2026-11-03"),
    ),
    # Clocks that change
    case(
        "through-the-fold",
        "DTSTART;TZID=Europe/Berlin:20261024T100000",
        "DURATION:PT30M",
        "RRULE:FREQ=DAILY;COUNT=3",
        when=_at_ten("2026-10-24", "2026-10-25", "2026-10-26"),
    ),
    case(
        "through-the-gap-at-night",
        "DTSTART;TZID=Europe/Berlin:20270327T023000",
        "DURATION:PT30M",
        "RRULE:FREQ=DAILY;COUNT=3",
        when=stays(
            "2027-03-27 01:30Z / 2027-03-27 02:00Z",
            "2027-03-28 01:30Z / 2027-03-28 02:00Z",
            "2027-03-29 00:30Z / 2027-03-29 01:00Z",
        ),
    ),
    case(
        "floating-through-the-gap",
        "DTSTART:20270327T100000",
        "DTEND:20270327T103000",
        "RRULE:FREQ=DAILY;COUNT=3",
        when=_at_ten("2027-03-27", "2027-03-28", "2027-03-29"),
    ),
    case(
        "utc-through-the-gap",
        "DTSTART:20270327T090000Z",
        "DURATION:PT30M",
        "RRULE:FREQ=DAILY;COUNT=3",
        when=stays(
            "2027-03-27 09:00Z / 2027-03-27 09:30Z",
            "2027-03-28 09:00Z / 2027-03-28 09:30Z",
            "2027-03-29 09:00Z / 2027-03-29 09:30Z",
        ),
    ),
    case(
        "american-while-europe-waits",
        "DTSTART;TZID=America/New_York:20270308T100000",
        "DURATION:PT30M",
        "RRULE:FREQ=WEEKLY;COUNT=4",
        when=stays(
            "2027-03-08 15:00Z / 2027-03-08 15:30Z",
            "2027-03-15 14:00Z / 2027-03-15 14:30Z",
            "2027-03-22 14:00Z / 2027-03-22 14:30Z",
            "2027-03-29 14:00Z / 2027-03-29 14:30Z",
        ),
    ),
    # Exceptions and additions
    case(
        "exdate",
        *_WEEKLY,
        "EXDATE;TZID=Europe/Berlin:20261130T100000,20261214T100000",
        when=_at_ten("2026-11-23", "2026-12-07"),
    ),
    case(
        "exdate-in-utc",
        *_WEEKLY,
        "EXDATE:20261130T090000Z",
        when=_at_ten("2026-11-23", "2026-12-07", "2026-12-14"),
    ),
    case(
        "exdate-in-another-zone",
        *_WEEKLY,
        "EXDATE;TZID=America/New_York:20261130T040000",
        when=_at_ten("2026-11-23", "2026-12-07", "2026-12-14"),
    ),
    case(
        "exdate-of-a-day",
        "DTSTART;VALUE=DATE:20261224",
        "RRULE:FREQ=DAILY;COUNT=3",
        "EXDATE;VALUE=DATE:20261225",
        when=days("2026-12-24", "2026-12-26"),
    ),
    case(
        "exdate-of-all",
        *_START,
        "RRULE:FREQ=DAILY;COUNT=1",
        "EXDATE;TZID=Europe/Berlin:20261123T100000",
        when=(),
    ),
    case(
        "rdate",
        *_START,
        "RDATE;TZID=Europe/Berlin:20261126T100000,20261204T100000",
        when=_at_ten("2026-11-23", "2026-11-26", "2026-12-04"),
    ),
    case(
        "rdate-doubles-the-rule",
        *_WEEKLY,
        "RDATE;TZID=Europe/Berlin:20261130T100000",
        when=_at_ten(*_MONDAYS),
    ),
    case(
        "rdate-periods",
        *_START,
        "RDATE;VALUE=PERIOD:20261126T090000Z/20261126T103000Z,20261204T090000Z/PT2H",
        when=(
            *_at_ten("2026-11-23"),
            *stays(
                "2026-11-26 09:00Z / 2026-11-26 10:30Z", "2026-12-04 09:00Z / 2026-12-04 11:00Z"
            ),
        ),
    ),
    # Overrides
    case(
        "moved",
        *_WEEKLY,
        more=(
            (
                "RECURRENCE-ID;TZID=Europe/Berlin:20261130T100000",
                "DTSTART;TZID=Europe/Berlin:20261201T140000",
                "DURATION:PT45M",
            ),
        ),
        when=(
            *_at_ten("2026-11-23", "2026-12-07", "2026-12-14"),
            *stays("2026-12-01 14:00 / 2026-12-01 14:45"),
        ),
    ),
    case(
        "moved-by-utc",
        *_WEEKLY,
        more=(("RECURRENCE-ID:20261130T090000Z", "DTSTART:20261130T150000Z", "DURATION:PT30M"),),
        when=(
            *_at_ten("2026-11-23", "2026-12-07", "2026-12-14"),
            *stays("2026-11-30 15:00Z / 2026-11-30 15:30Z"),
        ),
    ),
    case(
        "moved-out-of-the-range",
        *_WEEKLY,
        more=(
            (
                "RECURRENCE-ID;TZID=Europe/Berlin:20261130T100000",
                "DTSTART;TZID=Europe/Berlin:20300101T100000",
                "DURATION:PT30M",
            ),
        ),
        when=_at_ten("2026-11-23", "2026-12-07", "2026-12-14"),
    ),
    case(
        "override-before-its-series",
        more=(
            (
                "RECURRENCE-ID;TZID=Europe/Berlin:20261130T100000",
                "DTSTART;TZID=Europe/Berlin:20261130T110000",
                "DURATION:PT30M",
            ),
            _WEEKLY,
        ),
        component="VEVENT",
        when=(
            *_at_ten("2026-11-23", "2026-12-07", "2026-12-14"),
            *stays("2026-11-30 11:00 / 2026-11-30 11:30"),
        ),
    ),
    case(
        "this-and-the-future",
        *_WEEKLY,
        more=(
            (
                "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261207T100000",
                "DTSTART;TZID=Europe/Berlin:20261207T110000",
                "DURATION:PT45M",
            ),
        ),
        when=(
            *_at_ten("2026-11-23", "2026-11-30"),
            *stays("2026-12-07 11:00 / 2026-12-07 11:45", "2026-12-14 11:00 / 2026-12-14 11:45"),
        ),
    ),
    case(
        "whole-day-moved",
        "DTSTART;VALUE=DATE:20261224",
        "RRULE:FREQ=DAILY;COUNT=3",
        more=(("RECURRENCE-ID;VALUE=DATE:20261225", "DTSTART;VALUE=DATE:20261230"),),
        when=days("2026-12-24", "2026-12-26", "2026-12-30"),
    ),
    case(
        "no-series",
        "RECURRENCE-ID;TZID=Europe/Berlin:20261130T100000",
        "DTSTART;TZID=Europe/Berlin:20261130T110000",
        "DURATION:PT30M",
        when=stays("2026-11-30 11:00 / 2026-11-30 11:30"),
    ),
    case(
        "no-series-twice",
        "RECURRENCE-ID;TZID=Europe/Berlin:20261130T100000",
        "DTSTART;TZID=Europe/Berlin:20261130T110000",
        "DURATION:PT30M",
        more=(
            (
                "RECURRENCE-ID;TZID=Europe/Berlin:20261207T100000",
                "DTSTART;TZID=Europe/Berlin:20261208T110000",
                "DURATION:PT30M",
            ),
        ),
        when=stays("2026-11-30 11:00 / 2026-11-30 11:30", "2026-12-08 11:00 / 2026-12-08 11:30"),
    ),
)

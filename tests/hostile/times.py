"""Times that are none, rules that explode, zones that are bombs."""

from __future__ import annotations

from tests.hostile.case import DATA, OBJECT, SIZE, TOO_MANY, Case, event, swapped, without, zone

__all__ = ["CASES"]

_START = "DTSTART;TZID=Europe/Berlin:20261123T100000"
_END = "DTEND;TZID=Europe/Berlin:20261123T103000"


def _start(line: str) -> str:
    return swapped((_START, line))


def _end(line: str) -> str:
    return swapped((_END, line))


def _rule(rule: str) -> str:
    return event(f"RRULE:{rule}")


def _numbers(count: int, of: int = 10**9) -> str:
    return ",".join(str(n % of + 1) for n in range(count))


_BAD_DATES = (
    "20260230T100000",
    "20261323T100000",
    "20261123T250000",
    "20261123T106100",
    "20261123T1000",
    "2026-11-23T10:00:00",
    "99999123T100000",
    "-20261123T100000",
    "20261123T100000+0100",
    "20261123T100000ZZ",
    "20261123t100000",
    " 20261123T100000",
    "２０２６1123T100000",
    "1763888400",
    "",
    "now",
    "T100000",
    "20261123T",
)

DATES = (
    *(Case(f"a start of {bad!r}", _start(f"DTSTART:{bad}"), element=DATA) for bad in _BAD_DATES),
    Case("a date of 10,000 digits", lambda: _start("DTSTART:" + "2" * 10_000), element=DATA),
    Case("a date of 900 kB", lambda: _start("DTSTART:" + "2" * 900_000), element=DATA),
    Case("two starts", event("DTSTART:20261123T100000Z"), element=DATA),
    Case("two ends", event("DTEND:20261123T100000Z"), element=DATA),
    Case("a list of starts", _start("DTSTART:20261123T100000Z,20261124T100000Z"), element=DATA),
    Case("a period as start", _start("DTSTART;VALUE=PERIOD:20261123T100000Z/PT1H"), element=DATA),
    Case("a SEQUENCE in words", event("SEQUENCE:x"), element=DATA),
    Case("a SEQUENCE of 20 digits", event("SEQUENCE:-99999999999999999999"), element=DATA),
    Case(
        "an alarm with a duration of nonsense",
        event(
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            "TRIGGER:-PT5M",
            "REPEAT:1",
            "DURATION:x",
            "END:VALARM",
        ),
        element=DATA,
    ),
    Case(
        "an alarm that goes off soon",
        event("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:soon", "END:VALARM"),
        element=DATA,
    ),
    Case("a date in a rule of another script", _rule("FREQ=DAILY;COUNT=３"), element=DATA),
    Case("an underscore in a date", _start("DTSTART:2026_123T100000"), element=DATA),
    Case("busy times of nonsense", event("FREEBUSY:x/y"), element=DATA),
    Case("a number as start", _start("DTSTART;VALUE=INTEGER:5"), element=DATA),
    Case("a text as start", _start("DTSTART;VALUE=TEXT:20261123T100000Z"), element=DATA),
    Case("a time as start", _start("DTSTART;VALUE=TIME:100000"), element=DATA),
    Case("a duration as start", _start("DTSTART:PT1H"), element=DATA),
    Case(
        "year 9999",
        swapped((_START, "DTSTART:99991231T235959Z"), (_END, "DTEND:99991231T235959Z")),
        element="max-date-time",
    ),
    Case(
        "the last day there is",
        swapped((_START, "DTSTART;VALUE=DATE:99991231"), (_END + "\r\n", "")),
        element="max-date-time",
    ),
    Case(
        "year 1",
        swapped((_START, "DTSTART:00010101T000000Z"), (_END, "DTEND:00010101T010000Z")),
        element="min-date-time",
    ),
    Case(
        "year 1, by the clock",
        swapped((_START, "DTSTART:00010101T000000"), (_END, "DTEND:00010101T010000")),
        element="min-date-time",
    ),
    Case("an end a year before", _end("DTEND:20251123T103000Z"), element=DATA),
    Case("an end that is a date", _end("DTEND;VALUE=DATE:20261124"), element=DATA),
    Case("an end in the year 9999", _end("DTEND:99991231T235959Z"), element="max-date-time"),
    Case("a duration of nothing", _end("DURATION:"), element=DATA),
    Case("a duration of P", _end("DURATION:P"), element=DATA),
    Case("a duration of PT", _end("DURATION:PT"), element=DATA),
    Case("a duration of a month", _end("DURATION:P1M"), element=DATA),
    Case("a duration in words", _end("DURATION:one hour"), element=DATA),
    Case("a duration of 1,000 digits", _end("DURATION:PT" + "9" * 1000 + "S"), element=DATA),
    Case(
        "a duration of 900,000 digits",
        lambda: _end("DURATION:PT" + "9" * 900_000 + "S"),
        element=DATA,
    ),
    Case("a duration of 10,000 years", _end("DURATION:P3652500D"), element=DATA),
    Case("a negative duration", _end("DURATION:-PT1H"), element=DATA),
    Case("two durations", _end("DURATION:PT1H\r\nDURATION:PT2H"), element=DATA),
    Case(
        "a task with a DUE of nonsense",
        swapped(("VEVENT", "VTODO"), (_END, "DUE:soon")),
        element=DATA,
    ),
    Case(
        "a note without an end but a year 0",
        swapped(("VEVENT", "VJOURNAL"), (_START, "DTSTART:00000101T000000Z"), (_END + "\r\n", "")),
        element=DATA,
    ),
    Case("a start without its TZID's value", _start("DTSTART;TZID=:20261123T10"), element=DATA),
    Case(
        "a TZID of 300 kB",
        lambda: _start(f"DTSTART;TZID={'x' * 300_000}:20261123T100000"),
        element=DATA,
    ),
    Case(
        "a TZID of 300 kB of slashes",
        lambda: _start(f"DTSTART;TZID={'a/' * 150_000}:20261123T100000"),
        element=DATA,
    ),
    Case("a TZID without a colon", _start("DTSTART;TZID=" + "Europe/Berlin " * 1000), element=DATA),
    Case(
        "a quoted TZID that does not end",
        _start('DTSTART;TZID="Europe/Berlin:20261123T100000'),
        element=DATA,
    ),
    Case("a RECURRENCE-ID that is no time", event("RECURRENCE-ID:first"), element=DATA),
    Case(
        "two RECURRENCE-IDs",
        event("RECURRENCE-ID:20261123T100000Z\r\nRECURRENCE-ID:20261124T100000Z"),
        element=DATA,
    ),
    Case("a RECURRENCE-ID of the year 0", event("RECURRENCE-ID:00000101T000000Z"), element=DATA),
)

RULES = (
    *(
        Case(f"a rule of {rule!r}", _rule(rule), element=DATA)
        for rule in (
            "",
            "nonsense",
            "FREQ",
            "FREQ=",
            "=DAILY",
            "FREQ=DAILY;COUNT=x",
            "FREQ=DAILY;COUNT=1" + "0" * 30,
            "FREQ=DAILY;UNTIL=x",
            "FREQ=DAILY;UNTIL=000000Z",
            "FREQ=DAILY;UNTIL=P1D",
            "FREQ=DAILY;COUNT=1.5",
            "FREQ=DAILY;BYDAY=XX",
            "COUNT=3",
            "FREQ=FORTNIGHTLY",
            "FREQ=DAILY;X-A=b",
        )
    ),
    *(
        Case(f"a rule of {rule!r}", _rule(rule), element=DATA)
        for rule in (
            "FREQ=DAILY;INTERVAL=-1",
            "FREQ=DAILY;COUNT=0",
            "FREQ=DAILY;COUNT=-5",
            "FREQ=MONTHLY;BYMONTHDAY=0",
            "FREQ=MONTHLY;BYMONTHDAY=32",
            "FREQ=YEARLY;BYMONTH=13",
            "FREQ=YEARLY;BYMONTH=0",
            "FREQ=YEARLY;BYYEARDAY=367",
            "FREQ=YEARLY;BYWEEKNO=54",
            "FREQ=DAILY;BYHOUR=24",
            "FREQ=DAILY;BYMINUTE=60",
            "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0",
            "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=367",
            "FREQ=DAILY;BYSETPOS=1",
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31;BYMONTH=4",
            "FREQ=YEARLY;INTERVAL=99999;BYMONTH=2;BYMONTHDAY=29",
        )
    ),
    *(
        Case(f"a rule of {rule!r}", _rule(rule), element=TOO_MANY)
        for rule in (
            "FREQ=SECONDLY",
            "FREQ=MINUTELY",
            "FREQ=HOURLY",
            "FREQ=SECONDLY;COUNT=100000",
            "FREQ=MINUTELY;UNTIL=20301231T000000Z",
            "FREQ=HOURLY;UNTIL=99991231T235959Z",
            "FREQ=SECONDLY;COUNT=10;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=MINUTELY;COUNT=10;BYDAY=MO",
            "FREQ=HOURLY;INTERVAL=1;COUNT=3001",
            "FREQ=DAILY;COUNT=3001",
            "FREQ=DAILY;FREQ=SECONDLY",
            "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;COUNT=100000",
            "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11;BYMINUTE=0,15,30,45",
            "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23",
            "FREQ=YEARLY;BYSECOND=" + ",".join(map(str, range(60))),
        )
    ),
    Case("an INTERVAL of 31 digits", _rule("FREQ=DAILY;INTERVAL=" + "9" * 31), element=DATA),
    Case("a COUNT of 5,000 digits", _rule("FREQ=DAILY;COUNT=" + "9" * 5000), element=DATA),
    Case(
        "an INTERVAL of 900,000 digits",
        lambda: _rule("FREQ=DAILY;INTERVAL=" + "9" * 900_000),
        element=SIZE,
    ),
    Case(
        "10,000 days of the month",
        lambda: _rule("FREQ=MONTHLY;BYMONTHDAY=" + _numbers(10_000, 31)),
        element=SIZE,
    ),
    Case(
        "400,000 days of the month",
        lambda: _rule("FREQ=YEARLY;BYMONTHDAY=" + ",".join(["1"] * 400_000)),
        element=SIZE,
    ),
    Case(
        "300,000 weekdays",
        lambda: _rule("FREQ=WEEKLY;BYDAY=" + ",".join(["MO"] * 300_000)),
        element=SIZE,
    ),
    Case(
        "5,000 positions",
        lambda: _rule("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=" + _numbers(5000, 300)),
        element=SIZE,
    ),
    Case("20,000 parts", lambda: _rule("FREQ=DAILY" + ";X-A=1" * 20_000), element=SIZE),
    Case(
        "two rules of which one explodes",
        event("RRULE:FREQ=DAILY;COUNT=3\r\nRRULE:FREQ=SECONDLY"),
        element=TOO_MANY,
    ),
    Case("six rules", event(*["RRULE:FREQ=DAILY;COUNT=3"] * 6), element=DATA),
    Case("10,000 rules", lambda: event(*["RRULE:FREQ=DAILY;COUNT=3"] * 10_000), element=DATA),
    Case(
        "a rule that explodes in an override",
        lambda: _override("RRULE:FREQ=SECONDLY"),
        element=TOO_MANY,
    ),
    Case(
        "every minute for an hour, and 5 million exceptions",
        lambda: event("RRULE:FREQ=MINUTELY;COUNT=3001", "EXRULE:FREQ=SECONDLY"),
        element=TOO_MANY,
    ),
    Case("an RDATE that is none", event("RDATE:tomorrow"), element=DATA),
    Case("an RDATE of the year 0", event("RDATE:00000101T000000Z"), element=DATA),
    Case("an EXDATE that is none", event("RRULE:FREQ=DAILY;COUNT=3", "EXDATE:never"), element=DATA),
    Case("a period without an end", event("RDATE;VALUE=PERIOD:20261124T100000Z/"), element=DATA),
    Case(
        "5,000 dates",
        lambda: event(
            "RDATE:"
            + ",".join(
                f"{2027 + n // 336}{n // 28 % 12 + 1:02}{n % 28 + 1:02}T100000Z"
                for n in range(5000)
            )
        ),
        element=TOO_MANY,
    ),
    Case(
        "50,000 dates",
        lambda: event("RDATE:" + ",".join(["20261124T100000Z"] * 50_000)),
        element=SIZE,
    ),
    Case(
        "50,000 exceptions",
        lambda: event(
            "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:" + ",".join(["20261124T100000Z"] * 50_000)
        ),
        element=SIZE,
    ),
    Case(
        "39,000 lines of exceptions",
        lambda: event("RRULE:FREQ=DAILY;COUNT=3", *["EXDATE:20261124T100000Z"] * 39_000),
        element=DATA,
    ),
    Case(
        "a period of 10,000 years",
        event("RDATE;VALUE=PERIOD:20261124T100000Z/P3652500D"),
        element=DATA,
    ),
    Case("a million categories", lambda: event("CATEGORIES:" + "," * 900_000), element=SIZE),
    Case("3,001 overrides", lambda: _overrides(3001), element=TOO_MANY),
    Case("7,000 overrides", lambda: _overrides(7000), element=TOO_MANY),
    Case(
        "a series without a start",
        without("DTSTART").replace("END:VEVENT", "RRULE:FREQ=DAILY\r\nEND:VEVENT"),
        element=DATA,
    ),
    Case(
        "a task that repeats without a start",
        swapped(("VEVENT", "VTODO"), (_START, "RRULE:FREQ=DAILY"), ("DTEND", "DUE")),
        element=DATA,
    ),
    Case(
        "every day since the year 1",
        swapped((_START, "DTSTART:00010101T000000Z"), (_END, "RRULE:FREQ=DAILY")),
        element="min-date-time",
    ),
    Case(
        "every day from the year 9999",
        swapped((_START, "DTSTART:99990101T000000Z"), (_END, "RRULE:FREQ=DAILY")),
        element="max-date-time",
    ),
)


def _override(*lines: str) -> str:
    second = ["BEGIN:VEVENT", "UID:hostile", "RECURRENCE-ID:20261124T090000Z"]
    second += ["DTSTART:20261124T100000Z", *lines, "END:VEVENT", "END:VCALENDAR"]
    return event("RRULE:FREQ=DAILY;COUNT=5").replace("END:VCALENDAR", "\r\n".join(second))


def _overrides(count: int) -> str:
    parts = [
        f"BEGIN:VEVENT\r\nUID:hostile\r\nRECURRENCE-ID:20270101T{n // 3600:02}{n // 60 % 60:02}{n % 60:02}Z"
        "\r\nDTSTART:20261124T100000Z\r\nEND:VEVENT"
        for n in range(count)
    ]
    return event("RRULE:FREQ=DAILY;COUNT=5").replace(
        "END:VCALENDAR", "\r\n".join([*parts, "END:VCALENDAR"])
    )


PEOPLE = (
    Case(
        "10,000 attendees",
        lambda: event(*(f"ATTENDEE:mailto:{n}@example.org" for n in range(10_000))),
        element="max-attendees-per-instance",
    ),
)
ZONES = (
    Case(
        "a zone in a zone",
        event().replace("BEGIN:VEVENT", zone(content=zone("Elsewhere")) + "BEGIN:VEVENT"),
        element=OBJECT,
    ),
    Case(
        "an event in a zone",
        event().replace(
            "BEGIN:VEVENT", zone(content="BEGIN:VEVENT\r\nUID:x\r\nEND:VEVENT\r\n") + "BEGIN:VEVENT"
        ),
        element=OBJECT,
    ),
    Case(
        "12,000 zones",
        lambda: event().replace("BEGIN:VEVENT", zone() * 12_000 + "BEGIN:VEVENT"),
        element=SIZE,
    ),
)

CASES = (*DATES, *RULES, *PEOPLE, *ZONES)

"""Texts that are odd and legal, or as good as: kept, and harmless to every later question."""

from __future__ import annotations

from tests.hostile.case import OBSERVANCE, Odd, event, swapped, zone

__all__ = ["CASES"]

_START = "DTSTART;TZID=Europe/Berlin:20261123T100000"
_END = "DTEND;TZID=Europe/Berlin:20261123T103000"
_MUCH = 900_000


def _zoned(*blocks: str, tzid: str = "Nowhere") -> str:
    return (
        event()
        .replace("Europe/Berlin", tzid)
        .replace("BEGIN:VEVENT", "".join(blocks) + "BEGIN:VEVENT")
    )


def _observance(**changed: str) -> str:
    text = OBSERVANCE
    for old, new in changed.items():
        text = text.replace({"offset": "+0100", "start": "19701025T030000"}[old], new)
    return text


def _ruled(rule: str, **changed: str) -> str:
    block = _observance(**changed).replace("END:", f"RRULE:{rule}\r\nEND:")
    return _zoned(zone(content=block))


def _series(*lines: str) -> str:
    return event("RRULE:FREQ=DAILY;COUNT=10", *lines)


def _second(*lines: str) -> str:
    part = ("BEGIN:VEVENT", "UID:hostile", *lines, "END:VEVENT", "END:VCALENDAR")
    return _series().replace("END:VCALENDAR", "\r\n".join(part))


def _task(*lines: str) -> str:
    return "\r\n".join(
        (
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//T//T//DE",
            "BEGIN:VTODO",
            "UID:hostile",
            "DTSTAMP:20261101T080000Z",
            *lines,
            "END:VTODO",
            "END:VCALENDAR",
            "",
        )
    )


LINES = (
    Odd(
        "lower case",
        event()
        .replace("BEGIN:VEVENT", "begin:vevent")
        .replace("END:VEVENT", "end:vevent")
        .replace("DTSTART", "dtstart"),
    ),
    Odd("bare LF", event().replace("\r\n", "\n")),
    Odd("no line end at the end", event().rstrip("\r\n")),
    Odd("empty lines", event().replace("\r\n", "\r\n\r\n")),
    Odd("every character folded", event("DESCRIPTION:" + "\r\n ".join("Kontrolle"))),
    Odd("300,000 folds", lambda: event("DESCRIPTION:" + "\r\n " * 300_000 + "x")),
    Odd(
        "folded names",
        event("X-A:b")
        .replace("DTSTART", "DTS\r\n TART")
        .replace("BEGIN:VEVENT", "BEG\r\n IN:VEV\r\n\tENT"),
    ),
    Odd(
        "spaces behind names of components",
        event().replace("BEGIN:VEVENT", "BEGIN:VEVENT  ").replace("END:VEVENT", "END:VEVENT "),
    ),
    Odd("a value that looks like a component", event("DESCRIPTION:BEGIN:VEVENT\\nEND:VCALENDAR")),
    Odd("9,000 categories", lambda: event("CATEGORIES:a" + "," * 9000)),
    Odd("900 kB of commas", lambda: event("DESCRIPTION:" + "," * _MUCH)),
    Odd("900 kB of semicolons", lambda: event("DESCRIPTION:" + ";" * _MUCH)),
    Odd("900 kB of backslashes", lambda: event("DESCRIPTION:" + "\\" * _MUCH)),
    Odd("900 kB of quotes", lambda: event("DESCRIPTION:" + '"' * _MUCH)),
    Odd("900 kB of percent signs", lambda: event("DESCRIPTION:" + "%2C" * (_MUCH // 3))),
    Odd("900 kB of colons", lambda: event("URL:" + ":" * _MUCH)),
    Odd(
        "900 kB in one parameter",
        lambda: event(f'ATTENDEE;CN="{"a" * _MUCH}":mailto:a@example.org'),
    ),
    Odd(
        "900 kB of carets",
        lambda: event(f'ATTENDEE;CN="{"^n" * (_MUCH // 2)}":mailto:a@example.org'),
    ),
    Odd(
        "10,000 parameters",
        lambda: event(
            "ATTENDEE" + "".join(f";X-{n}=b" for n in range(10_000)) + ":mailto:a@example.org"
        ),
    ),
    Odd(
        "10,000 members",
        lambda: event(
            "ATTENDEE;MEMBER="
            + ",".join(['"mailto:a@example.org"'] * 10_000)
            + ":mailto:a@example.org"
        ),
    ),
    Odd(
        "1,000 attendees",
        lambda: event(*(f"ATTENDEE:mailto:{n}@example.org" for n in range(1000))),
    ),
    Odd("30,000 lines of a vendor", lambda: event(*["X-A:b"] * 30_000)),
    Odd(
        "10,000 alarms",
        lambda: event(*["BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nEND:VALARM"] * 9000),
    ),
    Odd(
        "a 700 kB attachment",
        lambda: event("ATTACH;ENCODING=BASE64;VALUE=BINARY:" + "QUJD" * 175_000),
    ),
    Odd("an attachment that is no base64", event("ATTACH;ENCODING=BASE64;VALUE=BINARY:!!!")),
    Odd(
        "nested alarms",
        event(
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            "TRIGGER:PT0S",
            "BEGIN:VALARM",
            "END:VALARM",
            "END:VALARM",
        ),
    ),
    Odd("depth 12", event(*["BEGIN:X-A"] * 10, *["END:X-A"] * 10)),
    Odd("a component of a vendor", event("BEGIN:X-A", "X-B:c", "END:X-A")),
    Odd("markup", event("SUMMARY:</C:calendar-data></prop>]]>&lt;<!--")),
    Odd("a line separator", event("SUMMARY:a\u2028b\u2029c\x85d")),
    Odd("text from right to left", event("SUMMARY:\u202eabc\u202c \u200b")),
    Odd(
        "no VERSION and no PRODID",
        "\r\n".join(event().split("\r\n")[:1] + event().split("\r\n")[3:]),
    ),
    Odd("no DTSTAMP", swapped(("DTSTAMP:20261101T080000Z\r\n", ""))),
    Odd("UID of another script", swapped(("UID:hostile", "UID:日本語-<>&\"'%00"))),
    Odd("UID of 1,000 characters", swapped(("UID:hostile", "UID:" + "x" * 1000))),
    Odd("UID like SQL", swapped(("UID:hostile", "UID:'; DROP TABLE objects; --%_"))),
)

VALUES = tuple(
    Odd(f"a value of nonsense: {line[:60]}", event(line))
    for line in (
        "GEO:north;south",
        "GEO:1e999;nan",
        "GEO:1",
        "URL:javascript:alert(1)",
        "URL:http://[",
        "PRIORITY:high",
        "PRIORITY:" + "9" * 4000,
        "PERCENT-COMPLETE:-1",
        "STATUS:WHATEVER",
        "TRANSP:PERHAPS",
        "CLASS:;;;",
        "REQUEST-STATUS:x",
        "REQUEST-STATUS:" + ";" * 1000,
        "CREATED:yesterday",
        "LAST-MODIFIED:00000000T000000Z",
        "COMPLETED:99999999",
        "ORGANIZER:",
        "ATTENDEE:mailto:",
        "ATTENDEE;ROLE=;PARTSTAT=:x",
        "CATEGORIES:",
        "RESOURCES:,,,",
        "RELATED-TO;RELTYPE=PARENT:hostile",
        "CONFERENCE;VALUE=URI:x",
        "IMAGE;VALUE=BINARY;ENCODING=BASE64:x",
        "COLOR:#ggg",
        "REFRESH-INTERVAL;VALUE=DURATION:P",
        "TRIGGER:x",
        "X-A;VALUE=DATE-TIME:x",
        "X-A;VALUE=DURATION:x",
        "X-A;VALUE=PERIOD:x",
        "X-A;VALUE=RECUR:FREQ=SECONDLY",
        "X-A;VALUE=UTC-OFFSET:+9999",
        "X-A;VALUE=BOOLEAN:x",
        "X-A;VALUE=FLOAT:x",
        "X-A;VALUE=BINARY;ENCODING=BASE64:!",
        "X-A;VALUE=UNKNOWN:x",
        "X-A;ENCODING=QUOTED-PRINTABLE:=00=0D=0A",
        "SUMMARY;LANGUAGE=de;LANGUAGE=en:x",
        "SUMMARY;VALUE=INTEGER:x",
        'DESCRIPTION;ALTREP="data:text/html,<script>":x',
        "X-PRAXIS-TZID:x",
        "SUMMARY;TZID=Mars:x",
        "SUMMARY;LANGUAGE:x",
        "SUMMARY;=de:x",
        "SUMMARY;:x",
        "CREATED;TZID=Europe:20261123T100000",
        "X-A;VALUE=DATE-TIME;TZID=Europe:20261123T100000",
        'X-A;CN="a:b";VALUE=DATE-TIME;TZID=Europe:20261123T100000',
        "X-A;VALUE=DATE-TIME;TZID=/example.org/20261123/Europe/Berlin:20261123T100000",
        "X-A;VALUE=TIME;TZID=America/Argentina:100000",
        "X-A;X-PRAXIS-TZID=Europe;VALUE=DATE-TIME:20261123T100000",
        "X-A;TZID=" + "x" * 300 + ":20261123T100000",
    )
)

TIMES = (
    Odd(
        "a zone's name of 300 kB of slashes",
        lambda: event("X-A;VALUE=DATE-TIME;TZID=" + "/a" * 150_000 + ":20261123T100000"),
    ),
    Odd("an end and a duration", event("DURATION:PT1H")),
    Odd("a date called a time", swapped((_START, "DTSTART;VALUE=DATE:20261123T100000"))),
    Odd("800 kB of carriage returns at a line's end", lambda: event("X-A:b" + "\r" * 800_000)),
    Odd(
        "a whole day",
        swapped((_START, "DTSTART;VALUE=DATE:20261123"), (_END, "DTEND;VALUE=DATE:20261124")),
    ),
    Odd("a whole day told as none", swapped((_START, "DTSTART:20261123"), (_END + "\r\n", ""))),
    Odd("an end at the start", swapped((_END, "DTEND;TZID=Europe/Berlin:20261123T100000"))),
    Odd(
        "an end a little before the start",
        swapped((_END, "DTEND;TZID=Europe/Berlin:20261123T090000")),
    ),
    Odd(
        "floating and UTC",
        swapped((_START, "DTSTART:20261123T100000"), (_END, "DTEND:20261123T110000Z")),
    ),
    Odd("UTC with a TZID", swapped((_START, "DTSTART;TZID=Europe/Berlin:20261123T100000Z"))),
    Odd("a TZID of nothing", swapped((_START, "DTSTART;TZID=:20261123T100000"))),
    Odd("a TZID of dots", swapped((_START, "DTSTART;TZID=../../etc/localtime:20261123T100000"))),
    Odd("a TZID of a file", swapped((_START, "DTSTART;TZID=/etc/passwd:20261123T100000"))),
    Odd("a TZID of a folder", swapped((_START, "DTSTART;TZID=Europe:20261123T100000"))),
    Odd(
        "a TZID with a colon",
        swapped((_START, 'DTSTART;TZID="(UTC+01:00) Amsterdam":20261123T100000')),
    ),
    Odd(
        "a TZID with a list",
        swapped((_START, "DTSTART;TZID=Europe/Berlin,Asia/Tokyo:20261123T100000")),
    ),
    Odd(
        "two TZIDs", swapped((_START, "DTSTART;TZID=Europe/Berlin;TZID=Asia/Tokyo:20261123T100000"))
    ),
    Odd("a TZID of 200 letters", swapped((_START, f"DTSTART;TZID={'x' * 200}:20261123T100000"))),
    Odd(
        "a time that the clock leaves out",
        swapped(
            (_START, "DTSTART;TZID=Europe/Berlin:20270328T023000"),
            (_END, "DTEND;TZID=Europe/Berlin:20270328T033000"),
        ),
    ),
    Odd(
        "a negative trigger of a million weeks",
        event("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-P999999W", "END:VALARM"),
    ),
    Odd("a thousand days", swapped((_END, "DURATION:P1000D"))),
    Odd("an event of 170 years", swapped((_END, "DTEND:21990101T000000Z"))),
)

SERIES = (
    Odd("every day for ever", event("RRULE:FREQ=DAILY")),
    Odd("every day until 9999", event("RRULE:FREQ=DAILY;UNTIL=99991231T235959Z")),
    Odd("UNTIL before the start", event("RRULE:FREQ=DAILY;UNTIL=20200101T000000Z")),
    Odd("UNTIL as a date", event("RRULE:FREQ=DAILY;UNTIL=20261130")),
    Odd("UNTIL floating", event("RRULE:FREQ=DAILY;UNTIL=20261130T100000")),
    Odd("3,000 times", event("RRULE:FREQ=DAILY;COUNT=3000")),
    Odd(
        "every 29 February",
        swapped((_START, "DTSTART:20280229T100000Z"), (_END, "RRULE:FREQ=YEARLY")),
    ),
    Odd("two rules", event("RRULE:FREQ=DAILY;COUNT=3", "RRULE:FREQ=WEEKLY;COUNT=3")),
    Odd(
        "a rule that is not the Gregorian calendar's",
        event("RRULE:RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=OMIT;COUNT=3"),
    ),
    Odd("a rule of spaces and lower case", event("RRULE:freq=daily;count=3")),
    Odd(
        "every instance an exception",
        event(
            "RRULE:FREQ=DAILY;COUNT=2", "EXDATE;TZID=Europe/Berlin:20261123T100000,20261124T100000"
        ),
    ),
    Odd("an exception of another kind", _series("EXDATE;VALUE=DATE:20261124")),
    Odd("exceptions without an instance", _series("EXDATE:19700101T000000Z,21000101T000000Z")),
    Odd("2,000 exceptions", lambda: _series("EXDATE:" + ",".join(["20261124T090000Z"] * 2000))),
    Odd(
        "dates of all kinds",
        _series(
            "RDATE:20261224T100000",
            "RDATE;VALUE=DATE:20261225",
            "RDATE:20261226T100000Z",
            "RDATE;TZID=Asia/Tokyo:20261227T100000",
        ),
    ),
    Odd(
        "a period",
        _series("RDATE;VALUE=PERIOD:20261224T100000Z/PT1H,20261225T100000Z/20261225T110000Z"),
    ),
    Odd(
        "an override of another kind",
        _second("RECURRENCE-ID;VALUE=DATE:20261124", "DTSTART;VALUE=DATE:20261124"),
    ),
    Odd(
        "an override in UTC",
        _second(
            "RECURRENCE-ID:20261124T090000Z", "DTSTART:20261124T120000Z", "DTEND:20261124T123000Z"
        ),
    ),
    Odd(
        "an override floating", _second("RECURRENCE-ID:20261124T100000", "DTSTART:20261124T120000")
    ),
    Odd(
        "an override of no instance",
        _second("RECURRENCE-ID:20301124T090000Z", "DTSTART:20301124T120000Z"),
    ),
    Odd(
        "an override of all that follow",
        _second(
            "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261126T100000",
            "DTSTART;TZID=Europe/Berlin:20261126T120000",
        ),
    ),
    Odd(
        "an override far away",
        _second("RECURRENCE-ID;TZID=Europe/Berlin:20261124T100000", "DTSTART:21500101T000000Z"),
    ),
    Odd(
        "one instance overridden twice",
        _second(
            "RECURRENCE-ID:20261124T090000Z",
            "DTSTART:20261124T120000Z",
            "END:VEVENT",
            "BEGIN:VEVENT",
            "UID:hostile",
            "RECURRENCE-ID:20261124T090000Z",
            "DTSTART:20261124T130000Z",
        ),
    ),
    Odd(
        "an override with a rule",
        _second(
            "RECURRENCE-ID:20261124T090000Z", "DTSTART:20261124T120000Z", "RRULE:FREQ=DAILY;COUNT=3"
        ),
    ),
    Odd(
        "a lone override with a rule",
        event("RECURRENCE-ID:20261123T090000Z", "RRULE:FREQ=DAILY;COUNT=3"),
    ),
    Odd(
        "two lone overrides",
        event("RECURRENCE-ID:20261123T090000Z").replace(
            "END:VCALENDAR",
            "BEGIN:VEVENT\r\nUID:hostile\r\nRECURRENCE-ID:20261124T090000Z\r\nDTSTART:20261124T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR",
        ),
    ),
    Odd(
        "an EXRULE by the second",
        event("RRULE:FREQ=DAILY", "EXRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"),
    ),
    Odd(
        "an EXRULE with an interval of 0", event("RRULE:FREQ=DAILY", "EXRULE:FREQ=DAILY;INTERVAL=0")
    ),
    Odd("an EXRULE that is none", event("RRULE:FREQ=DAILY", "EXRULE:nonsense")),
    Odd(
        "a rule with an end and a number", event("RRULE:FREQ=DAILY;COUNT=3;UNTIL=20261231T000000Z")
    ),
    Odd("a rule with empty parts", event("RRULE:FREQ=DAILY;;COUNT=3;")),
    Odd("a period of no length", event("RDATE;VALUE=PERIOD:20261124T100000Z/PT")),
    Odd(
        "a zone of a folder in a series",
        event("RRULE:FREQ=DAILY;COUNT=3", "EXDATE;TZID=Europe:20261124T100000"),
    ),
    Odd("an EXRULE", event("RRULE:FREQ=DAILY;COUNT=10", "EXRULE:FREQ=WEEKLY;COUNT=10")),
    Odd(
        "a leap of a series over the change of clocks",
        swapped(
            (_START, "DTSTART;TZID=Europe/Berlin:20261020T023000"),
            (_END, "RRULE:FREQ=DAILY;COUNT=20"),
        ),
    ),
)

ZONES = (
    Odd("a zone that changes every minute", _ruled("FREQ=MINUTELY")),
    Odd("a zone that changes on 30 February", _ruled("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")),
    Odd("a zone with a rule of nonsense", _ruled("nonsense")),
    Odd("a zone with an interval of 0", _ruled("FREQ=YEARLY;INTERVAL=0")),
    Odd("a zone with an interval of 31 digits", _ruled("FREQ=YEARLY;INTERVAL=" + "9" * 31)),
    Odd(
        "a zone with 10,000 months",
        lambda: _ruled("FREQ=YEARLY;BYMONTH=" + ",".join(["1"] * 10_000)),
    ),
    Odd("a zone until the year 99999", _ruled("FREQ=YEARLY;UNTIL=99999101T000000Z")),
    Odd("a zone of 99 hours", _zoned(zone(content=_observance(offset="+9900")))),
    Odd("a zone of almost a day", _zoned(zone(content=_observance(offset="+235959")))),
    Odd("a zone of nonsense", _zoned(zone(content=_observance(offset="east")))),
    Odd("a zone from the year 0", _zoned(zone(content=_observance(start="00000101T000000")))),
    Odd("a zone from the year 9999", _zoned(zone(content=_observance(start="99991231T235959")))),
    Odd("a zone without observances", _zoned(zone(content=""))),
    Odd(
        "a zone without offsets",
        _zoned(zone(content="BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nEND:STANDARD\r\n")),
    ),
    Odd("a zone without a name", _zoned("BEGIN:VTIMEZONE\r\nEND:VTIMEZONE\r\n")),
    Odd("one zone twice, differently", _zoned(zone(), zone(content=_observance(offset="-1200")))),
    Odd("5,000 observances", lambda: _zoned(zone(content=OBSERVANCE * 5000))),
    Odd(
        "5,000 onsets",
        lambda: _zoned(
            zone(
                content=_observance().replace(
                    "END:", "RDATE:" + ",".join(["19700101T000000"] * 5000) + "\r\nEND:"
                )
            )
        ),
    ),
    Odd(
        "1,000 zones, each used",
        lambda: _zoned(*(zone(f"Z{n}") for n in range(1000))).replace(
            "END:VEVENT",
            "".join(f"RDATE;TZID=Z{n}:20261224T100000\r\n" for n in range(1000)) + "END:VEVENT",
        ),
    ),
    Odd(
        "a wrong zone of a known name",
        _zoned(zone("Europe/Berlin", _observance(offset="-1100")), tzid="Europe/Berlin"),
    ),
    Odd(
        "a zone that names another",
        _zoned(zone(content="TZURL:http://127.0.0.1:1/x\r\nLAST-MODIFIED:x\r\n" + OBSERVANCE)),
    ),
    Odd(
        "a zone behind the event",
        event()
        .replace("Europe/Berlin", "Nowhere")
        .replace("END:VCALENDAR", zone() + "END:VCALENDAR"),
    ),
)

TASKS = (
    Odd(
        "a task due and with a duration",
        _task("DTSTART:20261123T100000Z", "DUE:20261123T110000Z", "DURATION:PT1H"),
        component="VTODO",
    ),
    Odd("a task without dates", _task("SUMMARY:x"), component="VTODO"),
    Odd("a task due without a start", _task("DUE:20261123T100000Z"), component="VTODO"),
    Odd(
        "a task due before it starts",
        _task("DTSTART:20261123T100000Z", "DUE:20261120T100000Z"),
        component="VTODO",
    ),
    Odd("a task with a duration without a start", _task("DURATION:PT1H"), component="VTODO"),
    Odd(
        "a task due on a day, started at a time",
        _task("DTSTART:20261123T100000Z", "DUE;VALUE=DATE:20261124"),
        component="VTODO",
    ),
    Odd(
        "a task of every day",
        _task("DTSTART:20261123T100000Z", "DUE:20261123T110000Z", "RRULE:FREQ=DAILY"),
        component="VTODO",
    ),
    Odd(
        "a task completed before it was made",
        _task("COMPLETED:20200101T000000Z", "CREATED:20260101T000000Z", "PERCENT-COMPLETE:999"),
        component="VTODO",
    ),
    Odd(
        "a note of every day",
        _task("DTSTART;VALUE=DATE:20261123", "RRULE:FREQ=DAILY").replace("VTODO", "VJOURNAL"),
        component="VJOURNAL",
    ),
    Odd("a note without a date", _task().replace("VTODO", "VJOURNAL"), component="VJOURNAL"),
)

CASES = (*LINES, *VALUES, *TIMES, *SERIES, *ZONES, *TASKS)

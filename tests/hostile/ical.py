"""iCalendar that is none, or not one object: structure, lines, characters, identity."""

from __future__ import annotations

import gzip

from tests.hostile.case import DATA, OBJECT, SIZE, Case, event, swapped, without, zone

__all__ = ["CASES"]

_LONG = 950_000


def _second(*lines: str) -> str:
    """Return an event with a second component behind it."""
    return swapped(("END:VCALENDAR", "\r\n".join((*lines, "END:VCALENDAR"))))


def _nested(depth: int, name: str = "VALARM") -> str:
    return event(*[f"BEGIN:{name}"] * depth, *[f"END:{name}"] * depth)


STRUCTURE = (
    Case("only spaces", "   \r\n \r\n", element=DATA),
    Case("only line ends", "\r\n" * 1000, element=DATA),
    Case("one million line ends", lambda: "\n" * 900_000, element=DATA),
    Case("HTML", "<!DOCTYPE html><html><body>BEGIN:VCALENDAR</body></html>", element=DATA),
    Case("JSON", '["vcalendar",[],[]]', element=DATA),
    Case("XML", '<?xml version="1.0"?><icalendar/>', element=DATA),
    Case("gzip without saying so", lambda: gzip.compress(event().encode()), element=DATA),
    Case("a bomb without saying so", lambda: gzip.compress(b"A" * 50_000_000), element=DATA),
    Case("a picture", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), element=DATA),
    Case("a vCard", "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:X\r\nEND:VCARD\r\n", element=DATA),
    Case("an event and no calendar", "BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\n", element=DATA),
    Case(
        "an empty calendar", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n", element=OBJECT
    ),
    Case("no END:VEVENT", without("END:VEVENT"), element=DATA),
    Case("no END:VCALENDAR", without("END:VCALENDAR"), element=DATA),
    Case("no end at all", without("END"), element=DATA),
    Case("no begin", without("BEGIN"), element=DATA),
    Case("an END too many", event() + "END:VCALENDAR\r\n", element=OBJECT),
    Case("an END too many inside", event("END:VALARM"), element=DATA),
    Case("a line before", "X-A:b\r\n" + event(), element=DATA),
    Case("a line behind", event() + "X-A:b\r\n", element=OBJECT),
    Case("two calendars", event() + event(), element=OBJECT),
    Case("a calendar in a calendar", event("BEGIN:VCALENDAR", "END:VCALENDAR"), element=OBJECT),
    Case("an event in an event", event("BEGIN:VEVENT", "UID:x", "END:VEVENT"), element=OBJECT),
    Case("a task in an event", event("BEGIN:VTODO", "UID:hostile", "END:VTODO"), element=OBJECT),
    Case(
        "crossed components",
        event("BEGIN:VALARM", "BEGIN:X-A", "END:VALARM", "END:X-A"),
        element=DATA,
    ),
    Case("no name behind BEGIN", event("BEGIN:", "END:"), element=DATA),
    Case("depth 13", _nested(13), element=OBJECT),
    Case("depth 20,000", lambda: _nested(20_000), element=SIZE),
    Case("100,000 components", lambda: event(*["BEGIN:X-A\r\nEND:X-A"] * 50_000), element=SIZE),
    Case("50,000 lines", lambda: event(*["X-A:b"] * 50_000), element=SIZE),
    Case("cut in a name", event()[:45], element=DATA),
    Case("cut in a date", event()[: event().index("DTSTART") + 30], element=DATA),
    Case("cut before the last line", event()[: -len("END:VCALENDAR\r\n")], element=DATA),
    Case("two megabytes", lambda: event("X-A:" + "x" * 2_000_000), element=SIZE),
    Case(
        "one byte too many",
        lambda: event("X-A:" + "x" * (1_000_000 - len(event()) - 5)),
        element=SIZE,
    ),
    Case(
        "a 20 MB attachment",
        lambda: event("ATTACH;ENCODING=BASE64;VALUE=BINARY:" + "A" * 20_000_000),
        element=SIZE,
    ),
)

LINES = (
    Case("a line without a colon", event("SUMMARY"), element=DATA),
    Case("a line of a colon", event(":"), element=DATA),
    Case("a name with a space", event("X A:b"), element=DATA),
    Case("a name with an umlaut", event("X-Ä:b"), element=DATA),
    Case("a name with a dot", event("item1.SUMMARY:b"), element=DATA),
    Case("a name with a slash", event("X/A:b"), element=DATA),
    Case("an open quote", event('ATTENDEE;CN="Ada:mailto:a@example.org'), element=DATA),
    Case("an open quote of 900 kB", lambda: event('ATTENDEE;CN="' + "a" * _LONG), element=DATA),
    Case("quotes of 900 kB without a colon", lambda: event("X-A;B=" + '"' * _LONG), element=DATA),
    Case(
        "pairs of quotes without a colon", lambda: event("X-A" + ';B="c"' * 150_000), element=DATA
    ),
    Case("900 kB without a colon", lambda: event("X" * _LONG), element=DATA),
    Case("900 kB of semicolons without a colon", lambda: event("X" + ";" * _LONG), element=DATA),
    Case("a control character in a parameter", event("SUMMARY;X=\x01:b"), element=DATA),
    Case("an escape character", event("SUMMARY:\x1b[2J"), element=DATA),
    Case("a backspace", event("SUMMARY:a\x08b"), element=DATA),
    Case("a NUL", event("SUMMARY:a\0b"), element=DATA),
    Case("a NUL at the start", "\0" + event(), element=DATA),
    Case("a NUL at the end", event() + "\0", element=DATA),
    Case("a million NULs", lambda: b"\0" * 900_000, element=DATA),
    Case("a delete character", event("SUMMARY:a\x7fb"), element=DATA),
    Case("a form feed", event("SUMMARY:a\x0cb"), element=DATA),
    Case("a first line that goes on", " " + event(), element=DATA),
    Case("bare CR between lines", event().replace("\r\n", "\r"), element=DATA),
    Case("a bare CR in a line", event("SUMMARY:a\rb"), element=DATA),
    Case("a bare CR before a property", event("SUMMARY:a\rDTSTART:00000000"), element=DATA),
    Case("two BOMs", "\ufeff\ufeff" + event(), element=DATA),
    Case("UTF-16", event().encode("utf-16"), element=DATA),
    Case("UTF-16 without a BOM", event().encode("utf-16-le"), element=DATA),
    Case("UTF-32", event().encode("utf-32"), element=DATA),
    Case("EBCDIC", event().encode("cp500"), element=DATA),
    Case("Latin-1", event("SUMMARY:Müller").encode("latin-1"), element=DATA),
    Case("half a surrogate pair", event("SUMMARY:\ud83d"), element=DATA),
    Case("CESU-8", event("SUMMARY:\ud83e\uddb7"), element=DATA),
    Case("overlong UTF-8", event("SUMMARY:?").encode().replace(b"?", b"\xc0\xaf"), element=DATA),
    Case("an overlong NUL", event("SUMMARY:?").encode().replace(b"?", b"\xc0\x80"), element=DATA),
    Case(
        "beyond Unicode",
        event("SUMMARY:?").encode().replace(b"?", b"\xf5\x80\x80\x80"),
        element=DATA,
    ),
    Case("half a character", event("SUMMARY:?").encode().replace(b"?", b"\xe2\x82"), element=DATA),
    Case("a stray continuation", event("SUMMARY:?").encode().replace(b"?", b"\x80"), element=DATA),
    Case("a noncharacter", event("SUMMARY:\uffff"), element=DATA),
)

IDENTITY = (
    Case("an empty UID", swapped(("UID:hostile", "UID:")), element=OBJECT),
    Case("a UID of spaces", swapped(("UID:hostile", "UID:   ")), element=OBJECT),
    Case("two UIDs in one event", event("UID:other"), element=OBJECT),
    Case("the same UID twice in one event", event("UID:hostile"), element=OBJECT),
    Case(
        "a UID of 100 kB", lambda: swapped(("UID:hostile", "UID:" + "x" * 100_000)), element=OBJECT
    ),
    Case("a UID with a NUL", swapped(("UID:hostile", "UID:a\0b")), element=DATA),
    Case("a UID with a bell", swapped(("UID:hostile", "UID:a\x07b")), element=DATA),
    Case("an event and a task", _second("BEGIN:VTODO", "UID:hostile", "END:VTODO"), element=OBJECT),
    Case(
        "an event and a note",
        _second("BEGIN:VJOURNAL", "UID:hostile", "END:VJOURNAL"),
        element=OBJECT,
    ),
    Case(
        "an event and something of a vendor",
        _second("BEGIN:X-A", "UID:hostile", "END:X-A"),
        element=OBJECT,
    ),
    Case("one event twice", _second(*event().split("\r\n")[3:-2]), element=OBJECT),
    Case(
        "2,000 events of one UID",
        lambda: _second(*event().split("\r\n")[3:-2] * 2000),
        element=OBJECT,
    ),
    Case(
        "2,000 events",
        lambda: _second(
            *[f"BEGIN:VEVENT\r\nUID:{n}\r\nDTSTART:20261123\r\nEND:VEVENT" for n in range(2000)]
        ),
        element=OBJECT,
    ),
    Case(
        "only something of a vendor",
        swapped(("VEVENT", "X-PARTY")),
        element="supported-calendar-component",
    ),
    Case("only an alarm", swapped(("VEVENT", "VALARM")), element="supported-calendar-component"),
    Case(
        "only 1,000 zones",
        lambda: f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{zone() * 1000}END:VCALENDAR\r\n",
        element=OBJECT,
    ),
    *(
        Case(f"METHOD:{method}", swapped(("PRODID", f"METHOD:{method}\r\nPRODID")), element=OBJECT)
        for method in ("PUBLISH", "CANCEL", "", "x" * 1000)
    ),
    Case(
        "a method with parameters",
        swapped(("PRODID", "METHOD;X=1:REQUEST\r\nPRODID")),
        element=OBJECT,
    ),
    Case("a folded method", swapped(("PRODID", "MET\r\n HOD:REQUEST\r\nPRODID")), element=OBJECT),
    Case("another calendar scale", swapped(("PRODID", "CALSCALE:CHINESE\r\nPRODID")), element=DATA),
    Case("vCalendar 1.0", swapped(("VERSION:2.0", "VERSION:1.0")), element=DATA),
    Case("version 3.0", swapped(("VERSION:2.0", "VERSION:3.0")), element=DATA),
)

CASES = (*STRUCTURE, *LINES, *IDENTITY)

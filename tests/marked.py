"""Calendar objects with one word in every place a client may write something."""

from __future__ import annotations

__all__ = ["MARK", "MARKED", "UID", "a_marked_event", "a_marked_task"]

#: In every name, value, parameter, UID and href; in no answer to somebody who must not see it.
MARK = "Mustermann"
UID = f"{MARK}-hans@{MARK}.example"

#: A foreign zone, an hour ahead of Berlin, described by somebody who writes much.
ZONE = f"""BEGIN:VTIMEZONE
TZID:{MARK}/Zone
X-LIC-LOCATION:{MARK}
COMMENT:{MARK}
TZURL:http://{MARK}.example/
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0300
TZOFFSETTO:+0200
TZNAME:{MARK}
COMMENT:{MARK}
X-{MARK}:{MARK}
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0300
TZNAME:{MARK}
END:DAYLIGHT
END:VTIMEZONE
"""

#: What any component may say beside its time.
TALK = f"""SUMMARY;LANGUAGE={MARK};ALTREP="http://{MARK}.example":{MARK}
DESCRIPTION:Geburtsdatum von {MARK[:4]}
 {MARK[4:]}
LOCATION:{MARK}
COMMENT:{MARK}
CONTACT:{MARK}
CATEGORIES:{MARK},Kontrolle
RESOURCES:{MARK}
COLOR:{MARK}
URL:http://{MARK}.example/
CLASS:PRIVATE
PRIORITY:1
SEQUENCE:3
CREATED:20261101T080000Z
LAST-MODIFIED:20261101T080000Z
ATTENDEE;CN={MARK}:mailto:{MARK}@example.org
ORGANIZER;CN={MARK};SENT-BY="mailto:{MARK}@example.org":mailto:{MARK}@example.org
RELATED-TO:{MARK}
REQUEST-STATUS:2.0;{MARK}
ATTACH;FILENAME={MARK}.pdf:http://{MARK}.example/
ATTACH;ENCODING=BASE64;VALUE=BINARY:TXVzdGVybWFubg==
IMAGE;VALUE=URI;DISPLAY=BADGE:http://{MARK}.example/
CONFERENCE;VALUE=URI:tel:{MARK}
X-PATIENT-ID:4711
X-INSURANCE-TYPE:{MARK}
X-APPOINTMENT-TYPE:{MARK}
X-{MARK}:{MARK}
X-ALT-DESC;FMTTYPE=text/html:<b>{MARK}</b>
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER;X-{MARK}={MARK}:-PT15M
DESCRIPTION:{MARK}
X-{MARK}:{MARK}
END:VALARM
BEGIN:X-{MARK}
X-{MARK}:{MARK}
END:X-{MARK}
"""


def _text(*components: str) -> str:
    head = f"""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//{MARK}//{MARK}//DE
CALSCALE:GREGORIAN
NAME:{MARK}
DESCRIPTION:{MARK}
X-WR-CALNAME:{MARK}
"""
    told = "".join([head, *components, "END:VCALENDAR\n"])
    return told.replace("\n", "\r\n")


def _event(uid: str, times: str, talk: str = TALK) -> str:
    return f"BEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20261101T080000Z\n{times}{talk}END:VEVENT\n"


def a_marked_event(uid: str = UID, day: int = 23, more: str = "") -> str:
    """Return an appointment of the patient 4711, at ten o'clock for half an hour."""
    zone = f"TZID=Europe/Berlin;X-{MARK}={MARK}"
    times = f"DTSTART;{zone}:202611{day}T100000\nDTEND;{zone}:202611{day}T103000\n{more}"
    return _text(_event(uid, times))


def a_marked_task() -> str:
    """Return a task."""
    todo = _event(f"task-{UID}", "DTSTART:20261123T100000Z\nDUE:20261123T110000Z\n")
    return _text(todo.replace("VEVENT", "VTODO"))


_FOREIGN = f'TZID="{MARK}/Zone";X-{MARK}={MARK}'
_SERIES = _text(
    ZONE,
    _event(
        f"series-{UID}",
        f"DTSTART;{_FOREIGN}:20261123T120000\nDURATION:PT30M\n"
        f"RRULE;X-{MARK}={MARK}:FREQ=WEEKLY;COUNT=9;BYDAY=MO\n"
        f"EXDATE;{_FOREIGN}:20261207T120000,20261214T120000\n"
        f"EXDATE;VALUE=DATE;X-{MARK}={MARK}:20261221\n"
        f"RDATE;VALUE=PERIOD;{_FOREIGN}:20261202T120000/PT1H\n"
        f"EXRULE;X-{MARK}={MARK}:FREQ=YEARLY;COUNT=1;X-{MARK}={MARK}\n",
    ),
    _event(
        f"series-{UID}",
        f"RECURRENCE-ID;RANGE={MARK};{_FOREIGN}:20261130T120000\n"
        f"DTSTART;{_FOREIGN}:20261130T140000\nDTEND;{_FOREIGN}:20261130T150000\n"
        f"STATUS:X-{MARK}\nTRANSP:{MARK}\n",
    ),
)
_NOWHERE = _text(
    _event(f"nowhere-{UID}", f"DTSTART;TZID={MARK}:20261124T080000\nDTEND:20261124T073000Z\n")
)
_WHOLE_DAY = _text(
    _event(f"day-{UID}", "DTSTART;VALUE=DATE:20261125\nRRULE:FREQ=MONTHLY;UNTIL=20270401T220000Z\n")
)

#: Objects by the names their client gave them.
MARKED = {
    f"{MARK}-hans.ics": a_marked_event(),
    f"{MARK} & Söhne.ics": a_marked_event(f"tentative-{UID}", 24, "STATUS:TENTATIVE\n"),
    f"{MARK}-3.ics": a_marked_event(f"cancelled-{UID}", 25, "STATUS:CANCELLED\n"),
    f"{MARK}-4.ics": a_marked_event(f"free-{UID}", 26, "TRANSP:TRANSPARENT\n"),
    f"series-{MARK}.ics": _SERIES,
    f"nowhere-{MARK}": _NOWHERE,
    f"day-{MARK}.ics": _WHOLE_DAY,
}

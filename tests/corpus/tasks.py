"""Tasks and journals: stored as they are; when they are found is told in the tests of filters."""

from __future__ import annotations

from tests.corpus.building import Case, case

__all__ = ["TASKS"]

TASKS: tuple[Case, ...] = (
    case("task", "SUMMARY:Labor anrufen", component="VTODO", when=None, busy=False),
    case(
        "task-due",
        "DUE;TZID=Europe/Berlin:20261123T100000",
        component="VTODO",
        when=None,
        busy=False,
    ),
    case(
        "task-from-to",
        "DTSTART:20261123T090000Z",
        "DUE:20261124T090000Z",
        "PERCENT-COMPLETE:50",
        component="VTODO",
        when=None,
        busy=False,
    ),
    case(
        "task-done",
        "COMPLETED:20261123T090000Z",
        "STATUS:COMPLETED",
        component="VTODO",
        when=None,
        busy=False,
    ),
    case(
        "task-every-day",
        "DTSTART;VALUE=DATE:20261123",
        "RRULE:FREQ=DAILY;COUNT=3",
        component="VTODO",
        when=None,
        busy=False,
    ),
    case(
        "task-with-alarm",
        "DUE:20261123T090000Z",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "TRIGGER;RELATED=END:-PT1H",
        "DESCRIPTION:x",
        "END:VALARM",
        component="VTODO",
        when=None,
        busy=False,
    ),
    case(
        "journal",
        "DTSTART;VALUE=DATE:20261123",
        "SUMMARY:Ruhig",
        component="VJOURNAL",
        when=None,
        busy=False,
    ),
    case(
        "journal-without-a-day",
        "DESCRIPTION:Notiz",
        "DESCRIPTION:zweite",
        component="VJOURNAL",
        when=None,
        busy=False,
    ),
)

"""Cases whose right answer is in the making elsewhere: the branch, and the names of the cases."""

from __future__ import annotations

__all__ = ["WAITING"]

WAITING: dict[str, tuple[str, ...]] = {
    "webdav": (
        "MOVE to /caldav/calendars/dr-mueller/neu.ics (36) {'Overwrite': 'X'}",
        "MOVE to /caldav/calendars/dr-mueller/neu.ics (36) {'Overwrite': ''}",
        "MOVE to /caldav/calendars/dr-mueller/neu.ics (36) {'Overwrite': 'T, F'}",
        "MOVE to /caldav/calendars/dr-mueller/neu.ics (36) {'Depth': '1'}",
        "MOVE to /caldav/calendars/dr-mueller/neu.ics (36) {'Depth': 'x'}",
        "REPORT with Depth: 2 (1)",
        "REPORT with Depth: -1 (2)",
        "REPORT with Depth: x (1)",
        "PUT with If: ( (1)",
        "PUT with If: () (2)",
        "PUT with If: < (1)",
        "PUT with If: (<x) (4)",
        "PUT with If: ([x]) (5)",
        'PUT with If: ["x"] (5)',
        "PUT with If: (Not) (5)",
        "PUT with If: x (1)",
        "PUT with If: (<urn:x>) ( (11)",
        "PUT with If: <<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<< (10000)",
        "PUT with If: (((((((((((((((((((((((((((((((((((((((( (10000)",
        "PUT with If: (<urn:x> (<urn:x> (<urn:x> (<urn:x> (<ur (45000)",
        'PUT with If: " (1)',
        "PUT with If: ([W/]) (6)",
        "PUT with If: (<urn:uuid:181d4fae-7d8c-11d0-a765-00a0c (49)",
        'PUT with If: (["nobody"]) (12)',
        "MOVE to ftp://localhost/caldav/calendars/dr-mueller/x.ics (49) {}",
        "MOVE to file:///caldav/calendars/dr-mueller/x.ics (41) {}",
        "MOVE to javascript:/caldav/calendars/dr-mueller/x.ics (45) {}",
    ),
}

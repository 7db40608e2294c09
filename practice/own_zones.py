"""The VTIMEZONE that a text brings for a name nobody knows, as a zone.

Its onsets are listed once, under limits, whatever its rules say: a hostile one costs little and
is no zone. Not here: names that are known (`practice.timezones`).

Source: RFC 5545 3.6.5.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from datetime import datetime, timedelta, tzinfo
from itertools import islice
from typing import TYPE_CHECKING, Any

from dateutil.rrule import rrulestr

from practice.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["OwnZone", "own_zone"]

#: Two changes a year since 1601, where Outlook begins, are 1200.
MOST_ONSETS = 2000
LATEST_YEAR = 2200
_OFFSET = re.compile(r"([+-])(\d\d)([0-5]\d)([0-5]\d)?")
_LOCAL = re.compile(r"\d{8}T\d{6}")
#: What rules of time zones are made of. Every part once, and none that multiplies them.
_RULE = re.compile(
    r"(?!.*\b(FREQ|BYMONTH|BYMONTHDAY)=.*\b\1=)(?=.*\bFREQ=YEARLY\b)"
    r"(?:(?:FREQ=YEARLY|INTERVAL=1|WKST=[A-Z]{2}|BYMONTH=\d{1,2}|BYDAY=[+-]?\d?[A-Z]{2}"
    r"|BYMONTHDAY=-?\d{1,2}(?:,-?\d{1,2}){0,6}|UNTIL=[0-9TZ]+|COUNT=\d{1,4})(?:;|$))+"
)

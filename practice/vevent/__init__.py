"""iCalendar text to facts, and bookings to iCalendar text: the only importer of `icalendar`
(besides `practice.recurrence`, which expands what is read here).
"""

from practice.facts import Busy, Facts, Limits, Occupied
from practice.vevent.availability import apply_availability, check_availability, unavailable
from practice.vevent.calendar_data import CompData, DataRequest, expanded, tell
from practice.vevent.disguise import disguised
from practice.vevent.filtering import (
    Collation,
    CompFilter,
    ParamFilter,
    PropFilter,
    TextMatch,
    matches,
    might_match,
)
from practice.vevent.invitation import Invitation, Method, calendar_of, invite
from practice.vevent.reading import occupies, occurs, read
from practice.vevent.times import alarm_reach, is_in
from practice.vevent.writing import (
    PRODID,
    Event,
    fingerprints,
    merge,
    retimed,
    revise,
    summary_of,
    write,
)
from practice.vevent.zones_by_reference import with_zones, without_zones

__all__ = [
    "PRODID",
    "Busy",
    "Collation",
    "CompData",
    "CompFilter",
    "DataRequest",
    "Event",
    "Facts",
    "Invitation",
    "Limits",
    "Method",
    "Occupied",
    "ParamFilter",
    "PropFilter",
    "TextMatch",
    "alarm_reach",
    "apply_availability",
    "calendar_of",
    "check_availability",
    "disguised",
    "expanded",
    "fingerprints",
    "invite",
    "is_in",
    "matches",
    "merge",
    "might_match",
    "occupies",
    "occurs",
    "read",
    "retimed",
    "revise",
    "summary_of",
    "tell",
    "unavailable",
    "with_zones",
    "without_zones",
    "write",
]

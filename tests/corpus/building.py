"""Cases of the corpus, built in a line or two each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

__all__ = ["AT_TEN", "FIRST", "LAST", "TEN", "Case", "Stay", "a_zone", "case", "days", "stays"]

BERLIN = ZoneInfo("Europe/Berlin")
#: The range in which every occurrence of every case is known; both changes of the clock are in it.
FIRST = datetime(2026, 10, 1, tzinfo=UTC)
LAST = datetime(2027, 5, 1, tzinfo=UTC)

#: When a case is that is odd in another way.
TEN = ("DTSTART;TZID=Europe/Berlin:20261123T100000", "DTEND;TZID=Europe/Berlin:20261123T103000")


@dataclass(frozen=True, order=True)
class Stay:
    """One occurrence, between two moments; `whole_days` for one that is told in dates."""

    start: datetime
    end: datetime
    whole_days: bool = False

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Tell whether a range has anything of it (RFC 4791 9.9)."""
        if self.start == self.end:
            return start <= self.start < end
        return start < self.end and self.start < end


@dataclass(frozen=True)
class Case:
    """One awkward object. `stays` are its occurrences from FIRST to LAST, None for what is not
    asked for by time; `busy` says whether they take the doctor's time.
    """

    name: str
    text: str
    stays: tuple[Stay, ...] | None
    busy: bool = True
    component: str = "VEVENT"


def _moment(told: str) -> datetime:
    if told.endswith("Z"):
        return datetime.strptime(told, "%Y-%m-%d %H:%MZ").replace(tzinfo=UTC)
    local = datetime.strptime(told, "%Y-%m-%d %H:%M").replace(tzinfo=BERLIN)
    return local.astimezone(UTC)


def stays(*told: str) -> tuple[Stay, ...]:
    """Return occurrences told as "2026-11-23 10:00 / 2026-11-23 10:30"."""
    pairs = (one.split(" / ") for one in told)
    return tuple(Stay(_moment(start), _moment(end)) for start, end in pairs)


def days(*told: str) -> tuple[Stay, ...]:
    """Return occurrences told as "2026-12-24" (that day) or "2026-12-24 / 2026-12-27" (up to)."""
    found = []
    for one in told:
        first, _, after = one.partition(" / ")
        start = date.fromisoformat(first)
        end = date.fromisoformat(after) if after else start + timedelta(days=1)
        found.append(Stay(_moment(f"{start} 00:00"), _moment(f"{end} 00:00"), whole_days=True))
    return tuple(found)


AT_TEN = stays("2026-11-23 10:00 / 2026-11-23 10:30")


def case(
    name: str,
    *lines: str,
    when: tuple[Stay, ...] | None = AT_TEN,
    busy: bool = True,
    head: tuple[str, ...] = (),
    more: tuple[tuple[str, ...], ...] = (),
    component: str = "VEVENT",
    uid: str | None = None,
) -> Case:
    """Return a case of one component with these lines; TEN is there unless a DTSTART is.

    `head` stands before it in the calendar, `more` are overrides that share its UID.
    """
    timed = any(line.upper().startswith(("DTSTART", "RECURRENCE-ID")) for line in lines)
    usual = () if timed or (more and not lines) or component != "VEVENT" else TEN
    own = f"UID:{uid or f'fall-{name}@example.org'}"
    parts = ((*usual, *lines), *more) if lines or usual else more
    inside = [
        line
        for part in parts
        for line in (
            f"BEGIN:{component}",
            own,
            "DTSTAMP:20261101T080000Z",
            *part,
            f"END:{component}",
        )
    ]
    text = "\r\n".join(
        (
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//T//T//DE",
            *head,
            *inside,
            "END:VCALENDAR",
            "",
        )
    )
    return Case(name, text, when, busy, component)


def a_zone(tzid: str, *observances: tuple[str, str, str, str, str]) -> tuple[str, ...]:
    """Return a VTIMEZONE; an observance is (kind, start, from, to, rule or "")."""
    lines = ["BEGIN:VTIMEZONE", f"TZID:{tzid}"]
    for kind, start, before, after, rule in observances:
        lines += [f"BEGIN:{kind}", f"DTSTART:{start}", f"TZOFFSETFROM:{before}"]
        lines += [f"TZOFFSETTO:{after}", *([f"RRULE:{rule}"] if rule else []), f"END:{kind}"]
    return (*lines, "END:VTIMEZONE")

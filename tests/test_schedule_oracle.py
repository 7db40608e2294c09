"""Free slots and openings against a slow and obvious answer: minute by minute, by sets of minutes.

The oracle shares nothing with what it checks but the records.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from practice.appointments import Slot
from practice.schedule import (
    AppointmentType,
    BookingRules,
    DoctorTime,
    Hold,
    HoursException,
    Taken,
    Wanted,
    WorkingHours,
    concerning,
    free_slots,
    openings,
)
from tests.building import BERLIN

#: The clock is set forward, set back; a year ends; nothing special.
MIDDLES = (date(2026, 3, 29), date(2026, 10, 25), date(2026, 12, 31), date(2026, 6, 10))
DAYS = 3
DOCTORS = (7, 3)
Spans = list[tuple[int, int]]


@dataclass(frozen=True)
class Case:
    """One practice for three days, and what is looked for. Hours are (weekday, minute, minute)."""

    first: date
    hours: dict[int, list[tuple[int, int, int]]]
    exceptions: list[HoursException]
    holidays: set[date]
    busy: dict[int, Spans]
    kept: dict[int, Spans]
    room_busy: dict[int, Spans]
    room_kept: dict[int, Spans]
    patient: Spans
    holds: list[Hold]
    kind: AppointmentType
    minutes: int
    rules: BookingRules | None
    now: datetime
    within: Slot

    @property
    def last(self) -> date:
        return self.first + timedelta(days=DAYS)


# The oracle


def shown(minute: int) -> datetime:
    """Return what the clock shows at a minute since 1970."""
    return datetime.fromtimestamp(minute * 60, BERLIN)


@cache
def minutes_of(day: date) -> list[int]:
    noon = int(datetime.combine(day, time(12), UTC).timestamp()) // 60
    return [m for m in range(noon - 1440, noon + 1440) if shown(m).date() == day]


@cache
def first_showing(day: date, minute_of_day: int) -> int:
    """Return the first minute of the day at which the clock shows that much or more."""
    for m in minutes_of(day):
        if shown(m).hour * 60 + shown(m).minute >= minute_of_day:
            return m
    return minutes_of(day)[-1] + 1


def minutes_in(slot: Slot) -> range:
    return range(int(slot.start.timestamp()) // 60, int(slot.end.timestamp()) // 60)


def open_minutes(case: Case, doctor: int) -> set[int]:
    days = [case.first + timedelta(days=n) for n in range(DAYS)]
    there: set[int] = set()
    for day in days:
        if day in case.holidays:
            continue
        for weekday, opens, closes in case.hours[doctor]:
            if weekday == day.weekday():
                there |= set(range(first_showing(day, opens), first_showing(day, closes)))
    for whose in (None, doctor):
        for is_open in (False, True):
            for exception in case.exceptions:
                if exception.doctor_id == whose and exception.open is is_open:
                    concerned = set(minutes_in(exception.span))
                    there = there | concerned if is_open else there - concerned
    return {m for m in there if shown(m).date() in days}


def on_grid(there: set[int], step: int) -> set[int]:
    unit = max(n for n in range(1, 61) if 60 % n == 0 and step % n == 0)
    result = set()
    begins = 0
    for m in sorted(there):
        if m - 1 not in there or shown(m - 1).date() != shown(m).date():
            begins = shown(m).hour * 60 + shown(m).minute
            while begins % unit:
                begins += 1
        if (shown(m).hour * 60 + shown(m).minute - begins) % step == 0:
            result.add(m)
    return result


def touches(spans: Spans, start: int, end: int) -> bool:
    return any(a < b and a < end and start < b for a, b in spans)


def is_free(case: Case, start: int, end: int, busy: Spans, kept: Spans, held: list[Hold]) -> bool:
    before, after = case.kind.buffer_before * 60, case.kind.buffer_after * 60
    for hold in held:
        if hold.expires > case.now:
            a, b = int(hold.slot.start.timestamp()), int(hold.slot.end.timestamp())
            busy = [*busy, (a, b)]
            kept = [*kept, (a - hold.buffer_before * 60, b + hold.buffer_after * 60)]
    return not touches(busy, start - before, end + after) and not touches(kept, start, end)


def may_begin(case: Case, m: int) -> bool:
    if not case.within.start.timestamp() <= m * 60 < case.within.end.timestamp():
        return False
    if case.rules is None:
        return True
    latest = case.now.astimezone(BERLIN).date() + timedelta(days=case.rules.window_days)
    ahead = m * 60 - case.now.timestamp()
    return ahead >= case.rules.lead_minutes * 60 and shown(m).date() <= latest


def expected(case: Case) -> list[tuple[int, int | None, int]]:
    """Return (doctor, room, first minute) of every free slot."""
    length = case.minutes or case.kind.minutes
    found: list[tuple[int, int | None, int]] = []
    there = {doctor: open_minutes(case, doctor) for doctor in DOCTORS}
    grid = {doctor: on_grid(there[doctor], case.kind.step) for doctor in DOCTORS}
    for m in sorted(set().union(*grid.values())):
        start, end = m * 60, (m + length) * 60
        if not may_begin(case, m) or touches(case.patient, start, end):
            continue
        for doctor in DOCTORS:
            if m not in grid[doctor] or any(n not in there[doctor] for n in range(m, m + length)):
                continue
            held = [h for h in case.holds if h.doctor_id == doctor]
            if not is_free(case, start, end, case.busy[doctor], case.kept[doctor], held):
                continue
            fit = [
                room
                for room in case.room_busy
                if is_free(
                    case,
                    start,
                    end,
                    case.room_busy[room],
                    case.room_kept[room],
                    [h for h in case.holds if h.room_id == room],
                )
            ]
            if not case.kind.rooms:
                found.append((doctor, None, m))
            elif fit:
                found.append((doctor, fit[0], m))
    return found


# What is checked


def their_openings(case: Case, doctor: int, since: date | None = None) -> list[Slot]:
    hours = WorkingHours(
        tuple(
            (day, time(*divmod(a, 60)), time(*divmod(b, 60)) if b < 1440 else time(0))
            for day, a, b in sorted(case.hours[doctor])
        )
    )
    theirs = concerning(case.exceptions, doctor)
    return openings(hours, theirs, case.holidays, since or case.first, case.last, BERLIN)


def found(case: Case, since: date | None = None) -> list[tuple[int, int | None, int]]:
    doctors = {
        doctor: DoctorTime(
            their_openings(case, doctor, since), Taken(case.busy[doctor], case.kept[doctor])
        )
        for doctor in DOCTORS
    }
    slots = list(
        free_slots(
            Wanted(case.kind, case.within, BERLIN, case.now, case.minutes, case.rules),
            doctors,
            {room: Taken(case.room_busy[room], case.room_kept[room]) for room in case.room_busy},
            patient=Taken(case.patient),
            holds=case.holds,
        )
    )
    length = timedelta(minutes=case.minutes or case.kind.minutes)
    for free in slots:
        assert free.slot.end.astimezone(UTC) - free.slot.start.astimezone(UTC) == length
        assert free.slot.start.tzinfo is BERLIN
        assert free.slot.start.timestamp() % 60 == 0
    return [(s.doctor_id, s.room_id, int(s.slot.start.timestamp()) // 60) for s in slots]


# Practices

#: Times of a day, more of them where clocks change and at the day's edges.
times_of_day = st.one_of(
    st.sampled_from([0, 90, 115, 120, 122, 150, 180, 210, 480, 720, 1320, 1435, 1440]),
    st.integers(0, 1440),
)


@st.composite
def spans(draw: st.DrawFn, start: int, most: int = 8) -> Spans:
    """Return busy spans in order, some odd, some empty, some for days."""
    at = st.one_of(
        st.integers(-600, DAYS * 1440).map(lambda m: m * 60), st.integers(0, DAYS * 86400)
    )
    long = st.one_of(
        st.integers(1, 120).map(lambda m: m * 60), st.sampled_from([0, 1, 59, 61, 86400, 100_000])
    )
    drawn = draw(st.lists(st.tuples(at, long), max_size=most))
    return sorted((start + a, start + a + b) for a, b in drawn)


@st.composite
def weeks(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    drawn = draw(
        st.lists(st.tuples(st.integers(0, 6), times_of_day, times_of_day), min_size=4, max_size=14)
    )
    always = draw(st.sampled_from([[], [(d, 0, 1440) for d in range(7)]]))
    return [*((day, min(a, b), max(a, b)) for day, a, b in drawn if a != b), *always]


@st.composite
def slots(draw: st.DrawFn, start: int, longest: int = 3000) -> Slot:
    begin = start + draw(st.integers(-300, DAYS * 1440)) * 60
    end = begin + draw(st.one_of(st.integers(1, 400), st.integers(1, longest))) * 60
    return Slot(datetime.fromtimestamp(begin, UTC), datetime.fromtimestamp(end, UTC))


@st.composite
def kinds(draw: st.DrawFn) -> AppointmentType:
    minutes = draw(st.sampled_from([1, 5, 10, 15, 30, 45, 90]))
    buffers = st.sampled_from([0, 0, 5, 10, 35])
    return AppointmentType(
        "kontrolle",
        "Kontrolle",
        minutes=minutes,
        min_minutes=1,
        max_minutes=1000,
        buffer_before=draw(buffers),
        buffer_after=draw(buffers),
        rooms=draw(st.sampled_from([(), ("zimmer-1", "zimmer-2")])),
        step=draw(st.sampled_from([1, 5, 7, 15, 20, 25, 30, 40, 45, 60, 90])),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    first = draw(st.sampled_from(MIDDLES)) - timedelta(days=1)
    start = minutes_of(first)[0] * 60
    exceptions = [
        HoursException(n, doctor, None, span, is_open, "anders")
        for n, (doctor, span, is_open) in enumerate(
            draw(
                st.lists(
                    st.tuples(st.sampled_from([None, *DOCTORS]), slots(start), st.booleans()),
                    max_size=4,
                )
            )
        )
    ]
    # Where the doctors are always there and everybody may book, what is taken shows most.
    plain = draw(st.booleans())
    always = [(day, 0, 1440) for day in range(7)]
    now = datetime.fromtimestamp(start + draw(st.integers(-3000, 3000)) * 60, UTC)
    holds = [
        Hold(doctor, room, span, now + timedelta(minutes=left), before, after)
        for doctor, room, span, left, before, after in draw(
            st.lists(
                st.tuples(
                    st.sampled_from(DOCTORS),
                    st.sampled_from([None, 1, 2]),
                    slots(start, 60),
                    st.sampled_from([0, 1, 5]),
                    st.sampled_from([0, 5]),
                    st.sampled_from([0, 20]),
                ),
                max_size=3,
            )
        )
    ]
    return Case(
        first=first,
        hours={doctor: always if plain else draw(weeks()) for doctor in DOCTORS},
        exceptions=[] if plain else exceptions,
        holidays=set()
        if plain
        else draw(st.sets(st.sampled_from([first, first + timedelta(days=1)]), max_size=1)),
        busy={doctor: draw(spans(start)) for doctor in DOCTORS},
        kept={doctor: draw(spans(start, 3)) for doctor in DOCTORS},
        room_busy={room: draw(spans(start)) for room in (2, 1)},
        room_kept={room: draw(spans(start, 2)) for room in (2, 1)},
        patient=draw(spans(start, 6)),
        holds=holds,
        kind=draw(kinds()),
        minutes=draw(st.sampled_from([0, 0, 20])),
        rules=draw(
            st.one_of(
                st.none(),
                st.none()
                if plain
                else st.builds(
                    BookingRules,
                    lead_minutes=st.sampled_from([0, 120, 1000]),
                    window_days=st.sampled_from([0, 1, 2, 90]),
                ),
            )
        ),
        now=now,
        within=draw(
            st.one_of(
                st.just(
                    Slot(
                        datetime.fromtimestamp(start, UTC),
                        datetime.fromtimestamp(start + DAYS * 90_000, UTC),
                    )
                ),
                st.nothing() if plain else slots(start),
            )
        ),
    )


@settings(max_examples=70, deadline=None)
@given(cases())
def test_the_free_slots_are_those_found_minute_by_minute(case: Case) -> None:
    assert found(case) == expected(case)


@settings(max_examples=60, deadline=None)
@given(cases())
def test_the_openings_are_those_found_minute_by_minute_and_never_touch(case: Case) -> None:
    for doctor in DOCTORS:
        told = their_openings(case, doctor)
        told_minutes = [m for slot in told for m in minutes_in(slot)]
        assert told_minutes == sorted(open_minutes(case, doctor))
        edges = [edge.timestamp() for slot in told for edge in (slot.start, slot.end)]
        assert edges == sorted(set(edges))


@settings(max_examples=40, deadline=None)
@given(cases())
def test_openings_read_from_a_later_day_on_offer_the_same_slots(case: Case) -> None:
    """So that what was offered is found when it is booked, whenever one began to look."""
    later = case.first + timedelta(days=1)
    from_then = found(case, since=later)
    assert from_then == [f for f in found(case) if shown(f[2]).date() >= later]

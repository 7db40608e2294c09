"""Filters against a slow and obvious oracle, which looks at what texts were made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from practice.facts import Span
from practice.vevent import CompFilter, PropFilter, TextMatch, matches, might_match

FIRST = datetime(2026, 11, 23, tzinfo=UTC)
WORDS = ("Visite", "Befund, neu", "ZAHN", "zahn; weh", "")
NAMES = ("SUMMARY", "LOCATION", "X-NOTE")


@dataclass(frozen=True)
class Piece:
    """One component: the hours it starts at, how many it lasts, words, and an alarm's hour."""

    starts: tuple[int, ...]
    length: int
    words: dict[str, str]
    alarm: int | None

    def lines(self, original: int | None) -> list[str]:
        told = ["BEGIN:VEVENT", "UID:x", f"DTSTART:{_at(self.starts[0])}"]
        told.append(f"DURATION:PT{self.length}H")
        if original is None:
            told.append(f"RRULE:FREQ=DAILY;COUNT={len(self.starts)}")
        else:
            told.append(f"RECURRENCE-ID:{_at(original)}")
        for name, word in self.words.items():
            escaped = word.replace(",", "\\,").replace(";", "\\;")
            told.append(f"{name}:{escaped[:3]}\r\n {escaped[3:]}")
        if self.alarm is not None:
            sign = "-" if self.alarm < 0 else ""
            told += ["BEGIN:VALARM", f"TRIGGER:{sign}PT{abs(self.alarm)}H", "END:VALARM"]
        return [*told, "END:VEVENT"]


@dataclass(frozen=True)
class Thing:
    """A series that starts every day at an hour, and an override of one of its days."""

    master: Piece
    override: Piece | None
    day: int

    @property
    def pieces(self) -> list[Piece]:
        if self.override is None:
            return [self.master]
        kept = tuple(s for n, s in enumerate(self.master.starts) if n != self.day)
        return [
            Piece(kept, self.master.length, self.master.words, self.master.alarm),
            self.override,
        ]

    def text(self) -> str:
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", *self.master.lines(None)]
        if self.override is not None:
            lines += self.override.lines(self.master.starts[self.day])
        return "\r\n".join([*lines, "END:VCALENDAR", ""])


def _at(hour: int) -> str:
    return f"{FIRST + timedelta(hours=hour):%Y%m%dT%H%M%SZ}"


_words = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(WORDS), max_size=2)
_alarms = st.none() | st.sampled_from([-30, -1, 0, 5])


@st.composite
def things(draw: st.DrawFn) -> Thing:
    first, days = draw(st.integers(0, 20)), draw(st.integers(1, 4))
    starts = tuple(first + 24 * n for n in range(days))
    master = Piece(starts, draw(st.integers(0, 30)), draw(_words), draw(_alarms))
    day = draw(st.integers(0, days - 1))
    moved = (draw(st.integers(0, 100)),)
    other = Piece(moved, draw(st.integers(0, 3)), draw(_words), draw(_alarms))
    return Thing(master, draw(st.sampled_from([None, other])), day)


_spans = st.none() | st.tuples(st.integers(-40, 110), st.integers(1, 30))
_texts = st.none() | st.tuples(
    st.sampled_from(["visite", "zahn", "befund,", "e", ""]), st.booleans()
)
_props = st.tuples(st.sampled_from(NAMES), st.booleans(), _texts)
#: A range, properties, and (absent, range) of an alarm.
_filters = st.tuples(
    _spans, st.lists(_props, max_size=2), st.none() | st.tuples(st.booleans(), _spans)
)

Hours = tuple[int, int] | None


def _span(hours: Hours) -> Span | None:
    if hours is None:
        return None
    start = int((FIRST + timedelta(hours=hours[0])).timestamp())
    return Span(start, start + hours[1] * 3600)


def _is_in(starts: tuple[int, ...], length: int, hours: Hours) -> bool:
    if hours is None:
        return True
    first, last = hours[0], hours[0] + hours[1]
    return any(s < last and (s + length > first or (length == 0 and s >= first)) for s in starts)


def _has(piece: Piece, name: str, absent: bool, told: tuple[str, bool] | None) -> bool:
    word = piece.words.get(name)
    if absent or word is None:
        return absent and word is None
    return told is None or (told[0].lower() in word.lower()) != told[1]


@settings(max_examples=400, deadline=None)
@given(things(), _filters)
def test_a_filter_says_what_the_oracle_says(
    thing: Thing,
    asked: tuple[Hours, list[tuple[str, bool, tuple[str, bool] | None]], tuple[bool, Hours] | None],
) -> None:
    hours, props, alarm = asked

    def fits(piece: Piece) -> bool:
        if not _is_in(piece.starts, piece.length, hours):
            return False
        if not all(_has(piece, *prop) for prop in props):
            return False
        if alarm is None:
            return True
        absent, rings = alarm
        if absent or piece.alarm is None:
            return absent and piece.alarm is None
        return _is_in(tuple(s + (piece.alarm or 0) for s in piece.starts), 0, rings)

    wanted = any(fits(piece) for piece in thing.pieces)
    if hours is None and alarm is None:
        # A series whose every instance is overridden is a component still.
        wanted = any(fits(Piece((0,), 0, p.words, p.alarm)) for p in thing.pieces)
    filters = tuple(
        PropFilter(name, absent, None if absent or told is None else TextMatch(*told))
        for name, absent, told in props
    )
    comps: tuple[CompFilter, ...] = ()
    if alarm is not None:
        comps = (CompFilter("VALARM", alarm[0], span=None if alarm[0] else _span(alarm[1])),)
    event = CompFilter("VEVENT", props=filters, comps=comps, span=_span(hours))
    whole = CompFilter("VCALENDAR", comps=(event,))
    assert matches(thing.text(), whole, UTC) == wanted
    assert might_match(thing.text(), whole) or not wanted

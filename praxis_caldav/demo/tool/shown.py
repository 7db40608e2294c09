"""What the booking tool shows: its page in German and in English, made of the parts of `tool.html`.

Not here: which page is shown when (`page`), nor any text.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from practice.appointments import Status
from praxis_caldav.demo.tool.asked import AHEAD, LENGTHS
from praxis_caldav.demo.tool.bookings import TIMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from practice.appointments import Booking, Slot
    from praxis_caldav.demo.tool.bookings import Entry

__all__ = ["HEADERS", "Language", "languages", "policy"]

_BOTH = re.compile(r"\[\[(.*?)\|(.*?)\]\]", re.DOTALL)
_PART = re.compile(r"<!-- part: (\w+) -->\n")
_OFFERED = tuple((f"{each:%H:%M}",) * 2 for each in TIMES)
#: The fields that a sentence is about, where it is not the one that it is named for.
_FIELDS = {"when": ("day", "time"), "taken": ("day", "time")}
_POLICY = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
#: What goes with every answer.
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def policy(nonce: str) -> str:
    """Return what the page's browser may load and run: what is in the page, and the page's data."""
    own = f"script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:"
    return f"{_POLICY}; {own}; connect-src 'self'; form-action 'self'"


def languages(doctors: Mapping[str, str]) -> dict[str, Language]:
    """Return the languages by their names; `doctors` are names by ids."""
    return {name: Language(name, place, doctors) for place, name in enumerate(("de", "en"))}


class Language:
    """The parts of `tool.html` in one language, and what is made of them."""

    def __init__(self, name: str, place: int, doctors: Mapping[str, str]) -> None:
        text = Path(__file__).with_name("tool.html").read_text("utf-8")
        parts = _PART.split(_BOTH.sub(lambda found: found[1 + place], text))[1:]
        self._parts = dict(zip(parts[::2], parts[1::2], strict=True))
        lines = self._parts.pop("words").splitlines()
        self.words: dict[str, str] = dict(line.split(" = ", 1) for line in lines)
        self.name, self._doctors = name, doctors

    def part(self, part: str, raw: Mapping[str, str] | None = None, /, **values: str) -> str:
        """Return a part with values in it, escaped but for the `raw` ones."""
        safe = {each: escape(value) for each, value in values.items()}
        return Template(self._parts[part]).substitute(safe, lang=self.name, **(raw or {})).strip()

    def form_to_book(self, given: Mapping[str, str], today: date, wrong: str) -> str:
        """Return the form with what was typed; `wrong` names the sentence that it is about."""
        ahead = (today + timedelta(days=count) for count in range(1, 4))
        soon = next(day for day in ahead if day.weekday() < 5)
        lists = {
            "doctors": _options(list(self._doctors.items()), given.get("doctor", "")),
            "times": _options(_OFFERED, given.get("time", "")),
        }
        values = {name: given.get(name, "") for name in (*LENGTHS, "birth_date")}
        values |= _span(today) | {"day": given.get("day") or soon.isoformat()}
        return _marked(self.part("book", lists, **values), wrong)

    def form_to_move(self, entry: Entry, given: Mapping[str, str], today: date, wrong: str) -> str:
        """Return the form with what was typed, else with how the booking stands."""
        start = entry.booking.slot.start
        times = _options(_OFFERED, given.get("time") or f"{start:%H:%M}")
        values = self._values(entry) | _span(today)
        values["day"] = given.get("day") or start.date().isoformat()
        return _marked(self.part("move", {"times": times}, **values), wrong)

    def listed(self, entries: Sequence[Entry]) -> tuple[str, str]:
        """Return all bookings in HTML, and the last change as a text."""
        if not entries:
            return "", self.words["nothing"]
        rows = "\n".join(self._row(entry) for entry in entries)
        latest = self._values(max(entries, key=lambda each: each.changed))
        return rows, Template(self.words["latest"]).substitute(latest)

    def _row(self, entry: Entry) -> str:
        values, buttons = self._values(entry), ""
        if entry.booking.status is not Status.CANCELLED:
            buttons = self.part("buttons", **values)
        return self.part("booking", {"buttons": buttons}, **values)

    def _values(self, entry: Entry) -> dict[str, str]:
        booking, status = entry.booking, entry.booking.status.value.lower()
        return {
            "id": booking.id,
            "name": f"{booking.first_name} {booking.last_name}".strip(),
            "born": self._born(booking.birth_date),
            "doctor": self._doctor(booking),
            "when": self._when(booking.slot),
            "status": status,
            "word": self.words[status],
            "reason": f" · {booking.reason}" if booking.reason else "",
            "changed": entry.changed.isoformat(),
            "by": entry.by,
            "change": self._change(entry),
        }

    def _doctor(self, booking: Booking) -> str:
        return self._doctors.get(booking.doctor, booking.doctor)

    def _day(self, moment: datetime) -> str:
        return f"{self.words['days'].split()[moment.weekday()]} {moment:{self.words['date']}}"

    def _when(self, slot: Slot) -> str:
        return f"{self._day(slot.start)}, {slot.start:%H:%M}–{slot.end:%H:%M}"

    def _born(self, told: str) -> str:
        """Return what follows a name; nothing where no date is known."""
        if not told:
            return ""
        return f", {self.words['born']} {date.fromisoformat(told):{self.words['date']}}"

    def _change(self, entry: Entry) -> str:
        words, then, before = self.words, entry.changed, entry.before
        told = Template(words["change"]).substitute(
            what=words[f"was_{entry.what}"],
            by=words[entry.by],
            day=self._day(then),
            time=f"{then:%H:%M}",
        )
        if before is None:
            return told
        with_whom = "" if before.doctor == entry.booking.doctor else f", {self._doctor(before)}"
        return f"{told} ({words['before']} {self._when(before.slot)}{with_whom})"


def _span(today: date) -> dict[str, str]:
    return {"today": today.isoformat(), "last": (today + AHEAD).isoformat()}


def _options(pairs: Sequence[tuple[str, ...]], chosen: str) -> str:
    return "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>'
        f"{escape(label)}</option>"
        for value, label in pairs
    )


def _marked(form: str, word: str) -> str:
    """Return a form whose fields that a sentence is about point to it."""
    for name in _FIELDS.get(word, (word,)):
        field = f' name="{name}"'
        form = form.replace(field, f'{field} aria-invalid="true" aria-describedby="notice"')
    return form

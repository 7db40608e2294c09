"""Everything that is stored of one patient, in one plain structure (Art. 15 and 20 DSGVO).

Doors turn it into a file. What the log tells of another, whose appointment it once was, is left out
(Art. 15 (4)). Not here: webhooks as they came, which are kept for days, and of which
nobody knows whom they are about before they are read.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC
from typing import TYPE_CHECKING, Any

from practice.acts import ActQuestion, Kind, content_of
from practice.erasures import ERASED
from practice.errors import Invalid
from practice.use_cases.patient_records import as_told
from practice.use_cases.reading import objects_named
from practice.vevent import Limits, merge, read
from practice.views import View

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from practice.acts import Act
    from practice.appointments import Appointment
    from practice.calendars import Change
    from practice.patients import Patient
    from practice.ports import UnitOfWork
    from practice.profile import Profile

__all__ = ["OF_ANOTHER", "calendar_file", "disclose"]

#: What stands for a text that tells of another patient.
OF_ANOTHER = "(of another patient)"

#: After these acts an id may be another's.
_GONE = frozenset({ERASED, "deleted"})


def disclose(uow: UnitOfWork, patient: Patient) -> dict[str, Any]:
    """Return what is stored of a patient and of those who were found to be this one: dicts, lists,
    texts, numbers, None, and aware datetimes. Costs the log, which is read as a whole.
    """
    people = [patient, *uow.patients.merged_into(patient.id)]
    known = [one for person in people for one in uow.traces.appointments(person.id)]
    ids, uids = [one.id for one in known], {one.uid for one in known}
    numbers = {one.number for one in people}
    details = uow.traces.details(ids)
    acts = [(Kind.PATIENT, str(person.id)) for person in people]
    acts += [(Kind.APPOINTMENT, str(one.id)) for one in known]
    done = [act for kind, of in acts for act in _acts(uow, kind, of)]
    theirs = _Theirs(uow, people, done)
    return {
        "patient": as_told(patient),
        "merged": [as_told(person) for person in people[1:]],
        "appointments": [_appointment(one, details.get(one.id)) for one in known],
        "letters": [_plain(letter) for letter in uow.traces.letters(ids)],
        "acts": [_act(act, {person.id for person in people}) for act in done],
        "changes": [_change(change, theirs) for change in uow.traces.log_of(uids, numbers)],
        "import_rows": [dict(row) for one in people for row in uow.traces.import_rows(one.id)],
    }


def calendar_file(uow: UnitOfWork, patient: Patient, profile: Profile) -> str:
    """Return the calendar objects of a patient's appointments as one iCalendar text."""
    people = [patient, *uow.patients.merged_into(patient.id)]
    uids = [uid for person in people for uid in uow.patients.uids_of(person.id)]
    return merge(_texts(uow, uids), profile.name, profile.zone)


def _texts(uow: UnitOfWork, uids: Sequence[str]) -> Iterator[str]:
    calendars = {calendar.id: calendar for calendar in uow.calendars.all()}
    for uid in uids:
        # The same event in two calendars, while it is dragged from one to the other, is one.
        for head in uow.calendars.uid_holders(uid)[:1]:
            calendar = calendars[head.calendar_id]
            whole = View(calendar, (calendar,), uow.epoch)
            yield objects_named(uow, whole, [head.href])[head.href].text


def _acts(uow: UnitOfWork, kind: Kind, of: str) -> Sequence[Act]:
    found: list[Act] = []
    for act in uow.acts.search(ActQuestion(kind=kind, of=of)):
        found.append(act)
        if act.action in _GONE:
            found.clear()
    return found


def _appointment(one: Appointment, details: Mapping[str, Any] | None) -> dict[str, Any]:
    told = asdict(one)
    told |= {"start": one.slot.start, "end": one.slot.end, "status": str(one.status)}
    del told["slot"]
    return {**told, "details": dict(details) if details else None}


def _plain(record: Any) -> dict[str, Any]:
    return {
        name: str(value) if isinstance(value, str) else value
        for name, value in asdict(record).items()
    }


def _act(act: Act, ids: Collection[int]) -> dict[str, Any]:
    told = _plain(act)
    del told["seal"], told["before_digest"], told["after_digest"]
    for name in ("before", "after") if act.kind is Kind.APPOINTMENT else ():
        # When the appointment was somebody else's.
        if (content_of(told[name]) or {}).get("patient_id") not in {None, *ids}:
            told[name] = OF_ANOTHER
    return told


def _change(change: Change, theirs: _Theirs) -> dict[str, Any]:
    told = _plain(change)
    del told["seal"]
    return told | {"before": theirs.text(change.before), "after": theirs.text(change.after)}


class _Theirs:
    """Tells which texts are of some people, and which are of somebody else.

    Theirs are the numbers that they have, or that acts tell they had: whose any other was, also one
    that nobody has any more, is not known.
    """

    def __init__(self, uow: UnitOfWork, people: Sequence[Patient], acts: Sequence[Act]) -> None:
        self._now = uow.now
        told = (content_of(text) or {} for act in acts for text in (act.before, act.after))
        self._numbers = {"", *(one.number for one in people), *(one.get("number") for one in told)}

    def text(self, text: str | None) -> str | None:
        """Return a text, or what stands for one that names another patient."""
        if text is None:
            return None
        try:
            facts = read(text, zone=UTC, now=self._now, limits=Limits())
        except Invalid:  # taken when the limits were others
            return text
        return text if facts.patient_number in self._numbers else OF_ANOTHER

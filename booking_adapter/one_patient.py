"""One patient's appointments of one day, from CallDoc into the practice: fetched, found, written.

Only these bookings are taken over, as all are (`booking_adapter.taking`); of no other it is asked
where it is. Not here: who asked for it, and how far it is (`booking_adapter.single_patient`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from booking_adapter.failures import Failed
from booking_adapter.one_patient_found import Asked, Found, Step, Trouble
from booking_adapter.protocol import Told, Unreadable
from booking_adapter.taking import log_unreadable, take
from booking_adapter.tools.calldoc import lacks_names, named
from practice.matching import judge, match_key
from practice.patients import Patient, PatientRecord, VerdictKind
from practice.use_cases.patients import record_of, save_patient
from practice.use_cases.taking_over import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from booking_adapter.sync import Source
    from booking_adapter.tools.calldoc import CallDoc, Listed
    from practice.ports import Database, UnitOfWork
    from practice.profile import Profile
    from practice.use_cases.taking_over import Taken

__all__ = ["Run"]

_AMBIGUOUS = (
    "An appointment without a PIZ may be this patient's or that of another with the same name and"
    " birth date: somebody has to look."
)
_ACTIONS = {
    Outcome.CREATED: "created",
    Outcome.CHANGED: "updated",
    Outcome.UNCHANGED: "already_exists",
    # It is known, and the practice has taken its entry out of the calendar: so it stays.
    Outcome.REMOVED_HERE: "already_exists",
}
#: Of several, what is told of all of them.
_ORDER = ("created", "updated", "already_exists")


@dataclass(frozen=True, slots=True)
class _Listed:
    """What the tool has of a day: rows with the patient's number, and those without any that say
    who it is. `person` is whose the number is, as far as anybody says.
    """

    numbered: Sequence[Told | Unreadable]
    unnumbered: Sequence[Listed]
    person: PatientRecord


class Run:
    """One run, by one thread. `found` is what was found so far."""

    def __init__(
        self,
        database: Database,
        source: Source,
        tool: CallDoc,
        profile: Profile,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._source = source
        self._tool = tool
        self._profile = profile
        self._clock = clock
        self.found = Found()

    def work(
        self,
        asked: Asked,
        on_step: Callable[[Found], None],
        on_done: Callable[[UnitOfWork, Found], None],
    ) -> None:
        """Do it. `on_step` hears of each step. `on_done` is called within the transaction that
        writes, with what became of it: both are kept, or neither.

        Raises Trouble, and what the database does.
        """
        self._note(step=Step.FETCHING)
        on_step(self.found)
        with self._begun(read_only=True) as uow:
            known = uow.patients.by_number(asked.piz)
        self._note(known=known is not None, patient_id=known.id if known else None)
        moment = self._clock()
        listed = self._fetched(asked, known, on_step)
        asked.check_time()
        self._note(step=Step.RESOLVING)
        on_step(self.found)
        with self._begun() as uow:
            asked.check_time()  # writers come one after the other: it may have waited
            on_done(uow, self._written(uow, listed, moment))

    def _begun(self, *, read_only: bool = False) -> AbstractContextManager[UnitOfWork]:
        actor = self._source.actor
        return self._database.begin(actor=actor, now=self._clock(), read_only=read_only)

    def _note(self, **what: Any) -> None:
        self.found = replace(self.found, **what)

    def _fetched(
        self, asked: Asked, known: Patient | None, on_step: Callable[[Found], None]
    ) -> _Listed:
        try:
            rows = self._tool.of_day(asked.day, asked.kind, asked.until)
            self._note(step=Step.FILTERING)
            on_step(self.found)
            return self._filtered(asked, rows, known)
        except Failed as failed:
            asked.check_time()
            text = f"CallDoc gave no answer of use ({failed}). Nothing was written; try again."
            raise Trouble("tool_unreachable", text) from failed

    def _filtered(self, asked: Asked, rows: Sequence[Listed], known: Patient | None) -> _Listed:
        """Return what is the patient's, with names, and what may be, by the names it has."""
        numbered = [one.told for one in rows if one.record.number == asked.piz]
        unnumbered = [one for one in rows if not one.record.number and _says_who(one.record)]
        person = PatientRecord("", number=asked.piz)
        if any(map(_is_nameless, numbered)) or (known is None and not numbered):
            person = self._tool.patient(asked.piz, asked.until) or person
        numbered = [
            named(one, person) if isinstance(one, Told) and lacks_names(one) else one
            for one in numbered
        ]
        told = [record_of(one.booking) for one in numbered if isinstance(one, Told)]
        person = next((one for one in told if one.last_name), person)
        return _Listed(numbered, unnumbered, replace(person, number=asked.piz))

    def _written(self, uow: UnitOfWork, listed: _Listed, moment: datetime) -> Found:
        """Take the patient's bookings over; return what became of them. Raises Trouble."""
        whose = _Whose.of(uow, listed)
        rows = [*listed.numbered, *whose.certain]
        self._note(
            found=len(rows),
            known=bool(whose.patient.id or listed.person.last_name or listed.numbered),
        )
        if not rows:
            raise self._none_found(whose)
        readable = [one for one in rows if isinstance(one, Told)]
        unreadable = [one for one in rows if isinstance(one, Unreadable)]
        for one in unreadable:
            log_unreadable(self._source, one)
        if not whose.patient.id and not any(isinstance(one, Told) for one in listed.numbered):
            # None of them tells the number, and the patient would get another one.
            save_patient(uow, whose.patient)
        self._note(step=Step.WRITING)
        heard = uow.sources.find(self._source.name).succeeded
        taken = take(uow, self._source, readable, self._profile, heard, moment)
        reasons = [one.reason for one in unreadable] + [one.reason for one in taken if one.reason]
        self._note(processed=len(rows) - len(reasons))
        if not self.found.processed:
            raise Trouble("refused", f"No appointment could be taken over: {reasons[0]}")
        done = [one for one in taken if one.outcome is not Outcome.REFUSED]
        return self._outcome(uow, done, reasons, whose.doubtful)

    def _none_found(self, whose: _Whose) -> Trouble:
        if whose.doubtful:
            return Trouble("ambiguous", _AMBIGUOUS)
        if self.found.known:
            return Trouble("no_appointments", "The patient has no appointment of this type then.")
        return Trouble("patient_not_found", "Neither the practice nor CallDoc knows this PIZ.")

    def _outcome(
        self, uow: UnitOfWork, done: Sequence[Taken], reasons: Sequence[str], doubtful: int
    ) -> Found:
        known = uow.appointments.by_booking(self._source.name, [one.booking.id for one in done])
        each = [{"action": _ACTIONS[one.outcome], "id": known[one.booking.id].id} for one in done]
        first = min(each, key=lambda one: _ORDER.index(str(one["action"])))
        appointment = known[done[each.index(first)].booking.id]
        patient = uow.patients.get([appointment.patient_id or 0]).get(appointment.patient_id or 0)
        result: dict[str, Any] = {**first, "review": bool(patient and patient.to_review)}
        if len(each) > 1:
            result["all"] = each
        error = None
        if reasons:
            text = f"{len(reasons)} of {self.found.found} could not be taken over: {reasons[0]}"
            error = {"code": "refused", "text": text}
        elif doubtful:
            error = {"code": "ambiguous", "text": _AMBIGUOUS}
        return replace(self.found, patient_id=appointment.patient_id, result=result, error=error)


@dataclass(frozen=True, slots=True)
class _Whose:
    """Who the patient is (`id` 0: nobody the practice knows), which of the rows without a number
    are certainly theirs, and how many may be theirs or another's.
    """

    patient: Patient
    certain: Sequence[Told | Unreadable]
    doubtful: int

    @classmethod
    def of(cls, uow: UnitOfWork, listed: _Listed) -> _Whose:
        """Ask the same judge as whoever takes bookings over."""
        verdict = judge(listed.person, uow.patients.candidates([listed.person]))
        review = verdict.kind is VerdictKind.AMBIGUOUS
        patient = verdict.patient or Patient(listed.person.number, listed.person, to_review=review)
        # Of a full day's, a few are like theirs; only of these it is asked whose else they may be.
        alike = [one for one in listed.unnumbered if judge(one.record, [patient]).patient]
        candidates = uow.patients.candidates([one.record for one in alike])
        if not patient.id:
            candidates = [*candidates, patient]
        found = [judge(one.record, candidates).patient for one in alike]
        certain = [
            one.told
            for one, whose in zip(alike, found, strict=True)
            if whose is not None and whose.id == patient.id
        ]
        return cls(patient, certain, found.count(None))


def _says_who(record: PatientRecord) -> bool:
    return bool(record.insurance_number or match_key(record))


def _is_nameless(one: Told | Unreadable) -> bool:
    return isinstance(one, Told) and lacks_names(one)

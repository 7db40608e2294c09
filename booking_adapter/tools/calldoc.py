"""CallDoc by the lists of its frontend API, which only reads.

Observed in the programs that read it at one practice: the fields have several names; nothing tells
when an appointment ends; half of the appointments of a day may be without the patient's number in
the practice software (PIZ), and some without any patient.

Not here: who the patient is, then (`practice.matching`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from booking_adapter.failures import Failed
from booking_adapter.protocol import Days, NotAuthentic, Power, Told, Unreadable
from booking_adapter.times import from_instant, from_local, is_on
from booking_adapter.tools.values import (
    birth_date_in,
    fields_in,
    for_patient,
    id_in,
    insurance_in,
    insurance_number_in,
    parsed,
    text_in,
)
from practice.appointments import Booking, Slot, Status
from practice.patients import PatientRecord
from practice.use_cases.patients import record_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

    from booking_adapter.outgoing import Http
    from booking_adapter.protocol import Event, Hook, State

__all__ = ["CallDoc", "Frontend", "Listed", "lacks_names", "named"]

_DAY = timedelta(days=1)
_NOTHING: Mapping[str, str] = MappingProxyType({})
_OF_PATIENT = (
    "last_name",
    "first_name",
    "birth_date",
    "email",
    "phone",
    "insurance",
    "insurance_number",
)
#: Days in one answer: all of them might be more than it gives, one by one are many.
_AT_ONCE = 7
_STARTS = ("start_time", "date_time", "scheduled_for_datetime")
_STATUSES = {
    "created": Status.CONFIRMED,
    "canceled": Status.CANCELLED,
    "cancelled": Status.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Frontend:
    """One practice's. `doctors`, `kinds`, `rooms` are names of ours by its ids of employees,
    appointment types and rooms; `minutes` is how long an appointment of a type takes.
    """

    zone: ZoneInfo
    doctors: Mapping[str, str]
    minutes: Mapping[str, int]
    kinds: Mapping[str, str] = field(default_factory=dict)
    rooms: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[str, Status] = field(default_factory=lambda: dict(_STATUSES))

    def __post_init__(self) -> None:
        if not all(minutes > 0 for minutes in self.minutes.values()):
            raise ValueError("an appointment takes some minutes")


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of a list: the patient as it tells them, and the booking if that can be read."""

    record: PatientRecord
    told: Told | Unreadable


class CallDoc:
    """See the Protocol. `http` asks below its root, `patients` below that of its search by PIZ,
    which may be elsewhere; None if there is none.
    """

    powers = Power.LISTS

    def __init__(self, http: Http, frontend: Frontend, patients: Http | None = None) -> None:
        self._http = http
        self._its = frontend
        self._patients = patients

    def bookings(self, days: Days) -> Iterator[Told | Unreadable]:
        """See the Protocol."""
        found: dict[str, PatientRecord] = {}
        # A day more at both ends: its times may be instants, and its days not ours.
        first, last = days.first - _DAY, days.last + _DAY
        while first <= last:
            for row in self._listed(first, min(last, first + (_AT_ONCE - 1) * _DAY)):
                told = self._told(row)
                if isinstance(told, Unreadable):
                    yield told
                elif is_on(told.booking.slot.start, days, self._its.zone):
                    yield self._completed(told, found)
            first += _AT_ONCE * _DAY

    def of_day(self, day: date, kind: str, until: float) -> list[Listed]:
        """Return the rows of one day and one of its types, names not completed.

        `until` (of `time.monotonic`) all of it has to be there. Raises a Failed.
        """
        # A day more at both ends, as above.
        rows = self._listed(day - _DAY, day + _DAY, {"appointment_type_id": kind}, until)
        listed = []
        for row in map(fields_in, rows):
            if _number(row, "appointment_type") == kind and self._is_on(row, day):
                listed.append(Listed(_record(row), self._told(row)))
        return listed

    def patient(self, number: str, until: float) -> PatientRecord | None:
        """Return the one patient with a number as its search has them; None if there is not just
        one, or no search. Raises a Failed.
        """
        if self._patients is None:
            return None
        found = self._found(self._patients, number, until)
        return found if found.last_name else None

    def booking(self, booking_id: str) -> Told | Unreadable | None:  # noqa: ARG002
        """Return None: it cannot be asked for one, and of what is in no list it knows nothing."""
        return None

    def key(self, hook: Hook) -> str:  # noqa: ARG002
        """Raise NotAuthentic: it sends none."""
        raise NotAuthentic("This tool sends no webhooks.")

    def events(self, hook: Hook) -> Sequence[Event]:  # noqa: ARG002
        """Raise NotAuthentic: it sends none."""
        raise NotAuthentic("This tool sends no webhooks.")

    def tell(self, state: State) -> str:  # noqa: ARG002
        """Raise a Failed: it cannot be told anything."""
        raise Failed("only reads", permanent=True)

    def patients(self) -> Iterator[PatientRecord]:
        """Raise a Failed: it tells only those who have an appointment."""
        raise Failed("no list of patients", permanent=True)

    def link(self, record: PatientRecord) -> str:  # noqa: ARG002
        """Raise a Failed: it has no page for that."""
        raise Failed("no page for bookings", permanent=True)

    def _listed(
        self,
        first: date,
        last: date,
        more: Mapping[str, str] = _NOTHING,
        until: float = math.inf,
    ) -> list[Any]:
        query = {"from_date": first.isoformat(), "to_date": last.isoformat(), **more}
        path = "api/v1/frontend/appointment_search/"
        answer = parsed(self._http.ask("GET", path, query=query, until=until).content, dict)
        rows, there = answer.get("data"), answer.get("count")
        if not isinstance(rows, list):
            raise Failed("not what was asked for")
        if isinstance(there, int) and there > len(rows):
            raise Failed("a list that was cut off", permanent=True)
        return rows

    def _told(self, row: Any) -> Told | Unreadable:
        told = fields_in(row)
        its_id = id_in(told.get("id"))
        if not its_id:
            return Unreadable("", "It has no id.")
        doctor = self._its.doctors.get(_number(told, "employee"), "")
        if not doctor:
            reason = "Its employee is none of the doctors in the settings."
            return Unreadable(its_id, reason, elsewhere=True)
        kind = _number(told, "appointment_type")
        if kind not in self._its.minutes:
            return Unreadable(its_id, "How long its type takes is not in the settings.")
        status = self._its.statuses.get(text_in(told.get("status")).lower())
        try:
            slot = self._slot(told, self._its.minutes[kind])
        except (OverflowError, TypeError, ValueError):
            return Unreadable(its_id, "Its time cannot be read.")
        if status is None:
            return Unreadable(its_id, "Its status is not known.")
        record = _record(told)
        booking = Booking(
            id=its_id,
            doctor=doctor,
            slot=slot,
            status=status,
            last_name=record.last_name,
            kind=self._its.kinds.get(kind, ""),
            room=self._its.rooms.get(_number(told, "room"), ""),
            requires_confirmation=status is Status.TENTATIVE,
        )
        return Told(for_patient(booking, record))

    def _slot(self, row: Mapping[str, Any], minutes: int) -> Slot:
        start = self._start(row)
        end = start.astimezone(UTC) + timedelta(minutes=minutes)
        return Slot(start, end.astimezone(self._its.zone))

    def _start(self, row: Mapping[str, Any]) -> datetime:
        told = next((row[name] for name in _STARTS if row.get(name)), None)
        return _moment(told, self._its.zone)

    def _is_on(self, row: Mapping[str, Any], day: date) -> bool:
        """Tell whether a row is on a day; whose time cannot be read may be."""
        try:
            return is_on(self._start(row), Days(day, day), self._its.zone)
        except (OverflowError, TypeError, ValueError):
            return True

    def _completed(self, told: Told, found: dict[str, PatientRecord]) -> Told:
        """Return a booking with the patient's names, which may have to be asked for.

        `found` are those asked for already.
        """
        number = told.booking.patient_number
        if self._patients is None or not lacks_names(told):
            return told
        if number not in found:
            found[number] = self._found(self._patients, number)
        return named(told, found[number])

    def _found(self, http: Http, number: str, until: float = math.inf) -> PatientRecord:
        """Return the one patient with a number; without any names unless there is just one."""
        asked = http.ask("POST", "patients/search", json={"piz": number}, until=until)
        answer = parsed(asked.content, dict)
        if not isinstance(answer.get("patients"), list):
            raise Failed("not what was asked for")
        records = [_record(fields_in(row)) for row in answer["patients"]]
        theirs = {record for record in records if record.number in {"", number}}
        return theirs.pop() if len(theirs) == 1 else PatientRecord("", number=number)


def lacks_names(told: Told) -> bool:
    """Tell whether a booking has a patient's number, and not all that says who that is."""
    booking = told.booking
    return bool(booking.patient_number) and not (booking.last_name and booking.birth_date)


def named(told: Told, known: PatientRecord) -> Told:
    """Return a booking with what is known of its patient where it tells nothing."""
    record = record_of(told.booking)
    missing = {name: getattr(known, name) for name in _OF_PATIENT if not getattr(record, name)}
    return replace(told, booking=for_patient(told.booking, replace(record, **missing)))


def _number(row: Mapping[str, Any], name: str) -> str:
    """Return an id that may be called `employee_id` or `employee`."""
    return id_in(row.get(f"{name}_id")) or id_in(row.get(name))


def _moment(text: Any, zone: ZoneInfo) -> datetime:
    try:
        return from_instant(text, zone)
    except ValueError:
        return from_local(text, zone)


def _record(row: Mapping[str, Any]) -> PatientRecord:
    """Return what is told of a patient, in an object of its own or beside the rest."""
    told = fields_in(row.get("patient")) or row
    surname, name = text_in(told.get("surname")), text_in(told.get("name"))
    last, first = text_in(told.get("last_name")), text_in(told.get("first_name"))
    return PatientRecord(
        last_name=last or surname,
        first_name=first or (name if surname else ""),
        birth_date=birth_date_in(told.get("date_of_birth") or told.get("birthdate")),
        email=text_in(told.get("email")),
        phone=text_in(told.get("mobile_phone")) or text_in(told.get("phone")),
        insurance=insurance_in(told.get("insurance_status")),
        number=_piz(row.get("piz")) or _piz(told.get("piz")),
        insurance_number=insurance_number_in(
            told.get("insurance_number") or row.get("patient_insurance_number")
        ),
    )


def _piz(value: Any) -> str:
    """Return a patient's number; what stands for none is nobody's."""
    number = text_in(value)
    return number if number.strip("0") else ""

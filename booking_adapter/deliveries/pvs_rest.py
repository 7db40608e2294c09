"""Appointments told to practice software that takes them by REST.

Not here: what it changes itself, which comes through its calendar (`caldav_server`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from booking_adapter.failures import Failed, Refused
from practice.messages import Message

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from booking_adapter.deliveries.dispatch import Dispatch
    from booking_adapter.outgoing import Http

__all__ = ["X_CONCEPT", "Call", "Interface", "PracticeSoftware"]

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
#: Addresses stand in logs, theirs and ours.
_PERSONAL = frozenset({"last_name", "first_name", "birth_date"})
_NAMES = _PERSONAL | {
    *("appointment_id", "uid", "patient_id", "doctor", "room", "kind", "status"),
    *("date", "time", "end_time", "duration"),
}
_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
#: Somebody else has it open there, or it has no time.
_LATER = frozenset({408, 423, 425, 429})
_CONFLICT, _GONE = 409, 410


def _named(template: Any) -> set[str]:
    """Return the placeholders in a body."""
    if isinstance(template, str):
        return set(_PLACEHOLDER.findall(template))
    if isinstance(template, Mapping):
        return set().union(*map(_named, template.values()))
    if isinstance(template, Sequence):
        return set().union(*map(_named, template))
    return set()


@dataclass(frozen=True, slots=True)
class Call:
    """A request with placeholders in its path and in the texts of its body:

    `{appointment_id}` and `{uid}` are ours, `{patient_id}` is the patient's number; `{doctor}`,
    `{room}`, `{kind}`, `{status}`; `{date}`, `{time}`, `{end_time}`; `{duration}` in minutes, a
    number where it stands alone; and in the body `{last_name}`, `{first_name}`, `{birth_date}`.
    """

    method: str
    path: str
    body: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.method not in _METHODS:
            raise ValueError(f"method {self.method!r}; there are {', '.join(sorted(_METHODS))}")
        in_path = set(_PLACEHOLDER.findall(self.path))
        if unknown := (in_path | _named(self.body)) - _NAMES:
            raise ValueError(f"unknown placeholders: {', '.join(sorted(unknown))}")
        if in_path & _PERSONAL:
            raise ValueError("a path that names a patient")

    def asks_for(self, name: str) -> bool:
        """Tell whether a placeholder stands anywhere in it."""
        return f"{{{name}}}" in self.path or name in _named(self.body)


#: All that is known of x.concept: how it takes a new appointment.
X_CONCEPT = Call(
    "POST",
    "/api/v1/appointments",
    {
        "patient_id": "{patient_id}",
        "date": "{date}",
        "time": "{time}",
        "duration": "{duration}",
        "reason": "{kind}",
    },
)


@dataclass(frozen=True, slots=True)
class Interface:
    """How a practice software is told; of what has no call it is not told.

    `doctors` and `kinds` are its names by ours (`""`: where there is none); others go as they
    are. The formats are those of strftime; a time without `%z` is the practice's.
    """

    created: Call | None = X_CONCEPT
    moved: Call | None = None
    confirmed: Call | None = None
    cancelled: Call | None = None
    date_format: str = "%Y-%m-%d"
    time_format: str = "%H:%M"
    doctors: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)


class PracticeSoftware:
    """See `Destination`. `http` asks its root, with its key in the headers.

    What it answers is not kept, its own id of an appointment neither: `moved` and `cancelled` can
    only name it by our `{appointment_id}` or `{uid}`, which `created` has told it.
    """

    def __init__(self, http: Http, interface: Interface, zone: ZoneInfo) -> None:
        self._http = http
        self._interface = interface
        self._zone = zone
        self._calls = {
            Message.BOOKED: interface.created,
            Message.MOVED: interface.moved,
            Message.CONFIRMED: interface.confirmed,
            Message.CANCELLED: interface.cancelled,
            Message.DECLINED: interface.cancelled,
        }

    def deliver(self, dispatch: Dispatch, now: datetime) -> None:  # noqa: ARG002 - see Destination
        """See `Destination`. Tried again, it has the same `Idempotency-Key`."""
        call = self._calls.get(dispatch.message)
        if call is None:
            return
        values = self._values(dispatch)
        if call.asks_for("patient_id") and not values["patient_id"]:
            raise Failed("no patient number", permanent=True)
        path, body = _addressed(call.path, values), _filled(call.body, values)
        headers = {"Idempotency-Key": dispatch.key}
        try:
            self._http.ask(call.method, path, json=body, headers=headers)
        except Refused as refused:
            if _is_so_already(dispatch, refused.status):
                return
            if refused.status in _LATER:
                raise Refused(refused.status, permanent=False) from refused
            raise

    def _values(self, dispatch: Dispatch) -> dict[str, str]:
        ours, appointment, patient = self._interface, dispatch.appointment, dispatch.patient
        start, end = (
            each.astimezone(self._zone) for each in (appointment.slot.start, appointment.slot.end)
        )
        doctor, kind = dispatch.doctor.slug if dispatch.doctor else "", appointment.kind or ""
        return {
            "appointment_id": str(appointment.id),
            "uid": appointment.uid,
            "patient_id": patient.number if patient else "",
            "last_name": patient.record.last_name if patient else "",
            "first_name": patient.record.first_name if patient else "",
            "birth_date": self._birth_date(patient.record.birth_date if patient else ""),
            "doctor": ours.doctors.get(doctor, doctor),
            "room": dispatch.room.slug if dispatch.room else "",
            "kind": ours.kinds.get(kind, kind),
            "status": appointment.status.value,
            "date": start.strftime(ours.date_format),
            "time": start.strftime(ours.time_format),
            "end_time": end.strftime(ours.time_format),
            # As instants: the clocks may be set in between.
            "duration": str(math.ceil((end.timestamp() - start.timestamp()) / 60)),
        }

    def _birth_date(self, told: str) -> str:
        try:
            return date.fromisoformat(told).strftime(self._interface.date_format)
        except ValueError:
            return ""


def _is_so_already(dispatch: Dispatch, status: int) -> bool:
    """Tell whether a refusal says that it was made at an earlier try, or is gone."""
    if dispatch.message is Message.BOOKED:
        return status == _CONFLICT and dispatch.again
    return status == _GONE and dispatch.message in {Message.CANCELLED, Message.DECLINED}


def _filled(template: Any, values: Mapping[str, str]) -> Any:
    """Return a body with the values in it."""
    if template == "{duration}":
        return int(values["duration"])
    if isinstance(template, str):
        return _PLACEHOLDER.sub(lambda found: values[found[1]], template)
    if isinstance(template, Mapping):
        return {name: _filled(value, values) for name, value in template.items()}
    if isinstance(template, Sequence):
        return [_filled(value, values) for value in template]
    return template


def _addressed(path: str, values: Mapping[str, str]) -> str:
    """Return a path with the values in it; no value makes it that of something else."""

    def value_of(found: re.Match[str]) -> str:
        value = values[found[1]]
        if value in {"", ".", ".."}:
            raise Failed(f"no {found[1]} for the address", permanent=True)
        return quote(value, safe="")

    return _PLACEHOLDER.sub(value_of, path)

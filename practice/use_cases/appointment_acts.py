"""What an act on an appointment tells of it, and an appointment made of that again.

Not here: when that is done (`practice.use_cases.take_back`).
"""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from practice.appointments import Status
from practice.details import Details, Progress, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from practice.appointments import Appointment

__all__ = ["as_told", "differing", "told_of"]

#: What changes of an appointment itself, beside when it is. How somebody is insured is told of the
#: patient, who may be erased while the appointment is another's.
_OF_APPOINTMENT = (
    "status",
    "doctor_id",
    "calendar_id",
    "patient_id",
    "room_id",
    "kind",
    "requires_confirmation",
)
#: When somebody last wrote something down says nothing of what it is.
_OF_DETAILS = tuple(f.name for f in fields(Details) if f.name not in {"appointment_id", "changed"})
_WHEN = ("start", "end")
_MOMENTS = frozenset({"booked", "progressed", "cancelled"})
_KINDS = {"status": Status, "progress": Progress, "source": Source, "procedures": tuple}


def told_of(appointment: Appointment, details: Details) -> dict[str, Any]:
    """Return all that can be told of an appointment, by name, as JSON has it."""
    told: dict[str, Any] = {name: getattr(appointment.slot, name) for name in _WHEN}
    told |= {name: getattr(appointment, name) for name in _OF_APPOINTMENT}
    told |= {name: getattr(details, name) for name in _OF_DETAILS}
    return {name: _plain(value) for name, value in told.items()}


def differing(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what is otherwise, as it was and as it is."""
    names = [name for name in after if before[name] != after[name]]
    return {name: before[name] for name in names}, {name: after[name] for name in names}


def as_told(
    appointment: Appointment, details: Details, told: Mapping[str, Any]
) -> tuple[Appointment, Details]:
    """Return an appointment with what is told of it, and otherwise as it is.

    What later versions tell, and this does not know, is left alone.
    """
    known = {name: _kept(name, value) for name, value in told.items()}
    slot = {name: known[name] for name in _WHEN if name in known}
    own = {name: known[name] for name in _OF_APPOINTMENT if name in known}
    noted = {name: known[name] for name in _OF_DETAILS if name in known}
    if slot:
        own["slot"] = replace(appointment.slot, **slot)
    return replace(appointment, **own), replace(details, **noted)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Status | Progress | Source) else value


def _kept(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _MOMENTS or name in _WHEN:
        return datetime.fromisoformat(value)
    return _KINDS[name](value) if name in _KINDS else value

"""Appointments told to a program of the practice's choice, as signed webhooks.

Nobody's name goes out: the receiver gets ids, times, and the patient's number.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from booking_adapter.failures import Refused
from booking_adapter.signatures import signed

if TYPE_CHECKING:
    from datetime import datetime

    from booking_adapter.deliveries.dispatch import Dispatch
    from booking_adapter.outgoing import Http
    from practice.appointments import Slot

__all__ = ["Webhook"]

#: Answers of 4xx that may be others in a while.
_LATER = frozenset({408, 409, 425, 429})


class Webhook:
    """See `Destination`. `http` asks the receiver's host, `path` is the rest of its address.

    The receiver tells by `webhook-id`, the same at every try, what it has had already.
    """

    def __init__(self, http: Http, path: str, secret: bytes) -> None:
        self._http = http
        self._path = path
        self._secret = secret

    def deliver(self, dispatch: Dispatch, now: datetime) -> None:
        """See `Destination`."""
        content = json.dumps(_event(dispatch), ensure_ascii=False, allow_nan=False).encode()
        headers = signed(self._secret, dispatch.key, content, now)
        headers["Content-Type"] = "application/json"
        try:
            self._http.ask("POST", self._path, content=content, headers=headers)
        except Refused as refused:
            status = refused.status
            permanent = 400 <= status < 500 and status not in _LATER
            raise Refused(status, permanent=permanent) from refused


def _event(dispatch: Dispatch) -> dict[str, Any]:
    return {
        "type": re.sub(r"(?<=[a-z])(?=[A-Z])", ".", dispatch.message).lower(),
        "timestamp": dispatch.posted.isoformat(),
        "data": _data(dispatch),
    }


def _data(dispatch: Dispatch) -> dict[str, Any]:
    appointment, known = dispatch.appointment, dispatch.known
    told = appointment.booking_id is not None
    return {
        "id": appointment.id,
        "uid": appointment.uid,
        "sequence": dispatch.sequence,
        **_times(appointment.slot),
        "status": appointment.status.value,
        "doctor": dispatch.doctor.slug if dispatch.doctor else None,
        "room": dispatch.room.slug if dispatch.room else None,
        "patient_number": dispatch.patient.number if dispatch.patient else None,
        "booking": (
            {"source": appointment.booking_source, "id": appointment.booking_id} if told else None
        ),
        "known": {**_times(known.slot), "doctor": known.doctor} if known else None,
    }


def _times(slot: Slot) -> dict[str, str]:
    return {"start": slot.start.isoformat(), "end": slot.end.isoformat()}

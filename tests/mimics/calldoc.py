"""CallDoc's frontend API: day lists of appointments to read, and nothing to change them by.

Observed in the programs that read it at one practice (phoenikes/CallDocInterface on GitHub); what
`patient_search` and `appointment-types` answer is nowhere to be seen, and made up to fit the rest.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.mimics.tool import Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.datastructures import QueryParams
    from starlette.requests import Request

__all__ = ["Appointment", "CallDoc", "Patient"]

BASE = "/api/v1/frontend"


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient as the tool holds them; without `piz`, the practice software has no such one."""

    last_name: str
    first_name: str
    date_of_birth: str
    piz: str | None = None
    insurance_number: str = ""
    gender: str = ""
    zip: str = ""
    city: str = ""
    street: str = ""
    email: str = ""
    mobile_phone: str = ""
    phone: str = ""
    insurance_company: str = ""
    insurance_status: str = ""

    def short(self) -> dict[str, Any]:
        """Return the fields of a search by PIZ: the last name is `surname`, the first `name`."""
        return {
            "piz": self.piz,
            "surname": self.last_name,
            "name": self.first_name,
            "birthdate": self.date_of_birth,
        }

    def long(self) -> dict[str, Any]:
        """Return the fields of a patient's record."""
        return {name: getattr(self, name) for name in self.__slots__}

    def flat(self) -> dict[str, Any]:
        """Return the fields that stand in the appointment itself."""
        return {
            "surname": self.last_name,
            "name": self.first_name,
            "date_of_birth": self.date_of_birth,
            "patient_insurance_number": self.insurance_number or None,
        }


@dataclass(frozen=True, slots=True)
class Appointment:
    """An appointment; `start` is ISO 8601 as it will be told. None has an end or a duration."""

    id: int
    start: str
    employee_id: int
    room_id: int | None
    appointment_type_id: int
    patient: int | None
    with_piz: bool
    status: Literal["created", "canceled"] = "created"


class CallDoc(Tool):
    """A practice's CallDoc. Doctors, rooms and types have the numbers that a test gives them.

    Its search by PIZ is at `/patients/search`; in the practice another port answered that.
    """

    #: "start_time", "date_time" or "scheduled_for_datetime"
    start_field = "start_time"
    #: "" where appointments have `employee`, `room` and `appointment_type`
    id_suffix = "_id"
    #: Where an appointment has its patient: nowhere but for the PIZ, in an object `patient` of
    #: few or many fields, or among its own fields.
    patient_as: Literal["absent", "short", "long", "flat"] = "absent"

    def __init__(self) -> None:
        super().__init__(
            [
                Route(f"{BASE}/appointment_search/", self._appointment_search),
                Route(f"{BASE}/patient_search/", self._patient_search),
                Route(f"{BASE}/doctors/", lambda _: self._list(self._doctors)),
                Route(f"{BASE}/rooms/", lambda _: self._list(self._rooms)),
                Route(f"{BASE}/appointment-types/", lambda _: self._list(self._types)),
                Route("/patients/search", self._search_by_piz, methods=["POST"]),
            ]
        )
        self._lock = threading.Lock()
        self._numbers = count(5001)
        self._doctors: list[dict[str, Any]] = []
        self._rooms: list[dict[str, Any]] = []
        self._types: list[dict[str, Any]] = []
        self._patients: dict[int, Patient] = {}
        self._appointments: dict[int, Appointment] = {}

    # --- What people do in the tool ---------------------------------------------------------------

    def add_doctor(
        self,
        number: int,
        last_name: str,
        *,
        first_name: str = "",
        title: str | None = "Dr.",
        role: str = "Doctor",
    ) -> int:
        """Add one to the list of doctors; it holds others of the staff as well, by `role`."""
        name = {"title": title, "first_name": first_name, "last_name": last_name}
        with self._lock:
            self._doctors.append({"id": number, **name, "role": role})
        return number

    def add_room(self, number: int, name: str) -> int:
        """Add a room."""
        place = {"location_name": "Hauptpraxis", "comment": None}
        with self._lock:
            self._rooms.append({"id": number, "room_name": name, **place})
        return number

    def add_type(self, number: int, name: str) -> int:
        """Add a type of appointments."""
        with self._lock:
            self._types.append({"id": number, "name": name})
        return number

    def add_patient(self, patient: Patient) -> int:
        """Add a patient, and return the number to book with, which the tool tells nobody."""
        with self._lock:
            number = next(self._numbers)
            self._patients[number] = patient
        return number

    def book(
        self,
        start: str,
        *,
        doctor: int,
        kind: int,
        room: int | None = None,
        patient: int | None = None,
        with_piz: bool = True,
    ) -> int:
        """Book, and return the appointment's id; the PIZ is missing without `with_piz`."""
        with self._lock:
            number = next(self._numbers)
            booked = Appointment(number, start, doctor, room, kind, patient, with_piz)
            self._appointments[number] = booked
        return number

    def move(
        self, number: int, start: str, *, doctor: int | None = None, room: int | None = None
    ) -> None:
        """Move to another time, and maybe to another doctor or room."""
        with self._lock:
            was = self._appointments[number]
            self._appointments[number] = replace(
                was,
                start=start,
                employee_id=was.employee_id if doctor is None else doctor,
                room_id=was.room_id if room is None else room,
            )

    def cancel(self, number: int) -> None:
        """Cancel: the appointment stays, with another status."""
        with self._lock:
            self._appointments[number] = replace(self._appointments[number], status="canceled")

    @property
    def appointments(self) -> dict[int, Appointment]:
        """All there are, by id."""
        with self._lock:
            return dict(self._appointments)

    # --- What it answers --------------------------------------------------------------------------

    def _appointment_search(self, request: Request) -> Response:
        return self._search(request.query_params, lambda found: [self._told(one) for one in found])

    def _patient_search(self, request: Request) -> Response:
        return self._search(request.query_params, self._patients_of)

    def _search(
        self,
        query: QueryParams,
        told: Callable[[list[Appointment]], list[dict[str, Any]]],
    ) -> Response:
        filters = ("appointment_type_id", "employee_id", "room_id")
        try:
            first, last = (date.fromisoformat(query[name]) for name in ("from_date", "to_date"))
            wanted: dict[str, Any] = {name: int(query[name]) for name in filters if name in query}
        except (KeyError, ValueError):
            return Response(status_code=400)
        if "status" in query:
            wanted["status"] = query["status"]
        with self._lock:
            data = told(
                [
                    one
                    for one in self._appointments.values()
                    if first <= date.fromisoformat(one.start[:10]) <= last
                    and all(getattr(one, name) == wanted[name] for name in wanted)
                ]
            )
        return JSONResponse({"count": len(data), "data": data})

    async def _search_by_piz(self, request: Request) -> Response:
        try:
            piz = str((await request.json())["piz"])
        except (KeyError, TypeError, ValueError):
            return Response(status_code=400)
        with self._lock:
            found = [one.short() for one in self._patients.values() if one.piz == piz]
        return JSONResponse({"patients": found})

    def _list(self, entries: Iterable[dict[str, Any]]) -> Response:
        with self._lock:
            return JSONResponse({"data": list(entries)})

    def _patients_of(self, appointments: list[Appointment]) -> list[dict[str, Any]]:
        numbers = dict.fromkeys(one.patient for one in appointments if one.patient is not None)
        return [self._patients[number].long() for number in numbers]

    def _told(self, booked: Appointment) -> dict[str, Any]:
        patient = None if booked.patient is None else self._patients[booked.patient]
        if patient is not None and not booked.with_piz:
            patient = replace(patient, piz=None)
        told = {
            "id": booked.id,
            "piz": patient.piz if patient else None,
            self.start_field: booked.start,
            f"employee{self.id_suffix}": booked.employee_id,
            f"room{self.id_suffix}": booked.room_id,
            f"appointment_type{self.id_suffix}": booked.appointment_type_id,
            "status": booked.status,
        }
        if patient is None or self.patient_as == "absent":
            return told
        if self.patient_as == "flat":
            return told | patient.flat()
        return told | {"patient": patient.short() if self.patient_as == "short" else patient.long()}

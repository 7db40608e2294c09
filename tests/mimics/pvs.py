"""A practice software that takes appointments by REST, in the shape described for x.concept.

Known of that are the address and the five fields of a new appointment. The rest is made up, as a
plain REST interface has it: the key's header, changing, cancelling, `external_id`, and
`Idempotency-Key`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import date, time
from itertools import count
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.mimics.tool import Tool

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["KEY_HEADER", "PATH", "PracticeSoftware"]

KEY_HEADER = "X-API-Key"
PATH = "/api/v1/appointments"
_FIELDS = {"patient_id": str, "date": str, "time": str, "duration": int, "reason": str}


class PracticeSoftware(Tool):
    """Lets in who shows `key`; no two of its appointments have one `external_id`.

    One is found by its id or its `external_id`. So many answers as `lost` says are lost after what
    was asked was done.
    """

    def __init__(self, key: str = "schluessel-der-praxis") -> None:
        super().__init__(
            [
                Route(PATH, self._create, methods=["POST"]),
                Route(PATH + "/{id:path}", self._change, methods=["PUT", "PATCH"]),
                Route(PATH + "/{id:path}", self._cancel, methods=["DELETE"]),
            ]
        )
        self.key = key
        self.lost = 0
        self._lock = threading.Lock()
        self._numbers = count(70001)
        self._appointments: dict[str, dict[str, Any]] = {}
        #: What was answered, by the key of the request.
        self._answered: dict[str, dict[str, Any]] = {}

    @property
    def appointments(self) -> dict[str, dict[str, Any]]:
        """All there are, by id, with the fields as they were sent."""
        with self._lock:
            return {number: dict(fields) for number, fields in self._appointments.items()}

    async def _create(self, request: Request) -> Response:
        if not self._known(request):
            return Response(status_code=401)
        sent, key = await _sent(request), request.headers.get("Idempotency-Key")
        if not _complete(sent):
            return Response(status_code=400)
        with self._lock:
            if key in self._answered:
                return JSONResponse(self._answered[key], 201)
            for number, fields in self._appointments.items():
                if sent.get("external_id") and fields.get("external_id") == sent["external_id"]:
                    return JSONResponse({"id": number}, 409)
            number = str(next(self._numbers))
            self._appointments[number] = sent
            if key:
                self._answered[key] = {"id": number, **sent}
            if self.lost:
                self.lost -= 1
                return Response(status_code=502)
        return JSONResponse({"id": number, **sent}, 201)

    async def _change(self, request: Request) -> Response:
        if not self._known(request):
            return Response(status_code=401)
        sent = await _sent(request)
        with self._lock:
            number = self._found(request)
            if number is None:
                return Response(status_code=404)
            was = self._appointments[number]
            fields = was | sent if request.method == "PATCH" else sent
            if not sent or not _complete(fields):
                return Response(status_code=400)
            self._appointments[number] = fields
        return JSONResponse({"id": number, **fields})

    def _cancel(self, request: Request) -> Response:
        if not self._known(request):
            return Response(status_code=401)
        with self._lock:
            number = self._found(request)
            if number is None:
                return Response(status_code=404)
            del self._appointments[number]
        return Response(status_code=204)

    def _found(self, request: Request) -> str | None:
        name = request.path_params["id"]
        for number, fields in self._appointments.items():
            if name in {number, fields.get("external_id")}:
                return number
        return None

    def _known(self, request: Request) -> bool:
        return request.headers.get(KEY_HEADER) == self.key


async def _sent(request: Request) -> dict[str, Any]:
    try:
        sent = await request.json()
    except ValueError:
        return {}
    return sent if isinstance(sent, dict) else {}


def _complete(fields: Mapping[str, Any]) -> bool:
    if not all(isinstance(fields.get(name), kind) for name, kind in _FIELDS.items()):
        return False
    try:
        date.fromisoformat(fields["date"])
        time.fromisoformat(fields["time"])
    except ValueError:
        return False
    return True

"""The visit book of a clinic: an invented tool with a JSON API that is like many and like none.

Nothing of it was observed anywhere. It has a key in `Authorization: Bearer`, lists that go on at a
cursor, words and fields of its own, PATCH to move, DELETE to call off, and webhooks signed as
Standard Webhooks has it. A test may have it page in another way, or lose its answers.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from copy import deepcopy
from itertools import count
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.mimics.tool import Tool

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.requests import Request

__all__ = ["KEY", "SECRET", "VisitBook", "signed"]

KEY = "schluessel-der-praxis"
SECRET = b"ein Geheimnis von beiden Seiten"
ROOT = "/clinic/v2"
PERSON = {
    "family": "Öhrlein",
    "given": "Ruth",
    "born": "1958-04-17",
    "contact": {"mail": "ruth@oehrlein.example", "tel": "030 123456"},
    "file_no": 4400127,
    "cover": "Public",
}


class VisitBook(Tool):
    """A clinic's visit book. `root` is where its API begins."""

    #: How its list goes on. `link` and `next` name whole addresses.
    paging: Literal["none", "page", "offset", "cursor", "link", "next"] = "cursor"
    #: Rows of a page at most, whatever is asked for.
    largest = 100
    #: Changes after which the answer gets lost: what follows it is told by a proxy.
    lose = 0
    #: Whether moving makes another visit of one, and calls off the old one.
    renames = False

    def __init__(self) -> None:
        one = ROOT + "/visits/{ref}"
        super().__init__(
            [
                Route(ROOT + "/visits", self._list),
                Route(one, self._one, methods=["GET"]),
                Route(one, self._move, methods=["PATCH"]),
                Route(one, self._call_off, methods=["DELETE"]),
                Route(one + "/approve", self._approve, methods=["POST"]),
            ]
        )
        self.root = self.url + ROOT
        self._lock = threading.Lock()
        self._numbers = count(1001)
        self._rows: dict[str, dict[str, Any]] = {}

    # --- What people do in the tool ---------------------------------------------------------------

    def book(self, begins: Any, ends: Any, **more: Any) -> str:
        """Book a visit, and return its ref; times are told as they are given."""
        with self._lock:
            ref = f"V-{next(self._numbers)}"
            self._rows[ref] = {
                "ref": ref,
                "state": "booked",
                "begins": begins,
                "ends": ends,
                "clinician": {"no": 18, "name": "Dr. Falkenrath"},
                "service": {"code": "ctl"},
                "people": [deepcopy(PERSON)],
                "why": "Kontrolle",
                "remarks": "mit Begleitung\r\nspricht leise",
                "place": {"door": "S1"},
                "touched": "2026-11-20T08:00:00Z",
            } | more
            return ref

    def change(self, ref: str, **fields: Any) -> None:
        """Change some fields of a visit."""
        with self._lock:
            self._rows[ref] |= fields

    def remove(self, ref: str) -> None:
        """Remove a visit, as if it had never been."""
        with self._lock:
            del self._rows[ref]

    @property
    def visits(self) -> dict[str, dict[str, Any]]:
        """All there are, by ref."""
        with self._lock:
            return deepcopy(self._rows)

    def webhook(
        self, event: str, ref: str, message_id: str, moment: datetime, *, with_visit: bool = True
    ) -> tuple[dict[str, str], bytes]:
        """Return headers and body of a webhook about a visit."""
        told: dict[str, Any] = {"event": event, "about": {"ref": ref}}
        if with_visit:
            told["visit"] = self.visits.get(ref)
        return signed(json.dumps(told).encode(), message_id, moment)

    # --- What it answers --------------------------------------------------------------------------

    def _list(self, request: Request) -> Response:
        if not _known(request):
            return Response(status_code=401)
        query = request.query_params
        rows = [row for row in self.visits.values() if _is_between(row, query)]
        size = min(int(query.get("limit", self.largest)), self.largest)
        begin = self._first_row(request, size)
        if self.paging == "none":
            return JSONResponse({"visits": rows, "meta": {"count": len(rows)}})
        told: dict[str, Any] = {"visits": rows[begin : begin + size], "meta": {"count": len(rows)}}
        headers = {}
        if begin + size < len(rows):
            after = f"k{begin + size}"
            address = f"{self.root}/visits?{urlencode({**query, 'after': after})}"
            if self.paging == "cursor":
                told["meta"]["next"] = after
            elif self.paging == "next":
                told["next"] = address
            elif self.paging == "link":
                headers["Link"] = f'<{self.root}/visits>; rel="first", <{address}>; rel="next"'
        return JSONResponse(told, headers=headers)

    def _first_row(self, request: Request, size: int) -> int:
        query = request.query_params
        if self.paging == "page":
            return (int(query["page"]) - 1) * size
        if self.paging == "offset":
            return int(query["skip"])
        return int(query.get("after", "k0").removeprefix("k"))

    def _one(self, request: Request) -> Response:
        if not _known(request):
            return Response(status_code=401)
        row = self.visits.get(request.path_params["ref"])
        return Response(status_code=404) if row is None else JSONResponse({"visit": row})

    async def _move(self, request: Request) -> Response:
        sent, ref = await request.json(), request.path_params["ref"]
        if not _known(request):
            return Response(status_code=401)
        with self._lock:
            row = self._rows.get(ref)
            if row is None:
                return Response(status_code=404)
            if row["state"] == "called-off" or not _is_move(sent):
                return Response(status_code=422)
            if self.renames:
                row["state"] = "called-off"
                row = {**deepcopy(row), "ref": f"V-{next(self._numbers)}", "state": "booked"}
                row["instead_of"] = ref
                self._rows[row["ref"]] = row
            row["begins"], row["ends"] = sent["begins"], sent["ends"]
            row["clinician"] = {"no": sent["clinician"], "name": "?"}
            told = {"visit": deepcopy(row)}
        return self._answer(JSONResponse(told))

    async def _call_off(self, request: Request) -> Response:
        sent = await request.json()
        if not _known(request):
            return Response(status_code=401)
        with self._lock:
            row = self._rows.get(request.path_params["ref"])
            if row is None or row["state"] == "called-off":
                return Response(status_code=404)
            row |= {"state": "called-off", "note": sent["note"]}
        return self._answer(Response(status_code=204))

    def _approve(self, request: Request) -> Response:
        if not _known(request):
            return Response(status_code=401)
        with self._lock:
            row = self._rows.get(request.path_params["ref"])
            if row is None or row["state"] != "requested":
                return Response(status_code=409)
            row["state"] = "booked"
        return self._answer(Response(status_code=204))

    def _answer(self, answer: Response) -> Response:
        if self.lose:
            self.lose -= 1
            return Response(status_code=502)
        return answer


def signed(body: bytes, message_id: str, moment: datetime) -> tuple[dict[str, str], bytes]:
    """Return the headers by which a webhook is known to be the tool's, and its body."""
    stamp = str(int(moment.timestamp()))
    digest = hmac.new(SECRET, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256)
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(digest.digest()).decode(),
    }
    return headers, body


def _known(request: Request) -> bool:
    return request.headers.get("Authorization") == f"Bearer {KEY}"


def _is_between(row: dict[str, Any], query: Any) -> bool:
    """Tell whether a visit begins on the days that were asked for; of an odd one nobody knows."""
    begins = row["begins"]
    if not isinstance(begins, str) or "from" not in query or "until" not in query:
        return True
    return bool(query["from"] <= begins[:10] <= query["until"])


def _is_move(sent: Any) -> bool:
    kinds = {"begins": str, "ends": str, "clinician": int}
    return isinstance(sent, dict) and all(
        isinstance(sent.get(name), kind) for name, kind in kinds.items()
    )

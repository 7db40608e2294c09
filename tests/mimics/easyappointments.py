"""The booking tool Easy!Appointments: its REST API v1 and its webhooks, warts included.

Observed on Easy!Appointments 1.6.0. What people do on its own pages are methods here.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import threading
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.mimics.tool import Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from starlette.requests import Request

__all__ = ["EasyAppointments", "Hook", "Row"]

#: A row of its database: column names, naive times as text.
Row = dict[str, Any]

API = "/index.php/api/v1/"
LIMIT, WINDOW = 100, timedelta(seconds=120)
SHORTEST = timedelta(minutes=5)
KEYS = ("id_users_provider", "id_users_customer", "id_services")


def _fields(names: str) -> dict[str, str]:
    """Return the API's names with their columns; where none is given it is called alike."""
    pairs = (name.partition("=") for name in names.split())
    return {name: to or re.sub(r"([A-Z]|\d)", r"_\1", name).lower() for name, _, to in pairs}


_TIMES = (
    "id book=book_datetime start=start_datetime end=end_datetime hash color status location notes"
)
UNAVAILABILITY = _fields(
    f"{_TIMES} providerId=id_users_provider googleCalendarId=id_google_calendar"
)
APPOINTMENT = _fields(
    f"{_TIMES} customerId=id_users_customer providerId=id_users_provider serviceId=id_services"
    " meetingLink googleCalendarId=id_google_calendar caldavCalendarId=id_caldav_calendar"
)
CUSTOMER = _fields(
    "id firstName lastName email phone=phone_number address city zip=zip_code notes timezone"
    " language customField1 customField2 customField3 customField4 customField5 ldapDn"
)
PROVIDER = _fields(
    "id firstName lastName email mobile=mobile_number phone=phone_number address city state"
    " zip=zip_code notes isPrivate ldapDn timezone language services settings"
)
SERVICE = _fields(
    "id name duration price currency description location color slotInterval attendantsNumber"
    " isPrivate serviceCategoryId=id_service_categories"
)
RELATIONS = {
    "service": ("services", "serviceId"),
    "provider": ("providers", "providerId"),
    "customer": ("customers", "customerId"),
}


_MADE = "id create_datetime update_datetime"
BOOKED: Row = dict.fromkeys(
    f"{_MADE} book_datetime start_datetime end_datetime location meeting_link notes hash color"
    " status is_unavailability id_users_provider id_users_customer id_services id_google_calendar"
    " id_caldav_calendar".split()
) | {"color": "#7cbae8", "status": "", "is_unavailability": False}
USER: Row = dict.fromkeys(
    f"{_MADE} first_name last_name email mobile_number phone_number address city state zip_code"
    " notes timezone language custom_field_1 custom_field_2 custom_field_3 custom_field_4"
    " custom_field_5 is_private ldap_dn id_roles".split()
) | {"timezone": "Europe/Berlin", "language": "german", "is_private": False}
OFFERED: Row = dict.fromkeys(
    f"{_MADE} name duration price currency description location color slot_interval"
    " attendants_number is_private id_service_categories".split()
) | {
    "price": 0.0,
    "currency": "EUR",
    "slot_interval": 15,
    "attendants_number": 1,
    "is_private": False,
}


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook as set up in the tool: which actions, separated by commas, go to which address."""

    url: str
    actions: str
    secret: str = ""
    header: str = "X-Ea-Token"


@dataclass
class _Table:
    action: str
    fields: dict[str, str]
    blank: Row
    numbers: Iterator[int]
    searched: str
    rows: dict[int, Row] = field(default_factory=dict)


def _tables() -> dict[str, _Table]:
    booked, users = count(1), count(1)  # each one table there, told apart by a column
    times = "start_datetime end_datetime location hash notes"
    about = "first_name last_name email phone_number address city zip_code notes"
    away = BOOKED | {"is_unavailability": True}
    provider = USER | {"id_roles": 2, "services": (), "settings": {}}
    return {
        "appointments": _Table("appointment", APPOINTMENT, BOOKED, booked, times),
        "unavailabilities": _Table("unavailability", UNAVAILABILITY, away, booked, times),
        "customers": _Table("customer", CUSTOMER, USER | {"id_roles": 3}, users, about),
        "providers": _Table("provider", PROVIDER, provider, users, about),
        "services": _Table("service", SERVICE, OFFERED, count(1), "name description"),
    }


class EasyAppointments(Tool):
    """The tool with its admin and an API token. What it holds are rows as of its database.

    Each save replaces a row: what was read before stays as it was. Times are naive and of the
    provider's zone, but those of booking, creation and update are UTC, to the second.
    """

    def __init__(
        self, now: Callable[[], datetime] = lambda: datetime.now(UTC), *, limited: bool = True
    ) -> None:
        methods = ["GET", "POST", "PUT", "DELETE"]
        super().__init__([Route(API + "{path:path}", self._endpoint, methods=methods)])
        self.api = self.url + API
        self.token = "erfundener-schluessel"
        self.admin = ("verwaltung", "erfundenes-passwort")
        self.hooks: list[Hook] = []
        self.settings = {"company_name": "Praxis am Park", "default_timezone": "Europe/Berlin"}
        self.limited = limited
        self._now = now
        self._lock = threading.Lock()
        self._requests = 0
        self._window = datetime.min.replace(tzinfo=UTC)
        self._tables = _tables()
        self.appointments = self._tables["appointments"].rows
        self.unavailabilities = self._tables["unavailabilities"].rows
        self.customers = self._tables["customers"].rows
        self.providers = self._tables["providers"].rows
        self.services = self._tables["services"].rows

    # --- its own pages

    def add_provider(self, first_name: str, last_name: str, **more: Any) -> int:
        """Add somebody who works Monday to Friday from 9 to 17, with a break at noon."""
        settings = _provider_settings(f"{first_name}.{last_name}".lower())
        told = {"first_name": first_name, "last_name": last_name, "settings": settings} | more
        return int(self._save("providers", told)["id"])

    def add_service(self, name: str, duration: int = 30, **more: Any) -> int:
        """Add a service of so many minutes."""
        told = {"name": name, "duration": duration} | more
        return int(self._save("services", told)["id"])

    def add_customer(self, first_name: str, last_name: str, email: str, **more: Any) -> int:
        """Add a patient; `more` by column."""
        told = {"first_name": first_name, "last_name": last_name, "email": email} | more
        return int(self._save("customers", told)["id"])

    def book(self, provider: int, service: int, customer: int, start: str, **more: Any) -> int:
        """Book at `YYYY-MM-DD HH:MM:SS` of the provider's zone."""
        keys = dict(zip(KEYS, (provider, customer, service), strict=True))
        told = {"start_datetime": start, "status": "Booked"} | keys | more
        return int(self._save("appointments", told)["id"])

    def move(self, number: int, start: str) -> None:
        """Let an appointment begin at another time, and last as long."""
        row = self.appointments[number]
        length = _time(row["end_datetime"]) - _time(row["start_datetime"])
        told = {"start_datetime": start, "end_datetime": _text(_time(start) + length)}
        self._save("appointments", told, number)

    def cancel(self, number: int) -> None:
        """Set an appointment's status to Cancelled, which keeps it."""
        self._save("appointments", {"status": "Cancelled"}, number)

    def revive(self, number: int) -> None:
        """Set the status of a cancelled appointment to Booked again."""
        self._save("appointments", {"status": "Booked"}, number)

    def delete(self, number: int) -> None:
        """Delete an appointment."""
        self._delete("appointments", number)

    # --- what both ways do

    def _save(self, name: str, told: Row, number: int | None = None) -> Row:
        table = self._tables[name]
        assert told.keys() <= table.blank.keys(), "no such column"
        with self._lock:
            row = (table.blank if number is None else table.rows[number]) | told
            self._check(name, row)
            row["update_datetime"] = stamp = _text(self._now().astimezone(UTC))
            if number is None:
                row |= {"id": next(table.numbers), "create_datetime": stamp}
                if "hash" in row:
                    row |= {"book_datetime": stamp, "hash": secrets.token_hex(6)}
            table.rows[row["id"]] = row
        self._tell(f"{table.action}_save", row)
        return row

    def _delete(self, name: str, number: int) -> None:
        table = self._tables[name]
        with self._lock:
            row = table.rows.pop(number)
            if name == "customers":  # the database's foreign key: no hook tells
                for gone in list(self.appointments.values()):
                    if gone["id_users_customer"] == number:
                        del self.appointments[gone["id"]]
        self._tell(f"{table.action}_delete", row)

    def _tell(self, action: str, row: Row) -> None:
        body = json.dumps({"action": action, "payload": row}).encode()
        for hook in self.hooks:
            if action in hook.actions:
                headers = {"Content-Type": "application/json", "User-Agent": "GuzzleHttp/7"}
                secret = {hook.header: hook.secret} if hook.secret else {}
                self.post_hook(hook.url, body, headers | secret)

    def _check(self, name: str, row: Row) -> None:
        if name == "customers":
            self._check_customer(row)
        if name == "appointments":
            service = self.services.get(row["id_services"])
            if service and row["start_datetime"] and row["end_datetime"] is None:
                end = _time(row["start_datetime"]) + timedelta(minutes=service["duration"])
                row["end_datetime"] = _text(end)
            _require(row, "start_datetime", "end_datetime", *KEYS)
            if row["id_users_customer"] not in self.customers:
                raise ValueError("The appointment customer ID was not found in the database")
            if service is None:
                raise ValueError("Appointment service id is invalid.")
        if name in ("appointments", "unavailabilities"):
            _require(row, "start_datetime", "end_datetime", "id_users_provider")
            if _time(row["end_datetime"]) - _time(row["start_datetime"]) < SHORTEST:
                raise ValueError("The appointment duration cannot be less than 5 minutes.")
            if row["id_users_provider"] not in self.providers:
                raise ValueError("The appointment provider ID was not found in the database")

    def _check_customer(self, row: Row) -> None:
        _require(row, "first_name", "last_name", "email")
        if "@" not in row["email"]:
            raise ValueError(f"Invalid email address provided: {row['email']}")
        for other in self.customers.values():
            if other["id"] != row["id"] and other["email"].lower() == row["email"].lower():
                raise ValueError(
                    "The provided email address is already in use, please use a different one."
                )

    # --- its API

    async def _endpoint(self, request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(self._answer, request, body)

    def _answer(self, request: Request, body: bytes) -> Response:
        if self._too_many():
            return Response(status_code=429)
        if not self._admitted(request.headers.get("Authorization", "")):
            challenge = {"WWW-Authenticate": 'Basic realm="Easy!Appointments"'}
            return PlainTextResponse("You are not authorized to use the API.", 401, challenge)
        name, _, key = request.path_params["path"].partition("/")
        try:
            return self._routed(request.method, name, key, request.query_params, body)
        except (TypeError, ValueError) as problem:
            return JSONResponse({"success": False, "message": str(problem)}, 500)

    def _too_many(self) -> bool:
        with self._lock:
            if self._now() > self._window + WINDOW:
                self._window, self._requests = self._now(), 0
            self._requests += 1
            return self.limited and self._requests > LIMIT

    def _admitted(self, authorization: str) -> bool:
        basic = base64.b64encode(":".join(self.admin).encode()).decode()
        return authorization in (f"Bearer {self.token}", f"Basic {basic}")

    def _routed(
        self, method: str, name: str, key: str, query: Mapping[str, str], body: bytes
    ) -> Response:
        if (method, name) == ("GET", "availabilities"):
            return JSONResponse(self._available(query))
        if (method, name) == ("GET", "settings"):
            return JSONResponse(self._settings(key, query))
        if name not in self._tables:
            return Response(status_code=404)
        if key:
            return self._one(method, name, int(key), query, body)
        if method == "GET":
            return JSONResponse(self._listed(name, query))
        if method == "POST" and name not in ("providers", "services"):
            return JSONResponse(self._told(name, self._save(name, self._columns(name, body))), 201)
        return Response(status_code=405)

    def _one(
        self, method: str, name: str, number: int, query: Mapping[str, str], body: bytes
    ) -> Response:
        row = self._tables[name].rows.get(number)
        if row is None:
            return Response(status_code=404)
        if method == "GET":
            return JSONResponse(self._shown(name, row, query))
        if name in ("providers", "services"):
            return Response(status_code=405)
        if method == "DELETE":
            self._delete(name, number)
            return Response(status_code=204)
        saved = self._save(name, self._columns(name, body), number)
        return JSONResponse(self._told(name, saved))

    def _columns(self, name: str, body: bytes) -> Row:
        fields = self._tables[name].fields
        told: dict[str, Any] = dict(json.loads(body))
        row = {fields[key]: value for key, value in told.items() if key in fields and key != "id"}
        return row | {key: int(row[key]) for key in KEYS if row.get(key)}

    def _told(self, name: str, row: Row) -> dict[str, Any]:
        return {key: row[column] for key, column in self._tables[name].fields.items()}

    def _shown(self, name: str, row: Row, query: Mapping[str, str]) -> dict[str, Any]:
        told = self._told(name, row)
        if wanted := _words(query.get("fields", "")):
            told = {key: value for key, value in told.items() if key in wanted}
        for relation in _words(query.get("with", "")) if name == "appointments" else []:
            if relation not in RELATIONS:
                raise ValueError(f"The requested appointment relation is not supported: {relation}")
            table, key = RELATIONS[relation]
            related = self._tables[table].rows.get(told.get(key, 0))
            told[relation] = related and _as_text(related)
        return told

    def _listed(self, name: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        table = self._tables[name]
        with self._lock:
            rows = list(table.rows.values())
        if keyword := query.get("q"):  # which leaves the filters unread
            rows = [row for row in rows if self._found(name, row, keyword.lower())]
        elif name == "appointments":
            rows = [row for row in rows if _passes(row, query)]
        for token in reversed(_words(query.get("sort", ""))):
            if column := table.fields.get(token.lstrip("+-")):
                rows.sort(key=_by(column), reverse=token.startswith("-"))
        return [self._shown(name, row, query) for row in _page(rows, query)]

    def _found(self, name: str, row: Row, keyword: str) -> bool:
        texts = [row[column] for column in self._tables[name].searched.split()]
        if name == "appointments":
            names = ("name", "description", "first_name", "last_name", "email", "phone_number")
            for table, key in RELATIONS.values():
                related = self._tables[table].rows[row[APPOINTMENT[key]]]
                texts += [related.get(column) for column in names]
        return any(keyword in text.lower() for text in texts if text)

    def _settings(self, name: str, query: Mapping[str, str]) -> Any:
        if name:
            return {"name": name, "value": self.settings.get(name)}
        return _page(
            [{"name": name, "value": self.settings[name]} for name in self.settings], query
        )

    def _available(self, query: Mapping[str, str]) -> list[str]:
        provider = self.providers.get(int(query.get("providerId", 0)))
        service = self.services.get(int(query.get("serviceId", 0)))
        if provider is None or service is None:
            raise ValueError("The provided ID was not found in the database")
        day = date.fromisoformat(query.get("date") or self._now().date().isoformat())
        plan = provider["settings"]["workingPlan"][f"{day:%A}".lower()]
        plan = provider["settings"]["workingPlanExceptions"].get(str(day), plan)
        if plan is None:
            return []
        busy = [_span(day, pause) for pause in plan["breaks"]]
        with self._lock:
            booked = [*self.appointments.values(), *self.unavailabilities.values()]
        busy += [  # a cancelled appointment is there still
            (row["start_datetime"], row["end_datetime"])
            for row in booked
            if row["id_users_provider"] == provider["id"]
        ]
        return _slots(_span(day, plan), busy, service)


def _provider_settings(username: str) -> dict[str, Any]:
    week = {
        day: {"start": "09:00", "end": "17:00", "breaks": [{"start": "12:00", "end": "13:00"}]}
        for day in ("monday", "tuesday", "wednesday", "thursday", "friday")
    }
    unset = ["googleCalendar", "googleToken", "caldavUrl", "caldavUsername", "caldavPassword"]
    return dict.fromkeys(unset) | {
        "username": username,
        "notifications": True,
        "calendarView": "default",
        "googleSync": False,
        "caldavSync": False,
        "syncFutureDays": 90,
        "syncPastDays": 30,
        "workingPlan": week | {"saturday": None, "sunday": None},
        "workingPlanExceptions": {},
    }


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if _text(time) != text:
        raise ValueError("The appointment date time is invalid.")
    return time


def _text(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S}"


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _require(row: Row, *columns: str) -> None:
    if not all(row[column] for column in columns):  # the message tells all that is known
        told = "".join(f"    [{column}] => {value}\n" for column, value in row.items())
        raise ValueError(f"Not all required fields are provided: Array\n(\n{told})\n")


def _as_text(row: Row) -> dict[str, str | None]:
    flat = {key: row[key] for key in row if key not in ("services", "settings")}
    flat |= {key: int(value) for key, value in flat.items() if isinstance(value, bool)}
    return {key: None if value is None else str(value) for key, value in flat.items()}


def _passes(row: Row, query: Mapping[str, str]) -> bool:
    first, last = row["start_datetime"][:10], row["end_datetime"][:10]
    asked = {key: query[key] for key in query if query[key]}
    days = {
        key: str(date.fromisoformat(asked[key][:10]))
        for key in asked.keys() & {"date", "from", "till"}
    }
    keys = asked.keys() & {"serviceId", "providerId", "customerId"}
    return (
        days.get("date", first) == first
        and days.get("from", first) <= first
        and days.get("till", last) >= last
        and all(int(asked[key]) == row[APPOINTMENT[key]] for key in keys)
    )


def _by(column: str) -> Callable[[Row], Any]:
    return lambda row: (row[column] is not None, row[column])


def _page(rows: list[Row], query: Mapping[str, str]) -> list[Row]:
    length = int(query.get("length", 20))
    first = (int(query.get("page", 1)) - 1) * length
    return rows[first : first + length]


def _span(day: date, hours: Mapping[str, str]) -> tuple[str, str]:
    return f"{day} {hours['start']}:00", f"{day} {hours['end']}:00"


def _slots(open_hours: tuple[str, str], busy: list[tuple[str, str]], service: Row) -> list[str]:
    free = [open_hours]
    for begin, end in busy:
        cut = [((first, min(last, begin)), (max(first, end), last)) for first, last in free]
        free = [(first, last) for both in cut for first, last in both if first < last]
    step, length = (timedelta(minutes=service[key]) for key in ("slot_interval", "duration"))
    slots = []
    for first, last in sorted(free):
        start = _time(first)
        while start + length <= _time(last):
            slots.append(f"{start:%H:%M}")
            start += step
    return slots

"""The demo practice together with its booking tool: the settings that connect the two.

Not here: the tool (`praxis_caldav.demo.tool`), nor the practice (`praxis_caldav.commands.demo`).
"""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from practice.access import SYSTEM
from practice.appointments import Booking, Slot
from praxis_caldav.composition import profile_of
from praxis_caldav.demo.tool import Setup, invented, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from practice.appointments import Appointment
    from practice.database import SqlDatabase
    from practice.patients import PatientRecord
    from praxis_caldav.settings import Settings

__all__ = ["SOURCE", "start_tool"]

#: What the practice calls the tool.
SOURCE = "buchungstool"
#: How far ahead the practice and the tool look.
_AHEAD = timedelta(days=180)

_SETTINGS = """\
# Written by `praxis-caldav demo` at every start: how the demo practice is connected with its
# booking tool, and which one it is, so that commands may be given it by --config. For a practice
# of your own see docs/buchungstools.md.

[database]
url = {database}

[server]
host = {host}
port = {server_port}

[practice]
name = {name}
address = {address}

[booking.sources.buchungstool]
tool = "generic_rest"
url = "http://127.0.0.1:{port}/api"
network = "inside"
key = "{token}"
every_minutes = 1

[booking.sources.buchungstool.api]
one = "bookings/{{id}}"

[booking.sources.buchungstool.api.listing]
path = "bookings?from={{first}}&to={{last}}"
rows = "bookings"
total = "total"

[booking.sources.buchungstool.api.fields]
id = "id"
start = "start"
end = "end"
doctor = "doctor"
status = "status"
last_name = "last_name"
first_name = "first_name"
birth_date = "birth_date"
email = "email"
reason = "reason"
changed = "changed"

[booking.sources.buchungstool.api.words]
doctors = {{ dr-mueller = "dr-mueller", dr-schmidt = "dr-schmidt" }}
statuses = {{ confirmed = "CONFIRMED", tentative = "TENTATIVE", cancelled = "CANCELLED" }}

[booking.sources.buchungstool.api.move]
method = "PATCH"
path = "bookings/{{id}}"
body = {{ start = "{{start}}", end = "{{end}}", doctor = "{{doctor}}", status = "{{status}}" }}

[booking.sources.buchungstool.api.cancel]
method = "PATCH"
path = "bookings/{{id}}"
body = {{ status = "cancelled" }}

[booking.sources.buchungstool.api.confirm]
method = "PATCH"
path = "bookings/{{id}}"
body = {{ status = "confirmed" }}

[booking.sources.buchungstool.api.hooks]
secret = "{secret}"
id = "data.id"
"""


def start_tool(
    database: SqlDatabase, settings: Settings, config: Path, port: int
) -> tuple[str, Callable[[], None]]:
    """Serve the tool and write the settings that connect it; return its address and what ends it.

    It is filled with what the practice knows of it already, else with some invented bookings.
    Another port is taken where somebody else listens. `settings` are the practice's.
    """
    token, secret = secrets.token_urlsafe(24), f"{secrets.token_urlsafe(32)}"
    server = settings.server
    hook = f"http://{server.host}:{server.port}/api/webhooks/booking/{SOURCE}"
    bookings = _known(database) or invented(datetime.now(profile_of(settings).zone).date())
    setup = Setup(token, hook, secret.encode(), bookings)
    try:
        bound, stop = run(setup, port)
    except OSError:
        bound, stop = run(setup, 0)
    config.touch(mode=0o600)
    named = {
        "database": settings.database.url,
        "host": server.host,
        "name": settings.practice.name,
        "address": settings.practice.address,
    }
    quoted = {key: json.dumps(value, ensure_ascii=False) for key, value in named.items()}
    text = _SETTINGS.format(
        port=bound, token=token, secret=secret, server_port=server.port, **quoted
    )
    config.write_text(text, "utf-8")
    return f"http://127.0.0.1:{bound}/", stop


def _known(database: SqlDatabase) -> list[Booking]:
    """Return the tool's bookings that the practice has taken over before."""
    now = datetime.now(UTC)
    with database.begin(actor=SYSTEM, now=now, read_only=True) as uow:
        doctors = {doctor.id: doctor.slug for doctor in uow.house.doctors()}
        window = Slot(now - timedelta(days=1), now + _AHEAD)
        known = list(uow.appointments.of_source(SOURCE, window))
        patients = uow.patients.get(one.patient_id for one in known if one.patient_id)
    return [
        _booking(one, doctors[one.doctor_id or 0], patients[one.patient_id or 0].record)
        for one in known
        if one.doctor_id in doctors
    ]


def _booking(known: Appointment, doctor: str, record: PatientRecord) -> Booking:
    return Booking(
        known.booking_id or "",
        doctor,
        known.slot,
        known.status,
        record.last_name,
        record.first_name,
        record.birth_date,
        record.email,
    )

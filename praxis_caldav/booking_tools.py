"""A booking tool, made of what its settings say.

Not here: the settings (`praxis_caldav.tool_settings`), nor when a tool is asked
(`praxis_caldav.outside`). Loaded only where it is used: it brings an HTTP client.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from booking_adapter.outgoing import Http
from booking_adapter.tools.calcom import CalCom, Team
from booking_adapter.tools.calldoc import CallDoc, Frontend
from booking_adapter.tools.csv_folder import CsvFolder, Watched
from booking_adapter.tools.easyappointments import EasyAppointments, Installation
from booking_adapter.tools.generic_rest import GenericRest
from praxis_caldav.tool_settings import CalComTool, CallDocTool, CsvTool, EasyAppointmentsTool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import ExitStack
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from booking_adapter.outgoing import Patience
    from booking_adapter.protocol import BookingTool
    from praxis_caldav.tool_settings import AnyTool

__all__ = ["tool_of"]


def tool_of(
    told: AnyTool,
    zone: ZoneInfo,
    clock: Callable[[], datetime],
    stack: ExitStack,
    patience: Patience | None = None,
) -> BookingTool:
    """Return one booking tool, as its settings have it; the stack lets go of its connections."""
    if isinstance(told, CsvTool):
        watched = Watched(told.path, zone, told.pattern, float(told.quiet_seconds))
        return CsvFolder(watched, clock)
    inside = told.network == "inside"

    def http(root: str, headers: Mapping[str, str]) -> Http:
        return stack.enter_context(Http(root, headers, inside=inside, patience=patience))

    if isinstance(told, CallDocTool):
        frontend = Frontend(zone, told.doctors, told.minutes, told.kinds, told.rooms)
        patients = http(f"{told.patients_url}/", {}) if told.patients_url else None
        return CallDoc(http(f"{told.url}/", {}), frontend, patients)
    key, secret = told.key_told, told.hook_secret_told
    if isinstance(told, EasyAppointmentsTool):
        api = http(f"{told.url}/index.php/api/v1/", {"Authorization": f"Bearer {key}"})
        page = f"{told.url}/index.php"
        return EasyAppointments(
            api, Installation(page, secret, zone, told.doctors, told.kinds, told.fields)
        )
    if isinstance(told, CalComTool):
        api = http(f"{told.url}/", {"Authorization": f"Bearer {key}"})
        return CalCom(api, Team(told.page, secret, zone, told.doctors, told.kinds, told.fields))
    headers = {told.key_header: f"{told.key_prefix}{key}"} if key else {}
    rest = told.api
    if rest.hooks and secret:
        rest = replace(rest, hooks=replace(rest.hooks, secret=secret))
    return GenericRest(http(f"{told.url}/", headers), rest)

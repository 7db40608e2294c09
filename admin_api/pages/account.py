"""Own access: where one is signed in, and with which devices. Not here: other people's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from admin_api.pages.page import Page
from admin_api.resources.own_access import list_own_devices
from practice.use_cases.sessions import sessions_of

if TYPE_CHECKING:
    from admin_api.endpoint import Call, Nothing

__all__ = ["PAGES"]


def show(call: Call[Nothing, None]) -> dict[str, object]:
    """Return one's own sessions and devices."""
    found = sessions_of(call.uow, call.caller, call.session)
    return {
        "sessions": found,
        "others": sum(not one.this for one in found),
        "devices": list_own_devices(call).items,
        "elsewhere": call.services.elsewhere.name if call.services.elsewhere else "",
        "address": f"{call.services.public_url}/caldav/",
        "caller": call.caller,
    }


PAGES = (Page("/admin/konto", "account.html", show),)

"""Settings: booking tools and mail, as the settings file has them, and whether they work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from admin_api.pages.page import Page
from admin_api.pages.settings import HOME, framed
from practice.scopes import Scope

if TYPE_CHECKING:
    from admin_api.endpoint import Call

__all__ = ["PAGES"]


def show(call: Call[Any, Any]) -> dict[str, object]:
    """Return booking tools with how they are, and what is said of mail."""
    connections, states = call.services.connections, call.uow.sources.all()
    told = {
        "file": connections.file if connections else "",
        "sources": connections.sources if connections else (),
        "mail": connections.mail if connections else (),
        "states": {one.name: one for one in states},
        "stale": {one.name for one in states if one.is_stale(call.now)},
        "to": call.caller.email,
    }
    return framed(call, "verbindungen", told)


PAGES = (Page(f"{HOME}/verbindungen", "settings_connections.html", show, Scope.SETTINGS),)

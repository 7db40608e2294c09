"""What the pages of the settings have in common: their menu, and words that several say.

Not here: what each shows (`admin_api.pages.settings_house` and the others).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from admin_api.answering import content_of, etag_of
from admin_api.endpoint import Answer
from admin_api.pages.page import Page
from admin_api.pages.rendering import texts_of
from practice.scopes import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from admin_api.endpoint import Call

__all__ = ["HOME", "PAGES", "framed", "version_of"]

HOME = "/admin/einstellungen"
#: Groups of the menu, with the last part of the address of each page and what it takes to see it.
_MENU: tuple[tuple[str, tuple[tuple[str, Scope], ...]], ...] = (
    (
        "practice",
        (
            ("aerzte", Scope.SETTINGS),
            ("raeume", Scope.SETTINGS),
            ("zeiten", Scope.SETTINGS),
            ("feiertage", Scope.SETTINGS),
        ),
    ),
    (
        "offer",
        (
            ("terminarten", Scope.SETTINGS),
            ("kategorien", Scope.SETTINGS),
            ("regeln", Scope.SETTINGS),
        ),
    ),
    (
        "technical",
        (
            ("verbindungen", Scope.SETTINGS),
            ("zugaenge", Scope.ACCOUNTS),
            ("feeds", Scope.ACCOUNTS),
            ("protokoll", Scope.READ_AUDIT),
        ),
    ),
)


def framed(call: Call[Any, Any], view: str, told: Mapping[str, object]) -> dict[str, object]:
    """Return what a page tells, with the menu; `view` is the last part of its address."""
    menu = [
        (group, [(f"{HOME}/{name}", name) for name, scope in pages if scope in call.scopes])
        for group, pages in _MENU
    ]
    shared = texts_of("settings", call.language)
    return {"menu": menu, "view": view, "home": HOME, "s": shared, **told}


def version_of(call: Call[Any, Any], shown: BaseModel) -> str:
    """Return the ETag by which what is shown is changed only if it is so still."""
    return etag_of(content_of(shown, call.services.profile.zone))


def _go_on(call: Call[Any, Any]) -> Answer:
    del call
    return Answer(status=303, headers={"Location": f"{HOME}/aerzte"})


PAGES = (Page(HOME, "settings_house.html", _go_on, Scope.SETTINGS),)

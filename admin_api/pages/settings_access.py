"""Settings: accounts, what each sees, and what it signs in with; feeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from admin_api.endpoint import Form
from admin_api.pages.page import Page
from admin_api.pages.settings import HOME, framed, version_of
from admin_api.resources.accounts import list_accounts, read_account
from admin_api.resources.credentials import list_credentials
from admin_api.resources.feeds import list_feeds
from practice.access import Role
from practice.accounts import CredentialKind
from practice.properties import DISPLAYNAME
from practice.scopes import Scope, most_of
from practice.use_cases.accounts import EVERYWHERE

if TYPE_CHECKING:
    from admin_api.endpoint import Call

__all__ = ["PAGES"]

#: Programs that somebody may connect, in the order in which they are offered.
PROGRAMS = (
    "thunderbird",
    "apple",
    "davx5",
    "albis",
    "medistar",
    "turbomed",
    "xconcept",
    "doccirrus",
    "tomedo",
    "other",
)


class New(Form):
    """Whether a new one is made."""

    nr: Annotated[str, Field(pattern=r"^(neu)?$")] = ""


def show_accounts(call: Call[Any, Any]) -> dict[str, object]:
    """Return all accounts, and the form of a new one."""
    told = {
        "accounts": list_accounts(call).items,
        "roles": list(Role),
        "doctors": call.uow.house.doctors(),
        "is_new": bool(call.query.nr),
    }
    return framed(call, "zugaenge", told)


def show_account(call: Call[Any, Any]) -> dict[str, object]:
    """Return one account with all that belongs to it."""
    shown = read_account(call)
    granted = {one.calendar: one.level for one in shown.grants}
    calendars = [(EVERYWHERE, "")] + [
        (one.name, one.properties.get(DISPLAYNAME, one.name)) for one in call.uow.calendars.all()
    ]
    credentials = list_credentials(call).items
    held = {kind: [one for one in credentials if one.kind is kind] for kind in CredentialKind}
    told = {
        "one": shown,
        "etag": version_of(call, shown),
        "roles": list(Role),
        "doctors": call.uow.house.doctors(),
        "calendars": [(name, said, granted.get(name, "")) for name, said in calendars],
        "devices": held[CredentialKind.APP_PASSWORD],
        "tokens": held[CredentialKind.TOKEN],
        "passwords": held[CredentialKind.PASSWORD],
        "programs": PROGRAMS,
        "wanted": [scope for scope in Scope if scope in most_of(shown.role)],
        "least": call.services.minimum_password_length,
        "profiles": bool(call.services.public_url),
    }
    return framed(call, "zugang", told)


def show_feeds(call: Call[Any, Any]) -> dict[str, object]:
    """Return the feeds."""
    calendars = {
        one.name: one.properties.get(DISPLAYNAME, one.name) for one in call.uow.calendars.all()
    }
    told = {"feeds": list_feeds(call).items, "calendars": calendars}
    return framed(call, "feeds", told)


_S, _HTML = Scope.ACCOUNTS, "settings_access.html"
PAGES = (
    Page(f"{HOME}/zugaenge", _HTML, show_accounts, _S, query=New),
    Page(f"{HOME}/zugaenge/{{name}}", _HTML, show_account, _S),
    Page(f"{HOME}/feeds", _HTML, show_feeds, _S),
)

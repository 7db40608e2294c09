"""One's own access: where one is signed in, and the passwords of one's own devices.

Not here: other people's (`accounts`, `credentials`).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from admin_api.endpoint import Call, Endpoint, Nothing, Shown
from admin_api.resources.credentials import (
    CredentialsShown,
    DeviceForm,
    DeviceShown,
    device_of,
    shown_with_uses,
)
from practice.accounts import CredentialKind
from practice.errors import NotAllowed, NotFound
from practice.sessions import Way
from practice.use_cases import accounts
from practice.use_cases.sessions import end_one, end_others, sessions_of

if TYPE_CHECKING:
    from practice.accounts import Credential

__all__ = ["ENDPOINTS", "list_own_devices"]


class OwnSessionShown(Shown):
    """A browser in which one is signed in."""

    id: str
    network: str = Field(description="Where it was begun from; empty if that is not known.")
    way: Way = Field(description="How one signed in; empty if that is not known.")
    begun: datetime
    used: datetime = Field(description="To the minute.")
    this: bool = Field(description="Whether this request is of it.")


class OwnSessionsShown(Shown):
    """Where one is signed in, the last used first."""

    items: list[OwnSessionShown]
    next: Annotated[str | None, Field(description="There are no more pages.")] = None


class EndedShown(Shown):
    """How many sessions were ended."""

    ended: int


def list_own_sessions(call: Call[Nothing, None]) -> OwnSessionsShown:
    """Return where one is signed in."""
    found = sessions_of(call.uow, call.caller, call.session)
    return OwnSessionsShown(items=[OwnSessionShown.model_validate(one) for one in found])


def end_own_session(call: Call[Nothing, None]) -> None:
    """Sign out in one browser."""
    end_one(call.uow, call.caller, call.path["session_id"])


def end_other_sessions(call: Call[Nothing, None]) -> EndedShown:
    """Sign out everywhere else."""
    return EndedShown(ended=end_others(call.uow, call.caller, call.session))


def list_own_devices(call: Call[Any, Any]) -> CredentialsShown:
    """Return one's own devices, and tokens."""
    return shown_with_uses(call, _own_credentials(call))


def add_own_device(call: Call[Nothing, DeviceForm]) -> DeviceShown:
    """Make a password for a device of one's own."""
    _refuse_programs(call)
    return device_of(call, call.caller)


def remove_own_device(call: Call[Nothing, None]) -> None:
    """Take the password of one's own device away, or a token."""
    number = call.path["credential_id"]
    if all(one.id != number for one in _own_credentials(call)):
        raise NotFound("There is no such device.")
    _refuse_programs(call)
    accounts.revoke_credential(call.uow, call.caller, number, call.giver, call.session)


def _own_credentials(call: Call[Any, Any]) -> list[Credential]:
    """Return what one signs in with beside the password."""
    _, held = accounts.find_account(call.uow, call.caller.name)
    return [one for one in held if one.kind is not CredentialKind.PASSWORD]


def _refuse_programs(call: Call[Any, Any]) -> None:
    # Who found a device must not make himself another password, which lasts when that is lost.
    if not call.session:
        raise NotAllowed("This is for whoever has signed in with a browser.")


_SESSIONS, _DEVICES = "/api/me/sessions", "/api/me/devices"
_BROWSER = "For whoever has signed in with a browser."
ENDPOINTS = (
    Endpoint(
        "GET", _SESSIONS, list_own_sessions, "List where one is signed in", None, OwnSessionsShown
    ),
    Endpoint(
        "DELETE", f"{_SESSIONS}/{{session_id}}", end_own_session, "Sign out in one browser", None
    ),
    Endpoint(
        "DELETE",
        _SESSIONS,
        end_other_sessions,
        "Sign out everywhere else",
        None,
        EndedShown,
        text="What was begun in this browser stays.",
    ),
    Endpoint(
        "GET",
        _DEVICES,
        list_own_devices,
        "List one's own devices",
        None,
        CredentialsShown,
        text="Tokens are among them, the password is not. With when each was last used.",
    ),
    Endpoint(
        "POST",
        _DEVICES,
        add_own_device,
        "Make a password for a device of one's own",
        None,
        DeviceShown,
        body=DeviceForm,
        status=201,
        secret=True,
        text=f"Shown this once. {_BROWSER}",
    ),
    Endpoint(
        "DELETE",
        f"{_DEVICES}/{{credential_id:id}}",
        remove_own_device,
        "Take away the password of a device of one's own",
        None,
        text=f"It stops working at once, and other browsers have to sign in again. {_BROWSER}",
    ),
)

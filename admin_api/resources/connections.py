"""Trying at once whether a booking tool answers, and whether the mail server takes mail."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from admin_api.endpoint import Call, Endpoint, Nothing, Shown
from admin_api.reaching import Connections, Tried, Trouble
from practice.errors import Conflict, NotFound
from practice.scopes import Scope

__all__ = ["ENDPOINTS"]


class TriedShown(Shown):
    """What came of trying."""

    works: bool
    trouble: Trouble | None = Field(description="What is wrong; null if nothing is.")
    status: Annotated[int, Field(description="What was answered; 0 if nothing was.")]
    detail: str


class TestMailShown(TriedShown):
    """What came of a test mail."""

    to: str


def check_source(call: Call[Nothing, None]) -> TriedShown:
    """Ask a booking tool for one day's bookings, to see whether it answers."""
    tried = _connections(call).check(call.path["source"])
    if tried is None:
        raise NotFound("The settings have no booking tool of this name.")
    return TriedShown.model_validate(tried)


def send_test_mail(call: Call[Nothing, None]) -> TestMailShown:
    """Send a test mail to whoever asks."""
    to = call.caller.email
    if not to:
        raise Conflict("Your account has no e-mail address.")
    tried = _connections(call).send_test(to, "en" if call.language == "en" else "de")
    if tried is None:
        raise Conflict("The settings have no mail server.")
    return TestMailShown(to=to, **_told(tried))


def _told(tried: Tried) -> dict[str, Any]:
    return TriedShown.model_validate(tried).model_dump()


def _connections(call: Call[Any, Any]) -> Connections:
    if call.services.connections is None:
        raise NotFound("There is nobody outside.")
    return call.services.connections


# Neither writes, so that no transaction keeps others from writing while somebody is waited for.
ENDPOINTS = (
    Endpoint(
        "POST",
        "/api/sync/sources/{source}/check",
        check_source,
        "See whether a booking tool answers",
        Scope.SETTINGS,
        TriedShown,
        writes=False,
        text="Asks it for the bookings of today, for seconds at most. Changes nothing anywhere.",
    ),
    Endpoint(
        "POST",
        "/api/settings/test-mail",
        send_test_mail,
        "Send a test mail to your own address",
        Scope.SETTINGS,
        TestMailShown,
        writes=False,
        problems=(404, 409),
    ),
)

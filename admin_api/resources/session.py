"""Signing in with a browser, and out again."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from admin_api.cookies import forgetting, remembering
from admin_api.endpoint import Answer, Call, Endpoint, Nothing, Shown
from practice.use_cases.sessions import begin_session, end_session, proof_of

__all__ = ["ENDPOINTS"]


class SessionShown(Shown):
    """A session that has begun."""

    csrf_token: str = Field(
        description="To be sent as X-CSRF-Token with whatever changes anything."
    )


def begin(call: Call[Nothing, Any]) -> Answer:
    """Begin a session: the answer sets the cookie."""
    secret = begin_session(
        call.uow,
        call.caller,
        call.scopes,
        program=call.program,
        network=call.network,
        way=call.way,
    )
    shown = SessionShown(csrf_token=proof_of(secret))
    return Answer(shown, headers=remembering(secret))


def end(call: Call[Nothing, Any]) -> Answer:
    """End the session of the cookie, if there is one."""
    end_session(call.uow, call.session)
    return Answer(headers=forgetting())


ENDPOINTS = (
    Endpoint(
        "POST",
        "/api/session",
        begin,
        "Sign in with a browser",
        None,
        SessionShown,
        status=201,
        secret=True,
        text="Name and password are told by Basic authentication; the answer sets a cookie.",
    ),
    Endpoint("DELETE", "/api/session", end, "Sign out", None, open=True),
)

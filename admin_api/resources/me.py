"""Who is signed in, and what that one may do."""

from __future__ import annotations

from typing import Any

from admin_api.endpoint import Call, Endpoint, Nothing, Shown

__all__ = ["ENDPOINTS"]


class Me(Shown):
    """Whoever is asking."""

    name: str
    display_name: str
    role: str
    scopes: list[str]
    doctor_id: int | None


def read_me(call: Call[Nothing, Any]) -> Me:
    """Return whoever is asking."""
    account = call.caller
    return Me(
        name=account.name,
        display_name=account.display_name,
        role=account.role,
        scopes=sorted(call.scopes),
        doctor_id=account.doctor_id,
    )


ENDPOINTS = (Endpoint("GET", "/api/me", read_me, "Tell who is asking", None, Me),)

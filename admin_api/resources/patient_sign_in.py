"""Signing in of patients, by a link that is sent to them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import StringConstraints

from admin_api.cookies import remembering
from admin_api.endpoint import Answer, Call, Endpoint, Form, Nothing, Shown
from admin_api.problems import Refusal
from admin_api.shapes import NeededEMail
from practice.use_cases.patient_sign_in import ask_for_link, open_link
from practice.use_cases.sessions import proof_of

__all__ = ["ENDPOINTS"]


class LinkWanted(Form):
    """Where the link is to be sent."""

    email: NeededEMail
    language: Literal["de", "en"] = "de"


class Asked(Shown):
    """What is answered to everybody."""

    sent: Literal["if-known"] = "if-known"


class LinkOpened(Form):
    """The secret of a link."""

    secret: Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9_-]{20,64}$")]


class PatientSession(Shown):
    """A session that has begun; the answer sets the cookie."""

    csrf_token: str


def ask_to_sign_in(call: Call[Nothing, LinkWanted]) -> Asked:
    """Have a link sent to an address, if it is a patient's."""
    if not call.services.sign_in_by_mail:
        raise Refusal(409, "The practice sends no links by e-mail; please call.")
    ask_for_link(call.uow, call.body.email, call.network, call.body.language)
    return Asked()


def sign_in_by_link(call: Call[Nothing, LinkOpened]) -> Answer:
    """Begin a session."""
    secret = open_link(call.uow, call.body.secret)
    return Answer(PatientSession(csrf_token=proof_of(secret)), headers=remembering(secret))


_ROOT = "/api/patient-portal"
_MORE: dict[str, Any] = {"open": True, "anew": True}
ENDPOINTS = (
    Endpoint(
        "POST",
        f"{_ROOT}/sign-in",
        ask_to_sign_in,
        "Have a link sent to sign in by",
        None,
        Asked,
        body=LinkWanted,
        status=202,
        problems=(403, 409),
        secret=True,
        text="Answered alike whether somebody has the address or not. The link is good for a"
        " quarter of an hour, and once; of several who share an address each gets one.",
        **_MORE,
    ),
    Endpoint(
        "POST",
        f"{_ROOT}/session",
        sign_in_by_link,
        "Sign in by a link",
        None,
        PatientSession,
        body=LinkOpened,
        status=201,
        problems=(403, 409),
        secret=True,
        **_MORE,
    ),
)

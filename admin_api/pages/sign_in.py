"""Signing in of staff, and the choice of the language. Who is right is decided by the API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from admin_api.cookies import choosing
from admin_api.endpoint import Answer, Call, Endpoint, Form
from admin_api.pages.page import Page, own_address

__all__ = ["ENDPOINTS", "PAGES"]


class Onward(Form):
    """Where to go on."""

    zu: Annotated[str, Field(max_length=2000)] = ""


class SignedOut(Onward):
    """Where to go on; or that somebody has just signed out."""

    abgemeldet: Literal["", "1"] = ""


class Chosen(Onward):
    """The language of the pages, and where to go on."""

    sprache: Literal["de", "en"]


def show(call: Call[SignedOut, None]) -> dict[str, object] | Answer:
    """Return the form; who has signed in goes on."""
    onward = own_address(call.query.zu, "/admin")
    if call.account is not None:
        return Answer(status=303, headers={"Location": onward})
    elsewhere = call.services.elsewhere
    return {
        "onward": onward,
        "signed_out": bool(call.query.abgemeldet),
        "elsewhere": elsewhere.name if elsewhere else "",
        # Its cookie is for the host that the provider sends people back to.
        "origin": elsewhere.origin if elsewhere else "",
    }


def choose_language(call: Call[Chosen, Any]) -> Answer:
    """Remember the language and go back."""
    headers = choosing(call.query.sprache)
    return Answer(status=303, headers={"Location": own_address(call.query.zu, "/"), **headers})


PAGES = (Page("/anmelden", "sign_in.html", show, query=SignedOut, open=True),)
ENDPOINTS = (
    Endpoint(
        "GET", "/sprache", choose_language, "Choose the language", None, query=Chosen, open=True
    ),
)

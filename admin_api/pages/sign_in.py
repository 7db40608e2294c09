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


class Chosen(Onward):
    """The language of the pages, and where to go on."""

    sprache: Literal["de", "en"]


def show(call: Call[Onward, None]) -> dict[str, object] | Answer:
    """Return the form; who has signed in goes on."""
    onward = own_address(call.query.zu, "/admin")
    if call.account is not None:
        return Answer(status=303, headers={"Location": onward})
    return {"onward": onward}


def choose_language(call: Call[Chosen, Any]) -> Answer:
    """Remember the language and go back."""
    headers = choosing(call.query.sprache)
    return Answer(status=303, headers={"Location": own_address(call.query.zu, "/"), **headers})


PAGES = (Page("/anmelden", "sign_in.html", show, query=Onward, open=True),)
ENDPOINTS = (
    Endpoint(
        "GET", "/sprache", choose_language, "Choose the language", None, query=Chosen, open=True
    ),
)

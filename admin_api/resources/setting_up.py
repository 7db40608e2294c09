"""What helps to set a device up: addresses as pictures, and a profile for Apple's calendars.

Not here: passwords of devices (`credentials`). Nothing here tells one.
"""

from __future__ import annotations

import plistlib
from io import BytesIO
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

import segno
from pydantic import Field, StringConstraints

from admin_api.endpoint import Answer, Call, Endpoint, Form, Nothing
from practice.errors import Conflict
from practice.scopes import Scope
from practice.use_cases.accounts import find_account

__all__ = ["ENDPOINTS", "qr_code"]

_APPLE = "application/x-apple-aspen-config"


class PictureForm(Form):
    """An address to be read with a camera."""

    text: Annotated[
        str, StringConstraints(min_length=1, max_length=500, pattern=r"^[\u0020-\u007e]+$")
    ] = Field(description="In ASCII.", repr=False)


def qr_code(text: str) -> str:
    """Return a QR code as SVG, black on white whatever is around it."""
    made, svg = segno.make_qr(text, error="m"), BytesIO()
    colors = {"dark": "#000", "light": "#fff"}
    made.save(svg, kind="svg", xmldecl=False, omitsize=True, border=3, nl=False, **colors)
    return svg.getvalue().decode()


def make_qr_code(call: Call[Nothing, PictureForm]) -> Answer:
    """Return an address as a picture. Asked by POST: some addresses are secrets."""
    return Answer(content=qr_code(call.body.text).encode(), media_type="image/svg+xml")


def read_apple_profile(call: Call[Nothing, None]) -> Answer:
    """Return a profile that sets up an account in Apple's calendars; it asks for the password."""
    account, _ = find_account(call.uow, call.path["name"])
    address = urlsplit(call.services.public_url)
    if not address.hostname:
        raise Conflict("The settings do not say how the server is called (server.public_url).")
    secure, practice = address.scheme == "https", call.services.profile.name
    entry: dict[str, Any] = {
        "CalDAVAccountDescription": practice,
        "CalDAVHostName": address.hostname,
        "CalDAVPort": address.port or (443 if secure else 80),
        "CalDAVPrincipalURL": f"/caldav/{account.name}/",
        "CalDAVUseSSL": secure,
        "CalDAVUsername": account.name,
        **_payload("com.apple.caldav.account", f"{call.services.public_url}/{account.name}/caldav"),
        "PayloadDisplayName": practice,
    }
    profile = {
        **_payload("Configuration", f"{call.services.public_url}/{account.name}"),
        "PayloadDisplayName": f"{practice}: {account.name}",
        "PayloadContent": [entry],
        "PayloadRemovalDisallowed": False,
    }
    name = f'attachment; filename="{account.name}.mobileconfig"'
    content = plistlib.dumps(profile)
    return Answer(content=content, media_type=_APPLE, headers={"Content-Disposition": name})


def _payload(kind: str, of: str) -> dict[str, Any]:
    """Return what every part of a profile has; the same each time, so that one replaces another."""
    number = str(uuid5(NAMESPACE_URL, of)).upper()
    return {
        "PayloadType": kind,
        "PayloadVersion": 1,
        "PayloadIdentifier": f"de.praxis-caldav.{number}",
        "PayloadUUID": number,
    }


ENDPOINTS = (
    Endpoint(
        "POST",
        "/api/qr-codes",
        make_qr_code,
        "Make a QR code of an address",
        None,
        body=PictureForm,
        files=("image/svg+xml",),
        writes=False,
    ),
    Endpoint(
        "GET",
        "/api/accounts/{name}/apple-profile",
        read_apple_profile,
        "Get a profile for Apple's calendars",
        Scope.ACCOUNTS,
        files=(_APPLE,),
        problems=(409,),
        text="Without a password: the device asks for it.",
    ),
)

"""The settings of who is told of appointments: by e-mail, practice software, a webhook.

What is told: see `booking_adapter.deliveries`. Not here: booking tools, which are told, too
(`praxis_caldav.tool_settings`), nor making anything of them (`praxis_caldav.outside`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from booking_adapter.deliveries.pvs_rest import Interface
from booking_adapter.signatures import secret_of
from praxis_caldav.setting_values import (
    File,
    Network,
    Secret,
    Section,
    only_known,
    secure_url,
    valid_email,
)

__all__ = ["Mail", "Outgoing", "SoftwareRest", "interface_of"]


def _valid_secret(value: str) -> str:
    if value:
        secret_of(value)
    return value


SignedWith = Annotated[str, Field(repr=False), AfterValidator(_valid_secret)]


class Mail(Section):
    """E-mail to patients and to the practice. Off while there is no host."""

    host: str = Field("", description="Mail server that takes the practice's e-mail; empty: none.")
    port: int = Field(587, ge=1, le=65535, description="Its TCP port.")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        description="starttls (port 587) or tls (port 465); none only for this very machine.",
    )
    user: str = Field("", description="Name to log in with; empty: without logging in.")
    password: Secret = Field("", description="Password to log in with.")
    ca_file: File = Field(
        None,
        description="File with the certificates (PEM) by which the server's TLS is checked; "
        "empty: the usual authorities.",
    )
    language: Literal["de", "en"] = Field(
        "de", description="Language of those who have told none: de or en."
    )
    phone: str = Field("", description="Telephone number for patients who have questions.")
    website: str = Field(
        "", description="Address of the practice's web page, in e-mails to patients; empty: none."
    )
    booking_page: str = Field(
        "",
        description="Address of the page on which patients book, such as the portal's; in e-mails "
        "that decline a request, below what is still free. Empty: none.",
    )
    grace_seconds: int = Field(
        120,
        ge=0,
        le=86_400,
        description="Seconds that an e-mail to a patient waits for what comes after it: a move "
        "there and back is no e-mail, several are one.",
    )
    reminder_hours: int = Field(
        24,
        ge=1,
        le=336,
        description="Hours before an appointment at which patients who agreed are reminded.",
    )
    admin: str = Field(
        "",
        description="Address for what somebody in the practice has to decide: conflicts with the "
        "booking tool, letters that cannot be delivered, a booking tool out of reach for a day. "
        "Names no patients. Empty: none.",
    )

    @field_validator("website", "booking_page")
    @classmethod
    def _a_page(cls, value: str) -> str:
        secure_url(value, "https://praxis.example.org", "patients follow it")
        return value

    @field_validator("admin")
    @classmethod
    def _an_address(cls, value: str) -> str:
        return valid_email(value) if value else value


class SoftwareRest(Section):
    """Practice software that is told of appointments by REST. Off while there is no url."""

    url: str = Field("", description="Root of its API, such as https://praxis.example.org.")
    network: Network = Field(
        "outside", description="inside: it may be in a network of the practice's own."
    )
    key: Secret = Field("", description="What stands in the header Authorization.")
    interface: dict[str, Any] = Field(
        {},
        description="How it is told, where that is not POST /api/v1/appointments with patient_id, "
        "date, time, duration and reason; see docs/buchungstools.md.",
    )

    @field_validator("interface")
    @classmethod
    def _known(cls, value: dict[str, Any]) -> dict[str, Any]:
        interface_of(value)
        return value


def interface_of(told: dict[str, Any]) -> Interface:
    """Return how practice software is told, from a table of the settings; raises ValueError."""
    from pydantic import TypeAdapter

    return TypeAdapter(Interface).validate_python(only_known(Interface)(told))


class Outgoing(Section):
    """A webhook that is told of every appointment. Off while there is no url."""

    url: str = Field("", description="Address to which it is sent, signed (Standard Webhooks).")
    network: Network = Field(
        "outside", description="inside: it may be in a network of the practice's own."
    )
    secret: SignedWith = Field(
        "",
        validate_default=True,
        description="What both sides know: whsec_ and base64, or other 24 characters and more.",
    )

    @field_validator("secret")
    @classmethod
    def _needed(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("url") and not value:
            raise ValueError("must be given if there is an url")
        return value

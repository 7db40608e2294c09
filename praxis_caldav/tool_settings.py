"""The settings of booking tools, and of those who are told of appointments.

What they do: see `booking_adapter`. Not here: making anything of them (`praxis_caldav.outside`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from booking_adapter.deliveries.pvs_rest import Interface
from booking_adapter.signatures import secret_of
from booking_adapter.tools.generic_mapping import Rest
from praxis_caldav.setting_values import (
    File,
    Filled,
    Section,
    Slug,
    did_you_mean,
    secure_url,
    valid_email,
)

__all__ = [
    "Booking",
    "CalComTool",
    "CallDocTool",
    "CsvTool",
    "EasyAppointmentsTool",
    "Mail",
    "Outgoing",
    "RestTool",
    "Secret",
    "SoftwareRest",
    "Worker",
]


def _valid_root(value: str) -> str:
    secure_url(value, "https://termine.example.org", "patients are told of over it")
    return value.rstrip("/")


def _valid_inside_root(value: str) -> str:
    if value.startswith("http://"):
        return value.rstrip("/")
    return _valid_root(value)


def _valid_secret(value: str) -> str:
    if value:
        secret_of(value)
    return value


def _told(text: str, file: Path | None) -> str:
    return file.read_text("utf-8-sig").strip() if file else text


Secret = Annotated[str, Field(repr=False)]
SignedWith = Annotated[str, Field(repr=False), AfterValidator(_valid_secret)]
#: Whether an address may lead into a network of the practice's own.
Network = Literal["outside", "inside"]


def _only_known(record: type) -> Callable[[Any], Any]:
    """Return a check that a table has nothing that a record, and those in it, do not have."""

    def check(told: Any) -> Any:
        _check_known(told, record)
        return told

    return check


def _check_known(told: Any, record: type) -> None:
    hints = get_type_hints(record)
    for name, value in told.items() if isinstance(told, dict) else ():
        if name not in hints:
            raise ValueError(f"there is no {name!r}{did_you_mean(name, hints)}")
        for inner in (hints[name], *get_args(hints[name])):
            if is_dataclass(inner) and isinstance(inner, type):
                _check_known(value, inner)


class _Tool(BaseModel):
    """What is said of every booking tool."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every_minutes: int = Field(5, ge=1, le=1440)
    past_days: int = Field(1, ge=0, le=366)
    ahead_days: int = Field(180, ge=1, le=730)


class _Named(BaseModel):
    """What is said of one that has numbers of its own for doctors and kinds of appointments."""

    doctors: dict[Filled, Slug] = Field({})
    kinds: dict[Filled, Filled] = Field({})


class _Asked(_Tool):
    """What is said of one that is asked over HTTP."""

    url: Annotated[str, AfterValidator(_valid_inside_root)]
    network: Network = Field("outside", validate_default=True)

    @field_validator("network")
    @classmethod
    def _secure(cls, value: str, info: ValidationInfo) -> str:
        if value == "outside" and "url" in info.data:
            _valid_root(info.data["url"])
        return value


class _Keyed(_Asked):
    """What is said of one that has a key. Of `key` and `key_file` one is given."""

    key: Secret = ""
    key_file: File = None
    hook_secret: Secret = ""
    hook_secret_file: File = None

    @property
    def key_told(self) -> str:
        """The key, from wherever it is."""
        return _told(self.key, self.key_file)

    @property
    def hook_secret_told(self) -> str:
        """The secret of webhooks, from wherever it is."""
        return _told(self.hook_secret, self.hook_secret_file)


class EasyAppointmentsTool(_Keyed, _Named):
    """Easy!Appointments. `doctors` and `kinds` are by its ids of providers and services; `fields`
    are ours (`birth_date`, `insurance`, `patient_number`) by its custom fields.
    """

    tool: Literal["easyappointments"]
    fields: dict[Filled, Filled] = Field({})


class CalComTool(_Keyed, _Named):
    """Cal.com. `doctors` and `kinds` are by its ids of hosts and event types; `fields` are ours by
    the slugs of its questions. `page` is where patients book.
    """

    tool: Literal["calcom"]
    url: Annotated[str, AfterValidator(_valid_inside_root)] = "https://api.cal.com/v2"
    page: str = ""
    fields: dict[Filled, Filled] = Field({})


class CallDocTool(_Asked, _Named):
    """CallDoc. `doctors`, `kinds` and `rooms` are by its ids; `minutes` is how long an appointment
    of a type takes. `patients_url` is where patients are looked for by PIZ, if anywhere.
    """

    tool: Literal["calldoc"]
    minutes: dict[Filled, int]
    rooms: dict[Filled, Slug] = Field({})
    patients_url: str = ""

    @field_validator("patients_url")
    @classmethod
    def _secure_too(cls, value: str, info: ValidationInfo) -> str:
        valid = _valid_inside_root if info.data.get("network") == "inside" else _valid_root
        return valid(value) if value else value


class RestTool(_Keyed):
    """Any JSON API, below `url`. `api` says how it has its bookings, see docs/buchungstools.md."""

    tool: Literal["generic_rest"]
    key_header: Filled = "Authorization"
    key_prefix: str = "Bearer "
    api: Annotated[Rest, BeforeValidator(_only_known(Rest))]


class CsvTool(_Tool):
    """A file, or a folder of files in which the newest counts, that the tool exports."""

    tool: Literal["csv_file"]
    path: Path
    pattern: Filled = "*.csv"
    quiet_seconds: int = Field(60, ge=1, le=3600)


AnyTool = Annotated[
    EasyAppointmentsTool | CalComTool | CallDocTool | RestTool | CsvTool,
    Field(discriminator="tool"),
]


class Booking(Section):
    """Booking tools, each as a table of its own; docs/buchungstools.md has what each may say."""

    sources: dict[Slug, AnyTool] = Field(
        {},
        description="The tools by the names that this practice has for them, such as "
        '[booking.sources.praxis] with tool = "easyappointments". A name is kept with every '
        "appointment: do not change it later.",
    )


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

    return TypeAdapter(Interface).validate_python(_only_known(Interface)(told))


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


class Worker(Section):
    """What delivers letters, asks booking tools and works off their webhooks."""

    run: Literal["serve", "work"] = Field(
        "serve",
        description="serve: every server process does; work: only `praxis-caldav work` does, on "
        "as many machines as you like.",
    )

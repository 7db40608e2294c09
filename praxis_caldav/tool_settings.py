"""The settings of booking tools. What they do: see `booking_adapter.tools`.

Not here: who else is told of appointments (`praxis_caldav.receiver_settings`), nor making a tool
of them (`praxis_caldav.booking_tools`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from booking_adapter.tools.generic_mapping import Rest
from praxis_caldav.setting_values import (
    File,
    Filled,
    Network,
    Secret,
    Section,
    Slug,
    only_known,
    secure_url,
)

__all__ = [
    "Booking",
    "CalComTool",
    "CallDocTool",
    "CsvTool",
    "EasyAppointmentsTool",
    "RestTool",
]


def _valid_root(value: str) -> str:
    secure_url(value, "https://termine.example.org", "patients are told of over it")
    return value.rstrip("/")


def _valid_inside_root(value: str) -> str:
    if value.startswith("http://"):
        return value.rstrip("/")
    return _valid_root(value)


def _told(text: str, file: Path | None) -> str:
    return file.read_text("utf-8-sig").strip() if file else text


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
    api: Annotated[Rest, BeforeValidator(only_known(Rest))]


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

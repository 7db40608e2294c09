"""The settings: typed, read once at the start, every fault reported at once with its origin.

Later sources win: defaults, the TOML file, the environment, secrets from files, the command line.
A name nobody knows is a fault, because a mistyped setting would otherwise be a silent one. Values
are never repeated in a fault, because one of them may be a password. The tables of the server
itself, of booking tools, of who is told of appointments and of the identity provider have modules
of their own. Not here: what the settings are for; see the modules that take them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from praxis_caldav.oidc_settings import Oidc
from praxis_caldav.receiver_settings import Mail, Outgoing, SoftwareRest
from praxis_caldav.server_settings import Database, Logging, Server, Worker
from praxis_caldav.setting_values import (
    Filled,
    Section,
    Slug,
    valid_css3_color,
    valid_domain,
    valid_email,
    valid_origin,
    valid_realm,
    valid_zone,
)
from praxis_caldav.tool_settings import Booking

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

__all__ = ["CONFIG_VARIABLE", "FIELDS", "PREFIX", "SECTIONS", "Section", "Settings"]

PREFIX = "PRAXIS_CALDAV_"
#: Names the TOML file where the command line does not.
CONFIG_VARIABLE = f"{PREFIX}CONFIG"


class Practice(Section):
    """The practice itself, as patients and calendars see it."""

    name: Filled = Field("Praxis", description="Name of the practice, shown as the organizer.")
    email: Annotated[str, AfterValidator(valid_email)] = Field(
        "praxis@example.org", description="E-mail address of the practice, used as the organizer."
    )
    address: str = Field("", description="Street and town, written as LOCATION; empty: none.")
    zone: Annotated[str, AfterValidator(valid_zone)] = Field(
        "Europe/Berlin",
        description="Time zone (IANA name) in which appointments are made and times without a "
        "zone are understood.",
    )
    uid_domain: Annotated[str, AfterValidator(valid_domain)] = Field(
        "praxis.example.org",
        description="Ending of the UIDs of new appointments. Keep it once appointments exist.",
    )


class CalDav(Section):
    """What calendar clients see, and the limits they must keep."""

    main_calendar: Slug = Field(
        "praxis", description="Name, in addresses, of the calendar that shows all doctors'."
    )
    aliases: dict[Slug, Slug] = Field(
        {"hauptkalender": "praxis"},
        description="Further names of calendars in addresses: alias = the calendar's own name. "
        "What is given here replaces the default.",
    )
    realm: Annotated[str, AfterValidator(valid_realm)] = Field(
        "Praxiskalender", description="What clients show when they ask for a password."
    )
    max_object_bytes: int = Field(
        1_000_000, ge=10_000, description="Bytes that one appointment may have; more is refused."
    )
    max_request_bytes: int = Field(
        25_000_000,
        ge=10_000,
        description="Bytes that the body of one request may have; more is answered with 413.",
    )
    max_instances: int = Field(
        3000,
        ge=1,
        le=100_000,
        description="Instances that a repeating event may have; a rule with more is refused.",
    )
    max_attendees: int = Field(
        1000,
        ge=1,
        le=10_000,
        description="Attendees that one instance of an event may have; more are refused.",
    )
    remembered_megabytes: int = Field(
        64,
        ge=0,
        le=10_000,
        description="Memory of each process for answers that are given again as long as nothing "
        "they tell has changed, as to most polls; 0 to make each anew.",
    )

    @field_validator("aliases")
    @classmethod
    def _one_meaning(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        if info.data.get("main_calendar") in value:
            raise ValueError("an alias must not be named as the main calendar is")
        if chained := sorted(set(value.values()) & set(value)):
            raise ValueError(f"an alias must name a calendar, not an alias ({', '.join(chained)})")
        return value

    @field_validator("max_request_bytes")
    @classmethod
    def _room_for_an_object(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("max_object_bytes", 0):
            raise ValueError("must not be less than max_object_bytes")
        return value


class Feeds(Section):
    """Secret addresses, made by `feed add`, under which a calendar is read without signing in."""

    past_days: int = Field(
        60,
        ge=0,
        le=3650,
        description="Days before today that a feed shows; it is fetched whole every time.",
    )
    future_days: int = Field(365, ge=1, le=3650, description="Days after today that a feed shows.")


class Accounts(Section):
    """Passwords, and what happens when somebody guesses at them."""

    minimum_password_length: int = Field(
        12, ge=8, le=128, description="Characters that a new password must have at least."
    )
    failures_per_account: int = Field(
        10,
        ge=1,
        description="Failed log-ins to one account within the window, after which further ones "
        "are refused unseen.",
    )
    failures_per_network: int = Field(
        100,
        ge=1,
        description="Failed log-ins from one network within the window, after which further ones "
        "are refused unseen. A practice is one network: leave room for its forgotten passwords.",
    )
    failure_window_seconds: int = Field(
        300, ge=1, le=86_400, description="Seconds for which a failed log-in counts."
    )


class Api(Section):
    """The REST API."""

    threads: int = Field(
        8, ge=1, le=1000, description="Requests to the API that each process works on at once."
    )
    per_minute: int = Field(
        600, ge=1, description="Requests a minute of each account and process; more wait."
    )
    visitors_per_minute: int = Field(
        60,
        ge=1,
        description="Requests a minute and process from each network where nobody signs in, as on "
        "a booking page.",
    )
    origins: list[Annotated[str, AfterValidator(valid_origin)]] = Field(
        [],
        description="Websites whose pages may ask for free slots and book (CORS), such as "
        "https://www.example.org; none: only this server's own pages.",
    )


class Appointments(Section):
    """How appointments look in the calendars."""

    categories: dict[Filled, Filled] = Field(
        {
            "KONTROLLUNTERSUCHUNG": "FOLLOWUP",
            "ERSTBESUCH": "NEW_PATIENT",
            "WUNDKONTROLLE": "WOUND_CARE",
            "NACHSORGE": "FOLLOWUP",
        },
        description="CATEGORIES of an appointment by its type (X-APPOINTMENT-TYPE): type = "
        "category. What is given here replaces the default.",
    )
    colors: dict[Filled, Annotated[str, AfterValidator(valid_css3_color)]] = Field(
        {"FOLLOWUP": "steelblue", "NEW_PATIENT": "mediumseagreen", "WOUND_CARE": "darkorange"},
        description="COLOR of an appointment by its category: category = CSS3 colour name. What "
        "is given here replaces the default.",
    )
    tentative_prefix: str = Field(
        "Anfrage: ",
        description="Put before the title while an appointment is not confirmed, because most "
        "calendars do not show that otherwise.",
    )


class History(Section):
    """The log of all changes in the database, by which any of them can be taken back."""

    keep_days: int = Field(
        1461,
        ge=1,
        le=36_500,
        description="Days after which `praxis-caldav purge` forgets a change, with the texts "
        "before and after it. Those are patients' data, to be kept no longer than needed (GDPR "
        "Art. 5): by default four years, since claims lapse three years after the end of theirs "
        "(BGB 195, 199). Appointments in the calendars are not touched.",
    )


class Settings(BaseModel):
    """All settings of one server."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    practice: Practice = Practice()
    database: Database = Database()
    server: Server = Server()
    caldav: CalDav = CalDav()
    feeds: Feeds = Feeds()
    accounts: Accounts = Accounts()
    api: Api = Api()
    oidc: Oidc = Oidc()
    appointments: Appointments = Appointments()
    booking: Booking = Booking()
    mail: Mail = Mail()
    software: SoftwareRest = SoftwareRest()
    webhook: Outgoing = Outgoing()
    worker: Worker = Worker()
    history: History = History()
    logging: Logging = Logging()

    @field_validator("oidc")
    @classmethod
    def _way_back(cls, value: Oidc, info: ValidationInfo) -> Oidc:
        server = info.data.get("server")
        if value.client_id and server is not None and not server.public_url:
            raise ValueError("client_id needs server.public_url, to which browsers are sent back")
        return value


SECTIONS: dict[str, type[Section]] = {
    name: type(field.default) for name, field in Settings.model_fields.items()
}
#: Every setting by its full name, such as `server.port`.
FIELDS: dict[str, FieldInfo] = {
    f"{name}.{key}": field
    for name, section in SECTIONS.items()
    for key, field in section.model_fields.items()
}

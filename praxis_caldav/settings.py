"""The settings: typed, read once at the start, every fault reported at once with its origin.

Later sources win: defaults, the TOML file, the environment, secrets from files, the command line.
A name nobody knows is a fault, because a mistyped setting would otherwise be a silent one. Values
are never repeated in a fault, because one of them may be a password. Not here: what the settings
are for; see the modules that take them.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

__all__ = ["CONFIG_VARIABLE", "PREFIX", "Settings", "SettingsError", "load"]

PREFIX = "PRAXIS_CALDAV_"
#: Names the TOML file where the command line does not.
CONFIG_VARIABLE = f"{PREFIX}CONFIG"

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_EMAIL = re.compile(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+")
_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")

_COLORS = """
    aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue blueviolet
    brown burlywood cadetblue chartreuse chocolate coral cornflowerblue cornsilk crimson cyan
    darkblue darkcyan darkgoldenrod darkgray darkgreen darkgrey darkkhaki darkmagenta
    darkolivegreen darkorange darkorchid darkred darksalmon darkseagreen darkslateblue
    darkslategray darkslategrey darkturquoise darkviolet deeppink deepskyblue dimgray dimgrey
    dodgerblue firebrick floralwhite forestgreen fuchsia gainsboro ghostwhite gold goldenrod gray
    green greenyellow grey honeydew hotpink indianred indigo ivory khaki lavender lavenderblush
    lawngreen lemonchiffon lightblue lightcoral lightcyan lightgoldenrodyellow lightgray lightgreen
    lightgrey lightpink lightsalmon lightseagreen lightskyblue lightslategray lightslategrey
    lightsteelblue lightyellow lime limegreen linen magenta maroon mediumaquamarine mediumblue
    mediumorchid mediumpurple mediumseagreen mediumslateblue mediumspringgreen mediumturquoise
    mediumvioletred midnightblue mintcream mistyrose moccasin navajowhite navy oldlace olive
    olivedrab orange orangered orchid palegoldenrod palegreen paleturquoise palevioletred
    papayawhip peachpuff peru pink plum powderblue purple red rosybrown royalblue saddlebrown
    salmon sandybrown seagreen seashell sienna silver skyblue slateblue slategray slategrey snow
    springgreen steelblue tan teal thistle tomato turquoise violet wheat white whitesmoke yellow
    yellowgreen
"""
#: RFC 7986 5.9: COLOR takes a CSS3 colour name, no number.
CSS3_COLORS = frozenset(_COLORS.split())

_WHOLE_NUMBER = "must be a whole number"
#: What pydantic's words for a wrong type mean to a person.
_EXPECTED = {
    "int_type": _WHOLE_NUMBER,
    "int_parsing": _WHOLE_NUMBER,
    "int_from_float": _WHOLE_NUMBER,
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "list_type": "must be a list (in the environment: a, b)",
    "dict_type": "must be a table (in the environment: a=b, c=d)",
}


class SettingsError(Exception):
    """Some settings cannot be used; `faults` are all of them, a line for a person each."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        count = "a fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__("\n  ".join([f"The settings have {count}:", *self.faults]))


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    match = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {match[0]}?" if match else ""


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise ValueError("must be an e-mail address, such as praxis@example.org")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be the IANA name of a time zone, such as Europe/Berlin") from None
    return value


def _domain(value: str) -> str:
    if not _DOMAIN.fullmatch(value):
        raise ValueError("must be a domain, such as praxis.example.org")
    return value


def _slug(value: str) -> str:
    if not _SLUG.fullmatch(value):
        raise ValueError("must be 1 to 64 of the characters a-z, 0-9 and -, no - at either end")
    return value


def _realm(value: str) -> str:
    # RFC 7617 2: it stands in quotes in a header.
    if not value or not value.isascii() or '"' in value or "\\" in value:
        raise ValueError("must be plain ASCII text without quotes and backslashes")
    return value


def _database_url(value: str) -> str:
    scheme, separator, rest = value.partition("://")
    if not separator and value:
        return f"sqlite:///{value}"
    if scheme == "sqlite" and rest.startswith("/") and rest != "/":
        return value
    if scheme not in {"postgresql", "postgresql+psycopg", "postgres"}:
        raise ValueError("must be sqlite:///FILE, the path of a file, or postgresql://...")
    try:
        _ = urlsplit(value).port
    except ValueError:  # its message may repeat a part of the password
        raise ValueError(
            "must be postgresql://USER:PASSWORD@HOST:PORT/NAME; "
            "characters such as @ : / in the password are written %40 %3A %2F"
        ) from None
    return f"postgresql+psycopg://{rest}"


def _nothing_if_empty(value: object) -> object:
    # TOML and the environment cannot say None.
    return None if value == "" else value


def _readable_file(value: Path | None) -> Path | None:
    if value is None:
        return None
    try:
        value.stat()
    except PermissionError:
        pass  # only the server needs to read it, not every command
    except OSError as error:
        raise ValueError(f"must be an existing file ({error.strerror})") from None
    return value


def _public_url(value: str) -> str:
    try:
        url = urlsplit(value)
        local = url.hostname in {"localhost", "127.0.0.1", "::1"}
        _ = url.port
    except ValueError:
        raise ValueError("must be an address such as https://kalender.example.org") from None
    secure = url.scheme == "https" or (url.scheme == "http" and local)
    if value and not (secure and url.hostname):
        raise ValueError("must begin with https:// (passwords travel to it)")
    if url.username or url.path.strip("/") or url.query or url.fragment:
        raise ValueError("must be a scheme, a host and at most a port: the server has no prefix")
    return value.rstrip("/")


def _network(value: str) -> str:
    try:
        ipaddress.ip_network(value)
    except ValueError:
        raise ValueError("must be IP addresses or networks, such as 10.0.0.0/8") from None
    return value


def _css3_color(value: str) -> str:
    if value.lower() not in CSS3_COLORS:
        raise ValueError(f"must be a CSS3 colour name{_did_you_mean(value.lower(), CSS3_COLORS)}")
    return value.lower()


def _lower_case(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


_Slug = Annotated[str, AfterValidator(_slug)]
_File = Annotated[Path | None, BeforeValidator(_nothing_if_empty), AfterValidator(_readable_file)]
_Filled = Annotated[str, Field(min_length=1)]


class Section(BaseModel):
    """One table of the TOML file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _no_surprises(cls, value: object) -> object:
        if isinstance(value, bool):  # pydantic would read it as the number 1 or 0
            raise ValueError("must not be true or false")
        if isinstance(value, str) and any(ord(character) < 32 for character in value):
            raise ValueError("must be one line of text")
        return value


class Practice(Section):
    """The practice itself, as patients and calendars see it."""

    name: _Filled = Field("Praxis", description="Name of the practice, shown as the organizer.")
    email: Annotated[str, AfterValidator(_email)] = Field(
        "praxis@example.org", description="E-mail address of the practice, used as the organizer."
    )
    address: str = Field("", description="Street and town, written as LOCATION; empty: none.")
    zone: Annotated[str, AfterValidator(_zone)] = Field(
        "Europe/Berlin",
        description="Time zone (IANA name) in which appointments are made and times without a "
        "zone are understood.",
    )
    uid_domain: Annotated[str, AfterValidator(_domain)] = Field(
        "praxis.example.org",
        description="Ending of the UIDs of new appointments. Keep it once appointments exist.",
    )


class Database(Section):
    """Where everything is kept."""

    # Not in the repr: it may hold a password.
    url: Annotated[str, AfterValidator(_database_url)] = Field(
        "sqlite:///praxis.db",
        repr=False,
        description="sqlite:///FILE, the path of a file (both count from the folder the program "
        "is started in; sqlite:////FILE is absolute), or postgresql://USER:PASSWORD@HOST/NAME.",
    )
    pool_size: int = Field(
        10, ge=1, le=1000, description="Most connections to PostgreSQL of each server process."
    )
    busy_timeout_seconds: int = Field(
        10,
        ge=1,
        le=300,
        description="Seconds a request waits for another one that is writing, before it is "
        "answered with 503 (try again).",
    )


class Server(Section):
    """How the server is reached, and how much it does at once."""

    host: _Filled = Field(
        "127.0.0.1", description="IP address to listen on; 0.0.0.0 means all of this machine's."
    )
    port: int = Field(
        5232, ge=0, le=65535, description="TCP port to listen on; 0 takes any free one."
    )
    workers: int = Field(
        1, ge=1, le=256, description="Number of server processes. More than one wants PostgreSQL."
    )
    tls_cert: _File = Field(
        None, description="File with the TLS certificate chain (PEM); empty: no TLS."
    )
    tls_key: _File = Field(
        None,
        validate_default=True,
        description="File with the private key of tls_cert (PEM); give both or none.",
    )
    public_url: Annotated[str, AfterValidator(_public_url)] = Field(
        "",
        description="Address people use to reach the server, such as https://kalender.example.org, "
        "for the addresses it prints; empty: made from host and port.",
    )
    trusted_proxies: list[Annotated[str, AfterValidator(_network)]] = Field(
        ["127.0.0.1"],
        description="IP addresses or networks of the reverse proxies whose X-Forwarded-For and "
        "X-Forwarded-Proto headers are believed.",
    )
    threads: int = Field(
        16, ge=1, le=1000, description="Requests that each server process works on at once."
    )
    shutdown_seconds: int = Field(
        30, ge=1, le=3600, description="Seconds that running requests get to end at a stop."
    )

    @field_validator("tls_key")
    @classmethod
    def _both_or_none(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        # Here and not on the section: that check would be skipped while another field is wrong.
        if "tls_cert" in info.data and (value is None) != (info.data["tls_cert"] is None):
            raise ValueError("tls_cert and tls_key must be given both or not at all")
        return value


class CalDav(Section):
    """What calendar clients see, and the limits they must keep."""

    main_calendar: _Slug = Field(
        "praxis", description="Name, in addresses, of the calendar that shows all doctors'."
    )
    aliases: dict[_Slug, _Slug] = Field(
        {"hauptkalender": "praxis"},
        description="Further names of calendars in addresses: alias = the calendar's own name. "
        "What is given here replaces the default.",
    )
    realm: Annotated[str, AfterValidator(_realm)] = Field(
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


class Appointments(Section):
    """How appointments look in the calendars."""

    categories: dict[_Filled, _Filled] = Field(
        {
            "KONTROLLUNTERSUCHUNG": "FOLLOWUP",
            "ERSTBESUCH": "NEW_PATIENT",
            "WUNDKONTROLLE": "WOUND_CARE",
            "NACHSORGE": "FOLLOWUP",
        },
        description="CATEGORIES of an appointment by its type (X-APPOINTMENT-TYPE): type = "
        "category. What is given here replaces the default.",
    )
    colors: dict[_Filled, Annotated[str, AfterValidator(_css3_color)]] = Field(
        {"FOLLOWUP": "steelblue", "NEW_PATIENT": "mediumseagreen", "WOUND_CARE": "darkorange"},
        description="COLOR of an appointment by its category: category = CSS3 colour name. What "
        "is given here replaces the default.",
    )
    tentative_prefix: str = Field(
        "Anfrage: ",
        description="Put before the title while an appointment is not confirmed, because most "
        "calendars do not show that otherwise.",
    )


class Logging(Section):
    """The log, on standard error. It never holds anything of a patient."""

    level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower_case)] = (
        Field("info", description="Least important lines that are written: debug to error.")
    )
    format: Annotated[Literal["json", "text"], BeforeValidator(_lower_case)] = Field(
        "json", description="json: one JSON object a line, for machines; text: for people."
    )


class Settings(BaseModel):
    """All settings of one server."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    practice: Practice = Practice()
    database: Database = Database()
    server: Server = Server()
    caldav: CalDav = CalDav()
    accounts: Accounts = Accounts()
    appointments: Appointments = Appointments()
    logging: Logging = Logging()


SECTIONS: dict[str, type[Section]] = {
    name: type(field.default) for name, field in Settings.model_fields.items()
}
#: Every setting by its full name, such as `server.port`.
FIELDS: dict[str, FieldInfo] = {
    f"{name}.{key}": field
    for name, section in SECTIONS.items()
    for key, field in section.model_fields.items()
}


def variable(setting: str) -> str:
    """Return the name of the environment variable for `setting` (`server.port`)."""
    return PREFIX + setting.replace(".", "__").upper()


def load(
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Settings:
    """Read the settings from `config` (or the file the environment names) and all other sources.

    `overrides` are keyed by full name (`{"server.port": 8080}`); None there means not given.
    Raises SettingsError with all faults.
    """
    environ = os.environ if environ is None else environ
    given = _Given()
    path = config or environ.get(CONFIG_VARIABLE)
    if path:
        given.add_file(Path(path))
    given.add_environment(environ)
    given.add_overrides(overrides or {})
    return given.settings()


class _Given:
    """What the sources gave so far, from where, and what was wrong with it."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, object]] = {}
        self._origins: dict[str, str] = {}
        self._faults: list[str] = []

    def settings(self) -> Settings:
        """Return the settings, or raise all faults."""
        settings = Settings()
        try:
            settings = Settings.model_validate(self._values)
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)
            self._faults += [self._describe(detail) for detail in details]
        if self._faults:
            raise SettingsError(self._faults)
        return settings

    def add_file(self, path: Path) -> None:
        try:
            # Windows editors put a byte order mark before the text, which tomllib refuses.
            tables = tomllib.loads(path.read_text("utf-8-sig"))
        except OSError as error:
            self._faults.append(f"{path}: cannot be read ({error.strerror})")
            return
        except ValueError as error:
            reason = error if isinstance(error, tomllib.TOMLDecodeError) else "it is not UTF-8"
            self._faults.append(f"{path}: must be a TOML file ({reason})")
            return
        for name, table in tables.items():
            if name not in SECTIONS:
                self._unknown(f"[{name}]", str(path), [f"[{known}]" for known in SECTIONS])
            elif not isinstance(table, dict):
                self._faults.append(f"{name} ({path}): must be a table, [{name}]")
            else:
                for key, value in table.items():
                    self._put(f"{name}.{key}", value, str(path))

    def add_environment(self, environ: Mapping[str, str]) -> None:
        known = {variable(setting): setting for setting in FIELDS}
        files = {f"{name}_FILE": name for name in known}
        for name in sorted(environ):
            if name in known:
                origin = f"environment variable {name}"
                self._put(known[name], _parsed(known[name], environ[name]), origin)
            elif name in files and files[name] in environ:
                self._faults.append(f"{name}: {files[name]} is given too; give one of them")
            elif name in files:
                self._put_secret(known[files[name]], name, Path(environ[name]))
            elif name.startswith(PREFIX) and name != CONFIG_VARIABLE:
                self._unknown(name, "environment", [*known, *files, CONFIG_VARIABLE])

    def add_overrides(self, overrides: Mapping[str, object]) -> None:
        for setting, value in overrides.items():
            if value is not None:
                text = os.fspath(value) if isinstance(value, Path) else value
                parsed = _parsed(setting, text) if isinstance(text, str) else text
                self._put(setting, parsed, "command line")

    def _put_secret(self, setting: str, name: str, path: Path) -> None:
        origin = f"file {path}, named by {name}"
        try:
            text = path.read_text("utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            self._faults.append(f"{setting} ({origin}): cannot be read ({reason})")
        else:
            self._put(setting, _parsed(setting, text), origin)

    def _put(self, setting: str, value: object, origin: str) -> None:
        if setting not in FIELDS:
            self._unknown(setting, origin, FIELDS)
            return
        section, _, key = setting.partition(".")
        self._values.setdefault(section, {})[key] = value
        self._origins[setting] = origin

    def _unknown(self, name: str, origin: str, known: Iterable[str]) -> None:
        self._faults.append(f"{name} ({origin}): no such setting{_did_you_mean(name, known)}")

    def _describe(self, error: ErrorDetails) -> str:
        place = [str(part) for part in error["loc"] if part != "[key]"]
        origin = self._origins.get(".".join(place[:2]), "not given")
        cause = error.get("ctx", {}).get("error")
        expected = _EXPECTED.get(error["type"], error["msg"].replace("Input should", "must", 1))
        return f"{'.'.join(place)} ({origin}): {cause or expected}"


def _parsed(setting: str, text: str) -> object:
    """Read the text of a list (`a, b`) or table (`a=b, c=d`); leave the rest to pydantic."""
    default = FIELDS[setting].default if setting in FIELDS else None
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if isinstance(default, list):
        return parts
    if isinstance(default, dict) and all("=" in part for part in parts):
        pairs = [part.split("=", 1) for part in parts]
        return {key.strip(): value.strip() for key, value in pairs}
    return text

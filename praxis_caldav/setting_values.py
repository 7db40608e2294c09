"""What settings may be: checks that say what is expected and never repeat the value."""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
)

__all__ = [
    "File",
    "Filled",
    "Network",
    "Secret",
    "Section",
    "Slug",
    "did_you_mean",
    "lower_case",
    "only_known",
    "secure_url",
    "valid_css3_color",
    "valid_database_url",
    "valid_domain",
    "valid_email",
    "valid_network",
    "valid_origin",
    "valid_public_url",
    "valid_realm",
    "valid_zone",
]


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
_CSS3_COLORS = frozenset(_COLORS.split())


def did_you_mean(name: str, known: Iterable[str]) -> str:
    match = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {match[0]}?" if match else ""


def valid_email(value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise ValueError("must be an e-mail address, such as praxis@example.org")
    return value


def valid_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be the IANA name of a time zone, such as Europe/Berlin") from None
    return value


def valid_domain(value: str) -> str:
    if not _DOMAIN.fullmatch(value):
        raise ValueError("must be a domain, such as praxis.example.org")
    return value


def _slug(value: str) -> str:
    if not _SLUG.fullmatch(value):
        raise ValueError("must be 1 to 64 of the characters a-z, 0-9 and -, no - at either end")
    return value


def valid_realm(value: str) -> str:
    # RFC 7617 2: it stands in quotes in a header.
    if not value or not value.isascii() or '"' in value or "\\" in value:
        raise ValueError("must be plain ASCII text without quotes and backslashes")
    return value


def valid_database_url(value: str) -> str:
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


def secure_url(value: str, example: str, reason: str) -> SplitResult:
    """Take an address apart ("" is one, too): https, or http to this very machine."""
    try:
        url = urlsplit(value)
        local = url.hostname in {"localhost", "127.0.0.1", "::1"}
        _ = url.port
    except ValueError:
        raise ValueError(f"must be an address such as {example}") from None
    secure = url.scheme == "https" or (url.scheme == "http" and local)
    if value and not (secure and url.hostname):
        raise ValueError(f"must begin with https:// ({reason})")
    return url


def valid_public_url(value: str) -> str:
    url = secure_url(value, "https://kalender.example.org", "passwords travel to it")
    if url.username or url.path.strip("/") or url.query or url.fragment:
        raise ValueError("must be a scheme, a host and at most a port: the server has no prefix")
    return value.rstrip("/")


def valid_origin(value: str) -> str:
    url = secure_url(value, "https://www.example.org", "people's data travel to it")
    if url.username or url.path or url.query or url.fragment:
        raise ValueError(
            "must be a scheme, a host and at most a port, such as https://www.example.org"
        )
    return value


def valid_network(value: str) -> str:
    try:
        ipaddress.ip_network(value)
    except ValueError:
        raise ValueError("must be IP addresses or networks, such as 10.0.0.0/8") from None
    return value


def valid_css3_color(value: str) -> str:
    if value.lower() not in _CSS3_COLORS:
        raise ValueError(f"must be a CSS3 colour name{did_you_mean(value.lower(), _CSS3_COLORS)}")
    return value.lower()


def lower_case(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def only_known(record: type) -> Callable[[Any], Any]:
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


Slug = Annotated[str, AfterValidator(_slug)]
File = Annotated[Path | None, BeforeValidator(_nothing_if_empty), AfterValidator(_readable_file)]
Filled = Annotated[str, Field(min_length=1)]
Secret = Annotated[str, Field(repr=False)]
#: Whether an address may lead into a network of the practice's own.
Network = Literal["outside", "inside"]

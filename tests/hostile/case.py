"""What a hostile request is, and the texts and bodies most of them are made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.building import an_event
from tests.dav import HOME

__all__ = [
    "DATA",
    "MUELLER",
    "OBJECT",
    "SIZE",
    "TOO_MANY",
    "XMLNS",
    "Case",
    "Odd",
    "Wire",
    "event",
    "swapped",
    "without",
    "zone",
]

MUELLER = f"{HOME}dr-mueller/"
XMLNS = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'

#: Preconditions of RFC 4791 5.3.2.1, by their local names.
DATA = "valid-calendar-data"
OBJECT = "valid-calendar-object-resource"
SIZE = "max-resource-size"
TOO_MANY = "max-instances"

Body = bytes | str | Callable[[], bytes | str]


@dataclass(frozen=True)
class Case:
    """A request that is refused: by one of `statuses`, naming a precondition if there is one.

    Without a path it goes to a new object. `told` says whether the answer has a sentence for a
    person, as every answer of the CalDAV door has.
    """

    name: str
    body: Body = b""
    statuses: tuple[int, ...] = (403,)
    element: str = ""
    method: str = "PUT"
    path: str = ""
    headers: tuple[tuple[str, str | bytes], ...] = ()
    account: str | None = "empfang"
    told: bool = True

    def content(self) -> bytes:
        """Return the body; large ones are made when they are needed."""
        return _made(self.body)


@dataclass(frozen=True)
class Odd:
    """A text that is odd and legal: stored, and never in the way afterwards.

    `span` is what is expanded of it; `calendar` holds what kind it is of.
    """

    name: str
    body: Body
    span: tuple[str, str] = ("20260101T000000Z", "20280101T000000Z")
    component: str = "VEVENT"

    def content(self) -> bytes:
        """Return the text; large ones are made when they are needed."""
        return _made(self.body)


@dataclass(frozen=True)
class Wire:
    """Bytes for a connection of its own, and the statuses of the answers, in order.

    `%auth%` in them is replaced by a good Authorization header. 0 stands for a connection that
    ends without an answer.
    """

    name: str
    data: Body
    answers: tuple[tuple[int, ...], ...] = ((400,),)
    half: bool = field(default=False)  # the client ends its side after sending

    def content(self) -> bytes:
        """Return the bytes."""
        return _made(self.data)


def _made(body: Body) -> bytes:
    made = body() if callable(body) else body
    return made.encode("utf-8", "surrogatepass") if isinstance(made, str) else made


def event(*more: str) -> str:
    """Return an event of half an hour with further lines."""
    return an_event("hostile", "20261123T100000", "20261123T103000", *more)


def swapped(*pairs: tuple[str, str]) -> str:
    """Return an event with texts replaced; each is in it."""
    text = event()
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


def without(*starts: str) -> str:
    """Return an event without the lines that start so."""
    return "\r\n".join(line for line in event().split("\r\n") if not line.startswith(starts))


OBSERVANCE = (
    "BEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"
    "END:STANDARD\r\n"
)


def zone(name: str = "Nowhere", content: str = OBSERVANCE) -> str:
    """Return a VTIMEZONE."""
    return f"BEGIN:VTIMEZONE\r\nTZID:{name}\r\n{content}END:VTIMEZONE\r\n"

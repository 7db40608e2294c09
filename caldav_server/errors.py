"""Errors of the practice and of this door to HTTP: the one table.

The body of a refusal is a DAV:error (RFC 4918 16) with the precondition element of the RFC that
names it, and a sentence for a person.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from caldav_server.addresses import encoded
from caldav_server.xml import NAMESPACES, XML_TYPE, document, escape
from practice import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Answer",
    "BadRequest",
    "Refusal",
    "answer_for",
    "need_privilege",
    "reason_for",
    "uid_conflict",
]

#: Status, headers, body: what Radicale calls an intermediate response, less its request.
Answer = tuple[int, "Mapping[str, str]", bytes | None]


class Refusal(Exception):
    """This door refuses a request, by a precondition of an RFC.

    `element` is XML such as "<C:supported-filter/>"; empty for none. `headers` say what would
    have been taken.
    """

    def __init__(
        self,
        status: int,
        sentence: str,
        element: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.element = element
        self.headers = headers or {}


class BadRequest(Refusal):
    """The request is not one the protocol knows."""

    def __init__(self, sentence: str) -> None:
        super().__init__(400, sentence)


#: First match wins, so subclasses stand before their parents.
_TABLE: tuple[tuple[type[errors.PracticeError], int, str], ...] = (
    (errors.NotFound, 404, ""),
    (errors.NotAllowed, 403, "<need-privileges/>"),
    (errors.PreconditionFailed, 412, ""),
    (errors.UidTaken, 409, "C:no-uid-conflict"),
    (errors.SlotTaken, 409, "P:slot-free"),
    (errors.Conflict, 409, ""),
    (errors.InvalidText, 403, "<C:valid-calendar-data/>"),
    (errors.UnsupportedComponent, 403, "<C:supported-calendar-component/>"),
    (errors.TooLarge, 403, "<C:max-resource-size/>"),
    (errors.TooManyInstances, 403, "<C:max-instances/>"),
    (errors.TooManyAttendees, 403, "<C:max-attendees-per-instance/>"),
    (errors.TooEarly, 403, "<C:min-date-time/>"),
    (errors.TooLate, 403, "<C:max-date-time/>"),
    (errors.InvalidTimezone, 403, "<C:valid-calendar-data/>"),
    (errors.UnknownTimezone, 403, "<C:valid-timezone/>"),
    (errors.InvalidObject, 403, "<C:valid-calendar-object-resource/>"),
    (errors.ProtectedProperty, 403, "<cannot-modify-protected-property/>"),
    (errors.InvalidProperty, 409, ""),
    (errors.PropertiesTooLong, 507, ""),
    (errors.Invalid, 403, ""),
    (errors.ChangesForgotten, 403, "<valid-sync-token/>"),
    (errors.StorageFull, 507, ""),
    (errors.Unavailable, 503, ""),
)


def need_privilege(address: str, privilege: str, sentence: str) -> Refusal:
    """Return the refusal of who lacks a privilege at an address (RFC 3744 7.1.1)."""
    element = (
        f"<need-privileges><resource><href>{escape(address)}</href>"
        f"<privilege><{privilege}/></privilege></resource></need-privileges>"
    )
    return Refusal(403, sentence, element)


def uid_conflict(error: errors.UidTaken, collection_href: str) -> Refusal:
    """Return the refusal of a UID that a collection has under another name (RFC 4791 5.3.2.1)."""
    told = f"<href>{escape(collection_href + encoded(error.href))}</href>" if error.href else ""
    return Refusal(409, str(error), f"<C:no-uid-conflict>{told}</C:no-uid-conflict>")


def reason_for(error: errors.PracticeError | Refusal) -> tuple[str, str]:
    """Return the status line (without the version) and the element that tell of an error."""
    if isinstance(error, Refusal):
        status, element = error.status, error.element
    else:
        status, element = next((s, e) for kind, s, e in _TABLE if isinstance(error, kind))
    return f"{status} {HTTPStatus(status).phrase}", element


#: A database that restarts is back in seconds; clients poll anyway.
RETRY_AFTER = "5"


def answer_for(error: errors.PracticeError | Refusal, collection_href: str = "") -> Answer:
    """Return the reply that tells of an error. `collection_href` ends with a slash."""
    if isinstance(error, errors.UidTaken):
        error = uid_conflict(error, collection_href)
    if isinstance(error, Refusal):
        status, element = error.status, error.element
    else:
        status, element = next((s, e) for kind, s, e in _TABLE if isinstance(error, kind))
    if isinstance(error, errors.SlotTaken):
        free = (
            f'<P:alternative start="{slot.start:%Y%m%dT%H%M%S}" end="{slot.end:%Y%m%dT%H%M%S}"'
            f' tzid="{escape(str(slot.start.tzinfo))}"/>'
            for slot in error.alternatives
        )
        element = f"<P:slot-free>{''.join(free)}</P:slot-free>"
    headers = dict(XML_TYPE)
    if isinstance(error, Refusal):
        headers |= error.headers
    if status == 503:
        headers["Retry-After"] = RETRY_AFTER
    body = f"<error{NAMESPACES}>{element}<P:message>{escape(str(error))}</P:message></error>"
    return status, headers, document(body)

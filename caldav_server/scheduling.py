"""Scheduling inbox and outbox: when others are busy, and nothing else (RFC 6638).

A client asks at its outbox and is answered from the index. No invitation is taken, delivered or
sent, and no mail ever comes of an ATTENDEE: the DAV header does not claim scheduling, and the
inbox, which clients poll, is always empty. See docs/decisions/0008.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from caldav_server.addresses import MOUNT
from caldav_server.errors import Refusal
from caldav_server.principals import addresses_of
from caldav_server.properties import response
from caldav_server.reports.answer import multistatus
from caldav_server.reports.freebusy import busy_lines, utc
from caldav_server.resources import InboxResource
from caldav_server.tokens import INBOX_TOKEN
from caldav_server.xml import CALDAV, DAV, NAMESPACES, document, escape, hrefs
from practice.access import may_find
from practice.content_lines import fold
from practice.errors import ChangesForgotten, InvalidObject, InvalidText, TooManyInstances
from practice.free_busy import MOST_BYTES, BusyRequest, read_request
from practice.use_cases.free_busy import Unanswered, busy_person
from practice.use_cases.properties import INBOX
from practice.vevent import PRODID

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

    from caldav_server.scope import Scope
    from practice.access import Account
    from practice.facts import Occupied
    from practice.profile import Profile

__all__ = ["an_inbox", "inbox_report", "schedule_response"]


def an_inbox(scope: Scope, profile: Profile) -> InboxResource:
    """Return the inbox of the account that asks, with what it has set there."""
    account = scope.signed_in()
    kept = scope.unit.properties.of_account(account, [INBOX])
    return InboxResource(account, profile, kept.get(INBOX, {}))


def inbox_report(root: Element) -> bytes:
    """Answer a report on the inbox: nothing is there, nothing changes, nothing is found."""
    if root.tag == CALDAV + "calendar-multiget":
        gone = (element.text or "" for element in root.findall(DAV + "href"))
        return multistatus(map(response, gone))
    if root.tag == DAV + "sync-collection":
        token = (root.findtext(DAV + "sync-token") or "").strip()
        if token not in {"", INBOX_TOKEN}:
            raise ChangesForgotten("The sync-token is not one of this collection.")
        return multistatus((), INBOX_TOKEN)
    if root.tag != CALDAV + "calendar-query":
        raise Refusal(403, "This report is not supported here.", "<supported-report/>")
    return multistatus(())


def schedule_response(scope: Scope, environ: Mapping[str, Any], profile: Profile) -> bytes:
    """Answer a POST to one's own outbox: for each attendee when it is busy (RFC 6638 5).

    Raises Refusal with the precondition that does not hold, a subclass of Invalid for no iCalendar.
    """
    account = scope.signed_in()
    asked = _request(environ)
    if _normal(asked.organizer) not in map(_normal, addresses_of(account, profile)):
        sentence = "The ORGANIZER of a request is the one who asks."
        raise Refusal(403, sentence, "<C:valid-organizer/>")
    people = _people(scope, account, profile)
    parts = []
    for attendee in asked.attendees:
        person = people.get(_normal(attendee), [])
        try:
            found = busy_person(scope.unit, account, person, scope.calendars, asked.span, profile)
        except TooManyInstances as error:
            raise _not_valid(str(error)) from error
        parts.append(_response(asked, attendee, found, scope))
    return document(f"<C:schedule-response{NAMESPACES}>{''.join(parts)}</C:schedule-response>")


def _people(scope: Scope, account: Account, profile: Profile) -> dict[str, list[Account]]:
    """Return whom an address stands for; two accounts with one mailbox are one person."""
    people: dict[str, list[Account]] = {}
    for other in scope.accounts:
        if may_find(account, other):
            for address in addresses_of(other, profile):
                people.setdefault(_normal(address), []).append(other)
    return people


def _request(environ: Mapping[str, Any]) -> BusyRequest:
    kind = environ.get("CONTENT_TYPE", "").split(";")[0].strip().lower()
    if kind not in {"", "text/calendar"}:
        sentence = "What is asked at an outbox is text/calendar."
        raise Refusal(403, sentence, "<C:supported-calendar-data/>")
    body: bytes = environ["wsgi.input"].read()
    if len(body) > MOST_BYTES:
        sentence = f"A request for free-busy may have {MOST_BYTES} bytes."
        raise Refusal(403, sentence, "<C:max-resource-size/>")
    try:
        return read_request(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InvalidText("The text is not UTF-8.") from error
    except InvalidObject as error:
        raise _not_valid(str(error)) from error


def _not_valid(sentence: str) -> Refusal:
    return Refusal(403, sentence, "<C:valid-scheduling-message/>")


def _normal(address: str) -> str:
    """Return a calendar user address in one spelling: a path below the mount, or lower case."""
    told = address.strip()
    scheme = told.partition(":")[0].lower()
    if told.startswith("/") or scheme in {"http", "https"}:
        try:
            path = unquote(urlsplit(told).path)
        except ValueError:
            return told
        return path.rstrip("/") + "/" if path.startswith(MOUNT + "/") else told
    return told.lower()


def _response(
    asked: BusyRequest, attendee: str, found: list[Occupied] | Unanswered, scope: Scope
) -> str:
    recipient = f"<C:recipient>{hrefs(attendee)}</C:recipient>"
    if isinstance(found, Unanswered):
        status = f"<C:request-status>{found}</C:request-status>"
        return f"<C:response>{recipient}{status}</C:response>"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODID}",
        "METHOD:REPLY",
        "BEGIN:VFREEBUSY",
        f"UID:{asked.uid}",
        f"DTSTAMP:{utc(int(scope.now.timestamp()))}",
        f"DTSTART:{utc(asked.start)}",
        f"DTEND:{utc(asked.end)}",
        asked.organizer_line,
        asked.attendees[attendee],
        *busy_lines(found, asked.span),
        "END:VFREEBUSY",
        "END:VCALENDAR",
        "",
    ]
    data = escape("\r\n".join(map(fold, lines)))
    return (
        f"<C:response>{recipient}<C:request-status>2.0;Success</C:request-status>"
        f"<C:calendar-data>{data}</C:calendar-data></C:response>"
    )

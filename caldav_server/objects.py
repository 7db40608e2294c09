"""GET, PUT, DELETE and MOVE: single objects, and a calendar as one file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from caldav_server.addresses import MOUNT, Addresses
from caldav_server.errors import Answer, BadRequest, Refusal
from caldav_server.preconditions import condition, http_date, not_modified
from caldav_server.properties import content_type, ctag
from practice.calendar_zone import zone_of
from practice.calendars import ALIAS_NAME, Condition, Draft
from practice.errors import InvalidText, ObjectNotFound, TooLarge
from practice.use_cases import objects
from practice.use_cases.reading import as_file, objects_named
from practice.vevent import read

if TYPE_CHECKING:
    from caldav_server.scope import Scope
    from practice.calendars import CalendarPath, View
    from practice.profile import Profile

__all__ = ["Objects"]


class Objects:
    """Answers for what has a text."""

    def __init__(self, profile: Profile, addresses: Addresses) -> None:
        self._profile = profile
        self._addresses = addresses

    def get(self, scope: Scope, environ: dict[str, Any], path: str) -> Answer:
        """Hand out an object, or a calendar as a file (RFC 5545), or 304."""
        scope.signed_in()
        at = self._addresses.calendar_path(path)
        if at is None:
            raise Refusal(405, "Only calendars and what is in them can be fetched.")
        view = scope.view(at.calendar)
        if not at.object:
            return self._file(scope, environ, view)
        item = objects_named(scope.unit, view, [at.object]).get(at.object)
        if item is None:
            raise ObjectNotFound("There is no such object in the calendar.")
        headers = {"ETag": item.etag, "Last-Modified": http_date(item.changed)}
        if not_modified(environ, item.etag, item.changed):
            return 304, headers, None
        Condition(match=condition(environ).match).check(item.etag)
        headers["Content-Type"] = content_type(item.component)
        return 200, headers, item.text.encode()

    def _file(self, scope: Scope, environ: dict[str, Any], view: View) -> Answer:
        etag = ctag(view)
        headers = {"ETag": etag, "Last-Modified": http_date(view.changed)}
        if not_modified(environ, etag, view.changed):
            return 304, headers, None
        headers |= {
            "Content-Type": "text/calendar; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{view.calendar.name}.ics"',
        }
        return 200, headers, as_file(scope.unit, view, self._profile).encode()

    def put(self, scope: Scope, environ: dict[str, Any], path: str) -> Answer:
        """Create or overwrite an object, keeping the client's bytes (RFC 4791 5.3.2)."""
        account = scope.signed_in()
        at = self._object_path(path)
        found = scope.find(at.calendar)
        if found is None:
            raise Refusal(409, "There is no such calendar to put an object into.")
        text, as_sent = _text(environ)
        # Read before the lock is taken: nobody waits while a text is being understood.
        zone = zone_of(found.locate(at.object)[0], self._profile)
        facts = read(text, zone=zone, now=scope.now, limits=self._profile.limits)
        with scope.writing() as uow:
            view = scope.view(at.calendar)
            by_now = zone_of(view.locate(at.object)[0], self._profile)
            if by_now is not zone:  # somebody has set it meanwhile
                facts = read(text, zone=by_now, now=scope.now, limits=self._profile.limits)
            saved = objects.put(
                uow,
                account,
                view,
                Draft(at.object, text, facts),
                condition=condition(environ),
                profile=self._profile,
            )
        # An ETag says that what was sent is what is kept (RFC 4791 5.3.4).
        headers = {"ETag": saved.head.etag} if as_sent else {}
        return (201 if saved.created else 204), headers, None

    def delete(self, scope: Scope, environ: dict[str, Any], path: str) -> Answer:
        """Delete an object; a whole calendar only if it is no doctor's and an admin asks."""
        account = scope.signed_in()
        at = self._addresses.calendar_path(path)
        if at is None:
            raise Refusal(403, "This cannot be deleted.")
        with scope.writing() as uow:
            view = scope.view(at.calendar)
            if at.object:
                objects.delete(uow, account, view, at.object, condition(environ))
            else:
                condition(environ).check(ctag(view))
                if at.shown != at.calendar:
                    raise Refusal(403, "A calendar is deleted under its own name.")
                objects.drop_calendar(uow, account, view)
        return 204, {}, None

    def move(self, scope: Scope, environ: dict[str, Any], path: str) -> Answer:
        """Move an object to the Destination (RFC 4918 9.9)."""
        account = scope.signed_in()
        source, target = self._object_path(path), self._destination(environ)
        if scope.find(target.calendar) is None:
            raise Refusal(409, "There is no such calendar to move an object into.")
        overwrite = environ.get("HTTP_OVERWRITE", "T").strip().upper() != "F"
        with scope.writing() as uow:
            saved = objects.move(
                uow,
                account,
                (scope.view(source.calendar), source.object),
                (scope.view(target.calendar), target.object),
                overwrite=overwrite,
                condition=condition(environ),
                profile=self._profile,
            )
        return (201 if saved.created else 204), {"ETag": saved.head.etag}, None

    def _object_path(self, path: str) -> CalendarPath:
        """Return the object a path names; a PUT on a calendar must never replace it."""
        at = self._addresses.calendar_path(path)
        if at is None:
            raise Refusal(403, "Calendar objects are kept in calendars.")
        if not at.object:
            raise Refusal(405, f"A calendar, or its {ALIAS_NAME}, is read as a whole only.")
        return at

    def _destination(self, environ: dict[str, Any]) -> CalendarPath:
        told = environ.get("HTTP_DESTINATION", "")
        try:
            parts = urlsplit(told)
        except ValueError as error:
            raise BadRequest("The Destination is not an address.") from error
        if parts.netloc and parts.netloc.lower() not in environ["praxis.hosts"]:
            raise Refusal(502, "The Destination is on another server.")
        if not parts.path.startswith(MOUNT + "/"):
            raise BadRequest("The Destination is not an address of this server.")
        at = self._addresses.from_href(parts.path)
        if at is None or not at.object:
            raise Refusal(403, "Calendar objects are kept in calendars.")
        return at


#: A line folded within a character, as RFC 5545 3.1 says that some do.
_FOLD_IN_CHARACTER = re.compile(rb"\r?\n[ \t](?=[\x80-\xbf])")


def _text(environ: dict[str, Any]) -> tuple[str, bool]:
    """Return the body as text, and whether its bytes are exactly those of the body."""
    kind = environ.get("CONTENT_TYPE", "").split(";")[0].strip().lower()
    if kind not in {"", "text/calendar", "application/octet-stream", "text/plain"}:
        raise Refusal(403, "Calendar objects are text/calendar.", "<C:supported-calendar-data/>")
    if environ["praxis.too_long"]:
        raise TooLarge("The text is longer than a calendar object may be.")
    body: bytes = environ["wsgi.input"].read()
    try:
        return body.decode("utf-8"), True
    except UnicodeDecodeError:
        pass
    try:
        return _FOLD_IN_CHARACTER.sub(b"", body).decode("utf-8"), False
    except UnicodeDecodeError as error:
        raise InvalidText("The text is not UTF-8.") from error

"""GET, PUT and DELETE: single objects, and a calendar as one file.

Not here: COPY and MOVE (`caldav_server.moving`).
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from caldav_server.addresses import HOME, Addresses, href
from caldav_server.attachment import attachment
from caldav_server.errors import Answer, BadRequest, Refusal
from caldav_server.packing import accepts_gzip
from caldav_server.preconditions import condition, http_date, not_modified
from caldav_server.prefer import Preferences, preferences
from caldav_server.properties import content_type
from caldav_server.timezones import zones_asked
from caldav_server.tokens import ctag
from practice.calendar_zone import zone_of
from practice.calendars import ALIAS_NAME, Draft
from practice.errors import InvalidText, ObjectNotFound, PreconditionFailed, TooLarge
from practice.use_cases import objects
from practice.use_cases.reading import as_file, objects_named
from practice.vevent import read

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from caldav_server.scope import Scope
    from practice.calendars import CalendarPath
    from practice.facts import Facts
    from practice.profile import Profile
    from practice.views import View

__all__ = ["Objects", "represented"]


#: Parts of a text are of no use to anybody (RFC 9110 14.3).
_WHOLE = {"Accept-Ranges": "none"}


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
        headers = {"ETag": item.etag, "Last-Modified": http_date(item.changed), **_WHOLE}
        if not_modified(environ, item.etag, item.changed):
            return 304, headers, None
        headers["Content-Type"] = content_type(item.component)
        return 200, headers, zones_asked(environ)(item.text).encode()

    def _file(self, scope: Scope, environ: dict[str, Any], view: View) -> Answer:
        etag = ctag(view)
        # Compressed, the file is other bytes, and a strong ETag would name both.
        told = f"W/{etag}" if accepts_gzip(environ) else etag
        headers = {"ETag": told, "Last-Modified": http_date(view.changed), **_WHOLE}
        if not_modified(environ, etag, view.changed):
            return 304, headers, None
        headers |= {
            "Content-Type": "text/calendar; charset=utf-8",
            "Content-Disposition": attachment(f"{view.calendar.name}.ics"),
        }
        text = as_file(scope.unit, view, self._profile)
        return 200, headers, zones_asked(environ)(text).encode()

    def put(self, scope: Scope, environ: dict[str, Any], path: str) -> Answer:
        """Create or overwrite an object, keeping the client's bytes (RFC 4791 5.3.2)."""
        account = scope.signed_in()
        at = self._object_path(path)
        found = scope.find(at.calendar)
        if found is None:
            raise Refusal(409, "There is no such calendar to put an object into.")
        # Read before this request takes the lock; those before it in a batch may have taken it
        # (docs/decisions/0011).
        zone = zone_of(found.locate(at.object)[0], self._profile)
        ahead = environ.pop("praxis.ahead", {}).get(zone)
        text, as_sent, facts = ahead or self._read(environ, zone, scope.now)
        asked, address = preferences(environ), href(HOME, at.shown, at.object, collection=False)
        try:
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
                answer = (201 if saved.created else 204), headers, None
                return represented(scope, view, at.object, answer, asked, address)
        except PreconditionFailed:
            if not asked.representation or (seen := scope.find(at.calendar)) is None:
                raise
            told = represented(scope, seen, at.object, (412, {}, None), asked, address)
            if told[2] is None:
                raise
            return told

    def _read(
        self, environ: dict[str, Any], zone: tzinfo, now: datetime
    ) -> tuple[str, bool, Facts]:
        text, as_sent = _text(environ)
        return text, as_sent, read(text, zone=zone, now=now, limits=self._profile.limits)

    def read_ahead(self, environ: dict[str, Any], now: datetime) -> None:
        """Read what a PUT brings for `put`, which tells what is wrong with it."""
        zone = self._profile.zone  # that of most calendars
        with suppress(Exception):
            environ["praxis.ahead"] = {zone: self._read(environ, zone, now)}
        environ["wsgi.input"].seek(0)

    def delete(self, scope: Scope, environ: dict[str, Any], path: str) -> Answer:
        """Delete an object; a whole calendar only if it is no doctor's and an admin asks."""
        account = scope.signed_in()
        at = self._addresses.calendar_path(path)
        if at is None:
            raise Refusal(403, "This cannot be deleted.")
        depth = environ.get("HTTP_DEPTH", "infinity").strip().lower()
        if not at.object and depth != "infinity":  # RFC 4918 9.6.1
            raise BadRequest("A calendar is deleted with all that is in it: Depth infinity.")
        with scope.writing() as uow:
            view = scope.view(at.calendar)
            if at.object:
                objects.delete(uow, account, view, at.object, condition(environ))
            else:
                condition(environ).check(ctag(view), view.changed)
                if at.shown != at.calendar:
                    raise Refusal(403, "A calendar is deleted under its own name.")
                objects.drop_calendar(uow, account, view)
        return 204, {}, None

    def _object_path(self, path: str) -> CalendarPath:
        """Return the object a path names; a PUT on a calendar must never replace it."""
        at = self._addresses.calendar_path(path)
        if at is None and path.startswith(f"/{HOME}/") and path.strip("/").count("/") > 1:
            # Below the home there are calendars, so a parent is missing (RFC 4918 9.7.1).
            raise Refusal(409, "There is no such collection to put an object into.")
        if at is None:
            raise Refusal(403, "Calendar objects are kept in calendars.")
        if not at.object:
            raise Refusal(405, f"A calendar, or its {ALIAS_NAME}, is read as a whole only.")
        return at


def represented(
    scope: Scope, view: View, name: str, answer: Answer, asked: Preferences, address: str
) -> Answer:
    """Return an answer with the object as it now stands, if that was asked for (RFC 8144 3)."""
    item = objects_named(scope.unit, view, [name]).get(name) if asked.representation else None
    if item is None:
        return answer
    status, headers, _ = answer
    headers = {
        **headers,
        **asked.applied("return"),
        "ETag": item.etag,
        "Content-Location": address,
        "Content-Type": content_type(item.component),
    }
    return (200 if status == 204 else status), headers, item.text.encode()


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

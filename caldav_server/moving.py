"""COPY and MOVE of calendar objects (RFC 4918 9.8, 9.9); calendars stay where they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from caldav_server.addresses import HOME, MOUNT, Addresses, href
from caldav_server.errors import Answer, BadRequest, Refusal, uid_conflict
from caldav_server.objects import represented
from caldav_server.preconditions import condition
from caldav_server.prefer import preferences
from practice.errors import UidTaken
from practice.use_cases import objects
from practice.use_cases.copying import copy

if TYPE_CHECKING:
    from caldav_server.scope import Scope
    from practice.calendars import CalendarPath
    from practice.profile import Profile

__all__ = ["Moving"]

_OVERWRITE = {"T": True, "F": False}


@dataclass(frozen=True, slots=True)
class Moving:
    """Answers COPY and MOVE."""

    profile: Profile
    addresses: Addresses

    def answer(self, scope: Scope, environ: dict[str, Any], path: str) -> Answer:
        """Copy or move an object to the Destination."""
        scope.signed_in()
        source = self.addresses.calendar_path(path)
        if source is None or not source.object:
            raise Refusal(403, "Calendars and what is around them are neither copied nor moved.")
        target = self._destination(environ)
        overwrite = _OVERWRITE.get(environ.get("HTTP_OVERWRITE", "T").strip().upper())
        if overwrite is None:
            raise BadRequest("Overwrite is T or F.")
        if environ.get("HTTP_DEPTH", "0").strip().lower() not in {"0", "infinity"}:
            raise BadRequest("An object is copied or moved with Depth 0 or infinity.")
        if scope.find(target.calendar) is None:
            raise Refusal(409, "There is no such calendar to put an object into.")
        try:
            return self._done(scope, environ, source, target, overwrite)
        except UidTaken as error:  # which it is where the object was to go
            raise uid_conflict(error, href(HOME, target.shown)) from error

    def _done(
        self,
        scope: Scope,
        environ: dict[str, Any],
        source: CalendarPath,
        target: CalendarPath,
        overwrite: bool,
    ) -> Answer:
        act = copy if environ["REQUEST_METHOD"] == "COPY" else objects.move
        address = href(HOME, target.shown, target.object, collection=False)
        with scope.writing() as uow:
            from_, to = scope.view(source.calendar), scope.view(target.calendar)
            if from_.locate(source.object) == to.locate(target.object):
                raise Refusal(403, "Source and destination are the same.")
            saved = act(
                uow,
                scope.signed_in(),
                (from_, source.object),
                (to, target.object),
                overwrite=overwrite,
                condition=condition(environ),
                profile=self.profile,
            )
            answer = (201 if saved.created else 204), {"ETag": saved.head.etag}, None
            asked = preferences(environ)
            return represented(scope, to, target.object, answer, asked, address)

    def _destination(self, environ: dict[str, Any]) -> CalendarPath:
        told = environ.get("HTTP_DESTINATION", "")
        try:
            parts = urlsplit(told)
        except ValueError as error:
            raise BadRequest("The Destination is not an address.") from error
        if parts.scheme not in {"", "http", "https"}:
            raise BadRequest("The Destination is not an address of HTTP.")
        if parts.netloc and parts.netloc.lower() not in environ["praxis.hosts"]:
            raise Refusal(502, "The Destination is on another server.")
        if not parts.path.startswith(MOUNT + "/"):
            raise BadRequest("The Destination is not an address of this server.")
        at = self.addresses.from_href(parts.path)
        if at is None or not at.object:
            raise Refusal(403, "Calendar objects are kept in calendars.")
        return at

"""Radicale's Application with every method replaced by ours: what each request comes to.

Radicale takes a request apart and asks its plugins who it is from. See docs/decisions/0002 and
0006. Not here: who asks, and in which transaction (`caldav_server.application`).
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from radicale import config, httputils
from radicale.app import Application

from caldav_server.addresses import HOME, Addresses, href
from caldav_server.auth import Auth
from caldav_server.collections import Collections
from caldav_server.errors import Answer, BadRequest, Refusal, answer_for
from caldav_server.making import Making
from caldav_server.moving import Moving
from caldav_server.objects import Objects
from caldav_server.preconditions import check_if
from caldav_server.proppatch import Proppatch
from caldav_server.rights import Rights
from caldav_server.scope import NotSignedIn, current
from caldav_server.storage import Storage
from caldav_server.xml import XmlError, parse
from practice.errors import PracticeError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from practice.profile import Profile

__all__ = ["RadicaleMethods"]

log = logging.getLogger(__name__)

#: An If header on others is held to what is there once their transaction has begun.
_READING = frozenset({"GET", "PROPFIND", "REPORT"})


def _answered(method: Callable[..., Any]) -> Callable[..., Any]:
    """Turn a raised error into the reply that tells of it."""

    @functools.wraps(method)
    def answering(
        self: RadicaleMethods, environ: dict[str, Any], prefix: str, path: str, *rest: Any
    ) -> Any:
        try:
            self.heed_if(environ, path)
            result = method(self, environ, prefix, path, *rest)
        except NotSignedIn:
            result = httputils.NOT_ALLOWED  # Radicale makes a 401 of this for an anonymous request
        except (PracticeError, Refusal) as error:
            result = answer_for(error, self.collection_href(path))
        except Exception:
            # Radicale makes a 500 of it and would tell nobody; its own log names patients.
            log.exception("a request failed")
            raise
        return result if len(result) == 4 else (*result, None)

    return answering


class RadicaleMethods(Application):
    """Radicale's Application, in which each method is answered by a part of this door."""

    def __init__(self, profile: Profile, addresses: Addresses, realm: str) -> None:
        logging.getLogger("radicale").disabled = True  # it logs what patients are called
        super().__init__(_configuration(realm))
        self._addresses = addresses
        self._collections = Collections(profile, addresses)
        self._objects = Objects(profile, addresses)
        self._moving = Moving(profile, addresses)
        self._proppatch = Proppatch(profile, addresses)
        self._making = Making(addresses)

    def collection_href(self, path: str) -> str:
        """Return the href, with a slash, of the calendar that a path is in."""
        address = self._addresses.calendar_path(path)
        return href(HOME, address.shown) if address else ""

    def heed_if(self, environ: dict[str, Any], path: str) -> None:
        """Hold the If header to what is there: now, or when the transaction has begun."""
        scope = current()
        check = functools.partial(check_if, scope, self._addresses, environ, path)
        if environ["REQUEST_METHOD"] in _READING and scope.account is not None:
            check()
        scope.before_writing = check

    # Radicale asks for do_<METHOD>(environ, base_prefix, path, user, user_groups, request_info).

    def do_OPTIONS(self, *_: Any) -> Any:
        """Tell what can be done here; nobody has to sign in for it."""
        return 200, {}, None, None

    @_answered
    def do_PROPFIND(self, environ: dict[str, Any], _prefix: str, path: str, *_: Any) -> Answer:
        """Tell properties."""
        return self._collections.propfind(current(), environ, path, _body(environ))

    @_answered
    def do_REPORT(self, environ: dict[str, Any], _prefix: str, path: str, *_: Any) -> Answer:
        """Run a report."""
        return self._collections.report(current(), environ, path, _body(environ))

    @_answered
    def do_POST(self, environ: dict[str, Any], _prefix: str, path: str, *_: Any) -> Answer:
        """Ask when others are busy."""
        return self._collections.post(current(), environ, path)

    @_answered
    def do_ACL(self, _environ: dict[str, Any], _prefix: str, path: str, *_: Any) -> Answer:
        """Refuse to change who may do what."""
        return self._collections.acl(current(), path)

    @_answered
    def do_GET(self, environ: dict[str, Any], _prefix: str, path: str, *_: Any) -> Answer:
        """Hand out an object, or a calendar as a file."""
        return self._objects.get(current(), environ, path)

    @_answered
    def do_PUT(self, environ: dict[str, Any], _prefix: str, path: str, *_: Any) -> Answer:
        """Create or overwrite an object."""
        return self._objects.put(current(), environ, path)

    @_answered
    def do_DELETE(self, environ: dict[str, Any], _prefix: str, path: str, *_: Any) -> Answer:
        """Delete an object, or a calendar of no doctor."""
        return self._objects.delete(current(), environ, path)

    @_answered
    def do_MOVE(self, environ: dict[str, Any], _prefix: str, path: str, *_: Any) -> Answer:
        """Move an object."""
        return self._moving.answer(current(), environ, path)

    @_answered
    def do_COPY(self, environ: dict[str, Any], _prefix: str, path: str, *_: Any) -> Answer:
        """Copy an object."""
        return self._moving.answer(current(), environ, path)

    @_answered
    def do_PROPPATCH(self, environ: dict[str, Any], _prefix: str, path: str, *_: Any) -> Answer:
        """Set properties, all or none."""
        return self._proppatch.answer(current(), environ, path, _body(environ))

    @_answered
    def do_MKCALENDAR(self, environ: dict[str, Any], _prefix: str, path: str, *_: Any) -> Answer:
        """Make a calendar."""
        return self._making.mkcalendar(current(), environ, path)

    @_answered
    def do_MKCOL(self, environ: dict[str, Any], _prefix: str, path: str, *_: Any) -> Answer:
        """Make a calendar (RFC 5689)."""
        return self._making.mkcol(current(), environ, path)


def _body(environ: dict[str, Any]) -> Element | None:
    current().signed_in()  # what nobody has sent is not worth reading
    try:
        return parse(environ["wsgi.input"].read())
    except XmlError as error:
        raise BadRequest(str(error)) from error


def _configuration(realm: str) -> config.Configuration:
    """Return Radicale's configuration: our plugins, and everything off that sleeps or logs."""
    configuration = config.load()
    configuration.update(
        {
            "auth": {"type": Auth, "realm": realm, "delay": 0},
            "rights": {"type": Rights},
            "storage": {"type": Storage},
            "web": {"type": "none"},
            "hook": {"type": "none"},
            "sharing": {"type": "none"},
            "server": {"delay_on_error": 0, "validate_path_value": "none"},
        },
        "praxis-caldav",
        privileged=True,
    )
    return configuration

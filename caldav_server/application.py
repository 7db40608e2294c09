"""Radicale's Application with the requests of a practice's day answered from the index.

Radicale takes a request apart, signs it in and packs the reply. PROPFIND, REPORT, GET, HEAD, PUT,
DELETE and MOVE are ours; OPTIONS, PROPPATCH, MKCALENDAR and MKCOL are Radicale's, over the
plugins. See docs/decisions/0002.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from radicale import config, httputils
from radicale.app import Application

from caldav_server.addresses import HOME, Addresses, href
from caldav_server.auth import Auth
from caldav_server.collections import Collections
from caldav_server.errors import Answer, BadRequest, Refusal, answer_for
from caldav_server.objects import Objects
from caldav_server.rights import Rights
from caldav_server.scope import NotSignedIn, Scope, current
from caldav_server.storage import Storage
from caldav_server.xml import CALDAV, XmlError, parse
from practice.errors import PracticeError
from practice.use_cases.sign_in import (
    Claim,
    Gate,
    Insufficient,
    KeysWanted,
    Refused,
    Throttled,
    Unverified,
)

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from practice.ports import Database
    from practice.profile import Profile

__all__ = ["CalDavApplication"]

log = logging.getLogger(__name__)

#: What this server does. Class 2 is left out, since there is no LOCK.
DAV = "1, 3, calendar-access, extended-mkcol"
ALLOW = "DELETE, GET, HEAD, MKCALENDAR, MKCOL, MOVE, OPTIONS, PROPFIND, PROPPATCH, PUT, REPORT"
_OPEN = frozenset({"OPTIONS"})


def _answered(method: Callable[..., Any]) -> Callable[..., Any]:
    """Turn a raised error into the reply that tells of it."""

    @functools.wraps(method)
    def answering(
        self: CalDavApplication, environ: dict[str, Any], prefix: str, path: str, *rest: Any
    ) -> Any:
        try:
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


class CalDavApplication(Application):
    """The WSGI application. Called by `caldav_server.asgi` alone, which bounds what comes in."""

    def __init__(
        self,
        database: Database,
        gate: Gate,
        profile: Profile,
        addresses: Addresses,
        *,
        realm: str = "praxis-caldav",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        logging.getLogger("radicale").disabled = True  # it logs what patients are called
        super().__init__(_configuration(addresses, profile, realm))
        self._database = database
        self._gate = gate
        self._addresses = addresses
        self._clock = clock
        self._realm_text = realm
        self._collections = Collections(profile, addresses)
        self._objects = Objects(profile, addresses)

    def answer(
        self, environ: dict[str, Any]
    ) -> tuple[int, list[tuple[str, str]], bytes] | Unverified | KeysWanted:
        """Answer a request, or say that a password must be verified or keys be fetched first.

        `environ["praxis.claim"]` is who it claims to come from; absent for nobody. Afterwards
        `environ["praxis.account"]` is who it was.
        """
        claim: Claim | None = environ.get("praxis.claim")
        with Scope(self._database, self._clock()) as scope:
            try:
                if claim is not None and environ["REQUEST_METHOD"] not in _OPEN:
                    outcome = self._gate.decide(scope.unit, claim)
                    if isinstance(outcome, Unverified | KeysWanted):
                        return outcome
                    if isinstance(outcome, Refused | Throttled | Insufficient):
                        return self.refusal(outcome, claim)
                    scope.account = outcome.account
                    environ["praxis.account"] = outcome.account.name
                return self._through_radicale(environ)
            except PracticeError as error:
                return _packed(answer_for(error))

    def _through_radicale(
        self, environ: dict[str, Any]
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        kept: list[tuple[str, list[tuple[str, str]]]] = []
        body = b"".join(self(environ, lambda status, headers: kept.append((status, headers))))
        status, headers = kept[0]
        return int(status[:3]), _with_dav(environ["REQUEST_METHOD"], int(status[:3]), headers), body

    def refusal(
        self, outcome: Refused | Throttled | Insufficient, claim: Claim
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Return the reply to a claim that is not believed, the same for every reason."""
        headers = [("Content-Type", "text/plain; charset=utf-8")]
        bearer = f'Bearer realm="{self._realm_text}", error='  # RFC 6750 3
        if isinstance(outcome, Throttled):
            status, body = 429, b"Too many failed log-ins. Try again later.\n"
            headers.append(("Retry-After", str(outcome.seconds)))
        elif isinstance(outcome, Insufficient):
            status, body = 403, b"The token does not allow this.\n"
            scope = f', scope="{outcome.scope}"' if outcome.scope else ""
            headers.append(("WWW-Authenticate", f'{bearer}"insufficient_scope"{scope}'))
        else:
            status, body = 401, b"Log-in needed.\n"
            basic = f'Basic realm="{self._realm_text}", charset="UTF-8"'
            headers.append(("WWW-Authenticate", basic))
            if claim.is_token and claim.secret:
                headers.append(("WWW-Authenticate", f'{bearer}"invalid_token"'))
        return status, [*headers, ("Content-Length", str(len(body)))], body

    def collection_href(self, path: str) -> str:
        """Return the href, with a slash, of the calendar that a path is in."""
        address = self._addresses.calendar_path(path)
        return href(HOME, address.shown) if address else ""

    def _read_xml_request_body(
        self, environ: Mapping[str, Any], request_info: dict[str, Any]
    ) -> Element | None:
        """Read XML under our limits for Radicale's own methods too; it answers 400."""
        try:
            root = parse(environ["wsgi.input"].read())
            _check_properties(root)
        except XmlError as error:
            raise RuntimeError(str(error)) from error
        return root

    # Radicale asks for do_<METHOD>(environ, base_prefix, path, user, user_groups, request_info).

    @_answered
    def do_PROPFIND(self, environ: dict[str, Any], _prefix: str, path: str, *_: Any) -> Answer:
        """Tell properties."""
        return self._collections.propfind(current(), environ, path, _body(environ))

    @_answered
    def do_REPORT(self, environ: dict[str, Any], _prefix: str, path: str, *_: Any) -> Answer:
        """Run a report."""
        return self._collections.report(current(), environ, path, _body(environ))

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
        return self._objects.move(current(), environ, path)

    @_answered
    def do_PROPPATCH(self, *args: Any) -> Any:
        """Set properties of a calendar; Radicale's, in our transaction."""
        return super().do_PROPPATCH(*args)

    @_answered
    def do_MKCALENDAR(self, *args: Any) -> Any:
        """Make a calendar; Radicale's, in our transaction."""
        return super().do_MKCALENDAR(*args)

    @_answered
    def do_MKCOL(self, *args: Any) -> Any:
        """Make a calendar (RFC 5689); Radicale's, in our transaction."""
        return super().do_MKCOL(*args)


def _check_properties(root: Element | None) -> None:
    """Refuse what Radicale stumbles over: properties of no namespace, components of no name."""
    for element in root.iter() if root is not None else ():
        if not element.tag.startswith("{"):
            raise XmlError("An element has no namespace.")
        if element.tag == CALDAV + "comp" and "name" not in element.attrib:
            raise XmlError("A component has no name.")


def _body(environ: dict[str, Any]) -> Element | None:
    current().signed_in()  # what nobody has sent is not worth reading
    try:
        return parse(environ["wsgi.input"].read())
    except XmlError as error:
        raise BadRequest(str(error)) from error


def _packed(answer: Answer) -> tuple[int, list[tuple[str, str]], bytes]:
    status, headers, body = answer
    content = body or b""
    return status, [*headers.items(), ("Content-Length", str(len(content)))], content


def _with_dav(
    method: str, status: int, headers: Iterable[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Put the truth in DAV and Allow, which Radicale fills for more than is there."""
    kept = [(name, value) for name, value in headers if name not in {"DAV", "Allow"}]
    kept.append(("Vary", "Accept-Encoding"))
    if method in {"OPTIONS", "PROPFIND"}:
        kept.append(("DAV", DAV))
    if method == "OPTIONS" or status == 405:
        kept.append(("Allow", ALLOW))
    return kept


def _configuration(addresses: Addresses, profile: Profile, realm: str) -> config.Configuration:
    """Return Radicale's configuration: our plugins, and everything off that sleeps or logs."""
    configuration = config.load()
    configuration.update(
        {
            "auth": {"type": Auth, "realm": realm, "delay": 0},
            "rights": {"type": functools.partial(Rights, addresses)},
            "storage": {"type": functools.partial(Storage, addresses, profile)},
            "web": {"type": "none"},
            "hook": {"type": "none"},
            "sharing": {"type": "none"},
            "server": {"delay_on_error": 0, "validate_path_value": "none"},
        },
        "praxis-caldav",
        privileged=True,
    )
    return configuration

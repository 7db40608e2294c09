"""Radicale's Application with the requests of a practice's day answered from the index.

Radicale takes a request apart and asks its plugins who it is from; every method is ours. See
docs/decisions/0002 and 0006.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from radicale import config, httputils
from radicale.app import Application

from caldav_server.addresses import HOME, Addresses, href
from caldav_server.auth import Auth
from caldav_server.collections import Collections
from caldav_server.directly import handed, is_ordinary
from caldav_server.errors import Answer, BadRequest, Refusal, answer_for
from caldav_server.making import Making
from caldav_server.methods import allowed
from caldav_server.moving import Moving
from caldav_server.objects import Objects
from caldav_server.packing import packed
from caldav_server.preconditions import check_if
from caldav_server.proppatch import Proppatch
from caldav_server.remembering import METHODS
from caldav_server.rights import Rights
from caldav_server.scope import NotSignedIn, Scope, current
from caldav_server.storage import Storage
from caldav_server.xml import XmlError, parse
from practice import scopes
from practice.errors import PracticeError
from practice.use_cases.sign_in import (
    Admitted,
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

    from practice.ports import Database, Transactions
    from practice.profile import Profile
    from practice.use_cases.sign_in import Outcome

__all__ = ["CalDavApplication"]

log = logging.getLogger(__name__)

#: What this server does. Class 2 is left out, since there is no LOCK.
DAV = "1, 3, access-control, calendar-access, calendar-availability, extended-mkcol"
_OPEN = frozenset({"OPTIONS"})
#: An If header on others is held to what is there once their transaction has begun.
_READING = frozenset({"GET", "PROPFIND", "REPORT"})
#: These look at everything again in their transaction, and need no snapshot before.
_LOOKING_AGAIN = frozenset({"PUT", "DELETE"})
#: Bytes of a body that is read while others wait for the same commit.
MOST_SHARED = 65_536


def _answered(method: Callable[..., Any]) -> Callable[..., Any]:
    """Turn a raised error into the reply that tells of it."""

    @functools.wraps(method)
    def answering(
        self: CalDavApplication, environ: dict[str, Any], prefix: str, path: str, *rest: Any
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


def _for_calendars(outcome: Outcome) -> Outcome:
    """Refuse a token that is for something else; see `practice.scopes`."""
    if isinstance(outcome, Admitted) and not outcome.allows(scopes.Scope.CALDAV):
        return Insufficient(str(scopes.Scope.CALDAV))
    return outcome


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
        super().__init__(_configuration(realm))
        self._database = database
        self._gate = gate
        self._addresses = addresses
        self._clock = clock
        self._realm_text = realm
        self._collections = Collections(profile, addresses)
        self._objects = Objects(profile, addresses)
        self._moving = Moving(profile, addresses)
        self._proppatch = Proppatch(profile, addresses)
        self._making = Making(addresses)

    def changes_one_object(self, environ: dict[str, Any]) -> bool:
        """Tell whether a request changes one object at most, and is understood in no time."""
        method, length = environ["REQUEST_METHOD"], int(environ["CONTENT_LENGTH"])
        if method not in _LOOKING_AGAIN or length > MOST_SHARED or "HTTP_IF" in environ:
            return False
        at = self._addresses.calendar_path(environ["PATH_INFO"])
        return at is not None and bool(at.object)

    def tells_of_one(self, environ: dict[str, Any]) -> bool:
        """Tell whether the answer is about one resource at most, and made in no time."""
        method, length = environ["REQUEST_METHOD"], int(environ["CONTENT_LENGTH"])
        if length > MOST_SHARED or "HTTP_IF" in environ:
            return False
        if method == "PROPFIND":
            return environ.get("HTTP_DEPTH") == "0"
        if method not in {"GET", "HEAD"}:
            return False
        at = self._addresses.calendar_path(environ["PATH_INFO"])
        return at is not None and bool(at.object)

    def tells_of_all(self, environ: dict[str, Any]) -> bool:
        """Tell whether the answer is as long as a calendar, whatever is in that."""
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD", "PROPFIND"}:
            return False
        at = self._addresses.calendar_path(environ["PATH_INFO"])
        shallow = environ["REQUEST_METHOD"] == "PROPFIND" and environ.get("HTTP_DEPTH") == "0"
        return at is not None and not at.object and not shallow

    def read_ahead(self, environ: dict[str, Any]) -> None:
        """Read before its turn what a request brings, if it seems to be from an account: what
        nobody has sent is not worth reading.
        """
        claim: Claim | None = environ.get("praxis.claim")
        if environ["REQUEST_METHOD"] == "PUT" and claim and self._gate.knows(claim):
            self._objects.read_ahead(environ, self._clock())

    def answer(
        self, environ: dict[str, Any], transactions: Transactions | None = None
    ) -> tuple[int, list[tuple[str, str]], bytes] | Unverified | KeysWanted:
        """Answer a request, or say that a password must be verified or keys be fetched first.

        It begins its transactions from `transactions`, else from the database itself.
        `environ["praxis.claim"]` is who it claims to come from; absent for nobody. Afterwards
        `environ["praxis.account"]` is who it was, `environ["praxis.credential"]` the id of what was
        signed in with (None: a provider's token), and `environ["praxis.footing"]` what the
        answer rests on, if the same request gets the same answer as long as that holds.
        """
        claim: Claim | None = environ.get("praxis.claim")
        snapshot = environ["REQUEST_METHOD"] not in _LOOKING_AGAIN
        with Scope(transactions or self._database, self._clock(), snapshot=snapshot) as scope:
            try:
                if claim is not None and environ["REQUEST_METHOD"] not in _OPEN:
                    outcome = _for_calendars(self._gate.decide(scope.unit, claim))
                    if isinstance(outcome, Unverified | KeysWanted):
                        return outcome
                    if isinstance(outcome, Refused | Throttled | Insufficient):
                        return self.refusal(outcome, claim)
                    scope.account = outcome.account
                    environ["praxis.account"] = outcome.account.name
                    environ["praxis.credential"] = outcome.credential and outcome.credential.id
                reply = self._reply(environ)
                if claim is not None and self._lasts(environ, claim):
                    environ["praxis.footing"] = scope.footing()
                return reply
            except PracticeError as error:
                return _packed(answer_for(error))

    def _reply(self, environ: dict[str, Any]) -> tuple[int, list[tuple[str, str]], bytes]:
        if environ["REQUEST_METHOD"] == "HEAD":
            # As GET, so that its length and coding are told too; the bridge sends no body.
            environ = {**environ, "REQUEST_METHOD": "GET"}
        account = current().account
        if account is not None and is_ordinary(self, environ, account):
            status, headers, body = handed(self, environ, account)
        else:
            status, headers, body = self._through_radicale(environ)
        return status, *packed(environ, self._with_dav(environ, status, headers), body)

    def _through_radicale(
        self, environ: dict[str, Any]
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        kept: list[tuple[str, list[tuple[str, str]]]] = []
        body = b"".join(self(environ, lambda status, headers: kept.append((status, headers))))
        status, headers = kept[0]
        return int(status[:3]), headers, body

    def _lasts(self, environ: dict[str, Any], claim: Claim) -> bool:
        # An If header may tell of other calendars than the one that is asked.
        return (
            environ["REQUEST_METHOD"] in METHODS
            and "HTTP_IF" not in environ
            and "praxis.account" in environ
            and self._gate.judges_by_what_is_stored(claim)
        )

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

    def heed_if(self, environ: dict[str, Any], path: str) -> None:
        """Hold the If header to what is there: now, or when the transaction has begun."""
        scope = current()
        check = functools.partial(check_if, scope, self._addresses, environ, path)
        if environ["REQUEST_METHOD"] in _READING and scope.account is not None:
            check()
        scope.before_writing = check

    def _with_dav(
        self, environ: dict[str, Any], status: int, headers: Iterable[tuple[str, str]]
    ) -> list[tuple[str, str]]:
        """Put the truth in DAV and Allow, which Radicale fills for more than is there."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        kept = [(name, value) for name, value in headers if name not in {"DAV", "Allow"}]
        if method in {"OPTIONS", "PROPFIND"}:
            kept.append(("DAV", DAV))
        if method == "OPTIONS":
            kept.append(("Allow", allowed(self._addresses, path)))
        if status == 405:
            kept.append(("Allow", allowed(self._addresses, path, refused=method)))
        return kept

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


def _packed(answer: Answer) -> tuple[int, list[tuple[str, str]], bytes]:
    status, headers, body = answer
    content = body or b""
    return status, [*headers.items(), ("Content-Length", str(len(content)))], content


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

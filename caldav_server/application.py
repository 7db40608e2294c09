"""A CalDAV request, answered: who asks, in which transaction, and what the answer rests on.

Not here: what each method comes to (`caldav_server.radicale_methods`), nor where requests come
from (`caldav_server.asgi`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from caldav_server.directly import handed, is_ordinary
from caldav_server.errors import Answer, answer_for
from caldav_server.methods import allowed
from caldav_server.packing import packed
from caldav_server.radicale_methods import RadicaleMethods
from caldav_server.remembering import METHODS
from caldav_server.scope import Scope, current
from practice import scopes
from practice.claims import (
    Admitted,
    Claim,
    Refused,
    Throttled,
    Unverified,
)
from practice.errors import PracticeError
from practice.use_cases.sign_in import Gate, Insufficient, KeysWanted

if TYPE_CHECKING:
    from caldav_server.addresses import Addresses
    from practice.claims import Outcome
    from practice.ports import Database, Transactions
    from practice.profile import Profile

__all__ = ["CalDavApplication"]

#: What this server does. Class 2 is left out, since there is no LOCK.
DAV = "1, 3, access-control, calendar-access, calendar-availability, extended-mkcol"
_OPEN = frozenset({"OPTIONS"})
#: These look at everything again in their transaction, and need no snapshot before.
_LOOKING_AGAIN = frozenset({"PUT", "DELETE"})
#: Bytes of a body that is read while others wait for the same commit.
MOST_SHARED = 65_536


def _for_calendars(outcome: Outcome) -> Outcome:
    """Refuse a token that is for something else; see `practice.scopes`."""
    if isinstance(outcome, Admitted) and not outcome.allows(scopes.Scope.CALDAV):
        return Insufficient(str(scopes.Scope.CALDAV))
    return outcome


class CalDavApplication(RadicaleMethods):
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
        super().__init__(profile, addresses, realm)
        self._database = database
        self._gate = gate
        self._clock = clock
        self._realm_text = realm

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


def _packed(answer: Answer) -> tuple[int, list[tuple[str, str]], bytes]:
    status, headers, body = answer
    content = body or b""
    return status, [*headers.items(), ("Content-Length", str(len(content)))], content

"""Signing in with a browser: where to send it, and what the code it comes back with is worth.

The authorization code flow with PKCE. Everything here may wait for the network, for seconds. Not
here: who came back with what, from which browser (`practice.use_cases.sign_in_elsewhere`).
Sources: OpenID Connect Core 1.0, RFC 6749, RFC 7636, RFC 9207, OpenID Connect RP-Initiated Logout.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from practice.errors import IdentityProviderUnavailable
from practice.identity import Attempt, Insufficient, KeysWanted, Vouched, WhyNot
from praxis_caldav.oidc.fetching import FetchError, Places, exchange
from praxis_caldav.oidc.id_tokens import check_answer
from praxis_caldav.oidc.provider import OidcProvider
from praxis_caldav.oidc.tokens import Expected, Untrue, identify, opened

__all__ = ["CodeFlow", "RelyingParty"]

log = logging.getLogger(__name__)

#: Before anybody is sent to a provider, it must have answered so lately.
_LIVELY = timedelta(seconds=30)
_FRESH = timedelta(minutes=15)
#: What a provider may say is wrong (RFC 6749 4.1.2.1, OpenID Connect Core 1.0 3.1.2.6).
_DENIED = frozenset({"access_denied", "consent_required", "interaction_required", "login_required"})
_BUSY = frozenset({"server_error", "temporarily_unavailable"})
_SETUP = frozenset(
    {
        *("invalid_client", "unauthorized_client", "invalid_request", "invalid_scope"),
        *("unsupported_response_type", "unsupported_grant_type"),
    }
)


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """What this server is to the provider. Without a secret it is a public client."""

    id: str
    back: str  # where browsers are sent back to
    after: str  # and where after signing out
    secret: str = field(default="", repr=False)
    scopes: tuple[str, ...] = ("profile", "email")  # besides openid
    prompt: str = ""


class CodeFlow:
    """Signs people in at one provider. Safe to use from several threads."""

    def __init__(
        self,
        party: RelyingParty,
        expected: Expected,
        provider: OidcProvider,
        clock: Callable[[], datetime],
        ca_file: Path | None = None,
    ) -> None:
        """`expected` is what is expected of tokens; of ID tokens, that they are for this party."""
        self._party = party
        self._expected = replace(expected, audience=party.id, required_scope="")
        self._scope = expected.required_scope
        self._provider = provider
        self._ca_file = ca_file
        self._clock = clock
        self._asking = threading.Lock()

    def way_there(self, attempt: Attempt) -> str:
        """Return where to send a browser; raises IdentityProviderUnavailable."""
        address = self._places(_LIVELY).authorization
        if not address:
            log.warning("the identity provider names no address to sign in at")
            raise IdentityProviderUnavailable
        hashed = hashlib.sha256(attempt.word("verifier").encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self._party.id,
            "redirect_uri": self._party.back,
            "scope": " ".join(self._scopes),
            "state": attempt.word("state"),
            "nonce": attempt.word("nonce"),
            "code_challenge": base64.urlsafe_b64encode(hashed).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        if self._party.prompt:
            asked["prompt"] = self._party.prompt
        return _with_query(address, asked)

    def way_out(self) -> str:
        """Return where people sign out of the provider, "" if it does not tell; raises
        IdentityProviderUnavailable.
        """
        address = self._places(_LIVELY).end_session
        asked = {"client_id": self._party.id, "post_logout_redirect_uri": self._party.after}
        return _with_query(address, asked) if address else ""

    def vouch(self, attempt: Attempt, told: Mapping[str, str]) -> Vouched | WhyNot:
        """Return whom the provider means by what a browser brought back for an attempt, or why it
        is of no use: `code`, `iss`, or `error`. Raises IdentityProviderUnavailable.
        """
        places = self._places(_FRESH)
        issuer = told.get("iss", "")
        if issuer != self._expected.issuer and (issuer or places.names_itself):
            return _refused(WhyNot.UNTRUE, "another provider's answer")
        if told.get("error"):
            return _of_error(told["error"])
        if not told.get("code"):
            return _refused(WhyNot.UNTRUE, "no code")
        answer = self._exchanged(places, attempt, told["code"])
        if isinstance(answer, WhyNot):
            return answer
        try:
            return self._judged(answer, attempt)
        except Untrue as untrue:
            return _refused(WhyNot.UNTRUE, untrue.reason)

    @property
    def _scopes(self) -> tuple[str, ...]:
        wanted = ("openid", *self._party.scopes, self._scope)
        return tuple(dict.fromkeys(filter(None, wanted)))

    def _places(self, age: timedelta) -> Places:
        with self._asking:  # whoever comes meanwhile uses what the first was told
            places = self._provider.places(self._clock(), age)
            if isinstance(places, KeysWanted):
                self._provider.fetch_keys(places)
                places = self._provider.places(self._clock(), age)
        if isinstance(places, KeysWanted):
            raise IdentityProviderUnavailable
        return places

    def _exchanged(self, places: Places, attempt: Attempt, code: str) -> dict[str, Any] | WhyNot:
        """Return what the provider gives for a code."""
        party = self._party
        if not places.token:
            return _refused(WhyNot.SETUP, "no token endpoint")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": party.back,
            "code_verifier": attempt.word("verifier"),
        }
        in_header = bool(party.secret) and not places.secret_in_body
        if not in_header:
            form["client_id"] = party.id
        if party.secret and not in_header:
            form["client_secret"] = party.secret
        client = (party.id, party.secret) if in_header else None
        try:
            status, answer = exchange(places.token, form, client, self._ca_file)
        except FetchError as error:
            log.warning("a code cannot be exchanged", extra={"why": error.reason})
            raise IdentityProviderUnavailable from error
        if status == 200:
            return answer
        if answer.get("error") == "invalid_grant":  # used, too old, or another browser's
            return _refused(WhyNot.OVER, "invalid_grant")
        return _of_error(str(answer.get("error")))

    def _judged(self, answer: Mapping[str, Any], attempt: Attempt) -> Vouched | WhyNot:
        """Return whom an ID token names; raises Untrue."""
        token, now = answer.get("id_token"), self._clock()
        if not isinstance(token, str):
            raise Untrue("no ID token")
        told = opened(token, self._expected, now)
        check_answer(told, self._expected, attempt.word("nonce"), attempt.begun)
        wanted = self._provider.trust(told, now)
        if wanted is not None:
            self._provider.fetch_keys(wanted)
            if self._provider.trust(told, self._clock()) is not None:
                raise IdentityProviderUnavailable
        # RFC 6749 5.1: who tells no scope has granted what was asked for.
        scope = answer.get("scope")
        if self._scope and isinstance(scope, str) and self._scope not in scope.split():
            return _refused(WhyNot.INSUFFICIENT, "scope")
        found = identify(told, self._expected)
        if isinstance(found, Insufficient):
            return _refused(WhyNot.INSUFFICIENT, "claims")
        return found


def _of_error(error: str) -> WhyNot:
    if error in _DENIED:
        return _refused(WhyNot.DENIED, error)
    if error in _BUSY:
        raise IdentityProviderUnavailable
    known = error if error in _SETUP else "another"  # else it may be anybody's words
    log.warning("the identity provider refuses this server", extra={"reason": known})
    return WhyNot.SETUP


def _refused(why: WhyNot, reason: str) -> WhyNot:
    log.info("a sign-in by the identity provider was refused", extra={"reason": reason})
    return why


def _with_query(address: str, asked: Mapping[str, str]) -> str:
    """Return an address with a query added; one it has stays (RFC 6749 3.1)."""
    url = urlsplit(address)
    query = "&".join(filter(None, (url.query, urlencode(asked))))
    return url._replace(query=query, fragment="").geturl()

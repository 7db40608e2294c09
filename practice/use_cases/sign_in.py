"""Who is asking? Names and passwords, app passwords, bearer tokens; guesses are throttled.

A bearer token is ours, or of the identity provider, whose say is taken for who somebody is and
for nothing else: the account must exist, and is read at every request.

A password is verified once by argon2id and then remembered by this process, as a keyed digest
tied to the very hash that stood in the database: the hash is read at every request, so that a
changed or revoked password stops working at the next one, in every process.

An attacker learns nothing from the time or the text of a refusal, and does not lock anybody out:
a device whose password is remembered never meets the throttle, and the same wrong password sent
again and again (a phone that was not told of the new one) counts once.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from practice.accounts import CredentialKind
from practice.claims import Admitted, Claim, Outcome, Refused, Throttled, Unverified
from practice.identity import (
    Disowned,
    IdentityProvider,
    Insufficient,
    KeysWanted,
    Vouched,
    is_foreign,
)
from practice.passwords import digest, hash_password, is_outdated, verify
from practice.use_cases.credential_uses import Uses

if TYPE_CHECKING:
    from practice.access import Account
    from practice.accounts import Credential
    from practice.ports import UnitOfWork

__all__ = [
    "Gate",
    "GatePolicy",
    "Insufficient",
    "KeysWanted",
    "account_of",
]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """How many wrong log-ins in `window` are looked at, per account and per network."""

    per_account: int = 10
    per_network: int = 100
    window: timedelta = timedelta(minutes=5)


class Gate:
    """Decides over claims. One per process; safe to use from several threads."""

    def __init__(
        self, policy: GatePolicy | None = None, provider: IdentityProvider | None = None
    ) -> None:
        self._policy = policy or GatePolicy()
        self._provider = provider
        self._key = secrets.token_bytes(32)
        self._right = _Memory(10_000)
        self._wrong = _Memory(10_000)
        self._admitted = _Memory(10_000)
        self.uses = Uses()

    def decide(self, uow: UnitOfWork, claim: Claim) -> Outcome:
        """Decide by what is stored and remembered, without hashing a password.

        Raises IdentityProviderUnavailable for a token that cannot be judged now.
        """
        outcome = self._decide(uow, claim)
        if isinstance(outcome, Admitted):
            if not self.knows(claim):
                self._admitted.keep(self._mark(claim, None))
            if outcome.credential is not None:
                self.uses.saw(outcome.credential.id)
        return outcome

    def _decide(self, uow: UnitOfWork, claim: Claim) -> Outcome:
        if claim.is_token:
            return self._by_token(uow, claim.secret)
        found = uow.accounts.by_name(claim.name)
        account, held = found or (None, [])
        if account is not None and account.disabled:
            account, held = None, []
        device = _app_password(held, claim.secret)
        if account is not None and device is not None:
            return Admitted(account, credential=device)
        password = next((c for c in held if c.kind is CredentialKind.PASSWORD), None)
        if account is not None and password and self._right.holds(self._mark(claim, password)):
            return Admitted(account, credential=password)
        if self._wrong.holds(self._mark(claim, password)):
            return Refused()
        return self._throttled(uow, claim) or Unverified(claim, account, password)

    def knows(self, claim: Claim) -> bool:
        """Tell whether a claim was admitted here before. It may be true no more."""
        return self._admitted.holds(self._mark(claim, None))

    def judges_by_what_is_stored(self, claim: Claim) -> bool:
        """Tell whether nothing but what is stored decides: no time, and nobody else's say."""
        return not (claim.is_token and self._provider is not None and is_foreign(claim.secret))

    def fetch_keys(self, question: KeysWanted) -> None:
        """Fetch the identity provider's keys (slow); then ask `decide` again."""
        if self._provider is not None:
            self._provider.fetch_keys(question)

    def _by_token(self, uow: UnitOfWork, token: str) -> Outcome:
        if self._provider is None or not is_foreign(token):
            found = uow.accounts.by_token(digest(token))
            if found is None or found[0].disabled:
                return Refused()
            return Admitted(found[0], found[1][0].scopes or None, found[1][0])
        told = self._provider.read(token, uow.now)
        if isinstance(told, Disowned):
            return Refused()
        if not isinstance(told, Vouched):
            return told
        account = account_of(uow, told)
        if account is None or account.disabled:
            why = "no account" if account is None else "account disabled"
            log.info("a provider's token was refused", extra={"reason": why})
            return Refused()
        return Admitted(account)

    def check(self, question: Unverified) -> bool:
        """Verify the password (slow); remember the answer for the next `decide`."""
        password = question.credential
        right = verify(question.claim.secret, password.secret if password else None)
        (self._right if right else self._wrong).keep(self._mark(question.claim, password))
        return right

    def reserve(self, uow: UnitOfWork, question: Unverified) -> Throttled | None:
        """Book the check as a failure before it is made, or return Throttled.

        Under the writers' lock, so that guesses made all at once, in several processes, cannot
        outrun the count.
        """
        claim = question.claim
        throttled = self._throttled(uow, claim)
        if throttled:
            return throttled
        keep_since = uow.now - self._policy.window
        uow.accounts.record_failure(_short(claim.name), _short(claim.network), keep_since)
        return None

    def settle(self, uow: UnitOfWork, question: Unverified) -> None:
        """Take the booked failure back after a right password, and with it those before it from
        there: they were mistyped, or a server that was killed could not take them back. Renew a
        hash of weaker days.
        """
        claim, password = question.claim, question.credential
        uow.accounts.forget_failures(_short(claim.name), _short(claim.network))
        if password is not None and is_outdated(password.secret):
            uow.accounts.replace_secret(password, hash_password(claim.secret))

    def _throttled(self, uow: UnitOfWork, claim: Claim) -> Throttled | None:
        policy = self._policy
        of_account, of_network = uow.accounts.failures(
            _short(claim.name), _short(claim.network), uow.now - policy.window
        )
        if of_account >= policy.per_account or of_network >= policy.per_network:
            return Throttled(int(policy.window.total_seconds()))
        return None

    def _mark(self, claim: Claim, password: Credential | None) -> bytes:
        """Return a digest of claim and stored hash that only this process can make."""
        stored = password.secret if password else ""
        parts = (claim.name, claim.secret, stored)
        message = b"".join(
            len(part).to_bytes(4) + part
            for part in (text.encode("utf-8", "surrogatepass") for text in parts)
        )
        return hmac.digest(self._key, message, "sha256")


class _Memory:
    """A set of digests that forgets the oldest."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._marks: OrderedDict[bytes, None] = OrderedDict()
        self._lock = threading.Lock()

    def holds(self, mark: bytes) -> bool:
        return mark in self._marks

    def keep(self, mark: bytes) -> None:
        with self._lock:
            self._marks[mark] = None
            while len(self._marks) > self._size:
                self._marks.popitem(last=False)


def account_of(uow: UnitOfWork, told: Vouched) -> Account | None:
    """Return the account that an identity provider means, disabled ones included."""
    if told.email:
        return uow.accounts.by_email(told.email)
    found = uow.accounts.by_name(told.name)
    return found[0] if found else None


def _app_password(held: list[Credential], secret: str) -> Credential | None:
    told = digest(secret)
    devices = (one for one in held if one.kind is CredentialKind.APP_PASSWORD)
    return next((one for one in devices if hmac.compare_digest(one.secret, told)), None)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]

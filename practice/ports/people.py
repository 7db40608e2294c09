"""Who may sign in, and has.

Not here: what they may then do (`practice.access`, `practice.scopes`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from practice.sessions import Way

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from practice.access import Account, Level
    from practice.accounts import Credential
    from practice.sessions import Session
    from practice.sign_ins import SignIn

__all__ = ["Accounts", "SelfBookings", "Sessions", "SignIns"]


class Accounts(Protocol):
    """Accounts, their credentials and grants, and the failed log-ins."""

    def by_name(self, name: str) -> tuple[Account, list[Credential]] | None:
        """Return an account with its grants and credentials, in the order of making."""

    def by_token(self, digest: str) -> tuple[Account, list[Credential]] | None:
        """Return the account that a bearer token with this digest belongs to."""

    def by_email(self, email: str) -> Account | None:
        """Return the account with this address, in whatever case; None if several have it.

        An address that is not ASCII is nobody's: letters that look alike would be mixed up.
        """

    def all(self) -> list[Account]:
        """Return every account, by name."""

    def credentials(self) -> dict[int, list[Credential]]:
        """Return everybody's credentials, by the ids of those accounts that have any."""

    def note_uses(self, credentials: Sequence[int], since: datetime) -> int:
        """Note that credentials are used now, but for those that were noted after `since` and those
        there are no more; return how many.
        """

    def uses(self) -> dict[int, datetime]:
        """Return when credentials were last used, by their ids, as far as that was noted."""

    def of_doctor(self, doctor_id: int) -> list[Account]:
        """Return the accounts a doctor signs in with, by name, without their grants."""

    def save(self, account: Account) -> Account:
        """Store a new one (id 0) or change it, without its grants; raises NameTaken."""

    def grant(self, account: Account, calendar_id: int, level: Level) -> None:
        """Set what the account may do in a calendar; NONE takes the grant away."""

    def add_credential(
        self, account: Account, kind: str, label: str, secret: str, scopes: Sequence[str] = ()
    ) -> Credential:
        """Store a credential (its hash or digest, never itself), and what a token is for."""

    def replace_secret(self, credential: Credential, secret: str) -> None:
        """Store another hash of the same password; nothing if it is not the stored one any more."""

    def revoke(self, account: Account, credential_id: int) -> None:
        """Remove a credential; raises AccountNotFound when the account has none such."""

    def failures(self, account: str, network: str, since: datetime) -> tuple[int, int]:
        """Count the failed log-ins since then, of the account and of the network (digests)."""

    def record_failure(self, account: str, network: str, keep_since: datetime) -> None:
        """Store a failed log-in, and forget those before `keep_since`."""

    def forget_failures(self, account: str, network: str) -> None:
        """Take back the failed log-ins to an account from a network."""


class Sessions(Protocol):
    """Who is signed in to pages; secrets are given as digests."""

    def begin(
        self,
        secret: str,
        *,
        account_id: int | None,
        patient_id: int | None,
        network: str = "",
        way: Way = Way.UNKNOWN,
    ) -> Session:
        """Begin a session of an account or of a patient, from a network, in a way; those long over
        are forgotten.
        """

    def find(self, secret: str) -> Session | None:
        """Return a session, which may be over."""

    def note_used(self, secret: str) -> None:
        """Note that a session is used now."""

    def of(self, account_id: int) -> Mapping[str, Session]:
        """Return the sessions of an account by secret, those that are over among them."""

    def end(self, secret: str) -> bool:
        """End a session; False if there is none."""

    def end_all(self, *, account_id: int | None = None, patient_id: int | None = None) -> int:
        """End all sessions of one of the two; return how many."""


class SelfBookings(Protocol):
    """What patients booked themselves, to count by: addresses, patients and networks are given as
    digests.
    """

    def add(self, about: str, network: str, appointment_id: int) -> None:
        """Count an appointment; without a network (""), it counts for none."""

    def count(self, since: datetime, network: str = "") -> int:
        """Return how many were booked since then, from one network or at all."""

    def to_come(self, about: str) -> int:
        """Return how many have yet to begin, and are not cancelled."""

    def forget(self, before: datetime) -> None:
        """Of what was booked before, forget the networks, and all of what has begun by now."""


class SignIns(Protocol):
    """Patients who want to sign in by e-mail, and the links that were sent to them; networks,
    addresses to count by and secrets are given as digests.
    """

    def ask(
        self, email: str, about: str, network: str, language: str, due: datetime | None
    ) -> None:
        """Note that somebody asked for a link; without `due` it is only counted."""

    def count(self, about: str, network: str, since: datetime) -> tuple[int, int]:
        """Return how often was asked since then: for an address, and from a network."""

    def forget(self, before: datetime) -> None:
        """Delete what was asked before, and links that are over."""

    def due(self) -> bool:
        """Tell whether somebody waits for a link."""

    def claim(self, until: datetime) -> SignIn | None:
        """Take one that is due, for whoever asks alone, until then; None if there is none."""

    def settle(self, asked: SignIn, due: datetime | None) -> None:
        """Have it due again; or, with None, forget for which address it was."""

    def add_link(self, secret: str, patient_id: int, until: datetime) -> None:
        """Keep a link."""

    def use_link(self, secret: str) -> int | None:
        """Delete a link and return its patient; None if there is none, or it is over."""

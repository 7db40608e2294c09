"""What may be given to accounts by whoever administers them: never more than he has himself.

A token that is for accounts would else be for everything: it could make itself an administrator, a
password, or another token. Not here: who may change accounts at all (`practice.scopes`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from practice.access import Account, Role
from practice.errors import NotAllowed
from practice.scopes import Scope, allowed

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["Giver"]

#: Who may do the most stands first.
_ORDER = (Role.ADMIN, Role.STAFF, Role.DOCTOR, Role.PVS, Role.BOOKING, Role.READER)


@dataclass(frozen=True, slots=True)
class Giver:
    """Who changes accounts: all that he may do as he has signed in, and whether by a token, as
    programs do. The methods raise NotAllowed.
    """

    scopes: Collection[Scope]
    program: bool = False

    def refuse_touching(self, account: Account) -> None:
        """Refuse what takes something from an account: no program keeps administrators out."""
        if self.program and account.role is Role.ADMIN:
            raise NotAllowed("A token neither makes nor changes administrators.")

    def refuse_giving_all_of(self, account: Account) -> None:
        """Refuse what lets somebody be this account: a role, a password, an address."""
        self.refuse_touching(account)
        self._refuse_beyond(allowed(account, None))

    def refuse_change(self, there: Account, wanted: Account) -> None:
        """Refuse to make an account another one than it may become by him."""
        self.refuse_touching(there)
        self.refuse_giving_all_of(wanted)
        if self.program and _ORDER.index(wanted.role) < _ORDER.index(there.role):
            raise NotAllowed(f"A token makes no {wanted.role} of a {there.role}.")

    def refuse_token(self, account: Account, told: Collection[str]) -> None:
        """Refuse a token of an account for some scopes; without any, it is for all."""
        self.refuse_touching(account)
        self._refuse_beyond(allowed(account, told or None))

    def refuse_granting(self, account: Account) -> None:
        """Refuse to grant an account a calendar; to take one away is not refused by this."""
        self.refuse_touching(account)
        self.refuse_showing()

    def refuse_showing(self) -> None:
        """Refuse to show a calendar to others whose own token does not: by a grant, or a feed."""
        self._refuse_beyond({Scope.CALDAV})

    def _refuse_beyond(self, given: Collection[Scope]) -> None:
        beyond = [str(scope) for scope in Scope if scope in given and scope not in self.scopes]
        if beyond:
            raise NotAllowed(f"Nobody gives what he has not got himself: {', '.join(beyond)}.")

"""What is found below the mount beside calendars: principals and their scheduling boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caldav_server.addresses import HOME, href
from caldav_server.principals import INBOX, OUTBOX, principal
from caldav_server.resources import OutboxResource, Resource
from caldav_server.scheduling import an_inbox
from practice.access import may_find
from practice.errors import AccountNotFound

if TYPE_CHECKING:
    from caldav_server.scope import Scope
    from practice.profile import Profile

__all__ = ["found_at"]


def found_at(scope: Scope, profile: Profile, path: str) -> tuple[str, Resource] | None:
    """Return address and resource of the principal or scheduling box at a path below the mount.

    None for the path of a calendar. Raises AccountNotFound for everything that is not there or
    not for the account that asks to know of: the two look the same.
    """
    account = scope.signed_in()
    name, *box = path.strip("/").split("/")
    if name == HOME:
        return None
    if name == account.name:
        if not box:
            return href(name), principal(account, profile, account)
        if box == [INBOX]:
            return href(name, INBOX), an_inbox(scope, profile)
        if box == [OUTBOX]:
            return href(name, OUTBOX), OutboxResource(account, profile)
    elif not box:
        found = scope.unit.accounts.by_name(name)
        if found is not None and may_find(account, found[0]):
            return href(name), principal(account, profile, found[0])
    raise AccountNotFound("There is nothing at this address.")

"""Radicale's rights plugin: translates `practice.access` into Radicale's letters.

R/W are for plain collections, r/w for calendars; l keeps an account from changing properties.
What letters cannot say (an account that may create but not delete, and sees only its own) is
decided in `practice.use_cases.objects`, under the lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from radicale import rights

from caldav_server.addresses import HOME, Addresses
from caldav_server.scope import current
from practice.access import Level, Role, level, may_manage_calendars

if TYPE_CHECKING:
    from radicale import config

__all__ = ["Rights"]

_SETS_PROPERTIES = {Role.ADMIN, Role.STAFF, Role.DOCTOR}


class Rights(rights.BaseRights):
    """The plugin; give Radicale `functools.partial(Rights, addresses)` as its rights type."""

    def __init__(self, addresses: Addresses, configuration: config.Configuration) -> None:
        super().__init__(configuration)
        self._addresses = addresses

    def authorization(self, user: str, user_groups: set[str], path: str) -> str:
        """Return the letters for the account of this request."""
        scope = current()
        account = scope.account
        if account is None or user != account.name:
            return ""
        if path.strip("/") in {"", HOME, user}:
            return "R"
        address = self._addresses.calendar_path(path)
        if address is None:
            return ""
        view = scope.find(address.calendar)
        if view is None:
            # Nothing there to see; an administrator may make it.
            return "w" if may_manage_calendars(account) and not address.object else ""
        letters = "r"
        if any(level(account, source) >= Level.WRITE for source in view.sources):
            letters += "w"
        # A doctor writes into the own calendar through the main one, and must not rename that.
        own = level(account, view.calendar) >= Level.WRITE
        return letters if own and account.role in _SETS_PROPERTIES else letters + "l"

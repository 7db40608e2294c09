"""Radicale's storage plugin over the practice's database.

Radicale keeps what it does well: MKCALENDAR, MKCOL and PROPPATCH run through here. Requests that
ask for objects never come this way (see `caldav_server.application`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from radicale import storage

from caldav_server.addresses import HOME, Addresses
from caldav_server.properties import is_protected
from caldav_server.scope import current
from caldav_server.storage.collection import CalendarCollection, PlainCollection
from practice.access import may_manage_calendars
from practice.calendar_zone import with_zone
from practice.calendars import ALL_COMPONENTS, COMPONENTS, CalendarKind
from practice.errors import NotAllowed

if TYPE_CHECKING:
    from radicale import config, item, types

    from practice.profile import Profile

__all__ = ["Storage"]


class Storage(storage.BaseStorage):
    """The plugin; Radicale takes `functools.partial(Storage, addresses, profile)` for a type."""

    _supports_unicode = True
    _supports_trailing_whitespace = True
    _supports_problematic_chars = True

    def __init__(
        self, addresses: Addresses, profile: Profile, configuration: config.Configuration
    ) -> None:
        super().__init__(configuration)
        self._addresses = addresses
        self._profile = profile

    def discover(
        self,
        path: str,
        depth: str = "0",
        child_context_manager: Callable[..., AbstractContextManager[None]] | None = None,
        user_groups: set[str] = frozenset(),  # type: ignore[assignment]
    ) -> Iterator[types.CollectionOrItem]:
        """Yield the collection at `path`, if there is one the account sees."""
        scope = current()
        bare = path.strip("/")
        user = scope.account.name if scope.account else None
        if bare in {"", HOME, user}:
            yield PlainCollection(bare)
            return
        address = self._addresses.calendar_path(path)
        view = scope.find(address.calendar) if address and not address.object else None
        if view is not None:
            yield CalendarCollection(bare, view, self._profile)

    def create_collection(
        self,
        href: str,
        items: Iterable[item.Item] | None = None,
        props: Mapping[str, str] | None = None,
    ) -> tuple[storage.BaseCollection, dict[str, item.Item], list[str]]:
        """Make a calendar of no doctor, below the home."""
        scope = current()
        address = self._addresses.calendar_path(href)
        if address is None or address.object or address.shown != address.calendar:
            raise NotAllowed("Calendars are made right below the calendar home.")
        if scope.account is None or not may_manage_calendars(scope.account):
            raise NotAllowed("You may not make calendars.")
        told = {name: value for name, value in (props or {}).items() if not is_protected(name)}
        kept = with_zone({}, told)
        asked = (props or {}).get("C:supported-calendar-component-set", "").upper().split(",")
        components = tuple(name for name in ALL_COMPONENTS if name in asked) or COMPONENTS
        scope.unit.calendars.create(
            address.calendar, CalendarKind.PLAIN, kept, components=components
        )
        made = PlainCollection(href.strip("/"))
        return made, {}, []

    @contextmanager
    def acquire_lock(
        self,
        mode: str,
        user: str = "",
        *args: Any,
        **kwargs: Any,
    ) -> Iterator[None]:
        """Open the transaction of a request that writes; one that reads has its snapshot.

        Radicale leaves the lock normally after a refusal too, so whatever raises within dooms
        the transaction (`PracticeError`s pass through Radicale untouched and roll it back).
        """
        if mode == "r":
            yield
            return
        with current().writing():
            yield

"""The collections that Radicale sees: snapshots of a row, taken when they are discovered."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from radicale import storage

from caldav_server.properties import ctag, is_protected
from caldav_server.scope import current
from practice.use_cases.calendar_properties import set_properties

if TYPE_CHECKING:
    from collections.abc import Mapping

    from practice.calendars import View
    from practice.profile import Profile

__all__ = ["CalendarCollection", "PlainCollection"]

#: Of all properties of a calendar together; they are read with every request.
MOST_CHARACTERS = 100_000


class PlainCollection(storage.BaseCollection):
    """The mount, the home or a principal: something that calendars can be in, and no calendar."""

    def __init__(self, path: str) -> None:
        self._path = path

    @property
    def path(self) -> str:
        """The path without slashes around it."""
        return self._path

    @property
    def tag(self) -> str:
        """Not a calendar."""
        return ""

    @overload
    def get_meta(self, key: None = None) -> Mapping[str, str]: ...
    @overload
    def get_meta(self, key: str) -> str | None: ...
    def get_meta(self, key: str | None = None) -> Mapping[str, str] | str | None:
        """Nothing can be set here."""
        return {} if key is None else None

    def set_meta(self, props: Mapping[str, str]) -> None:
        """Refuse: Radicale turns a ValueError with this errno into 403."""
        current().unit.doom()
        raise ValueError("[Errno 13] Properties are set on calendars only.")


class CalendarCollection(PlainCollection):
    """A calendar, as the account sees it."""

    def __init__(self, path: str, view: View, profile: Profile) -> None:
        super().__init__(path)
        self._view = view
        self._profile = profile

    @property
    def tag(self) -> str:
        """A calendar."""
        return "VCALENDAR"

    @property
    def etag(self) -> str:
        """Changes with anything in the calendar."""
        return ctag(self._view)

    @overload
    def get_meta(self, key: None = None) -> Mapping[str, str]: ...
    @overload
    def get_meta(self, key: str) -> str | None: ...
    def get_meta(self, key: str | None = None) -> Mapping[str, str] | str | None:
        """Return the properties clients have set, under Radicale's names for them."""
        properties = {"tag": "VCALENDAR", **self._view.calendar.properties}
        return properties if key is None else properties.get(key)

    def set_meta(self, props: Mapping[str, str]) -> None:
        """Replace the properties, all or none.

        Radicale turns the errno in a ValueError into the status: 13 is 403, 28 is 507.
        """
        kept = {name: value for name, value in props.items() if name != "tag"}
        if any(is_protected(name) for name in kept):
            current().unit.doom()
            raise ValueError("[Errno 13] A protected property cannot be set.")
        if sum(len(name) + len(value) for name, value in kept.items()) > MOST_CHARACTERS:
            current().unit.doom()
            raise ValueError("[Errno 28] The properties of a calendar are too long.")
        set_properties(current().unit, self._view.calendar, kept, self._profile)

"""What has an address, as one account sees it."""

from __future__ import annotations

from dataclasses import dataclass

from practice.access import Account
from practice.calendars import ObjectHead, View
from practice.profile import Profile

__all__ = [
    "CalendarResource",
    "HomeResource",
    "ObjectResource",
    "PrincipalResource",
    "Resource",
    "RootResource",
]


@dataclass(frozen=True, slots=True)
class RootResource:
    """The mount."""

    account: Account
    profile: Profile


@dataclass(frozen=True, slots=True)
class PrincipalResource(RootResource):
    """An account, as WebDAV sees it."""


@dataclass(frozen=True, slots=True)
class HomeResource(RootResource):
    """The one home of all calendars."""


@dataclass(frozen=True, slots=True)
class CalendarResource:
    """A calendar, as one account sees it."""

    account: Account
    profile: Profile
    view: View


@dataclass(frozen=True, slots=True)
class ObjectResource:
    """An object, as one account sees it; `data` is the text a report hands out, or None."""

    account: Account
    profile: Profile
    view: View
    head: ObjectHead
    data: str | None = None


Resource = RootResource | CalendarResource | ObjectResource

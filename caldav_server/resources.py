"""What has an address, as one account sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from practice.access import Account
from practice.calendars import ObjectHead
from practice.profile import Profile
from practice.views import View

__all__ = [
    "CalendarResource",
    "HomeResource",
    "InboxResource",
    "ObjectResource",
    "OtherPrincipalResource",
    "OutboxResource",
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
    """The account that asks, as WebDAV sees it; `stored` is what it has set of itself."""

    stored: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OtherPrincipalResource(RootResource):
    """Another account, as far as the one that asks may know it."""

    shown: Account


@dataclass(frozen=True, slots=True)
class InboxResource(RootResource):
    """Where invitations would arrive, and never do; `stored` is what the account has set there."""

    stored: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutboxResource(RootResource):
    """Where a client asks when others are busy."""


@dataclass(frozen=True, slots=True)
class HomeResource(RootResource):
    """The one home of all calendars; `stored` is what the account has set of it for itself."""

    stored: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CalendarResource:
    """A calendar, as one account sees it; `stored` is what it has set of it for itself."""

    account: Account
    profile: Profile
    view: View
    stored: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ObjectResource:
    """An object, as one account sees it; `data` is the text a report hands out, or None.

    `stored` is what clients have set of it.
    """

    account: Account
    profile: Profile
    view: View
    head: ObjectHead
    data: str | None = None
    stored: Mapping[str, str] = field(default_factory=dict)


Resource = RootResource | CalendarResource | ObjectResource

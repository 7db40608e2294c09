"""Trying what is outside: what was tried, what came of it, and what the settings say of it.

Not here: how anybody is reached (`praxis_caldav.reaching`), nor the words in which a page tells it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Connections", "SettingTold", "SourceTold", "Tried", "Trouble"]


class Trouble(StrEnum):
    """Why somebody outside was not reached, or did not do what was asked."""

    NO_HOST = "no-host"
    NOBODY_LISTENS = "nobody-listens"
    TOO_SLOW = "too-slow"
    CERTIFICATE = "certificate"
    NO_TLS = "no-tls"
    INSIDE = "inside"
    KEY = "key"
    LOGIN = "login"
    ADDRESS = "address"
    BUSY = "busy"
    STATUS = "status"
    MAIL_REFUSED = "mail-refused"
    SENDER = "sender"
    FILE = "file"
    UNREADABLE = "unreadable"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it. `status` is what was answered, 0 if nothing was; `detail` is in English and
    names no address.
    """

    trouble: Trouble | None = None
    status: int = 0
    detail: str = ""

    @property
    def works(self) -> bool:
        """Tell whether all is well."""
        return self.trouble is None


@dataclass(frozen=True, slots=True)
class SettingTold:
    """One setting by its full name. Of a secret only whether there is one: "***" or ""."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class SourceTold:
    """A booking tool as the settings have it; `tool` is its kind."""

    name: str
    tool: str
    settings: tuple[SettingTold, ...]
    can_be_checked: bool


class Connections(Protocol):
    """Everybody outside, as the settings have them."""

    @property
    def file(self) -> str:
        """The settings file; "" if there is none."""

    @property
    def sources(self) -> Sequence[SourceTold]:
        """The booking tools."""

    @property
    def mail(self) -> Sequence[SettingTold]:
        """What is said of mail; empty if there is no mail server."""

    def check(self, source: str) -> Tried | None:
        """Ask a booking tool for one day's bookings, within seconds; None if there is none such.

        Nothing is written, there nor here.
        """

    def send_test(self, to: str, language: str) -> Tried | None:
        """Send a mail that says it is a test; None if there is no mail server."""

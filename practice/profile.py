"""What the practice is called, where it is, and how its bookings look in a calendar."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from practice.vevent import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Profile"]


@dataclass(frozen=True, slots=True)
class Profile:
    """One practice. `zone` is that of its whole days and floating times.

    `categories` maps appointment types to CATEGORIES, `colors` categories to CSS3 colour names.
    `uid_domain` ends the UIDs of bookings; changing it makes all of them new.
    """

    name: str = "Praxis"
    email: str = "praxis@example.org"
    address: str = ""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Berlin"))
    uid_domain: str = "praxis.example.org"
    tentative_prefix: str = "Anfrage: "
    categories: Mapping[str, str] = field(default_factory=dict)
    colors: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)

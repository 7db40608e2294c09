"""Doctors and rooms of the practice, and the credentials of its accounts, as records."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from practice.schedule import USUAL_HOURS

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Credential", "CredentialKind", "Doctor", "Room"]


class CredentialKind(StrEnum):
    """How an account proves who it is."""

    PASSWORD = "password"  # noqa: S105 - a kind, not a password
    APP_PASSWORD = "app-password"  # noqa: S105
    TOKEN = "token"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Credential:
    """One credential. `secret` is a hash (passwords) or digest (those of our own making).

    `scopes` are what a token is for (`practice.scopes`); without any it is for all that its
    account may do.
    """

    id: int
    account_id: int
    kind: CredentialKind
    label: str
    secret: str
    created: datetime
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Doctor:
    """A doctor. `slug` is also the name of the doctor's calendar."""

    slug: str
    name: str
    specialty: str = ""
    hours: str = USUAL_HOURS
    id: int = 0


@dataclass(frozen=True, slots=True)
class Room:
    """A room or chair."""

    slug: str
    name: str
    id: int = 0

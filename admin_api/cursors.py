"""The practice's cursors as addresses have them: a name in one may have any letter."""

from __future__ import annotations

import base64
import binascii

from practice.errors import Invalid

__all__ = ["packed", "unpacked"]


def packed(cursor: str) -> str | None:
    """Return a cursor in letters, digits, - and _; None for an empty one."""
    return base64.urlsafe_b64encode(cursor.encode()).decode().rstrip("=") or None


def unpacked(told: str) -> str:
    """Return what was packed; raises Invalid for what never was."""
    try:
        return base64.urlsafe_b64decode(told + "=" * (-len(told) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Invalid("The cursor is not one that a page came with.") from error

"""Cases whose right answer is in the making elsewhere: the branch, and the names of the cases."""

from __future__ import annotations

__all__ = ["WAITING"]

WAITING: dict[str, tuple[str, ...]] = {}

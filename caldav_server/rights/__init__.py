"""Radicale's rights plugin: nothing may be done through Radicale itself.

Each of our methods asks the practice (`practice.access`, and the use cases under their lock).
"""

from __future__ import annotations

from radicale import rights

__all__ = ["Rights"]


class Rights(rights.BaseRights):
    """The plugin."""

    def authorization(self, user: str, user_groups: set[str], path: str) -> str:
        """Return no letters."""
        return ""

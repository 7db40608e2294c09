"""What goes wrong outside. The texts name no address and nothing of a patient.

Not here: whoever raises it. Without an HTTP client, so that everybody may know of it.
"""

from __future__ import annotations

__all__ = ["AskedInside", "Busy", "Failed", "Refused", "may_pass"]

#: Statuses that are others once somebody has mended a key, or what stands before whoever is asked.
_MENDED = frozenset({302, 303, 307, 401, 403, 407})


class Failed(Exception):
    """It was not answered, or with nothing of use. The text names no address and no patient.

    `permanent` is whether the same request would fail again.
    """

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent


class Refused(Failed):
    """It was answered by a status that says no."""

    def __init__(self, status: int, *, permanent: bool) -> None:
        super().__init__(f"status {status}", permanent=permanent)
        self.status = status


class Busy(Failed):
    """Whoever was asked wants to be left alone for longer than a request may take."""

    def __init__(self, seconds: float) -> None:
        super().__init__("asked to wait")
        self.seconds = seconds


class AskedInside(Failed):
    """The address leads into a network of the practice's own, and nobody has allowed that."""

    def __init__(self) -> None:
        super().__init__("an address inside", permanent=True)


def may_pass(failed: Failed) -> bool:
    """Tell whether what failed may go well some time, without another request."""
    mended = isinstance(failed, Refused) and failed.status in _MENDED
    return mended or not failed.permanent

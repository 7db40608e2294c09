"""What was answered to requests that may be sent again, kept for a day.

Not here: how a request is known again; each door has its own way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KEPT", "GivenAnswer"]

#: How long an answer is given again.
KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer as it was given; `fingerprint` is the digest of what was asked."""

    fingerprint: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

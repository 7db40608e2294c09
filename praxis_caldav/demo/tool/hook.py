"""The webhook by which the booking tool tells the practice what was done on its page.

Not here: what the practice makes of it (`booking_adapter`).
"""

from __future__ import annotations

import json
import logging
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx

from booking_adapter.signatures import signed
from praxis_caldav.demo.tool.api import as_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from praxis_caldav.demo.tool.bookings import Entry
    from praxis_caldav.demo.tool.setup import Setup

__all__ = ["Hook"]

_LOG = logging.getLogger(__name__)


class Hook:
    """Tells the practice, if it wants to be told."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        # One at a time: the practice hears of things in their order, and the page waits for none.
        self._pool = ThreadPoolExecutor(1, "telling the practice")

    def tell(self, what: str, entry: Entry) -> None:
        """Tell what was done with a booking; returns before it is told."""
        if self._setup.hook_url:
            changed = entry.changed.isoformat()
            event = {"type": f"booking.{what}", "timestamp": changed, "data": as_json(entry)}
            self._pool.submit(self._send, event)

    def close(self) -> None:
        """Forget what is not told yet."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _send(self, event: Mapping[str, Any]) -> None:
        """Send it once: what does not arrive the practice finds in the list."""
        setup, body = self._setup, json.dumps(event, ensure_ascii=False).encode()
        headers = signed(setup.hook_secret, f"evt_{secrets.token_hex(12)}", body, setup.now())
        headers["Content-Type"] = "application/json"
        try:
            answer = httpx.post(
                setup.hook_url, content=body, headers=headers, timeout=3, trust_env=False
            )
            outcome = "" if answer.is_success else f"status {answer.status_code}"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            outcome = type(error).__name__
        if outcome:
            _LOG.warning("The practice did not take a webhook: %s", outcome)

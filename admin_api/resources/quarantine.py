"""Webhooks that were received, above all those that nobody understood; worked on again if wanted.

Not here: where they are received (`booking_adapter.webhooks`), and what stands in them, which
names patients.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from admin_api.endpoint import Call, Endpoint, Nothing, Shown
from admin_api.listing import Paged, cursor_of, place_of
from practice.access import may_settle
from practice.scopes import Scope
from practice.sources import ReceiptState
from practice.use_cases import receipts

__all__ = ["ENDPOINTS"]


class WhichWebhooks(StrEnum):
    """Webhooks in which states."""

    ALL = "all"
    WAITING = "waiting"
    DONE = "done"
    QUARANTINED = "quarantined"
    DROPPED = "dropped"


class WebhooksAsked(Paged):
    """Which webhooks."""

    state: WhichWebhooks = WhichWebhooks.QUARANTINED


class WebhookShown(Shown):
    """A webhook, without what stands in it."""

    id: int
    source: str = Field(description="The booking tool it came from.")
    received: datetime
    state: ReceiptState
    due: datetime = Field(description="When it is worked on next, if it is waiting.")
    attempts: int
    reason: str = Field(description="Why it could not be understood.")


class WebhooksShown(Shown):
    """Some webhooks, the newest first."""

    items: list[WebhookShown]
    next: str | None


def list_webhooks(call: Call[WebhooksAsked, None]) -> WebhooksShown:
    """Return a page of webhooks."""
    asked = call.query
    which = asked.state
    states = tuple(ReceiptState) if which is WhichWebhooks.ALL else (ReceiptState(which),)
    found = receipts.received(call.uow, states, before=place_of(asked.cursor), limit=asked.limit)
    shown = [WebhookShown.model_validate(one) for one in found.items]
    return WebhooksShown(items=shown, next=cursor_of(found.before))


def replay_webhook(call: Call[Nothing, None]) -> None:
    """Have a webhook worked on again."""
    receipts.replay(call.uow, call.path["webhook_id"])


def drop_webhook(call: Call[Nothing, None]) -> None:
    """Put a webhook aside."""
    receipts.drop(call.uow, call.path["webhook_id"])


_S = Scope.SYNC
_ALL = "/api/quarantine"
_PEOPLE = "For the practice's own people, not for programs."

ENDPOINTS = (
    Endpoint(
        "GET",
        _ALL,
        list_webhooks,
        "List webhooks that were received",
        _S,
        WebhooksShown,
        query=WebhooksAsked,
        only=may_settle,
        text=_PEOPLE,
    ),
    Endpoint(
        "POST",
        f"{_ALL}/{{webhook_id:id}}/replay",
        replay_webhook,
        "Work on a webhook again",
        _S,
        only=may_settle,
        text=f"{_PEOPLE} The next worker does it.",
    ),
    Endpoint(
        "POST",
        f"{_ALL}/{{webhook_id:id}}/drop",
        drop_webhook,
        "Put a webhook of the quarantine aside",
        _S,
        only=may_settle,
        text=f"{_PEOPLE} It can be worked on again all the same.",
    ),
)

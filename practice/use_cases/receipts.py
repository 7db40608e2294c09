"""Webhooks that were taken: listed, and worked on again. Not here: what tools mean by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from practice.acts import Kind
from practice.errors import ReceiptNotFound
from practice.use_cases.paging import Listed, check_page, is_id, listed

if TYPE_CHECKING:
    from collections.abc import Collection

    from practice.ports import UnitOfWork
    from practice.sources import Receipt, ReceiptState

__all__ = ["drop", "received", "replay"]


def received(
    uow: UnitOfWork,
    states: Collection[ReceiptState],
    *,
    before: int | None = None,
    limit: int = 50,
) -> Listed[Receipt]:
    """Return webhooks in some states without headers and bodies, the newest first, from before an
    id on; raises Invalid.
    """
    check_page(before, limit)
    found = uow.receipts.newest(states, before, limit + 1)
    return listed(found, [receipt.id for receipt in found], limit)


def drop(uow: UnitOfWork, receipt_id: int) -> None:
    """Put a webhook of the quarantine aside; raises ReceiptNotFound."""
    if not is_id(receipt_id) or not uow.receipts.drop(receipt_id):
        raise ReceiptNotFound(f"There is no webhook {receipt_id} in quarantine.")
    uow.acts.note("put aside", Kind.WEBHOOK, receipt_id)


def replay(uow: UnitOfWork, receipt_id: int) -> None:
    """Have a webhook worked on again, by the next worker; raises ReceiptNotFound."""
    if not is_id(receipt_id) or not uow.receipts.replay(receipt_id):
        raise ReceiptNotFound(f"There is no webhook {receipt_id}.")
    uow.acts.note("worked on again", Kind.WEBHOOK, receipt_id)

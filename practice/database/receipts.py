"""Webhooks as they came, in a table."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, insert, literal, select, update

from practice.database.newest import newest
from practice.database.tables import receipts
from practice.sources import Receipt, ReceiptState

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime, timedelta

__all__ = ["SqlReceipts"]


class SqlReceipts:
    """The Receipts port."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def receive(
        self, source: str, key: str, headers: Mapping[str, str], body: bytes, reason: str = ""
    ) -> int | None:
        """See the port."""
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        known = select(receipts.c.id).where(receipts.c.source == source, receipts.c.key == digest)
        if self._connection.execute(known).first():
            return None
        values = {
            "source": source,
            "key": digest,
            "received": self._now,
            "headers": json.dumps(dict(headers)),
            "body": body,
            "state": str(ReceiptState.QUARANTINED if reason else ReceiptState.WAITING),
            "due": self._now,
            "attempts": 0,
            "reason": reason[:255],
        }
        made = self._connection.execute(insert(receipts).values(values).returning(receipts.c.id))
        return int(made.scalar_one())

    def claim(self, lease: timedelta, limit: int) -> list[Receipt]:
        """See the port."""
        due = (receipts.c.state == str(ReceiptState.WAITING), receipts.c.due <= self._now)
        # In the order in which they came: what was sent first is mostly what happened first.
        query = select(receipts).where(*due).order_by(receipts.c.id).limit(limit)
        rows = self._connection.execute(query.with_for_update(skip_locked=True)).all()
        claimed = []
        for receipt in map(_receipt, rows):
            taken = replace(receipt, due=self._now + lease, attempts=receipt.attempts + 1)
            claimed.append(taken)
            self._set(taken.id, due=taken.due, attempts=taken.attempts)
        return claimed

    def is_due(self) -> bool:
        """See the port."""
        due = (receipts.c.state == str(ReceiptState.WAITING), receipts.c.due <= self._now)
        return (
            self._connection.execute(select(receipts.c.id).where(*due).limit(1)).first() is not None
        )

    def settle(
        self,
        receipt: Receipt,
        state: ReceiptState,
        *,
        reason: str = "",
        due: datetime | None = None,
    ) -> None:
        """See the port."""
        self._set(receipt.id, state=str(state), reason=reason[:255], due=due or self._now)

    def replay(self, receipt_id: int) -> bool:
        """See the port."""
        there = self._connection.execute(
            select(receipts.c.body).where(receipts.c.id == receipt_id)
        ).first()
        if there is None or not there.body:
            return False
        self._set(receipt_id, state=str(ReceiptState.WAITING), reason="", due=self._now, attempts=0)
        return True

    def drop(self, receipt_id: int) -> bool:
        """See the port."""
        this = (receipts.c.id == receipt_id, receipts.c.state == str(ReceiptState.QUARANTINED))
        dropped = update(receipts).where(*this).values(state=str(ReceiptState.DROPPED))
        return self._connection.execute(dropped).rowcount > 0

    def find(self, states: Collection[ReceiptState], limit: int = 1000) -> list[Receipt]:
        """See the port."""
        query = select(receipts).where(receipts.c.state.in_([str(state) for state in states]))
        rows = self._connection.execute(query.order_by(receipts.c.id.desc()).limit(limit))
        return [_receipt(row) for row in rows]

    def newest(
        self, states: Collection[ReceiptState], before: int | None, limit: int
    ) -> list[Receipt]:
        """See the port."""
        columns = [column for column in receipts.columns if column.key not in {"headers", "body"}]
        nothing = literal("{}").label("headers"), literal(b"").label("body")
        query = newest(receipts, states, before, limit, [*columns, *nothing])
        return [_receipt(row) for row in self._connection.execute(query)]

    def forget(self, before: datetime) -> int:
        """See the port."""
        old = delete(receipts).where(
            receipts.c.received < before, receipts.c.state != str(ReceiptState.WAITING)
        )
        return self._connection.execute(old).rowcount

    def _set(self, receipt_id: int, **values: Any) -> None:
        changed = update(receipts).where(receipts.c.id == receipt_id).values(values)
        self._connection.execute(changed)


def _receipt(row: Any) -> Receipt:
    return Receipt(
        id=row.id,
        source=row.source,
        key=row.key,
        received=row.received,
        headers=json.loads(row.headers),
        body=row.body,
        state=ReceiptState(row.state),
        due=row.due,
        attempts=row.attempts,
        reason=row.reason,
    )

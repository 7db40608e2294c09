"""What practice and tools do not agree on, in a table."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select, update

from practice.conflicts import Dispute, DisputeKind, DisputeState, Terms
from practice.database.newest import newest
from practice.database.tables import conflicts

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["SqlDisputes"]


class SqlDisputes:
    """The Disputes port."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open_of(self, appointment_id: int) -> Dispute | None:
        """See the port."""
        this = (
            conflicts.c.appointment_id == appointment_id,
            conflicts.c.state == str(DisputeState.OPEN),
        )
        row = self._connection.execute(select(conflicts).where(*this)).first()
        return _dispute(row) if row else None

    def of(self, appointment_id: int) -> list[Dispute]:
        """See the port."""
        query = select(conflicts).where(conflicts.c.appointment_id == appointment_id)
        return [_dispute(row) for row in self._connection.execute(query.order_by(conflicts.c.id))]

    def get(self, dispute_id: int) -> Dispute | None:
        """See the port."""
        this = select(conflicts).where(conflicts.c.id == dispute_id)
        row = self._connection.execute(this).first()
        return _dispute(row) if row else None

    def find(self, states: Collection[DisputeState], limit: int = 1000) -> list[Dispute]:
        """See the port."""
        query = select(conflicts).where(conflicts.c.state.in_([str(state) for state in states]))
        rows = self._connection.execute(query.order_by(conflicts.c.id).limit(limit))
        return [_dispute(row) for row in rows]

    def newest(
        self, states: Collection[DisputeState], before: int | None, limit: int
    ) -> list[Dispute]:
        """See the port."""
        rows = self._connection.execute(newest(conflicts, states, before, limit))
        return [_dispute(row) for row in rows]

    def save(self, dispute: Dispute) -> Dispute:
        """See the port."""
        values = {
            "appointment_id": dispute.appointment_id,
            "source": dispute.source,
            "kind": str(dispute.kind),
            "noted": dispute.noted,
            "ours": json.dumps(asdict(dispute.ours)),
            "theirs": json.dumps(asdict(dispute.theirs)) if dispute.theirs else None,
            "state": str(dispute.state),
            "resolved": dispute.resolved,
            "resolved_by": dispute.resolved_by,
        }
        if dispute.id:
            this = update(conflicts).where(conflicts.c.id == dispute.id)
            self._connection.execute(this.values(values))
            return dispute
        made = self._connection.execute(insert(conflicts).values(values).returning(conflicts.c.id))
        return replace(dispute, id=int(made.scalar_one()))


def _dispute(row: Any) -> Dispute:
    return Dispute(
        id=row.id,
        appointment_id=row.appointment_id,
        source=row.source,
        kind=DisputeKind(row.kind),
        noted=row.noted,
        ours=Terms(**json.loads(row.ours)),
        theirs=Terms(**json.loads(row.theirs)) if row.theirs else None,
        state=DisputeState(row.state),
        resolved=row.resolved,
        resolved_by=row.resolved_by,
    )

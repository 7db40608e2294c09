"""The acts, in a table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, insert, select, update

from practice.acts import ERASED, Act, ActQuestion, Kind, digest_of, sealed, stored
from practice.database.tables import act_head, acts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from practice.access import Actor
    from practice.ports.past import Told

__all__ = ["SqlActs", "act_of"]

#: Rows fetched at once.
_SOME = 500


class SqlActs:
    """The Acts port."""

    def __init__(self, connection: Connection, actor: Actor, now: datetime) -> None:
        self._connection = connection
        self._actor = actor
        self._now = now

    def note(
        self,
        action: str,
        kind: Kind,
        of: object,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> Act:
        """See the port."""
        return self._note(action, kind, [(of, before, after)])

    def note_all(self, action: str, kind: Kind, told: Sequence[Told]) -> None:
        """See the port."""
        for start in range(0, len(told), _SOME):
            self._note(action, kind, told[start : start + _SOME])

    def _note(self, action: str, kind: Kind, told: Sequence[Told]) -> Act:
        """Store one act or more, each sealed after the one before; return the last."""
        number, seal = self.head()
        rows = []
        for of, before, after in told:
            act = self._next(number, seal, action, kind, of, (stored(before), stored(after)))
            number, seal = act.number, act.seal
            values = {name: getattr(act, name) for name in acts.columns.keys()}  # noqa: SIM118
            rows.append({**values, "kind": str(kind)})
        self._connection.execute(insert(acts), rows)
        self._connection.execute(update(act_head).values({"number": number, "seal": seal}))
        return act

    def _next(
        self,
        number: int,
        seal: bytes,
        action: str,
        kind: Kind,
        of: object,
        texts: tuple[str | None, str | None],
    ) -> Act:
        act = Act(
            number=number + 1,
            time=self._now,
            actor=self._actor.name,
            action=action,
            kind=kind,
            of=str(of),
            before=texts[0],
            after=texts[1],
            before_digest=digest_of(texts[0]),
            after_digest=digest_of(texts[1]),
        )
        return replace(act, seal=sealed(seal, act))

    def head(self) -> tuple[int, bytes]:
        """See the port."""
        row = self._connection.execute(select(act_head.c.number, act_head.c.seal)).first()
        # Somebody has removed it: so it is no number and seal that any act has.
        return (int(row.number), bytes(row.seal)) if row else (0, b"")

    def search(
        self, question: ActQuestion, *, limit: int | None = None, newest_first: bool = False
    ) -> Iterator[Act]:
        """See the port."""
        order = acts.c.number.desc() if newest_first else acts.c.number
        query = _asked(question).order_by(order).limit(limit)
        with self._connection.execute(query, execution_options={"yield_per": _SOME}) as result:
            yield from map(act_of, result)

    def done_to(self, kind: Kind, ids: Collection[object]) -> list[Act]:
        """See the port."""
        query = select(acts).where(acts.c.kind == str(kind), acts.c.of.in_(map(str, ids)))
        return [act_of(row) for row in self._connection.execute(query)]

    def erase(self, kind: Kind, of: object) -> int:
        """See the port."""
        of_it = (acts.c.kind == str(kind)) & (acts.c.of == str(of)) & (acts.c.action != ERASED)
        erased = update(acts).where(of_it).values(before=None, after=None)
        count = self._connection.execute(erased).rowcount
        if count:
            self.note(ERASED, kind, of, None, {"acts": count})
        return count


def _asked(question: ActQuestion) -> Select[Any]:
    conditions = {
        acts.c.number.__ge__: question.first,
        acts.c.number.__le__: question.last,
        acts.c.actor.__eq__: question.actor or None,
        acts.c.action.__eq__: question.action or None,
        acts.c.kind.__eq__: str(question.kind) if question.kind else None,
        acts.c.of.__eq__: question.of or None,
        acts.c.time.__ge__: question.since,
        acts.c.time.__lt__: question.before,
    }
    wanted = (compare(value) for compare, value in conditions.items() if value is not None)
    return select(acts).where(*wanted)


_KINDS = frozenset(map(str, Kind))


def act_of(row: Any) -> Act:
    """Return a row as a record. One that was tampered with can be read, so that it is found."""
    return Act(
        number=row.number,
        time=row.time,
        actor=row.actor,
        action=row.action,
        kind=Kind(row.kind) if row.kind in _KINDS else Kind.UNKNOWN,
        of=row.of,
        before=row.before,
        after=row.after,
        before_digest=row.before_digest,
        after_digest=row.after_digest,
        seal=row.seal,
    )

"""Tasks, in a table."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, and_, delete, false, insert, or_, select, update

from practice.database.tables import tasks
from practice.tasks import INTERRUPTED, PATIENT, Task, TaskState

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime, timedelta

    from sqlalchemy import ColumnElement

    from practice.access import Actor

__all__ = ["SqlTasks"]

#: Octets of chance in an id.
_CHANCE = 24


class SqlTasks:
    """The Tasks port."""

    def __init__(self, connection: Connection, actor: Actor, now: datetime) -> None:
        self._connection = connection
        self._actor = actor
        self._now = now

    def begin(
        self, kind: str, key: str, asked: Mapping[str, Any], lease: timedelta
    ) -> tuple[Task, bool]:
        """See the port."""
        self.end_overdue()
        this = (tasks.c.kind == kind, tasks.c.key == key, tasks.c.state == str(TaskState.RUNNING))
        if there := self._connection.execute(select(tasks).where(*this)).first():
            return self._task(there), False
        values = {
            "id": secrets.token_urlsafe(_CHANCE),
            "kind": kind,
            "key": key,
            "state": str(TaskState.RUNNING),
            "begun": self._now,
            "ended": None,
            "due": self._now + lease,
            "asked": _stored(asked),
            "told": _stored({}),
            "made_by": self._actor.name[:255],
        }
        made = self._connection.execute(insert(tasks).values(values).returning(tasks))
        return self._task(made.one()), True

    def renew(self, task_id: str, lease: timedelta, told: Mapping[str, Any] | None = None) -> bool:
        """See the port."""
        more = {} if told is None else {"told": _stored(told)}
        return self._set(task_id, tasks.c.due > self._now, due=self._now + lease, **more)

    def end(self, task_id: str, state: TaskState, told: Mapping[str, Any]) -> bool:
        """See the port."""
        if state is TaskState.RUNNING:
            raise ValueError("a task does not end by running")
        # One that is overdue counts as failed: it may still say why, but not that it is done.
        in_time = tasks.c.due > self._now if state is TaskState.COMPLETED else tasks.c.id == task_id
        return self._set(task_id, in_time, state=str(state), ended=self._now, told=_stored(told))

    def get(self, task_id: str) -> Task | None:
        """See the port."""
        row = self._connection.execute(select(tasks).where(tasks.c.id == task_id)).first()
        return self._task(row) if row else None

    def find(
        self, states: Collection[TaskState], kind: str | None = None, limit: int = 1000
    ) -> list[Task]:
        """See the port."""
        query = select(tasks).where(or_(false(), *map(self._is, states)))
        if kind is not None:
            query = query.where(tasks.c.kind == kind)
        newest = query.order_by(tasks.c.begun.desc(), tasks.c.id).limit(limit)
        return [self._task(row) for row in self._connection.execute(newest)]

    def end_overdue(self) -> int:
        """See the port."""
        overdue = self._connection.execute(select(tasks).where(self._is_overdue())).all()
        for row in overdue:
            task = self._task(row)
            self._set(task.id, state=str(task.state), ended=task.ended, told=_stored(task.told))
        return len(overdue)

    def forget(self, before: datetime) -> int:
        """See the port."""
        self.end_overdue()
        old = tasks.c.begun < before, tasks.c.state != str(TaskState.RUNNING)
        return self._connection.execute(delete(tasks).where(*old)).rowcount

    def forget_patient(self, number: str) -> int:
        """See the port."""
        there = self._connection.execute(select(tasks).where(tasks.c.key == number)).all()
        # The key of another kind of task may be the same, and be of something else.
        about = [row.id for row in there if json.loads(row.asked).get(PATIENT) == number]
        self._connection.execute(delete(tasks).where(tasks.c.id.in_(about)))
        return len(about)

    def _set(self, task_id: str, *conditions: ColumnElement[bool], **values: Any) -> bool:
        running = tasks.c.id == task_id, tasks.c.state == str(TaskState.RUNNING)
        changed = update(tasks).where(*running, *conditions).values(values)
        return bool(self._connection.execute(changed).rowcount)

    def _is(self, state: TaskState) -> ColumnElement[bool]:
        """Return the condition that a task counts as being in a state, whatever was written."""
        written = tasks.c.state == str(state)
        if state is TaskState.RUNNING:
            return and_(written, tasks.c.due > self._now)
        return or_(written, self._is_overdue()) if state is TaskState.FAILED else written

    def _is_overdue(self) -> ColumnElement[bool]:
        return and_(tasks.c.state == str(TaskState.RUNNING), tasks.c.due <= self._now)

    def _task(self, row: Any) -> Task:
        state, ended, told = TaskState(row.state), row.ended, json.loads(row.told)
        if state is TaskState.RUNNING and row.due <= self._now:
            state, ended, told = TaskState.FAILED, row.due, {**told, "error": dict(INTERRUPTED)}
        return Task(
            id=row.id,
            kind=row.kind,
            key=row.key,
            state=state,
            begun=row.begun,
            ended=ended,
            due=row.due,
            asked=json.loads(row.asked),
            told=told,
            made_by=row.made_by,
        )


def _stored(told: Mapping[str, Any]) -> str:
    return json.dumps(dict(told), ensure_ascii=False)

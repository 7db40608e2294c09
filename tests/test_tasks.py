"""Tasks: one at a time of a kind and key, told of by everybody, and ended whatever happens."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from practice.access import Actor
from practice.tasks import INTERRUPTED, Task, TaskState
from tests.building import NOW, reading, writing

if TYPE_CHECKING:
    from datetime import datetime

    from practice.database import SqlDatabase

MINUTE = timedelta(minutes=1)
EMPFANG = Actor(2, "empfang")


def begun(database: SqlDatabase, key: str = "4711", now: datetime = NOW) -> tuple[Task, bool]:
    with writing(database, EMPFANG, now) as uow:
        return uow.tasks.begin("single_patient", key, {"piz": key}, MINUTE)


def seen(database: SqlDatabase, task: Task, now: datetime = NOW) -> Task:
    with reading(database, now) as uow:
        found = uow.tasks.get(task.id)
    assert found is not None
    return found


def test_a_task_tells_what_was_asked_by_whom_and_how_far_it_is(database: SqlDatabase) -> None:
    task, is_new = begun(database)
    assert is_new
    assert (task.state, task.made_by, task.asked) == ("running", "empfang", {"piz": "4711"})
    with writing(database, now=NOW + MINUTE / 2) as uow:
        assert uow.tasks.renew(task.id, MINUTE, {"step": 2})
    told = seen(database, task, NOW + MINUTE)
    assert (told.told, told.due) == ({"step": 2}, NOW + 1.5 * MINUTE)
    with writing(database, now=NOW + MINUTE) as uow:
        assert uow.tasks.end(task.id, TaskState.COMPLETED, {"ids": [7]})
        assert not uow.tasks.renew(task.id, MINUTE)
        assert not uow.tasks.end(task.id, TaskState.FAILED, {})
    done = seen(database, task, NOW + 9 * MINUTE)
    assert (done.state, done.ended, done.told) == ("completed", NOW + MINUTE, {"ids": [7]})
    assert done.took(NOW + 9 * MINUTE) == MINUTE


def test_ids_cannot_be_guessed(database: SqlDatabase) -> None:
    ids = {begun(database, str(number))[0].id for number in range(20)}
    assert len(ids) == 20
    assert all(len(one) == 32 for one in ids)  # 192 bits


def test_of_one_kind_and_key_one_runs(database: SqlDatabase) -> None:
    first, _ = begun(database)
    same, is_new = begun(database, now=NOW + MINUTE / 2)
    other, other_is_new = begun(database, "4712")
    assert (same.id, is_new) == (first.id, False)
    assert other_is_new
    assert other.id != first.id
    with writing(database) as uow:
        assert uow.tasks.begin("import", "4711", {}, MINUTE)[1]
        uow.tasks.end(first.id, TaskState.FAILED, {})
    assert begun(database)[1]


def test_of_many_at_once_one_begins_it(database: SqlDatabase) -> None:
    gate = threading.Barrier(8)

    def begin(_: int) -> tuple[str, bool]:
        gate.wait(10)
        task, is_new = begun(database)
        return task.id, is_new

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(begin, range(8)))
    assert len({task_id for task_id, _ in found}) == 1
    assert sum(is_new for _, is_new in found) == 1


def test_a_killed_one_has_failed_for_everybody_who_looks(database: SqlDatabase) -> None:
    task, _ = begun(database)
    with writing(database) as uow:
        uow.tasks.renew(task.id, MINUTE, {"step": 3})
    late = NOW + MINUTE
    told = seen(database, task, late)
    assert (told.state, told.ended) == ("failed", late)
    assert told.told == {"step": 3, "error": dict(INTERRUPTED)}
    with reading(database, late) as uow:
        assert uow.tasks.find([TaskState.RUNNING]) == []
        assert uow.tasks.find([TaskState.FAILED], "single_patient") == [told]
        assert uow.tasks.find([TaskState.FAILED], "import") == []
    with reading(database, late - MINUTE / 60) as uow:
        assert [one.state for one in uow.tasks.find([TaskState.RUNNING])] == ["running"]


def test_a_killed_one_hinders_no_new_one_and_stays_failed(database: SqlDatabase) -> None:
    task, _ = begun(database)
    new, is_new = begun(database, now=NOW + MINUTE)
    assert is_new
    assert seen(database, task, NOW).state == "failed"  # written down by now
    with writing(database, now=NOW + MINUTE) as uow:
        assert not uow.tasks.end(task.id, TaskState.COMPLETED, {})
        assert [one.id for one in uow.tasks.find([TaskState.RUNNING])] == [new.id]


def test_who_comes_too_late_may_say_why_but_not_that_it_is_done(database: SqlDatabase) -> None:
    task, _ = begun(database)
    with writing(database, now=NOW + MINUTE) as uow:
        assert not uow.tasks.renew(task.id, MINUTE)
        assert not uow.tasks.end(task.id, TaskState.COMPLETED, {})
        assert uow.tasks.end(task.id, TaskState.FAILED, {"error": "timeout"})
    assert seen(database, task, NOW + MINUTE).told == {"error": "timeout"}


def test_the_last_is_found_first_and_no_more_than_wanted(database: SqlDatabase) -> None:
    tasks = [begun(database, str(number), NOW + number * MINUTE / 60)[0] for number in range(4)]
    with reading(database, NOW) as uow:
        found = uow.tasks.find(list(TaskState), limit=3)
        assert uow.tasks.find([]) == []
    assert [one.id for one in found] == [one.id for one in tasks[:0:-1]]


def test_old_ones_are_forgotten_but_no_running_one(database: SqlDatabase) -> None:
    old, _ = begun(database)
    day = timedelta(days=1)
    with writing(database, now=NOW) as uow:
        running, _ = uow.tasks.begin("long", "1", {}, 40 * day)
    young, _ = begun(database, now=NOW + 10 * day)
    with writing(database, now=NOW + 31 * day) as uow:
        assert uow.tasks.forget(NOW + day) == 1
        assert uow.tasks.get(old.id) is None
        assert uow.tasks.get(running.id) is not None
        assert uow.tasks.get(young.id) is not None


def test_no_task_ends_by_running(database: SqlDatabase) -> None:
    task, _ = begun(database)
    with writing(database) as uow, pytest.raises(ValueError, match="running"):
        uow.tasks.end(task.id, TaskState.RUNNING, {})

"""Many ask for patients at once: one patient is done once at a time, several together."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from booking_adapter.single_patient import AtOnce
from practice.errors import StillRunning, TooMuchAtOnce
from practice.tasks import TaskState
from tests.bookings import faults
from tests.building import reading
from tests.mimics.tool import Asked
from tests.single_patients import BENNO, DAY, RUTH, Desk, a_desk

if TYPE_CHECKING:
    from practice.database import SqlDatabase


@pytest.fixture
def desk(practice: SqlDatabase) -> Iterator[Desk]:
    with a_desk(practice) as desk:
        yield desk


def test_two_who_ask_for_one_patient_get_one_task(desk: Desk) -> None:
    number = desk.book(RUTH)
    gate = threading.Barrier(2)
    with desk.other() as other, desk.held(), ThreadPoolExecutor(2) as threads:

        def start(single: object) -> str:
            gate.wait(10)
            return (other if single else desk.single).start("4400127", DAY).id

        first, second = threads.map(start, (0, 1))
        assert first == second
        assert desk.single.start("4400127", DAY).id == first
    assert desk.ended(first)["result"]["action"] == "created"
    assert len([one for one in desk.tool.asked if one.method == "GET"]) == 1
    assert len(desk.booked(number)) == 1


def test_after_it_has_ended_the_next_is_another(desk: Desk) -> None:
    desk.book(RUTH)
    assert desk.sync()["task_id"] != desk.sync()["task_id"]


def test_another_day_of_the_patient_waits_for_its_turn(desk: Desk) -> None:
    desk.book(RUTH)
    with desk.held():
        task = desk.single.start("4400127", DAY)
        for day, kind in (("2026-11-25", 24), (DAY, 25)):
            with pytest.raises(StillRunning) as refused:
                desk.single.start("4400127", day, kind)
            assert refused.value.task_id == task.id
    desk.ended(task.id)
    assert desk.sync(day="2026-11-25")["error_code"] == "no_appointments"


def test_different_patients_are_fetched_at_the_same_time(desk: Desk) -> None:
    desk.book(RUTH)
    desk.book(BENNO, f"{DAY}T11:00:00")
    both = threading.Barrier(2)

    def together(asked: Asked) -> None:
        if asked.method == "GET":
            both.wait(10)

    desk.tool.refuse = together
    tasks = [desk.single.start(piz, DAY) for piz in ("4400127", "4400128")]
    assert [desk.ended(task.id)["result"]["action"] for task in tasks] == ["created"] * 2


def test_more_than_may_wait_are_refused_and_leave_nothing(desk: Desk) -> None:
    with desk.held() as tool, desk.other(at_once=AtOnce(threads=1, waiting=1)) as narrow:
        first = narrow.start("4400127", DAY)
        tool.asked()
        second = narrow.start("4400128", DAY)
        assert narrow.status(second.id)["progress"]["step"] == 0
        with pytest.raises(TooMuchAtOnce):
            narrow.start("4400129", DAY)
        assert narrow.start("4400128", DAY).id == second.id, "one that is there is not refused"
        assert len(narrow.recent()) == 2
        tool.may_go.set()
        for task in (first, second):
            desk.ended(task.id)
        desk.ended(narrow.start("4400129", DAY).id)


def test_refusals_do_not_use_up_the_room(desk: Desk) -> None:
    with desk.other(at_once=AtOnce(threads=1, waiting=0)) as narrow:
        with desk.held() as tool:
            first = narrow.start("4400127", DAY)
            tool.asked()
            for _ in range(5):
                with pytest.raises(TooMuchAtOnce):
                    narrow.start("4400128", DAY)
        desk.ended(first.id)
        narrow.close()
    with desk.other(at_once=AtOnce(threads=1, waiting=0)) as narrow:
        for _ in range(3):
            desk.ended(narrow.start("4400127", DAY).id)


def test_those_who_wait_at_the_end_are_told_and_those_who_work_are_waited_for(desk: Desk) -> None:
    desk.book(RUTH)
    with desk.held() as tool, ThreadPoolExecutor(1) as threads:
        narrow = desk.other(at_once=AtOnce(threads=1))
        working, waiting = narrow.start("4400127", DAY), narrow.start("4400128", DAY)
        tool.asked()
        closing = threads.submit(narrow.close)
        while not narrow._closing.is_set():
            pass
        with pytest.raises(TooMuchAtOnce):
            narrow.start("4400129", DAY)
        tool.may_go.set()
        closing.result(20)
    assert desk.single.status(working.id)["status"] == "completed"
    assert desk.single.status(waiting.id)["error_code"] == "interrupted"


def test_many_patients_from_many_sides_are_all_done_once(desk: Desk) -> None:
    patients = [replace(RUTH, piz=f"44001{n:02}", last_name=f"Moor{n}") for n in range(8)]
    numbers = [
        desk.book(one, f"{DAY}T{8 + n}:00:00" if n > 1 else f"{DAY}T0{8 + n}:00:00")
        for n, one in enumerate(patients)
    ]
    with desk.other() as other, ThreadPoolExecutor(6) as threads:
        sides = (desk.single, other) * 3
        asked = [(side, one.piz or "") for one in patients for side in sides]
        ids = list(threads.map(lambda one: one[0].start(one[1], DAY).id, asked))
        ended = {task_id: desk.ended(task_id) for task_id in ids}
    actions = [status["result"]["action"] for status in ended.values()]
    assert actions.count("created") == 8
    assert set(actions) <= {"created", "already_exists"}
    assert len({one.id for one in desk.booked(*numbers)}) == 8
    assert faults(desk.database) == []
    with reading(desk.database) as uow:
        assert uow.tasks.find([TaskState.RUNNING]) == []

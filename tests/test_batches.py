"""Requests that change one object share a thread and a commit, and nothing else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from caldav_server import batches
from caldav_server.batches import Batches
from caldav_server.lanes import Lanes
from practice.access import SYSTEM
from practice.errors import StorageFull
from tests.building import NOW, a_draft, an_event, reading, the_view, writing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from practice.database import SqlDatabase
    from practice.ports import Transactions

Saving = Callable[[dict[str, Any], "Transactions"], str]


@pytest.fixture
def lanes() -> Iterator[Lanes]:
    made = Lanes(6, "test")
    yield made
    made.threads.shutdown()


def save(environ: dict[str, Any], transactions: Transactions) -> str:
    """Save an object under the name in `environ`; return the name."""
    name: str = environ["name"]
    with transactions.begin(actor=SYSTEM, now=NOW) as uow:
        calendar = uow.calendars.find("dr-mueller")
        assert calendar is not None
        uow.calendars.save(calendar, a_draft(name, an_event(name)))
        if "error" in environ:
            raise environ["error"]
    return name


def names(database: SqlDatabase) -> set[str]:
    with reading(database) as uow:
        return {head.href for head in uow.calendars.listing(the_view(uow, "admin", "dr-mueller"))}


def after(gate: threading.Event, answer: Saving = save) -> Saving:
    """Answer when the gate is open."""

    def answering(environ: dict[str, Any], transactions: Transactions) -> str:
        assert gate.wait(10)
        return answer(environ, transactions)

    return answering


async def together(
    made: Batches[str], gate: threading.Event, *environs: dict[str, Any]
) -> list[asyncio.Task[str]]:
    """Ask all, and open the gate when all of them wait."""
    tasks = [asyncio.create_task(made.answer(environ)) for environ in environs]
    for _ in range(3):
        await asyncio.sleep(0)
    gate.set()
    return tasks


def test_those_who_wait_share_one_commit_and_are_told_after_it(
    practice: SqlDatabase, lanes: Lanes
) -> None:
    committed = []
    gate = threading.Event()
    made: Batches[str] = Batches(lanes, practice.together, after(gate), seconds=60)

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement == "COMMIT":
            committed.append(statement)

    async def told(task: asyncio.Task[str]) -> None:
        name = await task
        assert name in names(practice)

    async def go() -> None:
        tasks = await together(made, gate, *({"name": str(one)} for one in range(8)))
        await asyncio.gather(*map(told, tasks))

    event.listen(practice.engine, "before_cursor_execute", note)
    asyncio.run(go())
    event.remove(practice.engine, "before_cursor_execute", note)
    assert names(practice) == {str(one) for one in range(8)}
    assert len(committed) == (1 if batches.MOST > 1 else 8)


def test_one_that_fails_is_told_alone(practice: SqlDatabase, lanes: Lanes) -> None:
    gate = threading.Event()
    made: Batches[str] = Batches(lanes, practice.together, after(gate), seconds=60)

    async def go() -> list[str | BaseException]:
        environs = ({"name": "a"}, {"name": "b", "error": ZeroDivisionError()}, {"name": "c"})
        tasks = await together(made, gate, *environs)
        return await asyncio.gather(*tasks, return_exceptions=True)

    first, second, third = asyncio.run(go())
    assert (first, third) == ("a", "c")
    assert isinstance(second, ZeroDivisionError)
    assert names(practice) == {"a", "c"}


def test_when_the_commit_fails_each_is_told_and_the_next_are_served(
    practice: SqlDatabase, lanes: Lanes
) -> None:
    gate = threading.Event()
    made: Batches[str] = Batches(lanes, practice.together, after(gate), seconds=60)
    full = True

    def refuse(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if full and statement == "COMMIT":
            raise StorageFull("The disk of the database is full.")

    async def go(*wanted: str) -> list[str | BaseException]:
        tasks = await together(made, gate, *({"name": name} for name in wanted))
        return await asyncio.gather(*tasks, return_exceptions=True)

    event.listen(practice.engine, "before_cursor_execute", refuse)
    assert [type(one) for one in asyncio.run(go("a", "b", "c"))] == [StorageFull] * 3
    assert names(practice) == set()
    full = False
    assert asyncio.run(go("a", "d")) == ["a", "d"]
    assert names(practice) == {"a", "d"}


def test_a_client_that_goes_away_takes_nobody_with_it(practice: SqlDatabase, lanes: Lanes) -> None:
    gate = threading.Event()
    made: Batches[str] = Batches(lanes, practice.together, after(gate), seconds=60)

    async def go() -> list[str | BaseException]:
        tasks = [asyncio.create_task(made.answer({"name": name})) for name in "abc"]
        await asyncio.sleep(0)
        tasks[0].cancel()
        gate.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    first, *others = asyncio.run(go())
    assert isinstance(first, asyncio.CancelledError)
    assert others == ["b", "c"]


def test_writers_that_wait_for_a_lock_leave_threads_to_readers(
    practice: SqlDatabase, lanes: Lanes
) -> None:
    made: Batches[str] = Batches(lanes, practice.together, save)

    async def go() -> list[str]:
        with writing(practice):
            tasks = [asyncio.create_task(made.answer({"name": str(n)})) for n in range(6)]
            for n in range(6, 12):  # each comes when those before it wait for the lock
                read = await lanes.run(names, practice, begun=lambda: None)
                assert read == set()
                tasks.append(asyncio.create_task(made.answer({"name": str(n)})))
            assert await lanes.run(names, practice, begun=lambda: None) == set()
        return await asyncio.gather(*tasks)

    assert asyncio.run(go()) == [str(n) for n in range(12)]
    assert names(practice) == {str(n) for n in range(12)}

"""Transactions that are committed at once: each whole or not at all, and none before the end."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError

from caldav_server.addresses import Addresses
from caldav_server.application import CalDavApplication
from caldav_server.asgi import CalDavBridge
from practice.access import SYSTEM, Level
from practice.calendars import CalendarKind
from practice.database import SqlDatabase
from practice.errors import DatabaseUnavailable, ObjectNotFound, StorageFull, UidTaken
from practice.use_cases.sign_in import Gate
from practice.use_cases.verify import verify
from tests.building import (
    NOW,
    PASSWORD,
    PROFILE,
    a_draft,
    a_practice,
    an_event,
    reading,
    the_account,
    the_view,
    writing,
)
from tests.dav import HOME
from tests.faults.test_lost_answers import LostAnswer
from tests.test_database_faults import kill_connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from practice.calendars import Calendar
    from practice.database.together import Together
    from practice.database.unit_of_work import SqlUnitOfWork


def calendar(uow: SqlUnitOfWork) -> Calendar:
    found = uow.calendars.find("dr-mueller")
    assert found is not None
    return found


def save(uow: SqlUnitOfWork, name: str, summary: str = "a", uid: str = "") -> int:
    said = an_event(uid or name, "20261123T100000", "20261123T103000", f"SUMMARY:{summary}")
    return uow.calendars.save(calendar(uow), a_draft(name, said)).number


@contextmanager
def one_of(together: Together) -> Iterator[SqlUnitOfWork]:
    with together.begin(actor=SYSTEM, now=NOW) as uow:
        yield uow


def names(database: SqlDatabase) -> set[str]:
    with reading(database) as uow:
        return {head.href for head in uow.calendars.listing(the_view(uow, "admin", "dr-mueller"))}


def wrong(database: SqlDatabase) -> list[str]:
    with reading(database) as uow:
        return list(verify(uow, PROFILE, lambda: None))


def test_what_is_committed_at_once_is_seen_by_its_own_and_by_nobody_else_before(
    practice: SqlDatabase,
) -> None:
    with practice.together() as together:
        with one_of(together) as uow:
            first = save(uow, "a")
        with together.begin(actor=SYSTEM, now=NOW, read_only=True) as uow:
            assert calendar(uow).number == uow.log_state().number == first
            assert set(uow.calendars.get(the_view(uow, "admin", "dr-mueller"), ["a"])) == {"a"}
        with one_of(together) as uow:
            assert save(uow, "b") == first + 1
            uow.calendars.remove(calendar(uow), "a")
        assert names(practice) == set()
    assert names(practice) == {"b"}
    with reading(practice) as uow:
        assert calendar(uow).number == uow.log_state().number == first + 2
        changes = [(c.number, c.href) for c in uow.calendars.log(first - 1, 10)]
        assert changes == [(first, "a"), (first + 1, "b"), (first + 2, "a")]
    assert wrong(practice) == []


def test_what_could_be_undone_is_kept_in_no_file_outside_the_database(
    practice: SqlDatabase,
) -> None:
    with writing(practice) as uow:
        for number in range(60):
            save(uow, str(number), "a" * 3000)
    with practice.together() as together:
        with one_of(together) as uow:
            save(uow, "first")
        with one_of(together) as uow:
            for number in range(60):
                save(uow, str(number), "b" * 3000)
            assert [name for name in open_files() if "etilqs" in name] == []


def open_files() -> list[str]:
    """Return the names of this process's open files, of those that were deleted, too."""
    names = []
    for descriptor in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # that of the folder itself
            names.append(os.readlink(f"/proc/self/fd/{descriptor}"))
    return names


def test_one_that_fails_takes_nothing_with_it(practice: SqlDatabase) -> None:
    with practice.together() as together:
        with pytest.raises(ZeroDivisionError), one_of(together) as uow:  # noqa: PT012
            save(uow, "before all")
            raise ZeroDivisionError
        with one_of(together) as uow:
            first = save(uow, "a")
        with pytest.raises(UidTaken), one_of(together) as uow:  # noqa: PT012
            save(uow, "b")
            save(uow, "c", uid="a")
        with pytest.raises(ObjectNotFound), one_of(together) as uow:
            uow.calendars.remove(calendar(uow), "b")
        with one_of(together) as uow:
            save(uow, "d")
            uow.doom()
        with one_of(together) as uow:
            assert save(uow, "e") == first + 1
    assert names(practice) == {"a", "e"}
    assert wrong(practice) == []


def test_an_error_in_the_block_undoes_all_of_it(practice: SqlDatabase) -> None:
    with pytest.raises(ZeroDivisionError), practice.together() as together:  # noqa: PT012
        with one_of(together) as uow:
            save(uow, "a")
        with one_of(together) as uow:
            save(uow, "b")
        raise ZeroDivisionError
    assert names(practice) == set()
    with writing(practice) as uow:
        save(uow, "c")
    assert wrong(practice) == []


def test_a_block_in_which_nothing_is_written_holds_nobody_up(practice: SqlDatabase) -> None:
    with practice.together() as together:
        with together.begin(actor=SYSTEM, now=NOW, read_only=True) as uow:
            calendar(uow)
        with suppress(ZeroDivisionError), one_of(together):
            raise ZeroDivisionError
        with writing(practice) as uow:
            save(uow, "another's")
    assert names(practice) == {"another's"}


def test_another_writer_waits_for_the_end_of_the_block(practice: SqlDatabase) -> None:
    begun = threading.Event()

    def another() -> None:
        begun.set()
        with writing(practice) as uow:
            numbers.append(save(uow, "another's"))

    numbers: list[int] = []
    other = threading.Thread(target=another)
    with practice.together() as together:
        for name in ("a", "b"):
            with one_of(together) as uow:
                numbers.append(save(uow, name))
            if name == "a":
                other.start()
                assert begun.wait(10)
    other.join(10)
    assert numbers == sorted(numbers)
    assert len(numbers) == 3
    assert names(practice) == {"a", "b", "another's"}
    assert wrong(practice) == []


ACTS = st.sampled_from(("save", "remove", "fail", "doom"))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(blocks=st.lists(st.lists(st.tuples(ACTS, st.integers(0, 4)), max_size=8), max_size=4))
def test_whatever_is_done_at_once_ends_as_if_one_by_one(
    practice: SqlDatabase, blocks: list[list[tuple[str, int]]]
) -> None:
    model = replica = listed(practice)
    token = number_of(practice)
    for acts in blocks:
        with practice.together() as together:
            for act, which in acts:
                model = after_act(together, act, f"x{which}", model)
        assert listed(practice) == model
        with reading(practice) as uow:
            changes = uow.calendars.changes_since(the_view(uow, "admin", "dr-mueller"), token)
        gone = {href for _, href in changes.removed}
        kept = {href: etag for href, etag in replica.items() if href not in gone}
        replica = kept | {head.href: head.etag for head in changes.changed}
        token = changes.number
        assert replica == model
    assert wrong(practice) == []


def listed(database: SqlDatabase) -> dict[str, str]:
    with reading(database) as uow:
        view = the_view(uow, "admin", "dr-mueller")
        return {head.href: head.etag for head in uow.calendars.listing(view)}


def number_of(database: SqlDatabase) -> int:
    with reading(database) as uow:
        return calendar(uow).number


def after_act(together: Together, act: str, name: str, before: dict[str, str]) -> dict[str, str]:
    """Do one thing; return what is there after it."""
    after = dict(before)
    with suppress(ZeroDivisionError, ObjectNotFound), one_of(together) as uow:
        if act == "remove":
            uow.calendars.remove(calendar(uow), name)
            return {href: etag for href, etag in before.items() if href != name}
        save(uow, name, act)
        etag = uow.calendars.get(the_view(uow, "admin", "dr-mueller"), [name])[name].etag
        if act == "fail":
            raise ZeroDivisionError
        if act == "doom":
            uow.doom()
            return before
        after[name] = etag
    return after


def test_what_one_changes_of_accounts_and_calendars_the_next_sees(practice: SqlDatabase) -> None:
    def seen(uow: SqlUnitOfWork) -> tuple[Any, list[Calendar]]:
        return uow.accounts.by_name("gast"), uow.calendars.all()

    def disable(uow: SqlUnitOfWork) -> None:
        uow.accounts.save(replace(the_account(uow, "gast"), disabled=True))

    def renew(uow: SqlUnitOfWork) -> None:
        found = uow.accounts.by_name("gast")
        assert found is not None
        uow.accounts.replace_secret(found[1][0], "another")

    def revoke(uow: SqlUnitOfWork) -> None:
        found = uow.accounts.by_name("gast")
        assert found is not None
        uow.accounts.revoke(found[0], found[1][0].id)

    def create(uow: SqlUnitOfWork) -> None:
        uow.calendars.create("labor", CalendarKind.PLAIN, {})

    changes: tuple[Callable[[SqlUnitOfWork], object], ...] = (
        disable,
        renew,
        revoke,
        lambda uow: uow.accounts.grant(the_account(uow, "gast"), calendar(uow).id, Level.WRITE),
        lambda uow: uow.accounts.add_credential(the_account(uow, "gast"), "token", "x", "digest"),
        create,
        lambda uow: uow.calendars.set_properties(calendar(uow), {"displayname": "Neu"}),
        lambda uow: save(uow, "a"),
        lambda uow: uow.calendars.drop(next(c for c in seen(uow)[1] if c.name == "labor")),
    )
    with practice.together() as together:
        for change in changes:
            with one_of(together) as uow:
                before = seen(uow)
            with suppress(ZeroDivisionError), one_of(together) as uow:
                assert seen(uow) == before
                change(uow)
                changed = seen(uow)
                raise ZeroDivisionError
            assert changed != before
            with one_of(together) as uow:
                assert seen(uow) == before
                change(uow)
            with together.begin(actor=SYSTEM, now=NOW, read_only=True) as uow:
                after = seen(uow)
                assert after != before
        for _ in range(2):
            with one_of(together) as uow:
                assert seen(uow) == after
    with reading(practice) as uow:
        assert seen(uow) == after
    assert wrong(practice) == []


# --- What goes wrong ----------------------------------------------------------------------------


@pytest.fixture
def sqlite(tmp_path: Path, sqlite_template: Path) -> Iterator[SqlDatabase]:
    path = tmp_path / "praxis.db"
    path.write_bytes(sqlite_template.read_bytes())
    with closing(SqlDatabase(f"sqlite:///{path}", busy_timeout=0.2)) as database:
        a_practice(database)
        yield database


def test_a_full_disk_undoes_the_one_for_which_there_is_no_room_or_all(sqlite: SqlDatabase) -> None:
    room = 1_000_000

    def limit(connection: Any, *_: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + room}")

    event.listen(sqlite.engine, "checkout", limit)
    seen = set()
    for pages in range(1, 110, 4):
        before, refused, full = listed(sqlite), set(), False
        room = pages
        try:
            with sqlite.together() as together:
                for name in "abc":
                    try:
                        with one_of(together) as uow:
                            save(uow, name, "x" * 30_000)
                    except StorageFull:
                        refused.add(name)
        except StorageFull:
            full = True
        assert listed(sqlite).keys() == (before.keys() if full else {*"abc"} - refused)
        seen.add((full, len(refused)))
        room = 1_000_000
        with writing(sqlite) as uow:
            for name in listed(sqlite):
                uow.calendars.remove(calendar(uow), name)
        assert wrong(sqlite) == []
    assert {(True, 1), (False, 2), (False, 0)} <= seen, seen


def test_when_the_server_goes_in_the_midst_all_are_told_and_none_is_there(
    postgresql: SqlDatabase,
) -> None:
    with pytest.raises(DatabaseUnavailable), postgresql.together() as together:  # noqa: PT012
        with one_of(together) as uow:
            save(uow, "a")
            kill_connection(uow, postgresql)
        with pytest.raises(DatabaseUnavailable), one_of(together) as uow:
            save(uow, "b")
        assert together.failed
        for read_only in (False, True):
            again = together.begin(actor=SYSTEM, now=NOW, read_only=read_only)
            with pytest.raises(DatabaseUnavailable), again:
                raise AssertionError("it was begun")
    assert names(postgresql) == set()
    assert wrong(postgresql) == []


def test_a_statement_that_fails_while_somebody_reads_is_no_silent_rollback_for_all(
    practice: SqlDatabase,
) -> None:
    with pytest.raises(DatabaseUnavailable), practice.together() as together:  # noqa: PT012
        with one_of(together) as uow:
            save(uow, "a")
        reader = together.begin(actor=SYSTEM, now=NOW, read_only=True)
        with pytest.raises(DBAPIError), reader as uow:
            uow.connection.execute(text("SELECT * FROM nowhere"))
        assert together.failed
    assert names(practice) == set()


def test_what_was_swallowed_before_the_commit_is_told(postgresql: SqlDatabase) -> None:
    with pytest.raises(DatabaseUnavailable), writing(postgresql) as uow:  # noqa: PT012
        uow.accounts.save(replace(the_account(uow, "gast"), disabled=True))
        with suppress(DBAPIError):
            uow.connection.execute(text("SELECT * FROM nowhere"))
    with reading(postgresql) as uow:
        assert not the_account(uow, "gast").disabled


def test_a_commit_that_was_made_though_its_answer_was_lost_is_one_for_all(
    postgresql: SqlDatabase,
) -> None:
    LostAnswer(postgresql, made=True)
    with postgresql.together() as together:
        for name in "abc":
            with one_of(together) as uow:
                save(uow, name)
    assert names(postgresql) == {*"abc"}
    assert wrong(postgresql) == []


def test_a_commit_that_was_not_made_is_none_for_all(postgresql: SqlDatabase) -> None:
    LostAnswer(postgresql, made=False)
    with pytest.raises(DatabaseUnavailable), postgresql.together() as together:  # noqa: PT012
        for name in "abc":
            with one_of(together) as uow:
                save(uow, name)
    assert names(postgresql) == set()


def test_one_that_does_not_get_the_lock_is_told_and_so_are_those_after_it(
    practice: SqlDatabase,
) -> None:
    url = practice.engine.url.render_as_string(hide_password=False)
    with closing(SqlDatabase(url, busy_timeout=0.1)) as impatient:
        with (  # noqa: PT012
            writing(practice),
            pytest.raises(DatabaseUnavailable),
            impatient.together() as together,
        ):
            with suppress(DatabaseUnavailable), one_of(together):
                raise AssertionError("two writers at once")
            assert together.failed
        with impatient.together() as together, one_of(together) as uow:
            save(uow, "a")
    assert names(practice) == {"a"}


@pytest.mark.parametrize("statement", range(3, 60, 4))
def test_wherever_the_server_goes_who_was_told_so_has_his_object(
    postgresql: SqlDatabase, statement: int
) -> None:
    said: list[str] = []

    def go(connection: Connection, _cursor: object, text_: str, *_: object) -> None:
        said.append(text_)
        if len(said) == statement:
            driver: Any = connection.connection.dbapi_connection
            with psycopg.connect(driver.info.dsn, autocommit=True) as other:
                ended = ("SELECT pg_terminate_backend(%s, 5000)", (driver.info.backend_pid,))
                other.execute(*ended)

    async def put(client: httpx.AsyncClient, name: str) -> int:
        text_ = an_event(name, "20261123T100000", "20261123T103000")
        return (await client.put(f"{HOME}dr-mueller/{name}", content=text_)).status_code

    async def served() -> list[int]:
        transport = httpx.ASGITransport(bridge)
        auth = ("empfang", PASSWORD)
        base_url = "http://localhost"
        async with httpx.AsyncClient(transport=transport, base_url=base_url, auth=auth) as client:
            assert (await client.request("PROPFIND", HOME)).status_code == 207
            event.listen(postgresql.engine, "before_cursor_execute", go)
            return await asyncio.gather(*(put(client, name) for name in wanted))

    wanted = ("a", "b", "c", "d")
    gate = Gate()
    application = CalDavApplication(postgresql, gate, PROFILE, Addresses({}))
    bridge = CalDavBridge(application, postgresql, gate, threads=2)
    try:
        told = asyncio.run(served())
    finally:
        event.remove(postgresql.engine, "before_cursor_execute", go)
        bridge.close()
    assert set(told) <= {201, 503}
    assert names(postgresql) == {n for n, status in zip(wanted, told, strict=True) if status == 201}
    assert any("SAVEPOINT" in one for one in said) or 503 in told
    assert wrong(postgresql) == []

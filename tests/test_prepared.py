"""Statements handed to the driver directly are those that SQLAlchemy executes, and tell the same.

That is switched off in one of two databases here, and both are asked the same.
"""

from __future__ import annotations

from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from sqlalchemy import bindparam, event, exc, insert, select, update

from practice.access import SYSTEM, Account, Role
from practice.accounts import CredentialKind, Doctor
from practice.appointments import Appointment, Slot, Status
from practice.calendars import COMPONENTS, CalendarKind, Span
from practice.database import SqlDatabase
from practice.database.prepared import Prepared
from practice.database.tables import doctors, house, rooms
from practice.errors import DatabaseUnavailable
from practice.messages import Message, Receiver
from practice.patients import Patient, PatientRecord
from practice.views import View
from tests.building import NOW, a_draft, an_event, reading, writing
from tests.conftest import BACKENDS, a_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from practice.database.unit_of_work import SqlUnitOfWork
    from tests.postgres import PostgresServer

WEEKLY = an_event("weekly", "20261123T100000", "20261123T103000", "RRULE:FREQ=WEEKLY")
THRICE = an_event("thrice", "20261124T100000", "20261124T103000", "RRULE:FREQ=DAILY;COUNT=3")
SINGLE = an_event("single", "20261123T100000", "20261123T103000")


def set_up(uow: SqlUnitOfWork) -> Iterator[object]:
    """Make a practice of nothing that is drawn by chance; yield what is told."""
    doctor = uow.house.save_doctor(Doctor("dr-mueller", "Dr. Müller"))
    for name in ("dr-mueller", "praxis"):
        yield uow.calendars.create(name, CalendarKind.DOCTOR, {"a": "ß"}, doctor.id, COMPONENTS)
    account = uow.accounts.save(Account(0, "eva", Role.DOCTOR, doctor.id, "Eva", "e@example.org"))
    for number in range(2):
        yield uow.accounts.add_credential(account, CredentialKind.TOKEN, "", f"secret-{number}")
    uow.accounts.record_failure("a", "n", NOW - timedelta(hours=1))
    yield uow.accounts.failures("a", "n", NOW - timedelta(hours=1))
    yield uow.patients.save(Patient("4711", PatientRecord("Muster", "Eva"), to_review=True))


def write(uow: SqlUnitOfWork) -> Iterator[object]:
    """Write into each table that is written often; yield what is told."""
    calendar, patient = uow.calendars.find("dr-mueller"), uow.patients.by_number("4711")
    assert calendar is not None
    assert patient is not None
    for href, text in (("a", SINGLE), ("b", WEEKLY), ("c", THRICE), ("d", an_event("d"))):
        yield uow.calendars.save(calendar, a_draft(href, text))
    longer = SINGLE.replace("T103000", "T110000")
    yield uow.calendars.save(calendar, a_draft("a", longer))
    yield uow.calendars.remove(calendar, "d")
    slot = Slot(NOW, NOW + timedelta(microseconds=1))
    made = uow.appointments.save(
        Appointment(
            uid="single",
            slot=slot,
            status=Status.CONFIRMED,
            doctor_id=calendar.doctor_id,
            calendar_id=calendar.id,
            patient_id=patient.id,
        )
    )
    yield uow.appointments.save(replace(made, requires_confirmation=True, kind="x"))
    for before in ("null", "{}"):
        uow.outbox.post(Receiver.PATIENT, Message.BOOKED, made, before)
    yield uow.outbox.withdraw(made.id)
    yield uow.outbox.withdraw(made.id)


def read(uow: SqlUnitOfWork) -> Iterator[object]:
    """Ask what is asked often; yield what is told."""
    calendars, day = uow.calendars.all(), Span(1_795_000_000, 1_795_600_000)
    yield calendars
    yield from (uow.calendars.find(name) for name in ("praxis", "nowhere"))
    yield from (uow.accounts.by_name(name) for name in ("eva", "nobody"))
    yield uow.accounts.by_token("secret-1")
    yield uow.accounts.by_email("E@example.org")
    yield uow.accounts.failures("a", "m", NOW - timedelta(days=1))
    yield uow.appointments.by_uid("single")
    yield uow.patients.by_number("4711")
    here = next(calendar for calendar in calendars if calendar.name == "dr-mueller")
    yield uow.calendars.place(here, "b", "single")
    yield uow.calendars.head(here, "c")
    heads = uow.calendars.uid_holders("weekly")
    yield heads
    yield uow.calendars.index_of(heads[0].id)
    for sources, owner_id in (((here,), None), ((here,), 0), (tuple(calendars), None)):
        view = View(here, sources, uow.epoch, owner_id)
        yield from (uow.calendars.get(view, names) for names in (["a"], ["a", "c"], ["nowhere"]))
        yield uow.calendars.within(view, day, None)
        yield uow.calendars.within(view, day, "VEVENT", "SING")
        yield uow.calendars.within(view, Span(), "VEVENT")
        yield uow.calendars.beyond(view, day, "VEVENT")
        yield uow.calendars.occupied(view, day)
        yield uow.calendars.changes_since(view, 3)
        yield uow.calendars.changes_page(view, 3, None, 2)
        yield uow.calendars.listing_page(view, 0, 100, 2)


def plainly(values: Any) -> Any:
    """Return what a driver is handed in a form that tells types and compares."""
    if isinstance(values, dict):
        return {name: plainly(value) for name, value in values.items()}
    if isinstance(values, tuple):
        return [plainly(value) for value in values]
    return values.hex() if isinstance(values, bytes | memoryview) else repr(values)


def go(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Have statements go straight to libpq, directly to the driver, or through SQLAlchemy."""
    monkeypatch.setattr("practice.database.prepared.DIRECT", way != "through SQLAlchemy")
    monkeypatch.setattr("practice.database.prepared.STRAIGHT", way == "straight")


class Heard:
    """What a database is told while this listens."""

    def __init__(self, database: SqlDatabase) -> None:
        self.said: list[object] = []
        event.listen(database.engine, "before_cursor_execute", self._hear)

    def _hear(self, _: object, _cursor: object, text: str, values: Any, *__: object) -> None:
        self.said.append((text, plainly(values)))


@pytest.mark.parametrize("backend", BACKENDS)
def test_prepared_statements_are_those_of_sqlalchemy_and_tell_the_same(
    backend: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[list[object], list[str]]] = []
    for way in ("direct", "through SQLAlchemy", "straight"):
        go(monkeypatch, way)
        folder = tmp_path / way
        folder.mkdir()
        with a_database(backend, request, folder) as database:
            heard = Heard(database)
            told: list[str] = []
            with writing(database) as uow:
                told += map(repr, set_up(uow))
            with writing(database) as uow:
                told += map(repr, write(uow))
            with reading(database) as uow:
                told += map(repr, read(uow))
            glanced = [replace(one, outside=0) for one in database.glance([1]).values()]
            told.append(repr(glanced))
            asked.append((heard.said, told))
    (direct, told_direct), (executed, told_executed), (straight, told_straight) = asked
    assert len(direct) > 90
    for ours, theirs in zip(direct, executed, strict=True):
        assert ours == theirs
    assert told_direct == told_executed == told_straight
    assert repr(NOW) in " ".join(told_direct)
    # What tells nothing goes to PostgreSQL along with the next.
    assert len(straight) == len(direct) if backend == "sqlite" else len(straight) < len(direct)


@pytest.fixture(params=["straight", "direct", "through SQLAlchemy"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have statements go this way."""
    go(monkeypatch, request.param)


_DOCTOR = Prepared(
    insert(doctors).returning(doctors.c.id, doctors.c.slug, (doctors.c.id + 1).label("next")),
    *("slug", "name", "specialty", "hours"),
)
_DOCTORS = Prepared(
    select(doctors.c.slug, doctors.c.slug).where(
        doctors.c.slug.in_(bindparam("slugs", expanding=True))
    )
)
EVA = {"slug": "eva", "name": "Eva", "specialty": "", "hours": ""}


@pytest.mark.usefixtures("way")
def test_rows_have_names_and_places(database: SqlDatabase) -> None:
    with writing(database) as uow:
        row = _DOCTOR.one(uow.connection, EVA)
        made, slug, following = row
        assert (row.id, row.slug, row.next) == (made, "eva", made + 1) == (made, slug, following)
        assert row[:2] == (made, "eva")
        named = _DOCTORS.all(uow.connection, {"slugs": ["eva", "x"]})  # its text depends on these
        assert [tuple(one) for one in named] == [("eva", "eva")]
        assert _DOCTORS.first(uow.connection, {"slugs": []}) is None
        with pytest.raises(exc.InvalidRequestError):
            _DOCTORS.one(uow.connection, {"slugs": []})


@pytest.mark.usefixtures("way")
def test_what_the_database_refuses_is_told_as_sqlalchemy_tells_it(database: SqlDatabase) -> None:
    with pytest.raises(exc.IntegrityError, match="hidden") as told, writing(database) as uow:  # noqa: PT012
        for _ in range(2):
            _DOCTOR.run(uow.connection, EVA)
    driver: Any = database.engine.dialect.dbapi
    assert isinstance(told.value.orig, driver.IntegrityError)
    assert told.value.statement is not None
    assert told.value.statement.startswith("INSERT INTO doctors")
    assert not told.value.connection_invalidated
    with reading(database) as uow:
        assert uow.house.doctors() == []


@pytest.mark.usefixtures("way")
def test_what_a_listener_raises_comes_as_it_is(database: SqlDatabase) -> None:

    @event.listens_for(database.engine, "before_cursor_execute")
    def refuse(_: object, _cursor: object, text: str, *__: object) -> None:
        if text.startswith("INSERT INTO doctors"):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), writing(database) as uow:
        _DOCTOR.run(uow.connection, EVA)
    with writing(database) as uow:
        assert uow.house.doctors() == []


@pytest.mark.usefixtures("way")
def test_a_lost_connection_is_not_used_again_within_its_transaction(database: SqlDatabase) -> None:
    with pytest.raises(DatabaseUnavailable), writing(database) as uow:  # noqa: PT012
        _DOCTOR.run(uow.connection, EVA)
        uow.connection.invalidate()
        _DOCTOR.run(uow.connection, {**EVA, "slug": "x"})
    with reading(database) as uow:
        assert uow.house.doctors() == []


_ROOM = Prepared(insert(rooms), "slug", "name")
_ROOMS = Prepared(select(rooms.c.slug).order_by(rooms.c.slug))
_RENAMED = Prepared(update(rooms).where(rooms.c.slug == bindparam("this")), "name")
ONE, TWO = {"slug": "one", "name": "1"}, {"slug": "two", "name": "2"}


def rooms_of(database: SqlDatabase) -> list[str]:
    """Return the rooms that were committed."""
    with reading(database) as uow:
        return [room.slug for room in uow.house.rooms()]


@pytest.mark.usefixtures("way")
def test_what_waits_is_there_for_whatever_comes_next(database: SqlDatabase) -> None:
    with writing(database) as uow:
        _ROOM.later(uow.connection, ONE)
        assert _ROOMS.all(uow.connection) == [("one",)]
        _ROOM.later(uow.connection, TWO)
        assert list(uow.connection.execute(_ROOMS.statement).scalars()) == ["one", "two"]
        _ROOM.later(uow.connection, {**ONE, "slug": "three"})
        _RENAMED.later(uow.connection, {"this": "three", "name": "100 %(name)s"})
        _DOCTOR.along(uow.connection, EVA)
        _RENAMED.later(uow.connection, {"this": "one", "name": "Ä'"})
    with reading(database) as uow:
        assert {room.slug: room.name for room in uow.house.rooms()} == {
            "one": "Ä'",
            "two": "2",
            "three": "100 %(name)s",
        }
        assert [doctor.slug for doctor in uow.house.doctors()] == ["eva"]


@pytest.mark.usefixtures("way")
def test_what_waits_is_refused_in_its_own_unit_and_takes_none_along(
    database: SqlDatabase,
) -> None:
    with database.together() as together:
        for slug, refused in (("one", False), ("one", True), ("two", False)):
            try:
                with together.begin(actor=SYSTEM, now=NOW) as uow:
                    _ROOM.later(uow.connection, {**ONE, "slug": slug})
                told = False
            except exc.IntegrityError:
                told = True
            assert told is refused
    assert rooms_of(database) == ["one", "two"]


@pytest.mark.usefixtures("way")
def test_what_waits_when_a_unit_fails_is_given_up(database: SqlDatabase) -> None:
    with database.together() as together:
        with together.begin(actor=SYSTEM, now=NOW) as uow:
            _ROOM.later(uow.connection, ONE)
        with (
            suppress(ZeroDivisionError, exc.IntegrityError),
            together.begin(actor=SYSTEM, now=NOW) as uow,
        ):
            _ROOM.later(uow.connection, ONE)  # would be refused
            raise ZeroDivisionError
        with together.begin(actor=SYSTEM, now=NOW) as uow:
            _ROOM.later(uow.connection, {**TWO, "slug": "three"})
            uow.doom()
    assert rooms_of(database) == ["one"]
    with suppress(ZeroDivisionError), writing(database) as uow:
        _ROOM.later(uow.connection, TWO)
        raise ZeroDivisionError
    assert rooms_of(database) == ["one"]


@pytest.mark.usefixtures("way")
def test_a_text_is_not_cut_at_a_nul(database: SqlDatabase) -> None:
    given = {**ONE, "name": "a\0b"}
    if database.dialect == "sqlite":
        with writing(database) as uow:
            _ROOM.later(uow.connection, given)
        with reading(database) as uow:
            assert uow.house.rooms()[0].name == given["name"]
        return
    with pytest.raises(exc.DataError), writing(database) as uow:
        _ROOM.later(uow.connection, given)
    with database.together() as together:
        for room in (ONE, given, TWO):
            told = pytest.raises(exc.DataError) if room is given else nullcontext()
            with told, together.begin(actor=SYSTEM, now=NOW) as uow:
                _ROOM.later(uow.connection, room)
    assert rooms_of(database) == ["one", "two"]


@pytest.mark.usefixtures("way")
def test_what_waits_comes_in_as_it_is_after_others(database: SqlDatabase) -> None:
    hostile = ["'", "\\'; DROP TABLE rooms; --", "Ä€🙂", "$1 %s %(name)s", "x" * 255, ""]
    with database.together() as together:
        for slug, name in enumerate(hostile):
            with together.begin(actor=SYSTEM, now=NOW) as uow:
                _ROOM.later(uow.connection, {"slug": str(slug), "name": name})
                if slug % 2:
                    assert len(uow.connection.execute(_ROOMS.statement).all()) == slug + 1
    with reading(database) as uow:
        assert [room.name for room in uow.house.rooms()] == hostile


@pytest.mark.usefixtures("way")
def test_what_is_refused_stands_in_no_log_of_the_database(
    database: SqlDatabase, postgres: PostgresServer
) -> None:
    secret = f"Patient {uuid4()}"
    with suppress(DatabaseUnavailable), database.together() as together:
        for name in ("one", secret, secret):
            told = pytest.raises(exc.IntegrityError) if name == secret else nullcontext()
            with told, together.begin(actor=SYSTEM, now=NOW) as uow:
                _ROOM.later(uow.connection, {**ONE, "name": name})
    assert secret not in postgres.log
    if database.dialect == "postgresql":
        assert "duplicate key" in postgres.log


_REST = Prepared(select(house.c.number % bindparam("by", type_=house.c.number.type)))


@pytest.mark.usefixtures("way")
def test_who_cannot_read_takes_the_others_along_or_nobody(database: SqlDatabase) -> None:
    stay = ["one", "two"]
    try:
        with database.together() as together:
            for slug, by in (("one", 1), ("zero", 0), ("two", 1)):
                told = suppress(DatabaseUnavailable if slug == "two" else exc.DataError)
                with told, together.begin(actor=SYSTEM, now=NOW) as uow:
                    _REST.run(uow.connection, {"by": by})
                    _ROOM.later(uow.connection, {**ONE, "slug": slug})
    except DatabaseUnavailable:
        stay = []
    if database.dialect == "sqlite":  # to which it is nothing
        stay = ["one", "two", "zero"]
    assert rooms_of(database) == stay

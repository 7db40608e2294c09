"""Statements handed to the driver directly are those that SQLAlchemy executes, and tell the same.

That is switched off in one of two databases here, and both are asked the same.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import bindparam, event, exc, insert, select

from practice.access import Account, Role
from practice.accounts import CredentialKind, Doctor
from practice.appointments import Appointment, Slot, Status
from practice.calendars import COMPONENTS, CalendarKind, Span, View
from practice.database import SqlDatabase
from practice.database.prepared import Prepared
from practice.database.tables import doctors
from practice.errors import DatabaseUnavailable
from practice.messages import Message, Receiver
from practice.patients import Patient, PatientRecord
from tests.building import NOW, a_draft, an_event, reading, writing
from tests.conftest import BACKENDS, a_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from practice.database.unit_of_work import SqlUnitOfWork

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
    for direct in (True, False):
        monkeypatch.setattr("practice.database.prepared.DIRECT", direct)
        folder = tmp_path / str(direct)
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
    assert len(asked[0][0]) > 90
    for direct_, executed in zip(*asked, strict=True):
        for ours, theirs in zip(direct_, executed, strict=True):
            assert ours == theirs
    assert repr(NOW) in " ".join(asked[0][1])


BOTH = pytest.mark.parametrize("direct", [True, False], ids=["direct", "through SQLAlchemy"])
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


@BOTH
def test_rows_have_names_and_places(
    database: SqlDatabase, direct: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("practice.database.prepared.DIRECT", direct)
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


@BOTH
def test_what_the_database_refuses_is_told_as_sqlalchemy_tells_it(
    database: SqlDatabase, direct: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("practice.database.prepared.DIRECT", direct)
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


@BOTH
def test_what_a_listener_raises_comes_as_it_is(
    database: SqlDatabase, direct: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("practice.database.prepared.DIRECT", direct)

    @event.listens_for(database.engine, "before_cursor_execute")
    def refuse(_: object, _cursor: object, text: str, *__: object) -> None:
        if text.startswith("INSERT INTO doctors"):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), writing(database) as uow:
        _DOCTOR.run(uow.connection, EVA)
    with writing(database) as uow:
        assert uow.house.doctors() == []


@BOTH
def test_a_lost_connection_is_not_used_again_within_its_transaction(
    database: SqlDatabase, direct: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("practice.database.prepared.DIRECT", direct)
    with pytest.raises(DatabaseUnavailable), writing(database) as uow:  # noqa: PT012
        _DOCTOR.run(uow.connection, EVA)
        uow.connection.invalidate()
        _DOCTOR.run(uow.connection, {**EVA, "slug": "x"})
    with reading(database) as uow:
        assert uow.house.doctors() == []

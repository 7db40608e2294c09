"""The tables of an upgraded database are those the program has in mind."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from practice.access import Account, Level, Role, feed_view
from practice.database import SqlDatabase, migrate
from practice.database.tables import metadata
from practice.disguise import alias_of
from practice.use_cases.patient_search import search_patients
from tests.building import NOW, a_practice, reading, the_account, writing
from tests.conftest import BACKENDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.postgres import PostgresServer


@pytest.fixture(params=BACKENDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables, on each backend."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'praxis.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = server.new_database()
    yield url
    server.drop_database(url)


@pytest.fixture
def empty(empty_url: str) -> Iterator[SqlDatabase]:
    """A database without tables, on each backend."""
    with closing(SqlDatabase(empty_url)) as database:
        yield database


def differences(database: SqlDatabase) -> list[object]:
    """Return what a migration would have to change, names of constraints and indexes included."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return list(compare_metadata(context, metadata))


def shape(database: SqlDatabase) -> dict[str, str]:
    """Return every table with its columns, keys and indexes, as the database tells them."""
    with database.engine.connect() as connection:
        found = inspect(connection)
        return {
            name: json.dumps(
                [
                    found.get_columns(name),
                    found.get_pk_constraint(name),
                    *(
                        sorted(part(name), key=str)
                        for part in (
                            found.get_foreign_keys,
                            found.get_unique_constraints,
                            found.get_indexes,
                        )
                    ),
                ],
                default=str,
                sort_keys=True,
            )
            for name in found.get_table_names()
        }


def test_an_empty_database_gets_the_tables_the_program_has_in_mind(empty: SqlDatabase) -> None:
    assert not empty.ready()
    empty.upgrade()
    assert empty.ready()
    assert set(shape(empty)) == {*metadata.tables, "alembic_version"}
    assert differences(empty) == []


def test_the_comparison_sees_a_difference(empty: SqlDatabase) -> None:
    empty.upgrade()
    with empty.engine.connect() as connection:
        connection.execute(text("DROP INDEX ix_objects_uid"))
        connection.execute(text("ALTER TABLE rooms ADD COLUMN floor INTEGER"))
        connection.execute(text("DROP TABLE letters"))
    told = str(differences(empty))
    for name in ("ix_objects_uid", "floor", "letters"):
        assert name in told


def test_migrated_tables_are_the_same_as_those_made_from_the_program(empty: SqlDatabase) -> None:
    """Also in what alembic does not compare: primary keys, ON DELETE, conditions of indexes."""
    empty.upgrade()
    migrated = shape(empty)
    with empty.engine.connect() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
    assert shape(empty) == migrated


def test_an_id_once_given_out_is_never_anothers(empty: SqlDatabase) -> None:
    empty.upgrade()
    with writing(empty) as uow:
        account = uow.accounts.save(Account(0, "eva", Role.STAFF))
    values: dict[str, dict[str, object]] = {
        "accounts": {"name": "a", "role": "staff", "display_name": "", "email": ""}
        | {"disabled": False, "everywhere": 0},
        "calendars": {"name": "a", "kind": "plain", "number": 0, "changed": NOW, "mark": ""}
        | {"components": "", "properties": "{}"},
        "credentials": {"account_id": account.id, "kind": "token", "label": "", "secret": ""}
        | {"created": NOW},
        "doctors": {"slug": "a", "name": "A", "specialty": "", "hours": ""},
        "rooms": {"slug": "a", "name": "A"},
        "patients": dict.fromkeys(("number", "last_name", "first_name", "birth_date"), "a")
        | dict.fromkeys(("email", "phone", "insurance", "match_key"), "")
        | {"to_review": False},
    }
    with empty.engine.connect() as connection:
        for name, row in values.items():
            table = metadata.tables[name]
            ids = []
            for _ in range(2):
                made = connection.execute(table.insert().values(**row).returning(table.c.id))
                ids.append(made.scalar_one())
                connection.execute(table.delete().where(table.c.id == ids[-1]))
            assert ids[1] > ids[0]


def test_upgrading_again_changes_nothing(empty: SqlDatabase) -> None:
    empty.upgrade()
    a_practice(empty)
    with reading(empty) as uow:
        before = (uow.epoch, uow.log_state(), uow.calendars.all())
    tables = shape(empty)
    empty.upgrade()
    assert shape(empty) == tables
    with reading(empty) as uow:
        assert (uow.epoch, uow.log_state(), uow.calendars.all()) == before


UPGRADE = """
import sys
from practice.database import SqlDatabase
from practice.database.migrate import head_revision
database = SqlDatabase(sys.argv[1])
head_revision()
print(flush=True)
sys.stdin.readline()
database.upgrade()
assert database.ready()
database.close()
"""


def test_processes_that_start_at_once_upgrade_once(empty_url: str) -> None:
    command = [sys.executable, "-W", "error", "-c", UPGRADE, empty_url]
    started = [
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(3)
    ]
    for process in started:
        assert process.stdout is not None
        process.stdout.readline()
    for process in started:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
    for process in started:
        _, told = process.communicate(timeout=60)
        assert (process.returncode, told.decode()) == (0, "")
    with closing(SqlDatabase(empty_url)) as database:
        assert differences(database) == []
        with writing(database) as uow:
            assert uow.log_state().number == 0


FIRST_ROWS = (
    "INSERT INTO accounts VALUES (1, 'gast', 'reader', NULL, '', '', false, 1)",
    "INSERT INTO accounts VALUES (2, 'albis', 'pvs', NULL, '', '', false, 0)",
    "INSERT INTO calendars VALUES (1, 'praxis', 'union', NULL, 2, '', 0, 'VEVENT', '{}')",
    "INSERT INTO grants VALUES (1, 1, 1)",
    "INSERT INTO grants VALUES (2, 1, 2)",
    *(
        f"INSERT INTO objects VALUES ({n}, 1, '{n} ü.ics', 'u{n}', 'VEVENT', '\"e\"', 4, {n}, 0, 0,"
        " NULL, NULL, 'text')"
        for n in (1, 2)
    ),
)


def test_a_database_of_the_first_version_keeps_its_grants_and_gets_names_to_show(
    empty: SqlDatabase,
) -> None:
    """Levels of less detail came in between; and objects need names that say nothing."""
    with empty.engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for row in FIRST_ROWS:
            connection.exec_driver_sql(row)
        connection.exec_driver_sql("COMMIT")
    assert not empty.ready()
    empty.upgrade()
    assert differences(empty) == []
    with reading(empty) as uow:
        guest, albis = the_account(uow, "gast"), the_account(uow, "albis")
        assert (guest.everywhere, guest.grants) == (Level.READ, {1: Level.READ})
        assert (albis.everywhere, albis.grants) == (Level.NONE, {1: Level.WRITE})
        (praxis,) = uow.calendars.all()
        view = feed_view(praxis, [praxis], Level.BUSY, uow.epoch)
        names = [alias_of(uow.secret, 1, f"{n} ü.ics") for n in (1, 2)]
        found = uow.calendars.aliased(view, names)
        assert [found[name].uid for name in names] == ["u1", "u2"]


PEOPLE = (
    "INSERT INTO doctors (id, slug, name, specialty, hours) VALUES (7, 'weber', 'Weber', '', '')",
    "INSERT INTO rooms (id, slug, name) VALUES (8, 'eins', 'Eins')",
    "INSERT INTO calendars (id, name, kind, doctor_id, number, changed, mark, components,"
    " properties) VALUES (1, 'weber', 'doctor', 7, 0, 0, '', 'VEVENT', '{}')",
    "INSERT INTO patients (id, number, last_name, first_name, birth_date, email, phone, insurance,"
    " match_key, to_review) VALUES (9, 'P000009', 'Öz', 'Ida', '1980-04-05', '', '', '', 'k',"
    " false)",
)


def test_who_was_stored_before_the_api_is_still_there_and_found(empty: SqlDatabase) -> None:
    with empty.engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        for row in PEOPLE:
            connection.exec_driver_sql(row)
        connection.exec_driver_sql("COMMIT")
    empty.upgrade()
    assert differences(empty) == []
    with reading(empty) as uow:
        (weber,) = uow.calendars.all()
        assert (weber.doctor_id, uow.house.doctors()[0].id, uow.house.rooms()[0].id) == (7, 7, 8)
        (ida,) = uow.patients.get([9]).values()
        assert ida.record.last_name == "Öz"
        assert [one.patient.id for one in search_patients(uow, "öz ida")] == [9]


def test_every_database_has_a_secret_of_its_own(empty: SqlDatabase, tmp_path: Path) -> None:
    empty.upgrade()
    with closing(SqlDatabase(f"sqlite:///{tmp_path / 'other.db'}")) as other:
        other.upgrade()
        with reading(empty) as one, reading(other) as two:
            assert len(one.secret) == len(two.secret) == 32
            assert one.secret != two.secret


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(
    empty: SqlDatabase,
) -> None:
    with empty.engine.connect() as connection:  # in the way of one of the last tables
        connection.execute(text("CREATE TABLE letters (id INTEGER)"))
    with pytest.raises(Exception, match="letters"):
        empty.upgrade()
    assert set(shape(empty)) == {"letters"}
    assert not empty.ready()
    with empty.engine.connect() as connection:
        connection.execute(text("DROP TABLE letters"))
    empty.upgrade()
    assert empty.ready()


def test_a_database_of_a_later_version_is_not_ready_and_not_touched(empty: SqlDatabase) -> None:
    empty.upgrade()
    with empty.engine.connect() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert not empty.ready()
    with pytest.raises(Exception, match="9999"):
        empty.upgrade()
    assert differences(empty) == []


def test_the_migrations_are_one_line() -> None:
    scripts = ScriptDirectory(str(migrate.__file__).replace("migrate.py", "migrations"))
    assert len(scripts.get_heads()) == 1
    assert scripts.get_current_head() == migrate.head_revision()

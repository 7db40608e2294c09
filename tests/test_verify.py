"""Verifying finds every kind of damage, names it by ids, and finds none where there is none."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import pytest
from sqlalchemy import text

from tests.bookings import a_client, a_row, add_rooms, command, faults, rows_a_day, take
from tests.building import BERLIN, NOW, a_draft, an_event, reading, writing
from tests.conftest import BACKENDS, copies_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from practice.database import SqlDatabase
    from tests.conftest import Copies

MUELLER = "/caldav/calendars/dr-mueller/"
SCHMIDT = "/caldav/calendars/dr-schmidt/"
PRAXIS = "/caldav/calendars/praxis/"
#: What stands in the patients' rows and in names that clients have given.
SECRETS = ("Geheimrat", "Verschwiegen", "geheim@example.org", "030 999", "Linden00", "Befund")


class Ids(NamedTuple):
    """The ids of the busy practice that damages and sentences are about."""

    last: int  # change
    some: int  # a change in the middle, not of the object below
    object: int
    change: int  # the object's last
    calendar: int
    appointment: int


@pytest.fixture(scope="module", params=BACKENDS)
def busy_once(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Copies]:
    """A practice where everything has been done that can be done, to be copied."""
    folder = tmp_path_factory.mktemp("busy")
    build = partial(be_busy, path=folder / "b.csv")
    with copies_of(request.param, request, folder, build) as copies:
        yield copies


@pytest.fixture
def busy(busy_once: Copies, tmp_path: Path) -> Iterator[SqlDatabase]:
    """A practice where everything has been done that can be done."""
    with busy_once(tmp_path) as made:
        yield made


def be_busy(practice: SqlDatabase, path: Path) -> None:
    """Do everything that can be done; `path` is of a file that is read in."""
    add_rooms(practice, "raum-1")
    row = a_row(last_name="Geheimrat", first_name="Verschwiegen", room="raum-1")
    row |= {"email": "geheim@example.org", "phone": "030 999"}
    moved = a_row("B-2", doctor="dr-schmidt", start="2026-11-25 10:00", end="2026-11-25 11:00")
    take(practice, path, row, moved, *rows_a_day(6))
    take(practice, path, row, moved | {"doctor": "dr-mueller"}, *rows_a_day(6, reason="Neu"))
    with a_client(practice, "admin") as client:

        def put(address: str, content: str, status: int = 201) -> None:
            assert client.put(address, content=content).status_code == status

        put(MUELLER + "Befund-Geheimrat.ics", an_event("a", *TEN, "X-PATIENT-ID:000001"))
        put(MUELLER + "Befund-Geheimrat.ics", an_event("a", *NOON, "X-PATIENT-ID:000001"), 204)
        put(MUELLER + "serie.ics", an_event("b", *TEN, "RRULE:FREQ=DAILY;COUNT=9"))
        put(MUELLER + "endlos.ics", an_event("c", *TEN, "RRULE:FREQ=WEEKLY"))
        put(PRAXIS + "ferien.ics", an_event("d", *TEN, "TRANSP:TRANSPARENT"))
        put(f"{PRAXIS}dr-mueller~neu.ics", an_event("e", *TEN, "X-APPOINTMENT-TYPE:A"))
        assert client.delete(MUELLER + "neu.ics").status_code == 204
        put(MUELLER + "neu.ics", an_event("f", *TEN))  # another UID under the name
        put(MUELLER + "weg.ics", an_event("g", *TEN, "X-PATIENT-ID:000001"))
        assert client.delete(MUELLER + "weg.ics").status_code == 204
        put(MUELLER + "x.ics", an_event("h", *TEN, "X-APPOINTMENT-TYPE:A"))
        there = {"Destination": f"http://testserver{SCHMIDT}y.ics"}
        assert client.request("MOVE", MUELLER + "x.ics", headers=there).status_code == 201
        put(MUELLER + "z.ics", an_event("h", *TEN, "X-APPOINTMENT-TYPE:A"))
        assert client.delete(SCHMIDT + "y.ics").status_code == 204
        assert client.delete(MUELLER + "booking-csv-B-000002.ics").status_code == 204
        task = "BEGIN:VTODO\r\nUID:t\r\nDTSTAMP:20261101T080000Z\r\nEND:VTODO"
        task = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{task}\r\nEND:VCALENDAR\r\n"
        put(MUELLER + "aufgabe.ics", task)
        made = client.request("MKCALENDAR", "/caldav/calendars/eigener/")
        assert made.status_code == 201
        put("/caldav/calendars/eigener/a.ics", an_event("i", *TEN))
        there = {"Destination": "http://testserver/caldav/calendars/eigener/b.ics"}
        old = SCHMIDT + "booking-csv-B-000003.ics"
        assert client.request("MOVE", old, headers=there).status_code == 201
        named = (
            '<propertyupdate xmlns="DAV:"><set><prop><displayname>Umbenannt</displayname>'
            "</prop></set></propertyupdate>"
        )
        renamed = client.request("PROPPATCH", MUELLER, content=named)
        assert renamed.status_code == 207
        assert client.delete("/caldav/calendars/eigener/").status_code == 204


TEN = ("20261123T100000", "20261123T103000")
NOON = ("20261123T120000", "20261123T123000")


def the_ids(database: SqlDatabase) -> Ids:
    with reading(database) as uow:
        (head,) = uow.calendars.uid_holders("booking-csv-B-1@praxis.example.org")
        made = uow.appointments.by_uid(head.uid)
        assert made is not None
        last = uow.log_state().number
        some = next(
            c.number
            for c in uow.calendars.log(0, 100)
            if c.uid.endswith("000001@praxis.example.org")
        )
    return Ids(last, some, head.id, head.number, head.calendar_id, made.id)


def test_a_busy_practice_is_as_it_should_be(busy: SqlDatabase) -> None:
    assert faults(busy) == []
    ran = command("verify", database=busy)
    assert (ran.code, ran.err) == (0, "")
    rows = re.fullmatch(r"(\d+) rows looked at, 0 faults\.\n", ran.out)
    assert rows
    assert int(rows[1]) > the_ids(busy).last  # the whole log, and the objects


def test_what_a_clock_of_another_zone_wrote_is_no_damage(practice: SqlDatabase) -> None:
    with writing(practice, now=NOW.astimezone(BERLIN)) as uow:
        calendar = next(one for one in uow.calendars.all() if one.doctor_id)
        uow.calendars.save(calendar, a_draft("a.ics", an_event("a", *TEN)))
    assert faults(practice) == []


def test_an_empty_practice_is_as_it_should_be(database: SqlDatabase) -> None:
    assert faults(database) == []


DAMAGES: dict[str, tuple[str, Callable[[Ids], list[str]]]] = {
    **{
        f"log row: {column} edited": (
            f"UPDATE changes SET {column} = {value} WHERE number = :some",
            lambda ids: [f"The seal of change {ids.some} is broken."],
        )
        for column, value in {
            "time": "time - 1",
            "actor": "'jemand'",
            "uid": "'anders'",
            "owner_id": "owner_id + 1",
            "before": "'anders'",
        }.items()
    },
    "log row: text edited": (
        "UPDATE changes SET after = replace(after, '10', '11') WHERE number = :change",
        lambda ids: [
            f"The seal of change {ids.change} is broken.",
            f"Object {ids.object} of calendar dr-mueller is not what the log says.",
        ],
    ),
    "log row: seal edited": (
        "UPDATE changes SET seal = (SELECT seal FROM changes WHERE number = :last)"
        " WHERE number = :some",
        lambda ids: [
            f"The seal of change {ids.some} is broken.",
            f"The seal of change {ids.some + 1} is broken.",
        ],
    ),
    "log row removed": (
        "DELETE FROM changes WHERE number = :change",
        lambda ids: [
            f"The log has no change {ids.change}.",
            f"The seal of change {ids.change + 1} is broken.",
            f"Object {ids.object} of calendar dr-mueller is not what the log says.",
        ],
    ),
    "first log row removed": (
        "DELETE FROM changes WHERE number = 1",
        lambda ids: ["The log has no change 1.", "The seal of change 2 is broken."],
    ),
    "two log rows exchanged": (
        "UPDATE changes SET number = CASE number WHEN :some THEN -1 ELSE :some END"
        " WHERE number IN (:some, :some + 1);"
        "UPDATE changes SET number = :some + 1 WHERE number = -1",
        lambda ids: [
            f"The seal of change {number} is broken."
            for number in (ids.some, ids.some + 1, ids.some + 2)
        ],
    ),
    "log row added": (
        "INSERT INTO changes SELECT number + 1, time, actor, calendar_id, href, uid, kind,"
        " owner_id, before, after, seal FROM changes WHERE number = :last",
        lambda ids: [
            f"The seal of change {ids.last + 1} is broken.",
            f"The counter is at {ids.last}, the log ends at {ids.last + 1}.",
        ],
    ),
    "log cut off": (
        "DELETE FROM changes WHERE number = :last",
        lambda ids: [f"The counter is at {ids.last}, the log ends at {ids.last - 1}."],
    ),
    "log cut off, counter set back": (
        "DELETE FROM changes WHERE number = :last; UPDATE house SET number = :last - 1",
        lambda ids: ["The last seal of the log is not the one that was kept."],
    ),
    "counter set on": (
        "UPDATE house SET number = number + 1",
        lambda ids: [f"The counter is at {ids.last + 1}, the log ends at {ids.last}."],
    ),
    "object: text edited": (
        "UPDATE objects SET text = replace(text, 'Linden', 'Birken') || '' WHERE id = :object;"
        "UPDATE objects SET text = replace(text, 'CONFIRMED', 'CANCELLED') WHERE id = :object",
        lambda ids: [
            f"Object {ids.object} of calendar dr-mueller is not what the log says.",
            f"Object {ids.object} of calendar dr-mueller has another ETag or size than its text.",
            f"Object {ids.object} of calendar dr-mueller is not in the time index as it should be.",
        ],
    ),
    "object: text destroyed": (
        "UPDATE objects SET text = 'Befund' WHERE id = :object",
        lambda ids: [
            f"Object {ids.object} of calendar dr-mueller is not what the log says.",
            f"Object {ids.object} of calendar dr-mueller cannot be read:"
            " The text does not start with BEGIN:VCALENDAR.",
        ],
    ),
    "object: ETag edited": (
        "UPDATE objects SET etag = '\"0\"' WHERE id = :object",
        lambda ids: [
            f"Object {ids.object} of calendar dr-mueller has another ETag or size than its text."
        ],
    ),
    "object: size edited": (
        "UPDATE objects SET size = size + 1 WHERE id = :object",
        lambda ids: [
            f"Object {ids.object} of calendar dr-mueller has another ETag or size than its text."
        ],
    ),
    "object: number edited": (
        "UPDATE objects SET number = :last WHERE id = :object",
        lambda ids: [f"Object {ids.object} of calendar dr-mueller is not what the log says."],
    ),
    "object: UID edited": (
        "UPDATE objects SET uid = 'anders' WHERE id = :object",
        lambda ids: [
            f"Object {ids.object} of calendar dr-mueller has another UID or kind than its text.",
            f"Appointment {ids.appointment} has no object in its calendar.",
        ],
    ),
    "object: kind edited": (
        "UPDATE objects SET component = 'VTODO' WHERE id = :object",
        lambda ids: [
            f"Object {ids.object} of calendar dr-mueller has another UID or kind than its text."
        ],
    ),
    "object: renamed": (
        "UPDATE objects SET href = 'Geheimrat.ics' WHERE id = :object",
        lambda ids: [
            f"Object {ids.object} of calendar dr-mueller is not what the log says.",
            f"The object of change {ids.change} is in the log and not in calendar {ids.calendar}.",
        ],
    ),
    "object removed": (
        "DELETE FROM occurrences WHERE object_id = :object; DELETE FROM objects WHERE id = :object",
        lambda ids: [
            f"The object of change {ids.change} is in the log and not in calendar {ids.calendar}.",
            f"Appointment {ids.appointment} has no object in its calendar.",
        ],
    ),
    "object added": (
        "INSERT INTO objects (id, calendar_id, href, uid, component, etag, size, number,"
        " owner_id, changed, text) SELECT 999999, calendar_id, 'Befund', uid || 'x', component,"
        " etag, size, number, owner_id, changed, text FROM objects WHERE id = :object;"
        'INSERT INTO occurrences SELECT 999999, calendar_id, reach, start, "end", busy'
        " FROM occurrences WHERE object_id = :object",
        lambda ids: [
            "Object 999999 of calendar dr-mueller is not what the log says.",
            "Object 999999 of calendar dr-mueller has another UID or kind than its text.",
        ],
    ),
    **{
        f"time index: row {kind}": (
            statement,
            lambda ids: [
                f"Object {ids.object} of calendar dr-mueller"
                " is not in the time index as it should be."
            ],
        )
        for kind, statement in {
            "missing": "DELETE FROM occurrences WHERE object_id = :object",
            "added": "INSERT INTO occurrences SELECT object_id, calendar_id, reach, start + 1,"
            ' "end" + 1, busy FROM occurrences WHERE object_id = :object',
            "doubled": "INSERT INTO occurrences SELECT * FROM occurrences"
            " WHERE object_id = :object",
            "moved": "UPDATE occurrences SET start = start - 60 WHERE object_id = :object",
            "free": "UPDATE occurrences SET busy = 0 WHERE object_id = :object",
        }.items()
    },
    "appointment in another calendar": (
        "UPDATE appointments SET calendar_id = (SELECT id FROM calendars WHERE name = 'praxis')"
        " WHERE id = :appointment",
        lambda ids: [
            f"Appointment {ids.appointment} has no object in its calendar.",
            f"Appointment {ids.appointment} has a doctor and stands in no doctor's calendar.",
        ],
    ),
    "appointment of another object": (
        "UPDATE appointments SET uid = 'anders' WHERE id = :appointment",
        lambda ids: [f"Appointment {ids.appointment} has no object in its calendar."],
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_found_and_named_by_ids(busy: SqlDatabase, damage: str) -> None:
    statements, expected = DAMAGES[damage]
    ids = the_ids(busy)
    with busy.engine.connect() as connection:
        for statement in statements.split(";"):
            names = set(re.findall(r":([a-z]+)", statement))
            given = {name: value for name, value in ids._asdict().items() if name in names}
            assert connection.execute(text(statement), given).rowcount > 0
    found = faults(busy)
    assert found == expected(ids)
    ran = command("verify", database=busy)
    assert ran.code == 1
    assert ran.err.splitlines() == found
    assert ran.out.endswith(f" rows looked at, {len(found)} faults.\n")
    assert not [word for word in SECRETS if word in ran.out + ran.err]


def test_what_the_log_forgot_is_no_fault(busy: SqlDatabase) -> None:
    with busy.engine.connect() as connection:
        forgotten = the_ids(busy).last // 2
        connection.execute(text("DELETE FROM changes WHERE number <= :n"), {"n": forgotten})
        connection.execute(text("UPDATE house SET forgotten = :n"), {"n": forgotten})
    assert faults(busy) == []

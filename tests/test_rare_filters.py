"""What is rare among many appointments is found without walking all of them at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from practice.appointments import Status
from practice.details import Question, Source
from practice.life_cycle import Progress
from practice.use_cases.finding_appointments import MOST_LOOKED_AT, find_appointments
from tests.arranging import MUELLER, SCHMIDT, Surgery
from tests.building import NOW
from tests.sent import statements

if TYPE_CHECKING:
    from practice.database import SqlDatabase
    from practice.database.unit_of_work import SqlUnitOfWork

#: Of so many, each 4,000th is unlike all the others, in every way.
MANY, EACH = 12_000, 4_000
RARE = f"n % {EACH} = 7"
FILL = (
    f"""INSERT INTO objects (calendar_id, href, uid, component, etag, size, number, owner_id,
        changed, text)
    SELECT CASE WHEN {RARE} THEN :calendar ELSE :calendars END, 'x' || n, 'x' || n, 'VEVENT', 'e',
        1, 1, CASE WHEN {RARE} THEN 77 ELSE 1 END, 0, '' FROM numbers""",
    f"""INSERT INTO appointments (uid, calendar_id, doctor_id, patient_id, room_id, start, "end",
        status, kind, requires_confirmation)
    SELECT 'x' || n, CASE WHEN {RARE} THEN :calendar ELSE :calendars END,
        CASE WHEN {RARE} THEN :doctor ELSE :doctors END,
        CASE WHEN {RARE} THEN :patient ELSE :patients END, CASE WHEN {RARE} THEN :room END,
        :start + n * 60000000, :start + n * 60000000 + 1800000000,
        CASE WHEN {RARE} THEN 'TENTATIVE' ELSE 'CONFIRMED' END, 'kontrolle', false FROM numbers""",
    f"""INSERT INTO details (appointment_id, source, type_id, note, patient_note, reason,
        treatment_plan, procedures, visit, template_slot, booked_by, changed, progress,
        cancel_reason, late, override)
    SELECT id, CASE WHEN {RARE} THEN 'PHONE' ELSE 'STAFF' END,
        CASE WHEN {RARE} THEN :type ELSE :types END, '', '', '',
        CASE WHEN {RARE} THEN 'plan-7' ELSE '' END, CASE WHEN {RARE} THEN '["01"]' ELSE '[]' END,
        CASE WHEN {RARE} THEN 'besuch' ELSE '' END, '', 'empfang', 0,
        CASE WHEN {RARE} THEN 'arrived' ELSE '' END, '', false, ''
    FROM numbers JOIN appointments ON uid = 'x' || n""",
    "DROP TABLE numbers",
)
NUMBERS = f"""CREATE TABLE numbers AS
    WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {MANY})
    SELECT CAST(n AS BIGINT) AS n FROM c"""


@pytest.fixture
def archive(practice: SqlDatabase) -> Surgery:
    """A practice of many appointments."""
    surgery = Surgery(practice)
    with surgery.reading() as uow:
        calendars = {calendar.name: calendar.id for calendar in uow.calendars.all()}
    pairs = {
        "calendar": (calendars[MUELLER], calendars[SCHMIDT]),
        "doctor": (surgery.doctors[MUELLER], surgery.doctors[SCHMIDT]),
        "patient": (surgery.patients["100"], surgery.patients["200"]),
        "type": (surgery.types["eng"], surgery.types["kontrolle"]),
    }
    values: dict[str, Any] = {"room": surgery.rooms["raum-1"]}
    values["start"] = int(NOW.timestamp()) * 1_000_000
    for name, (rare, usual) in pairs.items():
        values |= {name: rare, f"{name}s": usual}
    with practice.engine.begin() as connection:
        for statement in (NUMBERS, *FILL):
            asked = text(statement)
            told = {name: values[name] for name in asked._bindparams}
            connection.execute(asked, told)
        if practice.dialect == "postgresql":  # which does so by itself
            connection.execute(text("ANALYZE"))
    return surgery


def questions(surgery: Surgery) -> tuple[dict[str, Question], dict[str, Question]]:
    """Return what is found by an index, and what one after the other has to be looked at for."""
    mueller = surgery.doctors[MUELLER]
    with surgery.reading() as uow:
        calendars = {calendar.name: calendar.id for calendar in uow.calendars.all()}
    both = tuple(id_ for name, id_ in calendars.items() if name != SCHMIDT)
    by_index = {
        "doctor": Question(doctor_id=mueller),
        "room": Question(room_id=surgery.rooms["raum-1"]),
        "patient": Question(patient_id=surgery.patients["100"]),
        "status": Question(status=Status.TENTATIVE),
        "calendar": Question(calendars=(calendars[MUELLER],)),
        "visit": Question(visit="besuch"),
        "plan": Question(treatment_plan="plan-7"),
        "doctor and type": Question(doctor_id=mueller, kind=surgery.types["eng"]),
        "plan and calendars": Question(treatment_plan="plan-7", calendars=both),
    }
    one_by_one = {
        "type": Question(kind=surgery.types["eng"]),
        "progress": Question(progress=Progress.ARRIVED),
        "source": Question(source=Source.PHONE),
        "procedure": Question(procedure="01"),
        "owner": Question(owner=(77, "buchung")),
        "calendars": Question(calendars=both),
        "type, of a day on": Question(kind=surgery.types["eng"], since=NOW),
    }
    return by_index, one_by_one


def test_what_is_rare_is_found_without_walking_all_there_is(archive: Surgery) -> None:
    by_index, one_by_one = questions(archive)
    for name, question in (by_index | one_by_one).items():
        found, after, pages = [], None, 0
        while after is not None or not pages:
            with archive.reading() as uow:
                with statements(archive.database) as sent:
                    page, after = find_appointments(uow, question, after=after, limit=100)
                asked = [one for one in sent if "FROM appointments" in one[0]]
                assert [step for one in asked for step in walks(uow, *one)] == [], name
            found += [one.appointment.uid for one in page]
            pages += 1
        assert found == [f"x{EACH * n + 7}" for n in range(MANY // EACH)], name
        # Pages that find nothing go on where they have looked.
        assert pages == (MANY // MOST_LOOKED_AT + 1 if name in one_by_one else 1), name


def walks(uow: SqlUnitOfWork, statement: str, parameters: Any) -> list[str]:
    """Return the steps of a plan that come to all appointments, whatever is asked."""
    if uow.connection.dialect.name == "postgresql":
        plan = uow.connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
        # Of what belongs to them, half of which it wants, it rather reads all.
        return [str(row[0]) for row in plan if "Seq Scan on appointments" in row[0]]
    plan = uow.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    # By an index alone so many are counted, and no more.
    counted = "(?!.* COVERING)" if "OFFSET" in statement else ""
    walk = re.compile(f"SCAN (appointments|details|objects){counted}")
    return [str(row[-1]) for row in plan if walk.search(row[-1])]

"""One patient's appointments of a day are fetched when somebody asks, and nobody else's touched."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from starlette.responses import Response

from booking_adapter.single_patient import AtOnce
from practice.acts import ActQuestion
from practice.appointments import Booking, Slot, Status
from practice.database import SqlDatabase
from practice.errors import Invalid, TaskNotFound
from practice.tasks import TaskState
from practice.use_cases.booking_base import Base
from tests.bookings import faults, url_of
from tests.building import BERLIN, reading, writing
from tests.single_patients import BENNO, DAY, EMPFANG, RUTH, Desk, a_desk, passed

if TYPE_CHECKING:
    from collections.abc import Callable

SLOW = timedelta(seconds=0.4)


@pytest.fixture
def desk(practice: SqlDatabase) -> Iterator[Desk]:
    with a_desk(practice) as desk:
        yield desk


def action(status: dict[str, Any]) -> str:
    assert status["status"] == "completed", status
    return str(status["result"]["action"])


def code(status: dict[str, Any]) -> str:
    assert status["status"] == "failed", status
    assert status["result"] is status["sqlhk_sync"] is None
    assert status["error"]
    assert status["appointments"]["processed"] == 0
    return str(status["error_code"])


# --- B1, B2: started, and told of


def test_a_status_has_the_fields_that_others_read(desk: Desk) -> None:
    number = desk.book(RUTH)
    task = desk.single.start("4400127", DAY, made_by=EMPFANG)
    assert (task.state, task.made_by) == (TaskState.RUNNING, "empfang")
    status = desk.ended(task.id)
    (appointment,) = desk.booked(number)
    took = status.pop("execution_time_ms")
    assert 0 <= took < 30_000
    assert status == {
        "task_id": task.id,
        "status": "completed",
        "patient": {"piz": "4400127", "found": True, "name": "Öhrlein", "vorname": "Ruth"},
        "appointments": {"found": 1, "processed": 1},
        "result": {"action": "created", "id": appointment.id, "review": False},
        "sqlhk_sync": {
            "action": "created",
            "id": appointment.id,
            "review": False,
            "untersuchung_id": appointment.id,
        },
        "error": None,
        "error_code": None,
        "progress": {"step": 4, "of": 4, "text": "writing the appointments"},
    }
    with reading(desk.database) as uow:
        (act,) = uow.acts.search(ActQuestion(action="begun"))
    assert (act.actor, act.of, "4400127" in str(act.after)) == ("empfang", task.id, False)


def test_it_is_in_the_calendar_as_every_booking(desk: Desk) -> None:
    number = desk.book(RUTH)
    desk.sync()
    (appointment,) = desk.booked(number)
    assert appointment.slot.start == datetime(2026, 11, 24, 10, tzinfo=BERLIN)
    with reading(desk.database) as uow:
        (head,) = uow.calendars.uid_holders(appointment.uid)
    assert head.calendar_id == appointment.calendar_id
    assert faults(desk.database) == []


def test_progress_is_told_while_the_tool_has_not_answered(desk: Desk) -> None:
    desk.book(RUTH)
    with desk.held() as tool:
        task = desk.single.start("4400127", DAY)
        tool.asked()
        status = desk.single.status(task.id)
    assert status["status"] == "running"
    assert status["progress"] == {"step": 1, "of": 4, "text": "fetching the day's appointments"}
    assert status["patient"] == {"piz": "4400127", "found": False, "name": None, "vorname": None}
    assert action(desk.ended(task.id)) == "created"


def test_another_process_tells_of_it_too_and_so_does_the_list(desk: Desk) -> None:
    desk.book(RUTH)
    done = desk.sync()
    desk.sync("9999999")
    with desk.other() as other:
        assert other.status(done["task_id"]) == done
        assert [one["status"] for one in other.recent()] == ["failed", "completed"]
        assert [one["error_code"] for one in other.recent([TaskState.FAILED])] == [
            "patient_not_found"
        ]


def test_an_id_that_was_never_given_out_is_of_no_task(desk: Desk) -> None:
    with writing(desk.database) as uow:
        import_, _ = uow.tasks.begin("import", "1", {}, SLOW)
    for unknown in ("", "x" * 32, import_.id):
        with pytest.raises(TaskNotFound):
            desk.single.status(unknown)


PIZ: list[Any] = [
    "",
    " ",
    "0",
    "0000",
    "x" * 65,
    "44 00",
    "ä",
    "44\n00",
    "../1",
    None,
    True,
    "4400;",
]
DAYS: list[Any] = ["", "24.11.2026", "2026-11-31", "2026-W48-2", "20261124", "1899-12-31", None, 7]
KINDS: list[Any] = ["", "x", -1, "²", "9" * 10, None, False]


@pytest.mark.parametrize(
    "asked",
    [
        *((piz, DAY, 24) for piz in PIZ),
        *(("4400127", day, 24) for day in DAYS),
        *(("4400127", DAY, kind) for kind in KINDS),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(asked: tuple[Any, Any, Any]) -> None:
    """By the forms alone: without a database."""
    from booking_adapter import single_patient as module

    checks: list[Callable[[object], object]] = [
        module._valid_piz,
        module._valid_day,
        module._valid_type,
    ]
    refused = []
    for check, told in zip(checks, asked, strict=True):
        try:
            check(told)
        except Invalid as error:
            refused.append(str(error))
    assert [sentence[-1] for sentence in refused] == ["."]


def test_a_refused_one_leaves_no_task(desk: Desk) -> None:
    with pytest.raises(Invalid):
        desk.single.start("4400127", "24.11.2026")
    assert desk.single.recent() == []
    assert desk.single.start(" 4400127 ", date(2026, 11, 24), "24").key == "4400127"


# --- B3: whose it is


def test_names_come_from_the_search_or_with_the_list(desk: Desk) -> None:
    shapes: list[Any] = ["absent", "short", "long", "flat"]
    for hour, shape in enumerate(shapes, 8):
        desk.tool.patient_as = shape
        number = desk.book(RUTH, f"{DAY}T{hour:02}:00:00")
        desk.sync()
        patient = desk.patient_of(number)
        assert (patient.number, patient.record.last_name) == ("4400127", "Öhrlein")
        assert not patient.to_review
        assert desk.patient_of(number).id == 1


def test_a_search_is_made_for_the_patient_alone(desk: Desk) -> None:
    desk.book(RUTH)
    desk.book(BENNO, f"{DAY}T11:00:00")
    desk.sync()
    asked = [(one.method, one.query.get("appointment_type_id")) for one in desk.tool.asked]
    assert asked == [("GET", "24"), ("POST", None)]
    assert b"4400127" in desk.tool.asked[1].body


def test_an_appointment_without_piz_is_theirs_by_insurance_number(desk: Desk) -> None:
    """Half of a day's may have none."""
    desk.tool.patient_as = "flat"
    desk.book(RUTH, f"{DAY}T08:00:00")
    desk.sync()
    renamed = replace(RUTH, last_name="Öhrlein-Moor", piz=None, insurance_number="k204 173 651")
    number = desk.book(renamed)
    status = desk.sync()
    assert status["appointments"] == {"found": 2, "processed": 2}
    assert desk.patient_of(number).number == "4400127"


def test_an_appointment_without_piz_is_theirs_by_name_and_birth_date(desk: Desk) -> None:
    desk.tool.patient_as = "flat"
    number = desk.book(RUTH, with_piz=False)
    status = desk.sync()
    assert action(status) == "created"
    assert status["patient"]["name"] == "Öhrlein"
    patient = desk.patient_of(number)
    assert (patient.number, patient.to_review) == ("4400127", False)


def test_nobody_gets_what_says_of_nobody_whose_it_is(desk: Desk) -> None:
    desk.tool.patient_as = "flat"
    own = desk.book(RUTH)
    for other in (
        None,
        replace(RUTH, piz="4400999"),
        replace(RUTH, first_name="Rut", piz=None, insurance_number=""),
        replace(RUTH, piz=None, insurance_number="A123456780"),
        replace(RUTH, last_name="", first_name="", piz="0000"),
    ):
        desk.book(other, f"{DAY}T12:00:00", with_piz=other is not None and other.piz is not None)
    status = desk.sync()
    assert status["appointments"]["found"] == 2, "by the insurance number of the last one"
    with reading(desk.database) as uow:
        known = uow.appointments.by_booking("calldoc", [str(n) for n in range(5000, 5030)])
    assert str(own) in known
    assert len(known) == 2


def test_what_may_be_of_two_is_left_to_a_person(desk: Desk) -> None:
    desk.tool.patient_as = "flat"
    twin = replace(RUTH, piz="4400500", insurance_number="")
    ruth = replace(RUTH, insurance_number="")
    for patient in (twin, ruth):
        desk.book(patient, "2026-11-23T10:00:00")
        desk.sync(patient.piz or "", "2026-11-23")
    number = desk.book(replace(ruth, piz=None))
    before = desk.practice()
    assert code(desk.sync()) == "ambiguous"
    assert desk.practice() == before
    desk.book(ruth, f"{DAY}T11:00:00")
    status = desk.sync()
    assert (action(status), status["error_code"]) == ("created", "ambiguous")
    with reading(desk.database) as uow:
        assert uow.appointments.by_booking("calldoc", [str(number)]) == {}


def test_who_may_be_known_by_another_number_is_marked_for_a_look(desk: Desk) -> None:
    desk.tool.patient_as = "flat"
    desk.book(replace(RUTH, piz="4400500", insurance_number=""), "2026-11-23T10:00:00")
    desk.sync("4400500", "2026-11-23")
    number = desk.book(RUTH)
    assert desk.sync()["result"]["review"] is True
    assert desk.patient_of(number).to_review


def test_a_patient_whom_a_booking_made_known_gets_no_twin(desk: Desk) -> None:
    """Found at every run by name, never made anew."""
    desk.tool.patient_as = "flat"
    number = desk.book(RUTH, with_piz=False)
    desk.pull()
    was = desk.patient_of(number)
    assert was.to_review
    for _ in range(3):
        status = desk.sync()
        assert action(status) == "already_exists"
        desk.pull()
    assert desk.patient_of(number) == was
    with reading(desk.database) as uow:
        assert len(uow.patients.candidates([was.record])) == 1


@pytest.mark.parametrize("shape", ["absent", "short", "long", "flat"])
@pytest.mark.parametrize("first", ["pull", "single"])
def test_asking_for_one_and_for_all_come_to_the_same(desk: Desk, shape: Any, first: str) -> None:
    desk.tool.patient_as = shape
    desk.book(RUTH)
    desk.book(RUTH, f"{DAY}T11:00:00", with_piz=False)
    desk.book(replace(BENNO, insurance_number=""), f"{DAY}T12:00:00")
    steps: list[Callable[[], object]] = [desk.pull, desk.sync, lambda: desk.sync("4400128")]
    for step in steps if first == "pull" else steps[::-1]:
        step()
    before = desk.practice()
    for step in [*steps, *steps]:
        step()
    assert desk.practice() == before


# --- B4: written, and nothing else


def test_a_second_run_changes_nothing(desk: Desk) -> None:
    desk.book(RUTH)
    desk.sync()
    before = desk.practice()
    status = desk.sync()
    assert action(status) == "already_exists"
    assert desk.practice() == before


def test_what_was_changed_there_is_updated(desk: Desk) -> None:
    number = desk.book(RUTH)
    desk.sync()
    desk.tool.move(number, f"{DAY}T15:00:00", doctor=19)
    assert action(desk.sync()) == "updated"
    (appointment,) = desk.booked(number)
    assert appointment.slot.start == datetime(2026, 11, 24, 15, tzinfo=BERLIN)
    desk.tool.cancel(number)
    assert action(desk.sync()) == "updated"
    (appointment,) = desk.booked(number)
    assert appointment.status is Status.CANCELLED


def test_several_are_told_of_together(desk: Desk) -> None:
    first = desk.book(RUTH)
    desk.sync()
    second = desk.book(RUTH, f"{DAY}T11:00:00")
    status = desk.sync()
    old, new = (one.id for one in desk.booked(first, second))
    assert status["appointments"] == {"found": 2, "processed": 2}
    assert status["result"] == {
        "action": "created",
        "id": new,
        "review": False,
        "all": [{"action": "already_exists", "id": old}, {"action": "created", "id": new}],
    }


def test_nothing_is_deleted_when_it_is_not_there_any_more(desk: Desk) -> None:
    number = desk.book(RUTH)
    desk.sync()
    before = desk.practice()
    desk.tool.move(number, "2026-11-25T10:00:00")
    assert code(desk.sync()) == "no_appointments"
    assert desk.practice() == before, "not even asked about"


def test_other_patients_of_the_day_stay_byte_for_byte(desk: Desk) -> None:
    others = [replace(BENNO, piz=f"44005{n:02}", last_name=f"Linde{n}") for n in range(6)]
    numbers = [desk.book(one, f"{DAY}T{8 + n:02}:30:00") for n, one in enumerate(others)]
    own = desk.book(RUTH)
    desk.pull()
    for number in numbers[:3]:
        desk.tool.move(number, f"{DAY}T18:00:00")
    desk.tool.cancel(numbers[3])
    desk.tool.move(own, f"{DAY}T16:00:00")
    (appointment,) = desk.booked(own)

    def of_others() -> dict[str, list[Any]]:
        tables = desk.practice()
        uid, patient = appointment.uid, appointment.patient_id
        return {
            "objects": [row for row in tables["objects"] if row.uid != uid],
            "appointments": [row for row in tables["appointments"] if row.uid != uid],
            "patients": [row for row in tables["patients"] if row.id != patient],
            "conflicts": list(tables["conflicts"]),
            "log": [row for row in tables["changes"] if row.uid != uid],
            "letters": [row for row in tables["letters"] if row.appointment_id != appointment.id],
        }

    before = of_others()
    assert action(desk.sync()) == "updated"
    assert of_others() == before
    assert len(before["objects"]) == len(before["appointments"]) == 6


def test_what_the_practice_changed_since_stands(desk: Desk) -> None:
    number = desk.book(RUTH)
    desk.sync()
    (appointment,) = desk.booked(number)
    with writing(desk.database) as uow:
        calendar = next(c for c in uow.calendars.all() if c.id == appointment.calendar_id)
        (head,) = uow.calendars.uid_holders(appointment.uid)
        assert isinstance(head.href, str)
        uow.calendars.remove(calendar, head.href)
    assert action(desk.sync()) == "already_exists"
    with reading(desk.database) as uow:
        assert uow.calendars.uid_holders(appointment.uid) == []


def test_the_type_and_the_day_are_those_asked_for(desk: Desk) -> None:
    desk.book(RUTH, kind=25)
    desk.book(RUTH, "2026-11-25T10:00:00")
    night = desk.book(RUTH, "2026-11-23T23:30:00Z")  # half past midnight in the practice
    status = desk.sync()
    assert status["appointments"] == {"found": 1, "processed": 1}
    assert desk.booked(night)
    assert action(desk.sync(kind=25)) == "created"


# --- B5: what goes wrong


def test_who_is_nowhere_is_not_found(desk: Desk) -> None:
    desk.book(RUTH)
    status = desk.sync("9999999")
    assert code(status) == "patient_not_found"
    assert status["patient"] == {"piz": "9999999", "found": False, "name": None, "vorname": None}


@pytest.mark.parametrize("known_by", ["practice", "tool"])
def test_a_day_without_appointments_is_told_as_that(desk: Desk, known_by: str) -> None:
    desk.book(RUTH)
    if known_by == "practice":
        desk.sync()
    status = desk.sync(day="2026-12-31")
    assert code(status) == "no_appointments"
    assert status["patient"]["found"] is True
    assert status["patient"]["name"] == ("Öhrlein" if known_by == "practice" else None)


def test_without_a_search_the_number_is_all_that_is_known(practice: SqlDatabase) -> None:
    with a_desk(practice, search=False) as desk:
        number = desk.book(RUTH)
        assert code(desk.sync("9999999")) == "patient_not_found"
        assert action(desk.sync()) == "created"
        assert desk.patient_of(number).number == "4400127"


def test_a_tool_that_is_down_is_told(desk: Desk) -> None:
    desk.book(RUTH)
    desk.tool.down()
    assert code(desk.sync()) == "tool_unreachable"
    desk.tool.up()
    assert action(desk.sync()) == "created"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("answer", [Response(status_code=500), Response("<h1>Wartung</h1>")])
def test_an_answer_of_no_use_changes_nothing(desk: Desk, method: str, answer: Response) -> None:
    desk.book(RUTH)
    before = desk.practice()
    desk.tool.refuse = lambda asked: answer if asked.method == method else None
    assert code(desk.sync()) == "tool_unreachable"
    assert desk.practice() == before


def test_a_slow_tool_is_not_waited_for_longer_than_may_be(desk: Desk) -> None:
    desk.book(RUTH)
    before = desk.practice()
    with desk.held(), desk.other(at_once=AtOnce(limit=SLOW)) as hasty:
        task = hasty.start("4400127", DAY)
        status = desk.ended(task.id, hasty)
        assert code(status) == "timeout"
        assert SLOW / timedelta(milliseconds=1) * 0.8 < status["execution_time_ms"] < 5_000
    assert desk.practice() == before


def test_who_waited_too_long_for_the_database_writes_nothing(desk: Desk) -> None:
    desk.book(RUTH)
    before = desk.practice()
    # Time enough to ask the tool, beside other tests as well.
    with desk.held() as tool, desk.other(at_once=AtOnce(limit=SLOW * 5)) as hasty:
        task = hasty.start("4400127", DAY)
        tool.asked()
        with writing(desk.database):
            tool.may_go.set()  # it answers, and others write until it is too late
            passed(SLOW * 6)
        status = desk.ended(task.id)
    assert code(status) == "timeout"
    assert desk.practice() == before


def test_a_database_that_does_not_answer_is_told(desk: Desk) -> None:
    desk.book(RUTH)
    with (
        closing(SqlDatabase(url_of(desk.database), busy_timeout=0.1)) as impatient,
        desk.held() as tool,
        desk.other(database=impatient) as single,
    ):
        task = single.start("4400127", DAY)
        tool.asked()
        with writing(desk.database):
            tool.may_go.set()
            passed(SLOW)
        status = desk.ended(task.id)
    assert code(status) == "database"
    assert action(desk.sync()) == "created"


def test_who_was_killed_has_failed_and_hinders_nobody(desk: Desk) -> None:
    """Its process is gone: nobody renews the lease, and the clock says that it is over."""
    desk.book(RUTH)
    with writing(desk.database, now=desk.clock()) as uow:
        asked = {"piz": "4400127", "date": DAY, "appointment_type_id": 24}
        killed, _ = uow.tasks.begin("single_patient", "4400127", asked, timedelta(seconds=65))
    assert desk.single.start("4400127", DAY).id == killed.id
    assert desk.single.status(killed.id)["status"] == "running"
    desk.clock.ahead += timedelta(seconds=66)
    status = desk.single.status(killed.id)
    assert code(status) == "interrupted"
    assert status["execution_time_ms"] == 65_000
    done = desk.sync()
    assert action(done) == "created"
    assert done["task_id"] != killed.id
    assert code(desk.single.status(killed.id)) == "interrupted"


def test_who_was_taken_for_dead_writes_nothing_any_more(desk: Desk) -> None:
    desk.book(RUTH)
    before = desk.practice()
    with desk.held() as tool:
        task = desk.single.start("4400127", DAY)
        tool.asked()
        desk.clock.ahead += timedelta(seconds=66)
        assert code(desk.single.status(task.id)) == "interrupted"
    desk.single.close()
    assert code(desk.single.status(task.id)) == "interrupted"
    assert desk.practice() == before


@pytest.mark.parametrize("odd", [{"doctor": 40}, {"start": "2026-11-24"}])
def test_what_cannot_be_taken_over_says_why(desk: Desk, odd: dict[str, Any]) -> None:
    desk.book(RUTH, **odd)
    before = desk.practice()
    status = desk.sync()
    assert code(status) == "refused"
    assert status["appointments"] == {"found": 1, "processed": 0}
    assert desk.practice() == before
    desk.book(RUTH, f"{DAY}T12:00:00")
    status = desk.sync()
    assert action(status) == "created"
    assert status["appointments"] == {"found": 2, "processed": 1}
    assert status["error"].startswith("1 of 2 could not be taken over: Its ")


def test_what_the_practice_has_no_doctor_for_leaves_no_patient(desk: Desk) -> None:
    frontend = replace(desk.adapter._its, doctors={"18": "dr-neu"})
    desk.adapter._its = frontend
    desk.tool.patient_as = "flat"
    desk.book(RUTH, with_piz=False)
    before = desk.practice()
    status = desk.sync()
    assert code(status) == "refused"
    assert "no doctor 'dr-neu'" in status["error"]
    assert desk.practice() == before


def test_a_fault_of_ours_is_told_and_leaves_nobody_waiting(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.book(RUTH)
    desk.adapter._its = None  # type: ignore[assignment]
    assert code(desk.sync()) == "internal"
    assert "single_patient.error" in caplog.messages


def test_no_name_and_no_number_of_a_patient_stands_in_the_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "booking_adapter")
    desk.book(RUTH)
    desk.book(RUTH, f"{DAY}T12:00:00", doctor=40)
    desk.sync()
    desk.sync("4400999")
    desk.tool.down()
    desk.sync()
    logged = " ".join(str(vars(record)) for record in caplog.records)
    assert "single_patient.done" in logged
    assert "single_patient.failed" in logged
    assert not any(word in logged for word in ("Öhrlein", "Ruth", "4400127", "4400999", "1958"))


def test_an_erased_patient_is_not_named_by_a_task(desk: Desk) -> None:
    desk.book(RUTH)
    done = desk.sync()
    with reading(desk.database) as uow:
        task = uow.tasks.get(done["task_id"])
    assert task is not None
    assert not any(word in str(task) for word in ("Öhrlein", "Ruth", "1958"))


def test_bookings_without_an_insurance_number_have_the_digest_they_had() -> None:
    """Else an upgrade would take over every booking anew."""
    start = datetime(2026, 11, 24, 9, tzinfo=UTC)
    slot = Slot(start, start + timedelta(minutes=30))
    booking = Booking("B-1", "dr-mueller", slot, Status.CONFIRMED, "Zarnekow")
    told = Base.told(booking)
    assert told.digest == "0367a163a42da7d235657bd667589eb4"
    assert told.person == "8701971fed75d2fb6e1c03e84832d9bd"
    insured = Base.told(replace(booking, insurance_number="A123456780"))
    assert insured.digest != told.digest
    assert insured.person == told.person
    of_number = [
        Base.told(replace(booking, last_name="", insurance_number=one)).person for one in ("A", "B")
    ]
    assert of_number[0] != of_number[1]

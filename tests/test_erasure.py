"""Removing patients: what stays, what goes, and that nobody can tell any more."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, select, text, update

from practice.acts import FIRST_SEAL, ActQuestion, Kind
from practice.acts import faults as act_faults
from practice.answers import GivenAnswer
from practice.appointments import Status
from practice.calendars import Draft
from practice.database.tables import details, import_rows, imports, letters
from practice.erasures import ERASED
from practice.errors import CannotUndo, HasAppointments, HeldByLaw, Invalid
from practice.letters import UNSETTLED
from practice.log import LogQuestion
from practice.messages import Receiver
from practice.tasks import TaskState
from practice.use_cases import patient_records as records
from practice.use_cases.disclosure import disclose
from practice.use_cases.erasure import (
    ErasedAgain,
    StillHeld,
    delete,
    erase,
    erasures,
    re_erase,
)
from practice.use_cases.history import as_file_at, history
from practice.use_cases.merging import merge
from practice.use_cases.patient_search import search_patients
from practice.use_cases.rearranging import Changes, change
from practice.use_cases.undo_plans import plan_undo
from practice.vevent import read
from practice.views import View
from tests.bookings import everything, faults
from tests.building import BERLIN, NOW, PROFILE, an_event, reading, the_view, writing
from tests.sick import PAST, SOON, a_booking, a_record, booked, made, the_texts

if TYPE_CHECKING:
    from practice.database import SqlDatabase
    from practice.database.unit_of_work import SqlUnitOfWork
    from practice.patients import Patient

#: What must not be found anywhere afterwards.
SECRETS = ("hrenthaler", "zoe@example.org", "030 123456", "1966-02-03", "Befund", "Heimlich")


def a_patient_of_long(uow: SqlUnitOfWork, *, to_come: bool = True) -> Patient:
    """Make a patient whom everything tells of: bookings, notes, acts, lists, letters, a link."""
    patient = records.create(uow, a_record(number="4711"))
    patient = records.link(uow, patient, "tool-9").patient
    patient = records.change(uow, patient, replace(patient, language="en"))
    uids = booked(uow, a_booking("B-1", PAST), *([a_booking("B-2", SOON)] if to_come else []))
    (known, *_) = uow.traces.appointments(patient.id)
    assert {one.uid for one in uow.traces.appointments(patient.id)} == set(uids)
    run = uow.connection.execute
    told = {"source": "staff", "procedures": "[]", "booked": NOW, "changed": NOW, "late": False}
    empty = dict.fromkeys(("treatment_plan", "visit", "template_slot", "booked_by", "progress"), "")
    notes = dict.fromkeys(("note", "patient_note", "reason", "cancel_reason", "override"), "")
    notes["note"] = "Heimlich: Befund der Ährenthaler"
    run(insert(details).values(appointment_id=known.id, **told, **empty, **notes))
    listed = run(
        insert(imports)
        .values(name="a", source="csv", state="applied", made=NOW, made_by="", error="", told="{}")
        .returning(imports.c.id)
    ).scalar_one()
    row = {"import_id": listed, "line": 1, "verdict": "same", "decision": "", "decided_by": ""}
    record = {
        "record": '{"last_name": "Ährenthaler"}',
        "candidates": '[{"why": "zoe@example.org"}]',
    }
    before = {"before": '{"phone": "030 123456"}', "patient_id": patient.id}
    run(insert(import_rows).values(**row, **record, **before))
    uow.acts.note("noted", Kind.APPOINTMENT, known.id, None, {"note": "Heimlich"})
    return patient


def told(database: SqlDatabase) -> str:
    """Return everything that any table says, as one text."""
    return json.dumps(
        {n: [list(r) for r in rows] for n, rows in everything(database).items()},
        default=str,
        ensure_ascii=False,
    )


def found(database: SqlDatabase) -> list[str]:
    said = told(database)
    return [secret for secret in SECRETS if secret in said]


def test_nothing_is_left_of_who_was_erased(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        patient = a_patient_of_long(uow)
        other = made(
            uow, "Lindenhof", first_name="Karl", email="", phone="", birth_date="1950-01-01"
        )
        his = {"last_name": "Lindenhof", "first_name": "Karl", "birth_date": "1950-01-01"}
        booked(uow, a_booking("B-3", PAST + timedelta(hours=2), reason="Kontrolle", **his))
    assert set(found(practice)) == set(SECRETS)
    before = told(practice)
    with writing(practice) as uow:
        done = erase(uow, patient, PROFILE, also_future=True)
    assert (done.number, done.appointments, done.rewritten, done.removed) == ("4711", 2, 1, 1)
    assert done.changes >= 4  # two made, one rewritten, one removed
    assert found(practice) == []
    assert before.count("Lindenhof") == told(practice).count("Lindenhof")
    assert faults(practice) == []
    with reading(practice) as uow:
        assert uow.patients.get([patient.id, other.id]).keys() == {other.id}
        assert search_patients(uow, "Ährenthaler") == []
        assert [(one.number, one.erased) for one in erasures(uow)] == [("4711", NOW)]
        acts = list(uow.acts.search(ActQuestion(action="erased", kind=Kind.PATIENT)))
        assert {act.of for act in acts} == {str(patient.id)}


def test_nor_what_the_log_tells_of_an_appointment_that_is_anothers_by_now(
    practice: SqlDatabase,
) -> None:
    with writing(practice) as uow:
        patient = a_patient_of_long(uow, to_come=False)
        other = made(uow, "Lindenhof", email="", phone="", birth_date="1950-01-01")
        booked(uow, a_booking("B-4", SOON))
        known = next(one for one in uow.traces.appointments(patient.id) if one.slot.start == SOON)
        change(uow, known.id, Changes(patient_id=other.id), PROFILE)
    with writing(practice) as uow:
        told_of = disclose(uow, patient)["changes"]
        assert any(
            "Ährenthaler" in (one["after"] or "") for one in told_of if one["uid"] == known.uid
        )
        erase(uow, patient, PROFILE)
    assert found(practice) == []
    assert faults(practice) == []
    assert "Lindenhof" in told(practice)


def test_neither_tasks_nor_answers_tell_of_who_was_erased(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        patient = a_patient_of_long(uow, to_come=False)
        twin = records.create(uow, a_record(number="0815"))
        merge(uow, twin, patient)
        patient = records.patient_of_id(uow, patient.id)
        minute = timedelta(minutes=1)
        for number in ("4711", "0815", "5"):
            asked = {"piz": number, "date": "2026-11-24"}
            task, _ = uow.tasks.begin("single_patient", number, asked, minute)
            uow.tasks.renew(task.id, minute, {"name": "Ährenthaler"} if number != "5" else {})
        other, _ = uow.tasks.begin("import", "4711", {"file": "Patienten.csv"}, minute)
        uow.answers.keep("k", GivenAnswer("f", 201, {}, "Ährenthaler".encode()))
    with writing(practice) as uow:
        erase(uow, patient, PROFILE)
    assert found(practice) == []
    with reading(practice) as uow:
        left = {(one.kind, one.key) for one in uow.tasks.find([TaskState.RUNNING])}
        assert left == {("single_patient", "5"), ("import", "4711")}
        assert uow.tasks.get(other.id) is not None
        assert uow.answers.find("k") is None


def test_the_chain_of_acts_holds(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        erase(uow, a_patient_of_long(uow, to_come=False), PROFILE)
    with reading(practice) as uow:
        seal = FIRST_SEAL
        for act in uow.acts.search(ActQuestion()):
            assert act_faults(seal, act) == []
            assert act.is_erased or act.action == "erased" or act.kind is Kind.ACCOUNT
            seal = act.seal
        assert uow.acts.head()[1] == seal


def test_the_time_of_what_is_over_stays_and_nothing_else(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        patient = a_patient_of_long(uow, to_come=False)
        ((uid, was),) = the_texts(uow).items()
    with writing(practice) as uow:
        erase(uow, patient, PROFILE)
    with reading(practice) as uow:
        ((now_uid, now),) = the_texts(uow).items()
        facts = [read(t, zone=BERLIN, now=NOW, limits=PROFILE.limits) for t in (was, now)]
        assert now_uid == uid
        assert facts[1].occurrences == facts[0].occurrences
        assert "SUMMARY:gelöscht" in now
        assert "X-PATIENT-ID" not in now
        known = uow.appointments.by_uid(uid)
        assert known is not None
        assert (known.patient_id, known.insurance, known.status) == (None, None, Status.CONFIRMED)
        assert known.slot.start == PAST


def test_replicas_learn_of_it_and_old_tokens_still_work(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        patient = a_patient_of_long(uow)
        view = the_view(uow, "admin", "dr-mueller")
        token = (view.number, view.mark)
    with writing(practice) as uow:
        erase(uow, patient, PROFILE, also_future=True)
    with reading(practice) as uow:
        view = the_view(uow, "admin", "dr-mueller")
        changes = uow.calendars.changes_since(view, *token)
        assert (len(changes.changed), len(changes.removed)) == (1, 1)
        everything_since = uow.calendars.changes_since(view, 0)
        assert [head.etag for head in everything_since.changed] == [
            head.etag for head in uow.calendars.listing(view)
        ]


def test_the_log_tells_times_and_cannot_be_taken_back(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        patient = a_patient_of_long(uow)
    with writing(practice, now=NOW + timedelta(minutes=1)) as uow:
        erase(uow, patient, PROFILE, also_future=True)
    with reading(practice) as uow:
        rows = [row for row in history(uow, LogQuestion(), 100, PROFILE) if row.change.href]
        titles = {side.title for row in rows for side in (row.before, row.after) if side}
        assert titles == {"gelöscht"}
        file = as_file_at(uow, "dr-mueller", NOW, PROFILE)
        assert file.count("SUMMARY:gelöscht") == 2
        for row in rows:
            number = row.change.number
            with pytest.raises(CannotUndo, match="erased with a patient"):
                plan_undo(uow, [LogQuestion(first=number, last=number)], PROFILE, also_later=True)


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE changes SET seal = (SELECT forgery FROM x) WHERE number = :n", "The seal of"),
        ("UPDATE erased_changes SET seal = (SELECT forgery FROM x) WHERE number = :n", "The seal"),
        ("UPDATE erased_changes SET act = 99999 WHERE number = :n", "No act tells who erased"),
        ("UPDATE erased_changes SET act = 1 WHERE number = :n", "No act tells who erased"),
        ("DELETE FROM erased_changes WHERE number = :n", "The seal of change"),
    ],
)
def test_whoever_feigns_an_erasure_is_found_out(
    practice: SqlDatabase, statement: str, sentence: str
) -> None:
    with writing(practice) as uow:
        erase(uow, a_patient_of_long(uow, to_come=False), PROFILE)
    with practice.engine.connect() as connection:
        number = connection.execute(text("SELECT MIN(number) FROM erased_changes")).scalar_one()
        forged = "(SELECT seal FROM changes WHERE number = 1)"
        said = statement.replace("(SELECT forgery FROM x)", forged)
        connection.execute(text(said), {"n": number})
    assert any(fault.startswith(sentence) for fault in faults(practice))


def test_a_hold_stands_against_it_and_leaves_everything(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        patient = a_patient_of_long(uow, to_come=False)
        until = records.ten_years_after(PAST.date())
        patient = records.hold(uow, patient, until, "§ 630f BGB")
    assert until == "2036-11-10"
    before = everything(practice)
    for remove in (lambda u: delete(u, patient), lambda u: erase(u, patient, PROFILE)):
        with pytest.raises(HeldByLaw, match="2036-11-10"), writing(practice) as uow:
            remove(uow)
    assert everything(practice) == before
    with writing(practice, now=NOW + timedelta(days=3653)) as uow:
        erase(uow, patient, PROFILE)
    assert found(practice) == []


def test_appointments_to_come_stand_against_it(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        patient = a_patient_of_long(uow)
    before = everything(practice)
    with pytest.raises(HasAppointments, match="1 appointments to come"), writing(practice) as uow:
        erase(uow, patient, PROFILE)
    with pytest.raises(HasAppointments), writing(practice) as uow:
        delete(uow, patient)
    assert everything(practice) == before


def test_a_series_that_goes_on_is_to_come(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        patient = a_patient_of_long(uow, to_come=False)
        (calendar,) = [c for c in uow.calendars.all() if c.name == "dr-mueller"]
        (head,) = uow.calendars.listing(View(calendar, (calendar,), uow.epoch))
        series = an_event(head.uid, "20261110T100000", "20261110T103000", "RRULE:FREQ=WEEKLY")
        facts = read(series, zone=BERLIN, now=NOW, limits=PROFILE.limits)
        uow.calendars.save(calendar, Draft(head.href, series, facts))
    with pytest.raises(HasAppointments), writing(practice) as uow:
        erase(uow, patient, PROFILE)


def test_who_hears_of_appointments_that_are_erased(practice: SqlDatabase) -> None:
    """The tool gets its slot back; nobody writes to the patient."""
    with writing(practice) as uow:
        patient = a_patient_of_long(uow)
        (_, known) = uow.traces.appointments(patient.id)
        uow.outbox.post(Receiver.PATIENT, "AppointmentMoved", known, "null")  # type: ignore[arg-type]
    with writing(practice) as uow:
        erase(uow, patient, PROFILE, also_future=True)
    with reading(practice) as uow:
        assert [(to, str(what)) for to, what, _ in uow.outbox.waiting()] == [
            (Receiver.BOOKING_TOOL, "AppointmentCancelled")
        ]


def test_the_tool_telling_the_same_again_brings_nobody_back(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        patient = a_patient_of_long(uow)
    with writing(practice) as uow:
        erase(uow, patient, PROFILE, also_future=True)
    with writing(practice) as uow:
        booked(uow, a_booking("B-1", PAST), a_booking("B-2", SOON))
    assert found(practice) == []


def test_who_was_deleted_is_no_patient_and_the_calendar_stays(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        patient = a_patient_of_long(uow)
        before = the_texts(uow)
        (_, known) = uow.traces.appointments(patient.id)
        uow.outbox.post(Receiver.PATIENT, "AppointmentMoved", known, "null")  # type: ignore[arg-type]
        number = uow.log_state().number
    with writing(practice) as uow:
        removed = delete(uow, patient, also_future=True)
    assert (removed.appointments, removed.letters) == (2, 1)
    with reading(practice) as uow:
        assert the_texts(uow) == before
        assert uow.patients.by_number("4711") is None
        assert uow.patients.with_tool_id("tool-9") is None
        assert search_patients(uow, "Ährenthaler") == []
        assert {one.patient_id for one in uow.appointments.all()} == {None}
        assert uow.outbox.find(UNSETTLED) == []  # neither tool nor patient hears of it
        assert uow.log_state().number == number + 2  # views of less detail call them otherwise
        assert erasures(uow) == []
    assert faults(practice) == []


def test_the_number_of_who_is_gone_is_nobody_elses(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        first = made(uow)
        delete(uow, first)
        second = made(uow)
        erase(uow, second, PROFILE)
        third = made(uow)
    assert len({first.number, second.number, third.number}) == 3


def test_who_came_back_with_a_backup_is_erased_again(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        patient = a_patient_of_long(uow)
        twin = records.create(uow, a_record(number="0815"))
        merge(uow, twin, patient)
        patient = records.patient_of_id(uow, patient.id)
        patient = records.hold(uow, patient, "2099-01-01", "§ 630f BGB")
        other = records.create(uow, a_record(number="4712"))
    before = everything(practice)
    with writing(practice) as uow:
        told = re_erase(uow, ["1", "0815", "4711", "0815"], PROFILE, "  ")
    assert (told.done, told.held) == ([], [StillHeld("4711", "2099-01-01")])
    assert everything(practice) == before
    with writing(practice) as uow:
        told = re_erase(uow, ["0815", "4712"], PROFILE)
    assert [one.number for one in told.done] == [other.number]  # a hold is one patient's
    assert [one.number for one in told.held] == ["4711"]
    with pytest.raises(Invalid), writing(practice) as uow:
        re_erase(uow, ["4711"], PROFILE, "x" * 256)
    with writing(practice) as uow:
        done = re_erase(uow, ["1", "0815", "4711", "0815"], PROFILE, "Urteil vom 3. Mai").done
        acts = [act for act in uow.acts.search(ActQuestion(kind=Kind.PATIENT)) if act.after]
        (act,) = (act for act in acts if "override" in (act.after or ""))
    assert [one.number for one in done] == ["4711"]
    assert found(practice) == []
    assert act.action == ERASED
    told_of = json.loads(act.after or "")
    del told_of["_"]
    assert told_of | {"appointments": 0} == {
        "appointments": 0,
        "held_until": "2099-01-01",
        "override": "Urteil vom 3. Mai",
    }
    with reading(practice) as uow:
        assert {one.number for one in erasures(uow)} == {"4711", "0815", "4712"}
    assert faults(practice) == []
    with writing(practice) as uow:
        assert re_erase(uow, ["4711"], PROFILE) == ErasedAgain([], [])


def test_what_fails_in_the_middle_has_not_happened(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        patient = a_patient_of_long(uow, to_come=False)
        uow.connection.execute(update(letters).values(error=""))
    before = everything(practice)

    def erase_and_fail() -> None:
        with writing(practice) as uow:
            erase(uow, patient, PROFILE)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        erase_and_fail()
    assert everything(practice) == before
    with practice.engine.connect() as connection:
        assert connection.execute(select(details.c.note)).scalar_one().startswith("Heimlich")

"""Patient lists: planned, looked through, decided, applied and taken back, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from practice.acts import ActQuestion, Kind, content_of
from practice.appointments import Slot, Status
from practice.database.tables import import_rows, letters, patient_keys, patients
from practice.errors import Conflict, ImportNotFound, Invalid
from practice.imports import (
    KEPT,
    Choice,
    ImportRow,
    ImportState,
    ListRow,
    Policy,
    RowVerdict,
    differences,
)
from practice.patients import Patient, PatientRecord
from practice.use_cases import patient_records
from practice.use_cases.import_applying import Application, Applied, apply
from practice.use_cases.import_plans import plan
from practice.use_cases.import_starts import begin_import
from practice.use_cases.import_undoing import Undone, Why, undo
from practice.use_cases.import_work import STEP, in_steps
from practice.use_cases.imports import (
    counts_of,
    decide,
    decide_all,
    forget_old,
    remove_import,
    rows_shown,
)
from practice.use_cases.verify import verify
from tests.building import NOW, PROFILE, a_practice, reading, writing
from tests.conftest import BACKENDS, a_database
from tests.sent import statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from practice.database import SqlDatabase
    from practice.ports import UnitOfWork

IDA = PatientRecord("Ährenthaler", "Ida", "1966-02-03", "ida@example.org", "0171 1234567")
UWE = PatientRecord("Birkenfink", "Uwe", "1950-05-05", phone="030 9876543", number="4711")
EVA = PatientRecord("Cronenbold", "Eva", "1988-08-08", "eva@example.org")


def listed(*records: PatientRecord | None) -> list[ListRow]:
    """Return a list with these rows, from line 2 on; None is one that could not be read."""
    return [
        ListRow(line, record, doubts=() if record else ("misquoted",))
        for line, record in enumerate(records, start=2)
    ]


def planned(database: SqlDatabase, *records: PatientRecord | None) -> int:
    with writing(database) as uow:
        return plan(uow, "patienten.csv", "file", listed(*records)).id


def applied(database: SqlDatabase, import_id: int, policy: Policy = Policy.FILL) -> Applied:
    with writing(database) as uow:
        return apply(uow, import_id, policy)


def undone(database: SqlDatabase, import_id: int) -> Undone:
    with writing(database) as uow:
        return undo(uow, import_id)


def known(database: SqlDatabase, *records: PatientRecord, to_review: bool = False) -> list[Patient]:
    """Store patients."""
    with writing(database) as uow:
        return [uow.patients.save(Patient(r.number, r, to_review=to_review)) for r in records]


def everybody(database: SqlDatabase) -> list[PatientRecord]:
    with reading(database) as uow:
        return [one.record for one in uow.patients_in_bulk.all()]


def verdicts(database: SqlDatabase, import_id: int) -> dict[str, int]:
    """Return how many rows have which verdict, without those that none has."""
    with reading(database) as uow:
        counts = counts_of(uow, import_id).by_verdict
    return {str(verdict): times for verdict, times in counts.items() if times}


def rows(database: SqlDatabase, import_id: int) -> list[ImportRow]:
    with reading(database) as uow:
        return uow.imports.rows(import_id)


def chosen(database: SqlDatabase, import_id: int, line: int, choice: Choice, **more: Any) -> None:
    with writing(database) as uow:
        decide(uow, import_id, line, choice, **more)


def count(database: SqlDatabase, table: Any) -> int:
    with database.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


# --- the plan -----------------------------------------------------------------------------------


def test_a_plan_tells_new_known_changed_doubtful_and_unreadable_rows_apart(
    practice: SqlDatabase,
) -> None:
    known(practice, IDA, replace(UWE, phone=""), EVA)
    rows_told = (
        IDA,
        UWE,
        replace(EVA, birth_date="", email=""),
        PatientRecord("Neuling", "Max", "1999-09-09"),
        None,
    )
    before = everybody(practice)
    one = planned(practice, *rows_told)
    assert [str(row.verdict) for row in rows(practice, one)] == [
        *("same", "update", "ask", "new", "unreadable")
    ]
    assert everybody(practice) == before, "a plan changes nothing"
    with reading(practice) as uow:
        found = uow.imports.get(one)
        assert (found.state, found.told["total"]) == (ImportState.PLANNED, 5)
        assert [row.line for row in uow.imports.rows(one, 3)] == [4, 5, 6]
        asked = rows_shown(uow, one, 0, 10, RowVerdict.ASK)
    assert [row.row.line for row in asked] == [4]
    assert asked[0].beside[0].patient.record.last_name == EVA.last_name
    assert "only_ask:only_the_name" in asked[0].beside[0].candidate.reasons


def test_what_a_row_would_change_is_told_side_by_side(practice: SqlDatabase) -> None:
    known(practice, replace(UWE, first_name="", insurance_number=""))
    told = replace(UWE, phone="0171 555666", insurance_number="A123456780")
    one = planned(practice, told)
    with reading(practice) as uow:
        [row] = rows_shown(uow, one, 0, 10)
    found = {d.field: (d.before, d.after, d.filled) for d in row.beside[0].differences}
    assert found == {
        "first_name": ("", "Uwe", True),
        "phone": ("030 9876543", "0171 555666", False),
        "insurance_number": ("", "A123456780", True),
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"phone": "0171 1234567"}, {"phone": "+49 (0)171/123 45 67"}),
        ({"phone": "0049 171 1234567"}, {"phone": "01711234567"}),
        ({"email": "Ida@Example.org"}, {"email": "ida@example.org "}),
        ({"first_name": "Ida  Marie"}, {"first_name": "Ida Marie"}),
    ],
)
def test_one_value_written_in_two_ways_is_no_difference(
    one: dict[str, str], other: dict[str, str]
) -> None:
    assert differences(replace(IDA, **one), replace(IDA, **other)) == ()


def test_values_too_long_for_us_stay_beside_the_row_and_nothing_breaks(
    practice: SqlDatabase,
) -> None:
    odd = replace(EVA, phone="0" * 100, email="a\0b\ud800@example.org", first_name="E" * 300)
    one = planned(practice, odd, replace(EVA, last_name="C" * 256))
    first, second = rows(practice, one)
    assert first.record is not None
    assert first.listed is not None
    assert (first.record.phone, first.record.first_name) == ("", "")
    assert first.listed.more["phone"] == "0" * 100
    assert set(first.listed.doubts) == {"too_long:phone", "too_long:first_name"}
    assert second.verdict is RowVerdict.UNREADABLE
    assert applied(practice, one).made == 1


def test_an_import_of_an_import_that_is_not_there_is_not_found(practice: SqlDatabase) -> None:
    uses: tuple[Callable[..., object], ...] = (apply, undo, remove_import)
    for use in uses:
        with pytest.raises(ImportNotFound), writing(practice) as uow:
            use(uow, 99)
    with pytest.raises(ImportNotFound), reading(practice) as uow:
        rows_shown(uow, 99, 0, 10)


# --- applying -----------------------------------------------------------------------------------


def test_new_patients_are_made_known_ones_filled_in_and_no_letter_goes_out(
    practice: SqlDatabase,
) -> None:
    [uwe] = known(practice, replace(UWE, phone="", first_name="Uwe"))
    one = planned(practice, IDA, UWE)
    result = applied(practice, one)
    assert (result.made, result.changed, result.waiting) == (1, 1, 0)
    with reading(practice) as uow:
        assert uow.patients.get([uwe.id])[uwe.id].record.phone == UWE.phone
        [ida] = [p for p in uow.patients_in_bulk.all() if p.record.last_name == IDA.last_name]
        acts = list(uow.acts.search(ActQuestion(kind=Kind.PATIENT, action="imported")))
        assert list(verify(uow, PROFILE, lambda: None)) == []
    assert ida.number.startswith("P")
    assert ida.to_review, "the number is not the practice's own"
    assert {act.of for act in acts} == {str(ida.id), str(uwe.id)}
    assert count(practice, letters) == 0


def test_the_same_file_again_changes_nothing(practice: SqlDatabase) -> None:
    name_only = PatientRecord("Dunkelwald", "Ole")
    file = (IDA, UWE, EVA, name_only, replace(IDA, phone=""), PatientRecord("Nur"))
    applied(practice, planned(practice, *file))
    before = everybody(practice)
    again = planned(practice, *file)
    assert set(verdicts(practice, again)) == {"same"}
    result = applied(practice, again)
    assert (result.made, result.changed, result.waiting) == (0, 0, 0)
    assert everybody(practice) == before


def test_applied_again_changes_nothing(practice: SqlDatabase) -> None:
    one = planned(practice, IDA, UWE)
    applied(practice, one)
    before = everybody(practice)
    result = applied(practice, one)
    assert (result.made, result.changed) == (0, 0)
    assert everybody(practice) == before


def told_of(database: SqlDatabase, import_id: int) -> list[object]:
    """Return all that is stored of an import's rows, patients, their keys and acts, by line."""
    found: list[object] = []
    with reading(database) as uow:
        people = {one.id: one for one in uow.patients_in_bulk.all()}
        for row in uow.imports.rows(import_id, limit=10_000):
            one = people.get(row.patient_id or 0)
            done = uow.acts.done_to(Kind.PATIENT, [row.patient_id])
            acts = [(act.action, content_of(act.before), content_of(act.after)) for act in done]
            found.append((replace(row, patient_id=None), one and replace(one, id=0), acts))
        assert list(verify(uow, PROFILE, lambda: None)) == []
    with database.engine.connect() as connection:
        keys = connection.execute(select(patient_keys).order_by(*patient_keys.c)).all()
    return [*found, [tuple(row) for row in keys]]


def test_in_steps_comes_to_the_same_as_at_once_row_by_row(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    new, others = list(many(300)), (IDA, replace(IDA, phone=""), PatientRecord("Nur"), None, EVA)
    found = []
    for backend in BACKENDS:
        for most in (100, 10_000):
            folder = tmp_path / f"{backend}{most}"
            folder.mkdir()
            with a_database(backend, request, folder) as practice:
                a_practice(practice)
                known(practice, UWE, replace(EVA, phone=""))
                one = planned(practice, *new, *others, replace(UWE, email="u@example.org"), *new)
                application = Application(one)
                done, steps = None, 0
                while done is None:
                    with writing(practice) as uow:
                        done, steps = application.step(uow, most), steps + 1
                assert (done.made, done.changed, steps > 1) == (302, 1, most == 100)
                found.append(told_of(practice, one))
    assert all(other == found[0] for other in found[1:])


def test_an_application_that_is_interrupted_leaves_whole_steps_or_nothing(
    practice: SqlDatabase,
) -> None:
    people, short = list(many(STEP + 200)), list(many(20))
    before = everybody(practice)
    one = planned(practice, *short)
    with writing(practice) as uow:
        Application(one).step(uow)
        uow.doom()
    assert everybody(practice) == before
    assert {row.done for row in rows(practice, one)} == {None}
    two = planned(practice, *people)
    stopped = Application(two)

    def interrupted(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    def units(_read_only: bool) -> AbstractContextManager[UnitOfWork]:
        return writing(practice)

    with pytest.raises(KeyboardInterrupt):
        in_steps(units, stopped, interrupted, "Stopped.")
    assert len(everybody(practice)) == STEP
    with reading(practice) as uow:
        assert (uow.imports.get(two).state, uow.imports.get(two).error) == (
            ImportState.APPLIED,
            "Stopped.",
        )
    with pytest.raises(Conflict), writing(practice) as uow:
        stopped.step(uow)
    result = applied(practice, two)
    assert (result.made, result.of.told["made"]) == (200, STEP + 200)
    assert undone(practice, two).removed == STEP + 200
    assert everybody(practice) == before


def test_what_the_practice_knows_stays_unless_it_is_chosen(practice: SqlDatabase) -> None:
    known(practice, UWE)
    other = replace(UWE, phone="0171 555666", email="uwe@example.org", first_name="Uwe Otto")
    applied(practice, planned(practice, other))
    [uwe] = everybody(practice)
    assert (uwe.phone, uwe.email, uwe.first_name) == (UWE.phone, "uwe@example.org", "Uwe")
    one = planned(practice, other)
    chosen(practice, one, 2, Choice.LINK, take={"phone"})
    applied(practice, one)
    [uwe] = everybody(practice)
    assert (uwe.phone, uwe.first_name) == ("0171 555666", "Uwe")


def test_a_whole_list_may_overwrite_but_for_numbers_and_links(practice: SqlDatabase) -> None:
    known(practice, replace(UWE, booking_system_id="t-1"))
    other = replace(
        UWE, phone="0171 555666", first_name="Uwe Otto", number="4712", booking_system_id="t-1"
    )
    applied(practice, planned(practice, other), Policy.OVERWRITE)
    [uwe] = everybody(practice)
    assert (uwe.phone, uwe.first_name) == ("0171 555666", "Uwe Otto")
    assert (uwe.number, uwe.booking_system_id) == ("4711", "t-1")


def test_twins_in_the_file_become_one_patient(practice: SqlDatabase) -> None:
    one = planned(practice, replace(IDA, phone=""), EVA, IDA, IDA)
    assert verdicts(practice, one) == {"new": 2, "update": 1, "same": 1}
    assert [row.twin for row in rows(practice, one)] == [None, None, 2, 2]
    assert applied(practice, one).made == 2
    assert sorted(r.phone for r in everybody(practice)) == ["", IDA.phone]
    assert len({row.patient_id for row in rows(practice, one)}) == 2


def test_a_row_without_number_follows_its_twin_to_the_known_patient(practice: SqlDatabase) -> None:
    [uwe] = known(practice, replace(UWE, last_name="Birkenfink-Alt", phone=""))
    one = planned(practice, replace(UWE, number=""), UWE)
    assert {row.patient_id for row in rows(practice, one)} == {uwe.id}
    assert applied(practice, one).made == 0


def test_a_number_that_is_taken_is_not_given_twice(practice: SqlDatabase) -> None:
    known(practice, UWE)
    one = planned(practice, replace(UWE, phone=""))
    chosen(practice, one, 2, Choice.NEW)
    assert applied(practice, one).made == 1
    numbers = [record.number for record in everybody(practice)]
    assert len(set(numbers)) == 2
    assert "4711" in numbers


def test_given_numbers_avoid_those_that_stand_there(practice: SqlDatabase) -> None:
    known(practice, replace(EVA, number="P000002"), replace(UWE, number="P000003"))
    applied(practice, planned(practice, IDA, PatientRecord("Neuling", "Max", "1999-09-09")))
    numbers = [record.number for record in everybody(practice)]
    assert len(set(numbers)) == 4


def test_an_id_of_the_booking_tool_stays_one_patients(practice: SqlDatabase) -> None:
    known(practice, UWE, replace(IDA, booking_system_id="t-9"))
    one = planned(practice, replace(UWE, booking_system_id="t-9"))
    [row] = rows(practice, one)
    assert "booking_id_taken" in row.warnings
    applied(practice, one)
    ids = [record.booking_system_id for record in everybody(practice)]
    assert sorted(ids, key=str) == [None, "t-9"]


def test_whoever_was_found_to_be_another_is_that_one(practice: SqlDatabase) -> None:
    eva, old = known(practice, replace(EVA, phone=""), replace(EVA, number="99", first_name="E."))
    with writing(practice) as uow:
        uow.patients.save(replace(old, merged_into=eva.id))
    told = replace(EVA, number="99", phone="0171 222333")
    one = planned(practice, told)
    [row] = rows(practice, one)
    assert (row.verdict, row.patient_id) == (RowVerdict.UPDATE, eva.id)
    applied(practice, one)
    with reading(practice) as uow:
        found = uow.patients.get([eva.id, old.id])
    assert found[eva.id].record.phone == "0171 222333"
    assert found[old.id].record.phone == ""


# --- deciding -----------------------------------------------------------------------------------


def test_another_e_mail_in_the_booking_tool_is_warned_of_and_linked_by_hand_alone(
    practice: SqlDatabase,
) -> None:
    [ida] = known(practice, IDA)
    told = replace(IDA, email="i.anders@example.net", booking_system_id="t-1")
    one = planned(practice, told)
    [row] = rows(practice, one)
    assert row.verdict is RowVerdict.ASK
    assert "different_email" in row.warnings
    assert applied(practice, one).waiting == 1
    assert everybody(practice) == [replace(IDA, number=ida.number)]
    chosen(practice, one, 2, Choice.LINK, patient_id=ida.id)
    assert applied(practice, one).changed == 1
    [now] = everybody(practice)
    assert (now.booking_system_id, now.email) == ("t-1", IDA.email)
    again = planned(practice, told)
    assert verdicts(practice, again) == {"same": 1}


def test_doubtful_rows_wait_and_are_applied_once_decided(practice: SqlDatabase) -> None:
    [eva] = known(practice, EVA)
    doubtful = replace(EVA, birth_date="", email="", phone="0171 222333")
    one = planned(practice, doubtful, IDA)
    result = applied(practice, one)
    assert (result.made, result.changed, result.waiting) == (1, 0, 1)
    with writing(practice) as uow:
        decide_all(uow, one, [2], Choice.LINK)
    result = applied(practice, one)
    assert (result.made, result.changed, result.waiting) == (0, 1, 0)
    with reading(practice) as uow:
        assert uow.patients.get([eva.id])[eva.id].record.phone == "0171 222333"


def test_a_row_that_was_decided_is_not_asked_about_again(practice: SqlDatabase) -> None:
    [eva] = known(practice, EVA)
    linked = replace(EVA, birth_date="", email="")
    skipped = replace(linked, phone="030 111222")
    one = planned(practice, linked, skipped)
    assert verdicts(practice, one) == {"ask": 2}
    chosen(practice, one, 2, Choice.LINK, patient_id=eva.id)
    chosen(practice, one, 3, Choice.SKIP)
    again = planned(practice, linked, skipped)
    first, second = rows(practice, again)
    assert (first.decision, first.patient_id) == (Choice.LINK, eva.id)
    assert second.decision is Choice.SKIP
    assert applied(practice, again).waiting == 0
    assert len(everybody(practice)) == 1
    chosen(practice, one, 2, Choice.NONE)
    assert verdicts(practice, planned(practice, linked)) == {"ask": 1}


def test_deciding_on_the_first_of_two_twins_decides_on_both(practice: SqlDatabase) -> None:
    known(practice, EVA)
    doubtful = replace(EVA, birth_date="", email="", number="77")
    one = planned(practice, doubtful, replace(doubtful, insurance="GKV"))
    assert rows(practice, one)[1].twin == 2
    chosen(practice, one, 2, Choice.NEW)
    result = applied(practice, one)
    assert (result.made, len(everybody(practice))) == (1, 2)
    assert everybody(practice)[1].insurance == "GKV"


def test_decisions_that_make_no_sense_are_refused(practice: SqlDatabase) -> None:
    known(practice, EVA)
    one = planned(practice, IDA, None)
    refused: list[tuple[type[Exception], int, Choice, dict[str, Any]]] = [
        (Conflict, 2, Choice.LINK, {}),
        (Conflict, 2, Choice.LINK, {"patient_id": 99}),
        (Conflict, 2, Choice.NEW, {"patient_id": 1}),
        (Invalid, 2, Choice.LINK, {"patient_id": 1, "take": {"shoe_size"}}),
        (Conflict, 3, Choice.SKIP, {}),
        (ImportNotFound, 4, Choice.SKIP, {}),
    ]
    for error, line, choice, more in refused:
        with pytest.raises(error):
            chosen(practice, one, line, choice, **more)
    applied(practice, one)
    with pytest.raises(Conflict):
        chosen(practice, one, 2, Choice.SKIP)
    with reading(practice) as uow:
        told = list(uow.acts.search(ActQuestion(kind=Kind.IMPORT, action="decided")))
    assert told == []


# --- taking back --------------------------------------------------------------------------------


def test_an_import_taken_back_leaves_nothing_behind(practice: SqlDatabase) -> None:
    known(practice, UWE, replace(EVA, phone=""))
    before = everybody(practice)
    file = (
        *(replace(IDA, phone=""), IDA, replace(UWE, email="u@example.org")),
        *(replace(EVA, phone="030 1"), replace(EVA, insurance="PKV")),
    )
    one = planned(practice, *file)
    assert applied(practice, one).made == 1
    result = undone(practice, one)
    assert (result.removed, result.restored, result.kept) == (1, 2, ())
    assert everybody(practice) == before
    assert result.of.state is ImportState.UNDONE
    again = planned(practice, *file)
    assert verdicts(practice, again) == {"new": 1, "update": 4}
    for use in (applied, undone):
        with pytest.raises(Conflict):
            use(practice, one)


def test_what_somebody_went_on_with_stays_and_is_told(practice: SqlDatabase) -> None:
    [uwe] = known(practice, replace(UWE, phone=""))
    one = planned(practice, IDA, UWE, EVA, PatientRecord("Neuling", "Max", "1999-09-09"))
    applied(practice, one)
    ids = [row.patient_id for row in rows(practice, one)]
    with writing(practice) as uow:
        people = uow.patients.get(i for i in ids if i)
        changed = replace(people[uwe.id].record, phone="0171 999888")
        uow.patients.save(replace(people[uwe.id], record=changed))
        eva = people[ids[2] or 0]
        uow.patients.save(replace(eva, record=replace(eva.record, phone="0171 777666")))
        booked = _an_appointment(uow, ids[0] or 0)
    assert booked
    result = undone(practice, one)
    assert {(kept.line, kept.why) for kept in result.kept} == {
        (2, Why.HAS_MORE),
        (3, Why.CHANGED_SINCE),
        (4, Why.CHANGED_SINCE),
    }
    assert (result.removed, len(everybody(practice))) == (1, 3)
    assert "0171 999888" in {record.phone for record in everybody(practice)}


def test_whom_the_law_has_the_practice_keep_stays_when_a_list_is_taken_back(
    practice: SqlDatabase,
) -> None:
    one = planned(practice, IDA, EVA)
    applied(practice, one)
    ida = rows(practice, one)[0].patient_id or 0
    with writing(practice) as uow:
        patient = patient_records.patient_of_id(uow, ida)
        patient_records.hold(uow, patient, "2036-11-20", "Behandelt")
    result = undone(practice, one)
    assert [(kept.patient_id, kept.why) for kept in result.kept] == [(ida, Why.HELD_BY_LAW)]
    assert (result.removed, everybody(practice)[0].last_name) == (1, IDA.last_name)


def _an_appointment(uow: Any, patient_id: int) -> int:
    from practice.appointments import Appointment

    slot = Slot(NOW, NOW + timedelta(minutes=30))
    calendar = next(c for c in uow.calendars.all() if c.doctor_id)
    one = Appointment("u-1", slot, Status.CONFIRMED, calendar.doctor_id, calendar.id)
    return int(uow.appointments.save(replace(one, patient_id=patient_id)).id)


# --- states, forgetting -------------------------------------------------------------------------


def test_a_list_whose_reader_died_is_shown_as_failed(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        one = begin_import(uow, "liste.csv", "file")
    assert one.seen_at(NOW + timedelta(minutes=4)).state is ImportState.READING
    seen = one.seen_at(NOW + timedelta(minutes=6))
    assert seen.state is ImportState.FAILED
    assert seen.error.endswith(".")
    for use in (applied, undone):
        with pytest.raises(Conflict):
            use(practice, one.id)
    with pytest.raises(Conflict), writing(practice) as uow:
        remove_import(uow, one.id)
    with writing(practice, now=NOW + timedelta(minutes=6)) as uow:
        remove_import(uow, one.id)
    with pytest.raises(ImportNotFound), reading(practice) as uow:
        uow.imports.get(one.id)


def test_after_thirty_days_nothing_of_what_a_list_said_is_kept(practice: SqlDatabase) -> None:
    old = planned(practice, IDA, EVA)
    applied(practice, old)
    later = NOW + KEPT + timedelta(days=1)
    with writing(practice, now=later) as uow:
        assert forget_old(uow) == 1
        assert forget_old(uow) == 0
    with practice.engine.connect() as connection:
        told = connection.execute(select(import_rows)).all()
    assert {(row.record, row.candidates, row.before) for row in told} == {("", "[]", None)}
    assert "hrenthaler" not in str(told)
    assert [row.record for row in rows(practice, old)] == [None, None]
    for use in (applied, undone):
        with pytest.raises(Conflict):
            use(practice, old)
    assert count(practice, patients) == 2


def test_a_removed_import_leaves_its_patients(practice: SqlDatabase) -> None:
    one = planned(practice, IDA)
    applied(practice, one)
    with writing(practice) as uow:
        remove_import(uow, one)
    assert (count(practice, import_rows), count(practice, patients)) == (0, 1)


# --- many ---------------------------------------------------------------------------------------


def many(times: int) -> Iterable[PatientRecord]:
    for n in range(times):
        name = "".join(chr(97 + n // 26**k % 26) for k in range(4))
        born = f"{1930 + n % 80}-{1 + n % 12:02}-{1 + n % 28:02}"
        yield PatientRecord(f"Linden{name}", f"Thea{name[::-1]}", born, number=f"{n:06}")


def test_plan_and_application_cost_statements_by_the_chunk_and_not_by_the_row(
    practice: SqlDatabase,
) -> None:
    def cost(times: int) -> tuple[int, int]:
        file = list(many(times))
        with statements(practice) as to_plan:
            one = planned(practice, *file)
        with statements(practice) as to_apply:
            assert applied(practice, one).made == times
        return len(to_plan), len(to_apply)

    small = cost(10)
    with writing(practice) as uow:
        uow.patients_in_bulk.remove([one.id for one in uow.patients_in_bulk.all()])
    large = cost(2010)
    assert large[0] - small[0] <= 4 * 5, (small, large)
    assert large[1] - small[1] <= 4 * 20, (small, large)


_RECORDS = st.builds(
    PatientRecord,
    last_name=st.sampled_from(["Müller", "Mueller", "Kraus", "Krauss", "Öz"]),
    first_name=st.sampled_from(["", "Anna", "Ann", "Bernd"]),
    birth_date=st.sampled_from(["", "1966-02-03", "1966-03-02", "1999-09-09"]),
    email=st.sampled_from(["", "a@example.org", "b@example.org"]),
    number=st.sampled_from(["", "1", "2", "3"]),
    booking_system_id=st.sampled_from([None, "t-1", "t-2"]),
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(first=st.lists(_RECORDS, max_size=6), second=st.lists(_RECORDS, max_size=6))
def test_whatever_lists_say_they_can_be_applied_twice_and_taken_back(
    practice: SqlDatabase, first: list[PatientRecord], second: list[PatientRecord]
) -> None:
    start = everybody(practice)
    one = planned(practice, *first)
    applied(practice, one)
    middle = everybody(practice)
    again = planned(practice, *first)
    assert applied(practice, again).made == 0
    two = planned(practice, *second)
    applied(practice, two)
    after = everybody(practice)
    numbers = [record.number for record in after]
    linked = [r.booking_system_id for r in after if r.booking_system_id]
    assert len(set(numbers)) == len(numbers)
    assert len(set(linked)) == len(linked)
    assert undone(practice, two).kept == ()
    assert undone(practice, again).kept == ()
    assert sorted(map(str, everybody(practice))) == sorted(map(str, middle))
    undone(practice, one)
    with reading(practice) as uow:
        assert list(verify(uow, PROFILE, lambda: None)) == []
    if not undone_left(practice, one):
        assert sorted(map(str, everybody(practice))) == sorted(map(str, start))
    with writing(practice) as uow:
        for number in (one, again, two):
            remove_import(uow, number)
        uow.patients_in_bulk.remove([p.id for p in uow.patients_in_bulk.all()])


def undone_left(database: SqlDatabase, import_id: int) -> bool:
    """Tell whether something of an import stays."""
    return any(row.done is not None for row in rows(database, import_id))

"""What people do with patients: each change noted, nothing half, nothing against the rules."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import text

from admin_api.disclosure_page import disclosure_page
from practice.acts import ActQuestion, Kind
from practice.database import migrate
from practice.errors import EmailsDiffer, Invalid, NameTaken, PatientNotFound
from practice.patients import Patient, PatientRecord
from practice.sources import SourceState
from practice.use_cases import patient_records as records
from practice.use_cases.appointments import object_saved
from practice.use_cases.disclosure import OF_ANOTHER, calendar_file, disclose
from practice.use_cases.erasure import delete, erase
from practice.use_cases.merging import merge
from practice.use_cases.patient_appointments import Note, appointments_of
from practice.use_cases.patient_search import search_patients
from practice.use_cases.patients import Register
from practice.use_cases.rearranging import Changes, change
from tests.arranging import Surgery
from tests.bookings import everything, faults
from tests.building import NOW, PROFILE, a_draft, an_event, reading, the_view, writing
from tests.sick import PAST, SOON, a_booking, a_record, booked, made
from tests.test_erasure import a_patient_of_long

if TYPE_CHECKING:
    from practice.acts import Act
    from practice.database import SqlDatabase
    from practice.database.unit_of_work import SqlUnitOfWork


def acts_of(uow: SqlUnitOfWork, patient: Patient) -> list[Act]:
    return list(uow.acts.search(ActQuestion(kind=Kind.PATIENT, of=str(patient.id))))


def said(act: Act) -> tuple[dict[str, object], dict[str, object]]:
    """Return what an act tells of before and after."""
    before, after = (json.loads(told or "{}") for told in (act.before, act.after))
    for one in (before, after):
        one.pop("_", None)
    return before, after


# --- Making and changing ------------------------------------------------------------------------


def test_a_patient_is_made_and_noted(database: SqlDatabase) -> None:
    with writing(database) as uow:
        patient = records.create(uow, a_record(" Ährenthaler "), language="en")
        assert patient.number.startswith("P")
        assert records.patient_numbered(uow, patient.number) == patient
        assert records.patient_of_id(uow, patient.id) == patient
        (act,) = acts_of(uow, patient)
        assert act.action == "created"
        assert said(act)[1]["last_name"] == "Ährenthaler"


def test_a_change_is_noted_with_what_was_and_no_change_is_not(database: SqlDatabase) -> None:
    with writing(database) as uow:
        patient = made(uow)
        wanted = replace(patient, record=replace(patient.record, phone=" 030 9 "), language="de")
        after = records.change(uow, patient, wanted)
        assert after.record.phone == "030 9"
        assert records.change(uow, after, after) == after
        _, act = acts_of(uow, patient)
        told = {"phone": "030 123456", "language": ""}, {"phone": "030 9", "language": "de"}
        assert (act.action, *said(act)) == ("changed", *told)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"last_name": " "}, "has a last name"),
        ({"last_name": "x" * 256}, "last name is longer than 255"),
        ({"first_name": "a\nb"}, "first name has characters"),
        ({"birth_date": "1966-02-30"}, "birth date is no date"),
        ({"birth_date": "3.2.1966"}, "birth date is no date"),
        ({"birth_date": "19660203"}, "birth date is no date"),
        ({"birth_date": "2026-11-21"}, "in the future"),
        ({"birth_date": "1066-10-14"}, "too far back"),
        *(({"email": e}, "e-mail address is not") for e in ("zoe", "a@b", "a b@c.de", "a@@c.de")),
        ({"phone": "0" * 65}, "phone is longer than 64"),
        ({"insurance_number": "?"}, "insurance number is not"),
        ({"number": "7" * 65}, "number is longer than 64"),
    ],
)
def test_what_no_patient_is_like_is_refused(
    database: SqlDatabase, more: dict[str, str], sentence: str
) -> None:
    with writing(database) as uow:
        known = made(uow)
    before = everything(database)
    record = replace(a_record(), **more)
    with pytest.raises(Invalid, match=sentence), writing(database) as uow:
        records.create(uow, record)
    with pytest.raises(Invalid, match=sentence), writing(database) as uow:
        records.change(uow, known, replace(known, record=record))
    assert everything(database) == before


def test_who_was_born_after_midnight_is_entered_while_it_is_still_yesterday_in_greenwich(
    database: SqlDatabase,
) -> None:
    with writing(database, now=datetime(2026, 7, 1, 22, 30, tzinfo=UTC)) as uow:
        child = records.create(uow, a_record(birth_date="2026-07-02"))
        assert child.record.birth_date == "2026-07-02"


def test_what_a_booking_said_does_not_stand_against_a_change(database: SqlDatabase) -> None:
    with writing(database) as uow:
        odd = uow.patients.save(Patient("1", PatientRecord("", email="keine", birth_date="1.1.50")))
        after = records.change(uow, odd, replace(odd, language="en"))
        assert (after.language, after.record) == ("en", odd.record)


def test_a_number_or_link_is_one_patients(database: SqlDatabase) -> None:
    with writing(database) as uow:
        one, other = made(uow, number="1"), made(uow, "Birkenau", number="2")
        records.link(uow, one, "tool-1")
        with pytest.raises(NameTaken, match="number"):
            made(uow, number="1")
        with pytest.raises(NameTaken, match="number"):
            records.change(uow, other, replace(other, number="1"))
        with pytest.raises(NameTaken, match="booking tool"):
            records.create(uow, replace(a_record(), booking_system_id="tool-1"))
        with pytest.raises(NameTaken, match="booking tool"):
            records.link(uow, other, "tool-1")
        assert records.change(uow, other, replace(other, number="3")).number == "3"
        with pytest.raises(Invalid, match="has a number"):
            records.change(uow, other, replace(other, number=""))


def test_nobody_is_found_by_a_number_that_nobody_has(database: SqlDatabase) -> None:
    with reading(database) as uow:
        with pytest.raises(PatientNotFound):
            records.patient_numbered(uow, "1")
        with pytest.raises(PatientNotFound):
            records.patient_of_id(uow, 1)


# --- Links --------------------------------------------------------------------------------------


def test_a_link_to_another_address_has_to_be_confirmed(database: SqlDatabase) -> None:
    with writing(database) as uow:
        patient = made(uow)
        assert records.link(uow, patient, "t", tool_email=" ZOE@example.org").warning == ""
        patient = records.unlink(uow, records.patient_of_id(uow, patient.id))
        with pytest.raises(EmailsDiffer):
            records.link(uow, patient, "t", tool_email="other@example.org")
        assert uow.patients.with_tool_id("t") is None
        linked = records.link(uow, patient, "t", tool_email="other@example.org", confirm=True)
        assert linked.warning == records.DIFFERENT_EMAIL
        assert uow.patients.with_tool_id("t") == linked.patient
        actions = [act.action for act in acts_of(uow, patient)]
        assert actions == ["created", "linked", "unlinked", "linked"]
        for bad in ("", " ", "x" * 256, "a\tb"):
            with pytest.raises(Invalid):
                records.link(uow, patient, bad)


def test_a_hold_has_a_date_and_a_reason(database: SqlDatabase) -> None:
    with writing(database) as uow:
        patient = made(uow)
        for until, why in (("2036", "x"), ("2036-02-30", "x"), ("2036-01-01", " ")):
            with pytest.raises(Invalid):
                records.hold(uow, patient, until, why)
        held = records.hold(uow, patient, "2036-01-01", " § 630f BGB ")
        assert (held.held_until, held.held_why) == ("2036-01-01", "§ 630f BGB")
        assert records.held(held, NOW.date())
        assert not records.held(records.clear_hold(uow, held), NOW.date())
        assert [act.action for act in acts_of(uow, patient)] == ["created", "held", "released"]


# --- Merging ------------------------------------------------------------------------------------


def test_merging_hands_everything_over_and_leads_on(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        old = a_patient_of_long(uow)
        kept = records.create(uow, PatientRecord("Ehrental", "Zoë", number="5"))
        uids = uow.patients.uids_of(old.id)
        number = uow.log_state().number
    with writing(practice) as uow:
        merged = merge(uow, old, kept)
    assert merged.appointments == 2
    with reading(practice) as uow:
        now = records.patient_of_id(uow, kept.id)
        assert now == merged.patient
        assert (now.record.last_name, now.record.email) == ("Ehrental", "zoe@example.org")
        assert now.record.booking_system_id == "tool-9"
        assert uow.patients.uids_of(kept.id) == uids
        assert uow.patients.uids_of(old.id) == []
        assert len(uow.traces.import_rows(kept.id)) == 1
        assert records.patient_numbered(uow, "4711") == now
        assert uow.log_state().number == number + 2  # by another pseudonym from now on
        record = said(acts_of(uow, old)[-1])[0]["patient"]
        assert isinstance(record, dict)
        assert (record["number"], record["last_name"]) == ("4711", "Ährenthaler")
    assert faults(practice) == []


@pytest.mark.parametrize(
    "record",
    [
        PatientRecord("Irgend", number="4711"),
        PatientRecord("Irgend", booking_system_id="tool-9"),
        PatientRecord("Irgend", booking_system_id="tool-5"),
        PatientRecord("Ährenthaler", "Zoë", "1966-02-03"),
        PatientRecord("Ehrental", "Zoë", "1966-02-03"),
        PatientRecord("Irgend", number="5"),
    ],
)
def test_a_booking_for_who_was_merged_is_the_others(
    database: SqlDatabase, record: PatientRecord
) -> None:
    with writing(database) as uow:
        old = records.create(uow, a_record(number="4711"))
        old = records.link(uow, old, "tool-9").patient
        kept = records.create(uow, PatientRecord("Ehrental", "Zoë", "1966-02-03", number="5"))
        kept = records.link(uow, kept, "tool-5").patient
        merge(uow, old, kept)
    with writing(database) as uow:
        assert Register(uow, [record]).find(record).id == kept.id


def test_an_object_that_names_who_was_merged_is_the_others(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        old, kept = made(uow, number="4711"), made(uow, "Ehrental", number="5")
        merge(uow, old, kept)
    with writing(practice) as uow:
        place = uow.calendars.place(
            the_view(uow, "admin", "dr-mueller").calendar, "a.ics", "a", "4711"
        )
        assert place.patient_id == kept.id


def test_chains_of_merges_end_at_one(database: SqlDatabase) -> None:
    with writing(database) as uow:
        a, b, c = (made(uow, name, number=name) for name in ("A-Berg", "B-Berg", "C-Berg"))
        merge(uow, a, b)
        b = records.patient_of_id(uow, b.id)
        with pytest.raises(Invalid, match="before"):
            merge(uow, records.patient_of_id(uow, c.id), uow.patients.get([a.id])[a.id])
        with pytest.raises(Invalid, match="itself"):
            merge(uow, b, b)
        merge(uow, b, c)
        assert records.patient_numbered(uow, "A-Berg").id == c.id
        assert {one.id for one in uow.patients.merged_into(c.id)} == {a.id, b.id}


# --- Appointments -------------------------------------------------------------------------------


def test_appointments_are_told_with_their_age(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        made(uow)
        hours = [SOON + timedelta(hours=h) for h in range(3)]
        booked(uow, *(a_booking(f"B-{n}", at) for n, at in enumerate(hours)), tool="one")
        booked(uow, a_booking("C-1", PAST), a_booking("C-2", PAST + timedelta(1)), tool="two")
        (patient,) = uow.patients.candidates([a_record()])
        fresh = NOW - timedelta(hours=2)
        uow.sources.save(SourceState("one", fresh, fresh))
        old = NOW - timedelta(hours=25)
        uow.sources.save(SourceState("two", NOW, old, "silent"))
        uow.sources.save(SourceState("three", NOW, None, "silent"))
        uow.patients.save(replace(patient, to_review=False))
    with reading(practice) as uow:
        first = appointments_of(uow, patient, limit=2)
        second = appointments_of(uow, patient, limit=2, cursor=first.cursor)
        assert [k.appointment.booking_id for k in first.appointments] == ["B-0", "B-1"]
        assert [k.appointment.booking_id for k in second.appointments] == ["B-2"]
        assert (second.cursor, first.note) == ("", Note.NEVER)
        one = first.appointments[0]
        assert one.doctor is not None
        assert one.doctor.slug == "dr-mueller"
        assert one.freshness is not None
        assert (one.freshness.age, one.freshness.stale) == (timedelta(hours=2), False)
        past = appointments_of(uow, patient, past=True)
        assert [k.appointment.booking_id for k in past.appointments] == ["C-2", "C-1"]
        notes = {source.source: (source.stale, source.note) for source in past.sources}
        assert notes["two"] == (True, Note.STALE)
        assert notes["three"] == (True, Note.NEVER)
        moment = "20261124T090000.000000"
        far = (f"{moment}.{'9' * 25}", f"{moment}.{2**63}", f"{moment}.-{'9' * 25}")
        for bad in ("x", "1.2", f"{moment}.x", *far):
            with pytest.raises(Invalid):
                appointments_of(uow, patient, cursor=bad)


def test_what_the_practice_made_itself_is_never_old(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        patient = made(uow, number="4711")
        lines = ("SUMMARY:Kontrolle", "X-PATIENT-ID:4711")
        draft = a_draft("a.ics", an_event("a", "20261124T100000", "20261124T103000", *lines))
        calendar = the_view(uow, "admin", "dr-mueller").calendar
        place = uow.calendars.place(calendar, "a.ics", "a", "4711")
        uow.calendars.save(calendar, draft)
        object_saved(uow, calendar, draft.facts, place=place)
    with reading(practice) as uow:
        (known,) = appointments_of(uow, patient).appointments
        assert (known.freshness, appointments_of(uow, patient).note) == (None, Note.FRESH)


# --- Telling ------------------------------------------------------------------------------------


def test_a_patient_is_told_everything(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        patient = a_patient_of_long(uow)
        twin = made(uow, "Lindenhof", number="twin")
        merge(uow, twin, patient)
    with reading(practice) as uow:
        told = disclose(uow, records.patient_of_id(uow, patient.id))
        file = calendar_file(uow, patient, PROFILE)
    assert told["patient"]["number"] == "4711"
    assert [one["number"] for one in told["merged"]] == ["twin"]
    assert len(told["appointments"]) == len(told["changes"]) == 2
    assert told["appointments"][0]["details"]["note"].startswith("Heimlich")
    actions = [act["action"] for act in told["acts"]]
    assert actions == ["created", "linked", "changed", "merged with", "created", "merged", "noted"]
    assert len(told["import_rows"]) == 1
    assert all("BEGIN:VEVENT" in change["after"] for change in told["changes"])
    assert json.loads(json.dumps(told, default=str))
    assert file.count("BEGIN:VEVENT") == 2
    assert file.count("BEGIN:VCALENDAR") == 1


@pytest.mark.parametrize("became", ["", "deleted", "erased"])
def test_nothing_is_told_of_who_had_the_appointment_before(
    practice: SqlDatabase, became: str
) -> None:
    surgery = Surgery(practice)
    booked = surgery.book(patient="200")
    with surgery.writing() as uow:
        change(uow, booked.appointment.id, Changes(patient_id=surgery.patients["100"]), PROFILE)
    if became:
        with surgery.writing() as uow:
            other = records.patient_numbered(uow, "200")
            delete(uow, other) if became == "deleted" else erase(uow, other, PROFILE)
    with surgery.reading() as uow:
        told = disclose(uow, records.patient_numbered(uow, "100"))
        page = disclosure_page(uow, told, PROFILE)
    made_for_another, moved_here = told["changes"]
    texts = (made_for_another["after"], moved_here["before"])
    if became == "erased":
        assert all("SUMMARY:gelöscht" in text for text in texts)
    else:
        assert texts == (OF_ANOTHER, OF_ANOTHER)
    assert "X-PATIENT-ID:100" in moved_here["after"]
    for text_of_all in (json.dumps(told, default=str, ensure_ascii=False), page):
        assert "Brückner" not in text_of_all
        assert "p200@example.org" not in text_of_all


def test_nothing_is_told_of_who_has_a_number_that_begins_alike(practice: SqlDatabase) -> None:
    surgery = Surgery(practice)
    surgery.book(patient="200")
    with surgery.writing() as uow:
        told = disclose(uow, records.create(uow, a_record("Kurz", number="20")))
    assert told["changes"] == []


def test_what_was_told_under_an_earlier_number_is_still_the_patients(practice: SqlDatabase) -> None:
    surgery = Surgery(practice)
    surgery.book(patient="200")
    with surgery.writing() as uow:
        known = records.patient_numbered(uow, "200")
        records.change(uow, known, replace(known, number="4711"))
        told = disclose(uow, records.patient_numbered(uow, "4711"))
    assert "X-PATIENT-ID:200" in told["changes"][0]["after"]


def test_after_the_newest_patient_is_deleted_the_next_one_is_another(
    database: SqlDatabase,
) -> None:
    """A number was once looked for forever: the trail still knew the id."""
    with writing(database) as uow:
        gone = [records.create(uow, a_record(name)) for name in ("Ganz", "Geheim")]
        for one in gone:
            delete(uow, one)
        single = records.create(uow, a_record("Neu"))
        delete(uow, single)
        (bulk,) = uow.patients_in_bulk.add([replace(single, id=0, number="")])
        assert len({one.number for one in (*gone, single, bulk)}) == 4
        told = disclose(uow, bulk)
    assert [act["action"] for act in told["acts"]] == []


def test_patients_stored_before_are_found_after_the_upgrade(database: SqlDatabase) -> None:
    """As the migration does it, on tables that are there already."""
    with writing(database) as uow:
        patient = made(uow)
    scripts = ScriptDirectory(str(migrate.__file__).replace("migrate.py", "migrations"))
    revision = scripts.get_revision("0005")
    assert revision is not None
    with database.engine.connect() as connection:
        connection.execute(text("DELETE FROM patient_keys"))
        with Operations.context(MigrationContext.configure(connection)):
            revision.module._keys_of_those_there()
    with reading(database) as uow:
        (found,) = search_patients(uow, "ährenthaler zoe 3.2.1966")
        assert found.patient == patient

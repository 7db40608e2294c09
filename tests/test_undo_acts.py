"""What was done with patients, settings and accounts is taken back: as it was, once, or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from practice.access import Level, Role
from practice.accounts import Doctor, Room
from practice.acts import Kind
from practice.appointments import Slot
from practice.database.tables import acts as act_table
from practice.details import Category
from practice.errors import ActNotFound, CannotUndo, Conflict, Invalid
from practice.schedule import BookingRules, HoursException
from practice.scopes import Scope
from practice.use_cases import accounts, doctors_and_rooms, offers
from practice.use_cases import patient_records as records
from practice.use_cases.erasure import delete, erase
from practice.use_cases.merging import merge
from practice.use_cases.undo_acts import find_act, look, needed, take_back
from practice.use_cases.verify import verify
from practice.use_cases.ways_back import taken_back
from tests.arranging import a_type
from tests.bookings import everything, faults
from tests.building import NOW, PROFILE, reading, the_account, writing
from tests.sick import a_booking, a_record, booked, made

if TYPE_CHECKING:
    from collections.abc import Callable

    from practice.acts import Act
    from practice.database import SqlDatabase
    from practice.database.unit_of_work import SqlUnitOfWork
    from practice.patients import Patient
    from practice.use_cases.undo_acts import TakenBack

LATER = NOW + timedelta(days=30)


def last_act(uow: SqlUnitOfWork) -> Act:
    return find_act(uow, uow.acts.head()[0])


def back(uow: SqlUnitOfWork, number: int) -> TakenBack:
    return take_back(uow, find_act(uow, number))


def the_last_back(uow: SqlUnitOfWork) -> TakenBack:
    return take_back(uow, last_act(uow))


def refused_but_kept(uow: SqlUnitOfWork, act: Act) -> str:
    """Return why an act is not taken back, and go on."""
    with pytest.raises(CannotUndo) as error:
        take_back(uow, act)
    return str(error.value)


def refused(uow: SqlUnitOfWork, act: Act) -> str:
    """Return why an act is not taken back, which is told beforehand; that ends the unit."""
    sentence, seen = refused_but_kept(uow, act), look(uow, act)
    assert (seen.refused, seen.does) == (sentence, "")
    return sentence


def phoned(patient: Patient, phone: str) -> Patient:
    return replace(patient, record=replace(patient.record, phone=phone))


# --- Patients -----------------------------------------------------------------------------------


def test_a_change_of_a_patient_is_taken_back_and_noted(database: SqlDatabase) -> None:
    with writing(database) as uow:
        patient = made(uow)
        wanted = replace(phoned(patient, "030 9"), number="P-9", language="de", reminders=NOW)
        records.change(uow, patient, wanted)
    with writing(database) as uow:
        act = last_act(uow)
        done = take_back(uow, act)
        assert (done.act, done.does, done.by) == (act.number, "changed back", (act.number + 1,))
        assert records.patient_of_id(uow, patient.id) == patient
    with reading(database) as uow:
        noted = last_act(uow)
        assert (noted.action, noted.kind, noted.of) == ("taken back", Kind.ACT, str(act.number))
        assert taken_back(uow, [act.number, noted.number]) == {act.number: act.number + 1}
    assert not faults(database)


def test_taking_back_is_taken_back(database: SqlDatabase) -> None:
    with writing(database) as uow:
        patient = made(uow)
        changed = records.change(uow, patient, phoned(patient, "030 9"))
        (first,) = the_last_back(uow).by
        assert f"take back act {first}" in refused_but_kept(uow, last_act(uow))
        back(uow, first)
        assert records.patient_of_id(uow, patient.id) == changed


def test_nothing_is_taken_back_twice(database: SqlDatabase) -> None:
    with writing(database) as uow:
        patient = made(uow)
        records.change(uow, patient, phoned(patient, "030 9"))
        act = last_act(uow)
        by = the_last_back(uow).by[-1]
    before = everything(database)
    with writing(database) as uow:
        assert refused(uow, act).endswith(f"it was taken back already, by act {by}.")
    assert everything(database) == before


def test_what_was_changed_since_is_not_lost(database: SqlDatabase) -> None:
    with writing(database) as uow:
        patient = made(uow)
        changed = records.change(uow, patient, phoned(patient, "030 9"))
        act = last_act(uow)
        records.change(uow, changed, phoned(changed, "030 77"))
    with writing(database) as uow:
        sentence = refused(uow, act)
    assert "it was changed since (phone)" in sentence
    assert "030" not in sentence


def test_what_else_was_changed_since_stays(database: SqlDatabase) -> None:
    with writing(database) as uow:
        patient = made(uow)
        changed = records.change(uow, patient, phoned(patient, "030 9"))
        act = last_act(uow)
        records.change(uow, changed, replace(changed, language="en"))
        take_back(uow, act)
        assert records.patient_of_id(uow, patient.id) == replace(patient, language="en")


def test_a_patient_made_by_mistake_is_removed(database: SqlDatabase) -> None:
    with writing(database) as uow:
        patient = records.create(uow, a_record(), language="en", reminders=NOW)
    with writing(database) as uow:
        act = last_act(uow)
        assert take_back(uow, act).does == "removed"
        assert not uow.patients.get([patient.id])
    with writing(database) as uow:
        again = find_act(uow, act.number)
        assert again.is_erased
        assert "it was taken back already" in refused(uow, again)
    assert not faults(database)


@pytest.mark.parametrize("what", ["appointment", "change", "merged"])
def test_a_patient_something_hangs_on_stays(practice: SqlDatabase, what: str) -> None:
    with writing(practice) as uow:
        patient = made(uow)
        act = last_act(uow)
        if what == "appointment":
            booked(uow, a_booking(patient_number=patient.number))
        elif what == "change":
            records.hold(uow, patient, "2036-01-01", "treated")
        else:
            merge(uow, made(uow, "Brückner"), patient)
    with writing(practice) as uow:
        why = refused(uow, act)
    assert ("changed since (held_until, held_why)" if what == "change" else "hangs on it") in why


@pytest.mark.parametrize(
    ("before", "does", "word"),
    [
        ("T-1", "linked again", "unlinked"),
        ("T-1", "linked again", "linked"),
        (None, "unlinked", "linked"),
    ],
)
def test_links_are_as_they_were(
    database: SqlDatabase, before: str | None, does: str, word: str
) -> None:
    with writing(database) as uow:
        patient = made(uow)
        if before:
            patient = records.link(uow, patient, before).patient
        if word == "linked":
            records.link(uow, patient, "T-2")
        else:
            records.unlink(uow, patient)
        assert last_act(uow).action == word
        assert the_last_back(uow).does == does
        assert records.patient_of_id(uow, patient.id) == patient


def test_a_link_that_another_has_by_now_does_not_come_back(database: SqlDatabase) -> None:
    with writing(database) as uow:
        patient = records.link(uow, made(uow), "T-1").patient
        records.unlink(uow, patient)
        act = last_act(uow)
        records.link(uow, made(uow, "Brückner"), "T-1")
    with writing(database) as uow:
        assert "Another patient is linked" in refused(uow, act)


def test_what_the_law_keeps_is_kept_as_before(database: SqlDatabase) -> None:
    with writing(database) as uow:
        patient = made(uow)
        states, acts = [patient], []
        for until in ("2036-01-01", "2037-01-01", ""):
            last = states[-1]
            states.append(
                records.hold(uow, last, until, "treated")
                if until
                else records.clear_hold(uow, last)
            )
            acts.append(last_act(uow))
        for act, was in reversed([*zip(acts, states[:-1], strict=True)]):
            assert needed(act) == {
                Scope.READ_PATIENTS,
                Scope.WRITE_PATIENTS,
                Scope.ERASE_PATIENTS,
            }
            take_back(uow, act)
            assert records.patient_of_id(uow, patient.id) == was


def test_what_a_rule_forbids_by_now_is_told_and_nothing_is_changed(database: SqlDatabase) -> None:
    with writing(database) as uow:
        patient = made(uow, number="P-1")
        records.change(uow, patient, replace(patient, number="P-2"))
        act = last_act(uow)
        made(uow, "Brückner", number="P-1")
    before = everything(database)
    with writing(database) as uow:
        seen = look(uow, act)
    assert "Another patient has this number." in seen.refused
    assert [(one.name, one.before, one.now, one.after) for one in seen.fields] == [
        ("number", "P-1", "P-2", "P-2")
    ]
    assert everything(database) == before


def test_looking_changes_nothing(database: SqlDatabase) -> None:
    with writing(database) as uow:
        records.change(uow, patient := made(uow), phoned(patient, "030 9"))
    before = everything(database)
    with writing(database) as uow:
        seen = look(uow, last_act(uow))
        assert (seen.does, seen.refused, seen.taken_back_by) == ("changed back", "", None)
        (field,) = seen.fields
        told = (field.name, field.before, field.now, field.after)
        assert told == ("phone", "030 123456", "030 9", "030 9")
    assert everything(database) == before


def test_what_was_merged_erased_or_deleted_stays_so(practice: SqlDatabase) -> None:
    sentences = []
    with writing(practice) as uow:
        one, into = made(uow), made(uow, "Brückner")
        records.change(uow, one, phoned(one, "030 9"))
        changed = last_act(uow)
        merge(uow, records.patient_of_id(uow, one.id), into)
        sentences.append(refused_but_kept(uow, last_act(uow)))
        sentences.append(refused_but_kept(uow, changed))
        other = made(uow, "Cordes")
        delete(uow, other)
        sentences.append(refused_but_kept(uow, last_act(uow)))
        erase(uow, records.patient_of_id(uow, into.id), PROFILE)
        sentences.append(refused_but_kept(uow, last_act(uow)))
        sentences.append(refused_but_kept(uow, find_act(uow, changed.number)))
    for sentence, why in zip(
        sentences,
        ["stay one", "another one since", "does not come back", "erased does not", "was erased"],
        strict=True,
    ):
        assert why in sentence


@pytest.mark.parametrize(
    "forged", [{"before": '{"phone": "0900 1"}'}, {"of": "4711"}, {"action": "linked"}], ids=str
)
def test_what_was_tampered_with_brings_nothing_back(
    database: SqlDatabase, forged: dict[str, str]
) -> None:
    with writing(database) as uow:
        records.change(uow, patient := made(uow), phoned(patient, "030 9"))
        number = uow.acts.head()[0]
    with database.engine.begin() as connection:
        this = update(act_table).where(act_table.c.number == number)
        connection.execute(this.values(**forged))
    with writing(database) as uow:
        act = find_act(uow, number)
        assert "not what it was when it was sealed" in refused(uow, act)
        assert look(uow, act).fields == ()


def test_there_is_no_act_of_another_number(database: SqlDatabase) -> None:
    with reading(database) as uow, pytest.raises(ActNotFound):
        find_act(uow, 4711)


# --- Settings -----------------------------------------------------------------------------------

_SPAN = Slot(LATER, LATER + timedelta(hours=3))


def _types(uow: SqlUnitOfWork) -> list[Any]:
    return [uow.house.types(), uow.house.retired_types()]


#: How something is made, changed and removed, and how all of its kind are read.
THINGS: dict[str, tuple[Any, Any, Any, Any]] = {
    "category": (
        lambda uow: offers.save_category(uow, Category("kinder", "Kinder", "teal")),
        lambda uow, one: offers.save_category(uow, replace(one, name="Kleine", slug="klein")),
        lambda uow, one: offers.remove_category(uow, one.id),
        lambda uow: uow.house.categories(),
    ),
    "exception": (
        lambda uow: offers.save_exception(uow, HoursException(0, None, None, _SPAN, False, "Zu")),
        lambda uow, one: offers.save_exception(
            uow, replace(one, reason="", span=Slot(LATER, LATER + timedelta(hours=9)))
        ),
        lambda uow, one: offers.remove_exception(uow, one.id),
        lambda uow: uow.house.exceptions(),
    ),
    "doctor": (
        lambda uow: doctors_and_rooms.make_doctor(uow, Doctor("dr-neu", "Dr. Neu")),
        lambda uow, one: doctors_and_rooms.change_doctor(
            uow, replace(one, name="Dr. Alt", hours="mo 08:00-09:00")
        ),
        lambda uow, one: doctors_and_rooms.remove_doctor(uow, one.id),
        lambda uow: uow.house.doctors(),
    ),
    "room": (
        lambda uow: doctors_and_rooms.make_room(uow, Room("labor", "Labor")),
        lambda uow, one: doctors_and_rooms.change_room(
            uow, replace(one, slug="klein", name="Klein")
        ),
        lambda uow, one: doctors_and_rooms.remove_room(uow, one.id),
        lambda uow: uow.house.rooms(),
    ),
    "type": (
        lambda uow: offers.save_type(uow, a_type("blut", doctors=("dr-mueller",), color="teal")),
        lambda uow, one: offers.save_type(uow, replace(one, minutes=20, doctors=())),
        lambda uow, one: offers.retire_type(uow, one.id),
        _types,
    ),
}


@pytest.mark.parametrize("what", THINGS)
def test_settings_are_as_they_were(practice: SqlDatabase, what: str) -> None:
    make, change, remove, known = THINGS[what]
    with writing(practice) as uow:
        before = known(uow)
        one = make(uow)
        first = last_act(uow)
    with writing(practice) as uow:
        was = known(uow)
        change(uow, one)
        second = last_act(uow)
        assert what == second.kind
        assert "changed since" in refused_but_kept(uow, first)
        assert take_back(uow, second).does == "changed back"
        assert known(uow) == was
    with writing(practice) as uow:
        assert take_back(uow, first).does == ("retired" if what == "type" else "removed")
        assert (known(uow) == before) == (what != "type")
    with writing(practice) as uow:
        if what == "type":
            return
        remove(uow, make(uow))
        done = the_last_back(uow)
        assert done.does == "made again"
        (again,) = (one for one in known(uow) if one not in before)
        assert last_act(uow).of == str(done.act)
        assert find_act(uow, done.by[-1]).of == str(again.id)
        assert replace(again, id=0) == replace(one, id=0)
    assert not faults(practice)


def test_a_type_is_retired_and_brought_back(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        kind = offers.save_type(uow, a_type("blut"))
        created = last_act(uow)
        offers.retire_type(uow, kind.id)
        retired = last_act(uow)
        assert "retired already" in refused_but_kept(uow, created)
        done = take_back(uow, retired)
        assert done.does == "brought back"
        assert kind in uow.house.types()
        assert back(uow, done.by[0]).does == "retired"
        assert kind in uow.house.retired_types()
        offers.bring_back_type(uow, kind.id)
    with writing(practice) as uow:
        seen = look(uow, retired)
        assert "it was taken back already" in seen.refused
        assert [(one.name, one.before, one.now, one.after) for one in seen.fields] == [
            ("retired", False, False, True)
        ]


def test_rules_of_booking_are_as_they_were(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        before = uow.house.rules()
        offers.save_rules(uow, BookingRules(land="NI", lead_minutes=60))
        act = last_act(uow)
        offers.save_rules(uow, BookingRules(land="NI", lead_minutes=90))
        assert "changed since (lead_minutes)" in refused_but_kept(uow, act)
        the_last_back(uow)
        take_back(uow, act)
        assert uow.house.rules() == before


def test_what_is_needed_by_now_is_not_removed(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        doctors_and_rooms.make_room(uow, Room("labor", "Labor"))
        act = last_act(uow)
        offers.save_type(uow, a_type("blut", rooms=("labor",)))
    with writing(practice) as uow:
        assert "Appointment types need this room." in refused(uow, act)


def test_what_is_not_there_any_more_is_not_changed_back(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        room = doctors_and_rooms.make_room(uow, Room("labor", "Labor"))
        doctors_and_rooms.change_room(uow, replace(room, name="Klein"))
        act = last_act(uow)
        doctors_and_rooms.remove_room(uow, room.id)
    with writing(practice) as uow:
        assert "not there any more" in refused(uow, act)


# --- Accounts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("calendar", ["all", "dr-mueller"])
def test_rights_are_as_they_were(practice: SqlDatabase, calendar: str) -> None:
    with writing(practice) as uow:
        before = the_account(uow, "gast")
        accounts.grant(uow, before, calendar, Level.WRITE)
        assert the_account(uow, "gast") != before
        assert the_last_back(uow).does == "granted as before"
        assert the_account(uow, "gast") == before


def test_an_account_is_as_it_was(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        before = the_account(uow, "empfang")
        wanted = replace(before, role=Role.READER, email="e@example.org")
        after = accounts.change_account(uow, wanted)
        the_last_back(uow)
        assert the_account(uow, "empfang") == before
        accounts.set_disabled(uow, after.name, True)
        the_last_back(uow)
        assert the_account(uow, "empfang") == before


def test_the_last_admin_stays_one(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        accounts.change_account(uow, replace(the_account(uow, "empfang"), role=Role.ADMIN))
        act = last_act(uow)
        accounts.set_disabled(uow, "admin", True)
    with writing(practice) as uow:
        assert "last account that may administer" in refused(uow, act)


def test_what_has_no_way_back_is_refused_with_the_reason(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        noted = [
            (Kind.ACCOUNT, "given a password", "stay so"),
            (Kind.ACCOUNT, "made", "can be disabled"),
            (Kind.IMPORT, "applied", "as an import"),
            (Kind.PATIENT, "imported", "as an import"),
            (Kind.FEED, "made", "secret address"),
            (Kind.APPOINTMENT, "overridden", "its calendar"),
            (Kind.CONFLICT, "decided", "told what was decided"),
            (Kind.CHANGE, "taken back", "their own numbers"),
            (Kind.WEBHOOK, "worked on again", "a webhook was worked on again"),
        ]
        for kind, action, why in noted:
            act = uow.acts.note(action, kind, 1, None, {"x": 1})
            assert why in refused_but_kept(uow, act)


# --- Anything, newest first ---------------------------------------------------------------------

_TOOL_IDS = st.sampled_from(["T-1", "T-2"])
_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["create", "change", "link", "unlink", "hold", "clear"]),
        st.integers(0, 3),
        st.fixed_dictionaries(
            {
                "last_name": st.sampled_from(["Ährenthaler", "Brückner"]),
                "number": st.sampled_from(["", "P-1", "P-2"]),
                "phone": st.sampled_from(["", "030 1", "030 2"]),
                "birth_date": st.sampled_from(["", "1966-02-03"]),
            }
        ),
        st.sampled_from(["", "de", "en"]),
        _TOOL_IDS,
    ),
    max_size=8,
)


def _step(uow: SqlUnitOfWork, step: Any) -> None:
    what, which, told, language, tool_id = step
    known = list(uow.patients_in_bulk.all())
    if what == "create" or not known:
        records.create(uow, a_record(**told), language=language, to_review=not language)
        return
    one = known[which % len(known)]
    ways: dict[str, Callable[[], object]] = {
        "link": lambda: records.link(uow, one, tool_id),
        "unlink": lambda: records.unlink(uow, one),
        "hold": lambda: records.hold(uow, one, "2036-01-01", f"because of {tool_id}"),
        "clear": lambda: records.clear_hold(uow, one),
    }
    if what in ways:
        ways[what]()
        return
    number = told["number"] or one.number
    record = replace(a_record(**told), number=number)
    reminders = NOW if language == "de" else None
    wanted = replace(one, record=record, number=number, language=language, reminders=reminders)
    records.change(uow, one, wanted)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=_STEPS)
def test_whatever_was_done_with_patients_taken_back_newest_first_ends_where_it_began(
    database: SqlDatabase, steps: list[Any]
) -> None:
    with writing(database) as uow:
        uow.doom()
        made(uow, "Cordes", number="P-7")
        began, states = uow.acts.head()[0], []
        for step in steps:
            state, number = list(uow.patients_in_bulk.all()), uow.acts.head()[0]
            try:
                _step(uow, step)
            except (Conflict, Invalid):
                assert (list(uow.patients_in_bulk.all()), uow.acts.head()[0]) == (state, number)
            else:
                states += [state] * (uow.acts.head()[0] - number)
        for number, state in reversed([*enumerate(states, began + 1)]):
            back(uow, number)
            assert list(uow.patients_in_bulk.all()) == state
        assert list(verify(uow, PROFILE, lambda: None)) == []

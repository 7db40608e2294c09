"""The figures of the first page: right to the minute, in the practice's days, and cheap."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, insert, update

from practice.accounts import Doctor
from practice.appointments import Appointment, Slot, Status
from practice.conflicts import Dispute, DisputeKind, Terms
from practice.database.tables import details, letters, objects, patients, tasks
from practice.letters import BY_HAND, LetterState
from practice.messages import Message, Receiver
from practice.overview import Load, Month, Overview
from practice.patients import Patient, PatientRecord
from practice.sources import ReceiptState, SourceState
from practice.tasks import INTERRUPTED
from practice.use_cases.overview import overview
from tests.building import BERLIN, NOW, PROFILE, a_draft, an_event, reading, writing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from practice.database import SqlDatabase
    from practice.database.unit_of_work import SqlUnitOfWork

#: A Friday, 10 o'clock in Berlin.
TODAY = date(2026, 11, 20)
HALF = timedelta(minutes=30)
CONFIRMED, TENTATIVE, CANCELLED = Status.CONFIRMED, Status.TENTATIVE, Status.CANCELLED
NONE = {CONFIRMED: 0, TENTATIVE: 0, CANCELLED: 0}


def seen(database: SqlDatabase, now: datetime = NOW, **options: Any) -> Overview:
    with reading(database, now) as uow:
        return overview(uow, PROFILE, **options)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def book(
    uow: SqlUnitOfWork,
    start: str,
    *,
    doctor: str = "dr-mueller",
    status: Status = CONFIRMED,
    minutes: int = 30,
    progress: str = "",
    booked: datetime | None = None,
) -> Appointment:
    """Store an appointment from a time of Berlin on."""
    calendar = next(c for c in uow.calendars.all() if c.name == doctor)
    at = local(start)
    slot = Slot(at, (at.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(BERLIN))
    uid = f"{doctor}-{start}-{status}-{progress}"
    made = uow.appointments.save(Appointment(uid, slot, status, calendar.doctor_id, calendar.id))
    if progress or booked:
        names = "note patient_note reason treatment_plan procedures visit template_slot booked_by"
        row: dict[str, Any] = dict.fromkeys([*names.split(), "cancel_reason", "override"], "")
        row |= {"appointment_id": made.id, "source": "STAFF", "progress": progress, "late": False}
        row["procedures"] = "[]"
        times = {"booked": booked or NOW, "changed": NOW}
        uow.connection.execute(insert(details).values(**row, **times))
    return made


def doctors(database: SqlDatabase) -> dict[str, int]:
    with reading(database) as uow:
        return {doctor.slug: doctor.id for doctor in uow.house.doctors()}


# --- Appointments -------------------------------------------------------------------------------


def test_an_empty_practice_has_noughts_and_no_rates(practice: SqlDatabase) -> None:
    found = seen(practice)
    assert (found.today.count, found.week.count, found.month.count) == (0, 0, 0)
    assert found.today.by_status == NONE
    assert (found.letters.rate, found.webhooks.rate) == (None, None)
    assert [month.rate for month in found.no_shows] == [None] * 12
    assert (found.faults, found.sources, found.queue, found.requests) == ((), (), (), ())
    assert {load.booked for load in found.load} == {0}


def test_days_weeks_and_months_are_those_of_the_practice(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        for start in (
            "2026-10-31 23:30",  # last month
            "2026-11-01 00:00",
            "2026-11-15 23:30",  # a Sunday: last week
            "2026-11-16 00:00",
            "2026-11-19 23:30",  # yesterday
            "2026-11-20 00:00",
            "2026-11-20 23:30",
            "2026-11-21 00:00",  # tomorrow
            "2026-11-22 23:30",
            "2026-11-23 00:00",  # next week
            "2026-11-30 23:30",
            "2026-12-01 00:00",  # next month
        ):
            book(uow, start)
    found = seen(practice)
    assert (found.today.count, found.week.count, found.month.count) == (2, 6, 10)


def test_a_week_may_reach_into_another_month(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        book(uow, "2026-11-30 09:00")
        book(uow, "2026-12-06 09:00")
    found = seen(practice, local("2026-12-02 09:00"))
    assert (found.week.count, found.month.count) == (2, 1)


def test_appointments_are_told_apart_by_status_and_doctor(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        book(uow, "2026-11-20 09:00")
        book(uow, "2026-11-20 10:00")
        book(uow, "2026-11-20 11:00", status=CANCELLED)
        book(uow, "2026-11-20 09:00", doctor="dr-schmidt", status=TENTATIVE)
        calendar = next(c for c in uow.calendars.all() if c.name == "praxis")
        slot = Slot(local("2026-11-20 09:00"), local("2026-11-20 10:00"))
        uow.appointments.save(Appointment("o", slot, CONFIRMED, None, calendar.id))
    ids = doctors(practice)
    today = seen(practice).today
    assert today.by_status == {CONFIRMED: 3, TENTATIVE: 1, CANCELLED: 1}
    assert today.by_doctor == {
        ids["dr-mueller"]: {CONFIRMED: 2, CANCELLED: 1},
        ids["dr-schmidt"]: {TENTATIVE: 1},
        None: {CONFIRMED: 1},
    }
    assert today.count == 4


def test_the_day_on_which_clocks_change_is_a_day(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        for start in ("2026-10-25 00:00", "2026-10-25 23:30", "2026-10-26 00:00"):
            book(uow, start)
    assert seen(practice, local("2026-10-25 12:00")).today.count == 2


# --- No-shows and load --------------------------------------------------------------------------


def test_no_shows_are_told_by_month_of_what_should_have_been(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        book(uow, "2025-11-30 23:30", progress="no_show")  # too long ago
        book(uow, "2025-12-01 00:00", progress="no_show")
        book(uow, "2026-10-31 23:30", progress="no_show")
        book(uow, "2026-10-31 09:00", progress="done")
        book(uow, "2026-11-02 09:00", progress="no_show")
        book(uow, "2026-11-03 09:00", progress="done")
        book(uow, "2026-11-04 09:00")  # nobody noted anything
        book(uow, "2026-11-05 09:00", status=CANCELLED, progress="no_show")
        book(uow, "2026-11-20 09:30")  # ends at this very moment
        book(uow, "2026-11-20 09:45", progress="arrived")  # is not over
        book(uow, "2026-11-27 09:00")
    months = seen(practice).no_shows
    assert len(months) == 12
    assert months[0] == Month(date(2025, 12, 1), 1, 1)
    assert months[-2:] == (Month(date(2026, 10, 1), 2, 1), Month(date(2026, 11, 1), 4, 1))
    assert months[-1].rate == 0.25
    assert {month.appointments for month in months[1:-2]} == {0}


def test_load_is_booked_of_open_minutes_by_doctor_and_week(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        book(uow, "2026-11-15 23:30", minutes=15)  # a Sunday: the week before
        book(uow, "2026-11-16 08:00", minutes=60)
        book(uow, "2026-11-20 09:00", minutes=20, status=TENTATIVE)
        book(uow, "2026-11-20 09:00", minutes=500, status=CANCELLED)
        book(uow, "2026-11-17 09:00", minutes=45, doctor="dr-schmidt")
        schmidt = next(d for d in uow.house.doctors() if d.slug == "dr-schmidt")
        uow.house.save_doctor(replace(schmidt, hours="mo 08:00-10:00, fr 08:00-09:30"))
    ids = doctors(practice)
    load = seen(practice).load
    mondays = [date(2026, 10, 19) + timedelta(weeks=n) for n in range(6)]
    assert [one.monday for one in load] == mondays * 2
    full = 5 * 8 * 60
    assert [(one.booked, one.open) for one in load if one.doctor_id == ids["dr-mueller"]] == [
        (0, full),
        (0, full),
        (0, full),
        (15, full),
        (80, full),
        (0, full),
    ]
    assert Load(ids["dr-schmidt"], date(2026, 11, 16), 45, 210) in load
    assert next(one for one in load if one.booked == 45).rate == 45 / 210


def test_hours_over_a_change_of_clocks_are_as_long_as_they_are(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        schmidt = next(d for d in uow.house.doctors() if d.slug == "dr-schmidt")
        uow.house.save_doctor(replace(schmidt, hours="su 00:00-06:00"))
        book(uow, "2026-10-25 01:00", doctor="dr-schmidt", minutes=240)
    ids = doctors(practice)
    found = seen(practice, local("2026-10-25 12:00")).load
    assert Load(ids["dr-schmidt"], date(2026, 10, 19), 240, 7 * 60) in found


def test_other_openings_count_where_they_are_given(practice: SqlDatabase) -> None:
    asked: list[tuple[str, datetime]] = []

    def openings(doctor: Doctor, day: datetime) -> Iterator[Slot]:
        asked.append((doctor.slug, day))
        if day.date() == TODAY:
            yield Slot(day, day + HALF)

    load = seen(practice, openings=openings).load
    assert [one.open for one in load if one.monday == date(2026, 11, 16)] == [30, 30]
    assert sum(one.open for one in load) == 60
    assert len(asked) == 2 * 6 * 7


# --- Telling and hearing ------------------------------------------------------------------------


def post(uow: SqlUnitOfWork, about: Appointment, state: LetterState, **values: Any) -> None:
    uow.outbox.post(Receiver.PATIENT, Message.MOVED, about, "{}")
    (last, *_) = uow.outbox.newest([LetterState.WAITING], None, 1)
    told = {"state": str(state), **values}
    uow.connection.execute(update(letters).where(letters.c.id == last.id).values(told))


def test_letters_are_counted_as_delivered_given_up_and_waiting(practice: SqlDatabase) -> None:
    days = timedelta(days=1)
    with writing(practice) as uow:
        one = book(uow, "2026-11-24 09:00")
        for ago in (0, 6, 8):
            post(uow, one, LetterState.DELIVERED, due=NOW - ago * days, settled=NOW - ago * days)
        post(uow, one, LetterState.FAILED, due=NOW, settled=NOW, error="Der Empfänger ist voll.")
        # A tool that takes no changes by its nature is no failure to deliver.
        post(uow, one, LetterState.FAILED, due=NOW, settled=NOW, error=BY_HAND)
        post(uow, one, LetterState.DROPPED, due=NOW, settled=NOW, error=BY_HAND)
        post(uow, one, LetterState.SUPERSEDED)
        post(uow, one, LetterState.TRIED, posted=NOW - 2 * days, error="Keine Antwort.")
        post(uow, one, LetterState.SENDING, posted=NOW - days)
        post(uow, one, LetterState.WAITING)
        uow.outbox.post(Receiver.ADMIN, Message.DISPUTED, one, "{}")
    found = seen(practice)
    assert (found.letters.delivered, found.letters.given_up) == (2, 1)
    assert found.letters.rate == 2 / 3
    assert [(q.to, q.waiting, q.oldest) for q in found.queue] == [
        (Receiver.ADMIN, 1, NOW),
        (Receiver.PATIENT, 3, NOW - 2 * days),
    ]


def test_webhooks_are_counted_and_all_in_quarantine_are_told(practice: SqlDatabase) -> None:
    long_ago = NOW - timedelta(days=20)
    with writing(practice, now=long_ago) as uow:
        uow.receipts.receive("calcom", "alt", {}, b"x", "Kein Termin.")
    with writing(practice) as uow:
        for key in ("a", "b", "c"):
            uow.receipts.receive("calcom", key, {}, b"x")
        uow.receipts.receive("calcom", "d", {}, b"x", "Kein Termin.")
        one, two, _ = uow.receipts.claim(timedelta(minutes=5), 10)
        uow.receipts.settle(one, ReceiptState.DONE)
        uow.receipts.settle(two, ReceiptState.DONE)
    found = seen(practice).webhooks
    assert (found.done, found.quarantined, found.waiting, found.in_quarantine) == (2, 1, 1, 2)
    assert found.rate == 2 / 3


def test_sources_are_told_with_their_age(practice: SqlDatabase) -> None:
    with writing(practice, now=NOW - timedelta(days=3)) as uow:
        uow.sources.save(SourceState("calcom", NOW, NOW - timedelta(hours=2)))
        old = NOW - timedelta(hours=25)
        uow.sources.save(SourceState("calldoc", NOW, old, error="Keine Antwort."))
        uow.sources.save(SourceState("nie", NOW, None, error="Kein Zugang."))
    calcom, calldoc, nie = seen(practice).sources
    assert (calcom.age, calcom.is_stale, calcom.error) == (timedelta(hours=2), False, "")
    assert (calldoc.age, calldoc.is_stale) == (timedelta(hours=25), True)
    assert (nie.age, nie.is_stale, nie.error) == (None, True, "Kein Zugang.")


# --- What is open -------------------------------------------------------------------------------


def a_task(uow: SqlUnitOfWork, name: str, state: str, **values: Any) -> None:
    row = {"id": name, "kind": "sync", "key": name, "state": state, "begun": NOW - HALF}
    row |= {"ended": None, "due": NOW + HALF, "asked": "{}", "told": "{}", "made_by": "empfang"}
    uow.connection.execute(insert(tasks), row | values)


def test_tasks_that_run_and_those_that_failed_are_told(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        a_task(uow, "läuft", "running")
        a_task(uow, "tot", "running", due=NOW - HALF)
        a_task(uow, "fertig", "completed", ended=NOW)
        a_task(uow, "gescheitert", "failed", ended=NOW, told='{"error": "Keine Antwort."}')
        a_task(uow, "damals", "failed", ended=NOW, begun=NOW - timedelta(days=9))
    found = seen(practice)
    assert [task.id for task in found.tasks_running] == ["läuft"]
    assert {task.id for task in found.tasks_failed} == {"tot", "gescheitert"}
    assert {task.state for task in found.tasks_failed} == {"failed"}


def test_why_a_task_failed_is_told_as_a_sentence(practice: SqlDatabase) -> None:
    told = {"error": {"code": "timeout", "text": "Es hat zu lange gedauert."}}
    with writing(practice) as uow:
        a_task(uow, "müde", "failed", ended=NOW, told=json.dumps(told))
        a_task(uow, "tot", "running", due=NOW - HALF, told='{"step": 1, "error": null}')
    found = {fault.id: fault.sentence for fault in seen(practice).faults}
    assert found == {"müde": "Es hat zu lange gedauert.", "tot": INTERRUPTED["text"]}


def test_hours_that_nobody_can_read_any_more_are_none(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        alt = uow.house.save_doctor(Doctor("dr-alt", "Dr. Alt", hours="vormittags"))
    assert {one.open for one in seen(practice).load if one.doctor_id == alt.id} == {0}


def test_the_last_faults_are_told_together_the_newest_first(practice: SqlDatabase) -> None:
    minute = timedelta(minutes=1)
    with writing(practice, now=NOW - 3 * minute) as uow:
        uow.receipts.receive("calcom", "d", {}, b"Geheimrat", "Kein Termin.")
    with writing(practice) as uow:
        one = book(uow, "2026-11-24 09:00")
        post(uow, one, LetterState.FAILED, settled=NOW - 2 * minute, error="Postfach voll.")
        post(uow, one, LetterState.FAILED, settled=NOW, error=BY_HAND)  # a task, and no fault
        post(uow, one, LetterState.DELIVERED, settled=NOW, error="einmal nicht")
        post(uow, one, LetterState.TRIED, posted=NOW - 5 * minute, error="Keine Antwort.")
        uow.sources.save(SourceState("calcom", NOW - 4 * minute, None, error="Kein Zugang."))
        a_task(uow, "t", "failed", ended=NOW - minute, told='{"error": "Abgebrochen."}')
        a_task(uow, "u", "failed", ended=NOW - 6 * minute, told="kein JSON")
    found = seen(practice).faults
    assert [(fault.kind, fault.sentence) for fault in found] == [
        ("task", "Abgebrochen."),
        ("letter", "Postfach voll."),
        ("webhook", "Kein Termin."),
        ("source", "Kein Zugang."),
        ("letter", "Keine Antwort."),
        ("task", ""),
    ]
    assert [fault.time for fault in found] == sorted((f.time for f in found), reverse=True)
    assert found[3].id == "calcom"
    assert seen(practice, faults=2).faults == found[:2]


def test_requests_that_wait_too_long_or_start_soon_are_told(practice: SqlDatabase) -> None:
    day, minute = timedelta(days=1), timedelta(minutes=1)
    with writing(practice) as uow:
        asked = {"status": TENTATIVE}
        soon = book(uow, "2026-11-21 09:00", **asked, booked=NOW)  # type: ignore[arg-type]
        old = book(uow, "2026-12-21 09:00", **asked, booked=NOW - day)  # type: ignore[arg-type]
        book(uow, "2026-12-21 10:00", **asked, booked=NOW - day + minute)  # type: ignore[arg-type]
        book(uow, "2026-11-20 08:00", **asked, booked=NOW - 3 * day)  # type: ignore[arg-type]
        book(uow, "2026-12-22 10:00", booked=NOW - 3 * day)
        book(uow, "2026-11-21 08:00", status=CANCELLED, booked=NOW - 3 * day)
    found = seen(practice)
    assert found.requests_waiting == 2
    assert [request.appointment_id for request in found.requests] == [soon.id, old.id]
    assert found.requests[1].since == NOW - day


def test_a_request_of_a_calendar_alone_waits_since_its_object_changed(
    practice: SqlDatabase,
) -> None:
    with writing(practice, now=NOW - timedelta(days=2)) as uow:
        calendar = next(c for c in uow.calendars.all() if c.name == "dr-mueller")
        text = an_event("u", "20261221T090000", "20261221T093000", "STATUS:TENTATIVE")
        uow.calendars.save(calendar, a_draft("u.ics", text))
        slot = Slot(local("2026-12-21 09:00"), local("2026-12-21 09:30"))
        uow.appointments.save(Appointment("u", slot, TENTATIVE, calendar.doctor_id, calendar.id))
    (request,) = seen(practice).requests
    assert request.since == NOW - timedelta(days=2)
    with writing(practice) as uow:
        uow.connection.execute(update(objects).values(changed=NOW))
    assert seen(practice).requests_waiting == 0


def test_conflicts_and_patients_to_look_at_are_counted(practice: SqlDatabase) -> None:
    terms = Terms("", "", "dr-mueller", "", "CONFIRMED")
    with writing(practice) as uow:
        one = book(uow, "2026-11-24 09:00")
        uow.disputes.save(Dispute(0, one.id, "calcom", DisputeKind.CHANGED, NOW, terms, None))
        for n in range(3):
            record = PatientRecord("Beispiel", f"Anna {n}", number=str(n))
            made = uow.patients.save(Patient(str(n), record))
            merged = made.id if n == 2 else None
            this = update(patients).where(patients.c.id == made.id)
            uow.connection.execute(this.values(to_review=n > 0, merged_into=merged))
    found = seen(practice)
    assert (found.open_conflicts, found.patients_to_review) == (1, 1)


# --- What it costs ------------------------------------------------------------------------------


@contextmanager
def statements(database: SqlDatabase) -> Iterator[list[str]]:
    sent: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("many", [1, 12])
def test_the_overview_costs_fourteen_statements_however_much_there_is(
    practice: SqlDatabase, many: int
) -> None:
    with writing(practice) as uow:
        for n in range(many):
            one = book(uow, f"2026-11-20 {8 + n:02}:00", status=TENTATIVE, booked=NOW)
            post(uow, one, LetterState.FAILED, settled=NOW, error="Postfach voll.")
            a_task(uow, f"t{n}", "failed")
            uow.receipts.receive("calcom", str(n), {}, b"x", "Kein Termin.")
            uow.sources.save(SourceState(f"calcom-{n}", NOW, NOW))
    with reading(practice) as uow:
        uow.log_state()
        with statements(practice) as sent:
            overview(uow, PROFILE)
    assert len(sent) == 14

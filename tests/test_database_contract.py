"""What every database of a practice promises (`practice.ports`), over SQLite and PostgreSQL."""

from __future__ import annotations

import random
import threading
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from practice.access import Account, Actor, Level, Role
from practice.accounts import CredentialKind, Doctor, Room
from practice.appointments import Appointment, Slot, Status
from practice.calendars import Calendar, CalendarKind, Change, ChangeKind, etag_of
from practice.database import SqlDatabase
from practice.errors import (
    AccountNotFound,
    ChangesForgotten,
    InvalidName,
    NameTaken,
    ObjectNotFound,
    PracticeError,
    UidTaken,
)
from practice.facts import Busy, Occupied, Span
from practice.log import FIRST_SEAL, CalendarEntry, mark_of, sealed
from practice.messages import Message, Receiver
from practice.patients import Patient, PatientRecord
from practice.views import View
from tests.building import (
    BERLIN,
    NOW,
    a_draft,
    an_event,
    reading,
    the_account,
    the_view,
    writing,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from practice.calendars import ObjectHead
    from practice.database.unit_of_work import SqlUnitOfWork

MUELLER, SCHMIDT, PRAXIS = "dr-mueller", "dr-schmidt", "praxis"
EVERYTHING = Span()


def at(local: str) -> int:
    """Return the second of a local time, such as 20261123T1000."""
    return int(datetime.strptime(local, "%Y%m%dT%H%M").replace(tzinfo=BERLIN).timestamp())


def between(start: str, end: str) -> Span:
    return Span(at(start), at(end))


def calendar(uow: SqlUnitOfWork, name: str = MUELLER) -> Calendar:
    found = uow.calendars.find(name)
    assert found is not None
    return found


def whole(uow: SqlUnitOfWork, name: str = MUELLER) -> View:
    """Return a calendar as somebody sees it who sees everything."""
    return the_view(uow, "empfang", name)


def save(uow: SqlUnitOfWork, href: str, *event: str, name: str = MUELLER) -> ObjectHead:
    """Save an event (see `an_event`) under a name; its UID is the name unless it is given."""
    return uow.calendars.save(calendar(uow, name), a_draft(href, an_event(*(event or (href,)))))


def hrefs(objects: Iterable[ObjectHead]) -> list[str]:
    return sorted(item.href for item in objects)


def actor(uow: SqlUnitOfWork, name: str) -> Actor:
    return Actor(the_account(uow, name).id, name)


def log_of(uow: SqlUnitOfWork, after: int = 0) -> list[Change]:
    return uow.calendars.log(after, 10_000)


def number_of(database: SqlDatabase) -> int:
    with reading(database) as uow:
        return uow.log_state().number


@contextmanager
def refused(database: SqlDatabase, error: type[PracticeError]) -> Iterator[SqlUnitOfWork]:
    """Open a transaction in which the block must raise `error`, and see that nothing changes."""
    before = number_of(database)
    with pytest.raises(error), writing(database) as uow:
        yield uow
    assert number_of(database) == before


# --- Calendars ----------------------------------------------------------------------------------


def test_a_new_calendar_is_found_by_its_name(database: SqlDatabase) -> None:
    properties = {"D:displayname": "Labor & Röntgen", "ICAL:calendar-color": "#112233FF"}
    with writing(database) as uow:
        made = uow.calendars.create("labor", CalendarKind.PLAIN, properties)
    with reading(database) as uow:
        found = calendar(uow, "labor")
        assert (found.id, found.name, found.kind) == (made.id, "labor", CalendarKind.PLAIN)
        assert (found.doctor_id, found.properties) == (None, properties)
        assert (found.number, found.changed) == (1, NOW)
        assert found.components == ("VEVENT", "VTODO", "VJOURNAL")
        assert uow.calendars.find("Labor") is None
        assert uow.calendars.find("") is None


def test_a_calendar_takes_the_components_it_was_made_for(database: SqlDatabase) -> None:
    with writing(database) as uow:
        uow.calendars.create("aufgaben", CalendarKind.PLAIN, {}, components=("VTODO",))
    with reading(database) as uow:
        assert calendar(uow, "aufgaben").components == ("VTODO",)


def test_all_calendars_come_by_name(practice: SqlDatabase) -> None:
    with reading(practice) as uow:
        assert [c.name for c in uow.calendars.all()] == [MUELLER, SCHMIDT, PRAXIS]


def test_a_calendar_is_called_as_its_client_likes(database: SqlDatabase) -> None:
    names = ("Praxis", "dr müller", "-x", "a@b", "3F2504E0-4F89", "град", "ä" * 127 + "x")
    with writing(database) as uow:
        for name in names:
            assert uow.calendars.create(name, CalendarKind.PLAIN, {}).name == name
    with reading(database) as uow:
        assert {c.name for c in uow.calendars.all()} == set(names)
    for name in ("", "a~b", "a/b", "a\n", "\ud800", "appointments.ics", "ä" * 128):
        with refused(database, InvalidName) as uow:
            uow.calendars.create(name, CalendarKind.PLAIN, {})


def test_two_calendars_cannot_have_one_name(practice: SqlDatabase) -> None:
    with refused(practice, NameTaken) as uow:
        uow.calendars.create(PRAXIS, CalendarKind.PLAIN, {})


def test_changed_properties_take_a_number_and_stand_in_the_log(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        before = calendar(uow)
        uow.calendars.set_properties(before, {"D:displayname": "Dr. Müller (neu)"})
    with reading(practice) as uow:
        after, last = calendar(uow), log_of(uow)[-1]
        assert after.properties == {"D:displayname": "Dr. Müller (neu)"}
        assert after.number == uow.log_state().number == before.number + 2  # the other doctor's
        assert (last.kind, last.calendar_id, last.href) == (ChangeKind.PROPERTIES, after.id, "")
        assert last.before is not None
        assert CalendarEntry.parse(last.before) == CalendarEntry.of(before)
        assert CalendarEntry.parse(last.after) == CalendarEntry.of(after)


def test_a_dropped_calendar_leaves_its_objects_in_the_log_and_nowhere_else(
    practice: SqlDatabase,
) -> None:
    with writing(practice) as uow:
        made = uow.calendars.create("labor", CalendarKind.PLAIN, {})
        uow.accounts.grant(the_account(uow, "gast"), made.id, Level.READ)
        for name in ("a", "b"):
            save(uow, name, name="labor")
    with writing(practice) as uow:
        before = uow.log_state().number
        uow.calendars.drop(calendar(uow, "labor"))
    with reading(practice) as uow:
        assert uow.calendars.find("labor") is None
        assert made.id not in the_account(uow, "gast").grants
        assert uow.calendars.uid_holders("a") == []
        told = [(change.kind, change.href) for change in log_of(uow, before)]
        assert sorted(told[:2]) == [(ChangeKind.REMOVED, "a"), (ChangeKind.REMOVED, "b")]
        assert told[2:] == [(ChangeKind.PROPERTIES, "")]


def test_a_dropped_calendars_id_is_never_anothers(database: SqlDatabase) -> None:
    with writing(database) as uow:
        first = uow.calendars.create("labor", CalendarKind.PLAIN, {})
        uow.calendars.drop(first)
    with writing(database) as uow:
        assert uow.calendars.create("labor", CalendarKind.PLAIN, {}).id > first.id


# --- Objects ------------------------------------------------------------------------------------


def test_a_saved_object_comes_back_as_it_was(practice: SqlDatabase) -> None:
    sent = an_event("é-🦷", "20261123T100000", "20261123T103000", "SUMMARY:Zahn 🦷; Ä\u00a0\ttab ")
    with writing(practice) as uow:
        saved = uow.calendars.save(calendar(uow), a_draft("Zähne 1.ics", sent))
    with reading(practice) as uow:
        assert uow.calendars.head(calendar(uow), "Zähne 1.ics") == saved
        assert list(uow.calendars.listing(whole(uow))) == [saved]
        got = uow.calendars.get(whole(uow), ["Zähne 1.ics"])["Zähne 1.ics"]
        assert got.text == sent
        assert [item.text for item in uow.calendars.texts(whole(uow))] == [sent]
        assert (saved.uid, saved.component, saved.etag) == ("é-🦷", "VEVENT", etag_of(sent))
        assert (saved.size, saved.owner_id, saved.changed) == (len(sent.encode()), 0, NOW)
        assert saved.number == calendar(uow).number == uow.log_state().number


def test_names_that_only_look_alike_are_different(practice: SqlDatabase) -> None:
    names = ["a.ics", "A.ics", "a.ics ", " a.ics", "ä.ics", "a\u0308.ics", "%61.ics", "ß", "ss"]
    with writing(practice) as uow:
        for number, name in enumerate(names):
            save(uow, name, f"uid-{number}")
    with reading(practice) as uow:
        got = uow.calendars.get(whole(uow), names)
        assert {name: item.uid for name, item in got.items()} == {
            name: f"uid-{number}" for number, name in enumerate(names)
        }


def test_an_overwritten_object_keeps_its_id_and_owner(practice: SqlDatabase) -> None:
    with reading(practice) as uow:
        mueller = actor(uow, "mueller")
    with writing(practice, mueller) as uow:
        first = save(uow, "a", "a", "20261123T100000")
    later = NOW + timedelta(hours=1)
    with writing(practice, now=later) as uow:
        second = save(uow, "a", "a", "20261123T101500")
    assert (second.id, second.owner_id) == (first.id, mueller.account_id)
    assert second.etag != first.etag
    assert (second.number, second.changed) == (first.number + 1, later)
    with reading(practice) as uow:
        assert list(uow.calendars.listing(whole(uow))) == [second]
        assert uow.calendars.index_of(first.id) == [
            Occupied(at("20261123T1015"), at("20261123T1030"), Busy.BUSY)
        ]


def test_an_object_that_moves_keeps_the_owner_it_is_saved_with(practice: SqlDatabase) -> None:
    draft = replace(a_draft("a", an_event("a")), owner_id=4711)
    with writing(practice) as uow:
        assert uow.calendars.save(calendar(uow), draft).owner_id == 4711


def test_an_overwritten_object_may_get_another_uid_that_is_free(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        save(uow, "a", "first")
        save(uow, "a", "second")
        assert uow.calendars.uid_holders("first") == []
        assert hrefs(uow.calendars.uid_holders("second")) == ["a"]


def test_a_uid_stands_once_in_a_calendar(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        save(uow, "a", "one")
        save(uow, "b", "two")
    with pytest.raises(UidTaken) as new, writing(practice) as uow:
        save(uow, "c", "one")
    assert new.value.href == "a"
    with pytest.raises(UidTaken) as overwritten, writing(practice) as uow:
        save(uow, "b", "one")
    assert overwritten.value.href == "a"
    with reading(practice) as uow:
        assert hrefs(uow.calendars.listing(whole(uow))) == ["a", "b"]
        assert hrefs(uow.calendars.uid_holders("two")) == ["b"]


def test_a_uid_may_stand_in_two_calendars_and_both_are_told(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        save(uow, "a", "one", name=MUELLER)
        save(uow, "b", "one", name=SCHMIDT)
        holders = {holder.calendar_id: holder.href for holder in uow.calendars.uid_holders("one")}
        assert holders == {calendar(uow, MUELLER).id: "a", calendar(uow, SCHMIDT).id: "b"}


def test_a_place_tells_what_is_under_a_name_and_who_has_a_uid(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        here = save(uow, "x.ics", "one")
        there = save(uow, "y.ics", "one", name=SCHMIDT)
        other = save(uow, "z.ics", "two")
    with writing(practice) as uow:
        mine = calendar(uow)
        place = uow.calendars.place(mine, "x.ics", "one")
        assert place.there is not None
        assert place.there.text == an_event("one")
        assert sorted(place.holders, key=lambda head: head.id) == [here, there]
        place = uow.calendars.place(mine, "x.ics", "two")
        assert place.there is not None
        assert place.there.uid == "one"
        assert place.holders == (other,)
        place = uow.calendars.place(mine, "y.ics", "one")
        assert place.there is None
        assert len(place.holders) == 2
        place = uow.calendars.place(mine, "new.ics", "new")
        assert (place.there, place.holders) == (None, ())


def test_a_place_tells_the_appointment_of_a_uid_and_the_patient_of_a_number(
    practice: SqlDatabase,
) -> None:
    with writing(practice) as uow:
        patient = uow.patients.save(Patient("4711", PatientRecord("Muster")))
        save(uow, "x.ics", "one")
        made = uow.appointments.save(an_appointment(uow, "one"))
    with writing(practice) as uow:
        mine = calendar(uow)
        for href, uid, number, behind in (
            ("x.ics", "one", "4711", (made, patient.id)),
            ("new.ics", "one", "", (made, None)),
            ("x.ics", "new", "4711", (None, patient.id)),
            ("new.ics", "new", "0", (None, None)),
        ):
            place = uow.calendars.place(mine, href, uid, number)
            assert (place.appointment, place.patient_id) == behind


def test_what_stands_under_a_name_is_told_with_all_that_has_its_uid(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        here = save(uow, "x.ics", "one")
        there = save(uow, "y.ics", "one", name=SCHMIDT)
        save(uow, "z.ics", "two")
        made = uow.appointments.save(an_appointment(uow, "one"))
    with reading(practice) as uow:
        place = uow.calendars.standing(calendar(uow), "x.ics")
        assert place is not None
        assert place.there is not None
        assert (place.there.id, place.there.text) == (here.id, an_event("one"))
        assert sorted(place.holders, key=lambda head: head.id) == [here, there]
        assert place.appointment == made
        other = uow.calendars.standing(calendar(uow), "z.ics")
        assert other is not None
        assert (len(other.holders), other.appointment) == (1, None)
        assert uow.calendars.standing(calendar(uow), "y.ics") is None


def test_a_uid_is_held_to_the_place_that_was_looked_at(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        save(uow, "x.ics", "one")
        draft = a_draft("y.ics", an_event("one"))
        place = uow.calendars.place(calendar(uow), "y.ics", "one")
        with pytest.raises(UidTaken) as refused:
            uow.calendars.save(calendar(uow), draft, place)
        assert refused.value.href == "x.ics"


def test_a_removed_object_is_handed_out_a_last_time(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        saved = save(uow, "a")
    with writing(practice) as uow:
        removed = uow.calendars.remove(calendar(uow), "a")
        assert (removed.id, removed.text) == (saved.id, an_event("a"))
    with reading(practice) as uow:
        assert uow.calendars.head(calendar(uow), "a") is None
        assert uow.calendars.get(whole(uow), ["a"]) == {}
        assert uow.calendars.within(whole(uow), EVERYTHING, None) == []
        assert uow.calendars.index_of(saved.id) == []
        assert calendar(uow).number == saved.number + 1
    with refused(practice, ObjectNotFound) as uow:
        uow.calendars.remove(calendar(uow), "a")


def test_an_object_has_a_name_of_up_to_255_bytes_without_control_characters(
    practice: SqlDatabase,
) -> None:
    longest = "ä" * 127 + "x"
    with writing(practice) as uow:
        save(uow, longest, "one")
        assert uow.calendars.get(whole(uow), [longest])[longest].href == longest
    for name in ("", "appointments.ics", "a\n", "a\x00", "\x7f", "\ud800", longest + "x"):
        with refused(practice, InvalidName) as uow:
            save(uow, name, "two")


def test_hundreds_of_names_are_found_at_once(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        for number in range(0, 1200, 2):
            save(uow, f"{number}.ics", f"uid-{number}")
        got = uow.calendars.get(whole(uow), [f"{number}.ics" for number in range(1200)])
        assert sorted(got) == sorted(f"{number}.ics" for number in range(0, 1200, 2))


# --- What lies in a range of time ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("span", "found"),
    [
        (between("20261123T1000", "20261123T1030"), True),
        (between("20261123T1010", "20261123T1020"), True),
        (between("20261101T0000", "20261201T0000"), True),
        (between("20261123T0900", "20261123T1000"), False),  # touching ends
        (between("20261123T1030", "20261123T1100"), False),
        (Span(None, at("20261123T1000") + 1), True),
        (Span(None, at("20261123T1000")), False),
        (Span(at("20261123T1030") - 1, None), True),
        (Span(at("20261123T1030"), None), False),
        (EVERYTHING, True),
    ],
)
def test_an_event_is_within_a_range_that_it_overlaps(
    practice: SqlDatabase, span: Span, found: bool
) -> None:
    with writing(practice) as uow:
        save(uow, "a", "a", "20261123T100000", "20261123T103000")
        assert hrefs(uow.calendars.within(whole(uow), span, "VEVENT")) == ["a"] * found
        assert uow.calendars.within(whole(uow), span, "VTODO") == []
        assert hrefs(uow.calendars.within(whole(uow), span, None)) == ["a"] * found
        assert len(uow.calendars.occupied(whole(uow), span)) == found


def test_the_index_finds_what_a_walk_over_all_events_finds(practice: SqlDatabase) -> None:
    dice = random.Random(4)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    minute, day = 60, 86_400
    lengths = (minute, 30 * minute, day, day + 1, 7 * day, 8 * day, 9 * day, 64 * day, 200 * day)
    events: dict[str, tuple[int, int]] = {}
    with writing(practice) as uow:
        for number in range(200):
            begin = start + timedelta(minutes=dice.randrange(60 * 24 * 365))
            end = begin + timedelta(seconds=dice.choice(lengths))
            times = (f"{moment:%Y%m%dT%H%M%S}" for moment in (begin, end))
            text_ = an_event(f"uid-{number}", *times, tzid="Etc/UTC")
            uow.calendars.save(calendar(uow), a_draft(f"{number}", text_))
            events[f"{number}"] = (int(begin.timestamp()), int(end.timestamp()))
    with reading(practice) as uow:
        for _ in range(150):
            first = int(start.timestamp()) + dice.randrange(365 * day)
            until = first + dice.choice(lengths)
            span = Span(first, until)
            wanted = {
                name: (begins, ends)
                for name, (begins, ends) in events.items()
                if begins < until and first < ends
            }
            found = uow.calendars.within(whole(uow), span, "VEVENT")
            assert len(found) == len(wanted)
            assert {item.href for item in found} == set(wanted)
            busy = uow.calendars.occupied(whole(uow), span)
            assert [o.start for o in busy] == sorted(begin for begin, _ in wanted.values())
            assert {(o.start, o.end) for o in busy} == set(wanted.values())


def test_an_endless_series_is_found_by_index_as_far_as_it_is_covered(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        save(uow, "s", "s", "20261123T100000", "20261123T103000", "RRULE:FREQ=WEEKLY")
        save(uow, "once")
        soon = between("20261130T0000", "20261201T0000")
        assert hrefs(uow.calendars.within(whole(uow), soon, "VEVENT")) == ["s"]
        assert uow.calendars.beyond(whole(uow), soon, "VEVENT") == []
        for far in (between("20990101T0000", "20990201T0000"), Span(soon.start, None), EVERYTHING):
            assert hrefs(uow.calendars.beyond(whole(uow), far, "VEVENT")) == ["s"]
            assert uow.calendars.beyond(whole(uow), far, "VTODO") == []


def test_a_series_that_ends_is_never_beyond_the_index(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        rule = "RRULE:FREQ=WEEKLY;COUNT=3"
        save(uow, "s", "s", "20261123T100000", "20261123T103000", rule)
        assert uow.calendars.beyond(whole(uow), EVERYTHING, None) == []
        found = uow.calendars.within(whole(uow), EVERYTHING, None)
        assert hrefs(found) == ["s"]  # once, not once an occurrence
        assert len(uow.calendars.occupied(whole(uow), EVERYTHING)) == 3


def test_only_what_blocks_the_time_is_occupied_and_in_order(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        late = save(uow, "late", "late", "20261123T110000", "20261123T113000", "STATUS:TENTATIVE")
        save(uow, "early", "early", "20261123T100000", "20261123T103000")
        save(uow, "free", "free", "20261123T100000", "20261123T103000", "TRANSP:TRANSPARENT")
        save(uow, "gone", "gone", "20261123T100000", "20261123T103000", "STATUS:CANCELLED")
        save(uow, "other", "other", "20261123T100000", "20261123T103000", name=SCHMIDT)
        early = Occupied(at("20261123T1000"), at("20261123T1030"), Busy.BUSY)
        tentative = Occupied(at("20261123T1100"), at("20261123T1130"), Busy.TENTATIVE)
        day = between("20261123T0000", "20261124T0000")
        assert uow.calendars.occupied(whole(uow), day) == [early, tentative]
        assert uow.calendars.occupied(whole(uow), day, leave_out=late.id) == [early]


# --- Views --------------------------------------------------------------------------------------


@pytest.fixture
def filled(practice: SqlDatabase) -> SqlDatabase:
    """Every calendar has one object of the reception's and one of the booking tool's, by day."""
    with reading(practice) as uow:
        owners = {name: actor(uow, name) for name in ("empfang", "buchung")}
    for name, owner in owners.items():
        with writing(practice, owner) as uow:
            for day, where in ((23, MUELLER), (24, SCHMIDT), (25, PRAXIS)):
                href, uid = f"{name}.ics", f"{name}-{where}"
                event = (uid, f"202611{day}T100000", f"202611{day}T103000", "RRULE:FREQ=YEARLY")
                save(uow, href, *event, name=where)
    return practice


def shown(view: View, items: Iterable[ObjectHead]) -> set[str]:
    """Return the names under which a view shows objects."""
    return {view.name_of(item.calendar_id, item.href) for item in items}


OF_THE_UNION = {
    f"{prefix}{owner}.ics"
    for prefix in ("", f"{MUELLER}~", f"{SCHMIDT}~")
    for owner in ("empfang", "buchung")
}


@pytest.mark.parametrize(
    ("account", "name", "seen"),
    [
        ("empfang", MUELLER, {"empfang.ics", "buchung.ics"}),
        ("gast", MUELLER, {"empfang.ics", "buchung.ics"}),
        ("buchung", MUELLER, {"buchung.ics"}),
        ("empfang", PRAXIS, OF_THE_UNION),
        ("mueller", PRAXIS, {name for name in OF_THE_UNION if "schmidt" not in name}),
        ("buchung", PRAXIS, {name for name in OF_THE_UNION if "empfang" not in name}),
    ],
)
def test_a_view_shows_what_the_account_may_see_whichever_way_it_is_asked(
    filled: SqlDatabase, account: str, name: str, seen: set[str]
) -> None:
    with reading(filled) as uow:
        view = the_view(uow, account, name)
        calendars = uow.calendars
        far = between("20990101T0000", "21010101T0000")
        assert shown(view, calendars.listing(view)) == seen
        assert shown(view, calendars.texts(view)) == seen
        assert shown(view, calendars.within(view, EVERYTHING, "VEVENT")) == seen
        assert shown(view, calendars.beyond(view, far, "VEVENT")) == seen
        assert shown(view, calendars.changes_since(view, 0).changed) == seen
        day = between("20261123T0000", "20261126T0000")
        assert len(calendars.occupied(view, day)) == len(seen)
        assert set(calendars.get(view, OF_THE_UNION | {f"{PRAXIS}~empfang.ics"})) == seen


def test_the_union_finds_each_object_under_its_calendars_name(filled: SqlDatabase) -> None:
    with reading(filled) as uow:
        view = whole(uow, PRAXIS)
        got = uow.calendars.get(view, OF_THE_UNION)
        assert {name: item.uid for name, item in got.items()} == {
            "empfang.ics": "empfang-praxis",
            "buchung.ics": "buchung-praxis",
            "dr-mueller~empfang.ics": "empfang-dr-mueller",
            "dr-mueller~buchung.ics": "buchung-dr-mueller",
            "dr-schmidt~empfang.ics": "empfang-dr-schmidt",
            "dr-schmidt~buchung.ics": "buchung-dr-schmidt",
        }


def test_a_tilde_means_nothing_outside_the_union(practice: SqlDatabase) -> None:
    name = f"{MUELLER}~a.ics"
    with writing(practice) as uow:
        save(uow, name, "tilde")
        save(uow, "a.ics", "plain")
        assert uow.calendars.get(whole(uow), [name])[name].uid == "tilde"
        seen = whole(uow, PRAXIS)
        twice = f"{MUELLER}~{name}"
        assert uow.calendars.get(seen, [name])[name].uid == "plain"
        assert uow.calendars.get(seen, [twice])[twice].uid == "tilde"


# --- Changes ------------------------------------------------------------------------------------


def told(uow: SqlUnitOfWork, view: View, number: int) -> tuple[Mapping[str, str], set[str]]:
    """Return what changed since a number: names with ETags, names that are gone."""
    changes = uow.calendars.changes_since(view, number)
    return (
        {view.name_of(head.calendar_id, head.href): head.etag for head in changes.changed},
        {view.name_of(*gone) for gone in changes.removed},
    )


def test_changes_tell_what_is_new_changed_and_gone(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        for name in ("kept", "changed", "removed"):
            save(uow, name)
    since = number_of(practice)
    with writing(practice) as uow:
        save(uow, "new")
        save(uow, "changed", "changed", "20261123T101000")
        uow.calendars.remove(calendar(uow), "removed")
    with reading(practice) as uow:
        etags = {head.href: head.etag for head in uow.calendars.listing(whole(uow))}
        del etags["kept"]
        assert told(uow, whole(uow), since) == (etags, {"removed"})
        assert uow.calendars.changes_since(whole(uow), since).number == whole(uow).number
        assert told(uow, whole(uow), number_of(practice)) == ({}, set())


def test_what_came_and_went_is_not_told(practice: SqlDatabase) -> None:
    since = number_of(practice)
    with writing(practice) as uow:
        save(uow, "a")
        between_ = uow.log_state().number
        save(uow, "a", "a", "20261123T101000")
        uow.calendars.remove(calendar(uow), "a")
    with reading(practice) as uow:
        assert told(uow, whole(uow), since) == ({}, set())
        assert told(uow, whole(uow), between_) == ({}, {"a"})


def test_what_went_and_came_back_is_changed(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        save(uow, "a", "first")
        since = uow.log_state().number
        uow.calendars.remove(calendar(uow), "a")
        without = uow.log_state().number
        again = save(uow, "a", "second")
    with reading(practice) as uow:
        for number in (since, without):
            assert told(uow, whole(uow), number) == ({"a": again.etag}, set())


def test_what_went_came_and_went_again_is_gone(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        save(uow, "a")
        since = uow.log_state().number
        uow.calendars.remove(calendar(uow), "a")
        save(uow, "a")
        uow.calendars.remove(calendar(uow), "a")
    with reading(practice) as uow:
        assert told(uow, whole(uow), since) == ({}, {"a"})


def test_changes_elsewhere_are_not_told(practice: SqlDatabase) -> None:
    since = number_of(practice)
    with writing(practice) as uow:
        save(uow, "a", name=SCHMIDT)
        uow.calendars.set_properties(calendar(uow), {})
    with reading(practice) as uow:
        assert told(uow, whole(uow), since) == ({}, set())
        assert set(told(uow, whole(uow, PRAXIS), since)[0]) == {f"{SCHMIDT}~a"}


def test_the_booking_tool_is_told_of_its_own_removals_only(practice: SqlDatabase) -> None:
    with reading(practice) as uow:
        booking = actor(uow, "buchung")
    with writing(practice, booking) as uow:
        save(uow, "own")
    with writing(practice) as uow:
        save(uow, "foreign")
        since = uow.log_state().number
        uow.calendars.remove(calendar(uow), "own")
        uow.calendars.remove(calendar(uow), "foreign")
    with reading(practice) as uow:
        for name, gone in ((MUELLER, {"own"}), (PRAXIS, {f"{MUELLER}~own"})):
            assert told(uow, the_view(uow, "buchung", name), since) == ({}, gone)


def test_a_number_from_the_future_is_refused(practice: SqlDatabase) -> None:
    with reading(practice) as uow:
        with pytest.raises(ChangesForgotten):
            uow.calendars.changes_since(whole(uow), uow.log_state().number + 1)
        with pytest.raises(ChangesForgotten):
            uow.calendars.changes_since(whole(uow), -1)


def test_a_number_with_the_mark_of_another_history_is_refused(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        save(uow, "a")
    with reading(practice) as uow:
        then = whole(uow)
        assert then.mark == mark_of(log_of(uow)[-1].seal)
    with writing(practice) as uow:
        save(uow, "b")
    with reading(practice) as uow:
        for view in (then, whole(uow)):
            uow.calendars.changes_since(whole(uow), view.number, view.mark)
            with pytest.raises(ChangesForgotten):
                uow.calendars.changes_since(whole(uow), view.number, "0123456789abcdef")
            with pytest.raises(ChangesForgotten):
                uow.calendars.changes_since(whole(uow), view.number, "")


def test_a_number_below_what_is_remembered_is_refused(practice: SqlDatabase) -> None:
    with practice.engine.connect() as connection:  # what a purge of the log does
        connection.execute(text("DELETE FROM changes WHERE number <= 2"))
        connection.execute(text("UPDATE house SET forgotten = 2"))
    with reading(practice) as uow:
        assert uow.log_state().forgotten == 2
        with pytest.raises(ChangesForgotten):
            uow.calendars.changes_since(whole(uow), 1)
        assert told(uow, whole(uow), 2) == ({}, set())


# --- The one log --------------------------------------------------------------------------------


def test_every_change_is_in_the_log_with_the_texts_before_and_after(practice: SqlDatabase) -> None:
    first, second = an_event("a"), an_event("a", "20261123T101000")
    with reading(practice) as uow:
        since, booking = uow.log_state().number, actor(uow, "buchung")
    with writing(practice, booking) as uow:
        uow.calendars.save(calendar(uow), a_draft("a.ics", first))
    later = NOW + timedelta(microseconds=1)
    with writing(practice, now=later) as uow:
        uow.calendars.save(calendar(uow), a_draft("a.ics", second))
        uow.calendars.remove(calendar(uow), "a.ics")
    with reading(practice) as uow:
        own = (calendar(uow).id, "a.ics", "a")
        rows = [
            (c.number, c.time, c.actor, (c.calendar_id, c.href, c.uid), c.kind, c.before, c.after)
            for c in log_of(uow, since)
        ]
        assert rows == [
            (since + 1, NOW, "buchung", own, ChangeKind.CREATED, None, first),
            (since + 2, later, "system", own, ChangeKind.CHANGED, first, second),
            (since + 3, later, "system", own, ChangeKind.REMOVED, second, None),
        ]
        assert {c.owner_id for c in log_of(uow, since)} == {booking.account_id}


def test_the_log_is_read_in_pages(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        for number in range(7):
            save(uow, f"{number}")
    with reading(practice) as uow:
        pages = [[c.number for c in uow.calendars.log(after, 3)] for after in (0, 3, 6, 9)]
        assert pages == [[1, 2, 3], [4, 5, 6], [7, 8, 9], [10]]


def test_the_seals_form_a_chain_that_ends_beside_the_counter(practice: SqlDatabase) -> None:
    for number in range(3):
        with writing(practice) as uow:
            save(uow, f"ä-{number}")
            uow.calendars.remove(calendar(uow), f"ä-{number}")
    with reading(practice) as uow:
        seal = FIRST_SEAL
        for change in log_of(uow):
            seal = sealed(seal, change)
            assert change.seal == seal
        assert uow.log_state().seal == seal
        assert uow.log_state().number == log_of(uow)[-1].number == len(log_of(uow))


def test_an_edited_row_does_not_fit_its_seal(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        save(uow, "a.ics", "a")
    with reading(practice) as uow:
        before, row = log_of(uow)[-2:]
    assert sealed(before.seal, row) == row.seal
    forgeries: tuple[dict[str, Any], ...] = (
        {"number": row.number + 1},
        {"time": NOW + timedelta(microseconds=1)},
        {"actor": "niemand"},
        {"calendar_id": row.calendar_id + 1},
        {"href": "a.ic", "uid": "sa"},
        {"kind": ChangeKind.CHANGED},
        {"owner_id": 1},
        {"before": ""},
        {"before": "-"},
        {"after": None},
    )
    for forgery in forgeries:
        assert sealed(before.seal, replace(row, **forgery)) != row.seal


# --- Transactions -------------------------------------------------------------------------------


def test_a_doomed_transaction_leaves_nothing(practice: SqlDatabase) -> None:
    before = number_of(practice)
    with writing(practice) as uow:
        save(uow, "a")
        uow.doom()
        save(uow, "b")
    with reading(practice) as uow:
        assert list(uow.calendars.listing(whole(uow))) == []
        assert uow.log_state().number == before == len(log_of(uow))


@pytest.mark.parametrize("error", [ValueError, ObjectNotFound, KeyboardInterrupt])
def test_an_exception_leaves_nothing(practice: SqlDatabase, error: type[BaseException]) -> None:
    before = number_of(practice)
    with pytest.raises(error), writing(practice) as uow:  # noqa: PT012
        save(uow, "a")
        raise error
    with reading(practice) as uow:
        assert list(uow.calendars.listing(whole(uow))) == []
        assert uow.log_state().number == before
    with writing(practice) as uow:  # and nothing of it is in the way
        assert save(uow, "a").number == before + 1


def test_a_snapshot_stays_as_it_was_and_the_next_is_new(practice: SqlDatabase) -> None:
    with reading(practice) as old:
        seen = whole(old)
        before = old.log_state()
        with writing(practice) as uow:
            save(uow, "a")
        assert list(old.calendars.listing(seen)) == []
        assert (whole(old), old.log_state()) == (seen, before)
        with reading(practice) as new:
            assert hrefs(new.calendars.listing(whole(new))) == ["a"]


def test_calendars_and_counter_are_of_one_moment(practice: SqlDatabase) -> None:
    with reading(practice) as uow:
        before = calendar(uow).number
        with writing(practice) as other:
            after = save(other, "a").number
        last = uow.log_state().number
        assert last == max(one.number for one in uow.calendars.all()) == after - 1
        assert calendar(uow).number == before
    with writing(practice) as uow:
        assert calendar(uow).number == uow.log_state().number == after
        save(uow, "b")
        # What this transaction adds is told by both at once.
        assert uow.log_state().number == calendar(uow).number == after + 1


def test_properties_that_were_read_cannot_be_changed_in_passing(practice: SqlDatabase) -> None:
    with reading(practice) as uow:
        (first, *_) = uow.calendars.all()
    with pytest.raises(TypeError):
        first.properties["displayname"] = "Somebody else's"  # type: ignore[index]


def test_what_is_not_committed_is_not_seen(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        save(uow, "a")
        assert hrefs(uow.calendars.listing(whole(uow))) == ["a"]
        with reading(practice) as other:
            assert list(other.calendars.listing(whole(other))) == []


def test_a_snapshot_leaves_nothing_whatever_is_done_in_it(practice: SqlDatabase) -> None:
    # PostgreSQL refuses a write there, SQLite does not.
    with suppress(PracticeError), reading(practice) as uow:
        uow.accounts.save(Account(0, "eva", Role.STAFF))
    with reading(practice) as uow:
        assert uow.accounts.by_name("eva") is None


def test_a_second_writer_waits_for_the_first(practice: SqlDatabase) -> None:
    order: list[str] = []
    entered = threading.Event()

    def second() -> None:
        entered.set()
        with writing(practice) as uow:
            order.append("second")
            save(uow, "second")

    with writing(practice) as uow:
        thread = threading.Thread(target=second)
        thread.start()
        entered.wait()
        thread.join(0.2)
        save(uow, "first")
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    with reading(practice) as uow:
        assert [change.href for change in log_of(uow)[-2:]] == ["first", "second"]


def write_many(url: str, writer: str) -> None:
    """Save and remove objects, each in a transaction of its own; run in several processes."""
    database = SqlDatabase(url, busy_timeout=60)
    for number in range(15):
        with writing(database) as uow:
            save(uow, f"{writer}-{number}")
        if number % 3 == 0:
            with writing(database) as uow:
                uow.calendars.remove(calendar(uow), f"{writer}-{number}")
    database.close()


@pytest.mark.parametrize(
    "pool",
    [
        pytest.param(partial(ThreadPoolExecutor, 3), id="threads"),
        pytest.param(partial(ProcessPoolExecutor, 3, get_context("spawn")), id="processes"),
    ],
)
def test_several_writers_take_every_number_once_and_in_order(
    practice: SqlDatabase, pool: Callable[[], Executor]
) -> None:
    before = number_of(practice)
    url = practice.engine.url.render_as_string(hide_password=False)
    with pool() as writers:
        for done in [writers.submit(write_many, url, name) for name in ("x", "y", "z")]:
            done.result()
    with reading(practice) as uow:
        rows = log_of(uow, before)
        assert [row.number for row in rows] == list(range(before + 1, before + 1 + 3 * 20))
        assert uow.log_state().number == rows[-1].number
        for name in ("x", "y", "z"):
            own = [row.href for row in rows if row.href.startswith(name)]
            assert list(dict.fromkeys(own)) == [f"{name}-{n}" for n in range(15)]
        replayed = {row.href for row in rows if row.after} - {
            row.href for row in rows if row.after is None
        }
        assert set(hrefs(uow.calendars.listing(whole(uow)))) == replayed
        assert len(replayed) == 30


def test_one_instance_sees_at_once_what_another_wrote(practice: SqlDatabase) -> None:
    other = SqlDatabase(practice.engine.url.render_as_string(hide_password=False))
    try:
        for number in range(5):
            writer, reader = (practice, other) if number % 2 else (other, practice)
            with writing(writer) as uow:
                save(uow, f"{number}")
            with reading(reader) as uow:
                assert uow.calendars.head(calendar(uow), f"{number}") is not None
    finally:
        other.close()


def test_two_databases_have_different_epochs_and_one_keeps_its_own(
    database: SqlDatabase, tmp_path: Path
) -> None:
    with reading(database) as uow:
        first = uow.epoch
    with writing(database) as uow:
        assert uow.epoch == first
    other = SqlDatabase(f"sqlite:///{tmp_path}/other.db")
    other.upgrade()
    with reading(other) as uow:
        assert uow.epoch not in {"", first}
    other.close()


def test_a_database_is_ready_once_it_has_the_tables(database: SqlDatabase, tmp_path: Path) -> None:
    assert database.ready()
    empty = SqlDatabase(f"sqlite:///{tmp_path}/empty.db")
    assert not empty.ready()
    empty.upgrade()
    assert empty.ready()
    empty.close()


# --- Accounts -----------------------------------------------------------------------------------


def test_an_account_comes_back_as_it_was(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        doctor = uow.house.doctors()[0]
        account = Account(
            id=0,
            name="dr.mueller@praxis",
            role=Role.DOCTOR,
            doctor_id=doctor.id,
            display_name="Dr. Müller",
            email="mueller@example.org",
            disabled=True,
            everywhere=Level.READ,
        )
        made = uow.accounts.save(account)
    with reading(practice) as uow:
        assert uow.accounts.by_name("dr.mueller@praxis") == (replace(account, id=made.id), [])
        assert uow.accounts.by_name("DR.MUELLER@praxis") is None
        assert uow.accounts.by_name("niemand") is None
    with writing(practice) as uow:
        uow.accounts.save(replace(made, role=Role.STAFF, disabled=False, doctor_id=None))
    with reading(practice) as uow:
        assert the_account(uow, "dr.mueller@praxis").role is Role.STAFF
        assert [a.name for a in uow.accounts.all()] == sorted(
            ["admin", "albis", "buchung", "dr.mueller@praxis", "empfang", "gast", "mueller"]
        )


def test_two_accounts_cannot_have_one_name(practice: SqlDatabase) -> None:
    with refused(practice, NameTaken) as uow:
        uow.accounts.save(Account(0, "albis", Role.PVS))
    with refused(practice, NameTaken) as uow:
        uow.accounts.save(replace(the_account(uow, "gast"), name="albis"))


def test_a_grant_is_of_one_account_in_one_calendar(practice: SqlDatabase) -> None:
    with reading(practice) as uow:
        mueller, schmidt = calendar(uow, MUELLER).id, calendar(uow, SCHMIDT).id
    with writing(practice) as uow:
        guest, other = the_account(uow, "gast"), the_account(uow, "mueller")
        uow.accounts.grant(guest, schmidt, Level.READ)
        uow.accounts.grant(other, schmidt, Level.WRITE)
    with writing(practice) as uow:
        assert the_account(uow, "gast").grants == {mueller: Level.READ, schmidt: Level.READ}
        uow.accounts.grant(guest, schmidt, Level.WRITE)
        assert the_account(uow, "gast").grants == {mueller: Level.READ, schmidt: Level.WRITE}
        uow.accounts.grant(guest, schmidt, Level.NONE)
    with reading(practice) as uow:
        assert the_account(uow, "gast").grants == {mueller: Level.READ}
        assert the_account(uow, "mueller").grants == {schmidt: Level.WRITE}
        assert {a.name: dict(a.grants) for a in uow.accounts.all() if a.grants} == {
            "gast": {mueller: Level.READ},
            "mueller": {schmidt: Level.WRITE},
        }


def test_credentials_are_given_replaced_and_revoked(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        guest = the_account(uow, "gast")
        phone = uow.accounts.add_credential(guest, CredentialKind.APP_PASSWORD, "Handy", "abc")
        token = uow.accounts.add_credential(guest, CredentialKind.TOKEN, "Skript", "def")
    with writing(practice) as uow:
        found = uow.accounts.by_token("def")
        assert found is not None
        assert found[0].name == "gast"
        assert uow.accounts.by_token("abc") is None  # an app password is no token
        held = uow.accounts.by_name("gast")
        assert held is not None
        assert held[1][1:] == [phone, token]
        assert (phone.label, phone.secret, phone.created) == ("Handy", "abc", NOW)
        uow.accounts.replace_secret(token, "ghi")
        assert uow.accounts.by_token("def") is None
        assert uow.accounts.by_token("ghi") is not None
        uow.accounts.revoke(guest, token.id)
        assert uow.accounts.by_token("ghi") is None
    with writing(practice) as uow:
        program = uow.accounts.add_credential(guest, CredentialKind.TOKEN, "Skript", "jkl")
        uow.accounts.replace_secret(phone, "mno")  # where the row is moved, it is told as before
    with reading(practice) as uow:
        held = uow.accounts.by_name("gast")
        assert held is not None
        assert [one.id for one in held[1][1:]] == [phone.id, program.id]
    with refused(practice, AccountNotFound) as uow:
        uow.accounts.revoke(the_account(uow, "albis"), phone.id)
    with refused(practice, AccountNotFound) as uow:
        uow.accounts.revoke(guest, token.id)


def test_failed_log_ins_are_counted_forgotten_and_taken_back(database: SqlDatabase) -> None:
    minute = timedelta(minutes=1)
    for age in (9, 4, 1):
        with writing(database, now=NOW - age * minute) as uow:
            uow.accounts.record_failure("a", "n", NOW - 20 * minute)
    with writing(database) as uow:
        uow.accounts.record_failure("b", "n", NOW - 20 * minute)
        uow.accounts.record_failure("a", "m", NOW - 5 * minute)
        assert uow.accounts.failures("a", "n", NOW - 20 * minute) == (3, 3)  # the oldest is gone
        assert uow.accounts.failures("a", "n", NOW - 2 * minute) == (2, 2)
        assert uow.accounts.failures("c", "k", NOW - 20 * minute) == (0, 0)
        uow.accounts.forget_failures("a", "n")
    with reading(database) as uow:
        assert uow.accounts.failures("a", "n", NOW - 20 * minute) == (1, 1)
        assert uow.accounts.failures("b", "m", NOW - 20 * minute) == (1, 1)


# --- Patients, appointments, letters, house -----------------------------------------------------

SABINE = PatientRecord("Muster", "Sabine", "1970-03-01", "s@example.org", "+49 30 1", "GESETZLICH")


def test_a_patient_comes_back_as_saved_and_gets_a_number_where_there_was_none(
    database: SqlDatabase,
) -> None:
    record = replace(SABINE, number="4711", booking_system_id="tool-1")
    with writing(database) as uow:
        known = uow.patients.save(Patient("4711", record))
        new = uow.patients.save(Patient("", SABINE, to_review=True))
    assert new.number not in {"", "4711"}
    assert new.record.number == new.number
    with reading(database) as uow:
        assert uow.patients.get([known.id, new.id, 99]) == {known.id: known, new.id: new}
        assert uow.patients.by_number("4711") == Patient("4711", record, known.id)
        assert uow.patients.by_number(new.number) == new
        assert uow.patients.by_number("0") is None
        assert uow.patients.get([]) == {}
    with writing(database) as uow:
        moved = replace(new, record=replace(new.record, phone="+49 30 2"), to_review=False)
        assert uow.patients.save(moved) == moved
        assert uow.patients.get([new.id]) == {new.id: moved}


def test_a_number_given_out_is_nobody_elses(database: SqlDatabase) -> None:
    with writing(database) as uow:
        first = uow.patients.save(Patient("", SABINE))
        following = f"P{first.id + 2:06d}"  # as the practice may have numbered its own
        own = uow.patients.save(Patient(following, replace(SABINE, number=following)))
        new = uow.patients.save(Patient("", SABINE))
        assert len({first.number, own.number, new.number}) == 3


def test_candidates_share_number_tool_id_or_name_and_birth_date(database: SqlDatabase) -> None:
    with writing(database) as uow:
        save_ = uow.patients.save
        by_number = save_(Patient("1", PatientRecord("Eins", number="1")))
        by_tool = save_(Patient("2", PatientRecord("Zwei", number="2", booking_system_id="t2")))
        by_name = save_(Patient("3", PatientRecord("Müller", "Jörg", "1980-01-02", number="3")))
        save_(Patient("4", PatientRecord("Vier", "Jörg", "1980-01-02", number="4")))

        def found(*records: PatientRecord) -> set[int]:
            return {patient.id for patient in uow.patients.candidates(records)}

        assert found(PatientRecord("Anders", number="1")) == {by_number.id}
        assert found(PatientRecord("Anders", booking_system_id="t2")) == {by_tool.id}
        assert found(PatientRecord("JOERG", "mueller", "1980-01-02")) == {by_name.id}
        assert found(PatientRecord("Müller", "Jörg")) == set()  # a name alone decides nothing
        assert found() == set()
        assert found(
            PatientRecord("x", number="1"), PatientRecord("Mueller", "Joerg", "1980-01-02")
        ) == {by_number.id, by_name.id}


def an_appointment(uow: SqlUnitOfWork, uid: str = "u-1", **more: Any) -> Appointment:
    start = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    facts: dict[str, Any] = {
        "uid": uid,
        "slot": Slot(start, start + timedelta(minutes=30)),
        "status": Status.CONFIRMED,
        "doctor_id": calendar(uow).doctor_id,
        "calendar_id": calendar(uow).id,
    }
    return Appointment(**{**facts, **more})


def test_an_appointment_comes_back_as_it_was(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        room = uow.house.save_room(Room("raum-1", "Raum 1"))
        patient = uow.patients.save(Patient("", SABINE))
        wanted = an_appointment(
            uow,
            status=Status.TENTATIVE,
            patient_id=patient.id,
            room_id=room.id,
            kind="PROPHYLAXE",
            insurance="PRIVAT",
            requires_confirmation=True,
            booking_source="csv",
            booking_id="B-1",
            booking_base='{"a": 1}',
        )
        made = uow.appointments.save(wanted)
        assert made == replace(wanted, id=made.id)
        assert made.id
    with writing(practice) as uow:
        assert uow.appointments.by_uid("u-1") == made
        assert uow.appointments.by_uid("U-1") is None
        later = replace(made.slot, end=made.slot.end + timedelta(minutes=5))
        changed = replace(made, slot=later, status=Status.CANCELLED, patient_id=None)
        assert uow.appointments.save(changed) == changed
    with reading(practice) as uow:
        assert list(uow.appointments.all()) == [changed]


def test_appointments_are_found_by_their_bookings(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        one, two, other = (
            uow.appointments.save(an_appointment(uow, uid, booking_source=source, booking_id=id_))
            for uid, source, id_ in (("1", "csv", "B-1"), ("2", "csv", "B-2"), ("3", "api", "B-1"))
        )
        found = uow.appointments.by_booking
        assert found("csv", ["B-1", "B-2", "B-3"]) == {"B-1": one, "B-2": two}
        assert found("api", ["B-1"]) == {"B-1": other}
        assert found("csv", []) == {}


def test_what_a_source_has_in_a_window_starts_there_and_is_not_cancelled(
    practice: SqlDatabase,
) -> None:
    hour = timedelta(hours=1)
    with writing(practice) as uow:
        first = an_appointment(uow).slot
        for name, source, starts, status in (
            ("before", "csv", first.start - timedelta(microseconds=1), Status.CONFIRMED),
            ("first", "csv", first.start, Status.TENTATIVE),
            ("last", "csv", first.start + hour - timedelta(microseconds=1), Status.CONFIRMED),
            ("after", "csv", first.start + hour, Status.CONFIRMED),
            ("cancelled", "csv", first.start, Status.CANCELLED),
            ("other", "api", first.start, Status.CONFIRMED),
        ):
            slot = Slot(starts, starts + timedelta(minutes=30))
            booked = {"booking_source": source, "booking_id": name}
            uow.appointments.save(an_appointment(uow, name, slot=slot, status=status, **booked))
        found = uow.appointments.of_source("csv", Slot(first.start, first.start + hour))
        assert sorted(appointment.uid for appointment in found) == ["first", "last"]


def test_withdrawn_letters_are_not_waiting_and_the_first_tells_the_state_before(
    practice: SqlDatabase,
) -> None:
    with writing(practice) as uow:
        one = uow.appointments.save(an_appointment(uow, "1"))
        two = uow.appointments.save(an_appointment(uow, "2"))
        uow.outbox.post(Receiver.PATIENT, Message.BOOKED, one, "null")
        uow.outbox.post(Receiver.PATIENT, Message.BOOKED, two, "two")
        uow.outbox.post(Receiver.BOOKING_TOOL, Message.MOVED, one, "later")
    with writing(practice) as uow:
        assert uow.outbox.waiting() == [
            (Receiver.PATIENT, Message.BOOKED, one.id),
            (Receiver.PATIENT, Message.BOOKED, two.id),
            (Receiver.BOOKING_TOOL, Message.MOVED, one.id),
        ]
        assert uow.outbox.withdraw(one.id) == {
            Receiver.PATIENT: "null",
            Receiver.BOOKING_TOOL: "later",
        }
        assert uow.outbox.waiting() == [(Receiver.PATIENT, Message.BOOKED, two.id)]
        assert uow.outbox.withdraw(one.id) == {}
        uow.outbox.post(Receiver.PATIENT, Message.CANCELLED, one, "again")
    with writing(practice) as uow:
        assert uow.outbox.withdraw(one.id) == {Receiver.PATIENT: "again"}


def test_doctors_and_rooms_come_by_their_short_names(database: SqlDatabase) -> None:
    with writing(database) as uow:
        b = uow.house.save_doctor(Doctor("dr-b", "Dr. B", "Chirurgie", "Mo 8-12"))
        a = uow.house.save_doctor(Doctor("dr-a", "Dr. A"))
        room = uow.house.save_room(Room("raum-1", "Raum 1"))
    with writing(database) as uow:
        assert uow.house.doctors() == [a, b]
        assert uow.house.rooms() == [room]
        renamed = replace(b, name="Dr. Bauer")
        assert uow.house.save_doctor(renamed) == renamed
        assert uow.house.save_room(replace(room, name="Labor")).id == room.id
        assert [doctor.name for doctor in uow.house.doctors()] == ["Dr. A", "Dr. Bauer"]
    with refused(database, NameTaken) as uow:
        uow.house.save_doctor(Doctor("dr-a", "Dr. Andere"))
    with refused(database, NameTaken) as uow:
        uow.house.save_room(Room("raum-1", "Raum 2"))
    with refused(database, InvalidName) as uow:
        uow.house.save_doctor(Doctor("Dr. A", "Dr. A"))

"""Any mixture of changes, undos and purges leaves log, objects, appointments and syncs in step.

And taking back is exact: whatever was done since any moment, undone, gives that moment back.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from practice.access import Actor, view
from practice.appointments import Booking, Slot, Status
from practice.calendar_zone import TIMEZONE_ID, zone_of
from practice.calendars import CalendarKind, Condition, Draft
from practice.database import SqlDatabase
from practice.errors import (
    CannotUndo,
    ChangeNotFound,
    ChangesForgotten,
    Conflict,
    InTheWay,
    Invalid,
    NotAllowed,
    NotFound,
    PracticeError,
)
from practice.log import LogQuestion
from practice.use_cases import objects
from practice.use_cases.book import take_bookings
from practice.use_cases.copying import copy
from practice.use_cases.history import as_file_at
from practice.use_cases.properties import set_calendar_properties
from practice.use_cases.reading import as_file, objects_named
from practice.use_cases.retention import forget_some, forgettable
from practice.use_cases.undo import undo
from practice.use_cases.undo_plans import plan_undo
from practice.use_cases.verify import verify
from practice.vevent import read
from tests.building import BERLIN, NOW, PROFILE, a_practice, an_event, the_account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from practice.database.unit_of_work import SqlUnitOfWork
    from practice.use_cases.undo_plans import Plan
    from practice.views import View
    from tests.postgres import PostgresServer

#: Few, so that the same names, UIDs and calendars meet again and again.
DOCTORS = ("dr-mueller", "dr-schmidt")
CALENDARS = (*DOCTORS, "praxis", "labor")
NAMES = ("a", "b", "c")
UIDS = ("eins", "zwei", "drei")
WRITERS = ("admin", "empfang", "albis", "buchung")
HOURS = (8, 9, 10)
#: In which a floating event is at another time, and None: in the practice's.
ZONES = (None, "America/New_York", "Asia/Tokyo")
#: What a change may be refused for.
REFUSALS = (Conflict, Invalid, NotAllowed, NotFound, ChangesForgotten)
BOOKINGS = ("B-1", "B-2")


@dataclass(frozen=True)
class State:
    """Everything that can be taken back: calendars by id, objects by place."""

    calendars: dict[int, tuple[Any, ...]]
    objects: dict[tuple[int, str], tuple[str, int]]


@dataclass(frozen=True)
class Moment:
    """The state after a change, and when it was reached."""

    number: int
    time: datetime
    state: State
    files: dict[str, list[str]]


def state_of(uow: SqlUnitOfWork) -> State:
    everything = uow.calendars.all()
    calendars = {
        c.id: (c.name, c.kind, c.doctor_id, c.components, dict(c.properties)) for c in everything
    }
    items = {}
    for calendar in everything:
        for item in uow.calendars.texts(own_view(uow, calendar.name)):
            items[item.calendar_id, item.href] = (item.text, item.owner_id)
    return State(calendars, items)


def own_view(uow: SqlUnitOfWork, name: str) -> View:
    """Return a calendar alone as an administrator sees it."""
    calendar = uow.calendars.find(name)
    assert calendar is not None
    return view(the_account(uow, "admin"), calendar, [calendar], uow.epoch)


def whole_view(uow: SqlUnitOfWork, name: str) -> View:
    calendar = uow.calendars.find(name)
    assert calendar is not None
    return view(the_account(uow, "admin"), calendar, uow.calendars.all(), uow.epoch)


def lines(text: str) -> list[str]:
    """Return the lines of a file in an order of their own: what is in it, wherever it stands."""
    return sorted(text.splitlines())


class Practice(RuleBasedStateMachine):
    """A practice in which everything is done, and anything taken back."""

    opened: Callable[[], AbstractContextManager[SqlDatabase]]

    @initialize()
    def open(self) -> None:
        self.context = type(self).opened()
        self.database = self.context.__enter__()
        self.now = NOW
        with self.database.begin(actor=Actor(0, "x"), now=NOW, read_only=True) as uow:
            number = uow.log_state().number
        self.moments: dict[int, Moment] = {}
        self.start = number
        self.replicas: dict[str, tuple[int, int, str, dict[str, str]]] = {}
        self.version = 0
        self.remember()

    def teardown(self) -> None:
        if hasattr(self, "context"):
            self.context.__exit__(None, None, None)

    # -- steps ---------------------------------------------------------------------------------

    def tick(self) -> datetime:
        self.now += timedelta(minutes=20)  # more than writers may wait for each other
        self.version += 1
        return self.now

    def writing(self, writer: str = "admin") -> AbstractContextManager[SqlUnitOfWork]:
        with self.database.begin(actor=Actor(0, "x"), now=NOW, read_only=True) as uow:
            account = the_account(uow, writer)
        return self.database.begin(actor=Actor(account.id, writer), now=self.tick())

    def attempt(self, writer: str, step: Callable[[SqlUnitOfWork], object]) -> PracticeError | None:
        """Do a step in a transaction of its own; when it is refused nothing is left of it."""
        try:
            with self.writing(writer) as uow:
                step(uow)
        except REFUSALS as error:
            with self.reading() as uow:
                assert state_of(uow) == self.last.state
            return error
        return None

    def reading(self) -> AbstractContextManager[SqlUnitOfWork]:
        return self.database.begin(actor=Actor(0, "x"), now=self.now, read_only=True)

    @property
    def last(self) -> Moment:
        return self.moments[max(self.moments)]

    @rule(
        writer=st.sampled_from(WRITERS),
        calendar=st.sampled_from(CALENDARS),
        name=st.sampled_from(NAMES),
        uid=st.sampled_from(UIDS),
        hour=st.sampled_from(HOURS),
        more=st.sampled_from([(), ("X-APPOINTMENT-TYPE:A",), ("STATUS:CANCELLED",)]),
        floating=st.booleans(),
    )
    def put(
        self,
        writer: str,
        calendar: str,
        name: str,
        uid: str,
        hour: int,
        more: tuple[str, ...],
        floating: bool = False,
    ) -> None:
        times = (f"20261123T{hour:02}0000", f"20261123T{hour:02}3000")
        text = an_event(uid, *times, f"SUMMARY:Fassung {self.version}", *more)
        if floating:
            text = text.replace(";TZID=Europe/Berlin", "")

        def step(uow: SqlUnitOfWork) -> None:
            found = uow.calendars.find(calendar)
            if found is None:
                raise NotFound
            account = the_account(uow, writer)
            seen = view(account, found, uow.calendars.all(), uow.epoch)
            zone = zone_of(found, PROFILE)
            draft = Draft(name, text, read(text, zone=zone, now=uow.now, limits=PROFILE.limits))
            objects.put(uow, account, seen, draft, condition=Condition(), profile=PROFILE)

        self.attempt(writer, step)

    def place(self, index: int) -> tuple[str, str]:
        """Return an object that is there, by calendar and name."""
        places = sorted(self.last.state.objects)
        calendar_id, href = places[index % len(places)]
        return str(self.last.state.calendars[calendar_id][0]), href

    @rule(index=st.integers(0, 20), hour=st.sampled_from(HOURS), again=st.booleans())
    def change(self, index: int, hour: int, again: bool) -> None:
        """Give an object another time, or (not `again`) another object's place."""
        if not self.last.state.objects:
            return
        calendar, href = self.place(index)
        with self.reading() as uow:
            uid = objects_named(uow, own_view(uow, calendar), [href])[href].uid
        self.put("empfang", calendar, href, uid if again else f"{uid}-neu", hour, ())

    @rule(index=st.integers(0, 20))
    def delete(self, index: int) -> None:
        if not self.last.state.objects:
            return
        calendar, href = self.place(index)
        self.attempt(
            "empfang",
            lambda uow: objects.delete(
                uow, the_account(uow, "empfang"), own_view(uow, calendar), href, Condition()
            ),
        )

    @rule(
        act=st.sampled_from([objects.move, copy]),
        index=st.integers(0, 20),
        to=st.sampled_from(CALENDARS),
        name=st.sampled_from(NAMES),
    )
    def move_or_copy(self, act: Callable[..., object], index: int, to: str, name: str) -> None:
        if not self.last.state.objects:
            return
        calendar, href = self.place(index)

        def step(uow: SqlUnitOfWork) -> None:
            if uow.calendars.find(to) is None:
                raise NotFound
            act(
                uow,
                the_account(uow, "admin"),
                (own_view(uow, calendar), href),
                (own_view(uow, to), name),
                overwrite=True,
                condition=Condition(),
                profile=PROFILE,
            )

        self.attempt("admin", step)

    @rule(
        calendar=st.sampled_from(CALENDARS),
        title=st.sampled_from(["Alt", "Neu"]),
        zone=st.sampled_from(ZONES),
    )
    def set_properties(self, calendar: str, title: str, zone: str | None) -> None:
        def step(uow: SqlUnitOfWork) -> None:
            found = uow.calendars.find(calendar)
            if found is None:
                raise NotFound
            changes = {"D:displayname": title, TIMEZONE_ID: zone}
            seen, admin = own_view(uow, calendar), the_account(uow, "admin")
            set_calendar_properties(uow, admin, seen, changes, PROFILE)

        self.attempt("admin", step)

    @rule()
    def make_or_drop(self) -> None:
        def step(uow: SqlUnitOfWork) -> None:
            if uow.calendars.find("labor"):
                objects.drop_calendar(uow, the_account(uow, "admin"), own_view(uow, "labor"))
            else:
                uow.calendars.create("labor", CalendarKind.PLAIN, {"D:displayname": "Labor"})

        self.attempt("admin", step)

    @rule(
        booking=st.sampled_from(BOOKINGS),
        doctor=st.sampled_from(DOCTORS),
        hour=st.sampled_from(HOURS),
        status=st.sampled_from(list(Status)),
    )
    def book(self, booking: str, doctor: str, hour: int, status: Status) -> None:
        start = datetime(2026, 11, 24, hour, tzinfo=BERLIN)
        told = Booking(booking, doctor, Slot(start, start + timedelta(minutes=30)), status, "Linde")
        self.attempt("admin", lambda uow: take_bookings(uow, "csv", [told], PROFILE))

    @rule(numbers=st.lists(st.integers(0, 40), min_size=1, max_size=4), force=st.booleans())
    def undo_some(self, numbers: list[int], force: bool) -> None:
        last = self.last.number
        asked = {number: last - number for number in numbers if last - number > self.start}
        questions = [LogQuestion(first=n, last=n) for n in asked.values()]
        if not questions:
            return
        before = self.last.state
        done: list[Plan] = []

        def step(uow: SqlUnitOfWork) -> None:
            plan = plan_undo(uow, questions, PROFILE, also_later=force)
            undo(uow, plan)
            done.append(plan)

        refused = self.attempt("admin", step)
        assert isinstance(refused, InTheWay | CannotUndo | ChangesForgotten | None)
        if isinstance(refused, ChangesForgotten):
            assert min(asked.values()) <= self.forgotten()
        if isinstance(refused, InTheWay):
            assert not force
            assert set(refused.numbers) <= {n for n in range(last + 1) if n not in asked.values()}
        if done:
            self.look_at_undo(done[0], before)

    def look_at_undo(self, plan: Plan, before: State) -> None:
        """Nothing else has changed, and what was changed is what it was."""
        taken = {*plan.asked, *plan.together, *plan.later}
        with self.reading() as uow:
            after = state_of(uow)
            rows = list(self.log(uow, self.last.number))
        firsts = {(c.calendar_id, c.href): c for c in reversed(rows) if c.number in taken}
        for place in {*before.objects, *after.objects}:
            if place in firsts:
                was = firsts[place].before
                assert after.objects.get(place, (None,))[0] == was
            else:
                assert after.objects.get(place) == before.objects.get(place)

    def log(self, uow: SqlUnitOfWork, last: int) -> Iterator[Any]:
        return uow.calendars.search_log(LogQuestion(last=last))

    @rule(back=st.integers(0, 30))
    def undo_everything_since(self, back: int) -> None:
        """What was at any moment is there again, calendars included."""
        known = sorted(self.moments)
        then = self.moments[known[max(0, len(known) - 1 - back)]]
        if then.number >= self.last.number or then.number < self.forgotten():
            return
        question = LogQuestion(first=then.number + 1)
        with self.writing() as uow:
            plan = plan_undo(uow, [question], PROFILE)
            assert plan.later == ()
            first, last = undo(uow, plan)
            assert last - first < 3 * (len(then.state.objects) + len(self.last.state.objects) + 4)
        with self.reading() as uow:
            assert state_of(uow) == then.state

    @rule()
    def undo_the_last_by_time(self) -> None:
        if self.last.number == self.start or self.last.time <= NOW:
            return
        with self.reading() as uow:
            wanted = [c for c in self.log(uow, self.last.number) if c.time == self.last.time]
        question = LogQuestion(
            since=self.last.time, before=self.last.time + timedelta(seconds=1), actor="admin"
        )
        try:
            with self.writing() as uow:
                plan = plan_undo(uow, [question], PROFILE)
                undo(uow, plan)
        except ChangeNotFound:
            assert {c.actor for c in wanted} <= {"buchung", "empfang", "albis"}
            return
        except CannotUndo as error:
            raise AssertionError(str(error)) from error
        assert set(plan.asked) == {c.number for c in wanted if c.actor == "admin"}

    @rule(minutes=st.integers(0, 600))
    def purge(self, minutes: int) -> None:
        with self.reading() as uow:
            number = forgettable(uow, self.now - timedelta(minutes=minutes))
        with self.writing() as uow:
            forget_some(uow, number)
        self.moments = {n: m for n, m in self.moments.items() if n >= self.forgotten()}

    def forgotten(self) -> int:
        with self.reading() as uow:
            return uow.log_state().forgotten

    # -- what holds after each -----------------------------------------------------------------

    def remember(self) -> None:
        with self.reading() as uow:
            number = uow.log_state().number
            if number in self.moments:
                assert state_of(uow) == self.moments[number].state  # nothing without a number
                return
            files = {
                c.name: lines(as_file(uow, whole_view(uow, c.name), PROFILE))
                for c in uow.calendars.all()
            }
            self.moments[number] = Moment(number, self.now, state_of(uow), files)

    @invariant()
    def the_practice_is_as_it_should_be(self) -> None:
        if not hasattr(self, "moments"):
            return
        self.remember()
        with self.reading() as uow:
            assert list(verify(uow, PROFILE, lambda: None)) == []
            self.look_at_appointments(uow)
            for calendar in uow.calendars.all():
                self.look_at_replica(uow, calendar.name)

    def look_at_appointments(self, uow: SqlUnitOfWork) -> None:
        calendars = {calendar.id: calendar for calendar in uow.calendars.all()}
        for one in uow.appointments.all():
            holders = uow.calendars.uid_holders(one.uid)
            if not holders:
                assert one.status is Status.CANCELLED
            if len(holders) == 1:
                (head,) = holders
                calendar = calendars[head.calendar_id]
                item = uow.calendars.get(own_view(uow, calendar.name), [head.href])[head.href]
                zone = zone_of(calendar, PROFILE)
                facts = read(item.text, zone=zone, now=self.now, limits=PROFILE.limits)
                assert one.slot == facts.slot
                # Where an object in another calendar is left over, the index alone is asked.
                assert one.status is facts.status or facts.status is Status.CANCELLED
                assert (one.calendar_id, one.doctor_id) == (calendar.id, calendar.doctor_id)
            if holders:
                assert one.calendar_id in {head.calendar_id for head in holders}

    def look_at_replica(self, uow: SqlUnitOfWork, name: str) -> None:
        seen = whole_view(uow, name)
        listed = {seen.name_of(h.calendar_id, h.href): h.etag for h in uow.calendars.listing(seen)}
        id_, number, mark, replica = self.replicas.get(name, (0, 0, "", {}))
        if id_ == seen.calendar.id:
            try:
                told = uow.calendars.changes_since(seen, number, mark)
            except ChangesForgotten:
                assert number < uow.log_state().forgotten
                replica = listed
            else:
                for place in told.removed:
                    replica.pop(seen.name_of(*place), None)
                replica |= {seen.name_of(h.calendar_id, h.href): h.etag for h in told.changed}
        else:
            replica = dict(listed)
        assert replica == listed
        self.replicas[name] = (seen.calendar.id, seen.number, seen.mark, replica)

    @rule(back=st.integers(0, 30))
    def export_as_it_was(self, back: int) -> None:
        known = sorted(self.moments)
        then = self.moments[known[max(0, len(known) - 1 - back)]]
        with self.reading() as uow:
            if uow.calendars.number_at(then.time) is None:
                assert then.number <= uow.log_state().forgotten
                with pytest.raises(ChangesForgotten):
                    as_file_at(uow, "praxis", then.time, PROFILE)
                return
            for name, wanted in then.files.items():
                assert lines(as_file_at(uow, name, then.time, PROFILE)) == wanted, name
            if "labor" not in then.files:
                with pytest.raises(NotFound):
                    as_file_at(uow, "labor", then.time, PROFILE)


def run(opened: Callable[[], AbstractContextManager[SqlDatabase]], examples: int) -> None:
    machine = type("PracticeOnIt", (Practice,), {"opened": staticmethod(opened)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            phases=[Phase.generate],  # to shrink a failure takes minutes; add it when needed
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_any_mixture_of_changes_and_undos_stays_consistent_on_sqlite(
    sqlite_template: Path, tmp_path: Path
) -> None:
    template = tmp_path / "template.db"
    shutil.copy(sqlite_template, template)
    first = SqlDatabase(f"sqlite:///{template}")
    a_practice(first)
    first.close()

    @contextmanager
    def opened() -> Iterator[SqlDatabase]:
        folder = Path(mkdtemp(dir=tmp_path))
        shutil.copy(template, folder / "praxis.db")
        database = SqlDatabase(f"sqlite:///{folder / 'praxis.db'}")
        try:
            yield database
        finally:
            database.close()
            shutil.rmtree(folder)

    run(opened, 50)


def test_any_mixture_of_changes_and_undos_stays_consistent_on_postgresql(
    postgres: PostgresServer, postgres_template: str
) -> None:
    template = postgres.new_database(like=postgres_template)
    first = SqlDatabase(template)
    a_practice(first)
    first.close()

    @contextmanager
    def opened() -> Iterator[SqlDatabase]:
        url = postgres.new_database(like=template)
        database = SqlDatabase(url)
        try:
            yield database
        finally:
            database.close()
            postgres.drop_database(url)

    run(opened, 6)
    postgres.drop_database(template)

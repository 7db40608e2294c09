"""A replica that is kept by sync-collection alone is what the calendar lists, whoever writes."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from practice.access import Actor
from practice.calendars import Condition
from practice.errors import Conflict, Invalid, NotAllowed, NotFound
from practice.use_cases import objects
from tests.building import PROFILE, a_draft, an_event, reading, the_account, the_view, writing
from tests.dav import HOME, emptied, listing, put, sync

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import httpx

    from practice.database import SqlDatabase
    from practice.database.unit_of_work import SqlUnitOfWork
    from practice.views import View
    from tests.servers import RunningServer

#: Accounts that write: everywhere, everywhere, own objects everywhere, the own calendar.
WRITERS = ("empfang", "albis", "buchung", "mueller")
#: What is replicated: a doctor's calendar, the union, and either as the booking account sees it.
WATCHED = (
    ("empfang", "dr-mueller"),
    ("gast", "dr-mueller"),
    ("buchung", "dr-mueller"),
    ("empfang", "praxis"),
    ("buchung", "praxis"),
    ("mueller", "praxis"),
)
#: Few enough that writers meet: the same names, UIDs and times again and again.
PLACES = (
    *((calendar, name) for calendar in ("dr-mueller", "dr-schmidt", "praxis") for name in "ab"),
    ("praxis", "dr-mueller~a"),
    ("praxis", "dr-schmidt~b"),
)
UIDS = ("eins", "zwei", "drei")
HOURS = (8, 9, 10, 11)


@dataclass(frozen=True)
class Step:
    """One request of one writer; `to` makes it a move, no hour a deletion."""

    writer: str
    place: tuple[str, str]
    uid: str = "eins"
    hour: int | None = None
    to: tuple[str, str] | None = None

    def text(self, version: int) -> str:
        times = (f"20261123T{self.hour:02}0000", f"20261123T{self.hour:02}3000")
        return an_event(self.uid, *times, f"SUMMARY:Fassung {version}")


PUTS = st.builds(
    Step,
    st.sampled_from(WRITERS),
    st.sampled_from(PLACES),
    st.sampled_from(UIDS),
    st.sampled_from(HOURS),
)
DELETIONS = st.builds(Step, st.sampled_from(WRITERS), st.sampled_from(PLACES))
MOVES = st.builds(
    Step, st.sampled_from(WRITERS[:2]), st.sampled_from(PLACES), to=st.sampled_from(PLACES)
)
STEPS = st.lists(PUTS | PUTS | DELETIONS | MOVES, max_size=20)

#: What an account sees of a calendar: names and ETags.
Replica = dict[str, str]


# --- Over the use cases -------------------------------------------------------------------------


@dataclass(frozen=True)
class Moment:
    """A view at some moment: what it listed, and the number and mark that a token carries."""

    listed: Replica
    number: int
    mark: str


def moment(uow: SqlUnitOfWork, view: View) -> Moment:
    heads = uow.calendars.listing(view)
    listed = {view.name_of(head.calendar_id, head.href): head.etag for head in heads}
    return Moment(listed, view.number, view.mark)


def synced(uow: SqlUnitOfWork, view: View, then: Moment) -> Moment:
    """Bring a replica from an earlier moment to now, by its changes alone."""
    changes = uow.calendars.changes_since(view, then.number, then.mark)
    replica = dict(then.listed)
    for gone in changes.removed:
        replica.pop(view.name_of(*gone), None)
    for head in changes.changed:
        replica[view.name_of(head.calendar_id, head.href)] = head.etag
    return Moment(replica, changes.number, view.mark)


def run(database: SqlDatabase, step: Step, version: int) -> bool:
    """Run a step in a transaction of its own; False if it was refused."""
    with reading(database) as uow:
        account = the_account(uow, step.writer)
    with (
        suppress(Conflict, Invalid, NotAllowed, NotFound),
        writing(database, Actor(account.id, account.name)) as uow,
    ):
        view, name = the_view(uow, step.writer, step.place[0]), step.place[1]
        if step.to:
            target = (the_view(uow, step.writer, step.to[0]), step.to[1])
            objects.move(
                uow,
                account,
                (view, name),
                target,
                overwrite=True,
                condition=Condition(),
                profile=PROFILE,
            )
        elif step.hour is None:
            objects.delete(uow, account, view, name, Condition())
        else:
            draft = a_draft(name, step.text(version))
            objects.put(uow, account, view, draft, condition=Condition(), profile=PROFILE)
        return True
    return False


def emptied_database(database: SqlDatabase) -> None:
    with writing(database) as uow:
        for calendar in uow.calendars.all():
            for head in list(uow.calendars.listing(the_view(uow, "admin", calendar.name))):
                if head.calendar_id == calendar.id:
                    uow.calendars.remove(calendar, head.href)


def moments(database: SqlDatabase) -> list[Moment]:
    with reading(database) as uow:
        return [moment(uow, the_view(uow, *watched)) for watched in WATCHED]


CREATED = Step("empfang", ("dr-mueller", "a"), "eins", 8)
BOOKED = Step("buchung", ("dr-mueller", "a"), "zwei", 9)
DELETED = Step("empfang", ("dr-mueller", "a"))
MOVED = Step("albis", ("dr-mueller", "a"), to=("dr-schmidt", "b"))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
@example(steps=[CREATED, DELETED, BOOKED, DELETED, CREATED])
@example(steps=[BOOKED, MOVED, Step("buchung", ("dr-mueller", "a"), "drei", 10), MOVED])
@example(steps=[CREATED, Step("empfang", ("praxis", "dr-mueller~a"), to=("praxis", "b"))])
def test_a_replica_from_any_moment_becomes_the_listing_by_its_changes_alone(
    practice: SqlDatabase, steps: list[Step]
) -> None:
    emptied_database(practice)  # whose log goes on: the database is the same in all examples
    live = moments(practice)
    earlier = [live]
    for version, step in enumerate(steps):
        run(practice, step, version)
        now = moments(practice)
        with reading(practice) as uow:
            live = [
                synced(uow, the_view(uow, *watched), then)
                for watched, then in zip(WATCHED, live, strict=True)
            ]
        assert live == now
        earlier.append(now)
    with reading(practice) as uow:
        for at_once in earlier:
            for watched, then, now_ in zip(WATCHED, at_once, earlier[-1], strict=True):
                assert synced(uow, the_view(uow, *watched), then) == now_


def test_the_steps_reach_every_kind_of_change(practice: SqlDatabase) -> None:
    """Else the property above would hold of little."""
    steps = [
        (CREATED, True),
        (Step("buchung", ("dr-mueller", "a"), "zwei", 9), False),  # another's
        (Step("buchung", ("dr-mueller", "b"), "zwei", 8), False),  # taken
        (Step("buchung", ("dr-mueller", "b"), "zwei", 9), True),
        (Step("buchung", ("dr-mueller", "b")), False),  # deletes nothing
        (Step("albis", ("dr-mueller", "b"), "eins", 9), False),  # the UID is a's
        (MOVED, True),
        (Step("mueller", ("dr-schmidt", "b")), False),  # not his
        (Step("empfang", ("praxis", "dr-schmidt~b"), to=("praxis", "a")), True),
        (Step("empfang", ("praxis", "a")), True),
        (DELETED, False),  # gone
    ]
    done = [run(practice, step, version) for version, (step, _) in enumerate(steps)]
    assert done == [wanted for _, wanted in steps]


# --- Over HTTP ----------------------------------------------------------------------------------


class Replicant:
    """A client that keeps a calendar by sync-collection alone, and remembers what it had when."""

    def __init__(self, client: httpx.Client, calendar: str) -> None:
        self._client = client
        self._calendar = f"{HOME}{calendar}/"
        self.earlier: list[tuple[str, Replica]] = [("", {})]

    def sync(self, since: tuple[str, Replica] | None = None) -> tuple[str, Replica]:
        """Bring a replica (the last one by default) to now."""
        token, replica = self.earlier[-1] if since is None else since
        told = sync(self._client, self._calendar, token)
        kept = {href: etag for href, etag in replica.items() if href not in told.gone}
        now = (told.token, kept | told.etags)
        if since is None:
            self.earlier.append(now)
        return now

    def listed(self) -> Replica:
        return listing(self._client, self._calendar)


def send(client: httpx.Client, step: Step, version: int) -> int:
    """Send a step as a request; return the status."""
    calendar, name = step.place
    href = f"{HOME}{calendar}/{quote(name)}"
    if step.to:
        there = "/".join(step.to)
        return client.request("MOVE", href, headers={"Destination": HOME + there}).status_code
    if step.hour is None:
        return client.delete(href).status_code
    return put(client, f"{HOME}{calendar}/", name, step.text(version)).status_code


def random_steps(writer: str, seed: int, number: int) -> Iterable[Step]:
    dice = random.Random(f"{seed} {writer}")
    for _ in range(number):
        place, kind = dice.choice(PLACES), dice.choice(("put", "put", "put", "delete", "move"))
        if kind == "put":
            yield Step(writer, place, dice.choice(UIDS), dice.choice(HOURS))
        else:
            yield Step(writer, place, to=dice.choice(PLACES) if kind == "move" else None)


#: What a writer may be told: done, or refused for a reason.
ANSWERS = {201, 204, 403, 404, 409, 412}


@pytest.mark.parametrize("seed", [1, 2])
def test_replicas_stay_the_listing_while_several_clients_write(
    server: RunningServer, seed: int
) -> None:
    emptied(server)
    finished = Event()

    def write(writer: str) -> Mapping[int, int]:
        answers: dict[int, int] = {}
        with server.client(writer) as client:
            for version, step in enumerate(random_steps(writer, seed, 25)):
                status = send(client, step, version)
                answers[status] = answers.get(status, 0) + 1
        return answers

    def watch(replicant: Replicant) -> None:
        while not finished.is_set():
            replicant.sync()

    clients = [server.client(account) for account, _ in WATCHED]
    replicants = [Replicant(c, name) for c, (_, name) in zip(clients, WATCHED, strict=True)]
    with ThreadPoolExecutor(len(WRITERS) + len(WATCHED)) as threads:
        watching = [threads.submit(watch, replicant) for replicant in replicants]
        try:
            answers = [task.result() for task in [threads.submit(write, w) for w in WRITERS]]
        finally:
            finished.set()
        for task in watching:
            task.result()
    for told in answers:
        assert set(told) <= ANSWERS
    assert sum(told.get(201, 0) + told.get(204, 0) for told in answers) > 20
    for replicant in replicants:
        wanted = replicant.listed()
        last = replicant.sync()
        assert last[1] == wanted
        assert len(replicant.earlier) > 2
        for then in replicant.earlier[:: max(1, len(replicant.earlier) // 25)]:
            assert replicant.sync(then) == last
    for client in clients:
        client.close()

"""What waits for a person: letters, conflicts, webhooks, and changes to be taken back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from practice.acts import Act, ActQuestion, Kind
from practice.conflicts import Dispute, DisputeKind, DisputeState, Terms
from practice.database.tables import letters
from practice.errors import (
    ChangeNotFound,
    DisputeNotFound,
    Invalid,
    LetterNotFound,
    NotFound,
    PlanChanged,
    ReceiptNotFound,
)
from practice.letters import LetterState
from practice.log import LogQuestion
from practice.messages import Message, Receiver
from practice.sources import ReceiptState
from practice.use_cases.disputes import noted, resolve
from practice.use_cases.letters import posted, retry
from practice.use_cases.receipts import received, replay
from practice.use_cases.undo import ranges
from practice.use_cases.undo_plans import Act as Done
from practice.use_cases.undo_plans import plan_undo
from practice.use_cases.undo_preview import Preview, look, preview, undo_as_seen
from tests.bookings import command, everything
from tests.building import NOW, PROFILE, reading, writing
from tests.steps import House
from tests.test_outbox_contract import an_appointment

if TYPE_CHECKING:
    from collections.abc import Callable

    from practice.database import SqlDatabase
    from practice.database.unit_of_work import SqlUnitOfWork

MUELLER = "dr-mueller"
#: Ids that nothing has, also such as no database takes.
NOBODYS = (0, -1, 4711, 2**63, 10**30)


@pytest.fixture
def open_matters(practice: SqlDatabase) -> SqlDatabase:
    """A practice with five letters given up, five webhooks in quarantine, and a conflict."""
    terms = Terms(NOW.isoformat(), NOW.isoformat(), MUELLER, "", "CONFIRMED")
    with writing(practice) as uow:
        about = an_appointment(uow)
        for n in range(5):
            uow.outbox.post(Receiver.PATIENT, Message.MOVED, about, "{}")
            uow.receipts.receive("calcom", str(n), {"x": "y"}, b"Geheimrat", "Kein Termin.")
        uow.connection.execute(update(letters).values(state="failed", settled=NOW))
        uow.outbox.post(Receiver.PATIENT, Message.MOVED, about, "{}")
        for state in (DisputeState.OPEN, DisputeState.KEPT):
            known = Dispute(0, about.id, "calcom", DisputeKind.VANISHED, NOW, terms, None)
            uow.disputes.save(replace(known, state=state))
    return practice


def acts(database: SqlDatabase, kind: Kind) -> list[Act]:
    with reading(database) as uow:
        return list(uow.acts.search(ActQuestion(kind=kind)))


def told(act: Act) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(act.after or "{}")
    found.pop("_", None)
    return found


# --- Lists --------------------------------------------------------------------------------------


def test_lists_are_told_a_page_at_a_time_the_newest_first(open_matters: SqlDatabase) -> None:
    lists: tuple[tuple[Callable[..., Any], Any, int], ...] = (
        (posted, [LetterState.FAILED], 5),
        (posted, list(LetterState), 6),
        (received, [ReceiptState.QUARANTINED], 5),
        (received, [ReceiptState.DONE], 0),
        (noted, list(DisputeState), 2),
        (noted, [DisputeState.OPEN], 1),
    )
    with reading(open_matters) as uow:
        for listed, states, count in lists:
            for limit in (1, 2, 5, 100):
                found, before = [], None
                for _ in range(10):
                    page = listed(uow, states, before=before, limit=limit)
                    assert len(page.items) <= limit
                    found += [one.id for one in page.items]
                    before = page.before
                    if before is None:
                        break
                assert found == sorted(set(found), reverse=True)
                assert len(found) == count


def test_a_list_of_webhooks_has_none_of_their_content(open_matters: SqlDatabase) -> None:
    with reading(open_matters) as uow:
        page = received(uow, [ReceiptState.QUARANTINED])
    assert {(one.body, len(one.headers), one.reason) for one in page.items} == {
        (b"", 0, "Kein Termin.")
    }


def test_what_no_page_is_asked_for_with_is_refused(open_matters: SqlDatabase) -> None:
    with reading(open_matters) as uow:
        for listed in (posted, received, noted):
            for wrong in ({"limit": 0}, {"limit": 501}, {"before": 0}, {"before": 10**30}):
                with pytest.raises(Invalid):
                    listed(uow, [], **wrong)


# --- Actions ------------------------------------------------------------------------------------


def test_what_nobody_has_is_not_found_and_nothing_changes(open_matters: SqlDatabase) -> None:
    before = everything(open_matters)
    with reading(open_matters) as uow:
        (waiting,) = posted(uow, [LetterState.WAITING]).items
        (kept,) = noted(uow, [DisputeState.KEPT]).items

    def resolved(uow: SqlUnitOfWork, one: int) -> None:
        resolve(uow, one, theirs=False, profile=PROFILE)

    actions: tuple[tuple[Callable[..., object], type[NotFound], tuple[int, ...]], ...] = (
        (retry, LetterNotFound, (waiting.id,)),
        (replay, ReceiptNotFound, ()),
        (resolved, DisputeNotFound, (kept.id,)),
    )
    for act, error, more in actions:
        for one in (*NOBODYS, *more):
            with writing(open_matters) as uow, pytest.raises(error):
                act(uow, one)
    assert everything(open_matters) == before


def test_what_is_done_about_them_is_noted(open_matters: SqlDatabase) -> None:
    with reading(open_matters) as uow:
        letter = posted(uow, [LetterState.FAILED]).items[0]
        webhook = received(uow, [ReceiptState.QUARANTINED]).items[0]
        (dispute,) = noted(uow, [DisputeState.OPEN]).items
    with writing(open_matters) as uow:
        assert retry(uow, letter.id).state is LetterState.TRIED
        replay(uow, webhook.id)
        resolve(uow, dispute.id, theirs=False, profile=PROFILE)
        with pytest.raises(DisputeNotFound):
            resolve(uow, dispute.id, theirs=False, profile=PROFILE)
    (tried,), (worked,), (decided,) = (
        acts(open_matters, kind) for kind in (Kind.LETTER, Kind.WEBHOOK, Kind.CONFLICT)
    )
    assert (tried.action, tried.of, told(tried)["to"]) == (
        "tried again",
        str(letter.id),
        "patient",
    )
    assert (worked.action, worked.of) == ("worked on again", str(webhook.id))
    assert (decided.action, decided.of) == ("decided", str(dispute.id))
    assert told(decided)["decided"] == "kept"


def test_what_is_done_about_them_by_command_is_noted(open_matters: SqlDatabase) -> None:
    with reading(open_matters) as uow:
        letter = posted(uow, [LetterState.FAILED]).items[0]
        (dispute,) = noted(uow, [DisputeState.OPEN]).items
    assert command("sync", "letters", "--retry", letter.id, database=open_matters).code == 0
    assert command("sync", "conflicts", "--keep", dispute.id, database=open_matters).code == 0
    for kind in (Kind.LETTER, Kind.CONFLICT):
        (act,) = acts(open_matters, kind)
        assert act.actor == "command line"
    for arguments, sentence in (
        (("letters", "--retry", 10**30), "was given up."),
        (("conflicts", "--take", 10**30), "There is no such open conflict."),
        (("replay", 10**30), "There is no webhook"),
    ):
        ran = command("sync", *arguments, database=open_matters)
        assert ran.code == 1
        assert sentence in ran.err


# --- Taking back --------------------------------------------------------------------------------


@pytest.fixture
def house(practice: SqlDatabase) -> House:
    """A practice in which steps are taken."""
    return House(practice)


def one(number: int) -> list[LogQuestion]:
    return [LogQuestion(first=number, last=number)]


def looked(house: House, number: int, **options: bool) -> Preview:
    with reading(house.database, house.now) as uow:
        return look(uow, one(number), PROFILE, **options)


def test_a_preview_tells_what_will_be_done(house: House) -> None:
    house.put(MUELLER, "a")
    moved = house.put(MUELLER, "a", at="noon")
    before = everything(house.database)
    found = looked(house, moved)
    assert everything(house.database) == before
    assert found.is_possible
    (step,) = found.steps
    assert (step.act, step.calendar, step.name, step.uid) == (
        Done.CHANGE_BACK,
        MUELLER,
        "a.ics",
        "a",
    )
    assert (step.change, step.actor) == (moved, "empfang")
    assert step.start is not None
    assert step.start.isoformat() == "2026-11-23T10:00:00+01:00"
    with reading(house.database, house.now) as uow:
        assert preview(plan_undo(uow, one(moved), PROFILE)) == found


def test_a_preview_tells_what_stands_in_the_way(house: House) -> None:
    made = house.put(MUELLER, "a")
    moved = house.put(MUELLER, "a", at="noon")
    found = looked(house, made)
    assert (found.in_the_way, found.steps, found.is_possible) == ((moved,), (), False)
    forced = looked(house, made, also_later=True)
    assert (forced.later, forced.is_possible) == ((moved,), True)
    with pytest.raises(ChangeNotFound):
        looked(house, 4711)


def test_a_preview_tells_why_a_change_cannot_be_taken_back(house: House) -> None:
    house.make("labor")
    house.put("labor", "a", who="admin")
    house.drop("labor")
    house.make("labor")
    with reading(house.database) as uow:
        rows = list(uow.calendars.search_log(LogQuestion(calendar_rows=True)))
    dropped = next(row.number for row in rows if row.after is None)
    found = looked(house, dropped)
    assert not found.is_possible
    assert "there is another calendar 'labor'" in found.refused


def test_what_was_looked_at_is_done_and_noted(house: House) -> None:
    house.put(MUELLER, "a")
    moved = house.put(MUELLER, "a", at="noon")
    found = looked(house, moved)
    with house.step("admin") as (uow, _):
        first, last = undo_as_seen(uow, one(moved), PROFILE, found.mark)
    assert first == last == moved + 1
    (act,) = acts(house.database, Kind.CHANGE)
    assert (act.actor, act.action, act.of) == ("admin", "taken back", str(moved))
    assert told(act) == {"asked": str(moved), "together": "", "later": "", "by": str(first)}


def test_what_would_do_something_else_by_now_is_refused(house: House) -> None:
    made = house.put(MUELLER, "a")
    found = looked(house, made)
    later = house.put(MUELLER, "a", at="noon")
    before = everything(house.database)
    for also_later, mark in ((True, found.mark), (True, ""), (True, "x")):
        with writing(house.database) as uow, pytest.raises(PlanChanged):
            undo_as_seen(uow, one(made), PROFILE, mark, also_later=also_later)
    assert everything(house.database) == before
    again = looked(house, made, also_later=True)
    with house.step("admin") as (uow, _):
        undo_as_seen(uow, one(made), PROFILE, again.mark, also_later=True)
    (act,) = acts(house.database, Kind.CHANGE)
    assert told(act)["later"] == str(later)


def test_taking_back_what_is_as_it_was_is_noted_by_nobody(house: House) -> None:
    made = house.put(MUELLER, "a")
    house.undo(made)
    house.undo(made, force=True)
    assert len(acts(house.database, Kind.CHANGE)) == 1


def test_many_numbers_are_named_as_ranges() -> None:
    assert ranges([3, 5, 6, 7, 9]) == "3, 5-7, 9"
    assert (ranges([]), ranges([4]), ranges(range(1, 20_001))) == ("", "4", "1-20000")


def test_the_command_notes_what_it_takes_back(house: House) -> None:
    made = house.put(MUELLER, "a")
    ran = command("undo", made, "--yes", "--as", "chefin", database=house.database)
    assert ran.code == 0
    (act,) = acts(house.database, Kind.CHANGE)
    assert (act.actor, act.of) == ("chefin", str(made))

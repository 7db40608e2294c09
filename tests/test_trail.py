"""The audit trail: one order for all that was done; nobody bends it unseen."""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, text

from practice.access import Actor
from practice.acts import Act, ActQuestion, Kind, digest_of, sealed, stored
from practice.calendars import CalendarKind
from practice.database import trail as trail_tables
from practice.database.tables import acts as act_table
from practice.database.tables import changes as change_table
from practice.errors import Invalid
from practice.trail import Chain, Key, TrailQuestion
from practice.use_cases.trail import TrailEntry, TrailPage, export, page
from practice.use_cases.trail_files import as_csv, as_json_lines
from practice.use_cases.verify import verify
from tests.bookings import command, faults
from tests.building import NOW, PROFILE, reading, writing
from tests.sent import statements
from tests.steps import House

if TYPE_CHECKING:
    from practice.database import SqlDatabase

MUELLER = "dr-mueller"
MINUTE = timedelta(minutes=1)


def note(database: SqlDatabase, minutes: int, *, actor: str = "chefin", times: int = 1) -> None:
    """Note acts so many minutes after NOW."""
    with writing(database, Actor(0, actor), NOW + MINUTE * minutes) as uow:
        for n in range(times):
            uow.acts.note("changed", Kind.PATIENT, 7 + n, {"phone": ""}, {"phone": "030 1"})


class Quick(House):
    """One whose steps are not looked into, each."""

    def agrees(self) -> None:
        """Look at the end."""


@pytest.fixture
def busy(practice: SqlDatabase) -> SqlDatabase:
    """Changes and acts in turn: at minutes 1 to 3 changes, at 3 and 10 acts, at 4 a change."""
    house = Quick(practice)
    house.put(MUELLER, "a", "SUMMARY:Geheimrat, Kontrolle")  # 1
    house.put(MUELLER, "a", "SUMMARY:Geheimrat, Kontrolle", at="noon")  # 2
    house.put(MUELLER, "b", "SUMMARY:Verschwiegen", who="mueller")  # 3
    note(practice, 3)
    house.delete(MUELLER, "a.ics")  # 4
    note(practice, 10, times=3)
    return practice


SINCE = TrailQuestion(since=NOW + timedelta(seconds=1))


def asked(
    database: SqlDatabase, question: TrailQuestion = SINCE, *, texts: bool = False, **options: Any
) -> TrailPage:
    with reading(database) as uow:
        return page(uow, question, PROFILE, with_texts=texts, **options)


def walked(database: SqlDatabase, question: TrailQuestion, limit: int) -> list[TrailEntry]:
    """Return all pages as one list."""
    found: list[TrailEntry] = []
    cursor = ""
    for _ in range(1000):
        one = asked(database, question, cursor=cursor, limit=limit)
        assert len(one.entries) <= limit
        found += one.entries
        if one.cursor is None:
            return found
        cursor = one.cursor
    raise AssertionError("the pages do not end")


def places(entries: list[TrailEntry] | tuple[TrailEntry, ...]) -> list[tuple[str, int]]:
    return [(str(entry.chain), entry.number) for entry in entries]


# --- One order ----------------------------------------------------------------------------------


def test_changes_and_acts_come_in_one_order_the_newest_first(busy: SqlDatabase) -> None:
    entries = asked(busy).entries
    assert [(e.chain, e.action, e.kind) for e in entries] == [
        *[(Chain.ACTS, "changed", "patient")] * 3,
        (Chain.LOG, "removed", "object"),
        (Chain.ACTS, "changed", "patient"),
        (Chain.LOG, "created", "object"),
        (Chain.LOG, "changed", "object"),
        (Chain.LOG, "created", "object"),
    ]
    keys = [Key(e.time, e.chain.rank, e.number) for e in entries]
    assert keys == sorted(keys, reverse=True)


def test_pages_have_every_entry_once_and_in_order(busy: SqlDatabase) -> None:
    whole = asked(busy, TrailQuestion(), limit=500)
    assert whole.cursor is None
    for limit in (1, 2, 3, 5, 8, 100):
        assert walked(busy, TrailQuestion(), limit) == list(whole.entries)


def test_what_is_done_meanwhile_moves_no_page(busy: SqlDatabase) -> None:
    whole = asked(busy).entries
    first = asked(busy, limit=3)
    note(busy, 20, times=4)
    with writing(busy, now=NOW + 21 * MINUTE) as uow:
        uow.calendars.create("neu", CalendarKind.PLAIN, {})
    second = asked(busy, limit=100, cursor=first.cursor or "")
    assert (*first.entries, *second.entries) == whole
    assert len(asked(busy).entries) == len(whole) + 5


QUESTIONS = (
    TrailQuestion(actor="mueller"),
    TrailQuestion(actor="chefin", action="changed"),
    TrailQuestion(action="created"),
    TrailQuestion(kind="patient"),
    TrailQuestion(kind="patient", of="7"),
    TrailQuestion(kind="object", of="a"),
    TrailQuestion(of="a.ics"),
    TrailQuestion(of="7"),
    TrailQuestion(kind="calendar"),
    TrailQuestion(kind="calendar", action="created"),
    TrailQuestion(action="removed"),
    TrailQuestion(kind="account"),
    TrailQuestion(since=NOW + 2 * MINUTE, before=NOW + 4 * MINUTE),
    TrailQuestion(actor="niemand"),
    TrailQuestion(kind="letter", of="1"),
)


def fits(entry: TrailEntry, question: TrailQuestion) -> bool:
    """Tell whether an entry is one that is asked for, as a person would."""
    names = {entry.of, (entry.before or entry.after or {}).get("name", entry.of)}
    return (
        question.actor in {"", entry.actor}
        and question.action in {"", entry.action}
        and question.kind in {"", entry.kind}
        and (not question.of or (question.of in names and entry.kind != "calendar"))
        and (question.since is None or entry.time >= question.since)
        and (question.before is None or entry.time < question.before)
    )


@pytest.mark.parametrize("look", [3, 20_000])
def test_what_is_asked_for_is_found_and_nothing_else(
    busy: SqlDatabase, look: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where few rows are looked through at once, and pages have nothing in them."""
    monkeypatch.setattr(trail_tables, "LOOK", look)
    everything = asked(busy, TrailQuestion(), limit=500, texts=True).entries
    for question in QUESTIONS:
        wanted = places([entry for entry in everything if fits(entry, question)])
        for limit in (1, 100):
            assert places(walked(busy, question, limit)) == wanted, question


def test_the_changes_of_one_calendar_are_found_by_its_id(busy: SqlDatabase) -> None:
    with reading(busy) as uow:
        ids = {calendar.name: calendar.id for calendar in uow.calendars.all()}
    found = asked(busy, TrailQuestion(kind="calendar", of=str(ids[MUELLER]))).entries
    assert [(e.action, e.calendar) for e in found] == [("created", MUELLER)]
    for of in ("dr-mueller", "9" * 30, "²"):
        assert asked(busy, TrailQuestion(kind="calendar", of=of)).entries == ()


def test_a_kind_there_is_not_is_refused() -> None:
    with pytest.raises(Invalid, match="no kind 'patients'; there are: object, calendar, patient"):
        TrailQuestion(kind="patients")


# --- Cursors ------------------------------------------------------------------------------------


@given(
    st.datetimes(timezones=st.just(UTC)),
    st.integers(0, 1),
    st.integers(0, 2**63 - 1),
)
def test_a_cursor_leads_to_where_it_was_given_out(at: datetime, rank: int, number: int) -> None:
    key = Key(at, rank, number)
    assert Key.parse(key.cursor()) == key


@pytest.mark.parametrize("cursor", ["x", "äöü", "MS4w", "====", "MQ", "a" * 5000, "\0"])
def test_a_cursor_of_nobody_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid):
        Key.parse(cursor)


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_cursors(cursor: str) -> None:
    with suppress(Invalid):
        assert Key.parse(cursor).cursor() == cursor


def test_a_page_has_some_entries_and_not_all(database: SqlDatabase) -> None:
    for limit in (0, -1, 501):
        with pytest.raises(Invalid):
            asked(database, limit=limit)


# --- What it costs ------------------------------------------------------------------------------


def test_a_page_costs_the_same_in_a_long_trail(busy: SqlDatabase) -> None:
    many_rows(busy)
    cursor = asked(busy, TrailQuestion(), limit=20).cursor or ""
    for question, most in (
        (TrailQuestion(), 3),  # both chains, and what the calendars are called
        (TrailQuestion(before=NOW + 300 * MINUTE), 3),
        (TrailQuestion(kind="patient", of="7"), 2),  # and which were taken back
        (TrailQuestion(kind="object"), 3),
        (TrailQuestion(actor="chefin"), 5),
    ):
        with reading(busy) as uow:
            uow.acts.head()  # a snapshot is begun by what is read first
            with statements(busy) as sent:
                page(uow, question, PROFILE, cursor=cursor, limit=20)
            assert 0 < len(sent) <= most, question
            if busy.engine.dialect.name != "sqlite":
                continue
            plans = [
                str(row[-1])
                for one in sent
                for row in uow.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one[0]}", one[1])
            ]
            assert not [step for step in plans if step in {"SCAN acts", "SCAN changes"}]
            if question == TrailQuestion():
                assert not [step for step in plans if "TEMP B-TREE" in step]


def many_rows(database: SqlDatabase) -> None:
    """Put 3,000 rows into each chain, many of one moment; their seals are no matter here."""
    with writing(database) as uow:
        for table, first in ((change_table, 1000), (act_table, 1000)):
            rows = []
            for n in range(3000):
                row: dict[str, Any] = {
                    "number": first + n,
                    "time": NOW + MINUTE * (100 + n // 500),
                    "actor": "empfang",
                    "before": None,
                    "after": None,
                    "seal": bytes(32),
                }
                if table is change_table:
                    row |= {"calendar_id": 1, "href": "x.ics", "uid": "x", "owner_id": 0}
                    row |= {"kind": "changed"}
                else:
                    row |= {"action": "changed", "kind": "room", "of": str(n)}
                    row |= {"before_digest": "", "after_digest": ""}
                rows.append(row)
            uow.connection.execute(insert(table), rows)


def test_many_rows_of_one_moment_are_paged_without_loss(practice: SqlDatabase) -> None:
    many_rows(practice)
    question = TrailQuestion(since=NOW + 100 * MINUTE)
    found = places(walked(practice, question, 499))
    assert len(found) == len(set(found)) == 6000


# --- What is told -------------------------------------------------------------------------------


def test_a_change_of_an_object_is_told_as_what_changed(busy: SqlDatabase) -> None:
    entries = asked(busy, TrailQuestion(kind="object", of="a"), texts=True).entries
    moved = entries[1]
    assert (moved.calendar, moved.of, moved.changed) == (MUELLER, "a", ("start", "end"))
    assert moved.before is not None
    assert moved.after is not None
    assert moved.before["summary"] == "Geheimrat, Kontrolle"
    assert moved.before["start"] == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert moved.after["start"] == datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
    assert (entries[0].after, entries[2].before) == (None, None)


def test_without_leave_nothing_of_a_patient_is_told(busy: SqlDatabase) -> None:
    shown = asked(busy, TrailQuestion(), limit=500)
    for word in ("Geheimrat", "Verschwiegen", "030 1", "a.ics"):
        assert word not in repr(shown)
    act = next(e for e in shown.entries if e.kind == "patient")
    assert (act.hidden, act.changed, act.before, act.after) == (True, ("phone",), None, None)
    moved = next(e for e in shown.entries if e.action == "changed" and e.kind == "object")
    assert moved.after is not None
    assert moved.after["status"] == "CONFIRMED"
    made = next(e for e in shown.entries if e.kind == "account")
    assert (made.hidden, "name" in (made.after or {})) == (False, True)


def test_with_leave_it_is(busy: SqlDatabase) -> None:
    shown = asked(busy, TrailQuestion(), limit=500, texts=True)
    act = next(e for e in shown.entries if e.kind == "patient")
    assert (act.before, act.after) == ({"phone": ""}, {"phone": "030 1"})
    assert "Geheimrat" in repr(shown)


def test_what_was_erased_is_told_as_erased(busy: SqlDatabase) -> None:
    with writing(busy, now=NOW + 30 * MINUTE) as uow:
        uow.acts.erase(Kind.PATIENT, 7)
    found = asked(busy, TrailQuestion(kind="patient", of="7"), texts=True).entries
    assert [(e.action, e.erased) for e in found] == [
        ("erased", False),
        ("changed", True),
        ("changed", True),
    ]


def test_a_change_of_what_is_not_shown_is_told_as_one_of_the_text(practice: SqlDatabase) -> None:
    house = House(practice)
    house.put(MUELLER, "a", "DESCRIPTION:Eins")
    house.put(MUELLER, "a", "DESCRIPTION:Zwei")
    last, _ = asked(practice, TrailQuestion(kind="object")).entries
    assert last.changed == ("text",)


def test_a_calendar_that_is_no_more_is_told_by_its_name(practice: SqlDatabase) -> None:
    house = House(practice)
    house.make("labor")
    house.put("labor", "a", who="admin")
    house.drop("labor")
    with writing(practice, now=NOW + 60 * MINUTE) as uow:
        calendar = uow.calendars.create("neu", CalendarKind.PLAIN, {"D:displayname": "Neu"})
        uow.calendars.set_properties(calendar, {"D:displayname": "Neuer"})
    entries = asked(practice, SINCE).entries
    assert (entries[0].action, entries[0].changed) == ("properties", ("D:displayname",))
    assert [e.calendar for e in entries[2:]] == ["labor"] * len(entries[2:])
    assert [(e.action, e.kind) for e in entries[2:]] == [
        ("removed", "calendar"),
        ("removed", "object"),
        ("created", "object"),
        ("created", "calendar"),
    ]


# --- Files --------------------------------------------------------------------------------------


def test_the_export_has_all_that_the_pages_have(
    busy: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    many_rows(busy)
    with reading(busy) as uow:
        exported = list(export(uow, TrailQuestion(), PROFILE))
    assert places(exported) == places(walked(busy, TrailQuestion(), 500))
    lines = list(as_json_lines(exported[-20:]))
    told = [json.loads(line) for line in lines]
    assert [one["number"] for one in told] == [entry.number for entry in exported[-20:]]
    assert datetime.fromisoformat(told[0]["time"]) == exported[-20].time


def test_no_cell_of_a_csv_file_is_a_formula() -> None:
    for start in "=+-@\t\r\n":
        bad = start + 'cmd|"/c calc"!A1'
        bent = TrailEntry(NOW, bad, bad, "room", bad, Chain.ACTS, 1, bad, None, {bad: bad}, (bad,))
        _, row = csv.reader(io.StringIO("".join(as_csv([bent])), newline=""))
        assert row.count("'" + bad) == 5
        assert not [cell for cell in row if cell.startswith(tuple("=+-@\t\r\n"))]


def test_a_csv_file_is_read_again_as_it_was_told(busy: SqlDatabase) -> None:
    with reading(busy) as uow:
        entries = list(export(uow, SINCE, PROFILE, with_texts=True))
    rows = list(csv.DictReader(io.StringIO("".join(as_csv(entries)), newline="")))
    assert [row["actor"] for row in rows] == [entry.actor for entry in entries]
    assert json.loads(rows[0]["after"]) == {"phone": "030 1"}
    assert rows[3]["after"] == ""


# --- Nobody bends it unseen ---------------------------------------------------------------------


_TEXT_GONE = "What act {some} told is gone, and nobody has erased it."
#: What is done to the acts, and the sentences that tell of it; `some` is one in the middle.
ATTACKS: dict[str, tuple[str, list[str]]] = {
    **{
        f"{column} edited": (
            f'UPDATE acts SET "{column}" = {value} WHERE number = :some',
            ["The seal of act {some} is broken."],
        )
        for column, value in {
            "time": "time - 1",
            "actor": "'jemand'",
            "action": "'gelesen'",
            "kind": "'room'",
            "of": "'8'",
        }.items()
    },
    "digest edited": (
        "UPDATE acts SET before_digest = '' WHERE number = :some",
        [
            "The seal of act {some} is broken.",
            "Act {some} tells something else than it told when it was sealed.",
        ],
    ),
    "kind edited to what there is not": (
        "UPDATE acts SET kind = 'anders' WHERE number = :some",
        ["The seal of act {some} is broken."],
    ),
    "text edited": (
        "UPDATE acts SET after = replace(after, '030 1', '030 2') WHERE number = :some",
        ["Act {some} tells something else than it told when it was sealed."],
    ),
    "text removed": ("UPDATE acts SET after = NULL WHERE number = :some", [_TEXT_GONE]),
    "seal edited": (
        "UPDATE acts SET seal = (SELECT seal FROM acts WHERE number = :last) WHERE number = :some",
        ["The seal of act {some} is broken.", "The seal of act {next} is broken."],
    ),
    "removed": (
        "DELETE FROM acts WHERE number = :some",
        ["There is no act {some}.", "The seal of act {next} is broken."],
    ),
    "first removed": (
        "DELETE FROM acts WHERE number = 1",
        ["There is no act 1.", "The seal of act 2 is broken."],
    ),
    "exchanged": (
        "UPDATE acts SET number = CASE number WHEN :some THEN -1 ELSE :some END"
        " WHERE number IN (:some, :some + 1);"
        "UPDATE acts SET number = :some + 1 WHERE number = -1",
        [
            "The seal of act {some} is broken.",
            "The seal of act {next} is broken.",
            "The seal of act {after} is broken.",
        ],
    ),
    "cut off": (
        "DELETE FROM acts WHERE number = :last",
        ["The last act was {last}, the acts end at {before}."],
    ),
    "all cut off": ("DELETE FROM acts", ["The last act was {last}, the acts end at 0."]),
    "cut off, head set back": (
        "DELETE FROM acts WHERE number = :last; UPDATE act_head SET number = :last - 1",
        ["The last seal of the acts is not the one that was kept."],
    ),
    "head removed": ("DELETE FROM act_head", ["The last act was 0, the acts end at {last}."]),
    "added": (
        'INSERT INTO acts SELECT number + 1, time, actor, action, kind, "of", before, after,'
        " before_digest, after_digest, seal FROM acts WHERE number = :last",
        ["The seal of act {new} is broken.", "The last act was {last}, the acts end at {new}."],
    ),
}


def test_no_act_is_bent_unseen(busy: SqlDatabase) -> None:
    with reading(busy) as uow:
        last, _ = uow.acts.head()
    numbers = {"some": last - 3, "next": last - 2, "after": last - 1, "before": last - 1}
    numbers |= {"last": last, "new": last + 1}
    assert faults(busy) == []
    for attack, (statement, expected) in ATTACKS.items():
        with writing(busy) as uow:
            for one in statement.split(";"):
                put_in = {n: v for n, v in numbers.items() if f":{n}" in one}
                assert uow.connection.execute(text(one), put_in).rowcount > 0
            found = list(verify(uow, PROFILE, lambda: None))
            uow.doom()
        assert found == [sentence.format(**numbers) for sentence in expected], attack
    assert faults(busy) == []


def test_the_command_tells_of_a_bent_act(busy: SqlDatabase) -> None:
    with busy.engine.begin() as connection:
        connection.execute(text("DELETE FROM acts WHERE number = 2"))
    ran = command("verify", "--quiet", database=busy)
    assert ran.code == 1
    assert ran.err.splitlines() == ["There is no act 2.", "The seal of act 3 is broken."]


def test_a_kind_of_change_that_there_is_not_is_a_broken_seal(busy: SqlDatabase) -> None:
    with busy.engine.begin() as connection:
        connection.execute(text("UPDATE changes SET kind = 'anders' WHERE uid = 'b'"))
    (found, *_) = faults(busy)
    assert found.startswith("The seal of change ")
    assert "unknown" in {entry.action for entry in asked(busy).entries}


def test_what_was_erased_by_the_practice_is_no_fault(busy: SqlDatabase) -> None:
    with writing(busy, now=NOW + 30 * MINUTE) as uow:
        assert uow.acts.erase(Kind.PATIENT, 7) == 2
        assert uow.acts.erase(Kind.PATIENT, 4711) == 0
        uow.acts.note("made", Kind.PATIENT, 7, None, {"phone": "030 3"})
        assert uow.acts.erase(Kind.PATIENT, 7) == 3
    assert faults(busy) == []
    with busy.engine.begin() as connection:
        connection.execute(
            text("UPDATE acts SET after = NULL WHERE kind = 'patient' AND \"of\" = '8'")
        )
    (found,) = faults(busy)
    assert found.endswith("told is gone, and nobody has erased it.")


def test_verify_counts_the_acts(busy: SqlDatabase) -> None:
    rows = int(command("verify", "--quiet", database=busy).out.split()[0])
    note(busy, 40, times=5)
    assert int(command("verify", "--quiet", database=busy).out.split()[0]) == rows + 5


def test_an_act_with_a_seal_of_its_own_making_still_breaks_the_next(busy: SqlDatabase) -> None:
    """Who edits an act and seals it again would have to seal all that follow."""
    with reading(busy) as uow:
        last, _ = uow.acts.head()
        before, one = uow.acts.search(ActQuestion(first=last - 2, last=last - 1))
    told = stored({"phone": "030 2"})
    bent: Act = replace(one, after=told, after_digest=digest_of(told))
    values = {"after": told, "digest": bent.after_digest, "seal": sealed(before.seal, bent)}
    with busy.engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE acts SET after = :after, after_digest = :digest, seal = :seal"
                " WHERE number = :number"
            ),
            {**values, "number": one.number},
        )
    assert faults(busy) == [f"The seal of act {last} is broken."]

"""Who did what is kept so that nobody can change it unseen, and can be forgotten all the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from practice.acts import FIRST_SEAL, Act, ActQuestion, Kind, faults
from tests.building import BERLIN, NOW, reading, writing

if TYPE_CHECKING:
    from practice.database import SqlDatabase


def noted(database: SqlDatabase) -> list[Act]:
    """Return the acts of a small practice."""
    with writing(database) as uow:
        uow.acts.note("made", Kind.PATIENT, 7, None, {"last_name": "Beispiel"})
        uow.acts.note("changed", Kind.PATIENT, 7, {"phone": ""}, {"phone": "030 1"})
        uow.acts.note("made", Kind.ROOM, "room-1", None, {"name": "Raum 1"})
        uow.acts.note("removed", Kind.PATIENT, 7, {"last_name": "Beispiel"}, None)
    with reading(database) as uow:
        return list(uow.acts.search(ActQuestion()))


def broken(acts: list[Act], head: tuple[int, bytes]) -> bool:
    """Tell whether anything is wrong with a chain of acts."""
    seal, number = FIRST_SEAL, 0
    for act in acts:
        if faults(seal, act):
            return True
        seal, number = act.seal, act.number
    return (number, seal) != head


def test_acts_are_found_by_what_they_were_done_to(database: SqlDatabase) -> None:
    noted(database)
    with reading(database) as uow:
        found = list(uow.acts.search(ActQuestion(kind=Kind.PATIENT, of="7"), newest_first=True))
        last = list(uow.acts.search(ActQuestion(action="made"), limit=1, newest_first=True))
    assert [act.action for act in found] == ["removed", "changed", "made"]
    assert [act.of for act in last] == ["room-1"]


@pytest.mark.parametrize("attack", ["edit", "delete", "reorder", "truncate", "text"])
def test_no_act_is_changed_unseen(database: SqlDatabase, attack: str) -> None:
    acts = noted(database)
    with reading(database) as uow:
        head = uow.acts.head()
    assert not broken(acts, head)
    if attack == "edit":
        acts[1] = replace(acts[1], actor="somebody else")
    elif attack == "text":
        acts[1] = replace(acts[1], after='{"phone": "030 2"}')
    elif attack == "delete":
        del acts[1]
    elif attack == "reorder":
        acts[1], acts[2] = acts[2], acts[1]
    else:
        acts.pop()
    assert broken(acts, head)


def test_what_acts_tell_of_a_patient_can_be_erased_and_the_chain_holds(
    database: SqlDatabase,
) -> None:
    noted(database)
    with writing(database) as uow:
        assert uow.acts.erase(Kind.PATIENT, 7) == 3
    with reading(database) as uow:
        acts, head = list(uow.acts.search(ActQuestion())), uow.acts.head()
    assert "Beispiel" not in repr(acts)
    assert [act.is_erased for act in acts] == [True, True, False, True, False]
    assert (acts[-1].action, acts[-1].kind, acts[-1].of) == ("erased", Kind.PATIENT, "7")
    assert not broken(acts, head)


def test_the_same_told_twice_has_two_digests(database: SqlDatabase) -> None:
    """Or an erased name could be found by trying names."""
    with writing(database) as uow:
        first = uow.acts.note("made", Kind.PATIENT, 1, None, {"last_name": "Beispiel"})
        second = uow.acts.note("made", Kind.PATIENT, 1, None, {"last_name": "Beispiel"})
    assert first.after_digest != second.after_digest


def test_an_act_of_a_transaction_that_fails_is_not_noted(database: SqlDatabase) -> None:
    with writing(database) as uow:
        uow.acts.note("made", Kind.ROOM, "room-1", None, {"name": "Raum 1"})
        uow.doom()
    with reading(database) as uow:
        assert list(uow.acts.search(ActQuestion())) == []
        assert uow.acts.head() == (0, FIRST_SEAL)


def test_a_seal_does_not_depend_on_the_clock_s_zone(database: SqlDatabase) -> None:
    with writing(database, now=NOW.astimezone(BERLIN)) as uow:
        uow.acts.note("made", Kind.ROOM, "room-1")
    with reading(database) as uow:
        assert not broken(list(uow.acts.search(ActQuestion())), uow.acts.head())

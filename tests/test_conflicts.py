"""Practice and booking tool have both changed an appointment: the three rules, and what is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from practice.conflicts import YOUNG, Decision, Terms, decide

BASE = Terms("10:00", "10:30", "dr-mueller", "raum-1", "CONFIRMED")
MOVED = replace(BASE, start="11:00", end="11:30")
LATER = replace(BASE, start="15:00", end="15:30")
CANCELLED = replace(BASE, status="CANCELLED")
OLD, FRESH = YOUNG, YOUNG - timedelta(seconds=1)


def taken(*names: str) -> Decision:
    return Decision(frozenset(names), frozenset(), conflict=False)


def held(*names: str, conflict: bool = True) -> Decision:
    return Decision(frozenset(), frozenset(names), conflict)


@pytest.mark.parametrize("age", [None, FRESH, OLD])
def test_what_one_side_alone_changed_is_no_conflict(age: timedelta | None) -> None:
    assert decide(BASE, BASE, MOVED, age) == taken("start", "end")
    assert decide(BASE, BASE, CANCELLED, age) == taken("status")
    assert decide(BASE, MOVED, BASE, age) == taken()
    assert decide(BASE, BASE, BASE, age) == taken()


def test_the_practices_side_stands_and_a_person_is_told() -> None:
    assert decide(BASE, MOVED, LATER, OLD) == held("start", "end")
    assert decide(BASE, MOVED, LATER, None) == held("start", "end")


def test_a_young_change_of_the_tool_is_overwritten_without_a_word() -> None:
    assert decide(BASE, MOVED, LATER, FRESH) == held("start", "end", conflict=False)


@pytest.mark.parametrize("age", [None, FRESH, OLD])
def test_both_sides_changing_to_the_same_is_no_conflict(age: timedelta | None) -> None:
    assert decide(BASE, MOVED, MOVED, age) == taken()
    assert decide(BASE, CANCELLED, CANCELLED, age) == taken()


def test_another_doctor_at_the_tools_new_time_is_a_conflict() -> None:
    other = replace(BASE, doctor="dr-schmidt")
    assert decide(BASE, other, MOVED, OLD) == held("start", "end")


def test_what_does_not_touch_is_taken_beside_what_the_practice_did() -> None:
    ours = replace(BASE, room="raum-2")
    assert decide(BASE, ours, MOVED, OLD) == taken("start", "end")
    theirs = replace(LATER, room="raum-3")
    assert decide(BASE, MOVED, theirs, OLD) == Decision(
        frozenset({"room"}), frozenset({"start", "end"}), conflict=True
    )


def test_a_cancellation_meets_every_other_change() -> None:
    assert decide(BASE, MOVED, CANCELLED, OLD) == held("status")
    assert decide(BASE, CANCELLED, MOVED, OLD) == held("start", "end")
    assert decide(BASE, CANCELLED, MOVED, FRESH) == held("start", "end", conflict=False)


_TERMS = st.builds(
    Terms,
    *(st.sampled_from(two) for two in ("12", "34", "ab", "cd")),
    st.sampled_from(("CONFIRMED", "CANCELLED", "TENTATIVE")),
)


@given(_TERMS, _TERMS, _TERMS, st.sampled_from((None, FRESH, OLD)))
def test_what_is_decided_adds_up(
    base: Terms, ours: Terms, theirs: Terms, age: timedelta | None
) -> None:
    made = decide(base, ours, theirs, age)
    assert made.taken | made.held == theirs.differing(base) & theirs.differing(ours)
    assert not made.taken & made.held
    if ours == base:
        assert not made.held
    # Nothing that the practice changed is ever lost by it.
    assert not made.taken & ours.differing(base)
    assert not made.conflict or (made.held and age != FRESH)
    after = Terms(
        *(getattr(theirs if name in made.taken else ours, name) for name in Terms.__slots__)
    )
    # Told of what stands, the tool has nothing more to say.
    assert decide(theirs, after, after, age) == taken()

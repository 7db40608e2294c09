"""What may become of an appointment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from practice.appointments import Status
from practice.errors import IllegalStep
from practice.life_cycle import (
    PROGRESS_AFTER,
    STATUS_AFTER,
    Progress,
    check_day,
    check_progress,
    check_status,
)

START = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_a_request_is_confirmed_or_declined_and_what_is_cancelled_stays_so() -> None:
    legal = {
        (Status.TENTATIVE, Status.CONFIRMED),
        (Status.TENTATIVE, Status.CANCELLED),
        (Status.CONFIRMED, Status.CANCELLED),
        (Status.CONFIRMED, Status.TENTATIVE),
    }
    for before, after in product(Status, Status):
        if before is after or (before, after) in legal:
            check_status(before, after, Progress.NONE)
        else:
            with pytest.raises(IllegalStep, match=r"\.$"):
                check_status(before, after, Progress.NONE)
    assert set(STATUS_AFTER) == set(Status)


def test_who_was_there_cannot_be_cancelled() -> None:
    for progress in (Progress.ARRIVED, Progress.IN_TREATMENT, Progress.DONE):
        with pytest.raises(IllegalStep):
            check_status(Status.CONFIRMED, Status.CANCELLED, progress)
    check_status(Status.CONFIRMED, Status.CANCELLED, Progress.NO_SHOW)


def test_a_patient_arrives_is_treated_and_is_done_or_does_not_come() -> None:
    legal = {
        ("", "arrived"),
        ("", "no_show"),
        ("arrived", ""),
        ("arrived", "in_treatment"),
        ("arrived", "done"),
        ("in_treatment", "arrived"),
        ("in_treatment", "done"),
        ("done", "arrived"),
        ("done", "in_treatment"),
        ("no_show", ""),
        ("no_show", "arrived"),
    }
    for before, after in product(Progress, Progress):
        if before is after or (str(before), str(after)) in legal:
            check_progress(Status.CONFIRMED, before, after)
        else:
            with pytest.raises(IllegalStep, match=r"\.$"):
                check_progress(Status.CONFIRMED, before, after)
    assert set(PROGRESS_AFTER) == set(Progress)


def test_nothing_goes_on_with_what_is_cancelled() -> None:
    with pytest.raises(IllegalStep):
        check_progress(Status.CANCELLED, Progress.NONE, Progress.ARRIVED)


def test_nobody_arrives_on_another_day_or_fails_to_come_too_early() -> None:
    check_day(Progress.ARRIVED, START, START - timedelta(hours=3))
    check_day(Progress.NO_SHOW, START, START)
    check_day(Progress.NONE, START, START - timedelta(days=30))
    with pytest.raises(IllegalStep):
        check_day(Progress.ARRIVED, START, START - timedelta(days=2))
    with pytest.raises(IllegalStep):
        check_day(Progress.NO_SHOW, START, START - timedelta(minutes=1))

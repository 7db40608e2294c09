"""Practice and booking tool change the same appointments: what becomes of it, on both sides."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from icalendar import Calendar
from starlette.responses import JSONResponse, Response

from practice.appointments import Status
from practice.conflicts import DisputeKind
from practice.letters import LetterState
from practice.messages import Message, Receiver
from practice.use_cases.disputes import resolve
from tests.bothways import ADMIN, GRACE, BothWays
from tests.building import PROFILE, writing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from practice.database import SqlDatabase
    from tests.mimics.tool import Asked

TOOL, PATIENT = Receiver.BOOKING_TOOL, Receiver.PATIENT
TEN, ELEVEN, THREE = (f"2026-11-24 {hour}:00:00" for hour in (10, 11, 15))
AT_ELEVEN = ("20261124T110000", "20261124T113000")


@pytest.fixture
def sides(practice: SqlDatabase) -> Iterator[BothWays]:
    """A practice and its tool, before anything is booked."""
    url = practice.engine.url.render_as_string(hide_password=False)
    with BothWays(url) as made:
        yield made


@pytest.fixture
def agreed(sides: BothWays) -> BothWays:
    """With a booking at ten that both have had for a day."""
    sides.booked()
    return sides


# --- One side alone -----------------------------------------------------------------------------


def test_a_booking_appears_and_nobody_is_written_to(sides: BothWays) -> None:
    sides.book()
    state = sides.pull()
    assert (state.error, dict(state.counts)) == ("", {"created": 1})
    assert sides.start() == TEN
    assert sides.object().text.count("X-PATIENT-ID") == 1
    assert sides.waiting() == []


def test_asking_again_changes_nothing(agreed: BothWays) -> None:
    before = agreed.object()
    assert dict(agreed.pull().counts) == {"unchanged": 1}
    assert agreed.object() == before


def test_what_the_tool_moves_moves_here(agreed: BothWays) -> None:
    agreed.tool.move(1, ELEVEN)
    agreed.pull()
    assert agreed.start() == ELEVEN
    assert agreed.waiting() == []
    assert agreed.disputes() == []


def test_what_the_tool_cancels_is_cancelled_here_and_still_there(agreed: BothWays) -> None:
    agreed.tool.cancel(1)
    agreed.pull()
    assert agreed.appointment().status is Status.CANCELLED
    assert "STATUS:CANCELLED" in agreed.object().text


def test_a_move_here_is_told_to_the_tool_and_to_the_patient(agreed: BothWays) -> None:
    agreed.put(*AT_ELEVEN)
    agreed.later(seconds=GRACE.total_seconds())
    assert agreed.deliver() == 2
    assert agreed.tool.appointments[1]["start_datetime"] == ELEVEN
    assert agreed.tool.appointments[1]["end_datetime"] == "2026-11-24 11:30:00"
    (mail,) = agreed.mails
    assert mail["To"] == "wiebke@example.org"
    part = next(part for part in mail.walk() if part.get_content_type() == "text/calendar")
    calendar = Calendar.from_ical(part.get_content())
    (event,) = calendar.walk("VEVENT")
    assert calendar["METHOD"] == "REQUEST"
    assert event["UID"] == agreed.appointment().uid
    assert f"{event.decoded('DTSTART'):%H:%M}" == "11:00"


def test_the_tools_echo_is_no_change(agreed: BothWays) -> None:
    agreed.put(*AT_ELEVEN)
    agreed.deliver()
    before = agreed.object()
    assert dict(agreed.pull().counts) == {"unchanged": 1}
    assert agreed.object() == before
    assert agreed.disputes() == []


def test_the_practice_moves_on_before_the_echo_comes(agreed: BothWays) -> None:
    agreed.put(*AT_ELEVEN)
    agreed.deliver()
    agreed.put("20261124T150000", "20261124T153000")
    agreed.pull()
    assert agreed.start() == THREE
    assert agreed.disputes() == []
    agreed.deliver()
    assert agreed.tool.appointments[1]["start_datetime"] == THREE


def test_a_drag_there_and_back_is_no_mail(agreed: BothWays) -> None:
    agreed.put(*AT_ELEVEN)
    agreed.deliver()
    assert agreed.tool.appointments[1]["start_datetime"] == ELEVEN
    agreed.put("20261124T100000", "20261124T103000")
    agreed.later(hours=1)
    agreed.deliver()
    assert agreed.tool.appointments[1]["start_datetime"] == TEN
    assert agreed.mails == []


def test_a_deletion_here_cancels_there_and_the_patient_is_told(agreed: BothWays) -> None:
    agreed.delete()
    agreed.later(hours=1)
    agreed.deliver()
    assert agreed.tool.appointments[1]["status"] == "Cancelled"
    (mail,) = agreed.mails
    part = next(part for part in mail.walk() if part.get_content_type() == "text/calendar")
    assert Calendar.from_ical(part.get_content())["METHOD"] == "CANCEL"
    agreed.pull()
    assert agreed.appointment().status is Status.CANCELLED
    assert agreed.disputes() == []


# --- Both sides ---------------------------------------------------------------------------------


def test_the_practices_side_stands_and_a_person_is_asked(agreed: BothWays) -> None:
    agreed.put(*AT_ELEVEN)
    agreed.tool.move(1, THREE)
    agreed.later(minutes=6)
    agreed.pull()
    assert agreed.start() == ELEVEN
    (dispute,) = agreed.disputes()
    assert (dispute.kind, dispute.source) == (DisputeKind.CHANGED, "termine")
    assert dispute.theirs is not None
    assert dispute.theirs.start == "2026-11-24T14:00:00+00:00"
    agreed.deliver()
    assert agreed.tool.appointments[1]["start_datetime"] == ELEVEN
    assert len(agreed.subjects(ADMIN)) == 1
    agreed.pull()
    assert agreed.disputes() == [dispute]


def test_a_young_change_of_the_tool_is_overwritten_without_a_word(agreed: BothWays) -> None:
    agreed.pull()
    agreed.put(*AT_ELEVEN)
    agreed.later(minutes=4)
    agreed.tool.move(1, THREE)
    agreed.pull()
    assert (agreed.start(), agreed.disputes()) == (ELEVEN, [])
    agreed.deliver()
    assert agreed.tool.appointments[1]["start_datetime"] == ELEVEN
    assert agreed.subjects(ADMIN) == []


def test_both_move_to_the_same_time(agreed: BothWays) -> None:
    agreed.put(*AT_ELEVEN)
    agreed.tool.move(1, ELEVEN)
    agreed.later(hours=1)
    agreed.pull()
    assert (agreed.start(), agreed.disputes()) == (ELEVEN, [])


def test_the_practice_deletes_what_the_tool_moves(agreed: BothWays) -> None:
    agreed.delete()
    agreed.tool.move(1, THREE)
    agreed.later(hours=1)
    agreed.pull()
    assert agreed.appointment().status is Status.CANCELLED
    assert len(agreed.disputes()) == 1
    agreed.deliver()
    assert agreed.tool.appointments[1]["status"] == "Cancelled"


def test_a_conflict_is_decided_for_the_tool(agreed: BothWays) -> None:
    agreed.put(*AT_ELEVEN)
    agreed.tool.move(1, THREE)
    agreed.later(minutes=6)
    agreed.pull()
    agreed.deliver()
    (dispute,) = agreed.disputes()
    with writing(agreed.database, now=agreed.now) as uow:
        resolve(uow, dispute.id, theirs=True, profile=PROFILE)
    assert (agreed.start(), agreed.disputes()) == (THREE, [])
    agreed.later(hours=1)
    agreed.deliver()
    assert agreed.tool.appointments[1]["start_datetime"] == THREE
    assert "15:00" in agreed.subjects()[-1]
    agreed.pull()
    assert agreed.start() == THREE


def test_a_conflict_is_decided_for_the_practice(agreed: BothWays) -> None:
    agreed.put(*AT_ELEVEN)
    agreed.tool.move(1, THREE)
    agreed.later(minutes=6)
    agreed.pull()
    (dispute,) = agreed.disputes()
    with writing(agreed.database, now=agreed.now) as uow:
        resolve(uow, dispute.id, theirs=False, profile=PROFILE)
    agreed.deliver()
    assert (agreed.start(), agreed.disputes()) == (ELEVEN, [])
    assert agreed.tool.appointments[1]["start_datetime"] == ELEVEN


# --- The tool fails -----------------------------------------------------------------------------


def test_an_empty_answer_removes_nothing(agreed: BothWays) -> None:
    agreed.tool.refuse = lambda asked: (
        JSONResponse([]) if asked.path.endswith("/appointments") else None
    )
    state = agreed.pull()
    assert "stay as they are" in state.error
    assert agreed.appointment().status is Status.CONFIRMED
    assert agreed.disputes() == []


@pytest.mark.parametrize("answer", [Response("oops", 500), Response("", 429), Response("<html>")])
def test_an_error_removes_nothing_and_is_shown(agreed: BothWays, answer: Response) -> None:
    agreed.tool.refuse = lambda _: answer
    before = agreed.pull()
    assert before.error
    assert before.attempted == agreed.now
    assert before.succeeded == agreed.now - timedelta(days=1)
    assert before.is_stale(agreed.now)
    assert agreed.appointment().status is Status.CONFIRMED


def test_a_booking_that_vanished_is_asked_about_and_stays(agreed: BothWays) -> None:
    for hour in (11, 12, 13):
        agreed.book(f"2026-11-24 {hour}:00:00")
    agreed.pull()
    agreed.tool.delete(1)
    assert agreed.pull().counts["vanished"] == 1
    assert agreed.appointment().status is Status.CONFIRMED
    (dispute,) = agreed.disputes()
    assert dispute.kind is DisputeKind.VANISHED
    agreed.pull()
    agreed.deliver()
    assert len(agreed.disputes()) == len(agreed.subjects(ADMIN)) == 1


def test_a_vanished_booking_is_cancelled_once_a_person_says_so(agreed: BothWays) -> None:
    for hour in (11, 12, 13):
        agreed.book(f"2026-11-24 {hour}:00:00")
    agreed.pull()
    agreed.tool.delete(1)
    agreed.pull()
    (dispute,) = agreed.disputes()
    with writing(agreed.database, now=agreed.now) as uow:
        resolve(uow, dispute.id, theirs=True, profile=PROFILE)
    assert agreed.appointment().status is Status.CANCELLED
    assert "STATUS:CANCELLED" in agreed.object().text


def test_the_tool_is_down_for_two_days_and_hears_of_it_then(agreed: BothWays) -> None:
    agreed.tool.down()
    agreed.put(*AT_ELEVEN)
    for _ in range(48):
        agreed.deliver()
        agreed.pull()
        agreed.later(hours=1)
    assert agreed.letters(LetterState.TRIED) == [(TOOL, Message.MOVED)]
    assert "11:00" in agreed.subjects()[0]
    agreed.tool.up()
    agreed.later(hours=2)
    agreed.deliver()
    assert agreed.tool.appointments[1]["start_datetime"] == ELEVEN
    assert agreed.waiting() == []
    assert not agreed.pull().error


def test_a_letter_that_nobody_can_take_is_given_up_and_a_person_sees_it(agreed: BothWays) -> None:
    agreed.tool.delete(1)
    agreed.put(*AT_ELEVEN)
    agreed.later(hours=1)
    agreed.deliver()
    assert agreed.letters(LetterState.FAILED) == [(TOOL, Message.MOVED)]
    assert len(agreed.subjects(ADMIN)) == 1


def test_an_answer_that_was_lost_is_told_again_and_changes_nothing_more(agreed: BothWays) -> None:
    def lost(asked: Asked) -> Response | None:
        if asked.method != "PUT":
            return None
        agreed.tool.refuse = lambda _: None
        agreed.tool.move(1, ELEVEN)  # as it does itself, before the answer is lost
        return Response("", 502)

    agreed.tool.refuse = lost
    agreed.put(*AT_ELEVEN)
    agreed.deliver()
    agreed.pull()
    assert agreed.disputes() == []
    agreed.later(hours=1)
    agreed.deliver()
    assert agreed.tool.appointments[1]["start_datetime"] == ELEVEN
    assert (PATIENT, Message.MOVED) in agreed.letters(LetterState.DELIVERED)
    assert agreed.waiting() == []

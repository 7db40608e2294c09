"""Practice and booking tool change the same appointments: what becomes of it, on both sides."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from icalendar import Calendar
from starlette.responses import JSONResponse, Response

from booking_adapter.failures import Failed
from booking_adapter.protocol import Event, Power, State, Told, Unreadable
from practice.appointments import Status
from practice.conflicts import DisputeKind
from practice.letters import LetterState
from practice.messages import Message, Receiver
from practice.use_cases.disputes import resolve
from tests.bothways import ADMIN, GRACE, BothWays, Scripted, a_told
from tests.building import PROFILE, reading, writing

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


def test_what_was_deleted_here_and_the_tool_books_again_is_back(agreed: BothWays) -> None:
    patient = re.findall(r"X-PATIENT-ID:\S+", agreed.object().text)
    agreed.delete()
    agreed.later(hours=1)
    agreed.deliver()
    agreed.pull()
    agreed.tool.revive(1)
    agreed.tool.move(1, ELEVEN)
    agreed.later(hours=1)
    assert agreed.pull().counts == {"changed": 1}
    assert (agreed.start(), agreed.appointment().status) == (ELEVEN, Status.CONFIRMED)
    text = agreed.object().text
    assert "T110000" in text
    assert re.findall(r"X-PATIENT-ID:\S+", text) == patient
    assert agreed.waiting() == []
    assert agreed.disputes() == []
    assert agreed.pull().counts == {"unchanged": 1}


def test_what_was_deleted_here_and_nobody_could_tell_the_tool_stays_away(agreed: BothWays) -> None:
    agreed.tool.refuse = lambda asked: Response("", 500) if asked.method == "PUT" else None
    agreed.delete()
    agreed.deliver()
    agreed.later(hours=1)
    agreed.tool.refuse = lambda _: None
    agreed.tool.move(1, ELEVEN)
    agreed.later(hours=1)
    agreed.pull()
    assert agreed.appointment().status is Status.CANCELLED
    agreed.deliver()
    assert agreed.tool.appointments[1]["status"] == "Cancelled"


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
    agreed.deliver()
    assert agreed.letters(LetterState.FAILED) == []  # there is nothing to cancel there


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


def test_a_tool_whose_key_was_wrong_hears_of_it_once_that_is_mended(agreed: BothWays) -> None:
    key, agreed.tool.token = agreed.tool.token, "ein anderer"
    agreed.put(*AT_ELEVEN)
    agreed.deliver()
    assert agreed.letters(LetterState.TRIED) == [(TOOL, Message.MOVED)]
    agreed.tool.token = key
    agreed.later(hours=1)
    agreed.deliver()
    assert agreed.tool.appointments[1]["start_datetime"] == ELEVEN
    assert agreed.letters(LetterState.FAILED) == []


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


# --- Lists that say less than they seem to, or say it too late ------------------------------------


@pytest.fixture
def tool() -> Scripted:
    """A tool that says what the test has it say."""
    return Scripted()


@pytest.fixture
def scripted(practice: SqlDatabase, tool: Scripted) -> Iterator[BothWays]:
    """A practice that has had four bookings of such a tool for a day."""
    url = practice.engine.url.render_as_string(hide_password=False)
    tool.have(*(a_told(str(n), f"2026-11-24 {9 + n}:00") for n in range(1, 5)))
    with BothWays(url, tool) as made:
        made.pull()
        made.later(days=1)
        yield made


def only_lists(tool: Scripted) -> None:
    """Have a tool that cannot be asked for one booking."""
    tool.powers = Power.LISTS


def test_rows_that_nobody_can_read_make_nothing_vanish(scripted: BothWays, tool: Scripted) -> None:
    only_lists(tool)
    tool.rows = {"": Unreadable("", "It has no id.")}
    state = scripted.pull()
    assert "stay as they are" in state.error
    assert scripted.disputes() == []


def test_a_row_without_an_id_may_be_the_one_that_is_missing(
    scripted: BothWays, tool: Scripted
) -> None:
    only_lists(tool)
    del tool.rows["1"]
    tool.have(Unreadable("", "It has no id."))
    state = scripted.pull()
    assert (state.error, dict(state.counts)) == ("", {"unchanged": 3, "unreadable": 1})
    assert scripted.disputes() == []


def test_a_tool_that_cannot_be_asked_has_it_no_longer_in_its_list(
    scripted: BothWays, tool: Scripted
) -> None:
    only_lists(tool)
    tool.have(a_told("1", "2027-11-24 10:00"))  # moved, to behind the days that are asked for
    assert scripted.pull().counts["vanished"] == 1
    (dispute,) = scripted.disputes()
    assert dispute.kind is DisputeKind.UNLISTED
    assert scripted.appointment(1).status is Status.CONFIRMED
    tool.have(a_told("1", "2026-11-24 10:00"))
    scripted.pull()
    assert scripted.disputes() == []


def test_bookings_of_doctors_who_are_not_in_the_settings_are_counted_and_no_more(
    scripted: BothWays, tool: Scripted
) -> None:
    away = "Its doctor is not one of those in the settings."
    tool.have(Unreadable("7", away, elsewhere=True))
    assert scripted.pull().counts == {"elsewhere": 1, "unchanged": 4}
    tool.have(Unreadable("1", away, elsewhere=True))
    assert scripted.pull().counts == {"elsewhere": 2, "unchanged": 3, "vanished": 1}
    (dispute,) = scripted.disputes()
    assert (dispute.kind, dispute.theirs) == (DisputeKind.UNLISTED, None)
    assert scripted.appointment(1).status is Status.CONFIRMED
    assert scripted.pull().counts == {"elsewhere": 2, "unchanged": 3}


def test_a_tool_that_can_be_asked_tells_where_it_was_moved_to(
    scripted: BothWays, tool: Scripted
) -> None:
    tool.have(a_told("1", "2027-11-24 10:00"))
    assert "vanished" not in scripted.pull().counts
    assert scripted.start(1) == "2027-11-24 10:00:00"


def test_what_the_practice_moved_into_the_days_has_not_vanished(
    scripted: BothWays, tool: Scripted
) -> None:
    tool.have(a_told("5", "2027-11-24 10:00"))
    tool.hooks[b"5"] = lambda: [Event("5", tool.rows["5"])]
    scripted.hook(b"5")
    only_lists(tool)
    scripted.put("20261125T100000", "20261125T103000", number=5)
    scripted.pull()
    assert scripted.disputes() == []


def test_what_was_asked_about_once_is_not_asked_about_again_and_hides_no_other(
    scripted: BothWays, tool: Scripted
) -> None:
    asked: list[str] = []
    find = tool.booking

    def found(booking_id: str) -> Told | Unreadable | None:
        asked.append(booking_id)
        return find(booking_id)

    tool.booking = found  # type: ignore[method-assign]
    tool.have(*(a_told(str(n), f"2026-11-{n + 20} 10:00") for n in range(5, 10)))
    tool.have(*(a_told(str(n), f"2026-12-{n} 10:00") for n in range(10, 20)))
    scripted.pull()
    for gone in (range(1, 6), range(6, 11)):
        for number in gone:
            del tool.rows[str(number)]
        assert scripted.pull().counts["vanished"] == 5
    assert asked == [str(number) for number in range(1, 11)]
    assert len(scripted.disputes()) == 10


def test_a_list_from_before_a_move_reached_the_tool_does_not_move_it_back(
    scripted: BothWays, tool: Scripted
) -> None:
    scripted.put(*AT_ELEVEN)

    def delivered() -> None:
        scripted.later(seconds=5)
        scripted.deliver()

    tool.meanwhile = delivered
    scripted.pull()
    assert scripted.start(1) == ELEVEN
    assert scripted.disputes() == []
    scripted.pull()
    assert scripted.start(1) == ELEVEN


def test_a_clock_that_was_ahead_for_a_while_does_not_stop_what_the_tool_tells(
    scripted: BothWays, tool: Scripted
) -> None:
    scripted.later(days=3)
    tool.have(a_told("1", "2026-11-24 15:00"))
    scripted.pull()
    scripted.later(days=-3)
    tool.have(a_told("1", "2026-11-24 11:00"))
    scripted.pull()
    assert scripted.start(1) == ELEVEN


def test_what_was_booked_while_the_list_was_made_has_not_vanished(
    scripted: BothWays, tool: Scripted
) -> None:
    tool.hooks[b"5"] = lambda: [Event("5", a_told("5", "2026-11-25 10:00"))]

    def booked() -> None:
        scripted.later(seconds=5)
        scripted.hook(b"5")

    tool.meanwhile = booked
    only_lists(tool)
    scripted.pull()
    assert scripted.disputes() == []
    assert scripted.appointment(5).status is Status.CONFIRMED


def test_a_second_appointment_for_one_booking_is_asked_about(
    scripted: BothWays, tool: Scripted
) -> None:
    """However it came about: the tool knows one of the two ids by another."""
    tool.rows["1"] = tool.rows["2"]
    find = tool.bookings
    tool.bookings = lambda days: iter(list(find(days))[1:])  # type: ignore[method-assign]
    scripted.pull()
    (dispute,) = scripted.disputes()
    assert dispute.appointment_id == scripted.appointment(1).id


@pytest.mark.parametrize("first", ["the old one", "the new one"])
def test_what_the_tool_moved_and_has_under_another_id_is_moved_here(
    scripted: BothWays, tool: Scripted, first: str
) -> None:
    """And is not cancelled, though the tool has a cancelled one under the old id."""
    old = a_told("1", status=Status.CANCELLED)
    new = replace(a_told("1b", "2026-11-24 15:00"), before=("1",))
    tool.rows = {n: tool.rows[n] for n in "234"}
    tool.have(*((old, new) if first == "the old one" else (new, old)))
    for _ in range(2):
        scripted.pull()
        with reading(scripted.database) as uow:
            known = uow.appointments.by_booking("termine", ["1", "1b"])
        assert list(known) == ["1b"]
        assert known["1b"].status is Status.CONFIRMED
        assert f"{known['1b'].slot.start:%H:%M}" == "14:00"
    tool.hooks[b"late"] = lambda: [Event("1", old)]
    assert scripted.hook(b"late") == ""
    with reading(scripted.database) as uow:
        assert len(list(uow.appointments.all())) == 4


def test_the_practices_move_on_while_the_tool_is_told_is_no_conflict(
    scripted: BothWays, tool: Scripted
) -> None:
    """The tool's notes change while it is being told: that is taken over, the move is its echo."""
    scripted.put(*AT_ELEVEN)
    take = tool.tell

    def slowly(state: State) -> str:
        tool.have(a_told("1", notes="kommt mit Hund"))
        scripted.pull()  # as it was before the move, with other notes
        return take(state)

    tool.tell = slowly  # type: ignore[method-assign]
    scripted.deliver()
    scripted.put("20261124T150000", "20261124T153000")
    scripted.later(hours=1)
    scripted.pull()
    assert (scripted.start(1), scripted.disputes()) == (THREE, [])


def test_an_answer_that_comes_after_somebody_else_has_tried_agrees_on_nothing(
    scripted: BothWays, tool: Scripted
) -> None:
    """It took longer than a worker is waited for; what the other tried, the tool has not heard."""
    take = tool.tell

    def unheard(state: State) -> str:
        raise Failed("too slow")

    def slowly(state: State) -> str:
        told = take(state)
        tool.tell = unheard  # type: ignore[method-assign]
        scripted.put("20261124T150000", "20261124T153000")
        scripted.later(minutes=6)
        scripted.deliver()
        return told

    tool.tell = slowly  # type: ignore[method-assign]
    scripted.put(*AT_ELEVEN)
    scripted.deliver()
    tool.tell = take  # type: ignore[method-assign]
    scripted.later(hours=1)
    scripted.pull()
    assert scripted.start(1) == THREE
    scripted.deliver()
    assert tool.rows["1"] == a_told("1", "2026-11-24 15:00")


def test_a_patient_who_moves_back_to_where_the_practice_once_had_it_is_followed(
    scripted: BothWays, tool: Scripted
) -> None:
    take = tool.tell

    def half(state: State) -> str:
        take(state)
        raise Failed("takes no other length", permanent=True)

    tool.tell = half  # type: ignore[method-assign]
    scripted.put(*AT_ELEVEN)
    scripted.deliver()
    for start in (ELEVEN, THREE, ELEVEN):
        tool.have(a_told("1", start[:16]))
        scripted.later(hours=1)
        scripted.pull()
        assert (scripted.start(1), scripted.disputes()) == (start, [])


def test_what_the_practice_set_back_to_a_request_stays_one(
    scripted: BothWays, tool: Scripted
) -> None:
    take = tool.tell

    def confirmed(state: State) -> str:
        return take(replace(state, status=Status.CONFIRMED))  # it knows no way back

    tool.tell = confirmed  # type: ignore[method-assign]
    scripted.put(*AT_ELEVEN, STATUS="TENTATIVE")
    scripted.deliver()
    scripted.pull()
    assert scripted.appointment(1).status is Status.TENTATIVE
    assert scripted.start(1) == ELEVEN


def test_a_question_that_the_patient_has_answered_by_moving_again_is_closed(
    agreed: BothWays,
) -> None:
    agreed.put(*AT_ELEVEN)
    agreed.tool.move(1, THREE)
    agreed.later(minutes=6)
    agreed.pull()
    agreed.deliver()
    agreed.pull()
    assert len(agreed.disputes()) == 1
    agreed.tool.move(1, "2026-11-24 16:00:00")
    agreed.later(minutes=6)
    agreed.pull()
    assert agreed.start() == "2026-11-24 16:00:00"
    assert agreed.disputes() == []

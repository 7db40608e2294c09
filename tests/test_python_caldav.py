"""What a practice's own scripts do with python-caldav, against the served program."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from caldav.calendarobjectresource import Event
from caldav.davclient import DAVClient
from caldav.lib import error

from tests.building import BERLIN, PASSWORD, an_event
from tests.dav import HOME, emptied
from tests.servers import RunningServer

#: A Monday, and the times of an appointment in it.
DAY = datetime(2026, 11, 23, tzinfo=BERLIN)
TEN = DAY.replace(hour=10)
HALF_PAST = DAY.replace(hour=10, minute=30)


def a_client(server: RunningServer, account: str, address: str = "/caldav/") -> Any:
    """Return python-caldav's client, whose own types do not tell sync from async."""
    return DAVClient(url=server.url + address, username=account, password=PASSWORD)


def names_of(calendars: list[Any]) -> set[str]:
    return {calendar.url.path.rstrip("/").rsplit("/", 1)[1] for calendar in calendars}


def summaries(found: list[Any]) -> set[str]:
    return {str(one.icalendar_component["SUMMARY"]) for one in found}


def starts(found: list[Any]) -> list[datetime]:
    return sorted(one.icalendar_component["DTSTART"].dt.astimezone(UTC) for one in found)


@pytest.fixture
def front_desk(server: RunningServer) -> Iterator[Any]:
    """The front desk's client, the calendars being empty."""
    with closing(a_client(emptied(server), "empfang")) as client:
        yield client


@pytest.fixture
def mueller(front_desk: Any) -> Any:
    """Dr. Müller's calendar, as the front desk sees it."""
    return front_desk.calendar(url=HOME + "dr-mueller/")


@pytest.mark.parametrize("address", ["/caldav/", "/"])
def test_a_script_finds_its_calendars_from_the_server_and_from_the_mount(
    server: RunningServer, address: str
) -> None:
    with closing(a_client(server, "empfang", address)) as client:
        principal = client.get_principal()
        assert principal.url.path == "/caldav/empfang/"
        calendars = principal.get_calendars()
        assert names_of(calendars) == {"praxis", "dr-mueller", "dr-schmidt"}
        shown = {calendar.get_display_name() for calendar in calendars}
        assert shown == {"Praxis am Park", "Dr. Mueller", "Dr. Schmidt"}
        assert client.check_cdav_support()
        for calendar in calendars:
            assert {"VEVENT", "VTODO"} <= set(calendar.get_supported_components())


def test_an_event_is_saved_found_by_its_uid_changed_and_deleted(
    server: RunningServer, mueller: Any
) -> None:
    made = mueller.save_event(
        dtstart=TEN, dtend=HALF_PAST, summary="Sprechstunde Größer 😟", location="Raum 1"
    )
    uid = made.id
    with closing(a_client(server, "albis")) as other:
        seen = other.calendar(url=mueller.url).get_event_by_uid(uid)
        assert seen.url == made.url
        with seen.edit_icalendar_component() as component:
            assert component["SUMMARY"] == "Sprechstunde Größer 😟"
            component["DTSTART"].dt = TEN + timedelta(hours=1)
            component["DTEND"].dt = HALF_PAST + timedelta(hours=1)
        seen.save()

    made.load()
    assert made.icalendar_component["DTSTART"].dt == TEN + timedelta(hours=1)
    assert [one.id for one in mueller.get_events()] == [uid]
    made.delete()
    assert mueller.get_events() == []
    with pytest.raises(error.NotFoundError):
        mueller.get_event_by_uid(uid)
    with pytest.raises(error.NotFoundError):
        made.load()


def test_a_text_that_a_script_adds_comes_back_byte_for_byte(mueller: Any) -> None:
    text = an_event("roh@example.org", "20261123T100000", "20261123T103000", "X-ALBIS-ID:  7 ")
    made = Event(mueller.client, parent=mueller)
    made.save(raw_data=text.encode())
    seen = mueller.event_by_url(made.url)
    seen.load()
    assert seen.raw_data == text.encode()
    (fetched,) = mueller.multiget([made.url])
    assert fetched.raw_data == text.encode()


def test_a_script_that_saves_a_stale_copy_is_refused(server: RunningServer, mueller: Any) -> None:
    made = mueller.save_event(dtstart=TEN, dtend=HALF_PAST, summary="Kontrolle")
    with closing(a_client(server, "albis")) as other:
        rival = other.calendar(url=mueller.url).get_event_by_uid(made.id)
        rival.load()
        made.load()
        with rival.edit_icalendar_component() as component:
            component["SUMMARY"] = "Kontrolle, verlegt"
        rival.save()
        with made.edit_icalendar_component() as component:
            component["SUMMARY"] = "Kontrolle, veraltet"
        with pytest.raises(error.ETagMismatchError):
            made.save()
        with pytest.raises(error.ETagMismatchError):
            made.delete(if_match=True)
    assert summaries(mueller.get_events()) == {"Kontrolle, verlegt"}


def test_a_new_event_does_not_replace_one_with_its_uid(mueller: Any) -> None:
    text = an_event("einmal@example.org")
    mueller.save_event(text, no_overwrite=True)
    with pytest.raises(error.ConsistencyError):
        mueller.save_event(text, no_overwrite=True)
    with pytest.raises(error.ConsistencyError):
        mueller.save_event(an_event("nie@example.org"), no_create=True)
    assert [one.id for one in mueller.get_events()] == ["einmal@example.org"]


def test_a_search_finds_what_touches_the_time_and_nothing_else(mueller: Any) -> None:
    for summary, start, end in (
        ("davor", TEN - timedelta(hours=1), TEN),
        ("ragt herein", TEN - timedelta(minutes=5), TEN + timedelta(minutes=5)),
        ("darin", TEN, HALF_PAST),
        ("danach", HALF_PAST, HALF_PAST + timedelta(hours=1)),
        ("ganztags", date(2026, 11, 23), date(2026, 11, 24)),
        ("gestern", date(2026, 11, 22), date(2026, 11, 23)),
    ):
        mueller.save_event(dtstart=start, dtend=end, summary=summary)
    found = mueller.search(event=True, start=TEN, end=HALF_PAST)
    assert summaries(found) == {"ragt herein", "darin", "ganztags"}
    # Without python-caldav's own look at the answer, that of the server for the time it asks.
    found = mueller.search(event=True, start=TEN, end=HALF_PAST, post_filter=False)
    assert summaries(found) == {"ragt herein", "darin", "ganztags"}
    assert summaries(mueller.search(event=True, start=HALF_PAST)) == {"danach", "ganztags"}


def test_a_search_finds_words_in_texts(mueller: Any) -> None:
    for summary, category in (("Überweisung liegt vor", "NEUPATIENT"), ("Kontrolle", "NACHSORGE")):
        mueller.save_event(
            dtstart=TEN, dtend=HALF_PAST, summary=summary, categories=[category, "KASSE"]
        )
    wanted = {"Überweisung liegt vor"}
    assert summaries(mueller.search(event=True, summary="Überw", post_filter=False)) == wanted
    assert summaries(mueller.search(event=True, category="NEUP", post_filter=False)) == wanted
    assert mueller.search(event=True, summary="überw", post_filter=False) == []
    searcher = mueller.searcher(event=True)
    searcher.add_property_filter("summary", "LIEGT", case_sensitive=False)
    assert summaries(searcher.search(mueller, post_filter=False)) == wanted


@pytest.mark.parametrize("server_expand", [True, False], ids=["by-server", "by-client"])
def test_a_series_is_expanded_with_its_moved_and_left_out_dates(
    mueller: Any, server_expand: bool
) -> None:
    master = an_event(
        "serie@example.org",
        "20261019T100000",  # over the end of summer time, 25 October
        "20261019T103000",
        "RRULE:FREQ=WEEKLY;COUNT=5",
        "EXDATE;TZID=Europe/Berlin:20261102T100000",
        "SUMMARY:Verbandswechsel",
    )
    moved = an_event(
        "serie@example.org",
        "20261110T150000",
        "20261110T153000",
        "RECURRENCE-ID;TZID=Europe/Berlin:20261109T100000",
        "SUMMARY:verlegt",
    )
    override = moved[moved.index("BEGIN:VEVENT") : moved.index("END:VCALENDAR")]
    mueller.save_event(master.replace("END:VCALENDAR", override + "END:VCALENDAR"))

    found = mueller.search(
        event=True,
        expand=True,
        server_expand=server_expand,
        start=datetime(2026, 10, 20, tzinfo=BERLIN),
        end=datetime(2026, 12, 1, tzinfo=BERLIN),
    )
    assert starts(found) == [
        datetime(2026, 10, 26, 9, tzinfo=UTC),
        datetime(2026, 11, 10, 14, tzinfo=UTC),
        datetime(2026, 11, 16, 9, tzinfo=UTC),
    ]
    assert summaries(found) == {"Verbandswechsel", "verlegt"}
    for one in found:
        assert "RRULE" not in one.icalendar_component
        assert "RECURRENCE-ID" in one.icalendar_component


def test_a_sync_token_tells_what_is_new_changed_and_gone(mueller: Any) -> None:
    kept, changed, gone = (
        mueller.save_event(an_event(f"{uid}@example.org")) for uid in ("bleibt", "aendert", "geht")
    )
    before = mueller.get_objects_by_sync_token(disable_fallback=True, load_objects=True)
    assert {one.url for one in before} == {kept.url, changed.url, gone.url}

    new = mueller.save_event(an_event("neu@example.org"))
    with changed.edit_icalendar_component() as component:
        component["SUMMARY"] = "geändert"
    changed.save()
    gone.delete()
    since = mueller.get_objects_by_sync_token(before.sync_token, disable_fallback=True)
    assert {one.url for one in since} == {new.url, changed.url, gone.url}
    assert since.deleted_urls == {gone.url.canonical()}

    updated, deleted = before.sync()
    assert {one.url for one in updated} == {new.url, changed.url}
    assert {one.url for one in deleted} == {gone.url}
    assert {one.id for one in before} == {f"{u}@example.org" for u in ("bleibt", "aendert", "neu")}
    assert before.sync_token == since.sync_token
    nothing = mueller.get_objects_by_sync_token(since.sync_token, disable_fallback=True)
    assert (list(nothing), nothing.sync_token) == ([], since.sync_token)
    with pytest.raises(error.AuthorizationError) as refused:  # 403 with DAV:valid-sync-token
        mueller.get_objects_by_sync_token("https://example.org/fremd", disable_fallback=True)
    assert "{DAV:}valid-sync-token" in refused.value.preconditions


def test_free_busy_tells_when_but_not_with_whom(mueller: Any) -> None:
    day = TEN - timedelta(hours=2), TEN + timedelta(hours=8)
    hour = timedelta(hours=1)
    mueller.save_event(dtstart=TEN, dtend=HALF_PAST, summary="Erika Musterfrau")
    mueller.save_event(dtstart=HALF_PAST, dtend=TEN + hour, summary="gleich danach")
    mueller.save_event(dtstart=TEN + 3 * hour, dtend=TEN + 4 * hour, status="TENTATIVE")
    mueller.save_event(dtstart=TEN + 5 * hour, dtend=TEN + 6 * hour, transp="TRANSPARENT")
    mueller.save_event(dtstart=TEN + 5 * hour, dtend=TEN + 6 * hour, status="CANCELLED")
    told = mueller.freebusy_request(*day).get_data()
    assert "Musterfrau" not in told
    lines = [line for line in told.splitlines() if line.startswith("FREEBUSY")]
    assert lines == [
        "FREEBUSY;FBTYPE=BUSY:20261123T090000Z/20261123T100000Z",
        "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20261123T120000Z/20261123T130000Z",
    ]


def test_accounts_find_and_change_only_what_is_theirs(
    server: RunningServer, front_desk: Any, mueller: Any
) -> None:
    mine = mueller.save_event(an_event("mueller@example.org"))
    schmidt = front_desk.calendar(url=HOME + "dr-schmidt/")
    theirs = schmidt.save_event(an_event("schmidt@example.org"))

    with closing(a_client(server, "mueller")) as doctor:
        calendars = {c.url.path: c for c in doctor.get_principal().get_calendars()}
        assert set(calendars) == {HOME + "dr-mueller/", HOME + "praxis/"}
        own = calendars[HOME + "dr-mueller/"]
        assert [one.id for one in own.get_events()] == ["mueller@example.org"]
        assert [one.id for one in calendars[HOME + "praxis/"].get_events()] == [
            "mueller@example.org"
        ]
        own.save_event(an_event("eigener@example.org", "20261124T100000", "20261124T103000"))
        with pytest.raises(error.NotFoundError):
            doctor.calendar(url=schmidt.url).get_events()
        with pytest.raises(error.NotFoundError):
            doctor.calendar(url=schmidt.url).event_by_url(theirs.url).load()
        with pytest.raises(error.DAVError):
            doctor.calendar(url=schmidt.url).save_event(an_event("fremd@example.org"))

    with closing(a_client(server, "gast")) as guest:
        calendar = guest.calendar(url=mueller.url)
        seen = calendar.get_event_by_uid("mueller@example.org")
        with seen.edit_icalendar_component() as component:
            component["SUMMARY"] = "vom Gast"
        with pytest.raises(error.AuthorizationError):
            seen.save()
        with pytest.raises(error.AuthorizationError):
            seen.delete()
        with pytest.raises(error.AuthorizationError):
            calendar.save_event(an_event("gast@example.org"))

    assert {one.id for one in mueller.get_events()} == {
        "mueller@example.org",
        "eigener@example.org",
    }
    assert [one.id for one in schmidt.get_events()] == ["schmidt@example.org"]
    mine.load()
    assert "SUMMARY" not in mine.icalendar_component


def test_a_wrong_password_is_told_as_such(server: RunningServer) -> None:
    client: Any = DAVClient(
        url=server.url + "/caldav/", username="gast", password="ein anderes Passwort"
    )
    with closing(client), pytest.raises(error.AuthorizationError):
        client.get_principal()


def test_a_task_is_due_then_done(mueller: Any) -> None:
    mueller.save_event(dtstart=TEN, dtend=HALF_PAST, summary="kein Auftrag")
    task = mueller.save_todo(summary="Befund anfordern", due=TEN, priority=1)
    later = mueller.save_todo(summary="Rezept schreiben", due=TEN + timedelta(days=7))
    assert [one.id for one in mueller.get_todos()] == [task.id, later.id]
    due = mueller.search(todo=True, start=DAY, end=DAY + timedelta(days=1), post_filter=False)
    assert summaries(due) == {"Befund anfordern"}
    assert summaries(mueller.get_events()) == {"kein Auftrag"}

    task.complete()
    assert summaries(mueller.get_todos()) == {"Rezept schreiben"}
    everything = mueller.get_todos(include_completed=True)
    assert summaries(everything) == {"Befund anfordern", "Rezept schreiben"}
    assert mueller.get_todo_by_uid(task.id).icalendar_component["STATUS"] == "COMPLETED"


def test_the_main_calendar_shows_every_doctors_events_and_changes_them_there(
    front_desk: Any, mueller: Any
) -> None:
    schmidt = front_desk.calendar(url=HOME + "dr-schmidt/")
    main = front_desk.calendar(url=HOME + "praxis/")
    mueller.save_event(an_event("m@example.org", "20261123T100000", "20261123T103000"))
    schmidt.save_event(an_event("s@example.org", "20261123T110000", "20261123T113000"))
    main.save_event(an_event("fest@example.org", "20261123T180000", "20261123T200000"))
    token = mueller.get_objects_by_sync_token(disable_fallback=True).sync_token

    found = main.search(event=True, start=DAY, end=DAY + timedelta(days=1), post_filter=False)
    assert {one.id for one in found} == {"m@example.org", "s@example.org", "fest@example.org"}
    for one in main.get_objects_by_sync_token(disable_fallback=True, load_objects=True):
        assert one.url.path.startswith(HOME + "praxis/")
        with one.edit_icalendar_component() as component:
            component["SUMMARY"] = "im Hauptkalender umbenannt"
        one.save()
    for calendar in (mueller, schmidt):
        (event,) = calendar.get_events()
        assert event.icalendar_component["SUMMARY"] == "im Hauptkalender umbenannt"
    assert len(list(mueller.get_objects_by_sync_token(token, disable_fallback=True))) == 1

    main.get_event_by_uid("m@example.org").delete()
    assert mueller.get_events() == []
    assert {one.id for one in main.get_events()} == {"s@example.org", "fest@example.org"}

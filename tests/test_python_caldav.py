"""Scripts with python-caldav, as a practice's own programs would be written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from caldav.davclient import DAVClient
from caldav.lib.error import AuthorizationError, DAVError, NotFoundError

from tests.building import BERLIN, PASSWORD
from tests.dav import emptied
from tests.servers import RunningServer

#: Methods of python-caldav answer plainly or as coroutines, which their types do not tell apart.
Client = Any
Calendar = Any
Found = Any

MONDAY = datetime(2026, 11, 23, tzinfo=BERLIN)


@contextmanager
def signed_in(
    server: RunningServer, account: str, path: str = "", password: str = PASSWORD
) -> Iterator[Client]:
    """Open python-caldav's client, knowing nothing but an address."""
    url = server.url + path
    with DAVClient(url=url, username=account, password=password, require_tls=False) as client:
        yield client


def the_calendar(client: Client, name: str) -> Calendar:
    """Find a calendar by its address among those of the principal."""
    calendars = client.principal().calendars()
    return next(c for c in calendars if str(c.url).rstrip("/").endswith("/" + name))


@pytest.fixture
def house(server: RunningServer) -> RunningServer:
    """The served practice, its calendars empty."""
    return emptied(server)


@pytest.fixture
def mueller(house: RunningServer) -> Iterator[Calendar]:
    """Dr. Mueller's calendar, as the reception sees it."""
    with signed_in(house, "empfang") as client:
        yield the_calendar(client, "dr-mueller")


def saved(calendar: Calendar, uid: str, start: datetime, **more: object) -> Found:
    """Save an event of half an hour."""
    end = start + timedelta(minutes=30)
    return calendar.save_event(dtstart=start, dtend=end, uid=uid, summary=uid, **more)


def starts(found: list[Found]) -> list[datetime]:
    """Return when the events found start, in UTC, in order."""
    return sorted(e.icalendar_component["DTSTART"].dt.astimezone(UTC) for e in found)


def uids(found: list[Found]) -> set[str]:
    """Return the UIDs of what was found."""
    return {str(event.icalendar_component["UID"]) for event in found}


@pytest.mark.parametrize("path", ["", "/", "/caldav/", "/caldav/mueller/", "/.well-known/caldav"])
def test_a_script_finds_its_principal_and_calendars(server: RunningServer, path: str) -> None:
    with signed_in(server, "mueller", path) as client:
        principal = client.principal()
        assert str(principal.url) == server.url + "/caldav/mueller/"
        calendars = {str(c.url): c.get_display_name() for c in principal.calendars()}
    assert calendars == {
        f"{server.url}/caldav/calendars/dr-mueller/": "Dr. Mueller",
        f"{server.url}/caldav/calendars/praxis/": "Praxis am Park",
    }


def test_a_calendar_tells_what_it_takes(mueller: Calendar) -> None:
    assert set(mueller.get_supported_components()) == {"VEVENT", "VTODO", "VJOURNAL"}


def test_an_event_is_saved_found_by_uid_changed_and_deleted(mueller: Calendar) -> None:
    event = saved(mueller, "kontrolle", MONDAY.replace(hour=10), location="Raum 1")
    found = mueller.event_by_uid("kontrolle")
    assert found.url == event.url
    assert found.icalendar_component["LOCATION"] == "Raum 1"

    with found.edit_icalendar_component() as component:
        component["SUMMARY"] = "Kontrolle, verschoben; größer"
    found.save()
    again = mueller.event_by_uid("kontrolle")
    assert again.icalendar_component["SUMMARY"] == "Kontrolle, verschoben; größer"
    assert again.icalendar_component["LOCATION"] == "Raum 1"
    assert len(mueller.events()) == 1

    again.delete()
    assert mueller.events() == []
    with pytest.raises(NotFoundError):
        mueller.event_by_uid("kontrolle")


def test_a_search_finds_what_overlaps_a_range(mueller: Calendar) -> None:
    saved(mueller, "davor", MONDAY.replace(hour=8))
    saved(mueller, "drin", MONDAY.replace(hour=10))
    saved(mueller, "knapp", MONDAY.replace(hour=9, minute=45))
    saved(mueller, "danach", MONDAY.replace(hour=11))
    mueller.save_event(dtstart=date(2026, 11, 23), dtend=date(2026, 11, 24), uid="tag", summary="x")
    found = mueller.search(
        start=MONDAY.replace(hour=10), end=MONDAY.replace(hour=11), event=True, expand=False
    )
    assert uids(found) == {"drin", "knapp", "tag"}
    open_end = mueller.search(start=MONDAY.replace(hour=11), event=True)
    assert uids(open_end) == {"danach", "tag"}


@pytest.mark.parametrize("by_the_server", [True, False])
def test_a_series_is_expanded_across_the_change_of_clocks(
    mueller: Calendar, by_the_server: bool
) -> None:
    first = datetime(2026, 10, 19, 10, tzinfo=BERLIN)
    saved(mueller, "serie", first, rrule={"FREQ": "WEEKLY", "COUNT": 5})
    found = mueller.search(
        start=datetime(2026, 10, 20, tzinfo=BERLIN),
        end=datetime(2026, 11, 10, tzinfo=BERLIN),
        event=True,
        expand=True,
        server_expand=by_the_server,
    )
    assert starts(found) == [
        datetime(2026, 10, 26, 9, tzinfo=UTC),  # ten o'clock, before and after the last Sunday
        datetime(2026, 11, 2, 9, tzinfo=UTC),
        datetime(2026, 11, 9, 9, tzinfo=UTC),
    ]
    whole = mueller.search(
        start=datetime(2026, 10, 12, tzinfo=BERLIN),
        end=datetime(2027, 1, 1, tzinfo=BERLIN),
        event=True,
        expand=True,
        server_expand=by_the_server,
    )
    assert len(whole) == 5
    assert starts(whole)[0] == datetime(2026, 10, 19, 8, tzinfo=UTC)
    assert all("RRULE" not in event.icalendar_component for event in whole)


def test_a_search_by_text_finds_umlauts(mueller: Calendar) -> None:
    saved(mueller, "a", MONDAY.replace(hour=10), description="Frau Müller bringt Befunde mit")
    saved(mueller, "b", MONDAY.replace(hour=11), description="Herr Maier")
    assert uids(mueller.search(event=True, description="Müller")) == {"a"}
    assert mueller.search(event=True, description="müller") == []  # as it is written
    assert uids(mueller.search(event=True, summary="b")) == {"b"}
    lenient = mueller.searcher(event=True)
    lenient.add_property_filter("description", "FRAU MüLLER", case_sensitive=False)
    assert uids(lenient.search()) == {"a"}  # i;ascii-casemap knows no umlauts


def test_a_sync_token_tells_only_what_changed(house: RunningServer, mueller: Calendar) -> None:
    for number in range(5):
        saved(mueller, f"e{number}", MONDAY + timedelta(hours=8 + number))
    copy = mueller.get_objects_by_sync_token(load_objects=True, disable_fallback=True)
    assert uids(list(copy)) == {"e0", "e1", "e2", "e3", "e4"}
    assert list(mueller.get_objects_by_sync_token(copy.sync_token, disable_fallback=True)) == []

    with signed_in(house, "albis") as other_client:
        other = the_calendar(other_client, "dr-mueller")
        changed = other.event_by_uid("e1")
        with changed.edit_icalendar_component() as component:
            component["SUMMARY"] = "verlegt"
        changed.save()
        other.event_by_uid("e2").delete()
        saved(other, "neu", MONDAY.replace(hour=15))
    updated, deleted = copy.sync()
    assert {str(o.url).rsplit("/", 1)[1] for o in deleted} == {"e2.ics"}
    assert uids(updated) == {"e1", "neu"}
    assert uids(list(copy)) == {"e0", "e1", "e3", "e4", "neu"}
    summaries = {str(o.icalendar_component["SUMMARY"]) for o in copy}
    assert summaries == {"e0", "verlegt", "e3", "e4", "neu"}


def test_free_busy_tells_when_and_not_what(mueller: Calendar) -> None:
    saved(mueller, "geheim", MONDAY.replace(hour=10))
    saved(mueller, "anschluss", MONDAY.replace(hour=10, minute=30))
    saved(mueller, "frei", MONDAY.replace(hour=12), transp="TRANSPARENT")
    saved(mueller, "anfrage", MONDAY.replace(hour=14), status="TENTATIVE")
    answer = mueller.freebusy_request(MONDAY, MONDAY + timedelta(days=1))
    component = answer.icalendar_instance.walk("VFREEBUSY")[0]
    told = component["FREEBUSY"]
    periods = {
        (line.params["FBTYPE"], line.start.astimezone(UTC), line.end.astimezone(UTC))
        for line in told
    }
    at = MONDAY.astimezone(UTC)
    assert periods == {
        ("BUSY", at + timedelta(hours=10), at + timedelta(hours=11)),
        ("BUSY-TENTATIVE", at + timedelta(hours=14), at + timedelta(hours=14, minutes=30)),
    }
    assert "geheim" not in answer.data


def test_a_task_is_kept_and_completed(mueller: Calendar) -> None:
    saved(mueller, "termin", MONDAY.replace(hour=10))
    task = mueller.save_todo(
        uid="rezept", summary="Rezept schreiben", due=MONDAY.replace(hour=17), priority=1
    )
    assert uids(mueller.todos()) == {"rezept"}
    assert uids(mueller.events()) == {"termin"}
    found = mueller.search(start=MONDAY, end=MONDAY + timedelta(days=1), todo=True)
    assert uids(found) == {"rezept"}

    task.complete()
    assert mueller.todos() == []
    done = mueller.todos(include_completed=True)
    assert [str(t.icalendar_component["STATUS"]) for t in done] == ["COMPLETED"]


def test_a_note_is_kept(mueller: Calendar) -> None:
    mueller.save_journal(uid="notiz", summary="Übergabe", dtstart=date(2026, 11, 23))
    assert uids(mueller.journals()) == {"notiz"}
    assert mueller.events() == []


def test_two_accounts_see_their_own_view_of_one_practice(house: RunningServer) -> None:
    with signed_in(house, "empfang") as staff, signed_in(house, "mueller") as doctor:
        saved(the_calendar(staff, "dr-mueller"), "m", MONDAY.replace(hour=10))
        saved(the_calendar(staff, "dr-schmidt"), "s", MONDAY.replace(hour=10))
        saved(the_calendar(staff, "praxis"), "p", MONDAY.replace(hour=12))
        assert uids(the_calendar(staff, "praxis").events()) == {"m", "s", "p"}
        assert uids(the_calendar(doctor, "praxis").events()) == {"m", "p"}

        through_union = the_calendar(doctor, "praxis").event_by_uid("m")
        with through_union.edit_icalendar_component() as component:
            component["SUMMARY"] = "vom Arzt verlegt"
        through_union.save()
        seen = the_calendar(staff, "dr-mueller").event_by_uid("m")
        assert seen.icalendar_component["SUMMARY"] == "vom Arzt verlegt"

        with pytest.raises(AuthorizationError):
            saved(the_calendar(doctor, "praxis"), "neu", MONDAY.replace(hour=15))
        assert uids(the_calendar(staff, "praxis").events()) == {"m", "s", "p"}


def test_a_reader_changes_nothing(house: RunningServer, mueller: Calendar) -> None:
    saved(mueller, "a", MONDAY.replace(hour=10))
    with signed_in(house, "gast") as guest:
        seen = the_calendar(guest, "dr-mueller")
        event = seen.event_by_uid("a")
        with pytest.raises(AuthorizationError):
            saved(seen, "b", MONDAY.replace(hour=12))
        with pytest.raises(DAVError):
            event.delete()
    assert uids(mueller.events()) == {"a"}


def test_a_wrong_password_is_told_as_such(server: RunningServer) -> None:
    with (
        signed_in(server, "empfang", password="falsch!!!") as client,
        pytest.raises(AuthorizationError),
    ):
        client.principal()

"""Time zones by reference: the header, and what it leaves as it is (RFC 7809)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar as ICalendar

from practice.content_lines import unfold
from practice.timezones import vtimezone
from practice.vevent import with_zones, without_zones
from tests.building import BERLIN, an_event
from tests.dav import CALDAV, DAV, HOME, listing, multistatus, put, query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from tests.people import People

MUELLER = HOME + "dr-mueller/"
OWN = (
    *("BEGIN:VTIMEZONE", "TZID:Praxiszeit", "BEGIN:STANDARD", "DTSTART:19700101T000000"),
    *("TZOFFSETFROM:+0100", "TZOFFSETTO:+0100", "END:STANDARD", "END:VTIMEZONE", ""),
)


def bringing(text: str, zone: str) -> str:
    return text.replace("BEGIN:VEVENT", f"{zone}BEGIN:VEVENT", 1)


BARE = an_event("bare", *("20261123T080000", "20261123T083000"))
FULL = bringing(an_event("full", "20261123T090000", "20261123T093000"), vtimezone(BERLIN))
HOUSE = bringing(
    an_event("house", "20261123T100000", "20261123T103000", tzid="Praxiszeit"), "\r\n".join(OWN)
)
WINDOWS = an_event("win", "20261123T110000", "20261123T113000", tzid="W. Europe Standard Time")
UTC = (
    an_event("utc")
    .replace(";TZID=Europe/Berlin:20261123T100000", ":20261123T120000Z")
    .replace(";TZID=Europe/Berlin:20261123T103000", ":20261123T123000Z")
)
TEXTS = {"bare": BARE, "full": FULL, "house": HOUSE, "win": WINDOWS, "utc": UTC}
#: Which VTIMEZONEs each has, by what is asked.
ZONES = {
    "": {"bare": [], "full": ["Europe/Berlin"], "house": ["Praxiszeit"], "win": [], "utc": []},
    "F": {"bare": [], "full": [], "house": ["Praxiszeit"], "win": [], "utc": []},
    "T": {
        "bare": ["Europe/Berlin"],
        "full": ["Europe/Berlin"],
        "house": ["Praxiszeit"],
        "win": ["W. Europe Standard Time"],
        "utc": [],
    },
}


def zones_in(text: str) -> list[str]:
    found = [str(zone["TZID"]) for zone in ICalendar.from_ical(text).walk("VTIMEZONE")]
    assert len(set(found)) == len(found)
    return found


@pytest.fixture(scope="module")
def doctor(people: People) -> Iterator[TestClient]:
    """A doctor's client; every text stands in the own calendar."""
    client = people["mueller"]
    for name, text in TEXTS.items():
        assert put(client, MUELLER, f"{name}.ics", text).status_code == 201
    yield client
    for name in TEXTS:
        assert client.delete(f"{MUELLER}{name}.ics").status_code == 204


def header(asked: str) -> dict[str, str]:
    return {"CalDAV-Timezones": asked} if asked else {}


@pytest.mark.parametrize("asked", ZONES)
@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_handed_out_as_asked_and_under_one_etag(
    doctor: TestClient, asked: str, name: str
) -> None:
    href = f"{MUELLER}{name}.ics"
    answer = doctor.get(href, headers=header(asked))
    assert zones_in(answer.text) == ZONES[asked][name]
    assert answer.headers["etag"] == listing(doctor, MUELLER)[href]
    assert "CalDAV-Timezones" in answer.headers["vary"]
    if asked in {"", name}:
        assert answer.text == TEXTS[name]


@pytest.mark.parametrize("asked", ZONES)
def test_reports_hand_texts_out_as_asked(doctor: TestClient, asked: str) -> None:
    hrefs = "".join(f"<href>{MUELLER}{name}.ics</href>" for name in TEXTS)
    limits = '<C:time-range start="20261123T000000Z" end="20261124T000000Z"/>'
    prop = "<prop><getetag/><C:calendar-data/></prop>"
    parts = f'<C:comp-filter name="VEVENT">{limits}</C:comp-filter>'
    bodies = {
        "C:calendar-multiget": f"{prop}{hrefs}",
        "C:calendar-query": (
            f'{prop}<C:filter><C:comp-filter name="VCALENDAR">{parts}</C:comp-filter></C:filter>'
        ),
        "sync-collection": f"<sync-token/><sync-level>1</sync-level>{prop}",
    }
    for report, content in bodies.items():
        body = (
            f'<{report} xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">{content}</{report}>'
        )
        answer = doctor.request(
            "REPORT", MUELLER, content=body, headers=header(asked) | {"Depth": "1"}
        )
        found = multistatus(answer)
        told = {
            href.removeprefix(MUELLER).removesuffix(".ics"): t for href, t in found.data.items()
        }
        assert {name: zones_in(text) for name, text in told.items()} == ZONES[asked]
        if not asked:
            assert told == TEXTS


def test_what_is_stored_stays_what_was_sent(doctor: TestClient) -> None:
    for asked in ("T", "F"):
        doctor.get(MUELLER + "full.ics", headers=header(asked))
        doctor.get(MUELLER + "bare.ics", headers=header(asked))
    assert doctor.get(MUELLER + "full.ics").text == FULL
    assert doctor.get(MUELLER + "bare.ics").text == BARE


@pytest.mark.parametrize("asked", ["x", "true", " ", "T, F"])
def test_a_header_that_says_nothing_changes_nothing(doctor: TestClient, asked: str) -> None:
    answer = doctor.get(MUELLER + "full.ics", headers={"CalDAV-Timezones": asked})
    assert answer.text == FULL
    assert doctor.get(MUELLER + "full.ics", headers=header("f")).text != FULL


def test_a_text_that_names_a_known_zone_needs_no_definition_of_it(doctor: TestClient) -> None:
    tokyo = an_event("tokio", "20261123T230000", "20261123T233000", tzid="Asia/Tokyo")
    assert put(doctor, MUELLER, "tokio.ics", tokyo).status_code == 201
    found = query(doctor, MUELLER, "20261123T140000Z", "20261123T141500Z").data
    assert found == {MUELLER + "tokio.ics": tokyo}
    told = doctor.get(MUELLER + "tokio.ics", headers=header("T")).text
    assert zones_in(told) == ["Asia/Tokyo"]
    assert doctor.delete(MUELLER + "tokio.ics").status_code == 204


def test_a_calendar_as_a_file_defines_every_zone_it_names(doctor: TestClient) -> None:
    answer = doctor.get(MUELLER + "appointments.ics")
    assert {"Europe/Berlin", "Praxiszeit", "W. Europe Standard Time"} <= set(zones_in(answer.text))
    without = doctor.get(MUELLER + "appointments.ics", headers=header("F"))
    # What Windows calls a zone is no name that everybody knows.
    assert set(zones_in(without.text)) == {"Praxiszeit", "W. Europe Standard Time"}


def test_the_feature_is_not_claimed(doctor: TestClient) -> None:
    """It would promise a VTIMEZONE in every text, and have phones leave theirs out."""
    dav = doctor.request("OPTIONS", MUELLER).headers["dav"]
    assert "calendar-no-timezone" not in dav.split(", ")
    (found,) = multistatus(
        doctor.request(
            "PROPFIND",
            MUELLER,
            content=(
                '<propfind xmlns="DAV:"><prop><C:timezone-service-set'
                ' xmlns:C="urn:ietf:params:xml:ns:caldav"/></prop></propfind>'
            ),
            headers={"Depth": "0"},
        )
    ).found.values()
    assert found.missing == {CALDAV + "timezone-service-set"}
    assert DAV + "getetag" not in found.told


# -- the texts themselves ------------------------------------------------------------------------

LF = FULL.replace("\r\n", "\n")
FOLDED = FULL.replace("BEGIN:VTIMEZONE", "BEG\r\n IN:VTIME\r\n ZONE").replace(
    "TZID:Europe/Berlin\r\n", "TZ\r\n ID:Europe\r\n /Berlin\r\n", 1
)


@pytest.mark.parametrize(
    "text", [FULL, LF, FOLDED, FULL.lower().replace("europe/berlin", "Europe/Berlin")]
)
def test_a_definition_is_found_however_it_is_written(text: str) -> None:
    assert "timezone" not in "".join(unfold(without_zones(text))).lower()


def test_leaving_out_and_putting_in_changes_nothing_else() -> None:
    assert without_zones(FULL).replace("full", "x") == an_event(
        "x", "20261123T090000", "20261123T093000"
    )
    assert with_zones(without_zones(FULL)) == FULL
    assert with_zones(LF) == LF
    assert "\r" not in with_zones(without_zones(LF))


def test_a_zone_named_in_a_description_is_no_zone() -> None:
    text = UTC.replace("END:VEVENT", "DESCRIPTION:x;TZID=Europe/Paris:y\r\nEND:VEVENT")
    assert with_zones(text) == text
    quoted = UTC.replace("END:VEVENT", 'X-A;CN="a;TZID=Europe/Paris:b":y\r\nEND:VEVENT')
    assert "Paris\r\n" not in with_zones(quoted)


def test_a_quoted_name_of_a_zone_is_one() -> None:
    text = UTC.replace("DTSTART:20261123T120000Z", 'DTSTART;TZID="Europe/Paris":20261123T130000')
    assert zones_in(with_zones(text)) == ["Europe/Paris"]


@given(st.text(alphabet=st.sampled_from('BEGIND:VTMZONEA;=\r\n \t"x/'), max_size=300))
def test_no_text_loses_anything_but_definitions(text: str) -> None:
    assert without_zones(text) == text or "VTIMEZONE" in "".join(unfold(text))
    assert with_zones(text) == text


@pytest.mark.parametrize("n", [1, 4])
def test_hostile_lines_cost_their_length(n: int) -> None:
    text = FULL.replace("END:VEVENT", "X" + ";A=" * 100_000 * n + "\r\n" + "\r\n " * 50_000 * n)
    assert without_zones(text)
    assert with_zones(text)

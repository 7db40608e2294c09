"""Answers that are given again are those that would be made anew."""

from __future__ import annotations

import asyncio
import base64
import random
import re
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy import event, text

from caldav_server.addresses import Addresses
from caldav_server.application import CalDavApplication
from caldav_server.asgi import CalDavBridge
from practice.access import Level
from practice.calendars import CalendarKind
from practice.database.tables import house
from practice.errors import PracticeError
from practice.footing import HOUSE
from practice.patients import Patient, PatientRecord
from practice.use_cases.accounts import grant
from practice.use_cases.retention import forget_some
from practice.use_cases.sign_in import Gate
from tests.building import PASSWORD, PROFILE, a_draft, an_event, reading, the_account, writing
from tests.dav import HOME, put
from tests.in_process import clients
from tests.test_levels_of_detail import PLACES, a_step, add_readers

if TYPE_CHECKING:
    from collections.abc import Callable

    from practice.database import SqlDatabase
    from practice.ports import Transactions
    from tests.servers import RunningServer

MUELLER = f"{HOME}dr-mueller/"
NAMES = (
    'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:S="http://calendarserver.org/ns/"'
)
POLL = f"<propfind {NAMES}><prop><S:getctag/><sync-token/></prop></propfind>"
ETAGS = f"<propfind {NAMES}><prop><getetag/><displayname/><x xmlns='urn:x'/></prop></propfind>"
ALL = f"<propfind {NAMES}><allprop/></propfind>"
DAY = '<C:time-range start="20261123T000000Z" end="20261124T000000Z"/>'
QUERY = (
    f"<C:calendar-query {NAMES}><prop><getetag/><C:calendar-data/></prop><C:filter>"
    f'<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">{DAY}'
    "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
)
FREE_BUSY = f"<C:free-busy-query {NAMES}>{DAY}</C:free-busy-query>"
SYNC = (
    f"<sync-collection {NAMES}><sync-token/><sync-level>1</sync-level>"
    "<prop><getetag/></prop></sync-collection>"
)
PEOPLE = f"<propfind {NAMES}><prop><displayname/><acl/><C:calendar-home-set/></prop></propfind>"
Asked = tuple[str, str, str, dict[str, str]]


def questions() -> list[Asked]:
    """What clients ask of two calendars, their home and themselves."""
    asked: list[Asked] = [
        ("PROPFIND", HOME, ALL, {"Depth": "1"}),
        ("PROPFIND", "/caldav/", PEOPLE, {"Depth": "1"}),
    ]
    for calendar in (MUELLER, f"{HOME}praxis/"):
        names = "".join(f"<href>{calendar}{name}</href>" for name in ("a.ics", "b.ics"))
        several = (
            f"<C:calendar-multiget {NAMES}><prop><C:calendar-data/></prop>{names}"
            "</C:calendar-multiget>"
        )
        asked += [
            ("PROPFIND", calendar, POLL, {"Depth": "0"}),
            ("PROPFIND", calendar, POLL, {"Depth": "1"}),
            ("PROPFIND", calendar, ETAGS, {"Depth": "1"}),
            ("PROPFIND", calendar, "", {"Depth": "0"}),
            ("REPORT", calendar, QUERY, {"Depth": "1"}),
            ("REPORT", calendar, QUERY, {"Depth": "1", "Accept-Encoding": "identity"}),
            ("REPORT", calendar, SYNC, {"Depth": "0"}),
            ("REPORT", calendar, several, {}),
            ("REPORT", calendar, FREE_BUSY, {}),
            ("GET", calendar, "", {}),
            ("HEAD", calendar, "", {}),
            ("GET", calendar + "a.ics", "", {}),
            ("PROPFIND", calendar + "a.ics", ALL, {}),
        ]
    return asked


def told(client: httpx.Client, asked: Asked) -> tuple[int, dict[str, str], str]:
    """Ask, and return all of the answer but when it was made."""
    method, path, body, headers = asked
    answer = client.request(method, path, content=body, headers=headers)
    stamped = re.sub(r"DTSTAMP:\w+", "", answer.text)
    return answer.status_code, dict(answer.headers), stamped


# --- Whatever happens ---------------------------------------------------------------------------


def _grants(database: SqlDatabase, chance: random.Random) -> None:
    level = chance.choice([Level.BUSY, Level.PSEUDONYM, Level.READ])
    with writing(database) as uow:
        grant(uow, the_account(uow, "teils"), chance.choice(["dr-mueller", "dr-schmidt"]), level)


def _properties(database: SqlDatabase, chance: random.Random) -> None:
    with writing(database) as uow:
        calendar = uow.calendars.find("dr-mueller")
        assert calendar is not None
        values = {"{DAV:}displayname": f"Neu {chance.random()}"}
        uow.calendars.set_properties(calendar, values)


def _own_colour(database: SqlDatabase, chance: random.Random) -> None:
    with clients(database, "kuerzel") as (client,):
        colour = f"#{chance.randrange(1 << 24):06x}ff"
        body = (
            (
                '<propertyupdate xmlns="DAV:"><set><prop><c xmlns="http://apple.com/ns/ical/">'
                f"{colour}</c></prop></set></propertyupdate>"
            )
            .replace("<c ", "<calendar-color ")
            .replace("</c>", "</calendar-color>")
        )
        client.request("PROPPATCH", MUELLER, content=body)


def _objects_property(database: SqlDatabase, chance: random.Random) -> None:
    with clients(database, "empfang") as (client,):
        value = f"<x xmlns='urn:x'>{chance.random()}</x>"
        body = f'<propertyupdate xmlns="DAV:"><set><prop>{value}</prop></set></propertyupdate>'
        client.request("PROPPATCH", MUELLER + "a.ics", content=body)


def _calendar(database: SqlDatabase, chance: random.Random) -> None:
    with writing(database) as uow:
        there = uow.calendars.find("labor")
        if there is None:
            uow.calendars.create("labor", CalendarKind.PLAIN, {})
        else:
            uow.calendars.drop(there)


def _forget(database: SqlDatabase, chance: random.Random) -> None:
    with writing(database) as uow:
        forget_some(uow, uow.log_state().number)


def _renamed_by_hand(database: SqlDatabase, chance: random.Random) -> None:
    with database.engine.begin() as connection:
        name = f"Frau {chance.random()}"
        connection.execute(text("UPDATE accounts SET display_name = :n"), {"n": name})


def _event_or_patient(database: SqlDatabase, chance: random.Random) -> None:
    kind = chance.choice(["event", "event", "event", "todo", "delete", "move", "rename", "number"])
    uid, patient = chance.choice(["eins", "zwei"]), chance.choice(["4711", ""])
    a_step(database, (kind, chance.choice(PLACES), uid, patient), chance.randrange(1000))


STEPS: list[Callable[[SqlDatabase, random.Random], None]] = [
    _grants,
    _properties,
    _own_colour,
    _objects_property,
    _calendar,
    _forget,
    _renamed_by_hand,
    *[_event_or_patient] * 5,
]


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_whatever_happens_an_answer_given_again_is_the_one_made_anew(
    practice: SqlDatabase, seed: int
) -> None:
    add_readers(practice)
    chance = random.Random(seed)
    who = ("empfang", "mueller", "kuerzel", "belegt", "teils", "buchung")
    with (
        clients(practice, *who, remembered=64_000_000) as remembering,
        clients(practice, *who, remembered=0) as anew,
    ):
        for _ in range(14):
            with suppress(PracticeError):
                chance.choice(STEPS)(practice, chance)
            for asked in questions():
                one = chance.randrange(len(who))
                right = told(anew[one], asked)
                assert told(remembering[one], asked) == right, (who[one], asked)
                assert told(remembering[one], asked) == right, (who[one], asked)


# --- What ends an answer ------------------------------------------------------------------------

OUTSIDE = {
    "accounts": "UPDATE accounts SET disabled = disabled WHERE name = 'gast'",
    "accounts, one more": "INSERT INTO accounts (name, role, display_name, email, disabled,"
    " everywhere) VALUES ('neu', 'reader', '', '', false, 0)",
    "credentials": "DELETE FROM credentials WHERE id = (SELECT min(id) FROM credentials)",
    "grants": "UPDATE grants SET level = 3",
    "grants, one less": "DELETE FROM grants",
    "doctors": "UPDATE doctors SET name = 'Dr. Neu'",
    "calendars": "UPDATE calendars SET properties = '{}'",
    "calendars, their doctor": "UPDATE calendars SET doctor_id = NULL",
    "account_properties": "INSERT INTO account_properties SELECT id, 1, 'n', 'v' FROM accounts",
    "object_properties": "INSERT INTO object_properties SELECT id, 'n', 'v' FROM objects",
    "patients": "UPDATE patients SET last_name = 'Neu'",
    "appointments, one less": "DELETE FROM appointments",
    "appointments, whose": "UPDATE appointments SET patient_id = NULL",
}


@pytest.mark.parametrize("statement", OUTSIDE.values(), ids=OUTSIDE)
def test_what_changes_outside_the_log_is_noted_by_the_database_itself(
    practice: SqlDatabase, statement: str
) -> None:
    with writing(practice) as uow:
        uow.patients.save(Patient("4711", PatientRecord("Mustermann", "Max")))
    a_step(practice, ("event", ("dr-mueller", "a.ics"), "eins", "4711"), 1)
    with practice.engine.begin() as connection:
        connection.execute(text("DELETE FROM letters"))  # which hold on to their appointments
        before = connection.execute(house.select()).one().outside
        done = connection.execute(text(statement))
        assert done.rowcount > 0
        assert connection.execute(house.select()).one().outside != before


def test_an_event_of_one_doctor_does_not_end_what_is_known_of_another(
    practice: SqlDatabase,
) -> None:
    with reading(practice) as uow:
        ids = {calendar.name: calendar.id for calendar in uow.calendars.all()}
    places = [ids["dr-mueller"], ids["dr-schmidt"], HOUSE]
    before = practice.glance(places)
    a_step(practice, ("event", ("dr-mueller", "a.ics"), "eins", ""), 1)
    after = practice.glance(places)
    assert after[ids["dr-schmidt"]] == before[ids["dr-schmidt"]]
    assert after[ids["dr-mueller"]] != before[ids["dr-mueller"]]
    assert after[HOUSE] != before[HOUSE]


def test_a_place_that_is_no_more_stands_nowhere(practice: SqlDatabase) -> None:
    assert set(practice.glance([4711])) == {HOUSE}
    assert set(practice.glance([4711, 4712])) == {HOUSE}


# --- What it saves ------------------------------------------------------------------------------


def statements(database: SqlDatabase, run: Callable[[], object]) -> int:
    """Return how many statements a request makes."""
    said: list[str] = []

    def hear(_: Any, __: Any, statement: str, *___: Any) -> None:
        said.append(statement)

    event.listen(database.engine, "before_cursor_execute", hear)
    try:
        run()
    finally:
        event.remove(database.engine, "before_cursor_execute", hear)
    return len(said)


@pytest.mark.parametrize("asked", questions(), ids=lambda asked: "-".join(asked[:2]))
def test_what_is_asked_again_costs_one_statement(practice: SqlDatabase, asked: Asked) -> None:
    a_step(practice, ("event", ("dr-mueller", "a.ics"), "eins", ""), 1)
    a_step(practice, ("event", ("praxis", "a.ics"), "zwei", ""), 1)
    with clients(practice, "empfang", remembered=64_000_000) as (client,):
        told(client, asked)
        told(client, asked)  # the first glance connects
        assert statements(practice, lambda: told(client, asked)) == 1


def test_without_room_every_answer_is_made_anew(practice: SqlDatabase) -> None:
    poll = ("PROPFIND", MUELLER, POLL, {"Depth": "0"})
    with clients(practice, "empfang", remembered=0) as (client,):
        told(client, poll)
        assert statements(practice, lambda: told(client, poll)) > 1


def test_what_is_asked_often_stays_when_room_is_scarce(practice: SqlDatabase) -> None:
    poll: Asked = ("PROPFIND", MUELLER, POLL, {"Depth": "0"})
    with clients(practice, "empfang", remembered=20_000) as (client,):
        for number in range(40):
            told(client, poll)
            told(client, ("PROPFIND", MUELLER, f"{POLL}<!-- {number} -->", {"Depth": "0"}))
        assert statements(practice, lambda: told(client, poll)) == 1
        first: Asked = ("PROPFIND", MUELLER, f"{POLL}<!-- 0 -->", {"Depth": "0"})
        assert statements(practice, lambda: told(client, first)) > 1


def test_an_answer_that_would_push_out_the_others_is_not_kept(practice: SqlDatabase) -> None:
    for number in range(20):
        with writing(practice) as uow:
            calendar = uow.calendars.find("dr-mueller")
            assert calendar is not None
            uow.calendars.save(calendar, a_draft(f"{number}.ics", an_event(str(number))))
    whole: Asked = ("GET", MUELLER, "", {"Accept-Encoding": "identity"})
    with clients(practice, "empfang", remembered=20_000) as (client,):
        told(client, whole)
        assert statements(practice, lambda: told(client, whole)) > 1


def test_a_condition_on_other_calendars_is_looked_at_every_time(practice: SqlDatabase) -> None:
    with clients(practice, "empfang") as (client,):
        etag = put(client, f"{HOME}dr-schmidt/", "s.ics", an_event("s")).headers["etag"]
        headers = {"Depth": "0", "If": f"<{client.base_url}{HOME}dr-schmidt/s.ics> ([{etag}])"}
        asked: Asked = ("PROPFIND", MUELLER, POLL, headers)
        assert [told(client, asked)[0] for _ in range(2)] == [207, 207]
        put(
            client,
            f"{HOME}dr-schmidt/",
            "s.ics",
            an_event("s", "20261124T100000", "20261124T110000"),
        )
        assert told(client, asked)[0] == 412


def test_an_answer_to_old_http_is_none_to_a_request_that_names_no_host(
    server: RunningServer,
) -> None:
    told = [raw(server, version) for version in ("1.0", "1.0", "1.1")]
    assert told == [b"200", b"200", b"400"]


def raw(server: RunningServer, version: str) -> bytes:
    """Return the status of a GET without a Host header."""
    login = base64.b64encode(f"empfang:{PASSWORD}".encode()).decode()
    head = f"GET {MUELLER} HTTP/{version}\r\nAuthorization: Basic {login}\r\nConnection: close\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(f"{head}\r\n".encode())
        return connection.recv(4096).split()[1]


def test_one_accounts_answers_are_not_anothers(practice: SqlDatabase) -> None:
    with clients(practice, "empfang", "gast") as (staff, guest):
        home: Asked = ("PROPFIND", HOME, POLL, {"Depth": "1"})
        seen = [
            told(client, home)[2].count("<response>") for client in (staff, guest, staff, guest)
        ]
    assert seen == [4, 3, 4, 3]  # the home, what is granted, and that in the main calendar


# --- What many ask at once ----------------------------------------------------------------------


class Slow:
    """The application of a bridge, which gives its answers only when it is told to."""

    def __init__(self, database: SqlDatabase) -> None:
        self.gate = Gate()
        self.application = CalDavApplication(database, self.gate, PROFILE, Addresses({}))
        self.let_go = threading.Event()
        self.begun = threading.Event()
        self.answers = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.application, name)

    def answer(self, environ: dict[str, Any], transactions: Transactions | None = None) -> Any:
        """Make the answer at once, and hold it back."""
        made = self.application.answer(environ, transactions)
        self.answers += 1
        self.begun.set()
        assert self.let_go.wait(30)
        return made


def asked_at_once(database: SqlDatabase, between: Callable[[], object]) -> tuple[Slow, list[str]]:
    """Ask six times: once, then twice while that is being made; `between`, and three times more."""
    application = Slow(database)
    bridge = CalDavBridge(application, database, application.gate, remembered=10**6)  # type: ignore[arg-type]

    async def ask_all() -> list[str]:
        transport = httpx.ASGITransport(app=bridge)
        auth = ("empfang", PASSWORD)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:

            async def ask() -> str:
                told = await client.request(
                    "PROPFIND", MUELLER, content=POLL, headers={"Depth": "0"}, auth=auth
                )
                return told.text

            application.let_go.set()
            await client.request("PROPFIND", HOME, headers={"Depth": "0"}, auth=auth)
            application.let_go.clear()
            application.begun.clear()
            application.answers = 0
            first = asyncio.create_task(ask())
            await asyncio.to_thread(application.begun.wait, 30)
            between()
            others = [asyncio.create_task(ask()) for _ in range(5)]
            await asyncio.sleep(0)
            application.let_go.set()
            return [await first, *[await other for other in others]]

    try:
        return application, asyncio.run(ask_all())
    finally:
        bridge.close()


def test_what_is_asked_after_a_change_is_not_answered_from_before_it(practice: SqlDatabase) -> None:
    def change() -> None:
        a_step(practice, ("event", ("dr-mueller", "a.ics"), "eins", ""), 1)

    _, (first, *others) = asked_at_once(practice, change)
    assert set(others) != {first}
    assert len(set(others)) == 1


def test_what_many_ask_at_once_is_made_once_for_all(practice: SqlDatabase) -> None:
    application, told = asked_at_once(practice, lambda: None)
    assert len(set(told)) == 1
    assert application.answers < len(told)

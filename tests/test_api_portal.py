"""A visitor of the practice's website sees what is free, keeps a slot and books it."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from practice.access import Account, Role
from practice.accounts import CredentialKind
from practice.appointments import Status
from practice.schedule import BookingRules
from practice.scopes import Scope
from practice.use_cases.accounts import add_account, give_secret
from practice.use_cases.holding import MOST_HOLDS
from practice.use_cases.offers import save_rules, save_type
from tests.arranging import SCHMIDT, TEN, Surgery, a_type
from tests.bookings import everything
from tests.building import writing
from tests.dav import HOME, names
from tests.in_api import Doors, api_of
from tests.test_api_door import problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from practice.database import SqlDatabase

ROOT = "/api/patient-portal"
SLOTS, HOLD, BOOK = f"{ROOT}/available-slots", f"{ROOT}/hold", f"{ROOT}/book"
HALF = timedelta(minutes=30)
MONDAY = "2026-11-23"
ZOE = {
    "last_name": "Ährenthaler",
    "first_name": "Zoë",
    "birth_date": "1966-02-03",
    "email": "p100@example.org",
}
EVA = {
    "last_name": "Neumann",
    "first_name": "Eva",
    "birth_date": "1990-05-05",
    "email": "eva@example.org",
    "phone": "030 1",
    "insurance": "PRIVAT",
}


@pytest.fixture
def surgery(practice: SqlDatabase) -> Surgery:
    """A practice of which patients may book some types, one of them to be confirmed."""
    made = Surgery(practice)
    with writing(practice) as uow:
        asked = a_type("beratung", name_en="Consultation", needs_confirmation=True, step=30)
        made.types["beratung"] = save_type(uow, asked).id
    return made


@pytest.fixture
def doors(surgery: Surgery) -> Iterator[Doors]:
    with api_of(surgery.database) as made:
        yield made


def wanted(start: datetime = TEN, kind: str = "kontrolle", **more: Any) -> dict[str, Any]:
    return {"type": kind, "doctor": "dr-mueller", "start": start.isoformat(), **more}


def booked(who: Any, start: datetime = TEN, person: Any = EVA, **more: Any) -> httpx.Response:
    """Have somebody book, which has to be possible."""
    answer: httpx.Response = who.post(BOOK, json=wanted(start, **more) | {"person": person})
    assert answer.status_code == 201, answer.text
    return answer


def free(who: Any, **query: Any) -> list[dict[str, Any]]:
    asked = {"type": "beratung", "from": MONDAY, "until": MONDAY, "doctor": "dr-mueller"} | query
    answer = who.get(SLOTS, params=asked)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


# From door to door


def test_a_visitor_looks_keeps_books_and_the_practice_has_it(
    surgery: Surgery, doors: Doors
) -> None:
    who = doors.nobody
    told = who.get(f"{ROOT}/types").json()
    assert told["online"] is True
    assert [one["slug"] for one in told["items"]] == ["beratung", "eng", "kontrolle"]
    (kind,) = (one for one in told["items"] if one["slug"] == "beratung")
    assert (kind["name"], kind["name_en"], kind["minutes"]) == ("Beratung", "Consultation", 30)
    assert kind["doctors"][0] == {"slug": "dr-mueller", "name": "Dr. Mueller", "specialty": ""}
    slot = free(who)[0]
    assert slot["start"] == "2026-11-23T08:00:00+01:00"
    chosen = {name: slot[name] for name in ("doctor", "start")} | {"type": "beratung"}
    held = who.post(HOLD, json=chosen)
    assert held.status_code == 201
    assert held.json()["until"] == "2026-11-20T10:05:00+01:00"
    assert slot["start"] not in {one["start"] for one in free(doors.visitor("192.0.2.9"))}
    sent = {"hold": held.json()["hold"], "person": EVA, "reason": "Husten", "reminders": True}
    answer = who.post(BOOK, json=sent | {"language": "en", "website": ""})
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert "DTSTART;TZID=Europe/Berlin:20261123T080000" in told.pop("calendar")
    assert told == {
        "start": "2026-11-23T08:00:00+01:00",
        "end": "2026-11-23T08:30:00+01:00",
        "type": "beratung",
        "type_name": "Beratung",
        "doctor_name": "Dr. Mueller",
        "room_name": None,
        "status": "pending",
    }
    assert surgery.waiting == [("patient", "AppointmentBooked")]
    software = doors.caldav("albis")
    (name,) = names(software, f"{HOME}dr-mueller/")
    text = software.get(f"{HOME}dr-mueller/{name}").text
    assert "STATUS:TENTATIVE" in text
    assert "SUMMARY:Anfrage: " in text
    assert "Neumann" in text
    assert "X-REQUIRES-CONFIRMATION:TRUE" in text
    with surgery.reading() as uow:
        (made,) = uow.appointments.all()
        known = uow.patients.get([made.patient_id or 0])[made.patient_id or 0]
    assert (made.status, known.language, known.to_review) == (Status.TENTATIVE, "en", True)
    assert known.reminders is not None
    assert surgery.is_whole()


def test_what_needs_nobody_to_agree_is_confirmed_at_once(surgery: Surgery, doors: Doors) -> None:
    told = booked(doors.nobody, kind="eng").json()
    assert (told["status"], told["room_name"]) == ("confirmed", "Raum-1")


def test_of_any_doctor_there_are_more_slots_and_few_are_told_at_a_time(doors: Doors) -> None:
    one = free(doors.nobody)
    both = doors.nobody.get(SLOTS, params={"type": "beratung", "from": MONDAY, "limit": 3}).json()
    assert {slot["doctor"] for slot in one} == {"dr-mueller"}
    assert {slot["doctor"] for slot in both["items"]} == {"dr-mueller", SCHMIDT}
    assert (len(both["items"]), both["more"]) == (3, True)
    assert free(doors.nobody, until="2026-11-24")[-1]["start"].startswith("2026-11-24")
    assert free(doors.nobody, **{"from": "2026-11-21", "until": "2026-11-22"}) == []  # a weekend


def test_what_was_booked_by_one_is_refused_to_the_other_with_other_slots(
    surgery: Surgery, doors: Doors
) -> None:
    booked(doors.nobody, kind="beratung")
    before = everything(surgery.database)
    for address, sent in ((BOOK, wanted() | {"person": ZOE}), (HOLD, wanted(TEN + HALF / 2))):
        told = problem(doors.visitor("192.0.2.9").post(address, json=sent), 409)
        assert told["type"].endswith("#problem-slot-taken")
        assert len(told["alternatives"]) == 3
        assert TEN not in {datetime.fromisoformat(one["start"]) for one in told["alternatives"]}
    assert everything(surgery.database) == before


# What is kept


def test_a_slot_is_kept_for_its_secret_and_only_until_it_is_over(
    surgery: Surgery, doors: Doors
) -> None:
    other = doors.visitor("192.0.2.9")
    secret = doors.nobody.post(HOLD, json=wanted()).json()["hold"]
    for sent in ({}, {"hold": "x" * 31}):
        problem(other.post(BOOK, json=wanted() | {"person": ZOE} | sent), 409)
    doors.clock.now += timedelta(minutes=5)
    told = problem(doors.nobody.post(BOOK, json={"hold": secret, "person": EVA}), 409)
    assert told["type"].endswith("#problem-hold-over")
    booked(other, person=ZOE)


def test_who_was_too_slow_still_books_what_is_free(doors: Doors) -> None:
    secret = doors.nobody.post(HOLD, json=wanted()).json()["hold"]
    doors.clock.now += timedelta(minutes=5)
    booked(doors.nobody, hold=secret)


def test_a_slot_that_is_given_back_is_free(doors: Doors) -> None:
    secret = doors.nobody.post(HOLD, json=wanted()).json()["hold"]
    for _ in range(2):
        answer = doors.nobody.request("DELETE", HOLD, json={"hold": secret})
        assert answer.status_code == 204
    booked(doors.visitor("192.0.2.9"))


def test_a_room_can_be_kept_too(surgery: Surgery, doors: Doors) -> None:
    room = wanted(kind="eng", room="raum-1")
    assert doors.nobody.post(HOLD, json=room).status_code == 201
    other = wanted(kind="eng") | {"doctor": SCHMIDT}
    problem(doors.nobody.post(HOLD, json=other), 409)
    problem(doors.nobody.post(HOLD, json=room | {"room": "raum-2"}), 409)
    problem(doors.nobody.post(HOLD, json=room | {"room": "keller"}), 404)


def test_one_network_keeps_a_few_slots_and_a_website_with_a_token_more(
    surgery: Surgery, doors: Doors
) -> None:
    who = doors.visitor("192.0.2.1")
    days = [TEN + timedelta(days=n) for n in (0, 1, 2, 3, 4, 7, 8)]
    for day in days[:MOST_HOLDS]:
        assert who.post(HOLD, json=wanted(day)).status_code == 201
    answer = who.post(HOLD, json=wanted(days[5]))
    assert problem(answer, 429)["type"].endswith("#problem-too-many-holds")
    assert int(answer.headers["retry-after"]) > 0
    website = doors.token(a_token(surgery, Scope.PORTAL))
    for n in range(MOST_HOLDS + 1):
        at_eight = days[5] - 4 * HALF
        assert website.post(HOLD, json=wanted(at_eight + n * HALF)).status_code == 201
    other = doors.token(a_token(surgery, Scope.VIEW_CALENDAR))
    times = [days[6] + (n - 4) * HALF for n in range(MOST_HOLDS + 1)]
    codes = [other.post(HOLD, json=wanted(start)).status_code for start in times]
    assert codes == [201] * MOST_HOLDS + [429]


def a_token(surgery: Surgery, scope: Scope) -> str:
    """Return a token of a booking program's account, made for one thing."""
    with surgery.writing() as uow:
        made = add_account(uow, Account(0, f"web-{scope.name.lower()}", Role.BOOKING))
        secret: str = give_secret(uow, made, CredentialKind.TOKEN, "website", (scope,))[0]
        return secret


def test_a_website_with_a_token_books_for_its_visitors(surgery: Surgery) -> None:
    with api_of(surgery.database, rates=(100, 1)) as doors:
        website = doors.token(a_token(surgery, Scope.PORTAL))
        booked(website)
        assert len(free(website)) > 0  # the account's requests are counted, not the network's
        assert doors.nobody.get(f"{ROOT}/types").status_code == 200
        problem(doors.nobody.get(f"{ROOT}/types"), 429)
        problem(doors.token("falsch").get(f"{ROOT}/types"), 401)


# What nobody learns


def test_somebody_known_is_answered_like_somebody_new(surgery: Surgery, doors: Doors) -> None:
    new, known = booked(doors.nobody), booked(doors.nobody, TEN + HALF, ZOE)
    # The calendar has the address that was told, and the time.
    drop = {"start", "end", "calendar"}
    same = [
        {name: value for name, value in answer.json().items() if name not in drop}
        for answer in (new, known)
    ]
    assert same[0] == same[1]
    assert list(new.headers) == list(known.headers)
    with surgery.reading() as uow:
        by_start = {one.slot.start: one.patient_id for one in uow.appointments.all()}
    assert by_start[TEN + HALF] == surgery.patients["100"] != by_start[TEN]
    # Nor does a refusal tell what a known patient has at that time.
    told = booked(doors.nobody, TEN + HALF, ZOE, doctor=SCHMIDT)
    assert told.json()["status"] == "confirmed"


HOSTILE = (
    '"><script>alert(1)</script>',
    "=HYPERLINK(1)",
    "Robert'); DROP TABLE patients;--",
    "\u202eevil\u202c",
    "a;b\\,c\\nX-EVIL:1",
    "{{7*7}}",
    "Łuczak-Ünsal 😀",
)


def test_hostile_names_are_text(surgery: Surgery, doors: Doors) -> None:
    for n, name in enumerate(HOSTILE):
        person = EVA | {"last_name": name, "first_name": f"{name} {n}", "email": f"e{n}@e.org"}
        start = TEN + timedelta(days=n // 3) + n % 3 * HALF
        who = doors.visitor(f"192.0.2.{n}")
        assert name not in booked(who, start, person, reason=name).text
    with surgery.reading() as uow:
        ids = {a.patient_id for a in uow.appointments.all() if a.patient_id}
        assert {p.record.last_name for p in uow.patients.get(ids).values()} == set(HOSTILE)
    assert surgery.is_whole()
    text = doors.caldav("albis").get(f"{HOME}dr-mueller/appointments.ics").text
    assert "\nX-EVIL" not in text


@pytest.mark.parametrize(
    "wrong",
    [
        {"last_name": ""},
        {"last_name": " "},
        {"last_name": "x" * 256},
        {"last_name": "x\r\nBcc: y"},
        {"first_name": "x\u0000y"},
        {"birth_date": "05.05.1990"},
        {"birth_date": "2027-05-05"},
        {"email": ""},
        {"email": "eva"},
        {"email": "eva@example"},
        {"email": "a@b.cc, d@e.ff"},
        {"phone": "1" * 65},
        {"insurance": "AOK"},
        {"number": "100"},
    ],
)
def test_who_says_something_that_makes_no_sense_is_told_so(
    surgery: Surgery, doors: Doors, wrong: dict[str, Any]
) -> None:
    before = everything(surgery.database)
    problem(doors.nobody.post(BOOK, json=wanted() | {"person": EVA | wrong}), 422)
    assert everything(surgery.database) == before


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"website": "https://spam.example"}, 422),
        ({"start": None}, 422),
        ({"type": None, "doctor": None, "start": None}, 422),
        ({"type": "op"}, 404),
        ({"type": "nichts"}, 404),
        ({"doctor": "dr-no"}, 404),
        ({"start": "2026-11-23T10:00:00"}, 422),
        ({"start": "2026-11-23T10:00:30+01:00"}, 422),
        ({"start": "2026-11-23T20:00:00+01:00"}, 409),
        ({"start": "2026-11-20T10:30:00+01:00"}, 409),
        ({"start": "2027-11-23T10:00:00+01:00"}, 409),
        ({"language": "fr"}, 422),
        ({"reason": "x" * 1001}, 422),
    ],
)
def test_what_cannot_be_booked_is_refused(
    surgery: Surgery, doors: Doors, changed: dict[str, Any], status: int
) -> None:
    before = everything(surgery.database)
    sent = {key: value for key, value in (wanted() | changed).items() if value is not None}
    problem(doors.nobody.post(BOOK, json=sent | {"person": EVA}), status)
    assert everything(surgery.database) == before


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"type": "op"}, 404),
        ({"doctor": "dr-no"}, 404),
        ({"until": "2026-11-22"}, 422),
        ({"until": "2028-11-23"}, 422),
        ({"from": "morgen"}, 422),
        ({"from": "0"}, 422),
        ({"limit": "0"}, 422),
    ],
)
def test_what_cannot_be_looked_for_is_refused(
    doors: Doors, query: dict[str, str], status: int
) -> None:
    asked = {"type": "beratung", "from": MONDAY} | query
    problem(doors.nobody.get(SLOTS, params=asked), status)


def test_a_practice_that_takes_no_bookings_online_says_so(surgery: Surgery, doors: Doors) -> None:
    secret = doors.nobody.post(HOLD, json=wanted()).json()["hold"]
    with surgery.writing() as uow:
        save_rules(uow, replace(BookingRules(), online=False))
    assert doors.nobody.get(f"{ROOT}/types").json() == {"online": False, "items": []}
    for answer in (
        doors.nobody.get(SLOTS, params={"type": "kontrolle"}),
        doors.nobody.post(HOLD, json=wanted()),
        doors.nobody.post(BOOK, json=wanted() | {"person": EVA}),
        doors.nobody.post(BOOK, json={"hold": secret, "person": EVA}),
    ):
        told = problem(answer, 403)
        assert told["detail"] == "The practice takes no bookings online; please call."


# Sent again


def test_a_booking_sent_again_is_made_once(surgery: Surgery, doors: Doors) -> None:
    key = {"Idempotency-Key": "formular-1"}
    sent = wanted() | {"person": EVA}
    first, again = (doors.nobody.post(BOOK, json=sent, headers=key) for _ in range(2))
    assert (first.status_code, first.content) == (again.status_code, again.content)
    # Two visitors of one network who chose the same key: the second is told, and has nothing.
    other = doors.nobody.post(BOOK, json=sent | {"person": ZOE}, headers=key)
    assert "Idempotency-Key" in problem(other, 422)["detail"]
    problem(doors.visitor("192.0.2.9").post(BOOK, json=sent, headers=key), 409)
    with surgery.reading() as uow:
        assert len(list(uow.appointments.all())) == 1


def test_the_secret_of_a_kept_slot_is_told_once(doors: Doors) -> None:
    key = {"Idempotency-Key": "formular-1"}
    secret = doors.nobody.post(HOLD, json=wanted(), headers=key).json()["hold"]
    answer = doors.nobody.post(HOLD, json=wanted(), headers=key)
    problem(answer, 409)
    assert secret not in answer.text


def test_of_visitors_who_want_one_slot_at_once_one_gets_it(surgery: Surgery, doors: Doors) -> None:
    answers: list[httpx.Response] = []

    def try_it(n: int) -> None:
        person = EVA | {"last_name": f"Neu{n}", "email": f"e{n}@example.org"}
        answers.append(doors.nobody.post(BOOK, json=wanted() | {"person": person}))

    threads = [threading.Thread(target=try_it, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    with surgery.reading() as uow:
        assert len(uow.patients.get(range(1, 100))) == len(surgery.patients) + 1

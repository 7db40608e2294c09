"""Patients sign in by a link: good once, for a while, for one of them, and for nobody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from booking_adapter.deliveries.mailing import Letterhead
from booking_adapter.deliveries.sign_in_mail import SignInMail
from booking_adapter.failures import Failed
from booking_adapter.sign_ins import send_link
from practice.database.tables import sign_in_links, sign_ins
from practice.errors import AskedTooOften, LinkOver
from practice.use_cases.erasure import erase
from practice.use_cases.merging import merge
from practice.use_cases.own import free_to_move, own_list
from practice.use_cases.patient_sign_in import (
    ask_for_link,
    note_sent,
    note_unsent,
    open_link,
    patient_signed_in,
    take_links,
)
from practice.use_cases.patients import save_patient
from practice.use_cases.sessions import signed_in
from tests.arranging import TEN, Surgery, a_patient
from tests.building import BERLIN, NOW, PROFILE, reading, writing
from tests.in_api import Clock, api_of
from tests.sent import statements

if TYPE_CHECKING:
    from datetime import datetime
    from email.message import EmailMessage

    from practice.database import SqlDatabase
    from practice.use_cases.patient_sign_in import Links

ZOE = "p100@example.org"
QUARTER = timedelta(minutes=15)


@pytest.fixture
def surgery(practice: SqlDatabase) -> Surgery:
    return Surgery(practice)


def asked(surgery: Surgery, email: str = ZOE, network: str = "n", now: datetime = NOW) -> None:
    with writing(surgery.database, now=now) as uow:
        ask_for_link(uow, email, network, "de")


def taken(surgery: Surgery, now: datetime = NOW) -> Links | None:
    with writing(surgery.database, now=now) as uow:
        return take_links(uow)


def secrets(surgery: Surgery, email: str = ZOE, now: datetime = NOW) -> list[str]:
    """Ask, and take what is to be sent."""
    asked(surgery, email, now=now)
    links = taken(surgery, now)
    assert links is not None
    with writing(surgery.database, now=now) as uow:
        note_sent(uow, links.asked)
    return [secret for _, secret in links.people]


def opened(surgery: Surgery, secret: str, now: datetime = NOW) -> int | None:
    """Sign in; return as whom."""
    with writing(surgery.database, now=now) as uow:
        session = open_link(uow, secret)
        found = signed_in(uow, session)
    return found[0].patient_id if found else None


def test_a_link_opens_a_session_once(surgery: Surgery) -> None:
    (secret,) = secrets(surgery, "P100@Example.ORG ")
    assert opened(surgery, secret, NOW + QUARTER - timedelta(seconds=1)) == surgery.patients["100"]
    for told in (secret, secret[:-1], ""):
        with pytest.raises(LinkOver):
            opened(surgery, told)


def test_a_link_is_over_after_a_quarter_of_an_hour_and_is_forgotten(surgery: Surgery) -> None:
    (secret,) = secrets(surgery)
    with pytest.raises(LinkOver):
        opened(surgery, secret, NOW + QUARTER)
    (secret,) = secrets(surgery, now=NOW + timedelta(hours=2))
    asked(surgery, now=NOW + timedelta(hours=4))
    with surgery.database.engine.connect() as connection:
        assert connection.execute(select(sign_in_links)).all() == []
        assert len(connection.execute(select(sign_ins)).all()) == 1


def test_what_is_kept_of_a_link_opens_nothing_and_the_address_is_not_kept(surgery: Surgery) -> None:
    (secret,) = secrets(surgery)
    with surgery.database.engine.connect() as connection:
        kept = connection.execute(select(sign_in_links.c.secret)).scalar_one()
        assert connection.execute(select(sign_ins.c.email)).scalars().all() == [""]
    assert kept != secret
    with pytest.raises(LinkOver):
        opened(surgery, kept)


def test_two_addresses_that_only_look_alike_are_two(surgery: Surgery) -> None:
    with writing(surgery.database) as uow:
        one = a_patient("500")
        save_patient(uow, replace(one, record=replace(one.record, email="suess@example.org")))
    assert secrets(surgery, "süß@example.org") == []
    assert secrets(surgery, "sueß@example.org") == []
    assert len(secrets(surgery, "suess@example.org")) == 1


def test_who_is_erased_or_another_by_now_does_not_get_in(surgery: Surgery) -> None:
    (first,) = secrets(surgery)
    (second,) = secrets(surgery, "p200@example.org")
    with writing(surgery.database) as uow:
        people = uow.patients.get(surgery.patients.values())
        erase(uow, people[surgery.patients["100"]], PROFILE)
        merge(uow, people[surgery.patients["200"]], people[surgery.patients["300"]])
        assert patient_signed_in(uow, surgery.patients["200"]) is None
    for secret in (first, second):
        with pytest.raises(LinkOver):
            opened(surgery, secret)
    assert secrets(surgery, "p200@example.org") == []


def test_an_address_is_not_flooded_and_a_network_is_stopped(surgery: Surgery) -> None:
    for n in range(7):
        asked(surgery, network=f"n{n}")
    sent = 0
    while (links := taken(surgery)) is not None:
        sent += 1
        with writing(surgery.database) as uow:
            note_sent(uow, links.asked)
    assert sent == 5
    for n in range(30):
        asked(surgery, f"nobody{n}@example.net")
    with pytest.raises(AskedTooOften):
        asked(surgery, "p200@example.org")
    asked(surgery, "p200@example.org", "another")
    asked(surgery, "p200@example.org", now=NOW + timedelta(hours=1, seconds=1))


def test_what_could_not_be_sent_is_tried_again_with_another_secret(surgery: Surgery) -> None:
    asked(surgery)
    first = taken(surgery)
    assert first is not None
    assert taken(surgery) is None  # nobody else takes it meanwhile
    with writing(surgery.database) as uow:
        note_unsent(uow, first.asked, permanent=False)
    assert taken(surgery) is None
    again = taken(surgery, NOW + timedelta(seconds=21))
    assert again is not None
    assert again.people[0][1] != first.people[0][1]
    late = taken(surgery, NOW + timedelta(minutes=31))  # whoever took it is dead
    assert late is not None
    assert late.people == ()


class Unsure:
    """A mail server that takes the second e-mail."""

    def __init__(self) -> None:
        self.sent: list[EmailMessage] = []

    def send(self, message: EmailMessage) -> None:
        self.sent.append(message)
        if len(self.sent) == 1:
            raise Failed("not now")


def test_the_worker_sends_it_in_the_end(surgery: Surgery) -> None:
    server, clock = Unsure(), [NOW]
    letterhead = Letterhead("Praxis", "praxis@example.org", BERLIN, "example.org")
    mail = SignInMail(letterhead, server, "https://praxis.example")

    def step() -> int:
        return send_link(surgery.database, mail, lambda: clock[0])

    assert step() == 0
    asked(surgery)
    assert (step(), step()) == (1, 0)
    clock[0] += timedelta(seconds=30)
    assert (step(), step()) == (1, 0)
    assert [one["To"] for one in server.sent] == [ZOE, ZOE]
    assert server.sent[0]["Message-ID"] != server.sent[1]["Message-ID"]
    text = server.sent[1].get_body(("plain",))
    assert text is not None
    assert "https://praxis.example/termine/anmelden?schluessel=" in text.get_content()


def test_who_share_an_address_are_told_apart_also_without_initials(surgery: Surgery) -> None:
    with writing(surgery.database) as uow:
        for number, last, first in (("1", "Öz", "Ada"), ("2", "Öhm", "Anna"), ("3", "12", "")):
            made = a_patient(number, last, first)
            save_patient(uow, replace(made, record=replace(made.record, email=ZOE)))
    server = Unsure()
    letterhead = Letterhead("Praxis", "praxis@example.org", BERLIN, "example.org")
    mail = SignInMail(letterhead, server, "https://praxis.example")
    asked(surgery)
    clock = [NOW]
    for _ in range(2):
        send_link(surgery.database, mail, lambda: clock[0])
        clock[0] += timedelta(seconds=30)
    text = server.sent[-1].get_body(("plain",))
    assert text is not None
    told = text.get_content().splitlines()
    assert {"Z. Ä.:", "A. Ö. (2):", "A. Ö. (3):", "Person (4):"} <= set(told)


# What who has signed in sees


def test_patients_see_what_is_theirs_and_what_they_may_do_with_it(surgery: Surgery) -> None:
    soon = surgery.book(NOW + timedelta(hours=3)).appointment
    later = surgery.book(TEN + timedelta(days=1)).appointment
    offline = surgery.book(TEN + timedelta(days=2), kind="op").appointment
    surgery.book(TEN + timedelta(days=1), patient="200", doctor="dr-schmidt")
    with surgery.reading() as uow:
        zoe = uow.patients.get([surgery.patients["100"]])[surgery.patients["100"]]
        shown = own_list(uow, zoe, PROFILE).next
        told = {one.id: (one.late, one.may_cancel, one.may_move) for one in shown}
        assert told == {
            soon.id: (True, True, False),
            later.id: (False, True, True),
            offline.id: (False, True, False),
        }
        within = replace(later.slot, end=later.slot.end + timedelta(hours=1))
        free = free_to_move(uow, zoe, later.id, within, PROFILE)
        assert free[0].slot == later.slot  # it is not in its own way
        assert free_to_move(uow, zoe, soon.id, within, PROFILE) == []
    with reading(surgery.database, later.slot.end) as uow:
        assert [one.id for one in own_list(uow, zoe, PROFILE).past] == [later.id, soon.id]
    with reading(surgery.database, later.slot.end + timedelta(days=366)) as uow:
        assert own_list(uow, zoe, PROFILE).past == ()


def test_many_appointments_cost_no_more_statements_than_one(surgery: Surgery) -> None:
    counts = []
    for days in (range(1, 2), range(2, 5)):
        for day in days:
            surgery.book(TEN + timedelta(days=day))
        with surgery.reading() as uow:
            zoe = uow.patients.get([surgery.patients["100"]])[surgery.patients["100"]]
            with statements(surgery.database) as sent:
                own_list(uow, zoe, PROFILE)
        counts.append(len(sent))
    assert counts[0] == counts[1]


def test_who_has_asked_too_often_is_told_the_hour_that_it_lasts(surgery: Surgery) -> None:
    for n in range(30):
        asked(surgery, f"nobody{n}@example.net", "192.0.2.5")
    clock = Clock(NOW)
    with api_of(surgery.database, clock=clock, sign_in_by_mail=True) as doors:
        who, email = doors.visitor("192.0.2.5"), {"email": ZOE}
        for language, words in (("en", "wait an hour"), ("de", "in einer Stunde")):
            spoken = {"Accept-Language": language}
            told = who.post("/api/patient-portal/sign-in", json=email, headers=spoken)
            assert told.status_code == 429
            assert words in told.json()["detail"]
            assert told.headers["retry-after"] == "3600"
        clock.now += timedelta(seconds=3600)
        assert who.post("/api/patient-portal/sign-in", json=email).status_code == 202


def test_the_door_answers_alike_and_opens_to_our_own_page_alone(surgery: Surgery) -> None:
    with api_of(surgery.database) as doors:
        told = doors.nobody.post("/api/patient-portal/sign-in", json={"email": ZOE})
        assert (told.status_code, told.json()["type"]) == (409, "/api/docs#problem-conflict")
    with api_of(surgery.database, sign_in_by_mail=True) as doors:
        for email in (ZOE, "nobody@example.net"):
            told = doors.nobody.post("/api/patient-portal/sign-in", json={"email": email})
            assert (told.status_code, told.json()) == (202, {"sent": "if-known"})
        link = taken(surgery)
        assert link is not None
        body = {"secret": link.people[0][1]}
        foreign = {"Origin": "https://evil.example"}
        session = "/api/patient-portal/session"
        assert doors.nobody.post(session, json=body, headers=foreign).status_code == 403
        told = doors.nobody.post(session, json=body)
        assert told.status_code == 201
        assert "__Host-session=" in told.headers["set-cookie"]
        assert doors.nobody.post(session, json=body).status_code == 409

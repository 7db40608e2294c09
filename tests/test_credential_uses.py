"""When devices and programs were last used is known to the hour, and costs next to nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from practice.accounts import CredentialKind
from practice.claims import Admitted, Claim
from practice.footing import HOUSE
from practice.use_cases.accounts import give_secret
from practice.use_cases.credential_uses import Uses
from practice.use_cases.sign_in import Gate
from praxis_caldav.noting import note, noting
from tests.building import NOW, reading, the_account, writing
from tests.dav import HOME
from tests.in_api import Clock, api_of
from tests.in_process import clients

if TYPE_CHECKING:
    from datetime import datetime

    from practice.database import SqlDatabase

MINUTE = timedelta(minutes=1)


def given(database: SqlDatabase, kind: CredentialKind) -> tuple[str, int]:
    """Give the front desk something to sign in with; return it and its id."""
    with writing(database) as uow:
        secret, made = give_secret(uow, the_account(uow, "empfang"), kind, "Gerät")
    return secret, made.id


def used(database: SqlDatabase) -> dict[int, datetime]:
    with reading(database) as uow:
        return uow.accounts.uses()


def signs_in(database: SqlDatabase, gate: Gate, name: str, secret: str) -> None:
    with reading(database) as uow:
        assert isinstance(gate.decide(uow, Claim(name, secret, "192.0.2.1")), Admitted)


def test_what_is_used_is_noted_once_an_hour_and_ends_no_remembered_answer(
    practice: SqlDatabase,
) -> None:
    phone, phone_id = given(practice, CredentialKind.APP_PASSWORD)
    token, token_id = given(practice, CredentialKind.TOKEN)
    here, there = Gate(), Gate()  # two processes
    stands = practice.glance([HOUSE])
    signs_in(practice, here, "empfang", phone)
    assert (note(here.uses, practice, NOW), used(practice)) == (1, {phone_id: NOW})
    assert note(here.uses, practice, NOW + MINUTE) == 0  # nothing was used
    signs_in(practice, here, "empfang", phone)
    assert here.uses.take(NOW + MINUTE) == []  # not even a transaction
    for gate in (here, there):
        signs_in(practice, gate, "empfang", phone)
        signs_in(practice, gate, "", token)
    later = NOW + 59 * MINUTE
    assert note(here.uses, practice, later) == 1
    assert note(there.uses, practice, later) == 0
    assert used(practice) == {phone_id: NOW, token_id: later}
    # What was used within the hour and was not noted is not taken for used after it.
    later = NOW + 61 * MINUTE
    assert note(here.uses, practice, later) == 0
    signs_in(practice, here, "empfang", phone)
    assert note(here.uses, practice, later) == 1
    assert used(practice)[phone_id] == later
    assert practice.glance([HOUSE]) == stands
    # What is no more is not noted, and what was noted of it goes.
    signs_in(practice, there, "empfang", phone)
    with writing(practice) as uow:
        uow.accounts.revoke(the_account(uow, "empfang"), phone_id)
    assert note(there.uses, practice, NOW + 180 * MINUTE) == 0
    assert set(used(practice)) == {token_id}


def test_signing_in_waits_for_nobody_who_writes(practice: SqlDatabase) -> None:
    phone, phone_id = given(practice, CredentialKind.APP_PASSWORD)
    gate = Gate()
    with writing(practice):  # holds the writers' lock
        signs_in(practice, gate, "empfang", phone)
    with noting(gate.uses, practice, lambda: NOW):
        assert used(practice) == {}
    assert used(practice) == {phone_id: NOW}  # at the latest when the server ends


def test_a_device_that_is_given_remembered_answers_is_in_use(practice: SqlDatabase) -> None:
    gate = Gate()
    with clients(practice, "empfang", remembered=64_000_000, gate=gate) as (client,):
        assert len(gate.uses.take(NOW)) == 1
        for _ in range(3):  # made, and given again
            assert client.request("PROPFIND", HOME, headers={"Depth": "0"}).status_code == 207
            assert len(gate.uses.take(NOW)) == 1


def test_what_could_not_be_noted_is_noted_the_next_time() -> None:
    uses = Uses()
    uses.saw(7)
    taken = uses.take(NOW)
    uses.give_back(taken)
    assert uses.take(NOW) == taken == [7]


def test_the_api_tells_of_devices_when_they_were_used_and_accounts_stay_as_they_are(
    practice: SqlDatabase,
) -> None:
    _, phone_id = given(practice, CredentialKind.APP_PASSWORD)
    given(practice, CredentialKind.TOKEN)
    with api_of(practice, clock=Clock()) as doors:
        before = doors.api("admin").get("/api/accounts/empfang").headers["ETag"]
        with writing(practice) as uow:
            uow.accounts.note_uses([phone_id], NOW - 60 * MINUTE)
        own = doors.api("empfang").get("/api/me/devices").json()["items"]
        told = doors.api("admin").get("/api/accounts/empfang/credentials").json()["items"]
        after = doors.api("admin").get("/api/accounts/empfang").headers["ETag"]
    assert [(one["kind"], bool(one["used"])) for one in own] == [
        ("app-password", True),
        ("token", False),
    ]
    assert told[1:] == own
    assert told[0]["kind"] == "password"
    assert after == before
